"""Routes (ip-route(8))."""

from __future__ import annotations

from msgspec.structs import replace

from iplab.draft import Draft
from iplab.errors import CannotApply
from iplab.network import Route
from iplab.operations.base import Operation


class AddRoute(Operation, frozen=True):
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


class DeleteRoute(Operation, frozen=True):
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


class PrependRoute(Operation, frozen=True):
    """``ip route prepend ROUTE``: ahead of others to the same prefix with the same metric.

    What the kernel does for the old SIOCADDRT (NLM_F_CREATE alone, net/ipv4/fib_frontend.c), where
    ``ip route add`` refuses a second one.
    """

    route: Route

    def change(self, draft: Draft) -> None:
        namespace = draft.namespace(self.node)
        if self.route in namespace.routes:
            raise CannotApply(f"{self.node} has the route {self.route} already")
        draft.namespaces[self.node] = replace(namespace, routes=(self.route, *namespace.routes))

    def inverse(self, before: Draft) -> list[Operation] | None:
        return [DeleteRoute(self.node, self.route)]


class DeleteFirstRoute(Operation, frozen=True):
    """``ip route del PATTERN``: the first route of table main that fits.

    ``pattern`` is a route whose empty fields (gateway, device, metric …) mean any.
    """

    pattern: Route

    def change(self, draft: Draft) -> None:
        namespace = draft.namespace(self.node)
        first = next((r for r in namespace.routes if fits(r, self.pattern)), None)
        if first is None:
            return  # one of the kernel's own, which a Network leaves out
        kept = list(namespace.routes)
        kept.remove(first)
        draft.namespaces[self.node] = replace(namespace, routes=tuple(kept))

    def inverse(self, before: Draft) -> list[Operation] | None:
        return None


def fits(route: Route, pattern: Route) -> bool:
    """Whether ``ip route del PATTERN`` would take ``route`` (fib_table_delete, ip6_route_del)."""
    if (route.destination, route.type) != (pattern.destination, pattern.type):
        return False
    wanted = (pattern.gateway, pattern.device, pattern.source, pattern.metric)
    have = (route.gateway, route.device, route.source, route.metric)
    return all(w is None or w == h for w, h in zip(wanted, have, strict=True))
