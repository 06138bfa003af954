"""Markdown cheat sheets.  The only file that knows a Markdown parser.

In fences and indented code the new command stands under the old one as a comment; after inline
code, and after the command in a table's cell, it stands in parentheses.  All other bytes stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token
from msgspec import Struct

from iplab.legacy.looks import looks_like_command
from iplab.legacy.report import Line, Rewritten
from iplab.legacy.sheet import Reader, joined_lines, split_prompt

_SHELLS = {"sh", "bash", "shell", "zsh", "ash", "dash", "ksh"}
_TRANSCRIPTS = {"", "console", "shell-session", "terminal", "text", "session", "shellsession"}


class _Addition(Struct, frozen=True):
    at: int  # an offset in the text
    text: str
    lines: tuple[Line, ...]


def rewrite_markdown(source: bytes, reader: Reader, name: str = "sheet") -> Rewritten:
    """A Markdown text with the new commands beside the old ones; twice is the same as once."""
    text = source.decode("utf-8", "surrogateescape")
    # Only \n ends a line here, and a \r stays at the end of its line.  To the parser a \r alone
    # would end one too, so it gets to see a blank.
    lines = text.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    tokens = MarkdownIt("commonmark").enable("table").parse(re.sub(r"\r(?!\n)", " ", text))
    additions: list[_Addition] = []
    for place, token in enumerate(tokens):
        if token.map is None:
            continue
        if token.type in ("fence", "code_block"):
            additions += _code(token, lines, starts, reader)
        elif token.type == "inline":
            opener = tokens[place - 1]
            additions += _inline(token, opener, text, starts, reader)
    pieces: list[str] = []
    at = 0
    for addition in sorted(additions, key=lambda a: a.at):
        pieces += [text[at : addition.at], addition.text]
        at = addition.at
    pieces.append(text[at:])
    report = tuple(line for a in sorted(additions, key=lambda a: a.at) for line in a.lines)
    return Rewritten("".join(pieces).encode("utf-8", "surrogateescape"), report, name)


def _code(token: Token, lines: list[str], starts: list[int], reader: Reader) -> Iterator[_Addition]:
    """Under each old command of a block of code, the new one."""
    assert token.map is not None
    # (`{.bash}` is pandoc's, `bash=` HackMD's)
    language = re.split(r"[^\w-]", token.info.strip().lstrip("{."))[0].lower()
    if language not in _SHELLS | _TRANSCRIPTS:
        return
    first = token.map[0] + (1 if token.type == "fence" else 0)
    content = token.content.removesuffix("\n").split("\n")
    for begin, end, whole in joined_lines(content):
        prompt, rest = split_prompt(whole, comments=language in _SHELLS)
        if not rest or rest.startswith("#"):
            continue
        where = first + end
        if where >= len(lines) or not lines[where].rstrip("\r").endswith(content[end].rstrip("\r")):
            continue  # the parser changed the line (tabs): its place is not certain
        beside = reader.beside(rest, first + begin + 1)
        if beside is None:
            continue
        if not beside.text:
            yield _Addition(starts[where + 1], "", beside.lines)
            continue
        container = lines[where].rstrip("\r")
        container = container[: len(container) - len(content[end].rstrip("\r"))]
        indent = prompt[: len(prompt) - len(prompt.lstrip())]
        under = beside.under(container + indent)
        following = [line.rstrip("\r") for line in lines[where + 1 : where + 1 + under.count("\n")]]
        if "".join(f"{line}\n" for line in following) == under:
            continue
        at = starts[where + 1]
        if where + 1 == len(lines):  # the text ends here, without a line break
            at, under = at - 1, "\n" + under.removesuffix("\n")
        yield _Addition(at, under, beside.lines)


def _inline(
    token: Token, opener: Token, text: str, starts: list[int], reader: Reader
) -> Iterator[_Addition]:
    """After inline code, and after a cell that is a command, the new command in parentheses."""
    assert token.map is not None
    number = token.map[0] + 1
    low, high = starts[token.map[0]], min(starts[min(token.map[1], len(starts) - 1)], len(text))
    cell = opener.type in ("td_open", "th_open")
    children = token.children or []
    if cell:
        found = _cell(token, text, low, high)
        if found is None:
            return
        low, high = found
        if not any(child.type == "code_inline" for child in children):
            content = token.content.strip()
            if opener.type == "td_open" and content and looks_like_command(content):
                yield from _after(text, high, content, number, reader, cell=True)
            return
    codes = [child.content for child in children if child.type == "code_inline"]
    spans = _spans(text, low, high)
    for code in codes:
        for end, raw in spans:
            if _normal(raw, cell) == code:
                alone = cell and _normal(text[low:high].strip("` "), cell) == code
                if len(code.split()) > 1 or alone:
                    line = text.count("\n", starts[number - 1], end) + number
                    yield from _after(text, end, code, line, reader, cell=cell)
                break


def _after(
    text: str, at: int, code: str, number: int, reader: Reader, *, cell: bool
) -> Iterator[_Addition]:
    _, rest = split_prompt(code, comments=False)
    if not looks_like_command(rest):
        return
    beside = reader.beside(rest, number)
    if beside is None:
        return
    if not beside.text:
        yield _Addition(at, "", beside.lines)
        return
    new = "; ".join(line.strip() for line in beside.text.splitlines())
    if cell:
        new = new.replace("|", "\\|")
    fence = "``" if "`" in new else "`"
    pad = " " if "`" in new else ""
    about = "" if beside.exact else "about "
    addition = f" ({about}{fence}{pad}{new}{pad}{fence})"
    if not text.startswith(addition, at):
        yield _Addition(at, addition, beside.lines)


def _spans(text: str, low: int, high: int) -> Iterator[tuple[int, str]]:
    """The code spans of a part of the text, one after the other: (end, what is inside)."""
    at = low
    while at < high:
        opening = re.compile(r"(?<!`)(?<!\\)`+(?!`)").search(text, at, high)
        if opening is None:
            return
        run = opening[0]
        closing = re.compile(rf"(?<!`){run}(?!`)").search(text, opening.end(), high)
        if closing is None:
            at = opening.end()
            continue
        yield closing.end(), text[opening.end() : closing.start()]
        at = closing.end()


def _normal(raw: str, cell: bool) -> str:
    """Inline code as the parser gives it (CommonMark 6.1)."""
    text = re.sub(r"\n\s*(?:>\s*)?", " ", raw)
    if cell:
        text = text.replace("\\|", "|")
    if len(text) > 2 and text[0] == text[-1] == " " and text.strip():
        text = text[1:-1]
    return text


def _cell(token: Token, text: str, low: int, high: int) -> tuple[int, int] | None:
    """The span of a cell's content in its row; ``None`` where it is not there exactly once."""
    content = token.content.strip()
    row = text[low:high]
    found = [
        m.span(1)
        for m in re.finditer(r"(?:^|(?<!\\)\|)\s*((?:\\\||[^|\n])*?)\s*(?=(?<!\\)\||\n|$)", row)
        if m[1].replace("\\|", "|") == content or m[1] == content
    ]
    if len(found) != 1:
        return None
    return low + found[0][0], low + found[0][1]
