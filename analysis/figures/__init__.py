"""Figures as SVG text, drawn here so that they are the same byte by byte and follow the page's colours."""

from analysis.figures.attrition import attrition_figure
from analysis.figures.canvas import NARROW, WIDE, Size
from analysis.figures.strip import strip_figure
from analysis.figures.survival import Curve, survival_figure

__all__ = [
    "NARROW",
    "WIDE",
    "Curve",
    "Size",
    "attrition_figure",
    "strip_figure",
    "survival_figure",
]
