"""A folder that a web server shows: one file a message, and an Atom index of the newest."""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError, SubElement, tostring

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import parse

from outlets._cap_xml import CAP
from outlets.base import Away

ATOM = "http://www.w3.org/2005/Atom"
INDEX = "index.xml"
NEWEST = 200
_OURS = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.xml")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the index."""

    key: str
    sent: str
    headline: str


class Folder:
    """``base``: the address under which the folder is shown; left out, links are relative to the index."""

    def __init__(self, path: Path, base: str | None, title: str, identity: str) -> None:
        self._path, self._base, self._title, self._identity = path, base, title, identity
        self._entries: deque[Entry] | None = None

    def put(self, key: str, body: bytes) -> None:
        """The message, then the index; each file whole or not at all. Raises Away."""
        try:
            self._path.mkdir(parents=True, exist_ok=True)
            if self._entries is None:
                self._entries = deque(self._read(), NEWEST)
            _replace(self._path / f"{key}.xml", body)
            fresh = _entry(self._path / f"{key}.xml")
            kept = [one for one in self._entries if one.key != key]
            self._entries = deque([*kept, *([fresh] if fresh else [])], NEWEST)
            _replace(self._path / INDEX, self._index())
        except OSError as error:
            raise Away(f"the folder of CAP cannot be written: {error.strerror or type(error).__name__}") from None

    def _read(self) -> Iterable[Entry]:
        """What an earlier run left, oldest first."""
        found = [(path.stat().st_mtime, path) for path in self._path.glob("*.xml") if _OURS.fullmatch(path.name)]
        newest = sorted(found)[-NEWEST:]
        return [entry for _, path in newest if (entry := _entry(path)) is not None]

    def _index(self) -> bytes:
        assert self._entries is not None
        feed = Element("feed", xmlns=ATOM)
        SubElement(feed, "id").text = self._identity
        SubElement(feed, "title").text = self._title
        SubElement(feed, "updated").text = max((one.sent for one in self._entries), default="1970-01-01T00:00:00+00:00")
        if self._base:
            SubElement(feed, "link", rel="self", href=f"{self._base}/{INDEX}")
        for one in reversed(self._entries):
            entry = SubElement(feed, "entry")
            SubElement(entry, "id").text = f"urn:uuid:{one.key}"
            SubElement(entry, "title").text = one.headline
            SubElement(entry, "updated").text = one.sent
            href = f"{self._base}/{one.key}.xml" if self._base else f"{one.key}.xml"
            SubElement(entry, "link", rel="alternate", type="application/cap+xml", href=href)
        written: bytes = tostring(feed, encoding="utf-8", xml_declaration=True)
        return written


def _entry(path: Path) -> Entry | None:
    """Of a file of ours; None of one that is not."""
    try:
        alert = parse(path, forbid_dtd=True).getroot()
    except (OSError, ParseError, DefusedXmlException, ValueError):
        return None
    if alert is None:
        return None
    name = {"c": CAP}
    key, sent = alert.findtext("c:identifier", None, name), alert.findtext("c:sent", None, name)
    headline = alert.findtext("c:info/c:headline", None, name)
    return Entry(key, sent, headline or key) if key and sent else None


def _replace(path: Path, body: bytes) -> None:
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_bytes(body)
    with fresh.open("rb") as file:
        os.fsync(file.fileno())
    fresh.replace(path)
