"""Station files over FTP, FTPS and SFTP, served by programs that are not ours: pyftpdlib and asyncssh's own server."""

from __future__ import annotations

import os
import ssl
import subprocess
import threading
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aioftp
import asyncssh
import httpx
import pytest
import trustme

from geodata.records import Observation
from geodata.store.types import Batch, Cursor
from sources.base import Context, Refused, SourceError, Unreachable
from sources.station_files import StationFileOptions, batches

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # pyftpdlib stands on asyncore, which Python 3.12 leaves out
    import pyftpdlib
    from pyftpdlib.authorizers import DummyAuthorizer
    from pyftpdlib.handlers import DTPHandler, FTPHandler
    from pyftpdlib.servers import FTPServer

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
PASSWORD = "mật khẩu 7f3a"
LINE = "PM2,5\t{value}\tug/m3\t{when}\t00\r\n"


def drop(root: Path, count: int = 6, station: str = "HUE_QTMT_KHI001") -> Path:
    """A tree as loggers leave it: station, year, month, day."""
    folder = root / station.rpartition("_")[2] / "2026" / "11" / "21"
    folder.mkdir(parents=True, exist_ok=True)
    for n in range(count):
        when = f"202611210{8 + n // 12}{n % 12 * 5:02d}00"
        path = folder / f"{station}_{when}.txt"
        path.write_bytes(LINE.format(value=n, when=when).encode())
        os.utime(path, (NOW.timestamp() - 600 + n,) * 2)
    return folder


class Reader:
    """Polls of one source that share memory and cursor, as under the runner."""

    def __init__(self, **options: Any) -> None:
        self.options = StationFileOptions.model_validate({"service": "air_quality", **options})
        self.memory: dict[str, Any] = {}
        self.cursor: Cursor | None = None

    async def poll(self) -> list[Batch]:
        found: list[Batch] = []
        secrets = {"FTP_PASSWORD": PASSWORD, "FTP_WRONG": "no", "KEY": getattr(self, "key", None)}
        async with httpx.AsyncClient() as http:
            context = Context(http=http, clock=lambda: NOW, secret=secrets.get, memory=self.memory)
            async for batch in batches(self.options, context, self.cursor):
                found.append(batch)
                self.cursor = batch.cursor or self.cursor
        return found

    async def results(self) -> list[float | str | None]:
        return [row.result for batch in await self.poll() for row in batch.records if isinstance(row, Observation)]


@contextmanager
def ftp_server(root: Path, handler: type[FTPHandler] = FTPHandler, **settings: Any) -> Iterator[int]:
    """Served by pyftpdlib on loopback in a thread of its own; its port."""
    authorizer = DummyAuthorizer()
    authorizer.add_user("tram", PASSWORD, str(root), perm="elradfmw")
    own = type("Handler", (handler,), {"authorizer": authorizer, **settings})
    server = FTPServer(("127.0.0.1", 0), own)
    over = threading.Event()

    def serve() -> None:
        """It is closed by the thread that polls it: closed by another it may be in the middle of a poll."""
        while not over.is_set():
            server.serve_forever(timeout=0.05, blocking=False, handle_exit=False)
        server.close_all()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield server.address[1]
    finally:
        over.set()
        thread.join()


def over_ftp(port: int, **more: Any) -> Reader:
    login = {"transport": "ftp", "host": "127.0.0.1", "user": "tram", "password_env": "FTP_PASSWORD"}
    return Reader(**{**login, "port": port, **more})


async def test_ftp_reads_what_is_new(tmp_path: Path) -> None:
    folder = drop(tmp_path)
    with ftp_server(tmp_path) as port:
        reader = over_ftp(port)
        assert await reader.results() == [0, 1, 2, 3, 4, 5]
        assert await reader.results() == []
        late = folder.parent / "20" / "HUE_QTMT_KHI001_20261120235500.txt"
        late.parent.mkdir()
        late.write_bytes(LINE.format(value=77, when="20261120235500").encode())
        os.utime(late, (NOW.timestamp() - 60,) * 2)
        assert await reader.results() == [77]


async def test_an_older_server_that_knows_only_list(tmp_path: Path) -> None:
    drop(tmp_path)
    known = {name: facts for name, facts in FTPHandler.proto_cmds.items() if name not in {"MLSD", "MLST"}}
    with ftp_server(tmp_path, proto_cmds=known) as port:
        reader = over_ftp(port)
        assert await reader.results() == [0, 1, 2, 3, 4, 5]
        assert await reader.results() == []


@pytest.mark.parametrize("trusted", [True, False])
async def test_ftp_over_tls(tmp_path: Path, trusted: bool) -> None:
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    root, ca_file = tmp_path / "drop", tmp_path / "ca.pem"
    drop(root)
    (authority if trusted else trustme.CA()).cert_pem.write_to_path(str(ca_file))
    server = aioftp.Server([aioftp.User("tram", PASSWORD, base_path=root)], ssl=context)
    await server.start("127.0.0.1")
    try:
        reader = over_ftp(server.server_port, transport="ftps", tls="implicit", ca_file=str(ca_file))
        if trusted:
            assert await reader.results() == [0, 1, 2, 3, 4, 5]
        else:
            with pytest.raises(Refused, match="certificate"):
                await reader.poll()
    finally:
        await server.close()


TLS_SERVER = """
import sys
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import TLS_FTPHandler
from pyftpdlib.servers import FTPServer
users = DummyAuthorizer()
users.add_user("tram", sys.argv[3], sys.argv[2], perm="elr")
own = {"authorizer": users, "certfile": sys.argv[1], "tls_control_required": True, "tls_data_required": True}
server = FTPServer(("127.0.0.1", 0), type("Handler", (TLS_FTPHandler,), own))
print(server.address[1], flush=True)
server.serve_forever()
"""


@contextmanager
def tls_server(folder: Path, root: Path, authority: trustme.CA) -> Iterator[int]:
    """Served by pyftpdlib with AUTH TLS, which needs pyOpenSSL: that is the system's Python's, not ours."""
    pem, library = folder / "server.pem", folder / "library"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(pem))
    library.mkdir()
    (library / "pyftpdlib").symlink_to(Path(pyftpdlib.__file__).parent)
    process = subprocess.Popen(
        ["/usr/bin/python3", "-W", "ignore", "-c", TLS_SERVER, str(pem), str(root), PASSWORD],
        env={"PYTHONPATH": str(library), "LC_ALL": "C.UTF-8"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.communicate()


async def test_ftp_that_closes_its_line_on_request(tmp_path: Path) -> None:
    authority, ca_file = trustme.CA(), tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    drop(tmp_path / "drop")
    with tls_server(tmp_path, tmp_path / "drop", authority) as port:
        reader = over_ftp(port, transport="ftps", ca_file=str(ca_file))
        assert await reader.results() == [0, 1, 2, 3, 4, 5]
        with pytest.raises(SourceError):  # it takes no password in the clear
            await over_ftp(port).poll()


async def test_no_password_goes_over_a_line_that_cannot_be_closed(tmp_path: Path) -> None:
    said: list[str] = []

    class Listening(FTPHandler):
        def pre_process_command(self, line: str, cmd: str, arg: str) -> None:
            said.append(line)
            super().pre_process_command(line, cmd, arg)

    with ftp_server(tmp_path, Listening) as port, pytest.raises(SourceError):  # it has no TLS
        await over_ftp(port, transport="ftps").poll()
    assert said == ["AUTH TLS"]


async def test_ftp_refusals_never_tell_the_password(tmp_path: Path) -> None:
    with ftp_server(tmp_path, auth_failed_timeout=0) as port:
        with pytest.raises(Refused) as caught:
            await over_ftp(port, password_env="FTP_WRONG").poll()
        assert PASSWORD not in str(caught.value)
        with pytest.raises(Unreachable):
            await over_ftp(port, path="no/such/folder").poll()
    with pytest.raises(Unreachable):
        await over_ftp(port).poll()


class CutDTP(DTPHandler):
    """A line that breaks in the middle of the third file."""

    sent = 0
    cut_at: int | None = None

    def send(self, data: bytes) -> int:
        cls = type(self)
        if self.file_obj is not None:
            cls.sent += 1
            if cls.sent == cls.cut_at:
                self.cmd_channel.close_when_done()
                self.close()
                return 0
        return int(super().send(data))


async def test_an_interrupted_transfer_is_read_again(tmp_path: Path) -> None:
    drop(tmp_path)
    cutting = type("Cutting", (CutDTP,), {"sent": 0, "cut_at": 3})
    with ftp_server(tmp_path, dtp_handler=cutting, use_sendfile=False) as port:
        reader = over_ftp(port)
        with pytest.raises(Unreachable):
            await reader.poll()
        assert [row for row in await reader.results() if row] == [1, 2, 3, 4, 5]
        assert await reader.results() == []


async def test_a_file_that_grows_while_it_is_read_waits(tmp_path: Path) -> None:
    folder = drop(tmp_path, 2)
    last = max(folder.iterdir())
    whole = last.read_bytes()

    class Growing(DTPHandler):
        def send(self, data: bytes) -> int:
            if self.file_obj is not None:
                data = data.replace(b"\t1\t", b"\t11111\t")
            return int(super().send(data))

    with ftp_server(tmp_path, dtp_handler=Growing, use_sendfile=False) as port:
        assert await over_ftp(port).results() == [0]
    assert last.read_bytes() == whole


@asynccontextmanager
async def sftp_server(root: Path, *, client_key: asyncssh.SSHKey | None = None) -> AsyncIterator[tuple[int, Any]]:
    """The SFTP server of asyncssh on loopback; its port and host key."""
    key = asyncssh.generate_private_key("ssh-ed25519")

    class Server(asyncssh.SSHServer):
        def password_auth_supported(self) -> bool:
            return True

        def validate_password(self, username: str, password: str) -> bool:
            return (username, password) == ("tram", PASSWORD)

        def public_key_auth_supported(self) -> bool:
            return client_key is not None

        def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
            return client_key is not None and key.get_fingerprint() == client_key.get_fingerprint()

    server = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_host_keys=[key],
        server_factory=Server,
        sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=str(root).encode()),
    )
    try:
        yield server.get_port(), key
    finally:
        server.close()
        await server.wait_closed()


def over_sftp(port: int, **more: Any) -> Reader:
    login = {"transport": "sftp", "host": "127.0.0.1", "user": "tram", "password_env": "FTP_PASSWORD"}
    return Reader(**{**login, "port": port, **more})


async def test_sftp_with_a_pinned_key_and_with_known_hosts(tmp_path: Path) -> None:
    root = tmp_path / "drop"
    drop(root)
    async with sftp_server(root) as (port, key):
        reader = over_sftp(port, fingerprint=key.get_fingerprint())
        assert await reader.results() == [0, 1, 2, 3, 4, 5]
        assert await reader.results() == []
        hosts = tmp_path / "known_hosts"
        hosts.write_text(f"[127.0.0.1]:{port} {key.export_public_key().decode()}")
        assert len(await over_sftp(port, known_hosts=str(hosts)).results()) == 6
        with pytest.raises(Unreachable, match="no such folder"):
            await over_sftp(port, fingerprint=key.get_fingerprint(), path="/away").poll()


async def test_sftp_refuses_a_server_that_is_not_known(tmp_path: Path) -> None:
    drop(tmp_path)
    async with sftp_server(tmp_path) as (port, _):
        other = asyncssh.generate_private_key("ssh-ed25519").get_fingerprint()
        for more in ({}, {"fingerprint": other}):
            with pytest.raises(Refused, match="key is not the known one"):
                await over_sftp(port, **more).poll()


async def test_sftp_with_a_key_of_ours(tmp_path: Path) -> None:
    drop(tmp_path)
    ours = asyncssh.generate_private_key("ssh-ed25519")
    async with sftp_server(tmp_path, client_key=ours) as (port, key):
        reader = over_sftp(port, fingerprint=key.get_fingerprint(), password_env=None, private_key_env="KEY")
        reader.key = ours.export_private_key().decode()  # type: ignore[attr-defined]
        assert len(await reader.results()) == 6
        reader = over_sftp(port, fingerprint=key.get_fingerprint(), password_env="FTP_WRONG")
        with pytest.raises(Refused, match="permission denied") as caught:
            await reader.poll()
        assert PASSWORD not in str(caught.value)


async def test_files_are_moved_on_both_servers_when_asked(tmp_path: Path) -> None:
    with ftp_server(tmp_path) as port:
        folder = drop(tmp_path, 1)
        for path in folder.iterdir():
            os.utime(path, (NOW.timestamp() - 3 * 86400,) * 2)
        reader = over_ftp(port, after="move", keep_days=1)
        assert [await reader.results(), await reader.results()] == [[0], []]
        assert len(list((tmp_path / "read").rglob("*.txt"))) == 1
        assert await reader.results() == []
    root = tmp_path / "second"
    folder = drop(root, 1)
    for path in folder.iterdir():
        os.utime(path, (NOW.timestamp() - 3 * 86400,) * 2)
    async with sftp_server(root) as (port, key):
        reader = over_sftp(port, after="move", keep_days=1, fingerprint=key.get_fingerprint())
        assert [await reader.results(), await reader.results()] == [[0], []]
        assert len(list((root / "read").rglob("*.txt"))) == 1
