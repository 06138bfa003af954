"""The values in what ``ip -j`` prints."""

from __future__ import annotations

from typing import Any

from iplab.names import IPAddress, ip_address

Object = dict[str, Any]


def ip(text: str | None) -> IPAddress | None:
    """An address as `ip` prints it; ``None`` where it prints none."""
    return ip_address(text) if text else None


def word(value: Any) -> str | None:
    """A word, or nothing; ``TypeError`` for what else JSON may hold in its place."""
    if value is None or isinstance(value, str):
        return value
    raise TypeError(f"{value!r} is no word")


def number(value: Any) -> int | None:
    """A number, or nothing; ``TypeError`` otherwise.  (A fraction is left as it is: `ip` prints an
    `rtt` of a second and more as one.)"""
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, float):
        return value  # type: ignore[return-value]
    raise TypeError(f"{value!r} is no number")
