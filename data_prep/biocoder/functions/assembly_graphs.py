"""Assembly graphs: de Bruijn graphs, unitigs, tips, a greedy assembly."""

from __future__ import annotations

import itertools
import random
from collections import Counter

from data_prep.biocoder.contexts.assembly_graphs import (
    Graph,
    graph_of,
    longest_overlap,
    predecessors,
    spell,
    windows,
)
from data_prep.biocoder.draws import dna
from data_prep.biocoder.function import Function

CATEGORY = "graphs"


def de_bruijn(reads: list[str], k: int, *, least: int, odd: str, weights: str) -> dict:
    if k < 2:
        raise ValueError("k below 2")
    counts: Counter[str] = Counter()
    for read in reads:
        if odd == "read" and set(read) - set("ACGT"):
            continue
        words = windows(read, k)
        if odd == "word":
            words = [word for word in words if not set(word) - set("ACGT")]
        counts.update(words)
    kept = {word: n for word, n in counts.items() if n >= least}
    graph = graph_of([(word[:-1], word[1:]) for word in kept])
    if weights == "none":
        return graph
    return {a: {b: kept[a + b[-1]] for b in after} for a, after in graph.items()}


def unitigs(graph: Graph, *, circles: str, shortest: int, order: str) -> list[str]:
    before = predecessors(graph)
    inner = [node for node in graph if len(graph[node]) == 1 and len(before[node]) == 1]
    paths, used = [], set()
    for node in graph:
        if node not in inner:
            for step in graph[node]:
                path = [node, step]
                while path[-1] in inner:
                    path.append(graph[path[-1]][0])
                used.update(path)
                paths.append(path)
    if circles == "keep":
        for node in sorted(inner):
            if node in used:
                continue
            path = [node, graph[node][0]]
            while path[-1] != node:
                path.append(graph[path[-1]][0])
            used.update(path)
            paths.append(path)
    found = [text for text in map(spell, paths) if len(text) >= shortest]
    return sorted(found) if order == "text" else sorted(found, key=lambda text: (-len(text), text))


def clip_tips(graph: Graph, longest: int, *, ends: str, fork: str, rounds: str) -> Graph:
    graph = {node: list(after) for node, after in graph.items()}
    while True:
        before = predecessors(graph)
        doomed: set[str] = set()
        for ahead, back in ((graph, before), (before, graph)) if ends == "both" else ((graph, before),):
            for node in graph:
                if ahead[node]:
                    continue
                tip = [node]
                while len(back[tip[-1]]) == 1 and len(ahead[back[tip[-1]][0]]) == 1:
                    tip.append(back[tip[-1]][0])
                roots = back[tip[-1]]
                if len(tip) > longest or not roots:
                    continue
                if fork == "any" or any(ahead[other] for root in roots for other in ahead[root] if other != tip[-1]):
                    doomed.update(tip)
        graph = {n: [o for o in after if o not in doomed] for n, after in graph.items() if n not in doomed}
        if rounds == "one" or not doomed:
            return graph


def greedy_assembly(reads: list[str], least: int, *, tie: str, contained: str, rest: str) -> list[str]:
    if least < 1:
        raise ValueError("no overlap asked for")
    pieces = list(dict.fromkeys(reads))
    if contained == "drop":
        pieces = [p for p in pieces if not any(p != other and p in other for other in pieces)]
    while True:
        best, pair = 0, (0, 0)
        for i, a in enumerate(pieces):
            for j, b in enumerate(pieces):
                n = longest_overlap(a, b, least) if i != j else 0
                if n > best or (n and n == best and tie == "last"):
                    best, pair = n, (i, j)
        if not best:
            break
        joined = pieces[pair[0]] + pieces[pair[1]][best:]
        pieces = [p for i, p in enumerate(pieces) if i not in pair] + [joined]
    if rest == "longest":
        return [max(pieces, key=len)] if pieces else []
    return sorted(pieces, key=lambda p: (-len(p), p)) if rest == "length" else pieces


def _k(rng: random.Random) -> tuple[list[str], int]:
    genome = dna(rng, 8, 14, "ACG")
    reads = [genome[i : i + 7] for i in (rng.randint(0, 5) for _ in range(rng.randint(2, 5)))]
    if rng.random() < 0.5:
        reads += [dna(rng, 3, 5) + "N" + dna(rng, 3, 5)] * rng.randint(1, 3)
    return (reads, rng.randint(2, 4))


def _graph(rng: random.Random) -> Graph:
    edges = []
    for _ in range(rng.randint(1, 3)):
        seq = dna(rng, 5, 13, rng.choice(["ACGT", "ACG"]))
        words = windows(seq + (seq[:2] if rng.random() < 0.4 else ""), 3)
        edges += [(word[:-1], word[1:]) for word in words]
    return graph_of(edges)


def _one_graph(rng: random.Random) -> tuple[Graph]:
    return (_graph(rng),)


def _tips(rng: random.Random) -> tuple[Graph, int]:
    """A path with branches that end, and now and then a branch of a branch."""
    edges = [(f"m{i}", f"m{i + 1}") for i in range(rng.randint(3, 6))]
    for branch in range(rng.randint(1, 4)):
        names = [rng.choice(edges)[rng.randint(0, 1)]] + [f"b{branch}{i}" for i in range(rng.randint(1, 4))]
        steps = list(itertools.pairwise(names))
        edges += steps if rng.random() < 0.6 else [(b, a) for a, b in steps]
    return (graph_of(edges), rng.randint(1, 3))


def _reads(rng: random.Random) -> tuple[list[str], int]:
    genome = dna(rng, 14, 22, rng.choice(["ACGT", "AC"]))
    reads = []
    for _ in range(rng.randint(3, 6)):
        start = rng.randint(0, len(genome) - 5)
        reads.append(genome[start : start + rng.randint(3, 9)])
    return (reads, rng.randint(1, 3))


CIRCLE = {"AC": ["CG"], "CG": ["GA"], "GA": ["AC"]}
LINE = {"AC": ["CG"], "CG": ["GT"], "GT": []}
FORK = {"AC": ["CA", "CG"], "CA": [], "CG": ["GT"], "GT": []}

FUNCTIONS = (
    Function(
        de_bruijn,
        says="""The de Bruijn graph of `reads`: every word of length `k` in a read is an edge from its first `k` - 1
        letters to its last `k` - 1. {odd} {least} Only the nodes of such edges are in the graph. {weights} A `k` below
        2 raises a ValueError.""",
        options={
            "odd": {
                "keep": "Letters other than A, C, G, T are letters like any other.",
                "word": "Words with a letter other than A, C, G, T are left out.",
                "read": "Reads with a letter other than A, C, G, T are left out altogether.",
            },
            "least": {
                1: "Every word that occurs is an edge.",
                2: "Only words that occur at least twice in all reads together are edges.",
            },
            "weights": {
                "none": "The result is a `Graph`.",
                "count": "The result is a dictionary from each node to a dictionary from each of its successors to "
                "the number of times that the "
                "word occurs in all reads together (an empty dictionary for a node without successor).",
            },
        },
        edges=(
            ([], 3),
            (["ACGT"], 1),
            (["AAAA", "AAA"], 2),
            (["ACNGT", "ACGT", "ACG"], 2),
            (["ACGACG"], 3),
            (["AC"], 3),
            (["acg", "ACG", "ACG"], 3),
        ),
        draw=_k,
    ),
    Function(
        unitigs,
        says="""The sequences (see `spell`) of the unitigs of the de Bruijn `graph`. A node is inner when it has exactly
        one successor and exactly one predecessor (it may be its own). A unitig starts with a node that is not inner and
        one of its successors, and goes on through inner nodes up to the first node that is not inner, which belongs to
        it; there is one for each successor of each such node. {circles} {shortest} {order} Equal sequences are all
        given.""",
        options={
            "circles": {
                "skip": "A circle of inner nodes only gives no unitig.",
                "keep": "A circle of inner nodes only gives one unitig too, which starts with its smallest node as "
                "text and ends with the same "
                "node again.",
            },
            "shortest": {0: "Unitigs of every length count.", 5: "Unitigs of fewer than 5 letters are left out."},
            "order": {
                "text": "They are sorted as texts.",
                "length": "They are sorted from the longest to the shortest, equally long ones as texts.",
            },
        },
        edges=(
            ({},),
            (CIRCLE,),
            (LINE,),
            (FORK,),
            (CIRCLE | {"TT": ["TT"], "GG": []},),
            ({"AC": ["CA", "CC"], "CA": ["AC"], "CC": ["CC"]},),
            ({"CA": ["AT"], "AT": ["TC"], "TC": ["CA"], "GG": ["GT"], "GT": []},),
        ),
        draw=_one_graph,
    ),
    Function(
        clip_tips,
        says="""The `graph` without its short tips. A tip ends in a node without successor. From there it is followed
        back as long as its present node has exactly one predecessor and that one has exactly one successor; the nodes
        met are the tip, and the last one met is its first node. It is short when it has at most `longest` nodes; a tip
        whose first node has no predecessor is never clipped. {fork} {ends} All tips found in the graph as it is are
        taken away together, with their edges. {rounds}""",
        options={
            "fork": {
                "any": "No more is asked of it.",
                "other": "It is clipped only when some predecessor of its first node has another successor that has a "
                "successor itself.",
            },
            "ends": {
                "forward": "Only such tips are clipped, and not those that begin with a node without predecessor.",
                "both": "In the same way, with successors and predecessors exchanged throughout, tips that begin in a "
                "node without predecessor are "
                "clipped too.",
            },
            "rounds": {
                "one": "This is done once.",
                "all": "This is done again with what is left until there is nothing to clip.",
            },
        },
        edges=(
            ({}, 2),
            (LINE, 5),
            (FORK, 1),
            (FORK, 0),
            ({"a": ["b"], "b": ["c", "x"], "c": ["d", "y"], "d": ["e"], "e": ["f"], "f": [], "x": [], "y": []}, 1),
            ({"a": ["m"], "b": ["m"], "c": ["b"], "m": ["n"], "n": ["o", "p"], "o": [], "p": []}, 1),
            ({"r": ["a", "b"], "a": ["c", "d"], "b": ["e"], "c": [], "d": [], "e": ["f"], "f": ["g"], "g": []}, 2),
        ),
        draw=_tips,
    ),
    Function(
        greedy_assembly,
        says="""Contigs by greedy joining of `reads`; a read that is given several times is taken once, where it first
        stands. {contained} Then, again and again, the two different pieces `a` and `b` with the greatest
        `longest_overlap(a, b, least)` are replaced by `a` followed by what `b` has beyond the overlap; the new piece
        goes to the end of the list of pieces, the others keep their order. {tie} This ends when no two pieces overlap.
        {rest} A `least` below 1 raises a ValueError.""",
        options={
            "contained": {
                "keep": "Reads that are part of another read stay.",
                "drop": "Reads that are part of another one are left out before any joining (but later pieces are not "
                "looked at in this way).",
            },
            "tie": {
                "first": "Of several pairs with the same overlap that with the earliest `a` in the list is taken, and "
                "for the same `a` the one with "
                "the earliest `b`.",
                "last": "Of several pairs with the same overlap that with the latest `a` in the list is taken, and "
                "for the same `a` the one with "
                "the latest `b`.",
            },
            "rest": {
                "pieces": "All pieces are given, in their order.",
                "length": "All pieces are given from the longest to the shortest, equally long ones sorted as texts.",
                "longest": "Only the longest piece is given, in a list, the first of several in their order; an empty "
                "list without reads.",
            },
        },
        edges=(
            ([], 2),
            (["ACG", "ACG"], 1),
            (["ACGT", "CGTA", "GTAC"], 2),
            (["AAC", "ACCA", "CC"], 1),
            (["ACG", "CGA", "CGC", "TAC"], 1),
            (["AC", "CA"], 0),
            (["GGG", "AAA", "TTTT"], 1),
        ),
        draw=_reads,
    ),
)
