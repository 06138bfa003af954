"""Every ping in one: who asks whom, in parts that neighbour tables hold, and what is said of it."""

from __future__ import annotations

from ipaddress import ip_interface
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iplab.network import Address, Interface, Namespace, Network, Veth
from iplab.plan.matrix import MOST, Matrix, matrix, waves
from iplab.plan.silent import LONGEST, grouped


def network(**nodes: str) -> Network:
    """Nodes with one device each and its addresses, blank between them."""
    return Network(
        {
            name: Namespace(
                name,
                {
                    "eth0": Interface(
                        "eth0",
                        Veth(),
                        up=True,
                        addresses=tuple(Address(ip_interface(a)) for a in text.split()),
                    )
                },
            )
            for name, text in nodes.items()
        }
    )


def star(count: int) -> Network:
    return network(**{f"n{n}": f"10.0.{n // 200}.{1 + n % 200}/16" for n in range(count)})


def ask(it: Network, sample: int | None = None) -> Matrix:
    return matrix(it, list(it.namespaces), sample)


def test_every_node_asks_every_other_one_at_the_addresses_of_its_families() -> None:
    it = network(a="10.0.0.1/24 fd00::1/64", b="10.0.0.2/24", c="fd00::3/64", d="")
    asked = ask(it)
    words = {pair: [str(a) for a in found] for pair, found in asked.wanted.items()}
    assert words == {
        ("a", "b"): ["10.0.0.2"],
        ("a", "c"): ["fd00::3"],
        ("b", "a"): ["10.0.0.1"],
        ("c", "a"): ["fd00::1"],
    }
    assert not asked.sampled


def test_a_large_lab_is_asked_in_part_and_each_node_as_often_as_it_asks() -> None:
    asked = ask(star(400))
    assert asked.sampled
    assert asked.each == MOST // 400
    assert len(asked.wanted) == 400 * asked.each
    for node in asked.nodes:
        assert sum(source == node for source, _ in asked.wanted) == asked.each
        assert sum(target == node for _, target in asked.wanted) == asked.each
    assert len(ask(star(400), 0).wanted) == 400 * 399
    assert len(ask(star(400), 3).wanted) == 1200
    assert len(ask(star(5), 300).wanted) == 20
    assert ask(star(1)).wanted == {}


@given(st.integers(2, 40), st.integers(2, 300), st.none() | st.integers(1, 10))
def test_parts_hold_every_pair_once_and_none_needs_more_than_its_room(
    count: int, room: int, sample: int | None
) -> None:
    it = star(count)
    asked = ask(it, sample)
    parts = list(waves(it, asked, room))
    assert sorted(p for part in parts for p in part) == sorted(asked.wanted)
    for part in parts:
        assert 2 * len({frozenset(pair) for pair in part}) <= room


def test_behind_a_router_there_are_no_neighbours_to_count() -> None:
    it = network(**{f"n{n}": f"10.0.{n}.2/24" for n in range(60)})
    assert len(list(waves(it, ask(it), 10))) == 1


# ---------------------------------------------------------------- what is said


def said(count: int, *broken: str, sample: int | None = None) -> list[str]:
    """What is said of ``count`` nodes of which pairs that ``broken`` names (`a>b`, `*`) fail."""
    it = star(count)
    asked = ask(it, sample).wanted

    def fails(a: str, b: str) -> bool:
        return any(x in (a, "*") and y in (b, "*") for x, y in (w.split(">") for w in broken))

    return grouped(it, asked, [pair for pair in asked if fails(*pair)])


def test_nothing_failed() -> None:
    assert said(5) == []


def test_a_few_pairs_are_told_one_by_one() -> None:
    assert said(9, "n1>n2", "n7>n3") == ["n1 does not reach n2", "n7 does not reach n3"]


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (["n3>*", "*>n3"], "n3 reaches nobody, and nobody reaches it"),
        (["n3>*"], "n3 reaches nobody"),
        (["*>n3"], "n3 is reached by nobody"),
        (["*>*"], "nobody reaches anybody (2450 pairs asked)"),
    ],
)
def test_a_whole_node_is_one_line(broken: list[str], words: str) -> None:
    (line,) = said(50, *broken)
    assert line.endswith(words)


def test_many_nodes_are_one_line_too() -> None:
    (line,) = said(60, *[f"n{n}>*" for n in range(20)])
    assert line == "n0, n1, n2, n3, n4 and 15 more reach nobody"


def test_subnets_that_do_not_reach_each_other_are_one_line() -> None:
    it = network(
        **{f"{s}{n}": f"10.0.{i}.{n + 1}/24" for i, s in enumerate("abc") for n in range(9)}
    )
    asked = ask(it).wanted
    lines = grouped(it, asked, [p for p in asked if p[0][0] == "a" and p[1][0] == "c"])
    assert lines == ["10.0.0.0/24 does not reach 10.0.2.0/24 (81 pairs)"]


def test_parts_without_a_way_between_them_are_one_line() -> None:
    it = star(40)
    asked = ask(it).wanted
    failed = [p for p in asked if int(p[0][1:]) // 2 != int(p[1][1:]) // 2]
    assert grouped(it, asked, failed) == [
        "20 groups of nodes do not reach each other: n0, n1; n2, n3; n4, n5; n6, n7;"
        " and 16 more groups"
    ]
    alone = [p for p in asked if p in failed or "n3" in p]
    assert grouped(it, asked, alone)[1:] == ["n2, n3 reach nobody, and nobody reaches them"]


def test_what_cannot_be_grouped_is_told_in_part_and_counted() -> None:
    it = star(50)
    asked = ask(it).wanted
    failed = [p for p in asked if (int(p[0][1:]) * 7 + int(p[1][1:])) % 5 == 0]
    lines = grouped(it, asked, failed)
    assert len(lines) == LONGEST + 1
    assert lines[-1] == f"and {len(failed) - LONGEST} more pairs (--json lists all)"


@given(st.integers(3, 9), st.data())
def test_together_the_lines_speak_of_every_node_that_fails(count: int, data: st.DataObject) -> None:
    it = star(count)
    asked = ask(it).wanted
    every = list(permutations(it.namespaces, 2))
    failed = data.draw(st.lists(st.sampled_from(every), unique=True))
    lines = grouped(it, asked, failed)
    assert bool(lines) == bool(failed)
    for source, target in failed[:LONGEST]:
        assert any(
            line.startswith("nobody")
            or {source, target} & set(line.replace(":", "").replace(",", "").split())
            for line in lines
        )
