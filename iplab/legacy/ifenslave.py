"""ifenslave(8), the C program that came with Linux until 3.12 (ifenslave.c 1.1.0).

No kernel with bonding was there to try it on.  By the sources, SIOCBONDENSLAVE and `ip link set
… master` come to one function, bond_enslave() in drivers/net/bonding/bond_main.c, and so do the
other two; what ifenslave does besides (the port down, its address away, the MTU) is said in full.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address

from iplab.legacy.answer import Answer, NoEquivalent, Show, ToolFails
from iplab.legacy.ifstate import Target
from iplab.legacy.words import device, getopt
from iplab.network import Interface
from iplab.operations import ClearMaster, SetActiveSlave, SetMaster, SetMtu

_LONG = {
    "all-interfaces": "a",
    "change-active": "c",
    "detach": "d",
    "force": "f",
    "help": "h",
    "usage": "u",
    "verbose": "v",
    "version": "V",
}
_UNTRIED = "not tried: no kernel with bonding was there; by the sources of both"


def read(words: Sequence[str], answer: Answer) -> None:
    """Translate ``ifenslave …`` onto ``answer``."""
    options, rest = getopt(words[1:], "acdfhuvV?", _LONG)
    letters = {letter for letter, _ in options}
    if letters & {"h", "u", "V", "?"}:
        raise NoEquivalent("speaks of ifenslave itself: ip link help bond")
    if len(letters & set("acdf")) > 1 or ("a" in letters and rest):
        raise ToolFails("these options exclude each other")
    names = [device(word) for word in rest]
    if len(names) < 2:
        if "c" in letters or "d" in letters or (not names and "a" not in letters):
            raise ToolFails("ifenslave wants a bond and its ports")
        only = ("master", names[0]) if names else ("type", "bond")
        answer.do(Show(("ip", "-d", "link", "show", *only)))
        answer.note("another layout")
        return
    bond = _bond(names[0], answer)
    for port in names[1:2] if "c" in letters else names[1:]:
        if "c" in letters:
            if _port(port, names[0], answer):
                answer.do(SetActiveSlave(answer.node, names[0], port))
        elif "d" in letters:
            if _port(port, names[0], answer):
                answer.do(ClearMaster(answer.node, port), SetMtu(answer.node, port, 1500))
        else:
            _enslave(names[0], bond, port, answer)
    if answer.items:
        answer.doubt(_UNTRIED)


def _bond(name: str, answer: Answer) -> Interface | None:
    """The bond in the state; ``ToolFails`` where it is none, or down."""
    found = answer.device(name)
    if found is None:
        answer.doubt(f"assumes that {name} is a bond and up: ifenslave refuses any other")
    elif "MASTER" not in found.flags:
        raise ToolFails(f"{name} is no bond")
    elif not found.up:
        raise ToolFails(f"{name} is down, and ifenslave wants it up")
    return found


def _port(name: str, bond: str, answer: Answer) -> bool:
    """Whether the device is a port of the bond, as far as the state says."""
    if answer.state is None:
        answer.doubt(f"assumes that {name} is a port of {bond}")
        return True
    answer.used_state = True
    found = answer.state.interfaces.get(name)
    if found is not None and found.master == bond:
        return True
    answer.fails(f"{name} is no port of {bond}")
    return False


def _enslave(bond: str, master: Interface | None, name: str, answer: Answer) -> None:
    """Down, without its first address, with the bond's MTU, into the bond, which takes it up."""
    if answer.state is not None:
        found = answer.state.interfaces.get(name)
        if found is None or found.master is not None:
            what = f"a port of {found.master} already" if found else "no device"
            answer.fails(f"{name} is {what}")
            return
    target = Target.of(name, answer)
    target.down()
    target.address("0.0.0.0", IPv4Address(0), up=False)
    if master is not None:
        target.mtu(master.mtu if master.mtu is not None else 1500)
    else:
        answer.doubt(f"assumes that {bond} and {name} have one MTU: ifenslave gives it the bond's")
    target.finish()
    answer.do(SetMaster(answer.node, name, bond))
