"""What the reasoning asks for, as values; who answers (the machine, a test) is not its matter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from msgspec import Struct

from iplab.names import IPAddress, IPNetwork
from iplab.network import Network


class Lookup(Struct, frozen=True):
    """The kernel's answer to ``ip route get``; ``refused`` are its words where there is no way."""

    device: str = ""
    gateway: IPAddress | None = None
    source: IPAddress | None = None
    type: str = "unicast"
    refused: str = ""


class Entry(Struct, frozen=True):
    """A line of a routing table (``ip route show``): one of the kernel's own, perhaps.

    ``destination`` is a prefix, also for a single address.
    """

    type: str
    destination: str
    device: str
    table: str


class PolicyRule(Struct, frozen=True):
    """A line of ``ip rule``; ``source`` and ``target`` are ``None`` for all, ``more`` the names of
    what else it asks of a packet."""

    priority: int
    source: IPNetwork | None = None
    target: IPNetwork | None = None
    action: str = ""
    table: str = ""
    more: tuple[str, ...] = ()

    def __str__(self) -> str:
        words = [f"pref {self.priority} from {self.source or 'all'}"]
        words += [f"to {self.target}"] if self.target else []
        words += self.more
        words += [self.action or f"lookup {self.table}"]
        return " ".join(words)


class Neighbour(Struct, frozen=True):
    """A line of ``ip neigh``: who has ``address`` on ``device``, as the node believes."""

    address: IPAddress
    device: str
    lladdr: str | None
    state: str


class Port(Struct, frozen=True):
    """A bridge port as ``bridge -d link`` and ``bridge vlan`` show it.

    ``vlans`` are those that may leave by it, ``pvid`` the one that untagged frames get.
    ``learning``, ``flood`` and ``broadcasts`` say which frames find the way out of it (to known
    stations, to unknown ones, to all), ``locked`` that only known stations may send into it.
    """

    state: str = "forwarding"
    isolated: bool = False
    learning: bool = True
    flood: bool = True
    broadcasts: bool = True
    locked: bool = False
    vlans: frozenset[int] = frozenset()
    pvid: int | None = None


class Chain(Struct, frozen=True):
    """A chain of nftables; ``hook`` is empty where only other chains lead to it.

    ``devices`` are those that a chain at the ``ingress`` or ``egress`` hook is bound to.
    """

    family: str
    table: str
    name: str
    hook: str = ""
    type: str = "filter"
    priority: int = 0
    policy: str = "accept"
    devices: tuple[str, ...] = ()


class Rule(Struct, frozen=True):
    """A rule: ``statements`` are what ``nft -j`` prints as its ``expr``."""

    chain: tuple[str, str, str]  # family, table, chain
    handle: int
    statements: tuple[Mapping[str, Any], ...]


class Ruleset(Struct, frozen=True):
    """All chains and rules of a namespace, in order; ``sets`` are the named ones' elements."""

    chains: tuple[Chain, ...] = ()
    rules: tuple[Rule, ...] = ()
    sets: Mapping[tuple[str, str, str], Sequence[Any]] | None = None


class Facts(Protocol):
    """Answers about the machine, asked as the walk comes by; each is asked once and kept."""

    @property
    def network(self) -> Network:
        """All that is there."""
        ...

    def lookup(
        self,
        node: str,
        to: IPAddress,
        *,
        source: IPAddress | None = None,
        arriving: str | None = None,
    ) -> Lookup:
        """The route; with ``source`` and ``arriving`` for a packet that came in by that device."""
        ...

    def fitting(self, node: str, to: IPAddress) -> Entry | None:
        """The line that the kernel takes for ``to``; ``None`` where it has none."""
        ...

    def policy(self, node: str, version: int) -> Sequence[PolicyRule]:
        """The policy rules of a family."""
        ...

    def sysctl(self, node: str, key: str) -> str | None:
        """The value of a sysctl, its key with slashes (``net/ipv4/ip_forward``); else ``None``."""
        ...

    def neighbours(self, node: str) -> Sequence[Neighbour]:
        """What the node knows about its neighbours."""
        ...

    def forward_delay(self, node: str, bridge: str) -> float:
        """Seconds that a port of a bridge with STP listens, and again as long that it learns."""
        ...

    def ports(self, node: str) -> Mapping[str, Port]:
        """The bridge ports of the node."""
        ...

    def ruleset(self, node: str) -> Ruleset:
        """The packet filter of the node."""
        ...
