"""What an advertising board is doing, and how much it matters.

Content and licence are ruled by the Law on Advertising 16/2012/QH13 (changed by 75/2025/QH15; believed, not read).
The levels are this program's own: content that nobody approved is 3 (look.md 3.6), a board that has failed is 2, what
will need a hand is 1; so is a licence that is over, for that is an office's work of days.
"""

from __future__ import annotations

LICENCE_SOON_D = 30
"""A licence that ends within so many days is told, so that it is renewed in time."""


def condition(
    status: str | None, content: str | None, licence_days: float | None, *, proved: bool = True
) -> str | None:
    """The worst that is true of a board that is heard of; None when it says nothing that we know.

    ``status`` on, off, fault; ``content`` approved, unapproved, test, blank; ``licence_days`` left, negative when over.
    ``proved``: the content was reported within the source's own time. A dark board shows nothing, so only its fault
    counts.
    """
    if status == "fault":
        return "fault"
    if status == "off":
        return "off"
    if status != "on" and content in {None, "blank"}:
        return None
    over = licence_days is not None and licence_days < 0
    soon = licence_days is not None and licence_days <= LICENCE_SOON_D
    checks = (
        ("unapproved", content == "unapproved"),
        ("licence_over", over),
        ("unproved", not proved or content is None),
        ("test", content == "test"),
        ("blank", content == "blank"),
        ("licence_soon", soon),
    )
    return next((name for name, true in checks if true), "on")
