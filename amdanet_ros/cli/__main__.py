"""``python -m amdanet_ros.cli`` is ``amdanet``."""

import sys

from amdanet_ros.cli.main import main

sys.exit(main())
