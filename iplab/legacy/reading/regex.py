"""POSIX regular expressions (regex(7)) as Python's, as far as scripts use them on short lines."""

from __future__ import annotations

import re
import warnings
from functools import lru_cache

from iplab.legacy.reading.tame import tame


class NotUnderstood(Exception):
    """Something of a filter that is not known here; the pipeline is then left as it is."""


_CLASSES = {
    "alpha": "a-zA-Z",
    "digit": "0-9",
    "alnum": "a-zA-Z0-9",
    "upper": "A-Z",
    "lower": "a-z",
    "space": r"\s",
    "blank": r" \t",
    "xdigit": "0-9a-fA-F",
    "punct": r"!-/:-@\[-`{-~",
}
_BASIC_SPECIAL = {"(": "(", ")": ")", "{": "{", "}": "}", "|": "|", "+": "+", "?": "?"}
_LETTERS = {"w": r"\w", "W": r"\W", "s": r"\s", "S": r"\S", "b": r"\b", "<": r"\b", ">": r"\b"}


@lru_cache(maxsize=4096)
def compiled(pattern: str, *, extended: bool, flags: int = 0) -> re.Pattern[str]:
    """The pattern as Python has it.  Raises ``NotUnderstood``."""
    if len(pattern) > 300:
        raise NotUnderstood("a long pattern")
    return tamed(_translated(pattern, extended), flags | re.ASCII)


def tamed(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """A pattern of Python's.  Raises ``NotUnderstood``, also where it may take for ever."""
    if not tame(pattern):
        raise NotUnderstood("a pattern that may take for ever")
    try:
        with warnings.catch_warnings():  # of sets that may mean more to a later Python
            warnings.simplefilter("ignore", FutureWarning)
            return re.compile(pattern, flags)
    except (re.error, OverflowError) as error:
        raise NotUnderstood(f"the pattern {pattern}") from error


def _translated(pattern: str, extended: bool) -> str:
    out: list[str] = []
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if char == "[":
            text, at = _bracket(pattern, at)
            out.append(text)
            continue
        if char == "\\":
            if at + 1 >= len(pattern):
                raise NotUnderstood("a pattern that ends in a backslash")
            out.append(_escaped(pattern[at + 1], extended))
            at += 2
            continue
        begins = not out or out[-1] in ("(", "|", "^")
        if char == "*" and begins:
            out.append(r"\*")
        elif char in "(){}|+?" and not extended:
            out.append("\\" + char)
        elif char == "^" and not extended and not begins:
            out.append(r"\^")
        elif char == "$" and not extended and at + 1 < len(pattern) and pattern[at + 1] != "\\":
            out.append(r"\$")
        elif char in "(){}|+?*^$.":
            out.append(char)
        else:
            out.append(re.escape(char))
        at += 1
    return "".join(out)


def _escaped(char: str, extended: bool) -> str:
    if char in _LETTERS:
        return _LETTERS[char]
    if char in _BASIC_SPECIAL:
        return "\\" + char if extended else char
    if char == "t":
        return r"\t"
    if char.isalnum():
        raise NotUnderstood(f"\\{char} in a pattern")
    return re.escape(char)


def _bracket(pattern: str, at: int) -> tuple[str, int]:
    """A bracket expression from ``[`` on, and the place after it."""
    start = at
    at += 1
    out = "["
    if pattern[at : at + 1] == "^":
        out, at = "[^", at + 1
    first = True
    while at < len(pattern) and (first or pattern[at] != "]"):
        named = re.match(r"\[:(\w+):\]", pattern[at:])
        if named:
            if named[1] not in _CLASSES:
                raise NotUnderstood(f"the class {named[1]}")
            out, at = out + _CLASSES[named[1]], at + named.end()
        else:
            char = pattern[at]
            if char == "\\" and pattern[at + 1 : at + 2] == "t":
                out, at = out + r"\t", at + 2  # GNU sed and awk read it so
            else:
                out, at = out + ("\\" + char if char in r"\[]^&~|" else char), at + 1
        first = False
    if at >= len(pattern):
        raise NotUnderstood(f"an open bracket in {pattern[start:]}")
    return out + "]", at + 1
