"""Explanations: a Reading in people's words."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from msgspec import Struct, to_builtins
from msgspec.structs import asdict

from iplab.iproute2 import ways
from iplab.iproute2.reading import Known, Part, Reading
from iplab.messages import Messages
from iplab.network import Route
from iplab.operations import Operation

_MANUALS = {
    "address": "ip-address(8)",
    "link": "ip-link(8)",
    "vxlan": "ip-link(8)",
    "macvlan": "ip-link(8)",
    "vlan": "ip-link(8)",
    "bridge-type": "ip-link(8)",
    "route": "ip-route(8)",
    "neighbour": "ip-neighbour(8)",
    "rule": "ip-rule(8)",
    "tuntap": "ip-tuntap(8)",
    "netns": "ip-netns(8)",
    "maddress": "ip-maddress(8)",
    "tunnel": "ip-tunnel(8)",
    "monitor": "ip-monitor(8)",
    "object": "ip(8)",
    **{f"bridge-{name}": "bridge(8)" for name in ("link", "fdb", "mdb", "vlan", "vlan-global")},
    "qdisc": "tc(8)",
    "sysctl": "sysctl(8)",
    "nft": "nft(8)",
}


class Word(Struct, frozen=True):
    """Some words that belong together, and what they do."""

    written: str
    full: str
    meaning: str


class Explanation(Struct, frozen=True):
    """A command explained; ``undo`` are commands, ``undo_note`` what no command can say.

    Where the command is not known, ``unknown`` says why, ``rest`` is what was not read, and only
    ``words`` is filled in.  ``shell`` is what followed that is for the shell (``| grep …``).
    """

    written: str
    full: str
    node: str
    words: tuple[Word, ...]
    does: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    undo: tuple[str, ...] = ()
    undo_note: tuple[str, ...] = ()
    look: tuple[str, ...] = ()
    traps: tuple[str, ...] = ()
    unknown: str = ""
    rest: str = ""
    shell: str = ""

    def json(self) -> dict[str, Any]:
        """As ``--json`` prints it."""
        made: dict[str, Any] = to_builtins(self)
        return made


def explain(reading: Reading, messages: Messages) -> Explanation:
    """The explanation of a command."""
    words = tuple(
        Word(shlex.join(p.written), shlex.join(p.full), word(p, messages)) for p in reading.parts
    )
    written, full = shlex.join(reading.argv), shlex.join(reading.full)
    if reading.unknown:
        read = sum(len(p.written) for p in reading.parts)
        rest = shlex.join(reading.argv[read:])
        return Explanation(written, full, reading.node, words, unknown=reading.unknown, rest=rest)
    does, after, notes, traps = [], [], [], []
    undo: list[str] = []
    look: list[str] = []
    for operation in reading.operations:
        say = _of_operation(operation, messages)
        does.append(say["does"])
        after.append(say["after"])
        traps += [say["trap"]] if "trap" in say else []
        notes += [say["undo"]] if "undo" in say else []
        undo = [shlex.join(argv) for argv in ways.back(operation)] + undo
    for operation in ways.last_names(reading.operations):
        look += [shlex.join(argv) for argv in ways.look(operation)]
    for known in reading.known:
        say = _of_known(known, reading, messages)
        does.append(say["does"])
        after += [say["after"]] if "after" in say else []
        traps += [say["trap"]] if "trap" in say else []
        notes += [say["undo"]] if "undo" in say else []
        if known.changes:
            seen = ways.look_known(known.topic, reading.node, known.values)
            look += [shlex.join(argv) for argv in seen]
    return Explanation(
        written,
        full,
        reading.node,
        words,
        tuple(does),
        tuple(after),
        tuple(undo),
        tuple(dict.fromkeys(notes)),
        tuple(dict.fromkeys(look)),
        tuple(dict.fromkeys(traps)),
    )


def word(part: Part, messages: Messages) -> str:
    """What a part of a command does."""
    area, _, key = part.topic.partition(".")
    found = messages.find("words", area, key, {"value": part.value})
    if found is not None:
        return found
    return messages.page("rare", manual=_MANUALS.get(area, "ip(8)"))


def meaning(operation: Operation, messages: Messages) -> str:
    """What an operation does, in one sentence."""
    return _of_operation(operation, messages)["does"]


def _of_operation(operation: Operation, messages: Messages) -> dict[str, str]:
    values: dict[str, Any] = asdict(operation)
    route = values.get("route", values.get("pattern"))
    if isinstance(route, Route):
        zero = route.destination.prefixlen == 0
        values["dest"] = "default" if zero else str(route.destination)
    return _texts("operations", type(operation).__name__, values, messages)


def _of_known(known: Known, reading: Reading, messages: Messages) -> dict[str, str]:
    values: dict[str, Any] = {"node": reading.node} | dict(known.values)
    found = _texts("known", known.topic, values, messages)
    if not found:
        area, _, key = known.topic.partition(".")
        values["word"] = key.partition("-")[2]
        found = _texts("known", f"{area}.set-other", values, messages)
    return found


def _texts(file: str, area: str, values: Mapping[str, Any], messages: Messages) -> dict[str, str]:
    found = {}
    for key in ("does", "after", "trap", "undo"):
        text = messages.find(file, area, key, values)
        if text:
            found[key] = text
    return found
