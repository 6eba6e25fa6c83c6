"""Reference solutions: short programs as an agent would write them, on statsmodels' power classes or the stated formula."""

from __future__ import annotations

TTEST = "from statsmodels.stats.power import TTestPower"
TWO = "from statsmodels.stats.power import TTestIndPower"
ANOVA = "from statsmodels.stats.power import FTestAnovaPower"
CHI = "import numpy as np\nfrom statsmodels.stats.power import GofChisquarePower"
COX = "from scipy.stats import norm"
INDEPENDENCE = "e = np.outer(p.sum(1), p.sum(0))\nw = float((((p - e) ** 2 / e).sum()) ** 0.5)"


def size_program(imports: str, setup: str, call: str, wanted: str, parts: int = 1) -> str:
    """Print `parts` times the smallest n at which `call`, the power, reaches `wanted`."""
    search = f"n = bisect_left(range(10**6), {wanted}, lo=2, key=lambda n: {call})"
    return _joined(
        "from bisect import bisect_left", imports, setup, search, f"print(n * {parts})" if parts > 1 else "print(n)"
    )


def power_program(imports: str, setup: str, call: str, n: int, parts: int = 1) -> str:
    """Print `call`, the power, at the nth part of `n` * `parts` patients."""
    return _joined(
        imports, setup, f"n = {n * parts} // {parts}" if parts > 1 else f"n = {n}", f"print(round({call}, 6))"
    )


def _joined(*parts: str) -> str:
    return "\n".join(filter(None, parts))
