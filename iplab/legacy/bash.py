"""Shell text as plain values with byte spans, from the tree of ``iplab.shell.tree``.

Nothing here knows what a command means.  A ``Command`` has its words (what is literal, what the
shell fills in), where it stands (``Place``), and its span, so that another file can replace just
those bytes.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

from iplab.legacy.shell import Assignment, Piece, Place, Word
from iplab.shell.tree import SyntaxNode as Node
from iplab.shell.tree import syntax

# Deeper nesting than people write; beyond it the way up from a command gets slow.
DEEPEST = 400
_SEQUENCES = {
    *("program", "do_group", "compound_statement", "subshell", "case_item", "else_clause"),
    *("command_substitution", "process_substitution", "if_statement", "elif_clause"),
    *("while_statement", "ERROR"),
}
_CONDITIONS = {"if_statement", "elif_clause", "while_statement"}
_BRANCHES = {
    *("if_statement", "while_statement", "for_statement", "c_style_for_statement", "list"),
    *("case_statement", "function_definition", "subshell", "elif_clause", "else_clause"),
    *("pipeline", "negated_command", "command_substitution", "process_substitution"),
}


class Command:
    """A simple command: the span of its words, with assignments before them, no redirections.

    What is in it is worked out when it is asked for: most commands of a script are of no interest.
    """

    def __init__(self, script: Script, frame: _Frame) -> None:
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
        return _place(self._script, self._frame)

    @cached_property
    def assigns(self) -> bool:
        """Whether assignments stand before its first word."""
        return any(child.type == "variable_assignment" for child in self._frame.node.children)

    @cached_property
    def words(self) -> tuple[Word, ...]:
        """Its words."""
        return tuple(_words(self._script, self._frame.node, self.place.backticks))

    @cached_property
    def tangled(self) -> str:
        """Why its span cannot be replaced as one piece; empty: it can."""
        return _tangled(self._frame)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """``a | b | c``; a stage that is not a simple command is ``None``.

    ``tails`` are the redirections of each stage, as they are written.
    """

    start: int
    end: int
    line: int
    stages: tuple[Command | None, ...]
    place: Place
    tails: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Loop:
    """``while COMMAND; do …; done``; ``tail`` are the condition's redirections as written."""

    start: int
    end: int
    condition: Command
    tail: str
    body: str
    place: Place


@dataclass(slots=True)
class Script:
    """All that was found, in the order of the text.

    ``unsure_from`` is the byte from which the text could not be read with certainty: an error
    may have swallowed a quote, so nothing after it can be trusted.  ``open_from`` is where a quote,
    a bracket or a block opens that nothing closes: then nothing at all is certain.
    """

    source: bytes
    commands: list[Command] = field(default_factory=list)
    pipelines: list[Pipeline] = field(default_factory=list)
    loops: list[Loop] = field(default_factory=list)
    assignments: list[Assignment] = field(default_factory=list)
    functions: dict[str, int] = field(default_factory=dict)
    heredocs: list[tuple[int, int]] = field(default_factory=list)
    tests: list[tuple[int, int]] = field(default_factory=list)
    unsure_from: int | None = None
    open_from: int | None = None
    lines: list[int] = field(default_factory=list)

    def line_of(self, byte: int) -> int:
        """The line of a byte, counted from 1."""
        return bisect.bisect_right(self.lines, byte)

    def text(self, start: int, end: int) -> str:
        """The text of a span; bytes that are not UTF-8 survive the way back."""
        return self.source[start:end].decode("utf-8", "surrogateescape")


@dataclass(slots=True)
class _Frame:
    node: Node
    parent: _Frame | None
    index: int
    siblings: list[Node]
    depth: int


def read(source: bytes) -> Script:
    """The commands, pipelines, loops and assignments of a shell script.  Never raises."""
    script = Script(source, lines=[0, *(m.end() for m in re.finditer(b"\n", source))])
    root = syntax(source)
    if root.has_error:
        script.unsure_from = _first_error(root)
        script.open_from = _open_to_the_end(root, source)
        if script.open_from is not None:
            script.unsure_from = 0
    by_start: dict[tuple[int, int], Command] = {}
    shapes: list[_Frame] = []
    for frame in _walk(root):
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


def _walk(root: Node) -> Iterator[_Frame]:
    """Every node in the order of the text, with the way up.  A loop: scripts nest at will."""
    stack = [_Frame(root, None, 0, [root], 0)]
    while stack:
        frame = stack.pop()
        yield frame
        if not frame.node.child_count:
            continue
        children = frame.node.children
        for index in range(len(children) - 1, -1, -1):
            if children[index].child_count or children[index].type == "heredoc_body":
                stack.append(_Frame(children[index], frame, index, children, frame.depth + 1))


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


# ---------------------------------------------------------------- commands and words


def _words(script: Script, node: Node, backticks: bool) -> list[Word]:
    words: list[Word] = []
    for child in node.children:
        if child.type == "variable_assignment" or child.type.endswith("redirect"):
            continue
        target = child.children[0] if child.type == "command_name" else child
        pieces = tuple(_pieces(script, target))
        if backticks:
            pieces = _between_backticks(script.text(child.start_byte, child.end_byte), pieces)
        word = Word(child.start_byte, child.end_byte, pieces)
        if words and words[-1].end == word.start:
            # tree-sitter-bash splits some words in two (after a bare `$`): no telling.
            odd = Piece(script.text(words[-1].start, word.end), False)
            words[-1] = Word(words[-1].start, word.end, (odd,))
        else:
            words.append(word)
    return words


def _tangled(frame: _Frame) -> str:
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


def _pieces(script: Script, node: Node) -> Iterator[Piece]:
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
            yield from _pieces(script, child)
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


def _string(script: Script, node: Node) -> Iterator[Piece]:
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


# ---------------------------------------------------------------- where a command stands


def _place(script: Script, frame: _Frame) -> Place:
    source = script.source
    start, end = frame.node.start_byte, frame.node.end_byte
    # No further than people indent: a line may have a megabyte.
    before = source[max(0, start - 200) : start]
    before = before[before.rfind(b"\n") + 1 :] if b"\n" in before or start <= 200 else b"x"
    after = source[end : end + 200].split(b"\n", 1)[0].strip()
    parent = frame.parent
    kind = parent.node.type if parent is not None else "program"
    background = _followed_by(frame, "&")
    group = kind in ("redirected_statement", "pipeline", "list", "negated_command") or background
    return Place(
        alone=not before.strip() and not group and after[:1] in (b"", b"#"),
        indent=before.decode("utf-8", "surrogateescape") if not before.strip() else "",
        group=group,
        status=_status(script, frame),
        read_by=_reader(script, frame),
        straight=_straight(frame) and not background,
        backticks=_in_backticks(script, frame),
    )


def _in_backticks(script: Script, frame: _Frame | None) -> bool:
    while frame is not None:
        start = frame.node.start_byte
        if frame.node.type == "command_substitution" and script.source[start : start + 1] == b"`":
            return True
        frame = frame.parent
    return False


def _followed_by(frame: _Frame, token: str) -> bool:
    rest = frame.siblings[frame.index + 1 : frame.index + 2]
    return bool(rest) and rest[0].type == token


def _straight(frame: _Frame | None) -> bool:
    while frame is not None:
        if frame.node.type in _BRANCHES or frame.node.type == "ERROR":
            return False
        frame = frame.parent
    return True


def _status(script: Script, frame: _Frame) -> bool:
    """Whether anything may look at the exit status of what is at ``frame``."""
    while frame.parent is not None:
        parent = frame.parent
        kind = parent.node.type
        if kind == "negated_command":
            return True
        if kind == "list":
            if frame.index == 0:
                return True
        elif kind == "pipeline":
            if frame.index + 1 < len(frame.siblings):
                return b"pipefail" in script.source
        elif kind in _SEQUENCES:
            # Asked of a node with many children, this would take long.
            role = parent.node.field_name_for_child(frame.index) if kind in _CONDITIONS else None
            following = _next_statement(frame, role)
            if following is not None:
                return b"$?" in script.source[following.start_byte : following.end_byte]
            if role == "condition":
                return True
        elif kind == "function_definition":
            return True
        frame = parent
    return True


def _next_statement(frame: _Frame, role: str | None) -> Node | None:
    for index in range(frame.index + 1, len(frame.siblings)):
        sibling = frame.siblings[index]
        if not sibling.is_named or sibling.type in ("comment", "elif_clause", "else_clause"):
            continue
        assert frame.parent is not None
        if role == "condition" and frame.parent.node.field_name_for_child(index) != "condition":
            return None
        return sibling
    return None


def _reader(script: Script, frame: _Frame) -> str:
    """Who takes the standard output of what is at ``frame``."""
    while frame.parent is not None:
        parent = frame.parent
        kind = parent.node.type
        if kind == "pipeline" and frame.index + 1 < len(frame.siblings):
            return "pipe"
        if kind in ("command_substitution", "process_substitution"):
            return "$()"
        if kind == "redirected_statement":
            for child in parent.node.children:
                if child.type == "file_redirect":
                    text = script.text(child.start_byte, child.end_byte)
                    if re.match(r"(1|&)?>", text) and not re.match(r"1?>&2", text):
                        return "null" if text.rstrip().endswith("/dev/null") else "file"
        frame = parent
    return ""


# ---------------------------------------------------------------- the larger shapes


def _simple(node: Node) -> Node:
    """The command inside its redirections, if that is what the node is."""
    if node.type == "redirected_statement":
        body = node.child_by_field_name("body")
        return body if body is not None else node
    return node


def _negated(node: Node) -> Node:
    return node.children[-1] if node.type == "negated_command" else node


def _pipeline(script: Script, frame: _Frame, known: dict[tuple[int, int], Command]) -> Pipeline:
    node = frame.node
    whole = [child for child in node.children if child.is_named and child.type != "comment"]
    # `! a | b` negates the whole pipeline, but stands in the tree as if it negated `a`.
    stages = [_simple(_negated(child) if not n else child) for n, child in enumerate(whole)]
    return Pipeline(
        node.start_byte,
        node.end_byte,
        script.line_of(node.start_byte),
        tuple(known.get((s.start_byte, s.end_byte)) for s in stages),
        _place(script, frame),
        tuple(
            script.text(s.end_byte, w.end_byte).strip() for s, w in zip(stages, whole, strict=True)
        ),
    )


def _loop(script: Script, frame: _Frame, known: dict[tuple[int, int], Command]) -> Loop | None:
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
    return Loop(node.start_byte, node.end_byte, command, tail, text, _place(script, frame))


def _assignment(script: Script, frame: _Frame) -> Assignment:
    node = frame.node
    name = node.child_by_field_name("name")
    value = node.child_by_field_name("value")
    plain = name is not None and name.type == "variable_name"
    appends = any(child.type == "+=" for child in node.children)
    values: tuple[str, ...] | None = None
    if plain and not appends:
        pieces = tuple(_pieces(script, value)) if value is not None else ()
        word = Word(node.start_byte, node.end_byte, pieces)
        values = (word.value,) if word.value is not None else None
    # `A=1 cmd` is for that command alone.
    parent = frame.parent
    before_command = parent is not None and parent.node.type == "command"
    return Assignment(
        script.text(name.start_byte, name.end_byte).split("[")[0] if name is not None else "",
        node.start_byte,
        node.end_byte,
        None if before_command else values,
        _straight(frame),
    )


def _loop_variable(script: Script, frame: _Frame) -> Assignment:
    node = frame.node
    name = node.child_by_field_name("variable")
    found: list[str] | None = []
    for child in node.children_by_field_name("value"):
        value = Word(child.start_byte, child.end_byte, tuple(_pieces(script, child))).value
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
