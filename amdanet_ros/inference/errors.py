"""Errors of inference; a bad image raises a ValueError instead."""

from __future__ import annotations


class InferenceError(RuntimeError):
    """Base class; the message says what failed and how to fix it."""


class DeviceUnavailableError(InferenceError):
    """The wanted device does not exist on this machine."""


class OutOfMemoryError(InferenceError):
    """The device has too little memory for this network at this size."""


class DemoWeightsMissingError(InferenceError):
    """The built-in weights are not installed."""
