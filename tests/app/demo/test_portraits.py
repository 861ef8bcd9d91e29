"""The drawn stand-ins for photographs: their format and size, and that a seed always gives the same picture."""

from io import BytesIO

import pytest
from PIL import Image

from app.demo.portraits import draw_emblem, draw_portrait


def opened(picture: bytes) -> Image.Image:
    return Image.open(BytesIO(picture), formats=("JPEG",))


@pytest.mark.parametrize("sex", ["男", "女"])
def test_a_portrait_is_an_upright_colour_jpeg(sex: str) -> None:
    picture = opened(draw_portrait(16, sex))
    assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", (626, 876))


def test_an_emblem_is_a_square_colour_jpeg() -> None:
    picture = opened(draw_emblem(3))
    assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", (626, 626))


def test_pictures_are_drawn_at_the_size_asked_for() -> None:
    assert opened(draw_portrait(16, "女", (413, 626))).size == (413, 626)
    assert opened(draw_emblem(3, (300, 200))).size == (300, 200)


def test_the_same_seed_gives_the_same_bytes() -> None:
    assert draw_portrait(21, "女") == draw_portrait(21, "女")
    assert draw_emblem(8) == draw_emblem(8)


def test_seeds_give_different_pictures() -> None:
    assert len({draw_portrait(seed, "男" if seed % 2 else "女") for seed in range(16, 46)}) == 30
    assert len({draw_emblem(seed) for seed in range(1, 16)}) == 15


def test_the_sheet_is_filled_from_top_to_bottom() -> None:
    picture = opened(draw_portrait(17, "男"))
    background, head, cloth = (picture.getpixel(place) for place in ((20, 20), (313, 400), (200, 870)))
    assert len({background, head, cloth}) == 3
