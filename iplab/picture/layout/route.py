"""Tracks: how a wire runs that cannot run straight.

Between two columns is a gap.  A wire leaves its box sideways into a gap, turns into a track there
(a vertical line of its own), and turns again at the other end's height.  One that must get to
another gap goes down its track to a lane under all boxes, along it, and up again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from iplab.picture.graph import Wire
from iplab.picture.layout.drawing import Point
from iplab.picture.layout.rows import Panel, Row

LEAST = 6  # cells between two columns
FIRST = 2  # cells from a box to the first track


class Track(Struct):
    """A vertical piece of a wire: in which gap, from line to line."""

    gap: int
    top: int
    bottom: int
    enters_left: set[int] = field(default_factory=set)  # lines on which it comes from the left
    enters_right: set[int] = field(default_factory=set)
    number: int = 0
    lives: int = 0  # a bit for each state in which the wire is there


class Route(Struct):
    """A wire, the rows it joins, and its tracks: none (straight), one, or two with a lane."""

    wire: Wire
    ends: tuple[tuple[Panel, Row], tuple[Panel, Row]]
    lives: int
    tracks: list[Track] = field(default_factory=list)
    lane: int | None = None


def gap_of(panel: Panel, row: Row) -> int:
    """The gap that a row's socket looks into: gap n is to the left of column n."""
    return panel.layer if row.side == "l" else panel.layer + 1


def plan(
    wires: Sequence[Wire],
    rows: Mapping[object, tuple[Panel, Row]],
    bottom: int,
    lives: Mapping[Wire, int],
) -> list[Route]:
    """The routes of one cluster's wires; lanes are counted from line ``bottom`` on.

    ``lives`` has a bit for each state in which a wire is there: those that never meet may share
    tracks and lanes.
    """
    routes = [Route(w, (rows[w.a], rows[w.b]), lives[w]) for w in wires]
    around = []
    for route in routes:
        (one, row), (other, far) = route.ends
        gaps = gap_of(one, row), gap_of(other, far)
        if gaps[0] != gaps[1]:
            around.append(route)
        elif row.y != far.y or row.side == far.side:
            track = Track(gaps[0], min(row.y, far.y), max(row.y, far.y), lives=route.lives)
            _enter(track, row)
            _enter(track, far)
            route.tracks.append(track)
    # The shortest innermost, so that lanes nest and do not cross.
    around.sort(key=lambda r: (_span(r)[1] - _span(r)[0], _span(r)))
    taken: list[list[tuple[int, int, int]]] = []
    for route in around:
        span = _span(route)
        lane = _free(taken, (*span, route.lives))
        route.lane = bottom + lane
        for panel, row in route.ends:
            track = Track(gap_of(panel, row), row.y, route.lane, lives=route.lives)
            _enter(track, row)
            route.tracks.append(track)
    by_gap: dict[int, list[Track]] = {}
    for route in routes:
        for track in route.tracks:
            by_gap.setdefault(track.gap, []).append(track)
    for tracks in by_gap.values():
        _number(tracks)
    return routes


def widths(routes: Sequence[Route]) -> dict[int, int]:
    """How many cells each used gap needs."""
    found: dict[int, int] = {}
    for route in routes:
        if not route.tracks:
            gap = gap_of(*route.ends[0])
            found[gap] = max(found.get(gap, 0), LEAST)
        for track in route.tracks:
            need = 2 * FIRST + 2 * track.number + 1
            found[track.gap] = max(found.get(track.gap, 0), LEAST, need)
    return found


def points(route: Route, gap_x: Mapping[int, int]) -> tuple[Point, ...]:
    """The corners of a route, once the gaps have their places."""
    (one, row), (other, far) = route.ends
    start, end = (_border(one, row), row.y), (_border(other, far), far.y)
    if not route.tracks:
        return (start, end)
    xs = [gap_x[t.gap] + FIRST + 2 * t.number for t in route.tracks]
    if route.lane is None:
        return (start, (xs[0], row.y), (xs[0], far.y), end)
    return (
        start, (xs[0], row.y), (xs[0], route.lane), (xs[1], route.lane), (xs[1], far.y), end,
    )  # fmt: skip


def _border(panel: Panel, row: Row) -> int:
    return panel.x if row.side == "l" else panel.x + panel.w - 1


def _enter(track: Track, row: Row) -> None:
    # A socket on a box's right side looks into the gap from the left.
    (track.enters_left if row.side == "r" else track.enters_right).add(row.y)


def _span(route: Route) -> tuple[int, int]:
    a, b = sorted(gap_of(panel, row) for panel, row in route.ends)
    return a, b


def _free(taken: list[list[tuple[int, int, int]]], span: tuple[int, int, int]) -> int:
    """The first lane in which nothing overlaps ``span`` (from, to, when); it is taken then."""
    for number, spans in enumerate(taken):
        if all(span[1] < a or b < span[0] or not span[2] & lives for a, b, lives in spans):
            spans.append(span)
            return number
    taken.append([span])
    return len(taken) - 1


def _number(tracks: list[Track]) -> None:
    """Give the tracks of one gap their places from left to right.

    Where one wire comes from the left and another from the right on the same line, the first has
    to turn off before the second; else they would lie on each other.  (Where wires demand that of
    each other in a circle, one of them does.)
    """
    before: dict[int, set[int]] = {
        i: {
            j for j, other in enumerate(tracks) if i != j and other.enters_left & track.enters_right
        }
        for i, track in enumerate(tracks)
    }
    placed: list[int] = []
    left = sorted(range(len(tracks)), key=lambda i: (tracks[i].bottom - tracks[i].top, i))
    while left:
        ready = [i for i in left if not before[i] & set(left)] or left
        i = ready[0]
        left.remove(i)
        track = tracks[i]
        number = max((tracks[j].number + 1 for j in placed if j in before[i]), default=0)
        while any(
            tracks[j].number == number
            and tracks[j].lives & track.lives
            and tracks[j].top <= track.bottom
            and track.top <= tracks[j].bottom
            for j in placed
        ):
            number += 1
        track.number = number
        placed.append(i)
