"""What every adapter owes: found by name, fed with recordings and with everything that a wire can go wrong."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geodata.records import KINDS, Rejected
from geodata.store.types import Batch, Written
from sources.base import NOT_ADAPTERS, Context, Options, Source, SourceError, names, protocol
from sources.http import client
from tests.support.kit import KINDS_OF_FILE, assert_sound, dead_end, every_adapter, files, options, parse, recorded

SECRET = "s3cr3t-9f1b"  # looked for wherever it must not be


def test_adapters_are_found_by_name() -> None:
    assert {"ais", "open311", "sensorthings"} <= set(names())
    modules = {path.stem for path in (Path(__file__).parents[2] / "sources").glob("*.py")}
    public = {name for name in modules - NOT_ADAPTERS if not name.startswith("_")}
    assert public == set(names())


@every_adapter
def test_declares_what_it_is(source: Source[Options]) -> None:
    assert protocol(source.protocol) is source, "the module bears the protocol's name"
    assert source.title
    assert source.kinds <= set(KINDS.values())
    assert source.suffixes
    assert source.options.model_config["extra"] == "forbid"
    secrets = {name for name in source.options.model_fields if any(w in name for w in ("key", "token", "password"))}
    assert all(name.endswith("_env") for name in secrets), "an option names a secret, it never holds one"
    assert source.poll_s(options(source)) is None or (source.poll_s(options(source)) or 0) > 0


@every_adapter
@pytest.mark.parametrize("kind", KINDS_OF_FILE)
def test_has_recorded_payloads(source: Source[Options], kind: str) -> None:
    assert files(source, kind), f"tests/payloads/{source.protocol}/{kind}*"


@every_adapter
def test_good_payloads_are_read_whole(source: Source[Options]) -> None:
    for path in files(source, "good"):
        rows = parse(source, path.read_bytes())
        assert_sound(source, rows)
        assert any(not isinstance(row, Rejected) for row in rows), path.name
        assert not [row for row in rows if isinstance(row, Rejected) and row.payload is not None], path.name
        assert {row.received_at for row in rows} != {None}, "rows of a recording carry their arrival"


@every_adapter
def test_good_payloads_show_every_kind(source: Source[Options]) -> None:
    seen = {type(row) for path in files(source, "good") for row in parse(source, path.read_bytes())}
    assert source.kinds <= seen


@every_adapter
def test_partial_payloads_give_what_is_readable(source: Source[Options]) -> None:
    for path in files(source, "partial"):
        rows = parse(source, path.read_bytes())
        assert_sound(source, rows)
        assert any(not isinstance(row, Rejected) for row in rows), path.name
        assert any(isinstance(row, Rejected) for row in rows), path.name


@every_adapter
def test_broken_payloads_give_nothing_but_rejections_that_keep_them(source: Source[Options]) -> None:
    for path in files(source, "broken"):
        rows = parse(source, path.read_bytes())
        assert_sound(source, rows)
        assert rows, path.name
        assert all(isinstance(row, Rejected) and row.payload for row in rows), path.name


@every_adapter
def test_parse_is_pure(source: Source[Options]) -> None:
    for path in recorded(source):
        payload = path.read_bytes()
        before = bytes(payload)
        assert repr(parse(source, payload)) == repr(parse(source, payload))
        assert payload == before


HOSTILE = {
    "empty": b"",
    "blank": b" \r\n\t ",
    "nul": b"\0" * 4096,
    "huge_line": b"A" * (8 << 20),
    "huge_number": b'{"service_request_id": ' + b"9" * 10_000 + b"}",
    "deep_json": b'{"value":[' + b'{"a":' * 50_000 + b"1" + b"}" * 50_000 + b"]}",
    "deep_list": b"[" * 100_000,
    "deep_xml": b"<a>" * 50_000 + b"</a>" * 50_000,
    "bomb": b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><x><request>&b;</request></x>',
    "outside_entity": b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x><request>&a;</request></x>',
    "utf16": '[{"service_request_id":"1"}]'.encode("utf-16"),
    "latin1": '[{"service_request_id":"phản ánh"}]'.encode()[:-6] + b'\xe9"}]',
    "gzip": gzip.compress(b"x" * 1000),
    "binary": bytes(range(256)) * 64,
    "surrogate": b'[{"service_request_id":"1","requested_datetime":"2026-11-20T00:00:00Z","title":"\\ud800"}]',
    "html": b"<html><body><h1>502 Bad Gateway</h1></body></html>",
    "truncated_sentence": b"!AIVDM,1,1,,A,18SJsfG1A9Wd",
}


@every_adapter
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_payloads_never_raise(source: Source[Options], name: str) -> None:
    rows = parse(source, HOSTILE[name])
    assert_sound(source, rows)
    assert all(isinstance(row, Rejected) for row in rows)
    if HOSTILE[name].strip() and name != "html":
        assert any(row.payload for row in rows if isinstance(row, Rejected))


OUT_OF_RANGE = {
    "year_1": (rb"\d{4}-\d\d-\d\d(?=[T ])", b"0001-01-01"),
    "year_9999": (rb"\d{4}-\d\d-\d\d(?=[T ])", b"9999-12-31"),
    "epoch_huge": (rb"(?<![\d.])1[67]\d{8,11}(?![\d.])", b"99999999999999999"),
    "nan": (rb"(?<=[\s:,>\[])-?\d+\.\d+", b"NaN"),
    "infinite": (rb"(?<=[\s:,>\[])-?\d+\.\d+", b"1e999"),
    "far": (rb"(?<=[\s:,>\[])-?\d+\.\d+", b"2000.5"),
    "negative": (rb"(?<=[\s:,>\[])-?\d+\.\d+", b"-0.0"),
}


@every_adapter
@pytest.mark.parametrize("name", OUT_OF_RANGE)
def test_values_out_of_range_are_no_records(source: Source[Options], name: str) -> None:
    """Years that no calendar of ours has, numbers that are none, places off the globe."""
    pattern, value = OUT_OF_RANGE[name]
    for path in files(source, "good"):
        assert_sound(source, parse(source, re.sub(pattern, value, path.read_bytes())))


def damaged(payload: bytes) -> st.SearchStrategy[bytes]:
    """The payload cut, with bytes changed, doubled or put in."""
    place = st.integers(0, max(len(payload) - 1, 0))
    return st.one_of(
        place.map(lambda n: payload[:n]),
        st.tuples(place, st.binary(min_size=1, max_size=8)).map(lambda t: payload[: t[0]] + t[1] + payload[t[0] :]),
        st.tuples(place, st.binary(min_size=1, max_size=8)).map(
            lambda t: payload[: t[0]] + t[1] + payload[t[0] + len(t[1]) :]
        ),
        st.tuples(place, place).map(lambda t: payload[: t[0]] + payload[t[1] :]),
    )


FUZZ = settings(
    max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None
)


@every_adapter
@FUZZ
@given(data=st.data())
def test_damaged_recordings_never_raise(source: Source[Options], data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(files(source, "good")))
    assert_sound(source, parse(source, data.draw(damaged(path.read_bytes()))))


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


def replaced(value: Any, path: list[Any], new: object) -> Any:
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from places(value[key], (*path, key))


def json_bodies(source: Source[Options]) -> Iterator[Any]:
    for path in files(source, "good"):
        with suppress(ValueError):  # XML, sentences, and the specification's own sample, which is no JSON
            yield json.loads(path.read_bytes())


@every_adapter
@FUZZ
@given(data=st.data())
def test_any_value_in_any_place_never_raises(source: Source[Options], data: st.DataObject) -> None:
    """JSON payloads with one value replaced by any other: types that no server should send."""
    bodies = list(json_bodies(source))
    if not bodies:
        assert_sound(source, parse(source, data.draw(st.binary(max_size=300))))
        return
    body = data.draw(st.sampled_from(bodies))
    place = data.draw(st.sampled_from(list(places(body))))
    changed = replaced(body, list(place), data.draw(JSON_VALUES))
    assert_sound(source, parse(source, json.dumps(changed).encode()))


@every_adapter
def test_sums_of_a_batch_close(source: Source[Options]) -> None:
    """Received = records + rejected: what the ledger will count."""
    rows = [row for path in recorded(source) for row in parse(source, path.read_bytes())]
    kept = [row for row in rows if not isinstance(row, Rejected)]
    reasons: dict[str, int] = {}
    for row in rows:
        if isinstance(row, Rejected):
            reasons[row.reason] = reasons.get(row.reason, 0) + 1
    batch = Batch(kept, rejected=[row for row in rows if isinstance(row, Rejected)])
    assert Written(len(batch.records) + len(batch.rejected), len(kept), 0, reasons).closes


@every_adapter
async def test_secrets_are_never_told(source: Source[Options]) -> None:
    """Not by the repr of options or context, and not by the error of a source that is not there."""
    named = {name: "VONGLAU_TEST_SECRET" for name in source.options.model_fields if name.endswith("_env")}
    given_options = source.options.model_validate({**dead_end(source), **named})
    words: list[str] = [repr(given_options), str(given_options)]
    async with client() as http:
        context = Context(http=http, secret=lambda name: SECRET)
        words.append(repr(context))
        with pytest.raises(SourceError) as caught:
            await anext(source.batches(given_options, context, None))
        words += [str(caught.value), repr(caught.value)]
    assert not [text for text in words if SECRET in text or "user:pw" in text]
