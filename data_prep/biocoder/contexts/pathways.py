"""Pathways: reactions that turn substrates into products, and signed regulation between genes.

A reaction is a dictionary: "name", "substrates" and "products" (lists of compounds; sets in effect), "reversible" (a bool).
Regulation is a list of rows [regulator, target, sign]: sign 1 activates, -1 represses; each (regulator, target) occurs once.
"""


def directions(reaction: dict) -> list[tuple[set[str], set[str]]]:
    """The (substrates, products) of a reaction; for a reversible one those of its reverse after them."""
    used, made = set(reaction["substrates"]), set(reaction["products"])
    return [(used, made), (made, used)] if reaction["reversible"] else [(used, made)]


def compounds(reactions: list[dict]) -> list[str]:
    """All compounds of the reactions, sorted."""
    return sorted({c for r in reactions for c in [*r["substrates"], *r["products"]]})


def targets(regulation: list[list]) -> dict[str, list[tuple[str, int]]]:
    """gene -> the (target, sign) that it regulates, sorted; every gene has a key, the keys are sorted."""
    genes = sorted({gene for row in regulation for gene in row[:2]})
    return {gene: sorted((b, sign) for a, b, sign in regulation if a == gene) for gene in genes}
