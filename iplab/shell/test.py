"""``[ … ]`` and ``[[ … ]]``: what can be known of a condition without running anything."""

from __future__ import annotations

import operator
from collections.abc import Callable

from iplab.shell.expand import NotPlain, Values, text
from iplab.shell.tree import Node

_NUMBERS: dict[str, Callable[[int, int], bool]] = {
    "-eq": operator.eq,
    "-ne": operator.ne,
    "-lt": operator.lt,
    "-le": operator.le,
    "-gt": operator.gt,
    "-ge": operator.ge,
}


def status(node: Node, values: Values) -> bool | None:
    """Whether the condition holds; ``None`` where it asks of files, or of more than iplab reads."""
    inner = [child for child in node.children if child.named]
    return _of(inner[0], values) if len(inner) == 1 else None


def _of(node: Node, values: Values) -> bool | None:
    match node.kind:
        case "binary_expression":
            return _binary(node, values)
        case "unary_expression":
            return _unary(node, values)
        case "parenthesized_expression":
            return _of(node.children[1], values)
        case "negation_expression":
            found = _of(node.children[-1], values)
            return None if found is None else not found
    return bool(text(node, values))


def _unary(node: Node, values: Values) -> bool | None:
    sign, operand = node.children[0].text, node.children[-1]
    if sign == "!":
        found = _of(operand, values)
        return None if found is None else not found
    if sign == "-n":
        return bool(text(operand, values))
    if sign == "-z":
        return not text(operand, values)
    return None


def _binary(node: Node, values: Values) -> bool | None:
    left, right = node.get("left"), node.get("right")
    sign = next((c.text for c in node.children if c.field == "operator"), "")
    if left is None or right is None:
        return None
    if sign in ("&&", "||"):
        one, other = _of(left, values), _of(right, values)
        if one is None or other is None:
            return None
        return (one and other) if sign == "&&" else (one or other)
    a, b = text(left, values), text(right, values)
    if sign in ("=", "=="):
        return a == b
    if sign == "!=":
        return a != b
    if sign in _NUMBERS:
        try:
            return _NUMBERS[sign](int(a), int(b))
        except ValueError:
            raise NotPlain(f"{a!r} or {b!r} is no number") from None
    return None
