"""How the sensor sits on the trunk: from standing and bending, found or marked, and whether it still sits so."""

from upperback.sensing.trunk._search import FoundTask, Search, SearchParams, find_alignment
from upperback.sensing.trunk._tasks import AlignParams, align
from upperback.sensing.trunk._watch import Shift, WatchParams, WatchState, WearWatch, usual_upright
from upperback.sensing.trunk.base import AlignmentQuality, NotAligned, Task, TaskKind, TrunkAlignment

__all__ = [
    "AlignParams",
    "AlignmentQuality",
    "FoundTask",
    "NotAligned",
    "Search",
    "SearchParams",
    "Shift",
    "Task",
    "TaskKind",
    "TrunkAlignment",
    "WatchParams",
    "WatchState",
    "WearWatch",
    "align",
    "find_alignment",
    "usual_upright",
]
