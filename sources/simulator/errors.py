"""Ways in which the simulator can fail, one line each."""

from __future__ import annotations

from geodata.errors import VongLauError


class SimulatorPortTaken(VongLauError):
    """port {port} for the simulator's {what} is taken by another program; choose another first port with --port"""


class FaultUnknown(VongLauError):
    """fault {text!r} is not SOURCE=KIND[:SECONDS]; sources: {sources}; kinds: {kinds}"""

    exit_status = 2


class BindingsUnwritable(VongLauError):
    """cannot write {path}: {reason}; choose another place with {option}"""


class NoWater(VongLauError):
    """landing place {name} ({lon}, {lat}) has no way to the sea within {km} km; mend it in the simulator's profile"""


class NoBroker(VongLauError):
    """mosquitto is not installed, and the simulated city needs an MQTT broker: apt-get install mosquitto"""


class FeedUnknown(VongLauError):
    """no simulated feed {name!r}; there are {known}"""

    exit_status = 2


class ScenarioUnknown(VongLauError):
    """no scenario {name!r}; there are {known}, or a file that ends in .toml"""

    exit_status = 2
