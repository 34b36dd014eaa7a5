"""Boxes, lines and words, drawn as SVG or, by Pillow, as PNG."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from xml.sax.saxutils import escape

import streamlit

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont, ImageFont

Colour = tuple[int, int, int]
INK, QUIET, RULE = (28, 35, 43), (90, 100, 112), (221, 226, 232)
UNKNOWN = str.maketrans("⌈⌉⌊⌋", "[][]")  # letters that the font lacks
ANCHORS = {"start": "ls", "middle": "ms", "end": "rs"}


@dataclass(frozen=True)
class Box:
    x: float
    y: float
    width: float
    height: float
    colour: Colour


@dataclass(frozen=True)
class Line:
    x: float
    y: float
    to_x: float
    to_y: float
    colour: Colour = INK
    width: float = 1.0


@dataclass(frozen=True)
class Words:
    """A line of text; `y` is its base line."""

    x: float
    y: float
    text: str
    size: float
    colour: Colour = INK
    anchor: Literal["start", "middle", "end"] = "start"
    bold: bool = False


Shape = Box | Line | Words


def svg(shapes: Sequence[Shape], width: float, height: float, title: str) -> str:
    """An SVG without scripts, styles or anything from elsewhere."""
    drawn = "".join(map(_svg, shapes))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
        f'height="{height:.0f}" role="img" font-family="Source Sans Pro, Helvetica, Arial, sans-serif">'
        f'<title>{_text(title)}</title><rect width="100%" height="100%" fill="#fff"/>{drawn}</svg>'
    )


def _text(text: str) -> str:
    """Text as XML can hold it: it may come from outside."""
    return escape("".join(letter for letter in text if letter.isprintable()), {'"': "&quot;"})


def _svg(shape: Shape) -> str:
    colour = "#{:02x}{:02x}{:02x}".format(*shape.colour)
    if isinstance(shape, Box):
        return f'<rect x="{shape.x:.1f}" y="{shape.y:.1f}" width="{shape.width:.1f}" height="{shape.height:.1f}" fill="{colour}"/>'
    if isinstance(shape, Line):
        ends = f'x1="{shape.x:.1f}" y1="{shape.y:.1f}" x2="{shape.to_x:.1f}" y2="{shape.to_y:.1f}"'
        return f'<line {ends} stroke="{colour}" stroke-width="{shape.width:g}"/>'
    weight = ' font-weight="600"' if shape.bold else ""
    anchor = "" if shape.anchor == "start" else f' text-anchor="{shape.anchor}"'
    return (
        f'<text x="{shape.x:.1f}" y="{shape.y:.1f}" font-size="{shape.size:g}" fill="{colour}"{anchor}{weight}>'
        f"{_text(shape.text)}</text>"
    )


def png(shapes: Sequence[Shape], width: int, height: int) -> bytes:
    """The same as PNG. Pillow is loaded when somebody wants one."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (width, height), "white")
    draw, font = ImageDraw.Draw(image), cache(_font)  # fonts of this picture only: threads share none
    for shape in shapes:
        if isinstance(shape, Box):
            right, bottom = shape.x + max(1, shape.width) - 1, shape.y + max(1, shape.height) - 1
            draw.rectangle((round(shape.x), round(shape.y), round(right), round(bottom)), fill=shape.colour)
        elif isinstance(shape, Line):
            ends = (shape.x, shape.y, shape.to_x, shape.to_y)
            draw.line(ends, fill=shape.colour, width=max(1, round(shape.width)))
        else:
            chosen, place = font(shape.size, shape.bold), (shape.x, shape.y)
            text = shape.text.translate(UNKNOWN)
            draw.text(place, text, fill=shape.colour, font=chosen, anchor=ANCHORS[shape.anchor])
    packed = io.BytesIO()
    image.save(packed, "PNG")
    return packed.getvalue()


def _font(size: float, bold: bool) -> FreeTypeFont | ImageFont:
    """The pages' own font, which Streamlit brings; Pillow's where it is not to be found."""
    from PIL import ImageFont

    try:
        found = ImageFont.truetype(io.BytesIO(_letters()), size)
        found.set_variation_by_axes([600 if bold else 400])
        return found
    except OSError:
        return ImageFont.load_default(size)


@cache
def _letters() -> bytes:
    for file in Path(streamlit.__file__).parent.glob("static/static/media/SourceSansVF-Upright*.woff2"):
        return file.read_bytes()
    return b""


def wide(text: str, size: float) -> float:
    """About how wide a text is drawn."""
    return 0.5 * size * len(text)


def cut(text: str, size: float, room: float) -> str:
    """A text that fits, with dots where it is longer."""
    most = max(1, int(room / (0.5 * size)))
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def wrapped(text: str, size: float, room: float, most: int) -> list[str]:
    """A text as lines that fit, at most so many."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if wide(longer, size) <= room or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    kept = [cut(line, size, room) for line in lines[:most]]
    return kept if len(lines) <= most else [*kept[:-1], cut(f"{kept[-1]} …", size, room)]
