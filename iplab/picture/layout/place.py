"""Heights: each box beside what it is wired to, so that the wires of the tree run straight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from iplab.network import End
from iplab.picture.layout.columns import Tree
from iplab.picture.layout.rows import Panel, Row

GAP = 1  # lines between two boxes of one column
APPARENT = 3  # lines: a lesser difference between the sides of a box is left at the bottom
FAR = -(10**9)


class Placer:
    """Places trees.  ``leads`` says which node each wired interface leads to."""

    def __init__(self, panels: Mapping[str, Panel], leads: Mapping[End, str]) -> None:
        self.panels = panels
        self.leads = leads

    def place(self, tree: Tree) -> tuple[int, int]:
        """Give ``tree`` its heights, its root's box at line 0; its first line, and the one after
        its last."""
        panel = self.panels[tree.name]
        waiting = {child.name: child for child in tree.children}
        reach = {"l": FAR, "r": FAR}
        top, y = 0, 1
        for number, group in enumerate(panel.groups):
            y += 1 if number else 0
            if group.header:
                y, above = self._rows([group.header], y, group.header.side, waiting, reach)
                top = min(top, above)
            ends = {}
            for side, rows in (("l", group.left), ("r", group.right)):
                ends[side], above = self._rows(rows, y, side, waiting, reach)
                top = min(top, above)
            self._balance(group.left, group.right, ends, reach)
            y = max(y, *ends.values())
        panel.notes_y = y
        panel.y, panel.h = 0, y + panel.notes + panel.quiet + 1
        return top, max(panel.h, *reach.values())

    def _rows(
        self,
        rows: Sequence[Row],
        y: int,
        side: str,
        waiting: dict[str, Tree],
        reach: dict[str, int],
    ) -> tuple[int, int]:
        """Place rows from line ``y`` on, each with what hangs on it; the line after the last, and
        the first line that anything took."""
        top = y
        for row in rows:
            if row.place_of:
                row.y = row.place_of.y
                continue
            child = waiting.pop(self.leads.get(row.end, ""), None)
            if child is None:
                row.y = y
            else:
                row.child = child.name
                first, last = self.place(child)
                plug = self._facing(child, row)
                row.y = max(y, reach[side] + GAP + plug - first)
                self._shift(child, row.y - plug)
                reach[side] = row.y - plug + last
                top = min(top, row.y - plug + first)
            y = row.y + row.height
        return y, top

    def _facing(self, child: Tree, row: Row) -> int:
        """The line of the child's interface that ``row`` is wired to (the first, if several)."""
        facing = [
            r.y for r in self.panels[child.name].rows if self.leads.get(r.end) == row.end.node
        ]
        return min(facing)

    def _balance(
        self,
        left: Sequence[Row],
        right: Sequence[Row],
        ends: dict[str, int],
        reach: dict[str, int],
    ) -> None:
        """Centre the shorter side of a group beside the longer one."""
        if not left or not right:
            return
        spans = {"l": ends["l"] - left[0].y, "r": ends["r"] - right[0].y}
        side, rows = ("l", left) if spans["l"] < spans["r"] else ("r", right)
        other = "r" if side == "l" else "l"
        if spans[other] - spans[side] < APPARENT:
            return
        middle = (right if side == "l" else left)[0].y + spans[other] // 2
        by = max(0, middle - (spans[side] // 2) - rows[0].y)
        trees = {}
        for row in rows:
            row.y += by
            if row.child:
                trees[row.child] = by
        for name in trees:
            self._shift_named(name, by)
        ends[side] += by
        if trees:
            reach[side] += by

    def _shift_named(self, name: str, by: int) -> None:
        stack = [name]
        while stack:
            panel = self.panels[stack.pop()]
            shift(panel, by)
            stack += [row.child for row in panel.rows if row.child]

    def _shift(self, tree: Tree, by: int) -> None:
        self._shift_named(tree.name, by)


def shift(panel: Panel, by: int) -> None:
    """Move one box down with all that is in it."""
    panel.y += by
    panel.notes_y += by
    for row in panel.rows:
        row.y += by
