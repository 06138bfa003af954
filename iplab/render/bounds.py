"""What a template that words a command may do: Jinja2's sandbox, without loops.

`--templates` and a saved plan name directories that others may have written.  A template there sees
one operation's values and says one line: no Python behind them, no other file, nothing that turns
without end or makes what is too long for a command.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

LONGEST_FILE = 64 * 1024  # bytes of one template
LONGEST_VALUE = 16 * 1024  # characters that an operator may make of others
FILTERS = (
    "abs", "capitalize", "count", "d", "default", "first", "float", "int", "last",
    "length", "lower", "max", "min", "replace", "round", "string", "title", "trim", "upper",
)  # fmt: skip
# What turns, calls itself, or takes in another file (and that one it again), and what makes values
# of values past the bounds below.
_REFUSED = (
    nodes.For, nodes.Macro, nodes.CallBlock, nodes.Include, nodes.Import, nodes.FromImport,
    nodes.Extends, nodes.Block, nodes.List, nodes.Tuple, nodes.Dict,
    nodes.FilterBlock,
)  # fmt: skip


def bounded(
    directories: Sequence[Path], *, finalize: Callable[[object], str]
) -> jinja2.Environment:
    """Templates from the first of ``directories`` that has one."""
    environment = _Environment(
        loader=jinja2.FunctionLoader(lambda name: _load(directories, name)),
        undefined=jinja2.StrictUndefined,
        finalize=finalize,
        autoescape=False,  # no markup: finalize quotes each value
    )
    environment.filters = {name: environment.filters[name] for name in FILTERS}
    environment.filters["replace"] = _replace
    environment.globals = {}
    return environment


class _Environment(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset(ImmutableSandboxedEnvironment.default_binop_table)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        for node in tree.find_all(_REFUSED):
            word = type(node).__name__.lower()
            message = f"{word} has no place here: a template says one command"
            raise jinja2.TemplateSyntaxError(message, node.lineno, name, filename)
        # One block at most that keeps what it says: of several, each could say the last one twice.
        if len(kept := list(tree.find_all(nodes.AssignBlock))) > 1:
            message = "a second `set` block has no place here: a template says one command"
            raise jinja2.TemplateSyntaxError(message, kept[1].lineno, name, filename)
        # `a ~ b` becomes `a + b` of texts, which is bounded.
        for joined in list(tree.find_all(nodes.Concat)):
            parts = [nodes.Filter(n, "string", [], [], None, None, lineno=n.lineno,
                                  environment=self) for n in joined.nodes]  # fmt: skip
            whole: nodes.Expr = parts[0]
            for part in parts[1:]:
                whole = nodes.Add(whole, part, lineno=joined.lineno, environment=self)
            joined.nodes = [whole]
        return tree

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Values have parts; what text can do by its methods (`center`, `format`) has no bound."""
        if isinstance(obj, str | bytes | int | float | list | tuple | dict):
            return False
        return super().is_safe_attribute(obj, attr, value) and not callable(value)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """``obj.attribute``, without ``format``, which the sandbox lets through its own way."""
        if isinstance(obj, str):
            return self.unsafe_undefined(obj, attribute)
        # Nearly all that templates ask for: a part of one of our values, which is data.
        if attribute in getattr(type(obj), "__struct_fields__", ()):
            value = getattr(obj, attribute)
            if not callable(value):
                return value
        return super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """``obj[argument]``; of text only its characters."""
        if isinstance(obj, str) and isinstance(argument, str):
            return self.unsafe_undefined(obj, argument)
        return super().getitem(obj, argument)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Arithmetic: of numbers, and small."""
        if operator in ("*", "**", "%") and not (
            isinstance(left, int | float) and isinstance(right, int | float)
        ):
            raise jinja2.TemplateRuntimeError(f"{operator!r} is for numbers here")
        if operator == "**" and (abs(left) > 2**32 or abs(right) > 64):
            raise jinja2.TemplateRuntimeError("too large a number")
        made = super().call_binop(context, operator, left, right)
        too_large = isinstance(made, int) and made.bit_length() > 4096
        if too_large or (isinstance(made, str | list | tuple) and len(made) > LONGEST_VALUE):
            raise jinja2.TemplateRuntimeError("too large a value")
        return made


def _replace(value: object, old: str, new: str) -> str:
    text = str(value)
    if len(text) + text.count(old) * len(new) > LONGEST_VALUE:
        raise jinja2.TemplateRuntimeError("too large a value")
    return text.replace(old, new)


def _load(directories: Sequence[Path], name: str) -> tuple[str, str, Callable[[], bool]] | None:
    for directory in directories:
        path = directory / name
        try:
            handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise jinja2.TemplateRuntimeError(f"{path}: {error.strerror}") from error
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise jinja2.TemplateRuntimeError(f"{path} is no plain file")
            data = file.read(LONGEST_FILE + 1)
        if len(data) > LONGEST_FILE:
            raise jinja2.TemplateRuntimeError(f"{path} is too long for a template")
        try:
            return data.decode(), str(path), lambda: True
        except UnicodeDecodeError as error:
            raise jinja2.TemplateRuntimeError(f"{path} is not UTF-8 text") from error
    return None
