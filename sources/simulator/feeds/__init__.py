"""One module a simulated feed, found by its name; see ``sources.simulator.feed``."""
