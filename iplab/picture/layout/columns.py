"""Namespaces into columns.

Layers of a breadth-first search from the middle have a virtue: a wire leads to the next layer or
stays in its own, so it never has to pass behind a box.  Wires that do not count for the search
(tunnels, and cables that were only there for a while) go around, see ``route``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct, field

Edge = tuple[str, str]

# From so many branches on, both sides of the middle are used.  Two make a row of three, but where
# they have branches of their own five columns would be too wide a page.
BOTH_SIDES = 5


class Tree(Struct):
    """A node's place: its column, and what hangs on it to the left and to the right."""

    name: str
    layer: int = 0
    left: list[Tree] = field(default_factory=list)
    right: list[Tree] = field(default_factory=list)

    @property
    def children(self) -> list[Tree]:
        """What hangs on it, on either side."""
        return [*self.left, *self.right]


def clusters(
    names: Sequence[str], strong: Iterable[Edge], weak: Iterable[Edge]
) -> list[list[Tree]]:
    """The trees of the ``strong`` edges, those in one list that ``weak`` ones join.

    Everything is in the order of ``names``: the same network is always drawn alike.
    """
    near = _neighbours(names, strong)
    trees: dict[str, Tree] = {}
    order: list[Tree] = []
    for name in names:
        if name not in trees:
            members = _reached(name, near)
            tree = _tree(_middle([n for n in names if n in members], near), near)
            order.append(tree)
            trees.update(dict.fromkeys(members, tree))
    joined: dict[str, set[str]] = {tree.name: set() for tree in order}
    for a, b in weak:
        one, other = trees[a].name, trees[b].name
        if one != other:
            joined[one].add(other)
            joined[other].add(one)
    found: list[list[Tree]] = []
    done: set[str] = set()
    for tree in order:
        if tree.name not in done:
            together = _reached(tree.name, joined)
            done |= together
            # The largest first: the others gather under it.
            members_ = [t for t in order if t.name in together]
            found.append(sorted(members_, key=lambda t: -_size(t)))
    return found


def _neighbours(names: Sequence[str], edges: Iterable[Edge]) -> dict[str, list[str]]:
    near: dict[str, dict[str, None]] = {name: {} for name in names}
    for a, b in edges:
        if a != b:
            near[a][b] = None
            near[b][a] = None
    return {name: list(others) for name, others in near.items()}


def _reached(start: str, near: Mapping[str, Iterable[str]]) -> set[str]:
    return set(_distances(start, near))


def _distances(start: str, near: Mapping[str, Iterable[str]]) -> dict[str, int]:
    found = {start: 0}
    queue = [start]
    for name in queue:
        for other in near[name]:
            if other not in found:
                found[other] = found[name] + 1
                queue.append(other)
    return found


def _middle(names: Sequence[str], near: Mapping[str, Sequence[str]]) -> str:
    """The node from which the farthest is nearest; of several the one with most wires."""
    if len(names) > 400:  # the search is quadratic; the best connected is middle enough
        return max(names, key=lambda n: len(near[n]))
    return min(names, key=lambda n: (max(_distances(n, near).values()), -len(near[n])))


def _tree(root: str, near: Mapping[str, Sequence[str]]) -> Tree:
    """The breadth-first tree from ``root``, its branches shared out to both sides.

    What is wired together besides the tree stays on one side.
    """
    top = Tree(root)
    found = {root: top}
    branches: dict[str, str] = {}
    queue = [top]
    for tree in queue:
        for other in near[tree.name]:
            if other not in found:
                child = Tree(other, tree.layer + 1)
                branches[other] = branches.get(tree.name, other)
                found[other] = child
                tree.right.append(child)
                queue.append(child)
    bundles = _bundles(top, branches, near)
    flat = all(not tree.children for tree in top.right)
    if (len(bundles) == 2 and flat) or len(bundles) >= BOTH_SIDES:
        _share_out(top, bundles)
    return top


def _bundles(
    top: Tree, branches: Mapping[str, str], near: Mapping[str, Sequence[str]]
) -> list[list[Tree]]:
    """The branches of ``top``, those in one list that wires bind together."""
    bound: dict[str, set[str]] = {child.name: set() for child in top.right}
    for name, branch in branches.items():
        for other in near[name]:
            if other in branches and branches[other] != branch:
                bound[branch].add(branches[other])
    found: list[list[Tree]] = []
    done: set[str] = set()
    for child in top.right:
        if child.name not in done:
            together = _reached(child.name, bound)
            done |= together
            found.append([c for c in top.right if c.name in together])
    return found


def _share_out(top: Tree, bundles: list[list[Tree]]) -> None:
    """The first bundles to the left, until half of all is there."""
    sizes = [sum(_size(t) for t in bundle) for bundle in bundles]
    half, so_far = sum(sizes) / 2, 0
    left: list[Tree] = []
    for bundle, size in zip(bundles, sizes, strict=True):
        if so_far + size / 2 > half:
            break
        left += bundle
        so_far += size
    top.left = left
    top.right = [t for t in top.right if t not in left]
    for child in left:
        _mirror(child)


def _mirror(tree: Tree) -> None:
    stack = [tree]
    while stack:
        one = stack.pop()
        one.layer = -one.layer
        one.left, one.right = one.right, one.left
        stack += one.left


def _size(tree: Tree) -> int:
    count, stack = 0, [tree]
    while stack:
        count += 1
        stack += stack.pop().children
    return count
