"""XML signatures of CAP messages (W3C XML Signature, enveloped, as CAP 1.2 section 3.3.2.1 has them).

Only what was signed is read on: the message is taken out of the verified bytes, so that nothing put beside or around
a signed part counts as signed.
"""

from __future__ import annotations

from itertools import product

from cryptography.x509 import load_pem_x509_certificates
from signxml.verifier import SignatureConfiguration, XMLVerifier

TOP = SignatureConfiguration(location="./")
"""The signature stands in the message itself; SHA-1 and keyed hashes are not taken."""


class Plain(XMLVerifier):
    """Without the ``xmlns=""`` that lxml 6 writes into the inclusive canonical form of part of a document, where the
    standard and xmlsec have none. What is taken for signed is read from the very bytes whose signature held.
    """

    excise_empty_xmlns_declarations = True


class NotSigned(ValueError):
    """The signature does not hold, is another's, or is not there; the message says which."""


def certificates(pem: str) -> str:
    """The text as it is. Raises ValueError where it holds no certificate."""
    if not load_pem_x509_certificates(pem.encode()):
        raise ValueError("no certificate in PEM")
    return pem


def signed(body: bytes, pem: str) -> bytes:
    """The part of a message that one of the certificates (PEM, several when one takes over from another) has signed.

    A certificate that has run out has signed nothing. Raises NotSigned.
    """
    why = ""
    for certificate, verifier in product(load_pem_x509_certificates(pem.encode()), (XMLVerifier, Plain)):
        try:
            found = verifier().verify(body, x509_cert=certificate, expect_config=TOP)
        except Exception as error:  # noqa: BLE001 -- whatever a stranger's XML makes of it, it is not verified
            why = why or f"{type(error).__name__}: {error}"[:200]
        else:
            assert not isinstance(found, list)
            return found.signed_data
    raise NotSigned(why)
