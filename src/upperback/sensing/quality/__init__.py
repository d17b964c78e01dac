"""Quality: can these samples be trusted? `base.py` is the contract."""

from upperback.sensing.quality._check import check_quality, fastest_engine, start_quality
from upperback.sensing.quality._words import suspicions
from upperback.sensing.quality.base import Engine, QualityParams, QualityState, Second, limits

__all__ = [
    "Engine",
    "QualityParams",
    "QualityState",
    "Second",
    "check_quality",
    "fastest_engine",
    "limits",
    "start_quality",
    "suspicions",
]
