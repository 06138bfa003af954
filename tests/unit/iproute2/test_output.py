"""Each field of what `ip address` and `ip link` print."""

from __future__ import annotations

import pytest

from iplab.errors import IplabError
from iplab.iproute2.messages import LANGUAGES, Messages
from iplab.iproute2.output import looks_like, read

ADDRESS = """\
3: veth0@if3: <NO-CARRIER,BROADCAST,MULTICAST,UP,M-DOWN> mtu 1500 qdisc noqueue state LOWERLAYERDOWN group default qlen 1000
    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff link-netns ns1
    inet 172.18.0.2/24 brd 172.18.0.255 scope global secondary dynamic veth0
       valid_lft 86123sec preferred_lft 3600sec
    inet 10.0.0.1 peer 10.0.0.2/32 scope global veth0:ppp
       valid_lft forever preferred_lft forever
    inet6 fe80::1/64 scope link tentative
       valid_lft forever preferred_lft forever
    alias the cellar
4: veth2@if7: <BROADCAST,MULTICAST> mtu 1500 qdisc noop master br0 state DOWN mode DEFAULT group default qlen 1000
    link/ether 02:00:00:00:00:02 brd ff:ff:ff:ff:ff:ff link-netnsid 0
5: e0.5@e0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default
    link/ether 02:00:00:00:00:03 brd ff:ff:ff:ff:ff:ff
"""  # noqa: E501


def meanings(text: str, lang: str = "en") -> dict[str, dict[str, str]]:
    return {
        device.name: {field.text: field.meaning for field in device.fields}
        for device in read(text, Messages(lang))
    }


@pytest.mark.parametrize(
    ("device", "field", "says"),
    [
        ("veth0", "veth0@if3", "interface number 3 in the namespace ns1"),
        ("veth0", "veth0@if3", "you type veth0"),
        ("veth0", "NO-CARRIER", "no carrier"),
        ("veth0", "M-DOWN", "is down"),
        ("veth0", "state LOWERLAYERDOWN", "other end"),
        ("veth0", "link-netns ns1", "in the namespace ns1"),
        ("veth0", "inet 172.18.0.2/24", "172.18.0.0/24 are its neighbours"),
        ("veth0", "secondary", "not the first"),
        ("veth0", "dynamic", "runs out"),
        ("veth0", "valid_lft 86123sec", "another 86123sec"),
        ("veth0", "preferred_lft forever", "without end"),
        ("veth0", "peer 10.0.0.2/32", "other end"),
        ("veth0", "veth0:ppp", "label"),
        ("veth0", "scope link", "fe80::1%DEV"),
        ("veth0", "tentative", "not usable yet"),
        ("veth0", "alias the cellar", "remark"),
        ("veth2", "veth2@if7", "the one known here as 0"),
        ("veth2", "master br0", "port of br0"),
        ("veth2", "qdisc noop", "dropped"),
        ("veth2", "mode DEFAULT", "link mode"),
        ("e0.5", "e0.5@e0", "e0, a device here too"),
    ],
)
def test_a_field(device: str, field: str, says: str) -> None:
    assert says in meanings(ADDRESS)[device][field]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_field_has_a_meaning(lang: str) -> None:
    assert all(text for fields in meanings(ADDRESS, lang).values() for text in fields.values())


def test_brief() -> None:
    text = (
        "lo               UNKNOWN        127.0.0.1/8 ::1/128 \n"
        "veth0@if3        UP             172.18.0.2/24 \n"
    )
    found = meanings(text)
    assert "lo, tun and dummy" in found["lo"]["UNKNOWN"]
    assert "another namespace" in found["veth0"]["veth0@if3"]
    assert "neighbours" in found["veth0"]["inet 172.18.0.2/24"]


def test_brief_link() -> None:
    text = "veth0@if3  UP  02:00:00:00:00:01 <BROADCAST,UP,LOWER_UP> \n"
    assert {"02:00:00:00:00:01", "LOWER_UP"} <= {*meanings(text)["veth0"]}


def test_one_line_and_colour() -> None:
    text = "4: \x1b[36meth0    \x1b[0minet 10.0.0.1/24 scope global eth0\\       valid_lft forever"
    assert "10.0.0.0/24" in meanings(text)["eth0"]["inet 10.0.0.1/24"]


def test_a_command_is_no_output() -> None:
    assert not looks_like("ip link set veth0 up\n")
    assert looks_like(ADDRESS)
    with pytest.raises(IplabError, match="not what"):
        read("hello\n", Messages("en"))
