"""What `ip -d link` says of a device and of its type: a word and its value after the other
(print_linkinfo in ip/ipaddress.c, the print_opt of ip/iplink_*.c)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from iplab.iproute2.linktype import TYPES
from iplab.messages import texts

F = TypeVar("F")  # a field, made by `say(text, area, key, **values)`


def details(words: list[str], say: Callable[..., F]) -> Iterator[F]:
    """A field for each word that has a meaning of its own, and one for all the others."""
    known = texts("en", "output")["detail"]
    rest = []
    position = 0
    if words[:1] and words[0] in TYPES:
        yield say(words[0], "detail", "type")
        position = 1
    while position < len(words):
        word = words[position]
        count = 3 if word == "srcport" else 2
        if word in known and position + 1 < len(words):
            text = " ".join(words[position : position + count])
            yield say(text, "detail", word, value=words[position + 1])
            position += count
        else:
            rest.append(word)
            position += 1
    if rest:
        yield say(" ".join(rest), "field", "detail")
