"""import: script → lab → script, lab → text → lab, and what a script's lines come to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from iplab import lab as labs
from iplab.cli.import_ import command
from iplab.follow import replay
from iplab.lab.write import write
from iplab.network import Namespace
from iplab.operations import Operation
from iplab.render import Renderer
from iplab.render.script import script
from tests.unit.iproute2.made import EVERY

CASES = Path(__file__).resolve().parents[1] / "cases"
STARTERS = [name for name, _, _ in labs.starters()]
LABS = sorted((CASES / "labs").glob("*.yaml"))
SCRIPTS = sorted((CASES / "import").glob("*.sh"))


def of(lab: labs.Lab) -> Mapping[str, Namespace]:
    return lab.network.namespaces


def all_labs() -> list[labs.Lab]:
    starters = [labs.loads(text, file) for file, text in map(labs.starter_text, STARTERS)]
    return starters + [labs.load(path) for path in LABS]


@pytest.mark.parametrize("lab", all_labs(), ids=lambda lab: lab.name)
def test_a_network_written_down_reads_back_the_same(lab: labs.Lab) -> None:
    made = write(lab.name, lab.network)
    assert made.left_out == []
    assert of(labs.loads(made.text, "again.yaml")) == of(lab)


@pytest.mark.parametrize("style", ["direct", "steps"])
@pytest.mark.parametrize("lab", all_labs(), ids=lambda lab: lab.name)
def test_a_labs_script_imported_again_is_the_same_lab(lab: labs.Lab, style: str) -> None:
    written = script(lab, Renderer(style))
    found = replay(written)
    assert found.notes == []
    assert found.network.namespaces == of(lab)
    again = labs.loads(write(lab.name, found.network).text, "again.yaml")
    assert of(again) == of(lab)
    # And its script brings the machine up by the same commands (their order is the file's).
    second = replay(script(again, Renderer(style)))
    assert sorted(s.reading.argv for s in second.steps) == sorted(
        s.reading.argv for s in found.steps
    )


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_script(path: Path) -> None:
    """Beside each NAME.sh stands NAME.yaml, what `import` prints; its notes are comments there."""
    done = CliRunner().invoke(command, [str(path)])
    expected = path.with_suffix(".yaml").read_text()
    notes = [line[3:] for line in expected.splitlines() if line.startswith("#! ")]
    body = "".join(line + "\n" for line in expected.splitlines() if not line.startswith("#! "))
    assert done.stdout == body
    assert done.stderr.replace(f"{path}:", "").splitlines() == notes
    assert done.exit_code == (3 if notes else 0)


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ([], 2, "import what?"),
        (["x.sh", "--live"], 2, "import what?"),
        (["x.sh", "--only", "a"], 2, "--only is for --live"),
    ],
)
def test_wrong_use(words: list[str], code: int, says: str) -> None:
    done = CliRunner().invoke(command, words)
    assert getattr(done.exception, "exit_code", done.exit_code) == code
    assert says in str(done.exception)


def test_arguments_of_the_script() -> None:
    text = 'for n in "$@"; do ip netns add "$n"; done\n[ $# -gt 2 ] && ip netns add many\n'
    assert [*replay(text, ["a", "b"]).network.namespaces] == ["a", "b"]
    assert "many" in replay(text, ["a", "b", "c"]).network.namespaces


def test_the_steps_of_a_script_that_is_taught() -> None:
    """What a walk through it shows: a network after each of its nine commands."""
    steps = replay((CASES / "import" / "taught.sh").read_text()).steps
    assert [step.line for step in steps] == [3, 4, 5, 6, 7, 8, 9, 10, 11]
    assert [type(step.reading.operations[0]).__name__ for step in steps[:4]] == [
        *("AddNamespace", "AddNamespace", "AddVeth", "MoveLink")
    ]
    third, fourth = (
        {str(end) for end, _ in step.after.ends() if end.device != "lo"} for step in steps[2:4]
    )
    assert third == {"host:veth0", "host:veth1"}
    assert fourth == {"ns0:veth0", "host:veth1"}


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(*EVERY.values()), max_size=12))
def test_any_commands_in_any_order_are_followed_to_the_end(operations: list[Operation]) -> None:
    """What the kernel would refuse is a note, and what is left can be written down."""
    renderer = Renderer("direct")
    lines = ["ip netns add a", "ip link add v type veth peer name w netns a"]
    lines += [renderer.command(operation).text for operation in operations]
    found = replay("\n".join(lines))
    told = {step.line for step in found.steps} | {note.line for note in found.notes}
    assert told == {*range(1, len(lines) + 1)}
    write("any", found.network)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("ip -n a link set v alias hi", "no words for it"),
        ("ip -n a link set v group 7", "no words for it"),
        ("ip -n a link set v txqueuelen 5", "no words for it"),
        ("ip -n a addr add 10.0.0.1/24 dev v valid_lft 100 preferred_lft 50", "its lifetime"),
        ("ip -n a addr add 10.0.0.1/24 dev v preferred_lft 50", "its lifetime"),
        ("ip -n a addr add 10.0.0.1/24 dev v metric 5", "the metric 5"),
        ("ip -n a addr add 10.0.0.1/24 dev v noprefixroute", "noprefixroute"),
    ],
)
def test_words_that_a_lab_file_cannot_say_are_told(line: str, says: str) -> None:
    made = "ip netns add a\nip -n a link add v type veth peer name w\n"
    quiet = CliRunner().invoke(command, ["-"], input=made)
    done = CliRunner().invoke(command, ["-"], input=f"{made}{line}\n")
    assert (quiet.exit_code, done.exit_code) == (0, 3)
    assert says in done.stderr
