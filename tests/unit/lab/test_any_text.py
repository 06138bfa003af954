"""Whatever the text: a Lab or a LabError; and whatever comes through, each value is one word."""

import re
from contextlib import suppress

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iplab.errors import LabError, Problem
from iplab.lab import Lab, loads, starter_text, starters, tree
from iplab.network import Kind

TEXTS = [starter_text(name)[1] for name, _, _ in starters()]
NAMES = [filename for _, _, filename in starters()]
FULL = """\
lab: full
links:
  - a:e0: [10.0.0.1/24, 'fd00::1/64']
    b:e0: {addresses: 10.0.0.2/24, lladdr: '02:00:00:00:00:01'}
    mtu: 1400
    rate: 10mbit
    delay: 10ms
    jitter: 1ms
    loss: 1%
bridges:
  - host:br0: 10.2.0.1/24
    stp: off
    members: {c:e0: 10.2.0.2/24, d:e0: }
nodes:
  a:
    routes: [default via 10.0.0.2 metric 5, blackhole 10.9.0.0/16]
    forward: yes
    masquerade: [10.0.0.0/8]
    sysctl: {net.ipv4.conf.all.rp_filter: 0}
    interfaces:
      vx0: {type: vxlan, id: 42, remote: 10.0.0.2, dev: e0}
      mv0: {type: macvlan, link: e0}
      t1: {type: tap, user: 1000}
checks: [a -> b, a !> 10.2.0.2]
"""
WORDS = sorted(set(re.findall(r"[^\s,{}\[\]]+", FULL)))
NASTY = [
    *("", "a b", "'", '"', "$(x)", "`x`", "a;b", "a|b", "a&&b", ">x", "-v", "--", "a\nb", "a\\"),
    *("*", "&a", "!x", "~", "\t", "é", "\u00a0", "#", "%", "{{ x }}", "{% x %}"),
    *("fe80::%a b/64", "fe80::1%$(x)", "10.0.0.0/8 x", "lo", "host", "all", ":", "::", "a:", ":a"),
    "a:b:c",
]

loading = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))


def read(text: str, name: str = "x.yaml", **given: str) -> None:
    """Read a lab: it is right, or has faults; anything else that happens is a bug."""
    try:
        lab = loads(text, name, settings=given)
    except LabError as error:
        check_problems(error.problems, last=len(re.split("\r\n|\r|\n", text)))
    else:
        for word in words(lab):
            assert re.fullmatch(r"[A-Za-z0-9_.:/,+-]+", word, re.ASCII), word
            assert not word.startswith("-") or re.fullmatch("-[0-9]+", word), word


def check_problems(problems: list[Problem], last: int) -> None:
    assert problems
    for problem in problems:
        assert 1 <= problem.line <= last
        assert problem.column >= 1
        assert problem.message


def words(lab: Lab) -> list[str]:
    """Every value that a command could be made of."""
    found = [lab.name, *lab.nodes]
    for check in lab.checks:
        found += [check.source, check.target]
    for namespace in lab.network.namespaces.values():
        found += [namespace.name, *namespace.nat]
        found += [word for pair in namespace.sysctls.items() for word in pair]
        found += [str(s) for table in namespace.nat.values() for s in table.sources]
        found += [word for route in namespace.routes for word in str(route).split(" ")]
        for interface in namespace.interfaces.values():
            found += [interface.name, interface.master or "x", interface.lladdr or "x"]
            found += [str(address) for address in interface.addresses if address.scope == "global"]
            found += kind_words(interface.kind)
    return found


def kind_words(kind: Kind) -> list[str]:
    values = [getattr(kind, name) for name in kind.__struct_fields__]
    return [str(value) for value in values if value is not None]


@given(st.text())
@loading
def test_any_text(text: str) -> None:
    read(text)
    read(text, "x.j2")


@given(st.text(alphabet="ab:- \n\t[]{},'\"#&*!|>%@`?\\0\u00a0{%}", max_size=60))
@loading
def test_any_text_of_yamls_own_characters(text: str) -> None:
    read("lab: x\n" + text)
    read("lab: x\n" + text, "x.j2")


@given(st.binary(max_size=40))
@loading
def test_any_bytes_in_the_middle_of_a_lab(data: bytes) -> None:
    read(FULL[:200] + data.decode("utf-8", "surrogateescape") + FULL[200:])


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, str]:
    which = draw(st.integers(0, len(TEXTS)))
    text, name = (FULL, "x.yaml") if which == len(TEXTS) else (TEXTS[which], NAMES[which])
    for _ in range(draw(st.integers(1, 3))):
        a = draw(st.integers(0, len(text)))
        b = draw(st.integers(a, min(len(text), a + 20)))
        new = draw(st.one_of(st.sampled_from(NASTY), st.sampled_from(WORDS), st.text(max_size=3)))
        text = text[:a] + new + text[b:]
    return text, name


@given(mutated())
@loading
def test_mutated_labs(case: tuple[str, str]) -> None:
    read(*case)


@given(st.sampled_from(WORDS), st.one_of(st.sampled_from(NASTY), st.sampled_from(WORDS)))
@loading
def test_any_word_in_the_place_of_another(old: str, new: str) -> None:
    quoted = "'" + new.replace("'", "''") + "'"
    read(re.sub(rf"(?<![^\s,\[{{]){re.escape(old)}(?![^\s,}}\]])", lambda _: quoted, FULL))


@pytest.mark.parametrize("bad", [word for word in NASTY if not re.fullmatch("[A-Za-z]*", word)])
@pytest.mark.parametrize(
    "place", ["full", "a:e0", "10.0.0.2/24", "br0", "vx0", "1000", "42", "e0}"]
)
def test_no_value_becomes_two_words(place: str, bad: str) -> None:
    tail = "}" if place.endswith("}") else ""
    dumped = yaml.safe_dump(bad, default_style='"', width=10**6).strip()
    read(FULL.replace(place, dumped + tail, 1))


KEY_WORDS = """
    lab links bridges nodes loopback checks members routes sysctl type interfaces mtu rate
    a:e0 b:e0 c:br0 lo x0 a
"""
KEYS = st.sampled_from(KEY_WORDS.split())
SCALARS = st.one_of(st.sampled_from(WORDS), st.sampled_from(NASTY), st.text(max_size=5))
TREES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.one_of(KEYS, SCALARS), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(st.dictionaries(KEYS, TREES, max_size=5))
@loading
def test_any_structure(structure: dict) -> None:
    read(yaml.safe_dump({"lab": "x", **structure}, allow_unicode=True, sort_keys=False))


@given(SCALARS, SCALARS)
@loading
def test_any_setting(name: str, value: str) -> None:
    text = "lab: x{{ n }}\nnodes:\n{% for i in range(n) %}\n  a{{ i }}:\n{% endfor %}\n"
    for given_settings in ({name: value}, {"n": value}):
        with suppress(LabError):
            loads(text, "x.j2", settings=given_settings)


@given(mutated())
@settings(loading, max_examples=50)
def test_pythons_own_yaml_reader_is_as_safe(case: tuple[str, str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tree, "_LOADER", yaml.BaseLoader)
        read(*case)


@pytest.mark.parametrize(
    "opening", ["[", "{a: ", "- ", "? ", "a:\n ", "[{", "!x ", "&x ", "'", '"\\']
)
def test_nothing_is_too_deep(opening: str) -> None:
    read("lab: x\nlinks: " + opening * 100_000)
    read("lab: x\nlinks:\n " + opening * 100_000)
