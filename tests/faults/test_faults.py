"""A few hundred of the faults that `scripts/faults` injects: some of every kind, in every style.

A test a lab, so that they run side by side; each takes its share of every kind.
"""

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.faults import cases, run, world
from tests.faults.cases import LABS, STYLES, Fault
from tests.faults.driver import Zygote
from tests.kernel.sandbox import why_not

pytestmark = [pytest.mark.kernel, pytest.mark.skipif(bool(why_not()), reason=str(why_not()))]

LABS_OF_A_KIND = 5  # of the nine: how many meet a kind of fault
MOST = 0.8  # of those chosen must happen: a place behind the last command is none
JOBS = 2


def sample(found: Sequence[Fault], lab: str) -> list[Fault]:
    """One of each kind whose turn it is in this lab, the styles in turns; the same every time."""

    def order(fault: Fault) -> str:
        return hashlib.sha256(str(fault).encode()).hexdigest()

    chosen: list[Fault] = []
    for kind in cases.kinds(found):
        turn = int(hashlib.sha256(kind.encode()).hexdigest(), 16) + list(LABS).index(lab)
        if turn % len(LABS) < LABS_OF_A_KIND:
            ours = sorted((f for f in found if f"{f.command} {f.kind}" == kind), key=order)
            style = STYLES[turn % len(STYLES)]
            chosen.append(next((f for f in ours if f.style == style), ours[0]))
    return chosen


@pytest.mark.parametrize("lab", LABS)
def test_nothing_is_lost_and_nothing_foreign_is_touched(
    lab: str, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen = sample(run.every([lab], STYLES), lab)
    outcomes = [o for o in run.run(chosen, JOBS) if o.injected]
    with capsys.disabled():
        print(f"\n{lab}: {run.summary(outcomes)}")
    assert len(outcomes) >= MOST * len(chosen)
    assert {o.fault.style for o in outcomes} == set(STYLES)
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


def test_the_readme_has_a_place_for_figures_and_they_are_good() -> None:
    (figures,) = run.PLACE.findall(run.README.read_text(encoding="utf-8"))
    rows = dict(re.findall(r"^\| (.+) \| (\d+) \|$", figures, re.MULTILINE))
    injected = next(int(v) for k, v in rows.items() if k.startswith("faults injected"))
    survived = next(int(v) for k, v in rows.items() if k.startswith("survived"))
    assert injected == survived > 1000
    assert rows["objects of a lab lost"] == rows["foreign objects touched"] == "0"
