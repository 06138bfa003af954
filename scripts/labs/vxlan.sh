#!/bin/sh
# Lab vxlan, written by `iplab script vxlan.yaml` (commands in style direct).
# Needs iproute2, sysctl (procps), ping for `check`, root, and a POSIX shell; iplab itself is not needed.
#
#   vxlan.sh up      run the commands below; if one fails, or at Ctrl-C, take away what was made
#   vxlan.sh down    take away what `up` made, and nothing else
#   vxlan.sh check   compare the machine with the lab, and ping
#
# `check` looks at addresses, up and down, mtu, ports, routes, settings and masquerading; not at the
# kind and MAC of a device, at rate, delay and loss, or at what is there besides.
set -u
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH

# The number of the last command begun, kept until `down`; /run is empty after a reboot.
state=/run/iplab-script-vxlan
stopped=0

# record NUMBER: keep it, at once or not at all.
record() {
    printf '%s\n' "$1" >"$state:new" && mv -f "$state:new" "$state"
}

# step NUMBER COMMAND...: run one command of `up`.
step() {
    number=$1
    shift
    printf '+ %s\n' "$*"
    record "$number" || exit 1
    "$@" || not_done "$?"
    [ "$stopped" -eq 0 ] || exit "$stopped"
}

# not_done CODE: the command failed; what it was to make may be there, as somebody else's.
not_done() {
    case $1 in
    129 | 130 | 137 | 143) ;; # a signal ended it: it may have done its work before
    *) record "$((number - 1))" || exit 1 ;;
    esac
    [ "$stopped" -eq 0 ] || exit "$stopped"
    printf 'command %s failed; ' "$number" >&2
    exit 1
}

# unfinished: `up` ends before it is done.
unfinished() {
    code=$?
    trap '' HUP INT TERM
    echo "taking away what was made" >&2
    take_away
    exit "$code"
}

# begun NUMBER: whether that command of `up` was begun.
begun() {
    [ "$last" -ge "$1" ]
}

# namespace NAME, device NAME, …: whether the host has it.  (A device is not looked for in /sys,
# which may show another namespace's.)
namespace() {
    [ -e "/run/netns/$1" ]
}

# undo COMMAND...: run it, and remember if it fails.
undo() {
    printf '+ %s\n' "$*"
    "$@" || failed=1
}

up() {
    if [ -e "$state" ]; then
        echo "vxlan is up already (or was not taken down whole): vxlan.sh down" >&2
        exit 1
    fi
    rm -f "$state":*
    record 0 || exit 1
    trap unfinished EXIT
    trap 'stopped=129' HUP
    trap 'stopped=130' INT
    trap 'stopped=143' TERM
    # west is a node of the lab
    step 1 ip netns add west
    # core is a node of the lab
    step 2 ip netns add core
    # east is a node of the lab
    step 3 ip netns add east
    # vm1 is a node of the lab
    step 4 ip netns add vm1
    # vm2 is a node of the lab
    step 5 ip netns add vm2
    # core is to have net.ipv4.ip_forward=1
    step 6 ip netns exec core sysctl -w net.ipv4.ip_forward=1
    # the link between west:eth0 and core:to-west
    step 7 ip link add eth0 netns west type veth peer name to-west netns core
    # the link between west:vm1-eth0 and vm1:eth0
    step 8 ip link add vm1-eth0 netns west type veth peer name eth0 netns vm1
    # the link between core:to-east and east:eth0
    step 9 ip link add to-east netns core type veth peer name eth0 netns east
    # the link between east:vm2-eth0 and vm2:eth0
    step 10 ip link add vm2-eth0 netns east type veth peer name eth0 netns vm2
    # west:br0 is a bridge of the lab
    step 11 ip -n west link add br0 type bridge
    # west:vx0 is a vxlan of the lab
    step 12 ip -n west link add vx0 type vxlan id 73 remote 10.73.2.2 local 10.73.1.2 dev eth0 dstport 4789
    # west:lo is to be up
    step 13 ip -n west link set lo up
    # west:eth0 is to have 10.73.1.2/24
    step 14 ip -n west addr add 10.73.1.2/24 dev eth0
    # west:eth0 is to be up
    step 15 ip -n west link set eth0 up
    # west:br0 is to have mtu 1450
    step 16 ip -n west link set br0 mtu 1450
    # west:br0 is to be up
    step 17 ip -n west link set br0 up
    # west:vm1-eth0 has mtu 1500, not 1450
    step 18 ip -n west link set vm1-eth0 mtu 1450
    # west:vm1-eth0 is to be a port of br0
    step 19 ip -n west link set vm1-eth0 master br0
    # west:vm1-eth0 is to be up
    step 20 ip -n west link set vm1-eth0 up
    # west:vx0 is to be a port of br0
    step 21 ip -n west link set vx0 master br0
    # west:vx0 is to be up
    step 22 ip -n west link set vx0 up
    # west is to have this route
    step 23 ip -n west route add 10.73.2.0/24 via 10.73.1.1 dev eth0
    # core:lo is to be up
    step 24 ip -n core link set lo up
    # core:to-west is to have 10.73.1.1/24
    step 25 ip -n core addr add 10.73.1.1/24 dev to-west
    # core:to-west is to be up
    step 26 ip -n core link set to-west up
    # core:to-east is to have 10.73.2.1/24
    step 27 ip -n core addr add 10.73.2.1/24 dev to-east
    # core:to-east is to be up
    step 28 ip -n core link set to-east up
    # east:br0 is a bridge of the lab
    step 29 ip -n east link add br0 type bridge
    # east:vx0 is a vxlan of the lab
    step 30 ip -n east link add vx0 type vxlan id 73 remote 10.73.1.2 local 10.73.2.2 dev eth0 dstport 4789
    # east:lo is to be up
    step 31 ip -n east link set lo up
    # east:eth0 is to have 10.73.2.2/24
    step 32 ip -n east addr add 10.73.2.2/24 dev eth0
    # east:eth0 is to be up
    step 33 ip -n east link set eth0 up
    # east:br0 is to have mtu 1450
    step 34 ip -n east link set br0 mtu 1450
    # east:br0 is to be up
    step 35 ip -n east link set br0 up
    # east:vm2-eth0 has mtu 1500, not 1450
    step 36 ip -n east link set vm2-eth0 mtu 1450
    # east:vm2-eth0 is to be a port of br0
    step 37 ip -n east link set vm2-eth0 master br0
    # east:vm2-eth0 is to be up
    step 38 ip -n east link set vm2-eth0 up
    # east:vx0 is to be a port of br0
    step 39 ip -n east link set vx0 master br0
    # east:vx0 is to be up
    step 40 ip -n east link set vx0 up
    # east is to have this route
    step 41 ip -n east route add 10.73.1.0/24 via 10.73.2.1 dev eth0
    # vm1:lo is to be up
    step 42 ip -n vm1 link set lo up
    # vm1:eth0 has mtu 1500, not 1450
    step 43 ip -n vm1 link set eth0 mtu 1450
    # vm1:eth0 is to have 10.74.0.1/24
    step 44 ip -n vm1 addr add 10.74.0.1/24 dev eth0
    # vm1:eth0 is to be up
    step 45 ip -n vm1 link set eth0 up
    # vm2:lo is to be up
    step 46 ip -n vm2 link set lo up
    # vm2:eth0 has mtu 1500, not 1450
    step 47 ip -n vm2 link set eth0 mtu 1450
    # vm2:eth0 is to have 10.74.0.2/24
    step 48 ip -n vm2 addr add 10.74.0.2/24 dev eth0
    # vm2:eth0 is to be up
    step 49 ip -n vm2 link set eth0 up
    trap - EXIT HUP INT TERM
    echo "vxlan is up"
}

# Last made, first taken away.  What is in a namespace goes with the namespace.
take_away() {
    failed=0
    last=$(cat "$state")
    case $last in
    '' | *[!0-9]* | ???????*)
        echo "$state should hold the number of the last command of \`up\`, and does not: nothing was" >&2
        echo "removed; if all that the lab has is by \`up\`: echo 49 >$state; vxlan.sh down" >&2
        exit 4
        ;;
    esac
    if begun 5 && namespace vm2; then undo ip netns del vm2; fi
    if begun 4 && namespace vm1; then undo ip netns del vm1; fi
    if begun 3 && namespace east; then undo ip netns del east; fi
    if begun 2 && namespace core; then undo ip netns del core; fi
    if begun 1 && namespace west; then undo ip netns del west; fi
    if [ "$failed" -ne 0 ]; then
        echo "not all could be taken away; what is left is named above, and $state stays" >&2
        exit 4
    fi
    rm -f "$state" "$state":*
}

down() {
    if [ ! -e "$state" ]; then
        echo "vxlan is not up (by this script); nothing was removed" >&2
        exit 1
    fi
    take_away
    echo "vxlan is down"
}

# expect WHAT WORDS COMMAND...: whether COMMAND prints WORDS.
expect() {
    what=$1
    words=$2
    shift 2
    if "$@" 2>/dev/null | grep -qF -e "$words"; then
        printf 'same     %s\n' "$what"
    else
        printf 'differs  %s\n' "$what"
        differs=3
    fi
}

# reach YES|NO WHAT COMMAND...: whether COMMAND, a ping, is answered.
reach() {
    wanted=$1
    what=$2
    shift 2
    if "$@" >/dev/null 2>&1; then answered=yes; else answered=no; fi
    if [ "$answered" = "$wanted" ]; then
        printf 'ok       %s\n' "$what"
    else
        printf 'FAILED   %s\n' "$what"
        differs=3
    fi
}

check() {
    differs=0
    expect 'west:lo is up' ': lo' ip -n west -o link show up dev lo
    expect 'west:eth0 is up' ': eth0' ip -n west -o link show up dev eth0
    expect 'west:eth0 has 10.73.1.2/24' ' inet 10.73.1.2/24 ' ip -n west -o addr show dev eth0
    expect 'west:br0 is up' ': br0' ip -n west -o link show up dev br0
    expect 'west:br0 has mtu 1450' ' mtu 1450 ' ip -n west -o link show dev br0
    expect 'west:vm1-eth0 is up' ': vm1-eth0' ip -n west -o link show up dev vm1-eth0
    expect 'west:vm1-eth0 is a port of br0' ' master br0 ' ip -n west -o link show dev vm1-eth0
    expect 'west:vm1-eth0 has mtu 1450' ' mtu 1450 ' ip -n west -o link show dev vm1-eth0
    expect 'west:vx0 is up' ': vx0' ip -n west -o link show up dev vx0
    expect 'west:vx0 is a port of br0' ' master br0 ' ip -n west -o link show dev vx0
    expect 'west:vx0 has mtu 1450' ' mtu 1450 ' ip -n west -o link show dev vx0
    expect 'core:lo is up' ': lo' ip -n core -o link show up dev lo
    expect 'core:to-west is up' ': to-west' ip -n core -o link show up dev to-west
    expect 'core:to-west has 10.73.1.1/24' ' inet 10.73.1.1/24 ' ip -n core -o addr show dev to-west
    expect 'core:to-east is up' ': to-east' ip -n core -o link show up dev to-east
    expect 'core:to-east has 10.73.2.1/24' ' inet 10.73.2.1/24 ' ip -n core -o addr show dev to-east
    expect 'east:lo is up' ': lo' ip -n east -o link show up dev lo
    expect 'east:eth0 is up' ': eth0' ip -n east -o link show up dev eth0
    expect 'east:eth0 has 10.73.2.2/24' ' inet 10.73.2.2/24 ' ip -n east -o addr show dev eth0
    expect 'east:br0 is up' ': br0' ip -n east -o link show up dev br0
    expect 'east:br0 has mtu 1450' ' mtu 1450 ' ip -n east -o link show dev br0
    expect 'east:vm2-eth0 is up' ': vm2-eth0' ip -n east -o link show up dev vm2-eth0
    expect 'east:vm2-eth0 is a port of br0' ' master br0 ' ip -n east -o link show dev vm2-eth0
    expect 'east:vm2-eth0 has mtu 1450' ' mtu 1450 ' ip -n east -o link show dev vm2-eth0
    expect 'east:vx0 is up' ': vx0' ip -n east -o link show up dev vx0
    expect 'east:vx0 is a port of br0' ' master br0 ' ip -n east -o link show dev vx0
    expect 'east:vx0 has mtu 1450' ' mtu 1450 ' ip -n east -o link show dev vx0
    expect 'vm1:lo is up' ': lo' ip -n vm1 -o link show up dev lo
    expect 'vm1:eth0 is up' ': eth0' ip -n vm1 -o link show up dev eth0
    expect 'vm1:eth0 has mtu 1450' ' mtu 1450 ' ip -n vm1 -o link show dev eth0
    expect 'vm1:eth0 has 10.74.0.1/24' ' inet 10.74.0.1/24 ' ip -n vm1 -o addr show dev eth0
    expect 'vm2:lo is up' ': lo' ip -n vm2 -o link show up dev lo
    expect 'vm2:eth0 is up' ': eth0' ip -n vm2 -o link show up dev eth0
    expect 'vm2:eth0 has mtu 1450' ' mtu 1450 ' ip -n vm2 -o link show dev eth0
    expect 'vm2:eth0 has 10.74.0.2/24' ' inet 10.74.0.2/24 ' ip -n vm2 -o addr show dev eth0
    expect 'west has route 10.73.2.0/24 via 10.73.1.1 dev eth0' '10.73.2.0/24 via 10.73.1.1 dev eth0' ip -n west -4 route show 10.73.2.0/24
    expect 'core has net.ipv4.ip_forward=1' 'is 1 now' ip netns exec core sed 's/^/is /;s/$/ now/' /proc/sys/net/ipv4/ip_forward
    expect 'east has route 10.73.1.0/24 via 10.73.2.1 dev eth0' '10.73.1.0/24 via 10.73.2.1 dev eth0' ip -n east -4 route show 10.73.1.0/24
    if command -v ping >/dev/null; then
        reach yes 'vm1 -> vm2: 10.74.0.2' ip netns exec vm1 ping -n -c 2 -i 0.2 -W 1 10.74.0.2
        reach yes 'vm2 -> vm1: 10.74.0.1' ip netns exec vm2 ping -n -c 2 -i 0.2 -W 1 10.74.0.1
        reach yes 'west -> east: 10.73.2.2' ip netns exec west ping -n -c 2 -i 0.2 -W 1 10.73.2.2
        reach no 'core !> 10.74.0.1: 10.74.0.1' ip netns exec core ping -n -c 2 -i 0.2 -W 1 10.74.0.1
    else
        echo "ping is not on this machine: the lab's checks were not tried" >&2
    fi
    echo "not looked at: kinds and MACs of devices, rate, delay and loss, what is there besides" >&2
    exit "$differs"
}

case "${1-}" in
up | down | check) "$1" ;;
*)
    echo "usage: vxlan.sh up|down|check" >&2
    exit 2
    ;;
esac
