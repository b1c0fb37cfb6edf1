"""Ports that nobody takes from a test between the asking and the use."""

from __future__ import annotations

import random
import socket

FIRST, LAST = 10_000, 19_999
"""Below those that the kernel gives to whoever connects or asks for any port: tests beside this one do both all day."""


def free_port() -> int:
    """A port of this machine's loopback where nobody listens, nor will unless told this number."""
    while True:
        port = random.SystemRandom().randint(FIRST, LAST)  # not of the seeded ones: workers may share a seed
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
