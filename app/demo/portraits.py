"""Drawn stand-ins for photographs: a plain head and shoulders for a person, a building for an organisation."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from io import BytesIO

from PIL import Image, ImageDraw

PORTRAIT_SIZE = (626, 876)
EMBLEM_SIZE = (626, 626)
SAMPLES = 2
QUALITY = 88

Colour = tuple[int, int, int]
Point = tuple[float, float]
Box = tuple[float, float, float, float]

BACKGROUNDS: tuple[tuple[Colour, Colour], ...] = (
    ((222, 230, 240), (198, 209, 224)),
    ((226, 232, 238), (204, 212, 222)),
    ((219, 229, 238), (190, 205, 220)),
    ((228, 231, 238), (205, 209, 221)),
    ((221, 231, 235), (195, 209, 216)),
)
SKINS: tuple[Colour, ...] = (
    (244, 216, 194), (240, 208, 184), (235, 200, 172), (228, 190, 160), (220, 180, 149), (241, 212, 186),
)  # fmt: skip
CLOTHS: tuple[Colour, ...] = (
    (94, 111, 134), (74, 88, 110), (112, 124, 136), (88, 106, 106), (124, 112, 108), (86, 92, 104),
    (132, 124, 112), (102, 118, 132), (108, 100, 118), (96, 112, 98),
)  # fmt: skip
SHIRTS: tuple[Colour, ...] = ((240, 243, 246), (226, 233, 240), (236, 231, 224), (214, 224, 232))
HAIRS: tuple[Colour, ...] = ((48, 44, 44), (58, 52, 50), (40, 42, 48), (70, 60, 54), (98, 94, 92), (132, 130, 130))
FRAMES: tuple[Colour, ...] = ((72, 74, 80), (96, 84, 74), (56, 62, 76))
WALLS: tuple[Colour, ...] = ((214, 208, 198), (204, 211, 216), (218, 204, 190), (198, 206, 202), (208, 204, 212))
ROOFS: tuple[Colour, ...] = ((122, 130, 142), (134, 118, 108), (104, 122, 128), (118, 112, 128))
PANES: tuple[Colour, ...] = ((166, 184, 200), (176, 190, 196), (158, 176, 190))
DOORS: tuple[Colour, ...] = ((120, 106, 96), (92, 108, 120), (108, 116, 104))
GREENS: tuple[Colour, ...] = ((142, 162, 146), (152, 168, 140), (132, 156, 150))


@dataclass(frozen=True, slots=True)
class Dice:
    """Choices that depend on a seed and the name of what is chosen, and on nothing else."""

    seed: int

    def roll(self, what: str, sides: int) -> int:
        return int.from_bytes(blake2b(f"{self.seed}/{what}".encode(), digest_size=4).digest()) % sides

    def pick(self, what: str, palette: Sequence[Colour]) -> Colour:
        return palette[self.roll(what, len(palette))]


class Canvas:
    """Draws in hundredths of the width, y counted from the top, on an enlarged sheet that is reduced at the end."""

    def __init__(self, size: tuple[int, int], top: Colour, bottom: Colour) -> None:
        self._size = size
        width, height = size[0] * SAMPLES, size[1] * SAMPLES
        self._unit = width / 100
        self.height = height / self._unit
        column = Image.new("RGB", (1, 64))
        for row in range(64):
            column.putpixel((0, row), mix(top, bottom, row / 63))
        self._image = column.resize((width, height), Image.Resampling.BICUBIC)
        self._pen = ImageDraw.Draw(self._image)

    def ellipse(self, box: Box, fill: Colour) -> None:
        self._pen.ellipse(self._scaled(box), fill=fill)

    def slab(self, box: Box, fill: Colour, radius: float = 0) -> None:
        self._pen.rounded_rectangle(self._scaled(box), radius * self._unit, fill=fill)

    def polygon(self, points: Sequence[Point], fill: Colour) -> None:
        self._pen.polygon([(x * self._unit, y * self._unit) for x, y in points], fill=fill)

    def cap(self, outer: Box, hole: Box, fill: Colour) -> None:
        """The upper part of the ellipse `outer` without what lies in the ellipse `hole`."""
        left, top, right, bottom = (round(side) for side in self._scaled(outer))
        mask = Image.new("L", (right - left, bottom - top))
        pen = ImageDraw.Draw(mask)
        pen.chord((0, 0, right - left, bottom - top), 180, 360, fill=255)
        inner = self._scaled(hole)
        pen.ellipse((inner[0] - left, inner[1] - top, inner[2] - left, inner[3] - top), fill=0)
        self._image.paste(fill, (left, top), mask)

    def chord(self, box: Box, start: float, end: float, fill: Colour) -> None:
        self._pen.chord(self._scaled(box), start, end, fill=fill)

    def line(self, points: Sequence[Point], fill: Colour, width: float) -> None:
        scaled = [(x * self._unit, y * self._unit) for x, y in points]
        self._pen.line(scaled, fill=fill, width=round(width * self._unit), joint="curve")

    def ring(self, box: Box, colour: Colour, width: float, radius: float) -> None:
        scaled = self._scaled(box)
        self._pen.rounded_rectangle(scaled, radius * self._unit, outline=colour, width=round(width * self._unit))

    def jpeg(self) -> bytes:
        """The picture at its asked size."""
        out = BytesIO()
        self._image.reduce(SAMPLES).resize(self._size).save(out, "JPEG", quality=QUALITY, subsampling=0)
        return out.getvalue()

    def _scaled(self, box: Box) -> Box:
        left, top, right, bottom = (side * self._unit for side in box)
        return left, top, right, bottom


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """The colour that lies `share` (0 to 1) of the way from `first` to `second`."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def shade(colour: Colour, share: float) -> Colour:
    """`colour`, darker by `share`."""
    return mix(colour, (30, 34, 44), share)


def draw_portrait(seed: int, sex: str, size: tuple[int, int] = PORTRAIT_SIZE) -> bytes:
    """A JPEG of head and shoulders without features; `sex` is 男 or 女. Equal arguments give equal bytes."""
    dice = Dice(seed)
    canvas = Canvas(size, *BACKGROUNDS[dice.roll("background", len(BACKGROUNDS))])
    skin, hair = dice.pick("skin", SKINS), dice.pick("hair", HAIRS)
    # The figure is laid out for the usual upright sheet; on another one it stands on the lower edge.
    top = canvas.height - 140
    woman = sex == "女"
    style = dice.roll("style", 4)
    if woman:
        _back_hair(canvas, top, style, hair)
    _shoulders(canvas, top, dice, skin, woman=woman)
    _head(canvas, top, skin, ears=not woman or style == 3)
    if woman:
        _woman_hair(canvas, top, style, hair)
    else:
        _man_hair(canvas, top, style, hair, skin)
    if dice.roll("glasses", 4) == 0:
        _glasses(canvas, top, dice.pick("frame", FRAMES))
    return canvas.jpeg()


def _shoulders(canvas: Canvas, top: float, dice: Dice, skin: Colour, *, woman: bool) -> None:
    cloth, shirt = dice.pick("cloth", CLOTHS), dice.pick("shirt", SHIRTS)
    neck, floor, narrow = shade(skin, 0.09), canvas.height + 2, 3 if woman else 0
    canvas.ellipse((11 + narrow, top + 90, 89 - narrow, top + 210), cloth)
    collar = dice.roll("collar", 4)
    if collar == 0:
        canvas.chord((38.6, top + 78, 61.4, top + 103.5), 14, 166, shade(cloth, 0.2))
    canvas.slab((42.5, top + 68, 57.5, top + 98), neck, radius=4)
    if collar == 0:
        canvas.chord((40.2, top + 77, 59.8, top + 101.7), 22, 158, neck)
        return
    canvas.polygon([(40.5, top + 91), (59.5, top + 91), (50, top + 126)], shirt)
    canvas.polygon([(42.5, top + 90), (57.5, top + 90), (50, top + 104)], neck)
    if collar == 1 and not woman:
        canvas.polygon([(48, top + 103), (52, top + 103), (52.8, top + 119), (50, top + 124), (47.2, top + 119)],
                       shade(cloth, 0.3))  # fmt: skip
    lapel = mix(cloth, shirt, 0.22) if collar == 2 else shade(cloth, 0.16)
    for side in (-1, 1):
        outline = ((8.2, 89.4), (12.6, 91.2), (15.5, 103), (11.5, 106), (12.5, 109), (0, 127))
        canvas.polygon([(50 + side * x, top + y) for x, y in outline], lapel)
    canvas.line([(50, top + 126.5), (50, floor)], shade(cloth, 0.24), 0.5)


def _head(canvas: Canvas, top: float, skin: Colour, *, ears: bool) -> None:
    for side in (-1, 1) if ears else ():
        x = 50 + side * 17.4
        canvas.ellipse((x - 3, top + 53, x + 3, top + 63), shade(skin, 0.06))
    canvas.ellipse((32, top + 32, 68, top + 82), skin)


def _man_hair(canvas: Canvas, top: float, style: int, hair: Colour, skin: Colour) -> None:
    if style == 3:
        hair = mix(hair, skin, 0.22)
    holes: tuple[Box, ...] = (
        (33, top + 42, 67, top + 66),
        (32.8, top + 40, 68, top + 67),
        (32, top + 40.5, 67.2, top + 67),
        (33.5, top + 37.5, 66.5, top + 70),
    )
    canvas.cap((31, top + 28, 69, top + 78), holes[style], hair)


def _back_hair(canvas: Canvas, top: float, style: int, hair: Colour) -> None:
    if style != 3:
        radius = (18, 12, 14)[style]
        canvas.ellipse((28.8, top + 27.5, 71.2, top + 86), hair)
        canvas.slab((28.8, top + 56 - radius, 71.2, top + (86, 100, 91)[style]), hair, radius)
    if style == 3:
        canvas.ellipse((42.5, top + 19.5, 57.5, top + 33), shade(hair, 0.12))


def _woman_hair(canvas: Canvas, top: float, style: int, hair: Colour) -> None:
    holes: tuple[Box, ...] = (
        (32, top + 43, 68, top + 71),
        (32, top + 41, 77, top + 73),
        (23, top + 41, 68, top + 73),
        (32, top + 40, 68, top + 74),
    )
    canvas.cap((28.8, top + 27.5, 71.2, top + 86), holes[style], hair)


def _glasses(canvas: Canvas, top: float, frame: Colour) -> None:
    for left in (36.5, 52):
        canvas.ring((left, top + 53, left + 11.5, top + 61), frame, 0.7, 3)
    canvas.line([(48, top + 56), (52, top + 56)], frame, 0.7)


def draw_emblem(seed: int, size: tuple[int, int] = EMBLEM_SIZE) -> bytes:
    """A JPEG of an invented building for an organisation. Equal arguments give equal bytes."""
    dice = Dice(seed)
    canvas = Canvas(size, *BACKGROUNDS[dice.roll("background", len(BACKGROUNDS))])
    floor = canvas.height - 16
    ground = dice.pick("green", GREENS)
    canvas.slab((-5, floor, 105, canvas.height + 5), mix(ground, (236, 238, 240), 0.45))
    for x in ((9, 91), (9,), (91,))[dice.roll("trees", 3)]:
        _tree(canvas, x, floor, ground)
    (_house, _block, _hall)[dice.roll("building", 3)](canvas, floor, dice)
    return canvas.jpeg()


def _tree(canvas: Canvas, x: float, floor: float, green: Colour) -> None:
    canvas.slab((x - 0.9, floor - 14, x + 0.9, floor + 1), shade(green, 0.45))
    canvas.ellipse((x - 7, floor - 30, x + 7, floor - 9), shade(green, 0.08))


def _house(canvas: Canvas, floor: float, dice: Dice) -> None:
    wall, roof = dice.pick("wall", WALLS), dice.pick("roof", ROOFS)
    eaves = floor - 33
    canvas.slab((20, eaves, 80, floor), wall)
    canvas.polygon([(14, eaves + 1), (50, eaves - 24), (86, eaves + 1)], roof)
    canvas.slab((20, eaves + 1, 80, eaves + 3), shade(wall, 0.14))
    _windows(canvas, dice, columns=(26, 63), rows=(eaves + 10,), size=(11, 11))
    _door(canvas, dice, floor, width=12, height=21)


def _block(canvas: Canvas, floor: float, dice: Dice) -> None:
    wall, storeys = dice.pick("wall", WALLS), 3 + dice.roll("storeys", 2)
    top = floor - 17 - storeys * 12
    canvas.slab((24, top, 76, floor), wall, radius=1)
    canvas.slab((22, top - 3, 78, top + 1), dice.pick("roof", ROOFS), radius=1)
    rows = tuple(top + 5 + storey * 12 for storey in range(storeys))
    _windows(canvas, dice, columns=(29, 40, 52.5, 63.5), rows=rows, size=(7.5, 7.5))
    canvas.slab((38, floor - 17, 62, floor - 15), dice.pick("roof", ROOFS), radius=0.5)
    _door(canvas, dice, floor, width=14, height=14)


def _hall(canvas: Canvas, floor: float, dice: Dice) -> None:
    wall, roof = dice.pick("wall", WALLS), dice.pick("roof", ROOFS)
    top = floor - 38
    canvas.slab((14, top + 10, 86, floor), shade(wall, 0.08))
    canvas.slab((32, top, 68, floor), wall)
    canvas.slab((12, top + 8, 32, top + 11), roof, radius=0.5)
    canvas.slab((68, top + 8, 88, top + 11), roof, radius=0.5)
    canvas.slab((30, top - 4, 70, top), roof, radius=0.5)
    _windows(canvas, dice, columns=(18, 24.5, 71, 77.5), rows=(top + 17, top + 27), size=(4.5, 6.5))
    _windows(canvas, dice, columns=(36, 46, 56), rows=(top + 6,), size=(8, 8))
    _door(canvas, dice, floor, width=13, height=17)


def _windows(
    canvas: Canvas, dice: Dice, columns: Sequence[float], rows: Sequence[float], size: tuple[float, float]
) -> None:
    pane = dice.pick("pane", PANES)
    width, height = size
    for row in rows:
        for column in columns:
            canvas.slab((column - 0.6, row - 0.6, column + width + 0.6, row + height + 0.6), (244, 245, 246))
            canvas.slab((column, row, column + width, row + height), pane)
            canvas.line([(column + width / 2, row), (column + width / 2, row + height)], (244, 245, 246), 0.5)


def _door(canvas: Canvas, dice: Dice, floor: float, width: float, height: float) -> None:
    door = dice.pick("door", DOORS)
    left, right = 50 - width / 2, 50 + width / 2
    canvas.slab((left - 3, floor, right + 3, floor + 1.6), (206, 208, 210))
    canvas.slab((left - 1, floor - height - 1, right + 1, floor), (238, 239, 240))
    canvas.slab((left, floor - height, right, floor), door)
    canvas.line([(50, floor - height), (50, floor)], shade(door, 0.25), 0.5)
