"""Station files on an FTP server, plain or over TLS (RFC 959, 3659, 4217), by aioftp."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

import aioftp

from sources._station_places import MAX_FILE_B, PROTOCOL, Entry, Gone, Listing, Place
from sources.base import Garbled, Refused, SourceError, Unreachable

CONNECT_S, ANSWER_S, QUIT_S = 10.0, 30.0, 2.0
_NOT_THERE = ("550", "450")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """``tls``: none, explicit (``AUTH TLS``) or implicit; ``ca_file`` None trusts what the system trusts."""

    host: str
    port: int
    root: str
    user: str
    password: str
    tls: str = "none"
    ca_file: str | None = None
    encoding: str = "utf-8"

    @property
    def endpoint(self) -> str:
        scheme = "ftp" if self.tls == "none" else "ftps"
        return f"{scheme}://{self.host}:{self.port}/{self.root.strip('/')}"


class _Client(aioftp.Client):
    """The client of aioftp leaves a data connection open when the command that should use it is refused."""

    _data: asyncio.StreamWriter | None = None

    async def get_passive_connection(
        self, *args: Any, **more: Any
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        self.release()
        reader, self._data = await super().get_passive_connection(*args, **more)
        return reader, self._data

    def release(self) -> None:
        """Close the data connection of the last command."""
        if self._data is not None:
            self._data.close()
            self._data = None

    def close(self) -> None:
        self.release()
        super().close()


@dataclass(frozen=True, slots=True)
class FTP:
    """One logged-in connection."""

    client: aioftp.Client
    account: Account

    async def look(self, folder: str) -> list[Entry]:
        listing = Listing(self.account.endpoint)
        with failures(self.account, folder or None):
            async for path, facts in self.client.list(self._path(folder)):
                plain: dict[str, Any] = dict(facts)
                kind = plain.get("type")
                if kind in {"file", "dir"}:
                    listing.add(
                        Entry(path.name, kind == "dir", _size(plain.get("size")), _changed(plain.get("modify")))
                    )
        return listing.entries

    async def read(self, path: str) -> bytes:
        body = bytearray()
        with failures(self.account, path):
            async with self.client.download_stream(self._path(path)) as stream:
                async for block in stream.iter_by_block():
                    body += block
                    if len(body) > MAX_FILE_B:
                        raise Garbled(
                            endpoint=self.account.endpoint, protocol=PROTOCOL, reason=f"{path} grows beyond its size"
                        )
        return bytes(body)

    async def remove(self, path: str) -> None:
        with failures(self.account):
            await self.client.remove_file(self._path(path))

    async def rename(self, path: str, to: str) -> None:
        target = self._path(to)
        with failures(self.account):
            await self.client.make_directory(target.parent)
            await self.client.rename(self._path(path), target)

    def _path(self, path: str) -> PurePosixPath:
        return PurePosixPath("/" + self.account.root.strip("/")) / path


@asynccontextmanager
async def ftp(account: Account) -> AsyncIterator[Place]:
    """Raises Unreachable, Refused (user or password, certificate), Garbled."""
    context = ssl.create_default_context(cafile=account.ca_file) if account.tls != "none" else None
    client = _Client(
        socket_timeout=ANSWER_S,
        connection_timeout=CONNECT_S,
        encoding=account.encoding,
        ssl=context if account.tls == "implicit" else None,
    )
    try:
        with failures(account):
            await client.connect(account.host, account.port)
            if account.tls == "explicit":
                await client.upgrade_to_tls(context)
            await client.login(account.user, account.password)
        yield FTP(client, account)
        with suppress(aioftp.AIOFTPException, OSError, ValueError):  # TimeoutError is an OSError
            async with asyncio.timeout(QUIT_S):
                await client.quit()
    finally:
        client.close()


@contextmanager
def failures(account: Account, path: str | None = None) -> Iterator[None]:
    """What goes wrong on the wire, in the sources' words. With ``path`` what is missing is Gone."""
    where = account.endpoint
    try:
        yield
    except SourceError:
        raise
    except aioftp.StatusCodeError as error:
        code = str(error.received_codes[-1])
        if path is not None and code in _NOT_THERE:
            raise Gone(path) from error
        words = " ".join(line.strip() for line in error.info)[:200].replace(account.password or "\0", "***")
        if code in {"530", "532", "430"}:
            raise Refused(endpoint=where, reason=f"{code} {words}") from error
        raise Unreachable(endpoint=where, reason=f"{code} {words}") from error
    except ssl.SSLCertVerificationError as error:
        raise Refused(endpoint=where, reason=f"its certificate is not trusted: {error.verify_message}") from error
    except (TimeoutError, asyncio.IncompleteReadError) as error:
        raise Unreachable(endpoint=where, reason="no answer in time") from error
    except OSError as error:
        raise Unreachable(endpoint=where, reason=error.strerror or str(error) or type(error).__name__) from error
    except (aioftp.AIOFTPException, ValueError, LookupError) as error:
        raise Garbled(endpoint=where, protocol="FTP", reason=str(error)[:200] or type(error).__name__) from error


def _size(value: object) -> int:
    text = str(value)
    return int(text) if text.isdigit() else 0


def _changed(value: object) -> float | None:
    """RFC 3659 time in UTC; the listing of an older server is in some zone of its own, which serves as well."""
    try:
        return datetime.strptime(str(value)[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None
