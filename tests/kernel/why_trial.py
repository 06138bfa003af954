"""One trial of `iplab why` on a machine of its own: break a lab, ask, mend, ask again.

The faults are data, a file a lab in ``tests/cases/why/faults``; its head says what stands there.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from iplab import lab as labs
from tests.kernel.sandbox import ROOT, Sandbox

CASES = ROOT / "tests" / "cases" / "why"
STARTERS = {name: ROOT / "templates" / "labs" / file for name, _, file in labs.starters()}
LABS: Mapping[str, Path] = {**STARTERS, "chain": CASES / "chain.yaml"}
SETTINGS = {"star": ("--set", "n=3")}

Fault = dict[str, Any]
Answer = dict[str, Any]


def faults(lab: str) -> list[Fault]:
    """The faults of a lab, each with what the file says for all."""
    found = yaml.safe_load((CASES / "faults" / f"{lab}.yaml").read_text())
    common = {"lab": lab, "from": found["from"], "to": found["to"]}
    return [{**common, **fault} for fault in found["faults"]]


def pairs(lab: str) -> list[tuple[str, str]]:
    """Who must reach whom, as the lab's own checks say."""
    name, path = LABS[lab].name, LABS[lab]
    settings = {"n": "3"} if lab in SETTINGS else {}
    read = labs.loads(path.read_text(), name, settings=settings)
    return [(wish.source, wish.target) for wish in read.checks if wish.must_reach]


def prepare(machine: Sandbox, lab: str) -> None:
    """Bring the lab up, in as few processes as there is a style for."""
    words = (LABS[lab], *SETTINGS.get(lab, ()))
    machine.iplab("up", *words, "--yes", "--style", "batch")


def why(machine: Sandbox, source: str, target: str) -> Answer:
    """The answer, with its exit code beside it."""
    done = machine.try_("iplab", "why", source, target, "--json")
    assert done.code in (0, 3), done.out + done.err
    assert "Traceback" not in done.err, done.err
    return {**done.json, "code": done.code}


def broken(machine: Sandbox, fault: Fault) -> list[Answer]:
    """Break, ask, and follow the advice until it reaches, or no further advice comes."""
    prepare(machine, fault["lab"])
    machine.sh("\n".join(map(command, fault["break"])))
    ask = (fault["from"], str(fault.get("ask", fault["to"])))
    answers = [why(machine, *ask)]
    for _ in range(fault.get("rounds", 1)):
        cause = answers[-1]["cause"]
        if cause is None or not cause["mend"]:
            break
        machine.sh(cause["mend"])
        answers.append(why(machine, *ask))
    return answers


def command(line: str) -> str:
    """A line of ``break``: a command, or ``filter NODE FAMILY HOOK: RULE`` for one of nft's.

    The hook may have a priority (``prerouting/-300``) and a device (``ingress/0/eth0``); the rule
    may be ``policy drop``.
    """
    found = re.fullmatch(r"filter (\S+) (\S+) ([^/:]+)(?:/(-?\d+))?(?:/(\S+))?: (.*)", line)
    if not found:
        return line
    node, family, hook, priority, device, rule = found.groups()
    policy = " policy drop;" if rule == "policy drop" else ""
    on = f" device {device}" if device else ""
    words = [
        f"add table {family} f",
        f"add chain {family} f {hook} "
        f"{{ type filter hook {hook}{on} priority {priority or 0};{policy} }}",
    ]
    words += [] if policy else [f"add rule {family} f {hook} {rule}"]
    inside: Sequence[str] = () if node == "host" else ("ip", "netns", "exec", node)
    return shlex.join((*inside, "nft", "; ".join(words)))
