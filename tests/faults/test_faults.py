"""A few hundred of the faults that `scripts/faults` injects: some of every kind, in every style."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.faults import cases, run, world
from tests.faults.cases import LABS, STYLES, Fault
from tests.faults.driver import Zygote
from tests.kernel.sandbox import why_not

pytestmark = [pytest.mark.kernel, pytest.mark.skipif(bool(why_not()), reason=str(why_not()))]

OF_A_KIND = 5
JOBS = 2


def sample(found: Sequence[Fault]) -> list[Fault]:
    """Some of each kind: of each style one, then whatever; the same ones every time."""

    def order(fault: Fault) -> str:
        return hashlib.sha256(str(fault).encode()).hexdigest()

    chosen: list[Fault] = []
    for kind in cases.kinds(found):
        ours = sorted((f for f in found if f"{f.command} {f.kind}" == kind), key=order)
        firsts = [next((f for f in ours if f.style == style), None) for style in STYLES]
        some = [f for f in firsts if f is not None]
        chosen += (some + [f for f in ours if f not in some])[:OF_A_KIND]
    return chosen


def test_nothing_is_lost_and_nothing_foreign_is_touched(capsys: pytest.CaptureFixture[str]) -> None:
    chosen = sample(run.every(list(LABS), STYLES))
    outcomes = [o for o in run.run(chosen, JOBS) if o.injected]
    with capsys.disabled():
        print(f"\n{run.summary(outcomes)}")
    assert len(outcomes) > 200
    assert {o.fault.style for o in outcomes} == set(STYLES)
    assert {o.fault.starter for o in outcomes} == set(LABS)
    assert "\n".join(str(o) for o in outcomes if not o.survived) == ""


def test_the_judge_sees_what_is_lost_and_what_is_touched(tmp_path: Path) -> None:
    zygote = Zygote()
    try:
        machine = zygote.sandbox(tmp_path)
        before = world.prepare(machine)
        assert world.snapshot(machine) == before
        machine.sh("ip link add left type veth peer name behind; ip -n foreign addr flush dev fb0")
        machine.sh("sysctl -qw net.ipv4.ip_forward=1; nft delete table ip iplab; ip netns add n")
        after = world.snapshot(machine)
        lost = world.lost(before, after)
        assert {"device host:left", "device host:behind", "namespace n"} <= set(lost)
        touched = "\n".join(world.touched(before, after))
        for words in ("address foreign:fb0 10.99.0.2: gone", "sysctl ipv4/ip_forward: 1 (was 0)",
                      "nft table ip iplab: gone"):  # fmt: skip
            assert words in touched
        machine.close()
    finally:
        zygote.close()


def test_the_judge_counts_an_iplab_that_loses_things(tmp_path: Path) -> None:
    # A record that vanishes: nobody can know any more what the lab had made.
    zygote = Zygote()
    try:
        bench = run.Bench(zygote, tmp_path)
        bench.road("two-namespaces", "direct")
        fault = Fault("two-namespaces", "direct", "up", "kill-after", 3,
                      ({"command": 3, "do": "kill-after"},), "undo")  # fmt: skip
        assert bench.try_fault(fault).survived
        forgetful = run.Trial(bench, fault, bench.road("two-namespaces", "direct"))
        must = forgetful._must

        def forget(*argv: str) -> None:
            forgetful.machine.sh("rm -f /run/iplab/two-namespaces.*")
            must(*argv)

        forgetful._must = forget  # type: ignore[method-assign]
        forgetful.run()
        assert "namespace ns0" in forgetful.lost
        bench.discard()
    finally:
        zygote.close()
