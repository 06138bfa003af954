"""Large plans in batches: which processes ask at their end, and which run side by side."""

from __future__ import annotations

from ipaddress import ip_interface
from pathlib import Path

import pytest

from iplab.errors import IplabError
from iplab.network import MANY, Address, End, Shaping
from iplab.operations import (
    AddAddress,
    AddNamespace,
    AddVeth,
    DeleteLink,
    Operation,
    SetShaping,
    SetSysctl,
    SetUp,
)
from iplab.plan.planner import Step
from iplab.render import Piece, Pieces, Renderer, pieces, waits
from iplab.render.pieces import NAMESPACES, PAIRS

NODES = [f"n{number}" for number in range(MANY + 1)]


def cut(*operations: Operation, style: str = "batch") -> tuple[list[Piece], list[set[int]]]:
    """The pieces, and for each the numbers of those that it waits for."""
    renderer = Renderer(style)
    found = pieces([Step(o, "") for o in operations], renderer)
    return found, [set(ahead) for ahead in waits(found, renderer)]


def lab(nodes: list[str]) -> list[Operation]:
    """A star: every node on a wire to the first one, whose ends are e0, e1 …"""
    made: list[Operation] = [AddNamespace("host", node) for node in nodes]
    hub, *others = nodes
    for number, node in enumerate(others):
        made.append(AddVeth("host", End(hub, f"e{number}"), End(node, "e0")))
    for node in nodes:
        made.append(AddAddress(node, "e0", Address(ip_interface("10.0.0.1/24"))))
        made.append(SetUp(node, "e0"))
    return made


def test_a_large_plan_asks_each_node_at_the_end_of_its_batch() -> None:
    found, ahead = cut(*lab(NODES))
    making, rest = found[:4], found[4:]  # 65 namespaces and 64 pairs
    assert {piece.command.argv for piece in making} == {("ip", "-batch", "-")}
    assert not any(piece.asks for piece in making)
    assert [piece.command.node for piece in rest] == NODES
    assert all(piece.asks for piece in rest)
    assert rest[0].command.argv[2:] == ("ip", "-j", "-d", "-batch", "-")
    assert rest[0].command.lines[-2:] == (("addr", "show"), ("route", "show", "table", "all"))
    assert len(rest[0].command.lines) == len(rest[0].steps) + 2
    assert [len(piece.steps) for piece in making] == [33, 32, 32, 32]
    # The first pairs need the first namespaces alone; the hub has an end of each pair.
    assert ahead[:4] == [set(), {0}, {0}, {1, 2}]
    waiting = dict(zip(NODES, ahead[4:], strict=True))
    assert [node for node, others in waiting.items() if others == {2}] == NODES[1:33]
    assert [node for node, others in waiting.items() if others == {3}] == ["n0", *NODES[33:]]


def test_a_small_plan_asks_nothing_as_all_of_it_is_looked_at_later() -> None:
    found, ahead = cut(*lab(NODES[:10]))
    assert not any(piece.asks for piece in found)
    assert ahead == [set(), *[{0}] * 10]


def test_only_the_batch_style_runs_anything_side_by_side() -> None:
    for style in ("direct", "steps"):
        found, ahead = cut(*lab(NODES), style=style)
        assert not any(piece.asks for piece in found)
        assert ahead == [set(), *({n} for n in range(len(found) - 1))]


def test_where_a_later_command_can_reach_a_node_its_batch_does_not_ask() -> None:
    # The other end of that wire is somewhere; nobody here knows where.
    found, _ = cut(*lab(NODES), DeleteLink("n3", "e0"))
    assert not any(piece.asks for piece in found[:-1])
    found, _ = cut(*lab(NODES), SetShaping("n3", "e0", Shaping(rate=10**6)))
    assert [p.command.node for p in found if not p.asks] == [*["host"] * 4, "n3", "n3"]


def test_two_processes_of_one_node_never_run_at_once() -> None:
    forward = [SetSysctl(node, "net.ipv4.ip_forward", "1") for node in NODES]
    found, ahead = cut(*forward, *lab(NODES)[MANY + 1 + MANY :])
    assert len(found) == 2 * len(NODES)
    assert ahead == [set()] * len(NODES) + [{n} for n in range(len(NODES))]


def test_a_small_plans_processes_start_in_the_order_shown() -> None:
    one, two = SetSysctl("n0", "net.ipv4.ip_forward", "1"), SetUp("n0", "e0")
    found, ahead = cut(SetUp("n1", "e0"), one, two, SetUp("n2", "e0"), SetUp("n1", "e1"))
    assert [piece.command.node for piece in found] == ["n1", "n0", "n0", "n2", "n1"]
    # n2 need not wait for n0, but for its turn.
    assert ahead == [set(), set(), {0, 1}, {0, 1}, {0, 1}]


def test_what_ends_things_elsewhere_runs_alone() -> None:
    up, down = SetUp("n1", "e0"), SetUp("n2", "e0")
    found, ahead = cut(up, down, DeleteLink("n3", "e0"), up, down)
    assert len(found) == 5
    assert ahead == [set(), set(), {0, 1}, {2}, {2}]


def test_a_node_has_one_batch_however_long_and_a_small_lab_no_parts() -> None:
    many = [SetUp("n0", f"e{number}") for number in range(3 * NAMESPACES)]
    found, _ = cut(*lab(NODES), *many)
    assert [len(p.steps) for p in found if p.command.node == "n0"] == [2, 3 * NAMESPACES]
    veths = [AddVeth("host", End("n0", f"e{n}"), End("n1", f"e{n}")) for n in range(2 * PAIRS)]
    assert [len(piece.steps) for piece in cut(*veths)[0]] == [2 * PAIRS]


def test_long_batches_come_in_parts_that_wait_for_what_they_need() -> None:
    assert (NAMESPACES, PAIRS) == (128, 48)
    nodes = [f"n{number}" for number in range(3 * NAMESPACES)]
    made: list[Operation] = [AddNamespace("host", node) for node in nodes]
    made += [
        AddVeth("host", End(a, "e"), End(b, "e")) for a, b in zip(*[iter(nodes)] * 2, strict=True)
    ]
    made += [SetUp(node, "e") for node in nodes]
    found, ahead = cut(*made)
    sizes = [len(piece.steps) for piece in found]
    assert sizes == [*[NAMESPACES] * 3, *[PAIRS] * 4, *[1] * len(nodes)]
    assert [len(piece.command.lines) for piece in found[:7]] == sizes[:7]
    assert [step for piece in found for step in piece.steps] == [Step(o, "") for o in made]
    # One part after the other; pairs behind the namespaces that they need.
    assert ahead[:3] == [set(), {0}, {1}]
    assert ahead[3:7] == [{0}, {0, 1, 3}, {1, 2, 4}, {2, 5}]
    assert ahead[7:] == [{n} for n in (3, 4, 5, 6) for _ in range(2 * PAIRS)]


def test_the_first_process_of_a_large_plan_is_there_before_the_others_are_worded() -> None:
    steps = [Step(o, "") for o in lab(NODES)]
    renderer = Renderer("batch")
    found = Pieces(steps, renderer)
    first = found.first
    assert list(renderer._worded) == [step.operation for step in steps[:33]]
    assert first == pieces(steps, Renderer("batch"))[0] == found.all[0]
    assert found.all == pieces(steps, Renderer("batch"))


@pytest.mark.parametrize(
    ("some", "style", "directories"),
    [
        (lab(NODES[:10]), "batch", ()),
        (lab(NODES), "direct", ()),
        (lab(NODES)[10:], "batch", ()),  # fewer namespaces than are worth a part
        (lab(NODES)[60:], "batch", ()),
        (lab(NODES), "batch", (Path("nowhere"),)),  # templates of the user's: all is to be right
        ([], "batch", ()),
    ],
)
def test_the_first_process_is_that_of_all_of_them(
    some: list[Operation], style: str, directories: tuple[Path, ...]
) -> None:
    steps = [Step(o, "") for o in some]
    found = Pieces(steps, Renderer(style, directories))
    wanted = pieces(steps, Renderer(style))
    assert found.first == (wanted[0] if wanted else None)
    assert found.all == wanted


def test_a_template_of_the_users_is_found_at_fault_before_there_is_a_first_process(
    tmp_path: Path,
) -> None:
    (tmp_path / "set_up.j2").write_text("{{ nothing }}")
    steps = [Step(o, "") for o in lab(NODES)]
    with pytest.raises(IplabError, match="a template cannot be used: 'nothing' is undefined"):
        Pieces(steps, Renderer("batch", (tmp_path,)))


def test_a_small_plan_makes_no_namespaces_side_by_side() -> None:
    _, ahead = cut(AddNamespace("host", "a"), SetUp("a", "lo"), AddNamespace("host", "b"))
    assert ahead == [set(), {0}, {0}]
    _, ahead = cut(AddNamespace("host", "a"), SetUp("c", "lo"), AddNamespace("host", "b"))
    assert ahead == [set(), set(), {0, 1}]
