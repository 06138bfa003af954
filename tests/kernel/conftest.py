"""What every kernel test gets: a machine of its own (see ``sandbox``)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kernel.sandbox import Sandbox, Zygote, why_not


@pytest.fixture(scope="session")
def zygote() -> Iterator[Zygote]:
    """The process that machines are forked from."""
    reason = why_not()
    if reason:
        pytest.skip(reason)
    process = Zygote()
    yield process
    process.close()


@pytest.fixture
def sandbox(zygote: Zygote, tmp_path: Path) -> Iterator[Sandbox]:
    """A machine with nothing but `lo`, and the test's own directory to run in."""
    machine = zygote.sandbox(tmp_path)
    yield machine
    machine.close()
