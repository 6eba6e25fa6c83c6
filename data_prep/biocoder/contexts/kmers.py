"""Words of length k in DNA sequences. Positions are 0-based; sequences are upper case unless a function says otherwise."""

PAIRS = {"A": "T", "C": "G", "G": "C", "T": "A"}


def kmers(seq: str, k: int) -> list[str]:
    """All words of length `k` in order, overlapping; none when `k` is larger than the length.

    Raises:
        ValueError: `k` is smaller than 1.
    """
    if k < 1:
        raise ValueError(f"k = {k} is smaller than 1")
    return [seq[i : i + k] for i in range(len(seq) - k + 1)]


def reverse_complement(word: str) -> str:
    """The other strand, read 5' to 3'; a letter other than A, C, G, T stays as it is."""
    return "".join(PAIRS.get(base, base) for base in reversed(word))


def canonical(word: str) -> str:
    """The smaller, in the alphabet's order, of a word and its reverse complement."""
    return min(word, reverse_complement(word))


def plain(word: str) -> bool:
    """Whether a word has no letter other than A, C, G, T."""
    return all(base in PAIRS for base in word)
