"""The certificate of a site: its end, what is wrong with it, and the TLS version; read even when it is not valid.

What is wrong is what OpenSSL says of the chain and the name; the certificate itself is read with cryptography.
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.x509.oid import NameOID

from sources._probe_http import unverified

WRONG = {
    9: "not_yet_valid",
    10: "expired",
    18: "self_signed",
    19: "self_signed",
    2: "untrusted",
    20: "untrusted",
    21: "untrusted",
    23: "revoked",
    62: "wrong_host",
    64: "wrong_host",
}
"""OpenSSL's X509_V_ERR_* numbers."""

MAX_NAMES = 20


@dataclass(frozen=True, slots=True)
class Certificate:
    """``state`` is a word of the catalogue; without ``not_after`` there was no handshake, and ``error`` says why."""

    state: str | None = None
    not_after: datetime | None = None
    version: str | None = None
    issuer: str | None = None
    names: tuple[str, ...] = ()
    error: str | None = None


def trusting(ca_file: str | None) -> ssl.SSLContext:
    """The machine's roots, and those of a file of the city's own. Raises OSError for the file."""
    context = ssl.create_default_context()
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context


async def look(host: str, port: int, name: str, trusted: ssl.SSLContext, timeout_s: float) -> Certificate:
    """A handshake that checks; when it fails by the certificate, another that only looks. Never raises."""
    try:
        async with asyncio.timeout(timeout_s):
            try:
                return _read(*await _handshake(host, port, name, trusted), "valid")
            except ssl.SSLCertVerificationError as error:
                state = WRONG.get(error.verify_code, "invalid")
                return _read(*await _handshake(host, port, name, unverified()), state)
    except TimeoutError:
        return Certificate(error=f"no handshake within {timeout_s:g} s")
    except (ssl.SSLError, OSError, ValueError) as error:
        return Certificate(error=(str(error) or type(error).__name__)[:200])


async def _handshake(host: str, port: int, name: str, context: ssl.SSLContext) -> tuple[bytes | None, str | None]:
    """The leaf in DER and the version."""
    _, writer = await asyncio.open_connection(host, port, ssl=context, server_hostname=name)
    try:
        tls: ssl.SSLObject = writer.get_extra_info("ssl_object")
        return tls.getpeercert(binary_form=True), tls.version()
    finally:
        writer.close()
        with suppress(OSError, ssl.SSLError):
            await writer.wait_closed()


def _read(der: bytes | None, version: str | None, state: str) -> Certificate:
    """Raises ValueError for a certificate that is none."""
    if der is None:
        raise ValueError("no certificate was shown")
    found = x509.load_der_x509_certificate(der)
    issuer = found.issuer.get_attributes_for_oid(NameOID.ORGANIZATION_NAME) or found.issuer.get_attributes_for_oid(
        NameOID.COMMON_NAME
    )
    return Certificate(
        state=state,
        not_after=found.not_valid_after_utc,
        version=version,
        issuer=str(issuer[0].value)[:200] if issuer else None,
        names=_names(found),
    )


def _names(found: x509.Certificate) -> tuple[str, ...]:
    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return ()
    return tuple(names.get_values_for_type(x509.DNSName)[:MAX_NAMES])
