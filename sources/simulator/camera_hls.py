"""HLS of simulated cameras: segments of two seconds, encoded when somebody asks, from the instant they are of."""

from __future__ import annotations

import io
from collections import OrderedDict
from datetime import UTC, datetime
from fractions import Fraction

import av
import numpy as np
from PIL import Image

from sources.simulator.camera_cast import Fate, SimulatedCamera
from sources.simulator.camera_show import Show

SEGMENT_S = 2
LISTED = 3
KEPT = 32


def playlist(show: Show, camera: SimulatedCamera) -> str:
    """The media playlist now: the segments that are whole. That of a camera that stands still goes on no more."""
    t = show.t()
    if show.fate(camera) is Fate.FROZEN and camera.number % 2:
        t = camera.froze_at(t)
    last = int(t // SEGMENT_S) - 1
    lines = ["#EXTM3U", "#EXT-X-VERSION:3", f"#EXT-X-TARGETDURATION:{SEGMENT_S}"]
    lines.append(f"#EXT-X-MEDIA-SEQUENCE:{last - LISTED + 1}")
    for n in range(last - LISTED + 1, last + 1):
        begun = datetime.fromtimestamp(n * SEGMENT_S, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        lines += [f"#EXT-X-PROGRAM-DATE-TIME:{begun}", f"#EXTINF:{SEGMENT_S:.3f},", f"segment{n}.ts"]
    return "\n".join(lines) + "\n"


class Segments:
    """The last segments that somebody asked for."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, int], bytes] = OrderedDict()

    def segment(self, show: Show, camera: SimulatedCamera, number: int) -> bytes:
        """MPEG-TS of one segment. Takes some 10 ms: call it in a thread."""
        name = (camera.key, number)
        if (found := self._kept.get(name)) is None:
            found = encoded(show.jpeg(camera, number * SEGMENT_S), number)
            self._kept[name] = found
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return found


def encoded(jpeg: bytes, number: int) -> bytes:
    """A segment that holds one picture for its two seconds: what a probe asks of it is the picture."""
    out = io.BytesIO()
    with Image.open(io.BytesIO(jpeg)) as image, av.open(out, "w", format="mpegts") as container:
        video = container.add_stream("libx264", rate=1, options={"preset": "ultrafast", "tune": "zerolatency"})
        video.width, video.height, video.pix_fmt = image.width, image.height, "yuv420p"
        video.codec_context.thread_count = 1
        video.codec_context.time_base = Fraction(1, 90_000)
        frame = av.VideoFrame.from_ndarray(np.asarray(image.convert("RGB")), format="rgb24")
        for n in range(SEGMENT_S):
            frame.pts = (number * SEGMENT_S + n) * 90_000 % (1 << 33)
            frame.time_base = Fraction(1, 90_000)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
    return out.getvalue()
