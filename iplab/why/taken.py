"""A node that takes in what is meant for another one: it has the address, or a route says so."""

from __future__ import annotations

from iplab.names import IPAddress
from iplab.why import mend
from iplab.why.facts import Facts
from iplab.why.packet import Packet
from iplab.why.places import Places
from iplab.why.report import Cause, Weight


class Taken:
    """Whether the node where a packet ends is the one that it was meant for."""

    def __init__(self, facts: Facts, places: Places) -> None:
        self.facts = facts
        self.places = places

    def wrongly(
        self, here: str, origin: str, packet: Packet, expected: str | None
    ) -> tuple[Cause, ...]:
        """Nothing where ``here`` may take in the ``packet`` of ``origin``, which nobody translated.

        ``expected`` is the node that it is meant for; ``None``: whoever has its target.
        """
        target = packet.target
        own = self.places.has(here, target)
        holders = self.places.nodes_with(target)
        if here == expected or (expected is None and (own or not holders)):
            return ()
        meant = expected or holders[0]
        # Whoever takes a ping in answers it: an answer says nothing.  One that never comes back
        # does.
        weight = Weight.TWICE if packet.state == "new" else Weight.STOPS
        if own:
            return (self._address(here, origin, target, meant, weight),)
        return (self._route(here, target, meant, weight),)

    def _address(
        self, here: str, origin: str, target: IPAddress, meant: str, weight: Weight
    ) -> Cause:
        end, held = next(
            (end, address.local)
            for end in self.places.holders[target]
            if end.node == here and (interface := self.places.at(end)) is not None
            for address in interface.addresses
            if address.local.ip == target
        )
        if here == origin:
            what = f"{here} itself has {target}, so nothing leaves it for {meant}"
        else:
            what = f"{here} has {target} too, and takes what is meant for {meant} itself"
        line = mend.ip(here, "addr", "del", held, "dev", end.device)
        return Cause(here, f"address {held} on {end.device}", what, line, weight)

    def _route(self, here: str, target: IPAddress, meant: str, weight: Weight) -> Cause:
        what = f"{here} takes what is meant for {meant} itself"
        route = self.facts.fitting(here, target)
        if route is None or route.type != "local":
            return Cause(here, f"route to {target}", what, weight=weight)
        six = ("-6",) if target.version == 6 else ()
        words: list[object] = ["local", route.destination]
        words += ["dev", route.device] if route.device else []
        # Where no rules are, IPv4 has tables local and main in one, which it calls main
        # (fib_trie_unmerge, net/ipv4/fib_trie.c); the network has what is in main by itself.
        written = self.places.network.namespaces[here].routes
        main = any(r.type == "local" and str(r.destination) == route.destination for r in written)
        table = "local" if route.table == "main" and not main else route.table
        line = mend.ip(here, *six, "route", "del", *words, "table", table)
        name = " ".join(map(str, ("route", *words)))
        return Cause(here, name, what, line, weight)
