"""One trial of `iplab why`, alone in namespaces of its own: break a lab, ask, mend, ask again.

Run by ``test_why.py`` as ``unshare … python -m tests.kernel.why_trial CASE`` with the case as
JSON; prints what came out as JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

LABS = Path(__file__).parents[1] / "cases" / "why"


def shell(line: str) -> None:
    """A command as a person would paste it; its failure ends the trial."""
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"$ {line}\n{done.stdout}{done.stderr}")


def iplab(*words: str) -> subprocess.CompletedProcess[str]:
    """The program as a person starts it."""
    return subprocess.run(
        [sys.executable, "-m", "iplab", *words], capture_output=True, text=True, check=False
    )


def why(case: dict[str, Any]) -> dict[str, Any]:
    """The answer, with its exit code beside it."""
    done = iplab("why", case["from"], case.get("ask", case["to"]), "--json")
    if done.returncode not in (0, 3) or "Traceback" in done.stderr:
        raise SystemExit(f"iplab why ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return {**json.loads(done.stdout), "code": done.returncode}


def prepare(lab: str) -> None:
    """An empty machine with the lab on it."""
    shell("mount -t tmpfs none /run && ip link set lo up")
    done = iplab("up", str(LABS / f"{lab}.yaml"), "--yes")
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)


def trial(case: dict[str, Any]) -> dict[str, Any]:
    """Break, ask, and follow the advice until it reaches, or no further advice comes."""
    prepare(case["lab"])
    for line in case["break"]:
        shell(line)
    answers = [why(case)]
    for _ in range(case.get("rounds", 1)):
        cause = answers[-1]["cause"]
        if cause is None or not cause["mend"]:
            break
        shell(cause["mend"])
        answers.append(why(case))
    return {"answers": answers}


def intact(case: dict[str, Any]) -> dict[str, Any]:
    """Ask about every check of the lab that must be reached."""
    prepare(case["lab"])
    pairs = case["pairs"]
    return {"answers": [why({"from": a, "to": b}) for a, b in pairs]}


def words(case: dict[str, Any]) -> dict[str, Any]:
    """What the program says to these words, with a lab up."""
    prepare(case["lab"])
    done = iplab(*case["words"])
    return {"answers": [{"code": done.returncode, "out": done.stdout, "err": done.stderr}]}


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    kind = intact if "pairs" in given else words if "words" in given else trial
    print(json.dumps(kind(given)))
