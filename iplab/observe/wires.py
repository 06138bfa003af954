"""Which ends belong together: veth peers, and devices that stand on another namespace's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from iplab.names import HOST
from iplab.network import End, Macvlan, Network, Veth, Vlan
from iplab.observe.seen import Seen
from iplab.observe.words import Object


def wire(bare: Network, seen: Sequence[Seen]) -> Network:
    """Find each veth's peer and each lower device that is in another namespace.

    ``ip`` gives the other end's number (``link_index``) and, where that is elsewhere, the nsid of
    its namespace.  ``Seen.names`` turns an nsid into a name; without it the other end is the one
    device anywhere whose number and ``link_index`` answer this one's.
    """
    links = {End(s.name, link["ifname"]): link for s in seen for link in s.addresses}
    numbered = {(end.node, link["ifindex"]): end for end, link in links.items()}
    answering: dict[tuple[int, int], list[End]] = {}
    for end, link in links.items():
        if "link_index" in link:
            answering.setdefault((link["ifindex"], link["link_index"]), []).append(end)
    names = {s.name: s.names for s in seen}

    def points_at(end: End, node: str) -> bool:
        known = names.get(end.node)
        return known is None or known.get(links[end].get("link_netnsid", -1)) == node

    def other(end: End, link: Object) -> End | None:
        if "link" in link:  # in the same namespace `ip` gives its name, not its number
            return End(end.node, link["link"])
        index = link.get("link_index")
        if not index:
            return None
        if "link_netnsid" not in link:
            return numbered.get((end.node, index))
        known = names.get(end.node)
        where = known.get(link["link_netnsid"]) if known is not None else None
        if where is not None:
            return numbered.get((where, index))
        candidates = [
            e
            for e in answering.get((index, link["ifindex"]), ())
            # An nsid without a name is the host's (or a namespace nobody named).
            if e.node != end.node and (known is None or e.node == HOST) and points_at(e, end.node)
        ]
        return candidates[0] if len(candidates) == 1 else None

    namespaces = {}
    for node, namespace in bare.namespaces.items():
        interfaces = {}
        for device, interface in namespace.interfaces.items():
            end = End(node, device)
            kind = interface.kind
            if isinstance(kind, Veth):
                kind = Veth(other(end, links[end]))
            elif isinstance(kind, Macvlan | Vlan):
                below = End(node, kind.link.device) if kind.link else other(end, links[end])
                kind = replace(kind, link=below)
            interfaces[device] = (
                interface if kind is interface.kind else replace(interface, kind=kind)
            )
        namespaces[node] = replace(namespace, interfaces=interfaces)
    return Network(namespaces)


def ambiguous(seen: Iterable[Seen]) -> set[str]:
    """The namespaces whose veth ends numbers alone do not tell apart: ask ``list-id`` there."""
    found: dict[tuple[int, int], list[str]] = {}
    for s in seen:
        for link in s.addresses:
            if "link_netnsid" in link and link.get("link_index"):
                found.setdefault((link["ifindex"], link["link_index"]), []).append(s.name)
    unclear: set[str] = set()
    for (index, other), nodes in found.items():
        if len(found.get((other, index), ())) > (2 if index == other else 1):
            unclear.update(nodes)
    return unclear
