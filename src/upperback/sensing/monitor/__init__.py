"""One wearer, live: packets in, the trunk as it is now, seconds that add up, tasks that align it, and cues."""

from upperback.sensing.monitor._monitor import Monitor
from upperback.sensing.monitor.base import Calibration, Doing, Found, MonitorParams, MonitorState, Now

__all__ = ["Calibration", "Doing", "Found", "Monitor", "MonitorParams", "MonitorState", "Now"]
