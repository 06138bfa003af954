"""Namespaces come and go (ip-netns(8))."""

from __future__ import annotations

from iplab.draft import Draft
from iplab.errors import CannotApply
from iplab.network import End, Interface, Loopback, Namespace
from iplab.operations.base import Operation


class AddNamespace(Operation, frozen=True):
    """``ip netns add NAME``; run on the host, it makes the node ``name`` with ``lo`` down."""

    name: str

    def change(self, draft: Draft) -> None:
        if self.name in draft.namespaces:
            raise CannotApply(f"there is a namespace {self.name} already")
        lo = Interface("lo", Loopback(), mtu=Loopback.default_mtu)
        draft.namespaces[self.name] = Namespace(self.name, {"lo": lo})

    def inverse(self, before: Draft) -> list[Operation] | None:
        return [DeleteNamespace(self.node, self.name)]


class DeleteNamespace(Operation, frozen=True):
    """``ip netns del NAME``: the namespace goes with all that is in it.

    A veth end in it takes its peer along, wherever that is (net/core/dev.c, default_device_exit).
    """

    name: str

    def change(self, draft: Draft) -> None:
        for device in list(draft.namespace(self.name).interfaces):
            draft.drop(End(self.name, device))
        del draft.namespaces[self.name]

    def inverse(self, before: Draft) -> list[Operation] | None:
        return None
