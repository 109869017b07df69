"""The modules that write documents, which lie in scripts/ and are not installed."""

import importlib

import pytest


@pytest.fixture
def writer(project, monkeypatch):
    """A function that imports a module of scripts/documents."""
    monkeypatch.syspath_prepend(project / "scripts")
    return lambda name: importlib.import_module(f"documents.{name}")


@pytest.fixture
def no_half_precision(monkeypatch):
    """As on most processors: fp32 is chosen without a measurement, which takes two seconds."""
    monkeypatch.setattr("amdanet_ros.inference.precision.native_formats", frozenset)
