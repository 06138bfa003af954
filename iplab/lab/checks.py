"""``checks:``, who must reach whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iplab import names
from iplab.errors import BadName
from iplab.lab import words
from iplab.lab.gather import Gathered
from iplab.lab.lab import Check
from iplab.lab.report import Report
from iplab.lab.tree import Path
from iplab.names import HOST

if TYPE_CHECKING:
    from iplab.lab.read import Parts


def check(found: Gathered, parts: Parts, report: Report) -> None:
    """Report checks that are no checks, or speak of nodes that are not there."""
    first: dict[tuple[str, str], Path] = {}
    for path, text in parts.checks:
        try:
            source, target, _ = words.check(text)
        except BadName as error:
            report.bad(path, error)
            continue
        _node(found, parts, report, path, source)
        if not _is_address(target):
            _node(found, parts, report, path, target, target=True)
        other = first.setdefault((source, target), path)
        if other is not path:
            message = f"{source} and {target} have a check already (line {report.line(other)})"
            report.add(path, message, "keep one of them")


def checks(parts: Parts, report: Report) -> tuple[Check, ...]:
    """The checks of a lab without faults."""
    made = []
    for path, text in parts.checks:
        source, target, must_reach = words.check(text)
        made.append(Check(source, target, must_reach, text, report.line(path)))
    return tuple(made)


def _node(
    found: Gathered, parts: Parts, report: Report, path: Path, name: str, *, target: bool = False
) -> None:
    if not parts.sure(name):
        return
    if name != HOST and name not in found.nodes:
        if parts.all_doubtful:
            return
        known = [*found.nodes, HOST]
        hint = report.near(name, known)
        if not hint and target:
            hint = "a node of the lab, host, or an address such as 172.18.0.3"
        elif not hint:
            hint = f"a node of the lab: {', '.join(known[:8])}"
        report.add(path, f"there is no node {name!r} in the lab", hint)
    elif target and not any(device.addresses for device in found.of(name)):
        report.add(
            path,
            f"{name} has no address in this lab that could be reached",
            "give it one, or name another node or an address",
        )


def _is_address(text: str) -> bool:
    try:
        names.ip(text)
    except BadName:
        return False
    return True
