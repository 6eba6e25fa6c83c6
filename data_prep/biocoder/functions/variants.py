"""VCF: INFO and genotypes."""

from __future__ import annotations

import random

from data_prep.biocoder.contexts.variants import alleles, phased, sample_fields
from data_prep.biocoder.function import Function

CATEGORY = "file formats"


def info_values(text: str, numbers: dict[str, str], n_alts: int, *, flag: str, wrong: str, missing: str) -> dict:
    found: dict = {}
    if text == ".":
        return found
    for part in text.split(";"):
        key, equals, value = part.partition("=")
        if key not in numbers:
            continue
        if not equals:
            if flag == "true" or numbers[key] == "0":
                found[key] = True
                continue
            raise ValueError("no value")
        values = [None if v == "." else v for v in value.split(",")]
        if missing == "drop":
            values = [v for v in values if v is not None]
        expected = {"A": n_alts, "R": n_alts + 1, ".": len(values)}.get(numbers[key])
        if expected is None:
            expected = int(numbers[key])
        if len(values) != expected:
            if wrong == "error":
                raise ValueError("not as many values as it should have")
            if wrong == "skip":
                continue
        found[key] = values[0] if numbers[key] == "1" and len(values) == 1 else values
    return found


def called_genotypes(
    names: str, samples: dict[str, str], depth: int, *, quality: int, partial: str, phase: str, missing: str
) -> dict[str, str]:
    found = {}
    for sample, text in samples.items():
        known = sample_fields(names, text)
        genotype = known.get("GT", ".")
        numbers = alleles(genotype)
        good = True
        for field, least in (("DP", depth), ("GQ", quality)):
            value = known.get(field, ".")
            if value == ".":
                good = good and missing == "pass"
            else:
                good = good and float(value) >= least
        if not good or all(n is None for n in numbers) or (partial == "missing" and None in numbers):
            found[sample] = "./." if len(numbers) > 1 else "."
            continue
        texts = ["." if n is None else str(n) for n in numbers]
        if phase == "drop" or not phased(genotype):
            texts = sorted(texts, key=lambda t: (t == ".", t if t == "." else f"{int(t):04d}"))
            found[sample] = "/".join(texts)
        else:
            found[sample] = "|".join(texts)
    return found


NUMBERS = {"AC": "A", "AD": "R", "DP": "1", "DB": "0", "CI": "2", "NS": "."}


def _info(rng: random.Random) -> tuple[str, dict[str, str], int]:
    n = rng.randint(1, 2)
    parts = []
    for key in rng.sample([*NUMBERS, "XX"], rng.randint(1, 5)):
        size = {"AC": n, "AD": n + 1, "CI": 2, "NS": rng.randint(1, 3)}.get(key, 1) + (rng.random() < 0.1)
        values = ",".join(rng.choice(["7", "12", "0.5", "x", "."]) for _ in range(size))
        bare = key == "DB" or rng.random() < 0.05
        parts.append(key if bare and rng.random() < 0.95 else f"{key}={values}")
    return (";".join(parts), NUMBERS, n)


def _samples(rng: random.Random) -> tuple[str, dict[str, str], int]:
    samples = {}
    for i in range(rng.randint(3, 6)):
        genotype = rng.choice(["0/1", "1/0", "1|0", "0|1", "./.", "1", ".", "./1", "1|.", "2/10", "1/1"])
        values = [genotype, rng.choice(["3", "9", "14", "30", "."]), rng.choice(["5", "19", "20", "40", "99", "."])]
        samples[f"S{i}"] = ":".join(values[: rng.choice([3, 3, 3, 2, 1])])
    return ("GT:DP:GQ", samples, rng.choice([5, 9, 10]))


FUNCTIONS = (
    Function(
        info_values,
        says="""The INFO column `text` of a VCF line with `n_alts` ALT alleles, as a dictionary; "." is no entry.
        Entries are parted by ';', and key and values by the first '=', values by ','. Only keys in `numbers` count,
        others are passed over. It says how many values a key has: a number, "A" one for each ALT, "R" one for each
        allele with REF, "." any number. Values stay texts, a value "." is None. A key with the number "1" has its
        value, all others have a list. {flag} {missing} {wrong} Of a key that stands there twice the last counts;
        entries are taken from left to right.""",
        options={
            "flag": {
                "true": "An entry without '=' has the value True, whatever its number.",
                "error": "An entry without '=' has the value True when its number is \"0\", and raises a ValueError "
                "otherwise.",
            },
            "missing": {
                "keep": "A None counts as a value.",
                "drop": "Values that are None are taken out of all lists, before they are counted.",
            },
            "wrong": {
                "error": "An entry with '=' that has not as many values as it should raises a ValueError.",
                "skip": "An entry with '=' that has not as many values as it should is left out.",
                "keep": "An entry with '=' that has not as many values as it should has all of its values in a list.",
            },
        },
        edges=(
            (".", NUMBERS, 1),
            ("DP=7;AC=1,.;AD=3,4;DB", NUMBERS, 1),
            ("DP;DB;XX=1", NUMBERS, 1),
            ("CI=.,.;NS=.;DP=.", NUMBERS, 2),
            ("DP=1,2;AC=4;AD=4,5,6", NUMBERS, 2),
        ),
        draw=_info,
    ),
    Function(
        called_genotypes,
        says="""The genotype of each sample, by name, as a text; `names` is the FORMAT column and `samples` has the
        samples' columns. Fields are read with `sample_fields`; without GT a genotype is ".". A genotype is not called
        when its DP is below `depth` {quality} {missing} {partial} One that is not called is given as "./.", or as "."
        when it is haploid. {phase} What `alleles` or `sample_fields` does not take raises a ValueError.""",
        options={
            "quality": {
                0: "or its GQ below 0.",
                20: "or its GQ below 20.",
            },
            "missing": {
                "pass": 'A DP or GQ that is not there, or ".", is no reason.',
                "fail": 'Nor is it called when its DP or its GQ is not there, or ".".',
            },
            "partial": {
                "missing": "Nor is it called when at least one of its alleles is not known.",
                "keep": "Nor is it called when none of its alleles is known; one that is known in part is.",
            },
            "phase": {
                "keep": 'Called phased genotypes are given with "|" and in their order, a haploid one as its allele, others with "/" and the allele numbers '
                'in ascending order, "." last.',
                "drop": 'Called genotypes are given with "/" and the allele numbers in ascending order, "." last.',
            },
        },
        edges=(
            ("GT:DP:GQ", {}, 5),
            ("DP:GQ", {"S": "9:30"}, 5),
            ("GT:DP:GQ", {"A": "1|0:5:20", "B": "1/0:4:20", "C": "0/1:5:19"}, 5),
            ("GT", {"A": "10/2", "B": "./1", "C": ".|0", "D": "."}, 5),
            ("GT:GQ:DP", {"A": "0/x:9:3"}, 5),
            ("GT:DP:GQ", {"A": "1|.:9:30", "B": "0|1:.:30", "C": "1:9:."}, 5),
        ),
        draw=_samples,
    ),
)
