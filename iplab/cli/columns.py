"""Two columns on a terminal, the right one wrapped; Chinese characters are two columns wide."""

from __future__ import annotations

import shutil
import sys
import unicodedata
from collections.abc import Sequence

WIDEST_LEFT = 34
NARROWEST = 30  # below that, wrapping makes it worse
_NOT_FIRST = "，。；：、）」！？,.;:)"  # no line begins with these


def width(text: str) -> int:
    """How many columns a text takes."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def rows(pairs: Sequence[tuple[str, str]], *, indent: int = 2) -> list[tuple[str, str]]:
    """``(left, right)`` pairs as lines: the left part padded, the right one as it fits.

    On a terminal a long right part goes on below itself; elsewhere it stays one line, for grep.
    """
    wide = min(max((width(left) for left, _ in pairs), default=0), WIDEST_LEFT)
    room = shutil.get_terminal_size().columns - indent - wide - 2 if sys.stdout.isatty() else 0
    found = []
    for left, right in pairs:
        head = " " * indent + left + " " * max(wide - width(left), 0) + "  "
        for number, line in enumerate(wrapped(right, room) if room >= NARROWEST else [right]):
            found.append((head if number == 0 else " " * (indent + wide + 2), line))
    return found


def wrapped(text: str, room: int) -> list[str]:
    """``text`` in lines of at most ``room`` columns: broken at blanks, and at wide characters."""
    lines, line = [], ""
    for piece in _pieces(text):
        if line and width(line) + width(piece.rstrip()) > room and piece[0] not in _NOT_FIRST:
            lines.append(line.rstrip())
            line = ""
        line += piece if line or piece.strip() else ""
    return [*lines, line.rstrip()] if line.strip() or not lines else lines


def _pieces(text: str) -> list[str]:
    """Words with the blanks behind them; a wide character is a piece of its own."""
    found = [""]
    for character in text:
        before = found[-1][-1:]
        new_word = before == " " and character != " "
        if new_word or _is_wide(character) or _is_wide(before):
            found.append(character)
        else:
            found[-1] += character
    return [piece for piece in found if piece]


def _is_wide(character: str) -> bool:
    return bool(character) and unicodedata.east_asian_width(character) in "WF"
