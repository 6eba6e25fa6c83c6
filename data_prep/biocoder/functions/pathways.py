"""Pathways: what can be made, dead ends, layers of regulation, feedback loops."""

from __future__ import annotations

import random

from data_prep.biocoder.contexts.pathways import compounds, directions, targets
from data_prep.biocoder.function import Function

CATEGORY = "graphs"


def metabolic_scope(
    reactions: list[dict], seeds: list[str], *, reverse: str, source: str, rounds: int, result: str
) -> list | dict:
    made = dict.fromkeys(seeds, 0)
    used: list[str] = []
    step = 0
    while not rounds or step < rounds:
        step += 1
        have = set(made)
        fresh: set[str] = set()
        for reaction in reactions:
            ways = directions(reaction) if reverse == "both" else directions(reaction)[:1]
            ways = [way for way in ways if way[0] <= have and (way[0] or source == "free")]
            if ways and reaction["name"] not in used:
                used.append(reaction["name"])
            for _, given in ways:
                fresh |= given - have
        if not fresh:
            break
        made.update(dict.fromkeys(fresh, step))
    if result == "steps":
        return made
    return sorted(made) if result == "compounds" else used


def dead_ends(
    reactions: list[dict], outside: list[str], *, kind: str, reverse: str, rounds: str, result: str
) -> list[str]:
    left = list(reactions)
    found: set[str] = set()
    while True:
        made, used = set(outside), set(outside)
        for reaction in left:
            for needed, given in directions(reaction) if reverse == "both" else directions(reaction)[:1]:
                used |= needed
                made |= given
        bad: set[str] = set()
        for compound in compounds(left):
            if (compound not in used and kind != "root") or (compound not in made and kind != "leaf"):
                bad.add(compound)
        found |= bad
        kept = [r for r in left if not bad & {*r["substrates"], *r["products"]}]
        if rounds == "one" or len(kept) == len(left):
            break
        left = kept
    if result == "compounds":
        return sorted(found)
    return [r["name"] for r in reactions if found & {*r["substrates"], *r["products"]}]


def regulation_layers(regulation: list[list], *, rank: str, itself: str, cycle: str) -> dict[str, int]:
    after = targets(regulation)
    if itself == "ignore":
        after = {gene: [(b, sign) for b, sign in row if b != gene] for gene, row in after.items()}
    before = {gene: [a for a in after if any(b == gene for b, _ in after[a])] for gene in after}
    layers: dict[str, int] = {}
    while len(layers) < len(after):
        ready = [g for g in after if g not in layers and all(a in layers for a in before[g])]
        if not ready:
            if cycle == "error":
                raise ValueError("a cycle")
            break
        for gene in ready:
            above = [layers[a] for a in before[gene]]
            layers[gene] = (max(above) if rank == "longest" else min(above)) + 1 if above else 0
    if cycle == "mark":
        layers |= {gene: -1 for gene in after if gene not in layers}
    return layers


def feedback_loops(regulation: list[list], longest: int, *, sign: str, start: str, itself: str) -> list[list[str]]:
    after = targets(regulation)
    loops = []
    for first in after:
        paths = [([first], 1)]
        while paths:
            path, product = paths.pop()
            for gene, effect in after[path[-1]]:
                if gene == first:
                    good = sign == "any" or product * effect == (1 if sign == "positive" else -1)
                    if good and (itself == "count" or len(path) > 1):
                        loops.append(path)
                elif gene > first and gene not in path and len(path) < longest:
                    paths.append(([*path, gene], product * effect))
    if start == "last":
        loops = [path[path.index(max(path)) :] + path[: path.index(max(path))] for path in loops]
    return sorted(loops, key=lambda path: (len(path), path))


def _reactions(rng: random.Random) -> list[dict]:
    names = "ABCDEFGH"[: rng.randint(5, 8)]
    found = []
    for i in range(rng.randint(3, 7)):
        chosen = rng.sample(names, rng.choice([2, 2, 3, 3, 4]))
        cut = rng.choice([1, 1, 1, len(chosen) // 2, 0 if rng.random() < 0.3 else 1])
        found.append(
            {"name": f"R{i}", "substrates": chosen[:cut], "products": chosen[cut:], "reversible": rng.random() < 0.35}
        )
    rng.shuffle(found)
    return found


def _seeded(rng: random.Random) -> tuple[list[dict], list[str]]:
    return (_reactions(rng), rng.sample("ABCDEFGH", rng.randint(1, 3)))


def _regulation(rng: random.Random, low: int = 3, high: int = 10, loops: float = 0.3) -> list[list]:
    rows: dict[tuple[str, str], list] = {}
    for _ in range(rng.randint(low, high)):
        a, b = sorted((f"g{rng.randint(0, 6)}", f"g{rng.randint(0, 6)}"))
        if rng.random() < loops:
            a, b = b, a
        rows[a, b] = [a, b, rng.choice([1, -1])]
    return list(rows.values())


def _layered(rng: random.Random) -> tuple[list[list]]:
    return (_regulation(rng, 3, 8, 0.1),)


def _loops(rng: random.Random) -> tuple[list[list], int]:
    return (_regulation(rng, 6, 14, 0.5), rng.randint(1, 4))


def _r(name: str, needed: str, given: str, reversible: bool = False) -> dict:
    return {"name": name, "substrates": list(needed), "products": list(given), "reversible": reversible}


CHAIN = [_r("R2", "B", "CD"), _r("R1", "A", "B", True), _r("R3", "CE", "F"), _r("R4", "", "E")]
BACK = [_r("R1", "C", "AB", True), _r("R2", "A", "D"), _r("R3", "D", "E"), _r("R4", "E", "F", True)]
LOOP = [["a", "b", 1], ["b", "c", -1], ["c", "a", -1], ["b", "b", 1], ["c", "d", 1]]

FUNCTIONS = (
    Function(
        metabolic_scope,
        says="""What can be made from the compounds `seeds`. In each round every reaction takes place whose substrates
        were all there at the start of the round, and its products are there from the next round on; nothing is used up.
        {source} {reverse} {rounds} {result}""",
        options={
            "source": {
                "free": "A direction of a reaction that needs no substrate takes place in every round.",
                "blocked": "A direction of a reaction that needs no substrate never takes place.",
            },
            "reverse": {
                "both": "A reversible reaction takes place in both directions, each as soon as what it needs is there.",
                "forward": "Reversible reactions take place in the direction in which they are written only.",
            },
            "rounds": {
                0: "This goes on until a round brings no new compound.",
                2: "This goes on for two rounds.",
            },
            "result": {
                "compounds": "The result is the list of all compounds that are there at the end, seeds included, "
                "sorted.",
                "steps": "The result is a dictionary from each compound that is there at the end to the number of the "
                "round that made it first, 0 for "
                "seeds.",
                "reactions": "The result is the list of the names of the reactions that took place in some round (the "
                "last included), in the order of "
                "their first round and, within one round, of `reactions`; names are distinct.",
            },
        },
        edges=(
            ([], ["A"]),
            ([], []),
            (CHAIN, ["A"]),
            (CHAIN, ["B"]),
            (CHAIN, []),
            (BACK, ["F"]),
            (BACK, ["A", "B", "X"]),
        ),
        draw=_seeded,
    ),
    Function(
        dead_ends,
        says="""The dead ends of a network of `reactions`: compounds that {kind}. {reverse} Compounds in `outside` are
        taken up and given off by the cell: they count as made and as used. {rounds} {result}""",
        options={
            "kind": {
                "any": "no reaction makes or no reaction uses",
                "leaf": "no reaction uses",
                "root": "no reaction makes",
            },
            "reverse": {
                "both": "A reversible reaction makes and uses its substrates as well as its products.",
                "forward": "Reversible reactions are treated like others: they use substrates and make products.",
            },
            "rounds": {
                "one": "Each is looked for in the network as it is.",
                "all": "All reactions in which one of them takes part are then taken out, and dead ends are looked "
                "for in the reactions that are left, "
                "and so on until none is found.",
            },
            "result": {
                "compounds": "The result is the list of all that were found, sorted.",
                "reactions": "The result is the list of the names of all reactions in which at least one that was "
                "found takes part, in the order of "
                "`reactions`.",
            },
        },
        edges=(
            ([], ["A"]),
            (CHAIN, []),
            (CHAIN, ["A", "D"]),
            (BACK, ["C"]),
            (BACK, ["C", "B", "E"]),
            ([_r("R1", "A", "B"), _r("R2", "B", "A"), _r("R3", "B", "C")], []),
        ),
        draw=_seeded,
    ),
    Function(
        regulation_layers,
        says="""The layer of each gene of `regulation`: 0 for a gene that no gene regulates, and for another one {rank}.
        Signs do not matter. {itself} {cycle}""",
        options={
            "rank": {
                "longest": "1 more than the greatest layer of its regulators",
                "shortest": "1 more than the smallest layer of its regulators",
            },
            "itself": {
                "ignore": "That a gene regulates itself does not count.",
                "count": "A gene that regulates itself is a cycle.",
            },
            "cycle": {
                "error": "A cycle raises a ValueError.",
                "omit": "Genes that are in a cycle or regulated, directly or through others, by a gene in one, have "
                "no key.",
                "mark": "Genes that are in a cycle or regulated, directly or through others, by a gene in one, have "
                "-1.",
            },
        },
        edges=(
            ([],),
            (LOOP,),
            ([["a", "b", 1], ["b", "c", 1], ["a", "c", -1], ["c", "d", 1], ["b", "d", 1]],),
            ([["a", "a", 1], ["a", "b", -1]],),
            ([["x", "a", 1], ["a", "b", 1], ["b", "a", 1], ["b", "c", 1], ["x", "c", 1]],),
        ),
        draw=_layered,
    ),
    Function(
        feedback_loops,
        says="""The feedback loops of `regulation` with at most `longest` genes: ways from a gene along the direction of
        regulation back to itself that pass no gene twice. {sign} {itself} Each is given once, as the list of its genes
        in the direction of regulation, {start} They are sorted from the fewest genes to the most, those of one length
        as lists of names.""",
        options={
            "sign": {
                "any": "Signs do not matter.",
                "positive": "Only loops whose signs have the product 1 count.",
                "negative": "Only loops whose signs have the product -1 count.",
            },
            "itself": {
                "count": "A gene that regulates itself is a loop of one gene.",
                "ignore": "A gene that regulates itself is no loop.",
            },
            "start": {
                "first": "beginning with its smallest name.",
                "last": "beginning with its greatest name.",
            },
        },
        edges=(
            ([], 3),
            (LOOP, 3),
            (LOOP, 2),
            (LOOP, 0),
            ([["a", "b", 1], ["b", "a", -1], ["b", "c", 1], ["c", "a", 1], ["a", "a", -1]], 4),
            ([["a", "b", 1], ["b", "a", 1], ["a", "c", -1], ["c", "b", 1], ["c", "c", 1]], 4),
        ),
        draw=_loops,
    ),
)
