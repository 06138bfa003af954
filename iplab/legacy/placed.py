"""New commands as they stand in a script, in the place of an old one."""

from __future__ import annotations

import re
from collections.abc import Sequence

from iplab.legacy.bash import Command
from iplab.legacy.report import join
from iplab.legacy.wrapped import Wrapped

_SYSTEM_PROGRAMS = frozenset({"ip", "bridge", "tc"})  # in /sbin wherever iproute2 is


class CannotStand(Exception):
    """The new commands cannot stand where the old one does; the reason is its text."""


def in_place(
    shell: Sequence[Sequence[str]],
    command: Command,
    wrapped: Wrapped,
    *,
    prefix: str,
    behind: bytes,
    hook: bool,
    make: bool,
) -> str:
    """The text for the place of ``command``; ``CannotStand``.

    ``shell`` are the new commands' words, quoted; ``prefix`` what stands before the tool (sudo),
    to be said again before each; ``behind`` the rest of the line.  ``hook``: the line is one of
    interfaces(5), with a shell of its own; ``make``: it is a Makefile's.
    """
    first = command.words[wrapped.at]
    if len(shell) > 1 and re.search(r"\$\(|`|\n", prefix):
        raise CannotStand("what stands before it cannot be repeated")
    directory = (first.value or "").rpartition("/")[0] if not wrapped.busybox else ""
    lines = []
    for index, words in enumerate(shell):
        line = " ".join(words)
        if directory and line.partition(" ")[0] in _SYSTEM_PROGRAMS:
            line = f"/sbin/{line}"
        before = prefix
        if wrapped.last_only and index + 1 < len(shell):
            before = re.sub(r"\bexec\s+", "", prefix)
        lines.append(before + line)
    new = join(lines, command.place)
    if hook:
        if len(lines) > 1 and behind and not behind.startswith((b"&&", b"||", b"#")):
            raise CannotStand("it becomes several commands")
        new = prefix + " && ".join(line.removeprefix(prefix) for line in lines)
    if make and re.search(r"\$(?![({$])", new):
        raise CannotStand("make would read each $ of the new command")
    if command.place.backticks:
        new = re.sub(r"\\(?=[$`\\])", r"\\\\", new)
    return new
