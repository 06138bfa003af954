"""What is wrong with a text before it is a tree: its characters, its YAML."""

from __future__ import annotations

import re

import yaml
from msgspec import Struct

REPEAT = "write it out, or name the file ….j2 and use a Jinja2 loop or variable"

# What is not in YAML's own set (YAML 1.2, 5.1), and what YAML or editors take for a line break of
# its own (NEL, LS, PS): with those in, our line numbers would not be the editor's.  (The set that
# is allowed would say the same, and take `re` ten times as long to compile.)
_FORBIDDEN = re.compile(
    "[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]"
)


class Fault(Struct, frozen=True):
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


def check_characters(text: str) -> None:
    """``Unreadable`` at the first character that has no place in a lab file."""
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


class _Wording(Struct, frozen=True):
    """What libyaml or PyYAML says (a pattern), and what it means to one who writes a lab file.

    ``at_start`` points at where the faulty thing begins, not at where the parser gave up.
    """

    said: str
    message: str
    hint: str
    at_start: bool = False


_ALIGN = "indent it as the lines it belongs to"
_WORDINGS = (
    _Wording(
        "mapping values are not allowed",
        "a ':' too many, or a line indented further than it may be",
        "one `key: value` a line, lined up with its neighbours; quote a value that holds ': '",
    ),
    _Wording(
        "did not find expected '-' indicator|expected <block end>, but found '<block mapping",
        "this line does not line up with the list above",
        f"start it with '- ', or {_ALIGN}",
    ),
    _Wording(
        "did not find expected key|expected <block end>",
        "this line does not line up with those above",
        _ALIGN,
    ),
    _Wording("could not find expected ':'", "a key without its ':'", "write KEY: value"),
    _Wording(
        "(did not find )?expected ',' or '[]}]'",
        "a list or mapping in brackets is opened here and not closed",
        "close it with ] or }, with ',' in between",
        at_start=True,
    ),
    _Wording(
        "did not find expected node content|expected the node content",
        "a value, or the end of a list or mapping in brackets, is missing here",
        "close it with ] or }",
    ),
    _Wording(
        "found unexpected end of stream|found unexpected document indicator",
        "a quote is opened here and never closed",
        "close it",
        at_start=True,
    ),
    _Wording(
        "found unknown escape character",
        "an unknown \\ sequence in double quotes",
        "single quotes, or none",
    ),
    _Wording(
        "undefined tag handle|while (parsing|scanning) a tag",
        "a tag ('!') has no place in a lab file",
        "take it out, or quote the value",
    ),
    _Wording("undefined alias", "an alias ('*') has no place in a lab file", REPEAT),
)


def explain(error: yaml.MarkedYAMLError, text: str) -> Fault:
    """A parser's error as a fault."""
    said = f"{error.problem or ''} {error.context or ''}".strip()
    wording = next((w for w in _WORDINGS if re.search(w.said, said)), None)
    mark = error.problem_mark or error.context_mark
    if wording and wording.at_start and error.context_mark:
        mark = error.context_mark
    lines = text.splitlines() or [""]
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
    if line > len(lines):  # the end of the text: point at the last line there is
        line, column = len(lines), len(lines[-1]) + 1
    if "cannot start any token" in said or "found a tab" in said:
        before, here = lines[line - 1][: column - 1], lines[line - 1][column - 1 :]
        if "\t" in before + here[:1]:
            return Fault(line, column, "a tab cannot indent or part words in YAML", "use spaces")
        return Fault(line, column, f"{here[:1]!r} cannot start a value", "quote the value")
    if wording:
        return Fault(line, column, wording.message, wording.hint)
    return Fault(line, column, f"this is not YAML: {said}")
