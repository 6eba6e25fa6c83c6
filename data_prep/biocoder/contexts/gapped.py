"""Two aligned sequences as rows of one length, '-' for a gap. A column with two gaps is allowed, and is no column of the pair."""

GAP = "-"


def check(top: str, low: str) -> None:
    """Raise a ValueError when the rows differ in length."""
    if len(top) != len(low):
        raise ValueError(f"rows of {len(top)} and {len(low)} columns")


def columns(top: str, low: str) -> list[tuple[str, str]]:
    """The columns of the pair, those with two gaps left out; rows of different length raise a ValueError."""
    check(top, low)
    return [(a, b) for a, b in zip(top, low, strict=True) if (a, b) != (GAP, GAP)]


def kind(a: str, b: str) -> str:
    """'I' for a letter of the upper row opposite a gap, 'D' for one of the lower row, '=' for equal letters, else 'X'."""
    return "D" if a == GAP else "I" if b == GAP else "=" if a == b else "X"


def runs(text: str) -> list[tuple[int, str]]:
    """Neighbouring equal letters of `text` as (number, letter)."""
    found: list[tuple[int, str]] = []
    for letter in text:
        if found and found[-1][1] == letter:
            found[-1] = (found[-1][0] + 1, letter)
        else:
            found.append((1, letter))
    return found
