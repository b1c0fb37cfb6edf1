"""Signatures of warnings: two messages that xmlsec1 signed, and what was done to them since."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme
from pydantic import ValidationError

from geodata.records import Alert, Rejected
from sources.cap import CapOptions, parse

PAYLOADS = Path(__file__).parents[1] / "payloads/cap"
NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
SIGNED = ["good_signed.xml", "good_signed_exclusive.xml"]
OTHER = trustme.CA().cert_pem.bytes().decode()


def body(name: str = SIGNED[0]) -> str:
    return (PAYLOADS / name).read_text(encoding="utf-8")


def own() -> str:
    """The signer's certificate, which stands in the message: in life it comes another way."""
    inside = re.search("<X509Certificate>(.*?)</X509Certificate>", body(), re.DOTALL)
    assert inside is not None
    return f"-----BEGIN CERTIFICATE-----\n{inside[1].strip()}\n-----END CERTIFICATE-----\n"


def taken(text: str, certificate: str | None) -> Alert | Rejected:
    options = CapOptions(service="warnings", certificate=certificate)
    (found,) = parse(text.encode(), options, NOW)
    assert isinstance(found, Alert | Rejected)
    return found


@pytest.mark.parametrize("name", SIGNED)
def test_a_message_signed_by_who_is_believed_is_verified(name: str) -> None:
    whole = (PAYLOADS / name).read_text(encoding="utf-8")
    (pem,) = [own()] if name == SIGNED[0] else [OTHER + own()]  # the second of two that take turns
    found = taken(whole, pem)
    assert isinstance(found, Alert)
    assert (found.properties["signed"], found.properties["signature"]) == (True, "verified")
    assert found.headline == "Gió mạnh cấp 7 trên vùng biển Huế"
    assert found.geometry is not None


def test_without_a_certificate_nobody_has_looked() -> None:
    found = taken(body(), None)
    assert isinstance(found, Alert)
    assert (found.properties["signed"], found.properties["signature"]) == (True, "not_verified")
    plain = taken(re.sub("<Signature.*</Signature>", "", body(), flags=re.DOTALL), None)
    assert isinstance(plain, Alert)
    assert "signature" not in plain.properties


@pytest.mark.parametrize(
    ("text", "certificate"),
    [
        (body(), OTHER),
        (body().replace("cấp 7", "cấp 3"), own()),
        (re.sub("<Signature.*</Signature>", "", body(), flags=re.DOTALL), own()),
        (body().replace('Reference URI=""', 'Reference URI="#x"'), own()),
        (f"<feed><entry><id>1</id>{body().partition('?>')[2]}</entry></feed>", own()),
        (f"<alerts>{body().partition('?>')[2]}{body().partition('?>')[2]}</alerts>", own()),
    ],
    ids=["another", "changed", "unsigned", "elsewhere", "index", "envelope"],
)  # fmt: skip
def test_everything_else_is_refused_and_kept(text: str, certificate: str) -> None:
    found = taken(text, certificate)
    assert isinstance(found, Rejected)
    assert (found.reason, found.payload) == ("signature", text.encode())
    assert found.detail


def test_a_message_wrapped_around_a_signed_one_is_not_signed() -> None:
    inner = body().partition("?>")[2].strip()
    outer = inner.replace("VN.KTTV.46.20261121.GIO.01", "MADE.UP").partition("<Signature")[0]
    signature = re.search("<Signature.*</Signature>", inner, re.DOTALL)
    assert signature is not None
    found = taken(f"{outer}{signature[0]}<note>{inner}</note></alert>", own())
    assert isinstance(found, Rejected)


def test_a_binding_without_a_readable_certificate_is_wrong() -> None:
    with pytest.raises(ValidationError, match="certificate"):
        CapOptions(certificate="-----BEGIN NONSENSE-----")
