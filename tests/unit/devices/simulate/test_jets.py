"""Smooth functions of time and their derivatives."""

import numpy as np
import pytest

from upperback.devices.simulate.jets import STENCIL_S, Envelope, Jet, SmoothNoise, dice, minimum_jerk, minimum_jerk_jet


def derivatives_fit(jet: Jet, t: np.ndarray[tuple[int], np.dtype[np.float64]]) -> None:
    step = t[1] - t[0]
    inner = slice(2, -2)
    assert np.gradient(jet.x, step)[inner] == pytest.approx(jet.d[inner], abs=2e-3 * np.abs(jet.d).max())
    assert np.gradient(jet.d, step)[inner] == pytest.approx(jet.dd[inner], abs=2e-2 * np.abs(jet.dd).max())


def test_noise_is_smooth_and_of_size_one() -> None:
    t = np.arange(0, 400, 0.002)
    jet = SmoothNoise(1, "a", knot_s=0.5).jet(t)
    derivatives_fit(jet, t)
    assert jet.x.std() == pytest.approx(1, rel=0.06)
    assert abs(jet.x.mean()) < 0.1


def test_noise_does_not_depend_on_how_it_is_asked() -> None:
    t = np.sort(dice(2, "t").uniform(-50, 3000, 5000))
    whole = SmoothNoise(1, "a", knot_s=0.3).jet(t).x
    again = SmoothNoise(1, "a", knot_s=0.3)
    backwards = [again.jet(part).x for part in np.array_split(t, 7)[::-1]]
    assert np.array_equal(whole, np.concatenate(backwards[::-1]))
    assert not np.array_equal(whole, SmoothNoise(1, "b", knot_s=0.3).jet(t).x)
    assert not np.array_equal(whole, SmoothNoise(2, "a", knot_s=0.3).jet(t).x)


def test_an_envelope_goes_from_level_to_level() -> None:
    envelope = Envelope(1.0)
    envelope.go(3.0, at_s=10, ramp_s=2)
    envelope.go(0.0, at_s=11, ramp_s=1)  # waits for the first ramp
    t = np.arange(0, 20, 0.001)
    jet = envelope.jet(t)
    derivatives_fit(jet, t)
    assert jet.x[[0, 10_000, 12_000, 13_001, 19_999]] == pytest.approx([1, 1, 3, 0, 0], abs=1e-6)
    assert envelope.always(1.0, 0, 9.9)
    assert not envelope.always(1.0, 0, 11)
    assert not envelope.always(0.0, 12.5, 14)
    assert envelope.always(0.0, 13, 1e6)


def test_least_jerk_starts_and_stops_at_rest() -> None:
    t = np.arange(-1, 5, 0.001)
    jet = minimum_jerk_jet(t / 4, np.full_like(t, 4.0))
    derivatives_fit(jet, t)
    assert np.array_equal(jet.x, minimum_jerk(t / 4))
    assert jet.d[[0, -1]] == pytest.approx(0)
    assert jet.d.max() == pytest.approx(1.875 / 4)


def test_products_by_leibniz() -> None:
    t = np.arange(0, 10, 0.001)
    one, other = (SmoothNoise(3, name, knot_s=1.0).jet(t) for name in "ab")
    derivatives_fit(one.times(other), t)
    derivatives_fit(one.plus(other.scaled(2.5)), t)


def test_a_stencil_is_the_function_around_the_moment() -> None:
    t = np.arange(1, 2, 0.01)
    noise = SmoothNoise(1, "a", knot_s=0.2)
    before, at, after = noise.jet(t).stencil()
    assert np.array_equal(at, noise.jet(t).x)
    assert before == pytest.approx(noise.jet(t - STENCIL_S).x, abs=1e-7)
    assert after == pytest.approx(noise.jet(t + STENCIL_S).x, abs=1e-7)
