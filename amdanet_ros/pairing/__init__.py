"""Approximate-time pairing of RGB and thermal images. Standard library only; knows no ROS."""

from amdanet_ros.pairing.pair import Pair, Unmatched
from amdanet_ros.pairing.statistics import StreamStatistics, SyncStatistics
from amdanet_ros.pairing.synchronizer import PairSynchronizer

__all__ = ["Pair", "PairSynchronizer", "StreamStatistics", "SyncStatistics", "Unmatched"]
