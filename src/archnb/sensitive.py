"""Places that deserve more care than others, told by their names alone: also before they exist."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fnmatch import translate
from functools import cache

from archnb.spelling import folded

# Why a write needs a second look, and the names of files and folders it holds for, case folded.
_LATER = {
    "it runs at each start of a shell": """.bashrc .bash_profile .bash_login .bash_logout
        .bash_aliases .profile .zshrc .zprofile .zshenv .zlogin .zlogout .cshrc .tcshrc .login
        .kshrc .xprofile .xsessionrc .inputrc .envrc config.fish""",
    "the system starts what it names": "autostart launchagents launchdaemons crontab cron.d",
    "it runs when its tool starts in this folder": """.rprofile .renviron .gdbinit .lldbinit
        .irbrc .pryrc vagrantfile shell.nix default.nix flake.nix mise.toml .mise.toml .mise
        devbox.json""",
    "it can start programs in an editor": """.vimrc .exrc .nvimrc .gvimrc .vim .emacs .emacs.d
        .dir-locals.el .vscode .idea .devcontainer .devcontainer.json .fleet .zed""",
    "git runs what is named in it": ".git .gitconfig .gitmodules .husky .githooks lefthook.yml"
    " .lefthook.yml .pre-commit-config.yaml .pre-commit-hooks.yaml",
    "it can start filters": ".gitattributes",
    "it runs in continuous integration": """.github .gitlab-ci.yml .gitlab-ci.yaml .circleci
        .travis.yml azure-pipelines.yml .azure-pipelines jenkinsfile .buildkite .drone.yml
        .woodpecker .woodpecker.yml bitbucket-pipelines.yml appveyor.yml .appveyor.yml
        cloudbuild.yaml buildspec.yml .forgejo .gitea""",
    "it runs at each build": """makefile gnumakefile bsdmakefile justfile .justfile rakefile
        taskfile.yml taskfile.yaml build.gradle settings.gradle build.gradle.kts gradlew gradlew.bat
        mvnw .mvn build.rs cmakelists.txt build.bazel workspace.bazel
        pom.xml gradle.properties""",
    "it is a program that a linter, a test run or a web build starts": """.eslintrc.js .eslintrc.cjs
        .eslintrc.json .eslintrc.yml .eslintrc.yaml .eslintrc .prettierrc.js .babelrc.js .babelrc
        .pylintrc pylintrc .rubocop.yml""",
    "it can set scripts that package managers run": """package.json .npmrc .yarnrc .yarnrc.yml
        .yarn .pnpmfile.cjs pnpmfile.cjs bunfig.toml node_modules .cargo gemfile .bundle
        composer.json""",
    "Python runs or obeys it": """setup.py setup.cfg pyproject.toml tox.ini noxfile.py tasks.py
        conftest.py sitecustomize.py usercustomize.py pyvenv.cfg .venv pytest.ini pip.conf pip.ini
        .pdbrc .pythonrc .pythonstartup""",
    "Jupyter starts what it names": "kernel.json jupyterhub_config.py .jupyter .ipython",
    "it holds instructions for agents": """agents.md claude.md gemini.md .cursorrules .windsurfrules
        copilot-instructions.md skill.md claude.local.md agents.override.md .clinerules .roorules
        .junie""",
    "it configures an agent": """.archnb .opencode opencode.json opencode.jsonc .claude .mcp.json
        mcp.json .cursor .windsurf .codex .gemini .aider.conf.yml .continue .kiro .roo .cline
        .amazonq .qwen""",
    "it says who may log in": ".ssh authorized_keys",
}
_LATER_FILES = {
    "it can start programs in an editor": ("*.code-workspace",),
    "the system starts what it names": ("*/systemd/user/*", "*/systemd/system/*"),
    "git runs what is named in it": ("*/.config/git/*",),
    "it is a program that a linter, a test run or a web build starts": tuple(
        f"*/{tool}.config.{ending}"
        for tool in (
            "eslint",
            "jest",
            "vite",
            "vitest",
            "webpack",
            "rollup",
            "babel",
            "postcss",
            "tailwind",
            "next",
            "nuxt",
            "svelte",
            "astro",
            "playwright",
            "cypress",
            "prettier",
            "stylelint",
            "commitlint",
            "metro",
            "tsup",
            "karma",
        )
        for ending in ("js", "cjs", "mjs", "ts", "cts", "mts", "json")
    ),
    "it holds instructions for agents": ("*/agents/*.md",),
    "Python runs it at each start": ("*.pth",),
    "a folder with HEAD, objects and refs is a repository, and git obeys its settings": ("*/head",),
}

# What may never be written: patterns of the whole path, case folded, behind a slash.
_NEVER = {
    "git runs what its folder names (hooks, filters, settings)": ("*/.git", "*/.git/*"),
    "it runs at each kernel start": (
        "*/.ipython", "*/.ipython/*", "*/ipython_config.*", "*/ipython_*config.py",
        "*/ipython_*config.json",
    ),
    "Jupyter obeys it at each start": (
        "*/.jupyter", "*/.jupyter/*", "*/jupyter_*config.py", "*/jupyter_*config.json",
        "*/jupyter_*config.d/*", "*/.local/share/jupyter/*", "*/library/jupyter/*",
        "*/appdata/roaming/jupyter/*",
    ),
    "Python runs it at each start": (
        "*/site-packages/*.pth", "*/dist-packages/*.pth", "*/site-packages/sitecustomize.py",
        "*/site-packages/usercustomize.py",
    ),
    "it says which modules programs load as their parts": (
        "*.dist-info", "*.dist-info/*", "*.egg-info", "*.egg-info/*",
    ),
    "archnb keeps there what you trusted and allowed": ("*/.config/archnb", "*/.config/archnb/*"),
}  # fmt: skip

# Where keys lie: names of files and folders, then patterns of the name, then of the whole path.
_KEEPS_KEYS = frozenset(
    """.ssh .aws .azure .gnupg .kube .docker .dockercfg .dockerconfigjson .env .envrc .npmrc .pypirc
    .netrc _netrc .pgpass .pg_service.conf .my.cnf .mylogin.cnf .git-credentials .gitconfig
    .htpasswd .vault-token .kaggle .boto .s3cfg .terraformrc terraform.rc .databrickscfg .oci
    .bluemix .snowsql .netlify .pulumi .password-store .huggingface .bash_history .zsh_history
    .psql_history .mysql_history .python_history .node_repl_history .claude.json .condarc
    """.split()
)
_KEEPS_KEYS_FILES = tuple(
    """credentials credentials.json credentials.toml credentials.db credentials.tfrc.json
    .credentials.json service-account*.json serviceaccount*.json client_secret*.json secrets.yml
    secrets.yaml secrets.json secrets.toml *.secret.yaml *.secret.yml *secret*.tfvars *.tfstate
    *.tfstate.* .yarnrc.yml *.kubeconfig kubeconfig rclone.conf""".split()
)
_KEYS = tuple(
    """*id_rsa *id_dsa *id_ecdsa *id_ed25519 id_rsa_* id_dsa_* id_ecdsa_* id_ed25519_* *id_*_sk
    *.pem *.key *.p12 *.pfx *.ppk *.kdbx *.keystore *.jks *.keytab *.ovpn *private*.asc
    *secret*.asc secring.*""".split()
)
_KEEPS_KEYS_PLACES = tuple(
    """*/.git/config */.git/config.worktree */.git/modules/*/config */.config/gh/*
    */.config/gcloud/* */.config/hub */.config/doctl/* */.config/op/* */.config/rclone/*
    */.config/archnb/* */.m2/settings*.xml */.gradle/gradle.properties */.composer/*
    */.config/composer/* */.terraform.d/* */.gem/* */.cargo/credentials* */.codex/*
    */.local/share/opencode/* */.cache/huggingface/token* */.streamlit/secrets.toml
    */.dbt/profiles.yml */.jupyter/*""".split()
)


def never(path: str) -> str:
    """Why a file of this name may never be written, or nothing.

    >>> never("sub/.GIT/hooks/pre-commit"), never("docs/git.md")
    ('git runs what its folder names (hooks, filters, settings)', '')
    """
    whole = "/" + "/".join(map(folded, _parts(path)))
    return next((why for why, names in _NEVER.items() if _among(names)(whole)), "")


def later(path: str) -> str:
    """Why a write to this name deserves a second look, or nothing.

    >>> later("web/.gitattributes")
    '.gitattributes decides what runs later: it can start filters'
    """
    parts = _parts(path)
    alike = [folded(part) for part in parts]
    for part, plain in zip(parts, alike, strict=True):
        if why := _later_names().get(plain):
            return f"{part} decides what runs later: {why}"
    whole = "/" + "/".join(alike)
    for why, names in _LATER_FILES.items():
        if _among(names)(whole):
            return f"{path} decides what runs later: {why}"
    return ""


def secret(path: str) -> str:
    """Why reading a file of this name deserves a second look, or nothing.

    >>> secret("a/.ENV.local"), secret("a/.env.example"), secret("keys/id_rsa")
    ('.ENV.local may hold keys', '', 'id_rsa looks like a key')
    """
    parts = _parts(path)
    alike = [folded(part) for part in parts]
    for part, plain in zip(parts, alike, strict=True):
        if plain in _KEEPS_KEYS or _in_environment(plain):
            return f"{part} may hold keys"
    if not parts:
        return ""
    if _among(_KEEPS_KEYS_FILES)(alike[-1]):
        return f"{parts[-1]} may hold keys"
    if _among(_KEYS)(alike[-1]):
        return f"{parts[-1]} looks like a key"
    # each of the places lies below a folder whose name begins with a dot
    if any(part[0] == "." for part in alike) and _among(_KEEPS_KEYS_PLACES)("/" + "/".join(alike)):
        return f"{parts[-1]} may hold keys"
    return ""


def _in_environment(plain: str) -> bool:
    """Whether a name is one of the many that ``.env`` files have."""
    env = ".env." in plain or plain.startswith((".env-", ".env_")) or plain.endswith(".env")
    return env and not plain.endswith((".example", ".sample", ".template"))


def _parts(path: str) -> Sequence[str]:
    return [part for part in path.replace("\\", "/").split("/") if part not in ("", ".")]


@cache
def _later_names() -> dict[str, str]:
    return {name: why for why, names in _LATER.items() for name in names.split()}


@cache
def _among(patterns: tuple[str, ...]) -> Callable[[str], bool]:
    """Whether a name is one of ``patterns``; most are whole names or endings, which is quick."""
    plain = frozenset(pattern for pattern in patterns if not set("*?[") & set(pattern))
    ends = tuple(
        pattern[1:] for pattern in patterns if pattern[0] == "*" and not set("*?[") & {*pattern[1:]}
    )
    rest = [each for each in patterns if each not in plain and each[1:] not in ends]
    others = re.compile("|".join(map(translate, rest)) or "(?!)").fullmatch
    return lambda name: name in plain or name.endswith(ends) or bool(others(name))
