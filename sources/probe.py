"""Our own probe of sites: HTTP (status, text, time), TLS (certificate, version), DNS (records), from a list.

Only what is listed is contacted; a redirect to another host is not followed unless that host is listed too. When not
one site answers, it is our own line that is down: the feed is lost, and no site is said to be down. (Of a list of one
site the two cannot be told apart.)

A recording's body is the report of one round (``_probe_report``).
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, Iterator
from datetime import datetime
from typing import Any

import dns.asyncresolver
import dns.exception
import httpx

from geodata.records import JSON, Observation, Record, Rejected, Thing
from geodata.store.types import Batch, Cursor
from sources import _probe_dns, _probe_tls
from sources._probe_http import Page, visit, visitor
from sources._probe_options import ProbeOptions, ProbeSite, address
from sources._probe_report import read, rows
from sources._sites import news, split
from sources.base import Context, Garbled, Source, Unreachable

PROTOCOL = "probe"


def parse(payload: bytes, options: ProbeOptions, arrival: datetime) -> Iterator[Record | Rejected]:
    """The rows of one report. Never raises."""
    yield from read(payload, options.issuer, arrival)


async def batches(options: ProbeOptions, context: Context, cursor: Cursor | None) -> AsyncGenerator[Batch, None]:
    """One round over the sites. Raises SourceError when none of them answers."""
    del cursor  # a round knows nothing of the one before
    sites = options.listed()
    if not sites:
        raise Garbled(endpoint=PROTOCOL, protocol=PROTOCOL, reason="no sites are listed")
    async with visitor(options) as http:
        checks = _Round(options, context, http)
        results = await asyncio.gather(*(checks.look(site) for site in sites))
    if not any(result["answered"] for result in results):
        reason = str(results[0].get("error") or "no answer")
        raise Unreachable(endpoint=f"none of {len(sites)} probed sites", reason=reason)
    found = [row for result in results for row in rows(result, options.issuer, None)]
    records, rejected = split(news(found, context.memory))
    yield Batch(records, None, rejected)


class _Round:
    """One round: what it shares between sites. Raises Garbled for roots or a resolver that cannot be used."""

    def __init__(self, options: ProbeOptions, context: Context, http: httpx.AsyncClient) -> None:
        self.options, self.context, self.http = options, context, http
        self.turn = asyncio.Semaphore(options.parallel)
        self.looked: dict[str, float] = context.memory.setdefault("looked", {})
        try:
            self.trusted: ssl.SSLContext = context.memory.get("trusted") or _probe_tls.trusting(options.ca_file)
            self.asking: dns.asyncresolver.Resolver = _probe_dns.resolver(options.resolver, options.timeout_s)
        except (OSError, dns.exception.DNSException) as error:
            raise Garbled(endpoint=PROTOCOL, protocol=PROTOCOL, reason=f"its settings: {error}"[:200]) from error
        context.memory["trusted"] = self.trusted

    async def look(self, site: ProbeSite) -> dict[str, Any]:
        """What was found of one site."""
        async with self.turn:
            found: dict[str, Any] = {
                "site": site.id,
                "time": self.context.clock().isoformat(),
                **site.model_dump(include={"name", "agency", "lon", "lat", "parent"}, exclude_none=True),
            }
            due = self._is_due(site)
            page = await visit(self.http, site, self.options) if site.url else None
            if site.dns and (due or page is None):
                found["dns"] = await _probe_dns.look(site.dns, self.asking)
            if due and site.url and site.url.startswith("https:"):
                found["tls"] = await self._certificate(site)
            return {**found, **_summed(page, found)}

    def _is_due(self, site: ProbeSite) -> bool:
        now = asyncio.get_running_loop().time()
        last = self.looked.get(site.id)
        if last is not None and now - last < self.options.certificate_s:
            return False
        self.looked[site.id] = now
        return True

    async def _certificate(self, site: ProbeSite) -> dict[str, JSON]:
        host, port = address(site)
        name = httpx.URL(site.url or "").host
        found = await _probe_tls.look(host, port, name, self.trusted, self.options.timeout_s)
        told: dict[str, JSON] = {
            "state": found.state,
            "not_after": found.not_after.isoformat() if found.not_after else None,
            "version": found.version,
            "issuer": found.issuer,
            "names": list(found.names),
        }
        return {key: value for key, value in told.items() if value}


def _summed(page: Page | None, found: dict[str, Any]) -> dict[str, Any]:
    """Up or down, and whether there was any answer at all."""
    if page is None:
        word = found.get("dns")
        return {"up": word in {"as_expected", "changed"}, "answered": word != "failed"}
    told = {"up": page.up, "status": page.status, "ms": page.ms, "content": page.content, "error": page.error}
    answered = page.status is not None or bool(found.get("tls")) or found.get("dns", "failed") != "failed"
    return {**{key: value for key, value in told.items() if value is not None}, "answered": answered}


SOURCE = Source(
    protocol="probe",
    title="HTTP, TLS and DNS probe",
    kinds=frozenset({Thing, Observation}),
    options=ProbeOptions,
    batches=batches,
    parse=parse,
    poll_s=lambda options: options.poll_s,
    suffixes=(".json",),
    libraries=("httpx", "cryptography", "dnspython"),
    limits="TLS 1.2 and newer; pages are looked at up to max_bytes, uncompressed",
)
