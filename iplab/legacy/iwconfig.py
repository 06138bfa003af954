"""iwconfig(8) and iwlist(8), wireless-tools: ``iw`` speaks to the same cards by nl80211.

The kernel grants iwconfig's requests by what nl80211 does (net/wireless/wext-compat.c).  What
iwconfig asks for was held against the words here by tests/kernel/test_translate_asked.py; no radio
was there to try either, so whatever changes something is marked.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Protocol

from iplab.legacy.answer import Answer, NoEquivalent, Show, ToolFails
from iplab.legacy.words import device
from iplab.operations import SetWireless

# The modes by their numbers, of which the first three letters are enough (iw_operation_mode).
_MODES = ("auto", "ad-hoc", "managed", "master", "repeater", "secondary", "monitor")
_TYPES = {"ad-hoc": "ibss", "managed": "managed", "monitor": "monitor"}
_KEYS = "keys belong to a connection: iw dev DEV connect SSID keys …, or wpa_supplicant"
_BITRATES = "iw dev DEV set bitrates … has another form (by band and MCS)"
_NONE = {
    "nickname": "no driver has a nickname any more",
    "nwid": "pre-802.11 network ids are gone",
    "sens": "iw has no sensitivity threshold; see cqm in iw help",
    "modulation": "iw has no word for modulations",
    "key": _KEYS,
    "enc": _KEYS,
    "rate": _BITRATES,
    "bit": _BITRATES,
    "ap": "iw dev DEV connect SSID BSSID wants the network's name as well",
    "retry": "iw phy PHY set retry … wants the card (PHY), not the device",
    "rts": "iw phy PHY set rts … wants the card (PHY), not the device",
    "frag": "iw phy PHY set frag … wants the card (PHY), not the device",
    "commit": "iw applies at once",
}
_COMMANDS = ("essid", "mode", "freq", "channel", "power", "txpower", *_NONE)


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
    try:
        while rest:
            _word(name, rest, answer)
    finally:
        if answer.items:
            answer.doubt("not tried on a radio: only iwconfig's requests were held against this")


def _command(word: str) -> str:
    """The command that a word is, or begins alone (find_command() in iwconfig.c)."""
    low = word.lower()
    found = [c for c in _COMMANDS if c == low] or [c for c in _COMMANDS if c.startswith(low)]
    if len(found) != 1:
        raise ToolFails(f"iwconfig does not know {word!r}" + (" alone" if found else ""))
    return found[0]


def _word(name: str, rest: list[str], answer: Answer) -> None:
    command = _command(rest.pop(0))
    if command in _NONE:
        raise NoEquivalent(f"{command}: {_NONE[command]}")
    if not rest:
        raise ToolFails(f"{command} wants a value")
    value = rest.pop(0)

    def do(*setting: str) -> None:
        answer.do(SetWireless(answer.node, name, setting))

    match command:
        case "essid":
            _essid(value, rest, do, answer)
        case "mode":
            do("set", "type", _mode(value))
        case "channel" | "freq":
            _frequency(command, value, do)
            if rest and rest[0] in ("fixed", "auto"):
                rest.pop(0)  # which the kernel does not look at
            if not any("monitor" in i.words for i in answer.items if isinstance(i, SetWireless)):
                answer.doubt(
                    f"assumes that {name} is a monitor; in managed mode iwconfig's channel is for "
                    "the next connection, which iw takes with it: connect SSID FREQ"
                )
        case "txpower":
            limit = bool(rest) and rest[0] in ("auto", "fixed") and rest.pop(0) == "auto"
            _power(value, limit, do)
            answer.doubt("iwconfig also lifts a soft block: rfkill unblock wlan")
        case _:
            if value not in ("on", "off"):
                raise NoEquivalent(f"power {value}: iw knows on and off only")
            do("set", "power_save", value)


def _essid(value: str, rest: list[str], do: _Do, answer: Answer) -> None:
    if value in ("-", "--") and rest:
        value = rest.pop(0)
    elif value.lower() in ("off", "any", "on"):
        raise NoEquivalent(f"essid {value}: iw connects to a network by its name")
    if value.startswith("-") or (rest and rest[0].startswith("[")):
        raise NoEquivalent("iw connect has no such name, and no index")
    if len(value.encode(errors="surrogateescape")) > 32:
        raise ToolFails("a network's name has 32 bytes at most")
    settings = [item.words for item in answer.items if isinstance(item, SetWireless)]
    if ("set", "type", "ibss") in settings:
        raise NoEquivalent(
            f"essid {value} in ad-hoc mode wants the frequency too: "
            f"iw dev DEV ibss join {value} FREQ (in MHz)"
        )
    do("connect", value)
    answer.doubt(
        "in managed mode, without a key; with WPA the connection is wpa_supplicant's, and in "
        "ad-hoc mode it is iw dev DEV ibss join SSID FREQ"
    )


def _mode(value: str) -> str:
    if value.isascii() and value.isdigit():
        found = _MODES[int(value)] if int(value) < len(_MODES) else None
    else:
        found = next((m for m in _MODES if m[:3] == value[:3].lower()), None)
    if found is None:
        raise ToolFails(f"iwconfig knows no mode {value!r}")
    if found not in _TYPES:
        raise NoEquivalent(
            f"mode {found}: today's kernel refuses it from iwconfig (Invalid argument); an access "
            "point is hostapd's to make"
        )
    return _TYPES[found]


def _frequency(word: str, value: str, do: _Do) -> None:
    if value == "auto":
        raise NoEquivalent(f"{word} auto: iw has no word for it; iw connect chooses by itself")
    found = re.fullmatch(r"(\d+(?:\.\d*)?|\.\d+)([GMk]?)", value)
    hertz = float(found[1]) * {"G": 1e9, "M": 1e6, "k": 1e3, "": 1}[found[2]] if found else 0.0
    if found and hertz < 1000 and hertz == int(hertz):
        do("set", "channel", str(int(hertz)))
    elif 1e6 <= hertz < 1e15:  # of some 300 digits it would be without end
        do("set", "freq", str(round(hertz) // 1_000_000))
    else:
        raise NoEquivalent(f"{word} {value}: iw wants a channel or a frequency in MHz")


def _power(value: str, limit: bool, do: _Do) -> None:
    found = re.fullmatch(r"(\d{1,3})(dBm|mW)?", value)
    if value == "auto":
        do("set", "txpower", "auto")
    elif found and not (found[2] == "mW" and int(found[1]) == 0):
        number = int(found[1])
        if found[2] == "mW":  # as iw_mwatt2dbm() in iwlib.c
            number = math.ceil(10 * math.log10(number))
        do("set", "txpower", "limit" if limit else "fixed", str(number * 100))
    else:
        raise NoEquivalent(f"txpower {value}: iw wants dBm; on and off are rfkill(8)")


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
