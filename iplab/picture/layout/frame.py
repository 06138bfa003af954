"""The frame: room for every state of a network, and the drawing of one state in it."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from iplab.network import End
from iplab.picture.graph import Box, Graph, Wire
from iplab.picture.layout import route as routes
from iplab.picture.layout.columns import Tree, clusters
from iplab.picture.layout.drawing import Drawing, DrawnBox, DrawnWire, Point
from iplab.picture.layout.fill import fill, measure
from iplab.picture.layout.place import Placer, shift
from iplab.picture.layout.rows import Panel, Row, panel
from iplab.picture.layout.sides import sides

PAGE = 110  # cells: components stand side by side up to this width
BETWEEN = 4  # cells between two components
MARGIN = 1


class Frame(Struct, frozen=True):
    """Where everything that is ever there has its place."""

    w: int
    h: int
    panels: tuple[Panel, ...]
    paths: dict[tuple[End, End, str], tuple[Point, ...]]

    def draw(self, graph: Graph) -> Drawing:
        """One of the states that the frame was made for."""
        boxes = {box.name: box for box in graph.boxes}
        drawn: list[DrawnBox] = [
            fill(panel, boxes[panel.name]) for panel in self.panels if panel.name in boxes
        ]
        wires = [
            DrawnWire(wire, self.paths[key])
            for wire in graph.wires
            if (key := _key(wire)) in self.paths
        ]
        return Drawing(self.w, self.h, tuple(drawn), tuple(wires))


def frame(graphs: Sequence[Graph]) -> Frame:
    """The frame for several states of one network; the last one decides who is beside whom."""
    last = graphs[-1]
    boxes: dict[str, list[Box]] = {}
    for graph in reversed(graphs):
        for box in graph.boxes:
            boxes.setdefault(box.name, []).insert(0, box)
    wires: dict[tuple[End, End, str], Wire] = {}
    for graph in (last, *graphs):
        wires.update({_key(w): w for w in graph.wires if _key(w) not in wires})
    lives: dict[tuple[End, End, str], int] = {}
    for state, graph in enumerate(graphs):
        for wire in graph.wires:
            lives[_key(wire)] = lives.get(_key(wire), 0) | 1 << state
    strong = {_key(w) for w in last.wires if w.kind != "vxlan"}
    pairs = [(w.a.node, w.b.node, key in strong) for key, w in wires.items()]
    groups = clusters(
        list(boxes),
        [(a, b) for a, b, counts in pairs if counts],
        [(a, b) for a, b, counts in pairs if not counts],
    )
    found = [_cluster(trees, boxes, wires, lives) for trees in groups]
    return _shelves(found)


def _key(wire: Wire) -> tuple[End, End, str]:
    return (*wire.ends, wire.kind)


class _Cluster(Struct):
    w: int
    h: int
    panels: list[Panel]
    paths: dict[tuple[End, End, str], tuple[Point, ...]]


def _cluster(
    trees: Sequence[Tree],
    boxes: dict[str, list[Box]],
    wires: dict[tuple[End, End, str], Wire],
    lives: dict[tuple[End, End, str], int],
) -> _Cluster:
    """Namespaces that are bound together, from line 0 and cell 0 on."""
    every = {tree.name: tree for root in trees for tree in _walk(root)}
    mine = [w for w in wires.values() if w.a.node in every]
    where = sides({name: tree.layer for name, tree in every.items()}, mine)
    panels = {name: panel(boxes[name], tree, where) for name, tree in every.items()}
    for p in panels.values():
        p.w = measure(p)
    leads = {}
    for wire in reversed(mine):
        leads[wire.a], leads[wire.b] = wire.b.node, wire.a.node
    placer, bottom = Placer(panels, leads), 0
    for root in trees:
        top, end = placer.place(root)
        for tree in _walk(root):
            shift(panels[tree.name], bottom - top)
        bottom += end - top + 1
    rows: dict[object, tuple[Panel, Row]] = {
        row.end: (p, row) for p in panels.values() for row in p.rows
    }
    planned = routes.plan(mine, rows, bottom, {w: lives[_key(w)] for w in mine})
    lanes = [r.lane for r in planned if r.lane is not None]
    gaps = routes.widths(planned)
    gap_x, right = _columns(panels, gaps)
    paths = {_key(r.wire): routes.points(r, gap_x) for r in planned}
    return _Cluster(
        right, max([bottom - 1, *(lane + 1 for lane in lanes)]), list(panels.values()), paths
    )


def _walk(root: Tree) -> list[Tree]:
    found = [root]
    for tree in found:
        found += tree.children
    return found


def _columns(panels: dict[str, Panel], gaps: dict[int, int]) -> tuple[dict[int, int], int]:
    """Put columns and gaps side by side; where each gap begins, and the whole width.

    All boxes of a column are as wide as its widest, so that its edges are straight lines.
    """
    layers = sorted({p.layer for p in panels.values()})
    gap_x: dict[int, int] = {}
    x = 0
    for layer in range(layers[0], layers[-1] + 1):
        gap_x[layer] = x
        x += gaps.get(layer, 0)
        column = [p for p in panels.values() if p.layer == layer]
        widest = max(p.w for p in column)
        for p in column:
            p.x, p.w = x, widest
        x += widest
    gap_x[layers[-1] + 1] = x
    return gap_x, x + gaps.get(layers[-1] + 1, 0)


def _shelves(found: Sequence[_Cluster]) -> Frame:
    """Clusters side by side and, where the page ends, below each other."""
    page = max([PAGE, *(c.w for c in found)])
    x = y = MARGIN
    shelf = widest = 0
    panels: list[Panel] = []
    paths: dict[tuple[End, End, str], tuple[Point, ...]] = {}
    for cluster in found:
        if x > MARGIN and x + cluster.w > page + MARGIN:
            x, y, shelf = MARGIN, y + shelf + 1, 0
        for p in cluster.panels:
            p.x += x
            shift(p, y)
        for key, path in cluster.paths.items():
            paths[key] = tuple((px + x, py + y) for px, py in path)
        panels += cluster.panels
        widest = max(widest, x + cluster.w)
        x += cluster.w + BETWEEN
        shelf = max(shelf, cluster.h)
    return Frame(widest + MARGIN, y + shelf + MARGIN, tuple(panels), paths)
