"""Ten words in a row that training holds are enough to keep a test question out; nine are not."""

from data_prep.overlap import Overlap
from data_prep.wordings import Part

TEN = "one two three four five six seven eight nine ten"


def test_ten_words_in_a_row_are_too_many():
    overlap = Overlap()
    assert overlap.admits(Part.TRAIN, f"zero {TEN} eleven") and overlap.admits(
        Part.DEMONSTRATIONS, f"zero {TEN} eleven"
    )
    assert not overlap.admits(Part.TEST, f"so {TEN.upper()} it is")
    assert overlap.admits(Part.TEST, TEN.removesuffix(" ten") + " and ten more of the words that follow")
