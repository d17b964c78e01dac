"""A simulated wearer as a live source: packets that come late, twice or not at all, as its scenario says."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from upperback.devices.live.base import Marked
from upperback.devices.simulate import Arrival, Scenario, Simulation, arrivals, load_scenario
from upperback.sensing.trunk import TaskKind

_KINDS: Final[dict[str, TaskKind]] = {
    "stand_tall": "stand",
    "forward_bend": "bend",
    "side_bend_left": "side_left",
    "side_bend_right": "side_right",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedSource:
    """See `LiveSource`."""

    scenario: Scenario
    seed: int
    about: str
    sampling_rate_hz: float
    has_gyroscope: bool
    tasks: tuple[Marked, ...]
    sensor: str | None = None

    def packets(self) -> Iterator[Arrival]:
        """Packets of this sensor, in the order in which they arrive."""
        return arrivals(self.scenario, self.seed, sensor=self.sensor)


def open_simulated(
    scenario: str, *, seed: int = 1, changes: Sequence[str] = (), sensor: str | None = None
) -> SimulatedSource:
    """A wearer by the name or the file of the scenario; the first sensor unless it is named.

    Raises
    ------
    InputError : there is no such scenario, or something in it is wrong.
    """
    stated = load_scenario(scenario, changes)
    worn = stated.sensor(sensor)
    truth = Simulation(stated, seed).truth
    return SimulatedSource(
        scenario=stated,
        seed=seed,
        about=f"simulated wearer: {stated.about.rstrip('.')}",
        sampling_rate_hz=worn.sampling_rate_hz,
        has_gyroscope=worn.gyroscope,
        sensor=sensor,
        tasks=tuple(Marked(kind=_KINDS[task.task], start_s=task.start_s, end_s=task.end_s) for task in truth.tasks),
    )
