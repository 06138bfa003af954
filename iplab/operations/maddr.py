"""Multicast link-layer addresses joined by hand (ip-maddress(8)).  No Network holds them."""

from __future__ import annotations

from iplab.draft import Draft
from iplab.operations.base import OnDevice, Operation


class AddMulticast(OnDevice, frozen=True):
    """``ip maddr add LLADDR dev DEV``."""

    lladdr: str

    def change(self, draft: Draft) -> None:
        draft.interface(self.end)

    def inverse(self, before: Draft) -> list[Operation] | None:
        return [DeleteMulticast(self.node, self.device, self.lladdr)]


class DeleteMulticast(OnDevice, frozen=True):
    """``ip maddr del LLADDR dev DEV``."""

    lladdr: str

    def change(self, draft: Draft) -> None:
        draft.interface(self.end)

    def inverse(self, before: Draft) -> list[Operation] | None:
        return [AddMulticast(self.node, self.device, self.lladdr)]
