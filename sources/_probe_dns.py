"""The records of a site's name: there, changed, missing, or not to be had."""

from __future__ import annotations

import dns.asyncresolver
import dns.exception
import dns.resolver

from sources._probe_options import DnsCheck

GRAVEST_FIRST = ("changed", "missing", "failed", "as_expected")


def resolver(address: str | None, timeout_s: float) -> dns.asyncresolver.Resolver:
    """A resolver that asks the given name server (host:port), or those of the machine. Raises DNSException."""
    found = dns.asyncresolver.Resolver(configure=address is None)
    if address is not None:
        host, _, port = address.rpartition(":")
        found.nameservers = [host.strip("[]")]
        found.port = int(port)
    found.lifetime = timeout_s
    found.timeout = timeout_s / 2
    return found


async def look(checks: tuple[DnsCheck, ...], asking: dns.asyncresolver.Resolver) -> str | None:
    """The gravest state of all checks; None without any. Never raises."""
    states = {await state(check, asking) for check in checks}
    return next((word for word in GRAVEST_FIRST if word in states), None)


async def state(check: DnsCheck, asking: dns.asyncresolver.Resolver) -> str:
    """as_expected, changed (a value that was not expected), missing, or failed (no name server answers)."""
    try:
        answer = await asking.resolve(check.name, check.type, search=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return "missing"
    except (dns.exception.DNSException, OSError, ValueError):
        return "failed"
    found = {plain(record.to_text()) for record in answer}
    expected = {plain(value) for value in check.expect}
    return "changed" if expected and not found <= expected else "as_expected"


def plain(value: str) -> str:
    """A value as it is compared.

    >>> plain("10 Mail.Hue.Example."), plain('"v=spf1 -all"')
    ('10 mail.hue.example', 'v=spf1 -all')
    """
    return value.strip().strip('"').rstrip(".").casefold()
