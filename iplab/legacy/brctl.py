"""brctl(8), bridge-utils 1.7.1."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from iplab.legacy.answer import Answer, NoEquivalent, Show, ToolFails
from iplab.legacy.words import device, strtoul
from iplab.network import Bridge, Interface
from iplab.operations import (
    AddBridge,
    ClearMaster,
    DeleteLink,
    SetBridgeOption,
    SetMaster,
    SetPortOption,
    SetStp,
)

_SECONDS = re.compile(
    r"[ \t]*\+?(0[xX](?:[0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)(?:[pP][+-]?[0-9]+)?"
    r"|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
)
# The command → ip's word; brctl has seconds, ip hundredths.
_TIMES = {
    "setageing": "ageing_time",
    "setfd": "forward_delay",
    "sethello": "hello_time",
    "setmaxage": "max_age",
}
_SWITCH = {"on": True, "yes": True, "1": True, "off": False, "no": False, "0": False}
# Command → how many words it takes at least.
_LEAST = {
    "addbr": 1, "delbr": 1, "addif": 2, "delif": 2, "hairpin": 3, "setageing": 2,
    "setbridgeprio": 2, "setfd": 2, "sethello": 2, "setmaxage": 2, "setpathcost": 3,
    "setportprio": 3, "show": 0, "showmacs": 1, "showstp": 1, "stp": 2, "setgcint": 2,
}  # fmt: skip


def read(words: Sequence[str], answer: Answer) -> None:
    """Translate ``brctl …`` onto ``answer``."""
    if len(words) < 2:
        raise ToolFails("brctl wants a command")
    command, rest = words[1], list(words[2:])
    if command in ("-V", "--version", "-h", "--help"):
        raise NoEquivalent("speaks of brctl itself: ip -V, ip link help")
    if command not in _LEAST:
        raise ToolFails(f"brctl has no command {command!r}")
    if len(rest) < _LEAST[command]:
        raise ToolFails(f"brctl {command} wants more words")
    names = [device(word) for word in rest[: 2 if command in _PORTS else 1]]
    if command == "show":
        _show(names, answer)
    elif command == "showmacs":
        answer.do(Show(("bridge", "-s", "fdb", "show", "br", names[0])))
        answer.note("bridge lists multicast and `self` rows too, and no port numbers")
    elif command == "showstp":
        answer.do(Show(("ip", "-d", "link", "show", "dev", names[0])))
        answer.do(Show(("ip", "-d", "link", "show", "master", names[0])))
        answer.note("times are in hundredths of a second")
    elif command in _TIMES:
        _set(names[0], _TIMES[command], _centiseconds(rest[1]), answer)
    elif command == "setgcint":
        raise NoEquivalent("the bridge's garbage collection interval cannot be set any more")
    else:
        _change(command, names, rest, answer)


_PORTS = frozenset({"hairpin", "setpathcost", "setportprio"})


def _show(names: list[str], answer: Answer) -> None:
    if names:
        answer.do(Show(("ip", "-d", "link", "show", "dev", names[0])))
        answer.do(Show(("ip", "-br", "link", "show", "master", names[0])))
    else:
        answer.do(Show(("ip", "-br", "link", "show", "type", "bridge")))
        answer.do(Show(("bridge", "link")))
    answer.note("no one command lists both; bridge id and STP: ip -j -d link show type bridge")


def _change(command: str, names: list[str], rest: list[str], answer: Answer) -> None:
    name = names[0]
    match command:
        case "addbr":
            if answer.state is not None:
                answer.used_state = True
                if name in answer.state.interfaces:
                    raise ToolFails(f"there is a device {name} already")
            answer.do(AddBridge(answer.node, name))
        case "delbr":
            _delete(name, answer)
        case "addif":
            for word in rest[1:]:
                _add_port(name, device(word), answer)
        case "delif":
            for word in rest[1:]:
                _drop_port(name, device(word), answer)
        case "stp":
            on = _SWITCH.get(rest[1])
            if on is None:
                raise ToolFails(f"{rest[1]!r} is neither on nor off")
            _bridge(name, answer)
            answer.do(SetStp(answer.node, name, on))
        case "setbridgeprio":
            _set(name, "priority", _whole(rest[1]), answer)
        case "hairpin":
            on = _SWITCH.get(rest[2])
            if on is None:
                raise ToolFails(f"{rest[2]!r} is neither on nor off")
            _port(names[1], answer)
            answer.do(SetPortOption(answer.node, names[1], "hairpin", "on" if on else "off"))
        case "setpathcost" | "setportprio":
            option = "cost" if command == "setpathcost" else "priority"
            _port(names[1], answer)
            answer.do(SetPortOption(answer.node, names[1], option, str(_whole(rest[2]))))


def _bridge(name: str, answer: Answer) -> Interface | None:
    """The bridge in the state; ``ToolFails`` where a known state says it is none."""
    found = answer.device(name)
    if found is not None and not answer.type_known(found):
        answer.doubt(f"assumes that {name} is a bridge: the state, saved without -d, does not say")
    elif found is not None and not isinstance(found.kind, Bridge):
        raise ToolFails(f"{name} is no bridge")
    return found


def _port(name: str, answer: Answer) -> None:
    found = answer.device(name)
    if found is not None and found.master is None:
        raise ToolFails(f"{name} is no port of a bridge")


def _set(name: str, option: str, value: int, answer: Answer) -> None:
    _bridge(name, answer)
    answer.do(SetBridgeOption(answer.node, name, option, value))


def _delete(name: str, answer: Answer) -> None:
    found = _bridge(name, answer)
    if found is None:
        answer.doubt(
            f"assumes that {name} is a bridge and down: brctl refuses to delete one that is up, "
            "ip deletes any device"
        )
    elif found.up:
        raise ToolFails(f"{name} is up; brctl deletes a bridge only when it is down")
    answer.do(DeleteLink(answer.node, name))


def _add_port(name: str, port: str, answer: Answer) -> None:
    if _bridge(name, answer) is None:
        answer.doubt(
            f"assumes that {port} is not a port of another bridge: brctl refuses that, ip moves it"
        )
    found = answer.state.interfaces.get(port) if answer.state else None
    if answer.state is not None and found is None:
        raise ToolFails(f"there is no device {port}")
    if found is not None and found.master is not None:
        raise ToolFails(f"{port} is a port of {found.master} already (Device or resource busy)")
    answer.do(SetMaster(answer.node, port, name))


def _drop_port(name: str, port: str, answer: Answer) -> None:
    if _bridge(name, answer) is None:
        answer.doubt(f"assumes that {port} is a port of {name}, which ip does not check")
    found = answer.state.interfaces.get(port) if answer.state else None
    if answer.state is not None and (found is None or found.master != name):
        raise ToolFails(f"{port} is no port of {name} (Invalid argument)")
    answer.do(ClearMaster(answer.node, port))


def _whole(text: str) -> int:
    """sscanf("%i")."""
    value, _ = strtoul(text)
    if not re.match(r"[ \t]*[+]?[0-9]", text):
        raise ToolFails(f"{text!r} is no number")
    return value


def _centiseconds(text: str) -> int:
    """sscanf("%lf") seconds, cut to microseconds and then to hundredths, in doubles as brctl is."""
    found = _SECONDS.match(text)
    if found is None:
        if re.match(r"[ \t]*[+-]?(inf|nan|[0-9.])", text, re.I):
            raise NoEquivalent(f"{text!r} is a time that no bridge can have")
        raise ToolFails(f"{text!r} is no time in seconds")
    number = found[1]
    try:
        seconds = float.fromhex(number) if number[:2] in ("0x", "0X") else float(number)
    except OverflowError:
        seconds = math.inf
    if seconds >= 2**31:
        raise NoEquivalent(f"{text!r} is a time that no bridge can have")
    whole = int(seconds)
    return (whole * 1_000_000 + int(1_000_000 * (seconds - whole))) // 10_000
