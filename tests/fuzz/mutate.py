"""Recorded payloads changed as a wire, a careless export or an enemy would: bytes, JSON, XML, tables, archives.

Every choice comes from the ``Random`` that is handed in, so hypothesis owns them and can shrink and repeat them.
"""

from __future__ import annotations

import copy
import io
import json
import re
import zipfile
import zlib
from collections.abc import Callable
from functools import reduce
from operator import xor
from random import Random
from typing import Any

MAX_B = 512 << 10
"""No mutated payload is larger: a parser that needs much memory or time for one has a fault."""

WORDS = (
    "",
    " ",
    "\0",
    "NaN",
    "-Infinity",
    "1e999",
    "-0.0",
    "0",
    "-1",
    "181",
    "90.0001",
    "9" * 30,
    "9" * 5000,
    "0x1F",
    "1_000",
    "1,5",
    "true",
    "null",
    "None",
    "\ud800",
    "\ufeff",
    "\u202e",
    "ấ̂",
    "ệ" * 300,
    "A" * 70_000,
    "%00",
    "%s%n",
    "../../etc/passwd",
    "=1+1",
    "'",
    '"',
    "<a>",
    "]]>",
    "&amp;",
    "&#0;",
    "&x;",
    "{}",
    "[]",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59-14:00",
    "2026-02-30",
    "24:00",
    "2026-11-20T07:00:00+99:00",
    "1763600000",
    "99999999999999999",
    "P1Y",
    "http://[::1",
    "http://127.0.0.1:99999/",
    "mqtt://",
    "POINT(1 2",
    "POLYGON((0 0,1 1,0 0))",
    "107.5,16.4 107.5,16.4",
)
"""What is put where something sensible was."""

VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1 << 63,
    -(1 << 70),
    10**400,
    1e308,
    -0.0,
    float("nan"),
    float("inf"),
    [],
    {},
    [[]],
    [None],
    {"": None},
    [0, 1, 2, 3],
    {"type": "Point", "coordinates": []},
    {"type": "Point", "coordinates": [[[]]]},
    {"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]},
    {"type": "GeometryCollection", "geometries": [None]},
)

Mutation = Callable[[bytes, Random], bytes]


def word(random: Random) -> bytes:
    return random.choice(WORDS).encode("utf-8", "surrogatepass")


def cut(payload: bytes, random: Random) -> bytes:
    return payload[: random.randint(0, len(payload))]


def drop(payload: bytes, random: Random) -> bytes:
    at = random.randint(0, len(payload))
    return payload[:at] + payload[at + random.choice((1, 2, 8, 100)) :]


def put_in(payload: bytes, random: Random) -> bytes:
    at = random.randint(0, len(payload))
    return payload[:at] + word(random) + payload[at:]


def flip(payload: bytes, random: Random) -> bytes:
    changed = bytearray(payload)
    for _ in range(random.choice((1, 1, 2, 16)) if changed else 0):
        changed[random.randrange(len(changed))] = random.randint(0, 255)
    return bytes(changed)


def double(payload: bytes, random: Random) -> bytes:
    start = random.randint(0, len(payload))
    piece = payload[start : start + random.choice((1, 10, 1000))]
    times = random.choice((2, 2, 3, 1000))
    return payload[:start] + piece * min(times, MAX_B // max(len(piece), 1)) + payload[start:]


def encode_anew(payload: bytes, random: Random) -> bytes:
    text = payload.decode("utf-8", "replace")
    return text.encode(random.choice(("utf-16", "utf-8-sig", "utf-32", "cp1258", "latin-1")), "replace")


def number(payload: bytes, random: Random) -> bytes:
    """Another number where one stands."""
    found = list(re.finditer(rb"-?\d+(?:\.\d+)?", payload))
    return _at(payload, random.choice(found), word(random)) if found else payload


def _at(payload: bytes, match: re.Match[bytes], new: bytes, group: int = 0) -> bytes:
    return payload[: match.start(group)] + new + payload[match.end(group) :]


def json_value(payload: bytes, random: Random) -> bytes:
    """A value replaced, left out, doubled, wrapped, or by one from elsewhere in the body; a line of NDJSON alike."""
    try:
        body = json.loads(payload)
    except (ValueError, RecursionError):
        return _json_line(payload, random)
    return json.dumps(_changed(body, random), ensure_ascii=random.random() < 0.5).encode("utf-8", "surrogatepass")


def _json_line(payload: bytes, random: Random) -> bytes:
    lines = payload.split(b"\n")
    at = random.randrange(len(lines))
    try:
        lines[at] = json.dumps(_changed(json.loads(lines[at]), random)).encode("utf-8", "surrogatepass")
    except (ValueError, RecursionError):
        return payload
    return b"\n".join(lines)


def _changed(body: Any, random: Random) -> Any:
    body = copy.deepcopy(body)
    slots = list(_slots(body))
    if not slots:
        return _value(random)
    owner, key = random.choice(slots)
    kind = random.randrange(6)
    if kind == 0:
        del owner[key]
    elif kind == 1:
        owner[key] = copy.deepcopy(_get(random.choice(slots)))
    elif kind == 2:
        owner[key] = [owner[key]] * random.choice((1, 2, 500))
    elif kind == 3 and isinstance(owner, dict):
        owner[random.choice(WORDS)] = owner.pop(key)
    else:
        owner[key] = _value(random)
    return body


def _get(slot: tuple[Any, Any]) -> Any:
    owner, key = slot
    return owner[key]


def _value(random: Random) -> Any:
    return random.choice(VALUES) if random.random() < 0.5 else random.choice(WORDS)


def _slots(body: Any) -> list[tuple[Any, Any]]:
    """(container, key) of every value, without recursion."""
    found, open_ = [], [body]
    while open_:
        one = open_.pop()
        keys = list(one) if isinstance(one, dict) else range(len(one)) if isinstance(one, list) else ()
        found += [(one, key) for key in keys]
        open_ += [one[key] for key in keys]
    return found


def xml_text(payload: bytes, random: Random) -> bytes:
    """Another text in an element or attribute."""
    found = list(re.finditer(rb'>([^<>]+)<|="([^"]*)"', payload))
    if not found:
        return payload
    match = random.choice(found)
    return _at(payload, match, word(random), 1 if match.group(1) is not None else 2)


def xml_element(payload: bytes, random: Random) -> bytes:
    """An element left out, doubled, moved, or its tag renamed."""
    found = list(re.finditer(rb"<([\w:.-]+)(?:\s[^<>]*)?>[^<]*</\1>|<[^<>]+/>", payload))
    if not found:
        return payload
    match = random.choice(found)
    whole = match.group()
    kind = random.randrange(4)
    if kind == 0:
        return _at(payload, match, b"")
    if kind == 1:
        return _at(payload, match, whole * random.choice((2, 3, 400)))
    if kind == 2:
        return _at(payload, random.choice(found), whole)
    return payload.replace(b"<" + (match.group(1) or b"x"), b"<y")


def cell(payload: bytes, random: Random) -> bytes:
    """A cell of a table replaced, left out, doubled or quoted badly."""
    mark = random.choice([one for one in (b",", b";", b"\t", b"|") if one in payload] or [b" "])
    lines = payload.split(b"\n")
    at = random.randrange(len(lines))
    cells = lines[at].split(mark)
    place = random.randrange(len(cells))
    cells[place : place + 1] = random.choice(
        (
            [],
            [word(random)],
            [cells[place]] * 2,
            [b'"' + cells[place]],
            [b'"' + cells[place] + b'"'],
            [word(random)] * 50,
        )
    )
    lines[at] = mark.join(cells)
    return b"\n".join(lines)


def line(payload: bytes, random: Random) -> bytes:
    """A line left out, doubled, moved, or ended otherwise."""
    lines = payload.splitlines(keepends=True)
    if not lines:
        return payload
    at, other = random.randrange(len(lines)), random.randrange(len(lines))
    kind = random.randrange(4)
    if kind == 0:
        del lines[at]
    elif kind == 1:
        lines.insert(other, lines[at] * random.choice((1, 50)))
    elif kind == 2:
        lines[at], lines[other] = lines[other], lines[at]
    else:
        lines[at] = lines[at].rstrip() + random.choice((b"", b"\r", b"\r\r\n", b"\0\n", b"\x0b"))
    return b"".join(lines)


def sentence(payload: bytes, random: Random) -> bytes:
    """A field of an NMEA sentence or TAG block changed, its checksum made right again, so that it gets past it."""
    found = list(re.finditer(rb"[!\\$]([^*\r\n\\]+)\*([0-9A-Fa-f]{2})", payload))
    if not found:
        return payload
    match = random.choice(found)
    fields = match.group(1).split(b",")
    at = random.randrange(len(fields))
    sixbit = bytes(random.choice(b"0123456789:;<=>?@AW`aw") for _ in range(random.choice((0, 1, 28, 70))))
    fields[at] = random.choice((b"", word(random)[:200], sixbit, fields[at][:-1], b"9", b"0"))
    body = b",".join(fields)
    return _at(payload, match, payload[match.start() : match.start() + 1] + body + b"*%02X" % reduce(xor, body, 0))


def archive(payload: bytes, random: Random) -> bytes:
    """One member of a ZIP (GTFS, Excel) changed and packed again, left out, or doubled."""
    try:
        with zipfile.ZipFile(io.BytesIO(payload)) as given:
            members = [(name, given.read(name)) for name in given.namelist()]
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, EOFError, NotImplementedError, RuntimeError):
        return payload
    if not members:
        return payload
    at = random.randrange(len(members))
    name, body = members[at]
    members[at : at + 1] = (
        random.choice(([], [(name, one(body, random))])) if random.random() < 0.2 else [(name, one(body, random))]
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as made:
        for member, content in members:
            made.writestr(member, content)
    return packed.getvalue()


ANY: tuple[Mutation, ...] = (cut, drop, put_in, flip, double, encode_anew, number)


def fitting(payload: bytes) -> tuple[Mutation, ...]:
    """The mutations that know the payload's form."""
    head = payload.lstrip()[:2000]
    if payload[:2] == b"PK":
        return (archive,)
    if head[:1] in {b"{", b"["}:
        return (json_value,)
    if head[:1] == b"<":
        return (xml_text, xml_element)
    if re.match(rb"[!\\$]", head):
        return (sentence, line)
    if b"\n" in payload and b"\0" not in head:
        return (cell, line, json_value)
    return ()


def one(payload: bytes, random: Random) -> bytes:
    """One mutation; three of four know the form where there is one."""
    knowing = fitting(payload)
    return random.choice(knowing if knowing and random.random() < 0.75 else ANY)(payload, random)[:MAX_B]


def some(payload: bytes, random: Random) -> bytes:
    """One to four mutations."""
    for _ in range(random.choice((1, 1, 2, 4))):
        payload = one(payload, random)
    return payload
