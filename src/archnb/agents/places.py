"""Where agent files lie, and which of them a name means: later places over earlier ones."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path

from archnb.agents.agent import Agent, Mode, Origin
from archnb.agents.reading import AgentFile, agent_of, name_of, open_file
from archnb.errors import AgentError

MAX_FILES = 200  # Markdown files looked at below one folder
_DOCS = frozenset(
    {"readme", "agents", "claude", "index"}
)  # without front matter: about, not an agent
_BESIDE = frozenset({"node_modules", ".git", "__pycache__"})


@dataclass(frozen=True, slots=True)
class Listed:
    """An agent that can be named. ``problem`` says in words why it cannot be used; else empty."""

    name: str
    origin: Origin
    path: str
    description: str = ""
    mode: Mode = "all"
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _Place:
    """Folders whose files share one set of names; a workspace's must not lead out of ``base``."""

    origin: Origin
    base: Path
    folders: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A file that claims a name; ``error`` holds what is known to be wrong with it."""

    name: str
    file: Path
    origin: Origin
    shown: str
    error: AgentError | None = None

    def agent(self) -> Agent:
        if self.error:
            raise self.error
        return agent_of(open_file(self.file, self.shown), self.name, self.origin)


def find(name: str, root: Path, cwd: Path | None = None) -> Agent:
    """The agent of that name: the workspace's file before the user's, that before the bundled.

    ``root`` is the workspace; ``cwd`` a folder in it whose own agents come before the root's.
    An agent of the workspace comes with its ``bounds``. Raises ``AgentError`` where there is
    none, where it is broken or switched off, and where two files of one place claim the name.
    """
    candidates = _candidates(root, cwd)
    if name not in candidates:
        known = ", ".join(sorted(candidates)) or "none"
        raise AgentError(f"There is no agent {name!r}.", hint=f"Agents here: {known}.")
    return _chosen(candidates[name])


def listing(root: Path, cwd: Path | None = None) -> list[Listed]:
    """Every agent that can be named, by name; a broken one with its problem."""
    rows = []
    for name, claims in sorted(_candidates(root, cwd).items()):
        row = Listed(name, claims[-1].origin, claims[-1].shown)
        try:
            agent = _chosen(claims)
            row = replace(row, description=agent.description, mode=agent.mode)
        except AgentError as error:
            row = replace(row, problem=str(error))
        rows.append(row)
    return rows


def available(root: Path, cwd: Path | None = None) -> list[tuple[str, Origin, str]]:
    """Name, origin and place of every agent that can be named; a problem stands at the place."""
    return [
        (
            row.name,
            row.origin,
            f"{row.path} (not usable: {row.problem})" if row.problem else row.path,
        )
        for row in listing(root, cwd)
    ]


def bundled_folder() -> Path:
    """The folder of the agents that ship with archnb: in the wheel, or beside the sources."""
    inside = Path(str(resources.files("archnb"))) / "_agents"
    return inside if inside.is_dir() else Path(__file__).resolve().parents[3] / "agents"


def _chosen(claims: list[_Candidate]) -> Agent:
    """The agent of the last place; a workspace's with the bounds that hold without it."""
    agent = _usable(claims[-1])
    if agent.origin != "workspace":
        return agent
    own = [claim for claim in claims if claim.origin != "workspace"]
    return replace(agent, bounds=_usable(own[-1]).rules if own else ())


def _usable(candidate: _Candidate) -> Agent:
    agent = candidate.agent()
    if agent.disable:
        raise AgentError(
            f"The agent {agent.name!r} is switched off in {candidate.shown} (disable: true)."
        )
    return agent


def _candidates(root: Path, cwd: Path | None) -> dict[str, list[_Candidate]]:
    """For each name the file that claims it in each place, later places last."""
    found: dict[str, list[_Candidate]] = {}
    for place in _places(root, cwd):
        here: dict[str, _Candidate] = {}
        for claim in _claims(place, root):
            if other := here.get(claim.name):
                twice = AgentError(
                    f"The agent {claim.name!r} is there twice: {other.shown} and {claim.shown}.",
                    hint="Rename or remove one of them.",
                )
                claim = replace(claim, error=twice)  # noqa: PLW2901
            here[claim.name] = claim
        for name, claim in here.items():
            found.setdefault(name, []).append(claim)
    return found


def _places(root: Path, cwd: Path | None) -> Iterator[_Place]:
    home = Path(os.path.expanduser("~"))  # noqa: PTH111  (HOME may be unset; this never raises)
    yield _Place("bundled", bundled_folder(), (bundled_folder(),))
    own = home / ".config" / "archnb" / "agents"
    yield _Place("user", own, (own,))
    yield _pair("user", home / ".config" / "opencode")
    for folder in _down(root, cwd):
        yield _pair("workspace", folder / ".opencode")
        for below in (folder / ".archnb" / "agents", folder / "agents"):
            if below.resolve() != bundled_folder().resolve():
                yield _Place("workspace", below, (below,))


def _pair(origin: Origin, base: Path) -> _Place:
    return _Place(origin, base, (base / "agent", base / "agents"))


def _down(root: Path, cwd: Path | None) -> list[Path]:
    """The folders from the workspace's root down to ``cwd``."""
    if cwd is None or not cwd.is_relative_to(root):
        return [root]
    between = [parent for parent in cwd.parents if parent.is_relative_to(root)]
    return list(dict.fromkeys((*reversed(between), cwd)))


def _claims(place: _Place, root: Path) -> Iterator[_Candidate]:
    for folder in place.folders:
        for path in _markdown_files(folder):
            default = path.relative_to(folder).with_suffix("").as_posix()
            shown = _shown(path, root)
            if place.origin == "workspace" and _leads_out(path, place.base, root):
                away = AgentError(
                    f"{shown} is a link that leads out of {_shown(place.base, root)}/: not read."
                )
                yield _Candidate(default, path, place.origin, shown, away)
                continue
            try:
                file = open_file(path, shown)
                if not file.has_front and path.stem.casefold() in _DOCS:
                    continue
                name = _name_of(file, default)
            except AgentError as error:
                yield _Candidate(default, path, place.origin, shown, error)
            else:
                yield _Candidate(name, path, place.origin, shown)


def _name_of(file: AgentFile, default: str) -> str:
    """The name in the front matter, else the path's. YAML is read only where one can be there."""
    if "name" not in file.front and "\\" not in file.front:
        return default
    return name_of(file.front_matter(), default)


def _markdown_files(folder: Path) -> list[Path]:
    """The Markdown files below ``folder`` in order, links followed, each folder once."""
    found: list[Path] = []
    seen: set[str] = set()
    for current, names, files in os.walk(folder, followlinks=True):
        here = os.path.realpath(current)
        names[:] = sorted(name for name in names if name not in _BESIDE) if here not in seen else []
        if here not in seen:
            found += [Path(current, name) for name in sorted(files) if name.endswith(".md")]
        seen.add(here)
        if len(found) >= MAX_FILES:
            return found[:MAX_FILES]
    return found


def _leads_out(path: Path, base: Path, root: Path) -> bool:
    real, ends = path.resolve(), (base.resolve(), root.resolve())
    return not all(real.is_relative_to(end) for end in ends)


def _shown(path: Path, root: Path) -> str:
    home = Path(os.path.expanduser("~"))  # noqa: PTH111
    for base, prefix in ((root, ""), (bundled_folder(), "agents/"), (home, "~/")):
        if path.is_relative_to(base):
            return prefix + path.relative_to(base).as_posix()
    return str(path)
