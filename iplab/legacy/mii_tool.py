"""mii-tool(8), net-tools 2.10: the media of old cards, for which there is ethtool(8) now."""

from __future__ import annotations

from collections.abc import Sequence

from iplab.legacy.answer import Answer, NoEquivalent, Show, ToolFails
from iplab.legacy.words import device, getopt
from iplab.operations import SetMedia

_LONG = {
    "verbose": "v",
    "version": "V",
    "advertise=": "A",
    "force=": "F",
    "phy=": "p",
    "log": "l",
    "restart": "r",
    "reset": "R",
    "watch": "w",
    "help": "?",
}
# What ethtool(8) calls each: speed, duplex, and the bit of its advertise mask.
_MEDIA = {
    "10baseT-HD": (10, "half", 0x1),
    "10baseT": (10, "half", 0x1),
    "10baseT-FD": (10, "full", 0x2),
    "100baseTx-HD": (100, "half", 0x4),
    "100baseTx": (100, "half", 0x4),
    "100baseTx-FD": (100, "full", 0x8),
}


def read(words: Sequence[str], answer: Answer) -> None:
    """Translate ``mii-tool …`` onto ``answer``."""
    options, rest = getopt(words[1:], "A:F:p:lrRvVw?", _LONG)
    letters = dict(options)
    if "V" in letters or "?" in letters:
        raise NoEquivalent("speaks of mii-tool itself: ethtool --version")
    if "R" in letters:
        raise NoEquivalent("ethtool cannot reset a transceiver to its defaults")
    if "w" in letters:
        answer.do(Show(("ip", "monitor", "link")))
        answer.note("prints what changes in ip's words, for all devices")
        return
    if not rest:
        raise NoEquivalent("asks each card in turn; ethtool wants one: ethtool DEV")
    for name in [device(word) for word in rest]:
        _one(name, letters, answer)


def _one(name: str, letters: dict[str, str], answer: Answer) -> None:
    answer.device(name)
    if "F" in letters:
        if letters["F"] not in _MEDIA:
            raise ToolFails(f"mii-tool does not know the medium {letters['F']!r}")
        speed, duplex, _ = _MEDIA[letters["F"]]
        forced = ("speed", str(speed), "duplex", duplex, "autoneg", "off")
        answer.do(SetMedia(answer.node, name, forced))
    elif "A" in letters:
        mask = 0
        for word in letters["A"].split(","):
            if word not in _MEDIA:
                raise ToolFails(f"mii-tool does not know the medium {word!r}")
            mask |= _MEDIA[word][2]
        said = ("autoneg", "on", "advertise", f"{mask:#x}")
        answer.do(SetMedia(answer.node, name, said))
    elif "r" in letters:
        answer.do(Show(("ethtool", "-r", name)))
    else:
        answer.do(Show(("ethtool", name)))
        answer.note("another layout")
        return
    answer.doubt("not tried out: it takes a real card; mii-tool knows nothing above 100 Mbit/s")
