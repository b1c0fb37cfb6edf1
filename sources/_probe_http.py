"""One visit to a page: status, time, text, within a time and a number of bytes, never on another host."""

from __future__ import annotations

import asyncio
import codecs
import ssl
from dataclasses import dataclass

import httpx

from geodata.http_ending import closing
from sources._probe_options import ProbeOptions, ProbeSite, address
from sources.http import USER_AGENT

MAX_HOPS = 5
USUAL_PORTS = frozenset({80, 443})


@dataclass(frozen=True, slots=True)
class Page:
    """What a visit gave. ``content`` is as_expected, changed, or None when nothing was expected of it."""

    up: bool
    status: int | None = None
    ms: float | None = None
    content: str | None = None
    error: str | None = None


def unverified() -> ssl.SSLContext:
    """Any certificate will do: it is looked at for itself, and nothing secret is ever sent to a site."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def visitor(options: ProbeOptions) -> httpx.AsyncClient:
    """The client of a poll. It follows no redirect by itself and no proxy of the environment."""
    limits = httpx.Limits(max_connections=options.parallel, max_keepalive_connections=0)
    headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"}
    http = httpx.AsyncClient(
        verify=unverified(), timeout=options.timeout_s, limits=limits, trust_env=False, headers=headers
    )
    return closing(http)


async def visit(http: httpx.AsyncClient, site: ProbeSite, options: ProbeOptions) -> Page:
    """Never raises: what goes wrong is the result."""
    began = asyncio.get_running_loop().time()
    try:
        async with asyncio.timeout(options.timeout_s):
            return await _follow(http, site, options, began)
    except TimeoutError:
        return Page(up=False, error=f"no answer within {options.timeout_s:g} s")
    except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, OSError, ValueError) as error:
        return Page(up=False, error=(str(error) or type(error).__name__)[:200])


async def _follow(http: httpx.AsyncClient, site: ProbeSite, options: ProbeOptions, began: float) -> Page:
    where = httpx.URL(site.url or "")
    for _ in range(MAX_HOPS):
        reply = await http.send(_asked(http, where, site), stream=True)
        try:
            ms = (asyncio.get_running_loop().time() - began) * 1000
            link = reply.headers.get("location") if 300 <= reply.status_code < 400 else None
            ahead = where.join(link) if link else None
            if ahead is None or not allowed(ahead, site):
                body = await _body(reply, options.max_bytes)
                return _page(reply, body, ms, site)
            where = ahead
        finally:
            await reply.aclose()
    return Page(up=False, error=f"more than {MAX_HOPS} redirects")


def allowed(ahead: httpx.URL, site: ProbeSite) -> bool:
    """Whether a redirect may be followed: to the site's own host and port (or the usual ones), or a host listed."""
    first = httpx.URL(site.url or "")
    if ahead.scheme not in {"http", "https"} or ahead.userinfo:
        return False
    own_port = first.port or (443 if first.scheme == "https" else 80)
    port = ahead.port or (443 if ahead.scheme == "https" else 80)
    if port not in USUAL_PORTS | {own_port}:
        return False
    own = site.redirects == "same_host" and ahead.host == first.host
    return own or ahead.host in site.redirect_hosts


def _target(where: httpx.URL, site: ProbeSite) -> httpx.URL:
    if site.address is None or where.host != httpx.URL(site.url or "").host:
        return where
    host, port = address(site)
    return where.copy_with(host=host, port=port)


def _asked(http: httpx.AsyncClient, where: httpx.URL, site: ProbeSite) -> httpx.Request:
    """The name in HTTP and TLS stays the URL's when another address is connected to."""
    target = _target(where, site)
    if target == where:
        return http.build_request("GET", where)
    names = {"sni_hostname": where.host}
    return http.build_request("GET", target, headers={"Host": where.netloc.decode()}, extensions=names)


async def _body(reply: httpx.Response, most: int) -> bytes:
    """The first bytes as sent; decompressing is never done for a stranger."""
    body = bytearray()
    async for chunk in reply.aiter_raw():
        body += chunk
        if len(body) >= most:
            break
    return bytes(body[:most])


def _page(reply: httpx.Response, body: bytes, ms: float, site: ProbeSite) -> Page:
    status = reply.status_code
    fine = status in site.expect_status if site.expect_status else 200 <= status < 400
    content = None
    packed = reply.headers.get("content-encoding", "identity") != "identity"
    if (site.expect_text is not None or site.forbid_text) and fine and not packed:
        page = body.decode(_charset(reply), "replace")
        there = site.expect_text is None or site.expect_text in page
        content = "as_expected" if there and not any(word in page for word in site.forbid_text) else "changed"
    return Page(up=fine, status=status, ms=ms, content=content)


def _charset(reply: httpx.Response) -> str:
    """The encoding that the page names, when there is such a one."""
    try:
        return codecs.lookup(reply.charset_encoding or "utf-8").name
    except LookupError:
        return "utf-8"
