"""Whatever comes in: it is read, or refused by an IplabError; never a crash, never long."""

import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.door.inputs import DOORS, seeds
from tests.unit.door.mutate import json_mutant, mutant

SEEDS = seeds()
quick = settings(max_examples=60, deadline=5000, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("door", DOORS)
def test_a_good_input_is_let_in_as_it_is(door: str) -> None:
    for seed in SEEDS[door]:
        DOORS[door](seed)


@pytest.mark.parametrize("door", DOORS)
@quick
@given(data=st.binary(max_size=300))
def test_any_bytes(door: str, data: bytes) -> None:
    DOORS[door](data)


@pytest.mark.parametrize("door", DOORS)
@quick
@given(number=st.integers(0, 2**32))
def test_a_good_input_with_something_else_in_it(door: str, number: int) -> None:
    DOORS[door](mutant(SEEDS[door], random.Random(number)))


@pytest.mark.parametrize(
    "door", ["saved_plan", "signed_plan", "ip_output", "nft_output", "record", "journal"]
)
@settings(quick, max_examples=200)
@given(number=st.integers(0, 2**32))
def test_a_value_of_another_kind_in_the_json(door: str, number: int) -> None:
    DOORS[door](json_mutant(SEEDS[door], random.Random(number)))


@pytest.mark.parametrize("door", ["saved_plan", "ip_output", "nft_output", "record", "journal"])
@pytest.mark.parametrize(
    "data",
    [
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"[" + b"9" * 100_000 + b"]",
        b"[1e400, -1e400, NaN, Infinity]",
        b'{"format": "iplab-plan-1", "hash": null}',
        b"null\n" * 1000,
        b"\xff\xfe\x00\x00",
        json.dumps({"nftables": [{"rule": []}, 5, None, {"chain": {"name": {}}}]}).encode(),
    ],
    ids=lambda data: repr(data[:12]),
)
def test_too_deep_and_too_large(door: str, data: bytes) -> None:
    DOORS[door](data)


def test_the_doors_do_not_swallow_what_is_no_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    # The proof that a crash would be seen.
    def crash(*_: Any, **__: Any) -> None:
        raise RecursionError

    from tests.unit.door import inputs

    monkeypatch.setattr("iplab.observe.nat_table", crash)
    monkeypatch.setattr("iplab.lab.loads", crash)
    doors: list[Callable[[bytes], None]] = [inputs.nft_output, inputs.lab_file]
    for door in doors:
        with pytest.raises(RecursionError):
            door(b"{}")
