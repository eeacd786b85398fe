"""Trees without places, to compare by what they say; and texts to try."""

from hypothesis import strategies as st

from protonet.source import Source
from protonet.syntax.parse import parse
from protonet.syntax.tree import Block, Tree, Value, Word

Plain = tuple[str, object]


def plain(value: Value) -> object:
    """Return a value without offsets: a message as a tuple of (name, value), scalars with kind."""
    if isinstance(value, Block):
        return ["message", *((field.name, plain(field.value)) for field in value.fields)]
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    return (type(value).__name__, value)


def tree(text: str) -> Tree:
    return parse(Source(text))


def fields(text: str) -> object:
    return plain(tree(text).root)


def only(text: str) -> object:
    """Return the value of the one field of a text, with its kind."""
    ((_, value),) = [(field.name, plain(field.value)) for field in tree(text).root.fields]
    return value


NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,6}", fullmatch=True)
BLANKS = st.sampled_from(["", " ", "\n", "\t", "\r\n", " # note\n", "#\n", "\n\n", " \n \n", "  "])
GAPS = st.sampled_from([" ", "\n", "\r\n", " # note: {\n", "\n# \"'\n", "\n\n"])
NUMBERS = st.one_of(
    st.integers(0, 2**64).map(str),
    st.integers(0, 2**32).map(hex),
    st.integers(0, 2**32).map(lambda i: f"0{i:o}"),
    st.floats(0, allow_nan=False, allow_infinity=False).map(repr),
    st.sampled_from(["1.", ".5", "1f", "1.5F", "2e3f", "1E+2", "0f", "0x1F", "0", "00", "1e400"]),
)
STRINGS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\"'\\")).map(
        lambda text: f'"{text}"'
    ),
    st.sampled_from(
        ['""', "''", "'it\"s'", '"it\'s"', r'"\n\t\\\"\'\?"', r"'\303\251\xff\u00e9'", '"#{}"']
    ),
)


@st.composite
def scalars(draw: st.DrawFn) -> str:
    """Draw the text of one scalar."""
    match draw(st.sampled_from(["number", "minus", "string", "strings", "word"])):
        case "number":
            return draw(NUMBERS)
        case "minus":
            return "-" + draw(BLANKS) + draw(NUMBERS | st.sampled_from(["inf", "nan"]))
        case "string":
            return draw(STRINGS)
        case "strings":
            return draw(STRINGS) + draw(BLANKS) + draw(STRINGS)
        case _:
            return draw(NAMES)


@st.composite
def messages(draw: st.DrawFn, inside: st.SearchStrategy[str]) -> str:
    """Draw a message in braces of either kind around some fields."""
    opening, closing = draw(st.sampled_from(["{}", "<>"]))
    return opening + draw(BLANKS) + draw(inside) + draw(BLANKS) + closing


@st.composite
def one_field(draw: st.DrawFn, inside: st.SearchStrategy[str]) -> str:
    """Draw the text of one field."""
    name, before, after = draw(NAMES), draw(BLANKS), draw(BLANKS)
    match draw(st.sampled_from(["scalar", "scalar", "scalar", "message", "list", "messages"])):
        case "scalar":
            return f"{name}{before}:{after}{draw(scalars())}"
        case "message":
            return (
                f"{name}{before}{draw(st.sampled_from(['', ':']))}{after}{draw(messages(inside))}"
            )
        case "list":
            items = draw(st.lists(scalars(), max_size=3))
            return f"{name}{before}:{after}[{before}{f'{after},{before}'.join(items)}{after}]"
        case _:
            items = draw(st.lists(messages(inside), max_size=2))
            return f"{name}{before}[{after}{','.join(items)}]"


@st.composite
def _several(draw: st.DrawFn, inside: st.SearchStrategy[str]) -> str:
    parts = draw(st.lists(one_field(inside), max_size=4))
    return "".join(part + draw(st.sampled_from(["", ";", ","])) + draw(GAPS) for part in parts)


texts = st.recursive(_several(st.just("")), _several, max_leaves=4)
"""Texts that C++ takes."""

__all__ = ["Word", "fields", "only", "plain", "texts", "tree"]
