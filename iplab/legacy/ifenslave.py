"""ifenslave(8), the old C program: ports of a bonding device."""

from __future__ import annotations

from collections.abc import Sequence

from iplab.legacy.answer import Answer, NoEquivalent, Show, ToolFails
from iplab.legacy.words import device, getopt
from iplab.operations import ClearMaster, SetActiveSlave, SetDown, SetMaster

_LONG = {
    "all-interfaces": "a",
    "change-active": "c",
    "detach": "d",
    "force": "f",
    "help": "h",
    "verbose": "v",
    "version": "V",
}


def read(words: Sequence[str], answer: Answer) -> None:
    """Translate ``ifenslave …`` onto ``answer``."""
    options, rest = getopt(words[1:], "acdfhuvV?", _LONG)
    letters = {letter for letter, _ in options}
    if letters & {"h", "u", "V", "?"}:
        raise NoEquivalent("speaks of ifenslave itself: ip link help bond")
    names = [device(word) for word in rest]
    if len(names) < 2:
        if "a" in letters or not names:
            answer.do(Show(("ip", "-d", "link", "show", "type", "bond")))
        else:
            answer.do(Show(("ip", "-d", "link", "show", "master", names[0])))
        answer.note("another layout")
        return
    bond, ports = names[0], names[1:]
    for name in names:
        answer.device(name)
    if "c" in letters:
        if len(ports) > 1:
            raise ToolFails("one active port only")
        answer.do(SetActiveSlave(answer.node, bond, ports[0]))
    elif "d" in letters:
        answer.do(*(ClearMaster(answer.node, port) for port in ports))
    else:
        for port in ports:
            answer.do(SetDown(answer.node, port), SetMaster(answer.node, port, bond))
    answer.doubt(
        "not tried out: today's ifenslave package has no such program; it wants the bond to be up, "
        "and takes the port's addresses away"
    )
