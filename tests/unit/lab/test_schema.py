"""The JSON Schema: right in itself, true of the starters, and false of broken files."""

from pathlib import Path

import jsonschema
import pytest
import yaml

from iplab.errors import LabError
from iplab.lab import forms, interfaces, json_schema, loads, starter_text, starters
from iplab.lab.fields import Form

SCHEMA = json_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
CASES = Path(__file__).parents[2] / "cases" / "lab-errors"

PLAIN = [name for name, _, filename in starters() if not filename.endswith(".j2")]


def agrees(text: str) -> bool:
    return bool(VALIDATOR.is_valid(yaml.safe_load(text)))


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("name", PLAIN)
def test_starters_agree_with_it(name: str) -> None:
    VALIDATOR.validate(yaml.safe_load(starter_text(name)[1]))


FULL = """\
lab: full
loopback: down
links:
  - a:e0: 10.0.0.1/24
    b:e0: {addresses: [10.0.0.2/24, 'fd00::2/64'], lladdr: '02:00:00:00:00:01'}
    mtu: 1400
    rate: 10mbit
    delay: 10ms
    jitter: 1ms
    loss: 0.5%
    state: up
  - a:e1:
    host:h1: [10.1.0.1/24]
    rate: 8000
bridges:
  - host:br0: 10.2.0.1/24
    stp: off
    vlan_filtering: true
    lladdr: '02:00:00:00:00:02'
    members:
      c:e0: 10.2.0.2/24
      d:e0:
  - sw:br0:
    members: [e:e0, f:e0]
nodes:
  a:
    routes: [default via 10.0.0.2]
    forward: yes
    masquerade: [10.0.0.0/8]
    sysctl: {net.ipv4.conf.all.rp_filter: 0}
    loopback: up
    interfaces:
      lo: 10.255.0.1/32
      d0: {type: dummy, addresses: 10.3.0.1/24, mtu: 1400}
      br1: {type: bridge, stp: on}
      vx0: {type: vxlan, id: 42, remote: 10.0.0.2, local: 10.0.0.1, dev: e0, master: br1}
      mv0: {type: macvlan, link: e0, mode: private}
      vl0: {type: vlan, link: e0, id: 10}
      t0: {type: tun}
      t1: {type: tap, user: 1000}
  b: {}
  c:
checks:
  - a -> b
  - a !> 10.2.0.2
"""


def test_all_that_a_file_can_say_is_in_it() -> None:
    loads(FULL, "full.yaml")
    VALIDATOR.validate(yaml.safe_load(FULL))


@pytest.mark.parametrize(
    "change",
    [
        ("lab: full", "lab: a b"),
        ("lab: full", "label: full"),
        ("loopback: down", "loopback: maybe"),
        ("loopback: down", "loopbak: down"),
        ("a:e0: 10.0.0.1/24", "a:e0: 10.0.0.1"),
        ("a:e0: 10.0.0.1/24", "a:a-name-too-long-for-it: 10.0.0.1/24"),
        ("    mtu: 1400\n    rate", "    mtuu: 1400\n    rate"),
        ("    mtu: 1400\n    rate", "    mtu: 60\n    rate"),
        ("rate: 10mbit", "rate: fast"),
        ("delay: 10ms", "delay: 10"),
        ("loss: 0.5%", "loss: 0.5"),
        ("lladdr: '02:", "lladdr: '2:"),
        ("    host:h1: [10.1.0.1/24]\n    rate: 8000\n", ""),
        ("stp: off", "stp: maybe"),
        ("members: [e:e0", "members: [e"),
        ("type: dummy", "type: dumy"),
        ("id: 42, ", ""),
        ("id: 42", "id: 99999999"),
        ("link: e0, id: 10", "link: e0, id: 4095"),
        ("lo: 10.255.0.1/32", "lo: {type: dummy}"),
        ("net.ipv4.conf.all.rp_filter", "kernel.panic"),
        ("a -> b", "a to b"),
    ],
)
def test_broken_files_do_not_agree_with_it(change: tuple[str, str]) -> None:
    assert change[0] in FULL
    broken = FULL.replace(*change)
    assert not agrees(broken)
    with pytest.raises(LabError):
        loads(broken, "full.yaml")


def test_what_it_refuses_the_loader_refuses_too() -> None:
    """The schema may know less than the loader, but never more."""
    refused = 0
    for case in sorted(CASES.glob("*.yaml")):
        if case.name.startswith("yaml-"):
            continue
        refused += not agrees(case.read_text(encoding="utf-8"))
    assert refused > 30


def test_each_key_is_described() -> None:
    for part in (SCHEMA, *SCHEMA["$defs"].values()):
        assert part["description"]
        for key, value in part.get("properties", {}).items():
            assert key == "type" or len(value["description"]) > 5


def test_it_knows_each_key_of_the_forms() -> None:
    every: list[type[Form]] = [forms.Link, forms.BridgeForm, forms.NodeForm]
    for form in (*every, *interfaces.TYPES.values()):
        own = {name for name, key in form.keys.items() if key.name is None}
        assert set(SCHEMA["$defs"][form.__name__]["properties"]) == own
