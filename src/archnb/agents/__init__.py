"""Agents: a Markdown file whose front matter says what it may do and whose body says who it is."""

from archnb.agents.agent import Agent, Format, Mode, Origin
from archnb.agents.loosening import Loosening, loosenings, seal
from archnb.agents.places import Listed, available, bundled_folder, find, listing
from archnb.agents.reading import load, options_of, parse, rules_of, steps_of

__all__ = [
    "Agent",
    "Format",
    "Listed",
    "Loosening",
    "Mode",
    "Origin",
    "available",
    "bundled_folder",
    "find",
    "listing",
    "load",
    "loosenings",
    "options_of",
    "parse",
    "rules_of",
    "seal",
    "steps_of",
]
