"""Strategies for starting states and for the command lines of the old tools.

The pools are small, so that addresses, labels and subnets collide often: that is where the old
tools do what nobody expects.
"""

from __future__ import annotations

from hypothesis import strategies as st

V0, V1 = "02:00:00:00:00:01", "02:00:00:00:00:02"
PAIR = f"ip link add v0 address {V0} type veth peer name v1 address {V1}"

LOCALS = ["10.0.0.1", "10.0.0.2", "10.0.0.9", "10.0.1.1", "172.16.0.1", "192.168.5.1"]
ODD = ["127.0.0.5", "224.0.0.1", "255.255.255.255", "240.0.0.1", "0.0.0.0", "10.1", "0x0a000002"]
LENGTHS = [8, 16, 24, 24, 24, 25, 30, 31, 32]
MASKS = [
    "255.0.0.0", "255.255.0.0", "255.255.255.0", "255.255.255.0", "255.255.255.252",
    "255.255.255.254", "255.255.255.255", "0.0.0.0", "255.0.255.0", "0xffffff00",
]  # fmt: skip
SIX = ["2001:db8::1/64", "2001:db8::1", "fe80::5/64", "2001:db8::2/128"]
NAMES = ["v0", "v0", "v0", "v0", "v0:0", "v0:1", "lo"]


@st.composite
def addresses(draw: st.DrawFn, device: str = "v0") -> str:
    """One ``ip addr add`` on a device."""
    local = draw(st.sampled_from(LOCALS))
    words = ["ip addr add"]
    if draw(st.integers(0, 5)) == 0:
        peer, length = draw(st.sampled_from(LOCALS)), draw(st.sampled_from(LENGTHS))
        words.append(f"{local} peer {peer}/{length}")
    else:
        words.append(f"{local}/{draw(st.sampled_from(LENGTHS))}")
    words.append(draw(st.sampled_from(["", "brd +", "brd 10.9.9.9"])))
    words.append(f"dev {device}")
    words.append(draw(st.sampled_from(["", "", f"label {device}:0", f"label {device}:1"])))
    words.append(draw(st.sampled_from(["", "", "", "metric 77", "noprefixroute", "scope link"])))
    words.append(draw(st.sampled_from(["", "", "", "", "valid_lft 5000 preferred_lft 3000"])))
    return " ".join(w for w in words if w)


@st.composite
def states(draw: st.DrawFn) -> list[str]:
    """Setup lines: v0, wired to v1, with addresses and routes; some may fail, alike in both."""
    lines = [PAIR, "ip link set v1 up"]
    if draw(st.booleans()):
        lines.append("ip link set lo up")
    if draw(st.integers(0, 3)) == 0:
        lines.append("echo 1 > /proc/sys/net/ipv4/conf/all/promote_secondaries")
    up_first = draw(st.booleans())
    if up_first:
        lines.append("ip link set v0 up")
    lines += draw(st.lists(addresses(), max_size=4))
    if draw(st.integers(0, 3)) == 0:
        lines.append(draw(addresses("v1")))
    if draw(st.integers(0, 3)) == 0:
        lines.append("ip addr add 2001:db8::1/64 dev v0")
    if not up_first and draw(st.booleans()):
        lines.append("ip link set v0 up")
    lines += draw(st.lists(routes(), max_size=3))
    return lines


@st.composite
def routes(draw: st.DrawFn) -> str:
    """One ``ip route append``."""
    kind = draw(st.sampled_from(["", "", "", "", "unreachable", "blackhole", "prohibit"]))
    prefix = draw(st.sampled_from(["default", "10.5.0.0/16", "10.5.5.5/32", "10.0.0.0/8"]))
    words = ["ip route append", kind, prefix]
    if not kind:
        hop = draw(st.sampled_from(["", "via 10.0.0.2", "via 192.168.5.9", "via 10.0.1.7"]))
        words += [hop, "dev v0" if not hop or draw(st.booleans()) else ""]
    words.append(draw(st.sampled_from(["", "", "metric 5", "metric 100", "proto static"])))
    return " ".join(w for w in words if w)


@st.composite
def ifconfig_lines(draw: st.DrawFn) -> str:
    """One ifconfig line that changes something, or should be refused."""
    words = ["ifconfig", draw(st.sampled_from(NAMES))]
    for _ in range(draw(st.integers(1, 4))):
        words += draw(_settings)
    return " ".join(words)


_settings = st.one_of(
    st.sampled_from(LOCALS).map(lambda a: [a]),
    st.sampled_from(LOCALS).map(lambda a: [a]),
    st.sampled_from(ODD).map(lambda a: [a]),
    st.tuples(st.sampled_from(LOCALS), st.sampled_from([8, 16, 24, 30, 31, 0])).map(
        lambda p: [f"{p[0]}/{p[1]}"]
    ),
    st.sampled_from(MASKS).map(lambda m: ["netmask", m]),
    st.sampled_from(MASKS).map(lambda m: ["netmask", m]),
    st.sampled_from(["10.0.0.255", "10.9.9.9", "0.0.0.0", "+"]).map(lambda b: ["broadcast", b]),
    st.sampled_from(LOCALS).map(lambda p: ["pointopoint", p]),
    st.sampled_from(LOCALS).map(lambda p: ["dstaddr", p]),
    st.sampled_from(
        ["up", "up", "down", "promisc", "-promisc", "arp", "-arp", "allmulti", "-allmulti",
         "multicast", "-multicast", "dynamic", "-dynamic", "trailers", "-trailers", "broadcast",
         "-broadcast", "-pointopoint", "netmask", "metric", "alias"]
    ).map(lambda w: [w]),
    st.sampled_from(["1400", "1500", "1280", "1000", "60", "abc", "-5"]).map(lambda m: ["mtu", m]),
    st.sampled_from(["0", "500", "0x10"]).map(lambda q: ["txqueuelen", q]),
    st.sampled_from(["02:0:0:0:0:9", "020000000009", "02-00-00-00-00-09", "zz"]).map(
        lambda m: ["hw", "ether", m]
    ),
    st.sampled_from(LOCALS).map(lambda a: ["add", a]),
    st.sampled_from(LOCALS).map(lambda a: ["del", a]),
    st.sampled_from(SIX).map(lambda a: ["add", a]),
    st.sampled_from(SIX).map(lambda a: ["del", a]),
    st.sampled_from(["w0", "v1", "v0"]).map(lambda n: ["name", n]),
)  # fmt: skip


@st.composite
def route_lines(draw: st.DrawFn) -> str:
    """One ``route add|del`` line for IPv4."""
    words = ["route", draw(st.sampled_from(["add", "add", "del"]))]
    target = draw(
        st.sampled_from(
            ["default", "default", "-net 10.5.0.0/16", "-net 10.0.0.0/8",
             "-net default", "-net 10.5.0.0 netmask 255.255.0.0", "-net 10.5.0.0/16",
             "-host 10.5.5.5", "10.5.5.5", "10.5.0.0", "-net 10.0.0.0 netmask 255.0.0.0",
             "-net 0.0.0.0", "0.0.0.0", "-net 10.5.0.0", "10.5.0.0/16", "-net 10.5.5.5/32",
             "-net 10.5.5.5 netmask 255.255.255.255", "-host 10.5.5.5 netmask 255.255.0.0",
             "-net 10/8", "-net 10.5.1.0/16", "-net 10.0.0.0/24", "-net 192.168.5.0/24",
             "-host default", "10.5.5.5/0"]
        )
    )  # fmt: skip
    words.append(target)
    extras = [
        st.sampled_from(["gw 10.0.0.2", "gw 192.168.5.9", "gw 10.0.0.1", "gw 0.0.0.0", "gw 10.2",
                         "gw 10.0.1.7", "gateway 10.0.0.2"]),
        st.sampled_from(["metric 5", "metric 0", "metric 100", "metric x"]),
        st.sampled_from(["mss 1500", "mtu 500", "mss 10", "window 2000", "window 5", "irtt 40"]),
        st.sampled_from(["reject", "mod", "dyn", "reinstate"]),
        st.sampled_from(["dev v0", "dev v0:0", "dev v1", "dev v9", "device v0", "dev lo"]),
    ]  # fmt: skip
    weights = [2, 3, 6, 8, 2]
    for extra, weight in zip(extras, weights, strict=True):
        if draw(st.integers(0, weight)) == 0 or (weight == 2 and draw(st.booleans())):
            words.append(draw(extra))
    if "dev" not in " ".join(words) and draw(st.integers(0, 4)) == 0:
        words.append("v0")
    return " ".join(words)


@st.composite
def route6_lines(draw: st.DrawFn) -> str:
    """One ``route -A inet6 add|del`` line."""
    words = ["route", draw(st.sampled_from(["-A inet6", "--inet6", "-6"]))]
    words.append(draw(st.sampled_from(["add", "add", "del"])))
    words.append(
        draw(
            st.sampled_from(
                ["2001:db8:5::/48", "2001:db8:5::7", "2001:db8:5::7/128", "default", "::/0",
                 "2001:db8:5::7/48", "2001:db8::/64"]
            )
        )
    )  # fmt: skip
    if draw(st.booleans()):
        words.append(draw(st.sampled_from(["gw 2001:db8::9", "gw fe80::9", "gw 2001:db8::1"])))
    if draw(st.booleans()):
        words.append(draw(st.sampled_from(["metric 5", "metric 0", "metric 1", "metric 1024"])))
    if draw(st.integers(0, 2)):
        words.append(draw(st.sampled_from(["dev v0", "v0", "dev v9"])))
    return " ".join(words)


@st.composite
def arp_lines(draw: st.DrawFn) -> str:
    """One arp line that sets or deletes."""
    host = draw(
        st.sampled_from(["10.0.0.7", "10.0.0.7", "10.0.0.8", "10.0.0.9", "10.0.0.1", "10.44.0.1"])
    )
    device = draw(st.sampled_from(["", "", "-i v0", "-i v0", "-i v0", "-i v1", "-i v9"]))
    if draw(st.integers(0, 2)) == 0:
        modifier = draw(st.sampled_from(["", "pub", "priv", "temp", "dontpub", "dev v0"]))
        return " ".join(f"arp {device} -d {host} {modifier}".split())
    lladdr = draw(st.sampled_from(["02:00:00:00:00:77", "2:0:0:0:0:9", V0, V1, "zz"]))
    use = draw(st.sampled_from(["", "", "", "-D"]))
    if use:
        lladdr = draw(st.sampled_from(["v0", "v1", "v9"]))
    modifiers = draw(
        st.lists(
            st.sampled_from(
                ["pub", "temp", "trail", "auto", "priv", "dev v0", "netmask 255.255.255.255",
                 "netmask 0.0.0.0", "netmask 255.0.0.0", "dontpub"]
            ),
            max_size=1 if draw(st.booleans()) else 2,
        )
    )  # fmt: skip
    return " ".join(f"arp {device} {use} -s {host} {lladdr} {' '.join(modifiers)}".split())


@st.composite
def neighbourhoods(draw: st.DrawFn) -> list[str]:
    """v0 and v1 with addresses, up or down, and some neighbours."""
    lines = [PAIR, "ip link set v1 up", "ip link set lo up", "ip addr add 10.0.0.1/24 dev v0"]
    if draw(st.integers(0, 4)):
        lines.append("ip link set v0 up")
    if draw(st.booleans()):
        lines.append("ip addr add 10.0.0.4/25 dev v1")
    entries = [
        "ip neigh add 10.0.0.7 lladdr 02:00:00:00:00:07 nud permanent dev v0",
        "ip neigh add 10.0.0.8 lladdr 02:00:00:00:00:08 nud stale dev v0",
        "ip neigh add 10.0.0.8 lladdr 02:00:00:00:00:08 nud permanent dev v1",
        "ip neigh add proxy 10.0.0.9 dev v0",
        "ip neigh add proxy 10.0.0.7 dev v0",
        "ip neigh add proxy 10.0.0.8 dev v1",
    ]
    return lines + draw(st.lists(st.sampled_from(entries), unique=True, max_size=4))


@st.composite
def brctl_lines(draw: st.DrawFn) -> str:
    """One brctl line."""
    bridge = draw(st.sampled_from(["br0", "br0", "br1", "v0", "br9"]))
    port = draw(st.sampled_from(["v0", "v1", "br1", "v9"]))
    number = draw(
        st.sampled_from(["0", "1", "2.55", "15", "30", "100", "0x20", "010", "63", "65535", "x"])
    )
    switch = draw(st.sampled_from(["on", "off", "yes", "0", "maybe"]))
    return draw(
        st.sampled_from(
            [f"brctl addbr {bridge}", f"brctl delbr {bridge}", f"brctl addif {bridge} {port}",
             f"brctl delif {bridge} {port}", f"brctl addif {bridge} v0 v1",
             f"brctl stp {bridge} {switch}", f"brctl setfd {bridge} {number}",
             f"brctl sethello {bridge} {number}", f"brctl setmaxage {bridge} {number}",
             f"brctl setageing {bridge} {number}", f"brctl setbridgeprio {bridge} {number}",
             f"brctl setpathcost {bridge} {port} {number}",
             f"brctl setportprio {bridge} {port} {number}",
             f"brctl hairpin {bridge} {port} {switch}"]
        )
    )  # fmt: skip


@st.composite
def switches(draw: st.DrawFn) -> list[str]:
    """Two bridges, with ports or without, up or down."""
    lines = [
        PAIR,
        "ip link add br0 address 02:00:00:00:00:10 type bridge",
        "ip link add br1 address 02:00:00:00:00:11 type bridge",
    ]
    extras = [
        "ip link set v0 master br0",
        "ip link set v1 master br1",
        "ip link set v1 master br0",
        "ip link set v0 up",
        "ip link set br0 up",
        "ip link set br0 type bridge stp_state 1",
    ]
    return lines + [line for line in extras if draw(st.booleans())]


@st.composite
def iptunnel_lines(draw: st.DrawFn) -> str:
    """One iptunnel line that adds, changes or deletes."""
    words = [
        "iptunnel",
        draw(st.sampled_from(["add", "add", "add", "a", "change", "del", "delete"])),
    ]
    words.append(draw(st.sampled_from(["gre1", "gre2", "tun1", "tun7", "ipip1", "sit9", ""])))
    settings = [
        st.sampled_from(["mode gre", "mode ipip", "mode sit", "mode gre/ip"]),
        st.sampled_from(["remote 192.0.2.2", "remote 10.1", "remote any", "remote 224.0.0.5"]),
        st.sampled_from(["local 10.0.0.1", "local any", "local 10.0.0.300"]),
        st.sampled_from(["ttl 64", "ttl 0x10", "ttl 010", "ttl inherit", "ttl 300", "ttl 0"]),
        st.sampled_from(["tos 10", "tos 0x10", "tos inherit", "tos 300", "tos x"]),
        st.sampled_from(["key 7", "key 1.2.3.4", "ikey 5", "okey 0x5", "okey 1.2.3.4", "key -1"]),
        st.sampled_from(["seq", "icsum", "ocsum", "csum", "nopmtudisc", "pmtudisc"]),
        st.sampled_from(["dev lo", "dev nope", "name x", "hoplimit 4", "x", "mode"]),
    ]
    for setting, weight in zip(settings, [0, 1, 2, 2, 3, 3, 4, 9], strict=True):
        if draw(st.integers(0, weight)) == 0:
            words.append(draw(setting))
    return " ".join(word for word in words if word)


@st.composite
def iwconfig_lines(draw: st.DrawFn) -> str:
    """One iwconfig line that changes something, or should be refused."""
    settings = st.sampled_from(
        ["mode managed", "mode Monitor", "mode ad-hoc", "mode 1", "mode master", "mode x",
         "channel 1", "channel 14", "chan 149", "channel auto", "channel 6 fixed", "channel 1.5",
         "freq 2.412G", "freq 5.18G", "freq 5180M", "freq 2447000k", "freq 2.4", "freq 2472e6",
         "txpower 0", "txpower 17dBm", "txpower 3mW", "txpower 10mW", "txpower 50mW",
         "txpower 999mW", "txpower 12 auto", "txpower 12 fixed", "txpower auto", "txpower off",
         "txpower -3", "power on", "power off", "power all", "essid cafe", "essid off",
         "essid -- off", "ESSID x", "essid - y", "nick z", "rate 11M", "po off", "tx 5", "frob"]
    )  # fmt: skip
    return " ".join(["iwconfig wlan0", *draw(st.lists(settings, min_size=1, max_size=3))])


@st.composite
def mii_tool_lines(draw: st.DrawFn) -> str:
    """One mii-tool line."""
    medium = st.sampled_from(
        ["10baseT-HD", "10baset-fd", "100baseTx-HD", "100baseTx-FD", "100baseTx", "10baseT",
         "100baseT4", "1000baseT", "1000baseT-FD", "frob", "0x40", "1e0", "20", "0"]
    )  # fmt: skip
    media = ",".join(draw(st.lists(medium, min_size=1, max_size=3)))
    options = st.sampled_from([f"-F {media}", f"-A {media}", f"--advertise={media}", "-r", "-v"])
    return " ".join(["mii-tool", *draw(st.lists(options, max_size=2, unique=True)), "lo"])
