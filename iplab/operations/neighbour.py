"""Neighbours (ip-neighbour(8)): who has an address, by hand, and whom the machine answers for."""

from __future__ import annotations

from msgspec.structs import replace

from iplab.draft import Draft
from iplab.errors import CannotApply
from iplab.names import IPAddress
from iplab.network import Neighbour
from iplab.operations.base import OnDevice, Operation


class _OnNeighbour(OnDevice, frozen=True):
    """An operation on one entry; ``proxy`` entries are kept apart from the others."""

    address: IPAddress

    def _set(self, draft: Draft, entry: Neighbour | None, *, proxy: bool) -> None:
        draft.interface(self.end)
        namespace = draft.namespace(self.node)
        if namespace.neighbours is None:
            return
        kept = tuple(
            n
            for n in namespace.neighbours
            if (n.device, n.address, n.proxy) != (self.device, self.address, proxy)
        )
        added = (entry,) if entry else ()
        draft.namespaces[self.node] = replace(namespace, neighbours=(*kept, *added))

    def _was(self, before: Draft, *, proxy: bool) -> Neighbour | None:
        for entry in before.namespace(self.node).neighbours or ():
            if (entry.device, entry.address, entry.proxy) == (self.device, self.address, proxy):
                return entry
        return None

    def _back(self, before: Draft) -> list[Operation]:
        """The entry as it was: one made by hand again, one the kernel learned left to it."""
        old = self._was(before, proxy=False)
        if old and old.lladdr and old.state in ("PERMANENT", "STALE"):
            return [
                ReplaceNeighbour(
                    self.node, self.device, self.address, old.lladdr, old.state.lower()
                )
            ]
        return []


class _Written(_OnNeighbour, frozen=True):
    """An entry written by hand."""

    lladdr: str
    state: str  # permanent, or stale for what may be forgotten

    def change(self, draft: Draft) -> None:
        entry = Neighbour(self.address, self.device, self.lladdr, self.state.upper())
        self._set(draft, entry, proxy=False)

    def inverse(self, before: Draft) -> list[Operation] | None:
        return self._back(before) or [DeleteNeighbour(self.node, self.device, self.address)]


class ReplaceNeighbour(_Written, frozen=True):
    """``ip neigh replace ADDRESS lladdr LLADDR nud STATE dev DEV``: whatever was there."""


class AddNeighbour(_Written, frozen=True):
    """``ip neigh add …``, which the kernel refuses where there is an entry (neigh_add in
    net/core/neighbour.c: NLM_F_EXCL)."""

    def change(self, draft: Draft) -> None:
        if self._was(draft, proxy=False):
            raise CannotApply(f"{self.end} knows {self.address} already: File exists")
        super().change(draft)


class ChangeNeighbour(_Written, frozen=True):
    """``ip neigh change …``, which the kernel refuses where there is no entry (no NLM_F_CREATE)."""

    def change(self, draft: Draft) -> None:
        known = draft.namespace(self.node).neighbours is not None
        if known and not self._was(draft, proxy=False):
            raise CannotApply(f"{self.end} does not know {self.address}: No such file or directory")
        super().change(draft)


class DeleteNeighbour(_OnNeighbour, frozen=True):
    """``ip neigh del ADDRESS dev DEV``."""

    def change(self, draft: Draft) -> None:
        self._set(draft, None, proxy=False)

    def inverse(self, before: Draft) -> list[Operation] | None:
        return self._back(before)


class AddProxy(_OnNeighbour, frozen=True):
    """``ip neigh add proxy ADDRESS dev DEV``: the machine answers for the address there."""

    def change(self, draft: Draft) -> None:
        self._set(draft, Neighbour(self.address, self.device, proxy=True), proxy=True)

    def inverse(self, before: Draft) -> list[Operation] | None:
        if self._was(before, proxy=True):
            return []
        return [DeleteProxy(self.node, self.device, self.address)]


class DeleteProxy(_OnNeighbour, frozen=True):
    """``ip neigh del proxy ADDRESS dev DEV``."""

    def change(self, draft: Draft) -> None:
        self._set(draft, None, proxy=True)

    def inverse(self, before: Draft) -> list[Operation] | None:
        return [AddProxy(self.node, self.device, self.address)]
