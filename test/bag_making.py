"""Small bags of image pairs."""

import cv2
import numpy as np
from rosbags.rosbag1 import Writer as Ros1Writer
from rosbags.typesys import Stores, get_typestore

from amdanet_ros.bags.message_types import typestore
from amdanet_ros.bags.pairs import Arrival, pairs_of
from amdanet_ros.bags.reader import BagReader
from amdanet_ros.bags.writer import BagWriter, quality
from amdanet_ros.pairing import PairSynchronizer
from amdanet_ros.pairing.options import SyncOptions

RGB, THERMAL = "/rgb/image_raw", "/thermal/image_raw"
HEIGHT, WIDTH = 48, 64
START = 1_700_000_000_000_000_000
IMAGE = "sensor_msgs/msg/Image"
COMPRESSED, INFO = "sensor_msgs/msg/CompressedImage", "sensor_msgs/msg/CameraInfo"


def header(stamp_ns, frame="camera"):
    types = typestore().types
    time = types["builtin_interfaces/msg/Time"](*divmod(stamp_ns, 1_000_000_000))
    return types["std_msgs/msg/Header"](time, frame)


def image(stamp_ns, pixels, encoding, frame="camera"):
    height, width = pixels.shape[:2]
    data = np.ascontiguousarray(pixels).reshape(-1).view(np.uint8)
    make = typestore().types[IMAGE]
    return make(header(stamp_ns, frame), height, width, encoding, 0, data.size // height, data)


def compressed(stamp_ns, pixels, frame="camera"):
    """RGB as JPEG, thermal counts as PNG."""
    kind = ".jpg" if pixels.ndim == 3 else ".png"
    data = cv2.imencode(kind, pixels[..., ::-1] if pixels.ndim == 3 else pixels)[1].reshape(-1)
    return typestore().types[COMPRESSED](header(stamp_ns, frame), kind[1:], data)


def camera_info(stamp_ns, frame, size, focal, distortion=(0.0,) * 5):
    """A camera, without distortion by default, whose axis meets the middle of its image."""
    types = typestore().types
    height, width = size
    k = np.array([focal, 0, width / 2, 0, focal, height / 2, 0, 0, 1], np.float64)
    return types[INFO](
        header=header(stamp_ns, frame),
        height=height,
        width=width,
        distortion_model="plumb_bob",
        d=np.array(distortion),
        k=k,
        r=np.eye(3).reshape(-1),
        p=np.insert(k.reshape(3, 3), 3, 0.0, axis=1).reshape(-1),
        binning_x=0,
        binning_y=0,
        roi=types["sensor_msgs/msg/RegionOfInterest"](0, 0, 0, 0, False),
    )


def images(index, height=HEIGHT, width=WIDTH):
    """An RGB and a thermal image with something to see, other ones for each index."""
    numbers = np.random.default_rng(index)
    rgb = numbers.integers(0, 256, (height, width, 3), np.uint8)
    thermal = np.full((height // 2, width // 2), 29000, np.uint16)
    thermal[4:12, 4 + index % 8 : 12 + index % 8] = 31000
    return rgb, thermal + numbers.integers(0, 50, thermal.shape).astype(np.uint16)


def write_pairs(path, count=10, storage="mcap", period=0.1, thermal_delay=0.01, reliable=True):
    """A bag of pairs, ``period`` seconds apart; returns the RGB stamps."""
    stamps = [START + round(index * period * 1e9) for index in range(count)]
    with BagWriter(path, storage) as bag:
        for topic in (RGB, THERMAL):
            bag.add_topic(topic, IMAGE, [quality(reliable=reliable)])
        for index, stamp in enumerate(stamps):
            rgb, thermal = images(index)
            later = stamp + round(thermal_delay * 1e9)
            bag.write_message(RGB, stamp, image(stamp, rgb, "rgb8", "rgb_optical"))
            bag.write_message(THERMAL, later, image(later, thermal, "mono16", "thermal_optical"))
    return stamps


def pairs_in(path, topics=(RGB, THERMAL), sync=None, substitute=False):
    """The pairs of a bag's messages."""
    with BagReader(path) as bag:
        arrivals = (
            Arrival("rgb" if m.topic == topics[0] else "thermal", m.header_stamp_ns, m.stamp_ns, m)
            for m in bag.messages(topics)
        )
        synchronizer = PairSynchronizer(sync or SyncOptions(), keep_unmatched=substitute)
        return list(pairs_of(arrivals, synchronizer))


def write_as_ros1(source, file, compression="none", chunk=None):
    """The messages of a bag as a ROS 1 bag, as rosbags writes it; ``chunk``: bytes of one."""
    writer = Ros1Writer(file)
    if compression != "none":
        writer.set_compression(Ros1Writer.CompressionFormat[compression.upper()])
    writer.chunk_threshold = chunk or writer.chunk_threshold
    noetic = get_typestore(Stores.ROS1_NOETIC)
    with BagReader(source) as bag, writer:
        channels = {
            name: writer.add_connection(name, topic.type, typestore=noetic)
            for name, topic in bag.topics.items()
        }
        for message in bag.messages():
            raw = typestore().cdr_to_ros1(message.raw, message.type)
            writer.write(channels[message.topic], message.stamp_ns, raw)
    return file
