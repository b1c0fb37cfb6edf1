"""CAP documents as XML elements: a message alone, inside an EDXL envelope, in an Atom or RSS index, or linked by one.

No DTD and no entity is read. Element names count without their namespace: CAP 1.0, 1.1 and 1.2 differ in little else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element, ParseError, tostring

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from sources._values import text

CAP_NAMESPACES = ("urn:oasis:names:tc:emergency:cap:", "http://www.incident.com/cap/")
ENTRIES = frozenset(("entry", "item"))
INDICES = frozenset(("feed", "rss", "RDF", "channel"))
ENVELOPES = frozenset(("EDXLDistribution", "alerts"))
_OF_ALERT = frozenset(("identifier", "sender", "sent", "status", "msgType", "scope", "source", "note", "references"))
_OF_AREA = frozenset(("areaDesc", "polygon", "circle", "geocode"))
MAX_BYTES = 16 << 20
_NEEDED = {"identifier", "sender", "sent"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of an index: the messages inside it, or the link to one. ``stamp`` changes when the entry does."""

    key: str
    stamp: str
    link: str | None
    alerts: tuple[Element, ...]
    element: Element


@dataclass(frozen=True, slots=True)
class Document:
    """Messages that stand in the document itself, and the entries of an index."""

    alerts: tuple[Element, ...] = ()
    entries: tuple[Entry, ...] = ()


def read(body: bytes) -> Document:
    """Raises ValueError for what is neither CAP nor an index of it."""
    if len(body) > MAX_BYTES:
        raise ValueError(f"a document of more than {MAX_BYTES >> 20} MB")
    top = root(body)
    name = local(top)
    if name == "alert":
        return Document((top,))
    if name in ENTRIES:
        return Document(entries=(_entry(top),))
    if name in INDICES:
        return Document(entries=tuple(_entry(found) for found in top.iter() if local(found) in ENTRIES))
    if name in ENVELOPES:
        return Document(tuple(_inside(top)))
    raise ValueError(f"neither CAP nor Atom or RSS but <{name[:40]}>")


def root(body: bytes) -> Element:
    """The root element. Raises ValueError, also for a DTD or an entity."""
    try:
        found: Element = fromstring(body, forbid_dtd=True)
    except DefusedXmlException as error:
        raise ValueError(f"XML with a DTD or entities: {type(error).__name__}") from error
    except (ParseError, LookupError) as error:
        raise ValueError(f"not XML: {str(error)[:120]}") from error
    return found


def local(element: Element) -> str:
    """The element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def children(element: Element, name: str) -> Iterator[Element]:
    """Direct children of that name."""
    return (child for child in element if local(child) == name)


def texts(element: Element, name: str) -> list[str]:
    """Texts of the direct children of that name, without the empty ones."""
    return [found for child in children(element, name) if (found := text(child.text))]


def one(element: Element, name: str) -> str | None:
    """The first of ``texts``."""
    return next(iter(texts(element, name)), None)


def whole(element: Element) -> bytes:
    """The element as a document of its own."""
    written: bytes = tostring(element, encoding="utf-8")
    return written


def raw(element: Element) -> bytes:
    """The element as a document of its own, at most 64 KiB of it."""
    return whole(element)[:65536]


def _inside(element: Element) -> Iterator[Element]:
    return (
        found for found in element.iter() if local(found) == "alert" and str(found.tag)[1:].startswith(CAP_NAMESPACES)
    )


def _entry(element: Element) -> Entry:
    link = _link(element)
    key = one(element, "id") or one(element, "guid") or link or ""
    stamp = one(element, "updated") or one(element, "pubDate") or one(element, "date") or ""
    found = tuple(_inside(element)) or tuple(_written(element)) or tuple(_flat(element))
    return Entry(key or stamp, stamp, link, found, element)


def _link(element: Element) -> str | None:
    """The address of the CAP file: by media type, then by its ending, then the entry's own link."""
    ranked: list[tuple[int, str]] = []
    for child in element:
        name = local(child)
        href = text(child.get("href") or child.get("url") or child.text)
        if name not in {"link", "enclosure", "content"} or not href or (name == "content" and not child.get("src")):
            continue
        kind, rel = (child.get("type") or "").casefold(), (child.get("rel") or "alternate").casefold()
        plain = href.partition("?")[0].casefold()
        if rel not in {"alternate", "enclosure", "related"}:
            continue
        rank = 0 if "cap" in kind else 1 if plain.endswith((".cap", ".cap.xml")) else 2 if "xml" in kind else 4
        ranked.append((min(rank, 3) if plain.endswith(".xml") else rank, href))
    return min(ranked, key=lambda pair: pair[0])[1] if ranked else None


def _written(element: Element) -> Iterator[Element]:
    """A message that stands in an entry as text: escaped or in CDATA."""
    for child in element:
        words = child.text or ""
        if local(child) in {"content", "description", "summary", "encoded"} and "<" in words and "alert" in words:
            try:
                found = root(words.strip().encode())
            except ValueError:
                continue
            if local(found) == "alert":
                yield found


def _flat(element: Element) -> Iterator[Element]:
    """An entry whose children are those of a message, alert, info and area in one."""
    own = [child for child in element if str(child.tag)[1:].startswith(CAP_NAMESPACES)]
    if not {local(child) for child in own} >= _NEEDED:
        return
    alert, info, area = Element("alert"), Element("info"), Element("area")
    for child in own:
        name = local(child)
        (alert if name in _OF_ALERT else area if name in _OF_AREA else info).append(child)
    info.append(area)
    alert.append(info)
    yield alert
