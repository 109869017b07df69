#!/bin/bash
set -e
. /opt/ros/jazzy/setup.bash
. /opt/amdanet/bin/activate
. /ws/install/setup.bash
exec "$@"
