"""vconfig(8).  Debian's has been a shell script around ``ip`` since 2013; these are its calls, and
tests/kernel/test_translate_asked.py holds them to what the script executes."""

from __future__ import annotations

from collections.abc import Sequence

from iplab.legacy.answer import Answer, NoEquivalent, ToolFails
from iplab.legacy.words import device, strtoul
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
# What `set_name_type` leaves behind, and how a name is then made of device and number.
NAME_TYPE = "/run/network/vlan/name-type"
USUAL = "DEV_PLUS_VID_NO_PAD"
UNKNOWN = "?"  # chosen in a way that cannot be followed
NAME_TYPES = {
    "VLAN_PLUS_VID": "vlan{number:04}",
    "VLAN_PLUS_VID_NO_PAD": "vlan{text}",
    "DEV_PLUS_VID": "{device}.{number:04}",
    USUAL: "{device}.{text}",
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
        if len(rest) > 1:
            raise NoEquivalent(f"vconfig rem takes one name: was {name}.{rest[1]} meant?")
        answer.device(name)
        if answer.state is None:
            answer.note("as in Debian's vconfig, ip deletes the device whether it is a VLAN or not")
        answer.do(DeleteLink(answer.node, name))
    else:
        answer.device(name)
        answer.do(SetVlanOption(answer.node, name, _option(command, rest, answer)))


def _add(name: str, text: str, answer: Answer) -> None:
    # The script hands the word to ip, to which 010 is eight; BusyBox reads it as ten.
    number, whole = (int(text), True) if answer.busybox and text.isdigit() else strtoul(text)
    if not whole or not text[:1].isdigit() or not 0 <= number <= 4095:
        raise ToolFails(f"{text!r} is no VLAN number")
    answer.device(name)
    shown = str(number) if answer.busybox else text
    form = NAME_TYPES.get(_name_type(answer))
    if form is None:
        raise ToolFails("the name type that was set is none that vconfig knows")
    made = device(form.format(device=name, number=number, text=shown))
    answer.do(AddVlan(answer.node, made, Vlan(link=End(answer.node, name), id=number)))


def _name_type(answer: Answer) -> str:
    """What was chosen with `set_name_type`: by the context, by the file it is kept in, or USUAL."""
    said = answer.context.vlan_names
    if said == UNKNOWN:
        raise NoEquivalent("what kind of name `vconfig set_name_type` has chosen is not known here")
    if said is not None:
        if said != USUAL:
            answer.note(f"the name is of the type {said}, which was set before")
        return said
    if answer.state is None or answer.context.read_file is None:
        answer.doubt("assumes that `vconfig set_name_type` has not chosen another kind of name")
        return USUAL
    try:
        return answer.context.read_file(NAME_TYPE).strip()
    except OSError:
        return USUAL


def _option(command: str, rest: list[str], answer: Answer) -> tuple[str, ...]:
    if command == "set_flag":
        if rest[2] not in ("0", "1"):
            raise ToolFails(f"{rest[2]!r} is neither 0 nor 1")
        if rest[1] not in ("1", "REORDER_HDR"):
            answer.doubt(f"flag {rest[1]}: Debian's vconfig sets reorder_hdr whichever is named")
        return ("reorder_hdr", "on" if rest[2] == "1" else "off")
    if not all(word.isdigit() for word in rest[1:3]):
        raise ToolFails(f"vconfig {command} wants two numbers")
    side = "egress-qos-map" if command == "set_egress_map" else "ingress-qos-map"
    return (side, f"{rest[1]}:{rest[2]}")
