"""What `ip -s link` counts: a line of names and below it one of numbers (print_stats64 in
ip/ipaddress.c)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TypeVar

F = TypeVar("F")  # a field, made by `say(text, area, key, **values)`

_HEADER = re.compile(r"\s*([RT]X)( errors)?:((?: +[a-z]+)+)\s*$")
_NUMBERS = re.compile(r"\s*\d[\d.]*[KMGTP]?i?(?: +\d[\d.]*[KMGTP]?i?)*\s*$")


def counters(line: str, following: str, say: Callable[..., F]) -> Iterator[F]:
    """The fields of a header with its numbers; none where the two lines are not that."""
    header = _HEADER.match(line)
    if header is None or not _NUMBERS.match(following):
        return
    way, errors, names = header.groups()
    for name, number in zip(names.split(), following.split(), strict=False):
        yield say(f"{way}{errors or ''} {name} {number}", "counter", f"{way}-{name}")
