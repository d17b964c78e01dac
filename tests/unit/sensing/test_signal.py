"""Chunks say what they hold, and refuse what they cannot."""

import numpy as np
import pytest

from upperback.sensing.signal import Chunk, EmgChunk, SignalShapeError


def acc(n_samples: int) -> np.ndarray:
    return np.zeros((n_samples, 3), np.float32)


def test_a_chunk_ends_where_the_next_one_starts() -> None:
    chunk = Chunk(start_s=10.0, sampling_rate_hz=50.0, acc_mps2=acc(25))
    assert len(chunk) == 25
    assert chunk.end_s == 10.5
    assert EmgChunk(start_s=0.0, sampling_rate_hz=1000.0, emg_v=np.zeros((500, 2), np.float32)).end_s == 0.5


def test_an_empty_chunk_is_a_chunk() -> None:
    assert len(Chunk(start_s=0.0, sampling_rate_hz=50.0, acc_mps2=acc(0))) == 0


@pytest.mark.parametrize("rate", [0.0, -50.0, float("nan"), float("inf"), 1e6])
def test_an_impossible_rate_is_refused(rate: float) -> None:
    with pytest.raises(SignalShapeError, match="sampling rate"):
        Chunk(start_s=0.0, sampling_rate_hz=rate, acc_mps2=acc(1))


def test_arrays_of_another_shape_or_type_are_refused() -> None:
    with pytest.raises(SignalShapeError, match="acc_mps2 has to be float32"):
        Chunk(start_s=0.0, sampling_rate_hz=50.0, acc_mps2=np.zeros((4, 2), np.float32))
    with pytest.raises(SignalShapeError, match="not float64"):
        Chunk(start_s=0.0, sampling_rate_hz=50.0, acc_mps2=np.zeros((4, 3)))  # type: ignore[arg-type]
    with pytest.raises(SignalShapeError, match="different numbers"):
        Chunk(start_s=0.0, sampling_rate_hz=50.0, acc_mps2=acc(4), gyr_radps=acc(3))
    with pytest.raises(SignalShapeError, match="uint8"):
        Chunk(start_s=0.0, sampling_rate_hz=50.0, acc_mps2=acc(4), quality=np.zeros(3, np.uint8))
    with pytest.raises(SignalShapeError, match="uint8"):
        EmgChunk(
            start_s=0.0, sampling_rate_hz=1e3, emg_v=np.zeros((4, 1), np.float32), quality=np.zeros((4, 1), np.uint8)
        )
