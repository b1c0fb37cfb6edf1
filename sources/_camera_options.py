"""Options of the camera probe, every threshold with its default."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from sources.base import Options

Kind = Literal["jpeg", "mjpeg", "hls", "rtsp"]


def _without_password(url: str) -> str:
    """Raises ValueError, which does not tell the URL, for one that holds a password."""
    if "@" in urlsplit(url).netloc:
        raise ValueError("a URL with user or password in it; name the variable that holds them in credentials_env")
    return url


Address = Annotated[str, AfterValidator(_without_password)]
"""A URL without user and password. ``{user}`` and ``{password}`` in it are filled from ``credentials_env``."""


class CameraEntry(BaseModel):
    """A camera written in the binding itself. Degrees clockwise from true north, EPSG:4326, metres."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(min_length=1, max_length=200)
    name: str | None = None
    category: str | None = None
    lon: float | None = None
    lat: float | None = None
    azimuth_deg: float | None = None
    fov_deg: float | None = None
    range_m: float | None = None
    mast_height_m: float | None = None
    owner: str | None = None
    project: str | None = None
    url: Address | None = None
    kind: Kind | None = None
    stream: str | None = None


class Thresholds(BaseModel):
    """When a picture counts as frozen or dark, and how sure one must be.

    Luminance is 0…255. ``frozen``: at least ``frozen_probes`` looks over ``frozen_s`` gave the very same picture; or,
    by day, over ``still_s`` pictures that differ in less than ``still_share`` of their blocks by more than
    ``noise_level``. By night a picture that is not the very same is never frozen: the sensor's noise is its pulse.
    ``ignore`` are parts of the picture (left, top, right, bottom, 0…1) that count for nothing, such as a clock that the
    recorder writes over the picture.
    A picture is dark when mean and deviation are under both limits of the time of day.
    Another state is believed after ``confirm`` looks in a row over ``confirm_s``; the first picture at once.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    frozen_probes: int = Field(default=3, ge=2)
    frozen_s: float = Field(default=180, gt=0)
    still_s: float = Field(default=900, gt=0)
    still_share: float = Field(default=0.005, ge=0, lt=1)
    noise_level: float = Field(default=1.0, ge=0)
    ignore: tuple[tuple[float, float, float, float], ...] = ()
    dark_mean_day: float = Field(default=24, ge=0)
    dark_std_day: float = Field(default=10, ge=0)
    dark_mean_night: float = Field(default=6, ge=0)
    dark_std_night: float = Field(default=4, ge=0)
    night_below_deg: float = Field(default=-4, ge=-18, le=10)  # elevation of the sun
    confirm: int = Field(default=2, ge=1)
    confirm_s: float = Field(default=8, ge=0)


class CameraOptions(Options):
    """``url`` is the inventory: a table of cameras (``registry``: JSON, GeoJSON or CSV, an http URL or a file), or the
    root of go2rtc's or MediaMTX's API, whose streams are the cameras. ``registry`` then is the table that places them
    (by ``stream``, else by ``id``). Cameras may also stand in the binding (``cameras``).
    """

    url: Address = ""
    inventory: Literal["registry", "go2rtc", "mediamtx"] = "registry"
    registry: Address | None = None
    cameras: tuple[CameraEntry, ...] = ()
    issuer: str = Field(default="camera", pattern=r"^[a-z0-9_.-]+$")
    kind: Kind | None = None  # of cameras whose table does not say; None: told by the URL
    media_url: Address | None = None  # MediaMTX: where its streams are (http://host:8888 HLS, rtsp://host:8554)
    columns: Mapping[str, str] = Field(default_factory=dict)  # the table's own column names: {id = "ma_camera"}
    owner: str | None = None  # of cameras whose table does not say
    project: str | None = None
    credentials_env: str | None = None  # user:password, or JSON {camera id or host or "*": "user:password"}
    look: Literal["frames", "counters"] = "frames"  # counters: believe the gateway's byte counters, take no picture
    thresholds: Thresholds = Field(default_factory=Thresholds)
    probe_s: float = Field(default=60, gt=0)  # how often each camera is looked at
    recheck_s: float = Field(default=10, gt=0)  # and again so soon when it looks different from before
    report_s: float = Field(default=0, ge=0)  # an unchanged state is told again so often; 0: at every look
    refresh_s: float = Field(default=600, gt=0)  # of the inventory
    connect_s: float = Field(default=5, gt=0)
    timeout_s: float = Field(default=10, gt=0)  # for a whole look
    parallel: int = Field(default=24, ge=1, le=256)  # looks at once, and as many more at cameras that failed before
    per_host: int = Field(default=6, ge=1)  # of these at one host and port
    max_frame_b: int = Field(default=8 << 20, ge=1024)
    snapshot_px: int = Field(default=640, ge=16, le=640)
    snapshot_days: float = Field(default=30, gt=0)  # the last picture of a camera that gives none is removed after
    blind_share: float = Field(default=0.95, gt=0, le=1)  # when so many of at least ``blind_least`` cameras that gave
    blind_least: int = Field(default=5, ge=2)  # pictures stop at once, it is our side, and no camera is blamed
