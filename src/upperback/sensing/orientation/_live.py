"""The vertical live, for many wearers at once: lanes of the same sampling rate, a block of samples at a time."""

from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from upperback.sensing.compiled import available
from upperback.sensing.orientation._compiled import LiveLanes
from upperback.sensing.orientation._reference import ReferenceLive
from upperback.sensing.orientation.base import (
    BadLanes,
    Design,
    Lanes3,
    LanesState,
    OrientationParams,
    Rows,
    TiltParams,
    TiltRows,
    check_lanes,
    check_state,
    design_orientation,
    design_tilt,
)
from upperback.sensing.signal import SignalShapeError

Backend: TypeAlias = Literal["compiled", "reference"]


def choose_backend(backend: Backend | None) -> Backend:
    """The compiled kernel where there is one."""
    if backend is not None:
        return backend
    return "compiled" if available() else "reference"


class _Lanes:
    """What both filters share: lanes of a compiled or a plain filter, and their state."""

    def __init__(
        self,
        design: Design,
        n_lanes: int,
        sampling_rate_hz: float,
        state: LanesState | None,
        backend: Backend | None,
        *,
        has_gyroscope: bool,
    ) -> None:
        self.n_lanes = n_lanes
        self.sampling_rate_hz = sampling_rate_hz
        self.settled_samples = design.settled
        self._n_rows = (Rows if has_gyroscope else TiltRows).ALL
        make = LiveLanes if choose_backend(backend) == "compiled" else ReferenceLive
        self._lanes: LiveLanes | ReferenceLive = make(design, n_lanes, has_gyroscope=has_gyroscope)
        if state is not None:
            check_state(state, n_lanes, self._n_rows, sampling_rate_hz)
            self._lanes.put_rows(state.rows, slice(None))

    @property
    def state(self) -> LanesState:
        """A copy of everything that changes; a filter made with it goes on as this one would."""
        return LanesState(rows=self._lanes.rows(), sampling_rate_hz=self.sampling_rate_hz)

    @property
    def age_samples(self) -> npt.NDArray[np.int64]:
        """(n_lanes,) samples of each lane since it started; the result can be trusted from `settled_samples` on."""
        return self._lanes.ages_and_gaps()[0].astype(np.int64)

    def put_lane(self, lane: int, rows: npt.NDArray[np.float32] | None = None) -> None:
        """Put the state of a lane: a row of `LanesState.rows`, or nothing for a fresh lane."""
        fresh = np.zeros((1, self._n_rows), np.float32)
        self._lanes.put_rows(fresh if rows is None else rows[None], np.array([lane]))

    def _check_bad(self, bad: BadLanes, n_time: int) -> None:
        if bad.dtype != np.uint8 or bad.shape != (n_time, self.n_lanes) or not bad.flags.c_contiguous:
            raise SignalShapeError(f"bad has to be uint8 ({n_time}, {self.n_lanes}), not {bad.dtype} {bad.shape}")


class Orientation(_Lanes):
    """The vertical of many wearers from specific force and angular velocity, live.

    However the samples are cut into blocks, the result is the same, bit for bit; so it is if the state is saved and
    gone on with elsewhere.

    Parameters
    ----------
    n_lanes : wearers side by side
    sampling_rate_hz : of all of them
    params : tuning, or None for the usual one
    state : what an earlier filter left behind, or None for fresh lanes
    backend : `compiled` or `reference` (NumPy, slow); None takes the compiled one where there is one

    Raises
    ------
    InputError : the state is of another filter.
    """

    def __init__(
        self,
        n_lanes: int,
        sampling_rate_hz: float,
        params: OrientationParams | None = None,
        state: LanesState | None = None,
        backend: Backend | None = None,
    ) -> None:
        design = design_orientation(sampling_rate_hz, params)
        super().__init__(design, n_lanes, sampling_rate_hz, state, backend, has_gyroscope=True)

    def update(self, acc: Lanes3, gyr: Lanes3, bad: BadLanes | None = None) -> Lanes3:
        """Take in a block of samples.

        Parameters
        ----------
        acc : (n_time, 3, n_lanes) float32, specific force in m/s2
        gyr : (n_time, 3, n_lanes) float32, angular velocity in rad/s
        bad : (n_time, n_lanes) uint8 of `Bad`, or None: every lane has every sample

        Returns
        -------
        (n_time, 3, n_lanes) float32: unit vector that points up, in the sensor frame; NaN where there is no sample.

        Raises
        ------
        SignalShapeError : an array has another shape, type or order.
        """
        n_time = len(acc)
        check_lanes("acc", acc, n_time, self.n_lanes)
        check_lanes("gyr", gyr, n_time, self.n_lanes)
        if bad is not None:
            self._check_bad(bad, n_time)
        return self._lanes.update(acc, gyr, bad)


class Tilt(_Lanes):
    """The vertical of many wearers from specific force alone, live; parameters and laws as in `Orientation`.

    Good for slow postures: while a person walks or works fast, the acceleration of the movement itself is mixed in.
    """

    def __init__(
        self,
        n_lanes: int,
        sampling_rate_hz: float,
        params: TiltParams | None = None,
        state: LanesState | None = None,
        backend: Backend | None = None,
    ) -> None:
        design = design_tilt(sampling_rate_hz, params)
        super().__init__(design, n_lanes, sampling_rate_hz, state, backend, has_gyroscope=False)

    def update(self, acc: Lanes3, bad: BadLanes | None = None) -> Lanes3:
        """Take in a block of samples; see `Orientation.update`."""
        check_lanes("acc", acc, len(acc), self.n_lanes)
        if bad is not None:
            self._check_bad(bad, len(acc))
        return self._lanes.update(acc, None, bad)
