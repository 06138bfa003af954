"""Explanations: no operation, topic or word without its text, in any language."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings

from iplab.errors import UsageError
from iplab.iproute2 import (
    address,
    bridge,
    calling,
    link,
    linktype,
    maddress,
    monitor,
    neighbour,
    program,
    qdisc,
    read_text,
    rule,
    tunnel,
    tuntap,
    ways,
)
from iplab.iproute2 import route as route_
from iplab.iproute2.explain import explain, meaning
from iplab.messages import FILES, LANGUAGES, Messages, language, texts
from iplab.operations import ALL, Operation
from iplab.templates import templates_dir
from tests.unit.iproute2.made import EVERY

CASES = Path(__file__).resolve().parents[2] / "cases" / "iproute2"
KNOWN: dict[str, list[str]] = tomllib.loads((CASES / "known.toml").read_text())
NO_WAY_BACK_NEEDED = {"show"}


def keys(lang: str, file: str) -> Iterator[str]:
    for area, values in texts(lang, file).items():
        yield from (f"{area}/{key}" for key in values) if isinstance(values, dict) else (area,)


@pytest.mark.parametrize("file", FILES)
def test_the_languages_have_the_same_texts(file: str) -> None:
    english, *others = ({*keys(lang, file)} for lang in LANGUAGES)
    assert all(other == english for other in others)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_operation_lacks_its_words(lang: str) -> None:
    assert {*texts(lang, "operations")} == {kind.__name__ for kind in ALL}
    for said in texts(lang, "operations").values():
        assert {"does", "after"} <= {*said} <= {"does", "after", "trap", "undo"}


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_any_operation_can_be_explained(kind: type[Operation]) -> None:
    @settings(max_examples=20, deadline=None)
    @given(EVERY[kind])
    def check(operation: Operation) -> None:
        argv = ways._renderer.command(operation).argv
        told = []
        for lang in LANGUAGES:
            one = explain(program.read(argv), Messages(lang))
            assert one.does
            assert one.after
            assert one.look
            assert one.undo or one.undo_note
            assert all(word.meaning for word in one.words)
            assert one.does[0] == meaning(operation, Messages(lang))
            told.append(one)
        assert told[0].does != told[1].does

    check()


@pytest.mark.parametrize("topic", KNOWN)
def test_what_is_known_without_an_operation(topic: str) -> None:
    for text in KNOWN[topic]:
        reading = read_text(text)
        assert reading.unknown == "", text
        assert topic in [known.topic for known in reading.known], text
        for lang in LANGUAGES:
            one = explain(reading, Messages(lang))
            assert one.does
            if reading.known[0].changes:
                assert one.after
                assert one.undo_note


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(
    "text",
    [
        "bridge vlan global show dev br0",
        "bridge vlan global list",
        "ip route add 10.0.0.0/8 via 10.1.1.1 mtu lock 1400",
        "tc qdisc add dev eth0 root fq_codel",
        "tc qdisc link dev eth0 root pfifo",
    ],
)
def test_no_word_of_these_is_left_unexplained(text: str, lang: str) -> None:
    one = explain(read_text(text), Messages(lang))
    assert one.unknown == ""
    assert not [word for word in one.words if "(8)" in word.meaning and word.written != "qdisc"
                and not word.meaning.endswith(("(ip-route(8))", "（ip-route(8)）"))]  # fmt: skip


@pytest.mark.parametrize("verb", ["add", "replace", "change", "delete", "link"])
def test_what_tc_does_is_told_in_chinese(verb: str) -> None:
    one = explain(read_text(f"tc qdisc {verb} dev eth0 root fq_codel"), Messages("zh-TW"))
    assert verb not in one.does[0]


def test_every_topic_has_its_case() -> None:
    assert {*texts("en", "known")} - {"link.set-other"} == {*KNOWN} - {"link.set-protodown"}


def test_every_word_that_has_a_text_is_a_word_of_ip() -> None:
    tables = {
        "option": calling.IP_OPTIONS, "object": calling.OBJECTS, "netns": program._NETNS,
        "address": (*address.VERBS, *address.MODIFY, *address.SELECT),
        "link": (*link.VERBS, *link.WORDS), "vxlan": linktype.VXLAN,
        "macvlan": linktype.MACVLAN, "vlan": linktype.VLAN, "bridge-type": linktype.BRIDGE,
        "route": (*route_.VERBS, *route_.WORDS, *route_.SELECT, *route_.GET),
        "monitor": monitor.WORDS,
        "neighbour": (*neighbour.VERBS, *neighbour.WORDS, *neighbour.SELECT),
        "rule": (*rule.VERBS, *rule.WORDS),
        "tuntap": (*tuntap.VERBS, *tuntap.WORDS), "bridge": bridge.OBJECTS,
        "qdisc": (*qdisc.VERBS, *qdisc.WHERE), "tunnel": tunnel.VERBS,
        "maddress": (*maddress.VERBS, *maddress.WORDS),
        "bridge-vlan-global": bridge.GLOBAL,
        **{f"bridge-{n}": (*bridge.VERBS[n], *bridge.WORDS[n]) for n in bridge.VERBS},
    }  # fmt: skip
    written = {  # by the readers themselves, not by a table
        "option/--", "object/qdisc", "netns/name", "netns/inside", "netns/entered", "netns/command",
        "link/peer", "netns/pid", *(f"bridge-{n}/word" for n in bridge.VERBS),
        "link/type-word", "route/nexthop", "route/mtu-lock", "bridge-vlan-global/dev", "qdisc/tbf",
        "qdisc/netem", "qdisc/word", "tunnel/name", "tunnel/dev", "tunnel/word",
    }  # fmt: skip
    told = {key for key in keys("en", "words") if key.partition("/")[0] in tables}
    known = {f"{area}/{key.means}" for area, table in tables.items() for key in table}
    assert told - known == written
    # Of these an explanation only says `see ip-link(8)` or its like.
    wordless = {k for k in known - told if not k.endswith("/help") and not k.startswith("object/")}
    assert wordless == {
        "bridge/vni", "link/xstats", "link/afstats", "route/test", "route/as",
        "route/pervasive", "route/offload", "route/trap", "route/ttl-propagate",
        "tunnel/prl", "tunnel/6rd",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "environment", "spoken"),
    [
        (None, {}, "en"),
        (None, {"LANG": "zh_TW.UTF-8"}, "zh-TW"),
        (None, {"LANG": "zh_TW.UTF-8", "LC_ALL": "C"}, "en"),
        (None, {"LANG": "C", "LC_ALL": "zh_Hant"}, "zh-TW"),
        (None, {"LANG": "de_DE.UTF-8"}, "en"),
        ("zh-TW", {"LANG": "C"}, "zh-TW"),
        ("en", {"LANG": "zh_TW"}, "en"),
    ],
)
def test_the_language(asked: str | None, environment: dict[str, str], spoken: str) -> None:
    assert language(asked, environment) == spoken


def test_a_language_that_is_not_spoken() -> None:
    with pytest.raises(UsageError, match="no language 'fr'"):
        language("fr", {})


@pytest.mark.parametrize(
    ("command", "trap"),
    [
        ("ip addr replace 10.0.0.1/24 dev eth0", "does not change an address"),
        ("ip link set veth0 netns ns1", "drops its addresses"),
        ("ip link set br0 netns ns1", "A bridge and lo cannot move"),
        ("ip link add br0 type bridge", "a bridge cannot change namespace"),
        ("ip netns exec ns1 bash", "not on another machine"),
        ("ip link set veth0 up", "LOWER_UP"),
        ("ip addr add 10.0.0.1 dev eth0", "it is /32"),
        ("ip link add vx0 type vxlan id 5", "8472"),
    ],
)
def test_the_traps_are_told(command: str, trap: str) -> None:
    assert any(trap in text for text in explain(read_text(command), Messages("en")).traps)


# Words of the mainland that a Taiwanese reader stumbles over, and what is said instead.
ELSEWHERE = {
    "網絡": "網路", "接口": "介面", "默認": "預設", "地址": "位址",
    "數據包": "封包", "數據": "資料",
    "內核": "核心", "進程": "行程", "線程": "執行緒", "端口": "埠",
    "網關": "閘道", "網橋": "橋接器",
    "字節": "位元組", "文件": "檔案", "信息": "訊息", "組播": "群播",
    "隊列": "佇列", "服務器": "伺服器",
    "配置": "設定", "命令": "指令", "設備": "介面", "鏈路": "鏈結",
    "程序": "程式", "添加": "加入", "幀": "訊框", "帶寬": "頻寬", "丟包": "遺失",
}  # fmt: skip


@pytest.mark.parametrize("file", FILES)
def test_traditional_chinese_is_that_of_taiwan(file: str) -> None:
    text = (templates_dir() / "words" / "zh-TW" / f"{file}.toml").read_text(encoding="utf-8")
    found = {word: better for word, better in ELSEWHERE.items() if word in text}
    assert not found
    # Big5 has no simplified characters.
    text.encode("cp950")


def test_what_encap_has_behind_it_is_not_taken_for_a_device() -> None:
    reading = read_text("ip route add 10.0.0.0/8 encap mpls 100 via 10.0.0.1")
    assert "encap" in reading.unknown
    assert "dev 100" not in reading.unknown
