"""What the tile service is made of: pictures kept in memory and on disk, and the processes that draw the basemap."""
