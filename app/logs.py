"""One line an event on standard error: time, level, part, words. No secret passes here: adapters redact."""

from __future__ import annotations

import logging


def configure(level: int = logging.INFO) -> None:
    """Set up logging of a command. Libraries speak from WARNING on."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s", force=True)
    for name in ("vonglau", "app", "layers", "sources", "outlets", "geodata"):
        logging.getLogger(name).setLevel(level)
    logging.captureWarnings(True)
