"""Whatever the network: boxes do not overlap, wires do not run through boxes, text stays inside."""

from __future__ import annotations

import ipaddress
from collections import Counter
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iplab.network import Address, Bridge, Dummy, End, Interface, Loopback, Namespace, Network, Veth
from iplab.picture import Graph, graph
from iplab.picture.layout import Drawing, DrawnBox, frame
from iplab.picture.layout.drawing import width
from iplab.picture.text import text
from tests.unit.picture.pictures import STARTERS, starter

Cell = tuple[int, int]


def network(pairs: list[tuple[int, int]], bridged: set[int], count: int) -> Network:
    """Nodes n0, n1, … with a veth pair for each pair; those in ``bridged`` have their ends on a
    bridge."""
    devices: dict[int, dict[str, Interface]] = {
        i: {"lo": Interface("lo", Loopback())} for i in range(count)
    }
    for i in bridged:
        devices[i]["br0"] = Interface("br0", Bridge(), up=True)
    for number, (a, b) in enumerate(pairs):
        ends = End(f"n{a}", f"a{number}"), End(f"n{b}", f"b{number}")
        for i, end, peer in ((a, ends[0], ends[1]), (b, ends[1], ends[0])):
            address = Address(ipaddress.ip_interface(f"10.{number}.0.{1 + (end == ends[0])}/24"))
            devices[i][end.device] = Interface(
                end.device,
                Veth(peer),
                up=number % 3 > 0,
                mtu=1500,
                master="br0" if i in bridged else None,
                addresses=() if i in bridged else (address,) * (number % 3),
            )
    for i in range(0, count, 4):
        devices[i]["dummy0"] = Interface("dummy0", Dummy(), mtu=1500)
    return Network({f"n{i}": Namespace(f"n{i}", found) for i, found in devices.items()})


@st.composite
def networks(draw: st.DrawFn) -> Network:
    count = draw(st.integers(1, 9))
    node = st.integers(0, count - 1)
    pairs = draw(st.lists(st.tuples(node, node), max_size=14))
    return network(pairs, draw(st.sets(node, max_size=3)), count)


def inside(box: DrawnBox) -> set[Cell]:
    """The cells of a box, its border left out."""
    return {
        (x, y)
        for x in range(box.x + 1, box.x + box.w - 1)
        for y in range(box.y + 1, box.y + box.h - 1)
    }


def cells(points: tuple[Cell, ...]) -> list[Cell]:
    """The cells that a wire runs through."""
    found = []
    for (x1, y1), (x2, y2) in pairwise(points):
        assert x1 == x2 or y1 == y2, "wires turn by right angles only"
        found += [
            (x, y)
            for x in range(min(x1, x2), max(x1, x2) + 1)
            for y in range(min(y1, y2), max(y1, y2) + 1)
        ]
    return found


def hold(drawn: Drawing, what: Graph) -> None:
    """All that must be so in any picture."""
    assert {box.box.name for box in drawn.boxes} == {box.name for box in what.boxes}
    assert len(drawn.wires) == len(what.wires)
    for one, other in combinations(drawn.boxes, 2):
        apart = (
            one.x + one.w <= other.x
            or other.x + other.w <= one.x
            or one.y + one.h <= other.y
            or other.y + other.h <= one.y
        )
        assert apart, f"{one.box.name} and {other.box.name} overlap"
    filled = {cell: box.box.name for box in drawn.boxes for cell in inside(box)}
    for wire in drawn.wires:
        for cell in cells(wire.points):
            assert cell not in filled, f"{wire.wire} runs through {filled[cell]}"
        for x, y in wire.points:
            assert 0 <= x < drawn.w
            assert 0 <= y < drawn.h
    for box in drawn.boxes:
        taken: Counter[Cell] = Counter()
        for run in box.runs:
            start = run.x if run.align == "start" else run.x - width(run.text)
            assert box.x < start, run
            assert start + width(run.text) < box.x + box.w, run
            assert box.y <= run.y < box.y + box.h, run
            taken.update((x, run.y) for x in range(start, start + width(run.text)))
        assert all(count == 1 for count in taken.values()), f"text over text in {box.box.name}"


def pieces(points: tuple[Cell, ...]) -> set[tuple[Cell, Cell]]:
    """The steps from cell to cell that a wire takes."""
    path = list(dict.fromkeys(cells(points)))
    return {(a, b) for a, b in pairwise(path)}


@settings(max_examples=150, deadline=None)
@given(networks())
def test_any_network(network: Network) -> None:
    what = graph(network)
    hold(frame([what]).draw(what), what)
    drawn = text(what)
    for plug in what.plugs():
        for word in plug.words:
            assert word in drawn


@pytest.mark.parametrize("name", STARTERS)
def test_starters(name: str) -> None:
    what = graph(starter(name))
    drawn = frame([what]).draw(what)
    hold(drawn, what)
    # In a picture as simple as these no two wires lie on each other either.
    steps: Counter[tuple[Cell, Cell]] = Counter()
    for wire in drawn.wires:
        steps.update((min(a, b), max(a, b)) for a, b in pieces(wire.points))
    assert all(count == 1 for count in steps.values())


@pytest.mark.parametrize("name", ["star", "chain", "ring"])
def test_fifty_nodes(name: str) -> None:
    """Readable: no wider than a page, no text over text, and every straight wire straight."""
    if name == "star":
        what = graph(starter("star", n="50"))
    else:
        last = 50 if name == "ring" else 49
        what = graph(network([(i, (i + 1) % 50) for i in range(last)], set(), 50))
    drawn = frame([what]).draw(what)
    hold(drawn, what)
    if name == "star":
        assert drawn.w <= 110
        assert all(len(wire.points) == 2 for wire in drawn.wires)


def test_states_share_one_frame() -> None:
    """What is there before and after stays in its place, and what comes has its room already."""
    full = starter("two-namespaces")
    bare = Network({"ns0": full.namespaces["ns0"]})
    shared = frame([graph(bare), graph(full)])
    before, after = shared.draw(graph(bare)), shared.draw(graph(full))
    assert (before.w, before.h) == (after.w, after.h)
    assert [(b.x, b.y, b.w, b.h) for b in before.boxes if b.box.name == "ns0"] == [
        (b.x, b.y, b.w, b.h) for b in after.boxes if b.box.name == "ns0"
    ]
    assert len(before.wires) < len(after.wires)
