"""Files that are cut short, or that claim to be huge."""

import tracemalloc

import cv2
import pytest

from protonet.data.sources.headers import check_header
from protonet.data.sources.images import Colour, decode
from tests.data.builders import random_images

ROWS = random_images(1, 40, 60, 3)[0]
JPEG = cv2.imencode(".jpg", ROWS)[1].tobytes()
PROGRESSIVE = cv2.imencode(".jpg", ROWS, [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1].tobytes()
PNG = cv2.imencode(".png", ROWS)[1].tobytes()
PREVIEW = b"\xff\xe1\x00\x08\xff\xd8\xff\xd9ab"  # a header that holds a small JPEG


def with_frame(height: int, width: int) -> bytes:
    """A JPEG whose frame says another size."""
    frame = JPEG.index(b"\xff\xc0")
    return (
        JPEG[: frame + 5] + height.to_bytes(2, "big") + width.to_bytes(2, "big") + JPEG[frame + 9 :]
    )


@pytest.mark.parametrize("file", [JPEG, PROGRESSIVE, PNG, b"BM whatever", b"", b"\xff\xd8"[:1]])
def test_whole_and_other_files_pass(file: bytes) -> None:
    check_header(memoryview(file))


@pytest.mark.parametrize(
    "file",
    [
        JPEG + b"\0" * 100,
        JPEG[:2] + PREVIEW + JPEG[2:],
        JPEG[:2] + b"\xff" + JPEG[2:],  # a fill byte
        JPEG[:2] + b"\xff\x01" + JPEG[2:],  # a marker that stands alone
        PNG + b"\0" * 100,
    ],
)
def test_odd_but_whole_files_pass(file: bytes) -> None:
    check_header(memoryview(file))


@pytest.mark.parametrize(
    "file",
    [
        JPEG[: len(JPEG) // 2],
        JPEG[:-2],
        PROGRESSIVE[: len(PROGRESSIVE) // 2],
        (JPEG[:2] + PREVIEW + JPEG[2:])[:-500],
        JPEG[:100],
        JPEG[:2],
        PNG[: len(PNG) // 2],
        PNG[:20],
    ],
)
def test_a_file_that_is_cut_short_is_no_image(file: bytes) -> None:
    with pytest.raises(ValueError, match="is cut short: it has no end"):
        decode(file, Colour.BGR)


@pytest.mark.parametrize(
    "file",
    [
        with_frame(60_000, 60_000),
        with_frame(30_000, 30_000),
        PNG[:16] + (60_000).to_bytes(4, "big") * 2 + PNG[24:],
    ],
)
def test_a_huge_size_is_refused_before_memory_is_taken(file: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=r"its header says [36]0,000 x [36]0,000 pixels"):
            decode(file, Colour.BGR)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()
