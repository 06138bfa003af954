"""The kernel's address list, replayed: what each ioctl leaves, and which commands say so."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Interface

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iplab.legacy.devinet import Inet, Refused, classful
from iplab.legacy.tidy import tidy
from iplab.network import Address
from iplab.operations import AddAddress, DeleteAddress, SetUp


def held(*addresses: str, promote: bool = False, label: str | None = None) -> Inet:
    inet = Inet("host", "v0", promote=promote)
    inet.load(Address(IPv4Interface(a), label=label) for a in addresses)
    return inet


def now(inet: Inet) -> list[str]:
    return [str(h.address.local) for h in inet.held]


@pytest.mark.parametrize(
    ("address", "length"),
    [("10.0.0.1", 8), ("172.16.0.1", 16), ("192.168.1.1", 24), ("240.0.0.1", 32),
     ("255.255.255.255", 0), ("0.0.0.0", 0), ("224.0.0.1", None)],
)  # fmt: skip
def test_classes(address: str, length: int | None) -> None:
    assert classful(IPv4Address(address)) == length


def test_another_address_goes_behind_what_is_left() -> None:
    inet = held("10.0.0.1/24", "192.168.5.1/24")
    inet.set_address("v0", IPv4Address("10.0.0.9"))
    assert now(inet) == ["192.168.5.1/24", "10.0.0.9/8"]
    inet.set_netmask("v0", 16)
    assert now(inet) == ["10.0.0.9/8", "192.168.5.1/16"]


def test_the_same_address_keeps_its_mask() -> None:
    inet = held("10.0.0.1/24")
    inet.set_address("v0", IPv4Address("10.0.0.1"))
    assert inet.operations == []


def test_a_primary_takes_its_secondaries_along_unless_they_are_promoted() -> None:
    lines = ("10.0.0.1/24", "10.0.0.2/24", "10.0.0.3/24")
    gone = held(*lines)
    gone.set_address("v0", IPv4Address(0))
    assert now(gone) == []
    assert [str(a.local) for a in gone.lost] == ["10.0.0.2/24", "10.0.0.3/24"]
    kept = held(*lines, promote=True)
    kept.set_address("v0", IPv4Address(0))
    assert now(kept) == ["10.0.0.2/24", "10.0.0.3/24"]
    assert [h.secondary for h in kept.held] == [False, True]


def test_a_short_subnet_keeps_the_broadcast_of_its_class() -> None:
    inet = held()
    inet.set_address("v0", IPv4Address("10.0.0.1"))
    inet.set_netmask("v0", 31)
    assert str(inet.held[0].address.broadcast) == "10.255.255.255"


def test_nothing_to_change_is_refused() -> None:
    inet = held()
    with pytest.raises(Refused):
        inet.set_netmask("v0", 24)
    with pytest.raises(Refused):
        inet.set_address("v0", IPv4Address("224.0.0.1"))


def test_what_only_passes_by_is_left_out_where_that_is_the_same() -> None:
    inet = held()
    inet.set_address("v0", IPv4Address("10.0.0.1"))
    up = SetUp("host", "v0")
    inet.operations.append(up)
    inet.set_netmask("v0", 24)
    final = Address(IPv4Interface("10.0.0.1/24"), broadcast=IPv4Address("10.0.0.255"))
    assert tidy(inet.operations, had=False, routes=False) == [AddAddress("host", "v0", final), up]
    # The list becomes empty in between, and with it go routes that there may be.
    assert len(tidy(inet.operations, had=False, routes=True)) == len(inet.operations)


_ADDRESSES = st.sampled_from(["10.0.0.1", "10.0.0.2", "10.0.1.1", "192.168.5.1"])


@given(
    start=st.lists(st.tuples(_ADDRESSES, st.sampled_from([8, 16, 24, 32])), max_size=4),
    steps=st.lists(st.tuples(_ADDRESSES, st.sampled_from([None, 8, 24, 30])), max_size=5),
    promote=st.booleans(),
)
def test_the_commands_lead_where_the_replay_does(
    start: list[tuple[str, int]], steps: list[tuple[str, int | None]], promote: bool
) -> None:
    """Taking each written delete and add by itself, on a list of its own, ends in the same list."""
    lines = list(dict.fromkeys(f"{a}/{n}" for a, n in start))
    inet, copy = held(*lines, promote=promote), held(*lines, promote=promote)
    for address, length in steps:
        try:
            inet.set_address("v0", IPv4Address(address))
            if length is not None:
                inet.set_netmask("v0", length)
        except Refused:
            break
    for operation in inet.operations:
        if isinstance(operation, DeleteAddress):
            gone = next(h for h in copy.held if h.address.local == operation.address.local)
            copy._delete(gone)
        elif isinstance(operation, AddAddress):
            copy._insert(operation.address)
    assert now(copy) == now(inet)
