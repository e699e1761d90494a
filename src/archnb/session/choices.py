"""Which agent and model are in force, and which setting said so; light, for `%load_ext`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from archnb.providers.access import reachable

OFFLINE = "offline"
DEFAULT_AGENT = "backend-architect"
DEFAULT_MODEL = "claude-sonnet-5-5"
NO_KEY = "no key found"


class Choice(NamedTuple):
    """A setting's value and where it comes from, as ``%architect config`` shows it."""

    name: str
    value: str
    source: str


def agent_choice(asked: str, environment: Mapping[str, str]) -> Choice:
    """The agent, by precedence: ``%architect agent``, environment, default."""
    if asked:
        return Choice("agent", asked, "%architect agent")
    if name := environment.get("ARCHNB_AGENT"):
        return Choice("agent", name, "ARCHNB_AGENT")
    return Choice("agent", DEFAULT_AGENT, "default")


def model_choice(
    environment: Mapping[str, str],
    *,
    cell: str = "",
    asked: str = "",
    agent: tuple[str, str] = ("", ""),
) -> Choice:
    """The model, by precedence: cell, ``%architect model``, environment, agent file, default.

    ``agent`` is the model that the agent's file names, and that file. With no key the last two
    give way to the offline architect; the first three are an explicit wish, and then a missing
    key is an error when the model is asked.
    """
    explicit = (
        (cell, "--model"),
        (asked, "%architect model"),
        (environment.get("ARCHNB_MODEL", ""), "ARCHNB_MODEL"),
    )
    for value, source in explicit:
        if value:
            return Choice("model", value, source)
    if not reachable(environment, agent[0]):
        return Choice("model", OFFLINE, NO_KEY)
    if agent[0]:
        return Choice("model", *agent)
    return Choice("model", DEFAULT_MODEL, "default")
