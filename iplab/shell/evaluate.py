"""The commands of a script: builtins, functions, redirections; all others are handed on."""

from __future__ import annotations

import re

from iplab.keys import named
from iplab.shell.expand import filled, text, words
from iplab.shell.statements import Leave, Run, Statements, Status, Unclear
from iplab.shell.tree import Node

DEEPEST = 50  # functions that call each other


class Shell(Statements):
    """Follows one script without running it (see ``Statements``)."""

    def _do_redirected_statement(self, node: Node) -> Status:
        body = node.get("body")
        stdin = target = None
        for redirect in node.all("redirect"):
            if redirect.kind == "heredoc_redirect":
                stdin = self._heredoc(redirect)
            elif redirect.kind == "file_redirect" and redirect.text.lstrip("1").startswith(">"):
                to = redirect.get("destination")
                target = text(to, self.values) if to else None
        if body is None:
            return True
        if body.kind != "command":
            return self._statement(body)
        return self._command(body, stdin, target, self._between(node, body))

    def _between(self, node: Node, body: Node) -> tuple[str, ...]:
        """A bare `-` in front of `<<` is in no part of tree-sitter-bash's tree."""
        first = min(redirect.start for redirect in node.all("redirect"))
        data = node.text.encode()[body.end - node.start : first - node.start]
        return tuple(data.decode(errors="replace").split())

    def _heredoc(self, redirect: Node) -> str:
        start = next((c.text for c in redirect.children if c.kind == "heredoc_start"), "")
        body = next((c for c in redirect.children if c.kind == "heredoc_body"), None)
        if body is None:
            return ""
        return body.text if start[:1] in "'\"\\" else filled(body, self.values)

    def _do_command(self, node: Node) -> Status:
        return self._command(node, None, None)

    def _command(
        self, node: Node, stdin: str | None, target: str | None, more: tuple[str, ...] = ()
    ) -> Status:
        parts = [c for c in node.children if c.kind != "variable_assignment" and c.named]
        parts = [c for c in parts if not c.kind.endswith("redirect")]
        argv = tuple(w for part in parts for w in words(part, self.values))
        return self._call((*argv, *more), node, stdin, target)

    def _call(self, argv: tuple[str, ...], node: Node, stdin: str | None, to: str | None) -> Status:
        if not argv:
            return True
        name = argv[0]
        if to and to.startswith("/proc/sys/") and name in ("echo", "printf"):
            key = named(to.removeprefix("/proc/sys/").split("/"))
            value = "".join(w for w in argv[1:] if not w.startswith("-")).strip()
            return self.run(Run(("sysctl", "-w", f"{key}={value}"), node.line))
        if name in self.functions:
            return self._function(name, argv[1:], node)
        match name:
            case ":" | "true" | "echo" | "printf" | "set" | "sleep" | "trap":
                return True
            case "false":
                return False
            case "exit" | "return":
                raise Leave(name == "exit", status=argv[1:2] in ((), ("0",)))
            case "shift":
                by = int(argv[1]) if argv[1:] and re.fullmatch("[0-9]{1,9}", argv[1]) else 1
                self.values.arguments = self.values.arguments[by:]
                return True
            case "test":
                return None
            case "command" | "exec" | "env" | "builtin" if argv[1:2] and argv[1][0] != "-":
                return self._call(argv[1:], node, stdin, to)
            case "read" | "eval" | "source" | "." | "getopts":
                return self._lost(node, f"what `{name}` brings is not known without running it")
        return self.run(Run(argv, node.line, stdin))

    def _function(self, name: str, arguments: tuple[str, ...], node: Node) -> Status:
        if self._depth >= DEEPEST:
            return self._lost(node, f"{name} calls itself too often")
        outer = self.values.arguments
        self.values.arguments = arguments
        self._depth += 1
        try:
            return self._statement(self.functions[name])
        except Leave as leave:
            if leave.whole:
                raise
            return leave.status
        finally:
            self._depth -= 1
            self.values.arguments = outer


__all__ = ["Run", "Shell", "Unclear"]
