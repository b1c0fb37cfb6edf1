"""What marks cover on the screen: the layers' own, for the names and call-outs of pages."""

from layers.footprints import covered, numbers, shapes

__all__ = ["covered", "numbers", "shapes"]
