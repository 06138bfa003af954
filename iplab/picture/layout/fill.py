"""One state of a namespace, written into its place."""

from __future__ import annotations

from iplab.picture.graph import Box, Plug
from iplab.picture.layout.drawing import Bar, DrawnBox, Run, Socket, title_width, width
from iplab.picture.layout.rows import APART, Group, Panel, Row, head_lines, lines, quiet_lines

PAD = 2  # cells from a border to the text
MIDDLE = 4  # cells between the left and the right rows
BAR = 3  # cells that a bridge's bar and its lines to the ports take, on each side


def measure(panel: Panel) -> int:
    """The width a panel needs, its borders counted.

    A short line of idle devices (a lone `lo`) goes beside the title where there is room.
    """
    left, right = _side(panel, "l"), _side(panel, "r")
    bars = any(g.header for g in panel.groups)
    inner = left + right
    if bars:
        inner += BAR * (bool(left) + bool(right)) + 1
    elif left and right:
        inner += MIDDLE
    headers = [_row_width(g.header) for g in panel.groups if g.header]
    title = title_width(panel.name) + 2
    found = max(inner, title, panel.notes_width, *headers) + 2 * PAD
    if panel.quiet == 1 and title + APART + panel.quiet_width + 2 * PAD <= found:
        panel.quiet = 0
        return found
    return max(found, panel.quiet_width + 2 * PAD)


def _row_width(row: Row) -> int:
    return row.name_width + (APART + row.text_width if row.text_width else 0)


def _columns(panel: Panel, side: str) -> tuple[int, int]:
    """How wide the names and the texts of one side are: they stand below each other."""
    rows = [r for g in panel.groups for r in (g.left if side == "l" else g.right)]
    names = max((r.name_width for r in rows), default=0)
    return names, max((r.text_width for r in rows), default=0)


def _side(panel: Panel, side: str) -> int:
    names, texts = _columns(panel, side)
    return names + (APART + texts if texts else 0)


def fill(panel: Panel, box: Box) -> DrawnBox:
    """The box as it is in one state."""
    plugs = {plug.end: plug for plug in box.plugs if not plug.quiet}
    runs: list[Run] = []
    sockets: list[Socket] = []
    bars: list[Bar] = []
    for group in panel.groups:
        bar_x = _bar_x(panel)
        ports = []
        for row in (*group.left, *group.right):
            plug = plugs.get(row.end)
            if plug is None:
                continue
            edge = _write(panel, row, plug, runs)
            if row.wired:
                sockets.append(_socket(panel, row, plug))
            if group.header and plug.master == group.header.end.device:
                ports.append((row.side, row.y, row.end, edge))
        if group.header and group.header.end in plugs:
            plug = plugs[group.header.end]
            _head(panel, group, plug, bar_x, runs)
            if group.header.wired:
                sockets.append(_socket(panel, group.header, plug))
            body = [r.y for r in (*group.left, *group.right)]
            top = group.header.y + group.header.height
            bars.append(Bar(plug, bar_x, top, max([top, *body]), tuple(ports)))
    y = panel.notes_y
    for note in box.notes:
        runs.append(Run(panel.x + PAD, y, note.text, "note", about=note))
        y += 1
    quiet = quiet_lines(box)
    if quiet and panel.quiet == 0:
        runs.append(Run(panel.x + panel.w - PAD, panel.y, quiet[0], "quiet", "end"))
    else:
        y = panel.y + panel.h - 1 - panel.quiet
        runs += [Run(panel.x + PAD, y + n, text, "quiet") for n, text in enumerate(quiet)]
    return DrawnBox(
        box, panel.x, panel.y, panel.w, panel.h, tuple(runs), tuple(sockets), tuple(bars)
    )


def _socket(panel: Panel, row: Row, plug: Plug) -> Socket:
    x = panel.x if row.side == "l" else panel.x + panel.w - 1
    return Socket(plug, x, row.y, row.side)


def _bar_x(panel: Panel) -> int:
    """The cell of a bridge's bar: after the left rows, or before the right ones."""
    left, right = _side(panel, "l"), _side(panel, "r")
    if left and right:
        room = panel.w - 2 * PAD - left - right
        return panel.x + PAD + left + room // 2
    return panel.x + PAD + left + BAR - 1 if left else panel.x + panel.w - PAD - right - BAR


def _write(panel: Panel, row: Row, plug: Plug, runs: list[Run]) -> int:
    """A row's name and texts; the cell where they begin (right) or end (left) inside the box."""
    names, _ = _columns(panel, row.side)
    faint = not plug.up
    name = plug.end.device
    texts = lines(plug)
    if row.side == "l":
        x = panel.x + PAD
        runs.append(Run(x, row.y, name, "name", about=plug.end, faint=faint))
        beside = x + names + APART
        align = "start"
        edge = beside + width(texts[0][0]) if texts else x + width(name)
    else:
        x = panel.x + panel.w - PAD
        runs.append(Run(x, row.y, name, "name", "end", plug.end, faint))
        beside = x - names - APART
        align = "end"
        edge = beside - width(texts[0][0]) if texts else x - width(name)
    for number, (text, role) in enumerate(texts):
        runs.append(Run(beside, row.y + number, text, role, align, plug.end, faint))
    return edge


def _head(panel: Panel, group: Group, plug: Plug, bar_x: int, runs: list[Run]) -> None:
    """A bridge's own line, above its bar: centred on it as far as the box allows."""
    row = group.header
    assert row is not None
    faint = not plug.up
    whole = _row_width(row)
    if row.side == "r":
        x = panel.x + panel.w - PAD - whole
    elif row.side == "l":
        x = panel.x + PAD
    else:
        room = panel.x + panel.w - PAD - whole
        x = max(panel.x + PAD, min(bar_x - whole // 2, room))
    runs.append(Run(x, row.y, plug.end.device, "name", about=plug.end, faint=faint))
    start = x + width(plug.end.device) + APART
    for number, line in enumerate(head_lines(plug)):
        beside = start
        for text, role in line:
            runs.append(Run(beside, row.y + number, text, role, about=plug.end, faint=faint))
            beside += width(text) + APART
