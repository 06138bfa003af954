"""`iplab why` on the real kernel: each fault of tests/cases/why/faults.yaml is named, and mended by
the line it gives; the intact labs give no false alarm."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
CASES = ROOT / "tests" / "cases" / "why"
FAULTS: list[dict[str, Any]] = yaml.safe_load((CASES / "faults.yaml").read_text())
LABS = sorted(path.stem for path in CASES.glob("*.yaml") if path.stem != "faults")

Answers = list[dict[str, Any]]

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: makes namespaces"),
]


def _alone(case: dict[str, Any]) -> Answers:
    """Run a trial in network and mount namespaces that end with it."""
    done = subprocess.run(
        ["unshare", "--net", "--mount", "--propagation", "private",
         sys.executable, "-m", "tests.kernel.why_trial", json.dumps(case)],
        capture_output=True, text=True, cwd=ROOT, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answers: Answers = json.loads(done.stdout)["answers"]
    return answers


@pytest.fixture(scope="module")
def results(request: pytest.FixtureRequest) -> Iterator[Callable[[dict[str, Any]], Answers]]:
    """The trials that will be asked for, begun side by side: they mostly wait for pings.

    Under pytest-xdist its workers see to that, each with the trials it was given.
    """
    if "PYTEST_XDIST_WORKER" in os.environ:
        yield _alone
        return
    mine = [i for i in request.session.items if i.path == request.path and hasattr(i, "callspec")]
    faults = [i.callspec.params["fault"] for i in mine if "fault" in i.callspec.params]
    with ThreadPoolExecutor(max_workers=6) as pool:
        begun = {str(fault): pool.submit(_alone, fault) for fault in faults}
        yield lambda fault: begun[str(fault)].result()


def _name(fault: dict[str, Any]) -> str:
    return f"{fault['lab']}-{fault['kind'].replace(' ', '_')}"


@pytest.mark.parametrize("fault", FAULTS, ids=_name)
def test_a_fault_is_named_and_mended(
    fault: dict[str, Any], results: Callable[[dict[str, Any]], Answers]
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
def test_an_intact_lab_gives_no_alarm(lab: str) -> None:
    text = (CASES / f"{lab}.yaml").read_text()
    pairs = re.findall(r"^  - (\S+) -> (\S+)$", text, re.MULTILINE)
    assert pairs
    for answer in _alone({"lab": lab, "pairs": pairs}):
        assert answer["reaches"] is True, answer
        assert answer["cause"] is None
        assert answer["code"] == 0
        assert answer["path"], answer
        assert answer["notes"] == [], answer


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["ns00", "ns1"], "did you mean ns0"),
        (["ns0", "n1"], "did you mean ns1"),
        (["ns0:veth0", "ns1"], "did you mean ns0"),
        (["ns0", "ns1:veth9"], "did you mean veth1"),
        (["ns0", "fe80::1"], "link-local"),
        (["ns0", "224.0.0.1"], "no address of one machine"),
        (["ns0", "172.18.0.0/24"], "there is no node"),
        (["ns0", ""], "there is no node"),
    ],
)
def test_a_question_without_sense_is_an_error(words: list[str], said: str) -> None:
    (answer,) = _alone({"lab": "two-namespaces", "words": ["why", *words]})
    assert answer["code"] == 1, answer
    assert said in answer["err"]
    assert "Traceback" not in answer["err"]
    assert answer["out"] == ""


def test_people_read_the_path_and_the_mending_line() -> None:
    (answer,) = _alone({"lab": "router", "words": ["why", "a", "b"]})
    assert answer["code"] == 0, answer
    assert answer["out"].splitlines() == [
        "    a:eth0 (10.71.1.2) via 10.71.1.1",
        "  → r:to-b (10.71.2.1)",
        "  → b:eth0 (10.71.2.2)",
        "reaches  a → b",
    ]


def test_the_faults_are_of_many_kinds() -> None:
    assert len({fault["kind"] for fault in FAULTS}) >= 20
