"""`iplab why` on the real kernel: each fault of tests/cases/why/faults.yaml is named, and mended by
the line it gives; the intact labs give no false alarm."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
CASES = ROOT / "tests" / "cases" / "why"
FAULTS: list[dict[str, Any]] = yaml.safe_load((CASES / "faults.yaml").read_text())
LABS = sorted(path.stem for path in CASES.glob("*.yaml") if path.stem != "faults")

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: makes namespaces"),
]


def _alone(case: dict[str, Any]) -> list[dict[str, Any]]:
    """Run a trial in network and mount namespaces that end with it."""
    done = subprocess.run(
        ["unshare", "--net", "--mount", "--propagation", "private",
         sys.executable, "-m", "tests.kernel.why_trial", json.dumps(case)],
        capture_output=True, text=True, cwd=ROOT, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answers: list[dict[str, Any]] = json.loads(done.stdout)["answers"]
    return answers


def _name(fault: dict[str, Any]) -> str:
    return f"{fault['lab']}-{fault['kind'].replace(' ', '_')}"


@pytest.mark.parametrize("fault", FAULTS, ids=_name)
def test_a_fault_is_named_and_mended(fault: dict[str, Any]) -> None:
    needs = fault.get("needs")
    if needs and not Path("/proc/sys", needs).exists():
        pytest.skip(f"this kernel has no {needs}")
    first, *others = _alone(fault)
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


def test_the_faults_are_of_many_kinds() -> None:
    assert len({fault["kind"] for fault in FAULTS}) >= 20
