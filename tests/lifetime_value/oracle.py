"""The models of lifetime value with forty digits and more: slow, plain and independent.

Where the literature has a closed form, it is that form, with so many digits that its cancellations
do no harm; at a removable singularity the parameter is moved by 1e-30, which moves the value by as
little. The closed forms do not reach everywhere (mpmath's hypergeometric functions take for ever
with parameters of a million), so the mixtures that have one can also be had as an integral, by
panels of Gauss and Legendre's rule that are halved until they agree. The two are held against each
other in ``test_accuracy.py``.

Every function takes plain numbers and gives an ``mpf``.
"""

from __future__ import annotations

from collections.abc import Callable

import mpmath
from mpmath import exp, gammaprod, hyp2f1, log, log1p, loggamma, mpf

DIGITS = 60
_NUDGE = mpf(10) ** -30
_FEW = mpf(10) ** -14


def _away_from(singular: int, value: mpf) -> mpf:
    """The parameter itself, or as good as that next to a removable singularity."""
    return value + _NUDGE if abs(value - singular) < _NUDGE else value


def _log_beta(a: mpf, b: mpf) -> mpf:
    return loggamma(a) + loggamma(b) - loggamma(a + b)


# --- integrals of positive functions ---------------------------------------------------------


def _rule(count: int) -> list[tuple[mpf, mpf]]:
    """The nodes and weights of Gauss and Legendre between 0 and 1, by Newton's method."""
    found = []
    with mpmath.workdps(60):
        for k in range(count):
            x = mpmath.cos(mpmath.pi * (k + mpf(3) / 4) / (count + mpf(1) / 2))
            for _ in range(8):
                before, value = mpf(1), x
                for j in range(2, count + 1):
                    before, value = value, ((2 * j - 1) * x * value - (j - 1) * before) / j
                slope = count * (x * value - before) / (x * x - 1)
                x -= value / slope
            found.append(((1 + x) / 2, 1 / ((1 - x * x) * slope * slope)))
    return found


_NODES = _rule(16)


def _panel(log_f: Callable[[mpf], mpf], top: mpf, low: mpf, width: mpf) -> mpf:
    return abs(width) * mpmath.fsum(w * exp(log_f(low + width * x) - top) for x, w in _NODES)


def _halved(
    log_f: Callable[[mpf], mpf], top: mpf, low: mpf, width: mpf, whole: mpf, scale: mpf
) -> mpf:
    half = width / 2
    left, right = _panel(log_f, top, low, half), _panel(log_f, top, low + half, half)
    if abs(left + right - whole) <= _FEW * scale:
        return left + right
    return _halved(log_f, top, low, half, left, scale) + _halved(
        log_f, top, low + half, half, right, scale
    )


def _highest(log_f: Callable[[mpf], mpf]) -> tuple[mpf, mpf]:
    """About where a function with one mode is highest, and how far from there it falls by one."""
    step = mpf(1)
    at, here = mpf(0), log_f(mpf(0))
    while step > mpf(10) ** -9:
        moved = False
        for there in (at + step, at - step):
            value = log_f(there)
            if value > here:
                at, here, moved = there, value, True
                break
        step = step * 2 if moved else step / 4
    width = mpf(1)
    while min(log_f(at + width), log_f(at - width)) < here - 1:
        width /= 2
    return at, width


def log_integral(log_f: Callable[[mpf], mpf]) -> mpf:
    """The logarithm of the integral of ``exp(log_f)`` over the whole line, for about one mode."""
    with mpmath.workdps(40):
        mode, width = _highest(log_f)
        top = log_f(mode)
        total = width
        for sign in (1, -1):
            low, step = mode, sign * width
            while True:
                part = _halved(log_f, top, low, step, _panel(log_f, top, low, step), total)
                total += part
                low += step
                if part < _FEW * total and log_f(low) < top - 50:
                    break
                step *= 2
        return top + log(total - width)


def log_integral_from_zero(log_f: Callable[[mpf], mpf], length: mpf) -> mpf:
    """The same from 0 to ``length``, over the logarithm of the odds of being above or below."""

    def on_the_line(s: mpf) -> mpf:
        log_p, log_q = _logs_of_share(s)
        return log_f(length * exp(log_p)) + log_p + log_q

    return log(length) + log_integral(on_the_line)


def _logs_of_share(logit: mpf) -> tuple[mpf, mpf]:
    """The logarithms of p and 1 - p, from the logarithm of p / (1 - p)."""
    if logit > 0:
        less = log1p(exp(-logit))
        return -less, -logit - less
    less = log1p(exp(logit))
    return logit - less, -less


# --- purchases of somebody who does not leave ------------------------------------------------


def negative_binomial(n: int, r: mpf, alpha: mpf, t: mpf) -> mpf:
    """P(N(t) = n) with gamma distributed rates."""
    if t == 0:
        return mpf(n == 0)
    ways = loggamma(r + n) - loggamma(r) - loggamma(mpf(n) + 1)
    return exp(ways + r * log(alpha / (alpha + t)) + n * log(t / (alpha + t)))


def _tail(n: int, r: mpf, alpha: mpf, t: mpf) -> mpf:
    """P(N(t) >= n), as one less the others."""
    term = (alpha / (alpha + t)) ** r
    share, total = t / (alpha + t), mpf(0)
    for k in range(n):
        total += term
        term *= (r + k) / (k + 1) * share
    return 1 - total


# --- BG/NBD and MBG/NBD ----------------------------------------------------------------------


class BgNbd:
    """Fader, Hardie and Lee (2005), "Counting Your Customers" the Easy Way."""

    def __init__(self, r: float, alpha: float, a: float, b: float) -> None:
        self.r, self.alpha, self.a, self.b = map(mpf, (r, alpha, a, b))

    def _likelihoods(self, x: int, t_x: float, age: float) -> tuple[mpf, mpf]:
        """The two terms of equation (6), as logarithms: still there, and left after the last."""
        r, alpha, a, b = self.r, self.alpha, self.a, self.b
        bought = loggamma(r + x) - loggamma(r) + r * log(alpha)
        there = _log_beta(a, b + x) - _log_beta(a, b) - (r + x) * log(alpha + age)
        left = -mpmath.inf
        if x:
            left = _log_beta(a + 1, b + x - 1) - _log_beta(a, b) - (r + x) * log(alpha + t_x)
        return bought + there, bought + left

    def log_likelihood(self, x: int, t_x: float, age: float) -> mpf:
        there, left = self._likelihoods(x, t_x, age)
        return there + log1p(exp(left - there))

    def alive(self, x: int, t_x: float, age: float) -> mpf:
        there, left = self._likelihoods(x, t_x, age)
        return 1 / (1 + exp(left - there))

    def expected_new(self, t: float) -> mpf:
        """Equation (9), without its hypergeometric function: an integral over p."""
        return bg_expected(self.r, self.alpha, self.a, self.b, mpf(t))

    def expected_new_closed(self, t: float) -> mpf:
        """Equation (9)."""
        return bg_expected_closed(self.r, self.alpha, self.a, self.b, mpf(t))

    def expected(self, x: int, t_x: float, age: float, t: float) -> mpf:
        """Equation (10), its integral: the history only changes the parameters."""
        updated = self.r + x, self.alpha + age, self.a, self.b + x
        return self.alive(x, t_x, age) * bg_expected(*updated, mpf(t))

    def expected_closed(self, x: int, t_x: float, age: float, t: float) -> mpf:
        """Equation (10)."""
        with mpmath.workdps(2 * DIGITS):
            a, b = _away_from(1, self.a), self.b
            r, alpha = self.r + x, self.alpha + age
            c = _away_from(0, a + b + x - 1)
            power = (alpha / (alpha + t)) ** r
            inner = 1 - power * hyp2f1(r, b + x, c, mpf(t) / (alpha + t))
            odds = mpf(0)
            if x:
                odds = a / (b + x - 1) * (alpha / (self.alpha + t_x)) ** r
            return c / (a - 1) * inner / (1 + odds)

    def pmf(self, n: int, t: float) -> mpf:
        """Equation (8)."""
        a, b = self.a, self.b
        stayed = exp(_log_beta(a, b + n) - _log_beta(a, b))
        total = stayed * negative_binomial(n, self.r, self.alpha, mpf(t))
        if n:
            left = exp(_log_beta(a + 1, b + n - 1) - _log_beta(a, b))
            total += left * _tail(n, self.r, self.alpha, mpf(t))
        return total

    def residual(self, x: int, t_x: float, age: float, force: float) -> mpf:
        updated = self.r + x, self.alpha + age, self.a, self.b + x
        return self.alive(x, t_x, age) * bg_discounted(*updated, mpf(force))


class MbgNbd(BgNbd):
    """Batislam, Denizel and Filiztekin (2007): one more occasion to leave, the first purchase."""

    def _likelihoods(self, x: int, t_x: float, age: float) -> tuple[mpf, mpf]:
        r, alpha, a, b = self.r, self.alpha, self.a, self.b
        bought = loggamma(r + x) - loggamma(r) + r * log(alpha)
        there = _log_beta(a, b + x + 1) - _log_beta(a, b) - (r + x) * log(alpha + age)
        left = _log_beta(a + 1, b + x) - _log_beta(a, b) - (r + x) * log(alpha + t_x)
        return bought + there, bought + left

    def expected_new(self, t: float) -> mpf:
        stays = self.b / (self.a + self.b)
        return stays * bg_expected(self.r, self.alpha, self.a, self.b + 1, mpf(t))

    def expected_new_closed(self, t: float) -> mpf:
        stays = self.b / (self.a + self.b)
        return stays * bg_expected_closed(self.r, self.alpha, self.a, self.b + 1, mpf(t))

    def expected(self, x: int, t_x: float, age: float, t: float) -> mpf:
        updated = self.r + x, self.alpha + age, self.a, self.b + x + 1
        return self.alive(x, t_x, age) * bg_expected(*updated, mpf(t))

    def expected_closed(self, x: int, t_x: float, age: float, t: float) -> mpf:
        updated = self.r + x, self.alpha + age, self.a, self.b + x + 1
        return self.alive(x, t_x, age) * bg_expected_closed(*updated, mpf(t))

    def pmf(self, n: int, t: float) -> mpf:
        a, b = self.a, self.b
        stayed = exp(_log_beta(a, b + n + 1) - _log_beta(a, b))
        left = exp(_log_beta(a + 1, b + n) - _log_beta(a, b))
        here = negative_binomial(n, self.r, self.alpha, mpf(t))
        return stayed * here + left * _tail(n, self.r, self.alpha, mpf(t))

    def residual(self, x: int, t_x: float, age: float, force: float) -> mpf:
        updated = self.r + x, self.alpha + age, self.a, self.b + x + 1
        return self.alive(x, t_x, age) * bg_discounted(*updated, mpf(force))


def bg_expected(r: mpf, alpha: mpf, a: mpf, b: mpf, t: mpf) -> mpf:
    """The mean of (1 - (alpha / (alpha + p t))^r) / p over a beta distribution of p."""
    if not t:
        return mpf(0)

    def log_f(logit: mpf) -> mpf:
        log_p, log_q = _logs_of_share(logit)
        bought = -mpmath.expm1(-r * log1p(exp(log_p) * t / alpha))
        return (a - 1) * log_p + b * log_q + log(bought)

    return exp(log_integral(log_f) - _log_beta(a, b))


def bg_expected_closed(r: mpf, alpha: mpf, a: mpf, b: mpf, t: mpf) -> mpf:
    """Its hypergeometric form."""
    with mpmath.workdps(2 * DIGITS):
        a = _away_from(1, a)
        c = _away_from(0, a + b - 1)
        power = (alpha / (alpha + t)) ** r
        return c / (a - 1) * (1 - power * hyp2f1(r, b, c, t / (alpha + t)))


def bg_discounted(r: mpf, alpha: mpf, a: mpf, b: mpf, force: mpf) -> mpf:
    """The mean of rate / (force + p rate) over both distributions, the one over rates closed."""

    def log_f(logit: mpf) -> mpf:
        log_p, log_q = _logs_of_share(logit)
        z = force * alpha * exp(-log_p)
        return (a - 1) * log_p + b * log_q + log(r * scaled_exponential_integral(r + 1, z))

    return exp(log_integral(log_f) - _log_beta(a, b))


def bg_discounted_closed(r: mpf, alpha: mpf, a: mpf, b: mpf, force: mpf) -> mpf:
    """The same mean, the one over p closed."""

    def log_f(log_rate: mpf) -> mpf:
        rate = exp(log_rate)
        return (r + 1) * log_rate - alpha * rate + log(hyp2f1(1, a, a + b, -rate / force))

    return exp(log_integral(log_f) + r * log(alpha) - loggamma(r)) / force


def scaled_exponential_integral(n: mpf, z: mpf) -> mpf:
    """exp(z) E_n(z), the function of Tricomi U(1, 2 - n, z)."""
    if z < 2 and n < 60:
        return exp(z) * mpmath.expint(n, z)
    # DLMF 8.19.17, from the far end; its error falls with exp(-4 sqrt(k z)), or faster for large n.
    value = mpf(0)
    for k in range(int(200 / z) + 20 if z > 2 else 100, 0, -1):
        value = k * (n - 1 + k) / (z + n + 2 * k - value)
    return 1 / (z + n - value)


# --- Pareto/NBD ------------------------------------------------------------------------------


class ParetoNbd:
    """Schmittlein, Morrison and Colombo (1987), in the forms of Fader and Hardie (2005)."""

    def __init__(self, r: float, alpha: float, s: float, beta: float) -> None:
        self.r, self.alpha, self.s, self.beta = map(mpf, (r, alpha, s, beta))

    def _log_there(self, x: int, age: mpf) -> mpf:
        r, alpha, s, beta = self.r, self.alpha, self.s, self.beta
        bought = loggamma(r + x) - loggamma(r) + r * log(alpha) - (r + x) * log(alpha + age)
        return bought + s * log(beta / (beta + age))

    def _odds_of_having_left(self, x: int, t_x: float, age: float) -> mpf:
        """The integral over the moment of leaving."""
        r, s = self.r + x, self.s
        silence = mpf(age) - mpf(t_x)
        if not silence:
            return mpf(0)
        a, b = self.alpha + age, self.beta + age

        def log_f(ago: mpf) -> mpf:
            return -r * log1p(-ago / a) - (s + 1) * log1p(-ago / b)

        return s / b * exp(log_integral_from_zero(log_f, silence))

    def _odds_closed(self, x: int, t_x: float, age: float) -> mpf:
        """Their equation (7) and its mirror image, over the term of being there."""
        with mpmath.workdps(3 * DIGITS):
            r, alpha, s, beta = self.r, self.alpha, self.s, self.beta
            total = r + s + x
            if alpha >= beta:
                scale, second, apart = alpha, s + 1, alpha - beta
            else:
                scale, second, apart = beta, r + x, beta - alpha
            values = [
                hyp2f1(total, second, total + 1, apart / (scale + t)) * (scale + t) ** -total
                for t in (mpf(t_x), mpf(age))
            ]
            there = (alpha + age) ** -(r + x) * (beta + age) ** -s
            return s / total * (values[0] - values[1]) / there

    def _ever_buys(self, age: mpf) -> mpf:
        """The integral over the moment of the first repeat purchase."""
        r, alpha, s, beta = self.r, self.alpha, self.s, self.beta

        def log_f(t: mpf) -> mpf:
            return -(r + 1) * log1p(t / alpha) - s * log1p(t / beta)

        return r / alpha * exp(log_integral_from_zero(log_f, age)) if age else mpf(0)

    def log_likelihood(self, x: int, t_x: float, age: float) -> mpf:
        if not x and (ever := self._ever_buys(mpf(age))) < 0.5:
            return log1p(-ever)
        odds = self._odds_of_having_left(x, t_x, age)
        return self._log_there(x, mpf(age)) + log1p(odds)

    def log_likelihood_closed(self, x: int, t_x: float, age: float) -> mpf:
        return self._log_there(x, mpf(age)) + log1p(self._odds_closed(x, t_x, age))

    def alive(self, x: int, t_x: float, age: float) -> mpf:
        return 1 / (1 + self._odds_of_having_left(x, t_x, age))

    def alive_closed(self, x: int, t_x: float, age: float) -> mpf:
        return 1 / (1 + self._odds_closed(x, t_x, age))

    def expected_new(self, t: float) -> mpf:
        """Equation (17)."""
        return pareto_expected(self.r, self.alpha, self.s, self.beta, mpf(t))

    def expected(self, x: int, t_x: float, age: float, t: float) -> mpf:
        updated = self.r + x, self.alpha + age, self.s, self.beta + age
        return self.alive(x, t_x, age) * pareto_expected(*updated, mpf(t))

    def pmf(self, n: int, t: float) -> mpf:
        """There at the end, or left at some moment before it."""
        r, alpha, s, beta = self.r, self.alpha, self.s, self.beta
        there = negative_binomial(n, r, alpha, mpf(t)) * (beta / (beta + t)) ** s
        if not t:
            return there
        ways = loggamma(r + n) - loggamma(r) - loggamma(mpf(n) + 1) + r * log(alpha)

        def log_f(age: mpf) -> mpf:
            bought = n * log(age) if n else mpf(0)
            return bought - (r + n) * log(alpha + age) - (s + 1) * log1p(age / beta)

        return there + s / beta * exp(ways + log_integral_from_zero(log_f, mpf(t)))

    def residual(self, x: int, t_x: float, age: float, force: float) -> mpf:
        """Fader, Hardie and Lee (2005), RFM and CLV, (4), by the exponential integral."""
        r, alpha, beta = self.r + x, self.alpha + age, self.beta + age
        stay = beta * scaled_exponential_integral(self.s, force * beta)
        return self.alive(x, t_x, age) * r / alpha * stay


def pareto_expected(r: mpf, alpha: mpf, s: mpf, beta: mpf, t: mpf) -> mpf:
    s = _away_from(1, s)
    return r * beta / (alpha * (s - 1)) * (1 - (beta / (beta + t)) ** (s - 1))


# --- BG/BB -----------------------------------------------------------------------------------


class BgBb:
    """Fader, Hardie and Shang (2010), term by term."""

    def __init__(self, alpha: float, beta: float, gamma: float, delta: float) -> None:
        self.alpha, self.beta, self.gamma, self.delta = map(mpf, (alpha, beta, gamma, delta))

    def _bought(self, x: int, n: int) -> mpf:
        return exp(_log_beta(self.alpha + x, self.beta + n - x) - _log_beta(self.alpha, self.beta))

    def _stayed(self, n: int) -> mpf:
        return exp(_log_beta(self.gamma, self.delta + n) - _log_beta(self.gamma, self.delta))

    def _left(self, n: int) -> mpf:
        return exp(_log_beta(self.gamma + 1, self.delta + n) - _log_beta(self.gamma, self.delta))

    def likelihood(self, x: int, t_x: int, n: int) -> mpf:
        """Equation (5), each term from the one before."""
        total = self._bought(x, n) * self._stayed(n)
        term = self._bought(x, t_x) * self._left(t_x)
        for k in range(t_x, n):
            total += term
            term *= (self.beta + k - x) / (self.alpha + self.beta + k)
            term *= (self.delta + k) / (self.gamma + 1 + self.delta + k)
        return total

    def log_likelihood(self, x: int, t_x: int, n: int) -> mpf:
        return log(self.likelihood(x, t_x, n))

    def alive(self, x: int, t_x: int, n: int) -> mpf:
        """Equation (11) at the next opportunity."""
        return self._bought(x, n) * self._stayed(n + 1) / self.likelihood(x, t_x, n)

    def _lasts(self, start: int, count: int) -> mpf:
        """The sum of the probabilities of meeting the ``count`` opportunities after ``start``."""
        gamma, delta = _away_from(1, self.gamma), self.delta
        with mpmath.workdps(2 * DIGITS):
            first, last = (
                gammaprod([1 + delta + k, gamma + delta], [gamma + delta + k, 1 + delta])
                for k in (start, start + count)
            )
            return delta / (gamma - 1) * (first - last)

    def expected_new(self, t: int) -> mpf:
        """Equation (9)."""
        return self.alpha / (self.alpha + self.beta) * self._lasts(0, t)

    def expected(self, x: int, t_x: int, n: int, t: int) -> mpf:
        """Equation (13)."""
        return self._bought(x + 1, n + 1) * self._lasts(n, t) / self.likelihood(x, t_x, n)

    def pmf(self, x: int, n: int) -> mpf:
        """Equation (8)."""
        if x > n:
            return mpf(0)
        total = mpmath.binomial(n, x) * self._bought(x, n) * self._stayed(n)
        for k in range(x, n):
            total += mpmath.binomial(k, x) * self._bought(x, k) * self._left(k)
        return total

    def residual(self, x: int, t_x: int, n: int, force: float) -> mpf:
        """Equation (14), with a hypergeometric function."""
        ahead, discount = self.delta + n + 1, exp(-mpf(force))
        series = hyp2f1(1, ahead, self.gamma + ahead, discount)
        buys = self._bought(x + 1, n + 1) * self._stayed(n + 1)
        return buys * discount * series / self.likelihood(x, t_x, n)


# --- spend, and renewals ---------------------------------------------------------------------


class GammaGamma:
    """Fader and Hardie (2013), The Gamma-Gamma Model of Monetary Value."""

    def __init__(self, p: float, q: float, v: float) -> None:
        self.p, self.q, self.v = map(mpf, (p, q, v))

    def log_likelihood(self, x: int, mean: float) -> mpf:
        """Equation (1a)."""
        p, q, v, z = self.p, self.q, self.v, mpf(mean)
        ways = loggamma(p * x + q) - loggamma(p * x) - loggamma(q)
        return (
            ways + q * log(v) + (p * x - 1) * log(z) + p * x * log(x) - (p * x + q) * log(x * z + v)
        )

    def expected(self, x: int, mean: float) -> mpf:
        """Equation (5)."""
        return self.p * (self.v + x * mpf(mean)) / (self.p * x + self.q - 1)


class ShiftedBetaGeometric:
    """Fader and Hardie (2007), How to Project Customer Retention."""

    def __init__(self, alpha: float, beta: float) -> None:
        self.alpha, self.beta = mpf(alpha), mpf(beta)

    def survival(self, t: int) -> mpf:
        """Equation (6)."""
        return exp(_log_beta(self.alpha, self.beta + t) - _log_beta(self.alpha, self.beta))

    def retention(self, t: int) -> mpf:
        """Equation (8)."""
        return (self.beta + t - 1) / (self.alpha + self.beta + t - 1)

    def churn(self, t: int) -> mpf:
        """Equation (5)."""
        return exp(_log_beta(self.alpha + 1, self.beta + t - 1) - _log_beta(self.alpha, self.beta))

    def residual_lifetime(self, renewals: int) -> mpf:
        """The sum of all later survival, for an alpha above one."""
        return (self.beta + renewals) / (self.alpha - 1)

    def discounted_residual(self, renewals: int, force: float) -> mpf:
        """Fader and Hardie (2010), Customer-Base Valuation in a Contractual Setting, (6)."""
        ahead = self.beta + renewals
        series = hyp2f1(1, ahead + 1, self.alpha + ahead + 1, exp(-mpf(force)))
        return ahead / (self.alpha + ahead) * series
