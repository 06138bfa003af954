"""What a ``.j2`` lab file may do: Jinja2's sandbox, narrowed to what names and numbers need.

A template sees no files, no clock and no chance, so the same file and settings always give the same
lab.  What is bounded: the length of each value that an operator or filter makes and their sum, the
length of a range, the size of a number, and CPU time over all loop turns, calls and terms of a sum.
What is not: one single comparison of lists nested in each other, by a template that sets out to
make it take for ever.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from typing import Any

from jinja2 import StrictUndefined, TemplateSyntaxError, nodes
from jinja2.ext import Extension
from jinja2.filters import FILTERS as JINJA_FILTERS
from jinja2.lexer import Token, TokenStream
from jinja2.runtime import Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace

from iplab.lab.provenance import PRIVATE, Provenance

CPU_SECONDS = 5.0
MAX_VALUE = 1024 * 1024  # characters or items of one value
MAX_MADE = 64 * 1024 * 1024  # of all values that operators, filters and output make
MAX_RANGE = 100_000
MAX_BITS = 256  # of a number

FILTERS = (
    "abs", "between", "capitalize", "count", "d", "default", "dictsort", "first", "float",
    "groupby", "int", "items", "join", "last", "length", "list", "lower",
    "map", "max", "min", "reject", "rejectattr", "replace", "reverse", "select",
    "selectattr", "sort", "string", "sum", "title", "trim", "unique", "upper",
)  # fmt: skip
_TEXT_METHODS = (
    "capitalize", "count", "endswith", "find", "isalnum", "isalpha", "isdigit",
    "lower", "lstrip", "removeprefix", "removesuffix", "rstrip", "split", "startswith",
    "strip", "title", "upper",
)  # fmt: skip
_METHODS = {
    str: frozenset(_TEXT_METHODS),
    dict: frozenset(("get", "items", "keys", "values")),
    list: frozenset(("count", "index")),
    tuple: frozenset(("count", "index")),
}


class Stop(Exception):
    """A template does what a lab file has no need of; ``hint`` says what to do instead."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def too_much(message: str) -> Stop:
    """The ``Stop`` of one that met a bound."""
    return Stop(f"{message}: too much for a lab file", "a smaller number, or a plainer file")


class Budget:
    """What one rendering may use; each loop turn, call and new value draws on it."""

    def __init__(self) -> None:
        self.made = 0
        self.until = time.process_time() + CPU_SECONDS

    def spend(self, amount: int, *, one_value: bool = True) -> None:
        """Take ``amount`` characters or items; ``Stop`` where there are no more."""
        self.made += amount
        if one_value and amount > MAX_VALUE:
            raise too_much(f"it makes a value of {amount} characters or items")
        if self.made > MAX_MADE:
            raise too_much("it makes too much text")
        if time.process_time() > self.until:
            raise too_much(f"it takes more than {CPU_SECONDS:.0f} seconds")

    def turns(self, items: Iterable[Any], weight: int) -> Iterator[Any]:
        """Each item of a loop whose body holds ``weight`` characters of text."""
        for item in items:
            self.spend(weight, one_value=False)
            yield item


class _Marks(Extension):
    """Marks literal text and ``{{ … }}`` with where they stand (see ``iplab.lab.provenance``)."""

    provenance: Provenance  # set on the environment's own copy

    def filter_stream(self, stream: TokenStream) -> Iterable[Token]:
        """Jinja2's own hook: tokens in, tokens out."""
        return self.provenance.mark(stream)


class Environment(ImmutableSandboxedEnvironment):
    """Jinja2 as a lab file has it: few filters, no mutable values, every loop and call counted."""

    intercepted_binops = frozenset(ImmutableSandboxedEnvironment.default_binop_table)

    def __init__(self, budget: Budget, provenance: Provenance) -> None:
        super().__init__(
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=StrictUndefined,
            extensions=[_Marks],
            optimized=False,  # nothing is worked out ahead of the budget
            finalize=self._text,
        )
        self.budget = budget
        for extension in self.iter_extensions():
            assert isinstance(extension, _Marks)
            extension.provenance = provenance
        self.filters = {name: JINJA_FILTERS[name] for name in FILTERS if name in JINJA_FILTERS}
        self.filters |= {"int": _int, "between": _between}
        self.filters |= {"join": self._join, "replace": self._replace, "string": self._text}
        self.filters["sum"] = self._sum
        self.filters |= {"_turns": budget.turns, "_concat": self._concat}
        self.globals = {"range": self._range, "dict": dict, "namespace": Namespace}

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Whether a template may use ``obj.attr``."""
        for kind, allowed in _METHODS.items():
            if isinstance(obj, kind):
                return attr in allowed
        return super().is_safe_attribute(obj, attr, value)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """``obj.attribute``.  Without ``format``, which the sandbox lets through on its own way."""
        if isinstance(obj, str) and attribute.startswith("format"):
            return self.unsafe_undefined(obj, attribute)
        return super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """``obj[argument]``, or ``obj.argument`` where there is no such item."""
        if isinstance(obj, str) and isinstance(argument, str):
            return self.unsafe_undefined(obj, argument)
        return super().getitem(obj, argument)

    def call(__self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        """Every call in a template comes through here."""
        __self.budget.spend(1)
        return super().call(__context, __obj, *args, **kwargs)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Every arithmetic operator comes through here; ``'ab' * 10`` is one as well."""
        sizes = [len(x) for x in (left, right) if isinstance(x, str | list | tuple | dict)]
        if operator == "*" and sizes:
            times = right if isinstance(right, int) else left
            self.budget.spend(sum(sizes) * max(times, 0) if isinstance(times, int) else 0)
        elif operator == "%" and isinstance(left, str):
            raise Stop("'%' is for numbers here", "join text with '~'")
        elif operator == "**":
            if not isinstance(right, int) or not isinstance(left, int | float):
                raise Stop("'**' is for numbers here", "2 ** 8")
            if abs(right) * max(int(left).bit_length(), 1) > MAX_BITS:
                raise too_much("it makes too large a number")
        else:
            self.budget.spend(sum(sizes))
        made = super().call_binop(context, operator, left, right)
        if isinstance(made, int) and made.bit_length() > MAX_BITS:
            raise too_much("it makes too large a number")
        return made

    def _text(self, value: Any) -> str:
        if isinstance(value, Undefined):
            return str(value)  # raises, with the name
        if not isinstance(value, str | int | float):
            raise Stop(f"a {type(value).__name__} is no text", "loop over it, or use `| join`")
        text = str(value)
        if PRIVATE.search(text):
            raise Stop("a private-use character has no place in a template", "take it out")
        self.budget.spend(len(text))
        return text

    def _join(self, value: Iterable[Any], d: str = "", attribute: str | int | None = None) -> str:
        if attribute is not None:
            value = (self.getitem(item, attribute) for item in value)
        words = [self._text(item) for item in value]
        self.budget.spend(len(d) * len(words))
        return d.join(words)

    def _concat(self, values: list[Any]) -> str:
        return "".join([self._text(value) for value in values])

    def _replace(self, value: Any, old: str, new: str) -> str:
        text = self._text(value)
        self.budget.spend(len(text) + text.count(str(old)) * len(str(new)))
        return text.replace(str(old), str(new))

    def _sum(
        self, iterable: Iterable[Any], attribute: str | int | None = None, start: float = 0
    ) -> Any:
        """Jinja2's own, of numbers only: lists added to lists grow with each, and unseen."""

        def number(value: Any) -> int | float:
            if isinstance(value, int | float):
                return value
            raise Stop(f"a {type(value).__name__} is no number to sum", "use `| map('int')`")

        total = number(start)
        for item in self.budget.turns(iterable, 1):
            total += number(item if attribute is None else self.getitem(item, attribute))
        if isinstance(total, int) and total.bit_length() > MAX_BITS:
            raise too_much("it makes too large a number")
        return total

    def _range(self, *bounds: Any) -> range:
        # A setting is text: range(n) should do what it says.
        numbers = range(*(int(str(b)) if isinstance(b, str | Undefined) else b for b in bounds))
        if len(numbers) > MAX_RANGE:
            raise too_much(f"a range has at most {MAX_RANGE} numbers")
        return numbers


def _int(value: Any, default: int | None = None, base: int = 10) -> int:
    """Jinja2's own, but that text which is no whole number is no 0, unless ``default`` says so."""
    made = JINJA_FILTERS["int"](value, None, base)
    half = isinstance(value, str) and re.fullmatch(r"\s*[+-]?\d*\.\d*[1-9]\d*\s*", value)
    if made is not None and not half:
        return int(made)
    if default is None:
        raise Stop(f"{value!r} is no whole number", "give one, as in: --set n=20")
    return default


def _between(value: Any, low: float, high: float) -> Any:
    """The number itself, where it is from ``low`` to ``high``."""
    if not low <= value <= high:
        raise Stop(f"{value} is not from {low} to {high}", "--set another one")
    return value


def bound(tree: nodes.Template) -> None:
    """Refuse what reaches for other files; put the budget into every loop and every '~'."""
    for away in tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)):
        word = type(away).__name__.lower().replace("fromimport", "import")
        raise TemplateSyntaxError(f"{word} has no place here: a lab is one file", away.lineno)
    for loop in list(tree.find_all(nodes.For)):
        weight = sum(len(text.data) for text in loop.find_all(nodes.TemplateData))
        loop.iter = _filtered(loop.iter, "_turns", nodes.Const(weight))
    for joined in list(tree.find_all(nodes.Concat)):
        _replace_concat(joined)


def _replace_concat(joined: nodes.Concat) -> None:
    """``a ~ b`` becomes a filter over both, which is then all that the node joins."""
    parts = nodes.List(joined.nodes, lineno=joined.lineno)
    joined.nodes = [_filtered(parts, "_concat")]


def _filtered(node: nodes.Node, name: str, *args: nodes.Expr) -> nodes.Filter:
    made = nodes.Filter(node, name, list(args), [], None, None, lineno=node.lineno)
    if node.environment:
        made.set_environment(node.environment)
    return made
