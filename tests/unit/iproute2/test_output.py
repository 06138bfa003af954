"""Each field of what `ip address` and `ip link` print."""

from __future__ import annotations

import pytest

from iplab.errors import IplabError
from iplab.iproute2.output import looks_like, read
from iplab.messages import LANGUAGES, Messages

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


ROUTES = """\
default via 10.0.0.2 dev x proto dhcp metric 100
10.0.0.0/24 dev x proto kernel scope link src 10.0.0.1 linkdown
blackhole 10.8.0.0/16
10.9.0.0/16 proto bird
\tnexthop via 10.0.0.3 dev x weight 2
\tnexthop via inet6 fe80::4 dev x weight 1 dead
local 10.0.0.1 dev x table local proto kernel scope host src 10.0.0.1
fe80::/64 dev x proto kernel metric 256 pref medium
"""


@pytest.mark.parametrize(
    ("route", "field", "says"),
    [
        ("default", "default", "no other route fits"),
        ("default", "via 10.0.0.2", "gateway 10.0.0.2"),
        ("default", "proto dhcp", "DHCP"),
        ("10.0.0.0/24", "scope link", "on this very wire"),
        ("10.0.0.0/24", "src 10.0.0.1", "for their source"),
        ("10.0.0.0/24", "linkdown", "no signal"),
        ("blackhole", "blackhole", "vanish"),
        ("blackhole", "10.8.0.0/16", "longest prefix"),
        ("10.9.0.0/16", "proto bird", "who wrote it: bird"),
        ("10.9.0.0/16", "via fe80::4", "gateway fe80::4"),
        ("10.9.0.0/16", "dead", "not used"),
        ("local", "table local", "routing table local"),
        ("fe80::/64", "pref medium", "medium"),
    ],
)
def test_fields_of_routes(route: str, field: str, says: str) -> None:
    assert looks_like(ROUTES)
    assert says in meanings(ROUTES)[route][field]


NEIGHBOURS = """\
10.0.0.9 dev x lladdr 02:00:00:00:00:01 PERMANENT
10.0.0.7 dev x  FAILED
fe80::1 dev x lladdr 02:00:00:00:00:02 router STALE
10.0.0.99 dev x proxy
"""


@pytest.mark.parametrize(
    ("neighbour", "field", "says"),
    [
        ("10.0.0.9", "lladdr 02:00:00:00:00:01", "MAC address"),
        ("10.0.0.9", "PERMANENT", "by hand"),
        ("10.0.0.7", "FAILED", "does not answer"),
        ("fe80::1", "router", "is a router"),
        ("fe80::1", "STALE", "some time ago"),
        ("10.0.0.99", "proxy", "in its place"),
    ],
)
def test_fields_of_neighbours(neighbour: str, field: str, says: str) -> None:
    assert looks_like(NEIGHBOURS)
    assert says in meanings(NEIGHBOURS)[neighbour][field]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (
            '[{"type":"blackhole","dst":"10.8.0.0/16","flags":[]},{},'
            '{"dst":"default","gateway":"10.0.0.2","dev":"x","protocol":"dhcp","metric":100,'
            '"flags":["linkdown"]},{"dst":"10.9.0.0/16","flags":[],"nexthops":'
            '[{"gateway":"10.0.0.3","dev":"x","weight":2,"flags":[]}]}]',
            ["blackhole 10.8.0.0/16", "default via 10.0.0.2 dev x proto dhcp metric 100 linkdown",
             "10.9.0.0/16", "\tnexthop via 10.0.0.3 dev x weight 2"],
        ),
        (
            '[{"dst":"10.0.0.9","dev":"x","lladdr":"02:00:00:00:00:01","state":["STALE"]},'
            '{"dst":"10.0.0.99","dev":"x","proxy":null}]',
            ["10.0.0.9 dev x lladdr 02:00:00:00:00:01 STALE", "10.0.0.99 dev x proxy"],
        ),
        (
            '[{"link_index":2,"ifname":"x","operstate":"DOWN","addr_info":[{"local":"10.0.0.1",'
            '"prefixlen":24}]}]',
            ["x@if2 DOWN 10.0.0.1/24"],
        ),
        (
            '[{"ifindex":2,"link":"y","ifname":"x","flags":["UP"],"mtu":1500,"operstate":"UP",'
            '"link_type":"ether","address":"02:00:00:00:00:01","link_netns":"a","addr_info":['
            '{"family":"inet","local":"10.0.0.1","address":"10.0.0.2","prefixlen":32,'
            '"scope":"global","dynamic":true,"label":"x","valid_life_time":60,'
            '"preferred_life_time":4294967295}]}]',
            ["2: x@y: <UP> mtu 1500 state UP",
             "    link/ether 02:00:00:00:00:01 link-netns a",
             "    inet 10.0.0.1 peer 10.0.0.2/32 scope global dynamic x",
             "       valid_lft 60sec preferred_lft forever"],
        ),
    ],
)  # fmt: skip
def test_json_is_read_as_the_lines_that_ip_prints_without_it(text: str, lines: list[str]) -> None:
    found = read(text, Messages("en"))
    assert [line for device in found for line in device.lines] == lines
    assert looks_like(text)


@pytest.mark.parametrize("text", ["[", "[1]", '[{"ifname": 1}]', '[{"x": {}}]', "{}", "[{}]"])
def test_other_json_is_no_such_output(text: str) -> None:
    assert not looks_like(text)
    with pytest.raises(IplabError, match="this is not what"):
        read(text, Messages("en"))


@pytest.mark.parametrize(
    "text", ["ip route add default via 10.0.0.1", "ip n", "route add default gw 10.0.0.1", "local"]
)
def test_commands_are_no_output(text: str) -> None:
    assert not looks_like(text)


def test_a_line_below_a_route_may_be_cut_short() -> None:
    (device,) = read("default via 10.0.0.1 dev eth0\n    unicast\n", Messages("en"))
    assert [field.text for field in device.fields][-1] == "unicast"


def test_a_word_that_is_called_like_a_key_with_a_value_is_told_nothing_false_of() -> None:
    (device,) = read("10.0.0.7 dev-1 address lladdr 02:00:00:00:00:07 REACHABLE\n", Messages("en"))
    told = {field.text: field.meaning for field in device.fields}
    assert told["dev-1"] == told["address"]
    assert "dev-1" not in told["dev-1"]


COUNTED = """\
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN mode DEFAULT group default qlen 1000
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
    RX:  bytes packets errors dropped  missed   mcast           
          1764      21      0       0       0       0 
    RX errors:  length    crc   frame    fifo overrun
                     0      3       0       0       0 
    TX:  bytes packets errors dropped carrier collsns           
         1.76K      21      0       0       0       0 
    TX errors: aborted   fifo  window heartbt transns
                     0      0       0       0       2 
"""  # noqa: E501, W291


def test_what_is_counted_has_its_number_and_its_meaning() -> None:
    fields = meanings(COUNTED)["lo"]
    assert fields["RX bytes 1764"] == "bytes that came in"
    assert "checksum" in fields["RX errors crc 3"]
    assert fields["TX bytes 1.76K"] == "bytes that went out"
    assert "carrier came or went" in fields["TX errors transns 2"]
    assert not any("setting of this kind" in meaning for meaning in fields.values())
    (device,) = read(COUNTED, Messages("en"))
    assert device.lines == COUNTED.splitlines()


DETAILS = """\
6: vx: <BROADCAST,MULTICAST> mtu 1450 qdisc noop state DOWN mode DEFAULT group default qlen 1000
    link/ether be:03:07:05:66:cd brd ff:ff:ff:ff:ff:ff promiscuity 0  allmulti 0 minmtu 68 maxmtu 65535
    vxlan id 5 remote 10.0.0.2 dev v srcport 0 0 dstport 4789 ttl auto udpcsum addrgenmode eui64
7: m@v: <BROADCAST,MULTICAST> mtu 1500 qdisc noop state DOWN mode DEFAULT group default qlen 1000
    link/ether be:03:07:05:66:ce brd ff:ff:ff:ff:ff:ff promiscuity 1  allmulti 0 minmtu 68 maxmtu 65535
    macvlan mode bridge bcqueuelen 1000
"""  # noqa: E501


@pytest.mark.parametrize(
    ("device", "field", "says"),
    [
        ("vx", "promiscuity 0", "only the frames that are for it"),
        ("m", "promiscuity 1", "every frame"),
        ("vx", "minmtu 68", "smallest mtu"),
        ("vx", "vxlan", "what kind of device"),
        ("vx", "id 5", "number of the network"),
        ("vx", "remote 10.0.0.2", "other end"),
        ("vx", "srcport 0 0", "UDP ports"),
        ("vx", "dstport 4789", "UDP port"),
        ("vx", "udpcsum", "a setting of this kind of device"),
        ("m", "mode bridge", "others on the same device"),
    ],
)
def test_the_details_have_a_line_each(device: str, field: str, says: str) -> None:
    assert says in meanings(DETAILS)[device][field]
    assert meanings(DETAILS, "zh-TW")[device][field]
