"""HTML cheat sheets, in a simple form: the commands in ``<pre>`` and ``<code>``."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

from msgspec import Struct, field

from iplab.legacy.looks import looks_like_command
from iplab.legacy.report import Line, Rewritten
from iplab.legacy.sheet import Reader, split_prompt


class _Span(Struct, frozen=True):
    tag: str
    start: int
    end: int
    after: int  # behind the closing tag
    inside_pre: bool


class _Open(Struct):
    tag: str
    start: int
    inside_pre: bool


class _Finder(HTMLParser):
    """Where the text of each ``<pre>`` and ``<code>`` is."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=False)
        self.spans: list[_Span] = []
        self._text = text
        self._open: list[_Open] = []
        self._starts = [0, *(m.end() for m in re.finditer("\n", text))]
        self.feed(text)

    def _offset(self) -> int:
        line, column = self.getpos()
        return self._starts[line - 1] + column

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("pre", "code"):
            end = self._offset() + len(self.get_starttag_text() or "")
            self._open.append(_Open(tag, end, any(o.tag == "pre" for o in self._open)))

    def handle_endtag(self, tag: str) -> None:
        if self._open and self._open[-1].tag == tag:
            here = self._open.pop()
            at = self._offset()
            after = self._text.find(">", at) + 1
            if after:
                self.spans.append(_Span(tag, here.start, at, after, here.inside_pre))


class _Additions(Struct):
    made: list[tuple[int, str]] = field(default_factory=list)
    report: list[Line] = field(default_factory=list)


def rewrite_html(source: bytes, reader: Reader, name: str = "sheet") -> Rewritten:
    """An HTML text with the new commands beside the old ones; twice is the same as once."""
    text = source.decode("utf-8", "surrogateescape")
    found = _Additions()
    for span in _Finder(text).spans:
        if span.tag == "pre":
            _pre(text, span, reader, found)
        elif not span.inside_pre:
            _code(text, span, reader, found)
    at, pieces = 0, []
    for place, addition in sorted(found.made):
        pieces += [text[at:place], addition]
        at = place
    pieces.append(text[at:])
    report = tuple(sorted(found.report, key=lambda line: line.line))
    return Rewritten("".join(pieces).encode("utf-8", "surrogateescape"), report, name)


def _plain(raw: str) -> str:
    return html.unescape(re.sub(r"<[^>]*>", "", raw))


def _pre(text: str, span: _Span, reader: Reader, found: _Additions) -> None:
    at = span.start
    for raw in text[span.start : span.end].splitlines(keepends=True):
        end = at + len(raw.rstrip("\r\n"))
        number = text.count("\n", 0, at) + 1
        at += len(raw)
        prefix, rest = split_prompt(_plain(raw).rstrip("\r\n"), comments=False)
        beside = reader.beside(rest, number)
        if beside is None:
            continue
        if not beside.text:
            found.report += beside.lines
            continue
        indent = prefix[: len(prefix) - len(prefix.lstrip())]
        under = "\n" + html.escape(beside.under(indent).removesuffix("\n"), quote=False)
        # On the last line closing tags may stand behind the command: stay inside them.
        closing = re.search(r"(?:</[^>]*>)+$", text[span.start : end])
        place = end - len(closing[0]) if closing else end
        if not text.startswith(under, place):
            found.made.append((place, under))
            found.report += beside.lines


def _code(text: str, span: _Span, reader: Reader, found: _Additions) -> None:
    _, rest = split_prompt(_plain(text[span.start : span.end]).strip(), comments=False)
    if len(rest.split()) < 2 or not looks_like_command(rest):
        return
    beside = reader.beside(rest, text.count("\n", 0, span.start) + 1)
    if beside is None:
        return
    if not beside.text:
        found.report += beside.lines
        return
    new = html.escape("; ".join(line.strip() for line in beside.text.splitlines()), quote=False)
    about = "" if beside.exact else "about "
    addition = f" ({about}<code>{new}</code>)"
    if not text.startswith(addition, span.after):
        found.made.append((span.after, addition))
        found.report += beside.lines
