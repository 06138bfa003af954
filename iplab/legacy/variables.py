"""What a script itself says its variables are, where that is certain."""

from __future__ import annotations

import bisect
import re
from collections import defaultdict
from collections.abc import Callable

from iplab.legacy.bash import Script
from iplab.legacy.shell import Assignment, Piece

# These may change a variable, or any variable, behind the back of the assignments.
_ANYTHING = re.compile(r"(?m)(?:^|[;&|({]|\b(?:then|do|else)\b)\s*(?:\.|source|eval)\s")
_TAKES_NAMES = (
    r"\b(?:read|local|unset|getopts|mapfile|readarray|declare|typeset|let|printf\s+-v)\b[^\n]*"
)


MOST_LOOPS = 50  # over one variable, one after the other, inside a loop over it: nobody does


def _start(assignment: Assignment) -> int:
    return assignment.start


class Variables:
    """The values of the variables of one script."""

    def __init__(self, script: Script) -> None:
        self._text = script.text(0, len(script.source))
        self._assignments: dict[str, list[Assignment]] = defaultdict(list)
        for assignment in script.assignments:
            self._assignments[assignment.name].append(assignment)
        for found in self._assignments.values():
            found.sort(key=_start)
        self._anything = [
            len(self._text[: m.start()].encode("utf-8", "surrogateescape"))
            for m in _ANYTHING.finditer(self._text)
        ]
        self._touched: dict[str, bool] = {}

    def values(self, name: str, at: int) -> tuple[str, ...] | None:
        """What ``$name`` may be at a byte: each value of its loop, or the one it was given.

        ``None`` where the script alone does not say it: an argument, something read, set in a
        branch or twice, or set before another file is sourced.
        """
        if not name or name.isdigit() or name not in self._assignments or self._is_touched(name):
            return None
        here = self._assignments[name]
        loop = self._loop(name, at)
        if loop is not None:
            following = bisect.bisect_right(here, loop.start, key=_start)
            inside = following < len(here) and here[following].start < loop.end
            if inside or any(loop.start < place < at for place in self._anything):
                return None
            return loop.values
        if len(here) != 1 or here[0].scope is not None or not here[0].straight:
            return None
        if here[0].end > at or any(here[0].end < place < at for place in self._anything):
            return None
        return here[0].values

    def _loop(self, name: str, at: int) -> Assignment | None:
        """The innermost loop over a variable that a byte is in."""
        here = self._assignments[name]
        last = bisect.bisect_left(here, at, key=_start)
        for assignment in reversed(here[max(0, last - MOST_LOOPS) : last]):
            if assignment.scope is not None and at < assignment.scope[1]:
                return assignment
        return None

    def holding(self, begins: Callable[[str], bool]) -> dict[str, int]:
        """The variables and arrays that are given a text with which a command may begin.

        ``begins`` tells by the text; what the shell fills in there is an ``x``.  Of each the byte
        of its first such assignment.
        """
        found: dict[str, int] = {}
        for name, assignments in self._assignments.items():
            for assignment in assignments:
                pieces = assignment.pieces
                said = "".join(piece.text if piece.literal else "x" for piece in pieces)
                if any(begins(text) for text in (said, *(assignment.values or ()))):
                    found.setdefault(name, assignment.start)
        return found

    def assigned(self, name: str) -> list[Assignment]:
        """Every assignment of a variable."""
        return self._assignments.get(name, [])

    def always(self, name: str, pattern: re.Pattern[str]) -> bool:
        """Whether every value that the script ever gives a variable is of a form."""
        here = self.assigned(name)
        if not here or self._is_touched(name):
            return False
        return all(
            a.values is not None and all(pattern.fullmatch(value) for value in a.values)
            for a in here
        )

    def phrase(self, name: str, at: int) -> tuple[str, Piece] | None:
        """``netmask $subnet``, where that is all a variable is ever given, but for nothing.

        Gives the keyword and the variable behind it: scripts build a line of such parts, and leave
        out those for which they have no value.
        """
        here = [a for a in self.assigned(name) if a.values != ("",)]
        if not name or not here or self._is_touched(name) or here[0].start > at:
            return None
        if any(here[0].start < place < at for place in self._anything):
            return None
        found = {tuple((p.text, p.literal) for p in a.pieces) for a in here}
        pieces = here[0].pieces
        if len(found) != 1 or len(pieces) != 2 or not pieces[0].literal or not pieces[1].name:
            return None
        keyword = pieces[0].text
        if keyword not in ("netmask ", "broadcast ") or any(a.scope for a in here):
            return None
        return keyword.strip(), pieces[1]

    def _is_touched(self, name: str) -> bool:
        if name not in self._touched:
            word = re.escape(name)
            self._touched[name] = bool(
                re.search(_TAKES_NAMES + rf"\b{word}\b", self._text)
                or re.search(rf"\$\{{{word}:?=", self._text)
                or re.search(rf"\b{word}\s*(?:\+\+|--|[-+*/%]=)|(?:\+\+|--)\s*{word}\b", self._text)
            )
        return self._touched[name]
