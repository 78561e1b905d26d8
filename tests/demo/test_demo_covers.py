"""The generated covers."""

import io

import pytest
from PIL import Image, ImageStat

from appliance.demo.albums import ALBUMS
from appliance.demo.covers import draw
from appliance.demo.scores import Album


@pytest.mark.parametrize("album", ALBUMS, ids=lambda album: album.title)
def test_a_cover_is_a_square_picture_with_colours_and_shapes(album: Album) -> None:
    with Image.open(io.BytesIO(draw(album.cover, 1))) as picture:
        assert (picture.format, picture.size, picture.mode) == ("JPEG", (600, 600), "RGB")
        assert min(ImageStat.Stat(picture).stddev) > 15
        colours = picture.resize((60, 60)).quantize(8).getcolors()
        assert colours is not None
        assert len(colours) == 8
        assert max(count for count, _ in colours) < 60 * 60 // 2


@pytest.mark.parametrize("album", ALBUMS, ids=lambda album: album.title)
def test_a_cover_follows_from_its_seed(album: Album) -> None:
    assert draw(album.cover, 1) == draw(album.cover, 1)
    assert draw(album.cover, 1) != draw(album.cover, 2)
