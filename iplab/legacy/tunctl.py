"""tunctl(8), uml-utilities: a tap device that stays (TUNSETPERSIST)."""

from __future__ import annotations

from collections.abc import Sequence

from iplab.legacy.answer import Answer, NoEquivalent, ToolFails
from iplab.legacy.lookup import DEPENDS
from iplab.legacy.words import device, getopt
from iplab.network import Tuntap
from iplab.operations import AddOwnedTuntap, DeleteTuntap


def read(words: Sequence[str], answer: Answer) -> None:
    """Translate ``tunctl …`` onto ``answer``."""
    options, rest = getopt(words[1:], "bd:f:t:u:g:h")
    if rest:
        raise ToolFails(f"tunctl does not know {rest[0]!r}")
    name, gone, user, group = "", "", None, None
    for letter, value in options:
        match letter:
            case "d":
                gone = value
            case "t":
                name = value
            case "u":
                user = value
            case "g":
                group = value
            case "f":
                if value != "/dev/net/tun":
                    raise NoEquivalent(f"-f {value}: ip opens /dev/net/tun")
            case "h":
                raise NoEquivalent("speaks of tunctl itself: ip tuntap help")
    if gone:
        _delete(device(gone), answer)
        return
    made = device(name) if name else _free(answer)
    if user is None and group is None:
        user = _me(answer)
    _make(made, Tuntap("tap", user), group, answer)
    answer.note("tunctl prints the device's name, ip does not")


def _me(answer: Answer) -> str:
    """tunctl gives the device to whoever runs it."""
    if answer.context.uid is not None:
        return str(answer.context.uid)
    answer.doubt("assumes that root runs it: tunctl gives the device to whoever does")
    return "0"


def _free(answer: Answer) -> str:
    if answer.state is None:
        raise NoEquivalent(f"the name is the first free tapN: name it (-t), or {DEPENDS}")
    answer.used_state = True
    number = 0
    while f"tap{number}" in answer.state.interfaces:
        number += 1
    return f"tap{number}"


def _make(name: str, tuntap: Tuntap, group: str | None, answer: Answer) -> None:
    if answer.state is not None:
        answer.used_state = True
        found = answer.state.interfaces.get(name)
        if found is not None and (isinstance(found.kind, Tuntap) or not answer.type_known(found)):
            raise NoEquivalent(f"{name} is there: tunctl gives it another owner, ip cannot")
        if found is not None:
            raise ToolFails(f"there is a device {name} that is no {tuntap.mode} (Invalid argument)")
    else:
        answer.doubt(f"assumes that there is no {name} yet: tunctl takes one that is there")
    answer.do(AddOwnedTuntap(answer.node, name, tuntap, group))


def _delete(name: str, answer: Answer) -> None:
    if answer.state is not None:
        answer.used_state = True
        found = answer.state.interfaces.get(name)
        if found is None:
            answer.note(f"there is no {name}: tunctl makes it and lets it go again at once")
            return
        if not answer.type_known(found):
            answer.doubt(f"assumes that {name} is a tap: the state, saved without -d, does not say")
        elif not isinstance(found.kind, Tuntap) or found.kind.mode != "tap":
            raise ToolFails(f"{name} is no tap device (Invalid argument)")
    answer.do(DeleteTuntap(answer.node, name, "tap"))
