"""Folders and the first filling of a cluster."""

from __future__ import annotations

import locale
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

from geodata.embedded.binaries import Binaries
from geodata.embedded.secrets import ADMIN
from geodata.store.errors import CannotStart, DataFolderNewer, DataFolderOlder, FolderUnreachable

UNPRIVILEGED = ("postgres", "nobody")
SOCKET_FOLDER_MAX = 80  # bytes: sun_path holds 107, the socket's own name takes its share
CTYPES = ("C.UTF-8", "C.utf8", "en_US.UTF-8", "UTF-8")  # the first that this machine has: lower() must know đ


def server_user() -> str:
    """The user who runs the server: PostgreSQL refuses to run as root. "" means ourselves."""
    if os.geteuid() != 0:
        return ""
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in UNPRIVILEGED if name in known)


def make_folders(data: Path) -> None:
    """The data folder; the server's user must be able to pass through it. Raises FolderUnreachable."""
    try:
        data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotStart(path=data, reason=error.strerror or str(error)) from error
    user = server_user()
    if user and not _may_pass(data, user):
        raise FolderUnreachable(path=data, user=user)


def _may_pass(path: Path, user: str) -> bool:
    account = pwd.getpwnam(user)
    for folder in (path, *path.parents):
        status = folder.stat()
        mine = status.st_uid == account.pw_uid and status.st_mode & 0o100
        group = status.st_gid == account.pw_gid and status.st_mode & 0o010
        if not (mine or group or status.st_mode & 0o001):
            return False
    return True


def socket_folder(data: Path, user: str) -> Path:
    """A private folder whose name is short enough for a unix socket: ``data/run``, else a fresh one."""
    folder = data / "run"
    if len(str(folder).encode()) > SOCKET_FOLDER_MAX:
        folder = Path(tempfile.mkdtemp(prefix="vonglau-"))
    folder.mkdir(mode=0o700, exist_ok=True)
    if user:
        shutil.chown(folder, user, pwd.getpwnam(user).pw_gid)
    return folder


def major_of(folder: Path) -> int | None:
    """PostgreSQL's major version that wrote a data folder; None when there is none yet."""
    try:
        return int((folder / "PG_VERSION").read_text().strip().split(".")[0])
    except (OSError, ValueError):
        return None


def check_major(folder: Path, binaries: Binaries) -> None:
    """Raises DataFolderNewer or DataFolderOlder when the folder is another major version's."""
    found = major_of(folder)
    if found is not None and found != binaries.major:
        error = DataFolderNewer if found > binaries.major else DataFolderOlder
        raise error(path=folder, found=found, have=binaries.major)


def initialise(folder: Path, binaries: Binaries, user: str, password: str) -> None:
    """Makes the cluster's files when there are none. Written aside and renamed: a half-made folder never counts.

    Raises DataFolderNewer, DataFolderOlder, CannotStart.
    """
    check_major(folder, binaries)
    if major_of(folder) is not None:
        return
    fresh = folder.with_name("pg.new")
    if fresh.exists():
        shutil.rmtree(fresh)
    fresh.mkdir(mode=0o700)
    secret = folder.with_name("pg.password")
    secret.unlink(missing_ok=True)
    secret.touch(mode=0o600)
    secret.write_text(password + "\n")
    if user:
        for path in (fresh, secret):
            shutil.chown(path, user, pwd.getpwnam(user).pw_gid)
    try:
        _initdb(binaries, fresh, secret, user)
    finally:
        secret.unlink()
    fresh.rename(folder)


def _initdb(binaries: Binaries, folder: Path, secret: Path, user: str) -> None:
    command = [
        binaries.path("initdb"),
        f"--pgdata={folder}",
        f"--username={ADMIN}",
        f"--pwfile={secret}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
        f"--lc-ctype={_ctype()}",
    ]
    unprivileged = {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []} if user else {}
    answer = subprocess.run(  # type: ignore[call-overload]  # noqa: S603 (programs that we found)
        command, cwd="/", capture_output=True, text=True, check=False, **unprivileged
    )
    if answer.returncode:
        lines = [line for line in answer.stderr.splitlines() if "error" in line] or answer.stderr.splitlines()
        raise CannotStart(path=folder, reason=lines[-1] if lines else "initdb failed")


def _ctype() -> str:
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        for name in CTYPES:
            try:
                locale.setlocale(locale.LC_CTYPE, name)
            except locale.Error:
                continue
            return name
    finally:
        locale.setlocale(locale.LC_CTYPE, before)
    return "C"
