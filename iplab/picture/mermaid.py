"""Mermaid, which GitHub draws in Markdown: put the text in a fence that says ``mermaid``."""

from __future__ import annotations

from iplab.network import End
from iplab.picture import direction
from iplab.picture.colours import BRIDGE, LIGHT
from iplab.picture.graph import Box, Graph, Plug
from iplab.picture.layout.rows import quiet_lines

_LINES = {"veth": "---", "vxlan": "-. vxlan .-", "macvlan": "-. macvlan .-", "vlan": "-. vlan .-"}


def mermaid(graph: Graph, title: str) -> str:
    """The picture as a Mermaid flowchart: a subgraph for each namespace."""
    shown = [plug for plug in graph.plugs() if not plug.quiet]
    ids = {plug.end: f"d{number}" for number, plug in enumerate(shown)}
    out = ["---", f"title: {_scalar(title)}", "---", "flowchart LR"]
    for number, box in enumerate(graph.boxes):
        out += _subgraph(number, box, ids)
    lines = [(f"{ids[a]} === {ids[b]}", up) for a, b, up in direction.ports(graph)]
    lines += [
        (f"{ids[a]} {_LINES.get(wire.kind, '---')} {ids[b]}", wire.up)
        for wire, a, b in direction.wires(graph)
    ]
    out += [f"  {line}" for line, _ in lines]
    down = ",".join(str(n) for n, (_, up) in enumerate(lines) if not up)
    if down:
        out.append(f"  linkStyle {down} stroke:{LIGHT['off']}")
    for number, box in enumerate(graph.boxes):
        fill, edge = ("host-case", "host-edge") if box.is_host else ("case", "edge")
        look = f"fill:{LIGHT[fill]},stroke:{LIGHT[edge]},color:{LIGHT['title']}"
        out.append(f"  style n{number} {look}")
    out += [
        f"  classDef default fill:#ffffff,stroke:{LIGHT['wire']},color:{LIGHT['name']}",
        f"  classDef down fill:#f1f3f5,stroke:{LIGHT['off']},color:#4a5361",
        f"  classDef bridge fill:{BRIDGE},stroke:{LIGHT['bar']},color:#12332c",
        f"  classDef note fill:none,stroke:none,color:{LIGHT['soft']}",
    ]
    return "\n".join(out) + "\n"


def _subgraph(number: int, box: Box, ids: dict[End, str]) -> list[str]:
    out = [f"  subgraph n{number}[{_quoted(box.name)}]"]
    out += [f"    {ids[plug.end]}{_node(plug)}" for plug in box.plugs if not plug.quiet]
    # What one hardly looks at, in one place; and an empty subgraph would be no box at all.
    words = [note.text for note in box.notes] + quiet_lines(box)
    if words or not box.plugs:
        text = "<br>".join(map(_escaped, words)) or "no interfaces"
        out.append(f'    t{number}(["{text}"]):::note')
    out.append("  end")
    return out


def _node(plug: Plug) -> str:
    label = "<br>".join(_escaped(word) for word in plug.words)
    bridge = plug.kind == "bridge"
    shape = f'[["{label}"]]' if bridge else f'["{label}"]'
    look = ":::down" if not plug.up else ":::bridge" if bridge else ""
    return shape + look


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'


# Mermaid knows HTML's entities with `#` for `&`; `#` itself would begin one.  Backticks make a
# label Markdown, and `1. ` at its beginning a list, which is why dots are left alone but not these.
_ENTITIES = {
    "#": "#35;", '"': "#quot;", "&": "#amp;", "<": "#lt;", ">": "#gt;", "`": "#96;", "\\": "#92;",
    "\n": " ", "*": "#42;", "_": "#95;", ";": "#59;",
}  # fmt: skip


def _escaped(text: str) -> str:
    return "".join(_ENTITIES.get(c, c if c.isprintable() else "\ufffd") for c in text)


def _scalar(text: str) -> str:
    """A YAML single-quoted scalar."""
    plain = "".join(c if c.isprintable() else "\ufffd" for c in text)
    return "'" + plain.replace("'", "''") + "'"
