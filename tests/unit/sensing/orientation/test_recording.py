"""Whole recordings, and streams with hindsight: the same answer, however they are cut and worked on."""

import numpy as np
import pytest

from tests.unit.sensing.orientation.motion import PROMPT, error_deg, movement
from upperback.core.errors import InputError
from upperback.sensing.compiled import available
from upperback.sensing.orientation import (
    Hindsight,
    HindsightState,
    LongHindsight,
    Orientation,
    OrientationParams,
    TiltParams,
    track_vertical,
)
from upperback.sensing.signal import QualityFlag, Signal3, SignalShapeError
from upperback.sensing.state import from_bytes, to_bytes

RATE_HZ = 50.0

#: Small windows and short warm-ups, so that a test needs no hours.
SMALL = OrientationParams(keep_s=4.0, look_s=4.0)


def test_live_and_in_one_go_are_the_same() -> None:
    moves = movement(2000, RATE_HZ)
    up = track_vertical(moves.acc, moves.gyr, RATE_HZ)
    live = Orientation(1, RATE_HZ).update(moves.acc[:, :, None].copy(), moves.gyr[:, :, None].copy())
    np.testing.assert_array_equal(up, live[:, :, 0])


def test_hindsight_is_nearer_to_the_truth() -> None:
    moves = movement(9000, RATE_HZ, sway_m=0.15, bias_dps=(0.6, -0.5, 0.3), seed=7)
    live = error_deg(track_vertical(moves.acc, moves.gyr, RATE_HZ, params=PROMPT), moves.up)
    after = error_deg(track_vertical(moves.acc, moves.gyr, RATE_HZ, params=PROMPT, causal=False), moves.up)
    assert np.sqrt((after**2).mean()) < 0.6 * np.sqrt((live**2).mean())
    assert after.max() < live.max()
    assert after[3000:].max() < 0.5


def test_without_gyroscope_hindsight_takes_the_delay_away() -> None:
    moves = movement(3000, RATE_HZ, turn_deg=20, sway_m=0.0)
    live = error_deg(track_vertical(moves.acc, None, RATE_HZ), moves.up)
    after = error_deg(track_vertical(moves.acc, None, RATE_HZ, causal=False), moves.up)
    assert after[100:-100].max() < 0.3
    assert live[100:-100].max() > 3 * after[100:-100].max()


@pytest.mark.parametrize("has_gyroscope", [True, False])
@pytest.mark.parametrize("cuts", [[], [1], [700, 701], list(range(0, 2900, 97))])
def test_a_stream_with_hindsight_may_be_cut_anywhere(has_gyroscope: bool, cuts: list[int]) -> None:
    moves = movement(2950, RATE_HZ, seed=5)
    gyr = moves.gyr if has_gyroscope else None
    quality = np.zeros(2950, np.uint8)
    quality[900:1000] = quality[1500:1512] = QualityFlag.GAP
    params = SMALL if has_gyroscope else None
    whole = track_vertical(moves.acc, gyr, RATE_HZ, quality, params, causal=False)
    stream = Hindsight(RATE_HZ, has_gyroscope=has_gyroscope, params=params)
    found = []
    for start, end in zip([0, *cuts], [*cuts, 2950], strict=True):
        part = slice(start, end)
        found.append(stream.update(moves.acc[part], None if gyr is None else gyr[part], quality[part]))
        assert len(stream.state.acc) <= (60 + 30) * RATE_HZ, "memory is bound"
    found.append(stream.finish())
    np.testing.assert_array_equal(np.concatenate(found), whole)
    assert np.isnan(whole[900:1000]).all()


def test_a_stream_with_hindsight_goes_on_elsewhere() -> None:
    moves = movement(2000, RATE_HZ)
    whole = track_vertical(moves.acc, moves.gyr, RATE_HZ, params=SMALL, causal=False)
    first = Hindsight(RATE_HZ, has_gyroscope=True, params=SMALL)
    found = [first.update(moves.acc[:1234], moves.gyr[:1234])]
    state = from_bytes(HindsightState, to_bytes(first.state))
    second = Hindsight(RATE_HZ, has_gyroscope=True, params=SMALL, state=state)
    found += [second.update(moves.acc[1234:], moves.gyr[1234:]), second.finish()]
    np.testing.assert_array_equal(np.concatenate(found), whole)
    with pytest.raises(InputError, match="another rate or another sensor"):
        Hindsight(RATE_HZ, has_gyroscope=False, state=state)


@pytest.mark.parametrize("has_gyroscope", [True, False])
@pytest.mark.parametrize("n_samples", [400_000, 1_700_000])
def test_a_long_stream_in_lanes_agrees_with_one_pass_however_it_is_cut(has_gyroscope: bool, n_samples: int) -> None:
    if not available():
        pytest.skip("no compiled kernel here")
    moves = movement(60_000, RATE_HZ, seed=11)
    acc = np.resize(np.concatenate([moves.acc, moves.acc[::-1]]), (n_samples, 3))
    bias = np.deg2rad(np.array([0.3, 0.2, -0.4], np.float32))
    gyr = np.resize(np.concatenate([moves.gyr, -moves.gyr[::-1]]), (n_samples, 3)) + bias if has_gyroscope else None
    quality = np.zeros(n_samples, np.uint8)
    quality[100_000:100_040] = quality[:7] = quality[959_990:960_010] = QualityFlag.GAP

    def track(stream: Hindsight | LongHindsight, every: int) -> Signal3:
        found = []
        for start in range(0, n_samples, every):
            part = slice(start, start + every)
            found.append(stream.update(acc[part], None if gyr is None else gyr[part], quality[part]))
        return np.concatenate([*found, stream.finish()])

    one_pass = track(Hindsight(RATE_HZ, has_gyroscope=has_gyroscope), 90_000)
    lanes = track(LongHindsight(RATE_HZ, has_gyroscope=has_gyroscope), 90_000)
    np.testing.assert_array_equal(track(LongHindsight(RATE_HZ, has_gyroscope=has_gyroscope), 77_777), lanes)
    np.testing.assert_array_equal(np.isnan(lanes), np.isnan(one_pass))
    used = ~np.isnan(lanes[:, 0])
    assert error_deg(lanes[used], one_pass[used]).max() < 0.05
    if has_gyroscope:
        in_one_pass = n_samples < 640_000
        assert np.array_equal(lanes, one_pass, equal_nan=True) == in_one_pass, "control: long ones take lanes"
    with pytest.raises(InputError, match="from first to last"):
        LongHindsight(RATE_HZ, has_gyroscope=not has_gyroscope).update(acc[:10], None if gyr is None else gyr[:10])


def test_lanes_out_of_pieces_are_those_out_of_the_whole() -> None:
    """Rows that stand in two pieces or three, in none, and at both ends; in the kernel and in its plain twin."""
    from upperback.sensing.orientation._compiled import Pieces, Span, Tiles
    from upperback.sensing.orientation._reference import ReferenceTiles

    rows = np.arange(3 * 500, dtype=np.float32).reshape(-1, 3)
    pieces = Pieces(rows[:30], rows[30:230])
    for part in (slice(230, 231), slice(231, 231), slice(231, 239), slice(239, 500)):
        pieces.add(rows[part])
    pieces.drop(40)
    whole = Pieces(rows[40:])
    assert len(pieces) == len(whole) == 460
    first = np.array([0, 5, 100, 181, 183, 188, 190, 196, 198, 400, 420, 455, 459, 470, 0, 0])
    start, end = np.zeros(16, np.int64), np.minimum(40, np.maximum(460 - first, 0))
    start[3], end[14:] = 7, 0
    tiles = []
    for make in (Tiles, ReferenceTiles) if available() else (ReferenceTiles,):
        for signal in (pieces, whole):
            tiles.append(np.full((40, 3, 16), -1, np.float32))
            make().pack(signal, Span(first, start, end), tiles[-1])
    for tile in tiles[1:]:
        np.testing.assert_array_equal(tile, tiles[0])
    assert tiles[0][39, :, 3].tolist() == rows[40 + 181 + 39].tolist()


def test_a_long_stream_of_many_samples_a_second_is_answered_as_it_comes() -> None:
    moves = movement(50_000, 200.0, seed=12)
    one_pass = Hindsight(200.0, has_gyroscope=True)
    long = LongHindsight(200.0, has_gyroscope=True)
    found = long.update(moves.acc, moves.gyr)
    assert len(found) == 36_000, "three minutes, and not only at the end"
    np.testing.assert_array_equal(found, one_pass.update(moves.acc, moves.gyr))
    np.testing.assert_array_equal(long.finish(), one_pass.finish())


@pytest.mark.parametrize("has_gyroscope", [True, False])
@pytest.mark.parametrize("causal", [True, False])
def test_parts_side_by_side_agree_with_one_pass(has_gyroscope: bool, causal: bool) -> None:
    """The tolerance that `track_vertical` states, and the same result from one thread and from two."""
    if not available():
        pytest.skip("no compiled kernel here")
    n = 16 * 4 * 20_500  # four warm-ups and more in each of sixteen lanes, at 50 Hz
    minutes = movement(60_000, RATE_HZ, seed=9)  # forth and back, again and again
    acc = np.resize(np.concatenate([minutes.acc, minutes.acc[::-1]]), (n, 3))
    gyr = None
    if has_gyroscope:
        bias = np.deg2rad(np.array([0.3, 0.2, -0.4], np.float32))
        gyr = np.resize(np.concatenate([minutes.gyr, -minutes.gyr[::-1]]), (n, 3)) + bias
    if not has_gyroscope:
        acc = acc[: n // 4]
    quality = np.zeros(len(acc), np.uint8)
    quality[100_000:100_040] = quality[:7] = QualityFlag.GAP
    parts = track_vertical(acc, gyr, RATE_HZ, quality, causal=causal, n_threads=2)
    alone = track_vertical(acc, gyr, RATE_HZ, quality, causal=causal, n_threads=1)
    np.testing.assert_array_equal(parts, alone)

    from upperback.sensing.orientation import _recording
    from upperback.sensing.orientation._compiled import Pieces

    whole = _recording._Whole(
        _recording._design(RATE_HZ, None, has_gyroscope=has_gyroscope),
        Pieces(acc),
        None if gyr is None else Pieces(gyr),
        (quality != 0).astype(np.uint8),
    )
    one_pass = (_recording._track_live if causal else _recording._track_with_hindsight)(whole, "compiled")
    assert not np.array_equal(parts, one_pass) or not has_gyroscope, "control: it was worked on in parts"
    np.testing.assert_array_equal(np.isnan(parts), np.isnan(one_pass))
    used = ~np.isnan(parts[:, 0])
    difference = error_deg(parts[used], one_pass[used])
    assert difference.max() < (0.1 if causal else 0.05)


def test_gaps_and_implausible_samples_are_not_used() -> None:
    moves = movement(1000, RATE_HZ)
    acc = moves.acc.copy()
    quality = np.zeros(1000, np.uint8)
    quality[300:310] = QualityFlag.GAP
    quality[400] = QualityFlag.IMPLAUSIBLE
    quality[500] = QualityFlag.CLIPPED  # still the best there is
    acc[600] = np.nan
    for causal in (True, False):
        up = track_vertical(acc, moves.gyr, RATE_HZ, quality, causal=causal)
        assert np.flatnonzero(np.isnan(up[:, 0])).tolist() == [*range(300, 310), 400, 600]


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("n_samples", [0, 1, 2, 9, 10, 11, 3000, 3001])
def test_recordings_of_any_length(n_samples: int, causal: bool) -> None:
    moves = movement(n_samples, RATE_HZ)
    assert track_vertical(moves.acc, moves.gyr, RATE_HZ, causal=causal).shape == (n_samples, 3)
    assert track_vertical(moves.acc, None, RATE_HZ, causal=causal).shape == (n_samples, 3)
    if n_samples:
        assert error_deg(track_vertical(moves.acc, moves.gyr, RATE_HZ, causal=causal), moves.up).max() < 10


def test_wrong_input_is_refused() -> None:
    acc = np.zeros((10, 3), np.float32)
    with pytest.raises(SignalShapeError, match="different numbers"):
        track_vertical(acc, acc[:5], RATE_HZ)
    with pytest.raises(SignalShapeError, match="sampling rate"):
        track_vertical(acc, acc, 0.0)
    with pytest.raises(InputError, match="go with a gyroscope"):
        track_vertical(acc, None, RATE_HZ, params=OrientationParams())
    with pytest.raises(InputError, match="go with a gyroscope"):
        track_vertical(acc, acc, RATE_HZ, params=TiltParams())
    stream = Hindsight(RATE_HZ, has_gyroscope=True)
    with pytest.raises(InputError, match="from first to last"):
        stream.update(acc)
