"""The covers: geometry in the colours of the house, drawn twice as large as needed so that edges come out smooth."""

import io
import math
from collections.abc import Callable
from random import Random
from typing import Literal

from PIL import Image, ImageChops, ImageDraw, ImageFilter

#: Pixels on each side.
SIDE = 600
_S = SIDE * 2

_GROUND = "#14110f"
_BRASS = "#e0a458"
_CREAM = "#f3ece4"
_RUST = "#c4583f"
_SAGE = "#8fbf7f"
_NIGHT = "#16222e"
_TEAL = "#2f6b6f"


def draw(design: Literal["tide", "window", "quilt", "valve"], seed: int) -> bytes:
    """One cover as a JPEG of 600 × 600 pixels; the same bytes for the same seed and the same Pillow."""
    random = Random(f"{seed} {design}")
    picture = _DESIGNS[design](random)
    picture = picture.resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    picture = _printed(picture, random)
    encoded = io.BytesIO()
    picture.save(encoded, "JPEG", quality=88, subsampling=0)
    return encoded.getvalue()


def _tide(random: Random) -> Image.Image:
    """A low moon and its path over evening water."""
    picture = _gradient("#0f1a26", "#a2603f")
    centre = (int(_S * 0.62), int(_S * 0.42))
    picture = _glow(picture, centre, int(_S * 0.42), _BRASS, 0.55)
    pen = ImageDraw.Draw(picture)
    _disc(pen, centre, int(_S * 0.17), "#f6d9a3")
    shore = int(_S * 0.56)
    bands = 11
    for band in range(bands):
        depth = band / (bands - 1)
        top = shore + (_S - shore) * depth**1.4 * 0.86
        swell = _S * (0.004 + 0.014 * depth)
        length = _S * (0.16 + 0.5 * depth)
        phase = random.uniform(0.0, math.tau)
        crest = [(x, top + swell * math.sin(x / length * math.tau + phase)) for x in range(0, _S + 8, 8)]
        pen.polygon([*crest, (_S, _S), (0, _S)], fill=_between("#8a5a4a", "#0d1822", min(1.0, depth * 1.25)))
        half = _S * (0.15 - 0.09 * depth) * random.uniform(0.7, 1.1)
        middle = centre[0] + random.uniform(-0.02, 0.02) * _S
        glitter = [(x, y) for x, y in crest if abs(x - middle) < half]
        pen.line(glitter, fill=_between("#f6d9a3", "#b98a58", depth), width=int(5 + 9 * depth), joint="curve")
    return picture


def _window(random: Random) -> Image.Image:
    """Houses at night, some windows lit, under a rust-red moon."""
    picture = _gradient("#0e1520", "#33425c")
    picture = _glow(picture, (int(_S * 0.3), int(_S * 0.27)), int(_S * 0.3), _RUST, 0.5)
    pen = ImageDraw.Draw(picture)
    _disc(pen, (int(_S * 0.3), int(_S * 0.27)), int(_S * 0.12), "#dd7a5a")
    for row, (base, wall) in enumerate((("#2a3850", 0.36), ("#1b2638", 0.5), (_GROUND, 0.66))):
        x = -random.randint(0, 60)
        while x < _S:
            width = random.choice((140, 170, 200, 230))
            top = int(_S * wall + random.choice((-70, -20, 30, 80)))
            pen.rectangle((x, top, x + width, _S), fill=base)
            if row:
                _lit_windows(pen, random, (x, top, width), 0.22 + 0.13 * row)
            x += width
    wire = [(x, _S * 0.4 + (x / _S - 0.45) ** 2 * _S * 0.16) for x in range(0, _S + 8, 8)]
    pen.line(wire, fill="#0a0d12", width=5)
    pen.line([(x, y + 26) for x, y in wire], fill="#0a0d12", width=3)
    rain = Image.new("L", (_S, _S), 0)
    drops = ImageDraw.Draw(rain)
    for _ in range(170):
        x, y, fall = random.randint(-80, _S), random.randint(-80, _S), random.randint(26, 84)
        drops.line((x, y, x + fall * 0.22, y + fall), fill=random.randint(24, 70), width=3)
    picture.paste(Image.new("RGB", picture.size, _CREAM), mask=rain)
    return picture


def _lit_windows(pen: ImageDraw.ImageDraw, random: Random, house: tuple[int, int, int], share: float) -> None:
    left, top, width = house
    for y in range(top + 34, _S, 62):
        for x in range(left + 22, left + width - 40, 46):
            if random.random() < share:
                colour = random.choice((_BRASS, _BRASS, "#f2cf8f", "#b9752f", "#7fb0a8"))
                pen.rectangle((x, y, x + 24, y + 34), fill=colour)


def _quilt(random: Random) -> Image.Image:
    """A patchwork of quarter circles, petals and rings."""
    papers = ("#efe2cb", "#e9d3ae", "#f3ece4", "#2b3a34", "#d9b27c")
    inks = (_RUST, _BRASS, "#3f5f4b", "#2b2a33", _SAGE, "#8c3b2d")
    picture = Image.new("RGB", (_S, _S), _CREAM)
    pen = ImageDraw.Draw(picture)
    cell = _S // 5
    last = ""
    for row in range(5):
        for column in range(5):
            x, y = column * cell, row * cell
            paper = random.choice([colour for colour in papers if colour != last])
            last = paper
            ink, second = random.sample(inks, 2)
            pen.rectangle((x, y, x + cell, y + cell), fill=paper)
            _patch(picture, (x, y, cell), (paper, ink, second), random.randrange(5), random.randrange(4))
    return picture


def _patch(
    picture: Image.Image, place: tuple[int, int, int], colours: tuple[str, str, str], shape: int, turn: int
) -> None:
    """One square of the quilt, turned by quarters."""
    x, y, cell = place
    paper, ink, second = colours
    tile = Image.new("RGB", (cell, cell), paper)
    pen = ImageDraw.Draw(tile)
    match shape:
        case 0:
            _disc(pen, (0, 0), cell, ink)
            _disc(pen, (0, 0), cell * 2 // 3, second)
            _disc(pen, (0, 0), cell // 3, paper)
        case 1:
            leaf = Image.new("L", (cell, cell), 0)
            other = leaf.copy()
            _disc(ImageDraw.Draw(leaf), (0, 0), cell, "white")
            _disc(ImageDraw.Draw(other), (cell, cell), cell, "white")
            tile.paste(ink, (0, 0, cell, cell), ImageChops.multiply(leaf, other))
        case 2:
            _disc(pen, (cell // 2, cell // 2), cell * 2 // 5, ink)
            _disc(pen, (cell // 2, cell // 2), cell // 5, second)
        case 3:
            _disc(pen, (0, cell // 2), cell // 2, ink)
            _disc(pen, (cell, cell // 2), cell // 2, second)
        case _:
            pen.polygon(((0, 0), (cell, 0), (0, cell)), fill=ink)
            _disc(pen, (cell * 2 // 3, cell * 2 // 3), cell // 6, second)
    picture.paste(tile.rotate(90 * turn), (x, y))


def _valve(random: Random) -> Image.Image:
    """Heater glow in rings, broken like the arcs of a dial, over a road of light."""
    picture = _gradient("#120d14", "#3a1a1c")
    centre = (_S // 2, int(_S * 0.47))
    picture = _glow(picture, centre, int(_S * 0.52), "#e2622f", 0.75)
    pen = ImageDraw.Draw(picture)
    for ring in range(14):
        radius = int(_S * (0.075 + 0.027 * ring))
        box = (centre[0] - radius, centre[1] - radius, centre[0] + radius, centre[1] + radius)
        start = random.uniform(0.0, 360.0)
        colour = _between("#ffe2a6", "#7d2b3a", ring / 13)
        for _ in range(random.choice((1, 2, 2, 3))):
            sweep = random.uniform(50.0, 150.0)
            pen.arc(box, start, start + sweep, fill=colour, width=int(15 - ring * 0.5))
            start += sweep + random.uniform(18.0, 60.0)
    _disc(pen, centre, int(_S * 0.045), "#fff1cf")
    return _glow(picture, centre, int(_S * 0.16), "#ffd68a", 0.8)


_DESIGNS: dict[str, Callable[[Random], Image.Image]] = {
    "tide": _tide,
    "window": _window,
    "quilt": _quilt,
    "valve": _valve,
}


def _gradient(top: str, bottom: str) -> Image.Image:
    """From one colour at the top to the other at the bottom."""
    mask = Image.linear_gradient("L").resize((_S, _S), Image.Resampling.BICUBIC)
    return Image.composite(Image.new("RGB", (_S, _S), bottom), Image.new("RGB", (_S, _S), top), mask)


def _glow(picture: Image.Image, centre: tuple[int, int], radius: int, colour: str, strength: float) -> Image.Image:
    """Light added around a point."""
    light = ImageChops.invert(Image.radial_gradient("L").resize((radius * 2, radius * 2), Image.Resampling.BICUBIC))
    light = light.point([int(255 * strength * (max(0, level - 75) / 180) ** 1.6) for level in range(256)])
    mask = Image.new("L", picture.size, 0)
    mask.paste(light, (centre[0] - radius, centre[1] - radius))
    lit = ImageChops.screen(picture, Image.new("RGB", picture.size, colour))
    return Image.composite(lit, picture, mask)


def _printed(picture: Image.Image, random: Random) -> Image.Image:
    """The grain of paper and slightly darker corners."""
    grain = Image.frombytes("L", (SIDE, SIDE), random.randbytes(SIDE * SIDE)).filter(ImageFilter.GaussianBlur(0.7))
    grain = grain.point([128 + (level - 128) // 5 for level in range(256)])
    picture = ImageChops.overlay(picture, Image.merge("RGB", (grain, grain, grain)))
    corners = Image.radial_gradient("L").resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    shade = corners.point([255 - max(0, level - 120) // 3 for level in range(256)])
    return ImageChops.multiply(picture, Image.merge("RGB", (shade, shade, shade)))


def _disc(pen: ImageDraw.ImageDraw, centre: tuple[int, int], radius: int, colour: str) -> None:
    x, y = centre
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)


def _between(first: str, second: str, share: float) -> tuple[int, int, int]:
    """The colour a ``share`` of the way from the first to the second."""
    start, end = (bytes.fromhex(colour[1:]) for colour in (first, second))
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(start, end, strict=True))
    return red, green, blue
