"""What the node says of itself on /diagnostics: one status for each thing that can go wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue

from ..findings import Finding, FindingKind, Level
from ..one_line import one_line
from ..pairing import StreamStatistics, SyncStatistics
from ..pipeline.health import HealthStatus, ModalityHealth
from .counters import Counts, Dropped, Quantiles
from .finding_text import NO_NAMES, TopicNames, text

_BUSY_SHARE = 0.5

_DURATION_NAMES = {
    "latency": "Latency, arrival to publish",
    "age": "Age, stamp to publish",
    "inference": "Inference",
    "overhead": "Overhead (latency without inference and waiting)",
}


@dataclass(frozen=True)
class PairReport:
    """What an active camera pair tells at one moment.

    Attributes:
        names: of its topics.
        inputs: by stream, "name: value" pairs of its subscription.
        pairing: statistics of the synchroniser.
        findings: of the subscriptions, the pairing and the last published pair.
        health: by stream, of the last image.
        counts: what became of the pairs.
        depth: "name: value" pairs of the depth images' subscription; None: there is none.
        registration: "name: value" pairs of its checks.
    """

    names: TopicNames
    inputs: Mapping[str, Mapping[str, object]]
    pairing: SyncStatistics
    findings: tuple[Finding, ...]
    health: Mapping[str, ModalityHealth]
    counts: Counts
    depth: Mapping[str, object] | None = None
    registration: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class NodeReport:
    """What the node tells at one moment.

    Attributes:
        name: of the node, fully qualified.
        state: of the lifecycle, in words.
        failure: why the last configure failed, or None.
        hang: that the worker hangs, or None.
        slow: that the network is far slower than it was measured, or None.
        network: "name: value" pairs: Model, Device and Precision.
        memory: "name: value" pairs, such as resident memory in MiB.
        pairs: by name of the camera pair; empty unless active.
    """

    name: str
    state: str
    failure: Finding | None
    network: Mapping[str, str]
    memory: Mapping[str, str]
    pairs: Mapping[str, PairReport] = field(default_factory=dict)
    hang: Finding | None = None
    slow: Finding | None = None


def statuses(
    report: NodeReport,
    before: NodeReport | None = None,
    seconds: float | None = None,
    clock: Finding | None = None,
) -> list[DiagnosticStatus]:
    """Return the statuses: node; for each camera pair the inputs, pairing, output.

    Args:
        report: as of now.
        before: the one before, for rates; None at the first one.
        seconds: node time since then; None where it did not go forward.
        clock: what is wrong with the node's clock.
    """
    result = [_node(report, clock)]
    for name, pair in report.pairs.items():
        former = before.pairs.get(name) if before else None
        parts = (*_inputs(pair, former, seconds), *_depth(pair, former))
        for part in (*parts, *_pair(pair, former, seconds)):
            result.append(part.status(report, pair.names))
    return result


def _node(report: NodeReport, clock: Finding | None) -> DiagnosticStatus:
    found = (report.hang, report.failure, clock, report.slow)
    findings = [each for each in found if each is not None][:1]
    if not findings and report.state != "active":
        values = {"state": report.state}
        findings = [Finding(FindingKind.NOT_ACTIVE, None, Level.WARN, values)]
    values = {"State": report.state, **report.network, **report.memory}
    status = _Part("node", findings, values).status(report, NO_NAMES)
    if report.failure is not None or report.hang is not None:
        status.message = f"{report.state}: {status.message}"
    elif not findings:
        status.message = report.state
    return status


def _inputs(
    report: PairReport, before: PairReport | None, seconds: float | None
) -> Iterable[_Part]:
    for stream, subscription in report.inputs.items():
        statistics: StreamStatistics = getattr(report.pairing, stream)
        earlier = getattr(before.pairing, stream).received if before else 0
        received = statistics.received - earlier
        health = report.health.get(stream)
        refusals = _refusals(stream, report.counts, before.counts if before else Counts())
        findings = _of_stream(stream, report, refusals)
        findings += _unhealthy(stream, health)
        values = {
            **subscription,
            "Events in window": received,
            "Events since startup": statistics.received,
            "Actual frequency (Hz)": _rate(received, seconds),
            "Frequency by stamps (Hz)": _number(statistics.rate),
            "Jitter of the stamps (share of the period)": _number(statistics.stamp_jitter),
            "Jitter of the arrival (s)": _number(statistics.arrival_jitter),
            "Lost on the way (gaps in the stamps)": statistics.lost,
            "Refused": report.counts.refused.get(stream, 0),
            **_health_values(health),
            **{f"Unpaired: {reason}": count for reason, count in statistics.unmatched.items()},
        }
        yield _Part(f"{stream} input", findings, values)


def _depth(report: PairReport, before: PairReport | None) -> Iterable[_Part]:
    if report.depth is None:
        return
    refusals = _refusals("depth", report.counts, before.counts if before else Counts())
    findings = _of_stream("depth", report, refusals)
    if refusals:  # which say more, and tell the cause
        findings = [each for each in findings if each.kind is not FindingKind.BAD_DEPTH]
    values = {**report.depth, "Refused": report.counts.refused.get("depth", 0)}
    yield _Part("depth input", findings, values)


def _pair(report: PairReport, before: PairReport | None, seconds: float | None) -> Iterable[_Part]:
    pairing, counts = report.pairing, report.counts
    values = {
        "Pairs": pairing.pairs,
        "Rate (Hz)": _rate(pairing.pairs - (before.pairing.pairs if before else 0), seconds),
        "Laps (jumps of the stamps, plus one)": pairing.laps,
        "Mean distance of the stamps (s)": _number(pairing.mean_offset),
        "95 % distance of the stamps (s)": _number(pairing.p95_offset),
        "Median thermal minus RGB (s)": _number(pairing.median_offset),
        "Thermal clock behind RGB clock (s)": _number(pairing.clock_offset),
        "Thermal images used again": pairing.thermal.reused,
        **report.registration,
    }
    yield _Part("pairing", [each for each in report.findings if each.stream is None], values)
    former = before.counts if before else Counts()
    values = {
        "Pairs offered": counts.offered,
        "Published": counts.published,
        "Published from one camera": counts.single,
        "Rate (Hz)": _rate(counts.published - former.published, seconds),
        **{f"Dropped: {reason}": count for reason, count in counts.dropped.items()},
    }
    for name, quantiles in counts.durations.items():
        values |= _milliseconds(_DURATION_NAMES[name], quantiles)
    yield _Part("output", output_findings(counts, former), values)


def output_findings(counts: Counts, before: Counts) -> list[Finding]:
    """Return what is to say of the pairs since the report before."""
    findings = [] if counts.last_failure is None else [counts.last_failure]
    offered = counts.offered - before.offered
    fresh = {reason: count - before.dropped[reason] for reason, count in counts.dropped.items()}
    for reason, kind, level in (
        (Dropped.TOO_OLD, FindingKind.PAIRS_TOO_OLD, Level.WARN),
        (Dropped.NO_CAMERA_INFO, FindingKind.PAIRS_UNREGISTERED, Level.ERROR),
    ):
        if fresh[reason]:
            values = {"count": fresh[reason], "offered": offered}
            findings.append(Finding(kind, None, level, values))
    replaced = fresh[Dropped.REPLACED]
    if offered and replaced > _BUSY_SHARE * offered:
        values = {"computed": offered - replaced, "offered": offered}
        findings.append(Finding(FindingKind.PAIRS_REPLACED, None, Level.OK, values))
    if counts.single > before.single:
        values = {"count": counts.single - before.single}
        findings.append(Finding(FindingKind.ONE_CAMERA, None, Level.WARN, values))
    return findings


def _refusals(stream: str, counts: Counts, before: Counts) -> list[Finding]:
    count = counts.refused.get(stream, 0) - before.refused.get(stream, 0)
    cause = counts.last_refusal.get(stream)
    if not count or cause is None:  # those of before a transition are forgotten
        return []
    values = {"count": count, "cause": cause}
    return [Finding(FindingKind.IMAGES_REFUSED, stream, Level.WARN, values)]


def _of_stream(stream: str, report: PairReport, refusals: list[Finding]) -> list[Finding]:
    """Return what is wrong with a stream; messages that were refused did come."""
    findings = [each for each in report.findings if each.stream == stream]
    has_come = stream in report.counts.last_refusal
    if has_come and any(each.kind == FindingKind.NO_MESSAGE for each in findings):
        refusals = refusals or _refusals(stream, report.counts, Counts())
    silence = {FindingKind.NO_MESSAGE, FindingKind.SILENT} if refusals else set()
    return [each for each in findings if each.kind not in silence] + refusals


def _unhealthy(stream: str, health: ModalityHealth | None) -> list[Finding]:
    if health is None or health.status == HealthStatus.OK:
        return []
    values = {"status": health.status.name.lower(), "cause": health.reason}
    return [Finding(FindingKind.UNHEALTHY, stream, Level.WARN, values)]


@dataclass(frozen=True)
class _Part:
    """One status before its sentences are made."""

    name: str
    findings: Sequence[Finding]
    values: Mapping[str, object]

    def status(self, report: NodeReport, names: TopicNames) -> DiagnosticStatus:
        level = max((each.level for each in self.findings), default=Level.OK)
        prefix = f"{names.pair}/".lstrip("/")
        return DiagnosticStatus(
            level=bytes([level]),
            name=f"{report.name.lstrip('/')}: {prefix}{self.name}",
            message=one_line("; ".join(text(each, names) for each in self.findings), 2000) or "OK",
            hardware_id=report.network["Device"],
            values=[KeyValue(key=key, value=one_line(value)) for key, value in self.values.items()],
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


def _milliseconds(name: str, quantiles: Quantiles) -> dict[str, str]:
    return {
        f"{name}: median (ms)": f"{quantiles.median * 1e3:.1f}",
        f"{name}: 95 % (ms)": f"{quantiles.p95 * 1e3:.1f}",
    }


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.4g}"


def _rate(events: int, seconds: float | None) -> str:
    return "unknown" if not seconds else f"{events / seconds:.2f}"
