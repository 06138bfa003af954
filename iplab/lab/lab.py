"""Lab: what a lab file says, once it has been read and found right."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from iplab.network import Network


class Check(Struct, frozen=True):
    """A line of ``checks:``: whether ``source`` must reach ``target`` or must not.

    ``source`` is a node's name (or ``host``); ``target`` is one too, or an IP address as text.
    ``text`` is the line as it was written, ``line`` where it stands in the file.
    """

    source: str
    target: str
    must_reach: bool
    text: str
    line: int


class Lab(Struct, frozen=True):
    """A named network from one file.

    ``text`` is the file's own text, before Jinja2; ``settings`` are those it was rendered with.
    ``network`` is the wanted state.  ``nodes`` are the names in order of appearance, ``host`` among
    them only where the file names it.  ``origins`` leads from ``NODE`` and ``NODE:DEV`` to the
    ``file:line`` that asks for it.  ``real_host``: it is not for a sandbox.  ``uplink``: in a
    sandbox, ``host`` is to reach the internet.
    """

    name: str
    file: str
    text: str
    settings: Mapping[str, str]
    network: Network
    nodes: tuple[str, ...]
    checks: tuple[Check, ...]
    origins: Mapping[str, str]
    real_host: bool = False
    uplink: bool = False
