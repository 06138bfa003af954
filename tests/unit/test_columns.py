"""Wrapping in columns, where Chinese characters are two wide."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from iplab.cli.columns import width, wrapped


def test_words_and_wide_characters() -> None:
    assert wrapped("one two three", 8) == ["one two", "three"]
    assert wrapped("建立網路線", 6) == ["建立網", "路線"]
    assert wrapped("一二三，四", 6) == ["一二三，", "四"]
    assert wrapped("移到 ns1 裡", 8) == ["移到 ns1", "裡"]
    assert wrapped("", 8) == [""]


@given(st.text("ab 建，。", max_size=60), st.integers(4, 20))
def test_nothing_is_lost_and_lines_fit(text: str, room: int) -> None:
    # As sentences are: one blank at a time, and none ahead of a mark.
    text = re.sub(" +([，。])", r"\1", " ".join(text.split()))
    lines = wrapped(text, room)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    longest = max((width(w) for w in text.split()), default=0)
    assert all(width(line) <= max(room, longest) + 2 * text.count("，") + 2 * text.count("。")
               for line in lines)  # fmt: skip
