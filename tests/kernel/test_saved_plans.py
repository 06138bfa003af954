"""`plan -o` and `up PLAN`: run as saved, or not at all."""

import json

import pytest

from tests.kernel import state
from tests.kernel.labs import STYLES, Starter, starter
from tests.kernel.sandbox import Sandbox

pytestmark = pytest.mark.kernel


@pytest.fixture
def two(sandbox: Sandbox) -> Starter:
    """Two namespaces that are not up, and a plan for them in `saved.plan`."""
    it = starter(sandbox, "two-namespaces")
    it.iplab("plan", "-o", "saved.plan", code=3)
    return it


@pytest.mark.parametrize("style", STYLES)
def test_it_runs(sandbox: Sandbox, style: str) -> None:
    star = starter(sandbox, "star")
    star.iplab("plan", "-o", "saved.plan", style=style, code=3)
    # All that it needs is in it.
    (sandbox.here / star.file).rename(sandbox.here / "elsewhere")
    sandbox.iplab("up", "saved.plan", "--yes")
    (sandbox.here / "elsewhere").rename(sandbox.here / star.file)
    star.iplab("check")
    star.iplab("plan", code=0)
    star.iplab("down")


def test_it_prints_the_same_as_an_unsaved_one(two: Starter) -> None:
    again = two.iplab("plan", "--json", code=3).json
    saved = json.loads((two.sandbox.here / "saved.plan").read_text())
    assert {key: saved[key] for key in again} == again
    assert set(again) == {"lab", "style", "fingerprint", "commands"}
    for command in again["commands"]:
        assert set(command) >= {"argv", "text", "operation", "node", "why", "undo"}


def test_a_plan_that_has_run_is_refused(two: Starter) -> None:
    two.sandbox.iplab("up", "saved.plan", "--yes")
    said = two.sandbox.iplab("up", "saved.plan", "--yes", code=1).err
    assert "the machine is not as it was when the plan was saved" in said
    assert "ns0: was absent" in said


def test_a_changed_machine_is_refused_and_named(sandbox: Sandbox) -> None:
    host = starter(sandbox, "host-to-namespace")
    host.iplab("up", "--yes")
    text = (sandbox.here / host.file).read_text()
    sandbox.write(host.file, text.replace("172.18.0.3/24", "172.18.0.33/24"))
    host.iplab("plan", "-o", "saved.plan", code=3)
    sandbox.ip("link set veth3 mtu 1400")
    before = state.settled(sandbox)
    said = sandbox.iplab("up", "saved.plan", "--yes", code=1).err
    assert "host interfaces veth3 mtu: was 1500, is 1400" in said
    assert "plan again" in said
    assert state.everywhere(sandbox) == before
    # What the plan does not look at may change.
    sandbox.sh("ip link set veth3 mtu 1500; ip link add br9 type bridge; ip netns add elsewhere")
    sandbox.iplab("up", "saved.plan", "--yes")
    host.iplab("check")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("172.18.0.2/24", "172.18.0.9/24"),
        ('"style": "direct"', '"style": "steps"'),
        ('"adopt": false', '"adopt": true'),
        ('"hash": "', '"hash": "0'),
    ],
)
def test_a_changed_file_is_refused(two: Starter, old: str, new: str) -> None:
    file = two.sandbox.here / "saved.plan"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    said = two.sandbox.iplab("up", "saved.plan", "--yes", code=1).err
    assert "the saved plan was changed after it was made; nothing was run" in said
    assert two.sandbox.ip("netns") == ""


def test_templates_that_have_changed_are_refused(two: Starter) -> None:
    sandbox = two.sandbox
    words = sandbox.here / "words"
    words.mkdir()
    mine = words / "set_up.j2"
    mine.write_text("{{ ip }} link set dev {{ device }} up")
    two.iplab("plan", "-o", "saved.plan", "--templates", "words", code=3)
    mine.write_text("{{ ip }} link set {{ device }} down")
    said = sandbox.iplab("up", "saved.plan", "--yes", code=1).err
    assert "another way" in said
    assert sandbox.ip("netns") == ""
    mine.write_text("{{ ip }} link set dev {{ device }} up")
    sandbox.iplab("up", "saved.plan", "--yes")
    two.iplab("check")


def test_nobody_to_ask(two: Starter) -> None:
    for file in (two.file, "saved.plan"):
        assert "--yes" in two.sandbox.iplab("up", file, code=2).err
    assert two.sandbox.ip("netns") == ""


@pytest.mark.parametrize(
    "option",
    [["--style", "batch"], ["--templates", "."], ["--set", "n=1"], ["--adopt"]],
)
def test_what_a_plan_was_made_with_is_not_said_again(two: Starter, option: list[str]) -> None:
    said = two.sandbox.iplab("up", "saved.plan", "--yes", *option, code=2).err
    assert f"{option[0]} is part of a saved plan already" in said
    assert two.sandbox.ip("netns") == ""


def test_the_way_back_as_json(two: Starter) -> None:
    back = two.iplab("plan", "--undo", "--json", code=3).json["commands"]
    lines = two.iplab("plan", "--undo", code=3).out.splitlines()
    assert [c["text"] for c in back] == [line for line in lines if not line.startswith("#")]
    assert back[-1]["text"].startswith("ip netns del")
    two.sandbox.iplab("up", "saved.plan", "--yes")
    down = two.iplab("plan", "--undo", "--json").json["commands"]
    assert [c["text"] for c in down] == ["ip netns del ns0", "ip netns del ns1"]


def test_a_plan_on_stdout(sandbox: Sandbox) -> None:
    """As everywhere, `-` is no file; the commands are then on stderr."""
    sandbox.write("a b.yaml", "lab: a\nnodes: {n: {}}\n")
    done = sandbox.iplab("plan", "a b.yaml", "-o", "-", code=3)
    assert done.json["lab"] == "a"
    assert "ip netns add n" in done.err
    assert "`iplab up 'a b.yaml'` runs them" in done.err
    assert not (sandbox.here / "-").exists()
