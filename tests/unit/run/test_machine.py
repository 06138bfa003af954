"""The edge to the machine: what is started, and how a failure reads."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from pytest_subprocess import FakeProcess

from iplab.command import Command
from iplab.errors import CommandFailed, MissingProgram
from iplab.run import interrupts, machine
from iplab.run.machine import Machine, find_program, program
from iplab.run.netns import inside
from iplab.run.running import Finished

TraceFunction = Callable[[FrameType, str, Any], Any]


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


@pytest.fixture
def real(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs as they are on this machine."""
    monkeypatch.setattr(machine, "find_program", find_program)
    program.cache_clear()


def shell(script: str, *lines: str) -> Command:
    return Command(("sh", "-c", script), "host", tuple((line,) for line in lines))


@pytest.mark.usefixtures("real")
def test_many_answers_come_in_the_order_of_the_questions() -> None:
    slow = [shell(f"sleep 0.{3 - n}; cat; echo {n}", f"line{n}") for n in range(3)]
    assert [done.out for done in Machine().many(slow)] == [f"line{n}\n{n}\n" for n in range(3)]
    assert Machine().many([]) == []
    with pytest.raises(CommandFailed, match="it said: no") as caught:
        Machine().many([shell("true"), shell("echo no >&2; exit 3"), shell("true")])
    assert caught.value.code == 3


@pytest.mark.usefixtures("real")
def test_side_by_side_never_more_than_asked_for_and_each_when_it_ends(tmp_path: Path) -> None:
    here = tmp_path / "running"
    here.mkdir()
    count = f"touch {here}/$$; ls {here} | wc -l; sleep 0.05; rm {here}/$$"
    outcomes = list(Machine().side_by_side([shell(count)] * 12, at_once=3))
    assert sorted(number for number, _ in outcomes) == list(range(12))
    seen = [int(done.out) for _, done in outcomes if isinstance(done, Finished)]
    assert len(seen) == 12
    assert 1 < max(seen) <= 3
    order = [shell("sleep 0.4"), shell("true")]
    assert [number for number, _ in Machine().side_by_side(order, at_once=2)] == [1, 0]


@pytest.mark.usefixtures("real")
def test_side_by_side_one_may_have_to_wait_for_another() -> None:
    ended: list[int] = []

    def commands() -> Iterator[Command | None]:
        yield shell("sleep 0.2")
        yield shell("sleep 0.1")
        while 0 not in ended:
            yield None
        yield shell("true")

    for number, _ in Machine().side_by_side(commands()):
        ended.append(number)
    assert ended == [1, 0, 2]


@pytest.mark.usefixtures("real")
def test_side_by_side_one_that_does_not_answer_holds_up_nobody() -> None:
    machine_ = Machine(timeout=0.3)
    started = time.monotonic()
    outcomes = dict(machine_.side_by_side([shell("sleep 60"), shell("echo well")]))
    assert time.monotonic() - started < 20
    late, well = outcomes[0], outcomes[1]
    assert isinstance(late, CommandFailed)
    assert late.code is None
    assert isinstance(well, Finished)
    assert well.out == "well\n"


@pytest.mark.usefixtures("real")
def test_side_by_side_whoever_stops_waits_for_what_runs_and_starts_no_more(tmp_path: Path) -> None:
    commands = [
        shell(f"sleep 0.2; touch {tmp_path}/a"),
        shell("true"),
        *[shell(f"touch {tmp_path}/never")] * 5,
    ]
    ending = Machine().side_by_side(commands, at_once=2)
    assert next(ending)[0] == 1
    ending.close()
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@pytest.mark.usefixtures("real")
def test_side_by_side_what_cannot_be_started_is_told_and_the_rest_goes_on() -> None:
    outcomes = dict(Machine().side_by_side([Command(("printf", "a\0b"), "host"), shell("true")]))
    assert isinstance(outcomes[0], CommandFailed)
    assert outcomes[1] == Finished(0, "", "")


@pytest.mark.usefixtures("real")
def test_side_by_side_without_room_for_more_files_nothing_is_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(pid: int) -> int:
        raise OSError(errno.EMFILE, "Too many open files")

    before = set(os.listdir("/proc/self/fd"))
    monkeypatch.setattr(os, "pidfd_open", refuse)
    with pytest.raises(OSError, match="Too many open files"):
        list(Machine().side_by_side([shell(f"sleep 0.1; touch {tmp_path}/a")]))
    assert (tmp_path / "a").exists()  # it was waited for
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
    assert set(os.listdir("/proc/self/fd")) == before


@pytest.mark.usefixtures("real")
def test_side_by_side_without_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    before = set(os.listdir("/proc/self/fd"))
    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(OSError, match="can't start new thread"):
        list(Machine().side_by_side([shell("true")]))
    assert set(os.listdir("/proc/self/fd")) == before


@pytest.mark.usefixtures("real")
def test_side_by_side_a_signal_waits_for_what_runs(tmp_path: Path) -> None:
    def commands() -> Iterator[Command]:
        yield shell(f"sleep 0.3; touch {tmp_path}/done")
        yield shell(f"kill -TERM {os.getpid()}; sleep 0.2")

    with interrupts.listening(), pytest.raises(KeyboardInterrupt):
        list(Machine().side_by_side(commands(), at_once=2))
    assert (tmp_path / "done").exists()


@pytest.mark.usefixtures("real")
def test_a_signal_at_whichever_line_leaves_nothing_running(tmp_path: Path) -> None:
    """What has been started has ended when the interrupt is told of, so that it can be undone."""

    def interrupted(at: int) -> bool:
        """Whether line ``at`` of what runs in iplab.run.machine met a signal."""
        count = 0

        def trace(frame: FrameType, event: str, arg: object) -> TraceFunction | None:
            nonlocal count
            if frame.f_code.co_filename != machine.__file__:
                return None
            if event == "line":
                count += 1
                if count == at:
                    signal.raise_signal(signal.SIGINT)
            return trace

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            with interrupts.listening():
                Machine().run(shell(f"sleep 0.02; touch {tmp_path}/{at}"))
        except KeyboardInterrupt:
            return True
        finally:
            sys.settrace(before)
        return False

    ignored = signal.signal(signal.SIGINT, signal.SIG_DFL)  # whoever runs the tests may ignore it
    at = 1
    try:
        while interrupted(at):
            with pytest.raises(ChildProcessError):
                os.waitpid(-1, os.WNOHANG)
            at += 1
    finally:
        signal.signal(signal.SIGINT, ignored)
    assert at > 10
    assert {"1", str(at)} & set(os.listdir(tmp_path)) == {str(at)}


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
