"""The packet that is followed: what a filter can ask about it."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from iplab.names import IPAddress


class Packet(Struct, frozen=True):
    """A packet on its way.

    ``protocol`` is nftables' word for what IP carries (``icmp``, ``ipv6-icmp``, ``udp``), or
    ``arp``; ``type`` the ICMP type's name; ``state`` how connection tracking sees it; ``size`` its
    IP length.
    """

    source: IPAddress
    target: IPAddress
    protocol: str = "icmp"
    type: str = "echo-request"
    state: str = "new"
    port: int | None = None
    size: int = 84

    @property
    def version(self) -> int:
        """4 or 6."""
        return self.target.version

    def reply(self) -> Packet:
        """The answer to it, as connection tracking lets it back."""
        kind = "echo-reply" if self.type == "echo-request" else self.type
        return replace(self, source=self.target, target=self.source, type=kind, state="established")


def echo(source: IPAddress, target: IPAddress) -> Packet:
    """The ping's first packet."""
    return Packet(source, target, "icmp" if target.version == 4 else "ipv6-icmp")


def resolution(source: IPAddress, target: IPAddress) -> tuple[Packet, Packet]:
    """Question and answer of address resolution: ARP, or IPv6's neighbour solicitation."""
    if target.version == 4:
        return (
            Packet(source, target, "arp", "request", "untracked"),
            Packet(target, source, "arp", "reply", "untracked"),
        )
    return (
        Packet(source, target, "ipv6-icmp", "nd-neighbor-solicit", "untracked"),
        Packet(target, source, "ipv6-icmp", "nd-neighbor-advert", "untracked"),
    )
