"""Values for words that only the running script knows: one for each place a word may have."""

from __future__ import annotations

import re
from collections.abc import Sequence

from iplab.legacy.roles import Role
from iplab.legacy.shell import Word

_OPEN = {"ifconfig": 2}  # the place where a bare variable may as well be `up`


def sounds_like_address(words: Sequence[Word], at: int) -> bool:
    """Whether a variable in an address's place is one: by its name, or by the word behind it."""
    if at != _OPEN["ifconfig"]:
        return True
    if at + 1 < len(words) and words[at + 1].value in ("netmask", "broadcast", "pointopoint"):
        return True
    name = words[at].pieces[0].name
    return bool(re.search(r"(?i)ip|addr", name)) or not name.isidentifier()


def made_up(word: Word, index: int, role: Role, variant: int, number: int) -> str:
    """A value that fits: two variants that differ in class, length and digits."""
    before = "".join(p.text for p in word.pieces[:index] if p.literal)
    literal = "".join(p.text for p in word.pieces if p.literal)
    digits = str((71, 83)[variant] + number)
    if role == "address6" and len(word.pieces) > 1:
        return _part_of_six(word, index, variant, number)
    if role == "mac" and len(word.pieces) > 1:
        return _part_of_mac(word, index, variant, number) or digits
    if before.endswith("/") and role in ("address", "network"):
        return ("25", "26")[variant]
    if role in ("address", "network") and len(word.pieces) > 1 and not before:
        # "$NET.1" fills three numbers, "$IP/24" a whole address.
        missing = 3 - literal.split("/")[0].count(".")
        lead = [str((17, 203)[variant]), "0", str(110 + number), "0"]
        return ".".join(lead[: missing + 1])
    if len(word.pieces) > 1 and (before or role in ("number", "mss", "priority")):
        if role == "network":
            return "0"
        if role in ("address", "mac", "device", "number", "mss", "priority"):
            return digits
    if role == "device":
        return ("dvq", "dwx")[variant] + str(number)
    if role == "address":
        return (f"17.33.44.{65 + number}", f"203.0.113.{33 + number}")[variant]
    if role == "network":
        return (f"{40 + number}.0.0.0", f"{60 + number}.0.0.0")[variant]
    if role == "mask":
        return ("255.255.255.240", "255.255.255.248")[variant]
    if role == "mac":
        return f"02:00:5e:1{variant}:00:{16 + number:02x}"
    if role == "mss":
        return str((1431, 1293)[variant] + number)
    if role == "priority":
        return str((21, 37)[variant] + number)
    if role == "address6":
        return f"2001:db8:{7 + variant}::{5 + number}/{(64, 56)[variant]}"
    if role == "number":
        return digits
    return ("nq", "nx")[variant] + digits


def _part_of_six(word: Word, index: int, variant: int, number: int) -> str:
    """A part of an IPv6 address: what stands before a slash, behind it, or in the midst."""
    before = "".join(p.text for p in word.pieces[:index] if p.literal)
    after = word.pieces[index + 1].text if index + 1 < len(word.pieces) else ""
    if "/" in before:
        return ("64", "56")[variant]
    if before:
        return str((71, 83)[variant] + number)
    if after.startswith("/"):
        return f"2001:db8:{7 + variant}::{5 + number}"
    return f"2001:db8:{7 + variant}" if after.startswith("::") else "?"


def _part_of_mac(word: Word, index: int, variant: int, number: int) -> str:
    """One of the six bytes, or the several that the word lacks: ``${MAC%:*}:77``, ``$OUI:$N``.

    Empty: the piece is a part of a byte.
    """
    holes = {at: f"<{at}>" for at, piece in enumerate(word.pieces) if not piece.literal}
    bytes_ = "".join(holes.get(at, p.text) for at, p in enumerate(word.pieces)).split(":")
    whole = [at for at, hole in holes.items() if hole in bytes_]
    lacking = 6 - len(bytes_)
    if index not in whole:
        return ""
    if index != whole[0] or lacking < 1:
        return str((71, 83)[variant] + number)
    varying = f"{(0x3A, 0x5C)[variant] + number:02x}"
    return ":".join(["02", varying, "5e", "00", "4b", "06"][: 1 + lacking])
