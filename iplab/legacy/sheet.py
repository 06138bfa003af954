"""Notes and cheat sheets: a line of an old command, and the new one to put beside or under it.

A sheet keeps its old commands: it is there to be read.  What stands beside one is written so that
the next run sees that it is there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from iplab.legacy import TOOLS, Context
from iplab.legacy.looks import looks_like_command
from iplab.legacy.report import Line, Rewritten
from iplab.legacy.script import rewrite
from iplab.network import Namespace

UNDER = "# iproute2: "
UNDER_INEXACT = "# iproute2 (about): "
# A shell's prompt (`$`, `me@here:~$`, `host#`, `/ #`); or what stands before a command in
# /etc/network/interfaces.
_PROMPT = re.compile(
    r"\s*(?:\[?[\w.-]+@[\w.-]+[^$#>]*[$#%>]|\$#|[\w.-]*[$#%>]|[~/][\w./-]* ?[$#]"
    r"|(?:pre-|post-)?(?:up|down))\s+"
)
_PLACEHOLDER = re.compile(
    r"<([A-Za-z][\w .-]*)>|\[([A-Za-z][\w-]*)\](?!\()"
    r"|\{\{([^{}\[\]|]+)\}\}|\{([A-Za-z][\w -]*)\}"
)
_FIRST = re.compile(
    r"\s*(?:sudo\s+(?:-\w+\s+)*)?(?:/\S*/)?(?:" + "|".join(map(re.escape, sorted(TOOLS))) + r")\b"
)


class Beside(Struct, frozen=True):
    """The new words for an old command line, and the report of it."""

    text: str
    lines: tuple[Line, ...]

    @property
    def exact(self) -> bool:
        """Whether all of it is exact."""
        return all(line.clean for line in self.lines)

    def under(self, prefix: str) -> str:
        """Lines to stand under the old one."""
        sign = UNDER if self.exact else UNDER_INEXACT
        return "".join(f"{prefix}{sign}{line.strip()}\n" for line in self.text.splitlines())


class Reader(Struct, frozen=True):
    """How the commands of a sheet are translated."""

    state: Namespace | None = None
    dialect: str = "net-tools"
    context: Context | None = None

    def beside(self, text: str, number: int) -> Beside | None:
        """The translation of a line's text; ``None`` where there is no old command in it.

        ``text`` of the answer is empty where any part of the line could not be translated.
        """
        if not holds_command(text):
            return None
        shell, back = _without_placeholders(text)
        # A command that follows: nothing looks at the exit status of a line in a sheet.
        done = rewrite(f"{shell}\n:", state=self.state, dialect=self.dialect, context=self.context)
        if not done.lines:
            return None
        lines = tuple(
            replace(
                line,
                line=number,
                legacy=back(line.legacy),
                commands=tuple(tuple(map(back, command)) for command in line.commands),
                notes=tuple(map(back, line.notes)),
                reason=back(line.reason) if line.reason else None,
            )
            for line in done.lines
        )
        if any(line.reason is not None for line in lines):
            return Beside("", lines)
        new = done.text.decode("utf-8", "surrogateescape").removesuffix("\n:")
        return Beside(back(new).strip(), lines)


_BEGINS = re.compile(r"[;&|(){}`\"']|\b(?:do|then|else)\b")  # behind these a command may begin


def holds_command(line: str) -> bool:
    """Whether a line begins with an old command, or has one behind a `;`, a `do`, a quote …"""
    if _FIRST.match(line):
        return looks_like_command(line)
    return any(
        _FIRST.match(part) is not None and looks_like_command(part + behind)
        for part, behind in _parts(line)
    )


def _parts(line: str) -> Iterator[tuple[str, str]]:
    """What stands between the places where a command may begin, and a pipe behind it."""
    at = 0
    for found in _BEGINS.finditer(line):
        yield line[at : found.start()], line[found.start() :] if found[0] == "|" else ""
        at = found.end()
    yield line[at:], ""


def split_prompt(line: str, *, comments: bool = True) -> tuple[str, str]:
    """A line as its indentation and prompt, and the rest.

    With ``comments`` a ``#`` begins a comment, as in a script; otherwise it is root's prompt.
    """
    found = _PROMPT.match(line)
    if found and (not comments or not found[0].strip().startswith("#")):
        rest = line[found.end() :]
        if _FIRST.match(rest):
            return found[0], rest
    indent = line[: len(line) - len(line.lstrip())]
    return indent, line[len(indent) :]


def _without_placeholders(text: str) -> tuple[str, Callable[[str], str]]:
    """``<interface>`` as a shell variable, and the way back."""
    names: dict[str, str] = {}

    def hide(match: re.Match[str]) -> str:
        word = next(filter(None, match.groups()))
        name = f"hole{len(names)}_" + re.sub(r"\W", "_", word)
        names[name] = match[0]
        return f"${{{name}}}"

    shell = _PLACEHOLDER.sub(hide, text)

    def back(new: str) -> str:
        for name, old in names.items():
            new = re.sub(rf'"([^"\s]*)\$\{{?{name}\b\}}?([^"\s]*)"', r"\1${" + name + r"}\2", new)
            new = re.sub(rf"\$\{{{name}\}}|\${name}\b", lambda m, old=old: old, new)  # type: ignore[misc]
        return new

    return shell, back


def joined_lines(lines: list[str]) -> list[tuple[int, int, str]]:
    """Lines with their continuations: (first, last, text without the backslashes)."""
    found: list[tuple[int, int, str]] = []
    at = 0
    while at < len(lines):
        last = at
        text = lines[at]
        while text.endswith("\\") and last + 1 < len(lines):
            last += 1
            text = text[:-1].rstrip() + " " + lines[last].lstrip()
        found.append((at, last, text))
        at = last + 1
    return found


def plain_text(source: bytes, reader: Reader, name: str = "text") -> Rewritten:
    """A plain text: under each line that is an old command, the new one."""
    text = source.decode("utf-8", "surrogateescape")
    lines = text.splitlines(keepends=True)
    bare = [line.rstrip("\r\n") for line in lines]
    out: list[str] = []
    report: list[Line] = []
    for first, last, whole in joined_lines(bare):
        out += lines[first : last + 1]
        prefix, rest = split_prompt(whole, comments=False)
        if not _FIRST.match(rest) or not looks_like_command(rest):
            continue
        beside = reader.beside(rest, first + 1)
        if beside is None:
            continue
        if not beside.text:
            report += beside.lines
            continue
        under = beside.under(prefix[: len(prefix) - len(prefix.lstrip())])
        following = "".join(f"{line}\n" for line in bare[last + 1 : last + 1 + under.count("\n")])
        if following == under:
            continue
        if not out[-1].endswith("\n"):
            out[-1] += "\n"
            under = under.removesuffix("\n")
        out.append(under)
        report += beside.lines
    return Rewritten("".join(out).encode("utf-8", "surrogateescape"), tuple(report), name)
