"""Trees in Newick format: depths, distances, the midpoint."""

from __future__ import annotations

from data_prep.biocoder.contexts.newick import Node, parse
from data_prep.biocoder.draws import newick_tree
from data_prep.biocoder.function import Function

CATEGORY = "trees"


def leaf_depths(text: str, *, measure: str, above: str, repeated: str) -> dict[str, float]:
    depths: dict[str, float] = {}
    for leaf in parse(text).leaves():
        if repeated == "error" and leaf.name in depths:
            raise ValueError("two leaves of one name")
        depth = 0.0
        for node in leaf.path():
            if node.parent is None and above == "omit":
                continue
            if measure == "branches":
                depth += node.parent is not None or node.length is not None
            elif node.length is not None:
                depth += node.length
            elif node.parent is not None:
                if measure == "error":
                    raise ValueError("a branch without a length")
                depth += 1.0 if measure == "one" else 0.0
        if leaf.name:
            depths[leaf.name] = depth
    return depths


def leaf_distance(text: str, first: str, second: str, *, measure: str, unknown: str, result: str) -> list:
    leaves = {leaf.name: leaf for leaf in reversed(parse(text).leaves())}
    if first not in leaves or second not in leaves:
        if unknown == "error":
            raise ValueError("no such leaf")
        return []
    paths = [leaves[name].path() for name in (first, second)]
    common = next(node for node in paths[0] if node in paths[1])
    sides = []
    for path in paths:
        part = path[: path.index(common)]
        sides.append(float(len(part)) if measure == "branches" else sum(node.length or 0.0 for node in part))
    below = sorted(leaf.name for leaf in common.leaves())
    return [sum(sides), below] if result == "sum" else [*sides, len(below)]


def midpoint_split(text: str, *, tie: str, flat: str, result: str) -> list:
    leaves = parse(text).leaves()
    best: tuple[float, list[tuple[Node, float]], list[tuple[Node, float]]] | None = None
    for i, a in enumerate(leaves):
        for b in leaves[i + 1 :]:
            ways = a.path(), b.path()
            side, down = ([(n, n.length or 0.0) for n in way if n not in other] for way, other in (ways, ways[::-1]))
            total = sum(x for _, x in side) + sum(x for _, x in down)
            if best is None or total > best[0] + 1e-9 or (tie == "last" and total > best[0] - 1e-9):
                best = (total, side, down)
    if best is None or (flat == "error" and best[0] == 0):
        raise ValueError("no two leaves at a distance")
    total, side, down = best
    rest = total / 2
    half = side if sum(x for _, x in side) >= rest - 1e-9 else down
    for node, size in half:
        if rest <= size + 1e-9:
            names = sorted(leaf.name for leaf in node.leaves())
            return [names, total] if result == "names" else [names, rest, size - rest]
        rest -= size
    raise AssertionError("the middle lies on the path")


FUNCTIONS = (
    Function(
        leaf_depths,
        says="""How far each leaf of the Newick tree `text` is below the root, as a dictionary from the leaf's name to a
        number; leaves without a name have no key. {measure} {above} {repeated} What `parse` does not read raises its
        ValueError.""",
        options={
            "measure": {
                "branches": "The depth is the number of branches from the root to the leaf, whatever their lengths.",
                "zero": "The depth is the sum of the lengths of the branches from the root to the leaf, a branch "
                "without a length counting 0.",
                "one": "The depth is the sum of the lengths of the branches from the root to the leaf, a branch "
                "without a length counting 1.",
                "error": "The depth is the sum of the lengths of the branches from the root to the leaf; a branch "
                "without a length between the root and a leaf "
                "raises a ValueError.",
            },
            "above": {
                "omit": "A branch above the root does not count.",
                "count": "A branch above the root counts like the others where the root has a length, and does not "
                "count where it has none.",
            },
            "repeated": {
                "last": "Of several leaves of one name the last from left to right counts.",
                "error": "Two leaves of one name raise a ValueError.",
            },
        },
        edges=(("A;",), ("(A,B)",), ("(A:1,B:2):3;",), ("(A:1,A:2);",), ("((A,B:2):1,(:1,C):2);",), ("((A,B);",)),
        draw=lambda rng: (newick_tree(rng, missing=rng.choice([0.0, 0.0, 0.2])),),
    ),
    Function(
        leaf_distance,
        says="""How far apart two different leaves of the Newick tree `text` are. The leaves of `text` have names, each
        its own. The way between the two leads over their last common ancestor. {measure} {result} {unknown}""",
        options={
            "measure": {
                "branches": "A way is as long as the number of its branches.",
                "lengths": "A way is as long as the sum of its branches' lengths, a branch without a length counting "
                "0.",
            },
            "result": {
                "sum": "The result is [length of the way, sorted names of the leaves below the ancestor].",
                "sides": "The result is [length of the way from the first leaf up to the ancestor, the same of the "
                "second, number of leaves below the ancestor].",
            },
            "unknown": {
                "empty": "When a name is not that of a leaf, the result is [].",
                "error": "When a name is not that of a leaf, a ValueError is raised.",
            },
        },
        edges=(
            ("(A,B);", "A", "B"),
            ("(A:1,B:2);", "A", "C"),
            ("A;", "A", "x"),
            ("((A:1,B:2)x:3,C);", "B", "C"),
            ("((A:1,B:2)x:3,C);", "x", "C"),
        ),
        draw=lambda rng: (newick_tree(rng, 4), *rng.sample("ABCD" + "E" * (rng.random() < 0.1), 2)),
    ),
    Function(
        midpoint_split,
        says="""Where the midpoint of the tree `text` lies: the middle of the longest way between two leaves (by branch
        lengths, a missing one counting 0). Pairs of leaves are compared from left to right: the first leaf with the
        second, with the third and so on, then the second with the third. {tie} Lengths that differ by less than 1e-9
        are equal. The middle is looked for from the pair's left leaf when its way up to the pair's last common ancestor
        is at least half of the whole way, else from the right leaf: walking up, it lies on the first branch at the
        upper end of which at least half of the way is done. {result} {flat} Fewer than two leaves raise a ValueError.""",
        options={
            "tie": {
                "first": "Of several longest ways the one compared first counts.",
                "last": "Of several longest ways the one compared last counts.",
            },
            "result": {
                "names": "The result is [sorted names of the leaves below that branch, length of the whole way].",
                "lengths": "The result is [sorted names of the leaves below that branch, distance of the middle from "
                "the branch's lower end, its distance from the upper end].",
            },
            "flat": {
                "allow": "A longest way of length 0 is treated like any other.",
                "error": "A longest way of length 0 raises a ValueError.",
            },
        },
        edges=(
            ("A;",),
            ("(A,B);",),
            ("(A:1,B:3);",),
            ("(A:1,B:1,C:1);",),
            ("((A:1,B:2):1,(C:3,D:1):1);",),
            ("(A:0,(B,C):0);",),
        ),
        draw=lambda rng: (newick_tree(rng, 3, zero=0.2),),
    ),
)
