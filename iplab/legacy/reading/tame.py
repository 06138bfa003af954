"""Whether Python's matcher, which tries one way after the other, comes to an end soon.

Patterns come from scripts that somebody else wrote.  Refused are repetitions of what is repeated
itself (``(a*)*``; not ``([0-9]+[.])+``, whose parts have an end of their own), too many parts in a
row that fit nearly everything, and too many ways through alternatives.
"""

from __future__ import annotations

import re
from functools import cache

from msgspec import Struct, field

# Repeated parts in a row that fit nearly everything, a line of 100 letters to the power of it; one
# that no blank fits counts half, as words are short.
MOST_WIDE = 5.0
MOST_WAYS = 1000  # ways through the alternatives of groups that follow each other
FEW = 16  # repetitions of a group, written out in thought
_NARROW = 40  # of the 95 printable characters
_PRINTABLE = "".join(map(chr, range(32, 127)))
# An escape, a set, the head of a group, a counted repetition, or any character.
_TOKEN = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?[:=!]|\(\?<[=!]|\{\d*,?\d*\}|.", re.DOTALL)


class _Group(Struct):
    """What is in a group so far (or in the whole pattern)."""

    repeated: list[str] = field(default_factory=list)  # atoms, each repeated by itself
    single: list[str] = field(default_factory=list)  # atoms that come just once
    deep: bool = False  # a group in it repeats something
    ways: int = 1  # through the groups in it that follow each other
    alternatives: int = 1

    @property
    def ends(self) -> bool:
        """Whether each round has an end: a character that nothing repeated in it can be."""
        return not self.deep and any(
            not set(_fits(atom)) & {c for other in self.repeated for c in _fits(other)}
            for atom in self.single
        )


def tame(pattern: str) -> bool:
    """Whether a pattern, in Python's words, is one that cannot take for ever on a short line."""
    groups = [_Group()]
    closed: _Group | None = None  # the group that the token ahead of this one closed
    wide = 0.0
    for token in _TOKEN.findall(pattern):
        here = groups[-1]
        if token[0] == "(":
            groups.append(_Group())
            closed = None
        elif token == ")":
            if len(groups) == 1:
                return False
            closed = groups.pop()
            here = groups[-1]
            here.ways *= closed.ways * closed.alternatives
            here.deep |= bool(closed.repeated) or closed.deep
        elif token == "|":
            here.alternatives += 1
            closed = None
        elif token in ("*", "+", "?") or (token[0] == "{" and len(token) > 1):
            most = _most(token)
            if closed is not None:
                inner = closed.ways * closed.alternatives
                repeats = bool(closed.repeated) or closed.deep
                if most is None or most > FEW:
                    if inner > 1 or (repeats and not closed.ends):
                        return False
                elif most > 1:
                    here.ways *= inner ** (most - 1)
                    wide += 0 if closed.ends else most * sum(map(_width, closed.repeated))
                here.deep = True
            elif here.single:
                atom = here.single.pop()
                here.repeated.append(atom)
                wide += _width(atom)
            closed = None
        else:
            here.single.append(token)
            closed = None
        if wide > MOST_WIDE or groups[-1].ways > MOST_WAYS:
            return False
    return True


def _width(atom: str) -> float:
    fits = _fits(atom)
    if len(fits) <= _NARROW:
        return 0.0
    return 1.0 if " " in fits else 0.5


def _most(token: str) -> int | None:
    """How often a quantifier lets something come, at most."""
    if token in ("*", "+"):
        return None
    if token == "?":
        return 1
    least, comma, most = token[1:-1].partition(",")
    text = most if comma else least
    return int(text[:6]) if text else None


@cache
def _fits(atom: str) -> str:
    """The printable characters that an atom fits; an anchor fits none."""
    if atom in "^$" or (atom[:1] == "\\" and atom[1:] in "bBAZ"):
        return ""
    try:
        return "".join(re.findall(atom, _PRINTABLE)) if len(atom) > 1 or atom == "." else atom
    except re.error:
        return _PRINTABLE
