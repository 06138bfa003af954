"""What every kernel test gets: a machine of its own (see ``sandbox``)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kernel.sandbox import Sandbox, Zygote, why_not


@pytest.fixture(scope="session")
def unshare() -> None:
    """For tests that start `unshare` themselves: they are skipped where it may not."""
    if reason := why_not():
        pytest.skip(reason)


@pytest.fixture(scope="session")
def zygote(unshare: None) -> Iterator[Zygote]:
    """The process that machines are forked from."""
    process = Zygote()
    yield process
    process.close()


@pytest.fixture
def sandbox(zygote: Zygote, tmp_path: Path) -> Iterator[Sandbox]:
    """A machine with nothing but `lo`, and the test's own directory to run in."""
    machine = zygote.sandbox(tmp_path)
    yield machine
    machine.close()
