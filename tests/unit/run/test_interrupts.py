"""Which signals end a run."""

import os
import signal
from collections.abc import Iterator

import pytest

from iplab.run import interrupts


@pytest.fixture(params=interrupts.NUMBERS)
def number(request: pytest.FixtureRequest) -> Iterator[int]:
    """A signal, which is as before afterwards."""
    before = signal.getsignal(request.param)
    yield request.param
    signal.signal(request.param, before)


def test_a_signal_interrupts(number: int) -> None:
    signal.signal(number, signal.SIG_DFL)
    with pytest.raises(KeyboardInterrupt), interrupts.listening():
        os.kill(os.getpid(), number)
    assert signal.getsignal(number) == signal.SIG_DFL


def test_one_that_the_caller_ignores_is_ignored(number: int) -> None:
    signal.signal(number, signal.SIG_IGN)
    try:
        with interrupts.listening():
            os.kill(os.getpid(), number)
    except KeyboardInterrupt:  # it would end the tests
        pytest.fail("it was heard")
    assert signal.getsignal(number) == signal.SIG_IGN
