"""Shapes of data that are not there, and what is told of them."""

from collections.abc import Generator
from contextlib import contextmanager

import click

from protonet.data.assume import Assumed
from protonet.data.shapes import ReadShapes


@contextmanager
def assuming() -> Generator[ReadShapes]:
    """Give what reads the shapes of data; say afterwards what it has assumed."""
    assumed = Assumed()
    yield assumed.shapes
    for note in assumed.notes:
        click.echo(f"{note.render()}\n", err=True)
