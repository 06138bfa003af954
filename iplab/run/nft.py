"""Asking a node for its nftables rules, where the kernel has nftables at all."""

from __future__ import annotations

from iplab.errors import CommandFailed
from iplab.run.machine import Machine, find_program
from iplab.run.netns import inside

# What nft says of a kernel without nf_tables (nfnetlink_rcv_msg, net/netfilter/nfnetlink.c: no
# such subsystem; socket(2): no such protocol).
_NO_NFTABLES = ("Operation not supported", "Protocol not supported")


def nft(machine: Machine, node: str, *words: str) -> str:
    """What ``nft`` prints; nothing where there is no nft, or a kernel without nf_tables.

    ``CommandFailed`` for any other error.
    """
    if find_program("nft") is None:
        return ""
    try:
        return machine.run(inside(node, ("nft", *words))).out
    except CommandFailed as error:
        if any(said in error.output for said in _NO_NFTABLES):
            return ""
        raise
