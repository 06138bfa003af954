"""What is written in each box: a row for each interface, by bridge and by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from iplab.network import End
from iplab.picture.graph import Box, Plug
from iplab.picture.layout.columns import Tree
from iplab.picture.layout.drawing import width

APART = 2  # cells between a name and its address
QUIET_WIDTH = 30  # cells a line of idle devices may take, where nothing else makes the box wider


def lines(plug: Plug) -> list[tuple[str, str]]:
    """What stands beside an interface's name, as (text, role); the first on the name's own line."""
    found = [(address, "address") for address in plug.addresses]
    found += [(address, "given") for address in plug.given]
    if not plug.up:
        found.append(("down", "down"))
    if plug.details:
        found.append((", ".join(plug.details), "detail"))
    return found


def head_lines(plug: Plug) -> list[list[tuple[str, str]]]:
    """The same for a bridge, whose line is above its bar: all but further addresses in the first
    line, as (text, role) beside each other."""
    first = [("down", "down")] if not plug.up else []
    first += [(", ".join(plug.details), "detail")] if plug.details else []
    first += [(address, "address") for address in plug.addresses[:1]]
    found = [first, *([(address, "address")] for address in plug.addresses[1:])]
    return found + [[(address, "given")] for address in plug.given]


class Row(Struct):
    """An interface's place in a box.  ``side``: l, r, or m for a bridge's own line.

    ``wired`` rows end in a socket on that side; ``child`` is what their wire leads to in the tree;
    ``head`` is a bridge's own line.  ``lives`` has a bit for each state in which the interface is
    there; one that is only passing through takes the ``place_of`` another that has left before.
    """

    end: End
    master: str | None
    side: str
    wired: bool
    head: bool = False
    name_width: int = 0
    text_width: int = 0
    height: int = 1
    child: str | None = None
    lives: int = 0
    place_of: Row | None = None
    y: int = 0

    def hold(self, plug: Plug) -> None:
        """Make room for one state of the interface."""
        texts = [[line] for line in lines(plug)]
        if self.head:
            texts = head_lines(plug)
        wide = [sum(width(t) + APART for t, _ in line) - APART for line in texts if line]
        self.name_width = max(self.name_width, width(plug.end.device))
        self.text_width = max([self.text_width, *wide])
        self.height = max(self.height, len(texts))


class Group(Struct):
    """A bridge with its ports, or (without ``header``) the interfaces that are nobody's port."""

    header: Row | None
    left: list[Row] = field(default_factory=list)
    right: list[Row] = field(default_factory=list)

    @property
    def rows(self) -> list[Row]:
        """All rows, the header first."""
        return [*([self.header] if self.header else []), *self.left, *self.right]


class Panel(Struct):
    """A box with its rows, before and after it is placed."""

    name: str
    layer: int
    groups: list[Group]
    notes: int = 0  # lines
    notes_width: int = 0
    quiet: int = 0  # lines; 0 where they stand beside the title
    quiet_width: int = 0
    x: int = 0
    y: int = 0
    w: int = 0
    h: int = 0
    notes_y: int = 0

    @property
    def rows(self) -> list[Row]:
        """All rows of all groups."""
        return [row for group in self.groups for row in group.rows]


def panel(boxes: Sequence[Box], tree: Tree, sides: Mapping[End, str]) -> Panel:
    """The panel for all states of one box (the last is the one whose order counts).

    ``sides`` is where the wired interfaces have to be.
    """
    plugs: dict[End, list[Plug]] = {}
    for box in (boxes[-1], *boxes[:-1]):
        for plug in box.plugs:
            plugs.setdefault(plug.end, []).append(plug)
    names = {end.device for end in plugs}
    masters: dict[End, str | None] = {}
    for end, states in plugs.items():
        masters[end] = next((p.master for p in states if p.master in names), None)
    heads = {End(tree.name, m) for m in masters.values() if m}
    shown = {end: states for end, states in plugs.items() if not all(p.quiet for p in states)}
    both = [sides.get(end) for end in shown if end in sides]
    main = "r" if both.count("r") > both.count("l") else "l"
    groups: dict[str | None, Group] = {}
    for head in (end for end in shown if end in heads):
        own = Row(head, None, sides.get(head, "m"), head in sides, head=True)
        groups[head.device] = Group(own)
    groups[None] = Group(None)
    for end, states in shown.items():
        row = groups[end.device].header if end in heads else None
        if row is None:
            row = Row(end, masters[end], sides.get(end, main), end in sides)
            group = groups[masters[end]]
            (group.left if row.side == "l" else group.right).append(row)
        for plug in states:
            row.hold(plug)
    for group in groups.values():
        for rows in (group.left, group.right):
            _share(boxes, rows)
    found = Panel(tree.name, tree.layer, [g for g in groups.values() if g.rows])
    for box in boxes:
        found.notes = max(found.notes, len(box.notes))
        found.notes_width = max([found.notes_width, *(width(n.text) + 2 for n in box.notes)])
        quiet = quiet_lines(box)
        found.quiet = max(found.quiet, len(quiet))
        found.quiet_width = max([found.quiet_width, *(width(line) for line in quiet)])
    return found


def _share(boxes: Sequence[Box], rows: Sequence[Row]) -> None:
    """Let rows that are not there in the end share places: a cable on its way through the host."""
    by_end = {row.end: row for row in rows}
    for state, box in enumerate(boxes):
        for plug in box.plugs:
            if plug.end in by_end:
                by_end[plug.end].lives |= 1 << state
    last = 1 << (len(boxes) - 1)
    places: list[tuple[Row, int]] = []
    for row in (r for r in rows if not r.lives & last):
        for number, (first, lives) in enumerate(places):
            if not lives & row.lives:
                row.place_of = first
                first.height = max(first.height, row.height)
                places[number] = (first, lives | row.lives)
                break
        else:
            places.append((row, row.lives))


def quiet_lines(box: Box) -> list[str]:
    """The loopback and the idle devices of a box, several to a line."""
    found: list[str] = []
    for plug in box.plugs:
        if not plug.quiet:
            continue
        text = " ".join([plug.end.device, *plug.addresses])
        if not plug.up:
            text += " (down)"
        if found and width(found[-1]) + 2 + width(text) <= QUIET_WIDTH:
            found[-1] += f", {text}"
        else:
            found.append(text)
    return found
