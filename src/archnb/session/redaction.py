"""Takes secrets out of what leaves a session: every text of its events, and its errors."""

from __future__ import annotations

import re
import traceback
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from archnb import events
from archnb.conversation import Image
from archnb.credentials import Growing, Secrets
from archnb.credentials.files import Files
from archnb.credentials.names import of_file
from archnb.design.diagrams import Drawing
from archnb.design.elements import Design
from archnb.errors import ArchnbError, UnexpectedError
from archnb.permission.commands import parse
from archnb.permission.requests import Changes, Request, Shell
from archnb.workspace import Workspace

Value = TypeVar("Value")
_LONG = 10_000  # characters of a text that is remembered: a diff is in three events
_KEPT = 16  # of them
_ELSEWHERE = 2_000  # entries of a folder outside the workspace
_LONGEST_NAME = 4_096  # characters of a path
_PART = re.compile(r"[^\W_]+")
# What the tools put where they cut a long text.
_GAP = re.compile(r"(\n… [^\n]{0,80}left out[^\n]{0,60}…\n|\.\.\. \(line truncated[^\n]{0,40}\))")
_WORDS = re.compile(r"[^\s\"'=<>|;&()`,]+")


@dataclass(slots=True)
class Redaction:
    """``secrets`` are known and grow: files of secrets tell theirs before a call can read them.

    What the model itself made up it cannot hide behind: a value whose words it had sent before
    any file held it is taken out of everything but the record of commands.
    """

    workspace: Workspace
    secrets: Secrets = field(default_factory=Secrets)
    _theirs: Secrets = field(init=False)  # without what the model made up
    _files: Files = field(init=False)
    _long: dict[str, str] = field(default_factory=dict)  # long texts that come again and again
    _sent: set[str] = field(default_factory=set)  # the words of all that the model called with
    _proposed: dict[str, dict[str, str]] = field(default_factory=dict)  # by call: of its diffs
    _named: dict[str, list[Path]] = field(default_factory=dict)  # by call: places elsewhere

    def __post_init__(self) -> None:
        self._theirs = self.secrets
        self._files = Files(self.workspace.secret)

    def learn(self, known: Mapping[str, str]) -> None:
        """Count these values as secrets from now on; each with the name it is called by."""
        new = {value: name for value, name in known.items() if value not in self.secrets.known}
        if new:
            theirs = {value: name for value, name in new.items() if not self._made_up(value)}
            alike = self._theirs is self.secrets and theirs == new
            self.secrets |= new
            self._theirs = self.secrets if alike else self._theirs | theirs
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
            case events.ToolCalled(call, _, request):
                return self._judging(call.id, request).value(event)
            case events.PermissionAsked(ask) | events.PermissionReplied(ask):
                return self._judging(ask.call_id, ask.request).value(event)
            case _:
                return self.value(event)

    def _judging(self, call: str, request: Request | None) -> Redaction:
        """What is taken out of a call's record: of a diff also what only it proposes."""
        if request is not None and isinstance(request.preview, Shell):
            return self if self._theirs is self.secrets else self._with(self._theirs)
        proposed = self._proposed.get(call, {})
        return self._with(self.secrets | proposed) if proposed else self

    def _made_up(self, value: str) -> bool:
        """Whether the model had sent every word of ``value``."""
        words = _PART.findall(value)
        return bool(words) and self._sent.issuperset(words)

    def _with(self, secrets: Secrets) -> Redaction:
        return Redaction(self.workspace, secrets)

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
        """Learn what files of secrets hold before anything of it is passed on."""
        match event:
            case events.RunStarted():
                self._look()
            case events.ToolCalled(call, _, request):
                texts = list(_texts(call.input))
                shell = request.preview if request and isinstance(request.preview, Shell) else None
                self._sent.update(_PART.findall("\n".join(texts)))
                self._named[call.id] = list(self._elsewhere(texts, shell))
                if request is not None and isinstance(request.preview, Changes):
                    for diff in request.preview.diffs:
                        if self.workspace.secret(diff.path):
                            self.learn(of_file(diff.path, diff.before or ""))
                            self._propose(call.id, diff.path, diff.after or "")
            case events.PermissionReplied(ask, reply) if reply.edited:
                match ask.request.preview:
                    case Shell() as shell:
                        named = self._elsewhere([reply.edited], shell)
                        self._named.setdefault(ask.call_id, []).extend(named)
                    case Changes((diff,)) if self.workspace.secret(diff.path):
                        self._propose(ask.call_id, diff.path, reply.edited)
                    case _:
                        pass
            case events.ToolStarted(call_id):
                self.learn(self._proposed.pop(call_id, {}))
                self._look(*self._named.get(call_id, ()))
            case events.ToolReturned(call_id):
                self._proposed.pop(call_id, None)
                self._look(*self._named.pop(call_id, ()))
            case _:
                pass

    def _look(self, *elsewhere: Path) -> None:
        """Learn the workspace's files of secrets, and those in these places outside."""
        found = self._files.below(self.workspace.root)
        for place in elsewhere:
            found |= self._files.at(place)
            if place.is_dir():
                found |= self._files.below(place, _ELSEWHERE)
        self.learn(found)

    def _propose(self, call: str, path: str, content: str) -> None:
        known = self._proposed.setdefault(call, {})
        known.update(of_file(path, content))

    def _elsewhere(self, texts: Sequence[str], shell: Shell | None) -> Iterator[Path]:
        """The places outside the workspace that texts name; of a pattern the folder it is in."""
        words = {word for text in texts for word in (text, *_WORDS.findall(text))}
        folders = [self.workspace.root]
        if shell is not None:
            folders.append(self.workspace.root / shell.folder)
            argvs = [part.argv for text in texts for part in parse(text).parts]
            words |= {word for argv in argvs for word in argv}
            for argv in argvs:
                if argv[:1] == ("cd",) and len(argv) == 2:
                    folders.append(folders[-1] / argv[1])
        for word in sorted(words):
            plain = re.split(r"[*?\[{$`]", word)[0]
            plain = plain if plain == word else plain.rpartition("/")[0] + "/"
            if len(word) < _LONGEST_NAME and ("/" in plain or plain.startswith(("~", ".."))):
                for folder in folders:
                    place = _place(folder, plain)
                    if place and not place.is_relative_to(self.workspace.root):
                        yield place


def _texts(value: object) -> Iterator[str]:
    """Every text within a call's input."""
    match value:
        case str():
            yield value
        case Mapping():
            for inner in value.values():
                yield from _texts(inner)
        case list() | tuple():
            for inner in value:
                yield from _texts(inner)
        case _:
            pass


def _changed(value: Value, **parts: Any) -> Value:
    """``value`` with these parts; the same object where they are its own."""
    if all(getattr(value, name) is part for name, part in parts.items()):
        return value
    return replace(value, **parts)  # type: ignore[type-var]


def _place(folder: Path, word: str) -> Path | None:
    """Where ``word`` leads from ``folder``; None where nothing is."""
    try:
        place = (folder / Path(word).expanduser()).resolve()
        return place if place.exists() else None
    except (OSError, ValueError, RuntimeError):
        return None
