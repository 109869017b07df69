"""The two cameras are found among the topics of rigs as people have them, or the bag is asked."""

import numpy as np
import pytest

from amdanet_ros.bags.errors import BagError
from amdanet_ros.bags.reader import BagReader
from amdanet_ros.bags.topics import UnclearTopicsError, choose_topics
from amdanet_ros.bags.writer import BagWriter

JPEG, PNG = "rgb8; jpeg compressed bgr8", "mono16; png compressed "
REALSENSE = {
    "/camera/camera/color/image_raw": "rgb8",
    "/camera/camera/infra1/image_rect_raw": "mono8",
    "/camera/camera/infra2/image_rect_raw": "mono8",
    "/camera/camera/depth/image_rect_raw": "16UC1",
    "/camera/camera/aligned_depth_to_color/image_raw": "16UC1",
    "/camera/camera/depth/image_rect_raw/compressedDepth": "16UC1; compressedDepth png",
}
COLOR = "/camera/camera/color/image_raw"
DEPTH_CAMERA = {"color": "bgr8", "ir": "mono16", "left_ir": "mono8", "depth": "16UC1"}


@pytest.fixture
def chosen(tmp_path, bags):
    """Chooses the topics of a bag that holds an image of each encoding, or as many as given."""

    def choose(rig, rgb=None, thermal=None, infos=()):
        path = tmp_path / "bag"
        with BagWriter(path) as bag:
            for topic in infos:
                bag.add_topic(topic, bags.INFO)
            for topic, encoding in rig.items():
                encoding, count = encoding if isinstance(encoding, tuple) else (encoding, 1)
                kind = bags.COMPRESSED if ";" in encoding else bags.IMAGE
                bag.add_topic(topic, kind)
                for index in range(count):
                    message = bags.image(index, np.zeros((2, 2), np.uint8), encoding)
                    if ";" in encoding:
                        message = bags.compressed(index, np.zeros((2, 2), np.uint8))
                        message.format = encoding
                    bag.write_message(topic, index, message)
        with BagReader(path) as bag:
            return choose_topics(bag, rgb, thermal)

    return choose


@pytest.mark.parametrize(
    ("rig", "rgb", "thermal"),
    [
        (REALSENSE | {"/thermal_camera/image_raw": "mono16"}, COLOR, "/thermal_camera/image_raw"),
        (REALSENSE | {"/flir_boson/image_raw": "mono16"}, COLOR, "/flir_boson/image_raw"),
        (REALSENSE | {"/boson/image": "mono8"}, COLOR, "/boson/image"),
        (REALSENSE | {"/lepton/image_raw": "16UC1"}, COLOR, "/lepton/image_raw"),
        (REALSENSE | {"/seek/image": "32FC1"}, COLOR, "/seek/image"),
        (REALSENSE | {"/camera2/image_raw": "mono16"}, COLOR, "/camera2/image_raw"),
        (REALSENSE | {"/ir_cam/image_raw": "mono8"}, COLOR, "/ir_cam/image_raw"),
        (
            # A robot's namespace, before all topics.
            {f"/thermal_robot{k}": v for k, v in REALSENSE.items()}
            | {"/thermal_robot/lwir/image_raw": "mono16"},
            f"/thermal_robot{COLOR}",
            "/thermal_robot/lwir/image_raw",
        ),
        # Orbbec, Kinect, OAK: infrared beside depth of the same device shows no heat.
        (
            {f"/camera/{part}/image_raw": code for part, code in DEPTH_CAMERA.items()}
            | {"/ir/image_raw": "mono16"},
            "/camera/color/image_raw",
            "/ir/image_raw",
        ),
        (
            {
                "/oak/rgb/image_raw": "bgr8",
                "/oak/stereo/image_raw": "16UC1",
                "/camera2/image_raw": "16UC1",
            },
            "/oak/rgb/image_raw",
            "/camera2/image_raw",
        ),
        # optris_drivers2: what was measured, not the picture that was drawn of it.
        (
            {
                "/optris/thermal_image": "mono16",
                "/optris/thermal_image_view": "rgb8",
                "/usb_cam/image_raw": "rgb8",
            },
            "/usb_cam/image_raw",
            "/optris/thermal_image",
        ),
        # ZED
        (
            {
                "/zed/zed_node/left/image_rect_color": "bgra8",
                "/zed/zed_node/rgb/image_rect_color": "bgra8",
                "/zed/zed_node/rgb/image_rect_gray": "mono8",
                "/zed/zed_node/depth/depth_registered": "32FC1",
                "/zed/zed_node/confidence/confidence_map": "32FC1",
                "/thermal/image_raw": "mono16",
            },
            "/zed/zed_node/rgb/image_rect_color",
            "/thermal/image_raw",
        ),
        (
            {"/zed/zed_node/left/image_rect_color": "bgra8", "/thermal/image_raw": "mono8"},
            "/zed/zed_node/left/image_rect_color",
            "/thermal/image_raw",
        ),
        # Grey stereo beside a colour camera without a word for it.
        (
            {
                "/stereo/left/image_raw": "mono8",
                "/stereo/right/image_raw": "mono8",
                "/front/image_raw": "bayer_rggb8",
                "/lwir/image_raw": "mono16",
            },
            "/front/image_raw",
            "/lwir/image_raw",
        ),
        # flir_camera_driver serves FLIR's colour cameras.
        (
            {"/flir_camera/image_raw": "bayer_rggb8", "/flir_boson/image_raw": "mono16"},
            "/flir_camera/image_raw",
            "/flir_boson/image_raw",
        ),
        (
            {"/flir_camera/image_raw": "mono16", "/usb_cam/image_raw": "yuv422_yuy2"},
            "/usb_cam/image_raw",
            "/flir_camera/image_raw",
        ),
        # Gazebo
        (
            {
                "/thermal_camera_8bit/image": "mono8",
                "/rgbd_camera/image": "rgb8",
                "/rgbd_camera/depth_image": "32FC1",
            },
            "/rgbd_camera/image",
            "/thermal_camera_8bit/image",
        ),
        (
            {
                "/depth_camera/image_raw": "rgb8",
                "/depth_camera/depth/image_raw": "32FC1",
                "/heat/image_raw": "mono8",
            },
            "/depth_camera/image_raw",
            "/heat/image_raw",
        ),
        # image_proc's images of one camera.
        (
            {
                "/cam/image_raw": "bayer_grbg8",
                "/cam/image_mono": "mono8",
                "/cam/image_color": "bgr8",
                "/cam/image_rect": "mono8",
                "/cam/image_rect_color": "bgr8",
                "/thermal/image_raw": "mono16",
                "/thermal/image_color": "bgr8",
            },
            "/cam/image_raw",
            "/thermal/image_raw",
        ),
        # Outputs of this package beside its inputs.
        (
            {
                "/rgb/image_raw": "rgb8",
                "/thermal/image_raw": "mono16",
                "/fused/image_raw": "rgb8",
                "/segmentation/mask": "mono8",
                "/segmentation/overlay": "rgb8",
            },
            "/rgb/image_raw",
            "/thermal/image_raw",
        ),
        # A device is called after one of its images.
        (
            {"/thermal_rig/rgb/image_raw": "rgb8", "/thermal_rig/ir/image_raw": "mono16"},
            "/thermal_rig/rgb/image_raw",
            "/thermal_rig/ir/image_raw",
        ),
        (
            {"/flir_boson/rgb/image": "rgb8", "/flir_boson/lwir/image": "mono16", "/x/i": "mono8"},
            "/flir_boson/rgb/image",
            "/flir_boson/lwir/image",
        ),
        ({"/cam/image_rgb": "rgb8", "/cam/image_thermal": "mono16"}, "/cam/image_rgb", None),
        ({"/camera1/image_raw": "rgb8", "/camera2/image_raw": "16UC1"}, "/camera1/image_raw", None),
        # Raw topics that hold nothing, or little, and compressed ones.
        (
            {
                "/rgb/image_raw": ("rgb8", 0),
                "/rgb/image_raw/compressed": (JPEG, 5),
                "/thermal/image_raw": ("mono16", 1),
                "/thermal/image_raw/compressed": (PNG, 5),
                "/thermal/image_raw/compressedDepth": (PNG, 5),
            },
            "/rgb/image_raw/compressed",
            "/thermal/image_raw/compressed",
        ),
        (
            {
                "/rgb/image_raw": ("rgb8", 5),
                "/rgb/image_raw/compressed": (JPEG, 5),
                "/thermal_old/image_raw": ("mono16", 0),
                "/thermal/image_raw": ("mono16", 5),
            },
            "/rgb/image_raw",
            "/thermal/image_raw",
        ),
    ],
)
def test_the_cameras_of_a_rig_are_found(chosen, rig, rgb, thermal):
    found = chosen(rig)
    assert found.rgb == rgb
    assert found.thermal == thermal or (thermal is None and found.thermal != rgb)


@pytest.mark.parametrize(
    ("rig", "named", "silent_about"),
    [
        (REALSENSE, ["thermal", "infra1", "near-infrared"], []),
        # Other depth cameras: no depth and no near-infrared is thermal because nothing else is.
        (
            {"/oak/rgb/image_raw": "bgr8", "/oak/stereo/image_raw": "16UC1"},
            ["thermal", "/oak/stereo/image_raw"],
            [],
        ),
        (
            {f"/k4a/{part}/image_raw": code for part, code in DEPTH_CAMERA.items()},
            ["thermal", "near-infrared", "/k4a/ir/image_raw"],
            [],
        ),
        (
            {"/camera/color/image_raw": "rgb8", "/camera/infra/image_rect_raw": "mono8"},
            ["thermal", "near-infrared"],
            [],
        ),
        ({"/cam/image_raw": "rgb8", "/tof/image_raw": "mono16"}, ["thermal", "/tof/image_raw"], []),
        (
            {"/left/image_raw": "mono8", "/right/image_raw": "mono8", "/lwir/image": "mono16"},
            ["RGB", "/left/image_raw (1 message, mono8)", "/right/image_raw"],
            ["/lwir"],
        ),
        (
            {"/thermal_a/image": ("mono16", 2), "/thermal_b/image": "mono16", "/rgb/image": "rgb8"},
            ["thermal", "/thermal_a/image (2 messages", "/thermal_b/image"],
            ["/rgb"],
        ),
        (
            {"/a/image_raw": "rgb8", "/b/image_raw": "rgb8", "/thermal/image_raw": "mono8"},
            ["RGB", "/a/image_raw", "/b/image_raw"],
            [],
        ),
        ({"/a/image_raw": "mono8", "/b/image_raw": "mono8"}, ["/a/image_raw", "/b/image_raw"], []),
        ({"/rgb/image_raw": "rgb8", "/thermal/image_raw": ("mono16", 0)}, ["thermal"], []),
        ({"/color/image": "rgb8", "/depth/image": "16UC1"}, ["thermal", "/depth/image"], []),
        ({"/thermal/image": "mono16", "/depth/image": "16UC1"}, ["RGB", "/depth/image"], []),
    ],
)
def test_where_it_is_not_clear_the_candidates_are_named(chosen, rig, named, silent_about):
    with pytest.raises(UnclearTopicsError) as unclear:
        chosen(rig)
    for word in named:
        assert word in str(unclear.value)
    for word in silent_about:
        assert word not in str(unclear.value)


def test_given_topics_are_taken_and_the_other_one_is_chosen_beside_them(chosen):
    rig = {"/a/image_raw": "rgb8", "/b/image_raw": "rgb8", "/thermal/image_raw/compressed": PNG}
    found = chosen(rig, rgb="/b/image_raw", thermal="/thermal/image_raw")
    assert found[:2] == ("/b/image_raw", "/thermal/image_raw/compressed")


def test_the_other_camera_is_never_the_given_one(chosen):
    rig = {"/thermal/image_raw": "mono16", "/boson/image_raw": "mono16"}
    assert chosen(rig, rgb="/thermal/image_raw").thermal == "/boson/image_raw"


@pytest.mark.parametrize("given", ["", "a", "//"])
def test_an_odd_name_for_a_topic_is_one_that_the_bag_lacks(chosen, given):
    with pytest.raises(BagError, match="holds no images on "):
        chosen({"/a/image": "rgb8", "/thermal/image": "mono16"}, rgb=given)


def test_a_topic_that_the_bag_lacks_is_refused_with_those_that_it_holds(chosen):
    with pytest.raises(BagError, match="/nothing: it holds /a/image"):
        chosen({"/a/image": "rgb8"}, rgb="/nothing")


@pytest.mark.parametrize("rig", [{}, {"/rgb/image_raw": ("rgb8", 0), "/lwir/image": ("mono16", 0)}])
def test_a_bag_without_images_says_so(chosen, rig):
    with pytest.raises(BagError, match="holds no images") as refused:
        chosen(rig)
    assert not isinstance(refused.value, UnclearTopicsError)
