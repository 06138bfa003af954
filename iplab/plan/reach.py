"""Which addresses a check asks, read from the lab alone."""

from __future__ import annotations

from iplab.names import IPAddress
from iplab.network import Network


def addresses(network: Network, node: str) -> list[IPAddress]:
    """The addresses at which a node can be asked: all but loopback's and link-local ones."""
    namespace = network.namespaces.get(node)
    found = [
        address.local.ip
        for interface in (namespace.interfaces.values() if namespace else ())
        if interface.up and interface.name != "lo"
        for address in interface.addresses
        if not address.local.ip.is_link_local
    ]
    return list(dict.fromkeys(found))


def targets(network: Network, source: str, node: str) -> tuple[list[IPAddress], list[IPAddress]]:
    """The addresses of ``node`` that ``source`` can ask, and those of a family it does not have."""
    families = {a.version for a in addresses(network, source)}
    every = addresses(network, node)
    return [a for a in every if a.version in families], [
        a for a in every if a.version not in families
    ]
