"""Samples of Prometheus: from the HTTP API's envelopes and from the text format of exporters.

Sources: Prometheus' HTTP API (docs of 2026-08), text exposition format 0.0.4, read with prometheus_client's parser.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from geodata.records import Rejected
from sources._sites import garbled, kept, unused
from sources._values import number, text

MAX_LINE_B = 16 << 10
MAX_LINES = 200_000
"""Of one exposition; a site's exporter has hundreds."""

NO_SAMPLES = frozenset({"histogram", "summary", "gaugehistogram"})
"""Types whose samples are parts of a distribution and no results."""

PARTS = ("_bucket", "_sum", "_count", "_created", "_gsum", "_gcount")


@dataclass(frozen=True, slots=True)
class Sample:
    """One value. ``time`` is None where the text gives none; ``piece`` is what is kept when it becomes no record."""

    name: str | None
    labels: Mapping[str, str]
    value: str
    time: datetime | None
    piece: bytes


def moment(seconds: object) -> datetime:
    """Unix seconds, fractions too, as aware UTC. Raises ValueError."""
    try:
        found = datetime.fromtimestamp(number(seconds), UTC)
    except (OverflowError, OSError) as error:
        raise ValueError(f"no time of ours: {seconds!r}") from error
    if not 1970 <= found.year < 2200:
        raise ValueError(f"no time of ours: {seconds!r}")
    return found


def answered(body: Mapping[str, Any], query: str | None, arrival: datetime | None) -> Iterator[Sample | Rejected]:
    """The samples of a ``query`` or ``query_range`` answer; ``query`` is kept with what is rejected."""
    data = body.get("data")
    if not isinstance(data, Mapping):
        return
    form, result = text(data.get("resultType")), data.get("result")
    if form == "scalar":
        yield from _series({"metric": {}, "value": result}, "vector", query, arrival)
    elif form in {"vector", "matrix"} and isinstance(result, list):
        for item in result:
            yield from _series(item, str(form), query, arrival)
    elif form == "string":
        yield unused("unused_result", arrival, "a string")
    else:
        yield garbled(kept(body), f"no result of type {form!r}"[:80], arrival)


def _series(item: Any, form: str, query: str | None, arrival: datetime | None) -> Iterator[Sample | Rejected]:
    whole = {
        "status": "success",
        **({"query": query} if query else {}),
        "data": {"resultType": form, "result": [item]},
    }
    try:
        labels = _labels(item.get("metric")) if isinstance(item, Mapping) else None
        if labels is None:
            raise ValueError("not a sample of a vector")  # noqa: TRY301 (one way out for all that is wrong)
        pairs = item.get("values") if form == "matrix" else [item["value"]] if "value" in item else []
        if not isinstance(pairs, list):
            raise ValueError("no list of values")  # noqa: TRY004, TRY301 (as above)
        for _ in range(_histograms(item)):
            yield unused("histogram", arrival)
        for pair in pairs:
            if not isinstance(pair, list) or len(pair) != 2 or not isinstance(pair[1], str):
                raise ValueError("a value is [time, text]")  # noqa: TRY301 (as above)
            yield Sample(labels.get("__name__"), labels, pair[1], moment(pair[0]), kept(whole))
    except ValueError as error:
        yield garbled(kept(whole), error, arrival, "malformed")


def _histograms(item: Mapping[str, Any]) -> int:
    several = item.get("histograms")
    return int("histogram" in item) + (len(several) if isinstance(several, list) else 0)


def _labels(metric: Any) -> dict[str, str] | None:
    if not isinstance(metric, Mapping):
        return None
    return {str(name): value for name, value in metric.items() if isinstance(value, str)}


def exposed(payload: bytes, arrival: datetime | None) -> Iterator[Sample | Rejected]:
    """The samples of a text exposition, a line at a time: one broken line takes no other with it."""
    try:
        lines = payload.decode().split("\n", MAX_LINES)
    except UnicodeDecodeError as error:
        yield garbled(payload, f"the text is not UTF-8: {error.reason}", arrival)
        return
    types: dict[str, str] = {}
    if len(lines) > MAX_LINES:
        yield garbled(lines.pop().encode()[:65536], f"more than {MAX_LINES} lines", arrival, "too_long")
    openmetrics = payload.rstrip().endswith(b"# EOF")
    for line in lines:
        stripped = line.strip()
        if stripped.startswith("#"):
            words = stripped.split(None, 3)
            if len(words) == 4 and words[1] == "TYPE":
                types[words[2]] = words[3]
        elif stripped:
            yield _line(stripped, types, openmetrics, arrival)


def _line(line: str, types: Mapping[str, str], openmetrics: bool, arrival: datetime | None) -> Sample | Rejected:
    piece = line.encode("utf-8", "backslashreplace")
    if len(piece) > MAX_LINE_B:
        return garbled(piece, f"a line of {len(piece)} bytes", arrival, "too_long")
    try:
        (family,) = text_string_to_metric_families(line + "\n")
        (sample,) = family.samples
        if _is_part(sample.name, types):
            return unused("histogram", arrival, sample.name)
        stamp = sample.timestamp
        time = None if stamp is None else moment(float(stamp) * (1000 if openmetrics else 1))
        labels = {name: value for name, value in sample.labels.items() if text(value)}
        return Sample(sample.name, labels, repr(float(sample.value)), time, piece)
    except Exception as error:  # noqa: BLE001 (the library raises whatever a broken line makes Python raise)
        return garbled(piece, str(error)[:100] or "not a sample", arrival, "malformed")


def _is_part(name: str, types: Mapping[str, str]) -> bool:
    family = next((name.removesuffix(part) for part in PARTS if name.endswith(part)), name)
    return types.get(name) in NO_SAMPLES or types.get(family) in NO_SAMPLES
