"""The commands of a shell script that somebody wrote down, for a walk.

Of the shell this reads what cheat sheets and blog posts use: comments, a prompt before a command,
lines that go on after a backslash, ``;`` and ``&&``, and variables with a plain value.  What
depends on running it (loops, conditions, substitutions) becomes a step that says so.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_ASSIGNMENT = re.compile(r"(?:export\s+|readonly\s+)?([A-Za-z_]\w*)=(.*)", re.DOTALL)
_PROMPT = re.compile(r"(?:\w+@[\w.-]+[:~\w/ -]*)?[$#]\s+(?=\S)")
_CONTROL = frozenset({
    "if", "then", "else", "elif", "fi", "for", "while", "until", "do", "done", "case", "esac",
    "function", "{", "}", "select", "!", "[[", "eval", "source", ".",
})  # fmt: skip
_NOTHING = frozenset(
    {"set", "echo", "printf", "true", ":", "sleep", "exit", "trap", "cd", "modprobe"}
)


@dataclass(frozen=True, slots=True)
class Line:
    """A command: where it stands, its words, the comment that goes with it, and why it could not
    be read, if so (its words are then as written)."""

    number: int
    argv: tuple[str, ...]
    comment: str = ""
    unread: str = ""


def lines(text: str) -> list[Line]:
    """The commands, in order."""
    return list(_lines(text))


def _lines(text: str) -> Iterator[Line]:
    values: dict[str, str] = {}
    comment: list[str] = []
    for number, raw in _joined(text):
        line = raw.strip()
        prompt = _PROMPT.match(line)
        # `# ip link …` is root's prompt before a command, not a comment.
        if prompt and (line[0] != "#" or _command(line[prompt.end() :])):
            line = line[prompt.end() :]
        if not line:
            comment = []
            continue
        if line.startswith("#"):
            if not line.startswith("#!"):
                comment.append(line.lstrip("# "))
            continue
        if re.fullmatch(r"```\w*", line):  # a fence of Markdown
            continue
        yield from _commands(number, line, " ".join(comment), values)
        comment = []


def _joined(text: str) -> Iterator[tuple[int, str]]:
    """Each line with its number, those that a backslash continues as one."""
    whole, start = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        start = start or number
        if line.endswith("\\"):
            whole += line[:-1] + " "
            continue
        yield start, whole + line
        whole, start = "", 0
    if whole:
        yield start, whole


def _command(line: str) -> bool:
    return bool(re.match(r"(sudo\s+)?(ip|bridge|tc|sysctl|nft|ping)\s", line))


def _commands(number: int, line: str, comment: str, values: dict[str, str]) -> Iterator[Line]:
    try:
        lexer = shlex.shlex(line, posix=False, punctuation_chars=";&|<>()")
        lexer.whitespace_split = True
        lexer.commenters = ""
        words = list(lexer)
    except ValueError as error:
        yield Line(number, (line,), comment, f"the quotes do not fit: {error}")
        return
    if "#" in (w[0] for w in words):
        at = next(i for i, w in enumerate(words) if w[0] == "#")
        behind = line[line.index(" #") + 1 :].lstrip("# ") if " #" in line else ""
        comment = " ".join(filter(None, [comment, behind]))
        words = words[:at]
    part: list[str] = []
    for word in [*words, ";"]:
        if word in (";", "&&"):
            if part:
                found = _one(number, part, comment, values)
                if found:
                    yield found
                    comment = ""
            part = []
        else:
            part.append(word)


def _one(number: int, words: list[str], comment: str, values: dict[str, str]) -> Line | None:
    text = " ".join(words)
    assignment = _ASSIGNMENT.fullmatch(text)
    if assignment and len(words) <= 2 and "$(" not in text and "`" not in text:
        values[assignment[1]] = _plain(assignment[2], values)
        return None
    if words[0] in _NOTHING:
        return None
    if words[0] in _CONTROL:
        return Line(number, (text,), comment, "what this does depends on running it")
    if any(c in text for c in ("$(", "`")) or any(w in ("|", "||", "&", "(", ")") for w in words):
        return Line(number, (text,), comment, "what this does depends on running it")
    cut = next((i for i, w in enumerate(words) if w[0] in "<>" or w in ("2>", "1>")), len(words))
    kept = words[:cut]
    if cut < len(words) and kept and kept[-1] in ("1", "2"):
        kept = kept[:-1]
    unset = [m[1] or m[2] for m in _VARIABLE.finditer(" ".join(kept))]
    missing = [name for name in unset if name not in values]
    if missing:
        return Line(number, (text,), comment, f"${missing[0]} has no plain value before this line")
    argv = tuple(word for w in kept for word in _words(w, values))
    return Line(number, argv, comment) if argv else None


def _words(word: str, values: dict[str, str]) -> list[str]:
    """A word of the script as the words it becomes: quotes off, variables filled in."""
    if word.startswith("'"):
        return shlex.split(word)
    filled = _VARIABLE.sub(lambda m: values[m[1] or m[2]], word)
    return shlex.split(filled)


def _plain(text: str, values: dict[str, str]) -> str:
    if not text.startswith("'"):
        text = _VARIABLE.sub(lambda m: values.get(m[1] or m[2], ""), text)
    return " ".join(shlex.split(text))
