"""A lab of many nodes: what it does by fewer processes is as well shown, proved and put back."""

import json
import sys
from typing import Any

import pytest

from iplab.network import MANY
from tests.kernel import state
from tests.kernel.sandbox import Sandbox
from tests.kernel.test_cli import at_terminal
from tests.kernel.test_plan_is_what_runs import traced

pytestmark = pytest.mark.kernel

PAIRS = MANY // 2 + 2
LAB = """\
lab: many
links:
{% for i in range(pairs | int) %}
  - a{{ i }}:eth0: 10.0.{{ i }}.1/24
    b{{ i }}:eth0: {% if i == wrong | int %}10.9.9.9/24{% else %}10.0.{{ i }}.2/24{% endif %}

{% endfor %}
"""
OPTIONS = ("--set", f"pairs={PAIRS}")


def lab(sandbox: Sandbox, wrong: int = -1) -> tuple[str, ...]:
    """The words for the lab file; of pair ``wrong`` one end has another address."""
    sandbox.write("many.yaml.j2", LAB)
    return ("many.yaml.j2", *OPTIONS, "--set", f"wrong={wrong}")


def up(sandbox: Sandbox, wrong: int = -1, style: str = "batch", code: int = 0) -> Any:
    return sandbox.iplab("up", *lab(sandbox, wrong), "--style", style, "--yes", code=code)


def test_up_changed_and_down(sandbox: Sandbox) -> None:
    state.with_foreign_things(sandbox)
    before = state.everywhere(sandbox)
    plan = sandbox.iplab("plan", *lab(sandbox), "--style", "batch", "--json", code=3).json
    ran = traced(sandbox, "up", *lab(sandbox), "--style", "batch", "--yes")
    wanted = [(c["argv"], c.get("stdin")) for c in plan["commands"]]
    # What makes namespaces and pairs starts in the plan's order, then each node's batch; and what
    # has asked is not asked again.
    started = [p.command for p in ran if not p.looks]
    assert sorted(started) == sorted(wanted)
    for program, count in (("ip", 4), ("nsenter", 2 * PAIRS)):
        of, planned = ([c for c in some if c[0][0] == program] for some in (started, wanted))
        assert of == planned
        assert len(of) == count
    assert [p.looks for p in ran] == [True] + [False] * len(wanted)
    sandbox.iplab("check", *lab(sandbox))
    sandbox.run("ip", "netns", "exec", "a7", "ping", "-c1", "-W2", "10.0.7.2")

    # A second time nothing runs but what looks, and one change needs one more process and proof.
    assert "nothing to do" in up(sandbox).err
    ran = traced(sandbox, "up", *lab(sandbox, wrong=7), "--style", "batch", "--yes")
    assert [p.command[1] for p in ran if not p.looks] == [
        "addr del 10.0.7.2/24 dev eth0\naddr add 10.9.9.9/24 dev eth0\n"
    ]
    behind = ran[[p.looks for p in ran].index(False) + 1 :]
    asked = {p.command[0][1].removeprefix("--net=/run/netns/") for p in behind}
    assert asked == {"a7", "b7"}
    sandbox.iplab("check", *lab(sandbox, wrong=7))

    sandbox.ip("-n b9 addr add 192.0.2.1/24 dev eth0")
    drift = sandbox.iplab("check", *lab(sandbox, wrong=7), "--json", code=3).json
    assert [(d["node"], d["found"]) for d in drift["differences"]] == [("b9", "192.0.2.1/24")]
    assert up(sandbox, wrong=7).code == 0
    sandbox.iplab("check", *lab(sandbox, wrong=7))
    sandbox.iplab("down", "many", "--style", "batch")
    assert state.everywhere(sandbox) == before


def test_wires_are_told_apart_by_number(sandbox: Sandbox) -> None:
    up(sandbox)
    crossed = "ip -n b0 link del eth0; ip -n b1 link del eth0\n"
    for one, other in (("a0", "b1"), ("a1", "b0")):
        crossed += f"ip link add eth0 netns {one} type veth peer name eth0 netns {other}\n"
        crossed += f"ip -n {one} link set eth0 up; ip -n {other} link set eth0 up\n"
    for node in ("a0", "b0", "a1", "b1"):
        address = f"10.0.{node[1]}.{1 if node[0] == 'a' else 2}/24"
        crossed += f"ip -n {node} addr add {address} dev eth0\n"
    sandbox.sh(crossed)
    found = sandbox.iplab("check", *lab(sandbox), "--json", code=3).json["differences"]
    assert {d["node"] for d in found} == {"a0", "b0", "a1", "b1"}
    assert "peer" in json.dumps(found) or "b1:eth0" in json.dumps(found)
    up(sandbox)
    sandbox.iplab("check", *lab(sandbox))


@pytest.mark.parametrize("which", ["first", "middle", "last"])
def test_one_that_fails_among_many_is_told_with_its_line_and_all_is_put_back(
    sandbox: Sandbox, which: str
) -> None:
    state.with_foreign_things(sandbox)
    before = state.everywhere(sandbox)
    node = {"first": "a0", "middle": "b17", "last": f"b{PAIRS - 1}"}[which]
    # An address of its own stands in the way: somebody is quicker, in the middle of the run.
    words = sandbox.here / "words"
    words.mkdir()
    (words / "set_up.j2").write_text(
        "{% if node == '" + node + "' and device == 'eth0' %}{{ ip }} link set nowhere up"
        "{% else %}{{ ip }} link set {{ device | named }} up{% endif %}"
    )
    argv = ("up", *lab(sandbox), "--style", "batch", "--templates", str(words), "--yes")
    done = sandbox.iplab(*argv, code=1)
    assert f"nsenter --net=/run/netns/{node} ip link set nowhere up" in done.err
    assert 'Cannot find device "nowhere"' in done.err
    assert "many.yaml.j2:" in done.err
    assert state.everywhere(sandbox) == before
    assert sandbox.run("ls", "/run/iplab").split() == ["lock"]


def test_a_terminal_shows_how_far_long_work_is_and_only_that(sandbox: Sandbox) -> None:
    words = (*lab(sandbox), "--style", "batch", "--yes")
    few = ("--set", "pairs=10")  # 90 commands, in a moment
    code, shown = at_terminal(sandbox, "up", *words, *few, answer="")
    assert (code, "changing" in shown) == (0, False), shown
    assert "90 commands in 21 processes run" in shown
    code, shown = at_terminal(sandbox, "up", *words, answer="")
    assert code == 0, shown
    assert f"  {9 * (PAIRS - 10)}/{9 * (PAIRS - 10)}" in shown[shown.index("changing") :]
    code, shown = at_terminal(sandbox, "down", "many", "--style", "batch", answer="")
    assert code == 0, shown
    assert f"  {2 * PAIRS}/{2 * PAIRS}" in shown[shown.index("changing") :]


# iplab, but when it comes to words for an operation, something happens.
FAULTY = """\
import os, signal, sys
from iplab.__main__ import main
from iplab.command import Command
from iplab.errors import IplabError
from iplab.operations import AddNamespace, SetUp
from iplab.render import Renderer

def word(self, operation, word=Renderer._word):
    begun = "many.journal" in os.listdir("/run/iplab")
    match operation:
        case {when}:
            {happens}
    return word(self, operation)

Renderer._word = word
sys.argv[0] = "iplab"
main()
"""


@pytest.mark.parametrize(
    ("when", "happens", "code", "said"),
    [
        # While the others are worded, the first process fails.
        (
            'AddNamespace(name="a5")',
            'return Command(("ip", "netns", "add", "a5/6"), "host")',
            1,
            'Invalid netns name "a5/6"',
        ),
        # While it runs, there are no words for others; somebody ends iplab.
        ("SetUp() if begun", 'raise IplabError("no words")', 1, "iplab: no words\n"),
        (
            "SetUp() if begun",
            "os.kill(os.getpid(), signal.SIGTERM)",
            130,
            "iplab: interrupted; all was put back\n",
        ),
    ],
    ids=["process", "words", "interrupt"],
)
def test_a_fault_while_the_first_process_runs_and_the_others_are_worded(
    sandbox: Sandbox, when: str, happens: str, code: int, said: str
) -> None:
    state.with_foreign_things(sandbox)
    before = state.everywhere(sandbox)
    script = FAULTY.replace("{when}", when).replace("{happens}", happens)
    argv = ("up", *lab(sandbox), "--style", "batch", "--yes")
    done = sandbox.try_(sys.executable, "-c", script, *argv).expect(code)
    assert said in done.err
    assert "Traceback" not in done.err
    assert state.everywhere(sandbox) == before
    assert sandbox.run("ls", "/run/iplab").split() == ["lock"]


def test_direct_and_batch_leave_the_same(sandbox: Sandbox) -> None:
    held = {}
    for style in ("direct", "batch"):
        up(sandbox, style=style)
        held[style] = state.settled(sandbox)
        sandbox.iplab("down", "many", "--style", style)
    assert held["direct"] == held["batch"]


def test_parts_of_a_long_batch_and_all_else_run_once_each(sandbox: Sandbox) -> None:
    words = (*lab(sandbox), "--set", "pairs=70", "--style", "batch")
    plan = sandbox.iplab("plan", *words, "--json", code=3).json
    wanted = [(c["argv"], c.get("stdin")) for c in plan["commands"]]
    assert [argv[0] for argv, _ in wanted].count("ip") == 4  # 70 + 70 namespaces, 35 + 35 pairs
    ran = [p.command for p in traced(sandbox, "up", *words, "--yes") if not p.looks]
    assert sorted(ran) == sorted(wanted)
    assert ran[:2] == wanted[:2]  # the second part needs namespaces of the first
    sandbox.iplab("check", *words[:-2])
    sandbox.iplab("down", "many", "--style", "batch")


def test_every_ping_in_parts_a_second_time(sandbox: Sandbox) -> None:
    """What the first time has left in the kernel's neighbour table is not in the way."""
    members = "\n".join(f"      n{n}:eth0: 10.0.0.{n + 2}/24" for n in range(38))
    sandbox.write("star.yaml", f"lab: star\nbridges:\n  - host:br0:\n    members:\n{members}\n")
    sandbox.iplab("up", "star.yaml", "--style", "batch", "--yes")
    for _ in range(2):
        out = sandbox.iplab("check", "star.yaml", "--ping").out
        assert "every node to every node: 1406 of 1406 answered" in out
        assert "asked in 3 parts" in out
