"""Show a running node, a bag or folders of images on a page in the browser.

Examples:
  amdanet view
  amdanet view --namespace front
  amdanet view my_bag --checkpoint mfnet.pth
  amdanet view rgb_folder thermal_folder --rate 0.5

Without an input it shows the topics of a running node; a bag or folders need no ROS.
The page shows the fused image, the classes over it, RGB and thermal side by side, or two of them
under a slider; the classes with their areas over time; latency; the health of both cameras.

A bag is paired and fused as amdanet fuse does, with the same options, and begins again at its end.
Nothing is written. The next pair is computed only while a browser watches: Pause on the page stops
it. From a running node, the topics are subscribed only while a browser watches, since the node
computes what somebody subscribes to.

Without --address nobody else on the network reaches the page. It has no password.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..graphs.read_ahead import read_ahead
from ..one_line import one_line
from ..programs.arguments import number
from .errors import CommandError
from .settings_arguments import add_settings_arguments, read_settings
from .source_arguments import (
    add_camera_info_arguments,
    add_source_arguments,
    in_sequence,
    open_source,
)

if TYPE_CHECKING:
    from ..fuse.source import Source
    from ..pipeline.pipeline import FusionPipeline
    from ..view.address import Address
    from ..view.frame import Encoding
    from ..view.frame_hub import FrameHub
    from ..view.server import ViewServer

SUMMARY = "show a running node, a bag or folders of images in the browser"
_OF_RECORDINGS = (
    "stacked", "slop", "thermal_offset", "rgb_info_topic", "thermal_info_topic", "params_file",
    "param", "pair", "checkpoint", "device", "precision", "inference_size", "thermal_normalization",
    "thermal_range", "registration", "stretch", "rate", "once",
)  # fmt: skip
"""Options that a running node decides itself."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_source_arguments(parser, is_required=False)
    add_camera_info_arguments(parser)
    add = parser.add_argument
    add("--namespace", default="", help="of the running node or its camera pair, such as front")
    add("--address", default="127.0.0.1", help="to listen on (default: this machine alone)")
    port = number("--port", int, 0, 65535)
    add("--port", type=port, default=8090, help="default 8090; 0: any that is free")
    rate = number("--rate", float, 0.01, 100)
    add("--rate", type=rate, help="speed of a bag or folders (default 1)")
    add("--once", action="store_true", help="stop at the end of a bag or folders")
    width = number("--max-width", int, 64, 4096)
    add("--max-width", type=width, default=960, help="wider images are sent smaller, pixels")
    quality = number("--quality", int, 1, 100)
    add("--quality", type=quality, default=85, help="of the JPEG, 1 to 100")
    add_settings_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Serve the page until a signal; returns 0.

    Raises:
        CommandError: a mistake in the call or the input, or a port that cannot be used.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

    from ..view.address import Address
    from ..view.frame import Encoding
    from ..view.frame_hub import FrameHub
    from ..view.server import MOST_WATCHERS, ViewServer

    address = Address.of(arguments.address, arguments.port)
    encoding = Encoding(arguments.max_width, arguments.quality)
    if arguments.input is None:
        _check_of_topics(arguments)
        _show_topics(arguments, ViewServer(address, FrameHub(MOST_WATCHERS)), encoding)
    else:
        if arguments.namespace:
            raise CommandError("--namespace is for a running node: leave it out with a bag")
        _show_recording(arguments, address, encoding)
    return 0


def _check_of_topics(arguments: argparse.Namespace) -> None:
    given = [
        name for name in _OF_RECORDINGS if getattr(arguments, name) not in (None, "", [], False)
    ]
    if given:
        option = f"--{given[0].replace('_', '-')}"
        raise CommandError(
            f"{option} is for a bag or folders, and none is given: the running node has its own "
            "parameters"
        )


def _show_topics(arguments: argparse.Namespace, server: ViewServer, encoding: Encoding) -> None:
    from importlib.util import find_spec

    from ..programs.ros_environment import check_ros_environment

    if find_spec("rclpy") is None:
        raise CommandError(
            "the topics of a running node need rclpy, which is not installed for this Python: "
            "source a ROS 2 (. /opt/ros/jazzy/setup.bash), or give a bag or folders of images"
        )
    check_ros_environment()
    from ..ros.view_node import ViewTopics, run_view

    topics = ViewTopics(arguments.namespace, arguments.rgb_topic, arguments.thermal_topic)
    with server:
        _say_where(server)
        run_view(topics, server.hub, encoding)


def _show_recording(arguments: argparse.Namespace, address: Address, encoding: Encoding) -> None:
    read_ahead("view")
    from ..bags.errors import BagError
    from ..fuse.image_folders import ImageFolderError
    from ..inference import InferenceError, Predictor
    from ..inference.freed_memory import keep_freed_memory
    from ..network.checkpoint import CheckpointError
    from ..pipeline.pipeline import FusionPipeline
    from ..view.frame_hub import FrameHub
    from ..view.server import MOST_WATCHERS, ViewServer

    try:
        # Unrelated images have no common scale to keep.
        is_steady = in_sequence(arguments)
        settings = read_settings(arguments, {} if is_steady else {"thermal.smoothing": 0.0})
        source = open_source(arguments, settings)
        server = ViewServer(address, FrameHub(MOST_WATCHERS))
        predictor = Predictor.of(settings.network)
        print(f"{source.description}: {predictor.describe()}", flush=True)
        keep_freed_memory()
        with server:
            _say_where(server)
            play = _Play(source, FusionPipeline(predictor, settings.fusion), server.hub, encoding)
            play.run(arguments.rate or 1.0, arguments.once, settings.sync.slop)
    except (
        BagError, CheckpointError, ImageFolderError, InferenceError, ValueError
    ) as error:  # fmt: skip
        raise CommandError(str(error)) from error


def _say_where(server: ViewServer) -> None:
    others = "" if server.address.is_local else ", for all who reach this address: no password"
    print(f"open {server.address.url} (Ctrl-C ends it{others})", flush=True)


def _wait_for_signal() -> None:
    threading.Event().wait()


class _Play:
    """Fuses a recording lap by lap and puts each pair on the page.

    Args:
        source: of the pairs.
        pipeline: fuses them.
        hub: of the page.
        encoding: how images are sent.
    """

    def __init__(
        self, source: Source, pipeline: FusionPipeline, hub: FrameHub, encoding: Encoding
    ) -> None:
        from ..view.fused_frame import FrameMaker
        from .left_out import LeftOut

        self._source, self._pipeline = source, pipeline
        self._hub, self._encoding = hub, encoding
        self._maker = FrameMaker(source.description)
        self._left_out = LeftOut(source.streams)
        self._said: set[str] = set()

    def run(self, rate: float, once: bool, slop: float) -> None:
        """Play until a signal.

        Raises:
            CommandError: no pair can be fused.
        """
        from .no_pairs import why_no_pairs

        while self._lap(rate):
            if once:
                print("the end; the page stays", flush=True)
                _wait_for_signal()
                return
            self._pipeline.reset()
        left_out = self._left_out.count
        why = "why is said above" if left_out else why_no_pairs(self._source, slop)
        raise CommandError(f"no pair can be shown ({left_out} left out): {why}")

    def _lap(self, rate: float) -> int:
        """Show all pairs; return how many could be fused."""
        from ..images.errors import BadImage
        from ..pipeline.registration_error import RegistrationError
        from ..view.frame import encoded
        from ..view.pace import Pace
        from .finding_text import text

        pace, shown = Pace(rate), 0
        for pair in self._source:
            # The first is computed in any case: what is wrong shows before somebody watches.
            while shown and not self._hub.wait_for_watcher(1.0):
                pass
            pace.wait(pair.recorded_ns)
            try:
                images = pair.read()
                fusion = self._pipeline.process(images)
            except (BadImage, RegistrationError) as error:
                self._say(self._left_out.add(pair, error))
                continue
            notes = [text(each, self._source.streams) for each in fusion.findings]
            if self._left_out.count:
                notes.append(f"{self._left_out.count} pairs are left out so far")
            self._hub.put(encoded(self._maker.frame(images, fusion, notes), self._encoding))
            shown += 1
        self._say(self._source.remarks)
        self._say(text(each, self._source.streams) for each in self._source.findings)
        return shown

    def _say(self, sentences: Iterable[str]) -> None:
        for sentence in sentences:
            if sentence not in self._said:
                self._said.add(sentence)
                with contextlib.suppress(OSError):  # of a terminal that was closed
                    print(f"amdanet: {one_line(sentence, 1000)}", file=sys.stderr, flush=True)
