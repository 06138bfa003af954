"""The kinds of value in a lab file, and what its forms have in common.

A kind is a schema for pydantic's engine, used here without pydantic itself: that takes longer to
import than a small lab to plan.  Every scalar arrives as plain text.  What an editor may see of a
kind stands beside its check, for the JSON Schema (``iplab.lab.schema``).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Final, Self

from msgspec import NODEFAULT, Struct, StructMeta, field
from pydantic_core import CoreSchema, SchemaValidator, core_schema

from iplab import names
from iplab.errors import BadName
from iplab.lab import words

JsonSchema = dict[str, Any]


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


# ---------------------------------------------------------------- what makes a kind

# What the JSON Schema is made with, in a kind's metadata.
JSON: Final = "json"  # its JSON Schema, where that does not follow from its parts
ITSELF: Final[JsonSchema] = {"$ref": ""}  # in that: stands for what follows from its parts
FORM: Final = "form"  # the class that has the keys
DESCRIPTION: Final = "description"  # of a key


def scalar(check: Callable[[str], object], json: JsonSchema | None = None) -> CoreSchema:
    """One value that ``check`` turns into what it means."""

    def validate(raw: object) -> object:
        if not isinstance(raw, str):
            raise BadName(f"one value is wanted here, not a {_shape(raw)}")
        if raw == "":
            raise BadName("a value is missing here", hint="write one, or take the key out")
        return check(raw)

    return core_schema.no_info_plain_validator_function(validate, metadata={JSON: json})


def _shape(raw: object) -> str:
    return "list" if isinstance(raw, list) else "mapping"


def prepared(
    prepare: Callable[[Any], object], kind: CoreSchema, json: JsonSchema | None = None
) -> CoreSchema:
    """``kind``, for what ``prepare`` makes of the value."""
    return core_schema.no_info_before_validator_function(prepare, kind, metadata={JSON: json})


def several(kind: CoreSchema, json: JsonSchema) -> CoreSchema:
    """A tuple of ``kind``, written as a list, one value or nothing; ``json`` is one's."""
    return prepared(listed, core_schema.tuple_variable_schema(kind), one_or_more(json))


def mapped(keys: CoreSchema, values: CoreSchema, json: JsonSchema | None = None) -> CoreSchema:
    """A mapping whose keys are the user's own."""
    return prepared(mapping, core_schema.dict_schema(keys, values), json)


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


def word(pattern: str, example: str) -> JsonSchema:
    """The JSON Schema of a word, for editors: its pattern, and what one looks like."""
    return {"type": "string", "pattern": pattern, "examples": [example]}


def one_or_more(item: JsonSchema) -> JsonSchema:
    """The JSON Schema of one of them, a list of them, or nothing (see ``several``)."""
    return {"anyOf": [item, {"type": "array", "items": item}, {"type": "null"}]}


def number(low: int, high: int) -> JsonSchema:
    """The JSON Schema of a number, from ``low`` to ``high``; YAML gives it as text."""
    number = {"type": "integer", "minimum": low, "maximum": high}
    return {"anyOf": [number, {"type": "string", "pattern": "^[0-9]+$"}]}


# ---------------------------------------------------------------- the kinds

_ADDRESS = {"type": "string", "pattern": "^[0-9A-Fa-f:.]+/[0-9]{1,3}$"}
ADDRESSES = several(scalar(names.address), _ADDRESS)
PLAIN_ADDRESS = scalar(names.ip, word("^[0-9A-Fa-f:.]+$", "172.18.0.2"))
PREFIXES = several(
    scalar(names.prefix), {"type": "string", "pattern": "^[0-9A-Fa-f:.]+(/[0-9]{1,3})?$"}
)
LLADDR = scalar(names.lladdr, word("^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}$", "02:00:00:00:00:01"))
DEVICE = scalar(names.device, word(DEVICE_PATTERN, "eth0"))
BELOW = scalar(words.below, word(DEVICE_PATTERN, "eth0"))
MTU = scalar(words.mtu, number(68, 65535))
RATE = scalar(
    words.lab_rate,
    {
        "anyOf": [
            {"type": "integer", "minimum": 4000},
            {
                "type": "string",
                "pattern": r"^[0-9]+(\.[0-9]+)?([kKmMgGtT][iI]?)?([bB][iI][tT]|[bB][pP][sS])?$",
            },
        ],
        "examples": ["10mbit"],
    },
)
DURATION = scalar(words.duration, word(r"^[0-9]+(\.[0-9]+)?(us|usecs?|ms|msecs?|s|secs?)$", "10ms"))
LOSS = scalar(words.loss, word(r"^[0-9]+(\.[0-9]+)?%$", "1%"))
SWITCH = scalar(
    words.switch, {"enum": [True, False, "on", "off", "true", "false", "yes", "no", 1, 0]}
)
STATE = scalar(words.state, {"enum": ["up", "down"]})


# ---------------------------------------------------------------- forms


class Key(Struct, frozen=True):
    """A key of a form: the kind of its value, and what an editor says of it.

    Without a ``default`` it must be there; ``name`` is what it is called in a file, where that is
    not the attribute's name.
    """

    kind: CoreSchema
    description: str
    default: Any
    name: str | None


def key(
    kind: CoreSchema, description: str = "", default: Any = NODEFAULT, *, name: str | None = None
) -> Any:
    """The ``Key`` of an attribute; for mypy, whatever that holds."""
    return Key(kind, description, default, name)


class _FormType(StructMeta):
    """Makes a form's class: its attributes hold the keys' values, ``keys`` the keys themselves."""

    keys: dict[str, Key]

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> _FormType:
        own = {word: its for word, its in namespace.items() if isinstance(its, Key)}
        defaults = {word: field(default=its.default) for word, its in own.items()}
        form = super().__new__(mcs, name, bases, namespace | defaults, frozen=True, kw_only=True)
        form.keys = getattr(form, "keys", {}) | own
        return form


class Form(Struct, metaclass=_FormType):
    """A mapping with keys of its own and no others, as a frozen value.

    What follows from several keys at once is for ``__post_init__`` to check.
    """

    @staticmethod
    def arranged(raw: Any) -> object:
        """The mapping as it is written → with the names of ``keys``."""
        return raw

    @classmethod
    def schema(cls, json: JsonSchema | None = None) -> CoreSchema:
        """The form as a kind of value."""
        fields = {
            name: core_schema.typed_dict_field(
                key.kind,
                required=key.default is NODEFAULT,
                validation_alias=key.name,
                metadata={DESCRIPTION: key.description},
            )
            for name, key in cls.keys.items()
        }
        written = core_schema.typed_dict_schema(
            fields, extra_behavior="forbid", metadata={FORM: cls}
        )
        made = core_schema.no_info_after_validator_function(lambda its: cls(**its), written)
        return prepared(cls.arranged, made, json)

    @classmethod
    def read(cls, raw: object) -> Self:
        """The form as a file has it; ``ValidationError`` with all that is wrong in it."""
        made: Self = _validator(cls).validate_python(raw)
        return made


@cache
def _validator(form: type[Form]) -> SchemaValidator:
    return SchemaValidator(form.schema())


def short(form: type[Form]) -> CoreSchema:
    """``form``, which has ``addresses``; those alone may stand for it."""

    def whole(raw: object) -> object:
        return raw if isinstance(raw, dict) else {"addresses": raw}

    return prepared(whole, form.schema(), {"anyOf": [*one_or_more(_ADDRESS)["anyOf"], ITSELF]})
