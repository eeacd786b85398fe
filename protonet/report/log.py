"""Caffe's log lines, so that the scripts that read its logs read ours."""

import os
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import TextIO, assert_never

from protonet.train import events
from protonet.train.events import Event, Output


class CaffeLog:
    """A listener that prints what Caffe would log, line for line.

    Each line begins as glog's: severity, date, time, process, and the place in Caffe's source.

    Args:
        stream: Where to print; standard error if not given, as glog does.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream

    def __call__(self, event: Event) -> None:
        """Print the lines of an event."""
        severity = SEVERITIES.get(type(event), "I")
        for place, text in lines(event):
            now = datetime.now()  # noqa: DTZ005 # glog prints the local time without its zone
            self._stream.write(
                f"{severity}{now:%m%d %H:%M:%S.%f} {os.getpid():5d} {place}] {text}\n"
            )
        self._stream.flush()


SEVERITIES: Mapping[type[Event], str] = MappingProxyType({events.Warned: "W", events.Norms: "E"})
"""What lines begin with that are no mere information; so says Caffe of the norms, too."""


def lines(event: Event) -> Iterator[tuple[str, str]]:
    """Yield the lines of an event: the place in Caffe's source, and the text."""
    match event:
        case events.Testing() | events.Tested() | events.TestInterrupted():
            yield from _test_lines(event)
        case events.Displayed():
            yield from _train_lines(event)
        case events.SteppedRate() | events.DisplayedRate() | events.Clipped() | events.Overflowed():
            yield _update_line(event)
        case events.Iterated():
            pass
        case (
            events.ReducedRate()
            | events.StoppedEarly()
            | events.Caching()
            | events.Cached()
            | events.Uncached()
        ):
            yield from _own_lines(event)
        case events.Magnitude() | events.Norms():
            yield _debug_line(event)
        case events.Snapshotting() | events.Kept() | events.Dropped():
            yield _snapshot_line(event)
        case _:
            yield from _course_lines(event)


def number(value: float) -> str:
    """Return a number as C++ prints a float: six digits."""
    return f"{value:g}"


def _train_lines(event: events.Displayed) -> Iterator[tuple[str, str]]:
    speed = event.iterations / (event.seconds or 1)
    pace = f"{number(speed)} iter/s, {number(event.seconds)}s/{event.display} iters"
    yield "solver.cpp:219", f"Iteration {event.it} ({pace}), loss = {number(event.loss)}"
    for text in _outputs("Train", event.outputs):
        yield "solver.cpp:238", text


def _test_lines(
    event: events.Testing | events.Tested | events.TestInterrupted,
) -> Iterator[tuple[str, str]]:
    match event:
        case events.Testing():
            yield "solver.cpp:331", f"Iteration {event.it}, Testing net (#{event.net})"
        case events.TestInterrupted():
            yield "solver.cpp:382", "Test interrupted."
        case events.Tested():
            if event.loss is not None:
                yield "solver.cpp:387", f"Test loss: {number(event.loss)}"
            for text in _outputs("Test", event.outputs):
                yield "solver.cpp:400", text
        case _:
            assert_never(event)


def _outputs(phase: str, outputs: tuple[Output, ...]) -> Iterator[str]:
    for at, output in enumerate(outputs):
        text = f"    {phase} net output #{at}: {output.blob} = {number(output.value)}"
        if output.weight:
            loss = output.weight * output.value
            text += f" (* {number(output.weight)} = {number(loss)} loss)"
        yield text


def _update_line(
    event: events.SteppedRate | events.DisplayedRate | events.Clipped | events.Overflowed,
) -> tuple[str, str]:
    match event:
        case events.SteppedRate():
            text = f"MultiStep Status: Iteration {event.it}, step = {event.step}"
            return "sgd_solver.cpp:46", text
        case events.DisplayedRate():
            return "sgd_solver.cpp:106", f"Iteration {event.it}, lr = {number(event.lr)}"
        case events.Clipped():
            why = f"L2 norm {number(event.norm)} > {number(event.limit)}"
            text = f"scaling down gradients ({why}) by scale factor {number(event.scale)}"
            return "sgd_solver.cpp:93", f"Gradient clipping: {text}"
        case events.Overflowed():
            return "protonet:0", f"Iteration {event.it}, no update: a gradient overflowed"
        case _:
            assert_never(event)


def _own_lines(
    event: events.ReducedRate
    | events.StoppedEarly
    | events.Caching
    | events.Cached
    | events.Uncached,
) -> Iterator[tuple[str, str]]:
    """Yield lines that Caffe does not have."""
    match event:
        case events.ReducedRate():
            texts = [f"Plateau Status: Iteration {event.it}, step = {event.step}"]
        case events.StoppedEarly():
            best = f"no better {event.monitor} than {number(event.best)}"
            texts = [f"Early stopping: Iteration {event.it}, {best}"]
        case events.Caching():
            texts = [f"Features of {event.net}: {text}" for text in _caching(event)]
        case events.Cached():
            texts = [f"Features of {event.net}: all {event.samples:,} samples are kept"]
        case events.Uncached():
            why = f"frozen prefix {event.span} is not kept: {event.why}"
            texts = [f"Features of {event.net}: {why}"]
        case _:
            assert_never(event)
    yield from (("protonet:0", text) for text in texts)


def _caching(event: events.Caching) -> Iterator[str]:
    size = f"{event.samples:,} samples, {event.bytes:,} bytes in {event.path or 'memory'}"
    yield f"frozen prefix {event.span}: keeping {event.blobs} ({size})"
    if event.filled:
        yield f"{event.filled:,} of them are in the file already"
    if event.variants:
        crops = "crop and mirroring" if event.variants == 1 else "crops and mirrorings"
        yield f"{event.variants} {crops} of each image, as `cache_variants` says"
    if event.joined > 1:
        yield f"the rest runs the {event.joined} batches of an iteration as one"


_DEBUG_PLACES = {"Forward": 591, "Backward": 619, "Update": 651}


def _debug_line(event: events.Magnitude | events.Norms) -> tuple[str, str]:
    match event:
        case events.Magnitude():
            values = (("data", event.data), ("diff", event.diff))
            told = "; ".join(f"{of}: {number(value)}" for of, value in values if value is not None)
            text = f"    [{event.phase}] Layer {event.layer}, {event.what} {told}"
            return f"net.cpp:{_DEBUG_PLACES[event.phase]}", text
        case events.Norms():
            (a, b), (c, d) = (map(number, pair) for pair in (event.l1, event.l2))
            norms = f"L1 norm = ({a}, {b}); L2 norm = ({c}, {d})"
            return "net.cpp:704", f"    [Backward] All net params (data, diff): {norms}"
        case _:
            assert_never(event)


def _snapshot_line(event: events.Snapshotting | events.Kept | events.Dropped) -> tuple[str, str]:
    match event:
        case events.Kept():
            best = f"{event.monitor} = {number(event.value)} is the best so far"
            return "protonet:0", f"Iteration {event.it}, {best}: writing {event.path}"
        case events.Dropped():
            return "protonet:0", f"Removing the snapshot of iteration {event.it}"
        case events.Snapshotting():
            form = "HDF5" if event.hdf5 else "binary proto"
            if event.state:
                place = "sgd_solver.cpp:288" if event.hdf5 else "sgd_solver.cpp:274"
                return place, f"Snapshotting solver state to {form} file {event.path}"
            place = "solver.cpp:459" if event.hdf5 else "solver.cpp:449"
            return place, f"Snapshotting to {form} file {event.path}"
        case _:
            assert_never(event)


def _solving_lines(event: events.Solving) -> Iterator[tuple[str, str]]:
    yield "solver.cpp:273", f"Solving {event.net}"
    yield "solver.cpp:274", f"Learning Rate Policy: {event.lr_policy}"
    if event.max_epoch:
        yield "protonet:0", f"Epochs: {event.max_epoch} at most, until iteration {event.max_iter}"


def _course_lines(
    event: events.Warned
    | events.Finetuning
    | events.Restoring
    | events.Solving
    | events.DisplayedLast
    | events.Solved,
) -> Iterator[tuple[str, str]]:
    """Yield the lines of how a run begins and ends."""
    match event:
        case events.Warned():
            for text in event.diagnostic.render().splitlines():
                yield "protonet:0", text
        case events.Finetuning():
            yield "caffe.cpp:155", f"Finetuning from {event.path}"
        case events.Restoring():
            yield "solver.cpp:281", f"Restoring previous solver status from {event.path}"
            yield "sgd_solver.cpp:318", f"{event.type}Solver: restoring history"
        case events.Solving():
            yield from _solving_lines(event)
        case events.DisplayedLast():
            yield "solver.cpp:311", f"Iteration {event.it}, loss = {number(event.loss)}"
        case events.Solved():
            early = "Optimization stopped early."
            yield (
                ("solver.cpp:295", early)
                if event.early
                else ("solver.cpp:316", "Optimization Done.")
            )
            yield "caffe.cpp:259", "Optimization Done."
        case _:
            assert_never(event)
