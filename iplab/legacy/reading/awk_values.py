"""awk at run time: a line and its fields, values, and what operators do with them."""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec import Struct, field

from iplab.legacy.reading.regex import NotUnderstood, compiled

MOST_FIELDS = 1000  # of the short lines that are tried

Value = str | float
Code = Callable[["State"], Value]
Action = Callable[["State"], None]


class Next(Exception):
    """`next`: the line is done."""


class Exit(Exception):
    """`exit`: the program is done."""


class State(Struct):
    """A line, its fields, and what the program has set and printed."""

    line: str = ""
    fields: list[str] = field(default_factory=list)
    number: int = 0
    names: dict[str, Value] = field(default_factory=dict)
    arrays: dict[str, dict[str, Value]] = field(default_factory=dict)
    out: list[str] = field(default_factory=list)
    pending: str = ""
    separator: str = " "
    joiner: str = " "

    def take(self, line: str) -> None:
        self.line, self.fields = line, split_fields(line, self.separator)

    def get(self, index: int) -> str:
        if index == 0:
            return self.line
        return self.fields[index - 1] if index <= len(self.fields) else ""

    def put(self, index: int, value: str) -> None:
        if index == 0:
            self.take(value)
            return
        if index > 200:
            raise NotUnderstood("a field far out")
        self.fields += [""] * (index - len(self.fields))
        self.fields[index - 1] = value
        self.line = self.joiner.join(self.fields)


def split_fields(line: str, separator: str) -> list[str]:
    """The fields of a line."""
    if separator == " ":
        return line.split()
    if not line:
        return []
    if len(separator) == 1 and separator not in "\\|":
        return line.split(separator)
    if separator == "|":
        return line.split("|")
    return compiled(separator.replace("\\\\", "\\"), extended=True).split(line)


def set_name(state: State, name: str, value: Value) -> None:
    """Assign to a variable."""
    if name == "FS":
        state.separator = as_text(value)
    elif name == "OFS":
        state.joiner = as_text(value)
    elif name in ("NR", "NF", "RS", "ORS", "SUBSEP"):
        raise NotUnderstood(f"awk sets {name}")
    else:
        state.names[name] = value


def as_text(value: Value) -> str:
    """A value as awk prints it."""
    if isinstance(value, str):
        return value
    return str(int(value)) if value == int(value) else f"{value:.6g}"


def as_number(value: Value) -> float:
    """A value as awk reckons with it."""
    if not isinstance(value, str):
        return value
    found = re.match(r"\s*[-+]?\d+(\.\d+)?", value)
    return float(found[0]) if found else 0.0


def is_true(value: Value) -> bool:
    """Whether a condition holds."""
    if isinstance(value, str) and not re.fullmatch(r"\s*[-+]?\d+(\.\d+)?\s*", value):
        return value != ""
    return as_number(value) != 0


def compare(left: Value, right: Value, op: str) -> Value:
    """Two values by `<`, `==` and so on: 1 or 0."""
    numeric = all(
        not isinstance(v, str) or re.fullmatch(r"\s*[-+]?\d+(\.\d+)?\s*", v) for v in (left, right)
    )
    a: Value = as_number(left) if numeric else as_text(left)
    b: Value = as_number(right) if numeric else as_text(right)
    result = {
        "==": a == b,
        "!=": a != b,
        "<": a < b,  # type: ignore[operator]
        ">": a > b,  # type: ignore[operator]
        "<=": a <= b,  # type: ignore[operator]
        ">=": a >= b,  # type: ignore[operator]
    }[op]
    return float(result)


def unescaped(text: str) -> str:
    """A string with its escapes worked out."""
    return re.sub(
        r"\\(.)", lambda m: {"n": "\n", "t": "\t"}.get(m[1], m[1] if m[1] in '"\\/' else m[0]), text
    )


def field_index(value: Value) -> int:
    """N of `$N`; raises ``NotUnderstood`` where no line has so many."""
    number = as_number(value)
    if not 0 <= number < MOST_FIELDS:
        raise NotUnderstood(f"field {number:g} of a line")
    return int(number)


def print_line(state: State) -> None:
    """`print`."""
    state.out.append(state.pending + state.line)
    state.pending = ""


def print_formatted(state: State, values: list[Value]) -> None:
    """`printf`; the first value is the format."""
    form, rest = as_text(values[0]), values[1:]
    if re.sub(r"%[sd]", "", form).count("%"):
        raise NotUnderstood("a format in awk")
    for value in rest:
        shown = as_text(value) if "%s" in form[: form.find("%") + 2] else str(int(as_number(value)))
        form = re.sub(r"%[sd]", lambda m, shown=shown: shown, form, count=1)  # type: ignore[misc]
    *whole, last = (state.pending + form).split("\n")
    state.out += whole
    state.pending = last


def either(a: Code, b: Code) -> Code:
    """`a || b`."""
    return lambda state: float(is_true(a(state)) or is_true(b(state)))


def both(a: Code, b: Code) -> Code:
    """`a && b`."""
    return lambda state: float(is_true(a(state)) and is_true(b(state)))


def matching(code: Code, pattern: Code, wanted: bool) -> Code:
    """`~` and, where it is not `wanted`, `!~`."""

    def match(state: State) -> Value:
        found = compiled(as_text(pattern(state)), extended=True).search(as_text(code(state)))
        return float((found is not None) == wanted)

    return match


def comparing(a: Code, b: Code, op: str) -> Code:
    """`a < b` and so on."""
    return lambda state: compare(a(state), b(state), op)


def arithmetic(a: Code, b: Code, op: str) -> Code:
    """`a + b` and so on."""

    def work(state: State) -> Value:
        left, right = as_number(a(state)), as_number(b(state))
        if op in "/%" and right == 0:
            raise NotUnderstood("division by nothing in awk")
        return {
            "+": lambda: left + right,
            "-": lambda: left - right,
            "*": lambda: left * right,
            "/": lambda: left / right,
            "%": lambda: left % right,
        }[op]()

    return work


def _substr(values: list[Value]) -> Value:
    text, start = as_text(values[0]), int(as_number(values[1]))
    length = int(as_number(values[2])) if len(values) > 2 else len(text)
    return text[max(0, start - 1) : max(0, start - 1 + length)]


FUNCTIONS: dict[str, Callable[[list[Value]], Value]] = {
    "substr": _substr,
    "length": lambda values: float(len(as_text(values[0]))),
    "index": lambda values: float(as_text(values[0]).find(as_text(values[1])) + 1),
    "toupper": lambda values: as_text(values[0]).upper(),
    "tolower": lambda values: as_text(values[0]).lower(),
    "sub": lambda values: "",
    "gsub": lambda values: "",
    "split": lambda values: "",
    "match": lambda values: "",
}

# How few and how many arguments a function takes.
ARGUMENTS = {"substr": (2, 3), "length": (1, 1), "index": (2, 2), "toupper": (1, 1),
             "tolower": (1, 1)}  # fmt: skip
