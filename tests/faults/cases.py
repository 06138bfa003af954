"""Which faults there are: every kind at every place of every starter's way up and down."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from iplab import lab
from tests.faults.driver import changes
from tests.kernel.sandbox import ROOT, Sandbox

STYLES = ("direct", "steps", "batch")
SETTINGS = {"star": ("--set", "n=4")}
EXTRA = "on-the-host"  # what no starter does: settings, routes and tables of the host
LABS = {
    **{name: ROOT / "templates" / "labs" / file for name, _, file in lab.starters()},
    EXTRA: ROOT / "tests" / "faults" / "labs" / f"{EXTRA}.yaml",
}
# How a run that was cut short is ended.
WAYS = ("undo", "down", "up")


@dataclass(frozen=True)
class Ran:
    """One command of a run without faults: its words, and of a batch its lines."""

    argv: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]

    @property
    def makes(self) -> list[str]:
        """The namespaces it makes."""
        return self._names("add")

    @property
    def ends(self) -> list[str]:
        """The namespaces it deletes."""
        return self._names("del")

    def _names(self, verb: str) -> list[str]:
        every = [("ip", *line) for line in self.lines] if self.lines else [self.argv]
        return [words[3] for words in every if words[1:3] == ("netns", verb)]


@dataclass(frozen=True)
class Fault:
    """One fault, in the ``command`` (up or down) of a lab: ``kind`` at place ``at``.

    ``inject`` is for ``driver.install``; ``way`` how a run that was killed is ended; ``values`` are
    for the judge of that kind.
    """

    starter: str
    style: str
    command: str
    kind: str
    at: int
    inject: tuple[dict[str, Any], ...]
    way: str = ""
    values: dict[str, Any] = field(default_factory=dict, hash=False)

    def __str__(self) -> str:
        way = f", then {self.way}" if self.way else ""
        also = "".join(f" {key}={value}" for key, value in self.values.items())
        return f"{self.starter} {self.style}: {self.command} {self.kind} at {self.at}{also}{way}"


@dataclass(frozen=True)
class Road:
    """What a lab's `up` and `down` run, command by command."""

    starter: str
    style: str
    up: tuple[Ran, ...]
    down: tuple[Ran, ...]

    def argv(self, command: str) -> list[str]:
        """`iplab up FILE …`."""
        words = [str(LABS[self.starter]), *SETTINGS.get(self.starter, ()), "--yes"]
        return ["iplab", command, *words, "--style", self.style]


def road(sandbox: Sandbox, starter: str, style: str) -> Road:
    """Run `up` and `down` without faults, and note the commands."""
    it = Road(starter, style, (), ())
    ran = []
    for command in ("up", "down"):
        log = sandbox.here / f"{starter}-{style}-{command}"
        log.unlink(missing_ok=True)
        sandbox.try_(*it.argv(command), env={"FAULT_LOG": str(log)}).expect(0)
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        ran.append(tuple(Ran(tuple(a), tuple(map(tuple, ls))) for a, ls in lines))
    assert all(changes(r) for r in ran[0])
    return Road(starter, style, *ran)


def faults(it: Road) -> Iterator[Fault]:
    """Every fault of one road."""
    yield from _of_commands(it, "up", it.up)
    yield from _of_commands(it, "down", it.down)
    yield from _of_journal(it)
    yield from _of_the_way_back(it)
    yield from _of_others(it)
    yield from _repeated(it)


def kinds(found: Sequence[Fault]) -> list[str]:
    """The kinds there are, in their order."""
    return list(dict.fromkeys(f"{f.command} {f.kind}" for f in found))


def _places(ran: Sequence[Ran]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each command; of a batch each of its lines, with how many lines before it still work."""
    for number, command in enumerate(ran, 1):
        if not command.lines:
            yield number, {}
        for line in range(len(command.lines)):
            yield number, {"lines": line} if line else {}


def _of_commands(it: Road, command: str, ran: Sequence[Ran]) -> Iterator[Fault]:
    def fault(kind: str, number: int, more: dict[str, Any], way: str = "") -> Fault:
        inject = {"command": number, "do": kind, **more}
        values = {"line": more["lines"] + 1} if "lines" in more else {}
        return Fault(it.starter, it.style, command, kind, number, (inject,), way, values)

    for number, more in _places(ran):
        yield fault("fail", number, more)
        if more:  # the first lines of a batch have run, then no more
            yield fault("hang-after", number, more)
            for way in WAYS:
                yield fault("kill-after", number, more, way)
    for number, one in enumerate(ran, 1):
        for kind in ("hang-before", "hang-after", "int-before", "int-after", "term-before",
                     "term-after", "storm"):  # fmt: skip
            yield fault(kind, number, {})
        for kind in ("kill-before", "kill-after", "orphan"):
            for way in WAYS:
                yield fault(kind, number, {}, way)
        if one.makes and not one.lines:
            yield fault("hang-half", number, {})
            for way in ("undo", "down"):
                yield fault("kill-half", number, {}, way)


def _of_journal(it: Road) -> Iterator[Fault]:
    for command, ran in (("up", it.up), ("down", it.down)):
        # A line ahead of each command and one after it.
        for number in range(1, 2 * len(ran) + 1):
            inject = {"line": number}
            for kind in ("full", "no-space", "short"):
                yield _plain(it, command, f"journal {kind}", number, inject | {"do": kind})
            for kind in ("torn", "kill"):
                for way in WAYS:
                    yield _plain(it, command, f"journal {kind}", number, inject | {"do": kind}, way)
        for number in (1, 2) if command == "up" else (1,):
            inject = {"save": number}
            for kind in ("full", "int"):
                yield _plain(it, command, f"record {kind}", number, inject | {"do": kind})
            for kind in ("kill-before", "kill-between", "kill-after"):
                for way in WAYS:
                    yield _plain(it, command, f"record {kind}", number, inject | {"do": kind}, way)


def _plain(
    it: Road, command: str, kind: str, at: int, inject: dict[str, Any], way: str = "", **values: Any
) -> Fault:
    return Fault(it.starter, it.style, command, kind, at, (inject,), way, values)


def _of_the_way_back(it: Road) -> Iterator[Fault]:
    """A command fails, and then the putting back meets a fault itself."""
    for command, ran in (("up", it.up), ("down", it.down)):
        for number in range(2, len(ran) + 1):
            # How many commands lead back is not known here: a place behind the last one is no
            # fault, and is not counted.
            for back in range(1, number + 1):
                # The first of them after each command, and each of them after the last; of `down`,
                # which is short, a few after each.
                if back > (1 if command == "up" else 4) and number != len(ran):
                    break
                first = {"command": number, "do": "fail"}
                for kind in ("fail", "fail-lasting", "hang-before", "hang-after", "kill-before",
                             "kill-after"):  # fmt: skip
                    lasting = kind == "fail-lasting"  # from there on every command fails
                    do = "fail" if lasting else kind
                    second = {"command": number + back, "do": do, "lasting": lasting}
                    way = WAYS[back % 3] if "kill" in kind else ""
                    yield Fault(
                        it.starter, it.style, command, f"way back {kind}", number,
                        (first, second), way, {"back": back},
                    )  # fmt: skip


def _of_others(it: Road) -> Iterator[Fault]:
    """Somebody else changes things in the middle, or after iplab was killed."""
    there: list[str] = []
    for number, one in enumerate(it.up, 1):
        if there:
            for kind, node in (("delete", there[-1]), ("delete", there[0]), ("replace", there[0])):
                inject = {"command": number, "do": kind, "node": node}
                yield _plain(it, "up", kind, number, inject, node=node)
            ours = {"command": number, "do": "address", "node": there[-1], "device": "lo"}
            yield _plain(it, "up", "address", number, ours, node=there[-1])
        theirs = {"command": number, "do": "address", "node": "host", "device": "fbr0"}
        yield _plain(it, "up", "address", number, theirs, node="host")
        there += one.makes
        killed = {"command": number, "do": "kill-after"}
        if there:
            for way in WAYS[:2]:
                yield _plain(it, "up", "replaced since", number, killed, way, node=there[0])
        for end in host_devices(it.up[:number]):
            for way in WAYS[:2]:
                yield _plain(it, "up", "replaced since", number, killed, way, device=end)
        yield _plain(it, "up", "reboot", number, killed, "up")
        yield _plain(it, "up", "reboot", number, killed, "down")
    for number, one in enumerate(it.down, 1):
        # The very command that deletes it cannot know; each one before can.
        for node in [n for later in it.down[number:] for n in later.ends][:1]:
            if node not in one.ends:
                for kind in ("replace", "delete"):
                    inject = {"command": number, "do": kind, "node": node}
                    yield _plain(it, "down", kind, number, inject, node=node)


def _repeated(it: Road) -> Iterator[Fault]:
    """Killed while a line of the journal is written, and the next run is killed as well."""
    for number in range(1, 2 * len(it.up) + 1):
        left = len(it.up) - number // 2  # what the next `up` has to run at the least
        if left:
            inject = {"line": number, "do": "torn"}
            for way in WAYS:
                yield _plain(it, "up", "killed twice", number, inject, way, again=(left + 1) // 2)


def host_devices(ran: Sequence[Ran]) -> list[str]:
    """The devices that stay on the host, read from the words of the commands."""
    found: list[str] = []
    moved: set[str] = set()
    for one in ran:
        for words in [("ip", *line) for line in one.lines] if one.lines else [one.argv]:
            if words[1:3] != ("link", "add") and words[1:3] != ("link", "set"):
                continue
            if "netns" in words and words[2] == "set":
                moved.add(words[3])
                continue
            if words[2] != "add" or one.argv[1] == "-n" or one.argv[0] == "nsenter":
                continue
            mine, _, peer = shlex.join(words).partition(" peer ")
            for part in (mine.split(), ["ip", "link", "add", *peer.split()] if peer else []):
                if not part or "netns" in part:
                    continue
                name = part[part.index("name") + 1] if "name" in part else part[3]
                found.append(part[4] if name == "dev" else name)
    return [name for name in dict.fromkeys(found) if name not in moved]
