"""Drawing: what a renderer is given.  Everything has its cell; nothing is left to decide."""

from __future__ import annotations

import unicodedata

from msgspec import Struct

from iplab.network import End
from iplab.picture.graph import Box, Note, Plug, Wire

Point = tuple[int, int]


class Run(Struct, frozen=True):
    """A piece of text.  ``x`` is its first cell, or with ``align`` "end" the one after its last.

    ``role`` is name, address, detail, down, note or quiet; ``about`` what it belongs to.
    """

    x: int
    y: int
    text: str
    role: str
    align: str = "start"
    about: End | Note | None = None
    faint: bool = False


class Socket(Struct, frozen=True):
    """Where a wire meets its box: on the left or right border, in line ``y``."""

    plug: Plug
    x: int
    y: int
    side: str


class Bar(Struct, frozen=True):
    """A bridge: a bar through the lines of its ports, which hang on its ``l``eft and ``r``ight.

    Each port: its side, its line, its interface, and the cell where its text begins.
    """

    plug: Plug
    x: int
    top: int
    bottom: int
    ports: tuple[tuple[str, int, End, int], ...]


class DrawnBox(Struct, frozen=True):
    """A namespace; ``w`` and ``h`` count the border."""

    box: Box
    x: int
    y: int
    w: int
    h: int
    runs: tuple[Run, ...]
    sockets: tuple[Socket, ...]
    bars: tuple[Bar, ...]


class DrawnWire(Struct, frozen=True):
    """A wire with its corners, from the border of one box to that of the other."""

    wire: Wire
    points: tuple[Point, ...]


class Drawing(Struct, frozen=True):
    """One picture."""

    w: int
    h: int
    boxes: tuple[DrawnBox, ...]
    wires: tuple[DrawnWire, ...]


def width(text: str) -> int:
    """How many cells a text takes on a terminal."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


# Eighths of a cell that SVG's bold sans takes (DejaVu Sans Bold, the widest of its fonts, of 14
# pixels in a cell of 8); for what is not here, 10.
_BOLD = {
    character: eighths
    for characters, eighths in (
        ("ijlIJ.'", 6),
        ("frt-_()", 7),
        ("ABCDGHKNOPQRUVX&", 12),
        ("w", 13),
        ("mM", 15),
        ("W@", 16),
    )
    for character in characters
}


def title_width(text: str) -> int:
    """How many cells a box's title takes, on a terminal and in SVG's letters."""
    bold = sum(_BOLD.get(c, 10) if c.isascii() else 8 * width(c) for c in text)
    return max(width(text), -(-bold // 8))
