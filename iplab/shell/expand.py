"""Words of a script → the words a command gets: variables, quotes, arithmetic, ranges, seq."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Iterable

from msgspec import Struct, field

from iplab.shell.tree import Node

MOST = 100_000  # words of one range
LONGEST = 1 << 20  # characters of one word: `x=$x$x` in a loop would fill the memory


class NotPlain(Exception):
    """A value that cannot be known without running the script; the message says why."""


class Values(Struct):
    """What the variables hold.  ``None`` stands for a value that is not known."""

    variables: dict[str, str | None] = field(default_factory=dict)
    lists: dict[str, list[str]] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    name: str = "sh"

    def get(self, name: str) -> str | None:
        """A variable's value, ``None`` where it was never set; ``NotPlain`` where it is unknown."""
        if name == "#":
            return str(len(self.arguments))
        if name in ("@", "*"):
            return " ".join(self.arguments)
        if name.isdecimal() and name.isascii():
            digits = name.lstrip("0")
            if not digits:
                return self.name
            # No script has 10**9 arguments, and int() refuses thousands of digits.
            number = int(digits) if len(digits) < 10 else 10**9
            return self.arguments[number - 1] if number <= len(self.arguments) else ""
        if name in self.variables and self.variables[name] is None:
            raise NotPlain(f"${name} is not known without running it")
        return self.variables.get(name)

    def must(self, name: str) -> str:
        """A variable's value; ``NotPlain`` where there is none."""
        found = self.get(name)
        if found is None:
            raise NotPlain(f"${name} is not set in the script")
        return found


class _Piece(Struct, frozen=True):
    text: str
    splits: bool = False  # an expansion without quotes: blanks in it part words


def words(node: Node, values: Values) -> list[str]:
    """The words that one word of the script becomes (several, or none, without quotes)."""
    if node.kind == "brace_expression":
        return _range(node.text)
    if node.text in ('"$@"', '"${@}"', "$@", "$*"):
        return list(values.arguments)
    if (found := re.fullmatch(r'"?\$\{(\w+)\[[@*]\]\}"?', node.text)) and found[1] in values.lists:
        return list(values.lists[found[1]])
    plain = "'" not in node.text and '"' not in node.text and "$" not in node.text
    if plain and (found := re.search(r"\{[^{}]*(,|\.\.)[^{}]*\}", node.text)):
        inner = found[0]
        many = _range(inner) if "," not in inner else inner[1:-1].split(",")
        return [node.text[: found.start()] + one + node.text[found.end() :] for one in many]
    made, length = [""], 0
    quoted = any(n.kind in ("string", "raw_string", "ansi_c_string") for n in node.below())
    for piece in _pieces(node, values):
        length = _bounded(length + len(piece.text))
        parts = re.split(r"[ \t\n]+", piece.text) if piece.splits else [piece.text]
        made[-1] += parts[0]
        made += parts[1:]
    return made if quoted else [word for word in made if word]


def text(node: Node, values: Values) -> str:
    """One word, as an assignment takes it: nothing is split."""
    return _joined(_pieces(node, values))


def _joined(pieces: Iterable[_Piece]) -> str:
    found, length = [], 0
    for piece in pieces:
        length = _bounded(length + len(piece.text))
        found.append(piece.text)
    return "".join(found)


def _bounded(length: int) -> int:
    if length > LONGEST:
        raise NotPlain(f"a word of over {LONGEST} characters is too long")
    return length


def _pieces(node: Node, values: Values) -> list[_Piece]:
    match node.kind:
        case "word" | "number" | "variable_name" | "extglob_pattern" | "regex":
            return [_Piece(re.sub(r"\\(.)", r"\1", node.text))]
        case "raw_string":
            return [_Piece(node.text[1:-1])]
        case "ansi_c_string":
            return [_Piece(_ansi_c(node.text))]
        case "string":
            return _string(node, values)
        case "concatenation" | "command_name":
            return [piece for child in node.children for piece in _pieces(child, values)]
        case "simple_expansion":
            return [_Piece(values.must(node.text[1:]), splits=True)]
        case "expansion":
            return [_Piece(_expansion(node, values), splits=True)]
        case "arithmetic_expansion":
            return [_Piece(str(arithmetic(node.text[3:-2], values)))]
        case "command_substitution":
            return [_Piece(_substitution(node, values), splits=True)]
        case "heredoc_content" | "string_content":
            return [_Piece(node.text)]
    if not node.named:
        return [_Piece(node.text)]
    raise NotPlain(f"{node.text!r} is not known without running it")


def _ansi_c(text: str) -> str:
    """``$'…'``"""
    try:
        return text[2:-1].encode().decode("unicode_escape")
    except UnicodeDecodeError:
        raise NotPlain(f"{text!r} holds an escape that iplab does not work out") from None


def _string(node: Node, values: Values) -> list[_Piece]:
    """What stands between double quotes; what the tree leaves out between two parts is literal."""
    found = ""
    data, at = node.text.encode(), 1
    for child in node.children:
        if not child.named:
            continue
        begin, end = child.start - node.start, child.end - node.start
        found += _unescaped(data[at:begin].decode())
        if child.kind == "string_content":
            found += _unescaped(child.text)
        else:
            found += _joined(_pieces(child, values))
        _bounded(len(found))
        at = end
    return [_Piece(found + _unescaped(data[at:-1].decode()))]


def filled(node: Node, values: Values) -> str:
    """A heredoc's text, with what is expanded in it."""
    found, data, at = "", node.text.encode(), 0
    for child in node.children:
        if child.named and child.kind != "heredoc_content":
            found += data[at : child.start - node.start].decode()
            found += _joined(_pieces(child, values))
            _bounded(len(found))
            at = child.end - node.start
    return found + data[at:].decode()


def _unescaped(text: str) -> str:
    return re.sub(r'\\(["$`\\])', r"\1", text.replace("\\\n", ""))


def _expansion(node: Node, values: Values) -> str:
    """``${x}``, ``${x:-default}``; other forms are left alone."""
    inner = node.text[2:-1]
    found = re.fullmatch(r"(\w+|[@*#])(?:(:?[-=+?])(.*))?", inner, re.S)
    if not found:
        raise NotPlain(f"{node.text} is not a form that iplab works out")
    name, sign, other = found.groups()
    value = values.get(name)
    if not sign:
        return values.must(name)
    unset = (
        value is None
        or (sign.startswith(":") and value == "")
        or (name.isdecimal() and value == "" and name.strip("0") != "")
    )
    if sign[-1] == "+":
        return "" if unset else other
    if not unset:
        return value or ""
    if sign[-1] == "?":
        raise NotPlain(f"${name} is not set in the script")
    rest = node.children[3:-1]
    return "".join(p.text for child in rest for p in _pieces(child, values)) if rest else other


def _substitution(node: Node, values: Values) -> str:
    """``$(seq …)`` and ``$(echo …)``."""
    commands = [child for child in node.children if child.named]
    if len(commands) == 1 and commands[0].kind == "command":
        argv = [w for child in commands[0].children for w in words(child, values)]
        if not argv:
            return ""
        if argv[0] == "seq" and all(re.fullmatch(r"-?[0-9]{1,18}", n) for n in argv[1:]):
            return "\n".join(_seq([int(n) for n in argv[1:]]))
        if argv[0] == "echo":
            return " ".join(argv[1:])
        if argv[0] == "printf" and len(argv) == 2 and "%" not in argv[1]:
            return argv[1]
    raise NotPlain(f"{node.text} is not known without running it")


def _seq(numbers: list[int]) -> list[str]:
    if not 1 <= len(numbers) <= 3:
        raise NotPlain("seq takes one to three numbers")
    first = numbers[0] if len(numbers) > 1 else 1
    step = numbers[1] if len(numbers) == 3 else 1
    return _counted(first, numbers[-1], step)


def _counted(first: int, last: int, step: int) -> list[str]:
    found = range(first, last + (1 if step > 0 else -1), step) if step else range(0)
    if len(found) > MOST:
        raise NotPlain(f"a range of {len(found)} numbers is too long")
    return [str(n) for n in found]


def _range(text: str) -> list[str]:
    found = re.fullmatch(r"\{(-?[0-9]{1,18})\.\.(-?[0-9]{1,18})(?:\.\.(-?[0-9]{1,18}))?\}", text)
    if not found:
        raise NotPlain(f"{text} is not a range of numbers")
    first, last = int(found[1]), int(found[2])
    step = abs(int(found[3] or 1)) * (1 if last >= first else -1)
    return _counted(first, last, step)


_OPERATORS: dict[type[ast.AST], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


def arithmetic(text: str, values: Values) -> int:
    """The shell's whole numbers: ``i + 1``, ``N * 2 < 7``."""
    plain = re.sub(
        r"\$?\{?([A-Za-z_]\w*|(?<=[${])\d+|#)\}?",
        lambda m: f"({values.get(m[1]) or 0})",
        text,
    ).strip()
    try:
        return _number(ast.parse(plain.replace("/", "//"), mode="eval").body)
    except (SyntaxError, ValueError, ZeroDivisionError, RecursionError):
        raise NotPlain(f"{text.strip()!r} is no sum that iplab works out") from None


def _number(node: ast.expr) -> int:
    match node:
        case ast.Constant(value=int(value)) if abs(value) < 2**63:
            return int(value)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _wrapped(-_number(operand))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            b = _number(right)
            if isinstance(op, ast.LShift) and b > 63:
                raise ValueError
            return _wrapped(_OPERATORS[type(op)](_number(left), b))
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _OPERATORS:
            return int(_OPERATORS[type(op)](_number(left), _number(right)))
    raise ValueError


def _wrapped(number: int) -> int:
    """As it stays in the shell's 64 bits."""
    return (number + 2**63) % 2**64 - 2**63
