"""Names of blobs and layers -> names of Python."""

import re
from collections.abc import Collection
from keyword import iskeyword


class Names:
    """Gives each key a Python name that no other has.

    Args:
        taken: Names that none may have.
        prefix: What a name gets that begins with a digit.
    """

    def __init__(self, taken: Collection[str], prefix: str) -> None:
        self._taken = set(taken)
        self._prefix = prefix
        self._names: dict[str, str] = {}

    def __getitem__(self, key: str) -> str:
        if key not in self._names:
            self._names[key] = self.free(key)
            self._taken.add(self._names[key])
        return self._names[key]

    def free(self, key: str) -> str:
        """Return the name that a new key would be given."""
        name = identifier(key, self._prefix)
        if name not in self._taken:
            return name
        number = 2
        while f"{name}_{number}" in self._taken:
            number += 1
        return f"{name}_{number}"


def identifier(name: str, prefix: str) -> str:
    """Return a Python name: ``fire2/squeeze1x1`` becomes ``fire2_squeeze1x1``."""
    text = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_")
    if not text or text[0].isdigit():
        text = f"{prefix}_{text}".rstrip("_")
    return f"{text}_" if iskeyword(text) else text


def class_name(name: str, taken: Collection[str]) -> str:
    """Return the name of a class: ``VGG_ILSVRC_16_layers`` becomes ``VGGILSVRC16Layers``."""
    words = [word for word in re.split(r"[\W_]+", name, flags=re.ASCII) if word]
    text = "".join(word[0].upper() + word[1:] for word in words)
    if not text or text[0].isdigit() or iskeyword(text) or text in taken:
        text = f"Net{text}"
    return text
