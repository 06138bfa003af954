"""The page: one HTML file that needs nothing else.

Pictures of neighbouring steps are alike but for a box or two.  So each part of a picture (a box, a
wire) is written once, and pictures refer to the parts by number: forty steps of a fifty-node lab
stay a page that can be mailed.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from functools import cache
from typing import Any

import jinja2
from markupsafe import Markup, escape

from iplab import __version__
from iplab.iproute2 import Reading
from iplab.iproute2.explain import explain
from iplab.messages import Messages, texts
from iplab.names import HOST
from iplab.picture import Graph, graph
from iplab.picture.colours import page_sheet
from iplab.picture.layout import Drawing, Frame, frame
from iplab.picture.svg import CELL_H, CELL_W, Marks, describe, element, parts
from iplab.plan.reasons import Reason
from iplab.templates import templates_dir
from iplab.walk.addr import Numbers, ip_addr
from iplab.walk.marks import marks
from iplab.walk.steps import UNPICTURED, Walk

WIDE = 600  # pixels: two such pictures still stand beside each other
MANY = 40  # parts of a picture that are referred to one by one; of more, in bundles
BUNDLE = 12  # parts in a bundle, about
FEW = 6  # boxes that a picture's description speaks of; of more, only those a step touches


class _Fragments:
    """The parts of all pictures, each once."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def use(self, part: str) -> str:
        """A reference to a part."""
        number = self._numbers.setdefault(part, len(self._numbers))
        return f'<use href="#p{number}"/>'

    def picture(self, inside: Sequence[str]) -> list[str]:
        """References to all that is in a picture.

        Of a large one they come in bundles, which are parts, too.  Where a bundle ends is decided
        by what is in it, so that a part more or less changes one bundle and not all behind it.
        """
        uses = [self.use(part) for part in inside]
        if len(uses) < MANY:
            return uses
        found, bundle = [], ""
        for use in uses:
            bundle += use
            if zlib.crc32(use.encode()) % BUNDLE == 0:
                found.append(self.use(bundle))
                bundle = ""
        return [*found, bundle]

    def written(self) -> str:
        """All the parts."""
        return "".join(f'<g id="p{n}">{part}</g>\n' for part, n in self._numbers.items())


class _Words:
    """The page's own words in one language, as attributes."""

    def __init__(self, messages: Messages, **values: Any) -> None:
        self._messages = messages
        self._values = values

    @property
    def told(self) -> dict[str, str]:
        """How a picture is told to those who cannot see it."""
        found: dict[str, str] = texts(self._messages.lang, "walk")["told"]
        return found

    def __getattr__(self, key: str) -> str:
        return self(key)

    def __call__(self, key: str, **values: Any) -> str:
        text = texts(self._messages.lang, "walk")[key]
        return _filled(text).render(self._values | values)


_environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)
_filled = cache(_environment.from_string)


def page(walk: Walk, lang: str = "en") -> str:
    """The walk as HTML, in one of the languages of ``iplab.messages``."""
    messages = Messages(lang)
    say = _Words(messages, title=walk.title, count=len(walk.steps), version=__version__)
    graphs = [graph(state) for state in walk.states]
    shared = frame(graphs)
    fragments = _Fragments()
    outputs = walk.shown or _projected(walk)
    steps = [
        _step(walk, number, graphs, shared, fragments, outputs, say, messages)
        for number in range(len(walk.steps))
    ]
    directory = templates_dir() / "page"
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(directory),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["code"] = _code
    words = {
        "step": say("step", n="{n}"), "of": say.of, "copy": say.copy, "copied": say.copied,
    }  # fmt: skip
    # Nothing that a lab or a script says gets into the script as code: JSON, with `<` written so
    # that no text can end the element.
    known = json.dumps(words, ensure_ascii=False).replace("<", "\\u003c")
    code = (directory / "walk.js").read_text(encoding="utf-8")
    return environment.get_template("walk.html.j2").render(
        lang="zh-Hant-TW" if lang == "zh-TW" else lang,
        say=say,
        ran=walk.ran,
        steps=steps,
        fragments=Markup(fragments.written()),
        page_css=Markup((directory / "walk.css").read_text(encoding="utf-8")),
        width=shared.w * CELL_W,
        wide=shared.w * CELL_W > WIDE,
        picture_css=Markup(page_sheet(':root[data-theme="dark"]')),
        script=Markup(f"const WORDS = {known};\n{code}"),
    )


def _code(text: str) -> Markup:
    """What stands between backticks, as code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if n % 2 else escape(part)
        for n, part in enumerate(parts)
    )


def _projected(walk: Walk) -> tuple[dict[str, str], ...]:
    """What `ip addr` would print after each step in the namespaces it touches, and ahead of the
    first in all that are there."""
    numbers = Numbers()
    found = []
    for number, state in enumerate(walk.states):
        numbers.see(state)
        near = set(state.namespaces)
        if number:
            near = set(walk.touched(number - 1))
        if number < len(walk.steps):
            near |= set(walk.touched(number)) & set(state.namespaces)
        found.append({node: ip_addr(state, node, numbers) for node in sorted(near)})
    return tuple(found)


def _step(
    walk: Walk,
    number: int,
    graphs: Sequence[Graph],
    shared: Frame,
    fragments: _Fragments,
    outputs: Sequence[dict[str, str]],
    say: _Words,
    messages: Messages,
) -> dict[str, Any]:
    step = walk.steps[number]
    told = explain(step.reading, messages)
    before, after = graphs[number], graphs[number + 1]
    does = "; ".join(told.does) or say.unread
    marked = (marks(before, after), marks(after, before))
    nodes = {node for one in marked for node in _nodes(one)}
    return {
        "n": number + 1,
        "link": say("link", n=number + 1),
        "text": step.text if not step.reading.unknown or len(step.argv) > 1 else step.argv[0],
        # Chinese knows no capitals, and begins with a node's name at times.
        "does": does if messages.lang == "zh-TW" else does[:1].upper() + does[1:],
        "after": told.after,
        "traps": told.traps,
        "undo": told.undo,
        "comment": step.why.said(messages) if isinstance(step.why, Reason) else step.why,
        "old": step.old,
        "line": say("line", n=step.line) if step.line else "",
        "words": [w for w in told.words if w.meaning],
        "remarks": list(_remarks(walk, number, before == after, say)),
        "warnings": list(_warnings(walk, number, step.reading, say)),
        "before": _picture(
            walk, shared.draw(before), before, marked[0], nodes, fragments, say, number, "before"
        ),
        "then": _picture(
            walk, shared.draw(after), after, marked[1], nodes, fragments, say, number, "after"
        ),
        "shown": [
            _shown(node, outputs[number].get(node, ""), outputs[number + 1][node], say)
            for node in walk.touched(number)
            if node in outputs[number + 1]
        ],
    }


def _remarks(walk: Walk, number: int, same: bool, say: _Words) -> Any:
    reading = walk.steps[number].reading
    if reading.unknown or number in walk.troubles:
        return
    if reading.known and not any(k.changes for k in reading.known) and not reading.operations:
        yield say.looked
    elif same:
        yield say.same


def _warnings(walk: Walk, number: int, reading: Reading, say: _Words) -> Any:
    troubles = walk.troubles.get(number, ())
    if reading.unknown:
        yield say.unread, [t for t in troubles if t]
        return
    if UNPICTURED in troubles:
        yield say.unpictured, []
    rest = [t for t in troubles if t != UNPICTURED]
    if rest:
        yield (say.differs if walk.ran else say.refused), rest


def _picture(
    walk: Walk,
    drawing: Drawing,
    what: Graph,
    marked: Marks,
    nodes: set[str],
    fragments: _Fragments,
    say: _Words,
    number: int,
    when: str,
) -> Markup:
    title = say("picture", n=number + 1, when=say(f"when_{when}"))
    inside = fragments.picture(parts(drawing, marked))
    # Of a large network a description of all of it, each time, would be no help to anybody.
    few = None if len(what.boxes) <= FEW else walk.touched(number)
    drawn = element(drawing, title, describe(what, few, say.told), inside)
    # Where the picture is larger than its place, both are moved to where something changes.
    changed = [box for box in drawing.boxes if box.box.name in nodes]
    if changed:
        x = sum(box.x + box.w // 2 for box in changed) // len(changed) * CELL_W
        y = sum(box.y + box.h // 2 for box in changed) // len(changed) * CELL_H
        place = f' data-x="{x}" data-y="{y}"'
        drawn = drawn.replace(' role="img"', f' role="img"{place}', 1)
    return Markup(drawn)


def _nodes(marked: Marks) -> set[str]:
    ends = {e.node for e in marked.ends} | {e.node for e, _ in marked.texts}
    return set(marked.boxes) | ends | {node for node, _ in marked.notes}


def _shown(node: str, before: str, after: str, say: _Words) -> dict[str, Any]:
    """The output of `ip addr` in a node, its lines marked that were not there before."""
    command = "ip addr" if node == HOST else f"ip -n {node} addr"
    old = set(before.splitlines()) if before else set(after.splitlines())
    return {
        "title": say("shows", command=command),
        "command": command,
        "lines": [(line not in old, line) for line in after.splitlines()],
    }
