"""From a binding to its adapter with its options."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from geodata.catalogue import one_line, service
from geodata.city import SourceBinding
from geodata.errors import ConfigInvalid, UnknownName
from sources.base import Options, Source, protocol


class OptionsInvalid(ConfigInvalid):
    """source {source}: {reason}"""


def adapter(binding: SourceBinding) -> tuple[Source[Options], Options]:
    """The adapter of a binding and its checked options. Raises OptionsInvalid, which never tells a value."""
    try:
        service(binding.service)
        source = protocol(binding.protocol)
        return source, source.options.model_validate({**binding.options, "service": binding.service})
    except (ValidationError, UnknownName) as error:
        raise OptionsInvalid(source=binding.id, reason=one_line(error)) from error


def replay_options(source: Source[Options], given: Mapping[str, Any], service_id: str) -> Options:
    """Options to parse a recording with: what says where the feed lives is not needed. Raises OptionsInvalid."""
    absent = {
        name: "recording"
        for name, field in source.options.model_fields.items()
        if field.is_required() and field.annotation is str
    }
    try:
        return source.options.model_validate({**absent, **given, "service": service_id})
    except ValidationError as error:
        raise OptionsInvalid(source=source.protocol, reason=one_line(error)) from error


def json_object(text: str) -> dict[str, Any]:
    """A JSON object given on the command line. Raises ValueError."""
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 (it is the text that is wrong)
    return found
