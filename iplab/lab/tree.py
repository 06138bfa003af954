"""YAML text → a tree of plain text scalars, each with its line and column.

Built from the parser's events in one pass and with a stack of its own, so depth and size are
judged before anything is built, and no text can exhaust Python's stack.  Nothing is ever turned
into a number, a truth value or an object.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

MAX_BYTES = 8 * 1024 * 1024
MAX_EVENTS = 2_000_000
MAX_DEPTH = 20
MAX_SCALAR = 4096

_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)

# YAML's own set (YAML 1.2, 5.1) without what YAML or editors take for a line break of its own
# (NEL, LS, PS): with those in, our line numbers would not be the editor's.
_FORBIDDEN = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong at a line and column, both counted from 1."""

    line: int
    column: int
    message: str
    hint: str = ""


class Unreadable(Exception):
    """The text is no tree at all; ``faults`` say why."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__(*faults)
        self.faults = faults


@dataclass(slots=True, eq=False)
class Twig:
    """A scalar, a list or a mapping, and where it starts; keys are Twigs too, for their marks."""

    line: int
    column: int
    value: str | list[Twig] | dict[str, tuple[Twig, Twig]] = ""

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


@dataclass(slots=True)
class _Open:
    """A list or mapping that has not ended yet; ``key`` is a mapping's key that waits."""

    twig: Twig
    key: Twig | None = None


@dataclass(slots=True)
class _Builder:
    faults: list[Fault] = field(default_factory=list)
    stack: list[_Open] = field(default_factory=list)
    root: Twig | None = None

    def fault(self, twig: Twig, message: str, hint: str = "") -> None:
        self.faults.append(Fault(twig.line, twig.column, message, hint))

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
                self.fault(
                    key,
                    f"{key.value!r} is here twice (first in line {first.line})",
                    "keep one of them, or put both values under one key",
                )

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
    _check_characters(text)
    builder = _Builder()
    try:
        for count, event in enumerate(_events(text)):
            if count > MAX_EVENTS:
                raise Unreadable(Fault(1, 1, f"more than {MAX_EVENTS} values: too large for a lab"))
            _take(builder, event)
    except yaml.MarkedYAMLError as error:
        raise Unreadable(*builder.faults, _syntax(error, text)) from None
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
    if isinstance(event, yaml.ScalarEvent):
        twig = _twig(event, event.value)
        _check_scalar(builder, twig, event)
        builder.put(twig)
    elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
        twig = _twig(event, {} if isinstance(event, yaml.MappingStartEvent) else [])
        _check_marks(builder, twig, event)
        builder.open(twig)
    elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
        builder.stack.pop()
    elif isinstance(event, yaml.AliasEvent):
        twig = _twig(event, "")
        builder.fault(twig, f"an alias (*{event.anchor}) has no place in a lab file", _REPEAT)
        raise Unreadable(*builder.faults)
    elif isinstance(event, yaml.DocumentStartEvent) and builder.root is not None:
        twig = _twig(event, "")
        builder.fault(
            twig, "a second document starts here", "one lab to a file; take the '---' line out"
        )
        raise Unreadable(*builder.faults)


_REPEAT = "write it out, or name the file ….j2 and use a Jinja2 loop or variable"


def _twig(event: yaml.Event, value: str | list[Twig] | dict[str, tuple[Twig, Twig]]) -> Twig:
    mark = event.start_mark
    return Twig(mark.line + 1, mark.column + 1, value) if mark else Twig(1, 1, value)


def _check_scalar(builder: _Builder, twig: Twig, event: yaml.ScalarEvent) -> None:
    _check_marks(builder, twig, event)
    if len(event.value) > MAX_SCALAR:
        builder.fault(twig, f"this value is {len(event.value)} characters long: too long for a lab")
        twig.value = ""


def _check_marks(builder: _Builder, twig: Twig, event: yaml.NodeEvent) -> None:
    if getattr(event, "tag", None) is not None:
        builder.fault(
            twig,
            f"a tag ({event.tag}) has no place in a lab file",  # type: ignore[attr-defined]
            "take it out: every value is plain text here",
        )
    if event.anchor is not None:
        builder.fault(twig, f"an anchor (&{event.anchor}) has no place in a lab file", _REPEAT)


def _check_characters(text: str) -> None:
    found = _FORBIDDEN.search(text)
    if found is None:
        return
    start = found.start()
    before = text[:start]
    line = before.count("\n") + 1
    column = start - (before.rfind("\n") + 1) + 1
    code = f"U+{ord(found[0]):04X}"
    what = {
        "\0": "a NUL byte",
        "\ufeff": "a byte order mark",
        "\x85": f"a line break of its own kind ({code})",
        "\u2028": f"a line break of its own kind ({code})",
        "\u2029": f"a line break of its own kind ({code})",
    }.get(found[0], f"a character that YAML does not allow ({code})")
    raise Unreadable(
        Fault(line, column, f"{what} stands here", "save the file as plain UTF-8 text")
    )


# What libyaml and PyYAML say, and what it means to one who writes a lab file.
_WORDING = (
    (r"mapping values are not allowed", "a ':' too many, or a line indented further than it may be",
     "one `key: value` a line, lined up with its neighbours; quote a value that holds ': '"),
    (r"did not find expected '-' indicator|expected <block end>, but found '<block mapping",
     "this line does not line up with the list above", "start it with '- ', or indent it as the "
     "lines it belongs to"),
    (r"did not find expected key|expected <block end>",
     "this line does not line up with those above", "indent it as the lines it belongs to"),
    (r"could not find expected ':'", "a key without its ':'", "write KEY: value"),
    (r"did not find expected ',' or '[\]}]'|expected ',' or '[\]}]'",
     "a list or mapping in brackets is not closed", "close it with ] or }, with ',' in between"),
    (r"found unexpected end of stream|found unexpected document indicator",
     "a quote is opened and never closed", "close it"),
    (r"found unknown escape character", "an unknown \\ sequence in double quotes",
     "single quotes, or none"),
    (r"undefined tag handle|while (parsing|scanning) a tag",
     "a tag ('!') has no place in a lab file", "take it out, or quote the value"),
    (r"undefined alias", "an alias ('*') has no place in a lab file", _REPEAT),
)  # fmt: skip


def _syntax(error: yaml.MarkedYAMLError, text: str) -> Fault:
    mark = error.problem_mark or error.context_mark
    line, column = 1, 1
    if mark is not None:
        line, column = mark.line + 1, mark.column + 1
    lines = text.splitlines()
    if line > len(lines):  # the end of the text: point at the last line there is
        line = max(len(lines), 1)
        column = len(lines[-1]) + 1 if lines else 1
    here = lines[line - 1][column - 1 :] if lines else ""
    said = f"{error.problem or ''} {error.context or ''}"
    if "cannot start any token" in said or "found a tab" in said:
        if "\t" in lines[line - 1][:column] or here.startswith("\t"):
            return Fault(line, column, "a tab cannot indent or part words in YAML", "use spaces")
        return Fault(line, column, f"{here[:1]!r} cannot start a value", "quote the value")
    for pattern, message, hint in _WORDING:
        if re.search(pattern, said):
            return Fault(line, column, message, hint)
    return Fault(line, column, f"this is not YAML: {said.strip()}")
