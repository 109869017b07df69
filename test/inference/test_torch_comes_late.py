"""Programs that compute with no network do not import torch, which takes two seconds and 250 MB."""

import importlib.util
import os
import subprocess
import sys

import pytest

import amdanet_ros.inference
from amdanet_ros.inference.predictor import Predictor

WITHOUT = ["settings", "fuse.bag_source", "pipeline", "registration", "calibration.rig"]
WITHOUT += ["calibration.detection", "demo.recording", "messages", "view", "report", "cli.fleet"]
NODES = ["ros.recorder_node", "ros.player_node", "ros.view_node"]


def test_what_computes_with_no_network_imports_no_torch(project):
    modules = WITHOUT + (NODES if importlib.util.find_spec("rclpy") else [])
    names = ", ".join(f"amdanet_ros.{module}" for module in modules)
    # An import of what stands as None fails.
    code = f"import sys; sys.modules['torch'] = None; import {names}\n"
    code += "from amdanet_ros.cli.main import main\n"
    code += "given = ['/nowhere', '-o', 'rig.yaml']\n"
    code += "assert main(['register', *given]) == 2\n"
    code += "assert main(['calibrate', *given, '--board', '8x6', '--square', '1']) == 2\n"
    environment = {**os.environ, "PYTHONPATH": str(project)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("amdanet: /nowhere does not exist") == 2


def test_the_package_gives_the_predictor_and_nothing_that_is_not_there():
    assert amdanet_ros.inference.Predictor is Predictor
    assert all(hasattr(amdanet_ros.inference, name) for name in amdanet_ros.inference.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'Predicter'"):
        _ = amdanet_ros.inference.Predicter
