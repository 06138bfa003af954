"""Addresses (ip-address(8)).

The kernel keys an address on its device, its local address and its prefix length: ``ip addr
replace`` and ``change`` alter an address's attributes but never the address itself, so another
address is a deletion and an addition.
"""

from __future__ import annotations

from msgspec.structs import replace

from iplab.draft import Draft
from iplab.errors import CannotApply
from iplab.network import Address, Route
from iplab.operations.base import OnDevice, Operation


class AddAddress(OnDevice, frozen=True):
    """``ip addr add ADDRESS dev DEV``."""

    address: Address

    def change(self, draft: Draft) -> None:
        found = draft.interface(self.end)
        if any(a.local == self.address.local for a in found.addresses):
            raise CannotApply(f"{self.end} has {self.address.local} already")
        draft.put(self.node, replace(found, addresses=(*found.addresses, self.address)))

    def inverse(self, before: Draft) -> list[Operation] | None:
        four = [a for a in before.interface(self.end).addresses if a.local.version == 4]
        if self.address.local.version == 4 and not four:
            # Taking the only one away again takes the device's IPv4 routes along.
            routes = before.namespace(self.node).routes
            if any(r.device == self.device and r.destination.version == 4 for r in routes):
                return None
        return [DeleteAddress(self.node, self.device, self.address)]


class DeleteAddress(OnDevice, frozen=True):
    """``ip addr del ADDRESS dev DEV``.

    A primary IPv4 address takes the secondaries of its subnet along (net/ipv4/devinet.c, unless
    promote_secondaries is set: plans delete the secondaries first, so that either is right); the
    last IPv4 address takes the device's IPv4 routes; a route with it as source goes too.
    """

    address: Address

    def change(self, draft: Draft) -> None:
        found = draft.interface(self.end)
        gone = self.address
        if not any(a.local == gone.local for a in found.addresses):
            raise CannotApply(f"{self.end} does not have {gone.local}")
        kept = tuple(a for a in found.addresses if a.local != gone.local)
        if gone.local.version == 4:
            first = next(a for a in found.addresses if same_subnet(a, gone))
            if first.local == gone.local:
                kept = tuple(a for a in kept if not same_subnet(a, gone))
        draft.put(self.node, replace(found, addresses=kept))
        namespace = draft.namespace(self.node)
        bare = gone.local.version == 4 and not any(a.local.version == 4 for a in kept)

        def goes(route: Route) -> bool:
            if route.source == gone.local.ip:
                return True
            return bare and route.device == self.device and route.destination.version == 4

        if gone.local.version == 4 or any(goes(r) for r in namespace.routes):
            routes = tuple(r for r in namespace.routes if not goes(r))
            draft.namespaces[self.node] = replace(namespace, routes=routes)

    def inverse(self, before: Draft) -> list[Operation] | None:
        return None


class FlushAddresses(OnDevice, frozen=True):
    """``ip -4 addr flush dev DEV label LABEL``: the IPv4 addresses with that label, if any.

    ``label`` is the device's own name for addresses without another.  ``-4`` is vital: IPv6
    addresses have no label and would all go too.
    """

    label: str

    def change(self, draft: Draft) -> None:
        while True:
            found = draft.interface(self.end)
            mine = (a for a in found.addresses if a.local.version == 4)
            first = next((a for a in mine if (a.label or self.device) == self.label), None)
            if first is None:
                return
            DeleteAddress(self.node, self.device, first).change(draft)

    def inverse(self, before: Draft) -> list[Operation] | None:
        return None


def same_subnet(one: Address, other: Address) -> bool:
    """Whether the kernel counts both as one subnet, primary and secondaries (inet_ifa_match)."""
    return one.local.network == other.local.network
