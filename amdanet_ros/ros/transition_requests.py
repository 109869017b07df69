"""Requests for transitions of the lifecycle: those that the state does not know are refused."""

from __future__ import annotations

from collections.abc import Callable

from lifecycle_msgs.srv import ChangeState
from rclpy.lifecycle import LifecycleNode

from ..one_line import one_line


def refuse_unknown_transitions(node: LifecycleNode, log: Callable[[str], object]) -> None:
    """Let ``change_state`` answer ``success: false`` to a transition that cannot be.

    rclpy raises instead, in the callback of its service. A request names a transition by its id,
    by its label, or by both; where they name two transitions it is refused.

    Args:
        node: its service's callback is replaced.
        log: gets a line about what is refused.
    """
    service = next(each for each in node.services if each.srv_type is ChangeState)
    change = service.callback

    def checked(
        request: ChangeState.Request, response: ChangeState.Response
    ) -> ChangeState.Response:
        machine = node._state_machine  # rclpy has no public way to it
        known = {identity: label for identity, label, *_ in machine.available_transitions}
        wanted, label = request.transition.id, request.transition.label
        by_label = [identity for identity, name in known.items() if name == label]
        if label and not wanted and by_label:
            wanted = by_label[0]
        if wanted in known and label in ("", known[wanted]):
            request.transition.id, request.transition.label = wanted, ""
            return change(request, response)
        choices = ", ".join(f"{name} ({identity})" for identity, name in known.items())
        log(
            f"transition refused: id {wanted}, label {one_line(repr(label), 60)}; the state "
            f"{machine.current_state[1]} knows: {choices or 'none'}"
        )
        response.success = False
        return response

    service.callback = checked
