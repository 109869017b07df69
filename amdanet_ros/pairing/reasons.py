"""Why a message left the synchroniser without a partner."""

from enum import Enum


class Described(str, Enum):
    """Reasons; each is equal to its name as a string, with its ``description`` for users."""

    description: str

    def __new__(cls, value: str, description: str) -> "Described":
        reason = str.__new__(cls, value)
        reason._value_ = value
        reason.description = description
        return reason

    __str__ = str.__str__
    __hash__ = str.__hash__  # Enum's own is a call of a Python function for each count


class Reason(Described):
    """Why a message left without a partner."""

    NO_PARTNER = "no_partner", "no message of the other stream lies within the slop"
    OVERTAKEN = "overtaken", "a neighbour was nearer to the partner"
    LATE = "late", "it came after a later message was paired"
    DUPLICATE = "duplicate", "its stamp had come before"
    ZERO_STAMP = "zero_stamp", "its stamp is not set"
    JUMP = "jump", "it was left over when the stamps jumped, or its stamp alone was wrong"
    OVERFLOW = "overflow", "the queue was full before its partner came"
    SILENT = "silent", "the other stream had stopped, so it was given out alone"
    RESET = "reset", "it waited when the queues were cleared"
