"""The kinds of value in a lab file, as pydantic types.

Every scalar arrives as plain text.  The JSON Schema is made from the same models
(``iplab.lab.schema``), which is why each type says beside its check what an editor may see.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetJsonSchemaHandler,
    PlainValidator,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import core_schema

from iplab import names
from iplab.errors import BadName
from iplab.lab import words
from iplab.names import IPAddress, IPInterface, IPNetwork

T = TypeVar("T")


class Misfit(BadName):
    """Parts that are each right but do not go together; ``part`` is the key to point at."""

    def __init__(self, part: str, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.part = part


# No key that a user can write under this name: theirs with a colon in them go inside.
ENDS: Final = ":ends"
END_PATTERN = "^[A-Za-z0-9_][A-Za-z0-9_.-]*:[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}$"
DEVICE_PATTERN = "^(?!(lo|all|default)$)[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}$"
NODE_PATTERN = "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}$"


def scalar(check: Callable[[str], T]) -> PlainValidator:
    """One value that ``check`` turns into what it means."""

    def validate(raw: object) -> T:
        if not isinstance(raw, str):
            raise BadName(f"one value is wanted here, not a {_shape(raw)}")
        if raw == "":
            raise BadName("a value is missing here", hint="write one, or take the key out")
        return check(raw)

    return PlainValidator(validate)


def _shape(raw: object) -> str:
    return "list" if isinstance(raw, list) else "mapping"


def listed(raw: object) -> object:
    """A list; nothing is an empty one, and one value a list of one."""
    if raw == "":
        return []
    if isinstance(raw, dict):
        raise BadName("a list is wanted here, not a mapping", hint="start each line with '- '")
    return raw if isinstance(raw, list) else [raw]


def mapping(raw: object) -> object:
    """A mapping; nothing is an empty one."""
    if raw == "":
        return {}
    if not isinstance(raw, dict):
        what = "a list" if isinstance(raw, list) else f"{raw!r}"
        raise BadName(f"a mapping is wanted here, not {what}", hint="lines of KEY: value")
    return raw


def side(raw: object) -> object:
    """What stands behind an endpoint: its addresses, or a mapping."""
    return raw if isinstance(raw, dict) else {"addresses": raw}


def word(pattern: str, example: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": pattern, "examples": [example]})


def one_or_more(item: JsonSchemaValue) -> WithJsonSchema:
    return WithJsonSchema({"anyOf": [item, {"type": "array", "items": item}, {"type": "null"}]})


def number(low: int, high: int) -> WithJsonSchema:
    number = {"type": "integer", "minimum": low, "maximum": high}
    return WithJsonSchema({"anyOf": [number, {"type": "string", "pattern": "^[0-9]+$"}]})


_ADDRESS = {"type": "string", "pattern": "^[0-9A-Fa-f:.]+/[0-9]{1,3}$"}
Address = Annotated[IPInterface, scalar(names.address), WithJsonSchema(_ADDRESS)]
PlainAddress = Annotated[IPAddress, scalar(names.ip), word("^[0-9A-Fa-f:.]+$", "172.18.0.2")]
PREFIX_SCHEMA = {"type": "string", "pattern": "^[0-9A-Fa-f:.]+(/[0-9]{1,3})?$"}
Prefix = Annotated[IPNetwork, scalar(names.prefix), WithJsonSchema(PREFIX_SCHEMA)]
Lladdr = Annotated[
    str, scalar(names.lladdr), word("^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}$", "02:00:00:00:00:01")
]
Device = Annotated[str, scalar(names.device), word(DEVICE_PATTERN, "eth0")]
Below = Annotated[str, scalar(words.below), word(DEVICE_PATTERN, "eth0")]
Mtu = Annotated[int, scalar(words.mtu), number(68, 65535)]
Rate = Annotated[
    int,
    scalar(words.rate),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 8},
                {
                    "type": "string",
                    "pattern": r"^[0-9]+(\.[0-9]+)?([kKmMgGtT][iI]?)?([bB][iI][tT]|[bB][pP][sS])?$",
                },
            ],
            "examples": ["10mbit"],
        }
    ),
]
Duration = Annotated[
    int,
    scalar(words.duration),
    word(r"^[0-9]+(\.[0-9]+)?(us|usecs?|ms|msecs?|s|secs?)$", "10ms"),
]
Loss = Annotated[float, scalar(words.loss), word(r"^[0-9]+(\.[0-9]+)?%$", "1%")]
_SWITCH = [True, False, "on", "off", "true", "false", "yes", "no", 1, 0]
Switch = Annotated[bool, scalar(words.switch), WithJsonSchema({"enum": _SWITCH})]
State = Annotated[bool, scalar(words.state), WithJsonSchema({"enum": ["up", "down"]})]
_SHORT_ADDRESSES = (_ADDRESS, {"type": "array", "items": _ADDRESS}, {"type": "null"})
Addresses = Annotated[
    tuple[Address, ...],
    BeforeValidator(listed),
    WithJsonSchema({"anyOf": list(_SHORT_ADDRESSES)}),
]


class ShortForm:
    """For the schema: the addresses alone may stand for the mapping that has them."""

    def __get_pydantic_json_schema__(
        self, core: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"anyOf": [*_SHORT_ADDRESSES, handler(core)]}


class OrNothing:
    """For the schema: the key may stand without a value."""

    def __get_pydantic_json_schema__(
        self, core: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"anyOf": [handler(core), {"type": "null"}]}


class OrListed:
    """For the schema: the keys alone may stand in a list."""

    def __get_pydantic_json_schema__(
        self, core: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        keys = {"type": "array", "items": {"type": "string", "pattern": END_PATTERN}}
        return {"anyOf": [handler(core), keys, {"type": "null"}]}


class Form(BaseModel):
    """What all parts of the file have in common: frozen, and no keys but their own."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)
