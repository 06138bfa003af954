"""What holds for every unit test."""

import os
from typing import Any

import pytest
from hypothesis import settings

# A busy machine is no fault; where time is what is tested, the test says how long.
# The same examples each time: a change is judged by what it changed.  New ones are looked for by
# `scripts/fuzz`, and by IPLAB_RANDOM=1 here.
settings.register_profile("iplab", deadline=None, derandomize="IPLAB_RANDOM" not in os.environ)
settings.load_profile("iplab")


@pytest.fixture(autouse=True)
def no_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an ordinary user `enter` would put iplab in the place of the tests themselves."""

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a unit test asks for a sandbox")

    monkeypatch.setattr("iplab.run.sandbox.enter", refuse)
