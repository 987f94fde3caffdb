"""Published figures of the models of repeat purchases, of spend and of contracts.

The sample is that of CDNOW, one customer in ten, with purchases to 30 September 1997, in weeks of
seven days: 2,357 customers, of whom 946 came back.
"""

from typing import Any

from crmkit.testing.vectors.vector import Vector

__all__ = [
    "BG_BB",
    "BG_NBD",
    "GAMMA_GAMMA",
    "MBG_NBD",
    "PARETO_NBD",
    "SHIFTED_BETA_GEOMETRIC",
]

_EXACT = 1e-9
_CDNOW = {"sample": "cdnow", "until": "1997-09-30", "unit": "week"}

_FHL = "Fader, Hardie and Lee (2005), Counting your customers the easy way"
_BG_NBD = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}


def _bg_nbd(name: str, asks: str, expected: float, **inputs: Any) -> Vector:
    return Vector(
        name=name,
        asks=asks,
        source=_FHL,
        inputs={**_BG_NBD, **inputs},
        expected=expected,
        relative=_EXACT,
    )


BG_NBD = (
    _bg_nbd("new customer, a week", "expected_purchases_new", 0.0532678912, duration=1),
    _bg_nbd("new customer, 39 weeks", "expected_purchases_new", 1.196723193, duration=39),
    _bg_nbd(
        "two repeats, 39 weeks", "expected_purchases", 1.226028175, history=(2, 30.43, 38.86),
        duration=39,
    ),
    _bg_nbd("bought a moment ago", "probability_alive", 0.9685554542, history=(23, 39, 39)),
    _bg_nbd("never came back", "probability_alive", 1.0, history=(0, 0, 38.86)),
    _bg_nbd("no repeat in 39 weeks", "pmf", 0.5737863521, purchases=0, duration=39),
    Vector(
        name="fit to CDNOW",
        asks="fit",
        source=_FHL,
        inputs=_CDNOW,
        expected=(0.2426, 4.4136, 0.7930, 2.4260),
        absolute=1.5e-4,
    ),
    Vector(
        name="log-likelihood of the fit to CDNOW",
        asks="log_likelihood",
        source=_FHL,
        inputs=_CDNOW,
        expected=-9582.429,
        absolute=1e-3,
    ),
)  # fmt: skip
"""BG/NBD. A history is repeat purchases, age at the last one, and age of the customer."""

MBG_NBD = (
    Vector(
        name="fit to CDNOW",
        asks="fit",
        source="published fit of the model of Batislam, Denizel and Filiztekin (2007)",
        inputs=_CDNOW,
        expected=(0.525, 6.183, 0.891, 1.614),
        absolute=5e-4,
    ),
)
"""MBG/NBD."""

_RATE = {"r": 0.5629966, "alpha": 12.5590370, "s": 0.4081095, "beta": 10.5148048}
_VIGNETTE = {"r": 0.5533971, "alpha": 10.5801985, "s": 0.6060625, "beta": 11.6562237}
_BTYD = "vignette and manual of the R package BTYD"

PARETO_NBD = (
    Vector(
        name="discounted residual transactions, continuously at .0027 a week",
        asks="residual_transactions",
        source="Fader, Hardie and Lee (2005), RFM and CLV",
        inputs={**_RATE, "history": (7, 35, 77.86), "rate": "0.0027"},
        expected=1.864183328,
        relative=_EXACT,
    ),
    Vector(
        name="new customer, 52 weeks",
        asks="expected_purchases_new",
        source=_BTYD,
        inputs={**_VIGNETTE, "duration": 52},
        expected=1.473,
        absolute=5e-4,
    ),
    Vector(
        name="26 repeats, 52 weeks",
        asks="expected_purchases",
        source=_BTYD,
        inputs={**_VIGNETTE, "history": (26, 30.86, 31), "duration": 52},
        expected=25.46,
        absolute=5e-3,
    ),
    Vector(
        name="26 repeats, the last just now",
        asks="probability_alive",
        source=_BTYD,
        inputs={**_VIGNETTE, "history": (26, 30.86, 31)},
        expected=0.998,
        absolute=5e-4,
    ),
    Vector(
        name="never came back in 39 weeks",
        asks="probability_alive",
        source=_BTYD,
        inputs={**_VIGNETTE, "history": (0, 0, 39)},
        expected=0.2941633,
        absolute=5e-8,
    ),
    Vector(
        name="fit to CDNOW",
        asks="fit",
        source=_FHL,
        inputs=_CDNOW,
        expected=(0.553, 10.578, 0.606, 11.668),
        absolute=2e-2,
    ),
    Vector(
        name="log-likelihood of the fit to CDNOW",
        asks="log_likelihood",
        source=_FHL,
        inputs=_CDNOW,
        expected=-9594.976,
        absolute=1e-3,
    ),
)
"""Pareto/NBD."""

_FH = "Fader and Hardie (2013), The Gamma-Gamma model of monetary value"
_SPEND = {"p": 6.25, "q": 3.74, "v": 15.44}

GAMMA_GAMMA = (
    Vector(
        name="mean of all customers",
        asks="population_mean",
        source=_FH,
        inputs=_SPEND,
        expected=35.2189781,
        relative=_EXACT,
    ),
    Vector(
        name="two repeats of 22.35 on average",
        asks="expected_mean_spend",
        source=_FH,
        inputs={**_SPEND, "repeats": 2, "mean": 22.35},
        expected=24.663714,
        absolute=5e-7,
    ),
    Vector(
        name="fit to the repeat customers of CDNOW",
        asks="fit",
        source=_FH,
        inputs=_CDNOW,
        expected=(6.25, 3.74, 15.45),
        absolute=1e-2,
    ),
    Vector(
        name="log-likelihood of the fit to CDNOW",
        asks="log_likelihood",
        source=_FH,
        inputs=_CDNOW,
        expected=-4055.92,
        absolute=5e-3,
    ),
    Vector(
        name="correlation of spend and frequency in CDNOW",
        asks="correlation",
        source=_FH,
        inputs=_CDNOW,
        expected=0.1139,
        absolute=5e-5,
    ),
)
"""Gamma-Gamma."""

_FHS = "Fader, Hardie and Shang (2010)"
_BG_BB = {"alpha": 1.20, "beta": 0.75, "gamma": 0.66, "delta": 2.78}

BG_BB = (
    Vector(
        name="new customer, ten opportunities",
        asks="expected_purchases_new",
        source=_FHS,
        inputs={**_BG_BB, "duration": 10},
        expected=3.16499022,
        relative=_EXACT,
    ),
    Vector(
        name="three of six taken, the fourth the last",
        asks="probability_alive",
        source=_FHS,
        inputs={**_BG_BB, "history": (3, 4, 6)},
        expected=0.4383438546,
        relative=_EXACT,
    ),
)
"""BG/BB. A history is opportunities taken, the last of them, and all there were."""

_SURVIVORS = (1000, 869, 743, 653, 593, 551, 517, 491)
_RENEWALS = "Fader and Hardie (2007), How to project customer retention"

SHIFTED_BETA_GEOMETRIC = (
    Vector(
        name="fit to seven years of high-end customers",
        asks="fit",
        source=_RENEWALS,
        inputs={"survivors": _SURVIVORS},
        expected=(0.668088, 3.806095),
        absolute=1e-6,
    ),
    Vector(
        name="log-likelihood of that fit",
        asks="log_likelihood",
        source=_RENEWALS,
        inputs={"survivors": _SURVIVORS},
        expected=-1611.158,
        absolute=1e-3,
    ),
    Vector(
        name="fit to seven years of regular customers",
        asks="fit",
        source=_RENEWALS,
        inputs={"survivors": (1000, 631, 468, 382, 326, 289, 262, 241)},
        expected=(0.704, 1.182),
        absolute=5e-4,
    ),
)
"""Shifted beta-geometric: who is left of a thousand subscribers after each year."""
