#!/bin/sh
# Lab router, written by `iplab script router.yaml` (commands in style direct).
# Needs iproute2, sysctl (procps), ping for `check`, root, and a POSIX shell; iplab itself is not needed.
#
#   router.sh up      run the commands below; if one fails, or at Ctrl-C, take away what was made
#   router.sh down    take away what `up` made, and nothing else
#   router.sh check   compare the machine with the lab, and ping
#
# `check` looks at addresses, up and down, mtu, ports, routes, settings and masquerading; not at the
# kind and MAC of a device, at rate, delay and loss, or at what is there besides.
set -u
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH

# The number of the last command begun, kept until `down`; /run is empty after a reboot.
state=/run/iplab-script-router
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
        echo "router is up already (or was not taken down whole): router.sh down" >&2
        exit 1
    fi
    rm -f "$state":*
    record 0 || exit 1
    trap unfinished EXIT
    trap 'stopped=129' HUP
    trap 'stopped=130' INT
    trap 'stopped=143' TERM
    # a is a node of the lab
    step 1 ip netns add a
    # r is a node of the lab
    step 2 ip netns add r
    # b is a node of the lab
    step 3 ip netns add b
    # c is a node of the lab
    step 4 ip netns add c
    # r is to have net.ipv4.ip_forward=1
    step 5 ip netns exec r sysctl -w net.ipv4.ip_forward=1
    # the link between a:eth0 and r:to-a
    step 6 ip link add eth0 netns a type veth peer name to-a netns r
    # the link between r:to-b and b:eth0
    step 7 ip link add to-b netns r type veth peer name eth0 netns b
    # the link between r:to-c and c:eth0
    step 8 ip link add to-c netns r type veth peer name eth0 netns c
    # a:lo is to be up
    step 9 ip -n a link set lo up
    # a:eth0 is to have 10.71.1.2/24
    step 10 ip -n a addr add 10.71.1.2/24 dev eth0
    # a:eth0 is to be up
    step 11 ip -n a link set eth0 up
    # a is to have this route
    step 12 ip -n a route add default via 10.71.1.1 dev eth0
    # r:lo is to be up
    step 13 ip -n r link set lo up
    # r:to-a is to have 10.71.1.1/24
    step 14 ip -n r addr add 10.71.1.1/24 dev to-a
    # r:to-a is to be up
    step 15 ip -n r link set to-a up
    # r:to-b is to have 10.71.2.1/24
    step 16 ip -n r addr add 10.71.2.1/24 dev to-b
    # r:to-b is to be up
    step 17 ip -n r link set to-b up
    # r:to-c is to have 10.71.3.1/24
    step 18 ip -n r addr add 10.71.3.1/24 dev to-c
    # r:to-c is to be up
    step 19 ip -n r link set to-c up
    # b:lo is to be up
    step 20 ip -n b link set lo up
    # b:eth0 is to have 10.71.2.2/24
    step 21 ip -n b addr add 10.71.2.2/24 dev eth0
    # b:eth0 is to be up
    step 22 ip -n b link set eth0 up
    # b is to have this route
    step 23 ip -n b route add default via 10.71.2.1 dev eth0
    # c:lo is to be up
    step 24 ip -n c link set lo up
    # c:eth0 is to have 10.71.3.2/24
    step 25 ip -n c addr add 10.71.3.2/24 dev eth0
    # c:eth0 is to be up
    step 26 ip -n c link set eth0 up
    # c is to have this route
    step 27 ip -n c route add default via 10.71.3.1 dev eth0
    trap - EXIT HUP INT TERM
    echo "router is up"
}

# Last made, first taken away.  What is in a namespace goes with the namespace.
take_away() {
    failed=0
    last=$(cat "$state")
    case $last in
    '' | *[!0-9]* | ???????*)
        echo "$state should hold the number of the last command of \`up\`, and does not: nothing was" >&2
        echo "removed; if all that the lab has is by \`up\`: echo 27 >$state; router.sh down" >&2
        exit 4
        ;;
    esac
    if begun 4 && namespace c; then undo ip netns del c; fi
    if begun 3 && namespace b; then undo ip netns del b; fi
    if begun 2 && namespace r; then undo ip netns del r; fi
    if begun 1 && namespace a; then undo ip netns del a; fi
    if [ "$failed" -ne 0 ]; then
        echo "not all could be taken away; what is left is named above, and $state stays" >&2
        exit 4
    fi
    rm -f "$state" "$state":*
}

down() {
    if [ ! -e "$state" ]; then
        echo "router is not up (by this script); nothing was removed" >&2
        exit 1
    fi
    take_away
    echo "router is down"
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
    expect 'a:lo is up' ': lo' ip -n a -o link show up dev lo
    expect 'a:eth0 is up' ': eth0' ip -n a -o link show up dev eth0
    expect 'a:eth0 has 10.71.1.2/24' ' inet 10.71.1.2/24 ' ip -n a -o addr show dev eth0
    expect 'r:lo is up' ': lo' ip -n r -o link show up dev lo
    expect 'r:to-a is up' ': to-a' ip -n r -o link show up dev to-a
    expect 'r:to-a has 10.71.1.1/24' ' inet 10.71.1.1/24 ' ip -n r -o addr show dev to-a
    expect 'r:to-b is up' ': to-b' ip -n r -o link show up dev to-b
    expect 'r:to-b has 10.71.2.1/24' ' inet 10.71.2.1/24 ' ip -n r -o addr show dev to-b
    expect 'r:to-c is up' ': to-c' ip -n r -o link show up dev to-c
    expect 'r:to-c has 10.71.3.1/24' ' inet 10.71.3.1/24 ' ip -n r -o addr show dev to-c
    expect 'b:lo is up' ': lo' ip -n b -o link show up dev lo
    expect 'b:eth0 is up' ': eth0' ip -n b -o link show up dev eth0
    expect 'b:eth0 has 10.71.2.2/24' ' inet 10.71.2.2/24 ' ip -n b -o addr show dev eth0
    expect 'c:lo is up' ': lo' ip -n c -o link show up dev lo
    expect 'c:eth0 is up' ': eth0' ip -n c -o link show up dev eth0
    expect 'c:eth0 has 10.71.3.2/24' ' inet 10.71.3.2/24 ' ip -n c -o addr show dev eth0
    expect 'a has route default via 10.71.1.1 dev eth0' 'default via 10.71.1.1 dev eth0' ip -n a -4 route show 0.0.0.0/0
    expect 'r has net.ipv4.ip_forward=1' 'is 1 now' ip netns exec r sed 's/^/is /;s/$/ now/' /proc/sys/net/ipv4/ip_forward
    expect 'b has route default via 10.71.2.1 dev eth0' 'default via 10.71.2.1 dev eth0' ip -n b -4 route show 0.0.0.0/0
    expect 'c has route default via 10.71.3.1 dev eth0' 'default via 10.71.3.1 dev eth0' ip -n c -4 route show 0.0.0.0/0
    if command -v ping >/dev/null; then
        reach yes 'a -> b: 10.71.2.2' ip netns exec a ping -n -c 2 -i 0.2 -W 1 10.71.2.2
        reach yes 'b -> c: 10.71.3.2' ip netns exec b ping -n -c 2 -i 0.2 -W 1 10.71.3.2
        reach yes 'c -> a: 10.71.1.2' ip netns exec c ping -n -c 2 -i 0.2 -W 1 10.71.1.2
        reach yes 'a -> r: 10.71.1.1' ip netns exec a ping -n -c 2 -i 0.2 -W 1 10.71.1.1
        reach yes 'a -> r: 10.71.2.1' ip netns exec a ping -n -c 2 -i 0.2 -W 1 10.71.2.1
        reach yes 'a -> r: 10.71.3.1' ip netns exec a ping -n -c 2 -i 0.2 -W 1 10.71.3.1
    else
        echo "ping is not on this machine: the lab's checks were not tried" >&2
    fi
    echo "not looked at: kinds and MACs of devices, rate, delay and loss, what is there besides" >&2
    exit "$differs"
}

case "${1-}" in
up | down | check) "$1" ;;
*)
    echo "usage: router.sh up|down|check" >&2
    exit 2
    ;;
esac
