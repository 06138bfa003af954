"""nameif(8), net-tools 2.10: names by MAC address, from the words or from /etc/mactab."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from iplab.legacy.answer import Answer, NoEquivalent, ToolFails
from iplab.legacy.lookup import DEPENDS
from iplab.legacy.words import device, ether, getopt
from iplab.operations import RenameLink

_LONG = {"help": "h", "config-file=": "c", "syslog": "s"}


def read(words: Sequence[str], answer: Answer) -> None:
    """Translate ``nameif …`` onto ``answer``."""
    options, rest = getopt(words[1:], "c:s", _LONG)
    file = next((value for letter, value in options if letter == "c"), None)
    if any(letter == "h" for letter, _ in options):
        raise NoEquivalent("speaks of nameif itself: ip link help")
    if len(rest) % 2:
        raise ToolFails("nameif wants pairs of a name and a MAC address")
    wanted = dict(_pairs(rest))
    if not rest or file is not None:
        wanted = dict(_pairs(_from_file(file or "/etc/mactab", answer))) | wanted
    if answer.state is None:
        raise NoEquivalent(f"which device has the MAC address is not known; {DEPENDS}")
    answer.used_state = True
    taken = set(answer.state.interfaces)
    found = sorted(answer.state.interfaces.values(), key=lambda i: i.index or 0)
    for interface in found:
        name = wanted.pop(interface.lladdr or "", None)
        if name is None or name == interface.name:
            continue
        if name in taken:
            answer.fails(f"there is a device {name} already (File exists)")
            return
        answer.do(RenameLink(answer.node, interface.name, name))
        taken = taken - {interface.name} | {name}
        answer.note(f"{interface.name} has that MAC address now")
    for lladdr in wanted:
        answer.fails(f"no device has the MAC address {lladdr}")


def _pairs(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    for name, text in zip(words[::2], words[1::2], strict=False):
        if "=" in text:
            raise NoEquivalent(f"{text!r}: only MAC addresses can be translated")
        lladdr = ether(text)
        if lladdr is None:
            raise ToolFails(f"{text!r} is no MAC address")
        yield lladdr, device(name)


def _from_file(name: str, answer: Answer) -> list[str]:
    if answer.context.read_file is None:
        raise NoEquivalent(f"the names are in {name}, which is read when nameif runs")
    try:
        text = answer.context.read_file(name)
    except (OSError, UnicodeDecodeError):
        raise ToolFails(f"nameif cannot open {name}") from None
    words: list[str] = []
    for line in text.splitlines():
        found = line.partition("#")[0].split()
        if found and len(found) < 2:
            raise ToolFails(f"{name}: {line!r} is no pair")
        words += found[:2]
    return words
