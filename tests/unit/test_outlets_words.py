"""What a message says, in words, in JSON, in Alertmanager's form and in CAP, and what it never says."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
import trustme
from shapely.geometry import LineString, MultiPolygon, Point, box

from geodata.outlet import OutletBinding
from geodata.records import Alert, Record, Rejected
from geodata.store.deliveries import Earlier
from geodata.watch.rule import rules
from outlets._cap_xml import Issuer, certainty, document, shapes, table
from outlets._http import retry_s
from outlets._words import hidden, scrubbed
from outlets.base import Away, kinds, made
from outlets.cap import signed
from outlets.mail import page
from outlets.webhook import alertmanager, signature
from outlets.writing import Writer
from sources.cap import CapOptions, parse
from tests.support.posting import T0, at, closed, delivery, finding, message, no_secret, town

ISSUER = Issuer(sender="vonglau.hue", sender_name="Vọng Lâu", scope="Restricted", restriction="nội bộ",
                city={"vi": "Thành phố Huế", "en": "Hue City"})  # fmt: skip


def test_a_message_says_what_where_since_when_how_old_and_why() -> None:
    told = message(delivery(1), 134, public_url="https://desk.example/").lines("vi")
    assert told[0].startswith("[Mức 3] Mới: Sông trên mức báo động: Kim Long: ")
    assert told[1] == "Mức 3, cần xử lý ngay"
    assert told[2] == "Bắt đầu 12:00 20/11/2026, cách đây 2 giờ 14."
    assert told[3] == "Tin này gửi muộn 2 giờ 14: việc được ghi lúc 12:00 20/11/2026."
    assert told[4].startswith("Nơi: Phường ")
    assert any(text.startswith("Mực nước: 3,10") for text in told)
    assert "Căn cứ: Quyết định 05/2020/QĐ-TTg" in told
    assert told[-2:] == [
        "Quy tắc hydrology.over_alarm, bản 1; số hiệu 7",
        "Xem tại bàn trực: https://desk.example/desk?f=7",
    ]
    assert "gửi muộn" not in "\n".join(message(delivery(1), 1).lines("vi"))


def test_an_end_says_how_it_ended() -> None:
    assert "Kết thúc lúc 12:30 20/11/2026." in message(delivery(1, "closed", closed())).lines("vi")
    never = closed(close_reason="never_was")
    assert "chưa" not in message(delivery(1, "closed", never)).lines("vi")[3]
    assert "không xảy ra" in message(delivery(1, "closed", never)).lines("vi")[3]
    shut = delivery(1, "closed", finding(), desk_close_reason="báo nhầm, gọi 0905 123 456")
    assert "Bàn trực đã đóng: báo nhầm, gọi •••." in message(shut).lines("vi")


def test_a_deed_names_agency_giver_and_note() -> None:
    deed = delivery(1, "assigned", agency="so_nnmt", who="truc_ban_3", detail={"note": "hạ lưu, hỏi anh Ba 0905123456"})
    told = message(deed).lines("vi")
    assert "Cơ quan: Sở Nông nghiệp và Môi trường" in told
    assert "Người giao: truc_ban_3, lúc 12:00 20/11/2026" in told
    assert "Ghi chú: hạ lưu, hỏi anh Ba •••" in told
    assert message(deed, notes_as_written=True).note == "hạ lưu, hỏi anh Ba 0905123456"


@pytest.mark.parametrize("rule", sorted(rules()))
def test_every_rule_can_be_told_and_what_is_simulated_says_so_first(rule: str) -> None:
    words = rules()[rule].words
    one = finding(rule=rule, service=rules()[rule].service, level=words.level, facts={}, simulated=True)
    said = message(delivery(1, about=one), language="both")
    assert said.headline("vi").startswith("[MÔ PHỎNG] [Mức ")
    assert said.headline("en").startswith("[SIMULATED] [Level ")
    told = said.as_json()
    assert told["simulated"] is True
    assert str(told["headline"]).startswith("[MÔ PHỎNG]")
    assert "{" not in "".join(said.lines("vi") + said.lines("en"))
    assert b"<status>Exercise</status>" in document(said, [], ISSUER)
    json.dumps(told)


def test_a_city_whose_every_source_is_simulated_is_marked_whatever_a_finding_says() -> None:
    assert message(simulated=True).headline("vi").startswith("[MÔ PHỎNG]")
    assert "MÔ PHỎNG" in page(message(simulated=True))
    assert not message().simulated


def test_a_finding_of_a_rule_that_is_gone_or_with_odd_facts_is_told() -> None:
    for one in (
        finding(rule="old.rule", facts={"x": "y"}),
        finding(facts={"name": None, "value_m": "viel", "reached": ["bd1", None], "over_m": {"a": 1}}),
        finding(facts={"name": "<b>&\x00\ud800</b>\nSubject: x"}, geometry=None, level=9),
    ):
        said = message(delivery(1, about=one))
        assert "\n" not in said.headline("vi")
        assert "<b>" not in page(said)
        document(said, [], ISSUER)


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("gọi 0905 123 456 ngay", "gọi ••• ngay"),
        ("+84 905.123.456", "•••"),
        ("CCCD 046088001234", "CCCD •••"),
        ("a.b@hue.example", "•••"),
        ("xe 75A-123.45", "xe •••"),
        ("TTH-91234-TS, MMSI 574123456", "TTH-91234-TS, MMSI 574123456"),
        ("Quyết định 05/2020/QĐ-TTg, QCVN 05:2023", "Quyết định 05/2020/QĐ-TTg, QCVN 05:2023"),
    ],
)
def test_persons_stay_in_the_house(text: str, safe: str) -> None:
    assert hidden(text) == safe
    assert scrubbed({"a": [text, 3]}) == {"a": [safe, 3]}


def test_a_digest_counts_by_rule_and_lists_all() -> None:
    members = [delivery(i, about=finding(i, level=2 + i % 3)) for i in range(1, 31)]
    members.append(delivery(31, "closed", closed(31, rule="hydrology.rising")))
    digest = Writer(town()).digest("key", members, OutletBinding(kind="webhook"), at(1))
    told = digest.lines("vi")
    assert told[0] == "31 tin gộp lại, cao nhất mức 4"
    assert "Sông trên mức báo động: 30 (mới 30)" in told
    assert told[-1] == "+11"
    renamed = finding(40, rule="warnings.in_force", service="warnings", facts={"name": "Tin lũ"})
    other = finding(41, rule="warnings.in_force", service="warnings", facts={"name": "Tin bão"})
    two = Writer(town()).digest(
        "key", [delivery(1, about=renamed), delivery(2, about=other)], OutletBinding(kind="webhook"), at(1)
    )
    assert "Thông tin cảnh báo: 2 (mới 2)" in two.lines("vi")
    listed: Any = digest.as_json()
    assert [one["finding"] for one in listed["messages"]] == list(range(1, 32))
    assert listed["rules"] == {"hydrology.over_alarm": 30, "hydrology.rising": 1}
    alerts: Any = alertmanager(digest, "x")["alerts"]
    assert [one["status"] for one in alerts].count("resolved") == 1


def test_alertmanagers_form() -> None:
    told: Any = alertmanager(message(delivery(1, "closed", closed())), "zalo")
    assert (told["status"], told["version"], told["groupKey"]) == ("resolved", "4", "finding:7")
    assert told["alerts"][0]["endsAt"] == "2026-11-20T05:30:00+00:00"


def test_the_signature_is_that_of_standard_webhooks() -> None:
    """The example of the specification."""
    body = b'{"event_type":"ping","data":{"success":true}}'
    key, stamp = "msg_loFOjxBNrRLzqYUf", "1731705121"
    found = signature("whsec_plJ3nmyCDGBKInavdOK15jsl", key, stamp, body)
    assert found == "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0="
    with pytest.raises(Away):
        signature("whsec_!", key, stamp, body)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        ("Fri, 20 Nov 2026 05:01:00 GMT", 60),
        ("Fri, 20 Nov 2020 05:01:00 GMT", 0),
        ("soon", None),
        ("", None),
    ],
)
def test_when_to_ask_again(header: str, seconds: float | None) -> None:
    assert retry_s(header, T0) == seconds


def read(body: bytes, **options: Any) -> Alert:
    """As our own adapter reads it."""
    (found,) = parse(body, CapOptions(service="warnings", **options), datetime.now(UTC))
    assert isinstance(found, Alert), found
    return found


def test_cap_is_read_as_it_was_meant() -> None:
    first = message(delivery(1), language="both")
    alert = read(document(first, [], ISSUER))
    assert (alert.status, alert.msg_type, alert.scope) == ("Actual", "Alert", "Restricted")
    assert (alert.severity, alert.urgency, alert.certainty) == ("Severe", "Expected", "Observed")
    assert alert.level is None, "ours is not the official level"
    assert alert.headline == first.headline("vi")
    assert (alert.onset, alert.expires) == (T0, at(24 * 60))
    assert alert.geometry is not None
    assert alert.geometry.centroid.distance(Point(107.58, 16.46)) < 1e-4
    assert "faults" not in alert.properties
    before = [Earlier(key=first.key, news="opened", created_at=T0, delivered_at=T0)]
    raised = message(delivery(2, "level_raised", finding(level=4), created_at=at(5)))
    update = read(document(raised, before, ISSUER))
    assert (update.msg_type, update.severity, len(update.references)) == ("Update", "Extreme", 1)
    assert update.references[0][:2] == (alert.sender, alert.identifier)
    over = message(delivery(3, "closed", closed(), created_at=at(30)))
    cancel = read(
        document(
            over, [*before, Earlier(key=raised.key, news="level_raised", created_at=at(5), delivered_at=None)], ISSUER
        )
    )
    assert (cancel.msg_type, cancel.urgency) == ("Cancel", "Past")
    assert [reference[2] for reference in cancel.references] == [T0, at(5)]
    again = [*before, Earlier(key=over.key, news="closed", created_at=at(30), delivered_at=at(30))]
    assert read(document(message(delivery(4, "reopened", created_at=at(40))), again, ISSUER)).msg_type == "Alert"


@pytest.mark.parametrize(
    ("geometry", "words"),
    [
        (Point(107.5, 16.5), ["circle 16.50000,107.50000 0"]),
        (box(1, 2, 3, 4), ["polygon 2.00000,3.00000 4.00000,3.00000 4.00000,1.00000 2.00000,1.00000 2.00000,3.00000"]),
        (MultiPolygon([box(0, 0, 1, 1), box(2, 2, 3, 3)]), ["polygon", "polygon"]),
        (LineString([(0, 0), (1, 2)]), ["polygon"]),
        (LineString([(0, 0), (1, 0)]), []),
        (None, []),
    ],
)
def test_areas_of_cap(geometry: Any, words: list[str]) -> None:
    assert [f"{name} {text}"[: len(word)] for (name, text), word in zip(shapes(geometry), words, strict=True)] == words


def test_words_of_cap_by_level_and_confidence() -> None:
    assert [certainty(share) for share in (None, 0.9, 0.5, 0.1)] == ["Observed", "Likely", "Possible", "Unlikely"]
    assert set(table()["levels"]) == {f"l{n}" for n in range(1, 6)}


def test_a_signed_message_is_verified_by_our_own_reader() -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("vonglau.example")
    whole = signed(
        document(message(), [], ISSUER), issued.private_key_pem.bytes(), issued.cert_chain_pems[0].bytes().decode()
    )
    alert = read(whole, certificate=issued.cert_chain_pems[0].bytes().decode())
    assert alert.properties["signature"] == "verified"
    changed: list[Record | Rejected] = list(
        parse(
            whole.replace(b"Severe", b"Minor"), CapOptions(certificate=issued.cert_chain_pems[0].bytes().decode()), T0
        )
    )
    assert isinstance(changed[0], Rejected)
    with pytest.raises(Away):
        signed(whole, b"no key", "none")


def test_kinds_are_found_and_a_wrong_table_is_one_line() -> None:
    assert set(kinds()) >= {"webhook", "mqtt", "email", "cap"}
    for table_, words in (
        ({"kind": "fax"}, "no kind of outlet is named 'fax'"),
        ({"kind": "webhook", "url": "ftp://x"}, r"outlets.out: url: String should match"),
        ({"kind": "webhook", "url": "http://x", "rules": ["no.rule"]}, "outlets.out.rules: there is no no.rule"),
        ({"kind": "mqtt", "host": "x", "agency_addresses": True}, "no agency has an address of mqtt"),
        ({"kind": "cap", "sender": "x", "url": "http://x", "on": ["assigned"]}, "cap cannot tell assigned"),
        ({"kind": "email", "host": "mail.example", "sender": "a@b.c", "security": "none", "user_env": "U"},
         "a password needs"),
    ):  # fmt: skip
        with pytest.raises(Exception, match=words):
            made("out", OutletBinding.model_validate(table_), no_secret, town())
