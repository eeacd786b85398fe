"""Images and the boxes in them."""

import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from protonet.data.feed import Feed
from protonet.data.shapes import source_shapes
from protonet.data.shard import WHOLE, Shard
from protonet.diagnostics import DiagnosticError
from protonet.layers._data_parameter import DataParameter
from protonet.layers.annotated_data import AnnotatedData, AnnotatedDataParameter
from protonet.message.common import Phase, TransformationParameter
from tests.data.builders import (
    data_layer,
    encode_datum,
    field,
    png,
    random_images,
    raw_datum,
    varint,
    write_lmdb,
)

IMAGES = random_images(3, 3, 20, 30)
Box = tuple[float, float, float, float]


def part(number: int, payload: bytes) -> bytes:
    return field(number, 2, varint(len(payload)) + payload)


def annotation(instance: int, corners: Box, *, difficult: bool = False) -> bytes:
    box = b"".join(field(n, 5, struct.pack("<f", c)) for n, c in enumerate(corners, 1))
    box += field(5, 0, varint(9)) + field(6, 0, varint(int(difficult)))
    return part(2, field(1, 0, varint(instance)) + part(2, box))


def annotated(datum: bytes, boxes: Sequence[tuple[int, Box]] = (), *, typed: bool = True) -> bytes:
    """The bytes of an AnnotatedDatum; the second box of a class is its second instance."""
    groups: dict[int, bytes] = {}
    for label, corners in boxes:
        count = groups.get(label, b"").count(b"\x12")
        groups[label] = groups.get(label, field(1, 0, varint(label))) + annotation(
            int(count > 0), corners, difficult=label == 2
        )
    record = part(1, datum) + (field(2, 0, varint(0)) if typed else b"")
    return record + b"".join(part(3, group) for group in groups.values())


BOXES: list[list[tuple[int, Box]]] = [
    [(1, (0, 0, 0.5, 0.5)), (2, (0.25, 0.5, 0.75, 1))],
    [],
    [(1, (0.5, 0.5, 1, 1))],
]
RECORDS = [annotated(raw_datum(i), b) for i, b in zip(IMAGES, BOXES, strict=True)]


def layer(
    *,
    transform: object = None,
    annotated_data: object = None,
    batch_size: int = 3,
    **data: object,
) -> AnnotatedData:
    fields = {"source": "db", "backend": 1, "batch_size": batch_size, **data}
    return AnnotatedData(
        data_param=DataParameter.model_validate(fields),
        transform_param=TransformationParameter.model_validate(transform or {}),
        annotated_data_param=AnnotatedDataParameter.model_validate(annotated_data or {}),
    )


def feed(
    folder: Path,
    records: Sequence[bytes] = RECORDS,
    *,
    phase: Phase = Phase.TRAIN,
    shard: Shard = WHOLE,
    **fields: object,
) -> Feed:
    if not (folder / "db").exists():
        write_lmdb(folder / "db", records)
    layers = [data_layer(layer(**fields), phase=phase)]  # pyright: ignore[reportArgumentType] # a dictionary's values
    return Feed(layers, base=folder, seed=1701, shard=shard)


def test_boxes_are_rows_of_one_blob(tmp_path: Path) -> None:
    with feed(tmp_path) as data:
        batch = data.next()

    np.testing.assert_array_equal(batch["data"].numpy(), IMAGES)
    assert batch["label"].tolist() == [
        [
            [
                [0, 1, 0, 0, 0, 0.5, 0.5, 0],
                [0, 2, 0, 0.25, 0.5, 0.75, 1, 1],
                [2, 1, 0, 0.5, 0.5, 1, 1, 0],
            ]
        ]
    ]


def test_shapes_are_those_of_the_first_record(tmp_path: Path) -> None:
    write_lmdb(tmp_path / "db", RECORDS)
    resized = layer(transform={"resize_param": {"height": 8, "width": 9}})

    shapes = source_shapes(resized, ["data", "label"], tmp_path)

    assert shapes == ((3, 3, 8, 9), (1, 1, 2, 8))
    assert source_shapes(layer(), ["data"], tmp_path) == ((3, 3, 20, 30),)


def test_a_batch_without_boxes_has_one_of_minus_one(tmp_path: Path) -> None:
    with feed(tmp_path, RECORDS[1:2]) as data:
        assert data.next()["label"].tolist() == [[[[-1] * 8]]]


def test_records_without_a_type_have_labels(tmp_path: Path) -> None:
    records = [annotated(raw_datum(IMAGES[at], at + 4), typed=False) for at in range(3)]

    with feed(tmp_path, records) as data:
        assert data.next()["label"].tolist() == [4, 5, 6]
    assert source_shapes(layer(), ["data", "label"], tmp_path)[1] == (3,)


def test_a_type_may_be_said_for_all(tmp_path: Path) -> None:
    records = [annotated(raw_datum(IMAGES[0]), BOXES[0], typed=False)]

    with feed(tmp_path, records, batch_size=1, annotated_data={"anno_type": 0}) as data:
        assert data.next()["label"].shape == (1, 1, 2, 8)


def test_encoded_images_are_cropped_mirrored_and_their_boxes_with_them(tmp_path: Path) -> None:
    records = [annotated(encode_datum(png(IMAGES[0]), encoded=True), BOXES[0])]
    transform = {"crop_size": 10, "mirror": True}

    with feed(tmp_path, records, batch_size=1, transform=transform, phase=Phase.TEST) as data:
        batches = [data.next() for _ in range(8)]

    plain = IMAGES[0][:, 5:15, 10:20]
    # In pixels, the boxes are 0 to 15 by 0 to 10, and 7.5 to 22.5 by 10 to 20.
    straight = [[0, 0, 0.5, 0.5], [0, 0.5, 1, 1]]
    mirrored = [[0.5, 0, 1, 0.5], [0, 0.5, 1, 1]]
    seen = set[bool]()
    for batch in batches:
        is_plain = bool((batch["data"].numpy()[0] == plain).all())
        seen.add(is_plain)
        expected = straight if is_plain else mirrored
        found = batch["label"].numpy()[0, 0, :, 3:7]
        np.testing.assert_allclose(found, expected, atol=1e-6)
    assert seen == {True, False}


def test_an_expanded_image_stands_on_the_means_colour(tmp_path: Path) -> None:
    transform = {"expand_param": {"max_expand_ratio": 4}, "mean_value": (7, 8, 9)}

    with feed(tmp_path, RECORDS[:1], batch_size=1, transform=transform) as data:
        batch = data.next()

    image, boxes = batch["data"].numpy()[0], batch["label"].numpy()[0, 0]
    assert image.shape[1] > 20
    assert (image == 0).all(0).sum() > image[0].size / 3
    height, width = image.shape[1:]
    _, y, x = np.argwhere(image != 0).min(0)
    expected = [x / width, y / height, (x + 15) / width, (y + 10) / height]
    np.testing.assert_allclose(boxes[0, 3:7], expected, atol=1 / 20)


def test_red_first_has_the_same_canvas(tmp_path: Path) -> None:
    transform = {
        "expand_param": {"max_expand_ratio": 4},
        "mean_value": (9, 8, 7),
        "channel_order": 1,
    }

    with feed(tmp_path, RECORDS[:1], batch_size=1, transform=transform) as data:
        image = data.next()["data"].numpy()[0]

    assert (image == 0).all(0).sum() > image[0].size / 3


@pytest.mark.parametrize("expand", [{"prob": 0, "max_expand_ratio": 4}, {"max_expand_ratio": 1}])
def test_an_image_may_stay_as_it_is(tmp_path: Path, expand: dict[str, float]) -> None:
    with feed(tmp_path, transform={"expand_param": expand}) as data:
        np.testing.assert_array_equal(data.next()["data"].numpy(), IMAGES)


SAMPLERS = {
    "batch_sampler": [
        {
            "sampler": {"min_scale": 0.5, "max_scale": 0.6},
            "sample_constraint": {"min_object_coverage": 0.5},
            "max_sample": 1,
        }
    ]
}


def test_a_part_is_cut_out_and_resized(tmp_path: Path) -> None:
    transform = {
        "resize_param": {"height": 16, "width": 16},
        "distort_param": {"brightness_prob": 1, "brightness_delta": 0},
        "emit_constraint": {},
    }

    with feed(tmp_path, transform=transform, annotated_data=SAMPLERS) as data:
        batches = [data.next() for _ in range(4)]

    assert {tuple(batch["data"].shape) for batch in batches} == {(3, 3, 16, 16)}
    boxes = np.concatenate([batch["label"].numpy()[0, 0] for batch in batches])
    assert set(boxes[:, 1]) <= {1, 2}
    areas = (boxes[:, 5] - boxes[:, 3]) * (boxes[:, 6] - boxes[:, 4])
    assert areas.max() > 0.4  # of an image that a quarter of it was cut from


def test_a_batch_depends_on_its_position_only(tmp_path: Path) -> None:
    fields = {
        "transform": {
            "resize_param": {"height": 16, "width": 16},
            "expand_param": {"max_expand_ratio": 2},
            "distort_param": {"hue_prob": 1, "hue_delta": 9},
        },
        "annotated_data": SAMPLERS,
    }
    with feed(tmp_path, **fields) as data:  # pyright: ignore[reportArgumentType] # a dictionary's values
        whole = [data.next() for _ in range(2)]
    with feed(tmp_path, prefetch=0, **fields) as data:  # pyright: ignore[reportArgumentType] # as above
        again = [data.next() for _ in range(2)]

    for first, second in zip(whole, again, strict=True):
        np.testing.assert_array_equal(first["data"].numpy(), second["data"].numpy())
        np.testing.assert_array_equal(first["label"].numpy(), second["label"].numpy())


def test_processes_share_the_images(tmp_path: Path) -> None:
    transform = {"expand_param": {"max_expand_ratio": 2}, "resize_param": {"height": 9, "width": 9}}
    with feed(tmp_path, batch_size=6, transform=transform) as data:
        whole = data.next()["data"].numpy()

    for rank in range(2):
        with feed(tmp_path, transform=transform, shard=Shard(rank, 2)) as data:
            np.testing.assert_array_equal(data.next()["data"].numpy(), whole[rank::2])


def test_records_that_are_no_images_may_be_skipped(tmp_path: Path) -> None:
    records = [RECORDS[0], annotated(b"", BOXES[0]), RECORDS[2]]

    with feed(tmp_path, records, on_bad_image=1) as data:
        batch = data.next()
        told = data.told()

    np.testing.assert_array_equal(batch["data"].numpy(), IMAGES[[0, 2, 2]])
    assert [warning.code for warning in told] == ["PN518"]
    assert "`00000001`" in told[0].message


def test_nothing_is_told_where_nothing_is_skipped(tmp_path: Path) -> None:
    with feed(tmp_path) as data:
        data.next()

        assert data.told() == ()


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (part(3, b""), "is no AnnotatedDatum: it has no image"),
        (part(1, raw_datum(IMAGES[0])) + field(2, 0, varint(7)), "annotations are of type 7"),
        (b"\x0a\xff", "is no AnnotatedDatum: "),
        (annotated(raw_datum(IMAGES[0]), typed=False), "has no type of annotation, but the first"),
        (annotated(b""), "is no image: 0 values do not fill the shape"),
    ],
)
def test_a_record_that_cannot_be_used_is_named(tmp_path: Path, record: bytes, message: str) -> None:
    with (
        feed(tmp_path, [RECORDS[0], record]) as data,
        pytest.raises(DiagnosticError, match=f"PN504.*record `00000001` of .*{message}"),
    ):
        data.next()


def test_colours_of_floats_are_refused(tmp_path: Path) -> None:
    floats = encode_datum(shape=(1, 1, 2), floats=(0.5, 1))
    with (
        feed(tmp_path, [annotated(floats)], transform={"distort_param": {}}) as data,
        pytest.raises(DiagnosticError, match=r"PN517.*`distort_param` changes bytes"),
    ):
        data.next()


def test_means_of_other_channels_are_refused(tmp_path: Path) -> None:
    transform = {"expand_param": {"max_expand_ratio": 4}, "mean_value": (1, 2)}
    with (
        feed(tmp_path, transform=transform) as data,
        pytest.raises(DiagnosticError, match=r"PN509.*`mean_value` has 2 values"),
    ):
        data.next()
