"""What can go wrong between arrays in and arrays out, beyond a ValueError for a bad image."""

from __future__ import annotations


class InferenceError(RuntimeError):
    """Base class: the message says what failed and what to do about it."""


class DeviceUnavailableError(InferenceError):
    """The device asked for is not on this machine."""


class OutOfMemoryError(InferenceError):
    """The device has too little memory for this network at this size."""


class DemoWeightsMissingError(InferenceError):
    """The built-in weights are not in this installation."""
