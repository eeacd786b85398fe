"""What is wrong with a `transform_param`, whatever the layer."""

import pytest

from tests.layers.case import LayerCase

ASKS = "only the data of `Data` know the shapes of its tops"


def refusal(transform: str, kind: str = "Data") -> str:
    params = 'data_param { source: "db" batch_size: 2 } transform_param { ' + transform + " }"
    return LayerCase(kind, params, bottoms=(), tops=2).refusal()


@pytest.mark.parametrize(
    "transform",
    [
        "crop_size: 4 oversample: true random_crop { } rotate: 180 train_mirror: true",
        "mirror: true train_mirror: false",
        "color_jitter { brightness: 0.4 contrast: 0.4 saturation: 2 hue: 0.5 }",
        "shorter_side: 8 std_value: 1 std_value: 2 min_max: true channel_order: RGB",
        "resize_param { height: 3 width: 4 } image_mean: true",
    ],
)
def test_what_makes_sense_is_taken(transform: str) -> None:
    assert refusal(transform) == ASKS


@pytest.mark.parametrize(
    ("transform", "message"),
    [
        ("oversample: true", "`oversample` needs a `crop_size`"),
        ("random_crop { }", "`random_crop` needs a `crop_size`"),
        ("rotate: -1", "`rotate` is -1, not from 0 to 180 degrees"),
        ("rotate: 181", "`rotate` is 181, not from 0 to 180 degrees"),
        ("std_value: 1 std_value: 0", "`std_value` holds a value that is not above 0"),
        ('mean_file: "m" image_mean: true', "`mean_file` and `image_mean` are both set"),
        ("mean_value: 1 image_mean: true", "`mean_value` and `image_mean` are both set"),
        (
            'mean_file: "m" crop_size: 4 random_crop { }',
            "`mean_file` and `random_crop` are both set",
        ),
        ("mirror: true train_mirror: true", "`mirror` and `train_mirror` are both set"),
        (
            "shorter_side: 8 resize_param { height: 3 width: 4 }",
            "`shorter_side` and `resize_param` are both set",
        ),
        ("crop_size: 4 random_crop { min_area: 0 }", "areas of 0 to 1 are no range within 0 to 1"),
        (
            "crop_size: 4 random_crop { max_aspect: 0.5 }",
            "aspects of 0.75 to 0.5 are no range above 0",
        ),
        ("color_jitter { contrast: -0.5 }", "`contrast` is -0.5, below 0"),
        ("color_jitter { hue: 0.6 }", "`hue` is 0.6, not from 0 to 0.5 rounds"),
        ("resize_param { height: 3 }", "images cannot be resized to 3 x 0 pixels"),
        ("expand_param { }", "`expand_param` has no effect in a layer without boxes"),
    ],
)
def test_what_makes_none_is_refused(transform: str, message: str) -> None:
    assert refusal(transform) == message


@pytest.mark.parametrize(
    ("transform", "message"),
    [
        (
            "distort_param { contrast_lower: 1.5 contrast_upper: 0.5 }",
            "`contrast` of 1.5 to 0.5 is no range from 0 on",
        ),
        ("expand_param { max_expand_ratio: 0.5 }", "`max_expand_ratio` is 0.5, below 1"),
        ("oversample: true crop_size: 3", "`oversample` has no effect in AnnotatedData"),
    ],
)
def test_boxes_have_rules_of_their_own(transform: str, message: str) -> None:
    assert refusal(transform, "AnnotatedData") == message


@pytest.mark.parametrize(
    ("kind", "param"),
    [
        ("WindowData", 'window_data_param { source: "list" batch_size: 1 }'),
        ("MemoryData", "memory_data_param { batch_size: 1 channels: 1 height: 1 width: 1 }"),
    ],
)
def test_layers_that_crop_by_themselves_do_nothing_else(kind: str, param: str) -> None:
    params = param + " transform_param { crop_size: 4 std_value: 2 }"

    message = LayerCase(kind, params, bottoms=(), tops=2).refusal()

    assert message == f"`std_value` has no effect in {kind}"
