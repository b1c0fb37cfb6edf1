"""Where a source is read from, as the city's file (or that of the simulator beside us) says it, without secrets.

The pages know no adapter: an endpoint is put together from the few options that every protocol names alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from app.pages.sources_cause import Owned
from geodata.bindings import bindings as of
from geodata.bindings import read_bindings
from geodata.city import City, SourceBinding
from geodata.errors import ConfigInvalid
from geodata.settings import Settings

URLS = ("url", "mqtt_url", "sql", "inventory_url", "updates_url")


def file_of(data: Path, city: City) -> Path:
    """The sources that ``vonglau up`` wrote for its simulated city."""
    return data / "run" / f"bindings-{city.id}.json"


def bindings(settings: Settings, city: City) -> Mapping[str, SourceBinding]:
    """By id: the city's own, and those of the machine's simulator; a file that is away or broken adds nothing."""
    found = dict(own(settings, city))
    with suppress(ConfigInvalid):
        found |= {binding.id: binding for binding in read_bindings(file_of(settings.data, city))}
    return found


def own(settings: Settings, city: City) -> Mapping[str, SourceBinding]:
    """By id: those that every command knows without being told of a file."""
    found = city.bindings()
    with suppress(ConfigInvalid):
        found = of(city, settings.sources)
    return {binding.id: binding for binding in found}


def endpoint(options: Mapping[str, Any]) -> str | None:
    """Scheme, host, port and path: never the query, user or password, where keys stand. None when none is told."""
    for name in URLS:
        if isinstance(url := options.get(name), str) and url:
            return bare(url)
    if isinstance(host := options.get("host"), str):
        port = options.get("port")
        path = options.get("path")
        scheme = options.get("transport")
        return f"{f'{scheme}://' if scheme else ''}{host}{f':{port}' if port else ''}{path or ''}"
    if isinstance(path := options.get("path"), str):
        return path
    return None


def bare(url: str) -> str:
    try:
        parts = urlsplit(url)
        host = f"[{parts.hostname}]" if parts.hostname and ":" in parts.hostname else parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    return f"{parts.scheme}://{host}{port}{parts.path}" if parts.scheme else parts.path


def owned(found: Mapping[str, SourceBinding]) -> Mapping[str, Owned]:
    """What the common cause is looked for in. A host is host and port: behind one address many systems may live."""
    return {
        name: Owned(host=_host(binding.options), operator=binding.operator, owner=binding.owner)
        for name, binding in found.items()
    }


def _host(options: Mapping[str, Any]) -> str | None:
    where = endpoint(options)
    if where is None or "//" not in where:
        return where if where is not None and isinstance(options.get("host"), str) else None
    return urlsplit(where).netloc or None
