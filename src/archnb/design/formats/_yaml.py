"""YAML and JSON documents as plain values with lines.

Mappings, sequences, text, ``True``/``False`` and ``None``: a number stays the text it was written
as (``1.10``, ``0755``, ``22:22``). Tags are ignored, nothing is constructed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from archnb.design.elements import Problem, Source
from archnb.design.formats._json import read_json
from archnb.design.formats._values import (
    Mapping,
    Sequence,
    Value,
    line_of,
    mapping,
    place_of,
    text_of,
)
from archnb.errors import ReadError

if TYPE_CHECKING:
    import yaml

_DEEPEST = 200  # levels of nesting a person could have meant
_EXPANDED = 1_000_000  # values that aliases may stand for: a billion laughs stops here
_RESTARTS = 100  # broken documents after which the rest of a stream is left alone
_PLAIN = {"": None, "~": None} | {
    form: value
    for word, value in (("null", None), ("true", True), ("false", False))
    for form in (word, word.capitalize(), word.upper())
}


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a stream; ``line`` is where its content starts."""

    root: Value
    line: int


def read_documents(
    text: str, file: str, *, depth: int = 60
) -> tuple[list[Document], list[Problem]]:
    """Every document of a YAML stream, or the one of a JSON text.

    A broken document is a problem if others can be read, else a ``ReadError``; so is nesting beyond
    200 levels and a document whose aliases stand for more than a million values. A key that stands
    twice is a problem, the last one counts. ``depth``: levels of a JSON text whose lines (and
    double keys) are kept; what lies deeper is read at the speed of C.
    """
    text = text.removeprefix("\ufeff")
    if text.lstrip()[:1] in ("{", "["):
        try:
            value, found = read_json(text, file, depth)
        except ReadError:
            if file.endswith(".json"):
                raise
        else:
            return [Document(value, 1)], found
    documents, problems = _read_yaml(text, file)
    if problems and not documents:
        raise ReadError(
            f"{place_of(problems[0].source)}: {problems[0].message}.", hint=_hint(text, problems[0])
        )
    return documents, problems


def _hint(text: str, problem: Problem) -> str:
    if "{{" in text:
        return "This looks like a template: read what it renders to, such as `helm template` gives."
    return "Mend that line and read it again." if problem.source.line else ""


def _read_yaml(text: str, file: str) -> tuple[list[Document], list[Problem]]:
    documents: list[Document] = []
    problems: list[Problem] = []
    start, first = 0, 0
    for _ in range(_RESTARTS):
        builder = _Builder(file, first)
        broken = _run(builder, text[start:])
        documents += builder.documents
        problems += builder.problems
        if broken is None:
            break
        problems.append(broken)
        # The next document may be sound: go on at the first `---` that lies behind the break.
        line_start = _offset(text, broken.source.line)
        following = re.compile(r"^---(?=\s|$)", re.MULTILINE).search(
            text, max(line_start, start + 1)
        )
        if following is None or not broken.source.line:
            break
        start = following.start()
        first = text.count("\n", 0, start)
    return documents, problems


def _offset(text: str, line: int) -> int:
    at = 0
    for _ in range(line - 1):
        at = text.find("\n", at) + 1
        if not at:
            return len(text)
    return at


def _run(builder: _Builder, text: str) -> Problem | None:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    # A lone surrogate cannot be encoded; libyaml would raise something else than its own error.
    sound = re.sub("[\ud800-\udfff]", "\ufffd", text)
    try:
        for event in yaml.parse(sound, Loader=loader):
            builder.take(event)
    except _TooMuchError as error:
        return Problem(Source(builder.file, error.line), str(error))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        words = " ".join(part for part in (error.problem, error.context) if part)
        last = len(sound.splitlines())  # an end that comes too early lies behind it
        line = builder.first + min(mark.line + 1, last) if mark else 0
        return Problem(Source(builder.file, line), f"this is not valid YAML ({words})")
    except yaml.YAMLError:
        odd = re.search(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\U0010ffff]", sound)
        line = builder.first + sound.count("\n", 0, odd.start()) + 1 if odd else 0
        shown = f"the control character {odd[0]!a}" if odd else "bytes that are no text"
        return Problem(Source(builder.file, line), f"this is not valid YAML ({shown})")
    return None


class _TooMuchError(Exception):
    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@dataclass(slots=True)
class _Open:
    """A mapping or sequence that has not ended; ``size`` counts what its aliases stand for."""

    value: Mapping | Sequence
    anchor: str | None
    line: int
    size: int = 1
    key: str | None = None
    keyed: bool = False
    key_line: int = 0
    merges: tuple[Value, ...] = ()


class _Builder:
    """Values out of parser events, with a stack of its own: no input can exhaust Python's."""

    def __init__(self, file: str, first: int) -> None:
        self.file = file
        self.first = first
        self.documents: list[Document] = []
        self.problems: list[Problem] = []
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[Value, int]] = {}
        self._expanded = 0

    def take(self, event: yaml.Event) -> None:
        line = self.first + event.start_mark.line + 1 if event.start_mark else 0
        # By name: yaml is imported where it is used, and this runs once per token.
        match type(event).__name__:
            case "ScalarEvent":
                self._scalar(cast("yaml.ScalarEvent", event), line)
            case "MappingStartEvent" | "SequenceStartEvent" as kind:
                if len(self._open) >= _DEEPEST:
                    raise _TooMuchError(line, f"this is nested more than {_DEEPEST} levels deep")
                value = Mapping() if kind == "MappingStartEvent" else Sequence()
                anchor = cast("yaml.NodeEvent", event).anchor
                self._open.append(_Open(value, anchor, line))
            case "MappingEndEvent" | "SequenceEndEvent":
                self._close()
            case "AliasEvent":
                self._alias(cast("yaml.AliasEvent", event).anchor or "", line)
            case "DocumentStartEvent":
                self._anchors.clear()

    def _scalar(self, event: yaml.ScalarEvent, line: int) -> None:
        value: Value = event.value
        if event.tag == "!reset":  # compose: take the key away
            value = None
        elif event.tag is None and event.implicit[0]:
            at_key = bool(self._open) and self._at_key(self._open[-1])
            value = event.value if at_key else _PLAIN.get(event.value, event.value)
        if event.anchor:
            self._anchors[event.anchor] = (value, 1)
        self._add(value, 1, line)

    def _alias(self, anchor: str, line: int) -> None:
        value, size = self._anchors.get(anchor, (None, 1))
        if anchor not in self._anchors:
            self._problem(line, f"the alias *{anchor} stands for nothing that ended before it")
        self._expanded += size
        if self._expanded > _EXPANDED:
            raise _TooMuchError(line, f"the aliases here stand for more than {_EXPANDED:,} values")
        self._add(value, size, line)

    def _close(self) -> None:
        done = self._open.pop()
        if isinstance(done.value, Mapping):
            _merge(done.value, done.merges)
        if done.anchor:
            self._anchors[done.anchor] = (done.value, done.size)
        self._add(done.value, done.size, done.line)

    @staticmethod
    def _at_key(frame: _Open) -> bool:
        return isinstance(frame.value, Mapping) and not frame.keyed

    def _add(self, value: Value, size: int, line: int) -> None:
        if not self._open:
            self.documents.append(Document(value, line))
            return
        frame = self._open[-1]
        frame.size += size
        match frame.value:
            case Sequence() as items:
                items.append(value)
                items.lines.append(line)
            case Mapping() if not frame.keyed:
                frame.key = None if isinstance(value, (dict, list)) else text_of(value)
                frame.keyed, frame.key_line = True, line
                if frame.key is None:
                    self._problem(line, "a mapping or list stands as a key; it was left out")
            case Mapping() as pairs:
                frame.keyed = False
                self._pair(frame, pairs, value)

    def _pair(self, frame: _Open, pairs: Mapping, value: Value) -> None:
        match frame.key:
            case None:
                pass
            case "<<" if isinstance(value, (dict, list)):
                frame.merges += (value,)
            case key:
                if key in pairs:
                    self._problem(
                        frame.key_line,
                        f"{key!r} stands twice in one mapping (first in line {pairs.lines[key]}); "
                        "the last one counts",
                    )
                pairs[key] = value
                pairs.lines[key] = frame.key_line

    def _problem(self, line: int, message: str) -> None:
        self.problems.append(Problem(Source(self.file, line), message))


def _merge(pairs: Mapping, merges: tuple[Value, ...]) -> None:
    """Fill in the keys of ``<<``; the mapping's own keys win, then the earlier merge."""
    for merged in merges:
        for source in merged if isinstance(merged, list) else [merged]:
            for key, value in mapping(source).items():
                if key not in pairs:
                    pairs[key] = value
                    pairs.lines[key] = line_of(source, key)
