"""Parsimony: Fitch's and Sankoff's algorithms, sites that inform, losses of a trait."""

from __future__ import annotations

import random
from collections import Counter

from data_prep.biocoder.contexts.parsimony import Tree, is_binary, leaves, states_of, substitution_cost
from data_prep.biocoder.function import Function

CATEGORY = "trees"


def fitch_changes(tree: Tree, letters: dict[str, str], *, missing: str, node: str, result: str) -> list:
    if node == "binary" and not is_binary(tree):
        raise ValueError("not a binary tree")
    changes = 0

    def up(part: Tree) -> set[str]:
        nonlocal changes
        if isinstance(part, str):
            if part not in letters and missing == "error":
                raise ValueError("a leaf without a letter")
            return states_of(letters.get(part, "?"), "ACGT")
        below = [up(child) for child in part]
        counts = Counter(state for states in below for state in states)
        most = max(counts.values())
        changes += len(below) - most
        return {state for state, n in counts.items() if n == most}

    root = sorted(up(tree))
    return [changes, root] if result == "states" else [changes, root[0], len(root)]


def sankoff_cost(tree: Tree, letters: dict[str, str], *, cost: str, tie: str, missing: str) -> list:
    def price(a: str, b: str) -> int:
        if cost == "unit":
            return int(a != b)
        return substitution_cost(a, b) if cost == "kinds" else abs("ACGT".index(a) - "ACGT".index(b))

    def up(part: Tree) -> dict[str, float]:
        if isinstance(part, str):
            if part not in letters and missing == "error":
                raise ValueError("a leaf without a letter")
            known = states_of(letters.get(part, "?"), "ACGT")
            return {state: 0.0 if state in known else float("inf") for state in "ACGT"}
        tables = [up(child) for child in part]
        return {a: sum(min(table[b] + price(a, b) for b in "ACGT") for table in tables) for a in "ACGT"}

    table = up(tree)
    least = min(table.values())
    best = [state for state in "ACGT" if table[state] == least]
    return [least, best if tie == "all" else best[0] if tie == "first" else best[-1]]


def informative_sites(tree: Tree, rows: dict[str, str], *, gaps: str, result: str, extra: str) -> list:
    names = leaves(tree)
    if extra == "error" and set(rows) != set(names):
        raise ValueError("rows and leaves differ")
    chosen = [rows[name] for name in names if name in rows]
    if len({len(row) for row in chosen}) > 1:
        raise ValueError("rows of different length")
    found = []
    for i, column in enumerate(zip(*chosen, strict=True)):
        counts = Counter(column)
        if gaps == "skip" and set(column) & set("?N-"):
            continue
        if gaps == "omit":
            counts = Counter({letter: n for letter, n in counts.items() if letter not in "?N-"})
        if sum(n >= 2 for n in counts.values()) >= 2:
            found.append(i)
        elif result == "kinds" and len(counts) > 1:
            found.append(-i - 1)
    if result == "number":
        return [len(found), len(chosen[0]) if chosen else 0]
    return found


def dollo_losses(tree: Tree, present: list[str], *, unknown: str, result: str, node: str) -> list:
    names, having = leaves(tree), set(present)
    if unknown == "error" and not having <= set(names):
        raise ValueError("no such leaf")
    having &= set(names)
    if not having:
        return [0, []] if result == "lists" else [0, 0]
    gain, inside = tree, tree
    while inside is not None:
        gain = inside
        inside = None
        if not isinstance(gain, str):
            inside = next((child for child in gain if having <= set(leaves(child))), None)
    lost: list[list[str]] = []

    def down(part: Tree) -> None:
        without = [child for child in part if not having & set(leaves(child))] if not isinstance(part, str) else []
        if node == "together" and len(without) > 1:
            lost.append(sorted(name for child in without for name in leaves(child)))
        else:
            lost.extend(sorted(leaves(child)) for child in without)
        for child in part if not isinstance(part, str) else []:
            if child not in without:
                down(child)

    down(gain)
    return [len(lost), sorted(lost)] if result == "lists" else [len(lost), sum(map(len, lost))]


def _tree(rng: random.Random, names: list[str], binary: float = 0.7) -> Tree:
    parts: list[Tree] = list(names)
    rng.shuffle(parts)
    plain = rng.random() < binary
    while len(parts) > 1:
        n = 2 if plain else rng.choice([2, 3, 4])
        parts.append([parts.pop(rng.randrange(len(parts))) for _ in range(min(len(parts), n))])
    return parts[0]


def _names(rng: random.Random) -> list[str]:
    return list("abcdefgh")[: rng.randint(3, 8)]


def _lettered(rng: random.Random) -> tuple[Tree, dict[str, str]]:
    names = _names(rng)
    pool = rng.choice(["ACGT", "AG", "ACGT?", "CT-"])
    letters = {name: rng.choice(pool) for name in names}
    if rng.random() < 0.15:
        letters.pop(names[0])
    return (_tree(rng, names), letters)


def _rows(rng: random.Random) -> tuple[Tree, dict[str, str]]:
    names, width = _names(rng), rng.randint(1, 7)
    pool = rng.choice(["AACG", "AACCN", "AG-"])
    rows = {name: "".join(rng.choice(pool) for _ in range(width)) for name in names}
    if rng.random() < 0.2:
        rows["z"] = "A" * width
    return (_tree(rng, names), rows)


FUNCTIONS = (
    Function(
        fitch_changes,
        says="""The number of changes of one character on a tree by Fitch's algorithm. `letters` gives each leaf's
        letter; `states_of` (with the alphabet 'ACGT') says which states it stands for. {missing} The states of an inner
        node are those that are in the states of the most of its children, and its changes are the number of its
        children less that number. {node} {result}""",
        options={
            "missing": {
                "any": "A leaf without a letter is treated like one with '?'.",
                "error": "A leaf without a letter raises a ValueError.",
            },
            "node": {
                "any": "Nodes may have any number of children.",
                "binary": "A tree with an inner node that has not exactly two children raises a ValueError.",
            },
            "result": {
                "states": "The result is [changes of all inner nodes together, sorted list of the root's states].",
                "first": "The result is [changes of all inner nodes together, the alphabetically first of the root's "
                "states, their number].",
            },
        },
        edges=(
            ("a", {"a": "A"}),
            ("a", {}),
            (["a", "b"], {"a": "A", "b": "C"}),
            (["a", "b", "c"], {"a": "A", "b": "A", "c": "C"}),
            (["a", ["b", "c"]], {"a": "A", "b": "N", "c": "-"}),
        ),
        draw=_lettered,
    ),
    Function(
        sankoff_cost,
        says="""The least cost of one character on a tree by Sankoff's algorithm, with the states A, C, G, T. `letters`
        gives each leaf's letter; `states_of` (with the alphabet 'ACGT') says which states it stands for, any of which
        it may take at no cost. {missing} {cost} The result is [least cost, state], the state being one of the root's
        with that cost. {tie}""",
        options={
            "cost": {
                "unit": "A change along a branch costs 1.",
                "kinds": "A change along a branch costs what `substitution_cost` says.",
                "steps": "A change along a branch costs the difference of the two states' places in 'ACGT'.",
            },
            "tie": {
                "first": "Of several states the first in 'ACGT' is given.",
                "last": "Of several states the last in 'ACGT' is given.",
                "all": "In the state's place the list of all of them is given, in the order of 'ACGT'.",
            },
            "missing": {
                "any": "A leaf without a letter is treated like one with '?'.",
                "error": "A leaf without a letter raises a ValueError.",
            },
        },
        edges=(
            ("a", {"a": "G"}),
            ("a", {}),
            (["a", "b"], {"a": "A", "b": "T"}),
            (["a", "b", "c"], {"a": "A", "b": "G", "c": "C"}),
            (["a", ["b", "c"]], {"a": "A", "b": "N", "c": "T"}),
        ),
        draw=_lettered,
    ),
    Function(
        informative_sites,
        says="""The parsimony-informative sites of the sequences in `rows` (by leaf, upper case), for the leaves of
        `tree` that have one: columns in which at least two letters occur at least twice each. {extra} Sequences of
        different length among those of the leaves raise a ValueError. {gaps} {result}""",
        options={
            "gaps": {
                "letter": "'?', 'N' and '-' are letters like any other.",
                "omit": "'?', 'N' and '-' are not counted.",
                "skip": "A column with a '?', 'N' or '-' is passed over.",
            },
            "result": {
                "columns": "The result is the list of their 0-based columns.",
                "number": "The result is [their number, the number of columns], [0, 0] without any sequence.",
                "kinds": "The result is a list in the order of the columns with i for an informative column i "
                "(0-based) and -i - 1 for a column that is not informative although different letters are counted in "
                "it.",
            },
            "extra": {
                "ignore": "Sequences of other names are ignored, and so are leaves without one.",
                "error": "A sequence whose name is not a leaf, or a leaf without a sequence, raises a ValueError.",
            },
        },
        edges=(
            ("a", {}),
            ("a", {"a": ""}),
            (["a", "b", "c", "d"], {"a": "AA", "b": "AN", "c": "CN", "d": "C-"}),
            (["a", "b"], {"a": "A", "b": "AC"}),
            (["a", "b"], {"a": "A", "z": "C"}),
        ),
        draw=_rows,
    ),
    Function(
        dollo_losses,
        says="""The losses of a trait that arose once (Dollo's parsimony). `present` names the leaves that have it.
        {unknown} It arose above the deepest part of the tree with all of these leaves below it. Going down from there,
        a child that has none of them below it has lost it, and nothing is looked at below that child. {node} {result}
        Without any leaf that has it there is no loss.""",
        options={
            "unknown": {
                "ignore": "Names that no leaf has are ignored.",
                "error": "A name that no leaf has raises a ValueError.",
            },
            "node": {
                "each": "Every such child is a loss of its own.",
                "together": "All such children of one node together are one loss.",
            },
            "result": {
                "lists": "The result is [number of losses, the sorted list of each loss's sorted leaves].",
                "numbers": "The result is [number of losses, number of leaves that have lost it].",
            },
        },
        edges=(
            ("a", []),
            ("a", ["a"]),
            (["a", "b"], ["a"]),
            (["a", ["b", "c"]], ["a", "b"]),
            (["a", "b", "c", "d"], ["a", "b"]),
            (["a", "b"], ["a", "z"]),
        ),
        draw=lambda rng: (
            _tree(rng, list("abcdefgh"), 0.3),
            rng.sample("abcdefgh" + "z" * (rng.random() < 0.2), rng.randint(2, 4)),
        ),
    ),
)
