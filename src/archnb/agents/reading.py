"""An agent file becomes an `Agent`: bytes, front matter, fields, rules."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

from archnb import models
from archnb.agents import claude_code, opencode
from archnb.agents.agent import Agent, Format, Mode, Origin
from archnb.agents.front_matter import FrontMatter, read
from archnb.errors import AgentError
from archnb.permission.rules import Rule

# Keys by which a file says what its agent may do: misspelt, they would vanish.
_BINDING = ("permission", "permissions", "tools", "disallowedTools")
MAX_BYTES = 200_000  # of an agent file; the largest published ones have about 40,000

KNOWN = frozenset(
    "name description mode model variant temperature top_p steps maxSteps maxTurns color hidden"
    " disable disabled options prompt tools permission permissions disallowedTools".split()
)
"""The keys that mean something to archnb; every other one is kept in ``Agent.options``."""


@dataclass(frozen=True, slots=True)
class AgentFile:
    """An agent file cut into its front matter's text and its body.

    ``offset`` and ``body_offset`` are the lines before each; ``text`` is the whole, line endings
    as they are, without the byte order ``mark``; ``digest`` the SHA-256 of the bytes.
    """

    text: str
    front: str
    body: str
    shown: str
    offset: int = 0
    body_offset: int = 0
    digest: str = ""
    mark: str = ""

    @property
    def has_front(self) -> bool:
        return self.body_offset > 0

    def front_matter(self) -> FrontMatter:
        """The values; raises ``AgentError`` where the front matter is broken."""
        return read(self.front, self.shown, self.offset)


def open_file(path: Path, shown: str = "") -> AgentFile:
    """The file at ``path``, cut; nothing of its YAML is read yet."""
    shown = shown or str(path)
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise AgentError(f"{shown} is no file.")
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "its name is no file name"
        raise AgentError(f"{shown} cannot be read: {why}.") from error
    if len(content) > MAX_BYTES:
        raise AgentError(f"{shown} is larger than {MAX_BYTES:,} bytes.", hint="Shorten the prompt.")
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise AgentError(f"{shown}:{line}: this is not UTF-8 text (byte {error.start}).") from error
    return cut(text, shown, hashlib.sha256(content).hexdigest())


def cut(text: str, shown: str, digest: str = "") -> AgentFile:
    """Front matter and body of ``text``; a file without front matter is all body."""
    digest = digest or hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    text = text.removeprefix(mark)
    lines = text.split("\n")
    if lines[0].rstrip() != "---":
        _refuse_lost_front(lines, shown)
        return AgentFile(text, "", text, shown, digest=digest, mark=mark)
    for number, line in enumerate(lines[1:], start=1):
        if line.rstrip() == "---":
            front, body = "\n".join(lines[1:number]), "\n".join(lines[number + 1 :])
            return AgentFile(text, front, body, shown, 1, number + 1, digest, mark)
    raise AgentError(
        f"{shown}:1: the front matter is not closed.", hint="End it with a line of its own: ---"
    )


def _refuse_lost_front(lines: list[str], shown: str) -> None:
    """Raise for front matter that would be taken for prompt text, its rules lost."""
    for number, line in enumerate(lines, start=1):
        fence = line.strip().removeprefix("\ufeff")
        if fence.startswith("---") and set(fence) != {"-"}:
            break
        if fence == "---" and any(later.rstrip() == "---" for later in lines[number:]):
            break
        if fence:
            return
    else:
        return
    raise AgentError(
        f"{shown}:{number}: front matter begins with a first line that is --- and nothing else."
    )


def load(path: Path, name: str, origin: Origin = "user", *, shown: str = "") -> Agent:
    """Read one agent file. Broken front matter is an error: permissions never vanish silently."""
    return agent_of(open_file(path, shown), name, origin)


def parse(text: str, name: str, origin: Origin = "user", shown: str = "agent") -> Agent:
    """An agent from the text of its file; ``shown`` names the file in rules and errors."""
    return agent_of(cut(text, shown), name, origin)


def agent_of(file: AgentFile, name: str, origin: Origin) -> Agent:
    """The agent that ``file`` describes; ``name`` holds where the front matter names none."""
    front = file.front_matter()
    body = file.body.replace("\r\n", "\n").strip()
    form = form_of(front)
    return Agent(
        name=name_of(front, name),
        description=_text(front, "description"),
        prompt=body or _text(front, "prompt"),
        model=_model(front, form),
        mode=_mode(front),
        rules=_rules(front, form, ""),
        path=file.shown,
        origin=origin,
        variant=_text(front, "variant"),
        temperature=_number(front, "temperature"),
        top_p=_number(front, "top_p"),
        steps=steps_of(front),
        color=_text(front, "color"),
        hidden=_flag(front, "hidden"),
        disable=_flag(front, "disable") or _flag(front, "disabled"),
        format=form,
        digest=file.digest,
        options=options_of(front),
    )


def rules_of(values: Mapping[str, Any], home: str = "") -> tuple[Rule, ...]:
    """The rules that front-matter ``values`` mean; ``home`` stands for ``~`` (default: yours).

    >>> [str(rule) for rule in rules_of({"tools": {"bash": True, "write": False}})]
    ['bash "*": allow', 'edit "*": deny']
    """
    front = FrontMatter(values)
    return _rules(front, form_of(front), home)


def name_of(front: FrontMatter, default: str) -> str:
    """The name in the front matter, else ``default`` (the path's)."""
    name = _text(front, "name") or default
    if not name.isprintable() or len(name) > 200:
        raise front.error("name must be one short line of visible characters.", "name")
    return name


def form_of(front: FrontMatter) -> Format:
    """Whose format the front matter has."""
    if "permissions" in front.values:
        return "opencode v2"
    return "claude code" if claude_code.is_ours(front) else "opencode v1"


def _rules(front: FrontMatter, form: Format, home: str) -> tuple[Rule, ...]:
    reader = {
        "opencode v1": opencode.v1,
        "opencode v2": opencode.v2,
        "claude code": claude_code.rules,
    }[form]
    return reader(front, home)


def options_of(values: FrontMatter | Mapping[str, Any]) -> dict[str, Any]:
    """What is kept and never sent: the map `options`, and every key that means nothing here."""
    front = values if isinstance(values, FrontMatter) else FrontMatter(values)
    options = front.values.get("options")
    if options is not None and not isinstance(options, Mapping):
        raise front.error("options must be a map.", "options")
    unknown = {key: value for key, value in front.values.items() if key not in KNOWN}
    for key in unknown:
        if meant := get_close_matches(key.lower(), _BINDING, n=1, cutoff=0.85):
            raise front.error(
                f"{key} is no key; its rules would bind nothing.", key, hint=f"Write {meant[0]}."
            )
    return {**(options or {}), **unknown}


def steps_of(values: FrontMatter | Mapping[str, Any]) -> int | None:
    """How many answers a run may take; `maxSteps` and `maxTurns` are older names, `steps` wins."""
    front = values if isinstance(values, FrontMatter) else FrontMatter(values)
    found: int | None = None
    for key in ("maxTurns", "maxSteps", "steps"):
        value = front.values.get(key)
        if value is None:
            continue
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise front.error(f"{key} must be a whole number above 0.", key)
        found = value
    return found


def _model(front: FrontMatter, form: Format) -> str:
    model = _text(front, "model")
    if form == "claude code" and model == "inherit":
        return ""
    if model and not models.is_id(model):
        raise front.error(
            f"unknown model {model[:100]!r}.",
            "model",
            hint="Write an id such as claude-sonnet-5-5, or provider/id.",
        )
    return model


def _mode(front: FrontMatter) -> Mode:
    mode = _text(front, "mode") or "all"
    for known in get_args(Mode):
        if mode == known:
            return known  # type: ignore[no-any-return]
    raise front.error(f"mode {mode[:60]!r} is none.", "mode", hint="Use subagent, primary or all.")


def _text(front: FrontMatter, key: str) -> str:
    value = front.values.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        hint = f'Quote it: {key}: "…"' if isinstance(value, (int, float)) else ""
        raise front.error(f"{key} must be text.", key, hint=hint)
    return value.strip()


def _number(front: FrontMatter, key: str) -> float | None:
    value = front.values.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        raise front.error(f"{key} must be a number such as 0.1.", key)
    return float(value)


def _flag(front: FrontMatter, key: str) -> bool:
    value = front.values.get(key)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise front.error(f"{key} must be true or false.", key)
    return value
