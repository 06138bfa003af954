"""The pictures' colours, for paper and for the dark.

Text has a contrast of 4.5:1 or more with what it stands on (WCAG 2, AA), wires and borders 3:1; a
test holds that.  Nothing is said by colour alone: what is down says so, tunnels are dashed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

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

# A bridge, in the formats that draw it as a box; light, as all of these are.
BRIDGE = "#e3f2ee"

# Selectors name elements and classes within a picture's parts, and nothing around them: a part that
# is drawn by reference (`use`, on the walkthrough page) is styled as if it stood alone.
_SHAPES = f"""\
text{{font-family:{MONO};font-size:13px}}
text.title{{font-family:{SANS};font-size:14px;font-weight:700}}
text.name{{font-weight:700}}
text.given,text.detail,text.down,text.note,text.quiet{{font-size:12px}}
text.down,text.remark{{font-style:italic}}
rect.rim{{stroke-width:1.5;fill:none}}
path.wire,path.port{{fill:none;stroke-width:2.5;stroke-linecap:round}}
path.port{{stroke-width:2}}
path.vxlan{{stroke-dasharray:7 6}}
path.macvlan,path.vlan{{stroke-dasharray:1 6}}
rect.socket{{stroke-width:2}}
g.changed>rect.rim{{stroke-width:3}}
path.wire.changed{{stroke-width:4}}
text.changed{{font-weight:700;text-decoration:underline}}
"""


def _rules(colour: Callable[[str], str]) -> str:
    """The style rules; ``colour`` gives a part's colour as CSS takes it."""
    found = (
        ("rect.page", "fill:page"),
        ("rect.case", "fill:case"),
        ("rect.rim", "stroke:edge"),
        ("path.head", "fill:head"),
        ("text.title", "fill:title"),
        ("g.host rect.case", "fill:host-case"),
        ("g.host rect.rim", "stroke:host-edge"),
        ("g.host path.head", "fill:host-head"),
        ("g.host text.title", "fill:host-title"),
        ("text.name", "fill:name"),
        ("text.address", "fill:address"),
        ("text.given,text.detail,text.note", "fill:soft"),
        ("text.quiet", "fill:faint"),
        ("text.route", "fill:route"),
        ("text.nat", "fill:nat"),
        ("path.wire", "stroke:wire"),
        ("path.vxlan,path.macvlan,path.vlan", "stroke:tunnel"),
        ("path.port", "stroke:bar"),
        ("rect.bar", "fill:bar"),
        ("rect.socket", "fill:page;stroke:wire"),
        ("text.faint,text.down", "fill:faint"),
        ("rect.bar.faint", "fill:off"),
        ("path.wire.faint,path.port.faint", "stroke:off"),
        ("rect.socket.faint", "stroke:off"),
        ("g.changed>rect.rim", "stroke:changed"),
        ("path.wire.changed,path.port.changed", "stroke:changed"),
        ("rect.socket.changed", "stroke:changed;fill:glow"),
        ("rect.bar.changed,text.changed", "fill:changed"),
    )
    return "".join(
        f"{what}{{{';'.join(_declared(part, colour) for part in how.split(';'))}}}\n"
        for what, how in found
    )


def _declared(part: str, colour: Callable[[str], str]) -> str:
    name, _, which = part.partition(":")
    return f"{name}:{colour(which)}"


def style_sheet() -> str:
    """For a picture on its own: light, and dark where the reader's screen is."""
    light, dark = _rules(LIGHT.__getitem__), _rules(DARK.__getitem__)
    return f"{_SHAPES}{light}@media (prefers-color-scheme:dark){{\n{dark}}}\n"


def page_sheet(dark: str) -> str:
    """For pictures in a page: its variables, of which those for ``dark`` hold under that selector.

    What is printed is light.
    """
    return (
        _SHAPES
        + _rules(lambda name: f"var(--p-{name})")
        + f":root{{{_variables(LIGHT)}}}\n"
        + f"@media (prefers-color-scheme:dark){{:root:not([data-theme]){{{_variables(DARK)}}}}}\n"
        + f"{dark}{{{_variables(DARK)}}}\n"
        + f"@media print{{:root,:root:not([data-theme]),{dark}{{{_variables(LIGHT)}}}}}\n"
    )


def _variables(colours: Mapping[str, str]) -> str:
    return ";".join(f"--p-{name}:{value}" for name, value in colours.items())
