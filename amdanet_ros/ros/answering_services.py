"""Services that answer whatever their callbacks raise: a client must not wait for ever."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rcl_interfaces.msg import SetParametersResult
from rcl_interfaces.srv import SetParameters, SetParametersAtomically
from rclpy.service import Service

from ..one_line import one_line


def answer_always(
    service: Service, log: Callable[[str], object], fatal: tuple[type[Exception], ...] = ()
) -> None:
    """Let a service answer that it failed where its callback raises.

    The answer is the response's default, which means failure in ``success`` and in the
    lifecycle's ids; parameters that cannot be set are answered one by one, with the reason.

    Args:
        service: its callback is replaced, once.
        log: gets a line about what the callback raised.
        fatal: what is let through.
    """
    if isinstance(service.callback, _Answering):
        return
    service.callback = _Answering(service, log, fatal)


class _Answering:
    def __init__(
        self, service: Service, log: Callable[[str], object], fatal: tuple[type[Exception], ...]
    ) -> None:
        self._name = service.srv_name
        self._kind = service.srv_type
        self._callback = service.callback
        self._log = log
        self._fatal = fatal

    def __call__(self, request: Any, response: Any) -> Any:
        if self._kind is SetParameters:
            for each in request.parameters:  # one that rclpy cannot read must not hide the others
                one = SetParameters.Request(parameters=[each])
                response.results.extend(self._answer(one, SetParameters.Response()).results)
            return response
        return self._answer(request, response)

    def _answer(self, request: Any, response: Any) -> Any:
        try:
            return self._callback(request, response)
        except self._fatal:
            raise
        except Exception as error:
            cause = one_line(f"{type(error).__name__}: {error}")
            self._log(f"request to {self._name} refused: {cause}")
            return self._refusal(cause)

    def _refusal(self, cause: str) -> Any:
        refusal = self._kind.Response()
        result = SetParametersResult(successful=False, reason=cause)
        if self._kind is SetParameters:
            refusal.results.append(result)
        elif self._kind is SetParametersAtomically:
            refusal.result = result
        elif hasattr(refusal, "message"):
            refusal.message = cause
        return refusal
