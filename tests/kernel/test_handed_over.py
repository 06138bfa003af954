"""Settings of the host that two labs want: the last one that goes puts them back."""

import pytest

from tests.kernel.sandbox import Sandbox

pytestmark = pytest.mark.kernel

KEYS = ("net.ipv4.ip_forward", "net.ipv4.conf.all.rp_filter")
LAB = """\
lab: {name}
nodes:
  host: {{sysctl: {{net.ipv4.ip_forward: 1, net.ipv4.conf.all.rp_filter: 2}}}}
  {name}: {{}}
"""


def test_several_settings_go_to_one_heir(sandbox: Sandbox) -> None:
    sandbox.run("sysctl", "-w", f"{KEYS[0]}=0", f"{KEYS[1]}=0")
    for name in ("a", "b"):
        sandbox.write(f"{name}.yaml", LAB.format(name=name))
        sandbox.iplab("up", "--yes", f"{name}.yaml")
    sandbox.iplab("down", "a.yaml")
    assert sandbox.run("sysctl", "-n", *KEYS).split() == ["1", "2"]
    sandbox.iplab("down", "b.yaml")
    assert sandbox.run("sysctl", "-n", *KEYS).split() == ["0", "0"]
