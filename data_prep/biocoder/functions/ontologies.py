"""Ontologies: depths, annotations carried upwards, the most specific terms, semantic similarity."""

from __future__ import annotations

import random

from data_prep.biocoder.contexts.ontologies import Ontology, ancestors, genes_of, information, parents
from data_prep.biocoder.function import Function

CATEGORY = "graphs"


def term_depths(ontology: Ontology, *, path: str, links: str, base: int) -> dict[str, int]:
    depths: dict[str, int] = {}
    while len(depths) < len(ontology):
        for term in ontology:
            above = parents(ontology, term, links == "both")
            if term not in depths and all(parent in depths for parent in above):
                known = [depths[parent] for parent in above]
                if not known:
                    depths[term] = base
                elif path == "longest":
                    depths[term] = max(known) + 1
                else:
                    depths[term] = min(known) + 1
    return depths


def annotation_counts(
    ontology: Ontology, annotations: dict[str, list[str]], *, up: str, links: str, unknown: str, empty: str, roots: str
) -> dict[str, int]:
    if unknown == "error" and any(term not in ontology for terms in annotations.values() for term in terms):
        raise ValueError("unknown term")
    found = genes_of(ontology, annotations, links == "both")
    if up == "children":
        direct = {term: {gene for gene, terms in annotations.items() if term in terms} for term in ontology}
        found = {term: set(genes) for term, genes in direct.items()}
        for term in ontology:
            for parent in parents(ontology, term, links == "both"):
                found[parent] |= direct[term]
    counts = {term: len(genes) for term, genes in found.items() if genes or empty == "keep"}
    if roots == "drop":
        counts = {term: n for term, n in counts.items() if ontology[term]}
    return counts


def specific_terms(
    ontology: Ontology, terms: list[str], *, links: str, unknown: str, order: str, which: str
) -> list[str]:
    if unknown == "error" and any(term not in ontology for term in terms):
        raise ValueError("unknown term")
    known = [term for term in dict.fromkeys(terms) if term in ontology]
    above = {term: ancestors(ontology, term, links == "both") - {term} for term in known}
    if which == "lowest":
        chosen = [term for term in known if not any(term in above[other] for other in known)]
    else:
        chosen = [term for term in known if not above[term] & set(known)]
    if order == "depth":
        return sorted(chosen, key=lambda term: (-len(above[term]), term))
    return sorted(chosen) if order == "name" else chosen


def term_similarity(
    ontology: Ontology,
    annotations: dict[str, list[str]],
    first: str,
    second: str,
    *,
    measure: str,
    links: str,
    absent: str,
) -> float | None:
    genes = genes_of(ontology, annotations, links == "both")
    everyone = set().union(*genes.values()) if genes else set()
    if first not in ontology or second not in ontology:
        raise ValueError("unknown term")
    if not genes[first] or not genes[second]:
        if absent == "error":
            raise ValueError("a term without genes")
        return None if absent == "none" else 0.0
    both = ancestors(ontology, first, links == "both") & ancestors(ontology, second, links == "both")
    shared = max((information(len(genes[term]) / len(everyone)) for term in both), default=0.0)
    own = [information(len(genes[term]) / len(everyone)) for term in (first, second)]
    if measure == "resnik":
        return shared + 0.0
    if measure == "lin":
        return 2 * shared / sum(own) if sum(own) else 1.0
    return sum(own) - 2 * shared


def _ontology(rng: random.Random) -> Ontology:
    names = rng.sample([f"T{i}" for i in range(10)], rng.randint(4, 8))
    ontology: Ontology = {}
    for i, name in enumerate(names):
        chosen = rng.sample(names[:i], min(i, rng.choice([1, 1, 2, 2])))
        ontology[name] = [[rng.choice(["is_a", "is_a", "part_of"]), parent] for parent in chosen if rng.random() < 0.95]
    return {name: ontology[name] for name in rng.sample(names, len(names))}


def _alone(rng: random.Random) -> tuple[Ontology]:
    return (_ontology(rng),)


def _annotations(rng: random.Random, ontology: Ontology, unknown: float = 0.1) -> dict[str, list[str]]:
    found = {}
    for i in range(rng.randint(2, 6)):
        terms = rng.sample(sorted(ontology), rng.randint(0, 2))
        found[f"G{i}"] = [*terms, "T99"] if rng.random() < unknown else terms
    return found


def _annotated(rng: random.Random) -> tuple[Ontology, dict[str, list[str]]]:
    ontology = _ontology(rng)
    return (ontology, _annotations(rng, ontology))


def _terms(rng: random.Random) -> tuple[Ontology, list[str]]:
    ontology = _ontology(rng)
    return (
        ontology,
        rng.choices([*sorted(ontology), "T99"] if rng.random() < 0.3 else sorted(ontology), k=rng.randint(2, 5)),
    )


def _pair(rng: random.Random) -> tuple[Ontology, dict[str, list[str]], str, str]:
    ontology = _ontology(rng)
    first, second = rng.choices(sorted(ontology), k=2)
    return (ontology, _annotations(rng, ontology) | {"H1": [first], "H2": [second]}, first, second)


SMALL: Ontology = {"R": [], "A": [["is_a", "R"]], "B": [["part_of", "A"], ["is_a", "R"]], "C": [["is_a", "B"]], "S": []}
DEEP: Ontology = {
    "D": [["is_a", "C"], ["part_of", "R"]],
    "C": [["is_a", "B"]],
    "B": [["is_a", "A"]],
    "A": [["is_a", "R"]],
    "R": [],
}
GENES = {"g1": ["A"], "g2": ["C", "B"], "g3": ["R"], "g4": ["C"], "g5": ["S", "A"]}
LINKS = {
    "both": "Both relations count.",
    "is_a": "Only the relation 'is_a' counts; 'part_of' links are as if they were not there.",
}

FUNCTIONS = (
    Function(
        term_depths,
        says="""The depth of each term of `ontology`: {base} for a term without parents, and otherwise 1 more than
        {path} depth among its parents. {links}""",
        options={
            "base": {0: "0", 1: "1"},
            "path": {"longest": "the greatest", "shortest": "the smallest"},
            "links": LINKS,
        },
        edges=(({},), (SMALL,), (DEEP,)),
        draw=_alone,
    ),
    Function(
        annotation_counts,
        says="""How many genes each term of `ontology` has: {up} A gene counts once for a term. {links} {unknown}
        {empty} {roots}""",
        options={
            "up": {
                "ancestors": "those that were given it or a term of which it is an ancestor.",
                "children": "those that were given it or a term of which it is a parent (but not a parent's parent).",
            },
            "links": LINKS,
            "unknown": {
                "skip": "Terms in `annotations` that are not in the ontology are ignored.",
                "error": "A term in `annotations` that is not in the ontology raises a ValueError.",
            },
            "empty": {"keep": "A term without genes has 0.", "drop": "A term without genes has no key."},
            "roots": {
                "keep": "Roots are terms like others.",
                "drop": "A term without any link in the ontology has no key.",
            },
        },
        edges=(
            ({}, {}),
            (SMALL, {}),
            (SMALL, GENES),
            (DEEP, {"g1": ["D"], "g2": ["D", "C"]}),
            (SMALL, {"g1": ["X"], "g2": ["C", "C"]}),
        ),
        draw=_annotated,
    ),
    Function(
        specific_terms,
        says="""Of `terms`, each taken once, {which} {links} {unknown} {order}""",
        options={
            "which": {
                "lowest": "those that are not an ancestor of another one of them.",
                "highest": "those that have no other one of them as an ancestor.",
            },
            "links": LINKS,
            "unknown": {
                "skip": "A term that is not in the ontology is left out.",
                "error": "A term that is not in the ontology raises a ValueError.",
            },
            "order": {
                "input": "They come in the order in which they first stand in `terms`.",
                "name": "They come sorted by name.",
                "depth": "They come from the one with the most ancestors to the one with the fewest, those with "
                "equally many by name.",
            },
        },
        edges=(
            (SMALL, []),
            (SMALL, ["R", "C", "S", "A", "C"]),
            (SMALL, ["X", "A"]),
            (SMALL, ["C", "B", "A"]),
            (DEEP, ["R", "D", "B"]),
            (SMALL | {"E": [], "F": [["is_a", "E"]]}, ["E", "S", "B"]),
            (SMALL | {"AA": [], "AB": []}, ["S", "C", "AB", "AA"]),
        ),
        draw=_terms,
    ),
    Function(
        term_similarity,
        says="""How alike the terms `first` and `second` are. A term's information is that of the share of the genes
        that have it (`genes_of`), of all genes that have at least one term of the ontology. {measure} {links} {absent}
        A `first` or `second` that is not in the ontology raises a ValueError.""",
        options={
            "measure": {
                "resnik": "The result is the greatest information among the ancestors that they have in common (a "
                "term is an ancestor of itself), 0.0 "
                "without any.",
                "lin": "The result is twice the greatest information among the ancestors that they have in common (a "
                "term is an ancestor of itself; 0 "
                "without any), over the sum of the information of the two; 1.0 when that sum is 0.",
                "distance": "The result is the sum of the information of the two, less twice the greatest information "
                "among the ancestors that they have "
                "in common (a term is an ancestor of itself; 0 without any).",
            },
            "links": LINKS,
            "absent": {
                "zero": "When a term of the two has no genes, the result is 0.0.",
                "none": "When a term of the two has no genes, the result is None.",
                "error": "When a term of the two has no genes, a ValueError is raised.",
            },
        },
        edges=(
            (SMALL, GENES, "C", "A"),
            (SMALL, GENES, "C", "C"),
            (SMALL, GENES, "S", "A"),
            (SMALL, {"g1": ["S"]}, "C", "S"),
            (SMALL, GENES, "X", "S"),
            (SMALL, {"g1": ["R"]}, "R", "R"),
            (DEEP, {"g1": ["D"], "g2": ["B"], "g3": ["R"]}, "D", "B"),
        ),
        draw=_pair,
    ),
)
