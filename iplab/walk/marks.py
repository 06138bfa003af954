"""What to point out in the pictures of a step: what goes in the one before, what comes after."""

from __future__ import annotations

from iplab.network import End
from iplab.picture import Graph, Note
from iplab.picture.layout.rows import lines
from iplab.picture.svg import Marks


def marks(this: Graph, other: Graph) -> Marks:
    """What is in ``this`` picture and not, or not so, in the ``other``."""
    boxes = {box.name for box in other.boxes}
    plugs = {plug.end: plug for plug in other.plugs()}
    wires = {(*wire.ends, wire.kind): wire for wire in other.wires}
    notes = {(box.name, note) for box in other.boxes for note in box.notes}
    ends: set[End] = set()
    texts: set[tuple[End, str]] = set()
    for plug in this.plugs():
        was = plugs.get(plug.end)
        if was is None:
            ends.add(plug.end)
            continue
        if was.up != plug.up:
            texts.add((plug.end, plug.end.device))
        if was.master != plug.master:
            texts.add((plug.end, "master"))
        there = {text for text, _ in lines(was)}
        texts |= {(plug.end, text) for text, _ in lines(plug) if text not in there}
    new_notes: set[tuple[str, Note]] = {
        (box.name, note) for box in this.boxes for note in box.notes
    } - notes
    return Marks(
        frozenset(box.name for box in this.boxes if box.name not in boxes),
        # Of a new box everything is new: its rim says so, and not each line in it.
        frozenset(end for end in ends if end.node in boxes),
        frozenset(texts),
        frozenset(
            key
            for wire in this.wires
            if (key := (*wire.ends, wire.kind)) not in wires or wires[key].up != wire.up
        ),
        frozenset(new_notes),
    )
