"""Old tools that a script names where they cannot be rewritten: strings, heredocs, questions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from iplab.legacy.bash import Command, Script
from iplab.legacy.wrapped import unwrap

_RUNS_TEXT = {
    "sh": "a shell is given it as text",
    "bash": "a shell is given it as text",
    "dash": "a shell is given it as text",
    "su": "another shell is given it as text",
    "eval": "`eval` runs a text",
    "ssh": "it runs on another machine",
    "trap": "`trap` is given it as text",
    "xargs": "`xargs` makes up its words when it runs",
    "parallel": "`parallel` makes up its words when it runs",
    "find": "`find` makes up its words when it runs",
    "watch": "`watch` runs it again and again",
    "chroot": "it runs in another root, which may lack iproute2",
    "docker": "it runs in a container, which may lack iproute2",
    "lxc-attach": "it runs in a container, which may lack iproute2",
    "coproc": "it runs beside the script",
    "alias": "an alias is made of it",
}
_ASKS = {"which", "type", "hash", "whereis", "command", "dpkg", "rpm"}


def in_command(command: Command, tools: frozenset[str]) -> str | None:
    """Why a command that names an old tool among its words is left; ``None``: it names none."""
    values = [word.value for word in command.words]
    wrapped = unwrap(values)
    name = (values[wrapped.at] or "").rpartition("/")[2]
    rest = command.words[wrapped.at + 1 :]
    if name in _ASKS or (name == "exec" and len(values) > 1):
        if any((word.value or "").rpartition("/")[2] in tools for word in rest):
            return "it asks where the old tool is"
        return None
    if name not in _RUNS_TEXT:
        return None
    for word in rest:
        text = "".join(piece.text if piece.literal else " x " for piece in word.pieces)
        if runs(text, tools):
            return _RUNS_TEXT[name]
    return None


def variables_run(command: Command) -> Iterator[str]:
    """The variables that a command begins with, or that it hands on as a text to run."""
    wrapped = unwrap([word.value for word in command.words])
    head = command.words[wrapped.at]
    name = (head.value or "").rpartition("/")[2]
    for word in command.words[wrapped.at + 1 :] if name in _RUNS_TEXT else (head,):
        if word.pieces and not word.pieces[0].literal:
            yield from re.findall(r"^\$\{?(\w+)", word.pieces[0].text)


def begins(text: str, tools: frozenset[str]) -> bool:
    """Whether a text begins with an old tool, as a command does."""
    return _command_pattern(tools).match(text) is not None


def runs(text: str, tools: frozenset[str]) -> bool:
    """Whether a text that a shell may run has an old tool where a command begins."""
    return _command_pattern(tools).search(text) is not None


def in_heredocs(script: Script, tools: frozenset[str]) -> Iterator[tuple[int, str]]:
    """Lines of heredocs that begin with an old tool: (byte, text)."""
    pattern = _command_pattern(tools)
    for start, end in script.heredocs:
        at = start
        for line in script.source[start:end].splitlines(keepends=True):
            text = line.decode("utf-8", "surrogateescape").strip()
            if pattern.match(text):
                yield at, text
            at += len(line)


def in_tests(script: Script, tools: frozenset[str]) -> Iterator[tuple[int, str]]:
    """``[ -x /sbin/ifconfig ]``: (byte, text)."""
    pattern = re.compile(rf"/(?:{_names(tools)})(?=[\"'\s\]])")
    for start, end in script.tests:
        text = script.text(start, end)
        if pattern.search(text):
            yield start, text


_patterns: dict[frozenset[str], re.Pattern[str]] = {}


def _command_pattern(tools: frozenset[str]) -> re.Pattern[str]:
    if tools not in _patterns:
        _patterns[tools] = re.compile(
            r"(?:^|[;&|({`]|\b(?:sudo|do|then|else|exec|busybox)\s)\s*"
            rf"(?:/usr)?(?:/s?bin/)?(?:{_names(tools)})(?=\s+[-\w$\"'/{{.]|\s*$|[;|])",
            re.M,
        )
    return _patterns[tools]


def _names(tools: Sequence[str] | frozenset[str]) -> str:
    return "|".join(re.escape(tool) for tool in sorted(tools))
