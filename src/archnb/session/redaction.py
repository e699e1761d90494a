"""Takes secrets out of what leaves a session: every text of its events, and its errors."""

from __future__ import annotations

import re
import traceback
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from archnb import events
from archnb.conversation import Image
from archnb.credentials import Growing, Secrets
from archnb.credentials.names import of_file
from archnb.design.diagrams import Drawing
from archnb.design.elements import Design
from archnb.errors import ArchnbError, UnexpectedError
from archnb.permission.requests import Changes
from archnb.workspace import Workspace

Value = TypeVar("Value")
_LONG = 10_000  # characters of a text that is remembered: a diff is in three events
_KEPT = 16  # of them
_MAX_FILE = 1_000_000  # bytes of a file of secrets
# What the tools put where they cut a long text.
_GAP = re.compile(r"(\n… [^\n]{0,80}left out[^\n]{0,60}…\n|\.\.\. \(line truncated[^\n]{0,40}\))")
_WORDS = re.compile(r"[^\s\"'=<>|;&()`,]+")


@dataclass(slots=True)
class Redaction:
    """``secrets`` are known and grow: files of secrets tell theirs once a call may read them."""

    workspace: Workspace
    secrets: Secrets = field(default_factory=Secrets)
    _long: dict[str, str] = field(default_factory=dict)  # long texts that come again and again
    _named: dict[str, set[str]] = field(default_factory=dict)  # by call: the files it names

    def learn(self, known: Mapping[str, str]) -> None:
        """Count these values as secrets from now on; each with the name it is called by."""
        if (more := self.secrets | known) is not self.secrets:
            self.secrets = more
            self._long.clear()

    def text(self, text: str) -> str:
        """``text`` without secrets; the same object where it has none."""
        if len(text) < _LONG:
            return self.secrets.removed(text)
        if text not in self._long:
            if len(self._long) >= _KEPT:
                self._long.clear()
            self._long[text] = self.secrets.removed(text)
        clean = self._long[text]
        return text if clean == text else clean

    def event(self, event: events.Event) -> events.Event:
        """``event`` without secrets; the same object where it has none."""
        match event:
            case events.ToolProgress(_, text):
                return _changed(event, text=self._cut(text, head=True, tail=True))
            case events.ToolReturned(_, _, text, shown):
                # The design is the next cell's to work with; it shows no values by itself.
                return _changed(event, text=self._cut(text), shown=self.value(shown))
            case _:
                return self.value(event)

    def value(self, value: Value) -> Value:
        """A value of any kind with every text in it redacted; the same object where none is."""
        result: Any = value
        match value:
            case str():
                result = self.text(value)
            case bytes():
                text = value.decode("utf-8", "surrogateescape")
                clean = self.text(text)
                result = value if clean is text else clean.encode("utf-8", "surrogateescape")
            case Design() | Image():
                pass
            case Drawing():
                result = self._drawing(value)
            case Mapping():
                pairs = {self.value(key): self.value(inner) for key, inner in value.items()}
                result = value if pairs == value else pairs
            case tuple() | list():
                items = [self.value(item) for item in value]
                same = all(new is old for new, old in zip(items, value, strict=True))
                result = value if same else type(value)(items)
            case _ if is_dataclass(value) and not isinstance(value, type):
                given = {part.name: getattr(value, part.name) for part in fields(value)}
                result = _changed(value, **{name: self.value(part) for name, part in given.items()})
        return result  # type: ignore[no-any-return]

    async def passing(
        self, stream: AsyncIterator[events.Event]
    ) -> AsyncGenerator[events.Event, None]:
        """The events of ``stream`` without secrets, and so any error that ends it.

        Words that may be the beginning of a secret wait for the next ones.
        """
        failure: Exception | None = None
        growing: tuple[type[events.TextDelta | events.ThinkingDelta], Growing] | None = None
        try:
            async for event in stream:
                self._notice(event)
                if growing is not None and type(event) is not growing[0]:
                    if rest := growing[1].end():
                        yield growing[0](rest)
                    growing = None
                if isinstance(event, events.TextDelta | events.ThinkingDelta):
                    growing = growing or (type(event), Growing(self.secrets))
                    if text := growing[1].add(event.text):
                        yield type(event)(text)
                else:
                    yield self.event(event)
        except Exception as error:  # noqa: BLE001 - whatever it is: it is about to be shown
            failure = self.error(error)
        finally:
            if hasattr(stream, "aclose"):
                await stream.aclose()
        if growing is not None and (rest := growing[1].end()):
            yield growing[0](rest)
        if failure is not None:  # outside: nothing of what was caught hangs on to it
            raise failure

    def error(self, error: Exception) -> Exception:
        """``error`` as it may be shown: one of archnb's without secrets, another as its text."""
        if isinstance(error, ArchnbError):
            error.message, error.hint = self.text(error.message), self.text(error.hint)
            error.args = (error.message,)
            error.__cause__ = error.__context__ = None
            return error
        said = self.text(f"{type(error).__name__}: {error}")
        return UnexpectedError(said, self.text("".join(traceback.format_exception(error))))

    def _cut(self, text: str, *, head: bool = False, tail: bool = False) -> str:
        parts = _GAP.split(text)  # every second one is a gap
        last = len(parts) - 1
        clean = [
            self.secrets.removed_at_cut(part, head=head or at > 0, tail=tail or at < last)
            if at % 2 == 0
            else part
            for at, part in enumerate(parts)
        ]
        return "".join(clean) if clean != parts else text

    def _drawing(self, drawing: Drawing) -> Drawing:
        """The drawing, made anew from clean words where its own were not."""
        parts = {part.name: getattr(drawing, part.name) for part in fields(drawing)}
        clean = {name: self.text(part) for name, part in parts.items() if isinstance(part, str)}
        if all(clean[name] is parts[name] for name in clean):
            return drawing
        from archnb.design.diagrams.dot import engine, finish, to_png, to_svg

        words, title = clean["dot"], clean["title"]
        svg = finish(to_svg(words, engine())[0], title)
        made = to_png(words, engine())
        return replace(drawing, title=title, dot=words, svg=svg, png=made, text=clean["text"])

    def _notice(self, event: events.Event) -> None:
        """Learn what a file of secrets holds before anything of it is passed on."""
        match event:
            case events.ToolCalled(call, _, request):
                if request is not None and isinstance(request.preview, Changes):
                    for diff in request.preview.diffs:
                        if self.workspace.secret(diff.path):
                            for content in (diff.before, diff.after):
                                self.learn(of_file(diff.path, content or ""))
                self._named[call.id] = self._files(str(dict(call.input)))
            case events.PermissionReplied(ask, reply) if reply.edited:
                self._named.setdefault(ask.call_id, set()).update(self._files(reply.edited))
            case events.ToolStarted(call_id):
                for name in self._named.pop(call_id, ()):
                    self.learn(of_file(Path(name).name, _content(self.workspace.root / name)))
            case _:
                pass

    def _files(self, text: str) -> set[str]:
        """The files of secrets that ``text`` names."""
        return {
            word for word in _WORDS.findall(text.replace("\\n", " ")) if self.workspace.secret(word)
        }


def _changed(value: Value, **parts: Any) -> Value:
    """``value`` with these parts; the same object where they are its own."""
    if all(getattr(value, name) is part for name, part in parts.items()):
        return value
    return replace(value, **parts)  # type: ignore[type-var]


def _content(path: Path) -> str:
    """The text of a small file; nothing where it is none."""
    try:
        path = path.expanduser()
        if not path.is_file() or path.stat().st_size > _MAX_FILE:
            return ""
        return path.read_text("utf-8", "replace")
    except (OSError, ValueError, RuntimeError):
        return ""
