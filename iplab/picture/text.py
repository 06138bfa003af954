"""A picture for a terminal: boxes and lines, one character a cell."""

from __future__ import annotations

from iplab.picture.graph import Graph
from iplab.picture.layout import Bar, Drawing, DrawnBox, DrawnWire, frame
from iplab.picture.layout.drawing import width

# The directions a line leaves a cell in: up 1, right 2, down 4, left 8.  Plain, dashed, doubled.
UP, RIGHT, DOWN, LEFT = 1, 2, 4, 8
_LINES = {
    UP | DOWN: "│", LEFT | RIGHT: "─", UP: "│", DOWN: "│", LEFT: "─", RIGHT: "─",
    RIGHT | DOWN: "┌", LEFT | DOWN: "┐", UP | RIGHT: "└", UP | LEFT: "┘",
    UP | RIGHT | DOWN: "├", UP | LEFT | DOWN: "┤", LEFT | RIGHT | DOWN: "┬",
    LEFT | RIGHT | UP: "┴", UP | RIGHT | DOWN | LEFT: "┼",
}  # fmt: skip
_DASHED = {"─": "╌", "│": "╎"}


def text(graph: Graph) -> str:
    """The picture as lines of text; ends with a newline."""
    return draw(frame([graph]).draw(graph))


def draw(drawing: Drawing) -> str:
    """A drawing as lines of text."""
    canvas = _Canvas(drawing.w, drawing.h)
    for wire in drawing.wires:
        canvas.wire(wire)
    for box in drawing.boxes:
        canvas.box(box)
    return canvas.text()


class _Canvas:
    def __init__(self, w: int, h: int) -> None:
        self.cells = [[" "] * w for _ in range(h)]
        self.lines: dict[tuple[int, int], int] = {}
        self.solid: set[tuple[int, int]] = set()

    def text(self) -> str:
        for (x, y), directions in self.lines.items():
            character = _LINES[directions]
            if (x, y) not in self.solid:
                character = _DASHED.get(character, character)
            self.cells[y][x] = character
        rows = ["".join(row).rstrip() for row in self.cells]
        while rows and not rows[-1]:
            rows.pop()
        while rows and not rows[0]:
            rows.pop(0)
        return "\n".join(rows) + "\n"

    def stroke(self, x1: int, y1: int, x2: int, y2: int, solid: bool = True) -> None:
        """A line from cell to cell, joined with those that are there."""
        dx, dy = (x2 > x1) - (x2 < x1), (y2 > y1) - (y2 < y1)
        ahead = RIGHT if dx > 0 else LEFT if dx < 0 else DOWN if dy > 0 else UP
        back = {RIGHT: LEFT, LEFT: RIGHT, UP: DOWN, DOWN: UP}[ahead]
        x, y = x1, y1
        while True:
            here = 0
            if (x, y) != (x2, y2):
                here |= ahead
            if (x, y) != (x1, y1):
                here |= back
            self.lines[x, y] = self.lines.get((x, y), 0) | here
            if solid:
                self.solid.add((x, y))
            if (x, y) == (x2, y2):
                return
            x, y = x + dx, y + dy

    def write(self, x: int, y: int, words: str) -> None:
        for character in words:
            self.lines.pop((x, y), None)
            self.cells[y][x] = character
            cells = width(character)
            if cells == 2:
                self.lines.pop((x + 1, y), None)
                self.cells[y][x + 1] = ""
            x += cells

    def wire(self, wire: DrawnWire) -> None:
        for (x1, y1), (x2, y2) in zip(wire.points, wire.points[1:], strict=False):
            self.stroke(x1, y1, x2, y2, wire.wire.kind == "veth")

    def box(self, box: DrawnBox) -> None:
        left, right = box.x, box.x + box.w - 1
        top, bottom = box.y, box.y + box.h - 1
        self.stroke(left, top, right, top)
        self.stroke(right, top, right, bottom)
        self.stroke(right, bottom, left, bottom)
        self.stroke(left, bottom, left, top)
        self.write(left + 2, top, f" {box.box.name} ")
        for bar in box.bars:
            self.bar(bar)
        for run in box.runs:
            words = f" {run.text} " if run.y == top else run.text  # beside the title
            x = run.x if run.align == "start" else run.x - width(words)
            self.write(x, run.y, words)

    def bar(self, bar: Bar) -> None:
        for y in range(bar.top, bar.bottom + 1):
            hangs = {side for side, line, _, _ in bar.ports if line == y}
            joint = "╫" if len(hangs) == 2 else "╢" if "l" in hangs else "╟" if hangs else "║"
            self.write(bar.x, y, joint)
        for side, y, _, edge in bar.ports:
            span = range(edge + 1, bar.x) if side == "l" else range(bar.x + 1, edge - 1)
            for x in span:
                self.write(x, y, "─")
