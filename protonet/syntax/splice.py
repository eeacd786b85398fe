"""Changed tree to text, where all that did not change stays as it was written.

`format` writes a whole tree anew; `splice` edits the text that the tree was read from. A field of
the changed tree takes the place of the one whose offset it has; one that was made of nothing there
follows its neighbour. What would be right but lose a comment is written anew, as `format` does it.
"""

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple

from protonet.source import Source
from protonet.syntax.alike import alike, in_text, meaning, same
from protonet.syntax.format import field_end, format, format_field  # noqa: A004 # as in format.py
from protonet.syntax.parse import parse
from protonet.syntax.tree import Block, Field, Tree

_BEHIND = re.compile(r"(?P<separator>[ \t]*[;,]?[ \t]*)(?P<comment>#[^\n]*)?")
_COMMENT_LINE = re.compile(r"[ \t]*#[^\n]*\n")
_BLANK_LINE = re.compile(r"[ \t]*\r?\n")


class _Edit(NamedTuple):
    """What to put in place of which characters; those at one place go in order."""

    start: int
    end: int
    text: str


def splice(old: Tree, new: Tree, *, with_comments: bool = True) -> str:
    """Return the text of a changed tree: comments, blank lines and what did not change stay.

    Args:
        old: What was read.
        new: What became of it; its fields have the offsets of those they come from.
        with_comments: Keep the comments of fields that are gone, too.
    """
    if new.root is old.root:
        return old.source.text
    try:
        edits = _Splicing(old, with_comments=with_comments).edits(new.root)
    except _AnewError:
        return format(new)
    text = _applied(old.source.text, edits)
    again = parse(Source(text))
    if meaning(again.root) == meaning(new.root) and (
        not with_comments or _comments(again) == _comments(old)
    ):
        return text
    return format(new)  # something odd, as a comment between a name and its value


def _applied(text: str, edits: list[_Edit]) -> str:
    parts: list[str] = []
    at = 0
    for edit in sorted(edits, key=lambda edit: edit.start):
        parts += [text[at : max(at, edit.start)], edit.text]
        at = max(at, edit.end)
    return "".join([*parts, text[at:]])


def _comments(tree: Tree) -> Counter[str]:
    return Counter(comment.text for comment in tree.comments)


class _AnewError(Exception):
    """A field cannot be edited without loss: its whole message is written anew."""


@dataclass
class _Splicing:
    """The edits of one text."""

    tree: Tree
    with_comments: bool
    found: list[_Edit] = field(default_factory=list[_Edit])
    removed: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    moved: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])

    def edits(self, root: Block) -> list[_Edit]:
        """Return what to change."""
        self._block(self.tree.root, root)
        for start, end in self.removed:
            self._remove(start, end)
        return self.found

    def _block(self, old: Block, new: Block) -> None:
        """Edit the fields of a message."""
        places = {one.at: one for one in old.fields}
        taken: defaultdict[int, list[Field]] = defaultdict(list)
        first: list[Field] = []
        last = None
        for one in new.fields:
            if one.at in places:
                last = one.at
                taken[last].append(one)
            elif last is not None:
                taken[last].append(one)
            else:
                first.append(one)
        if first:
            self._insert_first(old, first)
        gone: tuple[int, int] | None = None
        for one in old.fields:
            if one.at in taken:
                self._field(one, taken[one.at])
            else:
                gone = self._gone(one, gone, outermost=old is self.tree.root)

    def _gone(
        self, old: Field, before: tuple[int, int] | None, *, outermost: bool
    ) -> tuple[int, int]:
        """Note that a field is to be removed, with the one before it if they share a line."""
        start, end = old.at, self._end(old)
        # The outermost is not written anew for the comments in one field: they take its place.
        if not (outermost and self._is_alone(start, end)):
            self._keep_comments(start, end)
        if before and not self.tree.source.text[before[1] : start].strip(" \t,;"):
            self.removed.pop()  # what goes together from one line goes as one
            start = before[0]
        self.removed.append((start, end))
        return start, end

    def _field(self, old: Field, new: list[Field]) -> None:
        """Put fields in the place of one."""
        mine = next((i for i, one in enumerate(new) if one.at == old.at and alike(old, one)), None)
        if mine is None:
            self._replace(old, new)
            return
        for one in new[:mine]:
            self._insert(old, one, before=True)
        self._change(old, new[mine])
        for one in new[mine + 1 :]:
            self._insert(old, one)

    def _change(self, old: Field, new: Field) -> None:
        if same(old, new):
            return
        assert isinstance(old.value, Block), "scalars that are alike are the same"
        assert isinstance(new.value, Block)
        before = len(self.found), len(self.removed)
        try:
            if old.name != new.name:
                self._edit(old.at, old.at + len(old.name), new.name)
            self._block(old.value, new.value)
        except _AnewError:
            del self.found[before[0] :], self.removed[before[1] :]
            self._edit(old.at, old.value.end, self._whole(old, new))

    def _whole(self, old: Field, new: Field) -> str:
        return format_field(self.tree, new, self._indent(old), self._end(old)).strip()

    def _made(self, new: Field, indent: str, *, short: bool) -> str:
        if not short:
            self.moved += in_text(new.value)
        return format_field(self.tree, new, indent, short=short).strip()

    def _replace(self, old: Field, new: list[Field]) -> None:
        end = self._end(old)
        self._keep_comments(old.at, end)
        text = self._joined(old, new)
        self._edit(old.at, end, text)

    def _joined(self, place: Field, fields: list[Field]) -> str:
        alone, indent = self._begins_line(place.at), self._indent(place)
        texts = [self._made(one, indent, short=not alone) for one in fields]
        return (f"\n{indent}" if alone else " ").join(texts)

    def _insert(self, place: Field, new: Field, *, before: bool = False) -> None:
        """Write a field before or after one of the text."""
        indent, end = self._indent(place), self._end(place)
        alone = self._is_alone(place.at, end)
        text = self._made(new, indent, short=not alone)
        between = f"\n{indent}" if alone else " "
        if before:
            self._edit(place.at, place.at, text + between)
        else:
            at = self._behind(end).end() if alone else end
            self._edit(at, at, between + text)

    def _insert_first(self, block: Block, new: list[Field]) -> None:
        if block.fields:
            for one in new:
                self._insert(block.fields[0], one, before=True)
        else:
            at = block.end if block is self.tree.root else block.end - 1
            text = " ".join(self._made(one, "", short=True) for one in new)
            self._edit(at, at, f" {text} ")

    def _remove(self, start: int, end: int) -> None:
        text = self.tree.source.text
        behind = self._behind(end)
        if not self._is_alone(start, end):
            self._edit(start, behind.end("separator"), "")
            return
        line = text.rfind("\n", 0, start) + 1
        if self.with_comments and (kept := self._comments_within(start, behind.end())):
            self._edit(start, behind.end(), f"\n{text[line:start]}".join(kept))
            return
        if not self.with_comments:
            line = self._comments_above(line)
        self._edit(line, self._next_line(line, behind.end()), "")

    def _comments_above(self, line: int) -> int:
        """Return where the comments begin that stand right above a line, or the line."""
        text = self.tree.source.text
        while line:
            above = text.rfind("\n", 0, line - 1) + 1
            if not _COMMENT_LINE.match(text, above, line):
                break
            line = above
        return line

    def _next_line(self, start: int, end: int) -> int:
        """Return where the line after a removed part begins; one of two blank lines goes, too."""
        text = self.tree.source.text
        end = min(text.find("\n", end) % (len(text) + 1) + 1, len(text))
        above = text.rfind("\n", 0, max(0, start - 1)) + 1
        blank = _BLANK_LINE.match(text, end)
        return blank.end() if blank and not text[above:start].strip() else end

    def _keep_comments(self, start: int, end: int) -> None:
        """Refuse to remove a comment that is to stay.

        Raises:
            _AnewError: There is one.
        """
        if self.with_comments and self._comments_within(start, end):
            raise _AnewError

    def _comments_within(self, start: int, end: int) -> list[str]:
        """Return the comments of a part, but those that a message took along to another place."""
        first, last = (
            bisect_left(self.tree.comments, at, key=lambda comment: comment.at)
            for at in (start, end)
        )
        return [
            one.text
            for one in self.tree.comments[first:last]
            if not any(moved < one.at < behind for moved, behind in self.moved)
        ]

    def _edit(self, start: int, end: int, text: str) -> None:
        self.found.append(_Edit(start, end, text))

    def _end(self, old: Field) -> int:
        end = field_end(self.tree.source.text, old)
        if end is None:
            raise _AnewError
        return end

    def _behind(self, end: int) -> re.Match[str]:
        """Return the separator and the comment after a field."""
        found = _BEHIND.match(self.tree.source.text, end)
        assert found is not None, "all of it may be missing"
        return found

    def _is_alone(self, start: int, end: int) -> bool:
        return self._begins_line(start) and self._ends_line(end)

    def _begins_line(self, at: int) -> bool:
        text = self.tree.source.text
        while at and text[at - 1] in " \t":  # no search: all may stand on one line
            at -= 1
        return not at or text[at - 1] == "\n"

    def _ends_line(self, end: int) -> bool:
        text, at = self.tree.source.text, self._behind(end).end()
        return at == len(text) or text[at] in "\r\n"

    def _indent(self, place: Field) -> str:
        """Return the blanks that the line of a field begins with, if it begins with the field."""
        if not self._begins_line(place.at):
            return ""
        text = self.tree.source.text
        return text[text.rfind("\n", 0, place.at) + 1 : place.at]
