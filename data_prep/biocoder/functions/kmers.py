"""Words of length k: spectra, minimizers, similarity, complexity, runs and repeats."""

from __future__ import annotations

import random
from collections import Counter

from data_prep.biocoder.contexts.kmers import canonical, kmers, plain
from data_prep.biocoder.draws import dna, letters
from data_prep.biocoder.function import Function

CATEGORY = "sequences"


def kmer_spectrum(seq: str, k: int, *, strands: str, ambiguous: str, rare: int) -> dict[str, int]:
    words = kmers(seq.upper(), k)
    if ambiguous == "skip":
        words = [w for w in words if plain(w)]
    elif ambiguous == "error" and not all(map(plain, words)):
        raise ValueError("a letter that is no base")
    counts = Counter(canonical(w) if strands == "both" else w for w in words)
    return {word: n for word, n in counts.items() if n >= rare}


def minimizers(seq: str, k: int, window: int, *, tie: str, strands: str, result: str) -> list:
    words = [canonical(w) if strands == "both" else w for w in kmers(seq, k)]
    chosen = []
    for start in range(len(words) - window + 1):
        part = range(start, start + window)
        least = min(words[i] for i in part)
        places = [i for i in part if words[i] == least]
        place = places[0] if tie == "left" else places[-1]
        if place not in chosen:
            chosen.append(place)
    if result == "positions":
        return chosen
    if result == "words":
        return [words[i] for i in chosen]
    return [[i, words[i]] for i in chosen]


def kmer_similarity(first: str, second: str, k: int, *, measure: str, counted: str, empty: str) -> float:
    a, b = Counter(kmers(first, k)), Counter(kmers(second, k))
    if counted == "words":
        a, b = Counter(dict.fromkeys(a, 1)), Counter(dict.fromkeys(b, 1))
    shared = sum((a & b).values())
    if measure == "jaccard":
        whole = sum((a | b).values())
    elif measure == "containment":
        whole = sum(a.values())
    else:
        shared, whole = 2 * shared, sum(a.values()) + sum(b.values())
    if not whole:
        if empty == "error":
            raise ValueError("nothing to compare")
        return 1.0 if empty == "one" else 0.0
    return shared / whole


def complexity(seq: str, longest: int, *, mean: str, possible: str, short: str) -> float:
    if len(seq) < longest and short == "error":
        raise ValueError("shorter than the longest word")
    found, largest = [], []
    for k in range(1, longest + 1):
        places = len(seq) - k + 1
        if places < 1:
            continue
        found.append(len(set(kmers(seq, k))))
        largest.append(min(4**k, places) if possible == "bounded" else places)
    if not found:
        return 0.0
    if mean == "pooled":
        return sum(found) / sum(largest)
    product = 1.0
    for n, most in zip(found, largest, strict=True):
        product *= n / most
    return product if mean == "product" else sum(n / m for n, m in zip(found, largest, strict=True)) / len(found)


def homopolymers(seq: str, shortest: int, *, places: str, case: str, order: str) -> list:
    text = seq.upper() if case == "ignore" else seq
    runs = []
    start = 0
    for i in range(1, len(text) + 1):
        if i == len(text) or text[i] != text[start]:
            if i - start >= shortest:
                runs.append((start, i, text[start]))
            start = i
    if order == "length":
        runs.sort(key=lambda run: (run[0] - run[1], run[0]))
    if places == "closed":
        return [[base, start + 1, end] for start, end, base in runs]
    return [[base, start, end] for start, end, base in runs]


def longest_repeat(seq: str, *, overlap: str, tie: str, result: str) -> list:
    for k in range(len(seq) - 1, 0, -1):
        places: dict[str, list[int]] = {}
        for i, word in enumerate(kmers(seq, k)):
            known = places.setdefault(word, [])
            if overlap == "free" or not known or i >= known[-1] + k:
                known.append(i)
        repeated = [word for word, known in places.items() if len(known) > 1]
        if repeated:
            word = repeated[0] if tie == "first" else min(repeated)
            return [word, places[word]] if result == "places" else [word, len(places[word])]
    return ["", []] if result == "places" else ["", 0]


def _words(rng: random.Random) -> tuple[str, int]:
    seq = letters(rng, rng.choice(["ACGT", "AT", "ACGTN", "acgT"]), 3, 40)
    return (seq, rng.randint(1, 4))


def _pair(rng: random.Random) -> tuple[str, str, int]:
    first = dna(rng, 0, 16, "ACG")
    second = first[rng.randint(0, 3) :] + dna(rng, 0, 8, "AC")
    return (first, second, rng.randint(1, 5))


def _simple(rng: random.Random) -> tuple[str, int]:
    unit = dna(rng, 1, 4)
    seq = (unit * 12)[: rng.randint(0, 20)] + dna(rng, 0, 30)
    return (seq, rng.randint(1, 5))


def _runs(rng: random.Random) -> tuple[str, int]:
    seq = "".join(rng.choice("ACGTacN") * rng.choice([1, 1, 2, 3, 5]) for _ in range(rng.randint(1, 10)))
    return (seq, rng.randint(1, 4))


FUNCTIONS = (
    Function(
        kmer_spectrum,
        says="""How often each word of length `k` occurs in `seq`, which is brought to upper case first; words overlap.
        {strands} {ambiguous} {rare} A `k` smaller than 1 raises a ValueError.""",
        options={
            "strands": {
                "one": "A word is counted as it is written.",
                "both": "A word is counted under its canonical form, so that both strands give the same counts.",
            },
            "ambiguous": {
                "keep": "Words with letters other than A, C, G, T are counted too.",
                "skip": "Words with a letter other than A, C, G, T are left out.",
                "error": "A word with a letter other than A, C, G, T raises a ValueError.",
            },
            "rare": {
                1: "Every word that occurs has a key.",
                2: "Only words that were counted twice or more have a key.",
                3: "Only words that were counted three times or more have a key.",
            },
        },
        edges=(("", 2), ("ACG", 4), ("ACGT", 0), ("AANAA", 2), ("acgtacgt", 2), ("TTTTTAAAAA", 3)),
        draw=_words,
    ),
    Function(
        minimizers,
        says="""The minimizers of `seq` (upper case A, C, G, T): of every `window` consecutive words of length `k`, the
        smallest word in the alphabet's order. {strands} {tie} {result} The list is in the order of the windows, and a
        position that several windows choose is given once, when it is first chosen. With fewer than `window` words
        there is none; a `k` smaller than 1 raises a ValueError, and `window` is at least 1.""",
        options={
            "strands": {
                "one": "Words are compared as they are written.",
                "both": "Words are compared, and given, in their canonical form.",
            },
            "tie": {
                "left": "When the smallest word stands at several positions of a window, the leftmost is chosen.",
                "right": "When the smallest word stands at several positions of a window, the rightmost is chosen.",
            },
            "result": {
                "positions": "The result is the list of the chosen words' 0-based start positions.",
                "words": "The result is the list of the chosen words, one for each chosen position (so a word can "
                "come more than once).",
                "pairs": "The result is a list of [0-based start position, word].",
            },
        },
        edges=(("", 2, 2), ("ACGT", 2, 4), ("AAAAAA", 2, 3), ("ACGT", 0, 2), ("TTTTGTTTT", 3, 2), ("ACACACAC", 2, 4)),
        draw=lambda rng: (dna(rng, 6, 40, rng.choice(["ACGT", "AT"])), rng.randint(1, 4), rng.randint(1, 5)),
    ),
    Function(
        kmer_similarity,
        says="""How similar two sequences are by their overlapping words of length `k`. {counted} {measure} {empty} A
        `k` smaller than 1 raises a ValueError.""",
        options={
            "counted": {
                "words": "Each different word counts once, however often it occurs.",
                "occurrences": "Words count as often as they occur: the intersection takes the smaller of the two "
                "counts of each word, the "
                "union the larger.",
            },
            "measure": {
                "jaccard": "The result is the size of the intersection over the size of the union.",
                "containment": "The result is the size of the intersection over the size of the first sequence's "
                "words alone.",
                "dice": "The result is twice the size of the intersection over the sum of both sequences' sizes.",
            },
            "empty": {
                "zero": "When the denominator is 0 the result is 0.0.",
                "one": "When the denominator is 0 the result is 1.0.",
                "error": "When the denominator is 0 a ValueError is raised.",
            },
        },
        edges=(("", "", 2), ("", "ACGT", 2), ("ACGT", "", 2), ("AAAA", "AAAAAA", 2), ("ACG", "ACG", 0)),
        draw=_pair,
    ),
    Function(
        complexity,
        says="""The linguistic complexity of `seq` (letters A, C, G, T): for each word length k from 1 to `longest` (at
        least 1), the number of different words that occur, and the largest number that could. {possible} {short} {mean}
        When no word length is left the result is 0.0.""",
        options={
            "possible": {
                "places": "The largest number for k is the number of places, len(seq) - k + 1.",
                "bounded": "The largest number for k is the smaller of 4 ** k and the number of places, len(seq) - k "
                "+ 1.",
            },
            "short": {
                "skip": "Word lengths greater than the length of `seq` are left out.",
                "error": "When `seq` is shorter than `longest`, a ValueError is raised.",
            },
            "mean": {
                "pooled": "The result is the sum of the found numbers over the sum of the largest numbers.",
                "product": "The result is the product, over the word lengths, of found over largest number.",
                "average": "The result is the arithmetic mean, over the word lengths, of found over largest number.",
            },
        },
        edges=(("", 1), ("A", 3), ("AAAAAAAA", 3), ("ACGT", 4), ("ACGTACGTAC", 2)),
        draw=_simple,
    ),
    Function(
        homopolymers,
        says="""The runs of one letter in `seq` that are at least `shortest` (at least 1) letters long; a run is as long
        as it can be. {case} {places} {order}""",
        options={
            "case": {
                "ignore": "`seq` is brought to upper case first, so that 'aA' is a run, and letters are given in "
                "upper case.",
                "heed": "Upper and lower case are different letters, and letters are given as they are written.",
            },
            "places": {
                "half-open": "A run is given as [letter, start, end] with 0-based start and exclusive end.",
                "closed": "A run is given as [letter, first, last] with 1-based positions of its first and last "
                "letter.",
            },
            "order": {
                "place": "Runs are in the order of their start.",
                "length": "Runs are in the order of their length, the longest first, equally long ones by their start.",
            },
        },
        edges=(("", 1), ("AAAA", 4), ("AAaa", 2), ("ACGT", 2), ("NNNAAAA", 3)),
        draw=_runs,
    ),
    Function(
        longest_repeat,
        says="""The longest word that occurs at least twice in `seq`. {overlap} {tie} {result}""",
        options={
            "overlap": {
                "free": "Occurrences may overlap, and all of them count.",
                "apart": "Occurrences may not overlap: they are counted from the left, each one not before the end of "
                "the one counted before, "
                "and only those that are counted this way are given.",
            },
            "tie": {
                "first": "Of several equally long ones it is the one whose first occurrence starts leftmost.",
                "alphabet": "Of several equally long ones it is the first in the alphabet's order.",
            },
            "result": {
                "places": "The result is [word, list of the 0-based start positions of its occurrences, in order]; "
                "['', []] when there is none.",
                "number": "The result is [word, number of its occurrences]; ['', 0] when there is none.",
            },
        },
        edges=(("",), ("A",), ("AAAA",), ("ACGT",), ("TATATA",), ("GTGTACAC",)),
        draw=lambda rng: (dna(rng, 2, 24, rng.choice(["ACGT", "AC", "GA"])),),
    ),
)
