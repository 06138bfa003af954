"""Names of any kind, in each format; the same every time; colours one can read."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iplab.network import End, Interface, Namespace, Network, Veth
from iplab.picture import graph
from iplab.picture.colours import DARK, LIGHT
from iplab.picture.dot import dot
from iplab.picture.layout.drawing import width
from iplab.picture.mermaid import mermaid
from iplab.picture.svg import size, svg
from iplab.picture.text import text
from tests.unit.picture.pictures import starter

# The kernel takes any bytes but '/', ':' and white space as a device's name.
NASTY = ['a"b', "<b>&amp;", "\\N\\", "a`b*_#;", "網路", "-->", "]]", "\x01\x7f", "end", "a\ufffe"]


def nasty(name: str) -> Network:
    """Two namespaces of which one, and its device, has that name."""
    ends = End(name, name), End("b", "v")
    spaces = {
        e.node: Namespace(e.node, {e.device: Interface(e.device, Veth(p), up=True)})
        for e, p in (ends, ends[::-1])
    }
    return Network(spaces)


@pytest.mark.parametrize("name", NASTY)
def test_svg_is_well_formed_and_says_the_name(name: str) -> None:
    drawn = svg(graph(nasty(name)), name)
    root = ET.fromstring(drawn)
    shown = re.sub("[\x00-\x08\x0e-\x1f\ufffe]", "\ufffd", name)
    assert shown in [e.text for e in root.iter("{http://www.w3.org/2000/svg}text")]
    assert size(drawn) == (int(root.attrib["width"]), int(root.attrib["height"]))


@given(
    st.text(
        st.characters(codec="utf-8", exclude_characters="/: \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f\x85"),
        min_size=1,
        max_size=15,
    )
)
def test_every_format_takes_any_name(name: str) -> None:
    what = graph(nasty(name))
    ET.fromstring(svg(what, name))
    assert dot(what, name).count("\n  subgraph cluster_") == 3
    lines = mermaid(what, name).splitlines()
    assert sum(line.startswith("  subgraph ") for line in lines) == 3
    assert text(what)


@pytest.mark.parametrize("name", NASTY)
@pytest.mark.skipif(not shutil.which("dot"), reason="Graphviz is not on this machine")
def test_graphviz_reads_the_names_as_they_are(name: str) -> None:
    drawn = dot(graph(nasty(name)), name)
    done = subprocess.run(
        ["dot", "-Tplain"], input=drawn, capture_output=True, text=True, check=True
    )
    assert len(re.findall(r"^edge ", done.stdout, re.M)) == 1
    assert not done.stderr


def test_a_wide_character_takes_two_cells() -> None:
    drawn = text(graph(nasty("網路")))
    boxes = [line.rstrip() for line in drawn.splitlines() if "網路" in line]
    ends = {width(line) for line in boxes if line.endswith(("│", "┐"))}
    assert len(ends) <= 1


def test_the_same_network_is_drawn_alike_in_every_process() -> None:
    code = (
        "from tests.unit.picture.pictures import starter; from iplab.picture import graph; "
        "from iplab.picture.svg import svg; print(svg(graph(starter('vxlan')), 'x'), end='')"
    )
    here = svg(graph(starter("vxlan")), "x")
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": "."},
            cwd=Path(__file__).resolve().parents[3],
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout == here


def luminance(colour: str) -> float:
    """WCAG 2's relative luminance."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """WCAG 2's contrast ratio."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_contrast(colours: dict[str, str]) -> None:
    on_case = ("name", "address", "soft", "faint", "route", "nat", "changed")
    wanted = [(text, ground, 4.5) for text in on_case for ground in ("case", "host-case")]
    wanted += [("title", "head", 4.5), ("host-title", "host-head", 4.5)]
    wanted += [("faint", ground, 4.5) for ground in ("head", "host-head")]  # `lo` beside the title
    wanted += [("wire", "page", 3), ("tunnel", "page", 3), ("off", "page", 3), ("bar", "case", 3)]
    wanted += [("edge", "page", 3), ("host-edge", "page", 3), ("changed", "page", 3)]
    poor = {
        (a, b): round(contrast(colours[a], colours[b]), 2)
        for a, b, least in wanted
        if contrast(colours[a], colours[b]) < least
    }
    assert not poor
