"""What was read of one namespace, as the programs print it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from msgspec import Struct

from iplab.network import Namespace
from iplab.observe.links import interface
from iplab.observe.qdisc import shapings
from iplab.observe.routes import asked_for
from iplab.observe.words import Object


class Seen(Struct, frozen=True, dict=True):
    """What was read of one namespace: lists of objects as ``ip -j -d`` and ``tc -j`` print them.

    ``addresses`` is ``ip -j -d addr show``, ``routes`` ``ip -j -d route show table all``, ``names``
    ``ip -j netns list-id`` in that namespace (nsid → name), ``qdiscs`` ``tc -j qdisc show``.
    """

    name: str
    identity: str | None
    addresses: Sequence[Object]
    routes: Sequence[Object] = ()
    names: Mapping[int, str] | None = None
    qdiscs: Sequence[Object] = ()

    @cached_property
    def namespace(self) -> Namespace:
        """What it says, the other ends of wires not found yet (``iplab.observe.wires``).

        `ip` says nothing of settings and of nft's tables.
        """
        shaped = dict(shapings(self.qdiscs))
        devices = [interface(link, shaped) for link in self.addresses]
        return Namespace(
            self.name,
            {device.name: device for device in devices},
            tuple(route for line in self.routes for route in asked_for(line)),
            identity=self.identity,
        )
