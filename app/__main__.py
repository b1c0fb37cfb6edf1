"""``python -m app`` is ``vonglau``."""

from app.cli import main

main()
