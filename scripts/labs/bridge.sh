#!/bin/sh
# Lab bridge, written by `iplab script bridge.yaml` (commands in style direct).
# Needs iproute2, ping for `check`, root, and a POSIX shell; iplab itself is not needed.
#
#   bridge.sh up      run the commands below; if one fails, or at Ctrl-C, take away what was made
#   bridge.sh down    take away what `up` made, and nothing else
#   bridge.sh check   compare the machine with the lab, and ping
#
# `check` looks at addresses, up and down, mtu, ports, routes, settings and masquerading; not at the
# kind and MAC of a device, at rate, delay and loss, or at what is there besides.
set -u
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH

# The number of the last command begun, kept until `down`; /run is empty after a reboot.
state=/run/iplab-script-bridge
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
device() {
    ip link show dev "$1" >/dev/null 2>&1
}

# undo COMMAND...: run it, and remember if it fails.
undo() {
    printf '+ %s\n' "$*"
    "$@" || failed=1
}

up() {
    if [ -e "$state" ]; then
        echo "bridge is up already (or was not taken down whole): bridge.sh down" >&2
        exit 1
    fi
    rm -f "$state":*
    record 0 || exit 1
    trap unfinished EXIT
    trap 'stopped=129' HUP
    trap 'stopped=130' INT
    trap 'stopped=143' TERM
    # vm1 is a node of the lab
    step 1 ip netns add vm1
    # vm2 is a node of the lab
    step 2 ip netns add vm2
    # vm3 is a node of the lab
    step 3 ip netns add vm3
    # host:br0 is a bridge of the lab
    step 4 ip link add br0 type bridge
    # the link between host:vm1-eth0 and vm1:eth0
    step 5 ip link add vm1-eth0 type veth peer name eth0 netns vm1
    # the link between host:vm2-eth0 and vm2:eth0
    step 6 ip link add vm2-eth0 type veth peer name eth0 netns vm2
    # the link between host:vm3-eth0 and vm3:eth0
    step 7 ip link add vm3-eth0 type veth peer name eth0 netns vm3
    # host:br0 is to have 172.20.0.1/24
    step 8 ip addr add 172.20.0.1/24 dev br0
    # host:br0 is to be up
    step 9 ip link set br0 up
    # host:vm1-eth0 is to be a port of br0
    step 10 ip link set vm1-eth0 master br0
    # host:vm1-eth0 is to be up
    step 11 ip link set vm1-eth0 up
    # host:vm2-eth0 is to be a port of br0
    step 12 ip link set vm2-eth0 master br0
    # host:vm2-eth0 is to be up
    step 13 ip link set vm2-eth0 up
    # host:vm3-eth0 is to be a port of br0
    step 14 ip link set vm3-eth0 master br0
    # host:vm3-eth0 is to be up
    step 15 ip link set vm3-eth0 up
    # vm1:lo is to be up
    step 16 ip -n vm1 link set lo up
    # vm1:eth0 is to have 172.20.0.11/24
    step 17 ip -n vm1 addr add 172.20.0.11/24 dev eth0
    # vm1:eth0 is to be up
    step 18 ip -n vm1 link set eth0 up
    # vm2:lo is to be up
    step 19 ip -n vm2 link set lo up
    # vm2:eth0 is to have 172.20.0.12/24
    step 20 ip -n vm2 addr add 172.20.0.12/24 dev eth0
    # vm2:eth0 is to be up
    step 21 ip -n vm2 link set eth0 up
    # vm3:lo is to be up
    step 22 ip -n vm3 link set lo up
    # vm3:eth0 is to have 172.20.0.13/24
    step 23 ip -n vm3 addr add 172.20.0.13/24 dev eth0
    # vm3:eth0 is to be up
    step 24 ip -n vm3 link set eth0 up
    trap - EXIT HUP INT TERM
    echo "bridge is up"
}

# Last made, first taken away.  What is in a namespace goes with the namespace.
take_away() {
    failed=0
    last=$(cat "$state")
    case $last in
    '' | *[!0-9]* | ???????*)
        echo "$state should hold the number of the last command of \`up\`, and does not: nothing was" >&2
        echo "removed; if all that the lab has is by \`up\`: echo 24 >$state; bridge.sh down" >&2
        exit 4
        ;;
    esac
    if begun 7 && device vm3-eth0; then undo ip link del vm3-eth0; fi
    if begun 6 && device vm2-eth0; then undo ip link del vm2-eth0; fi
    if begun 5 && device vm1-eth0; then undo ip link del vm1-eth0; fi
    if begun 4 && device br0; then undo ip link del br0; fi
    if begun 3 && namespace vm3; then undo ip netns del vm3; fi
    if begun 2 && namespace vm2; then undo ip netns del vm2; fi
    if begun 1 && namespace vm1; then undo ip netns del vm1; fi
    if [ "$failed" -ne 0 ]; then
        echo "not all could be taken away; what is left is named above, and $state stays" >&2
        exit 4
    fi
    rm -f "$state" "$state":*
}

down() {
    if [ ! -e "$state" ]; then
        echo "bridge is not up (by this script); nothing was removed" >&2
        exit 1
    fi
    take_away
    echo "bridge is down"
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
    expect 'host:br0 is up' ': br0' ip -o link show up dev br0
    expect 'host:br0 has 172.20.0.1/24' ' inet 172.20.0.1/24 ' ip -o addr show dev br0
    expect 'host:vm1-eth0 is up' ': vm1-eth0' ip -o link show up dev vm1-eth0
    expect 'host:vm1-eth0 is a port of br0' ' master br0 ' ip -o link show dev vm1-eth0
    expect 'host:vm2-eth0 is up' ': vm2-eth0' ip -o link show up dev vm2-eth0
    expect 'host:vm2-eth0 is a port of br0' ' master br0 ' ip -o link show dev vm2-eth0
    expect 'host:vm3-eth0 is up' ': vm3-eth0' ip -o link show up dev vm3-eth0
    expect 'host:vm3-eth0 is a port of br0' ' master br0 ' ip -o link show dev vm3-eth0
    expect 'vm1:lo is up' ': lo' ip -n vm1 -o link show up dev lo
    expect 'vm1:eth0 is up' ': eth0' ip -n vm1 -o link show up dev eth0
    expect 'vm1:eth0 has 172.20.0.11/24' ' inet 172.20.0.11/24 ' ip -n vm1 -o addr show dev eth0
    expect 'vm2:lo is up' ': lo' ip -n vm2 -o link show up dev lo
    expect 'vm2:eth0 is up' ': eth0' ip -n vm2 -o link show up dev eth0
    expect 'vm2:eth0 has 172.20.0.12/24' ' inet 172.20.0.12/24 ' ip -n vm2 -o addr show dev eth0
    expect 'vm3:lo is up' ': lo' ip -n vm3 -o link show up dev lo
    expect 'vm3:eth0 is up' ': eth0' ip -n vm3 -o link show up dev eth0
    expect 'vm3:eth0 has 172.20.0.13/24' ' inet 172.20.0.13/24 ' ip -n vm3 -o addr show dev eth0
    if command -v ping >/dev/null; then
        reach yes 'vm1 -> vm2: 172.20.0.12' ip netns exec vm1 ping -n -c 2 -i 0.2 -W 1 172.20.0.12
        reach yes 'vm2 -> vm3: 172.20.0.13' ip netns exec vm2 ping -n -c 2 -i 0.2 -W 1 172.20.0.13
        reach yes 'vm3 -> vm1: 172.20.0.11' ip netns exec vm3 ping -n -c 2 -i 0.2 -W 1 172.20.0.11
        reach yes 'host -> vm1: 172.20.0.11' ping -n -c 2 -i 0.2 -W 1 172.20.0.11
        reach yes 'vm1 -> host: 172.20.0.1' ip netns exec vm1 ping -n -c 2 -i 0.2 -W 1 172.20.0.1
    else
        echo "ping is not on this machine: the lab's checks were not tried" >&2
    fi
    echo "not looked at: kinds and MACs of devices, rate, delay and loss, what is there besides" >&2
    exit "$differs"
}

case "${1-}" in
up | down | check) "$1" ;;
*)
    echo "usage: bridge.sh up|down|check" >&2
    exit 2
    ;;
esac
