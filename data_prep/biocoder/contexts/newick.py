"""Trees in Newick format without comments or quotes: a node class, parsing, writing, traversal."""

import re


class Node:
    """A node: `name` ('' for none), `length` of the branch above it (None for none), `children` in order, and `parent`
    (None at the root).
    """

    def __init__(self, name: str = "", length: float | None = None) -> None:
        self.name, self.length = name, length
        self.children: list[Node] = []
        self.parent: Node | None = None

    def add(self, child: "Node") -> None:
        """Make `child` the last child."""
        self.children.append(child)
        child.parent = self

    def leaves(self) -> list["Node"]:
        """The leaves below it from left to right; of a leaf, itself."""
        return [node for node in self.walk() if not node.children]

    def walk(self) -> list["Node"]:
        """It and all nodes below it, each before its children, from left to right."""
        return [self, *(node for child in self.children for node in child.walk())]

    def path(self) -> list["Node"]:
        """It, its parent, and so on up to the root."""
        return [self, *(self.parent.path() if self.parent else ())]


def parse(text: str) -> Node:
    """The root of a tree such as '(A:1,(B,C)x:2.5)r;'.

    Raises:
        ValueError: brackets that do not close, more than one tree, or no ';' at the end.
    """
    root = here = Node()
    tokens = re.findall(r"[(),;]|[^(),;]+", text.strip())
    if not tokens or tokens[-1] != ";":
        raise ValueError("no ; at the end")
    for token in tokens[:-1]:
        if token == "(":
            here.add(Node())
            here = here.children[0]
        elif token in ",)":
            if here.parent is None:
                raise ValueError("brackets that do not close")
            here = here.parent
            if token == ",":
                here.add(Node())
                here = here.children[-1]
        elif token == ";":
            raise ValueError("more than one tree")
        else:
            name, _, length = token.strip().partition(":")
            here.name, here.length = name.strip(), float(length) if length else None
    if here is not root:
        raise ValueError("brackets that do not close")
    return root


def write(node: Node) -> str:
    """The Newick text of a tree, with names and branch lengths (in the format `:g`) where there are any."""

    def inner(part: Node) -> str:
        below = "(" + ",".join(map(inner, part.children)) + ")" if part.children else ""
        return below + part.name + ("" if part.length is None else f":{part.length:g}")

    return inner(node) + ";"
