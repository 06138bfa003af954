"""YAML text → a tree of plain text scalars, each with its line and column.

Built from the parser's events in one pass and with a stack of its own, so depth and size are
judged before anything is built, and no text can exhaust Python's stack.  Nothing is ever turned
into a number, a truth value or an object.
"""

from __future__ import annotations

from collections.abc import Iterator

import yaml
from msgspec import Struct, field

from iplab.lab.syntax import REPEAT, Fault, Unreadable, check_characters, explain

MAX_BYTES = 8 * 1024 * 1024
MAX_EVENTS = 2_000_000
MAX_DEPTH = 20
MAX_SCALAR = 4096

_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)

Path = tuple[str | int, ...]


class Twig(Struct, eq=False, gc=False):  # gc: a tree has no rings to look for
    """A scalar, a list or a mapping, and where it starts; keys are Twigs too, for their marks."""

    line: int
    column: int
    value: str | list[Twig] | dict[str, tuple[Twig, Twig]] = ""
    doubled: bool = False  # a mapping in which a key is twice

    def plain(self) -> object:
        """The same as str, list and dict (depth is bounded, so recursion is)."""
        match self.value:
            case str():
                return self.value
            case list():
                return [twig.plain() for twig in self.value]
            case _:
                return {key: twig.plain() for key, (_, twig) in self.value.items()}

    def find(self, path: Path) -> tuple[Twig, Twig]:
        """The key (or list item) and the value at ``path``.

        A part of ``path`` that is not there is passed over: pydantic names parts of its own, and a
        short form leaves some out (``addresses`` where the value is the address).
        """
        key = twig = self
        for part in path:
            if isinstance(twig.value, dict) and isinstance(part, str) and part in twig.value:
                key, twig = twig.value[part]
            elif isinstance(twig.value, list) and isinstance(part, int) and part < len(twig.value):
                key = twig = twig.value[part]
        return key, twig


class _Open(Struct):
    """A list or mapping that has not ended yet; ``key`` is a mapping's key that waits."""

    twig: Twig
    key: Twig | None = None


class _Builder(Struct):
    faults: list[Fault] = field(default_factory=list)
    stack: list[_Open] = field(default_factory=list)
    root: Twig | None = None

    def fault(self, twig: Twig, message: str, hint: str = "") -> None:
        self.faults.append(Fault(twig.line, twig.column, message, hint))

    def twice(self, key: Twig, first: Twig) -> None:
        """A key that its mapping has already."""
        hint = "keep one of them, or put both values under one key"
        if ":" in str(key.value):
            hint = "another device: each end of a link is one of its own"
        self.fault(key, f"{key.value!r} is here twice (first in line {first.line})", hint)

    def put(self, twig: Twig) -> None:
        """Hang ``twig`` where it belongs."""
        if not self.stack:
            self.root = twig
            return
        top = self.stack[-1]
        if isinstance(top.twig.value, list):
            top.twig.value.append(twig)
        elif top.key is None:
            top.key = twig
        else:
            key, top.key = top.key, None
            assert isinstance(top.twig.value, dict)
            if not isinstance(key.value, str):
                raise Unreadable(
                    *self.faults,
                    Fault(key.line, key.column, "a key must be one word", "write KEY: value"),
                )
            first = top.twig.value.setdefault(key.value, (key, twig))[0]
            if first is not key:
                top.twig.doubled = True
                self.twice(key, first)

    def open(self, twig: Twig) -> None:
        """Start a list or a mapping."""
        if len(self.stack) >= MAX_DEPTH:
            fault = Fault(twig.line, twig.column, f"nested deeper than {MAX_DEPTH} levels")
            raise Unreadable(*self.faults, fault)
        self.put(twig)
        self.stack.append(_Open(twig))


def grow(text: str) -> tuple[Twig, list[Fault]]:
    """The tree of a YAML text, and faults that did not stop the reading (duplicate keys, tags).

    Raises ``Unreadable`` where there is no tree to go on with.
    """
    if len(text) > MAX_BYTES:
        raise Unreadable(Fault(1, 1, f"more than {MAX_BYTES // 2**20} MiB: too large for a lab"))
    check_characters(text)
    builder = _Builder()
    try:
        for count, event in enumerate(_events(text)):
            if count > MAX_EVENTS:
                raise Unreadable(Fault(1, 1, f"more than {MAX_EVENTS} values: too large for a lab"))
            _take(builder, event)
    except yaml.MarkedYAMLError as error:
        raise Unreadable(*builder.faults, explain(error, text)) from None
    except yaml.YAMLError as error:
        raise Unreadable(*builder.faults, Fault(1, 1, f"this is not YAML: {error}")) from None
    root = builder.root
    if root is None or root.value == "":
        raise Unreadable(
            *builder.faults, Fault(1, 1, "the file is empty", "`iplab init` writes a first lab")
        )
    if not isinstance(root.value, dict):
        what = "a list" if isinstance(root.value, list) else "text"
        raise Unreadable(
            *builder.faults,
            Fault(root.line, root.column, f"this is {what}, not a lab", "start with `lab: NAME`"),
        )
    return root, builder.faults


def _events(text: str) -> Iterator[yaml.Event]:
    events: Iterator[yaml.Event] = yaml.parse(text, Loader=_LOADER)
    return events


def _take(builder: _Builder, event: yaml.Event) -> None:
    match event:
        case yaml.ScalarEvent():
            twig = _twig(event, event.value)
            _check_scalar(builder, twig, event)
            builder.put(twig)
        case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
            twig = _twig(event, {} if isinstance(event, yaml.MappingStartEvent) else [])
            _check_marks(builder, twig, event)
            builder.open(twig)
        case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
            builder.stack.pop()
        case yaml.AliasEvent():
            twig = _twig(event, "")
            builder.fault(twig, f"an alias (*{event.anchor}) has no place in a lab file", REPEAT)
            raise Unreadable(*builder.faults)
        case yaml.DocumentStartEvent() if builder.root is not None:
            builder.fault(
                _twig(event, ""),
                "a second document starts here",
                "one lab to a file; take the '---' line out",
            )
            raise Unreadable(*builder.faults)


def _twig(event: yaml.Event, value: str | list[Twig] | dict[str, tuple[Twig, Twig]]) -> Twig:
    mark = event.start_mark
    return Twig(mark.line + 1, mark.column + 1, value) if mark else Twig(1, 1, value)


def _check_scalar(builder: _Builder, twig: Twig, event: yaml.ScalarEvent) -> None:
    _check_marks(builder, twig, event)
    if len(event.value) > MAX_SCALAR:
        builder.fault(twig, f"this value is {len(event.value)} characters long: too long for a lab")
        raise Unreadable(*builder.faults)


def _check_marks(builder: _Builder, twig: Twig, event: yaml.NodeEvent) -> None:
    tag = getattr(event, "tag", None)
    if tag is not None:
        written = tag.replace("tag:yaml.org,2002:", "!!")
        hint = "take it out: every value is plain text here"
        builder.fault(twig, f"a tag ({written}) has no place in a lab file", hint)
    if event.anchor is not None:
        builder.fault(twig, f"an anchor (&{event.anchor}) has no place in a lab file", REPEAT)
