"""PN706."""

from collections.abc import Iterator

from protonet.lint.rule import Finding
from protonet.lint.scopes import NET, FileView
from protonet.spec.net import NetStateRule


@NET.rule("PN706")
def impossible_rule(net: FileView) -> Iterator[Finding]:
    """An `include` or `exclude` holds in no state."""
    for index, layer in net.with_rules:
        for kind, rules in (("include", layer.include), ("exclude", layer.exclude)):
            for at, rule in enumerate(rules):
                why = _contradiction(rule)
                if why:
                    yield Finding(
                        f"layer `{layer.name}`: this `{kind}` never holds: {why}",
                        net.tree.place("layer", index, kind, at),
                    )


def _contradiction(rule: NetStateRule) -> str:
    both = set(rule.stage) & set(rule.not_stage)
    if both:
        return f"`{min(both)}` is both a `stage` and a `not_stage`"
    if rule.has("min_level") and rule.has("max_level") and rule.min_level > rule.max_level:
        return f"`min_level: {rule.min_level}` is above `max_level: {rule.max_level}`"
    return ""
