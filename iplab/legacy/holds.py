"""For how long a given state still holds while a script runs."""

from __future__ import annotations

from iplab.errors import IplabError
from iplab.legacy import shapes
from iplab.legacy.answer import Translation
from iplab.network import Namespace, Network

# Commands after which it does.
HARMLESS = {
    "echo", "printf", ":", "true", "false", "test", "[", "cd", "sleep", "date", "cat",
    "grep", "awk", "sed", "cut", "head", "tail", "tr", "mkdir", "touch", "rm", "export",
    "readonly", "set", "shift", "exit", "return", "logger", "hostname", "id", "tee", "wc",
    "sort", "uniq",
}  # fmt: skip


def state_after(translation: Translation, state: Namespace | None) -> Namespace | None:
    """The state after a translated command; ``None``: it is no longer known."""
    if state is None or not translation.exact or translation.reason is not None:
        return None
    if not translation.operations:
        return state if shapes.reads(translation.legacy.split()) else None
    network = Network({state.name: state})
    try:
        for operation in translation.operations:
            network = operation.apply(network)
    except IplabError:
        return None
    return network.namespaces[state.name]
