"""Who does not reach whom, in as few lines as tell it: pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from iplab.network import Network

Pair = tuple[str, str]

LONGEST = 20  # lines; of more the rest is counted
NAMES = 5  # nodes that a line names one by one
GROUPS = 4  # of nodes


def subnets(network: Network, node: str) -> tuple[str, ...]:
    """The prefixes that a node's addresses are in, without loopback's and link-local ones."""
    namespace = network.namespaces.get(node)
    found = (
        str(address.local.network)
        for interface in (namespace.interfaces.values() if namespace else ())
        if interface.name != "lo"
        for address in interface.addresses
        if not address.local.ip.is_link_local
    )
    return tuple(dict.fromkeys(found))


def grouped(network: Network, asked: Mapping[Pair, object], failed: Iterable[Pair]) -> list[str]:
    """Sentences that together say every pair of ``failed``, which are some of ``asked``.

    First groups of nodes without a way between them; then nodes that reach nobody, or whom nobody
    reaches; then whole subnets that do not reach each other; then pairs one by one, ``LONGEST`` of
    them, and how many more there are.
    """
    everything = list(asked)
    left = dict.fromkeys(failed)
    if len(left) == len(everything) > 2:
        return [f"nobody reaches anybody ({len(everything)} pairs asked)"]
    lines: list[str] = []
    groups = [group for group in _groups(everything, left) if len(group) > 1]
    if len(groups) > 1:
        shown = "; ".join(_names(group) for group in groups[:GROUPS])
        rest = f"; and {len(groups) - GROUPS} more groups" if len(groups) > GROUPS else ""
        lines.append(f"{len(groups)} groups of nodes do not reach each other: {shown}{rest}")
        group_of = {node: number for number, group in enumerate(groups) for node in group}
        for a, b in list(left):
            if a in group_of and b in group_of and group_of[a] != group_of[b]:
                del left[a, b]
    for one, several, of_pair in (
        ("reaches nobody, and nobody reaches it", "reach nobody, and nobody reaches them",
         lambda a, b: (a, b)),
        ("reaches nobody", "reach nobody", lambda a, b: (a,)),
        ("is reached by nobody", "are reached by nobody", lambda a, b: (b,)),
    ):  # fmt: skip
        nodes = _wholly(everything, left, of_pair)
        if nodes:
            lines.append(f"{_names(list(nodes))} {several if len(nodes) > 1 else one}")
    if len(left) > LONGEST:
        home = {node: ", ".join(subnets(network, node)) for pair in everything for node in pair}
        between = _wholly(everything, left, lambda a, b: (f"{home[a]} does not reach {home[b]}",))
        lines += [f"{words} ({count} pairs)" for words, count in between.items()]
    single = [f"{a} does not reach {b}" for a, b in left]
    if len(single) > LONGEST:
        more = len(single) - LONGEST
        single = [*single[:LONGEST], f"and {more} more pairs (--json lists all)"]
    return lines + single


def _groups(asked: Iterable[Pair], failed: Mapping[Pair, None]) -> list[list[str]]:
    """The nodes by groups: whoever reached one of a group, or was reached by it, is in it."""
    near: dict[str, set[str]] = {}
    for a, b in asked:
        near.setdefault(a, set())
        near.setdefault(b, set())
        if (a, b) not in failed:
            near[a].add(b)
            near[b].add(a)
    found: list[list[str]] = []
    seen: set[str] = set()
    for node in near:
        group, waiting = [], [node]
        while waiting:
            one = waiting.pop()
            if one not in seen:
                seen.add(one)
                group.append(one)
                waiting += sorted(near[one] - seen)
        if group:
            found.append(group)
    return found


def _wholly(
    asked: Iterable[Pair], left: dict[Pair, None], of_pair: Callable[[str, str], Iterable[str]]
) -> dict[str, int]:
    """The groups of pairs of which all are in ``left``, and how many: those are taken out of it.

    Groups of one or two are as well said one by one.
    """
    groups: dict[str, list[Pair]] = {}
    for pair in asked:
        for key in of_pair(*pair):
            groups.setdefault(key, []).append(pair)
    whole = {
        key: pairs
        for key, pairs in groups.items()
        if len(pairs) > 2 and all(pair in left for pair in pairs)
    }
    for pairs in whole.values():
        for pair in pairs:
            left.pop(pair, None)
    return {key: len(pairs) for key, pairs in whole.items()}


def _names(nodes: Sequence[str]) -> str:
    shown = ", ".join(nodes[:NAMES])
    return shown if len(nodes) <= NAMES else f"{shown} and {len(nodes) - NAMES} more"
