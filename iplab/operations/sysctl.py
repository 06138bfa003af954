"""Settings below /proc/sys/net, a set for each namespace (sysctl(8), ip-sysctl in the kernel)."""

from __future__ import annotations

from typing import ClassVar

from msgspec.structs import replace

from iplab.draft import Draft
from iplab.operations.base import Operation


class SetSysctl(Operation, frozen=True):
    """``sysctl -w KEY=VALUE`` in the node."""

    key: str
    value: str

    program: ClassVar[str] = "sysctl"

    def change(self, draft: Draft) -> None:
        namespace = draft.namespace(self.node)
        sysctls = {**namespace.sysctls, self.key: self.value}
        draft.namespaces[self.node] = replace(namespace, sysctls=sysctls)

    def inverse(self, before: Draft) -> list[Operation] | None:
        old = before.namespace(self.node).sysctls.get(self.key)
        # Not known: the namespace is new in this plan, and its settings go with it.
        return [] if old is None else [SetSysctl(self.node, self.key, old)]
