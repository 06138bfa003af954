"""The starters, as they are in ``templates/labs/``, and edits that fit any of them."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Any

import yaml

from iplab import lab
from tests.kernel.sandbox import Sandbox

STYLES = ("direct", "steps", "batch")
STARTERS = [name for name, _, _ in lab.starters()]
VALUES = {"star": "20"}  # of `n`, where a starter is a template

SITES, MACHINES = ("west", "east", "core"), ("vm1", "vm2")

# Pairs where not every address of the second answers the first, and why that is right.
APART = {
    # ns0 forwards nothing, and neither ns1 nor the host knows of the other's subnet.
    "host-to-namespace": {("host", "ns0"), ("host", "ns1"), ("ns1", "ns0"), ("ns1", "host")},
    # server knows nothing of what is behind gw, gw's own private address included.
    "nat": {("server", "inside"), ("server", "gw")},
    # The underlay knows nothing of the overlay.
    "vxlan": {pair for s in SITES for m in MACHINES for pair in ((s, m), (m, s))},
}


@dataclass(frozen=True)
class Starter:
    """A lab file in a sandbox, and what has to follow it on the command line."""

    sandbox: Sandbox
    name: str
    file: str
    settings: tuple[str, ...]

    def iplab(self, command: str, *options: str, code: int = 0, style: str = "") -> Any:
        """`iplab COMMAND FILE …`."""
        words = (*options, *(("--style", style) if style else ()))
        return self.sandbox.iplab(command, self.file, *self.settings, *words, code=code)

    def edited(self) -> Starter:
        """The same with a node more, a link more, another mtu, and a bridge member more."""
        if self.settings:
            more = f"n={int(VALUES[self.name]) + 2}"
            return Starter(self.sandbox, self.name, self.file, ("--set", more))
        text = (self.sandbox.here / self.file).read_text()
        self.sandbox.write("edited.yaml", edit(text))
        return Starter(self.sandbox, self.name, "edited.yaml", ())

    def fewer(self) -> Starter:
        """The same with less than at first, where that can be said without editing."""
        if not self.settings:
            return self
        less = f"n={int(VALUES[self.name]) - 1}"
        return Starter(self.sandbox, self.name, self.file, ("--set", less))


def starter(sandbox: Sandbox, name: str) -> Starter:
    """Write the starter as `iplab init` does."""
    sandbox.iplab("init", name)
    _, _, file = next(entry for entry in lab.starters() if entry[0] == name)
    settings = ("--set", f"n={VALUES[name]}") if file.endswith(".j2") else ()
    return Starter(sandbox, name, file, settings)


def edit(text: str) -> str:
    """A lab file with something changed in each of its parts; all its checks still hold."""
    data: dict[str, Any] = yaml.load(text, yaml.BaseLoader)
    links: list[dict[str, Any]] = data.setdefault("links", [])
    if links:
        links[0]["mtu"] = "1500" if "mtu" in links[0] else "1470"
    links.append({"extra0:x0": "192.0.2.1/30", "extra1:x1": "192.0.2.2/30", "mtu": "1300"})
    for number, bridge in enumerate(data.get("bridges", ())):
        members = bridge["members"]
        used = ipaddress.ip_interface(next(iter(members.values())))
        free = used.network.broadcast_address - 1 - number
        members[f"more{number}:eth0"] = f"{free}/{used.network.prefixlen}"
    return yaml.safe_dump(data, sort_keys=False)
