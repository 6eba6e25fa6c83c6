"""An ontology (GO, say) and annotations of genes with its terms.

An ontology is a dictionary: term -> its links [relation, parent], the relation being "is_a" or "part_of". Every parent has a key, there is no
cycle, and a term without links is a root. Annotations are a dictionary: gene -> the terms that it was given.
"""

import math

Ontology = dict[str, list[list[str]]]


def parents(ontology: Ontology, term: str, part_of: bool = True) -> list[str]:
    """The parents of a term, each once, sorted; without `part_of` only those by "is_a"."""
    return sorted({parent for relation, parent in ontology[term] if part_of or relation == "is_a"})


def ancestors(ontology: Ontology, term: str, part_of: bool = True) -> set[str]:
    """The term itself, its parents, their parents and so on."""
    found, waiting = {term}, [term]
    while waiting:
        fresh = set(parents(ontology, waiting.pop(), part_of)) - found
        found |= fresh
        waiting += sorted(fresh)
    return found


def genes_of(ontology: Ontology, annotations: dict[str, list[str]], part_of: bool = True) -> dict[str, set[str]]:
    """term -> the genes that were given it or a term of which it is an ancestor; all terms of the ontology have a key.

    Terms that are not in the ontology are ignored.
    """
    found: dict[str, set[str]] = {term: set() for term in ontology}
    for gene, terms in annotations.items():
        for term in terms:
            for above in ancestors(ontology, term, part_of) if term in ontology else ():
                found[above].add(gene)
    return found


def information(share: float) -> float:
    """The information, in bits, of a term that this share of the genes has."""
    return -math.log2(share)
