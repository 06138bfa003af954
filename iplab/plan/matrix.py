"""Which node asks which, and how many at once: the plan of `check --ping`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache

from msgspec import Struct

from iplab.names import IPAddress, IPNetwork
from iplab.network import Network
from iplab.plan.reach import addresses

MOST = 20_000  # pairs; beyond that some are asked for all

Wanted = Mapping[tuple[str, str], tuple[IPAddress, ...]]


class Matrix(Struct, frozen=True):
    """The addresses that each pair (asking node, asked node) is about.

    ``of`` is how many other nodes each one could ask, ``each`` how many it does ask.
    """

    wanted: Wanted
    nodes: tuple[str, ...]
    each: int
    of: int

    @property
    def sampled(self) -> bool:
        """Whether only some of the pairs are asked."""
        return self.each < self.of


def matrix(network: Network, nodes: Sequence[str], sample: int | None) -> Matrix:
    """Every node to every node; or each to ``sample`` others (``None``: as ``MOST`` says; 0: all).

    The others are taken at even distances in the lab's order, and for every node at the same ones:
    so each node is asked as often as it asks, and two runs ask the same.
    """
    known = {node: addresses(network, node) for node in nodes}
    askers = [node for node in nodes if known[node]]
    others = len(askers) - 1
    each = others if sample == 0 else sample or max(1, MOST // max(1, len(askers)))
    each = max(0, min(each, others))
    steps = sorted({1 + (k * others) // each for k in range(each)}) if each else []
    families = {node: frozenset(a.version for a in known[node]) for node in askers}
    # Of a hundred nodes there are ten thousand pairs, and few answers to this.
    asked = cache(lambda node, of: tuple(a for a in known[node] if a.version in of))
    wanted: dict[tuple[str, str], tuple[IPAddress, ...]] = {}
    for at, source in enumerate(askers):
        for step in steps:
            target = askers[(at + step) % len(askers)]
            found = asked(target, families[source])
            if found:
                wanted[source, target] = found
    return Matrix(wanted, tuple(askers), each, max(0, others))


def waves(network: Network, asked: Matrix, room: int) -> Iterator[Wanted]:
    """The pairs in parts of which none needs more than ``room`` entries of neighbour tables.

    Who asks an address of a subnet of its own becomes a neighbour of it, and the other way round:
    two entries.  Whatever lies behind a router needs none beyond the router's.
    """
    if 2 * sum(map(len, asked.wanted.values())) <= room:  # however near they are
        yield asked.wanted
        return
    homes = {node: _homes(network, node) for node in asked.nodes}
    place = {node: at for at, node in enumerate(asked.nodes)}
    # A pair and its way back share their entries.
    needs: dict[tuple[str, str], int] = {}
    for pair, found in asked.wanted.items():
        near = 2 * sum(any(a in home for home in homes[pair[0]]) for a in found)
        both = _ordered(pair, place)
        needs[both] = max(near, needs.get(both, 0))
    if sum(needs.values()) <= room:
        yield asked.wanted
        return
    # Blocks of nodes, every block with every other one, and as many of those as have room.
    size = max(1, math.isqrt(max(1, room // max(needs.values()))))
    parts: dict[tuple[int, int], set[tuple[str, str]]] = {}
    for a, b in needs:
        parts.setdefault((place[a] // size, place[b] // size), set()).add((a, b))
    wave: set[tuple[str, str]] = set()
    used = 0
    for _, part in sorted(parts.items()):
        more = sum(needs[both] for both in part)
        if wave and used + more > room:
            yield _both_ways(wave, asked.wanted)
            wave, used = set(), 0
        wave |= part
        used += more
    if wave:
        yield _both_ways(wave, asked.wanted)


def _ordered(pair: tuple[str, str], place: Mapping[str, int]) -> tuple[str, str]:
    a, b = pair
    return (a, b) if place[a] < place[b] else (b, a)


def _both_ways(pairs: Iterable[tuple[str, str]], wanted: Wanted) -> Wanted:
    every = [pair for a, b in pairs for pair in ((a, b), (b, a))]
    return {pair: wanted[pair] for pair in every if pair in wanted}


def _homes(network: Network, node: str) -> list[IPNetwork]:
    namespace = network.namespaces.get(node)
    return [
        address.local.network
        for interface in (namespace.interfaces.values() if namespace else ())
        for address in interface.addresses
    ]
