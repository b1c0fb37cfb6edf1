"""Users, passwords, the throttle, and who may listen where."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from click.testing import CliRunner

from app.access import Access, LoginNeeded, Throttle, bearer, cookie_secret, is_loopback
from app.commands.user import command
from app.login import inside
from app.server import Address, check_address
from app.users import Book, Users
from geodata.errors import ConfigInvalid, PortTaken
from geodata.settings import Settings


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("ioc", False)],
)
def test_only_loopback_is_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def test_beyond_loopback_a_login_is_needed(tmp_path: Path) -> None:
    with pytest.raises(LoginNeeded, match="vonglau user add") as raised:
        check_address(Address(host="0.0.0.0"), Settings(data=tmp_path))
    assert raised.value.exit_status == 2


def test_a_taken_port_is_one_clear_line(tmp_path: Path) -> None:
    import socket

    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortTaken, match=f"port {port} is taken by another program"):
            check_address(Address(port=port), Settings(data=tmp_path))


def test_passwords_are_kept_as_hashes_that_only_the_owner_reads(tmp_path: Path) -> None:
    path = tmp_path / "users.json"
    Book({"trực ban": PasswordHasher().hash("mật khẩu")}).write(path)
    access = Access(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "mật khẩu" not in path.read_text()
    assert access.check("trực ban", "mật khẩu")
    assert not access.check("trực ban", "sai")
    assert not access.check("không có", "mật khẩu")


def test_a_broken_login_file_is_one_clear_line(tmp_path: Path) -> None:
    path = tmp_path / "users.json"
    path.write_text("[]")
    with pytest.raises(ConfigInvalid, match=r"users\.json: not a file of users"):
        Book.read(path)


def test_users_are_those_of_the_file_as_it_is_now(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "users.json"
    Book({"an": "x", "bình": "y"}).write(path)
    users = Users(path)
    seal = users.seal("an")
    assert seal != users.seal("bình")
    assert users.seal("chi") is None
    Book({"an": "x"}).write(path)
    assert (users.seal("an"), users.seal("bình")) == (seal, None)
    Book({"an": "another"}).write(path)
    assert users.seal("an") not in {seal, None}
    path.write_text("{ half")
    assert users.seal("an") is not None
    assert users.seal("an") is not None
    path.unlink()
    assert users.seal("an") is not None
    assert [record.message.count("the users are those of before") for record in caplog.records] == [1, 1]


def test_a_file_that_root_writes_stays_the_servers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Written anew it would belong to whoever wrote it, and the server could not read it any more."""
    given: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "fchown", lambda _, uid, gid: given.append((uid, gid)))
    path = tmp_path / "users.json"
    Book({"an": "x"}).write(path)
    assert not given, "a new file is the writer's"
    Book({"an": "y"}).write(path)
    assert given == [(path.stat().st_uid, path.stat().st_gid)]


def test_the_command_adds_and_removes(tmp_path: Path) -> None:
    path = tmp_path / "users.json"
    run = CliRunner().invoke
    assert run(command, ["add", "an", "--file", str(path), "--password", "p"]).exit_code == 0
    assert Access(path).check("an", "p")
    assert Access(path).may_act("an")
    again = ["add", "an", "--file", str(path), "--password", "p"]
    assert run(command, [*again, "--look-only"]).exit_code == 0
    assert not Access(path).may_act("an")
    assert run(command, again).exit_code == 0
    assert not Access(path).may_act("an"), "a new password changes no right"
    assert run(command, [*again, "--may-act"]).exit_code == 0
    assert Access(path).may_act("an")
    assert not Access(path).may_act("ai đó")
    assert not Access(path).may_act(None)
    assert Access(None).may_act(None), "without a login everybody on the machine may"
    assert run(command, ["remove", "an", "--file", str(path)]).exit_code == 0
    assert Book.read(path).users == {}


def test_the_throttle_blocks_after_five_and_forgets_the_oldest_name() -> None:
    throttle = Throttle(size=2)
    for _ in range(5):
        assert not throttle.blocked("a")
        throttle.failed("a")
    assert throttle.blocked("a")
    throttle.failed("b")
    throttle.failed("c")
    assert list(throttle.failures) == ["b", "c"]


@pytest.mark.parametrize(
    ("target", "goes"),
    [
        ("/wall/sea?lang=en", "/wall/sea?lang=en"),
        ("https://elsewhere/", "/explore"),
        ("//elsewhere/", "/explore"),
        ("/\\elsewhere", "/explore"),
        ("javascript:alert(1)", "/explore"),
    ],
)
def test_after_the_login_nobody_is_sent_elsewhere(target: str, goes: str) -> None:
    assert inside(target) == goes


def test_the_cookie_secret_is_made_once_and_kept_closed(tmp_path: Path) -> None:
    first = cookie_secret(tmp_path)
    assert cookie_secret(tmp_path) == first
    assert len(first) > 40
    assert stat.S_IMODE((tmp_path / "cookie_secret").stat().st_mode) == 0o600


def test_a_monitor_needs_the_token_that_is_set() -> None:
    assert bearer({"Authorization": "Bearer x"}, "x")
    assert not bearer({"Authorization": "Bearer y"}, "x")
    assert not bearer({"Authorization": "Bearer "}, None)
    assert not bearer({}, "x")
