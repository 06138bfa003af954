"""The states of a walk, what is marked in its pictures, and the page around them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from iplab import lab
from iplab.claims import Ownership
from iplab.messages import LANGUAGES
from iplab.network import End, Veth
from iplab.picture import graph
from iplab.picture.layout import frame
from iplab.plan.difference import compare
from iplab.render import Renderer
from iplab.walk import Walk, from_lab, from_script, page, project
from iplab.walk.marks import marks
from tests.unit.picture.test_layout import hold

NINE = (Path(__file__).resolve().parents[2] / "cases" / "walk" / "nine.sh").read_text()
STARTERS = [name for name, _, _ in lab.starters()]


def nine() -> Walk:
    return project("nine.sh", from_script(NINE))


def test_the_nine_commands_in_pictures() -> None:
    """A bare host; ns0; ns1; a veth pair both in the host; one end moved; the other moved;
    addresses; and up."""
    walk = nine()
    told = []
    for state in walk.states:
        what = graph(state)
        boxes = ",".join(box.name for box in what.boxes)
        wires = ",".join(f"{w.a}-{w.b}" + ("" if w.up else " down") for w in what.wires)
        addresses = ",".join(a for p in what.plugs() if not p.quiet for a in p.addresses)
        told.append(f"{boxes} | {wires} | {addresses}")
    assert told == [
        "host |  | ",
        "host,ns0 |  | ",
        "host,ns0,ns1 |  | ",
        "host,ns0,ns1 | host:veth0-host:veth1 down | ",
        "host,ns0,ns1 | host:veth1-ns0:veth0 down | ",
        "host,ns0,ns1 | ns0:veth0-ns1:veth1 down | ",
        "host,ns0,ns1 | ns0:veth0-ns1:veth1 down | 172.18.0.2/24",
        "host,ns0,ns1 | ns0:veth0-ns1:veth1 down | 172.18.0.2/24,172.18.0.3/24",
        "host,ns0,ns1 | ns0:veth0-ns1:veth1 down | 172.18.0.2/24,172.18.0.3/24",
        "host,ns0,ns1 | ns0:veth0-ns1:veth1 | 172.18.0.2/24,172.18.0.3/24",
    ]
    assert not walk.troubles


def test_what_is_marked() -> None:
    walk = nine()
    graphs = [graph(state) for state in walk.states]
    assert marks(graphs[1], graphs[0]).boxes == {"ns0"}
    made = marks(graphs[3], graphs[2])
    assert made.ends == {End("host", "veth0"), End("host", "veth1")}
    assert len(made.wires) == 1
    assert marks(graphs[3], graphs[4]).ends == {End("host", "veth0")}, "before: what goes"
    assert marks(graphs[4], graphs[3]).ends == {End("ns0", "veth0")}, "after: what comes"
    address = marks(graphs[6], graphs[5])
    assert address.texts == {(End("ns0", "veth0"), "172.18.0.2/24")}
    assert not address.ends
    assert marks(graphs[5], graphs[5]).boxes == frozenset()


def test_comments_and_lines_of_the_script_are_kept() -> None:
    steps = nine().steps
    assert steps[0].why == "建立兩個網路命名空間"
    assert steps[0].line == 3


@pytest.mark.parametrize("style", ["steps", "direct"])
@pytest.mark.parametrize("name", STARTERS)
def test_a_lab_s_walk_ends_where_the_lab_wants(name: str, style: str) -> None:
    file, text = lab.starter_text(name)
    it = lab.loads(text, file)
    walk = project(name, from_lab(it, Renderer(style)))
    assert not walk.troubles
    assert compare(it.network, walk.states[-1], Ownership()) == []


@pytest.mark.parametrize("name", STARTERS)
def test_every_picture_of_a_walk_holds_together(name: str) -> None:
    """Also those in which a cable is only passing through."""
    file, text = lab.starter_text(name)
    walk = project(name, from_lab(lab.loads(text, file), Renderer("steps")))
    graphs = [graph(state) for state in walk.states]
    shared = frame(graphs)
    for what in graphs:
        hold(shared.draw(what), what)


def test_a_command_that_cannot_be_is_marked() -> None:
    walk = project("x", from_script("ip netns add a\nip netns add a\nip link set lo netns a\nfoo"))
    assert set(walk.troubles) == {1, 2, 3}
    assert walk.states[1] == walk.states[-1]
    html = page(walk)
    assert html.count('class="differs"') == 3
    assert "The kernel would refuse this" in html


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", STARTERS)
def test_the_page_is_whole_and_needs_nothing(name: str, lang: str) -> None:
    file, text = lab.starter_text(name)
    walk = project(name, from_lab(lab.loads(text, file), Renderer("steps")))
    html = page(walk, lang)
    assert html.count('<section class="step"') == len(walk.steps)
    assert html.count("<figure") == 2 * len(walk.steps)
    # Every part that is referred to is there; nothing is asked of elsewhere.
    assert set(re.findall(r'href="#(p\d+)"', html)) == set(re.findall(r'<g id="(p\d+)"', html))
    assert not re.search(r'(src|href)="(?!#|data:)', html)
    assert not re.search(r"url\(|@import|https?://(?!www\.w3\.org/2000/svg)", html)


def test_numbers_are_the_kernel_s() -> None:
    """The peer is made first, so `veth0@veth1` has the higher number; a moved device keeps it."""
    html = page(nine())
    assert "2: veth1@veth0:" in html
    assert "3: veth0@veth1:" in html
    assert "3: veth0@if2:" in html
    assert isinstance(nine().states[-1].namespaces["ns0"].interfaces["veth0"].kind, Veth)


def test_a_name_stays_as_it_is_in_chinese() -> None:
    """A Chinese sentence may begin with a name, and stands off from Latin letters by a blank."""
    text = "ip netns add left\nip -n left link add br0 type bridge\nip -n left link set br0 up"
    html = page(project("x", from_script(text)), "zh-TW")
    assert "</a> 在 left 裡建立橋接器 br0" in html
    assert "</a> 啟用 left 裡的 br0" in html


def test_what_stands_between_backticks_is_code() -> None:
    html = page(project("x", from_script("ip netns add a\nip link add v type veth peer name w\n"
                                         "ip link set v netns a")))  # fmt: skip
    assert "so addresses and <code>up</code> come after the move" in html
    assert "`" not in re.sub(r"<script>.*</script>", "", html, flags=re.DOTALL)


def test_a_picture_is_told_in_the_page_s_language() -> None:
    chinese, english = page(nine(), "zh-TW"), page(nine())
    assert "<desc>主機：lo。 命名空間 ns0：" in chinese
    assert "ns0:veth0 與 ns1:veth1 之間有一條線。" in chinese
    assert not re.search(r"<desc>[^<]*(Namespace|cable)", chinese)
    assert "A cable between ns0:veth0 and ns1:veth1." in english
