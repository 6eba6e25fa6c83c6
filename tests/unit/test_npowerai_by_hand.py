"""N-PowerAI's questions answered once more: each read as it is asked, its numbers typed here, and its answer worked out from
the textbook's distributions.

No calculator of the package, no statsmodels and no noncentral distribution of scipy is used. The power of a t test is an
integral over the variance's chi-square (Johnson and Welch 1940); of F and chi-square tests a Poisson mixture of central ones
(Patnaik 1949); of a Cox model the normal quantile of Freedman (1982) or Schoenfeld (1983).
"""

import math
from statistics import NormalDist, fmean

import pytest
from scipy import integrate, special, stats

from data_prep import npowerai

Z = NormalDist()


def t_power(shift, df, alpha, sides):
    """P(|T| > t), or P(T > t), of T = (Z + shift) / sqrt(V / df), Z normal and V chi-square with df."""
    t = stats.t.isf(alpha / sides, df)

    def given(v):
        edge, log_density = t * math.sqrt(v / df), (df / 2 - 1) * math.log(v / 2) - v / 2 - math.lgamma(df / 2)
        return math.exp(log_density) / 2 * (Z.cdf(shift - edge) + (Z.cdf(-shift - edge) if sides == 2 else 0))

    spread = 12 * math.sqrt(2 * df)
    return integrate.quad(given, max(1e-9, df - spread), df + 2 * spread, points=[df])[0]


def mixture(noncentrality, tail):
    """The sum of Poisson(noncentrality / 2) weights times `tail(j)`."""
    mean = noncentrality / 2
    weights = (
        math.exp(j * math.log(mean) - mean - math.lgamma(j + 1)) for j in range(int(mean + 20 * math.sqrt(mean)) + 60)
    )
    return sum(weight * tail(j) for j, weight in enumerate(weights))


def f_power(f2, total, groups, alpha):
    d1, d2 = groups - 1, total - groups
    edge = stats.f.isf(alpha, d1, d2)
    x = d1 * edge / (d1 * edge + d2)
    return mixture(f2 * total, lambda j: 1 - special.betainc(d1 / 2 + j, d2 / 2, x))


def chi_power(w2, total, df, alpha):
    edge = special.chdtri(df, alpha)
    return mixture(w2 * total, lambda j: special.gammaincc(df / 2 + j, edge / 2))


def least(power, goal, start, step=1):
    """The first size from `start` on whose power reaches the goal."""
    size = start
    while power(size) < goal:
        size += step
    return size


def norm_alone():
    """Norm -2.32, average -2.82, SD 0.70: d = 0.5 / 0.7; df n - 1, shift d sqrt n."""
    return least(lambda n: t_power(0.50 / 0.70 * math.sqrt(n), n - 1, 0.05, 1), 0.95, 3)


def variance_alone():
    """Shift 0.40, variance 0.4761, so SD 0.69; 26 patients."""
    return t_power(0.40 / math.sqrt(0.4761) * math.sqrt(26), 25, 0.01, 2)


def two_spreads():
    """Gap 34, SDs 57 and 91: the root of (3249 + 8281) / 2; n a group, df 2 n - 2, shift d sqrt(n / 2); asked in total."""
    d = 34 / math.sqrt((57**2 + 91**2) / 2)
    return least(lambda total: t_power(d * math.sqrt(total / 4), total - 2, 0.05, 2), 0.85, 6, 2)


def three_to_one():
    """24.2 and 18.3, SD 6.9; 13 treated and 39 not: the shift is d sqrt(13 * 39 / 52), df 50."""
    return t_power((24.2 - 18.3) / 6.9 * math.sqrt(13 * 39 / 52), 50, 0.05, 1)


def correlated_pairs():
    """SDs 1.38 and 1.18, r 0.34: the shifts' variance is 1.38² + 1.18² - 2 * 0.34 * 1.38 * 1.18; shift 0.39."""
    sd = math.sqrt(1.38**2 + 1.18**2 - 2 * 0.34 * 1.38 * 1.18)
    return least(lambda n: t_power(0.39 / sd * math.sqrt(n), n - 1, 0.05, 1), 0.8, 3)


def pairs():
    """Shift 93, SD of the shifts 104, 13 patients."""
    return t_power(93 / 104 * math.sqrt(13), 12, 0.05, 2)


def four_means():
    """10.4, 11.0, 11.1, 10.3: mean 10.7, squares 0.09 + 0.09 + 0.16 + 0.16 over 4 is 0.125; SD 1.5; in fours."""
    means = (10.4, 11.0, 11.1, 10.3)
    f2 = fmean((m - fmean(means)) ** 2 for m in means) / 1.5**2
    return least(lambda total: f_power(f2, total, 4, 0.05), 0.85, 8, 4)


def explained_share():
    """eta² 0.109, so f² = 0.109 / 0.891; three groups of 11."""
    return f_power(0.109 / (1 - 0.109), 33, 3, 0.05)


def three_rates():
    """30 %, 43 % and 16 % in thirds: each cell's (p - expected)² / expected, rows times columns; df 2."""
    rates = (0.30, 0.43, 0.16)
    p = fmean(rates)
    w2 = sum((r / 3 - p / 3) ** 2 / (p / 3) + ((1 - r) / 3 - (1 - p) / 3) ** 2 / ((1 - p) / 3) for r in rates)
    return least(lambda total: chi_power(w2, total, 2, 0.05), 0.9, 6)


def effect_w():
    """w 0.384, 2 rows and 3 columns: df 2; 105 patients at 0.025."""
    return chi_power(0.384**2, 105, 2, 0.025)


def freedman():
    """HR 0.50: (1.5 / 0.5)² = 9; z at 0.95 and 0.8; 0.37 and 0.60 of n a group have an event; asked in total."""
    events = 9 * (Z.inv_cdf(0.95) + Z.inv_cdf(0.8)) ** 2
    return 2 * math.ceil(events / (0.37 + 0.60))


def schoenfeld():
    """165 events at HR 0.63, arms alike: sqrt(165 / 4) |ln 0.63| - z at 0.9875."""
    return Z.cdf(math.sqrt(165 / 4) * abs(math.log(0.63)) - Z.inv_cdf(1 - 0.025 / 2))


ASKED = {
    "id/000000": ("Norm -2.32 SD units. Anticipated average -2.82 SD units. Spread between people (SD) 0.70", norm_alone),
    "id/000003": ("Anticipated shift: 0.40 SD units. Variance among individuals: 0.4761", variance_alone),
    "id/000006": ("Anticipated gap 34 umol/l; SDs 57 and 91, combined by averaging both variances", two_spreads),
    "ood/000003": ("treated 24.2, untreated 18.3 (days); either arm's SD is 6.9. Allocation is exactly 3:1", three_to_one),
    "ood/000004": ("Anticipated shift 0.39 SD units. SD at the first visit 1.38, at the second 1.18", correlated_pairs),
    "id/000009": ("shift within a person 93 umol/l; SD of those shifts 104 umol/l", pairs),
    "id/000012": ("averages: 10.4, 11.0, 11.1 and 10.3 (g/dl). SD inside any arm: 1.5", four_means),
    "ood/000007": ("arms explain a share of 0.109 of the variance", explained_share),
    "id/000016": ("in 30%, 43% and 16% across 3 arms", three_rates),
    "id/000019": ("w 0.384, in Cohen's sense, over 2 rows times 3 columns", effect_w),
    "id/000020": ("HR 0.50; an event befalls a share of 0.37 under the new regimen, 0.60 under the old", freedman),
    "id/000023": ("HR 0.630, both arms alike in size. Events follow Schoenfeld", schoenfeld),
}  # fmt: skip


@pytest.fixture(scope="module")
def made():
    return {task.id.removeprefix("npowerai/test-"): (task, gold) for task, gold in npowerai.build(0, 24, 12, 3)}


def test_the_twelve_are_both_targets_of_all_six_tests(made):
    assert len({(made[id_][0].category, made[id_][0].metadata["estimate_target"]) for id_ in ASKED}) == 12


@pytest.mark.parametrize("id_", ASKED)
def test_a_question_read_and_worked_by_hand(made, id_):
    task, gold = made[id_]
    said, worked = ASKED[id_]
    assert said in task.prompt.question, "another question is drawn: read it, and work it out anew"
    if task.metadata["estimate_target"] == "size":
        assert worked() == gold.answer
    else:
        assert worked() == pytest.approx(gold.answer, abs=1e-6)
