"""Which question a pipeline asks: found by what it picks out of the old tool's output.

The filters are run (by ``filters``, not by the system) on the output that the old tool has on a
dozen made-up machines.  A pipeline asks a question of the table if its result is the answer on
every one of them, however it is spelled.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace

from iplab.legacy.reading import filters
from iplab.legacy.reading.machines import Machine, Question, Subject
from iplab.legacy.reading.outputs import output
from iplab.legacy.reading.regex import NotUnderstood
from iplab.legacy.reading.table import IDIOMS, Idiom

Stages = tuple[tuple[str, ...], ...]

PATIENCE = 5.0  # seconds of CPU for the filters of one pipeline; usual ones take a hundredth
_COUNT = " | wc -l"
# What may follow a command to pick from its answer, and what that is.
_PICKS = (
    ("", lambda lines: lines),
    (" | head -n 1", lambda lines: lines[:1]),
    (" | tail -n 1", lambda lines: lines[-1:]),
    (_COUNT, lambda lines: [str(len(lines))]),
)


class Found(Struct, frozen=True):
    """The command with the same answer; ``note`` says where it differs after all."""

    idiom: Idiom
    command: str
    note: str


def question(
    words: Sequence[str],
    pattern_address: str = "",
    pattern_device: str = "",
    stages: Stages = (),
) -> Question | None:
    """The reading form of an old tool, or ``None`` where its output is not known here."""
    tool, rest = words[0], list(words[1:])
    options = {letter for w in rest if w.startswith("-") for letter in w[1:]}
    operands = [w for w in rest if not w.startswith("-")]
    subject = Subject(
        pattern_device, pattern_address or "10.3.5.77", names_in(stages), numbers_in(stages)
    )
    if tool == "ifconfig" and len(operands) <= 1 and options <= {"a", "s"}:
        layout = "short" if "s" in options else "ifconfig"
        if operands:
            return Question("device", layout, replace(subject, device=operands[0]))
        return Question("all" if "a" in options else "up", layout, subject)
    if operands and tool != "arp":
        return None
    if tool == "netstat" and options in ({"i"}, {"i", "n"}, {"a", "i"}):
        return Question("all" if "a" in options else "up", "netstat", subject)
    if tool == "route" and options <= {"n"}:
        return Question("routes" if "n" in options else "names", "route", subject)
    if tool == "netstat" and options in ({"r"}, {"r", "n"}):
        return Question("routes" if "n" in options else "names", "netstat", subject)
    if tool == "arp" and options <= {"n", "a", "e"} and len(operands) <= 1:
        layout = "arp-a" if "a" in options else "arp"
        if operands:
            return Question(
                "neighbours", layout + " one", replace(subject, device="", address=operands[0])
            )
        return Question("neighbours", layout, subject)
    return None


@lru_cache(maxsize=4096)
def recognise(
    asked: Question, stages: Stages, *, only_status: bool, status: bool, busybox: bool, errors: bool
) -> Found | None:
    """The command that answers as the pipeline ``stages`` does on the old tool's output.

    ``only_status``: nobody reads what it prints; ``status``: something may look at how it ends.
    """
    for old in (True,) if busybox else (False, True):
        machines = [m for m in asked.machines() if not old or not _odd(asked, m)]
        try:
            results = _results(asked, stages, machines, old=old, errors=errors)
        except (NotUnderstood, RecursionError, ValueError, LookupError, ArithmeticError, re.error):
            return None
        found = _match(asked, machines, results, only_status=only_status, status=status)
        if found is not None and old and not busybox:
            note = (
                "it was written for the output of net-tools before 2.0 (or of another system); "
                "on today's it gives nothing or something else"
            )
            return Found(found.idiom, found.command, "; ".join(filter(None, [found.note, note])))
        if found is not None:
            return found
    return None


def _results(
    asked: Question, stages: Stages, machines: Sequence[Machine], *, old: bool, errors: bool
) -> list[filters.Result]:
    """What the filters make of the output on each machine, for as long as is not too long."""
    found = []
    until = time.process_time() + PATIENCE
    for machine in machines:
        found.append(filters.run(stages, output(asked, machine, old=old, errors=errors)))
        if time.process_time() > until:
            raise NotUnderstood("filters that take too long")
    return found


def _odd(asked: Question, machine: Machine) -> bool:
    """Whether the older output says zeros for the MAC address that the device has not."""
    iface = machine.iface(asked.subject.device) if asked.family == "device" else None
    return iface is not None and not iface.mac and not iface.loopback


def _match(
    asked: Question,
    machines: Sequence[Machine],
    results: Sequence[filters.Result],
    *,
    only_status: bool,
    status: bool,
) -> Found | None:
    alias = ":" in asked.subject.device
    for idiom in IDIOMS:
        if asked.family not in idiom.families or (alias and not idiom.aliases):
            continue
        answers = [idiom.answer(machine, asked.subject) for machine in machines]
        if only_status:
            if len({code for _, code in results}) == 2 and all(
                (code == 0) == bool(lines)
                for (_, code), lines in zip(results, answers, strict=True)
            ):
                return Found(idiom, idiom.command + " | grep -q .", idiom.note)
            continue
        if idiom.yes_or_no or len({tuple(lines) for lines in answers}) < 2:
            continue
        for suffix, pick in _PICKS:
            if [lines for lines, _ in results] != [pick(lines) for lines in answers]:
                continue
            if all(code == 0 for _, code in results) or not status:
                return Found(idiom, idiom.command + suffix, idiom.note)
            if suffix == _COUNT and all((code == 0) == (lines != ["0"]) for lines, code in results):
                return Found(idiom, idiom.command + " | grep -c .", idiom.note)
            if all((code == 0) == bool(lines) for lines, code in results):
                return Found(idiom, idiom.command + suffix + " | grep .", idiom.note)
    return None


# Words of the old tools' own output, and of the filters' languages: no names of devices.
_VOCABULARY = frozenset(
    [
        "inet",
        "inet6",
        "addr",
        "ether",
        "link",
        "encap",
        "hwaddr",
        "netmask",
        "mask",
        "broadcast",
        "bcast",
        "destination",
        "mtu",
        "flags",
        "loop",
        "unspec",
        "prefixlen",
        "scopeid",
        "scope",
        "global",
        "host",
        "site",
        "up",
        "running",
        "multicast",
        "promisc",
        "loopback",
        "noarp",
        "pointopoint",
        "rx",
        "tx",
        "packets",
        "bytes",
        "errors",
        "dropped",
        "overruns",
        "frame",
        "carrier",
        "collisions",
        "txqueuelen",
        "local",
        "metric",
        "default",
        "iface",
        "kernel",
        "table",
        "routing",
        "ip",
        "interface",
        "gateway",
        "genmask",
        "ug",
        "ugh",
        "incomplete",
        "begin",
        "end",
        "print",
        "printf",
        "exit",
        "next",
        "if",
        "else",
        "sub",
        "gsub",
        "split",
        "substr",
        "length",
        "toupper",
        "tolower",
        "getline",
        "nr",
        "nf",
        "fs",
        "ofs",
        "lo",
        "awk",
        "sed",
        "grep",
        "cut",
        "head",
        "tail",
    ]
)


def names_in(stages: Stages) -> tuple[str, ...]:
    """Names of devices that the filters may look for."""
    found: dict[str, None] = {}
    for stage in stages:
        for word in stage[1:]:
            if word.startswith("-"):
                continue
            for name in re.findall(r"(?<![\\$\w])[a-z]{2,}[a-z0-9]*", word):
                if name not in _VOCABULARY:
                    found[name if name[-1].isdigit() else f"{name}0"] = None
    return tuple(found)[:4]


def numbers_in(stages: Stages) -> tuple[str, ...]:
    """Addresses, or beginnings of some, that the filters may look for."""
    found: dict[str, None] = {}
    for stage in stages:
        for word in stage[1:]:
            for number in re.findall(r"(?<![\d.{])\d{1,3}(?:\\?\.\d{1,3})*(?![\d}])", word):
                octets = [int(part) for part in number.replace("\\", "").split(".")]
                if octets[0] in (0, 127, 255) or max(octets) > 254 or len(octets) > 4:
                    continue
                if len(octets) > 1 or octets[0] > 9:  # `$2`, `-f10` are columns
                    found[".".join(map(str, octets))] = None
    return tuple(found)[:3]


def address_in(stages: Stages) -> str:
    """An IPv4 address that the filters look for, if there is one."""
    for stage in stages:
        for word in stage[1:]:
            found = re.search(r"(?<![\d.])\d{1,3}(\\?\.\d{1,3}){3}(?![\d.])", word)
            if found and not found[0].startswith(("0", "127", "255")):
                return found[0].replace("\\", "")
    return ""
