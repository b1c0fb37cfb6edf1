"""Each kind of outlet against a real receiver, well and broken: web server, aiosmtpd, our CAP adapter."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import ssl
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import trustme

from geodata.city import SourceBinding
from geodata.records import Alert
from geodata.store.deliveries import Earlier
from geodata.store.types import Role
from geodata.store.writer import Writer
from outlets import _http, mail
from outlets.base import Away, Needless, Refused
from sources.base import Context
from sources.cap import CapOptions, batches
from sources.http import client
from sources.intake import IntakePlan
from sources.runner import Runner
from tests.support.outlets import SECRETS, outlet
from tests.support.patience import in_time
from tests.support.ports import free_port
from tests.support.posting import T0, at, closed, delivery, finding, message
from tests.support.receivers import Post, hook, post, raw

Dsn = Callable[[Role], str]
SOON = httpx.Timeout(0.5)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def served(authority: trustme.CA, name: str) -> ssl.SSLContext:
    """What a server of that name shows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


def ca_file(authority: trustme.CA, folder: Path) -> str:
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    return str(folder / "ca.pem")


async def test_a_webhook_is_signed_and_known_by_its_key() -> None:
    async with hook() as there, outlet("webhook", url=f"{there.url}/x", token_env="TOKEN", secret_env="SIGN") as out:
        said = message(language="both")
        await out.send(said, None, ())
        await out.send(said, f"{there.url}/agency", ())
    assert [path for path, _, _ in there.taken] == ["/x", "/agency"]
    body = there.taken[0][2]
    told = json.loads(body)
    assert (told["spec"], told["finding"], told["key"]) == ("vonglau.finding/1", 7, said.key)
    assert told["geometry"] == {"type": "Point", "coordinates": [107.58, 16.46]}
    assert told["rows"][0]["id"] == "station:7"
    assert set(told["words"]) == {"vi", "en"}
    assert there.header("Authorization") == "Bearer t0k3n"
    assert there.header("Idempotency-Key") == said.key
    own = f"{there.header('webhook-id', 0)}.{there.header('webhook-timestamp', 0)}.".encode() + body
    digest = hmac.new(SECRETS["SIGN"].encode(), own, hashlib.sha256).digest()
    assert there.header("webhook-signature", 0) == f"v1,{base64.b64encode(digest).decode()}"


async def test_a_webhook_whose_address_is_secret_by_the_citys_own_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    async with hook() as proxy, outlet("webhook", url_env="HOOK", proxy_env="PROXY") as out:
        monkeypatch.setitem(SECRETS, "HOOK", "http://far.example/k3y")
        monkeypatch.setitem(SECRETS, "PROXY", proxy.url)
        await out.send(message(), None, ())
        assert proxy.header("Host") == "far.example", "the proxy was asked, not the world"
        monkeypatch.setitem(SECRETS, "PROXY", "nonsense")
    async with outlet("webhook", url_env="HOOK", proxy_env="PROXY") as out:
        with pytest.raises(Away, match="the proxy is no URL"):
            await out.send(message(), None, ())


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (500, Away, "HTTP 500 Internal Server Error"),
        (429, Away, "HTTP 429 Too Many Requests"),
        (400, Refused, "HTTP 400 Bad Request"),
        (410, Refused, "HTTP 410 Gone"),
        (302, Refused, "HTTP 302 Found: not followed"),
    ],
)
async def test_a_webhook_that_says_no(status: int, kind: type[Exception], words: str) -> None:
    async with hook() as there, outlet("webhook", url=there.url) as out:
        there.answers, there.headers = [status], {"Retry-After": "77", "Location": f"{there.url}/elsewhere"}
        with pytest.raises(kind, match=words) as caught:
            await out.send(message(), None, ())
        assert len(there.taken) == 1, "no redirect is followed"
        if isinstance(caught.value, Away):
            assert caught.value.retry_s == 77


async def test_a_webhook_in_trouble_is_away_and_no_address_is_told(
    monkeypatch: pytest.MonkeyPatch, authority: trustme.CA, tmp_path: Path
) -> None:
    trouble: dict[str, str] = {}

    async def tried(name: str, url: str, **options: Any) -> None:
        async with outlet("webhook", url=url, **options) as out:
            with pytest.raises(Away) as caught:
                await out.send(message(), None, ())
            trouble[name] = str(caught.value)

    async with raw(None) as mute:
        with monkeypatch.context() as short:
            short.setattr(_http, "TIMEOUT", SOON)
            await tried("mute", f"http://127.0.0.1:{mute}/k3y")
    async with raw(b"\x00\xffnonsense\r\n\r\n") as garbage, raw(b"") as rude:
        await tried("garbage", f"http://127.0.0.1:{garbage}/k3y")
        await tried("rude", f"http://127.0.0.1:{rude}/k3y")
    await tried("nobody", f"http://127.0.0.1:{free_port()}/k3y")
    await tried("unset", "http://127.0.0.1/k3y", token_env="NOT_SET")
    async with hook(served(authority, "another.example")) as wrong:
        await tried("wrong name", wrong.url, ca_file=ca_file(authority, tmp_path))
        await tried("unknown authority", wrong.url)
        assert not wrong.taken
    assert trouble == {
        "mute": "no answer in time",
        "garbage": "an answer that is no HTTP",
        "rude": "an answer that is no HTTP",
        "nobody": "no connection",
        "unset": "the environment has no NOT_SET",
        "wrong name": "no connection: certificate not trusted",
        "unknown authority": "no connection: certificate not trusted",
    }


def mailing(there: Post, **options: Any) -> Mapping[str, Any]:
    return {"host": "localhost", "port": there.port, "sender": "desk@hue.example", "to": ["a@x.example"], **options}


async def test_mail_over_starttls_with_a_login_and_one_thread_a_finding(authority: trustme.CA, tmp_path: Path) -> None:
    def known(user: bytes, password: bytes) -> bool:
        return (user, password) == (b"vonglau", b"m4t-kh4u")

    own = {"ca_file": ca_file(authority, tmp_path), "user_env": "USER", "password_env": "PASSWORD"}
    async with post(served(authority, "localhost"), known) as there, outlet("email", **mailing(there, **own)) as out:
        first = message(simulated=True, language="both", public_url="https://desk.example")
        before = [Earlier(key=first.key, news="opened", created_at=T0, delivered_at=T0)]
        await out.send(first, None, ())
        await out.send(message(delivery(2, "closed", closed()), simulated=True), "agency@x.example", before)
    one, two = there.mails
    assert there.encrypted == [True, True]
    assert there.recipients == [["a@x.example"], ["agency@x.example"]]
    assert str(one["Subject"]).startswith("[MÔ PHỎNG] [Mức 3] Mới: Sông trên mức báo động: Kim Long")
    assert (one["Message-ID"], two["References"]) == (f"<{first.key}@hue.example>", f"<{first.key}@hue.example>")
    assert two["In-Reply-To"] == one["Message-ID"] != two["Message-ID"]
    assert (one["Auto-Submitted"], one["X-Vonglau-Simulated"]) == ("auto-generated", "yes")
    plain, page = [str(part.get_content()) for part in one.walk() if not part.is_multipart()]  # type: ignore[attr-defined]
    assert "Mực nước: 3,10" in plain
    assert "[SIMULATED] [Level 3] New: River over its alarm level" in plain
    assert '<a href="https://desk.example/desk?f=7">' in page


async def test_a_mail_server_that_says_no() -> None:
    two = {"to": ["a@x.example", "b@x.example"], "security": "none"}
    async with post() as there, outlet("email", **mailing(there, **two)) as out:
        there.refuse = {"b@x.example": "550 no such user"}
        assert await out.send(message(), None, ()) == "refused for 1 of 2 recipients"
        there.refuse["a@x.example"] = "450 full"
        with pytest.raises(Away, match="every recipient: 450, 550"):
            await out.send(message(), None, ())
        there.refuse["a@x.example"] = "550 no such user"
        with pytest.raises(Refused, match="every recipient: 550"):
            await out.send(message(), None, ())
        there.refuse = {"DATA": "554 looks like spam"}
        with pytest.raises(Refused, match="the message: 554"):
            await out.send(message(), None, ())
        there.refuse = {"DATA": "451 later"}
        with pytest.raises(Away, match="the message: 451"):
            await out.send(message(), None, ())
        assert len(there.mails) == 1


async def test_a_mail_server_in_trouble(monkeypatch: pytest.MonkeyPatch, authority: trustme.CA, tmp_path: Path) -> None:
    trouble: dict[str, str] = {}

    async def tried(name: str, port: int, **options: Any) -> None:
        async with outlet("email", **mailing(Post(port), **options)) as out:
            with pytest.raises(Away) as caught:
                await out.send(message(), None, ())
            trouble[name] = str(caught.value)

    trusted = {"ca_file": ca_file(authority, tmp_path)}
    async with post() as open_, post(served(authority, "localhost"), lambda *_: False) as strict:
        await tried("no encryption", open_.port)
        await tried("unknown authority", strict.port)
        await tried("wrong password", strict.port, user_env="USER", password_env="PASSWORD", **trusted)
    async with post(served(authority, "another.example")) as other:
        await tried("wrong name", other.port, **trusted)
    await tried("nobody", free_port())
    async with raw(b"554 go away\r\n", hears=False) as closed_:
        await tried("closed", closed_)
    monkeypatch.setattr(mail, "TIMEOUT_S", 0.5)
    async with raw(None) as mute:
        await tried("mute", mute)
    assert trouble == {
        "no encryption": "mail server: it offers no encryption or no login",
        "unknown authority": "the mail server's certificate is not trusted",
        "wrong password": "the mail server does not know our user or password",
        "wrong name": "the mail server's certificate is not trusted",
        "nobody": "mail server: no connection",
        "mute": "mail server: no answer in time",
        "closed": "the mail server greets with 554",
    }


async def test_cap_by_an_index_that_our_own_adapter_reads(tmp_path: Path, authority: trustme.CA) -> None:
    issued, folder = authority.issue_cert("vonglau.example"), tmp_path / "cap"
    issued.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    issued.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    signing = {"key_file": tmp_path / "key.pem", "cert_file": tmp_path / "cert.pem"}
    first, over = message(simulated=True), message(delivery(2, "closed", closed(), created_at=at(30)), simulated=True)
    before = [Earlier(key=first.key, news="opened", created_at=T0, delivered_at=T0)]
    async with hook(folder=str(folder)) as there, outlet("cap", path=folder, sender="vonglau.hue", **signing) as out:
        await out.send(first, None, ())
        assert [one.msg_type for one in await fetched(f"{there.url}/cap/index.xml", signing["cert_file"])] == ["Alert"]
        await out.send(first, None, ())  # a second copy is the same file
        await out.send(over, None, before)
        with pytest.raises(Needless):
            await out.send(over, None, ())
        found = await fetched(f"{there.url}/cap/index.xml", signing["cert_file"])
    assert sorted((one.msg_type, one.status) for one in found) == [("Alert", "Exercise"), ("Cancel", "Exercise")]
    assert {one.properties["signature"] for one in found} == {"verified"}
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]
    async with outlet("cap", path=folder, sender="vonglau.hue") as again:  # another process goes on with the index
        await again.send(message(delivery(3, about=finding(8), created_at=at(40))), None, ())
    assert (folder / "index.xml").read_text().count("<entry>") == 3
    (folder / "index.xml").chmod(0o444)
    async with outlet("cap", path=folder / "index.xml" / "x", sender="vonglau.hue") as bad:
        with pytest.raises(Away, match="cannot be written"):
            await bad.send(first, None, ())


async def fetched(url: str, certificate: Path) -> list[Alert]:
    options = CapOptions(service="warnings", url=url, certificate=await asyncio.to_thread(certificate.read_text))
    async with client() as http:
        context = Context(http=http, service="warnings")
        read = [batch async for batch in batches(options, context, None)]
    assert not [rejected for batch in read for rejected in batch.rejected]
    return [row for batch in read for row in batch.records if isinstance(row, Alert)]


async def test_cap_pushed_into_our_own_intake(dsn: Dsn, tmp_path: Path) -> None:
    binding = SourceBinding(
        id="pushed", protocol="cap", title_vi="x", title_en="x", service="warnings",
        options={"push": True, "push_token_env": "TOKEN"},
    )  # fmt: skip
    plan = IntakePlan(host="127.0.0.1", port=0, spool=tmp_path / "intake.sqlite")
    async with Writer.open(dsn("ingest")) as writer:
        runner = Runner(writer, [binding], secret=SECRETS.get, intake=plan)
        task = asyncio.create_task(runner.run())
        try:
            async with in_time():
                while not runner.feeds and not task.done():  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
            assert runner.intake is not None
            url = f"http://127.0.0.1:{runner.intake.port}/in/pushed"
            async with outlet("cap", url=url, sender="vonglau.hue", token_env="SIGN") as stranger:
                with pytest.raises(Refused, match="401"):
                    await stranger.send(message(), None, ())
            now = datetime.now(UTC)
            said = message(delivery(1, created_at=now), simulated=True)
            async with outlet("cap", url=url, sender="vonglau.hue", token_env="TOKEN") as out:
                await out.send(said, None, ())
                await out.send(said, None, ())  # told twice it is stored once
            async with in_time():
                while not (rows := await asyncio.to_thread(alerts, dsn)):  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
        finally:
            runner.stop()
            await task
    assert rows == [("vonglau.hue", said.key, "Exercise", "Alert")]


def alerts(dsn: Dsn) -> list[tuple[Any, ...]]:
    with psycopg.connect(dsn("read")) as connection:
        return connection.execute("select sender, identifier, status, msg_type from alert").fetchall()
