"""The verdict: what the walks found, weighed against real pings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from iplab.names import IPAddress
from iplab.network import End
from iplab.why import mend
from iplab.why.facts import Facts
from iplab.why.journey import Walk
from iplab.why.packet import Packet, echo
from iplab.why.report import Cause, Hop, Report, Weight
from iplab.why.walk import Walker


class Pinged(Struct, frozen=True):
    """What pings told.  ``large`` is whether one as large as the first device allows came through:
    ``None`` where it was not tried; ``told`` the path mtu, where a router named one."""

    answered: bool
    large: bool | None = None
    told: int | None = None
    size: int = 0
    said: str = ""


class Ping(Protocol):
    """Real pings from a node; ``patient`` gives an answer more time than a walk that found why
    there is none needs to be disproved."""

    def __call__(self, node: str, to: IPAddress, *, patient: bool = False) -> Pinged: ...


_SURE = (Weight.STOPS, Weight.TWICE)


def judge(facts: Facts, ping: Ping, source: str, targets: Sequence[IPAddress], to: str) -> Report:
    """Why ``source`` does not reach ``targets``, the addresses of ``to`` (a node or an address).

    The first address that is not reached gives the cause; all must be for the answer to be good.
    """
    walker = Walker(facts)
    node = to.partition(":")[0]
    expected = node if node in facts.network.namespaces else None
    first: Report | None = None
    notes: list[str] = []
    for target in targets:
        report = _one(walker, ping, source, target, to, expected)
        if not report.reaches:
            told = [f"{a} is reached" for a in targets[: targets.index(target)]]
            return Report(
                source, to, False, report.path, report.cause, (*notes, *told, *report.notes)
            )
        first = first or report
        notes += report.notes
    assert first is not None
    return Report(source, to, True, first.path, None, tuple(dict.fromkeys(notes)))


def no_address(facts: Facts, source: str, to: str, device: str | None) -> Report:
    """``to`` has no address that ``source`` could ask: which device should have had one?"""
    walker = Walker(facts)
    node = to.partition(":")[0]
    versions = {
        a.local.version
        for end, _ in walker.places.interfaces(source)
        for version in (4, 6)
        for a in walker.places.addresses(end, version)
    }
    version = 4 if 4 in versions or not versions else 6
    if not any(walker.places.interfaces(source)):
        return Report(source, to, False, (), walker.devices.alone(source))
    probe = _any_address(walker, source, version)
    cause = None
    if probe is not None:
        cause = walker.devices.without(node, probe, device)
    if cause is None:
        name = f"device {device}" if device else "devices"
        cause = Cause(node, name, f"has no IPv{version} address to ask for")
    return Report(source, to, False, (), cause)


def _any_address(walker: Walker, node: str, version: int) -> IPAddress | None:
    for end, _ in walker.places.interfaces(node):
        for address in walker.places.addresses(end, version):
            return address.local.ip
    return None


def _one(
    walker: Walker, ping: Ping, source: str, target: IPAddress, to: str, expected: str | None
) -> Report:
    pinged = ping(source, target)
    path, causes, notes, arrived = _walk(walker, source, target, expected)
    if not pinged.answered and not any(c.weight in _SURE for c in causes):
        pinged = ping(source, target, patient=True)
    if any(c.weight is Weight.LARGE for c in causes) and pinged.answered and arrived:
        # The other end may send larger packets than this one: a router told only this one.
        there, asker = arrived
        if pinged.large is not False and ping(there, asker).large is False:
            pinged = replace(pinged, large=False)
    cause = _weigh(causes, pinged)
    if cause is not None:
        return Report(source, to, False, path, cause, (*notes, *cause.notes))
    if pinged.answered:
        if pinged.told:
            notes.append(f"packets of more than {pinged.told} bytes are cut on the way (path mtu)")
        notes += [f"{c.node}: {c.object} {c.what}" for c in causes if c.weight is Weight.STOPS]
        if pinged.large is False:
            lost = _lost(source, target, path, pinged)
            return Report(source, to, False, path, lost, tuple(notes))
        return Report(source, to, True, path, None, tuple(notes))
    unknown = _unexplained(source, target, path, pinged)
    return Report(source, to, False, path, unknown, (*notes, *unknown.notes))


def _walk(
    walker: Walker, source: str, target: IPAddress, expected: str | None
) -> tuple[tuple[Hop, ...], list[Cause], list[str], tuple[str, IPAddress] | None]:
    """There and back again; last, who took the packet in, and whom it answers."""
    route = walker.facts.lookup(source, target)
    if route.refused:
        return (), [walker.routes.missing(source, target, route.refused)], [], None
    if route.source is None:
        return (), [_no_source(source, target, route.device)], [], None
    out = walker.go(source, echo(route.source, target), expected=expected)
    path, causes, notes = tuple(out.hops), list(out.causes), list(out.notes)
    if out.arrived is None or out.stopped or out.arrived == source:
        return path, causes, notes, None
    back = _back(walker, source, out)
    if back.stopped:
        causes += _badly_sourced(walker, source, out, route.device) or back.causes
    else:
        causes += back.causes
    return path, causes, [*notes, *back.notes], (out.arrived, out.packet.source)


def _back(walker: Walker, source: str, out: Walk) -> Walk:
    assert out.arrived is not None
    routers = [hop.node for hop in out.hops[1:-1]]
    return walker.go(
        out.arrived,
        out.packet.reply(),
        expected=source,
        known=out.translations,
        routers=routers,
    )


def _badly_sourced(walker: Walker, source: str, out: Walk, device: str) -> list[Cause]:
    """Whether the answer would come back, had the node sent from its device's own address."""
    chosen, first = (
        out.translations[0].before.source if out.translations else out.packet.source,
        None,
    )
    own = [a.local.ip for a in walker.places.addresses(End(source, device), chosen.version)]
    if not own or chosen in own:
        return []
    target = out.translations[0].before.target if out.translations else out.packet.target
    first = walker.go(source, Packet(own[0], target, echo(own[0], target).protocol))
    if first.arrived is None or first.stopped or _back(walker, source, first).stopped:
        return []
    written = walker.routes.matching(source, target)
    what = f"packets leave with the source {chosen}, to which {out.arrived} has no way back"
    line, name = "", f"route to {target}"
    if written is not None and written.source is not None:
        name = f"route {written}"
        line = walker.routes.resourced(source, written, own[0])
    return [Cause(source, name, what, line)]


def _no_source(node: str, target: IPAddress, device: str) -> Cause:
    what = f"has no IPv{target.version} address to send from"
    return Cause(node, f"device {device}", what)


def _weigh(causes: Sequence[Cause], pinged: Pinged) -> Cause | None:
    """The cause that counts: what pings disprove does not."""
    weights: list[tuple[Weight, ...]]
    if not pinged.answered:
        weights = [_SURE, (Weight.MAY,), (Weight.LARGE,)]
    else:
        weights = [(Weight.TWICE,)]
        if pinged.large is False:
            weights.append((Weight.LARGE,))
    for wanted in weights:
        for cause in causes:
            if cause.weight in wanted:
                return cause
    return None


def _lost(source: str, target: IPAddress, path: Sequence[Hop], pinged: Pinged) -> Cause:
    device = path[0].device if path else ""
    what = f"small packets to {target} are answered; one of {pinged.size} bytes is lost silently"
    return Cause(source, f"device {device}", what)


def _unexplained(source: str, target: IPAddress, path: Sequence[Hop], pinged: Pinged) -> Cause:
    """Nothing was found, and yet no answer: say where to look."""
    last = path[-1] if path else Hop(source, "any", None, None)
    what = f"{target} does not answer, and nothing that iplab looks at on the way stops a packet"
    if pinged.said:
        what += f" (ping: {pinged.said})"
    look = mend.within(last.node, "tcpdump", "-ni", last.device, "icmp or icmp6 or arp")
    return Cause(last.node, f"device {last.device}", what, "", notes=(f"look: {look}",))
