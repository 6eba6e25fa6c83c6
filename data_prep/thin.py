"""A light subset: so many instances of a family, the same share of each of its categories (the paper's C.4)."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence

from data_prep.settings import Kept
from galen.errors import UserError
from galen.types import Gold, Task

Pair = tuple[Task, Gold]


def thin(pairs: Sequence[Pair], keep: Kept, seed: int) -> list[Pair]:
    """`keep.train` of the training and validation tasks together, and `keep.test` of the others, in their order.

    Raises:
        UserError: there are fewer.
    """
    train = [i for i, (task, _) in enumerate(pairs) if task.split != "test"]
    test = [i for i, (task, _) in enumerate(pairs) if task.split == "test"]
    family = pairs[0][0].family if pairs else ""
    chosen: set[int] = set()
    for side, rows, n in (("train", train, keep.train), ("test", test, keep.test)):
        if n > len(rows):
            raise UserError(f"keep.{family}.{side} = {n}, but {len(rows)} are made; set it lower or make more")
        chosen |= _sample(pairs, rows, n, random.Random(f"{seed}/keep/{family}/{side}"))
    return [pair for i, pair in enumerate(pairs) if i in chosen]


def _sample(pairs: Sequence[Pair], rows: Sequence[int], n: int, rng: random.Random) -> set[int]:
    """`n` of `rows`; what a category's share leaves over goes to the largest remainders."""
    strata: dict[str, list[int]] = defaultdict(list)
    for i in rows:
        strata[pairs[i][0].category].append(i)
    shares = {name: n * len(mine) / len(rows) for name, mine in strata.items()}
    counts = {name: int(share) for name, share in shares.items()}
    for name in sorted(shares, key=lambda c: (counts[c] - shares[c], c))[: n - sum(counts.values())]:
        counts[name] += 1
    return {i for name, mine in sorted(strata.items()) for i in rng.sample(mine, counts[name])}
