"""Claims: what a lab made, object by object, so that only that is ever changed or removed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct, field

from iplab.draft import Draft
from iplab.network import End, Network
from iplab.operations import (
    AddNamespace,
    AddNatTable,
    AddRoute,
    AddVeth,
    DeleteLink,
    DeleteNamespace,
    DeleteNatTable,
    DeleteRoute,
    MoveLink,
    OnDevice,
    Operation,
    SetSysctl,
)
from iplab.operations.link import AddDevice
from iplab.operations.sysctl import leads, leads_others

# Devices that come with every namespace where their module is loaded (net.core.fb_tunnels_only_…).
FALLBACK = frozenset(
    [
        "lo",
        "tunl0",
        "sit0",
        "gre0",
        "gretap0",
        "erspan0",
        "ip_vti0",
        "ip6_vti0",
        "ip6tnl0",
        "ip6gre0",
        "teql0",
    ]
)


KINDS = ("netns", "link", "route", "sysctl", "nat")


class Claim(Struct, frozen=True, order=True):
    """One object: ``kind`` is netns, link, route, sysctl or nat; ``name`` its name there."""

    kind: str
    node: str
    name: str = ""

    def __str__(self) -> str:
        words = {
            "netns": f"namespace {self.node}",
            "link": f"device {self.node}:{self.name}",
            "route": f"route {self.name} in {self.node}",
            "sysctl": f"sysctl {self.name} in {self.node}",
            "nat": f"nft table {self.name} in {self.node}",
        }
        return words[self.kind]


def netns(node: str) -> Claim:
    """The claim on a namespace."""
    return Claim("netns", node)


def link(end: End) -> Claim:
    """The claim on a device."""
    return Claim("link", end.node, end.device)


def made_by(operation: Operation) -> tuple[Claim, ...]:
    """What ``operation`` brings into being."""
    match operation:
        case AddNamespace():
            return (netns(operation.name),)
        case AddVeth():
            return (link(operation.a), link(operation.b))
        case AddDevice():
            return (link(operation.end),)
        case MoveLink():
            return (link(End(operation.to, operation.device)),)
        case AddRoute():
            return (Claim("route", operation.node, str(operation.route)),)
        case SetSysctl():
            return (Claim("sysctl", operation.node, operation.key),)
        case AddNatTable():
            return (Claim("nat", operation.node, operation.table),)
    return ()


def led_by(operation: Operation, claims: Iterable[Claim]) -> list[Claim]:
    """Those of ``claims`` on settings that the kernel sets with what ``operation`` does."""
    if not isinstance(operation, SetSysctl) or not leads_others(operation.key):
        return []
    return [
        c
        for c in claims
        if c.kind == "sysctl" and c.node == operation.node and leads(operation.key, c.name)
    ]


def places(operation: Operation) -> frozenset[str]:
    """The namespaces in which ``operation`` changes something, or which it changes."""
    match operation:
        case AddNamespace() | DeleteNamespace():
            return frozenset((operation.name,))
        case AddVeth():
            return frozenset((operation.a.node, operation.b.node))
        case MoveLink():
            return frozenset((operation.node, operation.to))
        case AddDevice():
            return frozenset((operation.node, operation.end.node))
    return frozenset((operation.node,))


def concerns(operation: Operation) -> frozenset[Claim]:
    """The namespaces and devices that ``operation`` is about."""
    found = {netns(node) for node in places(operation)} | {*made_by(operation)}
    return frozenset(found | {link(operation.end)} if isinstance(operation, OnDevice) else found)


def ended_by(operation: Operation, before: Draft) -> tuple[Claim, ...]:
    """What ``operation`` brings to an end, judged on the state ahead of it."""
    match operation:
        case DeleteNamespace():
            inside = before.namespace(operation.name).interfaces
            ends = [End(operation.name, device) for device in inside]
            return (netns(operation.name), *(c for end in ends for c in _gone(end, before)))
        case DeleteLink():
            return _gone(operation.end, before)
        case MoveLink():
            return (link(operation.end),)
        case DeleteRoute():
            return (Claim("route", operation.node, str(operation.route)),)
        case DeleteNatTable():
            return (Claim("nat", operation.node, operation.table),)
    return ()


def _gone(end: End, before: Draft) -> tuple[Claim, ...]:
    peer = getattr(before.interface(end).kind, "peer", None)
    return (link(end), link(peer)) if peer else (link(end),)


class Ownership(Struct, frozen=True):
    """Whose each object is, as one lab sees it.

    ``mine`` are this lab's claims; a sysctl's value is the one it had before.  ``others`` names the
    lab that made each other claimed object.  With ``adopt`` nothing is refused for being foreign.
    """

    mine: Mapping[Claim, str] = field(default_factory=dict)
    others: Mapping[Claim, str] = field(default_factory=dict)
    adopt: bool = False

    def owns_node(self, node: str) -> bool:
        """Whether the lab made the namespace."""
        return netns(node) in self.mine

    def maker(self, claim: Claim) -> str | None:
        """The other lab that made the object, if one did."""
        return self.others.get(claim)

    def strangers(self, node: str, network: Network) -> list[str]:
        """The devices in ``node`` that this lab did not make and the kernel did not bring."""
        inside = network.namespaces[node].interfaces
        return [
            device
            for device in inside
            if device not in FALLBACK and link(End(node, device)) not in self.mine
        ]
