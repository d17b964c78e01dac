"""Scores of questionnaires, each with the paper it comes from. Nothing is ever computed from missing items."""

from upperback.care.scores.nprs import nprs_change, nprs_has_gained, nprs_has_worsened
from upperback.care.scores.phq4 import Phq4, score_phq4
from upperback.care.scores.psfs import psfs_has_gained, psfs_has_worsened, psfs_mean, psfs_small_gain

__all__ = [
    "Phq4",
    "nprs_change",
    "nprs_has_gained",
    "nprs_has_worsened",
    "psfs_has_gained",
    "psfs_has_worsened",
    "psfs_mean",
    "psfs_small_gain",
    "score_phq4",
]
