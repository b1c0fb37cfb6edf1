"""Pictures: one module a service. The same object on the wall, in the planner and in a notebook."""
