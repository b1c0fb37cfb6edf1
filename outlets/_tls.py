"""Whom we believe over TLS: the system's authorities, or one that the city names."""

from __future__ import annotations

import ssl

from outlets.base import Away


def context(ca_file: str | None, cert_file: str | None = None) -> ssl.SSLContext:
    """Checks certificate and name. ``cert_file``: PEM of ours with its key. Raises Away where a file cannot be read."""
    try:
        found = ssl.create_default_context(cafile=ca_file)
        if cert_file is not None:
            found.load_cert_chain(cert_file)
    except (OSError, ssl.SSLError) as error:
        raise Away(f"a certificate file cannot be read: {type(error).__name__}") from None
    return found
