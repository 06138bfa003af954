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
    known = {*found.nodes, *parts.doubtful, HOST}
    addressed = {end.node for end, device in found.devices.items() if device.addresses}
    first: dict[tuple[str, str], Path] = {}
    for path, text in parts.checks:
        try:
            source, target, _ = words.check(text)
        except BadName as error:
            report.bad(path, error)
            continue
        speaks_of = [source] if _is_address(target, known) else [source, target]
        strangers = [name for name in dict.fromkeys(speaks_of) if name not in known]
        for name in strangers if not parts.all_doubtful else ():
            hint = report.near(name, known) or "a node of the lab, or host"
            report.add(path, f"there is no node {name!r} in the lab", hint)
        if target in known and parts.sure(target) and target not in addressed:
            message = f"{target} has no address in this lab that could be reached"
            report.add(path, message, "give it one, or name another node or an address")
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


def _is_address(text: str, known: set[str]) -> bool:
    if text in known:
        return False  # a node may be called like an address; it goes first
    try:
        names.ip(text)
    except BadName:
        return False
    return True
