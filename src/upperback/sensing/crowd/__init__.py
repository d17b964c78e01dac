"""Many wearers of a process, live: frames in, worked on together once a tick; seconds, minutes and the trunk now, out.

    crowd = Crowd()
    wearer = crowd.join(sampling_rate_hz=50, has_gyroscope=True, starts_s=..., points_up=True)
    crowd.put(wearer, frame); ...; crowd.tick()
    wearer.now(); wearer.take_minutes(); wearer.state()

One wearer gives the seconds that `sensing.monitor` gives; a crowd does it in a hundredth of the time and the memory.
"""

from upperback.sensing.crowd._crowd import Crowd, Wearer, unfinished
from upperback.sensing.crowd.base import RawFrame, WearerState

__all__ = ["Crowd", "RawFrame", "Wearer", "WearerState", "unfinished"]
