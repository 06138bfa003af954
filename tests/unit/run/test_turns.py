"""Whose turn it is."""

from __future__ import annotations

import pytest

from iplab.run.turns import Turns


def test_what_waits_for_nothing_comes_in_order() -> None:
    turns = Turns([(), (), ()])
    assert [turns.take() for _ in range(4)] == [0, 1, 2, None]


def test_one_that_waits_comes_when_the_last_of_them_has_ended() -> None:
    turns = Turns([(), (), (0, 1), (0,)])
    assert [turns.take(), turns.take(), turns.take()] == [0, 1, None]
    turns.ended(1)
    assert turns.take() is None
    turns.ended(0)
    assert [turns.take(), turns.take(), turns.take()] == [2, 3, None]


def test_the_first_of_those_that_may_start_is_taken() -> None:
    turns = Turns([(), (0,), (0,), ()])
    assert [turns.take(), turns.take()] == [0, 3]
    turns.ended(0)
    turns.ended(3)
    assert [turns.take(), turns.take(), turns.take()] == [1, 2, None]


@pytest.mark.parametrize("count", [0, 1, 50])
def test_a_chain_is_one_after_the_other(count: int) -> None:
    turns = Turns([(n - 1,) if n else () for n in range(count)])
    for number in range(count):
        assert turns.take() == number
        assert turns.take() is None
        turns.ended(number)
    assert turns.take() is None
