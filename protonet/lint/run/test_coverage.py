"""PN770."""

from collections.abc import Iterator

from protonet.data.heads import batch_size, record_count
from protonet.lint.rule import Finding
from protonet.lint.scopes import RUN, Run, View


@RUN.rule("PN770")
def test_coverage(run: Run) -> Iterator[Finding]:
    """A test does not look at each record of its data once."""
    for at, (net, batches) in enumerate(zip(run.tests, run.solver.message.test_iter, strict=True)):
        batch, records = _data(net)
        fits = {records // batch, -(-records // batch)} if batch else {batches}
        if batches > 0 and batches not in fits:  # -1 is all of them
            seen = batches * batch
            does = f"leaves out {records - seen}" if seen < records else f"repeats {seen - records}"
            yield Finding(
                f"a test of {batches} batches of {batch} {does} of the {records} records",
                run.solver.tree.place("test_iter", at),
                f"`test_iter: {-(-records // batch)}` reads them all",
            )


def _data(net: View) -> tuple[int, int]:
    """Return batch size and number of records of a net's only source; 0 if that is not known."""
    sources = net.graph.sources
    if len(sources) != 1:
        return 0, 0
    batch = batch_size(sources[0].layer)
    tops = [top.blob for top in sources[0].tops]
    records = record_count(sources[0].layer, tops, net.graph.file.folder) if batch else None
    return (batch, records) if batch and records else (0, 0)
