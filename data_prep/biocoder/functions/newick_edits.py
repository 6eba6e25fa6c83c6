"""Trees in Newick format: pruning, ordering, collapsing."""

from __future__ import annotations

from data_prep.biocoder.contexts.newick import Node, parse, write
from data_prep.biocoder.draws import newick_tree
from data_prep.biocoder.function import Function

CATEGORY = "trees"
CONTEXT = "newick"


def prune(text: str, kept: list[str], *, missing: str, single: str, root: str) -> str:
    tree = parse(text)
    names = {leaf.name for leaf in tree.leaves()}
    if missing == "error" and not set(kept) <= names:
        raise ValueError("no such leaf")

    def cut(node: Node) -> Node | None:
        if not node.children:
            return node if node.name in kept else None
        node.children = [child for child in map(cut, node.children) if child]
        if not node.children:
            return None
        if len(node.children) == 1 and single == "join" and node is not tree:
            child = node.children[0]
            if node.length is not None or child.length is not None:
                child.length = (node.length or 0.0) + (child.length or 0.0)
            return child
        return node

    found = cut(tree)
    if found is None:
        return ""
    while root == "descend" and len(found.children) == 1:
        found = found.children[0]
        found.length = None
    return write(found)


def ladderize(text: str, *, by: str, first: str, tie: str) -> str:
    root = parse(text)

    def height(node: Node) -> float:
        below = [height(child) + (child.length or 0.0) for child in node.children]
        return max(below, default=0.0)

    for node in reversed(root.walk()):
        sizes = {}
        for child in node.children:
            size = len(child.leaves()) if by == "leaves" else height(child) + (child.length or 0.0)
            sizes[id(child)] = -size if first == "large" else size
        if tie == "name":
            node.children.sort(key=lambda child: (sizes[id(child)], min(leaf.name for leaf in child.leaves())))
        else:
            node.children.sort(key=lambda child: sizes[id(child)])
    return write(root)


def collapse_short(text: str, shortest: float, *, bound: str, missing: str, length: str) -> str:
    root = parse(text)
    for node in reversed(root.walk()):
        children: list[Node] = []
        for child in node.children:
            size = child.length
            if size is None:
                short = missing == "short"
            else:
                short = size < shortest if bound == "below" else size <= shortest
            if not child.children or not short:
                children.append(child)
                continue
            for grandchild in child.children:
                if length == "pass on" and size is not None:
                    grandchild.length = (grandchild.length or 0.0) + size
                children.append(grandchild)
        node.children = children
    return write(root)


FUNCTIONS = (
    Function(
        prune,
        says="""The Newick text (by `write`) of the tree `text` with only the leaves whose names are in `kept`; '' when
        none is left. Nodes that have lost all their children are taken out too. {single} {root} {missing}""",
        options={
            "single": {
                "join": "A node other than the root that is left with one child (or had one all along) is replaced by "
                "that child, from the leaves upwards; the lengths of the "
                "two branches are added, a missing one counting 0 unless both are missing.",
                "keep": "A node that is left with one child stays.",
            },
            "root": {
                "stay": "The root stays, even with one child.",
                "descend": "While the root has exactly one child, that child becomes the root and loses its length.",
            },
            "missing": {
                "ignore": "Names in `kept` that no leaf has are ignored.",
                "error": "A name in `kept` that no leaf has raises a ValueError.",
            },
        },
        edges=(
            ("(A,B);", []),
            ("(A:1,B:2);", ["A"]),
            ("((A:1,B:2):3,C:4);", ["A", "C"]),
            ("((A,B),C);", ["A", "x"]),
            ("((A:1):2,B);", ["A", "B"]),
            ("A;", ["A"]),
        ),
        draw=lambda rng: (
            newick_tree(rng, 3),
            rng.sample("ABCDEFGH" if rng.random() < 0.15 else "ABC", rng.randint(1, 3)),
        ),
    ),
    Function(
        ladderize,
        says="""The Newick text (by `write`) of the tree `text` with the children of every node sorted by size, {first}
        first. {by} {tie}""",
        options={
            "by": {
                "leaves": "A child's size is the number of leaves below it (a leaf's is 1).",
                "height": "A child's size is the greatest sum of branch lengths from the child's parent down to a "
                "leaf below the child, a missing length counting 0.",
            },
            "first": {"small": "the smallest", "large": "the greatest"},
            "tie": {
                "order": "Children of equal size keep their order.",
                "name": "Children of equal size are sorted by the alphabetically first name of a leaf below them.",
            },
        },
        edges=(("A;",), ("(B,A);",), ("(A:1,(B,C)x:1,D:2);",), ("((C,D),(A,B));",)),
        draw=lambda rng: (newick_tree(rng, 4, missing=0.3),),
    ),
    Function(
        collapse_short,
        says="""The Newick text (by `write`) of the tree `text` after short inner branches were taken out: a node that
        is neither a leaf nor the root is replaced, in its parent's list, by its children in their order, when the
        branch above it is short, that is when its length is {bound} `shortest`. {missing} Nodes are looked at from the
        leaves upwards; names of nodes that are taken out are lost. {length}""",
        options={
            "bound": {"below": "below", "at": "at or below"},
            "missing": {
                "short": "A branch without a length is short.",
                "long": "A branch without a length is not short.",
            },
            "length": {
                "lose": "The length of a branch that is taken out is lost.",
                "pass on": "The length of a branch that is taken out, if it has one, is added to those of the "
                "replacing children, a missing length counting 0; whether these are short "
                "was decided before that.",
            },
        },
        edges=(
            ("A;", 1.0),
            ("((A:1,B:1):0.5,C:1);", 0.5),
            ("((A:1,B):0.25,C:1);", 0.5),
            ("((A,B),C);", 0.0),
            ("(((A:1,B:1):0.5,D:1):0.5,C);", 1.0),
        ),
        draw=lambda rng: (newick_tree(rng, 4), rng.choice([0.25, 0.5, 1.0, 1.0, 1.5])),
    ),
)
