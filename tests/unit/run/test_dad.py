"""Waiting for IPv6 addresses on trial."""

from __future__ import annotations

from ipaddress import ip_interface

import pytest

from iplab.network import Address, Interface, Namespace, Network, Veth
from iplab.run import dad
from iplab.run.look import Scope
from iplab.run.machine import Machine


def one(address: str, *, tentative: bool, up: bool = True) -> Network:
    """A device with an address."""
    held = (Address(ip_interface(address), tentative=tentative),)
    return Network({"n": Namespace("n", {"e": Interface("e", Veth(), up=up, addresses=held)})})


@pytest.mark.parametrize(
    ("address", "up", "link_local", "looks"),
    [
        ("fd00::1/64", True, False, 2),
        ("fd00::1/64", False, False, 1),
        ("fe80::1/64", True, True, 2),
        ("fe80::1/64", True, False, 1),
    ],
)
def test_it_looks_until_no_address_that_counts_is_on_trial(
    monkeypatch: pytest.MonkeyPatch, address: str, up: bool, link_local: bool, looks: int
) -> None:
    first = one(address, tentative=True, up=up)
    seen = [first, one(address, tentative=False, up=up)]
    left = iter(seen)
    monkeypatch.setattr(dad, "look", lambda *_: next(left))
    monkeypatch.setattr(dad, "_PAUSE", 0)
    found = dad.settled(Machine(), Scope(("n",)), link_local=link_local)
    assert found is seen[looks - 1]


def test_its_patience_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    trial = one("fd00::1/64", tentative=True)
    monkeypatch.setattr(dad, "look", lambda *_: trial)
    monkeypatch.setattr(dad, "PATIENCE", 0)
    assert dad.settled(Machine(), Scope(("n",)), link_local=False) is trial
