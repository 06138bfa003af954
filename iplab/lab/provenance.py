"""Where each line of a rendered lab comes from in its ``.j2`` file.

Literal text gets a mark at its start and after each line break in it, and so does each ``{{ … }}``:
a number between two private-use characters, an index into a list of places.  The marks travel
through loops and conditions with the text they stand before, and are taken out of the rendered
text again.  Inside macros, ``{% set %}`` blocks and the like, whose text is a value that may be
compared or cut, there are none: such text belongs to the line that puts it out.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator

from jinja2.lexer import Token
from msgspec import Struct

from iplab.lab.syntax import Fault

_OPEN, _CLOSE = "\ue000", "\ue001"
_MARK = re.compile(f"{_OPEN}([0-9]{{1,9}}){_CLOSE}")
PRIVATE = re.compile(f"[{_OPEN}{_CLOSE}]")
_BLOCKS = frozenset(("for", "macro", "call", "filter", "block"))
_SHOWN = 80


class _Place(Struct, frozen=True):
    """A place in the source; ``literal`` where what follows stands there character by character."""

    line: int
    column: int
    literal: bool


class Provenance:
    """The way back from rendered text to a template's source."""

    def __init__(self, source: str) -> None:
        self._source = re.split(r"\r\n|\r|\n", source)
        self._places: list[_Place] = []
        self._lines: list[list[tuple[int, int]]] = []  # per rendered line: (offset, place)
        self._text: list[str] = []
        self._turns: dict[int, list[int]] = {}  # place → rendered lines that start with it

    # ------------------------------------------------------------ marking

    def mark(self, tokens: Iterable[Token]) -> Iterator[Token]:
        """The tokens of a template, with marks in its literal text."""
        open_blocks: list[tuple[str, bool]] = []  # word, and whether its text becomes a value
        at: dict[int, int] = {}  # line → column behind what was seen of it
        statement: list[Token] | None = None
        for token in tokens:
            if token.type == "block_begin":
                statement = []
            elif token.type == "block_end":
                _follow(open_blocks, statement or [])
                statement = None
            elif statement is not None:
                statement.append(token)
            captured = any(captures for _, captures in open_blocks)
            if token.type == "data" and not captured:
                yield Token(token.lineno, "data", self._mark_text(token, at))
            elif token.type == "variable_begin" and not captured:
                mark = self._new(token.lineno, at.get(token.lineno, 0), literal=False)
                yield Token(token.lineno, "data", mark)
                yield token
            else:
                yield token

    def _mark_text(self, token: Token, at: dict[int, int]) -> str:
        marked = []
        for n, part in enumerate(str(token.value).split("\n")):
            line = token.lineno + n
            start = 0 if n else self._find(line, part, at.get(line, 0))
            marked.append(self._new(line, max(start, 0), literal=start >= 0) + part)
            at[line] = max(start, 0) + len(part)
        return "\n".join(marked)

    def _find(self, line: int, part: str, behind: int) -> int:
        """The column at which literal text goes on in a line, after a tag that ended in ``}``."""
        source = self._line(line)
        indent = len(source) - len(source.lstrip())  # which a '-' in a tag takes away
        for start in (0, indent) if behind == 0 else ():
            if source.startswith(part, start):
                return start
        found = source.find("}" + part, behind)
        return found + 1 if found >= 0 else -1

    def _new(self, line: int, column: int, *, literal: bool) -> str:
        self._places.append(_Place(line, column, literal))
        return f"{_OPEN}{len(self._places) - 1}{_CLOSE}"

    def _line(self, line: int) -> str:
        return self._source[line - 1] if 0 < line <= len(self._source) else ""

    # ------------------------------------------------------------ the way back

    def strip(self, rendered: str) -> str:
        """The rendered text without its marks, which are kept for ``locate``."""
        last = 0
        for number, marked in enumerate(rendered.split("\n")):
            spans, clean, end = [(0, last)], [], 0
            for found in _MARK.finditer(marked):
                clean.append(marked[end : found.start()])
                end = found.end()
                last = min(int(found[1]), len(self._places) - 1)
                spans.append((sum(map(len, clean)), last))
            clean.append(marked[end:])
            text = "".join(clean)
            self._text.append(text)
            self._lines.append(spans)
            begin = len(text) - len(text.lstrip())
            self._turns.setdefault(_span_at(spans, begin)[1], []).append(number)
        return "\n".join(self._text)

    def locate(self, line: int, column: int) -> tuple[int, int, str]:
        """The source's line and column for a rendered one (from 1), and a word on how it came.

        The word is empty where the line stands in the source as it was rendered.
        """
        if not self._places or not 0 < line <= len(self._lines):
            return max(1, min(line, len(self._source))), 1, ""
        spans, text = self._lines[line - 1], self._text[line - 1]
        offset, index = _span_at(spans, column - 1)
        place = self._places[index]
        there = place.column + (column - 1 - offset if place.literal else 0)
        return place.line, there + 1, self._came(line, text, spans)

    def _came(self, line: int, text: str, spans: list[tuple[int, int]]) -> str:
        begin = len(text) - len(text.lstrip())
        index = _span_at(spans, begin)[1]
        turns = self._turns.get(index, [])
        shown = text.strip()
        if len(turns) <= 1 and shown == self._line(self._places[index].line).strip():
            return ""
        shown = shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "…"
        if len(turns) > 1 and line - 1 in turns:
            turn = bisect_right(turns, line - 1)
            return f"in turn {turn} of {len(turns)} of its loop the line reads `{shown}`"
        return f"rendered, the line reads `{shown}`"

    def fault(self, line: int, message: str, hint: str) -> Fault:
        """A fault at a line of the source itself."""
        line = max(1, min(line, len(self._source)))
        source = self._line(line)
        return Fault(line, len(source) - len(source.lstrip()) + 1, message, hint)


def _span_at(spans: list[tuple[int, int]], offset: int) -> tuple[int, int]:
    return spans[bisect_right(spans, offset, key=lambda span: span[0]) - 1]


def _follow(open_blocks: list[tuple[str, bool]], statement: list[Token]) -> None:
    """Note the block that a statement opens or closes."""
    word = str(statement[0].value) if statement else ""
    if open_blocks and word == f"end{open_blocks[-1][0]}":
        open_blocks.pop()
    elif word in _BLOCKS:
        # A recursive loop is called for its text, within itself.
        recursive = any(token.value == "recursive" for token in statement)
        open_blocks.append((word, word != "for" or recursive))
    elif word == "set" and all(token.type != "assign" for token in statement):
        open_blocks.append((word, True))  # `{% set x %}`, not `{% set x = … %}`
