"""The edge to the machine: what is started, and how a failure reads."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_subprocess import FakeProcess

from iplab.command import Command
from iplab.errors import CommandFailed, MissingProgram
from iplab.run import machine
from iplab.run.machine import Machine, find_program, inside, program


@pytest.fixture(autouse=True)
def programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here needs the real `ip`."""
    program.cache_clear()
    monkeypatch.setattr(machine, "find_program", lambda name: f"/sbin/{name}")


def command(text: str, *lines: str) -> Command:
    return Command(tuple(text.split()), "host", tuple(tuple(line.split()) for line in lines))


def test_argv_is_the_planned_one(fp: FakeProcess) -> None:
    fp.register(["ip", "link", "set", "e0", "up"], stdout="fine\n")
    done = Machine().run(command("ip link set e0 up"))
    assert (done.code, done.out) == (0, "fine\n")
    assert list(fp.calls) == [("ip", "link", "set", "e0", "up")]


def test_a_failure_prints_what_one_can_paste(fp: FakeProcess) -> None:
    fp.register(["ip", "link", "set", "it's", "up"], returncode=1, stderr="Cannot find device\n")
    with pytest.raises(CommandFailed) as caught:
        Machine().run(Command(("ip", "link", "set", "it's", "up"), "host"))
    assert caught.value.code == 1
    assert caught.value.command == "ip link set 'it'\"'\"'s' up"
    assert "it said: Cannot find device" in str(caught.value)
    assert "$ ip link set 'it'\"'\"'s' up" in str(caught.value)


def test_a_batch_is_shown_with_its_lines(fp: FakeProcess) -> None:
    fp.register(["ip", "-batch", "-"], returncode=1, stderr="Command failed -:2\n")
    with pytest.raises(CommandFailed) as caught:
        Machine().run(command("ip -batch -", "link set e0 up", "link set e1 up"))
    assert "ip -batch - <<'EOF'\nlink set e0 up\nlink set e1 up\nEOF" in caught.value.command


def test_other_exit_codes_may_be_fine(fp: FakeProcess) -> None:
    fp.register(["grep", "x"], returncode=1)
    assert Machine().run(command("grep x"), ok=(0, 1)).code == 1


def test_what_does_not_answer_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "find_program", find_program)
    program.cache_clear()
    with pytest.raises(CommandFailed) as caught:
        Machine(timeout=0.1).run(command("sleep 30"))
    assert caught.value.code is None
    assert "no answer within 0.1 s" in str(caught.value)
    assert "$ sleep 30" in str(caught.value)


def test_many_answers_come_in_the_order_of_the_questions(fp: FakeProcess) -> None:
    for name in "abc":
        fp.register(["ip", "-n", name, "link"], stdout=name)
    asked = [Command(("ip", "-n", name, "link"), name) for name in "abc"]
    assert [done.out for done in Machine().many(asked)] == ["a", "b", "c"]
    fp.register(["ip", "-n", "a", "link"], stdout="alone")
    assert [done.out for done in Machine().many(asked[:1])] == ["alone"]


def test_the_environment_is_one_that_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "find_program", find_program)
    program.cache_clear()
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    monkeypatch.setenv("COLORFGBG", "15;0")
    out = Machine().run(command("env")).out
    assert "LC_ALL=C\n" in out
    assert "COLORFGBG" not in out


def test_a_missing_program_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "find_program", lambda name: None)
    with pytest.raises(MissingProgram, match="nft is not on this machine") as caught:
        Machine().run(command("nft list ruleset"))
    assert "apt-get install nftables" in caught.value.hint


def test_programs_are_taken_from_trusted_directories_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = tmp_path / "true"
    mine.write_text("#!/bin/sh\n")
    mine.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    found = find_program("true")
    assert found
    assert os.path.dirname(found) in machine.TRUSTED
    assert find_program("no-such-program") is None


def test_inside_a_node() -> None:
    assert inside("ns0", ("ping", "x")).argv == ("ip", "netns", "exec", "ns0", "ping", "x")
    assert inside("host", ("ping", "x")).argv == ("ping", "x")


def test_other_programs_go_through_sh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "find_program", find_program)
    program.cache_clear()
    done = Machine().other(("sh", "-c", "cat; echo err >&2; exit 3"), stdin="in")
    assert (done.code, done.out, done.err) == (3, "in", "err\n")
    # Words are words: nothing becomes an option, nothing is split.
    assert Machine().other(("printf", "%s|", "a b", "--x", "$HOME")).out == "a b|--x|$HOME|"


def test_a_signal_to_the_terminal_does_not_reach_a_command() -> None:
    """Ctrl-C goes to the foreground group; a command has a group of its own."""
    code = (
        "from iplab.run.machine import Machine\n"
        "from iplab.command import Command\n"
        "import os\n"
        "print(Machine().run(Command(('sh', '-c', 'ps -o pgid= -p $$'), 'host')).out.strip())\n"
        "print(os.getpgid(0))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    of_command, of_iplab = done.stdout.split()
    assert of_command != of_iplab
