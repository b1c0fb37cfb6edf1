"""CAP 1.2: Alert, Update and Cancel into a folder with an Atom index, and by POST to whoever takes them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Literal, Self

import httpx
from pydantic import Field, model_validator

from geodata.city import City
from geodata.store.deliveries import Earlier
from outlets._cap_folder import Folder
from outlets._cap_xml import Issuer, chain, document
from outlets._http import client, post
from outlets._tls import context
from outlets.base import Away, Needless, Options, Outlet, Secret
from outlets.message import Message, Sendable

RENEWED_AT = 0.75
"""So much of its time a message has lived when an Update takes its place."""


class CapOptions(Options):
    """``path``: a folder for files and index, shown under ``base_url``; ``url``: who takes a POST; one at least.

    ``sender``: who we are to the readers, without blanks and commas. ``expires_h``: so long a message holds; of an open
    finding an Update takes its place before. ``scope``: what a desk finds is not for everybody, so the usual one is
    Restricted. ``key_file`` and ``cert_file`` (PEM) sign every message.
    """

    path: Path | None = None
    base_url: str | None = Field(default=None, pattern=r"^https?://[^\s]+[^/\s]$")
    url: str | None = Field(default=None, pattern=r"^https?://[^\s]+$")
    token_env: str | None = None
    ca_file: str | None = None
    proxy_env: str | None = None
    sender: str = Field(pattern=r"^[^\s,<&]+$")
    sender_name: str | None = None
    expires_h: float = Field(default=24, ge=1, le=168)
    scope: Literal["Public", "Restricted"] = "Restricted"
    restriction: str = "Trung tâm điều hành và cơ quan được giao"
    key_file: Path | None = None
    cert_file: Path | None = None

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        if self.path is None and self.url is None:
            raise ValueError("neither path nor url")
        if (self.key_file is None) != (self.cert_file is None):
            raise ValueError("key_file and cert_file go together")
        return self


class Cap(Outlet[CapOptions]):
    """Every finding has its own life, so nothing becomes a digest. A warning of an authority is its issuer's to send,
    so it is never sent on: read again it would be ours.
    """

    kind = "cap"
    options_of = CapOptions
    default_on = ("opened", "level_raised", "level_lowered", "reopened", "closed")
    tellable = default_on
    per_minute = 0
    tells_past = False
    never = frozenset(("warnings",))

    def __init__(self, name: str, options: CapOptions, secret: Secret, city: City) -> None:
        super().__init__(name, options, secret, city)
        self._http: httpx.AsyncClient | None = None
        self.renew = timedelta(hours=options.expires_h * RENEWED_AT)
        title = options.sender_name or f"Vọng Lâu, {city.full_title_vi}"
        self._issuer = Issuer(
            sender=options.sender,
            sender_name=title,
            scope=options.scope,
            restriction=options.restriction,
            holds=timedelta(hours=options.expires_h),
            city={"vi": city.full_title_vi, "en": city.full_title_en},
        )
        self._folder = (
            Folder(options.path, options.base_url, title, f"urn:vonglau:{city.id}:{name}") if options.path else None
        )

    async def send(self, message: Sendable, to: str | None, earlier: Sequence[Earlier]) -> str | None:
        if not isinstance(message, Message):
            raise Needless("CAP knows no digest")
        if message.closed is not None and not chain(earlier):
            raise Needless("it was over before it could be said")
        body = await asyncio.to_thread(self._written, message, earlier)
        if self._folder is not None:
            await asyncio.to_thread(self._folder.put, message.key, body)
        if self.options.url is not None:
            headers = {"Content-Type": "application/cap+xml; charset=utf-8", "Idempotency-Key": message.key}
            if token := self.secret(self.options.token_env):
                headers["Authorization"] = f"Bearer {token}"
            if self._http is None:
                self._http = client(context(self.options.ca_file), self.secret(self.options.proxy_env))
            await post(self._http, self.options.url, body, headers)
        return None

    async def close(self) -> None:
        if self._http is not None:
            await self._http.aclose()

    def _written(self, message: Message, earlier: Sequence[Earlier]) -> bytes:
        body = document(message, earlier, self._issuer)
        if self.options.key_file is None or self.options.cert_file is None:
            return body
        try:
            key, cert = self.options.key_file.read_bytes(), self.options.cert_file.read_text(encoding="utf-8")
        except OSError as error:
            raise Away(f"the key for signing cannot be read: {error.strerror}") from None
        return signed(body, key, cert)


def signed(body: bytes, key: bytes, certificate: str) -> bytes:
    """The message with an enveloped signature (W3C XML Signature) in it. Raises Away for a key that is none."""
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from lxml import etree
    from signxml.algorithms import SignatureMethod
    from signxml.signer import XMLSigner

    root = etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True))
    try:
        curve = isinstance(load_pem_private_key(key, None), EllipticCurvePrivateKey)
        method = SignatureMethod.ECDSA_SHA256 if curve else SignatureMethod.RSA_SHA256
        found = XMLSigner(signature_algorithm=method).sign(root, key=key, cert=certificate)
    except Exception as error:  # noqa: BLE001 -- whatever a key may be instead of one
        raise Away(f"the message cannot be signed: {type(error).__name__}") from None
    whole: bytes = etree.tostring(found, encoding="utf-8", xml_declaration=True)
    return whole
