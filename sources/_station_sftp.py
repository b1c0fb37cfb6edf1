"""Station files on an SFTP server, by asyncssh. The server's key must be known: a man in the middle is no station."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import asyncssh

from sources._station_places import MAX_FILE_B, Entry, Gone, Listing, Place
from sources.base import Garbled, Refused, SourceError, Unreachable

CONNECT_S = 15.0
_REGULAR, _FOLDER = asyncssh.FILEXFER_TYPE_REGULAR, asyncssh.FILEXFER_TYPE_DIRECTORY

_REFUSALS: Mapping[tuple[type[Exception], ...], str] = {
    (asyncssh.SFTPPermissionDenied, asyncssh.PermissionDenied): "permission denied",
    (asyncssh.HostKeyNotVerifiable,): "the server's key is not the known one",
    (asyncssh.KeyImportError, asyncssh.KeyEncryptionError): "our private key cannot be read",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """``known_hosts`` is a file; ``fingerprint`` is ``SHA256:…`` of the server's key. One of them is needed.

    ``private_key`` is a key in OpenSSH or PEM form, or the path of a file that holds one.
    """

    host: str
    port: int
    root: str
    user: str
    password: str | None = None
    private_key: str | None = None
    passphrase: str | None = None
    known_hosts: str | None = None
    fingerprint: str | None = None

    @property
    def endpoint(self) -> str:
        return f"sftp://{self.host}:{self.port}/{self.root.strip('/')}"


class _Pinned(asyncssh.SSHClient):
    """Knows its server by the fingerprint of its key."""

    def __init__(self, fingerprint: str) -> None:
        self.fingerprint = fingerprint

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        del host, addr, port
        return key.get_fingerprint() == self.fingerprint


@dataclass(frozen=True, slots=True)
class SFTP:
    """One session."""

    client: asyncssh.SFTPClient
    account: Account

    async def look(self, folder: str) -> list[Entry]:
        listing = Listing(self.account.endpoint)
        with failures(self.account, folder or None):
            async for found in self.client.scandir(self._path(folder)):
                facts, kind = found.attrs, found.attrs.type
                if kind in {_REGULAR, _FOLDER}:
                    listing.add(Entry(str(found.filename), kind == _FOLDER, facts.size or 0, facts.mtime))
        return listing.entries

    async def read(self, path: str) -> bytes:
        with failures(self.account, path):
            async with self.client.open(self._path(path), "rb") as file:
                body: bytes = await file.read(MAX_FILE_B + 1)
                return body

    async def remove(self, path: str) -> None:
        with failures(self.account):
            await self.client.remove(self._path(path))

    async def rename(self, path: str, to: str) -> None:
        target = self._path(to)
        with failures(self.account):
            await self.client.makedirs(str(PurePosixPath(target).parent), exist_ok=True)
            await self.client.rename(self._path(path), target)

    def _path(self, path: str) -> str:
        root = self.account.root or "."
        return str(PurePosixPath(root) / path)


@asynccontextmanager
async def sftp(account: Account) -> AsyncIterator[Place]:
    """Raises Unreachable, Refused (key, user, password), Garbled."""
    with failures(account):
        connection = await asyncssh.connect(
            account.host,
            account.port,
            username=account.user,
            password=account.password,
            client_keys=_keys(account) or (),
            agent_path=None,
            config=(),
            known_hosts=account.known_hosts if account.known_hosts and not account.fingerprint else b"",
            client_factory=(lambda: _Pinned(account.fingerprint or "")),
            connect_timeout=CONNECT_S,
            login_timeout=CONNECT_S,
            keepalive_interval=15,
        )
    try:
        with failures(account):
            client = await connection.start_sftp_client()
        yield SFTP(client, account)
    finally:
        connection.abort()


def _keys(account: Account) -> list[asyncssh.SSHKey]:
    if not account.private_key:
        return []
    given = account.private_key
    if "PRIVATE KEY" in given:
        return [asyncssh.import_private_key(given, account.passphrase)]
    return [asyncssh.read_private_key(Path(given), account.passphrase)]


@contextmanager
def failures(account: Account, path: str | None = None) -> Iterator[None]:
    """What goes wrong on the wire, in the sources' words, without secrets. With ``path`` what is missing is Gone."""
    where = account.endpoint
    try:
        yield
    except SourceError:
        raise
    except asyncssh.SFTPNoSuchFile as error:
        if path is not None:
            raise Gone(path) from error
        raise Unreachable(endpoint=where, reason="no such folder") from error
    except (asyncssh.Error, asyncssh.KeyImportError, OSError) as error:
        raise _told(error, where) from error


def _told(error: Exception, where: str) -> SourceError:
    for kinds, reason in _REFUSALS.items():
        if isinstance(error, kinds):
            return Refused(endpoint=where, reason=reason)
    if isinstance(error, asyncssh.ProtocolError):
        return Garbled(endpoint=where, protocol="SSH", reason=str(error)[:200])
    if isinstance(error, TimeoutError):
        return Unreachable(endpoint=where, reason="no answer in time")
    words = getattr(error, "strerror", None) or str(error)[:200]
    return Unreachable(endpoint=where, reason=words or type(error).__name__)
