"""What holds of any plan, from any network to any other."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iplab.claims import Ownership
from iplab.network import Network
from iplab.operations import project
from iplab.plan.back import way_back
from iplab.plan.difference import compare
from iplab.plan.planner import Plan, plan_down, plan_up
from iplab.plan.style import through_host
from iplab.plan.undo import between
from tests.unit.networks import MACHINE, networks, plain

styles = st.sampled_from(["direct", "steps"])
many = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def plan_for(wanted: Network, observed: Network, owner: Ownership, style: str = "direct") -> Plan:
    return plan_up(
        "lab", wanted, observed, owner, through_host=through_host(style, wanted, observed)
    )


@many
@given(networks(), networks(), styles)
def test_a_plan_leads_to_the_wanted_and_planning_again_gives_nothing(
    first: Network, second: Network, style: str
) -> None:
    plan = plan_for(first, MACHINE, Ownership(), style)
    for wanted in (first, second, first):
        if wanted is not first or plan.before is not MACHINE:
            plan = plan_for(wanted, plan.after, Ownership(plan.claims), style)
        owner = Ownership(plan.claims)
        assert plain(project(plan.before, [s.operation for s in plan.steps])) == plain(plan.after)
        assert compare(wanted, plan.after, owner) == []
        assert plan_for(wanted, plan.after, owner, style).steps == ()


@many
@given(networks(), networks())
def test_nothing_differs_if_and_only_if_there_is_nothing_to_do(
    first: Network, second: Network
) -> None:
    up = plan_for(first, MACHINE, Ownership())
    owner = Ownership(up.claims)
    plan = plan_for(second, up.after, owner)
    assert (compare(second, up.after, owner) == []) is (plan.steps == ())


@many
@given(networks(), networks())
def test_down_leaves_nothing_of_the_lab(first: Network, second: Network) -> None:
    up = plan_for(first, MACHINE, Ownership())
    again = plan_for(second, up.after, Ownership(up.claims))
    down = plan_down("lab", again.after, Ownership(again.claims))
    assert plain(down.after) == plain(MACHINE)
    assert all(claim.kind == "sysctl" for claim in down.claims)


@many
@given(networks(), networks(), styles)
def test_each_undo_leads_back_to_the_state_ahead_of_its_step(
    first: Network, second: Network, style: str
) -> None:
    up = plan_for(first, MACHINE, Ownership(), style)
    change = plan_for(second, up.after, Ownership(up.claims), style)
    for plan in (up, change):
        states = [plan.before]
        for step in plan.steps:
            states.append(step.operation.apply(states[-1]))
        assert plain(states[-1]) == plain(plan.after)
        for step, undo, before, after in zip(
            plan.steps, plan.undos(), states, states[1:], strict=False
        ):
            back = plain(project(after, undo), before)
            assert back == plain(before), f"{undo} does not undo {step.operation}"


@many
@given(networks(), networks(), st.data())
def test_the_way_back_from_anywhere_leads_to_the_state_before(
    first: Network, second: Network, data: st.DataObject
) -> None:
    up = plan_for(first, MACHINE, Ownership())
    plan = plan_for(second, up.after, Ownership(up.claims))
    operations = [step.operation for step in plan.steps]
    done = operations[: data.draw(st.integers(0, len(operations)))]
    # The last one may have been done or not when a signal came.
    happened = done[: len(done) - data.draw(st.integers(0, min(1, len(done))))]
    now = project(plan.before, happened)
    back = way_back(plan.before, now, done)
    assert plain(project(now, back), plan.before) == plain(plan.before)


@many
@given(networks(), networks())
def test_between_any_two_networks_there_is_a_way(one: Network, other: Network) -> None:
    start, end = (plan_for(n, MACHINE, Ownership()).after for n in (one, other))
    assert plain(project(start, between(start, end)), end) == plain(end, end)
