"""What the probe is told: the sites it may contact, and what it expects of them. Nothing else is ever contacted."""

from __future__ import annotations

from typing import Literal

import httpx
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from sources.base import Options

DnsType = Literal["A", "AAAA", "CNAME", "MX", "NS", "TXT", "SOA", "CAA"]


class DnsCheck(BaseModel):
    """A record that must be there; with ``expect`` nothing else may be (in lower case, without the final dot)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    type: DnsType = "A"
    expect: tuple[str, ...] = ()


class ProbeSite(BaseModel):
    """One site. ``expect_status`` empty: 200 to 399. ``expect_text`` must stand in the page, ``forbid_text`` must not.

    ``address`` (host:port) is connected to in place of the URL's host, which keeps its name in TLS and HTTP.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    name: str | None = None
    agency: str | None = None
    lon: float | None = Field(default=None, ge=-180, le=180)
    lat: float | None = Field(default=None, ge=-90, le=90)
    parent: str | None = None
    url: str | None = None
    address: str | None = Field(default=None, pattern=r"^(\[[0-9A-Fa-f:]+\]|[^:/@\s]+):\d{1,5}$")
    expect_status: tuple[int, ...] = ()
    expect_text: str | None = None
    forbid_text: tuple[str, ...] = ()
    redirects: Literal["none", "same_host"] = "same_host"
    redirect_hosts: tuple[str, ...] = ()
    dns: tuple[DnsCheck, ...] = ()

    @field_validator("url")
    @classmethod
    def _is_web(cls, value: str | None) -> str | None:
        if value is not None and (httpx.URL(value).scheme not in {"http", "https"} or not httpx.URL(value).host):
            raise ValueError("a site's url begins with http:// or https://")
        return value

    @model_validator(mode="after")
    def _has_something(self) -> ProbeSite:
        if self.url is None and not self.dns:
            raise ValueError(f"{self.id}: neither url nor dns")
        return self


class ProbeOptions(Options):
    """``url`` alone is one site. A check has ``timeout_s`` and ``max_bytes``; ``parallel`` sites are asked at once.

    ``resolver`` is host:port of a name server, else the machine's. ``ca_file`` are further roots (PEM).
    """

    url: str | None = None
    sites: tuple[ProbeSite, ...] = ()
    issuer: str = Field(default="site", pattern=r"^[a-z0-9_.-]+$")
    resolver: str | None = Field(default=None, pattern=r"^[0-9A-Fa-f.:\[\]]+:\d{1,5}$")
    ca_file: str | None = None
    timeout_s: float = Field(default=10, gt=0, le=120)
    max_bytes: int = Field(default=262_144, ge=0, le=16 << 20)
    parallel: int = Field(default=8, ge=1, le=64)
    certificate_s: float = Field(default=900, ge=0)  # certificates and names are looked at so often
    poll_s: float = Field(default=60, gt=0)

    @model_validator(mode="after")
    def _once(self) -> ProbeOptions:
        names = [site.id for site in self.sites]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"sites: more than once: {', '.join(twice)}")
        return self

    def listed(self) -> tuple[ProbeSite, ...]:
        """Every site to look at."""
        if self.url is None:
            return self.sites
        return (ProbeSite(id=httpx.URL(self.url).host or "site", url=self.url), *self.sites)


def address(site: ProbeSite) -> tuple[str, int]:
    """Host and port to connect to."""
    if site.address is not None:
        host, _, port = site.address.rpartition(":")
        return host.strip("[]"), int(port)
    url = httpx.URL(site.url or "")
    return url.host, url.port or (443 if url.scheme == "https" else 80)
