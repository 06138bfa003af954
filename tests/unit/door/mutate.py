"""Good inputs made bad, by chance from a number: the same number makes the same input."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Sequence
from typing import Any

NASTY = [
    b"", b"\0", b"\n", b"'", b'"', b"\\", b"$(x)", b"`x`", b";", b"--", b"-", b"/", b"..", b"../x",
    b"*", b"&a [*a]", b"{{", b"}}", b"{%", b"%}", b"{{ x.__class__ }}", b"{% for i in x %}",
    b"9" * 400, b"-1", b"1e999", b"\xff", "\u2028".encode(), "é".encode(), b"host", b"lo",
    b"0.0.0.0/0", b"::/0", b"fe80::1%x", b"true", b"null", b"[]", b"{}", b"[[[[[[", b"}" * 20,
]  # fmt: skip
VALUES: list[Any] = [
    None, True, False, 0, -1, 2**31, 2**64, 10**400, 1.5, float("inf"), float("nan"), "", "host",
    "lo", "../../x", "a b", "\0", "-n", "x" * 300, [], {}, [[]], [None], {"a": None}, ["a", "b"],
    "10.0.0.1/24", "fe80::1", "? 10.0.0.1/24",
]  # fmt: skip


def mutant(seeds: Sequence[bytes], by: random.Random) -> bytes:
    """A seed with pieces taken out, doubled, or replaced."""
    data = by.choice(seeds)
    for _ in range(by.randint(1, 4)):
        start = by.randrange(len(data) + 1)
        end = min(len(data), start + by.choice((0, 1, 1, 3, 10, 50)))
        match by.randrange(4):
            case 0:
                new = by.choice(NASTY)
            case 1:
                new = data[start:end] * by.choice((0, 2, 5))
            case 2:
                other = by.choice(seeds)
                at = by.randrange(len(other) + 1)
                new = other[at : at + by.choice((1, 5, 40))]
            case _:
                new = bytes(by.randrange(256) for _ in range(end - start))
        data = data[:start] + new + data[end:]
    return data


def json_mutant(seeds: Sequence[bytes], by: random.Random) -> bytes:
    """A seed, still JSON, with a few values in it replaced by others of any kind."""
    text = by.choice(seeds).decode()
    decoder, values = json.JSONDecoder(), []
    while text := text.strip():
        value, end = decoder.raw_decode(text)
        values.append(value)
        text = text[end:]
    for _ in range(by.randint(1, 3)):
        holders = [holder for value in values for holder in _holders(value)]
        if not holders:
            break
        holder = by.choice(holders)
        key = by.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
        if by.random() < 0.2:
            del holder[key]
        else:
            holder[key] = copy.deepcopy(by.choice(VALUES))
    return "\n".join(json.dumps(value) for value in values).encode()


def _holders(value: Any) -> list[Any]:
    """Each list and mapping in ``value`` that has something in it."""
    if not isinstance(value, list | dict):
        return []
    inner = value.values() if isinstance(value, dict) else value
    return ([value] if value else []) + [h for one in inner for h in _holders(one)]
