"""A city that serves the real protocols on loopback, from a seed."""
