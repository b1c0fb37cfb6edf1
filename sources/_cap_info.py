"""The info blocks of a CAP message: by language, and all of one language as one.

Blocks of one language form one sequence in which later ones add and never override; several of one language are legal
(other hazards, other areas), so none is dropped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from xml.etree.ElementTree import Element

from geodata.records import JSON
from sources._cap_xml import children, one, texts

SEVERITIES = ("Extreme", "Severe", "Moderate", "Minor", "Unknown")
URGENCIES = ("Immediate", "Expected", "Future", "Past", "Unknown")
CERTAINTIES = ("Observed", "Likely", "Possible", "Unlikely", "Unknown")
DEFAULT_LANGUAGE = "en-US"
_OLD_WORDS = {"verylikely": "Likely"}  # CAP 1.0
_TEXTS = ("event", "headline", "description", "instruction", "senderName")

Groups = Mapping[str, Sequence[Element]]


def by_language(alert: Element) -> Groups:
    """Info blocks by their language, in the order of the message."""
    groups: dict[str, list[Element]] = {}
    for info in children(alert, "info"):
        groups.setdefault((one(info, "language") or DEFAULT_LANGUAGE).replace("_", "-"), []).append(info)
    return groups


def chosen(groups: Groups, wanted: str) -> str | None:
    """The language to show: the wanted one, else the default, else the first."""
    for start in (wanted.casefold(), "en"):
        for language in groups:
            if language.casefold().partition("-")[0] == start:
                return language
    return next(iter(groups), None)


def word(info: Element, name: str, known: Sequence[str]) -> str:
    """One of the words of an enumeration, however it is written; Unknown for another."""
    given = "".join((one(info, name) or "").casefold().split())
    return next((entry for entry in known if entry.casefold() == given), _OLD_WORDS.get(given, "Unknown"))


def leading(infos: Sequence[Element]) -> Element:
    """The block that the message is drawn by: the most severe, of these the most urgent, of these the first."""
    return min(
        infos,
        key=lambda info: (
            SEVERITIES.index(word(info, "severity", SEVERITIES)),
            URGENCIES.index(word(info, "urgency", URGENCIES)),
        ),
    )


def joined(infos: Iterable[Element], name: str, between: str) -> str | None:
    """The text of all blocks, each once, in order."""
    found = dict.fromkeys(entry for info in infos for entry in texts(info, name))
    return between.join(found) or None


def named(infos: Iterable[Element], name: str) -> dict[str, JSON]:
    """Parameters or event codes: valueName to value, a list where a name comes with several."""
    found: dict[str, list[str]] = {}
    for info in infos:
        for entry in children(info, name):
            key, value = one(entry, "valueName"), one(entry, "value")
            if key and value and value not in found.setdefault(key, []):
                found[key].append(value)
    return {key: values[0] if len(values) == 1 else values for key, values in found.items() if values}


def other_languages(groups: Groups, language: str | None) -> dict[str, JSON]:
    """The texts of the languages that are not shown."""
    return {
        other: {name: joined(infos, name, "\n\n") for name in _TEXTS if joined(infos, name, " ")}
        for other, infos in groups.items()
        if other != language
    }


def untranslated(groups: Groups) -> bool:
    """Whether two languages say the same words: a sign of a feed that only pretends to translate."""
    told = [joined(infos, "description", " ") or joined(infos, "headline", " ") for infos in groups.values()]
    known = [words for words in told if words]
    return len(set(known)) < len(known)


def apart(infos: Sequence[Element]) -> list[JSON]:
    """Each block of a message that has several, for whoever needs to know which hazard is where."""
    return [
        {
            "event": one(info, "event"),
            "severity": word(info, "severity", SEVERITIES),
            "urgency": word(info, "urgency", URGENCIES),
            "certainty": word(info, "certainty", CERTAINTIES),
            "onset": one(info, "onset"),
            "expires": one(info, "expires"),
            "areas": [one(area, "areaDesc") for area in children(info, "area")],
        }
        for info in infos
    ]


def resources(infos: Iterable[Element]) -> list[JSON]:
    """Files named beside the message; their content (derefUri) is not kept."""
    return [
        {name: value for name in ("resourceDesc", "mimeType", "uri", "size", "digest") if (value := one(entry, name))}
        for info in infos
        for entry in children(info, "resource")
    ]
