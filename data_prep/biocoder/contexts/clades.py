"""Rooted trees as nested lists: a leaf is its name, an inner node the list of its children. Names are distinct texts."""

Tree = str | list


def leaves(tree: Tree) -> list[str]:
    """The names of the leaves from left to right."""
    return [tree] if isinstance(tree, str) else [name for child in tree for name in leaves(child)]


def subtrees(tree: Tree) -> list[Tree]:
    """The tree itself and all trees below it, each before those below it, from left to right."""
    return [tree] if isinstance(tree, str) else [tree, *(part for child in tree for part in subtrees(child))]


def clades(tree: Tree) -> set[frozenset[str]]:
    """The sets of leaves below the inner nodes, that of all leaves among them."""
    return {frozenset(leaves(part)) for part in subtrees(tree) if not isinstance(part, str)}


def split(clade: frozenset[str], everything: frozenset[str]) -> frozenset[str]:
    """A clade or the rest of the leaves, whichever does not hold the alphabetically first leaf of all: the branch's split."""
    return everything - clade if min(everything) in clade else clade
