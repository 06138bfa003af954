"""Parts of a shell script as plain values: words, where a command stands, assignments."""

from __future__ import annotations

from functools import cached_property

from msgspec import Struct


class Piece(Struct, frozen=True):
    """A part of a word: literal text as the program sees it, or what the shell fills in.

    ``name`` is the variable's, where that is all it is (``$IP``, ``${IP}``, ``$1``); it is empty
    for ``$(…)``, ``$((…))``, ``${x:-y}`` and for what was not understood.
    """

    text: str
    literal: bool
    name: str = ""
    quoted: bool = False
    start: int = 0
    end: int = 0


class Word(Struct, frozen=True, dict=True):
    """One word of a command, and its bytes in the script."""

    start: int
    end: int
    pieces: tuple[Piece, ...]

    @cached_property
    def value(self) -> str | None:
        """The word as the program sees it; ``None`` where the shell fills something in."""
        if all(piece.literal for piece in self.pieces):
            return "".join(piece.text for piece in self.pieces)
        return None


class Place(Struct, frozen=True):
    """Where a command stands, as far as that decides how it may be replaced.

    ``alone``: it has its line to itself, ``indent`` before it.  ``group``: several commands in its
    place need braces.  ``status``: something may look at its exit status.  ``read_by``: who takes
    its output (``pipe``, ``$()``, ``file``, ``null``; empty: nobody).  ``straight``: it runs once,
    in order, whatever happens.  ``backticks``: it stands between backticks, where the shell takes
    a layer of backslashes away first.
    """

    alone: bool
    indent: str
    group: bool
    status: bool
    read_by: str
    straight: bool
    backticks: bool = False


class Assignment(Struct, frozen=True):
    """``NAME=word``; ``straight`` as in ``Place``; ``value`` ``None`` where it cannot be known."""

    name: str
    start: int
    end: int
    values: tuple[str, ...] | None
    straight: bool
    scope: tuple[int, int] | None = None  # the loop whose variable it is
    pieces: tuple[Piece, ...] = ()  # what it is given is made of
