"""PN707."""

from collections.abc import Iterator

from protonet.lint.rule import Finding
from protonet.lint.scopes import NET, FileView
from protonet.spec.edit import removal


@NET.rule("PN707")
def repeated_rule(net: FileView) -> Iterator[Finding]:
    """A layer has the same `include` or `exclude` twice."""
    for index, layer in net.with_rules:
        for kind, rules in (("include", layer.include), ("exclude", layer.exclude)):
            said = [(rule, rule.model_fields_set) for rule in rules]
            for at in range(1, len(rules)):
                if said[at] in said[:at]:
                    path = ("layer", index, kind, at)
                    yield Finding(
                        f"layer `{layer.name}` has this `{kind}` already",
                        net.tree.place(*path),
                        fix=removal(net.tree, *path),
                    )
