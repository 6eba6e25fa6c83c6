"""Characters on rooted trees. A tree is nested lists: a leaf is its name, an inner node the list of its children."""

Tree = str | list


def leaves(tree: Tree) -> list[str]:
    """The names of the leaves from left to right."""
    return [tree] if isinstance(tree, str) else [name for child in tree for name in leaves(child)]


def is_binary(tree: Tree) -> bool:
    """Whether every inner node has exactly two children."""
    return isinstance(tree, str) or (len(tree) == 2 and all(map(is_binary, tree)))


def states_of(letter: str, alphabet: str) -> set[str]:
    """The states that a leaf's letter stands for: itself, or all of `alphabet` for '?', 'N' and '-'."""
    return set(alphabet) if letter in "?N-" else {letter}


def substitution_cost(a: str, b: str) -> int:
    """The cost of a change between two bases: 0 for none, 1 for a transition, 2 for a transversion."""
    if a == b:
        return 0
    return 1 if {a, b} in ({"A", "G"}, {"C", "T"}) else 2
