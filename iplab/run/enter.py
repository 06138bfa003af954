"""Becoming a process inside a node."""

from __future__ import annotations

import difflib
import os
from collections.abc import Sequence
from typing import NoReturn

from iplab.errors import IplabError, UsageError
from iplab.names import HOST
from iplab.run.machine import program
from iplab.run.netns import namespaces


def check(node: str) -> None:
    """``IplabError`` where there is no such node, with the nearest one that is."""
    here = namespaces()
    if node == HOST or node in here:
        return
    near = difflib.get_close_matches(node, [*here, HOST], 1)
    hint = f"did you mean {near[0]}?" if near else "iplab show   (lists the namespaces)"
    raise IplabError(f"there is no node {node} here", hint=hint)


def replace_with(node: str, argv: Sequence[str]) -> NoReturn:
    """Replace this process by ``argv`` in ``node`` (execve), so nothing stands in between.

    ``UsageError`` without a command, ``IplabError`` where it cannot be started.
    """
    if not argv or not argv[0]:
        raise UsageError("there is no command to run", hint=f"iplab exec {node} -- ip addr")
    check(node)
    path, words = None, list(argv)
    if node != HOST:
        path, words = program("ip"), ["ip", "netns", "exec", node, *argv]
    try:
        if path:
            os.execv(path, words)
        os.execvp(words[0], words)
    except OSError as error:
        raise IplabError(
            f"{argv[0]}: {error.strerror}", hint="a program that is installed"
        ) from error
