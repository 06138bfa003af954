"""Every starter, in every style, from plan to proof and back to nothing."""

import time
from pathlib import Path

import pytest

from tests.kernel import state
from tests.kernel.labs import APART, STARTERS, STYLES, Starter, starter
from tests.kernel.sandbox import Sandbox, Zygote

pytestmark = pytest.mark.kernel


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("name", STARTERS)
def test_plan_up_check_edit_up_down(sandbox: Sandbox, name: str, style: str) -> None:
    state.with_foreign_things(sandbox)
    before = state.host(sandbox)
    it = starter(sandbox, name)

    it.iplab("plan", style=style, code=3)
    assert state.host(sandbox) == before, "plan changed something"
    it.iplab("up", "--yes", style=style)
    up_and_right(it, style)
    first = state.everywhere(sandbox)

    edited = it.edited()
    edited.iplab("check", code=3)
    edited.iplab("plan", style=style, code=3)
    edited.iplab("up", "--yes", style=style)
    up_and_right(edited, style)
    assert state.everywhere(sandbox) != first

    back = it.fewer()
    back.iplab("up", "--yes", style=style)
    up_and_right(back, style)
    it.iplab("up", "--yes", style=style)
    up_and_right(it, style)

    it.iplab("down", style=style)
    assert state.host(sandbox) == before
    assert sandbox.run("ls", "/run/iplab").split() == ["lock"]
    it.iplab("check", code=3)


def up_and_right(it: Starter, style: str) -> None:
    """The machine holds the lab: the plan is empty, another `up` runs nothing, checks hold."""
    plan = it.iplab("plan", "--json", style=style).json
    assert plan["commands"] == []
    again = it.iplab("up", "--yes", "--json", style=style).json
    assert again["commands"] == []
    # A bridge has the lowest MAC address of its ports, so it changes with them, and neighbours
    # send to the old one for up to a minute: see test_changes.py, which is about that.
    it.sandbox.sh("for n in $(ip netns | cut -d' ' -f1); do ip -n $n neigh flush all; done")
    it.iplab("check")


@pytest.mark.parametrize("name", STARTERS)
def test_every_node_reaches_every_other(sandbox: Sandbox, name: str) -> None:
    it = starter(sandbox, name)
    it.iplab("up", "--yes")
    apart = APART.get(name, set())
    found = it.iplab("check", "--ping", "--json", code=3 if apart else 0).json
    assert found["differences"] == []
    assert all(check["ok"] for check in found["checks"])
    pings = found["pings"]
    assert {tuple(pair) for pair in pings["failed"]} == apart
    assert pings["received"] > 0
    assert (pings["received"] == pings["sent"]) is not bool(apart)


@pytest.mark.parametrize("name", STARTERS)
def test_the_three_styles_leave_the_same_state(zygote: Zygote, tmp_path: Path, name: str) -> None:
    machines = []
    try:
        for style in STYLES:
            here = tmp_path / style
            here.mkdir()
            machine = zygote.sandbox(here)
            machines.append(machine)
            starter(machine, name).iplab("up", "--yes", style=style)
        until = time.monotonic() + 10
        while True:
            direct, steps, batch = map(state.everywhere, machines)
            # Carriers come up in the kernel's own time; then they must be the same.
            if (direct == steps == batch) or time.monotonic() > until:
                break
            time.sleep(0.2)
        assert steps == direct
        assert batch == direct
    finally:
        for machine in machines:
            machine.close()
