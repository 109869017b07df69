"""``python -m amdanet_ros.cli`` is ``amdanet``."""

import sys

from .main import main

sys.exit(main())
