"""What the bytes of an image file say of it before it is decoded.

OpenCV makes an image of a JPEG that is cut short, gray where it ends, and takes memory for
whatever size a header claims.
"""

DENSEST = {"JPEG": 1_000, "PNG": 10_000}
"""Pixels a byte can stand for at most; what claims more lies. Real ones stay below a tenth."""

_JPEG = b"\xff\xd8"
_JPEG_END = b"\xff\xd9"
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_END = b"IEND"

_SCAN = 0xDA
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ALONE = frozenset((0x01, *range(0xD0, 0xD8)))
_FILL = 0xFF


def check_header(file: memoryview) -> None:
    """See that a JPEG or PNG is whole and that its size is believable.

    Raises:
        ValueError: It is not.
    """
    if bytes(file[:2]) == _JPEG:
        _check_jpeg(file)
    elif bytes(file[:8]) == _PNG:
        _check_png(file)


def _check_jpeg(file: memoryview) -> None:
    # A preview among the headers has an end of its own, so only what follows them counts.
    scan = _first_scan(file)
    if bytes(file[-2:]) != _JPEG_END and bytes(file[scan:]).rfind(_JPEG_END) < 0:
        raise ValueError("the JPEG is cut short: it has no end")


def _first_scan(file: memoryview) -> int:
    """Return where the pixels begin; the size is checked on the way there."""
    at, end = len(_JPEG), len(file)
    while at + 4 <= end and file[at] == _FILL:
        marker = file[at + 1]
        if marker == _SCAN:
            return at
        if marker == _FILL:
            at += 1
        elif marker in _ALONE:
            at += 2
        else:
            if marker in _FRAMES and at + 9 <= end:
                height, width = _number(file[at + 5 : at + 7]), _number(file[at + 7 : at + 9])
                _check_size("JPEG", height, width, end)
            at += 2 + _number(file[at + 2 : at + 4])
    return min(at, end)


def _check_png(file: memoryview) -> None:
    _check_size("PNG", _number(file[20:24]), _number(file[16:20]), len(file))
    if bytes(file[-64:]).rfind(_PNG_END) < 0 and bytes(file).rfind(_PNG_END) < 0:
        raise ValueError("the PNG is cut short: it has no end")


def _check_size(kind: str, height: int, width: int, size: int) -> None:
    if height * width > size * DENSEST[kind]:
        raise ValueError(
            f"its header says {height:,} x {width:,} pixels, which {size:,} bytes cannot hold"
        )


def _number(data: memoryview) -> int:
    return int.from_bytes(data, "big")
