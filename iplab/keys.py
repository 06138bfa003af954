"""The keys of settings below /proc/sys, as sysctl(8) takes them."""

from __future__ import annotations

from collections.abc import Sequence


def parts(key: str) -> list[str]:
    """The names on the way to a setting below /proc/sys, of its ``key`` as sysctl(8) takes it.

    What separates them is the first dot or slash; the other one is then a dot in a name (of a
    device, ``eth0.10``).
    """
    first = next((c for c in key if c in "./"), ".")
    other = "/" if first == "." else "."
    return [part.replace(other, ".") for part in key.split(first)]


def named(way: Sequence[str]) -> str:
    """The key of a setting, from the names on the way to it; ``parts`` the other way round."""
    return ("/" if any("." in part for part in way) else ".").join(way)


def path(key: str) -> str:
    """The file of a setting (proc_sysctl(5))."""
    return "/".join(("/proc/sys", *parts(key)))


def device_of(key: str) -> str | None:
    """The device that a setting is for: ``net.ipv4.conf.DEV.…``, ``net.ipv6.neigh.DEV.…``."""
    way = parts(key)
    if len(way) > 4 and way[2] in ("conf", "neigh") and way[3] not in ("all", "default"):
        return way[3]
    return None
