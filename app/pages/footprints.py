"""What marks cover on the screen: the layers' own, for the names and call-outs of pages."""

from layers.footprints import covered, shapes

__all__ = ["covered", "shapes"]
