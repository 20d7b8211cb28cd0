# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The beta distribution: what share of successes is believed in after some successes and failures.

1. The distribution function is the regularised incomplete beta function, by its continued fraction (NIST DLMF 8.17.22),
   evaluated by Lentz's method as in Press et al., Numerical Recipes, section 6.4; where it converges slowly, by the
   symmetry I_x(a, b) = 1 - I_{1-x}(b, a) (DLMF 8.17.4).
2. Quantiles are found by halving: 40 steps leave less than 1e-12, whatever the shape.
3. ``always_lower`` is a bound that holds at every time at once, however often one looks: the mixture martingale of
   Robbins (1970) for Bernoulli trials with a uniform mixture, and Ville's inequality; see Howard et al., Time-uniform,
   nonparametric, nonasymptotic confidence sequences (2021), section 3.
"""

from __future__ import annotations

from collections.abc import Callable
from math import exp, lgamma, log, log1p
from typing import Final

_TINY: Final = 1e-300
_CLOSE: Final = 1e-14
_MOST_TERMS: Final = 1000
_HALVINGS: Final = 40


def share_below(x: float, a: float, b: float) -> float:
    """The probability that a beta(``a``, ``b``) variable is at most ``x``; ``a`` and ``b`` are above 0."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    front = exp(a * log(x) + b * log1p(-x) - log_beta(a, b))
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(x, a, b) / a
    return 1 - front * _fraction(1 - x, b, a) / b  # rule 1


def quantile(share: float, a: float, b: float) -> float:
    """Where ``share`` of a beta(``a``, ``b``) distribution lies below."""
    return _halved(lambda x: share_below(x, a, b) < share, 0.0, 1.0)


def always_lower(successes: float, failures: float, alpha: float) -> float:
    """What the success rate is at least, with an error of at most ``alpha`` over all times together (rule 3)."""
    if successes <= 0:
        return 0.0
    total = log_beta(1 + successes, 1 + failures) + log(alpha)

    def is_excluded(rate: float) -> bool:
        return total > successes * log(rate) + (failures * log1p(-rate) if failures else 0.0)

    return _halved(is_excluded, _TINY, min(successes / (successes + failures), 1 - 1e-15))


def log_beta(a: float, b: float) -> float:
    """The logarithm of the beta function."""
    return lgamma(a) + lgamma(b) - lgamma(a + b)


def _halved(is_below: Callable[[float], bool], low: float, high: float) -> float:
    for _ in range(_HALVINGS):  # rule 2
        middle = (low + high) / 2
        low, high = (middle, high) if is_below(middle) else (low, middle)
    return low


def _fraction(x: float, a: float, b: float) -> float:
    """The continued fraction of rule 1, by the modified method of Lentz."""
    c, d = 1.0, 1 / _away(1 - (a + b) * x / (a + 1))
    found = d
    for m in range(1, _MOST_TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        step = 1.0
        for term in (even, odd):
            d = 1 / _away(1 + term * d)
            c = _away(1 + term / c)
            step = c * d
            found *= step
        if abs(step - 1) < _CLOSE:
            break
    return found


def _away(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
