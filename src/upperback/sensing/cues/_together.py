"""Do exposure and pain of the same person move together from day to day? Asked after weeks, answered with care."""

from typing import Literal

import numpy as np
import numpy.typing as npt

from upperback.core.errors import InputError
from upperback.sensing.cues.base import F64, LagFigures, Together, TogetherFigures, TogetherParams


def move_together(
    days: npt.NDArray[np.int64],
    exposure: F64,
    pain: F64,
    *,
    rng: np.random.Generator,
    params: TogetherParams,
    name: str = "time bent forward",
) -> TogetherFigures:
    """Rank correlation of daily exposure with the pain of that day and of the next, with bootstrap intervals.

    A straight line over time is taken off both first: two things that both get better over the weeks are not together
    for that alone. Blocks of days are drawn, not days, because neighbouring days are alike.

    Parameters
    ----------
    days : (n,) day numbers, rising; days may be missing
    exposure, pain : (n,) NaN where a day has none
    rng : for the bootstrap; the same seed gives the same answer
    params : tuning
    name : of the exposure, as the sentence says it

    Raises
    ------
    InputError : arrays of different lengths, or days that do not rise.
    """
    if not len(days) == len(exposure) == len(pain):
        raise InputError("days, exposure and pain hold different numbers of days", key="days")
    if np.any(np.diff(days) <= 0):
        raise InputError("days have to rise", key="days")
    lags = []
    wanted: tuple[Literal[0, 1], ...] = (0, 1)
    for lag in wanted:
        x, y, at = _pairs(days, exposure, pain, lag)
        if len(at) >= params.days_min:
            correlation, low, high = _correlation(_straight(at, x), _straight(at, y), rng, params)
            lags.append(LagFigures(lag_days=lag, days=len(at), correlation=correlation, low=low, high=high))
    answer = _answer(lags, params)
    return TogetherFigures(answer=answer, lags=tuple(lags), sentence=_sentence(answer, lags, name, params))


def _pairs(days: npt.NDArray[np.int64], exposure: F64, pain: F64, lag: int) -> tuple[F64, F64, F64]:
    """Exposure of a day, pain `lag` days later, and the day; only where both are known."""
    later = np.searchsorted(days, days + lag)
    there = (later < len(days)) & (days[np.minimum(later, len(days) - 1)] == days + lag) if len(days) else later > 0
    x, y, at = exposure[there], pain[later[there]], days[there].astype(np.float64)
    both = np.isfinite(x) & np.isfinite(y)
    return x[both], y[both], at[both]


def _straight(at: F64, values: F64) -> F64:
    """What is left of the values when their straight line over time is taken off."""
    t = at - at.mean()
    return np.asarray(values - values.mean() - t * (t @ values) / (t @ t))


def _correlation(x: F64, y: F64, rng: np.random.Generator, params: TogetherParams) -> tuple[float, float, float]:
    """Spearman's rank correlation with an interval from a circular block bootstrap, widened on Fisher's scale.

    Returns
    -------
    correlation, low, high; all 0, -1, 1 where a number never changes
    """
    seen = float(_spearman(x[None], y[None])[0])
    if not np.isfinite(seen):
        return 0.0, -1.0, 1.0
    n, block = len(x), min(params.block_days, len(x))
    starts = rng.integers(0, n, size=(params.draws, -(-n // block)))
    index = ((starts[:, :, None] + np.arange(block)) % n).reshape(params.draws, -1)[:, :n]
    drawn = _spearman(x[index], y[index])
    spread = float(np.nanstd(np.arctanh(np.clip(drawn, -0.999, 0.999))))
    from scipy import stats  # a second: not for whoever only wears a sensor

    half = float(stats.t.ppf(0.5 + params.confidence / 2, max(n // block - 1, 1))) * spread
    middle = np.arctanh(np.clip(seen, -0.999, 0.999))
    return seen, float(np.tanh(middle - half)), float(np.tanh(middle + half))


def _spearman(x: F64, y: F64) -> F64:
    """Of each row; NaN where a row never changes."""
    from scipy import stats

    rx, ry = (stats.rankdata(values, axis=1) for values in (x, y))
    rx, ry = rx - rx.mean(axis=1, keepdims=True), ry - ry.mean(axis=1, keepdims=True)
    size = np.sqrt((rx * rx).sum(axis=1) * (ry * ry).sum(axis=1))
    return np.asarray(np.divide((rx * ry).sum(axis=1), size, out=np.full(len(x), np.nan), where=size > 0))


def _answer(lags: list[LagFigures], params: TogetherParams) -> Together:
    if any(figures.low > 0 or figures.high < 0 for figures in lags):
        return Together.TOGETHER
    if lags and all(-params.small < figures.low and figures.high < params.small for figures in lags):
        return Together.NOT_TOGETHER
    return Together.CANNOT_TELL_YET


def _sentence(answer: Together, lags: list[LagFigures], name: str, params: TogetherParams) -> str:
    """One plain sentence. It says what was seen and never why."""
    if answer is Together.TOGETHER:
        sure = [figures for figures in lags if figures.low > 0 or figures.high < 0]
        best = max(sure, key=lambda figures: abs(figures.correlation))
        when = "On days with" if best.lag_days == 0 else "On the day after"
        how = "higher" if best.correlation > 0 else "lower"
        return f"{when} more {name}, your pain was often {how}; this does not show that one causes the other."
    if answer is Together.NOT_TOGETHER:
        return f"In {lags[0].days} days, your pain and your {name} did not go up and down together."
    if not lags:
        return f"It takes at least {params.days_min} days with both numbers to tell; there are not enough yet."
    return f"After {lags[0].days} days it cannot be told yet if your pain and your {name} go up and down together."
