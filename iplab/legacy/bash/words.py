"""What a word of a script is made of: what is literal, and what the shell fills in."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec.structs import replace

from iplab.legacy.bash.frames import Frame, Source
from iplab.legacy.shell import Piece, Word
from iplab.shell.tree import SyntaxNode as Node


def words(script: Source, node: Node, backticks: bool) -> list[Word]:
    """The words of a command, without its assignments and redirections."""
    found: list[Word] = []
    for child in node.children:
        if child.type == "variable_assignment" or child.type.endswith("redirect"):
            continue
        target = child.children[0] if child.type == "command_name" else child
        parts = tuple(pieces(script, target))
        if backticks:
            parts = _between_backticks(script.text(child.start_byte, child.end_byte), parts)
        word = Word(child.start_byte, child.end_byte, parts)
        if found and found[-1].end == word.start:
            # tree-sitter-bash splits some words in two (after a bare `$`): no telling.
            odd = Piece(script.text(found[-1].start, word.end), False)
            found[-1] = Word(found[-1].start, word.end, (odd,))
        else:
            found.append(word)
    return found


def tangled(frame: Frame) -> str:
    """Why a command cannot be replaced as one piece; empty: it can."""
    if any(child.type.endswith("redirect") for child in frame.node.children):
        return "a redirection stands among its words"
    parent = frame.parent
    if parent is not None and parent.node.type == "redirected_statement":
        return _words_after_redirection(parent.node)
    return ""


def _words_after_redirection(statement: Node) -> str:
    """``cmd >file word``: tree-sitter-bash takes the word for a second file name."""
    for child in statement.children:
        if child.type == "file_redirect" and len(child.children_by_field_name("destination")) > 1:
            return "a redirection stands among its words"
        if child.type in ("heredoc_redirect", "herestring_redirect"):
            return "it is given a text to read"
    return ""


def pieces(script: Source, node: Node) -> Iterator[Piece]:
    """What a word is made of."""
    kind = node.type
    source = script.text(node.start_byte, node.end_byte)
    if kind in ("word", "number") and not node.child_count:
        if re.search(r"[*?\[\]{}~$`\n]", source.replace("\\\n", "")):
            yield Piece(source, False)  # globs, braces, tilde: the shell makes it what it is
        else:
            yield Piece(re.sub(r"\\(\n|.)", _unescape, source, flags=re.S), True)
    elif kind == "raw_string":
        yield Piece(source[1:-1], True, quoted=True)
    elif kind == "concatenation":
        for child in node.children:
            yield from pieces(script, child)
    elif kind == "string" and source.startswith('"'):
        yield from _string(script, node)
    elif kind in ("simple_expansion", "expansion"):
        yield _expansion(node, source, quoted=False)
    else:
        yield Piece(source, False, start=node.start_byte, end=node.end_byte)


def _between_backticks(source: str, pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """A word less the layer of backslashes that the backticks take first (POSIX 2.6.3)."""
    if "\\" not in source:
        return pieces
    if source.startswith("'") and len(pieces) == 1:
        return (replace(pieces[0], text=re.sub(r"\\([$`\\])", r"\1", pieces[0].text)),)
    return (Piece(source, False),)  # two layers at once: no telling


def _unescape(match: re.Match[str]) -> str:
    return "" if match[1] == "\n" else match[1]


def _string(script: Source, node: Node) -> Iterator[Piece]:
    """The inside of double quotes; text between children is literal too."""
    at = node.start_byte + 1
    for child in [*node.children[1:-1], None]:
        start = child.start_byte if child is not None and child.type != "string_content" else None
        upto = node.end_byte - 1 if child is None else start
        if upto is not None and upto > at:
            text = script.text(at, upto)
            yield Piece(
                re.sub(r"\\(\n|[$`\"\\])", _unescape, text), True, quoted=True, start=at, end=upto
            )
        if start is not None and child is not None:
            source = script.text(start, child.end_byte)
            if child.type in ("simple_expansion", "expansion"):
                yield _expansion(child, source, quoted=True)
            else:
                yield Piece(source, False, "", True, start, child.end_byte)
            at = child.end_byte


def _expansion(node: Node, source: str, *, quoted: bool) -> Piece:
    plain = re.fullmatch(r"\$(\w+)|\$\{(\w+)\}", source)
    name = (plain[1] or plain[2]) if plain else ""
    return Piece(source, False, name, quoted, node.start_byte, node.end_byte)
