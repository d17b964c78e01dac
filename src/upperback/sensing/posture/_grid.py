"""Which samples belong to which whole second."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Seconds of a stream: epoch k begins k seconds after the whole second in which the stream begins.

    Attributes
    ----------
    sampling_rate_hz : of the stream
    phase : samples from the beginning of epoch 0 to sample 0; less than a second's worth, not always whole
    """

    sampling_rate_hz: float
    phase: float

    @classmethod
    def of(cls, start_s: float, sampling_rate_hz: float) -> "Grid":
        """For a stream whose first sample comes at `start_s`."""
        return cls(sampling_rate_hz=sampling_rate_hz, phase=(start_s - math.floor(start_s)) * sampling_rate_hz)

    def first_of(self, epoch: int) -> int:
        """The first sample of an epoch. A sample that is a thousandth of a step early is there; kernel/posture.c."""
        return max(0, self._first_of(epoch))

    def expected_in(self, epoch: int) -> int:
        """Samples that a whole epoch has, also the one in the middle of which the stream begins."""
        return self._first_of(epoch + 1) - self._first_of(epoch)

    def epoch_of(self, sample: int) -> int:
        """The epoch of a sample."""
        epoch = int((sample + self.phase) / self.sampling_rate_hz)
        while self.first_of(epoch + 1) <= sample:
            epoch += 1
        while epoch > 0 and self.first_of(epoch) > sample:
            epoch -= 1
        return epoch

    def _first_of(self, epoch: int) -> int:
        return math.ceil(epoch * self.sampling_rate_hz - self.phase - 1e-3)
