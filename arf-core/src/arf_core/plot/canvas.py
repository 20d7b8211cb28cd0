# SPDX-License-Identifier: Apache-2.0
"""Two surfaces to draw on: SVG from the standard library, PNG with Pillow (extra ``plot``).

Texts are data: SVG texts are text nodes, so markup in a name stays letters; characters XML cannot hold are replaced.
matplotlib is not used: it starts ``fc-list`` and parses texts as mathematics
(docs/adr/0003-plots-without-matplotlib.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from io import BytesIO
from typing import TYPE_CHECKING, Protocol
from unicodedata import east_asian_width
from xml.etree import ElementTree as ET

from arf_core.errors import DependencyError

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw as Drawing

Point = tuple[float, float]


class Anchor(StrEnum):
    """Which part of a text stands at its point."""

    START = "start"
    MIDDLE = "middle"
    END = "end"


class Canvas(Protocol):
    """A surface measured in pixels, the origin at the top left."""

    def describe(self, title: str, words: str) -> None:
        """Say what the picture shows, for who cannot see it."""

    def line(self, points: Sequence[Point], *, colour: str, width: float = 1.5) -> None:
        """Join ``points``."""

    def box(self, corner: Point, width: float, height: float, *, colour: str) -> None:
        """Fill a rectangle."""

    def frame(self, corner: Point, width: float, height: float, *, colour: str, thick: float = 1.0) -> None:
        """Draw the outline of a rectangle."""

    def area(self, points: Sequence[Point], *, colour: str) -> None:
        """Fill a polygon."""

    def text(
        self, at: Point, content: str, *, colour: str, size: int = 12, bold: bool = False, anchor: Anchor = Anchor.START
    ) -> None:
        """Write ``content`` with its baseline at ``at``; ``size`` is in pixels."""

    def finish(self) -> bytes:
        """The file's bytes; the same drawing gives the same bytes."""


class SvgCanvas:
    """Draws SVG 1.1."""

    def __init__(self, width: int, height: int) -> None:
        """Make an empty page of ``width`` by ``height`` pixels."""
        size = {"width": str(width), "height": str(height), "viewBox": f"0 0 {width} {height}"}
        self._root = ET.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", **size, "role": "img"})
        self.box((0, 0), width, height, colour="#ffffff")

    def describe(self, title: str, words: str) -> None:
        """Give the picture a title and a description, which screen readers speak."""
        self._root.set("aria-labelledby", "title desc")
        for place, (tag, content) in enumerate((("title", title), ("desc", words))):
            element = ET.Element(tag, {"id": tag})
            element.text = _writable(content)
            self._root.insert(place, element)

    def line(self, points: Sequence[Point], *, colour: str, width: float = 1.5) -> None:
        """Join ``points``."""
        style = {"fill": "none", "stroke": colour, "stroke-width": f"{width:g}", "stroke-linejoin": "round"}
        ET.SubElement(self._root, "polyline", {"points": _path(points), **style})

    def box(self, corner: Point, width: float, height: float, *, colour: str) -> None:
        """Fill a rectangle."""
        ET.SubElement(self._root, "rect", {**_rectangle(corner, width, height), "fill": colour})

    def frame(self, corner: Point, width: float, height: float, *, colour: str, thick: float = 1.0) -> None:
        """Draw the outline of a rectangle."""
        style = {"fill": "none", "stroke": colour, "stroke-width": f"{thick:g}"}
        ET.SubElement(self._root, "rect", {**_rectangle(corner, width, height), **style})

    def area(self, points: Sequence[Point], *, colour: str) -> None:
        """Fill a polygon."""
        ET.SubElement(self._root, "polygon", {"points": _path(points), "fill": colour})

    def text(
        self, at: Point, content: str, *, colour: str, size: int = 12, bold: bool = False, anchor: Anchor = Anchor.START
    ) -> None:
        """Write ``content`` with its baseline at ``at``; ``size`` is in pixels."""
        style = {"font-family": "sans-serif", "font-size": str(size), "fill": colour, "text-anchor": anchor.value}
        if bold:
            style["font-weight"] = "bold"
        place = {"x": f"{at[0]:.1f}", "y": f"{at[1]:.1f}"}
        ET.SubElement(self._root, "text", {**place, **style}).text = _writable(content)

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
            from PIL import Image, ImageDraw, ImageFont, PngImagePlugin
        except ImportError as error:
            raise DependencyError("a PNG needs Pillow: `pip install 'arf-core[plot]'`, or write an .svg") from error
        self._image = Image.new("RGB", (width * self._SCALE, height * self._SCALE), "#ffffff")
        self._draw: Drawing = ImageDraw.Draw(self._image)
        self._font = {size: ImageFont.load_default(size=(size - 1) * self._SCALE) for size in (11, 12, 15)}
        self._texts = PngImagePlugin.PngInfo()

    def describe(self, title: str, words: str) -> None:
        """Write title and description into the file's text chunks."""
        self._texts.add_itxt("Title", _writable(title))
        self._texts.add_itxt("Description", _writable(words))

    def line(self, points: Sequence[Point], *, colour: str, width: float = 1.5) -> None:
        """Join ``points``."""
        scaled = [self._scaled(point) for point in points]
        self._draw.line(scaled, fill=colour, width=round(width * self._SCALE), joint="curve")

    def box(self, corner: Point, width: float, height: float, *, colour: str) -> None:
        """Fill a rectangle."""
        end = (corner[0] + width, corner[1] + height)
        self._draw.rectangle([self._scaled(corner), self._scaled(end)], fill=colour)

    def frame(self, corner: Point, width: float, height: float, *, colour: str, thick: float = 1.0) -> None:
        """Draw the outline of a rectangle."""
        end = (corner[0] + width, corner[1] + height)
        place = [self._scaled(corner), self._scaled(end)]
        self._draw.rectangle(place, outline=colour, width=round(thick * self._SCALE))

    def area(self, points: Sequence[Point], *, colour: str) -> None:
        """Fill a polygon."""
        self._draw.polygon([self._scaled(point) for point in points], fill=colour)

    def text(
        self, at: Point, content: str, *, colour: str, size: int = 12, bold: bool = False, anchor: Anchor = Anchor.START
    ) -> None:
        """Write ``content`` with its baseline at ``at``; ``size`` is 11, 12 or 15 pixels."""
        where = {Anchor.START: "ls", Anchor.MIDDLE: "ms", Anchor.END: "rs"}[anchor]
        self._draw.text(
            self._scaled(at),
            _writable(content),
            fill=colour,
            font=self._font[size],
            anchor=where,
            stroke_width=0.5 if bold else 0,
        )

    def finish(self) -> bytes:
        """The file's bytes."""
        file = BytesIO()
        self._image.save(file, format="PNG", pnginfo=self._texts)
        return file.getvalue()

    def _scaled(self, point: Point) -> Point:
        return point[0] * self._SCALE, point[1] * self._SCALE


def fitted(content: str, width: float, *, size: int = 12) -> str:
    """``content``, shortened in the middle if it is likely wider than ``width`` pixels: names differ at both ends."""
    room = int(width / (0.58 * size))
    if _columns(content) <= room:
        return content
    kept = max(room - 1, 2)
    head, tail = content, content
    while _columns(head) > (kept + 1) // 2:
        head = head[:-1]
    while _columns(tail) > kept // 2:
        tail = tail[1:]
    return f"{head}…{tail}"


def _columns(content: str) -> int:
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in content)


def _path(points: Sequence[Point]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _rectangle(corner: Point, width: float, height: float) -> dict[str, str]:
    return {"x": f"{corner[0]:.1f}", "y": f"{corner[1]:.1f}", "width": f"{width:.1f}", "height": f"{height:.1f}"}


def _writable(content: str) -> str:
    """``content`` without what XML 1.0 cannot hold and what reorders text: each such character becomes U+FFFD."""
    return "".join(character if character.isprintable() else "\ufffd" for character in content)
