"""`iplab translate 'LINE'`: what it prints, as text and as JSON, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from iplab.cli.translate import command
from iplab.errors import IplabError
from iplab.legacy.examples import STATE

FIELDS = {"line", "legacy", "commands", "exact", "used_state", "notes", "reason"}


def run(*words: str) -> Result:
    return CliRunner().invoke(command, list(words))


def test_a_line_is_shown_as_something_to_paste() -> None:
    done = run("route add -net 10.0.0.0/8 dev eth0")
    assert done.exit_code == 0
    assert (
        done.output
        == "# route add -net 10.0.0.0/8 dev eth0\nip route prepend 10.0.0.0/8 dev eth0\n"
    )


def test_several_words_are_a_line_too() -> None:
    assert "ip link set eth0 up" in run("--", "ifconfig", "eth0", "up").output


def test_json_has_what_the_contract_says() -> None:
    done = run("--json", "ifconfig eth0 up")
    (line,) = json.loads(done.stdout)["lines"]
    assert set(line) == FIELDS
    assert line["commands"] == [["ip", "link", "set", "eth0", "up"]]
    assert line["exact"] is True
    assert line["reason"] is None


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("ifconfig eth0 10.0.0.5", "# not exact: assumes"),
        ("netstat -M", "# no equivalent: "),
        ("ifconfig eth0 netmask 255.0.0.0", "# no equivalent: "),
        ("ifconfig eth0 netmask", "# the old tool fails: netmask wants a value"),
        ("ifconfig -z", "# the old tool fails: ifconfig has no option -z"),
    ],
)
def test_what_is_not_exact_ends_with_3(line: str, said: str) -> None:
    done = run(line)
    assert done.exit_code == 3
    assert said in done.output


def test_a_saved_state_decides(tmp_path: Path) -> None:
    saved = tmp_path / "state.json"
    saved.write_text(STATE)
    done = run("--state", str(saved), "ifconfig eth0 192.168.1.5")
    assert done.exit_code == 0
    assert "ip addr del 192.168.1.4/24 dev eth0\n" in done.output
    assert "# takes away 192.168.1.4/24, which is there now" in done.output


def test_the_plain_list_of_ip_addr_is_a_state_too(tmp_path: Path) -> None:
    saved = tmp_path / "state.json"
    saved.write_text(json.dumps(json.loads(STATE)["addr"]))
    done = run("--json", "--state", str(saved), "ifconfig eth0:1 down")
    (line,) = json.loads(done.stdout)["lines"]
    assert line["used_state"] is True
    assert line["commands"] == [["ip", "addr", "del", "10.0.0.1/8", "dev", "eth0"]]


@pytest.mark.parametrize("text", ["", "[", "5", '{"addr": 5}', '[{"x": 1}]', "[[]]", "\x00"])
def test_a_bad_state_is_a_message(tmp_path: Path, text: str) -> None:
    saved = tmp_path / "state.json"
    saved.write_text(text)
    done = run("--state", str(saved), "ifconfig eth0 up")
    assert isinstance(done.exception, IplabError), done


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("",),
        ("ifconfig 'eth0",),
        ("ls -l",),
        ("--live", "--netns", "x", "ifconfig eth0 up"),
        ("--run", "--state", "x", "ifconfig eth0 up"),
        ("--list", "ifconfig eth0 up"),
        ("ifconfig eth0 up", "ifconfig eth1 up"),
    ],
)
def test_wrong_use_is_exit_code_2(words: tuple[str, ...]) -> None:
    done = run(*words)
    assert isinstance(done.exception, IplabError), done
    assert done.exception.exit_code == 2


def test_the_table_is_printed_in_two_forms() -> None:
    assert run("--list").output.startswith("Show interfaces")
    assert run("--list", "-f", "markdown").output.startswith("# From net-tools to iproute2")


def test_what_only_changes_nothing_is_done() -> None:
    assert run("ifconfig eth0 -broadcast").exit_code == 0


def test_a_line_of_a_megabyte_is_cut_in_the_report(tmp_path: Path) -> None:
    script = tmp_path / "long.sh"
    script.write_text(f"ifconfig eth0 {'a' * 1_000_000}\n")
    done = run(str(script))
    assert done.exit_code == 3
    assert done.stdout == script.read_text()
    assert len(done.stderr) < 4000
