"""Pictures of cameras leave the data folder only by their own names, while they are young, to who may look."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tornado.httpclient import AsyncHTTPClient
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application

from app import snapshots
from app.access import Access
from app.users import Book

NOW = datetime.now(UTC)


def picture(data: Path, age: timedelta, name: str = "DT-0001.jpg") -> None:
    path = snapshots.folder(data) / "cams" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\xff\xd8jpeg")
    when = (NOW - age).timestamp()
    os.utime(path, (when, when))


def test_a_young_picture_has_an_address_that_changes_with_it(tmp_path: Path) -> None:
    picture(tmp_path, timedelta(seconds=30))
    found = snapshots.newest(tmp_path, "cams/DT-0001.jpg", NOW)
    assert found is not None
    assert found.url == f"/snap/cams/DT-0001.jpg?t={int((NOW - timedelta(seconds=30)).timestamp())}"
    assert abs(NOW - found.taken - timedelta(seconds=30)) < timedelta(seconds=1)


def test_an_old_picture_is_told_but_never_shown(tmp_path: Path) -> None:
    picture(tmp_path, timedelta(hours=2))
    assert snapshots.newest(tmp_path, "cams/DT-0001.jpg", NOW) is None
    assert snapshots.taken_at(tmp_path, "cams/DT-0001.jpg") is not None


@pytest.mark.parametrize(
    "told",
    [None, 7, "", "cams", "cams/", "../cams/DT-0001.jpg", "cams/../DT-0001.jpg", "cams/..", "./DT-0001.jpg",
     "/etc/passwd", "cams/DT-0001.png", "cams/a/b.jpg", "cams/.DT-0001.jpg", "cams/DT\x00.jpg", "cams/none.jpg"],
)  # fmt: skip
def test_no_other_file_can_be_named(tmp_path: Path, told: object) -> None:
    picture(tmp_path, timedelta(0))
    (snapshots.folder(tmp_path) / "DT-0001.jpg").write_bytes(b"outside")
    assert snapshots.newest(tmp_path, told, NOW) is None


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    picture(tmp_path, timedelta(0))
    link = snapshots.folder(tmp_path) / "cams" / "link.jpg"
    link.symlink_to(tmp_path / "secret.jpg")
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    assert snapshots.newest(tmp_path, "cams/link.jpg", NOW) is None


@pytest.mark.parametrize("login", [False, True])
async def test_the_handler_asks_for_the_login_and_is_never_cached(tmp_path: Path, *, login: bool) -> None:
    picture(tmp_path, timedelta(0))
    picture(tmp_path, timedelta(hours=2), "old.jpg")
    users = tmp_path / "users.json"
    Book({}).write(users)
    options = {"access": Access(users if login else None), "data": tmp_path}
    server = HTTPServer(Application([(snapshots.PATTERN, snapshots.SnapshotHandler, options)], cookie_secret="x"))
    sock, port = bind_unused_port()
    server.add_socket(sock)
    client = AsyncHTTPClient(force_instance=True)
    try:
        at = f"http://127.0.0.1:{port}/snap/cams"
        reply = await client.fetch(f"{at}/DT-0001.jpg", raise_error=False)
        assert reply.code == (403 if login else 200)
        if not login:
            assert reply.body == b"\xff\xd8jpeg"
            assert reply.headers["Cache-Control"] == "private,no-store"
            assert (await client.fetch(f"{at}/old.jpg", raise_error=False)).code == 404
            assert (await client.fetch(f"{at}/none.jpg", raise_error=False)).code == 404
    finally:
        client.close()
        server.stop()
