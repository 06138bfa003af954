"""What nodes are told besides devices and routes: sysctls, forwarding, masquerading."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iplab import keys
from iplab.lab import words
from iplab.lab.forms import NodeForm
from iplab.lab.gather import Gathered
from iplab.lab.report import Report
from iplab.names import HOST, IPNetwork
from iplab.network import NatTable

if TYPE_CHECKING:
    from iplab.lab.read import Parts

FORWARD4 = "net.ipv4.ip_forward"
FORWARD6 = "net.ipv6.conf.all.forwarding"


def sysctls(found: Gathered, node: str) -> dict[str, str]:
    """The settings of a node; forwarding first, because it resets others (ip-sysctl)."""
    form = found.forms.get(node)
    if form is None:
        return {}
    settings = {}
    if form.forward is not None:
        value = "1" if form.forward else "0"
        settings[FORWARD4] = value
        if any(a.version == 6 for device in found.of(node) for a in device.addresses):
            settings[FORWARD6] = value
    first = {key: form.sysctl[key] for key in (FORWARD4, FORWARD6) if key in form.sysctl}
    return {**settings, **first, **form.sysctl}


def nat(lab: str, form: NodeForm | None) -> dict[str, NatTable]:
    """The lab's nft table in a node, where it masquerades."""
    if form is None or not form.masquerade:
        return {}
    return {f"iplab-{lab}": NatTable(sources=form.masquerade, hooked=True)}


def check(found: Gathered, parts: Parts, report: Report) -> None:
    """Report what contradicts itself or names no device of the node."""
    for node, form in found.forms.items():
        _sysctls(found, parts, report, node, form)
        seen: set[IPNetwork] = set()
        for n, source in enumerate(form.masquerade):
            path = ("nodes", node, "masquerade", n)
            if source in seen:
                report.add(path, f"{source} is masqueraded already", "once is enough")
            seen.add(source)
        if form.masquerade and form.forward is False:
            message = f"{node} masquerades for others, but is told not to forward"
            report.add(("nodes", node, "forward"), message, "forward: true")


def _sysctls(found: Gathered, parts: Parts, report: Report, node: str, form: NodeForm) -> None:
    if not form.sysctl:
        return
    path = ("nodes", node, "sysctl")
    written = report.tree.find(path)[1].value
    names = [device.end.device for device in found.of(node)]
    known = {None, *names}  # None: a setting of no device in particular
    first: dict[str, str] = {}
    for text in written if isinstance(written, dict) else ():
        key = words.sysctl_key(text)
        other = first.setdefault(key, text)
        if other != text:
            message = f"{text} is the same setting as {other} (line {report.line((*path, other))})"
            report.add((*path, text), message, "keep one of them", key=True)
        if key in (FORWARD4, FORWARD6) and form.forward is not None:
            says = form.sysctl[key]
            if says != ("1" if form.forward else "0"):
                message = (
                    f"{key}: {says} contradicts forward: {'true' if form.forward else 'false'}"
                )
                report.add((*path, text), message, "keep one of them")
        way = keys.parts(key)
        dotted = ".".join(way[3:5])
        if dotted in names and "." not in way[3]:
            message = f"{text}: with dots around it, {dotted} is no name of a device"
            hint = keys.named((*way[:3], dotted, *way[5:]))
            report.add((*path, text), message, hint, key=True)
            continue
        device = keys.device_of(key)
        if device in known or node == HOST or not parts.sure(node):
            continue
        hint = report.near(str(device), names)
        hint = hint or f"{node} has {', '.join(names[:8])}; or all, or default"
        report.add((*path, text), f"there is no device {node}:{device}", hint, key=True)
