"""Address translation by nft(8): one table for a lab in a node, so that it goes in one piece."""

from __future__ import annotations

from typing import ClassVar

from msgspec.structs import replace

from iplab.draft import Draft
from iplab.errors import CannotApply
from iplab.names import IPNetwork
from iplab.network import NatTable
from iplab.operations.base import Operation


class OnTable(Operation, frozen=True):
    """An operation on one nft table of a node."""

    table: str

    program: ClassVar[str] = "nft"

    def _put(self, draft: Draft, table: NatTable | None) -> None:
        namespace = draft.namespace(self.node)
        nat = {name: found for name, found in namespace.nat.items() if name != self.table}
        if table is not None:
            nat[self.table] = table
        draft.namespaces[self.node] = replace(namespace, nat=nat)

    def _get(self, draft: Draft) -> NatTable:
        try:
            return draft.namespace(self.node).nat[self.table]
        except KeyError:
            raise CannotApply(f"{self.node} has no nft table {self.table}") from None


class AddNatTable(OnTable, frozen=True):
    """``nft add table inet TABLE``."""

    def change(self, draft: Draft) -> None:
        if self.table in draft.namespace(self.node).nat:
            raise CannotApply(f"{self.node} has an nft table {self.table} already")
        self._put(draft, NatTable())

    def inverse(self, before: Draft) -> list[Operation] | None:
        return [DeleteNatTable(self.node, self.table)]


class AddNatChain(OnTable, frozen=True):
    """``nft add chain …``: the chain ``postrouting``, hooked where packets leave."""

    def change(self, draft: Draft) -> None:
        self._put(draft, replace(self._get(draft), hooked=True))

    def inverse(self, before: Draft) -> list[Operation] | None:
        return [DeleteNatChain(self.node, self.table)]


class AddMasquerade(OnTable, frozen=True):
    """``nft add rule …``: what comes from ``source`` and leaves it takes the node's address.

    Of everything (``0.0.0.0/0``, ``::/0``) that is what leaves the node: not by its loopback
    device, which has no address to lend (net/netfilter/nf_nat_masquerade.c drops for want of one).
    """

    source: IPNetwork

    def change(self, draft: Draft) -> None:
        table = self._get(draft)
        if not table.hooked:
            raise CannotApply(f"{self.node}: nft table {self.table} has no chain yet")
        self._put(draft, replace(table, sources=(*table.sources, self.source)))

    def inverse(self, before: Draft) -> list[Operation] | None:
        # A single rule is deleted by a handle that only the kernel knows.
        sources = before.namespace(self.node).nat[self.table].sources
        again = [AddMasquerade(self.node, self.table, source) for source in sources]
        return [FlushNatChain(self.node, self.table), *again]


class FlushNatChain(OnTable, frozen=True):
    """``nft flush chain …``: the chain stays, without rules."""

    def change(self, draft: Draft) -> None:
        self._put(draft, replace(self._get(draft), sources=(), other=()))

    def inverse(self, before: Draft) -> list[Operation] | None:
        sources = before.namespace(self.node).nat[self.table].sources
        return [AddMasquerade(self.node, self.table, source) for source in sources]


class DeleteNatChain(OnTable, frozen=True):
    """``nft delete chain …``, once it is empty."""

    def change(self, draft: Draft) -> None:
        self._put(draft, replace(self._get(draft), hooked=False))

    def inverse(self, before: Draft) -> list[Operation] | None:
        return [AddNatChain(self.node, self.table)]


class DeleteNatTable(OnTable, frozen=True):
    """``nft delete table inet TABLE``: the table with all its chains and rules."""

    def change(self, draft: Draft) -> None:
        self._get(draft)
        self._put(draft, None)

    def inverse(self, before: Draft) -> list[Operation] | None:
        return None
