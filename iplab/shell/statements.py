"""A script followed without running it: loops, functions and plain values; the rest is reported.

Whoever follows a script says of each command whether it would succeed, or that this is not known.
Where a condition cannot be known, both ways are looked at: if neither holds a command that
matters, nothing is lost; otherwise its line is reported.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from msgspec import Struct
from msgspec.structs import replace

from iplab.shell import test
from iplab.shell.expand import NotPlain, Values, arithmetic, text, words
from iplab.shell.tree import Node, parse

MOST_STEPS = 200_000  # commands and loop turns; a script for people has a few hundred

_STEP = re.compile(r"\s*(\+\+|--)?(\w+)\s*(\+\+|--|[+-]=\s*([0-9]{1,18}))?\s*")

# Whether a command succeeds: True, False, or None where that is not known.
Status = bool | None


class Run(Struct, frozen=True):
    """A command the script would run, its line, and what it reads where that is a heredoc."""

    argv: tuple[str, ...]
    line: int
    stdin: str | None = None


class Unclear(Struct, frozen=True):
    """A line of which cannot be known, without running it, what it would do."""

    line: int
    why: str
    text: str


class Leave(Exception):
    """``exit``, or ``return`` from a function."""

    def __init__(self, whole: bool, status: Status = True) -> None:
        super().__init__()
        self.whole = whole
        self.status = status


class Statements:
    """Follows the statements of one script; ``Shell`` adds its commands.

    ``matters`` says of a program whether a command of it must not be lost; ``run`` is called with
    each command and says whether it succeeds; ``unclear`` with each line that cannot be known.
    """

    def __init__(
        self,
        script: str,
        matters: Callable[[str], bool],
        run: Callable[[Run], Status],
        unclear: Callable[[Unclear], None],
        *,
        line: int = 1,
    ) -> None:
        self.tree = parse(script, line)
        self.matters = matters
        self.run = run
        self.report = unclear
        self.functions: dict[str, Node] = {}
        self.values = Values()
        self._steps = 0
        self._depth = 0

    def follow(self, arguments: Sequence[str] = ()) -> None:
        """Follow the script as if it was called with ``arguments``."""
        self.values.arguments = tuple(arguments)
        try:
            self._block(self.tree)
        except Leave:
            pass
        except RecursionError:
            self._unclear(self.tree, "it is nested too deeply")

    def defines(self, name: str) -> bool:
        """Whether the script has a function of that name."""
        nodes = (n for n in self.tree.below() if n.kind == "function_definition")
        return any((n.get("name") or n).text == name for n in nodes)

    # ------------------------------------------------------------ statements

    def _block(self, node: Node) -> Status:
        status: Status = True
        for child in node.children:
            if child.named and child.kind != "heredoc_body":
                status = self._statement(child)
        return status

    def _statement(self, node: Node) -> Status:
        self._steps += 1
        if self._steps > MOST_STEPS:
            self._unclear(node, f"more than {MOST_STEPS} steps")
            raise Leave(whole=True)
        method = getattr(self, f"_do_{node.kind}", None)
        if method is None:
            return self._lost(node, "iplab does not follow this")
        try:
            status: Status = method(node)
        except NotPlain as reason:
            return self._lost(node, str(reason))
        return status

    def _lost(self, node: Node, why: str) -> Status:
        if self._holds(node):
            self._unclear(node, why)
        for assigned in node.below():
            if assigned.kind == "variable_assignment":
                self.values.variables[(assigned.get("name") or assigned).text] = None
        return None

    def _unclear(self, node: Node, why: str) -> None:
        self.report(Unclear(node.line, why, _first_line(node)))

    def _holds(self, node: Node, seen: frozenset[str] = frozenset()) -> bool:
        """Whether a part of the script has a command that matters."""
        for part in node.below():
            if part.kind == "ERROR" and re.search(r"\bip\b", part.text):
                return True
            if part.kind != "command_name":
                continue
            name = part.text.strip("\"'")
            if name in self.functions and name not in seen:
                if self._holds(self.functions[name], seen | {name}):
                    return True
            elif name.startswith("$") or self.matters(PurePosixPath(name).name):
                return True
        return False

    def _do_ERROR(self, node: Node) -> Status:
        return self._lost(node, "this is not shell as iplab reads it")

    def _do_program(self, node: Node) -> Status:
        return self._block(node)

    _do_compound_statement = _do_do_group = _do_program

    def _do_subshell(self, node: Node) -> Status:
        before = self.values
        self.values = replace(before, variables=dict(before.variables), lists=dict(before.lists))
        try:
            return self._block(node)
        except Leave as leave:
            return leave.status
        finally:
            self.values = before

    def _do_function_definition(self, node: Node) -> Status:
        name, body = node.get("name"), node.get("body")
        if name and body:
            self.functions[name.text] = body
        return True

    def _do_list(self, node: Node) -> Status:
        left, sign, right = node.children[0], node.children[1].text, node.children[2]
        status = self._statement(left)
        if status is None:
            # It may or may not run.
            self._lost(right, f"whether it runs depends on: {_first_line(left)}")
            return None
        return self._statement(right) if status is (sign == "&&") else status

    def _do_pipeline(self, node: Node) -> Status:
        for child in node.children:
            if child.named:
                self._statement(child)
        return None

    def _do_negated_command(self, node: Node) -> Status:
        status = self._statement(node.children[1])
        return None if status is None else not status

    def _do_if_statement(self, node: Node) -> Status:
        children = list(node.children)
        signs = [n for n, c in enumerate(children) if c.text == "then" and not c.named]
        conditions = [c for c in children[1 : signs[0]] if c.named]
        status = self._conditions(conditions)
        others = [c for c in children if c.kind in ("elif_clause", "else_clause")]
        body = [c for c in children[signs[0] + 1 :] if c.named and c not in others]
        return self._branch(node, status, body, others)

    def _conditions(self, nodes: Sequence[Node]) -> Status:
        status: Status = True
        for node in nodes:
            status = self._statement(node)
        return status

    def _branch(
        self, node: Node, status: Status, body: Sequence[Node], others: Sequence[Node]
    ) -> Status:
        if status is None:
            for part in (*body, *others):
                self._lost(part, f"whether it runs depends on: {_first_line(node)}")
            return None
        if status:
            return self._conditions(body)
        if not others:
            return True
        other = others[0]
        if other.kind == "else_clause":
            return self._block(other)
        sign = next(n for n, c in enumerate(other.children) if c.text == "then" and not c.named)
        status = self._conditions([c for c in other.children[1:sign] if c.named])
        inner = [c for c in other.children[sign + 1 :] if c.named]
        return self._branch(other, status, inner, others[1:])

    def _do_test_command(self, node: Node) -> Status:
        try:
            return test.status(node, self.values)
        except NotPlain:
            return None

    def _do_for_statement(self, node: Node) -> Status:
        variable, body = node.get("variable"), node.get("body")
        if variable is None or body is None:
            return self._lost(node, "a loop that iplab does not follow")
        found = [w for value in node.all("value") for w in words(value, self.values)]
        if not any(child.text == "in" for child in node.children):
            found = list(self.values.arguments)
        for value in found:
            self.values.variables[variable.text] = value
            self._statement(body)
        return True

    def _do_c_style_for_statement(self, node: Node) -> Status:
        head = re.match(r"for\s*\(\(\s*(\w+)\s*=([^;]*);([^;]*);([^;]*)\)\)", node.text)
        body = node.get("body")
        step = _STEP.fullmatch(head[4]) if head else None
        if head is None or body is None or step is None or step[2] != head[1]:
            return self._lost(node, "a loop that iplab does not follow")
        name, sign = head[1], step[1] or step[3] or ""
        by = int(step[4] or 1) * (-1 if sign.startswith("-") else 1)
        value = arithmetic(head[2], self.values)
        while True:
            self.values.variables[name] = str(value)
            if not arithmetic(head[3], self.values):
                return True
            self._statement(body)
            value = arithmetic(name, self.values) + by

    def _do_case_statement(self, node: Node) -> Status:
        subject = node.get("value")
        value = text(subject, self.values) if subject else ""
        for item in (child for child in node.children if child.kind == "case_item"):
            patterns = [text(pattern, self.values) for pattern in item.all("value")]
            if any(fnmatchcase(value, pattern) for pattern in patterns):
                body = [c for c in item.children if c.named and c.field != "value"]
                return self._conditions(body)
        return True

    # ------------------------------------------------------------ assignments

    def _do_variable_assignment(self, node: Node) -> Status:
        name, value = node.get("name"), node.get("value")
        if name is None or "[" in name.text:
            return None
        if value is not None and value.kind == "array":
            every = [w for c in value.children if c.named for w in words(c, self.values)]
            self.values.lists[name.text] = every
            return True
        made = text(value, self.values) if value else ""
        if any(child.text == "+=" for child in node.children):
            made = (self.values.get(name.text) or "") + made
        self.values.variables[name.text] = made
        return True

    def _do_variable_assignments(self, node: Node) -> Status:
        return self._block(node)

    def _do_declaration_command(self, node: Node) -> Status:
        for child in node.children:
            if child.kind == "variable_assignment":
                self._statement(child)
        return True

    def _do_unset_command(self, node: Node) -> Status:
        for child in node.children[1:]:
            self.values.variables.pop(child.text, None)
        return True


def _first_line(node: Node) -> str:
    return node.text.strip().partition("\n")[0]
