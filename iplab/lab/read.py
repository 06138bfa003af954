"""Lab file text → Lab: the rooms of ``iplab.lab`` in their order, all faults at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from msgspec import Struct, field
from pydantic_core import ErrorDetails, ValidationError

from iplab import names
from iplab.errors import BadName, LabError
from iplab.lab import fields, forms
from iplab.lab.fields import Form, Misfit
from iplab.lab.interfaces import TYPES, Carrier, LoForm
from iplab.lab.lab import Lab
from iplab.lab.report import Report
from iplab.lab.syntax import Fault, Unreadable
from iplab.lab.tree import Path, Twig, grow

F = TypeVar("F", bound=Form)


class Parts(Struct):
    """What is right in form in a lab file, each part with its path.

    ``doubtful`` are nodes that a faulty part speaks of: what seems to be missing there may only
    be misspelt, and is not reported a second time.  ``all_doubtful`` says so of every node.
    """

    head: forms.Head
    links: list[tuple[Path, forms.Link]] = field(default_factory=list)
    bridges: list[tuple[Path, forms.BridgeForm]] = field(default_factory=list)
    nodes: list[tuple[str, forms.NodeForm]] = field(default_factory=list)
    checks: list[tuple[Path, str]] = field(default_factory=list)
    doubtful: set[str] = field(default_factory=set)
    all_doubtful: bool = False

    def sure(self, node: str) -> bool:
        """Whether all that the file says of ``node`` was understood."""
        return not self.all_doubtful and node not in self.doubtful


def lab(text: str, name: str, settings: Mapping[str, str], *, template: bool) -> Lab:
    """The lab that ``text`` says; ``LabError`` with every fault otherwise."""
    from iplab.lab import build, gather, routes, rules

    report = Report(name)
    yaml_text = text = text.removeprefix("\ufeff")  # some editors sign UTF-8 text with it
    try:
        if template:
            from iplab.lab import jinja

            yaml_text, provenance = jinja.render(text, name, settings)
            report = Report(name, provenance)
        elif settings:
            raise Unreadable(
                Fault(1, 1, "--set is for files that end in .j2", "leave it out, or rename it")
            )
        report.tree, faults = grow(yaml_text)
    except Unreadable as error:
        for fault in error.faults:
            report.fault(fault)
        raise LabError(report.problems) from None
    for fault in faults:
        report.fault(fault)
    parts = understand(report)
    plan = gather.gather(parts, report)
    rules.apply(plan, parts, report)
    found = routes.resolve(plan, parts, report)
    report.stop_if_any()
    return build.lab(plan, parts, report, found, text=text, given=settings)


def understand(report: Report) -> Parts:
    """The parts of the file that are right in form; problems with the others are reported."""
    raw = report.tree.plain()
    assert isinstance(raw, dict)
    head, faulty = _head(raw, report)
    parts = Parts(head)
    parts.all_doubtful = bool(faulty & {"links", "bridges", "nodes"})
    for n, item in enumerate(head.links):
        link = _form(forms.Link, item, ("links", n), report, parts)
        if link:
            parts.links.append((("links", n), link))
    for n, item in enumerate(head.bridges):
        path: Path = ("bridges", n)
        bridge = _form(forms.BridgeForm, _keyed_members(item, path, report), path, report, parts)
        if bridge:
            parts.bridges.append((path, bridge))
    for name, item in head.nodes.items():
        path = ("nodes", name)
        try:
            names.node(name)
        except BadName as error:
            report.bad(path, error, key=True)
            continue
        node = _form(forms.NodeForm, {} if item == "" else item, path, report, parts)
        if node:
            parts.nodes.append((name, node))
    for n, item in enumerate(head.checks):
        if isinstance(item, str):
            parts.checks.append((("checks", n), item))
        else:
            report.add(("checks", n), "a check is one line of text", "vm1 -> vm2")
    return parts


def _head(raw: dict[str, object], report: Report) -> tuple[forms.Head, set[str]]:
    """The top of the file; a faulty key is reported and then left out, so that the rest counts."""
    try:
        return forms.Head.read(raw), set()
    except ValidationError as error:
        _report(error, (), report)
        faulty = {str(fault["loc"][0]) for fault in error.errors(include_url=False)}
    known = {key: raw[key] for key in forms.Head.keys if key in raw and key not in faulty}
    return forms.Head.read({"lab": "lab", **known}), faulty


def _form(form: type[F], raw: object, path: Path, report: Report, parts: Parts) -> F | None:
    if not isinstance(raw, dict):
        report.add(path, _SHAPE[path[0]])
        parts.all_doubtful = True
        return None
    try:
        return form.read(raw)
    except ValidationError as error:
        _report(error, path, report)
        parts.doubtful |= _spoken_of(raw, path)
        return None


_SHAPE: dict[str | int, str] = {
    "links": "a link is a mapping with two keys NODE:DEV",
    "bridges": "a bridge is a mapping with one key NODE:DEV",
    "nodes": "a node is a mapping (routes, sysctl, forward, masquerade, interfaces, loopback)",
}


def _spoken_of(raw: dict[str, object], path: Path) -> set[str]:
    if path[0] == "nodes":
        return {str(path[1])}
    members = raw.get("members")
    keys = [*raw, *(members if isinstance(members, dict) else ())]
    return {key.partition(":")[0] for key in keys if ":" in key}


def _keyed_members(raw: object, path: Path, report: Report) -> object:
    """Members without addresses may be a list; from here on they are a mapping like the others."""
    if not isinstance(raw, dict) or not isinstance(raw.get("members"), list):
        return raw
    twig = report.tree.find((*path, "members"))[1]
    keyed: dict[str, tuple[Twig, Twig]] = {}
    for item in twig.value:
        if not isinstance(item, Twig) or not isinstance(item.value, str):
            return raw  # the form will say what is wrong
        first = keyed.setdefault(item.value, (item, Twig(item.line, item.column)))[0]
        if first is not item:
            report.fault(
                Fault(
                    item.line, item.column, f"{item.value!r} is a member already", "once is enough"
                )
            )
    twig.value = keyed
    return {**raw, "members": twig.plain()}


# ---------------------------------------------------------------- the engine's errors in our words


def _report(error: ValidationError, path: Path, report: Report) -> None:
    for fault in error.errors(include_url=False, include_input=False):
        loc: Path = (*path, *fault["loc"])
        message, hint = _wording(fault, loc, report)
        key = fault["type"] in ("extra_forbidden", "missing")
        cause = fault.get("ctx", {}).get("error")
        if isinstance(cause, Misfit):
            loc, key = (*loc, cause.part), True
        elif loc == path and report.tree.find(path)[1].doubled:
            continue  # too few ends, because one is there twice: that has been said
        elif loc[-1] == "[key]":
            loc, key = loc[:-1], True
        report.add(loc, message, hint, key=key)


def _wording(fault: ErrorDetails, loc: Path, report: Report) -> tuple[str, str]:
    cause = fault.get("ctx", {}).get("error")
    if isinstance(cause, BadName):
        return cause.message, cause.hint
    last = str(loc[-1]) if loc else ""
    match fault["type"]:
        case "extra_forbidden":
            known = _known(loc)
            hint = report.near(last, known) or f"one of: {', '.join(known)}"
            return f"unknown key {last!r}", hint
        case "missing":
            return f"the key {last!r} is missing", f"add `{last}: …`"
        case "union_tag_not_found":
            return "an interface needs its type", f"type: one of {', '.join(TYPES)}"
        case "union_tag_invalid":
            given = str(fault.get("ctx", {}).get("tag", ""))
            hint = report.near(given, TYPES) or f"one of: {', '.join(TYPES)}"
            return f"{given!r} is not a type of interface that a lab can make", hint
    return fault["msg"], ""


def _known(loc: Path) -> list[str]:
    """The keys that may stand where an unknown one does."""
    match loc:
        case (_,):
            return _keys(forms.Head)
        case ("links", _, _):
            return ["NODE:DEV", *_keys(forms.Link)]
        case ("bridges", _, _):
            return ["NODE:DEV", *_keys(forms.BridgeForm)]
        case ("nodes", _, _):
            return _keys(forms.NodeForm)
        case ("nodes", _, "interfaces", "lo", _):
            return _keys(LoForm)
        case ("nodes", _, "interfaces", fields.ENDS, _, str() as kind, _):
            return _keys(TYPES.get(kind, Carrier))
    return _keys(forms.LinkSide if loc[:1] == ("links",) else forms.Side)


def _keys(form: type[Form]) -> list[str]:
    return [name for name, key in form.keys.items() if key.name != fields.ENDS]
