"""A script as plain values: its commands, pipelines, loops and assignments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from msgspec import Struct, field

from iplab.legacy.bash.frames import DEEPEST, Frame, Source, walk
from iplab.legacy.bash.places import place, straight
from iplab.legacy.bash.words import pieces, tangled, words
from iplab.legacy.shell import Assignment, Piece, Place, Word
from iplab.shell.tree import SyntaxNode as Node
from iplab.shell.tree import syntax


class Command:
    """A simple command: the span of its words, with assignments before them, no redirections.

    What is in it is worked out when it is asked for: most commands of a script are of no interest.
    """

    def __init__(self, script: Script, frame: Frame) -> None:
        self._script = script
        self._frame = frame
        self.start: int = frame.node.start_byte
        self.end: int = frame.node.end_byte

    @property
    def text(self) -> str:
        """Its text in the script."""
        return self._script.text(self.start, self.end)

    @cached_property
    def name(self) -> str:
        """Its first word, as it is written."""
        name = self._frame.node.child_by_field_name("name")
        return self._script.text(name.start_byte, name.end_byte) if name is not None else ""

    @cached_property
    def line(self) -> int:
        """The line it begins on, counted from 1."""
        return self._script.line_of(self.start)

    @cached_property
    def place(self) -> Place:
        """Where it stands."""
        return place(self._script, self._frame)

    @cached_property
    def assigns(self) -> bool:
        """Whether assignments stand before its first word."""
        return any(child.type == "variable_assignment" for child in self._frame.node.children)

    @cached_property
    def words(self) -> tuple[Word, ...]:
        """Its words."""
        return tuple(words(self._script, self._frame.node, self.place.backticks))

    @cached_property
    def tangled(self) -> str:
        """Why its span cannot be replaced as one piece; empty: it can."""
        return tangled(self._frame)


class Pipeline(Struct, frozen=True):
    """``a | b | c``; a stage that is not a simple command is ``None``.

    ``tails`` are the redirections of each stage, as they are written.
    """

    start: int
    end: int
    line: int
    stages: tuple[Command | None, ...]
    place: Place
    tails: tuple[str, ...]


class Loop(Struct, frozen=True):
    """``while COMMAND; do …; done``; ``tail`` are the condition's redirections as written."""

    start: int
    end: int
    condition: Command
    tail: str
    body: str
    place: Place


class Script(Source):
    """All that was found, in the order of the text.

    ``unsure_from`` is the byte from which the text could not be read with certainty: an error
    may have swallowed a quote, so nothing after it can be trusted.  ``open_from`` is where a quote,
    a bracket or a block opens that nothing closes: then nothing at all is certain.
    """

    commands: list[Command] = field(default_factory=list)
    pipelines: list[Pipeline] = field(default_factory=list)
    loops: list[Loop] = field(default_factory=list)
    assignments: list[Assignment] = field(default_factory=list)
    functions: dict[str, int] = field(default_factory=dict)
    heredocs: list[tuple[int, int]] = field(default_factory=list)
    tests: list[tuple[int, int]] = field(default_factory=list)
    unsure_from: int | None = None
    open_from: int | None = None


def read(source: bytes) -> Script:
    """The commands, pipelines, loops and assignments of a shell script.  Never raises."""
    script = Script(source, [0, *(m.end() for m in re.finditer(b"\n", source))])
    root = syntax(source)
    if root.has_error:
        script.unsure_from = _first_error(root)
        script.open_from = _open_to_the_end(root, source)
        if script.open_from is not None:
            script.unsure_from = 0
    by_start: dict[tuple[int, int], Command] = {}
    shapes: list[Frame] = []
    for frame in walk(root):
        kind = frame.node.type
        if frame.depth > DEEPEST:
            script.unsure_from = 0
            break
        if kind == "command":
            if frame.node.child_by_field_name("name") is not None:
                command = Command(script, frame)
                by_start[command.start, command.end] = command
                script.commands.append(command)
        elif kind in ("pipeline", "while_statement"):
            shapes.append(frame)
        elif kind == "variable_assignment":
            script.assignments.append(_assignment(script, frame))
        elif kind == "for_statement":
            script.assignments.append(_loop_variable(script, frame))
        elif kind == "function_definition":
            name = frame.node.child_by_field_name("name")
            if name is not None:
                script.functions[script.text(name.start_byte, name.end_byte)] = name.start_byte
        elif kind == "heredoc_body":
            script.heredocs.append((frame.node.start_byte, frame.node.end_byte))
        elif kind == "test_command":
            script.tests.append((frame.node.start_byte, frame.node.end_byte))
    for frame in shapes:
        if frame.node.type == "pipeline":
            script.pipelines.append(_pipeline(script, frame, by_start))
        else:
            loop = _loop(script, frame, by_start)
            if loop is not None:
                script.loops.append(loop)
    return script


def readable(source: bytes) -> bool:
    """Whether a script can be read with certainty to its end."""
    return not syntax(source).has_error


def _first_error(root: Node) -> int:
    """The start of the outermost statement in which the first error is."""
    for child in root.children:
        if child.has_error or child.is_missing:
            return int(child.start_byte)
    return 0


def _open_to_the_end(root: Node, source: bytes) -> int | None:
    """Where an error begins that reaches to the end of the text; ``None``: none does."""
    last = len(source.rstrip())
    node = root
    while True:
        if node.is_missing and node.start_byte >= last:
            parent = node.parent
            return int(parent.start_byte) if parent is not None else int(node.start_byte)
        if node.type == "ERROR" and node.end_byte >= last:
            return int(node.start_byte)
        following = [child for child in node.children if child.has_error or child.is_missing]
        if not following:
            return None
        node = following[-1]


# ---------------------------------------------------------------- the larger shapes


def _simple(node: Node) -> Node:
    """The command inside its redirections, if that is what the node is."""
    if node.type == "redirected_statement":
        body = node.child_by_field_name("body")
        return body if body is not None else node
    return node


def _negated(node: Node) -> Node:
    return node.children[-1] if node.type == "negated_command" else node


def _pipeline(script: Script, frame: Frame, known: dict[tuple[int, int], Command]) -> Pipeline:
    node = frame.node
    whole = [child for child in node.children if child.is_named and child.type != "comment"]
    # `! a | b` negates the whole pipeline, but stands in the tree as if it negated `a`.
    stages = [
        _simple(_negated(_simple(child)) if not n else child) for n, child in enumerate(whole)
    ]
    return Pipeline(
        node.start_byte,
        node.end_byte,
        script.line_of(node.start_byte),
        tuple(known.get((s.start_byte, s.end_byte)) for s in stages),
        place(script, frame),
        tuple(
            script.text(s.end_byte, w.end_byte).strip() for s, w in zip(stages, whole, strict=True)
        ),
    )


def _loop(script: Script, frame: Frame, known: dict[tuple[int, int], Command]) -> Loop | None:
    node = frame.node
    conditions = [c for c in node.children_by_field_name("condition") if c.is_named]
    body = node.child_by_field_name("body")
    if len(conditions) != 1 or body is None:
        return None
    inner = _simple(conditions[0])
    command = known.get((inner.start_byte, inner.end_byte))
    if command is None or script.text(node.start_byte, node.start_byte + 5) != "while":
        return None
    text = script.text(body.start_byte + 2, body.end_byte - 4).strip().rstrip(";").strip()
    tail = script.text(inner.end_byte, conditions[0].end_byte).strip()
    return Loop(node.start_byte, node.end_byte, command, tail, text, place(script, frame))


def _assignment(script: Script, frame: Frame) -> Assignment:
    node = frame.node
    name = node.child_by_field_name("name")
    value = node.child_by_field_name("value")
    plain = name is not None and name.type == "variable_name"
    appends = any(child.type == "+=" for child in node.children)
    values: tuple[str, ...] | None = None
    parts: tuple[Piece, ...] = ()
    if plain and value is not None and value.type == "array":
        parts = tuple(_elements(script, value))
    elif plain and not appends:
        parts = tuple(pieces(script, value)) if value is not None else ()
        word = Word(node.start_byte, node.end_byte, parts)
        values = (word.value,) if word.value is not None else None
    # `A=1 cmd` is for that command alone.
    parent = frame.parent
    before_command = parent is not None and parent.node.type == "command"
    return Assignment(
        script.text(name.start_byte, name.end_byte).split("[")[0] if name is not None else "",
        node.start_byte,
        node.end_byte,
        None if before_command else values,
        straight(frame),
        pieces=() if before_command else parts,
    )


def _elements(script: Script, array: Node) -> Iterator[Piece]:
    """What ``(a b c)`` is made of: its words, a blank after each."""
    for child in array.children:
        if child.is_named and child.type != "comment":
            yield from pieces(script, child)
            yield Piece(" ", True)


def _loop_variable(script: Script, frame: Frame) -> Assignment:
    node = frame.node
    name = node.child_by_field_name("variable")
    found: list[str] | None = []
    for child in node.children_by_field_name("value"):
        value = Word(child.start_byte, child.end_byte, tuple(pieces(script, child))).value
        if value is None:
            found = None
            break
        assert found is not None
        found.append(value)
    return Assignment(
        script.text(name.start_byte, name.end_byte) if name is not None else "",
        node.start_byte,
        node.end_byte,
        tuple(found) if found else None,
        False,
        (node.start_byte, node.end_byte),
    )
