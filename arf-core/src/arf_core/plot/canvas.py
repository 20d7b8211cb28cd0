# SPDX-License-Identifier: Apache-2.0
"""Two surfaces to draw on: SVG from the standard library, PNG with Pillow (extra ``plot``).

Texts are data: SVG texts are text nodes, so markup in a name stays letters; characters XML cannot hold are replaced.
matplotlib is not used: it starts ``fc-list`` and parses texts as mathematics
(docs/adr/0003-plots-without-matplotlib.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Protocol
from xml.etree import ElementTree as ET

from arf_core.errors import DependencyError

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw as Drawing

Point = tuple[float, float]


class Canvas(Protocol):
    """A surface measured in pixels, the origin at the top left."""

    def line(self, points: Sequence[Point], *, colour: str) -> None:
        """Join ``points``."""

    def box(self, corner: Point, width: float, height: float, *, colour: str) -> None:
        """Fill a rectangle."""

    def text(self, at: Point, content: str, *, colour: str) -> None:
        """Write ``content`` with its baseline's left end at ``at``."""

    def finish(self) -> bytes:
        """The file's bytes; the same drawing gives the same bytes."""


class SvgCanvas:
    """Draws SVG 1.1."""

    def __init__(self, width: int, height: int) -> None:
        """Make an empty page of ``width`` by ``height`` pixels."""
        size = {"width": str(width), "height": str(height), "viewBox": f"0 0 {width} {height}"}
        self._root = ET.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", **size})
        self.box((0, 0), width, height, colour="#ffffff")

    def line(self, points: Sequence[Point], *, colour: str) -> None:
        """Join ``points``."""
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        ET.SubElement(self._root, "polyline", {"points": path, "fill": "none", "stroke": colour, "stroke-width": "1.5"})

    def box(self, corner: Point, width: float, height: float, *, colour: str) -> None:
        """Fill a rectangle."""
        place = {"x": f"{corner[0]:.1f}", "y": f"{corner[1]:.1f}", "width": f"{width:.1f}", "height": f"{height:.1f}"}
        ET.SubElement(self._root, "rect", {**place, "fill": colour})

    def text(self, at: Point, content: str, *, colour: str) -> None:
        """Write ``content`` with its baseline's left end at ``at``."""
        place = {"x": f"{at[0]:.1f}", "y": f"{at[1]:.1f}", "font-family": "sans-serif", "font-size": "12"}
        ET.SubElement(self._root, "text", {**place, "fill": colour}).text = _writable(content)

    def finish(self) -> bytes:
        """The file's bytes."""
        drawn: bytes = ET.tostring(self._root, encoding="utf-8", xml_declaration=True)
        return drawn + b"\n"


class PngCanvas:
    """Draws PNG at twice the size, for sharp text.

    Raises:
        DependencyError: Pillow is not installed.
    """

    _SCALE = 2

    def __init__(self, width: int, height: int) -> None:
        """Make an empty page of ``width`` by ``height`` pixels."""
        try:
            from PIL import Image, ImageDraw, ImageFont
        except ImportError as error:
            raise DependencyError("a PNG needs Pillow: `pip install 'arf-core[plot]'`, or write an .svg") from error
        self._image = Image.new("RGB", (width * self._SCALE, height * self._SCALE), "#ffffff")
        self._draw: Drawing = ImageDraw.Draw(self._image)
        self._font = ImageFont.load_default(size=11 * self._SCALE)

    def line(self, points: Sequence[Point], *, colour: str) -> None:
        """Join ``points``."""
        self._draw.line([self._scaled(point) for point in points], fill=colour, width=3)

    def box(self, corner: Point, width: float, height: float, *, colour: str) -> None:
        """Fill a rectangle."""
        end = (corner[0] + width, corner[1] + height)
        self._draw.rectangle([self._scaled(corner), self._scaled(end)], fill=colour)

    def text(self, at: Point, content: str, *, colour: str) -> None:
        """Write ``content`` with its baseline's left end at ``at``."""
        self._draw.text(self._scaled(at), _writable(content), fill=colour, font=self._font, anchor="ls")

    def finish(self) -> bytes:
        """The file's bytes."""
        file = BytesIO()
        self._image.save(file, format="PNG")
        return file.getvalue()

    def _scaled(self, point: Point) -> Point:
        return point[0] * self._SCALE, point[1] * self._SCALE


def _writable(content: str) -> str:
    """``content`` without what XML 1.0 cannot hold and what reorders text: each such character becomes U+FFFD."""
    return "".join(character if character.isprintable() else "\ufffd" for character in content)
