"""What `plan` prints is what execve sees: same words, same order, and nothing else that changes.

strace writes down each execve, what each process reads from its standard input, and how it came
to be where it is: nsenter's words are carried out by iplab itself, which enters the namespace
(setns) and starts there what nsenter would.
"""

import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from tests.kernel.labs import STARTERS, STYLES, starter
from tests.kernel.sandbox import Sandbox

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(not shutil.which("strace"), reason="strace is not here to see execve"),
]

# What iplab may run beside the plan: it looks, and changes nothing.
IN = r"(nsenter --net=/run/netns/\S+ )?"
LOOKS = [
    rf"{IN}ip -j -d -batch -",
    rf"{IN}ip -j netns list-id",
    rf"{IN}tc -j qdisc show",
    rf"{IN}nft -j list table inet \S+",
]
QUESTIONS = {"addr show", "route show table all", "netns list-id"}


@dataclass
class Process:
    """One process: when it was first executed, as what, and what it read."""

    start: float
    argvs: list[list[str]] = field(default_factory=list)
    stdin: str = ""
    born_in: str = ""  # the namespace's file, where iplab had entered one

    @property
    def words(self) -> list[str]:
        """What it was started as, with nsenter's words where iplab did what nsenter does."""
        return [*(("nsenter", f"--net={self.born_in}") if self.born_in else ()), *self.argvs[0]]

    @property
    def command(self) -> tuple[list[str], str | None]:
        """As `plan --json` has it; what `ip netns exec` becomes must be as told."""
        first = self.words
        assert self.argvs[0][0] != "nsenter"
        if first[:3] == ["ip", "netns", "exec"]:
            assert self.argvs[1:] == [first[4:]]
        else:
            assert len(self.argvs) == 1
        return first, self.stdin or None

    @property
    def looks(self) -> bool:
        """Whether it only looks."""
        line = " ".join(self.words)
        if not any(re.fullmatch(pattern, line) for pattern in LOOKS):
            return False
        return set(self.stdin.splitlines()) <= QUESTIONS


def traced(sandbox: Sandbox, *argv: str) -> list[Process]:
    """The processes of `iplab ARGV`, in order, without iplab itself."""
    traces = sandbox.here / "traces"
    shutil.rmtree(traces, ignore_errors=True)
    traces.mkdir()
    calls = "execve,read,openat,setns,vfork,fork,clone,clone3"
    how = f"--seccomp-bpf -ff -ttt -xx -s 1000000 -e trace={calls} -o traces/t"
    sandbox.run("strace", *how.split(), sys.executable, "-m", "iplab", *argv)
    found = {file: p for file in traces.iterdir() if (p := process(file))}
    mine, *others = sorted(found, key=lambda file: found[file].start)
    assert found[mine].argvs[0][1:3] == ["-m", "iplab"]
    threads = [file for file in traces.iterdir() if file not in found]
    for thread in (mine, *threads):
        for pid, namespace in births(thread):
            found[mine.with_suffix(f".{pid}")].born_in = namespace
    return [found[file] for file in others]


def births(trace: Path) -> Iterator[tuple[str, str]]:
    """Each process that a thread started out of a namespace which it had entered for that."""
    opened: dict[str, str] = {}
    where = ""
    for line in trace.read_text().splitlines():
        if found := re.search(r'openat\(AT_FDCWD, ("[^"]*"), .*= (\d+)$', line):
            opened[found[2]] = decoded(found[1])
        elif found := re.search(r"setns\((\d+), CLONE_NEWNET\) += 0$", line):
            file = opened[found[1]]
            where = "" if file == "/proc/thread-self/ns/net" else file
        elif where and (found := re.search(r"(?:v?fork|clone3?)\(.*= (\d+)$", line)):
            yield found[1], where
    assert not where, "iplab stayed in a namespace"


def process(trace: Path) -> Process | None:
    """A process from what strace wrote of it; ``None`` for one that executed nothing (a thread)."""
    found: Process | None = None
    for line in trace.read_text().splitlines():
        when, _, call = line.partition(" ")
        if re.search(r"= 0$", call) and (exec_ := re.match(r"execve\(\S+, \[(.*)\], 0x", call)):
            found = found or Process(float(when))
            found.argvs.append([decoded(word) for word in re.findall(r'"[^"]*"', exec_[1])])
        elif found and (read := re.match(r'read\(0, ("[^"]*"), \d+\)', call)):
            found.stdin += decoded(read[1])
    return found


def decoded(hexed: str) -> str:
    """`"\\x69\\x70"` → ip."""
    return bytes.fromhex(hexed.strip('"').replace("\\x", "")).decode()


def planned(commands: list[dict[str, Any]]) -> Iterator[tuple[list[str], str | None]]:
    for command in commands:
        yield command["argv"], command.get("stdin")


def assert_ran(processes: list[Process], commands: list[dict[str, Any]]) -> None:
    """Exactly the planned commands ran, in one run with nothing between, and beside them looks."""
    assert [p.command for p in processes if not p.looks] == list(planned(commands))
    assert [looks for looks, _ in groupby(p.looks for p in processes)] == [True, False, True]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("name", STARTERS)
def test_up_runs_what_plan_printed(sandbox: Sandbox, name: str, style: str) -> None:
    it = starter(sandbox, name)
    plan = it.iplab("plan", "--json", style=style, code=3).json
    argv = ("up", it.file, *it.settings, "--style", style, "--yes")
    assert_ran(traced(sandbox, *argv), plan["commands"])
    if style == "direct":  # a second time there is nothing to run
        assert all(p.looks for p in traced(sandbox, *argv))


@pytest.mark.parametrize("style", STYLES)
def test_up_of_an_edited_lab_and_of_a_saved_plan(sandbox: Sandbox, style: str) -> None:
    it = starter(sandbox, "bridge")
    it.iplab("up", "--yes")
    edited = it.edited()
    plan = edited.iplab("plan", "--json", "-o", "saved.plan", style=style, code=3).json
    assert_ran(traced(sandbox, "up", "saved.plan", "--yes"), plan["commands"])


@pytest.mark.parametrize("style", STYLES)
def test_down_runs_what_it_says(sandbox: Sandbox, style: str) -> None:
    it = starter(sandbox, "host-to-namespace")
    it.iplab("up", "--yes")
    undo = it.iplab("plan", "--undo", style=style).out
    shown = "".join(f"{line}\n" for line in undo.splitlines() if not line.startswith("#"))
    ran = [p for p in traced(sandbox, "down", it.file, "--style", style) if not p.looks]
    texts = []
    for argv, stdin in (p.command for p in ran):
        texts.append(" ".join(argv) + (f" <<'EOF'\n{stdin}EOF" if stdin else ""))
    assert "".join(f"{text}\n" for text in texts) == shown
