#!/bin/sh
# Takes the place of one command of iplab's, and does to it what FAULT says.
# FAULT_REAL is the program it stands for, FAULT_MARK a file that tells it was there, FAULT_LINES
# how many lines of a batch still work, FAULT_NODE and FAULT_DEVICE where somebody else has a hand.
# $PPID is iplab.

: >"$FAULT_MARK"

# The command itself, or of a batch its first lines.
real() {
    if [ -n "$FAULT_LINES" ]; then
        head -n "$FAULT_LINES" | "$FAULT_REAL" "$@"
    else
        "$FAULT_REAL" "$@"
    fi
}

# Half of `ip netns add NAME`: the file, which nothing is mounted on yet (ip/ipnetns.c).
half() {
    for name in "$@"; do :; done
    : >"/run/netns/$name"
}

# "after" is after it has run, whether it worked or not: on the way back it may find its work done.
case $FAULT in
fail)
    if [ -n "$FAULT_LINES" ]; then
        real "$@" || exit
        echo "RTNETLINK answers: injected fault" >&2
        echo "Command failed -:$((FAULT_LINES + 1))" >&2
        exit 1
    fi
    echo "RTNETLINK answers: injected fault" >&2
    exit 2
    ;;
hang-before) exec sleep 1000 ;;
hang-after)
    real "$@"
    exec sleep 1000
    ;;
hang-half) half "$@" && exec sleep 1000 ;;
kill-before) kill -KILL "$PPID" ;;
kill-after)
    real "$@"
    kill -KILL "$PPID"
    ;;
kill-half) half "$@" && kill -KILL "$PPID" ;;
# iplab is gone, and the command it had started is still at it.
orphan)
    kill -KILL "$PPID"
    sleep 0.2
    real "$@"
    ;;
int-before) kill -INT "$PPID" && real "$@" ;;
int-after) real "$@" && kill -INT "$PPID" ;;
term-before) kill -TERM "$PPID" && real "$@" ;;
term-after) real "$@" && kill -TERM "$PPID" ;;
# Somebody who leans on Ctrl-C, also while things are being put back.
storm)
    kill -INT "$PPID"
    (
        for _ in 1 2 3 4 5 6 7 8 9 10; do
            sleep 0.004
            kill -INT "$PPID" 2>/dev/null
            kill -TERM "$PPID" 2>/dev/null
        done
    ) >/dev/null 2>&1 &
    real "$@"
    ;;
delete)
    ip netns del "$FAULT_NODE"
    real "$@"
    ;;
address)
    if [ "$FAULT_NODE" = host ]; then
        # iplab's own namespace: this program may have been started in a node's.
        nsenter --net="/proc/$PPID/ns/net" ip addr add 203.0.113.9/32 dev "$FAULT_DEVICE"
    else
        ip -n "$FAULT_NODE" addr add 203.0.113.9/32 dev "$FAULT_DEVICE"
    fi
    real "$@"
    ;;
replace)
    ip netns del "$FAULT_NODE" && ip netns add "$FAULT_NODE" &&
        ip -n "$FAULT_NODE" link add theirs type bridge
    real "$@"
    ;;
*)
    echo "no such fault: $FAULT" >&2
    exit 99
    ;;
esac
