"""Inject faults and judge what is left: the figures.

python -m tests.faults.run --help
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import re
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults import cases, world
from tests.faults.cases import LABS, SETTINGS, STYLES, Fault, Road
from tests.faults.driver import Zygote
from tests.kernel.sandbox import Done, Sandbox, why_not

SOMEBODY = "203.0.113.9"  # the address that fault.sh adds


@dataclass(frozen=True)
class Outcome:
    """What came of one fault."""

    fault: Fault
    injected: bool  # it did happen
    wrong: tuple[str, ...] = ()  # what was not as promised
    lost: tuple[str, ...] = ()  # what of the lab is left after `down` or `recover`
    touched: tuple[str, ...] = ()  # what of others is gone or another

    @property
    def survived(self) -> bool:
        """Whether all was as promised."""
        return not (self.wrong or self.lost or self.touched)

    def __str__(self) -> str:
        lines = [str(self.fault)]
        for what in ("wrong", "lost", "touched"):
            lines += [f"  {what}: {line}" for line in getattr(self, what)]
        return "\n".join(lines)


@dataclass
class Bench:
    """One machine that faults are tried on; a new one after each that left something."""

    zygote: Zygote
    here: Path
    _sandbox: Sandbox | None = None
    before: dict[str, str] = field(default_factory=dict)
    roads: dict[tuple[str, str], Road] = field(default_factory=dict)

    @property
    def machine(self) -> Sandbox:
        """The machine, with the foreign things on it and nothing else."""
        if self._sandbox is None:
            self.here.mkdir(exist_ok=True)
            self._sandbox = self.zygote.sandbox(self.here)
            self.before = dict(world.prepare(self._sandbox))
        return self._sandbox

    def discard(self) -> None:
        """Something is left on this machine: the next one gets another."""
        if self._sandbox is not None:
            self._sandbox.close()
            self._sandbox = None

    def road(self, starter: str, style: str) -> Road:
        """What `up` and `down` run."""
        if (starter, style) not in self.roads:
            self.roads[starter, style] = cases.road(self.machine, starter, style)
        return self.roads[starter, style]

    def try_fault(self, fault: Fault) -> Outcome:
        """Inject one fault and judge."""
        it = Trial(self, fault, self.road(fault.starter, fault.style))
        try:
            injected = it.run()
        except Exception as error:  # the harness must count, whatever came of it
            it.wrong.append(f"{type(error).__name__}: {error}")
            injected = True
        if it.wrong or it.lost or it.touched or not it.clean:
            self.discard()
        return Outcome(
            fault, injected, tuple(it.wrong), tuple(dict.fromkeys(it.lost)),
            tuple(dict.fromkeys(it.touched)),
        )  # fmt: skip


class Trial:
    """One fault on one machine."""

    def __init__(self, bench: Bench, fault: Fault, road: Road) -> None:
        self.bench, self.fault, self.road = bench, fault, road
        self.machine = bench.machine
        self.before = dict(bench.before)
        self.wrong: list[str] = []
        self.lost: list[str] = []
        self.touched: list[str] = []
        self.clean = False
        self.marks = [
            self.machine.here / f"mark-{number}" for number in range(1, len(fault.inject) + 1)
        ]

    # ------------------------------------------------------------ the run

    def run(self) -> bool:
        """Inject, judge, clean up; whether the fault happened."""
        fault = self.fault
        if fault.command == "down":
            self.machine.try_(*self.road.argv("up")).expect(0)
        if "full" in fault.kind:
            # A small disk, and on it the record that was there (of a lab that is up).
            self.machine.sh(
                "mkdir -m 700 -p /run/iplab; cp -a /run/iplab /run/keep; rm -f /run/iplab/*;"
                " mount -t tmpfs -o size=128k,mode=700 x /run/iplab;"
                " cp -a /run/keep/. /run/iplab; rm -r /run/keep"
            )
        for mark in self.marks:
            mark.unlink(missing_ok=True)
        inject = [
            {**one, "mark": str(mark)} for one, mark in zip(fault.inject, self.marks, strict=True)
        ]
        done = self.machine.try_(*self.road.argv(fault.command), env={"FAULTS": json.dumps(inject)})
        if self.fault.kind == "storm":
            time.sleep(0.15)  # it blows itself out
        happened = all(mark.exists() for mark in self.marks)
        if "Traceback" in done.err or "Traceback" in done.out:
            self.wrong.append(f"a traceback: {done.err}")
        judge = self._judge(fault.kind)
        if happened:
            judge(done)
        self._end()
        return happened

    def _judge(self, kind: str) -> Callable[[Done], None]:
        word = kind.split()[-1]
        if kind in ("delete", "replace", "address", "replaced since", "reboot", "killed twice"):
            return {
                "killed twice": self._killed_twice,
                "delete": self._deleted, "replace": self._replaced, "address": self._address,
                "replaced since": self._replaced_since, "reboot": self._rebooted,
            }[kind]  # fmt: skip
        if "kill" in word or word in ("orphan", "torn"):
            return self._killed
        if kind.startswith("way back"):
            return self._left_behind
        if "int" in word or "term" in word or word == "storm":
            return self._interrupted
        return self._failed

    def _end(self) -> None:
        """Whatever happened, the lab's end: `down` must leave the machine as it was."""
        if not self._equal():
            again = self.machine.try_(*self.road.argv("down"))
            if again.code != 0:
                self.wrong.append(f"`down` ended with {again.code}: {again.err.strip()}")
        now = world.snapshot(self.machine)
        self.lost += world.lost(self.before, now)
        self.touched += world.touched(self.before, now)
        if "full" in self.fault.kind:
            self.machine.try_("rm", "-f", "/run/iplab/filler")
        kept = self.machine.sh("ls /run/iplab").split()
        if kept != ["lock"]:
            # Where the disk was full, or what was left was removed by hand, a record stays that
            # claims nothing any more. It does no harm, but has to go by a `down`.
            if not any(word in self.fault.kind for word in ("full", "way back", "record")):
                self.wrong.append(f"/run/iplab still holds {kept}")
            self.machine.try_(*self.road.argv("down"))
            kept = self.machine.sh("ls /run/iplab").split()
            if kept != ["lock"]:
                self.wrong.append(f"/run/iplab holds {kept}")
        if "full" in self.fault.kind:
            self.machine.try_("umount", "-l", "/run/iplab")
        self.clean = True

    # ------------------------------------------------------------ the judges

    def _equal(self) -> bool:
        return world.snapshot(self.machine) == self.before

    def _put_back(self) -> None:
        """The state is the one before the command."""
        if self.fault.command == "down":
            drift = self.machine.try_(*self._check())
            if drift.code != 0:
                self.wrong.append(f"not put back, `check` says {drift.code}: {drift.out}")
            return
        now = world.snapshot(self.machine)
        left = world.lost(self.before, now) + world.touched(self.before, now)
        self.wrong += [f"not put back: {line}" for line in left]

    def _check(self) -> list[str]:
        name = self.fault.starter
        return ["iplab", "check", str(LABS[name]), *SETTINGS.get(name, ())]

    def _code(self, done: Done, *codes: int) -> None:
        if done.code not in codes:
            self.wrong.append(f"exit code {done.code}, not {codes}: {done.err.strip()}")

    def _says(self, done: Done, words: str) -> None:
        if not re.search(words, done.err.partition("\nand ")[0]):
            self.wrong.append(f"the first error is not told ({words}): {done.err.strip()}")

    def _failed(self, done: Done) -> None:
        kind = self.fault.kind
        if self.fault.command == "down" and kind.split()[0] in ("journal", "record"):
            # A full disk keeps no lab from being taken down.
            self._code(done, 0)
            if not self._equal():
                self.wrong.append("not down")
            return
        self._code(done, 1)
        if "hang" in kind:
            self._says(done, "no answer within")
        elif kind.split()[0] in ("journal", "record"):
            self._says(done, "No space left")
        else:
            self._says(done, "injected fault")
        self._put_back()

    def _interrupted(self, done: Done) -> None:
        if self.fault.kind == "record int" and self.fault.at == 2:
            # Too late: every command has run and is proved, and only has to be noted.
            self._code(done, 0)
            self._must(*self._check())
            return
        # A storm may still blow when all is done and the program ends.
        self._code(done, 130, *((-2, -15) if self.fault.kind == "storm" else ()))
        self._put_back()

    def _killed(self, done: Done) -> None:
        self._code(done, -9)
        self._recover()

    def _recover(self) -> None:
        found = self.machine.try_("iplab", "recover", "--json")
        if found.code == 3:
            labs = [row["lab"] for row in found.json["unfinished"]]
            if labs != [self._name]:
                self.wrong.append(f"recover speaks of {labs}")
        elif found.code != 0:
            self.wrong.append(f"`recover` ended with {found.code}: {found.err.strip()}")
        elif self.fault.kind.startswith("record"):
            return  # killed when all was done, or nothing begun: there is nothing to recover
        match self.fault.way:
            case "undo":
                self._must("iplab", "recover", "--undo")
            case "down":
                self._must(*self.road.argv("down"))
            case "up":
                self._must(*self.road.argv("up"))
                self._must(*self._check())
                self._must(*self.road.argv("down"))
        if not self._equal():
            now = world.snapshot(self.machine)
            self.lost += world.lost(self.before, now)
            self.touched += world.touched(self.before, now)

    @property
    def _name(self) -> str:
        return self.fault.starter

    def _must(self, *argv: str) -> None:
        done = self.machine.try_(*argv)
        if done.code != 0 or "Traceback" in done.err:
            self.wrong.append(f"`{' '.join(argv[:3])}` ended with {done.code}: {done.err.strip()}")

    def _left_behind(self, done: Done) -> None:
        """The way back failed as well: put back after all, or told exactly what to do."""
        self._says(done, "injected fault")
        if done.code == 1:
            self._put_back()
            return
        self._code(done, 4)
        if self.fault.command == "down":
            return  # `_end` takes it down
        tools = ("  ip ", "  nft ", "  sysctl ", "  tc ")
        commands = [line for line in done.err.splitlines() if line.startswith(tools)]
        if not commands:
            self.wrong.append(f"no commands are listed: {done.err.strip()}")
        ran = self.machine.try_("sh", "-euc", "\n".join(commands))
        if ran.code != 0:
            self.wrong.append(f"the listed commands do not work: {ran.err}{done.err}")
        self._put_back()

    def _deleted(self, done: Done) -> None:
        if self.fault.command == "down":
            self._code(done, 0)  # what was to go is gone
            return
        self._code(done, 1)
        self._put_back()

    def _replaced(self, done: Done) -> None:
        self._code(done, 1)
        self._says(done, "")
        node = self.fault.values["node"]
        if self.fault.command == "down":
            # The rest of the lab is up again, and goes down without what was replaced.
            self._must(*self.road.argv("down"))
        self._their_namespace(node)

    def _their_namespace(self, node: str) -> None:
        there = self.machine.try_("ip", "-n", node, "link", "show", "theirs")
        if there.code != 0:
            self.touched.append(f"somebody's new namespace {node}: {there.err.strip()}")
        self.machine.try_("ip", "netns", "del", node)

    def _address(self, done: Done) -> None:
        if self.fault.values["node"] != "host":
            # On a device of the lab's: not what the lab says, so it is not up.
            self._code(done, 1)
            self._put_back()
            return
        self._code(done, 0)
        self._must(*self.road.argv("down"))
        delete = ("ip", "addr", "del", f"{SOMEBODY}/32", "dev", "fbr0")
        gone = self.machine.try_(*delete)
        if gone.code != 0:
            self.touched.append(f"somebody's address on fbr0: {gone.err.strip()}")

    def _replaced_since(self, done: Done) -> None:
        self._code(done, -9)
        values = self.fault.values
        if "node" in values:
            node = values["node"]
            self.machine.sh(
                f"ip netns del {node}; ip netns add {node};"
                f" ip -n {node} link add theirs type bridge"
            )
            self._recover_around()
            self._their_namespace(node)
            return
        device = values["device"]
        self.machine.sh(
            f"ip link del dev {device}; ip link add name {device} type bridge;"
            f" ip addr add {SOMEBODY}/32 dev {device}"
        )
        self._recover_around()
        there = self.machine.try_("ip", "-j", "addr", "show", "dev", device)
        if there.code != 0 or SOMEBODY not in there.out:
            self.touched.append(f"somebody's device {device}: {there.out}{there.err.strip()}")
        self.machine.try_("ip", "link", "del", "dev", device)

    def _recover_around(self) -> None:
        if self.fault.way == "undo":
            self._must("iplab", "recover", "--undo")
        else:
            self._must(*self.road.argv("down"))

    def _killed_twice(self, done: Done) -> None:
        """Killed in the middle of a line of the journal, and the next `up` is killed again."""
        self._code(done, -9)
        mark = self.machine.here / "mark-again"
        mark.unlink(missing_ok=True)
        again = {"command": self.fault.values["again"], "do": "kill-after", "mark": str(mark)}
        done = self.machine.try_(*self.road.argv("up"), env={"FAULTS": json.dumps([again])})
        # Processes that ran side by side with the one that died may have done it all.
        self._code(done, -9 if mark.exists() else 0)
        if mark.exists():
            self._recover()

    def _rebooted(self, done: Done) -> None:
        """All that the kernel held of the lab is gone; the record and the journal are not."""
        self._code(done, -9)
        wipe(self.machine, self.before)
        self._must(*self.road.argv(self.fault.way))
        if self.fault.way == "up":
            self._must(*self._check())
            self._must(*self.road.argv("down"))


def wipe(machine: Sandbox, before: world.Snapshot) -> None:
    """Take away by hand whatever was not there before."""
    for key in world.lost(before, world.snapshot(machine)):
        what, _, name = key.partition(" ")
        if what == "namespace":
            machine.try_("ip", "netns", "del", name)
        elif what == "device" and name.startswith("host:"):
            machine.try_("ip", "link", "del", "dev", name.removeprefix("host:"))
        elif what == "nft":
            machine.try_("nft", "delete", *name.split())
    now = world.snapshot(machine)
    for key, value in before.items():
        if key.startswith("sysctl ") and now.get(key) != value:
            machine.sh(f"echo {value} >/proc/sys/net/{key.removeprefix('sysctl ')}")
    left = world.lost(before, world.snapshot(machine))
    for key in left:
        assert key.startswith("route"), key


# ---------------------------------------------------------------- many


def run(
    faults: Iterable[Fault], jobs: int, tell: Callable[[Outcome], None] = lambda outcome: None
) -> list[Outcome]:
    """Try every fault, on as many machines at once as ``jobs`` says."""
    work: queue.SimpleQueue[Fault] = queue.SimpleQueue()
    for fault in faults:
        work.put(fault)
    outcomes: list[Outcome] = []
    troubles: list[BaseException] = []
    lock = threading.Lock()
    with tempfile.TemporaryDirectory(prefix="faults-") as scratch:
        zygote = Zygote()

        def one(number: int) -> None:
            bench = Bench(zygote, Path(scratch) / str(number))
            try:
                while not troubles:
                    try:
                        fault = work.get_nowait()
                    except queue.Empty:
                        break
                    outcome = bench.try_fault(fault)
                    with lock:
                        outcomes.append(outcome)
                        tell(outcome)
            except BaseException as error:
                troubles.append(error)
            finally:
                bench.discard()

        threads = [threading.Thread(target=one, args=(n,)) for n in range(jobs)]
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        finally:
            zygote.close()
    if troubles:
        raise troubles[0]
    return outcomes


def every(starters: Sequence[str], styles: Sequence[str]) -> list[Fault]:
    """All the faults of these starters in these styles."""
    found: list[Fault] = []
    with tempfile.TemporaryDirectory(prefix="faults-") as scratch:
        zygote = Zygote()
        bench = Bench(zygote, Path(scratch))
        try:
            for starter in starters:
                for style in styles:
                    found += cases.faults(bench.road(starter, style))
        finally:
            bench.discard()
            zygote.close()
    return found


def figures(outcomes: Sequence[Outcome]) -> str:
    """The table: by kind and style, and in all."""
    rows: dict[str, Counter[str]] = {}
    for outcome in outcomes:
        if not outcome.injected:
            continue
        count = {
            "injected": 1, "survived": int(outcome.survived), "lost": len(outcome.lost),
            "touched": len(outcome.touched),
        }  # fmt: skip
        fault = outcome.fault
        for row in (f"{fault.command}: {fault.kind}", f"style {fault.style}", "all"):
            rows.setdefault(row, Counter()).update(count)
    order = sorted(rows, key=lambda row: (row == "all", row.startswith("style"), row))
    lines = [f"{'':28}{'injected':>10}{'survived':>10}{'lost':>8}{'touched':>9}"]
    for row in order:
        c = rows[row]
        lines.append(
            f"{row:28}{c['injected']:>10}{c['survived']:>10}{c['lost']:>8}{c['touched']:>9}"
        )
    return "\n".join(lines)


def summary(outcomes: Sequence[Outcome]) -> str:
    """The four figures."""
    injected = [o for o in outcomes if o.injected]
    lost = sum(len(o.lost) for o in injected)
    touched = sum(len(o.touched) for o in injected)
    survived = sum(o.survived for o in injected)
    return (
        f"faults injected: {len(injected)}, survived: {survived}, objects lost: {lost}, "
        f"foreign objects touched: {touched}"
    )


README = Path(__file__).resolve().parents[2] / "README.md"
PLACE = re.compile(r"(?s)(?<=<!-- scripts/faults --readme -->\n).*?(?=<!-- end -->)")


def told(injected: Sequence[Outcome], places: int, step: int, seconds: float) -> str:
    """The figures as README.md has them: what was run, when, where, and what came of it."""
    survived = sum(o.survived for o in injected)
    lost = sum(len(o.lost) for o in injected)
    touched = sum(len(o.touched) for o in injected)
    kinds = len(cases.kinds([o.fault for o in injected]))
    labs = len({o.fault.starter for o in injected})
    styles = len({o.fault.style for o in injected})
    kernel = ".".join(os.uname().release.split(".")[:2])
    when = time.strftime("%Y-%m-%d")
    which = "each" if step == 1 else f"one in {step}"
    return (
        f"| `scripts/faults --every {step} --readme`, {when}, Linux {kernel} | |\n"
        "|---|---:|\n"
        f"| places where a fault can be, over {labs} labs in {styles} styles | {places} |\n"
        f"| faults injected ({which}, {kinds} kinds, {seconds / 60:.0f} minutes) "
        f"| {len(injected)} |\n"
        f"| survived: first error told, machine put back or told how | {survived} |\n"
        f"| objects of a lab lost | {lost} |\n"
        f"| foreign objects touched | {touched} |\n"
    )


def write_down(text: str) -> None:
    """Put the figures into their place in README.md."""
    old = README.read_text(encoding="utf-8")
    assert PLACE.search(old), "README.md has no place for the figures"
    README.write_text(PLACE.sub(lambda _: text, old), encoding="utf-8")


def main() -> int:
    """The program behind `scripts/faults`."""
    parser = argparse.ArgumentParser(
        prog="scripts/faults",
        description="Inject faults into iplab at every place it can meet one, in network "
        "namespaces of their own, and count what is lost of a lab and what is touched of others.",
    )
    parser.add_argument("--starter", action="append", choices=list(LABS), help="only this lab")
    parser.add_argument("--style", action="append", choices=STYLES, help="only this style")
    parser.add_argument("--kind", action="append", metavar="WORDS", help="only kinds with WORDS")
    parser.add_argument("--at", type=int, help="only at this place")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every N-th")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 2, help="machines at once")
    parser.add_argument(
        "--readme", action="store_true", help="write the figures into README.md (all labs, styles)"
    )
    parser.add_argument("--as-user", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.readme and (options.starter or options.style or options.kind or options.at):
        parser.error("--readme is for all labs, styles and kinds")
    if options.as_user:
        words = [word for word in sys.argv[1:] if word != "--as-user"]
        again = [sys.executable, "-m", "tests.faults.run", *words]
        os.execvp("unshare", ["unshare", "--user", "--map-root-user", "--", *again])
    reason = why_not()
    if reason:
        print(f"no faults can be injected here: {reason}", file=sys.stderr)
        return 1
    started = time.monotonic()
    found = every(options.starter or list(LABS), options.style or STYLES)
    if options.kind:
        found = [f for f in found if any(k in f"{f.command} {f.kind}" for k in options.kind)]
    if options.at:
        found = [f for f in found if f.at == options.at]
    places = len(found)
    found = found[:: options.every]
    count = 0

    def tell(outcome: Outcome) -> None:
        nonlocal count
        count += 1
        if outcome.injected and not outcome.survived:
            print(outcome, flush=True)
        if sys.stderr.isatty():
            print(f"\r{count} of {len(found)}", end="", file=sys.stderr)

    outcomes = [o for o in run(found, options.jobs, tell) if o.injected]
    print(figures(outcomes))
    print(f"\n{summary(outcomes)}   ({time.monotonic() - started:.0f} s)")
    if options.readme:
        write_down(told(outcomes, places, options.every, time.monotonic() - started))
    return 0 if outcomes and all(o.survived for o in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
