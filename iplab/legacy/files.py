"""A whole file of old commands, whatever it is: a script, Markdown, HTML or plain text."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Literal

from iplab.errors import IplabError
from iplab.legacy import TOOLS, Context
from iplab.legacy.report import Rewritten
from iplab.legacy.script import rewrite
from iplab.legacy.sheet import Reader, plain_text
from iplab.network import Namespace

Kind = Literal["script", "markdown", "html", "text"]
LARGEST = 4 * 2**20  # bytes; a script of this size is something else
_SUFFIXES: dict[str, Kind] = {
    **dict.fromkeys((".md", ".markdown", ".mkd"), "markdown"),
    **dict.fromkeys((".html", ".htm", ".xhtml"), "html"),
    **dict.fromkeys((".txt", ".text"), "text"),
}
_OTHER_LANGUAGES = {
    *(".py", ".pl", ".rb", ".php", ".js", ".ts", ".java", ".kt", ".go", ".rs", ".lua", ".tcl"),
    *(".c", ".h", ".cc", ".cpp", ".hpp", ".cs", ".swift", ".json", ".xml", ".css", ".ps1", ".bat"),
}
_SHELL = re.compile(
    rb"#!\s*\S*?(?:\benv\s+(?:-S\s+)?\S*?)?\b(?:ba|da|a|k|mk|z)?sh\b|#!\s*\S*busybox\s"
)


class NotText(IplabError):
    """The file is none that can be rewritten; it was not touched."""


def kind_of(name: str) -> Kind:
    """What a file is, by its name."""
    return _SUFFIXES.get(PurePath(name).suffix.lower(), "script")


def check(source: bytes, name: str, kind: Kind) -> None:
    """Raise ``NotText`` for what is no text of this kind."""
    if len(source) > LARGEST:
        raise NotText(
            f"it has {len(source)} bytes, over the limit of {LARGEST}",
            where=name,
            hint="split it; nobody writes a script of this size",
        )
    if b"\0" in source:
        raise NotText("it is a binary file (it holds NUL bytes)", where=name)
    if source.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise NotText("it is UTF-16", where=name, hint="iconv -f UTF-16 -t UTF-8")
    suffix = PurePath(name).suffix.lower()
    if kind == "script" and suffix in _OTHER_LANGUAGES and not _SHELL.match(source):
        raise NotText(f"it is no shell script: its name ends in {suffix}", where=name)
    if kind == "script" and source.startswith(b"#!") and not _SHELL.match(source):
        first = source.split(b"\n", 1)[0].decode("utf-8", "replace")
        raise NotText(f"it is no shell script: it begins with {first}", where=name)


def rewrite_file(
    source: bytes,
    name: str,
    *,
    kind: Kind | None = None,
    state: Namespace | None = None,
    dialect: str = "net-tools",
    context: Context | None = None,
) -> Rewritten:
    """Rewrite a file's text.  Raises ``NotText`` where it is none."""
    what = kind or kind_of(name)
    check(source, name, what)
    if what == "script":
        done = rewrite(source, state=state, dialect=dialect, name=name, context=context)
        if done.open_line is not None and any(tool.encode() in source for tool in TOOLS):
            raise NotText(
                "from here on it cannot be read: a quote, a bracket or a block is not closed",
                where=f"{name}:{done.open_line}",
                hint=f"bash -n {name}",
            )
        return done
    # A sheet's commands are not run one after the other: no state outlives a line.
    reader = Reader(state, dialect, context)
    if what == "markdown":
        from iplab.legacy.markdown import rewrite_markdown

        return rewrite_markdown(source, reader, name)
    if what == "html":
        from iplab.legacy.html import rewrite_html

        return rewrite_html(source, reader, name)
    return plain_text(source, reader, name)
