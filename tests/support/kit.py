"""What the conformance kit knows of an adapter: its recorded payloads and the options to read them with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from geodata.catalogue import services
from geodata.city import SourceBinding
from sources._binding import replay_options
from sources.base import Options, Source, names

PAYLOADS = Path(__file__).parents[1] / "payloads"
KINDS_OF_FILE = ("good", "partial", "broken")

every_adapter = pytest.mark.parametrize("source", names(), indirect=True)
"""Loaded one by one (tests/contract/conftest.py): an adapter that cannot be imported fails its own tests alone."""


def told(source: Source[Options]) -> dict[str, Any]:
    """What ``options.json`` beside the payloads says: ``service``, ``options`` to parse with, and ``dead_end``, options
    that lead where nobody is. An adapter that can do without has no such file.
    """
    path = PAYLOADS / source.protocol / "options.json"
    found: dict[str, Any] = json.loads(path.read_bytes()) if path.exists() else {}
    return found


def service_of(source: Source[Options]) -> str:
    """The service that the payloads belong to."""
    kinds = {kind.__name__ for kind in source.kinds}
    own: str | None = told(source).get("service")
    return own or next(name for name, entry in services().items() if kinds <= set(entry.kinds))


def options(source: Source[Options]) -> Options:
    """To parse the payloads with."""
    return replay_options(source, told(source).get("options", {}), service_of(source))


def files(source: Source[Options], kind: str) -> list[Path]:
    """The payloads of one kind."""
    return sorted((PAYLOADS / source.protocol).glob(f"{kind}*"))


def recorded(source: Source[Options]) -> list[Path]:
    """All payloads."""
    return [path for kind in KINDS_OF_FILE for path in files(source, kind)]


def dead_end(source: Source[Options]) -> dict[str, Any]:
    """Options that lead to a port where nobody listens."""
    own = told(source)
    if "dead_end" in own:
        return {**own.get("options", {}), **own["dead_end"]}
    if "url" in source.options.model_fields:
        return {"url": "http://127.0.0.1:9/nobody"}
    return {"host": "127.0.0.1", "port": 9}


def binding(source: Source[Options]) -> SourceBinding:
    """A source of the payloads' service, to replay them as."""
    return SourceBinding(
        id=f"kit_{source.protocol}",
        protocol=source.protocol,
        service=service_of(source),
        title_vi="Bộ kiểm tra",
        title_en="Conformance kit",
        options=told(source).get("options", {}),
    )
