"""For formats whose own layout goes from left to right: which end of each line comes first.

Graphviz and Mermaid place what a line begins with to the left of what it ends in.  Told the order
of iplab's own columns, they draw the same network in the same sense.
"""

from __future__ import annotations

from collections.abc import Iterator

from iplab.network import End
from iplab.picture.graph import Graph, Wire
from iplab.picture.layout import frame


def ports(graph: Graph) -> Iterator[tuple[End, End, bool]]:
    """Each bridge and its port, in the order in which they are drawn, and whether both are up."""
    there = {plug.end: plug.up for plug in graph.plugs()}
    sides = {
        socket.plug.end: socket.side
        for box in frame([graph]).draw(graph).boxes
        for socket in box.sockets
    }
    for plug in graph.plugs():
        bridge = End(plug.end.node, plug.master or "")
        if bridge in there:
            left = sides.get(plug.end) == "l"
            up = plug.up and there[bridge]
            yield (plug.end, bridge, up) if left else (bridge, plug.end, up)


def wires(graph: Graph) -> Iterator[tuple[Wire, End, End]]:
    """Each wire with its left and its right end.

    Tunnels come last: what they are laid over decides where things are.
    """
    at = {box.box.name: box.x for box in frame([graph]).draw(graph).boxes}
    for wire in sorted(graph.wires, key=lambda w: w.kind == "vxlan"):
        ends = (wire.a, wire.b)
        yield wire, *(ends if at[wire.a.node] <= at[wire.b.node] else ends[::-1])
