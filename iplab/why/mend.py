"""The words of commands that mend: one line each, ready to paste into a root shell."""

from __future__ import annotations

import shlex

from iplab.names import HOST


def ip(node: str, *words: object) -> str:
    """``ip -n NODE …``, or plain ``ip …`` on the host."""
    return _line("ip", node, words)


def bridge(node: str, *words: object) -> str:
    """``bridge -n NODE …``."""
    return _line("bridge", node, words)


def within(node: str, *words: object) -> str:
    """Any other program, in the node by ``ip netns exec``."""
    prefix: tuple[object, ...] = () if node == HOST else ("ip", "netns", "exec", node)
    return shlex.join(str(word) for word in (*prefix, *words))


def sysctl(node: str, key: str, value: object) -> str:
    """``sysctl -w``; a key in slashes stays so where a device's name has a dot in it."""
    dotted = key if "." in key else key.replace("/", ".")
    return within(node, "sysctl", "-w", f"{dotted}={value}")


def both(*lines: str) -> str:
    """Several commands as one line; the later ones run only where the earlier ones went well."""
    return " && ".join(line for line in lines if line)


def _line(program: str, node: str, words: tuple[object, ...]) -> str:
    where: tuple[object, ...] = () if node == HOST else ("-n", node)
    return shlex.join(str(word) for word in (program, *where, *words))
