"""SVG: the same cells as on a terminal, with a designer's eye.

Colours stand in one style sheet with a class for each part, so that the walkthrough page can give
the same picture its own (see ``iplab.picture.colours``).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from html import escape

from msgspec import Struct, field

from iplab.network import End
from iplab.picture.colours import style_sheet
from iplab.picture.graph import Graph, Note, Plug, Wire
from iplab.picture.layout import Bar, Drawing, DrawnBox, DrawnWire, Run, Socket, frame

CELL_W, CELL_H = 8, 21
HEAD, FOOT = 25, 11  # the head of a box, and what is left of its last line
MARGIN = 16
BEND = 7  # radius of a wire's corners
SOCKET_W, SOCKET_H = 12, 12


_NOT_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Marks(Struct, frozen=True):
    """What to point out: boxes by name, interfaces, wires, notes."""

    boxes: frozenset[str] = frozenset()
    ends: frozenset[End] = frozenset()
    texts: frozenset[tuple[End, str]] = frozenset()
    wires: frozenset[tuple[End, End, str]] = frozenset()
    notes: frozenset[tuple[str, Note]] = field(default_factory=frozenset)


NOTHING = Marks()


def svg(graph: Graph, title: str) -> str:
    """A whole SVG document; ``title`` is what a screen reader says it is."""
    return draw(frame([graph]).draw(graph), title, describe(graph), whole=True)


def size(svg: str) -> tuple[int, int]:
    """The width and height of an SVG that was drawn here."""
    found = re.search(r'width="(\d+)" height="(\d+)" role', svg)
    if found is None:
        raise ValueError("not a picture of ours")
    return int(found[1]), int(found[2])


def draw(
    drawing: Drawing, title: str, description: str, *, marks: Marks = NOTHING, whole: bool = False
) -> str:
    """A drawing as an ``svg`` element; ``whole`` makes it a document with its own colours."""
    return element(drawing, title, description, parts(drawing, marks), whole=whole)


def element(
    drawing: Drawing, title: str, description: str, inside: Sequence[str], *, whole: bool = False
) -> str:
    """The ``svg`` element around what ``parts`` gave, or around references to it."""
    # The drawing's own margin is a cell, which is higher than it is wide: make it even.
    left, top = CELL_W - MARGIN, CELL_H - MARGIN
    w, h = drawing.w * CELL_W - 2 * left, drawing.h * CELL_H - 2 * top - CELL_H + FOOT
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="iplab" viewBox="{left} {top} {w} {h}" '
        f'width="{w}" height="{h}" role="img">',
        f"<title>{_text(title)}</title>",
        f"<desc>{_text(description)}</desc>",
    ]
    if whole:
        head.append(f"<style>\n{style_sheet()}</style>")
        head.append(f'<rect class="page" x="{left}" y="{top}" width="{w}" height="{h}"/>')
    return "\n".join([*head, *inside, "</svg>"]) + "\n"


def parts(drawing: Drawing, marks: Marks = NOTHING) -> list[str]:
    """What is in a picture, in the order of painting.

    Boxes are below wires and wires below sockets: a wire ends in its plug, not beside it.
    """
    return [
        *(_box(box, marks) for box in drawing.boxes),
        *(_wire(wire, marks) for wire in drawing.wires),
        *(_socket(s, marks) for box in drawing.boxes for s in box.sockets),
    ]


# How a picture is told to those who cannot see it; the walkthrough has other languages.
ENGLISH = {
    "host": "The host: {holds}.",
    "namespace": "Namespace {name}: {holds}.",
    "nothing": "no interfaces",
    "port": "port of {name}",
    "wire": "A cable between {a} and {b}.",
    "vxlan": "A VXLAN tunnel between {a} and {b}.",
    "other": "A {kind} between {a} and {b}.",
}


def describe(
    graph: Graph, nodes: Collection[str] | None = None, words: Mapping[str, str] = ENGLISH
) -> str:
    """The picture in words, for who cannot see it; of ``nodes`` alone, where those are given."""
    sentences = []
    for box in graph.boxes:
        if nodes is not None and box.name not in nodes:
            continue
        devices = [_says(plug, words) for plug in box.plugs]
        holds = ", ".join(devices) or words["nothing"]
        holds += "".join(f"; {note.text}" for note in box.notes)
        form = words["host" if box.is_host else "namespace"]
        sentences.append(form.format(name=box.name, holds=holds))
    for wire in graph.wires:
        if nodes is not None and not {wire.a.node, wire.b.node} & set(nodes):
            continue
        form = words[{"veth": "wire", "vxlan": "vxlan"}.get(wire.kind, "other")]
        sentences.append(form.format(kind=wire.kind, a=wire.a, b=wire.b))
    return " ".join(sentences)


def _says(plug: Plug, words: Mapping[str, str]) -> str:
    said = plug.words
    if plug.master:
        said.append(words["port"].format(name=plug.master))
    return " ".join(said)


# ---------------------------------------------------------------- the parts


def _box(box: DrawnBox, marks: Marks) -> str:
    x, y = box.x * CELL_W, box.y * CELL_H
    w, h = box.w * CELL_W, (box.h - 1) * CELL_H + FOOT
    kind = "host" if box.box.is_host else "node"
    changed = " changed" if box.box.name in marks.boxes else ""
    parts = [
        f'<g class="box {kind}{changed}">',
        f'<rect class="case" x="{x}" y="{y}" width="{w}" height="{h}" rx="8"/>',
        # The head is a band with the box's own round corners above.
        f'<path class="head" d="M{x} {y + HEAD}v{8 - HEAD}a8 8 0 0 1 8 -8h{w - 16}'
        f'a8 8 0 0 1 8 8v{HEAD - 8}z"/>',
        f'<rect class="rim" x="{x}" y="{y}" width="{w}" height="{h}" rx="8"/>',
        f'<text class="title" x="{x + 14}" y="{y + 17}">{_text(box.box.name)}</text>',
    ]
    parts += [_bar(bar, box, marks) for bar in box.bars]
    parts += [_run(run, box, marks) for run in box.runs]
    parts.append("</g>")
    return "\n".join(parts)


def _run(run: Run, box: DrawnBox, marks: Marks) -> str:
    x = run.x * CELL_W
    y = run.y * CELL_H + (17 if run.y == box.y else _middle(0) + 5)
    role = run.role
    changed = False
    if isinstance(run.about, Note):
        role = f"note {run.about.kind}"
        changed = (box.box.name, run.about) in marks.notes
    elif run.about is not None:
        whole = run.about in marks.ends
        changed = whole or (run.about, run.text) in marks.texts
    elif role == "quiet":
        words = run.text.split()
        changed = any(e.node == box.box.name and e.device in words for e, _ in marks.texts)
    classes = role + (" faint" if run.faint else "") + (" changed" if changed else "")
    anchor = ' text-anchor="end"' if run.align == "end" else ""
    return f'<text class="{classes}" x="{x}" y="{y}"{anchor}>{_text(run.text)}</text>'


def _bar(bar: Bar, box: DrawnBox, marks: Marks) -> str:
    x = bar.x * CELL_W
    top, bottom = _middle(bar.top) - 8, _middle(bar.bottom) + 8
    classes = "bar" + (" faint" if not bar.plug.up else "")
    parts = []
    up = {plug.end for plug in box.box.plugs if plug.up and bar.plug.up}
    for side, line, end, edge in bar.ports:
        y = _middle(line)
        start = (edge + 1) * CELL_W if side == "l" else x + 8
        stop = x if side == "l" else (edge - 1) * CELL_W
        changed = " changed" if (end, "master") in marks.texts or end in marks.ends else ""
        faint = "" if end in up else " faint"
        parts.append(f'<path class="port{faint}{changed}" d="M{start} {y}H{stop}"/>')
    changed = " changed" if bar.plug.end in marks.ends else ""
    parts.append(
        f'<rect class="{classes}{changed}" x="{x}" y="{top}" width="8" height="{bottom - top}" '
        'rx="4"/>'
    )
    return "\n".join(parts)


def _socket(socket: Socket, marks: Marks) -> str:
    border = socket.x * CELL_W if socket.side == "l" else (socket.x + 1) * CELL_W
    x, y = border - SOCKET_W // 2, _middle(socket.y) - SOCKET_H // 2
    classes = "socket" if socket.plug.up else "socket faint"
    if socket.plug.end in marks.ends:
        classes += " changed"
    return (
        f'<rect class="{classes}" x="{x}" y="{y}" width="{SOCKET_W}" height="{SOCKET_H}" rx="3">'
        f"<title>{_text(str(socket.plug.end))}</title></rect>"
    )


def _wire(wire: DrawnWire, marks: Marks) -> str:
    classes = f"wire {wire.wire.kind}" + ("" if wire.wire.up else " faint")
    if (*wire.wire.ends, wire.wire.kind) in marks.wires:
        classes += " changed"
    return (
        f'<path class="{classes}" d="{_path(wire.points)}">'
        f"<title>{_text(_cable(wire.wire))}</title></path>"
    )


def _cable(wire: Wire) -> str:
    return f"{wire.a} – {wire.b}" + ("" if wire.kind == "veth" else f" ({wire.kind})")


def _path(points: Sequence[tuple[int, int]]) -> str:
    """Straight lines with round corners."""
    last = len(points) - 1
    # A box's left border is its first cell's left edge, its right one its last cell's right edge;
    # a wire's ends are on them.
    at = [(x * CELL_W + CELL_W // 2, _middle(y)) for x, y in points]
    for i, j in ((0, 1), (last, last - 1)):
        ahead = 1 if points[j][0] > points[i][0] else -1
        at[i] = (at[i][0] + ahead * (CELL_W // 2), at[i][1])
    # Collapse corners that are none.
    kept = [p for n, p in enumerate(at) if n == 0 or p != at[n - 1]]
    words = [f"M{kept[0][0]} {kept[0][1]}"]
    for n, (x, y) in enumerate(kept[1:-1], 1):
        (px, py), (nx, ny) = kept[n - 1], kept[n + 1]
        bend = min(BEND, (abs(x - px) + abs(y - py)) // 2, (abs(nx - x) + abs(ny - y)) // 2)
        ax, ay = x - bend * _sign(x - px), y - bend * _sign(y - py)
        bx, by = x + bend * _sign(nx - x), y + bend * _sign(ny - y)
        words.append(f"L{ax} {ay}Q{x} {y} {bx} {by}")
    words.append(f"L{kept[-1][0]} {kept[-1][1]}")
    return "".join(words)


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)


def _middle(line: int) -> int:
    # Under the cell's own middle, as the head of a box is higher than its line.
    return line * CELL_H + CELL_H // 2 + 5


def _text(text: str) -> str:
    """Escaped for XML, without what XML 1.0 cannot hold (a device name may be any bytes)."""
    return escape(_NOT_XML.sub("\ufffd", text), quote=True)
