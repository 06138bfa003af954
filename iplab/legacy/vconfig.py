"""vconfig(8).  Debian's has been a shell script around ``ip`` since 2013; these are its calls."""

from __future__ import annotations

from collections.abc import Sequence

from iplab.legacy.answer import Answer, NoEquivalent, ToolFails
from iplab.legacy.words import atoi, device
from iplab.network import End, Vlan
from iplab.operations import AddVlan, DeleteLink, SetVlanOption

_LEAST = {
    "add": 2,
    "rem": 1,
    "set_flag": 3,
    "set_egress_map": 3,
    "set_ingress_map": 3,
    "set_name_type": 1,
}


def read(words: Sequence[str], answer: Answer) -> None:
    """Translate ``vconfig …`` onto ``answer``."""
    command, rest = (words[1] if len(words) > 1 else ""), list(words[2:])
    if not 2 <= len(words) - 1 <= 4 or command not in _LEAST or len(rest) < _LEAST[command]:
        raise ToolFails(f"vconfig {command} wants other words")
    if command == "set_name_type":
        raise NoEquivalent(
            "sets how later `vconfig add` names devices; `ip link add … name NAME` says it there"
        )
    name = device(rest[0])
    if command == "add":
        _add(name, rest[1], answer)
    elif command == "rem":
        answer.device(name)
        if answer.state is None:
            answer.note("as in Debian's vconfig, ip deletes the device whether it is a VLAN or not")
        answer.do(DeleteLink(answer.node, name))
    else:
        answer.device(name)
        answer.do(SetVlanOption(answer.node, name, _option(command, rest)))


def _add(name: str, text: str, answer: Answer) -> None:
    number = atoi(text)
    if not text.isdigit() or not 0 <= number <= 4095:
        raise ToolFails(f"{text!r} is no VLAN number")
    answer.device(name)
    made = device(f"{name}.{number}")
    answer.note("the name is the usual one; `vconfig set_name_type` would have chosen another")
    answer.do(AddVlan(answer.node, made, Vlan(link=End(answer.node, name), id=number)))


def _option(command: str, rest: list[str]) -> tuple[str, ...]:
    if command == "set_flag":
        if rest[2] not in ("0", "1"):
            raise ToolFails(f"{rest[2]!r} is neither 0 nor 1")
        return ("reorder_hdr", "on" if rest[2] == "1" else "off")
    if not all(word.isdigit() for word in rest[1:3]):
        raise ToolFails(f"vconfig {command} wants two numbers")
    side = "egress-qos-map" if command == "set_egress_map" else "ingress-qos-map"
    return (side, f"{rest[1]}:{rest[2]}")
