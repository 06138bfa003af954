"""`iplab down`: what ends `--all`, and whose the settings are that another lab relies on."""

from __future__ import annotations

from contextlib import nullcontext

import pytest
from click.testing import CliRunner

from iplab.claims import Claim
from iplab.cli import down
from iplab.errors import Interrupted, IplabError, LeftBehind
from iplab.run import records
from iplab.run.records import Record

FORWARD = Claim("sysctl", "host", "net/ipv4/ip_forward")
FILTER = Claim("sysctl", "host", "net/ipv4/conf/all/rp_filter")


@pytest.mark.parametrize(
    "error", [Interrupted("stop"), LeftBehind("left"), down._Declined("no")], ids=repr
)
def test_all_stops_at_once(error: IplabError, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def take_down(name: str, *_: object, **__: object) -> dict[str, object]:
        asked.append(name)
        if asked == ["a"]:
            raise error
        return {}

    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr(records, "locked", lambda say: nullcontext())
    monkeypatch.setattr(records, "load_all", lambda: {"a": None, "b": None})
    monkeypatch.setattr(down, "take_down", take_down)
    assert CliRunner().invoke(down.command, ["--all"]).exception is error
    assert asked == ["a"]


def test_an_heir_has_all_settings_and_only_while_nothing_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    saved: dict[str, Record] = {}
    monkeypatch.setattr(records, "save", lambda record: saved.update({record.lab: record}))
    old = {FORWARD: "0", FILTER: "0"}
    a, b = Record("a", "a.yaml", "", claims=old), Record("b", "b.yaml", "")
    handed = dict.fromkeys(old, "b")
    with down._handed_over(a, handed, {"a": a, "b": b}):
        assert saved["b"].claims == old  # ahead of the run
    assert saved["b"].claims == old
    with pytest.raises(IplabError), down._handed_over(a, handed, {"a": a, "b": b}):
        raise IplabError("put back")
    assert saved["b"] == b
