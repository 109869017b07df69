"""AMDANet for ROS 2: RGB-thermal fusion and semantic segmentation.

The messages (``amdanet_ros.msg``) are generated when the package is built and live in the installed
copy. When the source tree shadows that copy on ``sys.path`` (``python -m pytest`` in a checkout),
``extend_path`` lets Python look there too.
"""

from pkgutil import extend_path

__path__ = extend_path(__path__, __name__)
__version__ = "0.1.0"
