"""Saved plans: bound by their hash, so that what runs is what was saved."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iplab import lab
from iplab.claims import Ownership
from iplab.errors import IplabError
from iplab.network import Network
from iplab.plan.planner import Plan, plan_up
from iplab.render import STYLES, Renderer, saved
from tests.unit.networks import MACHINE

IT = lab.loads("lab: l\nlinks:\n  - a:e0: 10.0.0.1/24\n    b:e0: 10.0.0.2/24\n", "l.yaml")


def plan(observed: Network = MACHINE) -> Plan:
    return plan_up(IT.name, IT.network, observed, Ownership())


def write(path: Path, style: str = "direct") -> dict[str, object]:
    document = saved.document(plan(), IT, Renderer(style))
    path.write_text(saved.text(document))
    return document


@pytest.mark.parametrize("style", STYLES)
def test_it_is_read_as_it_was_written(tmp_path: Path, style: str) -> None:
    document = write(tmp_path / "p", style)
    found = saved.read(tmp_path / "p")
    assert found
    assert found.value == document
    found.check_same(saved.document(plan(), IT, Renderer(style)))


@pytest.mark.parametrize("style", STYLES)
def test_commands_have_the_contracts_keys(style: str) -> None:
    commands = saved.commands(plan(), Renderer(style))
    assert commands
    for command in commands:
        assert set(command) >= {"argv", "text", "operation", "node", "why", "undo"}
        assert isinstance(command["undo"], list)
        lines = command.get("lines", [])
        assert bool(lines) is (command["operation"] == "Batch")
        if lines:
            assert command["stdin"].count("\n") == len(lines)
    singles = sum(len(command.get("lines", [0])) for command in commands)
    assert singles == len(plan().steps)


def changes(value: object, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    """Where in a document a value stands that can be changed."""
    if isinstance(value, dict):
        return [p for key, part in value.items() for p in changes(part, (*path, key))]
    if isinstance(value, list):
        return [p for n, part in enumerate(value) for p in changes(part, (*path, n))]
    return [path]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_whatever_is_changed_in_it_is_noticed(tmp_path: Path, data: st.DataObject) -> None:
    document = json.loads(json.dumps(write(tmp_path / "p")))
    path = data.draw(st.sampled_from([p for p in changes(document) if p != ("format",)]))
    place = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = f"{place[path[-1]]}x"
    (tmp_path / "p").write_text(json.dumps(document))
    with pytest.raises(IplabError, match="was changed after it was made"):
        saved.read(tmp_path / "p")


@pytest.mark.parametrize(
    "text", ["", "lab: x\n", "{}", "[1]", '{"format": "other"}', "{", "{" * 9999]
)
def test_what_is_no_saved_plan_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "p").write_text(text)
    assert saved.read(tmp_path / "p") is None


def test_a_plan_of_other_keys_is_refused(tmp_path: Path) -> None:
    value: dict[str, object] = {"format": saved.FORMAT, "lab": 1}
    value["hash"] = saved.digest(value)
    (tmp_path / "p").write_text(json.dumps(value))
    with pytest.raises(IplabError, match="'lab'"):
        saved.read(tmp_path / "p")


def test_another_state_is_refused_and_named(tmp_path: Path) -> None:
    write(tmp_path / "p")
    found = saved.read(tmp_path / "p")
    assert found
    there = plan().after
    with pytest.raises(IplabError, match="a: was absent") as caught:
        found.check_same(saved.document(plan(there), IT, Renderer("direct")))
    assert "plan again" in str(caught.value)


def test_the_fingerprint_is_of_what_was_looked_at() -> None:
    one = saved.document(plan(), IT, Renderer("direct"))
    other = saved.document(plan(plan().after), IT, Renderer("direct"))
    again = saved.document(plan(), IT, Renderer("batch"))
    assert one["fingerprint"] == again["fingerprint"] != other["fingerprint"]
