"""HTTP clients that hang up also when they are called off in the middle of a TLS handshake.

httpcore (1.0.9) closes the connection there for an error and for its own time-out, not for a cancellation: the socket
then stays open until it is collected. Whoever gives a call a time of its own, or is stopped, leaves one each time.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable

import httpcore
import httpx


def closing(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """The same client; what is called off from now on is closed. A transport of another kind is left as it is."""
    for transport in (client._transport, *client._mounts.values()):
        if isinstance(transport, httpx.AsyncHTTPTransport):
            pool = transport._pool
            pool._network_backend = _Network(pool._network_backend)
    return client


class _Network(httpcore.AsyncNetworkBackend):
    """A way to connect, whose connections end for certain."""

    def __init__(self, real: httpcore.AsyncNetworkBackend) -> None:
        self.real = real

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        return _Stream(await self.real.connect_tcp(host, port, timeout, local_address, socket_options))

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None
    ) -> httpcore.AsyncNetworkStream:
        return _Stream(await self.real.connect_unix_socket(path, timeout, socket_options))

    async def sleep(self, seconds: float) -> None:
        await self.real.sleep(seconds)


class _Stream(httpcore.AsyncNetworkStream):
    """A connection as httpcore gives it."""

    def __init__(self, real: httpcore.AsyncNetworkStream) -> None:
        self.real = real

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return await self.real.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self.real.write(buffer, timeout)

    async def aclose(self) -> None:
        await self.real.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        try:
            return _Stream(await self.real.start_tls(ssl_context, server_hostname, timeout))
        except BaseException:  # a cancellation is none of the errors that httpcore closes for
            await self.real.aclose()
            raise

    def get_extra_info(self, info: str) -> object:
        return self.real.get_extra_info(info)
