"""parse + bind read what protobuf's own text format reads, and refuse what it refuses."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from protonet.message.base import Kind, Message, Slot
from protonet.message.common import BlobProto, FillerParameter, TransformationParameter
from protonet.source import Source
from protonet.spec.net import LayerParameter, NetParameter, V0LayerParameter, V1LayerParameter
from protonet.spec.solver import SolverParameter
from tests.message.oracle import protobuf_bytes, protonet_bytes

ROOT = Path(__file__).parents[2]

# Spellings of each kind, a few of another kind among them. What C++ and Python protobuf read
# differently is left out here and listed in DIFFERENCES.
INTEGERS = [
    "0",
    "1",
    "7",
    "-1",
    "-0",
    "2147483647",
    "4294967295",
    "-2147483648",
    "0x1F",
    "-0xa",
    "017",
]
BIG = ["2147483648", "4294967296", "-2147483649", "9223372036854775807", "99999999999999999999999"]
FLOATS = ["0.5", ".5", "5.", "1e-3", "1E+2", "1f", "2.5F", "-3.25", "1e50", "-1e50", "1e-50", "0.1"]
SPECIAL = ["inf", "-inf", "nan", "INF", "-Infinity", "infinity", "NaN"]
BOOLS = ["true", "false", "True", "False", "t", "f"]
WRONG = [
    '"1"',
    "'TRAIN'",
    "TRAIN",
    "maybe",
    "1.5",
    "1",
    "-2",
    "true",
    "{ }",
    "[ ]",
    "[1]",
    "[1, 2]",
]

BLANKS = st.sampled_from([" ", "\n", "\t", "  ", " # a comment\n", "\r\n"])
SCALARS: dict[Kind, list[str]] = {
    Kind.BOOL: [*BOOLS, "0", "1"],
    Kind.FLOAT: FLOATS + SPECIAL + ["0", "1", "-7", "16777217", "123456789012345678901"],
    Kind.DOUBLE: FLOATS + SPECIAL + ["0", "1", "-7", "16777217"],
    Kind.INT32: INTEGERS + BIG,
    Kind.INT64: INTEGERS + BIG,
    Kind.UINT32: INTEGERS + BIG,
}
STRINGS = st.text(st.characters(codec="utf-8", exclude_characters="\\\"'\n\r\0"), max_size=6)
ESCAPES = st.sampled_from(["\\n", "\\t", "\\101", "\\x41", "\\\\", "\\'", '\\"', ""])


@st.composite
def strings(draw: st.DrawFn) -> str:
    parts = draw(
        st.lists(st.tuples(STRINGS, ESCAPES, st.sampled_from("\"'")), min_size=1, max_size=2)
    )
    return draw(BLANKS).join(f"{quote}{text}{escape}{quote}" for text, escape, quote in parts)


@st.composite
def values(draw: st.DrawFn, slot: Slot, depth: int) -> str:
    """A value of a field that is no message; one in twelve is of another kind."""
    if draw(st.integers(0, 11)) == 0:
        return draw(st.sampled_from(WRONG))
    match slot.kind:
        case Kind.STRING | Kind.BYTES:
            return draw(strings())
        case Kind.ENUM:
            members = slot.type.__members__
            return draw(
                st.sampled_from([*members, *(str(m.value) for m in members.values()), "77"])
            )
        case _:
            return draw(st.sampled_from(SCALARS[slot.kind]))


@st.composite
def fields(draw: st.DrawFn, slot: Slot, depth: int) -> str:
    blank = draw(BLANKS)
    if slot.kind == Kind.MESSAGE:
        colon = draw(st.sampled_from(["", ":", f"{blank}:{blank}"]))
        opening, closing = draw(st.sampled_from(["{}", "<>"]))
        inner = draw(blocks(slot.type, depth - 1))
        return f"{slot.name}{colon}{blank}{opening}{blank}{inner}{blank}{closing}"
    if slot.repeated and draw(st.booleans()):
        items = draw(st.lists(values(slot, depth), max_size=3))
        return f"{slot.name}:{blank}[{f',{blank}'.join(items)}]"
    return f"{slot.name}{draw(st.sampled_from(['', blank]))}:{blank}{draw(values(slot, depth))}"


@st.composite
def blocks(draw: st.DrawFn, message: type[Message], depth: int) -> str:
    slots = [s for s in message.slots().values() if depth or s.kind != Kind.MESSAGE]
    chosen = draw(st.lists(st.sampled_from(slots), max_size=5)) if slots else []
    if draw(st.integers(0, 7)):  # mostly no singular field twice
        chosen = [s for at, s in enumerate(chosen) if s.repeated or s not in chosen[:at]]
    parts = [draw(fields(slot, depth)) for slot in chosen]
    if draw(st.integers(0, 19)) == 0:
        parts.append(draw(st.sampled_from(["no_such_field: 1", "Name: 'x'", "no_such_field { }"])))
    separator = draw(st.sampled_from(["\n", " ", " ; ", ", ", " # ;\n"]))
    return separator.join(parts)


SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large)

MESSAGES = (
    NetParameter,
    SolverParameter,
    LayerParameter,
    V1LayerParameter,
    V0LayerParameter,
    FillerParameter,
    TransformationParameter,
    BlobProto,
)


@pytest.mark.parametrize("message", MESSAGES)
@settings(max_examples=100, deadline=None, suppress_health_check=SLOW)
@given(data=st.data())
def test_generated_texts_are_read_as_protobuf_reads_them(
    message: type[Message], data: st.DataObject
) -> None:
    text = data.draw(blocks(message, depth=2))

    assert protonet_bytes(text, message) == protobuf_bytes(text, message)


@settings(max_examples=300, deadline=None)
@given(value=st.floats(width=64), name=st.sampled_from(["std", "value"]))
@example(value=3.4028235677973366e38, name="std")
@example(value=3.4028235677973362e38, name="std")
@example(value=1e-45, name="std")
def test_floats_are_rounded_as_protobuf_does(value: float, name: str) -> None:
    text = f"{name}: {value!r}"

    assert protonet_bytes(text, FillerParameter) == protobuf_bytes(text, FillerParameter)


# What protobuf's C++ parser, which Caffe runs, takes and its Python one refuses, or the reverse:
# protonet does as C++ does (protobuf 3.19 and 3.21).
DIFFERENCES: list[tuple[str, str | None, str | None]] = [
    # text, the same in plain words (None: C++ refuses it), what Python takes it for (None: refuses)
    ("std: - 1", "std: -1", None),
    ("std: -\n# minus\n0.5", "std: -0.5", None),
    ("std: - inf", "std: -inf", None),
    ("sparse: - 1", "sparse: -1", None),
    ("std: +1", None, "std: 1"),
    ("sparse: +1", None, "sparse: 1"),
    ("std: 1_0", None, "std: 10"),
    ("sparse: 1_0", None, "sparse: 10"),
    ('type: "\\xff"', 'type: "\\377"', None),
]

SAME_IN_BOTH = [
    ("std: 0x10", None),
    ("std: 010", None),
    ("std: -0x10", None),
    ("sparse: 0x10", "sparse: 16"),
    ("sparse: 010", "sparse: 8"),
    ("std: 1f", "std: 1"),
]


@pytest.mark.parametrize(("text", "cpp", "python"), DIFFERENCES)
def test_where_python_differs_protonet_reads_what_cpp_reads(
    text: str, cpp: str | None, python: str | None
) -> None:
    ours = protonet_bytes(text, FillerParameter)

    assert ours == (cpp and protonet_bytes(cpp, FillerParameter))
    assert protobuf_bytes(text, FillerParameter) == (
        python and protobuf_bytes(python, FillerParameter)
    )


@pytest.mark.parametrize(("text", "plain"), SAME_IN_BOTH)
def test_spellings_of_numbers(text: str, plain: str | None) -> None:
    ours = protonet_bytes(text, FillerParameter)

    assert ours == (plain and protonet_bytes(plain, FillerParameter))
    assert ours == protobuf_bytes(text, FillerParameter)


@pytest.mark.parametrize("value", ["0x1", "01", "0x0", "00"])
def test_cpp_takes_a_bool_in_any_base(value: str) -> None:
    plain = "true" if "1" in value else "false"

    assert protonet_bytes(f"mirror: {value}", TransformationParameter) == protonet_bytes(
        f"mirror: {plain}", TransformationParameter
    )
    assert protobuf_bytes(f"mirror: {value}", TransformationParameter) is None


def files() -> Iterator[tuple[Path, type[Message]]]:
    """The nets and solvers that come with protonet, and a collection beside the checkout."""
    for folder, message in (("zoo", NetParameter), ("solvers", SolverParameter)):
        yield from ((path, message) for path in sorted((ROOT / folder).rglob("*.prototxt")))
    corpus = ROOT.parent / "shared" / "corpus"
    if (corpus / "index.tsv").is_file():
        text = (corpus / "index.tsv").read_text(encoding="utf-8")
        for row in csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE):
            yield corpus / row["file"], SolverParameter if row["kind"] == "solver" else NetParameter


@pytest.mark.parametrize(
    ("path", "message"),
    [pytest.param(*file, id=str(file[0].relative_to(ROOT.parent))) for file in files()],
)
def test_a_file_is_read_as_protobuf_reads_it(path: Path, message: type[Message]) -> None:
    text = Source.read(path).text

    assert protonet_bytes(text, message) == protobuf_bytes(text, message)
