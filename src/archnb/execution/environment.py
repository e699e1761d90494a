"""The environment a command gets: fresh, without keys, and with git told to run nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

# What a command line tool needs to work at all; everything else (keys, tokens, loader and
# interpreter variables) stays behind.
_KEPT = (
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TERM", "TMPDIR", "TEMP",
    "TMP", "VIRTUAL_ENV",
    "SYSTEMROOT", "COMSPEC", "PATHEXT", "USERPROFILE", "APPDATA", "LOCALAPPDATA",
)  # fmt: skip

# Measured on git 2.39: these stop a repository's own configuration from running programs. For what
# has no such switch (filters, diff drivers) see :mod:`archnb.execution.git`.
_GIT = {
    "core.fsmonitor": "false",
    "core.hooksPath": "/dev/null",
    "diff.autoRefreshIndex": "false",  # `git diff` would write the index
    "safe.bareRepository": "explicit",
    "log.showSignature": "false",
    "gpg.program": "/bin/false",
    "gpg.openpgp.program": "/bin/false",
    "gpg.x509.program": "/bin/false",
    "gpg.ssh.program": "/bin/false",
}


def clean_environment(
    source: Mapping[str, str] | None = None,
    scratch: Path | None = None,
    *,
    offline: bool = False,
) -> dict[str, str]:
    """The variables of a command, from ``source`` (default: this process's).

    ``scratch`` is a folder for what only this command needs: temporary files and caches. The home
    folder is hidden then, and package managers must not fail over their settings there. Where the
    command is ``offline`` they need not try for a minute to find that out.
    """
    given = os.environ if source is None else source
    kept = {name: value for name, value in given.items() if name in _KEPT or name.startswith("LC_")}
    git = {f"GIT_CONFIG_KEY_{index}": key for index, key in enumerate(_GIT)}
    git |= {f"GIT_CONFIG_VALUE_{index}": value for index, value in enumerate(_GIT.values())}
    return {
        **kept,
        **git,
        "GIT_CONFIG_COUNT": str(len(_GIT)),
        "GIT_OPTIONAL_LOCKS": "0",
        # In a sandbox a repository's top and a workspace below it are different mounts.
        "GIT_DISCOVERY_ACROSS_FILESYSTEM": "1",
        "GIT_PAGER": "cat",
        "PAGER": "cat",
        "GIT_TERMINAL_PROMPT": "0",
        "NO_COLOR": "1",
        "ARCHNB": "1",
        **(_private(scratch) if scratch else {}),
        **({"PIP_RETRIES": "0", "npm_config_fetch_retries": "0"} if offline else {}),
    }


def _private(scratch: Path) -> dict[str, str]:
    names = ("TMPDIR", "TMP", "TEMP", "XDG_CACHE_HOME", "npm_config_cache", "PIP_CACHE_DIR")
    return {
        **dict.fromkeys(names, str(scratch)),
        "npm_config_userconfig": str(scratch / "npmrc"),
        "npm_config_update_notifier": "false",
    }
