"""What the node says of itself on /diagnostics: one status for each thing that can go wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue

from ..findings import Finding
from ..pairing import StreamStatistics, SyncStatistics
from ..pipeline.health import HealthStatus, ModalityHealth
from .counters import Counts, Quantiles
from .finding_text import TopicNames, text

OK, WARN, ERROR = DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR

_BUSY_SHARE = 0.5


@dataclass(frozen=True)
class InputReport:
    """One camera's topic.

    Attributes:
        topic: resolved.
        publishers: how many there are.
        reliability: what is subscribed, "reliable" or "best effort".
        problem: why nothing can come, or None.
    """

    topic: str
    publishers: int
    reliability: str
    problem: str | None


@dataclass(frozen=True)
class NodeReport:
    """All that the diagnostics tell, gathered once a second.

    Attributes:
        name: of the node, fully qualified.
        state: of the lifecycle, in words.
        failure: why the last configure failed, or None.
        model: one line, or None while there is no network.
        device: for people.
        precision: of the network.
        memory: "name: value" pairs, such as resident memory in MiB.
        clock_problem: why the node's clock says nothing, or None.
        inputs: by stream; empty unless active.
        pairing: statistics, None unless active.
        findings: of the pairing.
        names: of the topics, for the sentences about findings.
        counts: what became of the pairs.
        before: the counts and statistics of the report before, for rates; None at the first one.
        seconds: node time since then; None where it did not go forward.
    """

    name: str
    state: str
    failure: str | None
    model: str | None
    device: str
    precision: str
    memory: dict[str, str]
    clock_problem: str | None
    inputs: dict[str, InputReport]
    pairing: SyncStatistics | None
    findings: Sequence[Finding]
    names: TopicNames
    counts: Counts
    before: tuple[Counts, SyncStatistics | None] | None = None
    seconds: float | None = None


def statuses(report: NodeReport) -> list[DiagnosticStatus]:
    """Return the statuses: node, both inputs, pairing, output."""
    result = [_node(report)]
    if report.pairing is not None:
        for stream, statistics in (
            ("rgb", report.pairing.rgb),
            ("thermal", report.pairing.thermal),
        ):
            result.append(_input(report, stream, statistics))
        result += [_pairing(report, report.pairing), _output(report)]
    return result


def _node(report: NodeReport) -> DiagnosticStatus:
    level, message = OK, report.state
    if report.failure is not None:
        level, message = ERROR, f"{report.state}: {report.failure}"
    elif report.clock_problem is not None:
        level, message = WARN, report.clock_problem
    elif report.state != "active":
        level = WARN
    values = {
        "State": report.state,
        "Model": report.model or "none",
        "Device": report.device,
        "Precision": report.precision,
        **report.memory,
    }
    return _status(report, "node", level, message, values)


def _input(report: NodeReport, stream: str, statistics: StreamStatistics) -> DiagnosticStatus:
    topic = report.inputs[stream]
    counts = report.counts
    problems: list[tuple[bytes, str]] = []
    if topic.problem is not None:
        problems.append((ERROR, topic.problem))
    else:
        problems += _problems(report, stream)
    refused = counts.bad.get(stream, 0)
    if refused > _before(report).bad.get(stream, 0):
        problems.append((WARN, f"images refused: {counts.last_bad[stream]}"))
    health = counts.health.get(stream)
    if health is not None and health.status != HealthStatus.OK:
        problems.append((WARN, f"{health.status.name.lower()}: {health.reason}"))
    values = {
        "Topic": topic.topic,
        "Publishers": topic.publishers,
        "Subscribed": topic.reliability,
        "Events in window": statistics.received - _received_before(report, stream),
        "Events since startup": statistics.received,
        "Actual frequency (Hz)": _rate(
            report, statistics.received - _received_before(report, stream)
        ),
        "Frequency by stamps (Hz)": _number(statistics.rate),
        "Jitter of the stamps (share of the period)": _number(statistics.stamp_jitter),
        "Jitter of the arrival (s)": _number(statistics.arrival_jitter),
        "Lost on the way (gaps in the stamps)": statistics.lost,
        "Refused": refused,
        **_health_values(health),
    }
    for reason, count in statistics.unmatched.items():
        values[f"Unpaired: {reason}"] = count
    return _judged(report, f"{stream} input", problems, values)


def _pairing(report: NodeReport, pairing: SyncStatistics) -> DiagnosticStatus:
    values = {
        "Pairs": pairing.pairs,
        "Rate (Hz)": _rate(report, pairing.pairs - _pairs_before(report)),
        "Laps (jumps of the stamps, plus one)": pairing.laps,
        "Mean distance of the stamps (s)": _number(pairing.mean_offset),
        "95 % distance of the stamps (s)": _number(pairing.p95_offset),
        "Median thermal minus RGB (s)": _number(pairing.median_offset),
        "Thermal clock behind RGB clock (s)": _number(pairing.clock_offset),
        "Thermal images used again": pairing.thermal.reused,
    }
    return _judged(report, "pairing", _problems(report, None), values)


def _output(report: NodeReport) -> DiagnosticStatus:
    counts, before = report.counts, _before(report)
    problems = []
    if counts.last_failure is not None:
        problems.append((ERROR, counts.last_failure))
    offered = counts.offered - before.offered
    fresh = {
        reason: count - before.dropped.get(reason, 0) for reason, count in counts.dropped.items()
    }
    if fresh.get("too_old"):
        problems.append(
            (
                WARN,
                f"{fresh['too_old']} of {offered} pairs were older than max_age: the network is "
                "too slow, images come late, or the camera's clock differs from this machine's",
            )
        )
    if fresh.get("no_camera_info"):
        problems.append(
            (
                ERROR,
                f"{fresh['no_camera_info']} of {offered} pairs could not be registered: "
                "thermal.registration_from needs rgb/camera_info and thermal/camera_info, and "
                "one has not come: publish it, or register with thermal.registration",
            )
        )
    if offered and fresh.get("replaced", 0) > _BUSY_SHARE * offered:
        problems.append(
            (
                OK,
                f"the network computes {offered - fresh['replaced']} of {offered} pairs: a smaller "
                "inference_size or backbone computes more",
            )
        )
    if counts.single > before.single:
        problems.append(
            (WARN, f"{counts.single - before.single} outputs come from one camera alone")
        )
    values = {
        "Pairs offered": counts.offered,
        "Published": counts.published,
        "Published from one camera": counts.single,
        "Rate (Hz)": _rate(report, counts.published - before.published),
        **{f"Dropped: {reason}": count for reason, count in counts.dropped.items()},
        **_milliseconds("Latency, arrival to publish", counts.latency),
        **_milliseconds("Age, stamp to publish", counts.age),
        **_milliseconds("Inference", counts.inference),
        **_milliseconds("Overhead (latency without inference and waiting)", counts.overhead),
    }
    return _judged(report, "output", problems, values)


def _problems(report: NodeReport, stream: str | None) -> list[tuple[bytes, str]]:
    """Return level and sentence of each finding about a stream; None: about both."""
    return [
        (bytes([each.level]), text(each, report.names))
        for each in report.findings
        if each.stream == stream
    ]


def _judged(
    report: NodeReport,
    name: str,
    problems: list[tuple[bytes, str]],
    values: dict[str, object],
) -> DiagnosticStatus:
    level = max((level for level, _ in problems), default=OK)
    message = "; ".join(text for _, text in problems) or "OK"
    return _status(report, name, level, message, values)


def _status(
    report: NodeReport, name: str, level: bytes, message: str, values: dict[str, object]
) -> DiagnosticStatus:
    return DiagnosticStatus(
        level=level,
        name=f"{report.name.lstrip('/')}: {name}",
        message=message,
        hardware_id=report.device,
        values=[KeyValue(key=key, value=str(value)) for key, value in values.items()],
    )


def _health_values(health: ModalityHealth | None) -> dict[str, object]:
    if health is None:
        return {}
    return {
        "Health": health.status.name,
        "Saturated (share of pixels)": f"{health.saturated:.3f}",
        "Dark (share of pixels)": f"{health.dark:.3f}",
        "Contrast (standard deviation over range)": f"{health.contrast:.4f}",
    }


def _milliseconds(name: str, quantiles: Quantiles | None) -> dict[str, str]:
    if quantiles is None:
        return {}
    return {
        f"{name}: median (ms)": f"{quantiles.median * 1e3:.1f}",
        f"{name}: 95 % (ms)": f"{quantiles.p95 * 1e3:.1f}",
    }


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.4g}"


def _rate(report: NodeReport, events: int) -> str:
    return "unknown" if not report.seconds else f"{events / report.seconds:.2f}"


def _before(report: NodeReport) -> Counts:
    return report.before[0] if report.before else Counts()


def _received_before(report: NodeReport, stream: str) -> int:
    if not report.before or report.before[1] is None:
        return 0
    return getattr(report.before[1], stream).received


def _pairs_before(report: NodeReport) -> int:
    return report.before[1].pairs if report.before and report.before[1] else 0
