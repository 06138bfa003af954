"""What a device is held to: rate, delay, loss (tc-tbf(8), tc-netem(8))."""

from __future__ import annotations

from typing import ClassVar

from msgspec.structs import replace

from iplab.draft import Draft
from iplab.network import Shaping
from iplab.operations.base import OnDevice, Operation


class SetShaping(OnDevice, frozen=True):
    """``tc qdisc replace dev DEV root tbf|netem …``."""

    shaping: Shaping

    program: ClassVar[str] = "tc"

    def change(self, draft: Draft) -> None:
        draft.put(self.node, replace(draft.interface(self.end), shaping=self.shaping))

    def inverse(self, before: Draft) -> list[Operation] | None:
        old = before.interface(self.end).shaping
        if old is None or old.other:
            return [ClearShaping(self.node, self.device)]
        return [SetShaping(self.node, self.device, old)]


class ClearShaping(OnDevice, frozen=True):
    """``tc qdisc del dev DEV root``: back to what the kernel gives the device."""

    program: ClassVar[str] = "tc"

    def change(self, draft: Draft) -> None:
        draft.put(self.node, replace(draft.interface(self.end), shaping=None))

    def inverse(self, before: Draft) -> list[Operation] | None:
        old = before.interface(self.end).shaping
        return [SetShaping(self.node, self.device, old)] if old and not old.other else []
