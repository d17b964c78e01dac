"""Live sources of samples: each gives packets as they arrive, whatever they come from.

source = open_simulated("office-day", seed=1)
for arrival in paced(source.packets(), speed=10): monitor.update(arrival.chunk)
"""

from upperback.devices.live.base import LiveSource, Marked, as_they_come, begun_at, paced, side_by_side
from upperback.devices.live.bluetooth import open_polar
from upperback.devices.live.lsl import open_lsl
from upperback.devices.live.replay import open_replay
from upperback.devices.live.simulated import open_simulated

__all__ = [
    "LiveSource",
    "Marked",
    "as_they_come",
    "begun_at",
    "open_lsl",
    "open_polar",
    "open_replay",
    "open_simulated",
    "paced",
    "side_by_side",
]
