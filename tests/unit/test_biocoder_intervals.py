"""BioCoder's functions on intervals, against counts of single bases."""

import random

import numpy as np
import pytest

from data_prep.biocoder.functions.bed_intervals import complement_intervals, merge_intervals, subtract_intervals
from data_prep.biocoder.functions.coverage import coverage_breadth, depth_runs, window_depths
from data_prep.biocoder.functions.gene_models import genome_place, list_introns, place_kind, transcript_place
from data_prep.biocoder.functions.interval_queries import count_reads, nearest_features
from data_prep.biocoder.functions.regions import parse_region, promoters, region_bins, tile_region


def _rows(rng, n):
    starts = [rng.randint(0, 60) for _ in range(n)]
    return [["chr1", start, start + rng.randint(1, 12), "+"] for start in starts]


@pytest.mark.parametrize("seed", range(20))
def test_merging_and_complement_share_the_chromosome(seed):
    rows = _rows(random.Random(seed), 8)
    merged = merge_intervals(rows, gap=1, strands="any", count="none", empty="drop")
    gaps = complement_intervals(rows, {"chr1": 80}, untouched="whole", beyond="clip", unknown="ignore", order="name")
    covered = np.zeros(80, bool)
    for _, start, end, _ in rows:
        covered[start:end] = True
    edges = np.flatnonzero(np.diff(np.r_[0, covered, 0]))
    assert [row[1:] for row in merged] == edges.reshape(-1, 2).tolist()
    assert sorted(merged + gaps)[0][1] == 0 and sum(end - start for _, start, end in merged + gaps) == 80


@pytest.mark.parametrize("seed", range(20))
def test_what_is_subtracted_and_what_is_left_make_the_interval(seed):
    rng = random.Random(seed)
    (row,), masks = _rows(rng, 1), _rows(rng, 4)
    left = subtract_intervals([row], masks, mode="bases", strands="any", shortest=1, order="input")
    masked = {place for m in masks for place in range(m[1], m[2])}
    assert [p for r in left for p in range(r[1], r[2])] == [p for p in range(row[1], row[2]) if p not in masked]


@pytest.mark.parametrize("seed", range(10))
def test_depths_are_sums_of_reads(seed):
    rng = random.Random(seed)
    reads = [[start, start + rng.randint(1, 9), 60] for start in (rng.randint(0, 30) for _ in range(9))]
    depth = sum(((np.arange(40) >= s) & (np.arange(40) < e)).astype(int) for s, e, _ in reads)
    runs = depth_runs(reads, 40, zero="keep", least=0, copies="all", places="open")
    assert np.concatenate([np.full(e - s, d) for s, e, d in runs]).tolist() == depth.tolist()
    shares = coverage_breadth(reads, 40, [1, 2], bound="least", margin=0, unit="share", empty="zero")
    assert shares == pytest.approx([(depth >= 1).mean(), (depth >= 2).mean()])
    views = np.lib.stride_tricks.sliding_window_view(depth, 5)[::2]
    assert window_depths(depth.tolist(), 5, 2, last="drop", statistic="median", scale="none") == pytest.approx(
        np.median(views, axis=1)
    )


def test_places_on_a_minus_strand():
    """Exons 10-20 and 29-36 on '-': the first base is 35, the coding bases run from 32 down to 14."""
    transcript = {"strand": "-", "exons": [[10, 20], [29, 36]], "cds": [14, 33]}
    assert [genome_place(transcript, i, base=0, start="transcript", outside="none") for i in (0, 6, 7, 16, 17)] == [
        35,
        29,
        19,
        10,
        None,
    ]
    assert genome_place(transcript, 1, base=1, start="cds", outside="none") == 33
    assert list_introns(transcript, order="genome", places="closed", shortest=1, number="gap") == [[1, 21, 29]]
    texts = [transcript_place(transcript, p, tie="donor", deep=0, outside="none") for p in (29, 28, 20, 24, 19)]
    assert texts == ["7", "7+1", "8-1", "7+5", "8"]
    kinds = [
        place_kind(transcript, p, splice=2, side="intron", noncoding="UTR", near=5)
        for p in (38, 34, 32, 28, 24, 21, 12, 8)
    ]
    assert kinds == ["upstream", "5'UTR", "CDS", "donor", "intron", "acceptor", "3'UTR", "downstream"]


def test_queries_by_hand():
    query, features = ["q", 10, 14, "-"], [["a", 2, 8, "-"], ["b", 16, 18, "+"], ["c", 13, 15, "+"]]
    assert nearest_features(query, features, strands="any", overlaps="ignore", side="any", tie="all") == [
        ["a", 2],
        ["b", 2],
    ]
    genes = [["g", 0, 10, "+"], ["h", 8, 20, "-"]]
    counts = count_reads(
        [["r", 8, 10, "+"], ["s", 5, 9, "+"]], genes, mode="within", stranded="no", shared_reads="split"
    )
    assert counts == {"g": 1.5, "h": 0.5, "no feature": 0, "ambiguous": 0}


def test_regions_by_hand():
    assert parse_region("1:1,001-2,000", {"chr1": 1500}, prefix="either", single="place", beyond="clip") == [
        "chr1",
        1000,
        1500,
    ]
    found = promoters([["g", 10, 20, "-"]], 3, 2, 50, base="between", edge="clip", unknown="skip", places="open")
    assert found == {"g": [17, 23]}
    assert tile_region(0, 10, 4, 4, last="shift", grid="region", order="left") == [[0, 4], [4, 8], [6, 10]]


@pytest.mark.parametrize("seed", range(10))
def test_bins_are_those_of_the_sam_specification(seed):
    """`reg2bins` of the SAM specification, section 5.3."""
    rng = random.Random(seed)
    start = rng.randint(0, 1 << 28)
    end = start + rng.randint(1, 1 << 21)
    bins = [0] + [
        base + (start >> shift) + i
        for base, shift in ((1, 26), (9, 23), (73, 20), (585, 17))
        for i in range(((end - 1) >> shift) - (start >> shift) + 1)
    ]
    assert region_bins(start, end, which="touching", order="number", empty="none") == bins
