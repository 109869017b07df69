"""Approximate-time pairing of RGB and thermal images. Standard library only; knows no ROS."""

from .options import SyncOptions
from .pair import Pair, Unmatched
from .reasons import Reason
from .statistics import StreamStatistics, SyncStatistics
from .synchronizer import PairSynchronizer

__all__ = [
    "Pair",
    "PairSynchronizer",
    "Reason",
    "StreamStatistics",
    "SyncOptions",
    "SyncStatistics",
    "Unmatched",
]
