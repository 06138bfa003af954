"""Operation: one change to a Network, as a frozen value."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from msgspec import Struct

from iplab.draft import Draft
from iplab.network import End, Network


class Operation(Struct, frozen=True):
    """One change to the kernel's state.

    ``node`` is the namespace the command is run for (``host`` where iplab runs).  Each concrete
    class has one template in ``templates/commands/``, called like the class in snake_case, that
    words it as one command of ``program``; the fields are the template's variables.
    """

    node: str

    program: ClassVar[str] = "ip"

    def change(self, draft: Draft) -> None:
        """Project the operation on ``draft``; ``CannotApply`` where the kernel would refuse."""
        raise NotImplementedError

    def inverse(self, before: Draft) -> list[Operation] | None:
        """The operations that take this one back to ``before``, the state ahead of it.

        ``None`` where that depends on what else was lost: ``iplab.plan.undo`` then works it
        out from the two states.
        """
        raise NotImplementedError

    def apply(self, network: Network) -> Network:
        """``network`` after this operation."""
        return project(network, [self])


def project(network: Network, operations: Iterable[Operation]) -> Network:
    """``network`` after all ``operations``, in order."""
    draft = Draft(network)
    for operation in operations:
        operation.change(draft)
    return draft.freeze()


class OnDevice(Operation, frozen=True):
    """An operation on one device of a node."""

    device: str

    @property
    def end(self) -> End:
        """The device with where it is."""
        return End(self.node, self.device)
