"""From command lines of Caffe's tools to those of protonet."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import click

from protonet.cli._gflags import Given

_LOGGING = {"logtostderr": False, "alsologtostderr": False}  # what protonet does in any case
_NET = {"gpu": True, "level": True, "stage": True}
_EFFECTS = {"sigint_effect": "stop", "sighup_effect": "snapshot"}
_IMAGES = {
    "gray": False,
    "shuffle": False,
    "backend": True,
    "resize_width": True,
    "resize_height": True,
    "check_size": False,
    "encoded": False,
    "encode_type": True,
}


class Tool(NamedTuple):
    """A tool of Caffe's.

    Attributes:
        command: The command of ours that does it.
        flags: What it takes, and whether with a value.
        words: What it takes besides, as a usage says it.
        counts: How many words that may be.
        translate: Returns the arguments of our command.
    """

    command: tuple[str, ...]
    flags: Mapping[str, bool]
    words: str
    counts: range
    translate: Callable[[Given], list[str]]


def _train(given: Given) -> list[str]:
    for flag, effect in _EFFECTS.items():
        if given.flags.get(flag, effect) != effect:
            raise click.UsageError(f"-{flag} can only be `{effect}`, as it is without the flag")
    arguments = _with(given, solver="--solver", weights="--weights", snapshot="--snapshot")
    arguments += given.option("gpu", "--gpus")
    if "level" in given.flags:
        arguments += ["--set", f"train_state.level={given.number('level')}"]
    if stages := given.flags.get("stage"):
        quoted = ", ".join(f'"{stage}"' for stage in stages.split(","))
        arguments += ["--set", f"train_state.stage=[{quoted}]"]
    return arguments


def _test(given: Given) -> list[str]:
    named = _with(given, model="--model", weights="--weights", iterations="--iterations")
    return named + _state(given) + _device(given)


def _time(given: Given) -> list[str]:
    named = _with(given, model="--model", phase="--phase", iterations="--iterations")
    return named + _state(given) + _device(given)


def _device_query(given: Given) -> list[str]:
    return given.option("gpu", "--gpus")


def _convert_imageset(given: Given) -> list[str]:
    root, images, out = given.words
    height, width = given.number("resize_height"), given.number("resize_width")
    resize = ["--resize", f"{height}x{width}"] if min(height, width) > 0 else []
    switches = ("gray", "shuffle", "check_size", "encoded")
    return [
        *(f"--{flag.replace('_', '-')}" for flag in switches if given.on(flag)),
        *_with(given, backend="--backend", encode_type="--encode-type"),
        *resize,
        *("--root", root, "--", images, out),
    ]


def _compute_image_mean(given: Given) -> list[str]:
    # Which database it is, it tells itself.
    return ["--", *given.words]


def _upgrade(given: Given) -> list[str]:
    source, out = given.words
    return ["--output", out, "--", source]


def _upgrade_binary(given: Given) -> list[str]:
    return ["--to", "caffemodel", *_upgrade(given)]


def _extract_features(given: Given) -> list[str]:
    weights, model, blobs, outs, number, backend, *place = given.words
    device: list[str] = []
    if place[:1] == ["GPU"]:
        device = ["--device", f"cuda:{place[1].rpartition('=')[2]}" if place[1:] else "cuda"]
    return [
        *("--model", model, "--weights", weights, "--blob", blobs, "--iterations", number),
        *("--backend", backend, *device, "--", *outs.split(",")),
    ]


def _with(given: Given, **options: str) -> list[str]:
    return [word for flag, ours in options.items() for word in given.option(flag, ours)]


def _state(given: Given) -> list[str]:
    return _with(given, level="--level", stage="--stage")


def _device(given: Given) -> list[str]:
    gpu = given.flags.get("gpu", "").partition(",")[0]  # Caffe takes the first here
    if not gpu:
        return ["--device", "cpu"]
    return ["--device", "cuda" if gpu == "all" else f"cuda:{gpu}"]


_SOLVER = {"solver": True, "weights": True, "snapshot": True, **dict.fromkeys(_EFFECTS, True)}
_SCORED = {"model": True, "weights": True, "iterations": True, **_NET}
_TIMED = {"model": True, "phase": True, "iterations": True, **_NET}

TOOLS: Mapping[str, Tool] = MappingProxyType(
    {
        "train": Tool(("train",), {**_SOLVER, **_NET}, "", range(1), _train),
        "test": Tool(("test",), _SCORED, "", range(1), _test),
        "time": Tool(("time",), _TIMED, "", range(1), _time),
        "device_query": Tool(("devices",), {"gpu": True}, "", range(1), _device_query),
        "convert_imageset": Tool(
            ("data", "convert"), _IMAGES, "ROOT LIST DB", range(3, 4), _convert_imageset
        ),
        "compute_image_mean": Tool(
            ("data", "mean"), {"backend": True}, "DB [OUT]", range(1, 3), _compute_image_mean
        ),
        "extract_features": Tool(
            ("extract",),
            {},
            "WEIGHTS NET BLOB[,BLOB] DB[,DB] BATCHES lmdb|leveldb [CPU|GPU [DEVICE]]",
            range(6, 9),
            _extract_features,
        ),
        "upgrade_net_proto_text": Tool(("convert",), {}, "IN OUT", range(2, 3), _upgrade),
        "upgrade_net_proto_binary": Tool(("convert",), {}, "IN OUT", range(2, 3), _upgrade_binary),
        "upgrade_solver_proto_text": Tool(("convert",), {}, "IN OUT", range(2, 3), _upgrade),
    }
)
"""Caffe's tools by name."""

BINARY = frozenset(("train", "test", "time", "device_query"))
"""What one binary of Caffe's does: all take the flags of each, and most of them change nothing."""

OTHERS: Mapping[str, bool] = MappingProxyType({**_SOLVER, **_SCORED, **_TIMED})
"""All flags of that binary."""

LOGGING: Mapping[str, bool] = MappingProxyType(_LOGGING)
"""Flags of all tools that ask for what is done in any case: logs go to standard error."""
