from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from protonet.shape import Shape
from protonet.weights.fit import Form
from protonet.weights.loading import Adapt
from protonet.weights.match import BlobId, Match, Shaped, match, merge
from protonet.weights.stored import ArrayBlob, StoredLayer, StoredLayers

FILE = Path("a.caffemodel")


class Blob:
    """A parameter, as far as matching goes."""

    def __init__(self, *shape: int) -> None:
        self.shape: Shape = shape


def stored(*layers: tuple[str, Sequence[Shape]], owners_only: bool = False) -> StoredLayers:
    return StoredLayers(
        FILE,
        tuple(
            StoredLayer(name, {i: array_blob(shape) for i, shape in enumerate(shapes)})
            for name, shapes in layers
        ),
        owners_only=owners_only,
    )


def array_blob(shape: Shape) -> ArrayBlob:
    return ArrayBlob(shape, lambda: np.zeros(shape, np.float32))


def paired(found: Match[Blob]) -> list[str]:
    return [str(pair.blob) for pair in found.pairs]


def reasons(found: Match[Blob]) -> list[tuple[str, str, str]]:
    return [(bad.code, bad.layer, bad.reason) for bad in found.mismatched]


def test_layers_are_paired_by_name_and_blobs_by_number() -> None:
    ip = [Blob(2, 3), Blob(2)]
    file = stored(("data", []), ("ip", [(2, 3), (2,)]), ("ip2", [(5,)]))

    found = match({"data": [], "ip": ip, "fc": [Blob(4)]}, file)

    assert [(pair.blob, pair.target, pair.stored) for pair in found.pairs] == [
        (("ip", 0), ip[0], file.layers[1].blobs[0]),
        (("ip", 1), ip[1], file.layers[1].blobs[1]),
    ]
    assert found.missing == (BlobId("fc", 0),)
    assert [(layer.layer, layer.blobs) for layer in found.unused] == [("ip2", ((5,),))]
    assert found.mismatched == ()
    assert found.loaded == {("ip", 0), ("ip", 1)}


def test_another_shape_is_a_mismatch() -> None:
    found = match({"ip": [Blob(2, 3), Blob(4)]}, stored(("ip", [(3, 2), (2,)])))

    assert paired(found) == []
    assert reasons(found) == [
        ("PN406", "ip", "blob 0 is (3, 2) in the file and (2, 3) in the net"),
        ("PN406", "ip", "blob 1 is (2,) in the file and (4,) in the net"),
    ]


@pytest.mark.parametrize(
    ("blobs", "shapes", "reason"),
    [
        ([Blob(2)], [(2,), (2,)], "the file has 2 blobs, the net's layer 1"),
        ([Blob(2), Blob(2)], [(2,)], "the file has 1 blob, the net's layer 2"),
        ([Blob(2)], [], "the file has 0 blobs, the net's layer 1"),
        ([], [(2,)], "the file has 1 blob, the net's layer 0"),
    ],
)
@pytest.mark.parametrize("owners_only", [True, False])
def test_another_number_of_blobs_is_a_mismatch(
    blobs: list[Blob], shapes: list[Shape], reason: str, owners_only: bool
) -> None:
    found = match({"ip": blobs}, stored(("ip", shapes), owners_only=owners_only))

    assert reasons(found) == [("PN405", "ip", reason)]


def test_a_diagnostic_says_what_to_do() -> None:
    (bad,) = match({"ip": [Blob(2)]}, stored(("ip", [(3,)]))).mismatched

    assert bad.diagnostic().render() == (
        "error[PN406]: weights of layer `ip` do not fit: "
        "blob 0 is (3,) in the file and (2,) in the net\n"
        " --> a.caffemodel\n"
        "  = help: `--adapt ip=first` takes the first 2 of 3; "
        "`--reinit ip` learns the layer anew"
    )


def shared() -> tuple[Mapping[str, Sequence[Blob]], set[tuple[str, int]]]:
    weight, bias = Blob(3, 3), Blob(3)
    target = {"ip1": [weight, bias], "ip2": [weight, bias]}
    return target, {("ip1", 0), ("ip1", 1)}


def test_a_shared_blob_may_stand_under_its_owner_only() -> None:
    target, owners = shared()
    file = stored(("ip1", [(3, 3), (3,)]), ("ip2", []), owners_only=True)

    found = match(target, file, owners=owners)

    assert paired(found) == ["ip1/0", "ip1/1"]
    assert (found.missing, found.mismatched) == ((), ())
    assert found.loaded == {("ip1", 0), ("ip1", 1), ("ip2", 0), ("ip2", 1)}


def test_in_a_binary_file_it_stands_under_every_layer() -> None:
    target, owners = shared()
    shapes: list[Shape] = [(3, 3), (3,)]

    whole = match(target, stored(("ip1", shapes), ("ip2", shapes)), owners=owners)
    part = match(target, stored(("ip1", shapes), ("ip2", [])), owners=owners)

    assert paired(whole) == ["ip1/0", "ip1/1", "ip2/0", "ip2/1"]
    assert reasons(part) == [("PN405", "ip2", "the file has 0 blobs, the net's layer 2")]


def test_a_shared_blob_that_no_file_has_is_missing_once() -> None:
    target, owners = shared()

    assert match(target, stored(("x", [])), owners=owners).missing == (("ip1", 0), ("ip1", 1))


def test_several_files_are_one_match() -> None:
    target: dict[str, list[Blob]] = {"a": [Blob(1)], "b": [Blob(2)], "c": [Blob(3)]}

    found = merge(
        [
            match(target, stored(("a", [(1,)]), ("x", [(9,)]))),
            match(target, stored(("a", [(1,)]), ("b", [(7,)]))),
        ]
    )

    assert paired(found) == ["a/0", "a/0"]
    assert found.missing == (("b", 0), ("c", 0))
    assert [layer.layer for layer in found.unused] == ["x"]
    assert reasons(found) == [("PN406", "b", "blob 0 is (7,) in the file and (2,) in the net")]
    assert found.loaded == {("a", 0)}


def test_the_report_is_a_line_a_layer() -> None:
    target: dict[str, list[Shaped]] = {"a": [Blob(1, 2), Blob(1)], "b": [Blob(2)], "c": [Blob(3)]}

    found = match(target, stored(("a", [(1, 2), (1,)]), ("b", [(7,)]), ("x", [(9,), (9, 9)])))

    assert found.report().splitlines() == [
        "loaded                 a (1, 2) (1,)",
        "does not fit           b blob 0 is (7,) in the file and (2,) in the net",
        "left at its filler     b/0",
        "left at its filler     c/0",
        "not in the net, unused x (9,) (9, 9)",
    ]


def test_the_report_says_what_was_adapted_renamed_and_left() -> None:
    target: dict[str, list[Shaped]] = {
        "conv": [Blob(4, 2, 3, 3), Blob(4)],
        "fc8": [Blob(2, 3), Blob(2)],
        "new": [Blob(5)],
        "plain": [Blob(1)],
    }
    renamed = StoredLayer("new", {0: array_blob((5,))}, origin="old")
    file = stored(("conv", [(4, 18), (4,)]), ("fc8", [(3, 3), (3,)]), ("plain", [(1,)]))
    file = StoredLayers(FILE, (*file.layers, renamed))
    forms = {"conv": Form(flat=True), "fc8": Form(adapt=Adapt.FIRST)}

    found = match(target, file, forms=forms)
    left = match(target, file, forms=forms, leaves=lambda layer: layer == "fc8")

    adapted = [
        "adapted                conv (4, 2, 3, 3) (4,): reshaped from (4, 18)",
        "adapted                fc8 (2, 3) (2,): the first 2 of 3",
        "loaded                 new (5,) from `old`",
    ]
    assert found.report(plain=False).splitlines() == adapted
    assert found.report().splitlines() == [
        *adapted[:2],
        "loaded                 plain (1,)",
        adapted[2],
    ]
    assert (left.left, left.missing) == ((BlobId("fc8", 0), BlobId("fc8", 1)), ())
    assert left.report(plain=False).splitlines() == [
        adapted[0],
        adapted[2],
        "left as asked          fc8/0",
        "left as asked          fc8/1",
    ]


def test_a_rule_that_cannot_mend_it_is_told() -> None:
    found = match({"ip": [Blob(4)]}, stored(("ip", [(3,)])), forms={"ip": Form(adapt=Adapt.FIRST)})

    assert [bad.diagnostic().render() for bad in found.mismatched] == [
        (
            "error[PN413]: weights of layer `ip` do not fit: "
            "blob 0 is (3,) in the file and (4,) in the net, which `first` does not cover\n"
            " --> a.caffemodel\n"
            "  = help: `--adapt ip=pad` takes 3 of 4, the others are left at the filler; "
            "`--reinit ip` learns the layer anew"
        )
    ]


def test_an_unused_layer_is_called_as_in_its_file() -> None:
    file = StoredLayers(FILE, (StoredLayer("x (no place)", {0: array_blob((2,))}, origin="x"),))

    assert match({"a": [Blob(1)]}, file).report().splitlines() == [
        "left at its filler     a/0",
        "not in the net, unused x (2,)",
    ]
