"""Files in and out: OGR vector formats, OSM PBF, rasters with bounds; GeoPackage, GeoJSON, GeoParquet, CSV.

``read``: a file to a frame in EPSG:4326, with the system told, never guessed. ``records``: a frame to records, and into
the store. ``osm``: roads, water, bridges, place names of an extract. ``coverage``: an image with bounds.
``export``: a service or collection of the store to a file in any system, VN-2000 among them.
"""

from __future__ import annotations

SERVICE = "geography"
"""The service that imported features belong to; it needs no catalogue entry."""
