"""Measure iplab beside other ways to the same network.  scripts/bench --help

Everything is built in a mount namespace of its own with an empty /run, so that whatever happens
the machine's namespaces are not in the way and nothing is left.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from tests.bench import report
from tests.bench.networks import NETWORKS, Net, inside, lab, taught

HERE = Path(__file__).resolve().parent
SIZES = (10, 100, 400, 1000, 4096)
# The other tools stop where one run would take minutes.
MOST = {"commands": 100, "pyroute2": 1000, "mininet": 400, "ping": 100}
FORMS = (100, 1000)  # sizes of the networks that only show that the form matters little
LARGE = 1000  # nodes: beyond it one round, of pairs alone
OTHERS = ("pairs", "star")  # the networks that pyroute2 and Mininet build here
PATIENCE = 10.0  # seconds; on a machine where others delete namespaces as well it never ends
# One neighbour table for all namespaces of a machine; Mininet raises it as well (util.fixLimits).
NEIGHBOURS = Path("/proc/sys/net/ipv4/neigh/default/gc_thresh3")

# What passes through the host gets a host of its own.
APART = ("unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh")

Seconds = dict[str, float]


class Trouble(Exception):
    """A tool did not do what was to be measured."""


class Trial:
    """One network in one size, built and taken away by one tool after the other."""

    def __init__(self, name: str, size: int, scratch: Path) -> None:
        self.name, self.size, self.scratch = name, size, scratch
        self.net: Net = NETWORKS[name](size)
        self.file = scratch / "lab.yaml"
        self.file.write_text(lab(self.net))
        self.other = scratch / "other.yaml"
        self.other.write_text(lab(self.net, other=True))
        self.peak = 0  # MB, of the largest process that was timed
        self._write_scripts()

    def _write_scripts(self) -> None:
        (self.scratch / "names").write_text("".join(f"{node}\n" for node in self.net.nodes))
        (self.scratch / "add").write_text("".join(f"netns add {n}\n" for n in self.net.nodes))
        (self.scratch / "del").write_text("".join(f"netns del {n}\n" for n in self.net.nodes))
        (self.scratch / "wires").write_text(
            "".join(
                f"link add {a[1]} netns {a[0]} type veth peer name {b[1]} netns {b[0]}\n"
                for a, b in self.net.wires
            )
        )
        for node, lines in inside(self.net).items():
            (self.scratch / f"in-{node}").write_text("".join(f"{line}\n" for line in lines))
        (self.scratch / "routers").write_text("".join(f"{n}\n" for n in self.net.routers))
        (self.scratch / "ask").write_text("addr show\nroute show table all\n")
        (self.scratch / "taught").write_text("set -e\n" + "\n".join(taught(self.net)) + "\n")

    # ------------------------------------------------------------ the tools

    def iplab(self, ping: bool) -> Seconds:
        """plan, up, up again, check, one change, down; and every ping."""
        up = ("up", "--style", "batch", "--yes")
        found = {
            "plan": self._iplab("plan", self.file, "--style", "batch", code=3),
            "up": self._iplab(*up, self.file),
            "again": self._iplab(*up, self.file),
            "check": self._iplab("check", self.file),
        }
        if ping:
            found["ping"] = self._iplab("check", "--ping-sample", "0", self.file)
        if self.name in OTHERS:  # in the others that address is somebody's gateway
            found["change"] = self._iplab(*up, self.other)
        found["down"] = self._iplab("down", self.name, "--style", "batch")
        return found

    def _iplab(self, *words: str | Path, code: int = 0) -> float:
        return self._timed([Path(sys.executable).with_name("iplab"), *words], code)

    def batch(self, ping: bool) -> Seconds:
        """The best script by hand: three kinds of batch, as few processes as there can be."""
        os.chdir(self.scratch)
        enter = "nsenter --net=/run/netns/{}"
        each = f"xargs -P{4 * (os.cpu_count() or 1)} -I{{}}"
        up = (
            "ip -batch add && ip -batch wires && "
            f"{each} {enter} sysctl -qw net.ipv4.ip_forward=1 <routers && "
            f"{each} {enter} ip -batch in-{{}} <names"
        )
        found = {"up": self._timed(["sh", "-c", up])}
        # What `up` of iplab reads when nothing is to be done: once by one `ip` after the other,
        # as one would by hand, and once at its best.
        by_hand = "while read -r n; do ip -n $n -j -d -batch ask; done <names >read"
        if self.size <= LARGE:
            found["read"] = self._timed(["sh", "-c", by_hand])
        found["read at its best"] = self._timed(
            ["sh", "-c", f"{each} {enter} ip -j -d -batch ask <names >read"]
        )
        found["down"] = self._timed(["ip", "-batch", "del"])
        return found

    def batch_n(self, ping: bool) -> Seconds:
        """The same by `ip -n NODE -batch`, two at a time."""
        os.chdir(self.scratch)
        up = (
            "ip -batch add && ip -batch wires && "
            "xargs -P2 -I{} ip netns exec {} sysctl -qw net.ipv4.ip_forward=1 <routers && "
            "xargs -P2 -I{} ip -n {} -batch in-{} <names"
        )
        return {
            "up": self._timed(["sh", "-c", up]),
            "down": self._timed(["ip", "-batch", "del"]),
        }

    def commands(self, ping: bool) -> Seconds:
        """A plain shell script of the commands people are taught, on a host of its own."""
        os.chdir(self.scratch)
        return {
            "up": self._timed([*APART, "sh", "taught"]),
            "down": self._timed(["sh", "-c", "while read -r n; do ip netns del $n; done <names"]),
        }

    def pyroute2(self, ping: bool) -> Seconds:
        """Netlink from Python."""
        return self._builder(sys.executable, "pyroute2")

    def mininet(self, ping: bool) -> Seconds:
        """Debian's package, with the system's Python."""
        found = self._builder("/usr/bin/python3", "mininet")
        if not ping:
            found.pop("ping", None)
        return found

    def _builder(self, python: str, tool: str) -> Seconds:
        words = [*APART, python, str(HERE / "builders.py"), tool, self.name, str(self.size)]
        done = subprocess.run(
            words, capture_output=True, text=True, check=False, cwd=HERE.parents[1]
        )
        if done.returncode:
            raise Trouble(f"{' '.join(words)}\n{done.stderr}")
        said: Seconds = json.loads(done.stdout.splitlines()[-1])
        if said.pop("lost", 0.0):
            print("  (some of Mininet's pings were lost)", file=sys.stderr)
        settle()
        return said

    def _timed(self, argv: Sequence[str | Path], code: int = 0) -> float:
        with (self.scratch / "said").open("w+") as said:
            started = time.monotonic()
            process = subprocess.Popen(argv, stdout=said, stderr=said)
            _, status, usage = os.wait4(process.pid, 0)
            took = time.monotonic() - started
            process.returncode = os.waitstatus_to_exitcode(status)
            said.seek(0)
            if process.returncode != code:
                raise Trouble(f"{argv} ended with {process.returncode}:\n{said.read()[-3000:]}")
        self.peak = max(self.peak, usage.ru_maxrss // 1024)
        settle()
        return took


def settle() -> None:
    """Wait until the kernel has taken its deleted namespaces apart: none of it is to be measured.

    A worker's name says what it is at: `kworker/u4:1+netns`, and `-netns` once it has done that
    (wq_worker_comm in the kernel's workqueue.c).
    """
    quiet, until = 0, time.monotonic() + PATIENCE
    while quiet < 3 and time.monotonic() < until:
        busy = False
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    busy = busy or "+netns" in (entry / "comm").read_text()
                except OSError:
                    continue
        quiet = 0 if busy else quiet + 1
        time.sleep(0.05)


def tools(network: str, size: int) -> Iterator[str]:
    """The tools that build this network in this size here."""
    yield "iplab"
    yield "batch"
    if size <= LARGE:
        yield "batch_n"
    if size <= MOST["commands"]:
        yield "commands"
    if network in OTHERS and size <= MOST["pyroute2"] and _has("pyroute2"):
        yield "pyroute2"
    if network in OTHERS and size <= MOST["mininet"] and shutil.which("mn"):
        yield "mininet"


def _has(module: str) -> bool:
    import importlib.util

    return importlib.util.find_spec(module) is not None


@contextmanager
def neighbours(most: int) -> Iterator[None]:
    """The machine's neighbour tables with room for every ping; as they were at the end."""
    files = [NEIGHBOURS.with_name(f"gc_thresh{n}") for n in (3, 2, 1)]
    before = [file.read_text() for file in files] if NEIGHBOURS.exists() else []
    try:
        for file in files if before else ():
            file.write_text(f"{most}\n")
        yield
    finally:
        for file, text in zip(files, before, strict=False):
            file.write_text(text)


def measure(
    network: str, size: int, rounds: int, tell: Callable[[str], object]
) -> tuple[list[report.Row], int]:
    """One network in one size by every tool, in turn, ``rounds`` times; iplab's peak in MB."""
    found: dict[str, list[Seconds]] = {}
    peak = 0
    times = rounds if size <= LARGE and network == "pairs" else 1
    for number in range(times):
        for tool in tools(network, size):
            ping = network == "star" and size <= MOST["ping"]
            with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
                trial = Trial(network, size, Path(scratch))
                found.setdefault(tool, []).append(getattr(trial, tool)(ping))
                os.chdir("/")
                peak = max(peak, trial.peak if tool == "iplab" else 0)
            tell(f"{network} {size}: round {number + 1} of {times}, {tool}")
    rows = []
    for tool, runs in found.items():
        for work in runs[0]:
            took = tuple(run[work] for run in runs)
            rows.append(report.Row(network, size, tool, work, median(took), took))
    return rows, peak


def main() -> None:
    """Measure, and print or write the report."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, metavar="N")
    parser.add_argument("--networks", nargs="+", default=[*NETWORKS], choices=[*NETWORKS])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures there")
    parser.add_argument("--readme", action="store_true", help="write table and chart to README.md")
    options = parser.parse_args()
    # Pairs in every size; the others show that the form makes no difference.
    wanted = [(n, s) for n in options.networks for s in options.sizes if n == "pairs" or s in FORMS]
    started = time.monotonic()
    rows: list[report.Row] = []
    peak = 0
    troubles = []
    with neighbours(1 << 17):
        for network, size in wanted:
            try:
                more, most = measure(
                    network, size, options.rounds, lambda line: print(line, file=sys.stderr)
                )
            except Trouble as error:  # what was measured until now is not lost
                troubles.append(f"{network} {size}: {error}")
                continue
            rows += more
            peak = max(peak, most)
    text = report.text(rows, options.rounds, peak)
    print(text)
    print(f"\n{time.monotonic() - started:.0f} s in all", file=sys.stderr)
    if options.json:
        options.json.write_text(report.as_json(rows, peak))
    if troubles:
        raise SystemExit("\n".join(["not measured:", *troubles]))
    if options.readme:
        report.into_readme(rows, text)


if __name__ == "__main__":
    main()
