"""PN712."""

from collections.abc import Iterator

from protonet.diagnostics import Label
from protonet.lint._sources import phase_bound
from protonet.lint.rule import Finding
from protonet.lint.scopes import NET, FileView
from protonet.message.common import Phase, TransformationParameter
from protonet.spec.net import LayerParameter


@NET.rule("PN712")
def other_preprocessing(net: FileView) -> Iterator[Finding]:
    """Test images are scaled or centred in another way than those of the training."""
    for at, test in phase_bound(net, Phase.TEST):
        for first, train in phase_bound(net, Phase.TRAIN):
            if train.type != test.type or train.top != test.top:
                continue
            ours, theirs = _transform(test), _transform(train)
            for field, said in _scaling(ours).items():
                if said != _scaling(theirs)[field]:
                    yield Finding(
                        f"layer `{test.name}`: {said} in TEST, {_scaling(theirs)[field]} in TRAIN",
                        net.tree.place("layer", at, "transform_param", field),
                        "a net expects its input as it was trained with",
                        more=(Label(net.tree.place("layer", first, "transform_param", field)),),
                    )


def _transform(layer: LayerParameter) -> TransformationParameter:
    found = layer.param_message("transform_param")
    return found if isinstance(found, TransformationParameter) else TransformationParameter()


def _scaling(transform: TransformationParameter) -> dict[str, str]:
    """Return what is said of scale and mean, by field."""
    means = ", ".join(f"{mean:g}" for mean in transform.mean_value)
    mean = transform.mean_file and f'"{transform.mean_file}"'
    return {
        "scale": f"`scale` is {transform.scale:g}",
        "mean_value": f"the mean is {mean or means or 'not subtracted'}",
    }
