"""Makes benchmarks/pairing_traffic.py and pairing_optimum.py importable, which tests share."""

import sys
from pathlib import Path

# Last: an installed amdanet_ros that comes before the source tree must stay before it.
sys.path.append(str(Path(__file__).resolve().parents[2]))
