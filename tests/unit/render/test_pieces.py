"""Large plans in batches: which processes ask at their end, and which run side by side."""

from __future__ import annotations

from ipaddress import ip_interface

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
from iplab.render import Piece, Renderer, pieces, stages

NODES = [f"n{number}" for number in range(MANY + 1)]


def cut(*operations: Operation, style: str = "batch") -> tuple[list[Piece], list[list[Piece]]]:
    renderer = Renderer(style)
    found = pieces([Step(o, "") for o in operations], renderer)
    return found, stages(found, renderer)


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
    found, turns = cut(*lab(NODES))
    first, *rest = found
    assert first.command.argv == ("ip", "-batch", "-")
    assert not first.asks
    assert [piece.command.node for piece in rest] == NODES
    assert all(piece.asks for piece in rest)
    assert rest[0].command.argv[2:] == ("ip", "-j", "-d", "-batch", "-")
    assert rest[0].command.lines[-2:] == (("addr", "show"), ("route", "show", "table", "all"))
    assert len(rest[0].command.lines) == len(rest[0].steps) + 2
    assert turns == [[first], rest]


def test_a_small_plan_asks_nothing_as_all_of_it_is_looked_at_later() -> None:
    found, turns = cut(*lab(NODES[:10]))
    assert not any(piece.asks for piece in found)
    assert [len(turn) for turn in turns] == [1, 10]


def test_only_the_batch_style_runs_anything_side_by_side() -> None:
    for style in ("direct", "steps"):
        found, turns = cut(*lab(NODES), style=style)
        assert not any(piece.asks for piece in found)
        assert all(len(turn) == 1 for turn in turns)
        assert [piece for turn in turns for piece in turn] == found


def test_where_a_later_command_can_reach_a_node_its_batch_does_not_ask() -> None:
    # The other end of that wire is somewhere; nobody here knows where.
    found, _ = cut(*lab(NODES), DeleteLink("n3", "e0"))
    assert not any(piece.asks for piece in found[:-1])
    found, _ = cut(*lab(NODES), SetShaping("n3", "e0", Shaping(rate=10**6)))
    assert [p.command.node for p in found if not p.asks] == ["host", "n3", "n3"]


def test_two_processes_of_one_node_never_run_at_once() -> None:
    forward = [SetSysctl(node, "net.ipv4.ip_forward", "1") for node in NODES]
    found, turns = cut(*forward, *lab(NODES)[MANY + 1 + MANY :])
    assert [len(turn) for turn in turns] == [len(NODES), len(NODES)]
    assert [piece for turn in turns for piece in turn] == found
    for turn in turns:
        nodes = [piece.command.node for piece in turn]
        assert len(set(nodes)) == len(nodes)
