"""What a command that was read does to a network, as far as that can be known without running it.

The one place where a reading (operations, and what is known beside them) is applied to a draft: a
script that is imported, a walk that is worked out, and what a walk that runs expects of the kernel.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from msgspec import Struct, field
from msgspec.structs import replace

from iplab.draft import Draft
from iplab.errors import CannotApply
from iplab.iproute2.reading import Known, Reading
from iplab.names import HOST
from iplab.network import End, Interface, Loopback, Namespace, Network, Route
from iplab.operations import (
    AddMulticast,
    AddNeighbour,
    AddProxy,
    AddRoute,
    ChangeNeighbour,
    DeleteAddress,
    DeleteLink,
    DeleteNamespace,
    DeleteRoute,
    MoveLink,
    Operation,
    PrependRoute,
    ReplaceNeighbour,
    SetActiveSlave,
    SetBridgeOption,
    SetDown,
    SetFlag,
    SetMedia,
    SetPortOption,
    SetQueueLength,
    SetVlanOption,
    SetWireless,
)
from iplab.operations.nat import OnTable
from iplab.operations.route import fits

# What a command changes that no picture and no lab file has.
UNPICTURED = "unpictured"
# People clean up first, and hide what that says: of these it is no fault that nothing was there.
_REMOVALS = (DeleteNamespace, DeleteLink, DeleteAddress, DeleteRoute, OnTable, SetDown)
# Operations of which no Network, or no lab file, keeps a trace.
_UNSAID = (SetFlag, SetMedia, SetWireless, SetBridgeOption, SetPortOption, SetVlanOption,
           SetActiveSlave, SetQueueLength, AddNeighbour, ChangeNeighbour, ReplaceNeighbour,
           AddProxy, AddMulticast)  # fmt: skip

# Programs that people start in a namespace to see whether it works.
_LOOKING = frozenset(
    ("ping", "ping6", "arping", "fping", "traceroute", "tracepath", "mtr", "tcpdump", "curl",
     "wget", "nc", "ncat", "netcat", "socat", "telnet", "iperf", "iperf3", "ss", "dig", "host",
     "nslookup", "sleep", "true", "echo", "cat", "ls")
)  # fmt: skip


class Outcome(Struct):
    """What became of a command.

    ``status`` is whether it succeeds, ``None`` where that is not known.  ``refused`` says why the
    kernel would refuse it, ``absent`` the same of a removal of what is not there.
    ``unpictured`` whether it changes what no picture and no lab file has.
    """

    status: bool | None = True
    refused: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    partly: list[str] = field(default_factory=list)
    unpictured: bool = False


_MAY_FAIL = frozenset(
    ("show.route-get", "show.netns-identify", "show.netns-exec-all", "show.sysctl")
)
_FLUSH_ALL = frozenset(("device", "node", "family"))


def bare() -> Network:
    """A machine that has nothing but itself."""
    lo = Interface("lo", Loopback(), up=True, mtu=Loopback.default_mtu)
    return Network({HOST: Namespace(HOST, {"lo": lo})})


def project(reading: Reading, draft: Draft) -> Outcome:
    """Do on ``draft`` what a command does.  One that iplab does not read changes nothing, and
    its status is not known."""
    found = Outcome(None if reading.unknown else True)
    for operation in reading.operations:
        _apply(operation, draft, found)
    for known in reading.known:
        status = _known(known, reading.node, draft, found)
        if found.status is not False:
            found.status = status
    return found


def _apply(operation: Operation, draft: Draft, found: Outcome) -> None:
    try:
        _fitted(operation, draft).change(draft)
        found.unpictured |= isinstance(operation, _UNSAID)
    except CannotApply as error:
        (found.absent if isinstance(operation, _REMOVALS) else found.refused).append(str(error))
        found.status = False


def _fitted(operation: Operation, draft: Draft) -> Operation:
    """The operation with what the kernel would find out by itself."""
    match operation:
        case AddRoute(node=node, route=route) if route.device is None:
            return AddRoute(node, replace(route, device=_way(node, route, draft)))
        case PrependRoute(node=node, route=route) if route.device is None:
            return PrependRoute(node, replace(route, device=_way(node, route, draft)))
        case DeleteRoute(node=node, route=route):
            routes = draft.namespace(node).routes
            # A deletion means the first that agrees with all it says.
            return DeleteRoute(node, next((r for r in routes if fits(r, route)), route))
        case DeleteAddress(node=node, device=device, address=address):
            have = draft.interface(End(node, device)).addresses
            same = next((a for a in have if a.local == address.local), address)
            return DeleteAddress(node, device, same)
    return operation


def _way(node: str, route: Route, draft: Draft) -> str | None:
    """The device of the narrowest subnet that the gateway is in."""
    if route.gateway is None:
        return None
    best: tuple[int, str] | None = None
    for interface in draft.namespace(node).interfaces.values():
        for address in interface.addresses:
            network = (address.peer or address.local).network
            if route.gateway.version == network.version and route.gateway in network:
                best = max(best or (-1, ""), (network.prefixlen, interface.name))
    if best is None:
        raise CannotApply(f"nothing leads from {node} to the gateway {route.gateway}")
    return best[1]


# ------------------------------------------------------------ known, but no operation


def _known(known: Known, node: str, draft: Draft, found: Outcome) -> bool | None:
    values = known.values
    end = End(node, values.get("device", ""))
    try:
        match known.topic:
            case "show.link" | "show.address" if end.device:
                return draft.find(end) is not None
            case _ if not known.changes:
                return _looks(known, node, draft)
            case "address.replace" | "address.change":
                return _if_new(known.like, draft)
            case "route.replace":
                return _replace_route(known.like, draft)
            case "address.flush" if end.device != "*" and {*values} <= _FLUSH_ALL:
                for address in draft.interface(end).addresses:
                    if values.get("family") not in (None, str(address.local.version)):
                        continue
                    with suppress(CannotApply):  # it went with another
                        DeleteAddress(node, end.device, address).change(draft)
                return True
            case "address.delete-any":
                for address in draft.interface(end).addresses:
                    if str(address.local.ip) == values["address"].partition("/")[0]:
                        DeleteAddress(node, end.device, address).change(draft)
                        return True
                found.absent.append(f"{end} does not have {values['address']}")
                return False
            case "link.netns-pid" if values["pid"] == "1" and node != HOST:
                _apply(MoveLink(node, end.device, HOST), draft, found)
                return not found.refused
            case "netns.exec" | "netns.shell":
                program = values["program"].rpartition("/")[2]
                found.unpictured = program not in _LOOKING
                return None
            case "neighbour.flush":
                found.unpictured = True
                return True
            case "route.flush" if "cached" in values or values.get("to") == "cache":
                return True
            case "route.flush" if {*values} == {"node", "device"}:
                for route in draft.namespace(node).routes:
                    if route.device == end.device:
                        DeleteRoute(node, route).change(draft)
                return True
        if known.like:
            for operation in known.like:
                _apply(operation, draft, found)
            if values.get("words"):
                found.partly.append(values["words"])
            return found.status
    except CannotApply as error:
        found.refused.append(str(error))
        return False
    found.unpictured = True
    # An alias or a group is nothing a packet would notice, and it is always done.
    return True if known.topic in ("link.set-alias", "link.set-group") else None


def _looks(known: Known, node: str, draft: Draft) -> bool | None:
    """Whether a command that only looks succeeds: one that lists does, whatever it finds."""
    lists = known.topic.startswith("show.") and "device" not in known.values
    if lists and known.topic not in _MAY_FAIL:
        return node in draft.namespaces
    return None


def _if_new(operations: Sequence[Operation], draft: Draft) -> bool:
    """`replace` and `change` of what is there change attributes, if anything."""
    for operation in operations:
        draft.interface(getattr(operation, "end", End(operation.node, "lo")))
        with suppress(CannotApply):
            operation.change(draft)
    return True


def _replace_route(operations: Sequence[Operation], draft: Draft) -> bool:
    for operation in operations:
        fitted = _fitted(operation, draft)
        if isinstance(fitted, AddRoute):
            for other in draft.namespace(fitted.node).routes:
                new = fitted.route
                if (other.destination, other.metric) == (new.destination, new.metric):
                    DeleteRoute(fitted.node, other).change(draft)
        fitted.change(draft)
    return True
