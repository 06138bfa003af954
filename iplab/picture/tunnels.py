"""Which VXLAN devices speak with each other."""

from __future__ import annotations

from collections.abc import Iterator

from iplab.names import IPAddress
from iplab.network import End, Network, Vxlan


def tunnels(network: Network) -> Iterator[tuple[End, End]]:
    """The pairs of VXLAN devices that are each other's far end.

    A far end is in a namespace that has the ``remote`` address, with the same id and port.  Where
    several have it (labs beside each other use the same private addresses), the one that names us
    in return; where that does not tell either, none: no wire is better than a wrong one.  Members
    of one multicast group are strung in a row.
    """
    ends = {end: i.kind for end, i in network.ends() if isinstance(i.kind, Vxlan)}
    owners: dict[IPAddress, set[str]] = {}
    if ends:
        for end, interface in network.ends():
            for address in interface.addresses:
                owners.setdefault(address.local.ip, set()).add(end.node)

    def names_us(far: Vxlan, us: str) -> bool:
        return far.remote is not None and us in owners.get(far.remote, ())

    groups: dict[tuple[int, int, IPAddress], End] = {}
    for end, kind in ends.items():
        if kind.remote is None:
            continue
        if kind.remote.is_multicast:
            key = (kind.id, kind.dstport, kind.remote)
            if key in groups:
                yield groups[key], end
            groups[key] = end
            continue
        far = [
            other
            for other, its in ends.items()
            if other != end
            and other.node in owners.get(kind.remote, ())
            and (its.id, its.dstport) == (kind.id, kind.dstport)
        ]
        mutual = [other for other in far if names_us(ends[other], end.node)]
        chosen = mutual if len(far) > 1 else far
        if len(chosen) == 1:
            yield end, chosen[0]
