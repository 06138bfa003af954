"""The table of cases (tests/cases/translate): the old tool and its translation in twin namespaces.

A case says what the translation is to claim (`verdict`): exact, inexact, refused, or nothing (the
old tool changes nothing, so no command is its translation).  What is claimed is then held against
what the kernel says.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.kernel.twins import Answer, Case, Judge

pytestmark = pytest.mark.kernel
CASES = Path(__file__).parents[1] / "cases" / "translate"


def _flat(lines: list[Any]) -> list[str]:
    return [s for line in lines for s in (_flat(line) if isinstance(line, list) else [line])]


def load() -> list[Case]:
    """Every case, its setup written out."""
    setups = yaml.safe_load((CASES / "setups.yaml").read_text())
    found: list[Case] = []
    for path in sorted(CASES.glob("*.yaml")):
        if path.name == "setups.yaml":
            continue
        for group in yaml.safe_load(path.read_text()):
            shared = {k: v for k, v in group.items() if k not in ("lines", "setup")}
            for line in group["lines"]:
                own = {"line": line} if isinstance(line, str) else line
                case = shared | own | {"setup": _flat(setups[group["setup"]])}
                known = "" if case.get("state", True) else ", no state"
                case["id"] = f"{path.stem}: {case['line']} ({group['setup']}{known})"
                found.append(case)
    return found


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    if os.geteuid() != 0:
        pytest.skip("making namespaces needs root")
    it = Judge()
    yield it
    it.end()


def test_there_are_enough_cases() -> None:
    assert len(load()) >= 300


@pytest.mark.parametrize("case", load(), ids=lambda case: case["id"])
def test_case(judge: Judge, case: Case) -> None:
    found = judge.ask(case)
    if "skip" in found:
        pytest.skip(found["skip"])
    assert "broken" not in found, found["broken"]
    assert verdict(found) == wanted(case), found
    if found["reason"] is not None:
        return
    if case.get("fails"):
        assert any(found["codes"]), f"the translation was to fail loudly: {found}"
    if case.get("differs"):
        assert found["differences"], "this was to differ, and is the same: claim more"
    else:
        assert not found["differences"], found


def wanted(case: Case) -> str:
    """What the case says the translation is to claim.

    A group's `assumes` names words that make a translation inexact which the same lines with the
    state are not.
    """
    said: str = case.get("verdict", "exact")
    if said == "exact" and any(word in case["line"] for word in case.get("assumes", ())):
        return "inexact"
    return said


def verdict(found: Answer) -> str:
    """What the translation claims."""
    if found["reason"] is not None:
        return "refused"
    if found["nothing"]:
        return "nothing" if found["exact"] else "inexact"
    return "exact" if found["exact"] else "inexact"
