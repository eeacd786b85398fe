"""What the tools for data tell."""

from collections.abc import Iterator

from protonet.data.tools.convert import Converted
from protonet.source import readable

NAMED = 20
"""Images that were left out are named, so many at most."""


def converted_lines(done: Converted) -> Iterator[str]:
    """Yield what a conversion did."""
    before = f", {done.before:,} of them before it was stopped" if done.before else ""
    yield f"{done.source}: {done.written:,} images{before}"
    if done.bad:
        yield f"left out: {len(done.bad):,} images that cannot be read"
    for bad in done.bad[:NAMED]:
        yield f"  {readable(bad.name)}: {bad.why}"
    if len(done.bad) > NAMED:
        yield f"  and {len(done.bad) - NAMED:,} more"
