"""Sizes of images on the command line."""

import click

Size = tuple[int, int] | int
"""Height and width, or one number."""

_SIDES = 2


def read_size(ctx: click.Context, param: click.Parameter, value: str | None) -> Size | None:
    """Read ``HEIGHTxWIDTH``, or one number."""
    if value is None:
        return None
    extents = value.split("x")
    if len(extents) > _SIDES or not all(one.isdecimal() and int(one) for one in extents):
        raise click.BadParameter(f"{value!r} is neither HEIGHTxWIDTH nor a number of pixels")
    return int(value) if len(extents) == 1 else (int(extents[0]), int(extents[1]))
