"""What the genome of a generated sample holds: mutations, copy numbers and fusions."""

from __future__ import annotations

import random

from data_prep.biodsbench.genome import GENES, PASSENGERS
from data_prep.biodsbench.people import Person, Row, pick
from data_prep.biodsbench.studies import Study

HYPER = 14.0  # times as many mutations in a hypermutated sample
BASES, PAIRED = "ACGT", {"A": "T", "G": "C", "T": "A", "C": "G"}
AMINO = "ACDEFGHIKLMNPQRSTVWY"


def mutations(rng: random.Random, study: Study, person: Person, sample: Row) -> list[Row]:
    genes = [g for g in sorted(person.drivers) if rng.random() < 0.95]
    burden = study.burden * rng.lognormvariate(0, 0.6) * (HYPER if person.hyper else 1)
    others = sorted({*PASSENGERS, *study.genes})
    genes += rng.choices(others, [GENES[g].length for g in others], k=round(burden))
    driven = set(person.drivers)
    rows = []
    for gene in genes:
        rows.append(_mutation(rng, gene, sample, driver=gene in driven))
        driven.discard(gene)
    return rows


def _mutation(rng: random.Random, gene: str, sample: Row, *, driver: bool) -> Row:
    known = GENES[gene]
    silent = not driver and rng.random() < 0.28
    kind, change = _change(rng, gene, driver=driver, silent=silent)
    position = int("".join(c for c in change.split("fs")[0] if c.isdigit()) or 1)
    reference, tumor, variant = _alleles(rng, kind)
    start = 1_000_000 + known.entrez * 37 % 90_000_000 + 3 * position
    depth = max(20, round(rng.gauss(320, 120)))
    purity = (sample["TUMOR_PURITY"] or 56) / 100
    fraction = min(0.97, max(0.03, rng.gauss(purity / 2, 0.07) if driver else rng.uniform(0.05, purity / 2 + 0.05)))
    alternative = max(3, round(depth * fraction))
    return {
        "Hugo_Symbol": gene, "Entrez_Gene_Id": known.entrez, "NCBI_Build": "GRCh37", "Chromosome": known.chromosome, "Start_Position": start,
        "End_Position": start + max(len(reference), 1) - 1, "Variant_Classification": kind, "Variant_Type": variant, "Reference_Allele": reference,
        "Tumor_Seq_Allele1": reference, "Tumor_Seq_Allele2": tumor, "Tumor_Sample_Barcode": sample["SAMPLE_ID"], "HGVSp_Short": change,
        "Protein_position": None if kind == "Splice_Site" else position, "t_ref_count": depth - alternative, "t_alt_count": alternative,
    }  # fmt: skip


def _change(rng: random.Random, gene: str, *, driver: bool, silent: bool) -> tuple[str, str]:
    """Variant_Classification and HGVSp_Short."""
    known = GENES[gene]
    at = rng.randint(2, known.length)
    old, new = rng.sample(AMINO, 2)
    if silent:
        return "Silent", f"p.{old}{at}="
    if driver and known.hotspots and rng.random() < 0.72:
        change = pick(rng, known.hotspots)
        return (
            "Frame_Shift_Del" if "fs" in change else "Nonsense_Mutation" if "*" in change else "Missense_Mutation"
        ), change
    if rng.random() < known.truncated * (1 if driver else 0.4):
        kind = pick(
            rng,
            (("Nonsense_Mutation", 0.4), ("Frame_Shift_Del", 0.28), ("Frame_Shift_Ins", 0.14), ("Splice_Site", 0.18)),
        )
        ends = {"Nonsense_Mutation": "*", "Splice_Site": "_splice"}.get(kind, f"{new}fs*{rng.randint(2, 40)}")
        return kind, f"p.{'X' if kind == 'Splice_Site' else old}{at}{ends}"
    if rng.random() < 0.03:
        return "In_Frame_Del", f"p.{old}{at}del"
    return "Missense_Mutation", f"p.{old}{at}{new}"


def _alleles(rng: random.Random, kind: str) -> tuple[str, str, str]:
    """Reference_Allele, Tumor_Seq_Allele2 and Variant_Type; C>T is the most frequent substitution."""
    letters = lambda n: "".join(rng.choice(BASES) for _ in range(n))  # noqa: E731
    if kind in ("Frame_Shift_Del", "In_Frame_Del"):
        return letters(3 if kind == "In_Frame_Del" else rng.choice((1, 2, 4))), "-", "DEL"
    if kind == "Frame_Shift_Ins":
        return "-", letters(rng.choice((1, 2))), "INS"
    pair = pick(rng, (("CT", 0.46), ("CA", 0.18), ("CG", 0.1), ("TC", 0.14), ("TA", 0.06), ("TG", 0.06)))
    return (PAIRED[pair[0]], PAIRED[pair[1]], "SNP") if rng.random() < 0.5 else (pair[0], pair[1], "SNP")


def copies(rng: random.Random, study: Study, person: Person, sample: Row, table: dict[str, Row]) -> float:
    """Fill in the sample's column; the share of its genes that are gained or lost."""
    late = {"STAGE I": 0.8, "STAGE II": 0.95, "STAGE III": 1.1, "STAGE IV": 1.25}[person.stage]
    unstable = rng.betavariate(1.4, 3.2) * late * (1.3 if "TP53" in person.drivers else 0.8)
    values = []
    for gene, row in table.items():
        amplified, deleted = study.copies.get(gene, (0.004, 0.004))
        r = rng.random()
        value = (
            2
            if r < amplified
            else -2
            if r < amplified + deleted
            else rng.choice((-1, 1))
            if rng.random() < unstable
            else 0
        )
        row[sample["SAMPLE_ID"]] = None if rng.random() < 0.004 else value
        values.append(value != 0)
    return min(0.98, max(0.0, 0.7 * unstable + 0.3 * sum(values) / len(values) + rng.gauss(0, 0.03)))


def fusions(rng: random.Random, study: Study, sample: Row) -> list[Row]:
    rows = []
    for one, two, rate in study.fusions:
        if rng.random() < rate:
            near = GENES[one].chromosome == GENES[two].chromosome
            rows.append({
                "Sample_Id": sample["SAMPLE_ID"], "SV_Status": "SOMATIC", "Site1_Hugo_Symbol": one, "Site1_Chromosome": GENES[one].chromosome,
                "Site2_Hugo_Symbol": two, "Site2_Chromosome": GENES[two].chromosome,
                "Class": rng.choice(("DELETION", "INVERSION")) if near else "TRANSLOCATION", "Event_Info": f"{one}-{two} fusion",
                "Tumor_Split_Read_Count": rng.randint(4, 60),
            })  # fmt: skip
    return rows
