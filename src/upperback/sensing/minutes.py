"""Minutes of seconds as they are kept: whole numbers of fixed units, packed: some 600 bytes a minute.

Two streams that gave the same seconds give the same bytes, and a second that was not measured stays one.
"""

import zlib
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from upperback.core.errors import InputError
from upperback.sensing.epochs import COLUMNS, Epochs

MINUTE_S: Final = 60

#: What one step of the stored number is, in the unit of the column's name; angles to a hundredth of a degree.
_STEPS: Final = {
    "inclination_deg": 0.01,
    "flexion_deg": 0.01,
    "lateral_deg": 0.01,
    "inclination_velocity_dps": 0.05,
    "generalised_velocity_dps": 0.05,
    "up_x": 1 / 32000,
    "up_y": 1 / 32000,
    "up_z": 1 / 32000,
    "movement_mps2": 0.005,
    "measured_share": 0.0001,
    "not_worn_share": 0.0001,
}
_STEP: Final = np.array([_STEPS[name] for name in COLUMNS])
_MOST: Final = 32767
_NOTHING: Final = -32768
_BYTES_MAX: Final = MINUTE_S * len(COLUMNS) * 2


def minutes_of(epochs: Epochs) -> Iterator[Epochs]:
    """The same seconds, cut where minutes of the clock begin."""
    start_s = epochs.first_s
    while start_s < epochs.end_s:
        end_s = min(epochs.end_s, start_s - start_s % MINUTE_S + MINUTE_S)
        yield epochs[start_s - epochs.first_s : end_s - epochs.first_s]
        start_s = end_s


def pack_seconds(epochs: Epochs) -> bytes:
    """Up to a minute of seconds. What is beyond the range of a stored number is stored as its end.

    Raises
    ------
    InputError : more than a minute.
    """
    if len(epochs) > MINUTE_S:
        raise InputError(f"{len(epochs)} seconds are more than a minute")
    steps = np.rint(epochs.rows.astype(np.float64) / _STEP)
    known = np.isfinite(steps)
    whole = np.where(known, np.clip(np.where(known, steps, 0), -_MOST, _MOST), _NOTHING).astype("<i2")
    return zlib.compress(np.ascontiguousarray(whole.T).tobytes(), 6)


def unpack_seconds(first_s: int, data: bytes) -> Epochs:
    """The seconds that were packed, rounded to the steps of their columns.

    Raises
    ------
    InputError : these bytes are no packed seconds.
    """
    _, columns = unpack_columns([data])
    return Epochs(first_s=first_s, rows=np.column_stack(columns))


def unpack_columns(packed: Sequence[bytes]) -> tuple[npt.NDArray[np.intp], list[npt.NDArray[np.float32]]]:
    """Many packed minutes at once, column by column: the numbers of `unpack_seconds`, several times faster.

    Returns
    -------
    lengths : (len(packed),) how many seconds each minute holds
    columns : for each name of `COLUMNS` (sum of lengths,) float32, minute after minute

    Raises
    ------
    InputError : some of these bytes are no packed seconds.
    """
    minutes = [_whole(data) for data in packed]
    lengths = np.fromiter((minute.shape[1] for minute in minutes), np.intp, len(minutes))
    whole = np.concatenate(minutes, axis=1) if minutes else np.empty((len(COLUMNS), 0), "<i2")
    columns = []
    for steps, step in zip(whole, _STEP, strict=True):
        values = (steps * step).astype(np.float32)
        values[steps == _NOTHING] = np.nan
        columns.append(values)
    return lengths, columns


def _whole(data: bytes) -> npt.NDArray[np.int16]:
    """The stored numbers of a minute, a row for each column."""
    unpacker = zlib.decompressobj()
    try:
        plain = unpacker.decompress(data, _BYTES_MAX)
    except zlib.error:
        raise InputError("stored seconds cannot be read") from None
    if not unpacker.eof or len(plain) % (2 * len(COLUMNS)):
        raise InputError("stored seconds cannot be read")
    return np.frombuffer(plain, "<i2").reshape(len(COLUMNS), -1)
