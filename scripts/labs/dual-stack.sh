#!/bin/sh
# Lab dual-stack, written by `iplab script dual-stack.yaml` (commands in style direct).
# Needs iproute2, sysctl (procps), ping for `check`, root, and a POSIX shell; iplab itself is not needed.
#
#   dual-stack.sh up      run the commands below; if one fails, or at Ctrl-C, take away what was made
#   dual-stack.sh down    take away what `up` made, and nothing else
#   dual-stack.sh check   compare the machine with the lab, and ping
#
# `check` looks at addresses, up and down, mtu, ports, routes, settings and masquerading; not at the
# kind and MAC of a device, at rate, delay and loss, or at what is there besides.
set -u
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH

# The number of the last command begun, kept until `down`; /run is empty after a reboot.
state=/run/iplab-script-dual-stack
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
        echo "dual-stack is up already (or was not taken down whole): dual-stack.sh down" >&2
        exit 1
    fi
    rm -f "$state":*
    record 0 || exit 1
    trap unfinished EXIT
    trap 'stopped=129' HUP
    trap 'stopped=130' INT
    trap 'stopped=143' TERM
    # left is a node of the lab
    step 1 ip netns add left
    # r is a node of the lab
    step 2 ip netns add r
    # right is a node of the lab
    step 3 ip netns add right
    # r is to have net.ipv4.ip_forward=1
    step 4 ip netns exec r sysctl -w net.ipv4.ip_forward=1
    # r is to have net.ipv6.conf.all.forwarding=1
    step 5 ip netns exec r sysctl -w net.ipv6.conf.all.forwarding=1
    # the link between left:eth0 and r:to-left
    step 6 ip link add eth0 netns left type veth peer name to-left netns r
    # the link between r:to-right and right:eth0
    step 7 ip link add to-right netns r type veth peer name eth0 netns right
    # left:lo is to be up
    step 8 ip -n left link set lo up
    # left:eth0 is to have 10.76.1.2/24
    step 9 ip -n left addr add 10.76.1.2/24 dev eth0
    # left:eth0 is to have fd76:1::2/64
    step 10 ip -n left addr add fd76:1::2/64 dev eth0
    # left:eth0 is to be up
    step 11 ip -n left link set eth0 up
    # left is to have this route
    step 12 ip -n left route add default via 10.76.1.1 dev eth0
    # left is to have this route
    step 13 ip -n left route add default via fd76:1::1 dev eth0
    # r:lo is to be up
    step 14 ip -n r link set lo up
    # r:to-left is to have 10.76.1.1/24
    step 15 ip -n r addr add 10.76.1.1/24 dev to-left
    # r:to-left is to have fd76:1::1/64
    step 16 ip -n r addr add fd76:1::1/64 dev to-left
    # r:to-left is to be up
    step 17 ip -n r link set to-left up
    # r:to-right is to have 10.76.2.1/24
    step 18 ip -n r addr add 10.76.2.1/24 dev to-right
    # r:to-right is to have fd76:2::1/64
    step 19 ip -n r addr add fd76:2::1/64 dev to-right
    # r:to-right is to be up
    step 20 ip -n r link set to-right up
    # right:lo is to be up
    step 21 ip -n right link set lo up
    # right:eth0 is to have 10.76.2.2/24
    step 22 ip -n right addr add 10.76.2.2/24 dev eth0
    # right:eth0 is to have fd76:2::2/64
    step 23 ip -n right addr add fd76:2::2/64 dev eth0
    # right:eth0 is to be up
    step 24 ip -n right link set eth0 up
    # right is to have this route
    step 25 ip -n right route add default via 10.76.2.1 dev eth0
    # right is to have this route
    step 26 ip -n right route add default via fd76:2::1 dev eth0
    trap - EXIT HUP INT TERM
    echo "dual-stack is up"
}

# Last made, first taken away.  What is in a namespace goes with the namespace.
take_away() {
    failed=0
    last=$(cat "$state")
    case $last in
    '' | *[!0-9]* | ???????*)
        echo "$state should hold the number of the last command of \`up\`, and does not: nothing was" >&2
        echo "removed; if all that the lab has is by \`up\`: echo 26 >$state; dual-stack.sh down" >&2
        exit 4
        ;;
    esac
    if begun 3 && namespace right; then undo ip netns del right; fi
    if begun 2 && namespace r; then undo ip netns del r; fi
    if begun 1 && namespace left; then undo ip netns del left; fi
    if [ "$failed" -ne 0 ]; then
        echo "not all could be taken away; what is left is named above, and $state stays" >&2
        exit 4
    fi
    rm -f "$state" "$state":*
}

down() {
    if [ ! -e "$state" ]; then
        echo "dual-stack is not up (by this script); nothing was removed" >&2
        exit 1
    fi
    take_away
    echo "dual-stack is down"
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
    expect 'left:lo is up' ': lo' ip -n left -o link show up dev lo
    expect 'left:eth0 is up' ': eth0' ip -n left -o link show up dev eth0
    expect 'left:eth0 has 10.76.1.2/24' ' inet 10.76.1.2/24 ' ip -n left -o addr show dev eth0
    expect 'left:eth0 has fd76:1::2/64' ' inet6 fd76:1::2/64 ' ip -n left -o addr show dev eth0
    expect 'r:lo is up' ': lo' ip -n r -o link show up dev lo
    expect 'r:to-left is up' ': to-left' ip -n r -o link show up dev to-left
    expect 'r:to-left has 10.76.1.1/24' ' inet 10.76.1.1/24 ' ip -n r -o addr show dev to-left
    expect 'r:to-left has fd76:1::1/64' ' inet6 fd76:1::1/64 ' ip -n r -o addr show dev to-left
    expect 'r:to-right is up' ': to-right' ip -n r -o link show up dev to-right
    expect 'r:to-right has 10.76.2.1/24' ' inet 10.76.2.1/24 ' ip -n r -o addr show dev to-right
    expect 'r:to-right has fd76:2::1/64' ' inet6 fd76:2::1/64 ' ip -n r -o addr show dev to-right
    expect 'right:lo is up' ': lo' ip -n right -o link show up dev lo
    expect 'right:eth0 is up' ': eth0' ip -n right -o link show up dev eth0
    expect 'right:eth0 has 10.76.2.2/24' ' inet 10.76.2.2/24 ' ip -n right -o addr show dev eth0
    expect 'right:eth0 has fd76:2::2/64' ' inet6 fd76:2::2/64 ' ip -n right -o addr show dev eth0
    expect 'left has route default via 10.76.1.1 dev eth0' 'default via 10.76.1.1 dev eth0' ip -n left -4 route show 0.0.0.0/0
    expect 'left has route default via fd76:1::1 dev eth0' 'default via fd76:1::1 dev eth0' ip -n left -6 route show ::/0
    expect 'r has net.ipv4.ip_forward=1' 'is 1 now' ip netns exec r sed 's/^/is /;s/$/ now/' /proc/sys/net/ipv4/ip_forward
    expect 'r has net.ipv6.conf.all.forwarding=1' 'is 1 now' ip netns exec r sed 's/^/is /;s/$/ now/' /proc/sys/net/ipv6/conf/all/forwarding
    expect 'right has route default via 10.76.2.1 dev eth0' 'default via 10.76.2.1 dev eth0' ip -n right -4 route show 0.0.0.0/0
    expect 'right has route default via fd76:2::1 dev eth0' 'default via fd76:2::1 dev eth0' ip -n right -6 route show ::/0
    if command -v ping >/dev/null; then
        sleep 2 # new IPv6 addresses can be used once nobody else was found to have them
        reach yes 'left -> right: 10.76.2.2' ip netns exec left ping -n -c 2 -i 0.2 -W 1 10.76.2.2
        reach yes 'left -> right: fd76:2::2' ip netns exec left ping -n -c 2 -i 0.2 -W 1 fd76:2::2
        reach yes 'right -> left: 10.76.1.2' ip netns exec right ping -n -c 2 -i 0.2 -W 1 10.76.1.2
        reach yes 'right -> left: fd76:1::2' ip netns exec right ping -n -c 2 -i 0.2 -W 1 fd76:1::2
        reach yes 'left -> fd76:2::1: fd76:2::1' ip netns exec left ping -n -c 2 -i 0.2 -W 1 fd76:2::1
    else
        echo "ping is not on this machine: the lab's checks were not tried" >&2
    fi
    echo "not looked at: kinds and MACs of devices, rate, delay and loss, what is there besides" >&2
    exit "$differs"
}

case "${1-}" in
up | down | check) "$1" ;;
*)
    echo "usage: dual-stack.sh up|down|check" >&2
    exit 2
    ;;
esac
