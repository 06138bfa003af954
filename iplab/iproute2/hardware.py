"""``ethtool -s`` and ``iw dev`` (ethtool(8), iw(8)): what a real card is told.  No more of them."""

from __future__ import annotations

from iplab.iproute2.reading import Cursor, Meaning, means
from iplab.operations import SetMedia, SetWireless


def read_ethtool(cursor: Cursor) -> Meaning:
    """``ethtool -s DEV WORDS…``."""
    cursor.note(1, "program.ethtool")
    if cursor.peek() not in ("-s", "--change"):
        raise cursor.fail("of ethtool, iplab reads only `ethtool -s DEV …`")
    cursor.note(1, "hardware.set")
    device, words = _rest(cursor)
    return means(SetMedia(cursor.node, device, words))


def read_iw(cursor: Cursor) -> Meaning:
    """``iw dev DEV WORDS…``."""
    cursor.note(1, "program.iw")
    if cursor.peek() != "dev" or len(cursor.rest()) < 2:
        raise cursor.fail("of iw, iplab reads only `iw dev DEV …`")
    cursor.note(1, "hardware.dev")
    device, words = _rest(cursor)
    if words[0] in ("info", "link", "scan", "station", "survey"):
        raise cursor.fail(f"`iw dev DEV {words[0]}` only looks, and iplab does not read it")
    return means(SetWireless(cursor.node, device, words))


def _rest(cursor: Cursor) -> tuple[str, tuple[str, ...]]:
    device = cursor.device(cursor.word("hardware.name", "the device"))
    words = cursor.rest()
    if not words:
        raise cursor.fail("it does not say what to set")
    while cursor.more:
        cursor.word("hardware.word")
    return device, words
