"""Plans as JSON: what `plan --json` prints, and the file that `plan -o` binds by hashes."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from iplab.errors import IplabError
from iplab.names import HOST
from iplab.network import Interface, Namespace, Network
from iplab.plan.planner import Plan
from iplab.render.engine import STYLES, Renderer
from iplab.render.pieces import pieces

if TYPE_CHECKING:
    from iplab.lab import Lab

FORMAT = "iplab-plan-1"
PUBLIC = ("lab", "style", "fingerprint", "commands")
LONGEST = 256 * 1024 * 1024  # bytes of a saved plan that are read at most

Json = dict[str, Any]


def state(plan: Plan, wanted: Network) -> Json:
    """What the plan was made from, as plain values: the part of the machine that it looked at.

    Of the host that is what the lab names or has made; carriers, timers and addresses that the
    kernel gives by itself are left out.
    """
    claimed = {(c.kind, c.node, c.name) for c in plan.claims}
    found: Json = {}
    nodes = {*wanted.namespaces, *(c.node for c in plan.claims)}
    for node in sorted(nodes):
        namespace = plan.before.namespaces.get(node)
        if namespace is None:
            found[node] = None
            continue
        wish = wanted.namespaces.get(node, Namespace(node))
        whole = node != HOST
        found[node] = {
            "identity": namespace.identity if whole else None,
            "interfaces": {
                device: _interface(interface)
                for device, interface in sorted(namespace.interfaces.items())
                if whole or device in wish.interfaces or ("link", node, device) in claimed
            },
            "routes": sorted(
                str(route)
                for route in namespace.routes
                if whole or route in wish.routes or ("route", node, str(route)) in claimed
            ),
            "sysctls": {
                key: value
                for key, value in sorted(namespace.sysctls.items())
                if whole or key in wish.sysctls or ("sysctl", node, key) in claimed
            },
            "nat": {table: str(nat) for table, nat in sorted(namespace.nat.items())},
        }
    return found


def _interface(interface: Interface) -> Json:
    return {
        "index": interface.index,
        "kind": str(interface.kind),
        "up": interface.up,
        "mtu": interface.mtu,
        "lladdr": interface.lladdr,
        "master": interface.master,
        "addresses": [str(a) for a in interface.addresses if not a.automatic],
        "shaping": str(interface.shaping) if interface.shaping else None,
    }


def digest(value: object) -> str:
    """sha256 of a value's one JSON form."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def document(
    plan: Plan, lab: Lab, renderer: Renderer, *, adopt: bool = False, whole: bool = True
) -> Json:
    """The plan as JSON.  ``whole`` adds what `up PLAN` needs to make and compare it again."""
    observed = state(plan, lab.network)
    value: Json = {
        "lab": lab.name,
        "style": renderer.style,
        "fingerprint": digest(observed),
        "commands": commands(plan, renderer),
    }
    if whole:
        value = {
            "format": FORMAT,
            **value,
            "file": lab.file,
            "text": lab.text,
            "settings": dict(lab.settings),
            "templates": [os.path.abspath(d) for d in renderer.directories],
            "adopt": adopt,
            "state": observed,
        }
        value["hash"] = digest(value)
    return value


def commands(plan: Plan, renderer: Renderer) -> list[Json]:
    """Each process: the contract's keys, and for a batch its lines in the same form."""
    undos = iter(plan.undos())
    found: list[Json] = []
    for piece in pieces(plan.steps, renderer):
        lines: list[Json] = [
            {
                "operation": type(step.operation).__name__,
                "node": step.operation.node,
                "why": str(step.why),
                "origin": step.origin,
                "undo": [renderer.command(o).text for o in next(undos)],
            }
            for step in piece.steps
        ]
        head: Json = {"argv": list(piece.command.argv), "text": piece.command.text}
        if not piece.command.lines:
            found.append(head | lines[0])
            continue
        for line, words in zip(lines, piece.command.lines, strict=False):  # it may ask at its end
            line["argv"] = list(words)
        found.append(
            head
            | {
                "operation": "Batch",
                "node": piece.command.node,
                "why": f"{len(lines)} operations in one process",
                "undo": [text for line in reversed(lines) for text in line["undo"]],
                "stdin": piece.command.stdin,
                "lines": lines,
            }
        )
    return found


def text(value: Json) -> str:
    """A plan as it is saved: plain JSON that can be read and signed."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


class Saved(Struct, frozen=True):
    """A saved plan as read from its file."""

    path: Path
    value: Mapping[str, Any]

    def check_same(self, now: Json) -> None:
        """Refuse where the machine's state, or the words, are not what the plan was saved with."""
        changed = list(_changes(self.value["state"], now["state"], ""))
        if changed:
            lines = "\n".join(f"  {line}" for line in changed)
            raise IplabError(
                f"the machine is not as it was when the plan was saved:\n{lines}",
                where=str(self.path),
                hint="plan again",
            )
        for saved, fresh in zip(self.value["commands"], now["commands"], strict=False):
            if saved != fresh:
                raise IplabError(
                    f"the templates now word a command in another way:\n"
                    f"  saved: {_text(saved)}\n  now:   {fresh['text']}",
                    where=str(self.path),
                    hint="plan again",
                )
        if self.value["commands"] != now["commands"]:
            raise IplabError(
                "this iplab plans other commands for it", where=str(self.path), hint="plan again"
            )


def read(path: Path) -> Saved | None:
    """The plan in ``path``; ``None`` where the file is no saved plan (but, say, a lab).

    Raises ``IplabError`` for a saved plan that was changed since.
    """
    try:
        with path.open("rb") as file:
            if file.peek(1)[:1] != b"{":
                return None
            data = file.read(LONGEST + 1)
        if len(data) > LONGEST:
            raise IplabError("too long for a saved plan", where=str(path))
        value = json.loads(data)
    except (ValueError, RecursionError):
        return None
    form = value.get("format") if isinstance(value, dict) else None
    if form != FORMAT:
        if str(form).startswith("iplab-plan-"):
            raise IplabError(
                f"a plan saved by another iplab ({form}; this one has {FORMAT})",
                where=str(path),
                hint="plan again",
            )
        return None
    bound = {key: part for key, part in value.items() if key != "hash"}
    if value.get("hash") != digest(bound):
        raise IplabError(
            "the saved plan was changed after it was made; nothing was run",
            where=str(path),
            hint="plan again",
        )
    kinds: Sequence[tuple[str, type]] = (
        ("lab", str), ("style", str), ("file", str), ("text", str), ("settings", dict),
        ("templates", list), ("adopt", bool), ("state", dict), ("commands", list),
    )  # fmt: skip
    for key, kind in kinds:
        if not isinstance(value.get(key), kind):
            raise IplabError(f"the saved plan's {key!r} is not what it has to be", where=str(path))
    words = [*value["settings"].values(), *value["templates"]]
    if value["style"] not in STYLES or not all(isinstance(word, str) for word in words):
        raise IplabError("the saved plan holds what `plan -o` never writes", where=str(path))
    return Saved(path, value)


def _text(command: object) -> object:
    return command.get("text") if isinstance(command, dict) else command


def _changes(old: object, new: object, where: str) -> list[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        found = []
        for key in sorted({*old, *new}):
            found += _changes(old.get(key), new.get(key), f"{where} {key}".strip())
        return found
    if old == new:
        return []
    return [f"{where}: was {_say(old)}, is {_say(new)}"]


def _say(value: object) -> str:
    if value is None:
        return "absent"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
