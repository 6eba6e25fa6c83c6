"""Read depth along one reference sequence. Places are 0-based; a range [start, end) does not hold its end."""


def usable(reads: list[list[int]], least: int) -> list[list[int]]:
    """The reads [start, end, mapping quality] with a quality of at least `least`, in their order."""
    return [read for read in reads if read[2] >= least]


def depths(reads: list[list[int]], length: int) -> list[int]:
    """For each place of a reference of `length` bases, how many reads hold it; what lies outside the reference is ignored."""
    found = [0] * length
    for start, end, _ in reads:
        for place in range(max(start, 0), min(end, length)):
            found[place] += 1
    return found


def runs(values: list) -> list[list]:
    """The longest stretches of equal neighbouring values as rows [start, end, value], from left to right."""
    found: list[list] = []
    for place, value in enumerate(values):
        if found and found[-1][2] == value:
            found[-1][1] = place + 1
        else:
            found.append([place, place + 1, value])
    return found


def join(ranges: list[list[int]], gap: int) -> list[list[int]]:
    """Ranges that come from left to right, with neighbours joined that have at most `gap` places between them."""
    found: list[list[int]] = []
    for start, end in ranges:
        if found and start - found[-1][1] <= gap:
            found[-1][1] = end
        else:
            found.append([start, end])
    return found


def mean(values: list) -> float:
    """The arithmetic mean, 0.0 of nothing."""
    return sum(values) / len(values) if values else 0.0


def median(values: list) -> float:
    """The middle value, or the mean of the two in the middle; 0.0 of nothing."""
    ordered, half = sorted(values), len(values) // 2
    if not ordered:
        return 0.0
    return float(ordered[half]) if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
