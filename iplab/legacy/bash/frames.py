"""The tree of a script walked with the way up, and the text by bytes."""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from functools import cached_property

from msgspec import Struct

from iplab.shell.tree import SyntaxNode as Node

# Deeper nesting than people write; beyond it the way up from a command gets slow.
DEEPEST = 400


class Source(Struct, dict=True):
    """A text as bytes, and where its lines begin."""

    source: bytes
    lines: list[int]

    @cached_property
    def pipefail(self) -> bool:
        """Whether the status of a pipeline may be that of any stage."""
        return b"pipefail" in self.source

    def line_of(self, byte: int) -> int:
        """The line of a byte, counted from 1."""
        return bisect.bisect_right(self.lines, byte)

    def text(self, start: int, end: int) -> str:
        """The text of a span; bytes that are not UTF-8 survive the way back."""
        return self.source[start:end].decode("utf-8", "surrogateescape")


class Frame(Struct):
    """A node, what it is in, and its place there."""

    node: Node
    parent: Frame | None
    index: int
    siblings: list[Node]
    depth: int


def walk(root: Node) -> Iterator[Frame]:
    """Every node in the order of the text, with the way up.  A loop: scripts nest at will."""
    stack = [Frame(root, None, 0, [root], 0)]
    while stack:
        frame = stack.pop()
        yield frame
        if not frame.node.child_count:
            continue
        children = frame.node.children
        for index in range(len(children) - 1, -1, -1):
            if children[index].child_count or children[index].type == "heredoc_body":
                stack.append(Frame(children[index], frame, index, children, frame.depth + 1))
