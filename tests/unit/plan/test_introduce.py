"""Who is told of whom before every node asks every other one of a large subnet."""

from __future__ import annotations

from ipaddress import ip_interface

import pytest

from iplab.network import Address, Interface, Kind, Namespace, Network, Other, Veth
from iplab.plan import introduce
from iplab.plan.introduce import MANY, introductions
from iplab.plan.matrix import matrix


def network(*addresses: str, kind: Kind | None = None, up: bool = True) -> Network:
    """Nodes n0, n1… with an eth0 each and its addresses, blank between them."""
    return Network(
        {
            f"n{n}": Namespace(
                f"n{n}",
                {
                    "eth0": Interface(
                        "eth0",
                        kind or Veth(),
                        up=up,
                        addresses=tuple(Address(ip_interface(a)) for a in text.split()),
                    )
                },
            )
            for n, text in enumerate(addresses)
        }
    )


def star(count: int) -> list[str]:
    return [f"10.0.0.{1 + n}/24" for n in range(count)]


def said(it: Network, sample: int | None = 0) -> dict[str, list[str]]:
    found = introductions(it, matrix(it, list(it.namespaces), sample).wanted)
    return {node: [" ".join(line) for line in lines] for node, lines in found.items()}


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(introduce, "MANY", 3)


def test_each_gets_an_empty_entry_for_each_other_and_is_heard_by_all() -> None:
    assert said(network(*star(3))) == {
        "n0": [
            "neigh add 10.0.0.2 dev eth0 nud none",
            "neigh add 10.0.0.3 dev eth0 nud none use",
        ],
        "n1": [
            "neigh add 10.0.0.1 dev eth0 nud none",
            "neigh add 10.0.0.3 dev eth0 nud none use",
        ],
        # Whom all the others have asked for is known to them.
        "n2": [
            "neigh add 10.0.0.1 dev eth0 nud none",
            "neigh add 10.0.0.2 dev eth0 nud none",
        ],
    }


def test_a_small_subnet_needs_no_introduction(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(introduce, "MANY", MANY)
    assert said(network(*star(MANY - 1))) == {}
    assert len(said(network(*star(MANY)))) == MANY


def test_only_those_of_one_subnet_are_introduced_to_each_other() -> None:
    found = said(network(*star(3), "10.9.0.1/24", "10.9.0.2/24"))
    assert set(found) == {"n0", "n1", "n2"}
    assert not any("10.9" in line for lines in found.values() for line in lines)


def test_only_pairs_that_ask_each_other() -> None:
    """Where one alone asks, whether the asked one answers its broadcast is to be seen."""
    assert said(network(*star(9)), sample=1) == {}


@pytest.mark.parametrize(
    "it",
    [
        network(*(f"fd00::{n}/64" for n in range(1, 6))),
        network(*(f"169.254.0.{n}/16" for n in range(1, 6))),
        network(*star(5), up=False),
        network(*star(5), kind=Other(name="ipvlan")),
    ],
    ids=["IPv6", "link-local", "down", "no ARP"],
)
def test_where_nobody_is_asked_by_arp_nobody_is_introduced(it: Network) -> None:
    assert said(it) == {}
