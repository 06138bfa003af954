"""DOT, for Graphviz: a cluster for each namespace, a node for each interface."""

from __future__ import annotations

import re

from iplab.picture import direction
from iplab.picture.colours import BRIDGE, LIGHT
from iplab.picture.graph import Box, Graph, Plug, Wire

_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_SMALL = '<font point-size="10">{}</font>'
_STYLES = {"vxlan": "dashed", "macvlan": "dotted", "vlan": "dotted"}


def dot(graph: Graph, title: str) -> str:
    """The picture as a DOT graph that `dot`, `neato` or `fdp` can draw."""
    out = [
        f"graph {_quoted(title)} {{",
        '  graph [rankdir=LR, fontname="Helvetica", nodesep=0.15, ranksep=1.2]',
        '  node [shape=box, style="rounded,filled", fillcolor="white", '
        f'color="{LIGHT["wire"]}", fontname="monospace", fontsize=11]',
        f'  edge [color="{LIGHT["wire"]}", penwidth=2]',
    ]
    for number, box in enumerate(graph.boxes):
        out += _cluster(number, box)
    out += [
        f'  {_id(a)} -- {_id(b)} [color="{LIGHT["bar" if up else "off"]}", penwidth=1.5]'
        for a, b, up in direction.ports(graph)
    ]
    out += [f"  {_id(a)} -- {_id(b)}{_look(wire)}" for wire, a, b in direction.wires(graph)]
    out.append("}")
    return "\n".join(out) + "\n"


def _cluster(number: int, box: Box) -> list[str]:
    fill, edge = ("host-case", "host-edge") if box.is_host else ("case", "edge")
    notes = "".join(f"<br/>{_escaped(note.text)}" for note in box.notes)
    label = f"<<b>{_escaped(box.name)}</b>{notes and _SMALL.format(notes)}>"
    out = [
        f"  subgraph cluster_{number} {{",
        f"    label={label}",
        f'    style="rounded,filled"; fillcolor="{LIGHT[fill]}"; color="{LIGHT[edge]}"',
    ]
    out += [_node(plug) for plug in box.plugs]
    if not box.plugs:  # Graphviz leaves out what is empty
        out.append(f'    {_quoted(box.name + ":")} [label="", shape=point, style=invis]')
    out.append("  }")
    return out


def _node(plug: Plug) -> str:
    look = []
    if plug.kind == "bridge":
        look.append(f'style=filled, fillcolor="{BRIDGE}", color="{LIGHT["bar"]}", penwidth=2')
    if not plug.up:
        look.append(f'fillcolor=white, color="{LIGHT["off"]}", fontcolor="{LIGHT["faint"]}"')
    if plug.quiet:  # lo, mostly: it is there, and nobody looks at it
        look.append("fontsize=9, height=0.25, width=0.4, penwidth=0.7")
    label = _quoted("\n".join(plug.words))
    return f"    {_id(plug.end)} [label={label}{''.join(f', {part}' for part in look)}]"


def _look(wire: Wire) -> str:
    look = []
    if wire.kind in _STYLES:
        # It does not decide where things are: what it is laid over does.
        look.append(f'style={_STYLES[wire.kind]}, tooltip="{wire.kind}", constraint=false')
        look.append(f'color="{LIGHT["tunnel"]}"')
    if not wire.up:
        look = [part for part in look if not part.startswith("color")]
        look.append(f'color="{LIGHT["off"]}"')
    return f" [{', '.join(look)}]" if look else ""


def _escaped(text: str) -> str:
    """Text in Graphviz's HTML-like labels, which are XML: not every character may stand there."""
    return "".join(_character(c) for c in text)


def _character(c: str) -> str:
    if c.isalnum() or c in " ./:-()":
        return c
    return f"&#{ord(c)};" if c.isprintable() else "\ufffd"


def _id(end: object) -> str:
    return _quoted(str(end))


def _quoted(text: str) -> str:
    """A quoted string of DOT, whose only own escape is ``\\"``; in labels a backslash begins one of
    Graphviz's own (``\\N``), so it is doubled."""
    plain = _CONTROL.sub("\ufffd", text)
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
