"""`iplab why` on the real kernel: each fault of tests/cases/why/faults is named, and mended by the
line it gives; the intact labs give no false alarm."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.kernel.sandbox import Sandbox, Zygote
from tests.kernel.why_trial import (
    LABS,
    STARTERS,
    Answer,
    Fault,
    broken,
    faults,
    pairs,
    prepare,
    why,
)

FAULTS = [fault for lab in LABS for fault in faults(lab)]
TWENTY = 20  # ways in which each starter is broken

pytestmark = pytest.mark.kernel


def _alone(zygote: Zygote, fault: Fault) -> list[Answer]:
    with tempfile.TemporaryDirectory(prefix="why-") as here:
        machine = zygote.sandbox(Path(here))
        try:
            return broken(machine, fault)
        finally:
            machine.close()


@pytest.fixture(scope="module")
def results(
    request: pytest.FixtureRequest, zygote: Zygote
) -> Iterator[Callable[[Fault], list[Answer]]]:
    """The trials that will be asked for, begun side by side: they mostly wait for pings.

    Under pytest-xdist its workers see to that, each with the trials it was given.
    """
    if "PYTEST_XDIST_WORKER" in os.environ:
        yield lambda fault: _alone(zygote, fault)
        return
    mine = [i for i in request.session.items if i.path == request.path and hasattr(i, "callspec")]
    wanted = [i.callspec.params["fault"] for i in mine if "fault" in i.callspec.params]
    with ThreadPoolExecutor(max_workers=4) as pool:
        begun = {str(fault): pool.submit(_alone, zygote, fault) for fault in wanted}
        yield lambda fault: begun[str(fault)].result()


def _name(fault: Fault) -> str:
    return f"{fault['lab']}-{fault['kind'].replace(' ', '_')}"


@pytest.mark.parametrize("fault", FAULTS, ids=_name)
def test_a_fault_is_named_and_mended(
    fault: Fault, results: Callable[[Fault], list[Answer]]
) -> None:
    needs = fault.get("needs")
    if needs and not Path("/proc/sys", needs).exists():
        pytest.skip(f"this kernel has no {needs}")
    first, *others = results(fault)
    assert first["code"] == 3
    assert first["reaches"] is False
    cause = first["cause"]
    assert cause["node"] == fault["node"], cause
    assert cause["object"].startswith(fault["object"]), cause
    assert fault["what"] in cause["what"], cause
    if fault.get("mends", True):
        assert cause["mend"], cause
        assert others, "nothing was tried"
        last = others[-1]
        assert last["reaches"] is True, [a["cause"] for a in (first, *others)]
        assert last["code"] == 0
        assert len(others) == fault.get("rounds", 1), [a["cause"] for a in (first, *others)]


@pytest.mark.parametrize("lab", LABS)
def test_an_intact_lab_gives_no_alarm(lab: str, sandbox: Sandbox) -> None:
    prepare(sandbox, lab)
    asked = pairs(lab)
    assert asked
    for source, target in asked:
        answer = why(sandbox, source, target)
        assert answer["reaches"] is True, answer
        assert answer["cause"] is None
        assert answer["code"] == 0
        assert answer["path"], answer
        assert answer["notes"] == [], answer


def test_a_question_without_sense_is_an_error(sandbox: Sandbox) -> None:
    prepare(sandbox, "two-namespaces")
    for words, said in (
        (["ns00", "ns1"], "did you mean ns0"),
        (["ns0", "n1"], "did you mean ns1"),
        (["ns0:veth0", "ns1"], "did you mean ns0"),
        (["ns0", "ns1:veth9"], "did you mean veth1"),
        (["ns0", "fe80::1"], "link-local"),
        (["ns0", "224.0.0.1"], "no address of one machine"),
        (["ns0", "172.18.0.0/24"], "there is no node"),
        (["ns0", ""], "there is no node"),
    ):
        done = sandbox.iplab("why", *words, code=1)
        assert said in done.err
        assert done.out == ""


def test_people_read_the_path_and_the_mending_line(sandbox: Sandbox) -> None:
    prepare(sandbox, "router")
    done = sandbox.iplab("why", "a", "b")
    assert done.out.splitlines() == [
        "    a:eth0 (10.71.1.2) via 10.71.1.1",
        "  → r:to-b (10.71.2.1)",
        "  → b:eth0 (10.71.2.2)",
        "reaches  a → b",
    ]


@pytest.mark.parametrize("starter", STARTERS)
def test_each_starter_is_broken_in_twenty_ways(starter: str) -> None:
    mended = {f["kind"] for f in faults(starter) if f.get("mends", True)}
    assert len(mended) >= TWENTY, sorted(mended)
