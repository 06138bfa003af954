"""Every node to every node: what is started for it, and what is made of the answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from ipaddress import ip_interface
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from iplab.command import Command
from iplab.errors import CommandFailed
from iplab.network import Address, Interface, Namespace, Network, Veth
from iplab.plan import introduce
from iplab.run import pings
from iplab.run.machine import Machine
from iplab.run.running import Finished

COUNT = 5
Answer = Callable[[Command], Finished]


def star() -> Network:
    return Network(
        {
            f"n{n}": Namespace(
                f"n{n}",
                {
                    "eth0": Interface(
                        "eth0",
                        Veth(),
                        up=True,
                        addresses=(Address(ip_interface(f"10.0.0.{n}/24")),),
                    )
                },
            )
            for n in range(1, COUNT + 1)
        }
    )


def targets(command: Command) -> list[str]:
    return [word for line in command.lines for word in line]


def program(command: Command) -> tuple[str, ...]:
    return command.argv[2:]  # behind nsenter --net=FILE


def good(command: Command) -> Finished:
    return Finished(0, "\n".join(targets(command)) if "fping" in command.argv else "", "")


@pytest.fixture
def ask(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[[Answer], tuple[pings.Matrix, list[Command]]]:
    """The matrix of the star where commands end like this, and those commands."""
    (tmp_path / "limit").write_text("100000\n")
    monkeypatch.setattr(pings, "LIMIT", tmp_path / "limit")
    monkeypatch.setattr(pings, "find_program", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(introduce, "MANY", COUNT)
    started: list[Command] = []

    def run(answer: Answer) -> tuple[pings.Matrix, list[Command]]:
        def side_by_side(
            self: Machine, commands: Iterable[Command], **_: Any
        ) -> Iterator[tuple[int, Finished]]:
            for number, command in enumerate(commands):
                started.append(command)
                yield number, answer(command)

        monkeypatch.setattr(Machine, "side_by_side", side_by_side)
        it = star()
        return pings.matrix(Machine(), it, list(it.namespaces), 0), started

    return run


Ask = Callable[[Answer], tuple[pings.Matrix, list[Command]]]


def test_all_are_introduced_and_then_each_asks_each_other_once(ask: Ask) -> None:
    found, started = ask(good)
    assert (found.sent, found.received, found.failed) == (20, 20, ())
    introduced, asking = started[1 : 1 + COUNT], started[1 + COUNT :]
    assert program(started[0]) == ("ip", "neigh")
    assert [program(c) for c in introduced] == [("ip", "-batch", "-")] * COUNT
    assert [program(c) for c in asking] == [pings.QUICK] * COUNT
    asked = {(c.node, address) for c in asking for address in targets(c)}
    assert len(asked) == 20
    assert all(f"10.0.0.{node[1:]}" != address for node, address in asked)


@pytest.mark.parametrize(("known", "ips"), [(1, 1 + COUNT), (COUNT - 1, 1)])
def test_where_the_first_knows_most_others_nobody_is_introduced(
    ask: Ask, known: int, ips: int
) -> None:
    lines = "".join(f"10.0.0.{n} dev eth0 lladdr 02::{n} STALE\n" for n in range(2, 2 + known))

    def answer(command: Command) -> Finished:
        return Finished(0, lines, "") if program(command) == ("ip", "neigh") else good(command)

    found, started = ask(answer)
    assert found.received == 20
    assert [program(c)[0] for c in started] == ["ip"] * ips + ["fping"] * COUNT


def test_that_an_introduction_fails_is_no_matter(ask: Ask) -> None:
    failing = Finished(2, "", "RTNETLINK answers: File exists\nCommand failed -:1\n")
    found, started = ask(lambda c: good(c) if "fping" in c.argv else failing)
    assert (found.received, found.failed) == (20, ())
    assert len(started) == 1 + 2 * COUNT


def test_who_is_silent_is_asked_patiently_before_it_counts_as_lost(ask: Ask) -> None:
    """n1 hears none of n2 and n3 at first, and never n3."""
    deaf = {True: {"10.0.0.2", "10.0.0.3"}, False: {"10.0.0.3"}}

    def answer(command: Command) -> Finished:
        if "fping" not in command.argv or command.node != "n1":
            return good(command)
        silent = deaf[program(command) == pings.QUICK]
        return Finished(1, "\n".join(a for a in targets(command) if a not in silent), "")

    found, started = ask(answer)
    (again,) = [c for c in started if program(c) == pings.PATIENT]
    assert (again.node, targets(again)) == ("n1", ["10.0.0.2", "10.0.0.3"])
    assert (found.sent, found.received, found.failed) == (20, 19, (("n1", "n3"),))
    assert found.silent == ("n1 does not reach n3 at 10.0.0.3",)


def test_three_tries_at_least_before_a_pair_is_lost() -> None:
    """fping(8): -r is how often again, besides the first time."""
    tries = sum(1 + int(argv[argv.index("-r") + 1]) for argv in (pings.QUICK, pings.PATIENT))
    assert tries >= 3
    assert float(pings.PATIENT[pings.PATIENT.index("-i") + 1]) >= 1


@pytest.mark.parametrize(
    "failure",
    [
        Finished(4, "", "fping: can't create socket (must run as root?)"),
        CommandFailed("fping", 126, "can't create socket"),
    ],
    ids=["its error", "not started"],
)
def test_an_fping_that_could_not_ask_is_an_error(ask: Ask, failure: Any) -> None:
    with pytest.raises(CommandFailed, match="can't create socket"):
        ask(lambda c: failure if "fping" in c.argv else good(c))


class Wanted(Struct):
    """A check."""

    must_reach: bool
    source: str = "n1"
    target: str = "n2"
    text: str = "the check"


def check(monkeypatch: pytest.MonkeyPatch, done: Finished, must_reach: bool) -> pings.Outcome:
    """What becomes of a check where ping ends like this."""
    monkeypatch.setattr(Machine, "other", lambda *_, **__: done)
    (outcome,) = pings.check_all(Machine(), star(), [Wanted(must_reach)])
    return outcome


@pytest.mark.parametrize("must_reach", [True, False])
@pytest.mark.parametrize(
    "done",
    [
        Finished(2, "", "ping: socket: Operation not permitted"),
        Finished(124, "", "no answer within 10 s"),
        Finished(126, "", "nsenter: failed to execute ping: Operation not permitted"),
        Finished(1, "", "nsenter: cannot open /run/netns/n1: No such file or directory"),
    ],
    ids=lambda done: str(done.code) if isinstance(done, Finished) else None,
)
def test_a_ping_that_could_not_ask_passes_no_check(
    monkeypatch: pytest.MonkeyPatch, done: Finished, must_reach: bool
) -> None:
    outcome = check(monkeypatch, done, must_reach)
    assert not outcome.ok
    assert done.err in outcome.detail


@pytest.mark.parametrize(
    "done",
    [
        Finished(1, "PING 10.0.0.2 (10.0.0.2) 56(84) bytes of data.", ""),
        Finished(2, "", "ping: connect: Network is unreachable"),
        Finished(2, "", "ping: Do you want to ping broadcast? Then -b. If not, check your"),
    ],
)
def test_silence_and_the_kernel_s_refusal_are_answers(
    monkeypatch: pytest.MonkeyPatch, done: Finished
) -> None:
    assert check(monkeypatch, done, False).ok
    assert not check(monkeypatch, done, True).ok
