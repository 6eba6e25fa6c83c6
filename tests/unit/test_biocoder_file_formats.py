"""BioCoder's functions on file formats: the examples of the formats' specifications, and laws."""

import math
import random

import pytest

from data_prep.biocoder.functions.fastq import cycle_quality, demultiplex, trim_reads
from data_prep.biocoder.functions.gff3 import gff_attributes, gff_tree
from data_prep.biocoder.functions.sam import _cigar, md_differences, read_place, reference_blocks
from data_prep.biocoder.functions.structures import _line, chain_centres, chain_gaps, chain_sequences, residue_contacts
from data_prep.biocoder.functions.transcript_files import bed12_blocks
from data_prep.biocoder.functions.variant_alleles import split_alleles, variant_kinds
from data_prep.biocoder.functions.variants import called_genotypes, info_values


def test_a_read_is_trimmed_as_bwa_does():
    """BWA's rule: cut where the sum of (threshold - quality) from the end is greatest; here after three bases."""
    text = "@r\nACGTACGT\n+\n" + "".join(chr(33 + q) for q in (38, 37, 40, 12, 30, 8, 2, 2)) + "\n"
    assert trim_reads(text, 20, offset=33, method="sum", shortest=0)[0][1] == "ACGTA"
    assert trim_reads(text, 32, offset=33, method="sum", shortest=0)[0][1] == "ACG"
    assert trim_reads(text, 20, offset=33, method="tail", shortest=0)[0][1] == "ACGTA"


def test_error_probabilities_not_qualities_are_averaged():
    text = "@a\nA\n+\n+\n@b\nA\n+\nI\n"  # Q10 and Q40
    mean = cycle_quality(text, offset=33, mean="probability", unread="count", cycles="longest")
    assert mean == pytest.approx([-10 * math.log10((0.1 + 0.0001) / 2)])


def test_barcodes_one_mismatch_apart_are_ambiguous():
    text, codes = "@r:x\nACGC\n+\nIIII\n", {"a": "ACGT", "b": "ACGA"}
    found = demultiplex(text, codes, where="start", misses=1, unread="wrong", tie="none")
    assert found == {"a": [], "b": [], "undetermined": ["r:x"]}


@pytest.mark.parametrize("seed", range(30))
def test_blocks_and_places_agree(seed):
    """A place of the reference has a base of the read iff a block without deletions holds it, and those bases ascend."""
    cigar = _cigar(random.Random(seed))
    blocks = reference_blocks(50, cigar, split="DN", clips="none", places="closed", empty="error")
    places = [p for a, b in blocks for p in range(a, b + 1)]
    bases = {p: read_place(50, cigar, p, gap="none", hard="ignore", base=0) for p in range(40, 120)}
    assert [p for p, base in bases.items() if base is not None] == places
    assert [bases[p] for p in places] == sorted({bases[p] for p in places})


def test_the_md_tag_of_the_sam_specification():
    """SAM tags, MD: 10A5^AC6 is 10 matches, an A against another base, 5 matches, AC deleted, 6 matches."""
    bases = "G" * 10 + "T" + "G" * 11
    rows = md_differences(1, "10A5^AC6", bases, deletions="list", runs="apart", places="reference", case="keep")
    assert rows == [[10, "A", "T"], [16, "AC", "-"]]


def test_gff3_values_are_decoded_after_parting():
    """GFF3: a comma in a value is written %2C, and parts no values."""
    found = gff_attributes("Note=a%2Cb,c;ID=x", decode="yes", several="list", bare="error", twice="error")
    assert found == {"Note": ["a,b", "c"], "ID": ["x"]}
    rows = [("gene", "ID=g"), ("mRNA", "ID=t;Parent=g"), ("exon", "Parent=t")]
    text = "\n".join("\t".join(["1", "x", kind, "1", "9", ".", "+", ".", a]) for kind, a in rows)
    assert gff_tree(text, depth="all", roots="top", orphan="error", unit="lines") == {"g": {"mRNA": 1, "exon": 1}}


@pytest.mark.parametrize("thick", [(10, 10), (12, 35), (25, 28), (10, 40)])
def test_coding_and_other_parts_make_the_exons(thick):
    line = "\t".join(["1", "10", "40", "t", "0", "+", *map(str, thick), "0", "2", "10,8,", "0,22,"])
    bases = {
        part: [
            p
            for _, a, b in bed12_blocks(line, order="left", part=part, places="open", check="strict")
            for p in range(a, b)
        ]
        for part in ("exon", "cds", "utr")
    }
    assert sorted(bases["cds"] + bases["utr"]) == bases["exon"] == [*range(10, 20), *range(32, 40)]


def test_variants_by_hand():
    assert split_alleles(10, "CAA", "CA,CAAA", first="end", odd="skip", same="skip", case="keep") == [
        [10, "CA", "C"],
        [10, "C", "CA"],
    ]
    assert split_alleles(10, "CAA", "CA", first="start", odd="skip", same="skip", case="keep") == [[11, "AA", "A"]]
    kinds = variant_kinds([["A", "G,C,AT"], ["AC", "GT"]], trim="no", mnv="bases", other="skip", per="allele")
    assert kinds == {"transition": 3, "transversion": 1, "insertion": 1}
    values = info_values(
        "AF=0.1,0.2;DB;DP=7", {"AF": "A", "DB": "0", "DP": "1"}, 2, flag="error", wrong="error", missing="keep"
    )
    assert values == {"AF": ["0.1", "0.2"], "DB": True, "DP": "7"}
    calls = called_genotypes(
        "GT:DP", {"a": "1|0:9", "b": "1/0:9", "c": "0/1:3"}, 5, quality=20, partial="keep", phase="keep", missing="pass"
    )
    assert calls == {"a": "1|0", "b": "0/1", "c": "./."}


def test_a_structure_by_hand():
    rows = [
        ("CA", "ALA", "A1", (0.0, 0.0, 0.0)),
        ("CA", "GLY", "A3", (7.0, 0.0, 0.0)),
        ("CA", "TRP", "B1", (0.0, 5.0, 0.0)),
    ]
    text = "\n".join(_line(*row) for row in rows)
    assert len(text.splitlines()[0]) == 66
    assert chain_sequences(text, hetero="skip", unknown="X", gaps="fill", complete="ca") == {"A": "A-G", "B": "W"}
    assert chain_gaps(text, 4.0, by="both", chains="file", hetero="skip", result="missing") == [["A", 1, 3, 1]]
    assert residue_contacts(text, 5.0, atom="CB", bound="within", between="different") == []
    assert residue_contacts(text, 5.0, atom="heavy", bound="within", between="different") == [["A1", "B1"]]
    assert chain_centres(text, weight="none", locations="all", names="all") == {"A": [3.5, 0, 0], "B": [0, 5, 0]}
