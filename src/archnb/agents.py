"""Agents: a Markdown file whose front matter says what it may do and whose body says who it is."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from archnb.errors import AgentError
from archnb.permission.rules import ACTIONS, Action, Rule

MAX_BYTES = 200_000  # of an agent file; the largest published ones have about 40,000

Origin = Literal["bundled", "user", "workspace"]


@dataclass(frozen=True, slots=True)
class Agent:
    """Who answers a cell: ``prompt`` is the system prompt, ``rules`` bind what it may do.

    ``extra`` holds front matter that archnb keeps and shows but does not act on.
    """

    name: str
    description: str = ""
    prompt: str = ""
    model: str = ""
    mode: str = "all"
    rules: tuple[Rule, ...] = ()
    path: str = ""
    origin: Origin = "bundled"
    extra: Mapping[str, Any] = field(default_factory=dict)


def find(name: str, root: Path) -> Agent:
    """The agent of that name: the workspace's file before the user's, that before the bundled."""
    agents = dict(_places(root))
    if name not in agents:
        known = ", ".join(sorted(agents)) or "none"
        raise AgentError(f"There is no agent {name!r}.", hint=f"Agents here: {known}.")
    origin, path = agents[name]
    return load(path, name, origin, shown=_shown(path, root))


def available(root: Path) -> list[tuple[str, Origin, str]]:
    """The name, origin and path of every agent that can be named, by name."""
    found = dict(_places(root))
    return [(name, origin, _shown(path, root)) for name, (origin, path) in sorted(found.items())]


def load(path: Path, name: str, origin: Origin = "user", *, shown: str = "") -> Agent:
    """Read one agent file. Broken front matter is an error: permissions never vanish silently."""
    shown = shown or str(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise AgentError(f"{shown} cannot be read: {error.strerror}.") from error
    if len(content) > MAX_BYTES:
        raise AgentError(f"{shown} is larger than {MAX_BYTES:,} bytes.", hint="Shorten the prompt.")
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise AgentError(f"{shown} is not UTF-8 text (byte {error.start}).") from error
    return parse(text, name, origin, shown)


def parse(text: str, name: str, origin: Origin = "user", shown: str = "agent") -> Agent:
    """An agent from the text of its file; ``shown`` names the file in rules and errors."""
    front, body, offset = _split(text, shown)
    values, lines = _front_matter(front, shown, offset)
    rules = (*_tool_rules(values, lines, shown), *_permission_rules(values, lines, shown))
    if origin == "workspace":
        rules = tuple(_tightened(rule) for rule in rules)
    known = {"name", "description", "model", "mode", "tools", "permission"}
    return Agent(
        name=_word(values, "name", shown) or name,
        description=_word(values, "description", shown),
        prompt=body.strip(),
        model=_word(values, "model", shown),
        mode=_word(values, "mode", shown) or "all",
        rules=rules,
        path=shown,
        origin=origin,
        extra={key: value for key, value in values.items() if key not in known},
    )


def _places(root: Path) -> Iterator[tuple[str, tuple[Origin, Path]]]:
    """Name and file of every agent, later over earlier."""
    home = Path(os.path.expanduser("~"))  # noqa: PTH111  (HOME may be unset; this never raises)
    folders: list[tuple[Origin, Path]] = [
        ("bundled", bundled_folder()),
        ("user", home / ".config" / "archnb" / "agents"),
        *(
            ("workspace", root / below)
            for below in (".opencode/agent", ".opencode/agents", ".archnb/agents", "agents")
        ),
    ]
    for origin, folder in folders:
        inside_sources = origin == "workspace" and folder.resolve() == bundled_folder().resolve()
        if folder.is_dir() and not inside_sources:
            for path in sorted(folder.rglob("*.md")):
                yield path.relative_to(folder).with_suffix("").as_posix(), (origin, path)


def bundled_folder() -> Path:
    """The folder of the agents that ship with archnb: in the wheel, or beside the sources."""
    inside = Path(str(resources.files("archnb"))) / "_agents"
    return inside if inside.is_dir() else Path(__file__).resolve().parents[2] / "agents"


def _shown(path: Path, root: Path) -> str:
    for base, prefix in ((root, ""), (bundled_folder(), "agents/")):
        if path.is_relative_to(base):
            return prefix + path.relative_to(base).as_posix()
    return str(path)


def _split(text: str, shown: str) -> tuple[str, str, int]:
    """Front matter, body, and the number of lines before the front matter's first."""
    lines = text.split("\n")
    if lines[0].rstrip() != "---":
        return "", text, 0
    for number, line in enumerate(lines[1:], start=1):
        if line.rstrip() == "---":
            return "\n".join(lines[1:number]), "\n".join(lines[number + 1 :]), 1
    raise AgentError(
        f"{shown}:1: the front matter is never closed.", hint="End it with a line ---."
    )


def _front_matter(
    front: str, shown: str, offset: int
) -> tuple[dict[str, Any], dict[tuple[str, ...], int]]:
    """The values and, for each path of keys, its line in the file."""
    import yaml

    try:
        for event in yaml.parse(front, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                mark = event.start_mark
                line = (mark.line if mark else 0) + 1 + offset
                raise AgentError(
                    f"{shown}:{line}: YAML anchors and aliases are not read in an agent file."
                )
        node = yaml.compose(front, Loader=yaml.SafeLoader)
        lines: dict[tuple[str, ...], int] = {}
        value = _value(node, (), lines, shown, offset) if node is not None else {}
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = (mark.line if mark else 0) + 1 + offset
        raise AgentError(
            f"{shown}:{line}: the front matter is not valid YAML: {error.problem}.",
            hint='Quote a star: "*": ask. No permission is guessed from a broken file.',
        ) from error
    except yaml.YAMLError as error:
        raise AgentError(f"{shown}: the front matter is not valid YAML: {error}.") from error
    if not isinstance(value, dict):
        raise AgentError(
            f"{shown}:{1 + offset}: the front matter is not a list of `key: value` lines."
        )
    return value, lines


def _value(
    node: Any, path: tuple[str, ...], lines: dict[tuple[str, ...], int], shown: str, offset: int
) -> Any:
    """Plain values of a YAML node; words stay words (``on`` is no truth value), keys are unique."""
    import yaml

    if isinstance(node, yaml.MappingNode):
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1 + offset
            if not isinstance(key_node, yaml.ScalarNode):
                raise AgentError(f"{shown}:{line}: a key must be a word.")
            key = key_node.value
            if key in result:
                raise AgentError(
                    f"{shown}:{line}: the key {key!r} stands twice.", hint="Keep one of them."
                )
            lines[*path, key] = line
            result[key] = _value(value_node, (*path, key), lines, shown, offset)
        return result
    if isinstance(node, yaml.SequenceNode):
        return [
            _value(item, (*path, str(index)), lines, shown, offset)
            for index, item in enumerate(node.value)
        ]
    plain = node.style is None
    return (
        {"true": True, "false": False, "null": None, "": None}.get(node.value, node.value)
        if plain
        else node.value
    )


def _word(values: Mapping[str, Any], key: str, shown: str) -> str:
    value = values.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise AgentError(f"{shown}: {key} must be text.")
    return value.strip()


def _tool_rules(
    values: Mapping[str, Any], lines: Mapping[tuple[str, ...], int], shown: str
) -> Iterator[Rule]:
    """The older ``tools`` map: true allows nothing by itself, false denies.

    OpenCode turns ``read: true`` into ``read *: allow`` and so opens `.env`; naming a tool is not
    that permission, so only ``false`` binds here.
    """
    tools = values.get("tools")
    if tools is None or isinstance(tools, (list, str)):
        return
    if not isinstance(tools, dict):
        raise AgentError(
            f"{shown}:{lines[('tools',)]}: tools must be a map of tool to true or false."
        )
    for tool, on in tools.items():
        if on is False:
            yield Rule(tool, "*", "deny", f"{shown}:{lines['tools', tool]}")
        elif on is not True:
            raise AgentError(f"{shown}:{lines['tools', tool]}: tools.{tool} must be true or false.")


def _permission_rules(
    values: Mapping[str, Any], lines: Mapping[tuple[str, ...], int], shown: str
) -> Iterator[Rule]:
    if "permissions" in values:
        raise AgentError(
            f"{shown}:{lines['permissions',]}: `permissions` (a list) is not read yet.",
            hint="Write the rules as a map under `permission`; none may vanish silently.",
        )
    permission = values.get("permission")
    if permission is None:
        return
    if isinstance(permission, str):
        yield Rule(
            "*",
            "*",
            _action(permission, shown, lines[("permission",)]),
            f"{shown}:{lines[('permission',)]}",
        )
        return
    if not isinstance(permission, dict):
        raise AgentError(f"{shown}:{lines[('permission',)]}: permission must be a word or a map.")
    for name, rules in permission.items():
        line = lines["permission", name]
        if isinstance(rules, str):
            yield Rule(name, "*", _action(rules, shown, line), f"{shown}:{line}")
        elif isinstance(rules, dict):
            for pattern, action in rules.items():
                line = lines["permission", name, pattern]
                yield Rule(name, pattern, _action(action, shown, line), f"{shown}:{line}")
        else:
            raise AgentError(
                f"{shown}:{line}: permission.{name} must be ask, allow, deny or a map of patterns."
            )


def _action(value: object, shown: str, line: int) -> Action:
    if value not in ACTIONS:
        raise AgentError(f"{shown}:{line}: {value!r} is no action.", hint="Use ask, allow or deny.")
    return value


def _tightened(rule: Rule) -> Rule:
    """A file that came with a workspace may tighten; what it would loosen asks instead."""
    if rule.action != "allow":
        return rule
    return replace(
        rule, action="ask", source=f"{rule.source} (allow; asks: comes with the workspace)"
    )
