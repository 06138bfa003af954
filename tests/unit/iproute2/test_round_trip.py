"""Reading what a template wrote gives the operation back: every operation, both styles."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iplab.iproute2 import read
from iplab.iproute2.program import read_batch
from iplab.operations import ALL, Operation
from iplab.render import Renderer
from tests.unit.iproute2.made import EVERY

ANY = shlex.split(
    "ip tc bridge sysctl nft sudo -n -4 -6 -br -batch -- a l r n netns exec add set del show dev "
    "veth0 ns1 type veth peer name up master 10.0.0.1/24 default via lo mode tap qdisc root netem "
    "delay -w net.a=1 inet table x '' lookup nexthop \x00"
)
RENDERERS = {style: Renderer(style) for style in ("direct", "steps", "batch")}


def test_each_operation_has_its_strategy() -> None:
    assert set(EVERY) == set(ALL)


@pytest.mark.parametrize("style", RENDERERS)
@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_what_a_template_wrote_is_read_back(kind: type[Operation], style: str) -> None:
    renderer = RENDERERS[style]

    @settings(max_examples=40, deadline=None)
    @given(EVERY[kind])
    def check(operation: Operation) -> None:
        command = renderer.command(operation)
        reading = read(command.argv)
        assert reading.unknown == ""
        assert reading.operations == (operation,)
        assert reading.known == ()
        # Equal operations may differ in what a Network does not compare; their words may not.
        assert renderer.command(reading.operations[0]) == command
        # Each word belongs to one part, and written out it still reads the same.
        assert tuple(w for p in reading.parts for w in p.written) == command.argv
        assert read(reading.full).operations == (operation,)

    check()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.one_of(*EVERY.values()), max_size=5))
def test_a_batch_is_read_line_by_line(operations: list[Operation]) -> None:
    of_ip = [o for o in operations if o.program == "ip"]
    lines = [RENDERERS["direct"].command(o).argv for o in of_ip]
    text = "".join(" ".join(("netns", "exec", "x", *line)) + "  # why\n" for line in lines)
    batch = [r.operations for r in read_batch(text)]
    # Inside `netns exec x` the host's commands work on x; -n of their own goes before it.
    assert len(batch) == len(of_ip)


@pytest.mark.parametrize(
    ("line", "words"),
    [  # each tried with `ip -batch` of iproute2 6.1
        ("link set 'a' up # it's", "link set a up"),
        ('link set "a#b" up', None),
        ("link set\\\n a up", "link set a up"),
        ("link se\\\nt a up", "link set a up"),
        ("link set 'a up", None),
    ],
)
def test_a_batch_is_split_as_ip_splits_it(line: str, words: str | None) -> None:
    (reading,) = read_batch(f"{line}\n")
    if words is None:
        assert reading.unknown == "a quote is not closed"
    else:
        assert reading.argv == ("ip", *words.split())


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(ANY),
        max_size=9,
    )
)
def test_any_words_are_read_or_said_not_to_be_known(words: list[str]) -> None:
    reading = read(words)
    assert bool(reading.unknown) != bool(reading.operations or reading.known)
    if not reading.unknown:
        assert tuple(w for p in reading.parts for w in p.written) == tuple(words)
