"""mii-tool(8), net-tools 2.10: the media of old cards, for which there is ethtool(8) now.

mii-tool writes a card's own registers (SIOCSMIIREG), ethtool asks the card's driver; what mii-tool
writes was held against the words here by tests/kernel/test_translate_asked.py.
"""

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
# The bits of a medium in the register MII_ADVERTISE (linux/mii.h); those of 1000 Mbit/s are in
# another, which mii-tool reads the names of and never writes.
_MEDIA = {
    "10baset-hd": 0x020,
    "10baset-fd": 0x040,
    "100basetx-hd": 0x080,
    "100basetx-fd": 0x100,
    "100baset4": 0x200,
    "100basetx": 0x180,
    "10baset": 0x060,
    "1000baset-hd": 0,
    "1000baset-fd": 0,
    "1000baset": 0,
}
_ALL = 0x7E0
# What ethtool calls each bit: speed, duplex, and the bit of its own advertise mask.
_ETHTOOL = {
    0x020: (10, "half", 0x1),
    0x040: (10, "full", 0x2),
    0x080: (100, "half", 0x4),
    0x100: (100, "full", 0x8),
}


def read(words: Sequence[str], answer: Answer) -> None:
    """Translate ``mii-tool …`` onto ``answer``."""
    options, rest = getopt(words[1:], "A:F:p:lrRvVw?", _LONG)
    letters = dict(options)
    forced, advertised = _media(letters.get("F")), _media(letters.get("A"))
    if "?" in letters or (forced and ("r" in letters or advertised)):
        raise ToolFails("mii-tool prints its usage: -F goes alone")
    if forced & (forced - 1):
        raise ToolFails(f"-F {letters['F']} is more than one medium")
    if "V" in letters:
        raise NoEquivalent("speaks of mii-tool itself: ethtool --version")
    if not rest:
        raise ToolFails("no interface specified")
    if "R" in letters:
        raise NoEquivalent("ethtool cannot reset a transceiver to its defaults")
    if "p" in letters:
        raise NoEquivalent("-p speaks to another transceiver than the card's own")
    if (forced | advertised) & ~0x1E0:
        raise NoEquivalent("ethtool has no 100baseT4, and flow control is its -A")
    for name in [device(word) for word in rest]:
        _one(name, forced, advertised, "r" in letters, answer)
    if "w" in letters:
        answer.do(Show(("ip", "monitor", "link")))
        answer.note("prints what changes in ip's words, for all devices")


def _media(text: str | None) -> int:
    """The media as mii-tool's parse_media() reads them: names, or a mask of the register."""
    if text is None:
        return 0
    try:
        mask = int(text, 16)
    except ValueError:
        mask = 0
        for word in text.replace(",", " ").split():
            if word.lower() not in _MEDIA:
                raise ToolFails(f"mii-tool does not know the medium {word!r}") from None
            mask |= _MEDIA[word.lower()]
        return mask
    if not mask & _ALL or mask & ~_ALL:
        raise ToolFails(f"{text!r} is no mask of media")
    return mask


def _one(name: str, forced: int, advertised: int, restart: bool, answer: Answer) -> None:
    answer.device(name)
    if forced:
        speed, duplex, _ = _ETHTOOL[forced]
        words = ("speed", str(speed), "duplex", duplex, "autoneg", "off")
        answer.do(SetMedia(answer.node, name, words))
    elif advertised:
        mask = sum(bit for ours, (_, _, bit) in _ETHTOOL.items() if advertised & ours)
        answer.do(SetMedia(answer.node, name, ("autoneg", "on", "advertise", f"{mask:#x}")))
        answer.doubt("on a card of 1000 Mbit/s that speed is no longer offered; mii-tool leaves it")
    elif restart:
        answer.do(Show(("ethtool", "-r", name)))
    else:
        answer.do(Show(("ethtool", name)))
        answer.note("another layout")
        return
    answer.doubt(
        "mii-tool writes the card's registers, ethtool asks its driver: not tried on a real card"
    )
