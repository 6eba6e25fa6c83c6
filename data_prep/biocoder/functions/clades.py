"""Trees as nested lists: comparing clades, consensus, shape, ancestors, monophyly."""

from __future__ import annotations

import random
from collections import Counter

from data_prep.biocoder.contexts.clades import Tree, clades, leaves, split, subtrees
from data_prep.biocoder.function import Function

CATEGORY = "trees"


def tree_distance(first: Tree, second: Tree, *, rooted: bool, common: str, scale: str) -> float:
    names = frozenset(leaves(first)), frozenset(leaves(second))
    if common == "error" and names[0] != names[1]:
        raise ValueError("trees of different leaves")
    shared = names[0] & names[1]
    sets = []
    for tree in (first, second):
        parts = {clade & shared for clade in clades(tree)}
        if rooted:
            sets.append({part for part in parts if 1 < len(part) < len(shared)})
        else:
            sets.append({split(part, shared) for part in parts if 1 < len(part) < len(shared) - 1})
    distance = len(sets[0] ^ sets[1])
    if scale == "share":
        whole = len(sets[0]) + len(sets[1])
        return distance / whole if whole else 0.0
    return distance / 2 if scale == "half" else float(distance)


def consensus_clades(trees: list[Tree], share: float, *, bound: str, trivial: str, order: str) -> list:
    if not trees:
        return []
    counts: Counter[frozenset[str]] = Counter()
    for tree in trees:
        counts.update(clades(tree))
    everything = frozenset(leaves(trees[0]))
    found = []
    for clade, n in counts.items():
        part = n / len(trees)
        if (part > share if bound == "above" else part >= share) and (trivial == "keep" or clade != everything):
            found.append([sorted(clade), part])
    if order == "size":
        return sorted(found, key=lambda row: (-len(row[0]), row[0]))
    return sorted(found, key=lambda row: (-row[1], row[0]))


def imbalance(tree: Tree, *, index: str, cherries: str, result: str) -> list[float]:
    total = pairs = 0.0
    inner = [part for part in subtrees(tree) if not isinstance(part, str)]
    for part in inner:
        sizes = [len(leaves(child)) for child in part]
        if index == "colless":
            total += max(sizes) - min(sizes)
        elif index == "sackin":
            total += sum(sizes)
        else:
            total += len(sizes) == 2 and sizes[0] != sizes[1]
        if cherries == "strict":
            pairs += sizes == [1, 1]
        else:
            pairs += sum(size == 1 for size in sizes) >= 2
    if result == "scaled":
        n = len(leaves(tree))
        return [total / n, 2 * pairs / n]
    return [total, pairs]


def common_ancestor(tree: Tree, names: list[str], *, unknown: str, single: str, result: str) -> list:
    known = set(leaves(tree))
    if unknown == "error" and not set(names) <= known:
        raise ValueError("no such leaf")
    wanted = set(names) & known
    if not wanted:
        return []
    at, path = tree, []
    while not isinstance(at, str):
        inside = [i for i, child in enumerate(at) if wanted <= set(leaves(child))]
        if not inside or (single == "parent" and isinstance(at[inside[0]], str)):
            break
        path.append(inside[0])
        at = at[inside[0]]
    if result == "path":
        return path
    if result == "others":
        return sorted(set(leaves(at)) - wanted)
    return sorted(leaves(at))


def monophyly(tree: Tree, groups: dict[str, list[str]], *, missing: str, single: str, result: str) -> dict[str, object]:
    known, sets = set(leaves(tree)), clades(tree)
    found: dict[str, object] = {}
    for group, names in groups.items():
        members = frozenset(names)
        if not members <= known:
            if missing == "error":
                raise ValueError("no such leaf")
            members &= known
        if len(members) < 2:
            if single != "omit":
                found[group] = [True, 0] if result == "intruders" else True
            continue
        smallest = min((clade for clade in sets if members <= clade), key=len)
        whole = smallest == members
        found[group] = [whole, len(smallest) - len(members)] if result == "intruders" else whole
    return found


def random_tree(rng: random.Random, names: list[str]) -> Tree:
    """A tree of these leaves with two or three children a node."""
    parts: list[Tree] = list(names)
    rng.shuffle(parts)
    while len(parts) > 1:
        chosen = [parts.pop(rng.randrange(len(parts))) for _ in range(min(len(parts), rng.choice([2, 2, 2, 3])))]
        parts.append(chosen)
    return parts[0]


def _two(rng: random.Random) -> tuple[Tree, Tree]:
    names = list("ABCDEFG")[: rng.randint(3, 7)]
    other = [*names[:-1], "X"] if rng.random() < 0.25 else names
    return (random_tree(rng, names), random_tree(rng, other))


def _many(rng: random.Random) -> tuple[list[Tree], float]:
    names = list("ABCDE")[: rng.randint(3, 5)]
    return ([random_tree(rng, names) for _ in range(rng.randint(1, 6))], rng.choice([0.0, 0.25, 0.5, 0.5, 0.75, 1.0]))


def _groups(rng: random.Random) -> tuple[Tree, dict[str, list[str]]]:
    tree = random_tree(rng, list("ABCDEF")[: rng.randint(3, 6)])
    parts = [part for part in subtrees(tree) if not isinstance(part, str)]
    groups = {"one": leaves(rng.choice(parts)), "two": rng.sample("ABC", rng.randint(1, 3))}
    if rng.random() < 0.3:
        groups["three"] = ["A", "Z"]
    return (tree, groups)


FUNCTIONS = (
    Function(
        tree_distance,
        says="""The Robinson-Foulds distance of two trees. {common} {rooted} {scale}""",
        options={
            "common": {
                "error": "When they do not have the same leaves, a ValueError is raised.",
                "restrict": "Only leaves of both trees count: each clade is cut down to these, and equal ones are one.",
            },
            "rooted": {
                True: "Compared are the clades of the inner nodes with at least two leaves that do not hold all the "
                "leaves.",
                False: "Compared are the branches of the trees without their roots, by their `split`: of each clade "
                "with at least two and at most all but two of the leaves.",
            },
            "scale": {
                "count": "The result is the number of those that only one of the trees has.",
                "half": "The result is half the number of those that only one of the trees has.",
                "share": "The result is the number of those that only one of the trees has over the sum of the "
                "numbers that each tree has; 0.0 when there are none.",
            },
        },
        edges=(
            ("A", "A"),
            (["A", "B"], ["B", "A"]),
            (["A", ["B", "C"]], [["A", "B"], "C"]),
            ([["A", "B"], ["C", "D"]], [["A", "C"], ["B", "D"]]),
            (["A", "B"], ["A", "C"]),
        ),
        draw=_two,
    ),
    Function(
        consensus_clades,
        says="""The clades that a share {bound} `share` of the `trees` has; all trees have the same leaves. A clade is
        given as [its sorted leaves, the share of the trees that have it]. {trivial} {order} Without trees the result is
        [].""",
        options={
            "bound": {"above": "above", "at": "of at least"},
            "trivial": {
                "keep": "The clade of all leaves is given like any other.",
                "omit": "The clade of all leaves is left out.",
            },
            "order": {
                "size": "They are sorted by their number of leaves, the greatest first, then by their sorted leaves.",
                "share": "They are sorted by their share, the greatest first, then by their sorted leaves.",
            },
        },
        edges=(
            ([], 0.5),
            (["A"], 0.5),
            ([["A", "B"]], 1.0),
            ([["A", ["B", "C"]], [["A", "B"], "C"]], 0.5),
            ([["A", ["B", "C"]], ["A", ["C", "B"]], [["A", "B"], "C"]], 0.0),
        ),
        draw=_many,
    ),
    Function(
        imbalance,
        says="""Two numbers on the shape of a tree: its imbalance and its number of cherries. {index} {cherries}
        {result}""",
        options={
            "index": {
                "colless": "The imbalance is the sum, over the inner nodes, of the difference between the greatest "
                "and the smallest number of leaves below a child.",
                "sackin": "The imbalance is the sum, over the inner nodes, of the number of leaves below the node.",
                "unequal": "The imbalance is the number of inner nodes with exactly two children that have different "
                "numbers of leaves below them.",
            },
            "cherries": {
                "strict": "A cherry is an inner node with exactly two children, both of them leaves.",
                "any": "A cherry is an inner node with at least two children that are leaves, whatever its other "
                "children.",
            },
            "result": {
                "plain": "The result is [imbalance, cherries].",
                "scaled": "The result is [imbalance over the number of leaves, twice the number of cherries over the "
                "number of leaves].",
            },
        },
        edges=(("A",), (["A", "B"],), (["A", "B", "C"],), (["A", ["B", ["C", "D"]]],), ([["A", "B"], ["C", "D"]],)),
        draw=lambda rng: (random_tree(rng, list("ABCDEFGHIJK")[: rng.randint(3, 11)]),),
    ),
    Function(
        common_ancestor,
        says="""The last common ancestor of the leaves `names` (a name may come twice): the deepest part of `tree` with
        all of them below it. {single} {unknown} {result} With no name left the result is [].""",
        options={
            "single": {
                "itself": "The ancestor of a single leaf is that leaf itself.",
                "parent": "The ancestor is always an inner node, so that of a single leaf it is the node whose child "
                "the leaf is (unless the tree is that leaf alone).",
            },
            "unknown": {
                "ignore": "Names that no leaf has are ignored.",
                "error": "A name that no leaf has raises a ValueError.",
            },
            "result": {
                "leaves": "The result is the sorted names of all leaves below it (a leaf's own name).",
                "others": "The result is the sorted names of the leaves below it that are not in `names`.",
                "path": "The result is the way to it from the root, as the list of 0-based indices of children; [] "
                "for the root itself.",
            },
        },
        edges=(
            ("A", ["A"]),
            (["A", "B"], []),
            (["A", ["B", "C"]], ["B"]),
            (["A", ["B", "C"]], ["B", "C"]),
            ([["A", "D"], ["B", "C"]], ["B", "Z"]),
            (["A", "B"], ["Z"]),
        ),
        draw=lambda rng: (
            random_tree(rng, list("ABCDEFG")[: rng.randint(3, 7)]),
            [rng.choice("ABCDEFZ" if rng.random() < 0.2 else "ABC") for _ in range(rng.randint(1, 3))],
        ),
    ),
    Function(
        monophyly,
        says="""Whether each group of leaves is a clade of `tree`; `groups` gives the names of the leaves of each.
        {missing} {single} {result}""",
        options={
            "missing": {
                "drop": "Names that no leaf has are dropped from their group.",
                "error": "A name that no leaf has raises a ValueError.",
            },
            "single": {
                "true": "A group of fewer than two leaves counts as a clade.",
                "omit": "A group of fewer than two leaves is left out of the result.",
            },
            "result": {
                "boolean": "The result is a dictionary from group to True or False.",
                "intruders": "The result is a dictionary from group to [True or False, the number of other leaves in "
                "the smallest clade that holds the group (0 for a group of fewer than two leaves)].",
            },
        },
        edges=(
            (["A", "B"], {}),
            (["A", ["B", "C"]], {"g": ["B", "C"], "h": ["A", "B"]}),
            (["A", "B"], {"g": ["A"]}),
            (["A", "B"], {"g": []}),
            (["A", ["B", "C"]], {"g": ["A", "Z"]}),
        ),
        draw=_groups,
    ),
)
