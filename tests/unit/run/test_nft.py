"""A node's nftables rules, of whatever kernel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from iplab.command import Command
from iplab.errors import CommandFailed
from iplab.network import Network
from iplab.run import asked, look, nft, whole
from iplab.run.machine import Machine
from iplab.why.facts import Ruleset

ASK: dict[str, Callable[[], Any]] = {
    "why": lambda: asked.Asked(Machine(), Network({})).ruleset("n1"),
    "whole": lambda: whole._tables(Machine(), "n1"),
    "import": lambda: look.nft_tables(Machine(), "n1"),
}
NOTHING = {"why": Ruleset(sets={}), "whole": {}, "import": ([], [])}


@pytest.fixture
def says(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Let nft end with these words."""

    def prepare(words: str) -> None:
        def run(self: Machine, command: Command, **_: Any) -> None:
            raise CommandFailed(command.text, 1, words)

        monkeypatch.setattr(Machine, "run", run)
        monkeypatch.setattr(nft, "find_program", lambda name: f"/usr/sbin/{name}")
        monkeypatch.setattr(asked, "find_program", lambda name: None)

    return prepare


@pytest.mark.parametrize("who", ASK)
@pytest.mark.parametrize("words", ["Operation not supported", "Protocol not supported"])
def test_a_kernel_without_nf_tables_has_no_rules(
    says: Callable[[str], None], words: str, who: str
) -> None:
    says(f"netlink: Error: cache initialization failed: {words}")
    assert ASK[who]() == NOTHING[who]


@pytest.mark.parametrize("who", ASK)
def test_any_other_error_is_told(says: Callable[[str], None], who: str) -> None:
    says("netlink: Error: cache initialization failed: Operation not permitted")
    with pytest.raises(CommandFailed, match="not permitted"):
        ASK[who]()
