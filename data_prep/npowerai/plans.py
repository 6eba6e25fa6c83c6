"""A study with its numbers, in each of the forms in which a question may state its effect.

A plan's size `n` is what one of its `parts` holds: the patients of one group (of several equal ones), or all of them. Its
program computes the effect from the stated numbers, as the plan does.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass

from data_prep.npowerai import calculators as c
from data_prep.npowerai.programs import ANOVA, CHI, COX, INDEPENDENCE, TTEST, TWO
from data_prep.npowerai.studies import COUNTED, MEASURED, TIMED, Counted, Measured, Timed, studies_for

Study = Measured | Counted | Timed
ALPHAS = ("0.05", "0.05", "0.01", "0.025", "0.1")


@dataclass(frozen=True)
class Plan:
    """`numbers` are what the question states, by the slots of its wordings; `call` is program text for the power at n."""

    study: Study
    numbers: dict[str, str]
    imports: str
    setup: tuple[str, ...]
    call: str
    power: Callable[[int], float]
    parts: int = 1


@dataclass(frozen=True)
class Rule:
    """What a question states beside its effect: the alpha as written, and the sides of the test."""

    alpha: str
    sides: c.Sides

    @property
    def level(self) -> float:
        return float(self.alpha)

    @property
    def alternative(self) -> str:
        return "'two-sided'" if self.sides == 2 else "'larger'"

    @property
    def tail(self) -> str:
        return f"{self.alpha} / 2" if self.sides == 2 else self.alpha


Draw = Callable[[random.Random, bool, Rule], Plan]


class _Ruler:
    """A measured study with numbers in its outcome's decimals."""

    def __init__(self, rng: random.Random, test: bool) -> None:
        self.rng, self.study = rng, rng.choice(studies_for(MEASURED, test))
        self.places = self.study.decimals

    def write(self, value: float) -> str:
        return f"{value:.{self.places}f}"

    def sd(self) -> str:
        return self.write(self.rng.uniform(*self.study.sd))

    def difference(self, sd: float) -> str:
        return self.write(max(self.rng.uniform(0.25, 1.1) * sd, 10**-self.places))

    def means(self, sd: float) -> tuple[str, str]:
        """The mean without and with the treatment."""
        before = self.write(self.rng.uniform(*self.study.mean))
        return before, self.write(float(before) + self.rng.choice((-1, 1)) * float(self.difference(sd)))


def _one_group(study: Study, numbers: dict[str, str], setup: tuple[str, ...], effect: float, rule: Rule) -> Plan:
    call = f"TTestPower().power(d, n, {rule.alpha}, alternative={rule.alternative})"
    return Plan(study, numbers, TTEST, setup, call, lambda n: c.t_power(effect, n, rule.level, rule.sides))


def _means(rng: random.Random, test: bool, rule: Rule) -> Plan:
    ruler, sd = (r := _Ruler(rng, test)), r.sd()
    before, after = ruler.means(float(sd))
    effect = abs(float(after) - float(before)) / float(sd)
    numbers = {"before": before, "after": after, "sd": sd}
    return _one_group(ruler.study, numbers, (f"d = abs({after} - {before}) / {sd}",), effect, rule)


def _variance(rng: random.Random, test: bool, rule: Rule) -> Plan:
    ruler = _Ruler(rng, test)
    variance = f"{float(ruler.sd()) ** 2:.{2 * ruler.places}f}"
    sd = math.sqrt(float(variance))
    difference = ruler.difference(sd)
    numbers = {"difference": difference, "variance": variance}
    return _one_group(ruler.study, numbers, (f"d = {difference} / {variance} ** 0.5",), float(difference) / sd, rule)


def _standard_error(rng: random.Random, test: bool, rule: Rule) -> Plan:
    ruler, pilot = _Ruler(rng, test), rng.randint(8, 30)
    error = f"{float(ruler.sd()) / math.sqrt(pilot):.{ruler.places + 1}f}"
    sd = float(error) * math.sqrt(pilot)
    before, after = ruler.means(sd)
    numbers = {"before": before, "after": after, "error": error, "pilot": str(pilot)}
    setup = (f"d = abs({after} - {before}) / ({error} * {pilot} ** 0.5)",)
    return _one_group(ruler.study, numbers, setup, abs(float(after) - float(before)) / sd, rule)


def _differences(rng: random.Random, test: bool, rule: Rule) -> Plan:
    ruler, sd = (r := _Ruler(rng, test)), r.sd()
    difference = ruler.difference(float(sd))
    numbers = {"difference": difference, "sd": sd}
    return _one_group(ruler.study, numbers, (f"d = {difference} / {sd}",), float(difference) / float(sd), rule)


def _correlation(rng: random.Random, test: bool, rule: Rule) -> Plan:
    ruler, first, second = (r := _Ruler(rng, test)), r.sd(), r.sd()
    correlation = f"{rng.uniform(0.3, 0.8):.2f}"
    sd = c.sd_of_differences(float(first), float(second), float(correlation))
    difference = ruler.difference(sd)
    numbers = {"difference": difference, "first": first, "second": second, "correlation": correlation}
    setup = (
        f"sd = ({first} ** 2 + {second} ** 2 - 2 * {correlation} * {first} * {second}) ** 0.5", f"d = {difference} / sd",
    )  # fmt: skip
    return _one_group(ruler.study, numbers, setup, float(difference) / sd, rule)


def _two_groups(
    study: Study, numbers: dict[str, str], setup: tuple[str, ...], effect: float, rule: Rule, ratio: int = 1
) -> Plan:
    call = f"TTestIndPower().power(d, n, {rule.alpha}, ratio={ratio}, alternative={rule.alternative})"
    power = lambda n: c.two_sample_power(effect, n, rule.level, rule.sides, ratio)  # noqa: E731
    return Plan(study, numbers, TWO, setup, call, power, 1 + ratio)


def _two_means(rng: random.Random, test: bool, rule: Rule, ratio: int = 1) -> Plan:
    ruler, sd = (r := _Ruler(rng, test)), r.sd()
    control, treated = ruler.means(float(sd))
    numbers = {"control": control, "treated": treated, "sd": sd, "ratio": str(ratio)}
    effect = abs(float(treated) - float(control)) / float(sd)
    return _two_groups(ruler.study, numbers, (f"d = abs({treated} - {control}) / {sd}",), effect, rule, ratio)


def _two_sds(rng: random.Random, test: bool, rule: Rule) -> Plan:
    ruler, first, second = (r := _Ruler(rng, test)), r.sd(), r.sd()
    sd = c.pooled_sd(float(first), float(second))
    difference = ruler.difference(sd)
    numbers = {"difference": difference, "first": first, "second": second}
    setup = (f"d = {difference} / (({first} ** 2 + {second} ** 2) / 2) ** 0.5",)
    return _two_groups(ruler.study, numbers, setup, float(difference) / sd, rule)


def _allocation(rng: random.Random, test: bool, rule: Rule) -> Plan:
    return _two_means(rng, test, rule, rng.choice((2, 3)))


def _several(study: Study, numbers: dict[str, str], setup: str, effect: float, k: int, rule: Rule) -> Plan:
    call = f"FTestAnovaPower().power(f, n * {k}, {rule.alpha}, k_groups={k})"
    power = lambda n: c.anova_power(effect, n, k, rule.level)  # noqa: E731
    return Plan(study, {**numbers, "k": str(k)}, ANOVA, (setup,), call, power, k)


def _group_means(rng: random.Random, test: bool, rule: Rule) -> Plan:
    ruler, k = _Ruler(rng, test), rng.choice((3, 4, 5))
    sd = ruler.sd()
    centre = rng.uniform(*ruler.study.mean)
    while len(set(means := [ruler.write(centre + rng.uniform(-0.6, 0.6) * float(sd)) for _ in range(k)])) == 1:
        pass
    mean = f"({' + '.join(means)}) / {k}".replace("+ -", "- ")
    setup = f"m = {mean}\nf = (sum((x - m) ** 2 for x in ({', '.join(means)})) / {k}) ** 0.5 / {sd}"
    effect = c.cohen_f([float(m) for m in means], float(sd))
    return _several(ruler.study, {"means": listed(means), "sd": sd}, setup, effect, k, rule)


def _spread(rng: random.Random, test: bool, rule: Rule) -> Plan:
    f, k = f"{rng.uniform(0.15, 0.5):.3f}", rng.choice((3, 4, 5, 6))
    return _several(_Ruler(rng, test).study, {"f": f}, f"f = {f}", float(f), k, rule)


def _eta(rng: random.Random, test: bool, rule: Rule) -> Plan:
    eta, k = f"{rng.uniform(0.03, 0.2):.3f}", rng.choice((3, 4, 5, 6))
    effect = math.sqrt(float(eta) / (1 - float(eta)))
    return _several(_Ruler(rng, test).study, {"eta": eta}, f"f = ({eta} / (1 - {eta})) ** 0.5", effect, k, rule)


def _table(study: Counted, numbers: dict[str, str], setup: tuple[str, ...], w: float, df: int, rule: Rule) -> Plan:
    call = f"GofChisquarePower().power(w, n, {rule.alpha}, n_bins={df + 1})"
    return Plan(study, numbers, CHI, setup, call, lambda n: c.chi_square_power(w, n, df, rule.level))


def _rates(rng: random.Random, test: bool, rule: Rule) -> Plan:
    k, base = rng.choice((2, 3, 4)), rng.randint(12, 60)
    while len(set(rates := [base + rng.randint(-10, 25) for _ in range(k)])) == 1:
        pass
    w = c.cohen_w([[r / 100 / k, (1 - r / 100) / k] for r in rates])
    setup = (f"r = np.array({rates}) / 100", f"p = np.column_stack([r, 1 - r]) / {k}", INDEPENDENCE)
    numbers = {"k": str(k), "rates": listed([f"{r}%" for r in rates])}
    return _table(rng.choice(studies_for(COUNTED, test)), numbers, setup, w, k - 1, rule)


def _cohen_w(rng: random.Random, test: bool, rule: Rule) -> Plan:
    w, rows, columns = f"{rng.uniform(0.12, 0.5):.3f}", rng.choice((2, 3, 4)), rng.choice((2, 3, 4, 5))
    numbers = {"w": w, "rows": str(rows), "columns": str(columns)}
    study = rng.choice(studies_for(COUNTED, test))
    return _table(study, numbers, (f"w = {w}",), float(w), (rows - 1) * (columns - 1), rule)


def _grades(rng: random.Random, test: bool, rule: Rule) -> Plan:
    k = rng.choice((3, 4))
    first, second = (_percentages(rng, k) for _ in range(2))
    w = c.cohen_w([[x / 200 for x in row] for row in (first, second)])
    setup = (f"p = np.array([{first}, {second}]) / 200", INDEPENDENCE)
    numbers = {"first": listed([f"{x}%" for x in first]), "second": listed([f"{x}%" for x in second]), "k": str(k)}
    return _table(rng.choice(studies_for(COUNTED, test)), numbers, setup, w, k - 1, rule)


def _percentages(rng: random.Random, k: int) -> list[int]:
    cuts = sorted(rng.sample(range(2, 19), k - 1))
    return [5 * (b - a) for a, b in zip([0, *cuts], [*cuts, 20], strict=True)]


def _hazards(rng: random.Random) -> tuple[str, str, str]:
    """A hazard ratio, and the probabilities of the event with the treatment and without, in proportion to it."""
    ratio, control = f"{rng.uniform(0.45, 0.78):.2f}", f"{rng.uniform(0.25, 0.75):.2f}"
    return ratio, f"{1 - (1 - float(control)) ** float(ratio):.2f}", control


def _freedman(rng: random.Random, test: bool, rule: Rule) -> Plan:
    ratio, treated, control = _hazards(rng)
    both = float(treated) + float(control)
    numbers = {"hazard": ratio, "risk": treated, "control_risk": control}
    call = f"norm.cdf((n * ({treated} + {control})) ** 0.5 * (1 - {ratio}) / (1 + {ratio}) - norm.isf({rule.tail}))"
    power = lambda n: c.freedman_power(float(ratio), n * both, rule.level, rule.sides)  # noqa: E731
    return Plan(rng.choice(studies_for(TIMED, test)), numbers, COX, (), call, power, 2)


def _events(rng: random.Random, test: bool, rule: Rule) -> Plan:
    ratio = f"{rng.uniform(0.45, 0.8):.3f}"
    call = f"norm.cdf(n ** 0.5 / 2 * -log({ratio}) - norm.isf({rule.tail}))"
    power = lambda n: c.schoenfeld_power(float(ratio), n, 0.5, rule.level, rule.sides)  # noqa: E731
    return Plan(
        rng.choice(studies_for(TIMED, test)), {"hazard": ratio}, f"from math import log\n{COX}", (), call, power
    )


def _share(rng: random.Random, test: bool, rule: Rule) -> Plan:
    ratio, treated, control = _hazards(rng)
    percent = rng.choice((60, 65, 70, 75, 80))
    share = percent / 100
    mean = share * float(treated) + (1 - share) * float(control)
    numbers = {"hazard": ratio, "risk": treated, "control_risk": control, "percent": str(percent)}
    setup = (f"s = {percent} / 100", f"q = s * {treated} + (1 - s) * {control}")
    call = f"norm.cdf((n * q * s * (1 - s)) ** 0.5 * -log({ratio}) - norm.isf({rule.tail}))"
    power = lambda n: c.schoenfeld_power(float(ratio), n * mean, share, rule.level, rule.sides)  # noqa: E731
    return Plan(
        rng.choice(studies_for(TIMED, test)), numbers, f"from math import log\n{COX}", setup, call, power
    )  # fmt: skip


def listed(items: list[str]) -> str:
    """`a, b and c`."""
    return f"{', '.join(items[:-1])} and {items[-1]}"


FORMS: dict[str, dict[str, Draw]] = {
    "one-sample t-test": {"means": _means, "variance": _variance},
    "two-sample t-test": {"means": _two_means, "two sds": _two_sds},
    "paired t-test": {"differences": _differences, "variance": _variance},
    "one-way ANOVA": {"means": _group_means, "f": _spread},
    "chi-square test of independence": {"rates": _rates, "w": _cohen_w},
    "Cox proportional hazards": {"patients": _freedman, "events": _events},
}
OOD: dict[str, dict[str, Draw]] = {
    "one-sample t-test": {"standard error": _standard_error},
    "two-sample t-test": {"allocation": _allocation},
    "paired t-test": {"correlation": _correlation},
    "one-way ANOVA": {"eta": _eta},
    "chi-square test of independence": {"grades": _grades},
    "Cox proportional hazards": {"share": _share},
}
