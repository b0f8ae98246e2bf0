"""Exact numbers: sums of ints and floats as Fractions, rounded once, half to even (5.6); moments
from exact numerators, one written formula each.

Non-finite inputs are counted apart: any NaN, or both infinities, give NaN; one kind of infinity
gives that infinity in sum, mean and
decay_sum, and NaN in every moment, covariance and correlation. A finite result beyond the doubles
is +-inf (IEEE, 6.2).
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, Iterable, Optional

from .values import NAN


class Invalid(Exception):
    """6.2: the value is null with status INVALID."""


def to_double(x: Fraction) -> float:
    """Rounds once, half to even; subnormals included; zero is +0.0; overflow is an infinity."""
    try:
        return float(x) if x else 0.0  # int / int in Python is correctly rounded
    except OverflowError:
        return math.inf if x > 0 else -math.inf


def non_finite(values: Iterable[Any]) -> Optional[float]:
    """What the counters of NaN, +inf and -inf decide, or None where all values are finite."""
    values = list(values)
    if any(isinstance(v, float) and math.isnan(v) for v in values) or (
        math.inf in values and -math.inf in values
    ):
        return NAN
    return math.inf if math.inf in values else -math.inf if -math.inf in values else None


def int_type(value: int) -> int:
    if not -(2**63) <= value < 2**63:
        raise Invalid("the sum does not fit int64")  # 5.6
    return value


def exact_sum(values: list) -> Any:
    """Of non-null values, at least one. Ints (and bools) give int64 or INVALID; floats give the
    exact sum rounded once."""
    if not any(isinstance(v, float) for v in values):
        return int_type(sum(int(v) for v in values))
    special = non_finite(values)
    return special if special is not None else to_double(sum(map(Fraction, values), Fraction(0)))


def exact_mean(values: list) -> float:
    """The exact quotient sum / n, rounded once (so the mean of [1e308, 1e308] is 1e308)."""
    special = non_finite(values)
    return (
        special
        if special is not None
        else to_double(sum(map(Fraction, values), Fraction(0)) / len(values))
    )


def power_sums(values: list, upto: int) -> list[Fraction]:
    return [
        sum((Fraction(v) ** p for v in values), Fraction(0)) for p in range(upto + 1)
    ]  # [n, S1, S2, ...]


def variance(values: list, sample: bool) -> Optional[float]:
    """N = n S2 - S1^2;  pop: fl(N) / fl(n n), samp: fl(N) / fl(n (n - 1)). samp of one value is
    null."""
    n = len(values)
    if sample and n < 2:
        return None
    if non_finite(values) is not None:
        return NAN
    _, s1, s2 = power_sums(values, 2)
    return to_double(n * s2 - s1 * s1) / float(n * (n - 1) if sample else n * n)


def stddev(values: list, sample: bool) -> Optional[float]:
    """sqrt(variance); sqrt is correctly rounded by IEEE."""
    v = variance(values, sample)
    return v if v is None else math.sqrt(v)


def ratio(a: float, b: float) -> float:
    """IEEE division for b > 0 or inf or 0 (an underflow or overflow of the denominator)."""
    if b == 0.0:
        return NAN if a == 0.0 or math.isnan(a) else math.copysign(math.inf, a)
    return NAN if math.isinf(a) and math.isinf(b) else a / b


def skew(values: list) -> Optional[float]:
    """Population. N3 = n^2 S3 - 3 n S1 S2 + 2 S1^3, N2 as above;  fl(N3) / (fl(N2) * sqrt(fl(N2))).
    No variation: null."""
    if non_finite(values) is not None:
        return NAN
    n, s1, s2, s3 = power_sums(values, 3)
    n2, n3 = n * s2 - s1**2, n * n * s3 - 3 * n * s1 * s2 + 2 * s1**3
    return None if n2 == 0 else ratio(to_double(n3), to_double(n2) * math.sqrt(to_double(n2)))


def kurtosis(values: list) -> Optional[float]:
    """Population excess. N4 = n^3 S4 - 4 n^2 S1 S3 + 6 n S1^2 S2 - 3 S1^4;  fl(N4) / (fl(N2) *
    fl(N2)) - 3. No variation: null."""
    if non_finite(values) is not None:
        return NAN
    n, s1, s2, s3, s4 = power_sums(values, 4)
    n2, n4 = n * s2 - s1**2, n**3 * s4 - 4 * n * n * s1 * s3 + 6 * n * s1**2 * s2 - 3 * s1**4
    return None if n2 == 0 else ratio(to_double(n4), to_double(n2) * to_double(n2)) - 3.0


def cross(xs: list, ys: list) -> Fraction:
    """n Sxy - Sx Sy."""
    x, y = [Fraction(v) for v in xs], [Fraction(v) for v in ys]
    return len(x) * sum((a * b for a, b in zip(x, y)), Fraction(0)) - sum(x, Fraction(0)) * sum(
        y, Fraction(0)
    )


def covariance(xs: list, ys: list, sample: bool) -> Optional[float]:
    """Over the rows where both are present. fl(n Sxy - Sx Sy) / fl(n n), or / fl(n (n - 1)); samp
    of one pair is null."""
    n = len(xs)
    if sample and n < 2:
        return None
    if non_finite(xs) is not None or non_finite(ys) is not None:
        return NAN
    return to_double(cross(xs, ys)) / float(n * (n - 1) if sample else n * n)


def correlation(xs: list, ys: list) -> Optional[float]:
    """fl(Nxy) / (sqrt(fl(Nxx)) * sqrt(fl(Nyy))), held within [-1, 1]. No variation in one: null."""
    if non_finite(xs) is not None or non_finite(ys) is not None:
        return NAN
    nxx, nyy = cross(xs, xs), cross(ys, ys)
    if nxx == 0 or nyy == 0:
        return None
    r = ratio(to_double(cross(xs, ys)), math.sqrt(to_double(nxx)) * math.sqrt(to_double(nyy)))
    return r if math.isnan(r) else max(-1.0, min(1.0, r))


def decay_sum(values: list, times: list[int], t: int, half_life: int, exp2=math.exp2) -> float:
    """reference/aggregation.md 8.1. An event at e adds fl(x * exp2(frac(e/H))) * 2^floor(e/H); the
    value is the exact
    sum * 2^-floor(t/H), rounded once, divided once by exp2(frac(t/H)). frac(e/H) is fl((e mod H) /
    H). `exp2` must be the engine's
    pinned one (6.4): this one is the C library's."""
    steps = [v * exp2((e % half_life) / half_life) for v, e in zip(values, times)]
    special = non_finite(steps)
    if special is not None:
        return special
    exact = sum(
        (
            Fraction(s) * Fraction(2) ** (e // half_life - t // half_life)
            for s, e in zip(steps, times)
        ),
        Fraction(0),
    )
    return to_double(exact) / exp2((t % half_life) / half_life)


def quantile(values: list, q: float) -> float:
    """Linear between the two neighbours at q (n - 1) (pandas, NumPy 'linear'), exact, rounded once;
    NaN is the greatest value."""
    at = Fraction(q) * (len(values) - 1)
    low = int(at)
    a, b, f = values[low], values[min(low + 1, len(values) - 1)], at - low
    if f == 0 or a == b:
        return float(a)
    special = non_finite([a, b])
    return (
        special if special is not None else to_double(Fraction(a) + (Fraction(b) - Fraction(a)) * f)
    )
