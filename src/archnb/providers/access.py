"""Where a model can be reached from here, by what is set on this machine; light to import."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

# What the SDK reads (anthropic 2.12), in its order; a base URL alone is a server that wants no key.
KEYS = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN")
_FEDERATION = ("ANTHROPIC_FEDERATION_RULE_ID", "ANTHROPIC_ORGANIZATION_ID")


@dataclass(frozen=True, slots=True)
class Platform:
    """A cloud that serves Claude under ids of its own.

    ``settings``: groups of environment variables; one complete group says that it can be used.
    """

    name: str
    prefixes: tuple[str, ...]
    settings: tuple[tuple[str, ...], ...]

    def ready(self, environment: Mapping[str, str]) -> bool:
        """Whether its credentials are set."""
        return any(all(map(environment.get, group)) for group in self.settings)


BEDROCK = Platform(
    "Amazon Bedrock",
    ("amazon-bedrock",),
    (
        ("AWS_BEARER_TOKEN_BEDROCK",),
        ("AWS_PROFILE",),
        ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
        ("AWS_WEB_IDENTITY_TOKEN_FILE",),
        ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",),
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI",),
    ),
)
VERTEX = Platform(
    "Google Vertex AI", ("google-vertex-anthropic", "google-vertex"), (("CLOUD_ML_REGION",),)
)
FOUNDRY = Platform("Azure Foundry", ("azure-foundry",), (("ANTHROPIC_FOUNDRY_API_KEY",),))
_PLATFORMS = (BEDROCK, VERTEX, FOUNDRY)


def platform(model: str, environment: Mapping[str, str]) -> Platform | None:
    """The cloud that ``model`` names by its prefix, where this machine has its credentials.

    Without them the prefix only says where a file's author got the model: it does not choose.

    >>> platform("amazon-bedrock/claude-sonnet-4.5", {}) is None
    True
    >>> platform("amazon-bedrock/claude-sonnet-4.5", {"AWS_PROFILE": "work"}).name
    'Amazon Bedrock'
    """
    prefix, slash, _ = model.partition("/")
    for known in _PLATFORMS:
        if slash and prefix in known.prefixes and known.ready(environment):
            return known
    return None


def has_key(environment: Mapping[str, str]) -> bool:
    """Whether the SDK finds credentials: a key, a token, a profile, or a workload's identity."""
    if any(map(environment.get, (*KEYS, "ANTHROPIC_PROFILE"))):
        return True
    token = environment.get("ANTHROPIC_IDENTITY_TOKEN") or environment.get(
        "ANTHROPIC_IDENTITY_TOKEN_FILE"
    )
    return bool(token and all(map(environment.get, _FEDERATION))) or _has_profile(environment)


def reachable(environment: Mapping[str, str], model: str = "") -> bool:
    """Whether ``model`` (empty: any of Anthropic's own) can be asked from here."""
    return (
        has_key(environment)
        or bool(environment.get("ANTHROPIC_BASE_URL"))
        or platform(model, environment) is not None
    )


def _has_profile(environment: Mapping[str, str]) -> bool:
    """Whether a profile is on disk that the SDK takes when nothing else is set."""
    if given := environment.get("ANTHROPIC_CONFIG_DIR"):
        folder = Path(given)
    elif sys.platform == "win32":
        folder = Path(environment.get("APPDATA") or Path.home() / "AppData/Roaming") / "Anthropic"
    else:
        folder = Path(environment.get("HOME") or Path.home()) / ".config" / "anthropic"
    try:
        name = (folder / "active_config").read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        name = ""
    return os.path.isfile(folder / "configs" / f"{name or 'default'}.json")  # noqa: PTH113
