"""Which programs cannot do their work inside the workspace: what a card offers them.

It only offers: a command that is not listed runs without the network and says so when it fails.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from archnb.permission.requests import Access, widest

# Programs whose every call with an operand reaches another host.
_HOSTS = (
    "curl wget http https httpie xh aria2c ftp nc ncat netcat socat telnet nslookup"
    " dig host ping ping6 traceroute whois npx bunx pnpx uvx"
).split()
# Programs that need keys of the home folder besides, which the sandbox hides.
_KEYS = "ssh scp sftp gh glab hub aws gcloud az heroku flyctl kubectl".split()
# Programs that work on the machine: what they start, they start elsewhere or as somebody else.
_MACHINE = (
    "docker docker-compose podman buildah nerdctl minikube kind vagrant sudo doas su pkexec"
    " systemctl service mount umount apt apt-get aptitude dpkg dnf yum rpm apk pacman zypper brew"
    " port snap flatpak choco winget crontab pipx nvm rustup conda mamba"
).split()
# Subcommands by program; a word may be two, as in `uv "pip install"`.
_SUBCOMMANDS: Mapping[str, Mapping[Access, str]] = {
    "git": {
        "network": "clone, fetch, pull, push, ls-remote, remote update, remote show, remote prune,"
        " submodule update, submodule add, lfs fetch, lfs pull, lfs push, send-email, svn"
    },
    "pip": {"network": "install, download, wheel, index, search"},
    "pipenv": {"network": "install, update, sync, lock, upgrade"},
    "uv": {
        "network": "add, remove, sync, lock, publish, pip install, pip sync, pip compile, tool run",
        "full": "tool install, tool upgrade, python install, self update",
    },
    "poetry": {"network": "add, install, update, lock, publish, sync, search"},
    "pdm": {"network": "add, install, update, lock, publish, sync"},
    "npm": {
        "network": "install, i, in, add, ci, cit, it, install-test, clean-install, update, up,"
        " upgrade, uninstall, un, remove, rm, view, info, show, v, search, outdated, audit, ping,"
        " whoami, login, publish, deprecate, dist-tag, owner, access, exec, x, create, init, doctor"
    },
    "pnpm": {
        "network": "install, i, add, update, up, remove, rm, dlx, create, fetch, outdated, audit,"
        " view, info, publish"
    },
    "yarn": {
        "network": "install, add, up, upgrade, remove, dlx, create, outdated, audit, info,"
        " npm info, npm audit, npm publish, publish"
    },
    "bun": {
        "network": "install, i, add, remove, rm, update, x, create, outdated",
        "full": "upgrade",
    },
    "deno": {"network": "add, install, cache, publish, outdated", "full": "upgrade"},
    "cargo": {
        "network": "fetch, update, add, search, publish, login, vendor, audit, generate-lockfile",
        "full": "install, uninstall",
    },
    "go": {"network": "get, mod download, mod tidy, mod vendor", "full": "install"},
    "gem": {"network": "fetch, search, list, push", "full": "install, update, uninstall"},
    "bundle": {"network": "install, update, add, outdated, lock"},
    "composer": {"network": "install, update, require, remove, outdated, audit, show"},
    "mvn": {"network": "dependency:resolve, dependency:go-offline, deploy"},
    "terraform": {"network": "init, plan, apply, destroy, get, refresh, import"},
    "helm": {"full": "repo, pull, push, search, install, upgrade, dependency, list, status"},
    "openssl": {"network": "s_client"},
}
# Clients of a database, which need the network where they name a host.
_CLIENTS = frozenset("psql pg_dump pg_restore createdb dropdb mysql mysqldump redis-cli".split())
_SAME = {"pip3": "pip", "pnpx": "npx"}
_GLOBAL = frozenset({"-g", "--global", "--user", "--system"})
_INSTALLERS = frozenset({"npm", "pnpm", "yarn", "pip", "bun"})


def needs(readings: Iterable[str]) -> Access:
    """The access without which a command cannot do its work, over every way to read it.

    ``readings`` are those of its parts: wrapped commands and those given to a shell count.

    >>> needs(["git push origin main"]), needs(["git log"]), needs(["sudo ls"])
    ('network', 'workspace', 'full')
    """
    return widest("workspace", *(_needs(reading.split()) for reading in readings))


def _needs(argv: list[str]) -> Access:
    words = [word for word in argv if not word.startswith("-")]
    if words and words[0].startswith(("python", "pypy")) and "-m" in argv[:3]:
        words = words[1:]
    if len(words) < 2:
        return "network" if argv[:1] == argv == ["yarn"] else "workspace"
    program = _SAME.get(words[0], words[0])
    if program in (*_MACHINE, *_KEYS):
        return "full"
    if program in _HOSTS:
        return "network"
    if program == "rsync":
        return "network" if any(_remote(word) for word in words[1:]) else "workspace"
    if program in _CLIENTS:
        return "network" if _names_host(argv) else "workspace"
    for access, listed in _SUBCOMMANDS.get(program, {}).items():
        if {words[1], " ".join(words[1:3])} & set(listed.split(", ")):
            beyond = program in _INSTALLERS and _GLOBAL & set(argv)
            return "full" if beyond else access
    return "workspace"


def _remote(word: str) -> bool:
    """``host:path``, ``user@host:path`` or an address of rsync."""
    return "://" in word or ":" in word.split("/", maxsplit=1)[0]


def _names_host(argv: list[str]) -> bool:
    return any(
        word.startswith(("-h", "--host")) or "://" in word or "host=" in word for word in argv[1:]
    )
