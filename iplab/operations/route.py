"""Routes (ip-route(8))."""

from __future__ import annotations

from dataclasses import dataclass, replace

from iplab.errors import CannotApply
from iplab.network import Draft, Route
from iplab.operations.base import Operation


@dataclass(frozen=True, slots=True)
class AddRoute(Operation):
    """``ip route add ROUTE`` in table main."""

    route: Route

    def change(self, draft: Draft) -> None:
        namespace = draft.namespace(self.node)
        wanted = self.route
        for other in namespace.routes:
            if (other.destination, other.metric) == (wanted.destination, wanted.metric):
                raise CannotApply(
                    f"{self.node} has a route to {wanted.destination} already: {other}"
                )
        draft.namespaces[self.node] = replace(namespace, routes=(*namespace.routes, wanted))

    def inverse(self, before: Draft) -> list[Operation] | None:
        return [DeleteRoute(self.node, self.route)]


@dataclass(frozen=True, slots=True)
class DeleteRoute(Operation):
    """``ip route del ROUTE`` in table main, with all that tells it from others."""

    route: Route

    def change(self, draft: Draft) -> None:
        namespace = draft.namespace(self.node)
        if self.route not in namespace.routes:
            raise CannotApply(f"{self.node} has no route {self.route}")
        kept = list(namespace.routes)
        kept.remove(self.route)
        draft.namespaces[self.node] = replace(namespace, routes=tuple(kept))

    def inverse(self, before: Draft) -> list[Operation] | None:
        return [AddRoute(self.node, self.route)]
