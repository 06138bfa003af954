"""Shell text as a tree: tree-sitter's own, or plain values.  No other file knows tree-sitter."""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterator
from functools import cache
from itertools import pairwise

import tree_sitter_bash
from msgspec import Struct
from tree_sitter import Language, Parser
from tree_sitter import Node as SyntaxNode


class Node(Struct, frozen=True):
    """A part of a script: its kind (tree-sitter-bash's name for it), its text, where it stands.

    ``field`` is the part it plays in its parent; ``named`` is false for bare signs like ``;``.
    """

    kind: str
    text: str
    line: int
    start: int
    end: int
    named: bool
    field: str
    children: tuple[Node, ...]

    def get(self, field: str) -> Node | None:
        """The first named child that plays this part."""
        return next((c for c in self.children if c.field == field and c.named), None)

    def all(self, field: str) -> list[Node]:
        """Every named child that plays this part."""
        return [c for c in self.children if c.field == field and c.named]

    def below(self) -> Iterator[Node]:
        """This node and all in it."""
        yield self
        for child in self.children:
            yield from child.below()


def syntax(source: bytes) -> SyntaxNode:
    """The root of tree-sitter's own tree, with byte spans.  (Of its texts and rows the source's own
    are to be taken.)

    tree-sitter-bash takes the words of the lines behind a pipeline of three commands for arguments
    of the last of them, where a sign such as ``&&``, ``>`` or ``<<`` follows (its issue 347).  No
    command goes on behind the end of its line, so that a ``;`` stands there for what is read again.
    """
    root = _parser().parse(source).root_node
    if source.count(b"|") < 2:
        return root
    while ends := [at for node in _every(root) if (at := _line_end(node, source)) is not None]:
        text = bytearray(source)
        for at in ends:
            text[at] = ord(";")
        source = bytes(text)
        root = _parser().parse(source).root_node
    return root


def _every(root: SyntaxNode) -> Iterator[SyntaxNode]:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += node.children


def _line_end(node: SyntaxNode, source: bytes) -> int | None:
    """Where a command's line ends though it has words behind it, if it does."""
    if node.type != "command":
        return None
    words = [child for child in node.children if child.type != "comment"]
    for one, other in pairwise(words):
        between = source[one.end_byte : other.start_byte]
        # A comment may stand there as well, so the sign has to be the first one.
        if between[:1].isspace() and b"\n" in between.replace(b"\\\n", b""):
            return one.end_byte
    return None


@cache
def _parser() -> Parser:
    return Parser(Language(tree_sitter_bash.language()))


def comments(text: str) -> Iterator[tuple[int, str]]:
    """The comments of a script, each with its line."""
    data = text.encode()
    rows = _rows(data)
    for node in sorted(_every(syntax(data)), key=lambda node: node.start_byte):
        if node.type == "comment":
            words = data[node.start_byte : node.end_byte]
            yield bisect(rows, node.start_byte), words.decode(errors="replace")


def _rows(data: bytes) -> list[int]:
    """Where each line begins."""
    return [0, *(found.end() for found in re.finditer(b"\n", data))]


def parse(text: str, first_line: int = 1) -> Node:
    """The tree of a script, without its comments, which may stand between any two parts.

    Parts that are not understood are nodes of kind ``ERROR``.
    """
    data = text.encode()
    rows = _rows(data)

    def grown(node: SyntaxNode, field: str) -> Node:
        children = tuple(
            grown(child, node.field_name_for_child(n) or "")
            for n, child in enumerate(node.children)
            if child.type != "comment"
        )
        kind = "ERROR" if node.is_missing else node.type
        line = bisect(rows, node.start_byte) + first_line - 1
        piece = data[node.start_byte : node.end_byte].decode(errors="replace")
        return Node(
            kind, piece, line, node.start_byte, node.end_byte, node.is_named, field, children
        )

    return grown(syntax(data), "")


__all__ = ["Node", "SyntaxNode", "comments", "parse", "syntax"]
