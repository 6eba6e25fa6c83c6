"""PDB files: sequences of chains, gaps in them, contacts, centres."""

from __future__ import annotations

import itertools
import random

from data_prep.biocoder.contexts.structures import ONE_LETTER, atoms, distance, residues
from data_prep.biocoder.function import Function

CATEGORY = "file formats"


def chain_sequences(text: str, *, hetero: str, unknown: str, gaps: str, complete: str) -> dict[str, str]:
    found: dict[str, str] = {}
    last: dict[str, int] = {}
    kept = [atom for atom in atoms(text) if hetero == "count" or atom.record == "ATOM"]
    for group in residues(kept):
        if complete == "ca" and all(atom.name != "CA" for atom in group):
            continue
        chain, number = group[0].chain, group[0].number
        letter = ONE_LETTER.get(group[0].residue, "")
        if not letter:
            if unknown == "error":
                raise ValueError("no amino acid")
            if unknown == "skip":
                continue
            letter = "X"
        sequence = found.get(chain, "")
        if gaps == "fill" and chain in last:
            sequence += "-" * (number - last[chain] - 1)
        found[chain] = sequence + letter
        last[chain] = number
    return found


def chain_gaps(text: str, longest: float, *, by: str, chains: str, hetero: str, result: str) -> list[list]:
    kept = [a for a in atoms(text) if a.name == "CA" and (hetero == "count" or a.record == "ATOM")]
    found = []
    firsts = [group[0] for group in residues(kept)]
    if chains == "group":
        firsts.sort(key=lambda a: a.chain)
    for a, b in itertools.pairwise(firsts):
        if a.chain != b.chain:
            continue
        far, jump = distance(a, b) > longest, b.number - a.number > 1
        if (far and jump) if by == "both" else (jump if by == "number" else far):
            if result == "missing":
                found.append([a.chain, a.number, b.number, max(b.number - a.number - 1, 0)])
            else:
                found.append([a.chain, a.number, b.number])
    return found


def residue_contacts(text: str, limit: float, *, atom: str, bound: str, between: str) -> list[list[str]]:
    groups = []
    for group in residues([a for a in atoms(text) if a.record == "ATOM"]):
        if atom == "CA":
            chosen = [a for a in group if a.name == "CA"]
        elif atom == "CB":
            chosen = [a for a in group if a.name == ("CA" if a.residue == "GLY" else "CB")]
        else:
            chosen = [a for a in group if not a.name.startswith("H")]
        if chosen:
            groups.append(chosen)
    found = []
    for i, one in enumerate(groups):
        for two in groups[i + 1 :]:
            a, b = one[0], two[0]
            if a.chain == b.chain and (
                between == "chains" or abs(a.number - b.number) < (3 if between == "distant" else 1)
            ):
                continue
            near = min(distance(x, y) for x in one for y in two)
            if near < limit or (bound == "within" and near == limit):
                found.append([f"{a.chain}{a.number}{a.code}", f"{b.chain}{b.number}{b.code}"])
    return found


def chain_centres(text: str, *, weight: str, locations: str, names: str) -> dict[str, list[float]]:
    groups: dict[str, list] = {}
    for group in residues([a for a in atoms(text) if a.record == "ATOM"]):
        chosen: dict[str, list] = {}
        for a in group:
            if names == "all" or a.name in ("N", "CA", "C", "O"):
                chosen.setdefault(a.name, []).append(a)
        for same in chosen.values():
            if locations == "best":
                same = [max(same, key=lambda a: a.occupancy)]
            elif locations == "first":
                same = same[:1]
            groups.setdefault(group[0].chain, []).extend(same)
    found = {}
    for chain, members in groups.items():
        weights = [a.occupancy if weight == "occupancy" else 1.0 for a in members]
        if not sum(weights):
            continue
        found[chain] = [
            sum(w * a.place[axis] for w, a in zip(weights, members, strict=True)) / sum(weights) for axis in range(3)
        ]
    return found


def _line(
    name: str, residue: str, where: str, place: tuple[float, ...], occupancy: float = 1.0, record: str = "ATOM"
) -> str:
    """`where` is chain, number, and, after a comma, insertion code and alternative location."""
    chain, number = where[0], int(where[1:].split(",")[0])
    code, other = (where.partition(",")[2] + "  ")[:2]
    x, y, z = place
    return f"{record:<6}    1  {name:<3}{other}{residue:>3} {chain}{number:>4}{code}   {x:8.3f}{y:8.3f}{z:8.3f}{occupancy:6.2f}{20:6.2f}"


def _chain(rng: random.Random, names: list[str], count: int, het: float = 0.15) -> list[str]:
    """Residues along x with steps of 3 to 5 angstrom, and now and then a number left out."""
    lines, x = [], 0.0
    chain, number = "B" if rng.random() < 0.3 else "A", rng.randint(-1, 8)
    for i in range(count):
        if i and rng.random() < 0.25:
            chain, number, x = ("A" if chain == "B" else "B"), rng.randint(1, 6), x - 4
        x += rng.choice([3.0, 3.8, 3.8, 4.0, 5.0])
        number += rng.choice([1, 1, 1, 2, 4])
        odd = rng.random() < het
        residue = rng.choice(["MSE", "HOH"]) if odd else rng.choice(["ALA", "GLY", "TRP", "LYS"])
        for j, name in enumerate(names if rng.random() < 0.85 else names[1:]):
            if name == "CB" and residue == "GLY":
                continue
            place = (x, float(rng.choice([0, 0, 3])) if j else 0.0, j * 1.5)
            record = "HETATM" if odd and rng.random() < 0.8 else "ATOM"
            where = f"{chain}{number}"
            if rng.random() < 0.2:
                lines.append(_line(name, residue, where + ", A", place, 0.4, record))
                place, where = (x + 1.0, place[1], place[2]), where + ", B"
            lines.append(_line(name, residue, where, place, rng.choice([1.0, 1.0, 0.6, 0.0]), record))
    return lines


def _alphas(rng: random.Random) -> tuple[str]:
    return ("\n".join(_chain(rng, rng.choice([["CA"], ["N", "CA"]]), rng.randint(2, 6))),)


def _limit(rng: random.Random) -> tuple[str, float]:
    return ("\n".join(_chain(rng, ["CA"], rng.randint(3, 7))), rng.choice([3.9, 4.2, 4.5]))


def _sides(rng: random.Random) -> tuple[str, float]:
    return ("\n".join(_chain(rng, ["CA", "CB"], rng.randint(3, 5), 0.0)), rng.choice([4.1, 5.0, 7.7, 8.1]))


def _mixed(rng: random.Random) -> tuple[str]:
    return ("\n".join(_chain(rng, ["CA", "CB"], rng.randint(1, 4))),)


ALA = _line("CA", "ALA", "A1", (0, 0, 0))
FAR = _line("CA", "LYS", "A4", (4, 0, 0))
MODELS = f"HEADER\nMODEL 1\n{ALA}\n{FAR}\nENDMDL\nMODEL 2\n{FAR}\nENDMDL"
WATER = _line("O", "HOH", "A9", (1, 1, 1), record="HETATM")
CODED = "\n".join([ALA, _line("CA", "GLY", "A1,A", (3, 0, 0)), _line("CA", "TRP", "A0", (3, 3, 0)), WATER])
BROKEN = ALA.replace("0.000", "x.000")
BARE = _line("CB", "ALA", "B2", (0, 5, 0), 0.0)
NEAR = "\n".join(
    [ALA, _line("CA", "GLY", "A2", (4, 0, 0)), _line("CA", "LYS", "B1", (0, 4, 0)), _line("CB", "LYS", "B1", (0, 2, 0))]
)
UNREAD = "What `atoms` does not take raises a ValueError."

FUNCTIONS = (
    Function(
        chain_sequences,
        says="""The sequence of each chain in the PDB file `text`: a dictionary from chain to the one-letter codes of its residues, in the order of
        `residues`; a residue's kind is that of its first atom. Chains without a residue have no key. {hetero} {complete} {unknown} {gaps} """
        + UNREAD,
        options={
            "hetero": {
                "skip": "HETATM lines do not count.",
                "count": "HETATM lines count like ATOM lines.",
            },
            "complete": {
                "any": "A residue counts whatever atoms it has.",
                "ca": "A residue without an atom CA does not count.",
            },
            "unknown": {
                "X": "A residue that is not in ONE_LETTER is an X.",
                "skip": "A residue that is not in ONE_LETTER is passed over, as if it were not there.",
                "error": "A residue that counts and is not in ONE_LETTER raises a ValueError.",
            },
            "gaps": {
                "none": "Residue numbers do not matter.",
                "fill": "Where a residue's number is greater by more than 1 than that of the chain's residue before "
                "it, a '-' stands for each number between.",
            },
        },
        edges=(
            ("",),
            (MODELS,),
            (CODED,),
            (BROKEN,),
            (f"{BARE}\n{WATER}\n{FAR}\n{ALA}",),
            (f"{ALA}\n{WATER.replace(' O ', ' CA')}\n{BARE}",),
        ),
        draw=_alphas,
    ),
    Function(
        chain_gaps,
        says="""The breaks in the chains of the PDB file `text`: neighbouring residues between which {by}. Only residues with an atom CA count, and of each
        only its first CA. {hetero} {chains} {result} """
        + UNREAD,
        options={
            "by": {
                "distance": "the CA are farther apart than `longest`",
                "number": "the residue number grows by more than 1 (`longest` does not matter)",
                "both": "the CA are farther apart than `longest` and the residue number grows by more than 1",
            },
            "hetero": {"skip": "HETATM lines do not count.", "count": "HETATM lines count like ATOM lines."},
            "chains": {
                "file": "Two residues are neighbours when they follow each other in the order of `residues` and are "
                "of one chain.",
                "group": "Two residues are neighbours when the second is the next one of the same chain in the order "
                "of `residues`, whatever other chains stand "
                "between; chains come sorted, and the breaks of one in its order.",
            },
            "result": {
                "pairs": "Rows are [chain, number of the first, number of the second].",
                "missing": "Rows are [chain, number of the first, number of the second, how many numbers lie between] "
                "(0 when the second is not the greater).",
            },
        },
        edges=(
            ("", 4.0),
            (MODELS, 4.0),
            (MODELS, 3.9),
            (CODED, 2.0),
            (BROKEN, 4.0),
            (f"{ALA}\n{BARE.replace('CB', 'CA')}\n{FAR}", 3.0),
        ),
        draw=_limit,
    ),
    Function(
        residue_contacts,
        says="""The pairs of residues of the PDB file `text` that touch, as rows of two names: chain, number and insertion code without blanks. Two touch when
        the smallest distance between {atom} of the one and of the other is {bound}; residues without such an atom do not count. HETATM lines do not count;
        alternative locations are atoms like others. {between} Pairs come in the order of `residues`, by the first residue, then by the second. """
        + UNREAD,
        options={
            "atom": {
                "CA": "atoms CA",
                "CB": "atoms CB (CA instead in a GLY)",
                "heavy": "atoms whose name does not begin with H",
            },
            "bound": {"below": "less than `limit`", "within": "at most `limit`"},
            "between": {
                "different": "They may be of one chain, if their numbers differ, or of two.",
                "distant": "They may be of one chain, if their numbers differ by at least 3, or of two.",
                "chains": "They must be of two chains.",
            },
        },
        edges=(
            ("", 4.0),
            (NEAR, 4.0),
            (NEAR, 4.5),
            (NEAR, 2.0),
            (CODED, 9.0),
            (BROKEN, 4.0),
            (f"{ALA}\n{FAR}\n{BARE}", 5.0),
        ),
        draw=_sides,
    ),
    Function(
        chain_centres,
        says="""The centre of each chain of the PDB file `text`, a dictionary from chain to [x, y, z]: the mean of the places of its atoms. HETATM lines do
        not count. {names} {locations} {weight} A chain without an atom that counts has no key. """
        + UNREAD,
        options={
            "names": {"all": "All atoms count.", "backbone": "Only atoms named N, CA, C and O count."},
            "locations": {
                "all": "Several atoms of one name in a residue all count.",
                "first": "Of several atoms of one name in a residue the first counts.",
                "best": "Of several atoms of one name in a residue that with the greatest occupancy counts, the first "
                "of several such.",
            },
            "weight": {
                "none": "All weigh the same.",
                "occupancy": "Each weighs as much as its occupancy. A chain whose weights are all 0 has no key.",
            },
        },
        edges=(("",), (MODELS,), (CODED,), (BROKEN,), (BARE,), (f"{ALA}\n{BARE}",)),
        draw=_mixed,
    ),
)
