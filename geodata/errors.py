"""Every way to fail that a person can read: one class each, its docstring is the message.

A subclass names the fields of its message in braces; they are given by keyword:

    >>> raise PortTaken(port=5107)
    Traceback (most recent call last):
    ...
    geodata.errors.PortTaken: port 5107 is taken by another program; choose another with --port

The message is one line that says what happened and how to mend it. The command line prints it and
exits with ``exit_status`` (1 for a failure, 2 for misuse).
"""

from __future__ import annotations

from typing import ClassVar


class VongLauError(Exception):
    """{reason}"""

    exit_status: ClassVar[int] = 1

    def __init__(self, **fields: object) -> None:
        self.fields = fields
        template = " ".join((type(self).__doc__ or "").split())
        super().__init__(template.format(**fields))

    def __reduce__(self) -> tuple[object, ...]:
        """So that one raised in another process arrives here as itself."""
        return _again, (type(self), self.fields)


def _again(kind: type[VongLauError], fields: dict[str, object]) -> VongLauError:
    return kind(**fields)


class UsageError(VongLauError):
    """{reason}"""

    exit_status = 2


class PortTaken(VongLauError):
    """port {port} is taken by another program; choose another with --port"""


class ConfigInvalid(VongLauError):
    """{path}: {reason}"""

    exit_status = 2


class UnknownName(VongLauError):
    """no {kind} is named {name!r}; known: {known}"""

    exit_status = 2
