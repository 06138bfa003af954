"""Where a command stands: who reads what it prints, who looks at its exit status."""

from __future__ import annotations

import re

from iplab.legacy.bash.frames import Frame, Source
from iplab.legacy.shell import Place
from iplab.shell.tree import SyntaxNode as Node

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


def place(script: Source, frame: Frame) -> Place:
    """All that is known of where a node stands."""
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
        straight=straight(frame) and not background,
        backticks=_in_backticks(script, frame),
    )


def _in_backticks(script: Source, frame: Frame | None) -> bool:
    while frame is not None:
        start = frame.node.start_byte
        if frame.node.type == "command_substitution" and script.source[start : start + 1] == b"`":
            return True
        frame = frame.parent
    return False


def _followed_by(frame: Frame, token: str) -> bool:
    rest = frame.siblings[frame.index + 1 : frame.index + 2]
    return bool(rest) and rest[0].type == token


def straight(frame: Frame | None) -> bool:
    """Whether what is there is run exactly once, in the order of the text."""
    while frame is not None:
        if frame.node.type in _BRANCHES or frame.node.type == "ERROR":
            return False
        frame = frame.parent
    return True


def _status(script: Source, frame: Frame) -> bool:
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
                return script.pipefail
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


def _next_statement(frame: Frame, role: str | None) -> Node | None:
    for index in range(frame.index + 1, len(frame.siblings)):
        sibling = frame.siblings[index]
        if not sibling.is_named or sibling.type in ("comment", "elif_clause", "else_clause"):
            continue
        assert frame.parent is not None
        if role == "condition" and frame.parent.node.field_name_for_child(index) != "condition":
            return None
        return sibling
    return None


def _reader(script: Source, frame: Frame) -> str:
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
