"""Shell text as a tree: tree-sitter's own, or plain values.  No other file knows tree-sitter."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

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
    """The root of tree-sitter's own tree, with byte spans."""
    return _parser().parse(source).root_node


@cache
def _parser() -> Parser:
    return Parser(Language(tree_sitter_bash.language()))


def comments(text: str) -> Iterator[tuple[int, str]]:
    """The comments of a script, each with its line."""
    waiting = [syntax(text.encode())]
    while waiting:
        node = waiting.pop()
        if node.type == "comment" and node.text is not None:
            yield node.start_point.row + 1, node.text.decode(errors="replace")
        waiting += reversed(node.children)


def parse(text: str, first_line: int = 1) -> Node:
    """The tree of a script, without its comments, which may stand between any two parts.

    Parts that are not understood are nodes of kind ``ERROR``.
    """
    data = text.encode()

    def grown(node: SyntaxNode, field: str) -> Node:
        children = tuple(
            grown(child, node.field_name_for_child(n) or "")
            for n, child in enumerate(node.children)
            if child.type != "comment"
        )
        kind = "ERROR" if node.is_missing else node.type
        line = node.start_point.row + first_line
        piece = data[node.start_byte : node.end_byte].decode(errors="replace")
        return Node(
            kind, piece, line, node.start_byte, node.end_byte, node.is_named, field, children
        )

    return grown(syntax(data), "")


__all__ = ["Node", "SyntaxNode", "comments", "parse", "syntax"]
