"""Records, catalogue, cities, geography and the store. Imports nothing of ours."""
