#!/bin/sh
# Lab two-namespaces, written by `iplab script two-namespaces.yaml` (commands in style direct).
# Needs iproute2, ping for `check`, root, and a POSIX shell; iplab itself is not needed.
#
#   two-namespaces.sh up      run the commands below; if one fails, or at Ctrl-C, take away what was made
#   two-namespaces.sh down    take away what `up` made, and nothing else
#   two-namespaces.sh check   compare the machine with the lab, and ping
#
# `check` looks at addresses, up and down, mtu, ports, routes, settings and masquerading; not at the
# kind and MAC of a device, at rate, delay and loss, or at what is there besides.
set -u
LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH

# The number of the last command begun, kept until `down`; /run is empty after a reboot.
state=/run/iplab-script-two-namespaces
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
        echo "two-namespaces is up already (or was not taken down whole): two-namespaces.sh down" >&2
        exit 1
    fi
    rm -f "$state":*
    record 0 || exit 1
    trap unfinished EXIT
    trap 'stopped=129' HUP
    trap 'stopped=130' INT
    trap 'stopped=143' TERM
    # ns0 is a node of the lab
    step 1 ip netns add ns0
    # ns1 is a node of the lab
    step 2 ip netns add ns1
    # the link between ns0:veth0 and ns1:veth1
    step 3 ip link add veth0 netns ns0 type veth peer name veth1 netns ns1
    # ns0:veth0 is to have 172.18.0.2/24
    step 4 ip -n ns0 addr add 172.18.0.2/24 dev veth0
    # ns0:veth0 is to be up
    step 5 ip -n ns0 link set veth0 up
    # ns1:veth1 is to have 172.18.0.3/24
    step 6 ip -n ns1 addr add 172.18.0.3/24 dev veth1
    # ns1:veth1 is to be up
    step 7 ip -n ns1 link set veth1 up
    trap - EXIT HUP INT TERM
    echo "two-namespaces is up"
}

# Last made, first taken away.  What is in a namespace goes with the namespace.
take_away() {
    failed=0
    last=$(cat "$state")
    case $last in
    '' | *[!0-9]* | ???????*)
        echo "$state should hold the number of the last command of \`up\`, and does not: nothing was" >&2
        echo "removed; if all that the lab has is by \`up\`: echo 7 >$state; two-namespaces.sh down" >&2
        exit 4
        ;;
    esac
    if begun 2 && namespace ns1; then undo ip netns del ns1; fi
    if begun 1 && namespace ns0; then undo ip netns del ns0; fi
    if [ "$failed" -ne 0 ]; then
        echo "not all could be taken away; what is left is named above, and $state stays" >&2
        exit 4
    fi
    rm -f "$state" "$state":*
}

down() {
    if [ ! -e "$state" ]; then
        echo "two-namespaces is not up (by this script); nothing was removed" >&2
        exit 1
    fi
    take_away
    echo "two-namespaces is down"
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

# lacks WHAT WORDS COMMAND...: whether COMMAND works and does not print WORDS.
lacks() {
    what=$1
    words=$2
    shift 2
    if found=$("$@" 2>/dev/null) && ! printf '%s\n' "$found" | grep -qF -e "$words"; then
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
    lacks 'ns0:lo is down' ,UP ip -n ns0 -o link show dev lo
    expect 'ns0:veth0 is up' ': veth0' ip -n ns0 -o link show up dev veth0
    expect 'ns0:veth0 has 172.18.0.2/24' ' inet 172.18.0.2/24 ' ip -n ns0 -o addr show dev veth0
    lacks 'ns1:lo is down' ,UP ip -n ns1 -o link show dev lo
    expect 'ns1:veth1 is up' ': veth1' ip -n ns1 -o link show up dev veth1
    expect 'ns1:veth1 has 172.18.0.3/24' ' inet 172.18.0.3/24 ' ip -n ns1 -o addr show dev veth1
    if command -v ping >/dev/null; then
        reach yes 'ns0 -> ns1: 172.18.0.3' ip netns exec ns0 ping -n -c 2 -i 0.2 -W 1 172.18.0.3
        reach yes 'ns1 -> ns0: 172.18.0.2' ip netns exec ns1 ping -n -c 2 -i 0.2 -W 1 172.18.0.2
    else
        echo "ping is not on this machine: the lab's checks were not tried" >&2
    fi
    echo "not looked at: kinds and MACs of devices, rate, delay and loss, what is there besides" >&2
    exit "$differs"
}

case "${1-}" in
up | down | check) "$1" ;;
*)
    echo "usage: two-namespaces.sh up|down|check" >&2
    exit 2
    ;;
esac
