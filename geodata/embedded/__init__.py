"""A private PostgreSQL + PostGIS cluster in a data folder, for machines without a managed server."""

from geodata.embedded.cluster import Cluster, Endpoint, Lease

__all__ = ["Cluster", "Endpoint", "Lease"]
