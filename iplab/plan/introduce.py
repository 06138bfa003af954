"""How the nodes of a large subnet hear of each other before each asks every other one.

Who asks an address of its own subnet first asks everybody where that is (ARP, RFC 826), by a
broadcast that a bridge copies to each of its ports.  A node that is asked learns the asker's
address; all the others throw the broadcast away, unless they already have an entry for the asker,
be it an empty one (arp_process, net/ipv4/arp.c).  So 100 nodes need 5000 broadcasts and half a
million copies, which takes longer than all their pings; with empty entries for each other they
need some hundred broadcasts.

Only what a node truly said fills an entry, and what stays empty is asked for as ever.
"""

from __future__ import annotations

from iplab.names import IPNetwork
from iplab.network import Bridge, Network, Veth
from iplab.plan.matrix import Wanted

# Nodes of a subnet.  Of fewer the broadcasts take less time than starting an `ip` in each.
MANY = 80

Lines = list[tuple[str, ...]]


def introductions(network: Network, part: Wanted) -> dict[str, Lines]:
    """The lines that each node's ``ip -batch`` reads, in the order of their turns.

    ``network`` is the lab's, ``part`` what is asked.  Of two nodes that ask each other each gets
    an empty entry for the other, and at once asks for the last of them (``use``: NTF_USE of
    linux/neighbour.h), which all hear.  What is known stays as it is: ``add`` refuses, and `ip`
    ends there.  IPv6 does not ask everybody (RFC 4861, 7.2.1), so it needs none of this.
    """
    found: dict[str, Lines] = {}
    for members in _subnets(network, part).values():
        if len(members) < MANY:
            continue
        last = members[-1][0]
        for node, device, _ in members:
            lines: Lines = [
                ("neigh", "add", address, "dev", device, "nud", "none")
                for other, _, address in members
                if (node, other) in part and (other, node) in part
            ]
            if lines and node != last:
                lines[-1] = (*lines[-1], "use")
            found.setdefault(node, []).extend(lines)
    return {node: lines for node, lines in found.items() if lines}


def _subnets(network: Network, part: Wanted) -> dict[IPNetwork, list[tuple[str, str, str]]]:
    """Each IPv4 subnet's nodes, with the device and the address of each.

    Of veth devices and bridges alone: where ARP is not at work (IFF_NOARP: tunnels, ipvlan) an
    entry has to be as the kernel makes it, and an empty one would never be filled.
    """
    found: dict[IPNetwork, list[tuple[str, str, str]]] = {}
    for node in dict.fromkeys(source for source, _ in part):
        for interface in network.namespaces[node].interfaces.values():
            if not interface.up or not isinstance(interface.kind, (Veth, Bridge)):
                continue
            for address in interface.addresses:
                local = address.local
                if local.version == 4 and not local.is_link_local:
                    found.setdefault(local.network, []).append(
                        (node, interface.name, str(local.ip))
                    )
    return found
