# SPDX-License-Identifier: Apache-2.0
"""Plots: the chart is chosen once, drawn in three media, and texts stay data."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from arf_core.errors import InputError
from arf_core.plot.chart import Bar, Chart, Panel
from arf_core.plot.figure import draw
from arf_core.plot.terminal import lines_of

HOSTILE = '<script>alert("x")</script>\x1b[31m $\\frac{1}{0}$ \u202e'


def chart(title: str = "incident inc_1", name: str = "1 api") -> Chart:
    panel = Panel(title="api  latency_s  0.1 → 0.9", normal=(0.1, None, 0.1, 0.1), abnormal=(0.9, None, 0.8))
    return Chart(title=title, panels=(panel,), bars=(Bar(name=name, length=1.0, label="70% latency"),))


@pytest.mark.promise("CLI-6")
def test_the_terminal_shows_where_normal_ends_and_how_high_it_went() -> None:
    lines = lines_of(chart())
    assert lines[1].strip() == "▁ ▁▁┃█ ▇"
    assert lines[2].endswith("70% latency")


def test_a_metric_without_samples_is_said_to_have_none() -> None:
    empty = Chart(title="t", panels=(Panel(title="p", normal=(), abnormal=(None,)),), bars=())
    assert "no samples" in lines_of(empty)[1]
    assert b"<polyline" not in draw(empty, file_format="svg")


@pytest.mark.promise("CLI-6")
def test_an_svg_is_well_formed_whatever_the_names_are() -> None:
    drawn = draw(chart(title=HOSTILE, name=HOSTILE), file_format="svg")
    root = ET.fromstring(drawn)
    assert {element.tag.split("}")[1] for element in root.iter()} == {
        "svg", "title", "desc", "rect", "polyline", "text",
    }  # fmt: skip
    texts = [element.text or "" for element in root.iter() if element.tag.endswith("text")]
    assert any("<script>" in text for text in texts)
    assert not any("\x1b" in text or "\u202e" in text for text in texts)


def test_the_same_chart_gives_the_same_bytes() -> None:
    assert draw(chart(), file_format="svg") == draw(chart(), file_format="svg")


def test_a_png_is_a_png() -> None:
    pytest.importorskip("PIL", reason="NOT RUN: Pillow (extra 'plot') is not installed")
    assert draw(chart(title=HOSTILE), file_format="png").startswith(b"\x89PNG\r\n\x1a\n")


def test_another_format_is_refused_by_name() -> None:
    with pytest.raises(InputError, match="'gif'"):
        draw(chart(), file_format="gif")
