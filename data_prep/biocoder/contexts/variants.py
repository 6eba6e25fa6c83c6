"""Variants as VCF writes them. POS is 1-based: the place of the first base of REF; alleles are numbered, 0 is REF, 1 the first ALT.

A sample's genotype (GT) is "0/1" (unphased), "0|1" (phased), "1" (haploid), "." for an allele that is not known ("./.").
"""


def alleles(genotype: str) -> list[int | None]:
    """The allele numbers of a genotype, None for ".".

    Raises:
        ValueError: it is no genotype.
    """
    found: list[int | None] = []
    for part in genotype.replace("|", "/").split("/"):
        if part != "." and not part.isdigit():
            raise ValueError(f"no genotype: {genotype!r}")
        found.append(None if part == "." else int(part))
    return found


def phased(genotype: str) -> bool:
    """Whether all its alleles are parted by "|" (a haploid one counts as phased)."""
    return "/" not in genotype


def sample_fields(names: str, values: str) -> dict[str, str]:
    """A sample's fields: the names of FORMAT with the sample's values, both parted by ":". Fields left out at the end are ".".

    Raises:
        ValueError: there are more values than names.
    """
    keys, found = names.split(":"), values.split(":")
    if len(found) > len(keys):
        raise ValueError("more values than names")
    return dict(zip(keys, found + ["."] * (len(keys) - len(found)), strict=True))


def trim_end(ref: str, alt: str) -> tuple[str, str]:
    """Takes off equal last bases as long as both alleles keep at least one base."""
    while len(ref) > 1 and len(alt) > 1 and ref[-1] == alt[-1]:
        ref, alt = ref[:-1], alt[:-1]
    return ref, alt


def transition(a: str, b: str) -> bool:
    """Whether a change between two different bases is one between purines (A, G) or between pyrimidines (C, T)."""
    return {a, b} in ({"A", "G"}, {"C", "T"})
