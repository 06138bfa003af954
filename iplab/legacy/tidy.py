"""The fewest commands that leave the same: an address that only passes by is left out."""

from __future__ import annotations

from collections.abc import Iterable

from iplab.names import MIN_IPV6_MTU
from iplab.operations import (
    AddAddress,
    DeleteAddress,
    Operation,
    SetFlag,
    SetMtu,
    SetQueueLength,
    SetUp,
)


def tidy(operations: Iterable[Operation], *, had: bool, routes: bool) -> list[Operation]:
    """Leave out each address that is added only to be deleted again.

    That is the same to the kernel but for one thing: where the list was empty and becomes empty
    again, the device's IPv4 routes go.  ``had`` says whether there was an address to begin with,
    ``routes`` whether there may be such routes.  The address that comes instead takes the place of
    the one left out, also ahead of the ``up`` in between, which adds the routes of either.
    """
    kept: list[Operation] = []
    place: int | None = None
    emptied_before = had or not routes
    for operation in operations:
        match operation:
            case DeleteAddress() if emptied_before:
                at = _passing(kept, operation)
                if at is not None:
                    del kept[at]
                    place = at
                    continue
            case AddAddress() if place is not None:
                kept.insert(place, operation)
                place = None
                continue
        place = None
        kept.append(operation)
    return kept


def _passing(kept: list[Operation], gone: DeleteAddress) -> int | None:
    """Where the address that ``gone`` deletes was added, with nothing since that minds it."""
    for at in range(len(kept) - 1, -1, -1):
        match kept[at]:
            case SetUp() | SetFlag() | SetQueueLength():
                continue
            case SetMtu(mtu=mtu) if mtu >= MIN_IPV6_MTU:
                continue
            case AddAddress(address=added) if added.local == gone.address.local:
                return at if added.peer == gone.address.peer else None
        return None
    return None
