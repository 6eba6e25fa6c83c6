"""De Bruijn graphs and overlap graphs of sequencing reads.

A graph is a dictionary: node (a text) -> its successors, each once, sorted. Every node has a key, also one without successor.
"""

Graph = dict[str, list[str]]


def windows(read: str, k: int) -> list[str]:
    """The words of length `k` (at least 1) of a read, from left to right; none when it is shorter."""
    return [read[i : i + k] for i in range(len(read) - k + 1)]


def graph_of(edges: list[tuple[str, str]]) -> Graph:
    """The graph with these edges and their nodes, nodes sorted; an edge that is given several times is one."""
    nodes = sorted({node for edge in edges for node in edge})
    return {node: sorted({b for a, b in edges if a == node}) for node in nodes}


def predecessors(graph: Graph) -> Graph:
    """node -> the nodes of which it is a successor, sorted."""
    return {node: sorted(other for other in graph if node in graph[other]) for node in graph}


def spell(path: list[str]) -> str:
    """The sequence of a path of a de Bruijn graph: its first node, then the last letter of each further one; "" of none."""
    return path[0] + "".join(node[-1] for node in path[1:]) if path else ""


def longest_overlap(a: str, b: str, least: int) -> int:
    """The length of the longest proper suffix of `a` that is a proper prefix of `b`, 0 when it would be below `least` (>= 1)."""
    for n in range(min(len(a), len(b)) - 1, least - 1, -1):
        if a.endswith(b[:n]):
            return n
    return 0
