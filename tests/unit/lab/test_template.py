"""Lab files that Jinja2 renders first: what they may do, and that faults point into them."""

import re

import pytest

from iplab.errors import LabError, Problem
from iplab.lab import bounds, jinja, load, loads, starter_text


def problems(text: str, **settings: str) -> list[Problem]:
    with pytest.raises(LabError) as caught:
        loads(text, "lab.yaml.j2", settings=settings)
    return caught.value.problems


def place(text: str, **settings: str) -> tuple[int, int]:
    (problem,) = problems(text, **settings)
    return problem.line, problem.column


STAR = """\
{% set n = n | default(3) | int %}
lab: star
bridges:
  - hub:br0: 10.0.0.254/24
    members:
{% for i in range(n) %}
      leaf{{ i }}:eth0: 10.0.0.{{ i + 1 }}/24
{% endfor %}
"""


def test_settings_are_text_and_defaults_stand_in_the_file() -> None:
    assert len(loads(STAR, "x.j2").nodes) == 4
    assert len(loads(STAR, "x.j2", settings={"n": "20"}).nodes) == 21
    assert loads("lab: x{{ n + '1' }}\n", "x.j2", settings={"n": "1"}).name == "x11"


def test_range_takes_a_setting_as_it_is() -> None:
    text = "lab: x\nnodes:\n{% for i in range(n) %}\n  n{{ i }}:\n{% endfor %}\n"
    assert loads(text, "x.j2", settings={"n": "2"}).nodes == ("n0", "n1")


def test_only_files_called_j2_are_rendered() -> None:
    with pytest.raises(LabError):
        loads(STAR, "x.yaml")


def test_origins_are_lines_of_the_template() -> None:
    lab = loads(STAR, "x.j2")
    assert lab.origins["leaf0"] == lab.origins["leaf2:eth0"] == "x.j2:7"
    assert lab.origins["hub:br0"] == "x.j2:4"


def test_a_check_has_its_line_in_the_template() -> None:
    lab = loads(STAR + "{# a\ncomment #}\nchecks:\n  - leaf0 -> leaf1\n", "x.j2")
    assert lab.checks[0].line == 12


# ---------------------------------------------------------------- where a fault is


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        # Literal text stands where it stands, whatever was left out ahead of it.
        ("lab: a b\n", 1, 6),
        ("{# one\n two #}\nlab: a b\n", 3, 6),
        ("{% if false %}\nx: y\n{% endif %}\nlab: a b\n", 4, 6),
        ("{% set x = 1 %}\n\n\nlab: a b\n", 4, 6),
        ("{% set x %}\n1\n2\n{% endset %}\nlab: a b\n", 5, 6),
        ("{% macro m() %}\n1\n{% endmacro %}\nlab: a b\n", 4, 6),
        ("{%- if true -%}\n   lab: a b\n{%- endif %}\n", 2, 9),
        ("{% raw %}\nlab: a b\n{% endraw %}\n", 2, 6),
        ("lab: x\r\n{% if true %}\r\nlinx:\r\n{% endif %}\r\n", 3, 1),
        # Behind an expression, the column is the literal text's own.
        ("lab: {{ 'x' }} y\n", 1, 6),
        ("lab: x\nnodes:\n  {{ 'n' * 60 }}: {forwardd: on}\n", 3, 20),
        ("lab: x\nnodes: {{ '{' }} a: {forwardd: on}, {{ 'b' }}: {mtu: 1} }\n", 2, 22),
        # What an expression makes stands where the expression does.
        ("lab: x\nnodes:\n  a:\n    {{ 'forwardd' }}: on\n", 4, 5),
        ("lab: x\nnodes:\n  a: {{ '{forward: maybe}' }}\n", 3, 6),
        ("{% macro m() %}\nlab: a b\n{% endmacro %}\n\n{{ m() }}\n", 5, 1),
        ("lab: x\n{{ 'linx:\\n\\nbridgs:' }}\n", 2, 1),
        # Jinja2's own complaints.
        ("lab: x\n\n{% fro %}\n", 3, 1),
        ("lab: x\n\n    {{ nothing }}\n", 3, 5),
        ("lab: x\n{{ 1 / 0 }}\n", 2, 1),
        ("lab: x\n{% if true %}\nlinks:\n", 3, 1),
        ("lab: x\n{% from 'y' import z %}\n", 2, 1),
        # YAML's.
        ("lab: x\n{% if true %}\nlinks: [\n{% endif %}\n", 3, 9),
        ("lab: x\n{% if true %}\nlinks: [a\nx: y\n{% endif %}\n", 3, 8),
    ],
)
def test_faults_point_into_the_template(text: str, line: int, column: int) -> None:
    first = problems(text)[0]
    assert (first.line, first.column) == (line, column)


def test_a_fault_in_a_loop_says_which_turn() -> None:
    text = STAR.replace("eth0", "eth{{ 'x' * 12 * (i % 2) }}0")
    (problem,) = problems(text)
    assert (problem.line, problem.column) == (7, 7)
    assert "in turn 2 of 3 of its loop the line reads `leaf1:ethxxxxxxxxxxxx0: " in problem.message


def test_a_line_that_came_out_otherwise_is_shown() -> None:
    (problem,) = problems("lab: {{ a }} {{ b }}\n", a="x", b="y")
    assert "(rendered, the line reads `lab: x y`)" in problem.message


def test_a_line_that_came_out_as_it_stands_is_not() -> None:
    (problem,) = problems("lab: x y\n")
    assert "reads" not in problem.message


def test_other_lines_are_named_as_the_template_has_them() -> None:
    text = (
        "lab: x\n{% for i in range(2) %}\n{% endfor %}\nlinks:\n  - a:e0: 10.0.0.1/24\n    b:e0:\n"
        "  - a:e0:\n    c:e0:\n"
    )
    (problem,) = problems(text)
    assert "first in line 5" in problem.message
    assert problem.line == 7


# ---------------------------------------------------------------- settings


def test_a_setting_the_file_does_not_ask_for_is_a_slip() -> None:
    (problem,) = problems(STAR, N="20")
    assert "no use for --set N" in problem.message
    assert "'n'" in problem.hint


def test_a_missing_setting_is_asked_for() -> None:
    (problem,) = problems(
        "lab: x\nnodes:\n{% for i in range(count) %}\n  n{{ i }}:\n{% endfor %}\n"
    )
    assert problem.line == 3
    assert "--set count=VALUE" in problem.hint


@pytest.mark.parametrize(
    "value", ["x\nlinks: 3", "'", '"', "$(x)", "\ue000999\ue001", "\ud800", "\0"]
)
def test_a_setting_is_checked_like_the_file_itself(value: str) -> None:
    with pytest.raises(LabError):
        loads("lab: y{{ n }}\n", "x.j2", settings={"n": value})


# ---------------------------------------------------------------- what a template may not do


@pytest.mark.parametrize(
    "text",
    [
        "{% for i in range(10 ** 9) %}x{% endfor %}",
        "{{ 'a' * 10 ** 10 }}",
        "{{ 10 ** 10 ** 10 }}",
        "{{ 2.0 ** 99999 }}",
        "{{ 'a'.ljust(10 ** 9) }}",
        "{{ '%999999999d' % 1 }}",
        "{{ '{:999999999}'.format(1) }}",
        "{{ '{:999999999}'['format'](1) }}",
        "{{ ('a' * 99999) | replace('a', 'b' * 99999) }}",
        "{{ range(99999) | join('a' * 99999) }}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}",
        "{% for i in [1, 2] recursive %}{{ loop([1, 2]) }}{% endfor %}",
        "{% set ns = namespace(x='ab') %}{% for i in range(99) %}{% set ns.x = ns.x ~ ns.x %}"
        "{% endfor %}",
        "{% set ns = namespace(x='ab') %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}"
        "{% endfor %}",
        "{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}"
        "{% endfor %}",
        "{% set ns = namespace(x=9) %}{% for i in range(99) %}{% set ns.x = ns.x * ns.x %}"
        "{% endfor %}",
        "{% for i in range(99999) %}# " + "x" * 1000 + "\n{% endfor %}",
        "{% set x = 'a' * 1000000 %}{% for i in range(99) %}{% set y %}{{ x }}{% endset %}"
        "{% endfor %}",
        "{{ '(' * 3 }}" + "{{ " + "(" * 5000 + ")" * 5000 + " }}",
        "{% if 1 %}" * 3000 + "{% endif %}" * 3000,
        "{% for i in [1] %}" * 30 + "{% endfor %}" * 30,
        "{{ ''.__class__ }}",
        "{{ ''['__class__'] }}",
        "{{ namespace.__init__ }}",
        "{{ [1] | map(attribute='__class__') | first }}",
        "{{ self }}",
        "{{ [1, 2] }}",
        "{{ none }}",
        "{% include 'other.yaml' %}",
        "{% import 'x' as y %}",
        "{% extends 'x' %}",
        "{{ 'x' | random }}",
        "{{ lipsum() }}",
        "# " + "x" * 2**20,
        "\ue000",
        "{{ '\\ue000' }}",
    ],
)
def test_a_template_is_stopped(text: str) -> None:
    found = problems(f"lab: x\n{text}\n")
    assert found[0].line in (1, 2)


def test_a_loop_without_end_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "CPU_SECONDS", 0.2)
    nested = "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}"
    (problem,) = problems(f"lab: x\n{nested}\n")
    assert "it takes more than" in problem.message
    assert problem.line == 2


def test_all_that_is_left_of_jinja_works() -> None:
    text = """
{% set nodes = ['a', 'b'] %}
{% set nets = {'a': 1, 'b': 2} %}
{% set ns = namespace(n=0) %}
{% macro address(i) %}10.0.{{ i }}.1/24{% endmacro %}
lab: {{ 'X' | lower ~ nodes | join('-') }}
nodes:
{% for name in nodes | sort(reverse=true) %}
{% set ns.n = ns.n + loop.index %}
  {{ name }}{{ loop.length }}:
    interfaces:
      d{{ ns.n }}: {type: dummy, addresses: {{ address(nets[name]) }}}
{% else %}
  none:
{% endfor %}
{% for name, net in nets.items() if net is even %}
  {{ "%s" if false else name.upper().replace if false else name | upper }}{{ net // 2 }}:
{% endfor %}
"""
    lab = loads(text, "x.j2")
    assert lab.name == "xa-b"
    assert lab.nodes == ("b2", "a2", "B1")


def test_the_same_file_and_settings_give_the_same_text() -> None:
    assert jinja.render(STAR, "x", {})[0] == jinja.render(STAR, "x", {})[0]


def test_a_thousand_nodes_are_nothing(tmp_path) -> None:
    (tmp_path / "star.j2").write_text(STAR.replace("10.0.0.{{ i + 1 }}/24", ""))
    assert len(load(tmp_path / "star.j2", settings={"n": "1000"}).nodes) == 1001


def test_a_sum_is_of_numbers() -> None:
    assert loads("lab: x{{ [1, 2] | sum }}\n", "x.j2").name == "x3"
    assert loads("lab: x{{ [{'n': 1}, {'n': 2}] | sum('n', start=4) }}\n", "x.j2").name == "x7"
    for terms in ("[[0]] | sum(start=[])", "[[0]] | sum", "['a'] | sum"):
        (problem,) = problems(f"lab: x{{{{ {terms} }}}}\n")
        assert "is no number to sum" in problem.message


def test_a_sum_draws_on_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MAX_MADE", 100)
    (problem,) = problems("lab: x{{ range(200) | sum }}\n")
    assert "too much" in problem.message


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("junk", "'junk' is no whole number"),
        ("", "'' is no whole number"),
        ("3.5", "'3.5' is no whole number"),
        ("nan", "'nan' is no whole number"),
        ("0", "0 is not from 1 to 60000"),
        ("-1", "-1 is not from 1 to 60000"),
        ("1e9", "1000000000 is not from 1 to 60000"),
    ],
)
def test_a_star_of_a_bad_number_is_refused_in_words(value: str, said: str) -> None:
    name, text = starter_text("star")
    with pytest.raises(LabError, match=re.escape(said)) as caught:
        loads(text, name, settings={"n": value})
    assert f"{name}:7:" in str(caught.value)


@pytest.mark.parametrize(("value", "nodes"), [("1", 2), ("3", 4), ("1e1", 11)])
def test_a_star_has_as_many_leaves_as_asked_for(value: str, nodes: int) -> None:
    name, text = starter_text("star")
    assert len(loads(text, name, settings={"n": value}).network.namespaces) == nodes
