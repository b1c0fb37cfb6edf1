"""One component a block of the page: its script and style lie beside its module, under the same name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import param
from panel.custom import JSComponent

HERE = Path(__file__).parent
Handler = Callable[[Mapping[str, Any]], None]


def script(name: str) -> str:
    """The text of a component's module: what all components share, then its own."""
    return f"{(HERE / 'block.js').read_text(encoding='utf-8')}\n{(HERE / f'{name}.js').read_text(encoding='utf-8')}"


def style(name: str) -> str:
    """The text of a component's style sheet, after what all components share."""
    return f"{(HERE / 'block.css').read_text(encoding='utf-8')}\n{(HERE / f'{name}.css').read_text(encoding='utf-8')}"


class Block(JSComponent):
    """A block of HTML drawn in the browser from ``data``; what the user does comes back as messages.

    ``data`` is JSON: dictionaries, lists, strings, numbers, None; times in it are epoch seconds. ``words`` are the
    texts of the block in the page's language. A message is a dictionary with ``type``; ``on(type, handler)``.
    """

    data = param.Dict(default={}, doc="What is shown.")
    words = param.Dict(default={}, doc="Texts of the block.")

    _esm = "export function render() {}"

    def __init_subclass__(cls, **kwargs: Any) -> None:
        name = cls.__module__.rsplit(".", 1)[-1]
        cls._esm, cls._stylesheets = script(name), [style(name)]
        super().__init_subclass__(**kwargs)

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self._handlers: dict[str, Handler] = {}

    @classmethod
    def _patch_datamodel_ref(cls, props: Any, ref: str) -> None:
        """Panel looks for models in all that is shown, at every change; ``data`` is JSON and holds none."""
        if (tag := f"__ref:{ref}") not in props.tags:
            props.tags.append(tag)

    def on(self, kind: str, handler: Handler) -> None:
        """Call ``handler(message)`` for messages of that type."""
        self._handlers[kind] = handler

    def show(self, data: Mapping[str, Any]) -> None:
        """Replace what is shown; equal data sends nothing."""
        if data != self.data:
            self.data = dict(data)

    def say(self, message: Mapping[str, Any]) -> None:
        """Send one message to the browser."""
        self._send_msg(dict(message))

    def _handle_msg(self, data: Any) -> None:
        if isinstance(data, Mapping):
            handler = self._handlers.get(str(data.get("type")))
            if handler is not None:
                handler(data)
