"""A translation that is run: what a signal cuts short is put back."""

from __future__ import annotations

import os
import signal
from ipaddress import ip_interface
from typing import cast

import pytest

from iplab.command import Command
from iplab.errors import Interrupted
from iplab.network import Address, Dummy, Interface, Namespace
from iplab.operations import AddAddress, SetUp
from iplab.run.legacy import Run
from iplab.run.machine import Machine
from iplab.run.running import Finished


class Machinery:
    """Runs nothing; a signal comes with the first change."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.ran: list[str] = []

    def run(self, command: Command) -> Finished:
        if command.lines:
            return Finished(0, "[]\n[]\n[]\n[]\n", "")
        self.ran.append(command.text)
        if len(self.ran) == 1:
            os.kill(os.getpid(), self.number)
        return Finished(0, "", "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_command_is_put_back(number: int) -> None:
    ignored = signal.signal(number, signal.SIG_DFL)  # whoever runs the tests may ignore it
    try:
        _interrupted(number)
    finally:
        signal.signal(number, ignored)


def _interrupted(number: int) -> None:
    machine = Machinery(number)
    before = Namespace("host", {"d0": Interface("d0", Dummy())})
    add = AddAddress("host", "d0", Address(ip_interface("10.0.0.1/24")))
    run = Run(cast(Machine, machine), before, [add, SetUp("host", "d0")])
    with pytest.raises(Interrupted, match="all was put back"):
        run.run()
    assert machine.ran == ["ip addr add 10.0.0.1/24 dev d0", "ip addr del 10.0.0.1/24 dev d0"]
