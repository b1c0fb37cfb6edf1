"""Environment station files of Circular 10/2021/TT-BTNMT, from a folder, an FTP or an SFTP server.

Data loggers send a file every five minutes; after an outage older ones come late and out of order. New and changed
files are read, found by name, size and time of change. A folder into which an FTP server of ours is written is the
transport ``directory``: that is how stations push to us.

A recording's body is one file as sent, after a line ``# NAME``, for the name tells the station; without that line the
option ``station`` does.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing
from datetime import datetime
from typing import Literal

from pydantic import Field

from geodata.records import Observation, Quality, Record, Rejected, Thing
from geodata.store.types import Batch, Cursor
from sources import _station_ftp, _station_sftp
from sources._station_places import PROTOCOL, Opened, disk
from sources._station_poll import Poll
from sources._station_text import FileName, Site, read, thing, unmarked
from sources.base import Context, Options, Source, Unreachable

PORTS = {"ftp": 21, "ftps": 21, "sftp": 22, "directory": 0}
IMPLICIT_PORT = 990


class StationFileOptions(Options):
    """``path`` is the folder below which files are looked for. Of SFTP ``known_hosts`` (a file) or ``fingerprint``
    (``SHA256:…``) is needed; ``private_key_env`` names a variable with a key or the path of one.

    ``sites`` tells by station (the name's ``PROVINCE_SITE_STATION`` or its last part) what files do not; ``symbols``
    maps a symbol to an observed property, ``units`` to UCUM, ``states`` a word to a device state.
    """

    transport: Literal["directory", "ftp", "ftps", "sftp"] = "ftp"
    host: str = ""
    port: int | None = Field(default=None, ge=1, le=65535)
    path: str = ""
    user: str = "anonymous"
    password_env: str | None = None
    tls: Literal["explicit", "implicit"] = "explicit"
    ca_file: str | None = None
    encoding: str = "utf-8"  # of names on an FTP server
    known_hosts: str | None = None
    fingerprint: str | None = Field(default=None, pattern=r"^SHA256:")
    private_key_env: str | None = None
    passphrase_env: str | None = None

    suffixes: tuple[str, ...] = (".txt",)
    issuer: str = Field(default="station", pattern=r"^[a-z0-9_.-]+$")
    station: str | None = None  # of files whose name tells none
    timezone: str = "Asia/Ho_Chi_Minh"
    sites: Mapping[str, Site] = Field(default_factory=dict)
    symbols: Mapping[str, str] = Field(default_factory=dict)
    units: Mapping[str, str] = Field(default_factory=dict)
    states: Mapping[str, Quality] = Field(default_factory=dict)

    history_days: float = Field(default=14, gt=0)  # read at first
    lookback_days: float = Field(default=14, gt=0)  # looked through for late files every ``sweep_s``
    recent_days: float = Field(default=2, gt=0)  # looked through at every poll
    sweep_s: float = Field(default=3600, gt=0)
    settle_s: float = Field(default=5, ge=0)  # a file that changed less long ago may still be written
    poll_s: float = Field(default=60, gt=0)
    after: Literal["leave", "move", "delete"] = "leave"
    move_to: str = "read"  # folder below ``path``
    keep_days: float = Field(default=2, ge=1)  # before a file that was read is moved or deleted


def parse(payload: bytes, options: StationFileOptions, arrival: datetime) -> Iterator[Record | Rejected]:
    """The station and the observations of one file."""
    name, body = unmarked(payload)
    rows = list(read(body, name, options, arrival))
    told = FileName.of(name)
    station = told.station if told else options.station
    if station and any(isinstance(row, Observation) for row in rows):
        yield thing(station, options, arrival)
    yield from rows


async def batches(options: StationFileOptions, context: Context, cursor: Cursor | None) -> AsyncGenerator[Batch, None]:
    """One poll: files in the order of their names' times, some hundred a batch. Raises SourceError."""
    options = options.model_copy(update={"service": context.service or options.service})
    async with opened(options, context) as place, aclosing(Poll(options, context, place, cursor).run()) as flow:
        async for batch in flow:
            yield batch


def opened(options: StationFileOptions, context: Context) -> Opened:
    """The place of the files. Raises SourceError."""

    def secret(name: str | None) -> str | None:
        return context.secret(name) if name else None

    port = options.port or (
        IMPLICIT_PORT if options.transport == "ftps" and options.tls == "implicit" else PORTS[options.transport]
    )
    if options.transport == "directory":
        return disk(options.path or ".")
    if not options.host:
        raise Unreachable(endpoint=f"{options.transport} of {PROTOCOL}", reason="the option host is not set")
    if options.transport == "sftp":
        return _station_sftp.sftp(
            _station_sftp.Account(
                host=options.host,
                port=port,
                root=options.path,
                user=options.user,
                password=secret(options.password_env),
                private_key=secret(options.private_key_env),
                passphrase=secret(options.passphrase_env),
                known_hosts=options.known_hosts,
                fingerprint=options.fingerprint,
            )
        )
    return _station_ftp.ftp(
        _station_ftp.Account(
            host=options.host,
            port=port,
            root=options.path,
            user=options.user,
            password=secret(options.password_env) or "",
            tls=options.tls if options.transport == "ftps" else "none",
            ca_file=options.ca_file,
            encoding=options.encoding,
        )
    )


SOURCE = Source(
    protocol="station_files",
    title="Station files (Circular 10/2021/TT-BTNMT)",
    kinds=frozenset({Thing, Observation}),
    options=StationFileOptions,
    batches=batches,
    parse=parse,
    poll_s=lambda options: options.poll_s,
    suffixes=(".txt",),
    libraries=("aioftp", "asyncssh"),
    limits="files of at most 4 MB, 100,000 in a folder, late ones found for 14 days",
)
