"""Genotypes and haplotypes in populations.

A genotype is the number of copies of the alternative allele that a diploid individual has, 0, 1 or 2, and None when it is not known. An
allele is 0 (reference) or 1 (alternative).
"""

import math


def genotype_counts(genotypes: list) -> list[int]:
    """How many genotypes are 0, 1 and 2; None does not count."""
    return [genotypes.count(copies) for copies in (0, 1, 2)]


def chi_square_p(x: float) -> float:
    """The chance that a chi-square variable with one degree of freedom is at least `x`."""
    return math.erfc(math.sqrt(x / 2))


def heterozygote_weight(heterozygotes: int, alternative: int, people: int) -> int:
    """A weight in proportion to the chance of that many heterozygotes, among so many people with so many alternative alleles, in equilibrium.

    Raises:
        ValueError: so many cannot be.
    """
    both, rest = divmod(alternative - heterozygotes, 2)
    if rest or heterozygotes < 0 or both < 0 or people - heterozygotes - both < 0:
        raise ValueError("so many heterozygotes cannot be")
    return math.comb(people, both) * math.comb(people - both, heterozygotes) * 2**heterozygotes


def differences(a: str, b: str) -> int:
    """At how many places two sequences of one length have different bases; places where one of them has '-' or 'N' do not count."""
    return sum(x != y and x not in "-N" and y not in "-N" for x, y in zip(a, b, strict=True))


def harmonic(n: int) -> float:
    """1 + 1/2 + ... + 1/n, 0.0 for n = 0."""
    return sum(1 / i for i in range(1, n + 1))
