"""The pictures' colours, for paper and for the dark.

Text has a contrast of 4.5:1 or more with what it stands on (WCAG 2, AA), wires and borders 3:1; a
test holds that.  Nothing is said by colour alone: what is down says so, tunnels are dashed.
"""

from __future__ import annotations

from collections.abc import Mapping

MONO = "ui-monospace,'DejaVu Sans Mono','Liberation Mono',Menlo,Consolas,monospace"
SANS = "system-ui,'DejaVu Sans','Liberation Sans',Helvetica,Arial,sans-serif"

LIGHT: Mapping[str, str] = {
    "page": "#ffffff",
    "case": "#f7f9fc",
    "edge": "#7a8699",
    "head": "#dfe7f2",
    "title": "#16233a",
    "host-case": "#fdf9f0",
    "host-edge": "#a1834a",
    "host-head": "#f5e8cb",
    "host-title": "#3d2c08",
    "name": "#16233a",
    "address": "#0b5394",
    "soft": "#59657a",
    "faint": "#586273",
    "wire": "#2b6cb0",
    "tunnel": "#8a4fbe",
    "off": "#8b95a5",
    "bar": "#2f7d6b",
    "route": "#59540a",
    "nat": "#9c3b1b",
    "changed": "#c2410c",
    "glow": "#ffedd5",
}
DARK: Mapping[str, str] = {
    "page": "#12161d",
    "case": "#1a212c",
    "edge": "#6f7d93",
    "head": "#2a3546",
    "title": "#eaf0f8",
    "host-case": "#231f16",
    "host-edge": "#94804f",
    "host-head": "#3d3420",
    "host-title": "#f6ead0",
    "name": "#eaf0f8",
    "address": "#8cc4ff",
    "soft": "#a9b4c4",
    "faint": "#929eb0",
    "wire": "#63a9f2",
    "tunnel": "#c79bf2",
    "off": "#77828f",
    "bar": "#55b8a0",
    "route": "#d8cf7a",
    "nat": "#f5a184",
    "changed": "#fb923c",
    "glow": "#4a2a10",
}

_SHAPES = f"""\
.iplab text{{font-family:{MONO};font-size:13px}}
.iplab .title{{font-family:{SANS};font-size:14px;font-weight:700}}
.iplab .name{{font-weight:700}}
.iplab .given,.iplab .detail,.iplab .down,.iplab .note,.iplab .quiet{{font-size:12px}}
.iplab .down,.iplab .remark{{font-style:italic}}
.iplab .rim{{stroke-width:1.5}}
.iplab .wire,.iplab .port{{fill:none;stroke-width:2.5;stroke-linecap:round}}
.iplab .port{{stroke-width:2}}
.iplab .vxlan{{stroke-dasharray:7 6}}
.iplab .macvlan,.iplab .vlan{{stroke-dasharray:1 6}}
.iplab .socket{{stroke-width:2}}
.iplab .changed>.rim{{stroke-width:3}}
.iplab .wire.changed{{stroke-width:4}}
.iplab text.changed{{font-weight:700;text-decoration:underline}}
"""


def rules(colours: Mapping[str, str], root: str = ".iplab") -> str:
    """The style rules for one set of colours."""
    c = colours
    lines = (
        (".page", f"fill:{c['page']}"),
        (".case", f"fill:{c['case']}"),
        (".rim", f"fill:none;stroke:{c['edge']}"),
        (".head", f"fill:{c['head']}"),
        (".title", f"fill:{c['title']}"),
        (".host .case", f"fill:{c['host-case']}"),
        (".host .rim", f"stroke:{c['host-edge']}"),
        (".host .head", f"fill:{c['host-head']}"),
        (".host .title", f"fill:{c['host-title']}"),
        (".name", f"fill:{c['name']}"),
        (".address", f"fill:{c['address']}"),
        (".given,{root} .detail", f"fill:{c['soft']}"),
        (".quiet", f"fill:{c['faint']}"),
        (".note", f"fill:{c['soft']}"),
        (".note.route", f"fill:{c['route']}"),
        (".note.nat", f"fill:{c['nat']}"),
        (".wire", f"stroke:{c['wire']}"),
        (".vxlan,{root} .macvlan,{root} .vlan", f"stroke:{c['tunnel']}"),
        (".port", f"stroke:{c['bar']}"),
        (".bar", f"fill:{c['bar']}"),
        (".socket", f"fill:{c['page']};stroke:{c['wire']}"),
        (".faint,{root} .down", f"fill:{c['faint']}"),
        (".bar.faint", f"fill:{c['off']}"),
        (".wire.faint", f"stroke:{c['off']};fill:none"),
        (".socket.faint", f"fill:{c['page']};stroke:{c['off']}"),
        (".changed>.rim", f"stroke:{c['changed']}"),
        (".wire.changed,{root} .port.changed", f"stroke:{c['changed']}"),
        (".socket.changed", f"stroke:{c['changed']};fill:{c['glow']}"),
        (".bar.changed", f"fill:{c['changed']}"),
        ("text.changed", f"fill:{c['changed']}"),
    )
    return "".join(f"{root} {what.replace('{root}', root)}{{{how}}}\n" for what, how in lines)


def style_sheet() -> str:
    """For a picture on its own: light, and dark where the reader's screen is."""
    return _SHAPES + rules(LIGHT) + "@media (prefers-color-scheme:dark){\n" + rules(DARK) + "}\n"


def page_sheet(dark: str) -> str:
    """For pictures in a page, where the selector ``dark`` says which colours hold."""
    return _SHAPES + rules(LIGHT) + rules(DARK, f"{dark} .iplab")
