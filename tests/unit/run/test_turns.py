"""Whose turn it is."""

from __future__ import annotations

import pytest

from iplab.run.turns import Turns


def of(waits: list[tuple[int, ...]]) -> Turns:
    turns = Turns()
    turns.add(waits)
    return turns


def test_what_waits_for_nothing_comes_in_order() -> None:
    turns = of([(), (), ()])
    assert [turns.take() for _ in range(4)] == [0, 1, 2, None]


def test_one_that_waits_comes_when_the_last_of_them_has_ended() -> None:
    turns = of([(), (), (0, 1), (0,)])
    assert [turns.take(), turns.take(), turns.take()] == [0, 1, None]
    turns.ended(1)
    assert turns.take() is None
    turns.ended(0)
    assert [turns.take(), turns.take(), turns.take()] == [2, 3, None]


def test_the_first_of_those_that_may_start_is_taken() -> None:
    turns = of([(), (0,), (0,), ()])
    assert [turns.take(), turns.take()] == [0, 3]
    turns.ended(0)
    turns.ended(3)
    assert [turns.take(), turns.take(), turns.take()] == [1, 2, None]


@pytest.mark.parametrize("count", [0, 1, 50])
def test_a_chain_is_one_after_the_other(count: int) -> None:
    turns = of([(n - 1,) if n else () for n in range(count)])
    for number in range(count):
        assert turns.take() == number
        assert turns.take() is None
        turns.ended(number)
    assert turns.take() is None


def test_what_is_added_later_does_not_wait_for_what_has_ended() -> None:
    turns = of([(), ()])
    assert [turns.take(), turns.take()] == [0, 1]
    turns.ended(0)
    turns.add([(0, 1), (0,), (2, 3)])
    assert [turns.take(), turns.take()] == [3, None]
    turns.ended(1)
    assert turns.take() == 2
    turns.ended(3)
    assert turns.take() is None
    turns.ended(2)
    assert turns.take() == 4
