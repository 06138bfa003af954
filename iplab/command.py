"""Command: words for one process, never a string that a shell would split."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from msgspec import Struct

from iplab.names import HOST


class Command(Struct, frozen=True):
    """One process: ``argv`` as execve gets it, and the ``lines`` it reads, if it is a batch.

    ``node`` is the namespace it works on (``host`` where iplab runs).
    """

    argv: tuple[str, ...]
    node: str
    lines: tuple[tuple[str, ...], ...] = ()

    @property
    def text(self) -> str:
        """As one could paste it into a shell."""
        head = _shell_line(self.argv)
        if not self.lines:
            return head
        return "\n".join([f"{head} <<'EOF'", *map(_shell_line, self.lines), "EOF"])

    @property
    def stdin(self) -> str | None:
        """What the process reads; ``None`` where it reads nothing."""
        if not self.lines:
            return None
        return "".join(f"{batch_line(line)}\n" for line in self.lines)


def _shell_line(words: tuple[str, ...]) -> str:
    """``shlex.join``, which looks at each word: of nearly all lines one look is enough."""
    line = " ".join(words)
    plain = line.count(" ") == len(words) - 1 and "" not in words and not _FOR_A_SHELL.search(line)
    return line if plain else shlex.join(words)


# What a shell takes for more than itself: all but what shlex.quote lets through, and the blank.
_FOR_A_SHELL = re.compile(r"[^\w@%+=:,./ -]", re.ASCII)


def enter(node: str, argv: Sequence[str]) -> tuple[str, ...]:
    """``argv`` in a node by nsenter(1), with the file that `ip netns add` made."""
    return (*(() if node == HOST else ("nsenter", f"--net=/run/netns/{node}")), *argv)


def batch_line(words: tuple[str, ...]) -> str:
    """``words`` as ``ip -batch`` splits them again (getcmdline, makeargs in lib/utils.c).

    It knows double and single quotes but no way to write a quote inside them, and takes a ``#``
    for a comment even there: ``ValueError`` for a word that cannot be said.
    """
    line = " ".join(words)
    # Of nearly all lines each word is plain: one look at the whole line shows it.
    if line.count(" ") == len(words) - 1 and "" not in words and not _MARKED.search(line):
        return line
    return " ".join(_batch_word(word) for word in words)


def sayable(words: tuple[str, ...]) -> bool:
    """Whether ``words`` can be a line of a batch."""
    return not _UNSAYABLE.search(" ".join(words))


_UNSAYABLE = re.compile(r"[\n\r\"\\#]")
_QUOTED = re.compile(r"[ \t']")
_MARKED = re.compile(r"[\n\r\"\\#\t']")


def _batch_word(word: str) -> str:
    if not sayable((word,)):
        raise ValueError(f"{word!r} cannot be written in a batch for ip")
    return f'"{word}"' if not word or _QUOTED.search(word) else word
