"""iwconfig(8) and iwlist(8), wireless-tools: ``iw`` speaks to the same cards by nl80211.

Nothing here could be tried out (it takes a radio), so whatever changes something is marked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from iplab.legacy.answer import Answer, NoEquivalent, Show, ToolFails
from iplab.legacy.words import device
from iplab.operations import SetWireless

_MODES = {
    "managed": "managed",
    "ad-hoc": "ibss",
    "master": "__ap",
    "monitor": "monitor",
    "auto": "managed",
}
_NONE = {
    "nick": "no driver has a nickname any more",
    "nickname": "no driver has a nickname any more",
    "nwid": "pre-802.11 network ids are gone",
    "domain": "pre-802.11 network ids are gone",
    "sens": "iw has no sensitivity threshold; see cqm in iw help",
    "modu": "iw has no word for modulations",
    "key": "keys belong to a connection: iw dev DEV connect SSID keys …, or wpa_supplicant",
    "enc": "keys belong to a connection: iw dev DEV connect SSID keys …, or wpa_supplicant",
    "rate": "iw dev DEV set bitrates … has another form (by band and MCS)",
    "bit": "iw dev DEV set bitrates … has another form (by band and MCS)",
    "ap": "iw dev DEV connect SSID BSSID wants the network's name as well",
    "retry": "iw phy PHY set retry … wants the card (PHY), not the device",
    "rts": "iw phy PHY set rts … wants the card (PHY), not the device",
    "rts_threshold": "iw phy PHY set rts … wants the card (PHY), not the device",
    "frag": "iw phy PHY set frag … wants the card (PHY), not the device",
    "fragmentation_threshold": "iw phy PHY set frag … wants the card (PHY), not the device",
    "commit": "iw applies at once",
}


class _Do(Protocol):
    def __call__(self, *setting: str) -> None: ...


def read(words: Sequence[str], answer: Answer) -> None:
    """Translate ``iwconfig …`` or ``iwlist …`` onto ``answer``."""
    rest = list(words[1:])
    if rest and rest[0] in ("--version", "--help", "-v", "-h"):
        raise NoEquivalent("speaks of itself: iw --version, iw help")
    if words[0].endswith("iwlist"):
        _list(rest, answer)
        return
    if not rest:
        answer.do(Show(("iw", "dev")))
        answer.note("another layout; wireless devices only")
        return
    name = device(rest.pop(0))
    answer.device(name)
    if not rest:
        answer.do(Show(("iw", "dev", name, "info")), Show(("iw", "dev", name, "link")))
        answer.note("another layout")
        return
    while rest:
        _word(name, rest, answer)
    answer.doubt("not tried out: it takes a radio; with WPA the connection is wpa_supplicant's")


def _word(name: str, rest: list[str], answer: Answer) -> None:
    word = rest.pop(0)
    if word in _NONE:
        raise NoEquivalent(f"{word}: {_NONE[word]}")
    if not rest:
        raise ToolFails(f"{word} wants a value")
    value = rest.pop(0)
    if value == "--" and word == "essid" and rest:
        value = rest.pop(0)

    def do(*setting: str) -> None:
        answer.do(SetWireless(answer.node, name, setting))

    match word:
        case "essid":
            if value in ("off", "any", "on"):
                raise NoEquivalent(f"essid {value}: iw connects to a network by its name")
            do("connect", value)
        case "mode":
            if value.lower() not in _MODES:
                raise NoEquivalent(f"mode {value} has no counterpart in iw")
            do("set", "type", _MODES[value.lower()])
        case "channel" | "freq":
            _frequency(word, value, do)
        case "txpower":
            _power(value, do)
        case "power":
            if value not in ("on", "off"):
                raise NoEquivalent(f"power {value}: iw knows on and off only")
            do("set", "power_save", value)
        case _:
            raise ToolFails(f"iwconfig does not know {word!r}")


def _frequency(word: str, value: str, do: _Do) -> None:
    if value.isdigit() and int(value) < 1000:
        do("set", "channel", value)
        return
    number, unit = value.rstrip("kKmMgG"), value[-1:].lower()
    factor = {"g": 1000.0, "m": 1.0, "k": 0.001}.get(unit, 1e-6)
    try:
        megahertz = float(number) * factor
    except ValueError:
        raise NoEquivalent(f"{word} {value}: iw wants a channel or a frequency in MHz") from None
    do("set", "freq", f"{megahertz:g}")


def _power(value: str, do: _Do) -> None:
    text = value.removesuffix("dBm")
    if value == "auto":
        do("set", "txpower", "auto")
    elif text.isdigit():
        do("set", "txpower", "fixed", str(int(text) * 100))
    else:
        raise NoEquivalent(f"txpower {value}: iw wants dBm; off is rfkill(8)")


def _list(rest: list[str], answer: Answer) -> None:
    if len(rest) < 2:
        raise ToolFails("iwlist wants a device and what to list")
    name, what = device(rest[0]), rest[1]
    answer.device(name)
    if what in ("scan", "scanning"):
        answer.do(Show(("iw", "dev", name, "scan")))
    elif what in ("freq", "frequency", "channel", "rate", "bit", "bitrate", "txpower"):
        answer.do(Show(("iw", "list")))
        answer.note("iw lists the abilities of every card together")
    elif what in ("ap", "accesspoints", "peers"):
        answer.do(Show(("iw", "dev", name, "scan", "dump")))
    else:
        raise NoEquivalent(f"iwlist {what} has no counterpart in iw")
    answer.note("another layout")
