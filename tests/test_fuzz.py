"""Whatever stands in a file: a result or a diagnostic, never anything else, and soon.

``PROTONET_FUZZ=20000 pytest tests/test_fuzz.py -m slow`` tries more than the usual 5,000.
"""

import os
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from protonet.diagnostics import DiagnosticError
from protonet.export.text import convert_text
from protonet.report.check import check_source
from protonet.source import Source
from protonet.syntax.format import format as canonical
from protonet.syntax.parse import parse

ROOT = Path(__file__).parents[1]
SEED = 1701
SECONDS = 20
"""Of CPU for one input, on a machine that is busy; the usual is some milliseconds."""

OLD = """\
name: "old"  # of 2013
input: "data" input_dim: 1 input_dim: 3 input_dim: 9 input_dim: 9
layers { layer { name: "p" type: "padding" pad: 1 } bottom: "data" top: "p" }
layers { layer { name: "c" type: "conv" num_output: 2 kernelsize: 3 blobs_lr: 1. biasterm: true
  weight_filler { type: "gaussian" std: 0.01 } } bottom: "p" top: "c" }
layers { name: "r" type: RELU bottom: "c" top: "c" }
layers { name: "d" type: DATA top: "x" top: "y" data_param { source: "s" batch_size: 2
  crop_size: 9 mirror: true } include: { phase: TRAIN } }
layer { name: "b" type: "BatchNorm" bottom: "c" top: "b" param { lr_mult: 0 } param { } param { } }
layer { name: "h" type: "Convolution" bottom: "b" top: "h"
  convolution_param < num_output: 2, kernel_size: [3, 3]; hole: 2 > }
layers { name: "l" type: SOFTMAX_LOSS bottom: "h" bottom: "y" loss_weight: .5 }
"""

SOLVER = """\
net_param { name: "n" layers { name: "r" type: TANH bottom: "x" top: "y" } }
base_lr: 1e-2  lr_policy: 'step' "" gamma: 0.1 stepsize: 100 max_iter: 0x10
momentum: .9 solver_type: NESTEROV solver_mode: CPU random_seed: -1
warmup_iter: 10 warmup_start_lr: 0.001
"""

TOKENS = [
    *"{}<>[]:,;-#\"'\\\n\r\t\0\v\ufeff\udcff\u201c=+/",
    *("${x}", "{{x}}", "%s", "@x@", "//", "/*", "<<<<<<< HEAD\n", "=======\n", ">>>>>>> x\n"),
    *("0x", "08", "1e999", "-inf", "nan", "18446744073709551616", "1.5.2", "true"),
    *("layer{", "layers{", "type:", "name:", "top:", "bottom:", "param{", "include{phase:TRAIN}"),
    *("convolution_param{", "engine:", "hole:2 ", "dim:-1 ", "dim:9223372036854775807 "),
    *("num_output:0 ", "num_output:4294967295 ", "group:0 ", "stride:0 "),
]


def files() -> list[str]:
    small = [*(ROOT / "zoo").glob("lenet*/*.prototxt")]
    small += [ROOT / "zoo" / "siamese" / "train_val.prototxt"]
    small += [*(ROOT / "solvers").glob("*.prototxt")]
    return [OLD, SOLVER, *(path.read_text("utf-8") for path in sorted(small))]


def _spot(text: str, draw: random.Random) -> tuple[int, int]:
    at = draw.randrange(len(text) + 1)
    return at, min(len(text), at + draw.choice((0, 1, 2, 5, 20, 200)))


def _insert(text: str, draw: random.Random) -> str:
    at, _ = _spot(text, draw)
    return text[:at] + draw.choice(TOKENS) + text[at:]


def _remove(text: str, draw: random.Random) -> str:
    start, end = _spot(text, draw)
    return text[:start] + text[end:]


def _repeat(text: str, draw: random.Random) -> str:
    start, end = _spot(text, draw)
    return text[:end] + text[start:end] * draw.choice((1, 1, 2, 50)) + text[end:]


def _cut(text: str, draw: random.Random) -> str:
    return text[: draw.randrange(len(text) + 1)]


def _move(text: str, draw: random.Random) -> str:
    start, end = _spot(text, draw)
    at, _ = _spot(text, draw)
    return text[:at] + text[start:end] + text[at:]


def _other_line(text: str, draw: random.Random) -> str:
    lines = text.splitlines(keepends=True)
    if lines:
        lines[draw.randrange(len(lines))] = draw.choice(lines)
    return "".join(lines)


CHANGES: tuple[Callable[[str, random.Random], str], ...] = (
    _insert,
    _remove,
    _repeat,
    _cut,
    _move,
    _other_line,
)


def mutated(draw: random.Random) -> str:
    text = draw.choice(FILES)
    for _ in range(draw.choice((1, 1, 2, 4))):
        text = draw.choice(CHANGES)(text, draw)
    return text


def _result(source: Source, command: Callable[[], str]) -> str | None:
    """Return what a command gives, or nothing if it tells what is wrong where."""
    try:
        return command()
    except DiagnosticError as error:
        problems = error.diagnostics
    assert all(source.name in problem.render() for problem in problems)
    return None


def survive(text: str) -> None:
    """Run every torch-free command on a text; each must give a result or diagnostics."""
    source = Source(text, "fuzz.prototxt")
    begin = time.process_time()
    for problem in check_source(source):
        assert problem.render()
    formatted = _result(source, lambda: canonical(parse(source)))
    assert formatted is None or canonical(parse(Source(formatted))) == formatted
    for to in (None, "deploy", "caffe"):
        new = _result(source, lambda to=to: convert_text(source, to).text)
        assert new is None or to or convert_text(Source(new)).text == new
    assert time.process_time() - begin < SECONDS


FILES = files()


def try_many(number: int, seed: int) -> None:
    for at in range(number):
        text = mutated(random.Random(seed + at))
        try:
            survive(text)
        except Exception as error:
            error.add_note(f"of mutation {seed + at}: {text!r}")
            raise


@pytest.fixture(autouse=True)
def quiet_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Data that files name are not here."""
    monkeypatch.chdir(tmp_path)


def test_200_mutated_files() -> None:
    try_many(200, SEED)


@pytest.mark.slow
def test_5000_mutated_files() -> None:
    try_many(int(os.environ.get("PROTONET_FUZZ", "5000")), SEED + 200)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\0",
        "\0" * 10_000,
        "a {" * 5_000,
        "a: [" * 5_000,
        "<" * 5_000,
        "}" * 5_000,
        "layer { " * 99 + "}" * 99,
        "a: 1 #" * 5_000,
        '"' * 5_001,
        "\\" * 5_000,
        "a: " + "9" * 5_000,
        "a: " + '"x" ' * 5_000,
        "layers { layer { " * 50 + "} } " * 50,
        "x" * 100_000,
        "layer {} " * 500,
        "input: 'x' " * 1_000,
        "# x\r" * 10_000,
        "layers { name: 'a' type: RELU blobs_lr: 1 } " * 500,
        'layer { name: "a" type: "ReLU" bottom: "a" top: "a" } ' * 500,
        "pooling_param { ceil_mode: true } " * 500,
        "layer { convolution_param { " + "hole: 1 " * 500 + "} }",
    ],
    ids=lambda text: text[:12],
)
def test_odd_texts(text: str) -> None:
    survive(text)


LARGE = {
    "fields": "a: 1 ",
    "strings": "a: 'b' 'c' ",
    "layers": 'layer { name: "a" type: "ReLU" } ',
    "old layers": "layers { type: RELU blobs_lr: 1 } ",
    "braces": "}",
    "words": "word ",
    "comments": "#",
    "lists": "a: [1, 2] ",
    "junk": "$",
}


def parse_and_format(text: str) -> None:
    """Read, write and convert; a net of a million layers is no longer checked."""
    source = Source(text, "large.prototxt")
    if _result(source, lambda: canonical(parse(source))) is not None:
        convert_text(source)


def seconds(text: str) -> float:
    begin = time.process_time()
    parse_and_format(text)
    return time.process_time() - begin


@pytest.mark.parametrize("piece", LARGE.values(), ids=LARGE)
def test_the_time_grows_with_the_length_of_a_line(piece: str) -> None:
    once, eight = (min(seconds(piece * (n // len(piece))) for _ in range(3)) for n in SIZES)

    assert eight < 20 * max(once, 0.01)


SIZES = (15_000, 120_000)


MEGABYTES_50 = {
    "a string": lambda: 'a: "' + "x" * 50_000_000 + '"',
    "an open string": lambda: 'a: "' + "x" * 50_000_000,
    "a word": lambda: "x" * 50_000_000,
    "a number": lambda: "a: " + "1" * 50_000_000,
    "a comment": lambda: "#" * 50_000_000,
    "blanks": lambda: "a: 1" + " " * 50_000_000 + "b: 2",
    "braces": lambda: "}" * 50_000_000,
    "lone words": lambda: "word " * 10_000_000,
    "long strings": lambda: f'a: "{"x" * 1000}" ' * 50_000,
    "layers": lambda: f'layers {{ type: RELU name: "{"x" * 1000}" }} ' * 48_000,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", MEGABYTES_50)
def test_a_line_of_50_megabytes(name: str) -> None:
    assert seconds(MEGABYTES_50[name]()) < 120
