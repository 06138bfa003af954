"""What a failed command means for a run: what was to go may be gone already."""

from __future__ import annotations

import pytest

from iplab.errors import CommandFailed
from iplab.operations import DeleteLink, DeleteNamespace, Operation, SetUp
from iplab.run.failed import advice, gone_already

# As ip and nsenter (util-linux 2.38) say it.
NO_DEVICE = 'Cannot find device "e0"'
NO_NODE = 'Cannot open network namespace "a": No such file or directory'
NOT_ENTERED = "nsenter: cannot open /run/netns/a: No such file or directory"
NO_FILE = 'Cannot remove namespace file "/run/netns/a": No such file or directory'
BUSY = 'Cannot remove namespace file "/run/netns/a": Device or resource busy'


def test_what_to_try_is_for_what_was_said() -> None:
    assert advice("open: Permission denied\n").startswith("sudo chmod 0666 /dev/net/tun")
    assert advice("RTNETLINK answers: Operation not permitted") == "run iplab as root"
    assert "doctor" in advice("Error: Unknown device type.")
    assert advice("RTNETLINK answers: File exists") == ""


@pytest.mark.parametrize(
    ("operation", "said", "gone"),
    [
        (DeleteLink("a", "e0"), NO_DEVICE, True),
        (DeleteLink("a", "e0"), NO_NODE, True),
        (DeleteLink("a", "e0"), NOT_ENTERED, True),
        (DeleteLink("a", "e0"), "RTNETLINK answers: Operation not permitted", False),
        (DeleteNamespace("host", "a"), NO_FILE, True),
        (DeleteNamespace("host", "a"), BUSY, False),
        (SetUp("a", "e0"), NOT_ENTERED, False),
        (SetUp("a", "e0"), NO_DEVICE, False),
    ],
)
def test_what_was_to_go_and_is_gone_is_no_failure(
    operation: Operation, said: str, gone: bool
) -> None:
    assert gone_already(operation, CommandFailed("…", 1, said)) is gone
