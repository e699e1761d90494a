"""pip, uv, pytest and the checkers: reading, installing by name, running the project's tests."""

from __future__ import annotations

from collections.abc import Mapping

from archnb.permission.effects.forms import Form, Forms, as_code

_COMMON = (
    " -q --quiet -v --verbose --no-color --no-input --disable-pip-version-check"
    " --no-python-version-warning --isolated --require-virtualenv --timeout=number"
    " --retries=number --no-cache-dir --help -h"
)
_CHOSEN = (
    " --no-deps --pre --prefer-binary --only-binary=binaries --no-binary=binaries"
    " --progress-bar=word"
)
_HELP = dict.fromkeys(("--version", "-V", "--help", "-h"), Form())
_LISTED = " --local -l --user --not-required --exclude=word --exclude-editable --include-editable"
_PIP: Mapping[str, Forms] = {
    "list": Form(
        "-o --outdated -u --uptodate -e --editable --pre --format=word" + _LISTED + _COMMON
    ),
    "show": Form("-f --files" + _COMMON, "requirement*"),
    "freeze": Form("--all --exclude=word --exclude-editable --local -l --user" + _COMMON),
    "check": Form(_COMMON),
    "inspect": Form("--local --user" + _COMMON),
    "debug": Form(_COMMON),
    "index": {"versions": Form("--pre --json" + _COMMON, "requirement")},
    "config": {
        "list": Form("--user --global --site" + _COMMON),
        "get": Form("", "word"),
        "debug": Form(),
    },
    "cache": {"dir": Form(), "info": Form(), "list": Form("--format=word --abspath", "word")},
    "hash": Form("-a=word --algorithm=word" + _COMMON, "path*"),
    "help": Form("", "word*"),
    "install": Form(
        "-U --upgrade --user --upgrade-strategy=word -r=requirements --requirement=requirements"
        " -c=requirements --constraint=requirements --dry-run --force-reinstall -I"
        " --ignore-installed --no-compile --compile --require-hashes --no-warn-script-location"
        " --no-warn-conflicts --root-user-action=word" + _CHOSEN + _COMMON,
        "requirement*",
        code=True,
    ),
    "download": Form(
        "-d=path --dest=path -r=requirements --requirement=requirements --python-version=word"
        " --platform=word --implementation=word --abi=word" + _CHOSEN + _COMMON,
        "requirement*",
        code=True,
    ),
    "uninstall": Form(
        "-y --yes -r=requirements --requirement=requirements" + _COMMON, "requirement*", code=True
    ),
    **_HELP,
}
_PIP_ALL: Mapping[str, Forms] = {
    **_PIP,
    **dict.fromkeys("-q -v --no-input --disable-pip-version-check --no-color".split(), _PIP),
}
_PYTEST = Form(
    "-k=text -m=text -W=error|ignore|default|always|once|module -p=disabled -x --exitfirst"
    " --maxfail=number -q --quiet -v --verbose --verbosity=number -s"
    " --capture=word --lf --last-failed --ff --failed-first --nf --new-first --sw --stepwise"
    " --sw-skip --stepwise-skip --last-failed-no-failures=word --cache-show[glob] --cache-clear"
    " -l --showlocals --no-showlocals --tb=word --show-capture=word --full-trace"
    " --color=word --code-highlight=word --durations=number --durations-min=list -r=word"
    " --no-header --no-summary --disable-warnings --disable-pytest-warnings --co --collect-only"
    " --collectonly --strict-markers --strict-config --strict --fixtures --funcargs"
    " --fixtures-per-test --markers --setup-show --setup-only --setup-plan --noconftest"
    " --keep-duplicates --deselect=test --ignore=path --ignore-glob=glob --runxfail -n=word"
    " --numprocesses=word --dist=word --timeout=number --cov[path] --no-cov --cov-branch"
    " --cov-fail-under=list --cov-report=term|term-missing|term-missing:skip-covered --trace-config"
    " --doctest-modules --doctest-continue-on-failure --asyncio-mode=word --randomly-seed=word"
    " --import-mode=word --version -V --help -h",
    "test*",
    "test*",
    code=True,
)
_MYPY = Form(
    "--strict --ignore-missing-imports --follow-imports=word --show-error-codes --pretty"
    " --show-column-numbers --no-color-output --no-error-summary --check-untyped-defs"
    " --disallow-untyped-defs --warn-unused-ignores --warn-return-any --namespace-packages"
    " --explicit-package-bases --python-version=word --platform=word -v --verbose --no-incremental"
    " --exclude=glob -V --version --help",
    "path*",
    "path*",
    code=True,
)  # a plug-in that the configuration names is the project's code
_RUFF: Mapping[str, Forms] = {
    "check": Form(
        "-q --quiet -v --verbose -s --silent --select=list --ignore=list --extend-select=list"
        " --output-format=word --statistics --diff --no-fix --preview --no-preview --no-cache -n"
        " --show-files --show-settings --target-version=word --line-length=number --exit-zero -e"
        " --isolated --exclude=glob --force-exclude --no-respect-gitignore",
        "path*",
        "path*",
    ),
    "format": {
        **dict.fromkeys(
            ("--check", "--diff"),
            Form(
                "--check --diff -q --quiet --preview --isolated --line-length=number --no-cache -n",
                "path*",
                "path*",
            ),
        ),
    },
    "rule": Form("--all --output-format=word", "word"),
    "linter": Form("--output-format=word"),
    "config": Form("--output-format=word", "word"),
    "version": Form("--output-format=word"),
    **_HELP,
}
_BLACK = Form(
    "--check --diff --color --no-color -q --quiet -v --verbose -l=number --line-length=number"
    " -S -C --fast --safe --preview -t=word --target-version=word --exclude=glob"
    " --include=glob",
    "path*",
    "path*",
)
_MODULES: Mapping[str, Forms] = {
    "pytest": _PYTEST,
    "pip": _PIP_ALL,
    "mypy": _MYPY,
    "ruff": _RUFF,
    "compileall": Form("-q -l", "path*", code=True),
    "json.tool": Form(
        "--sort-keys --no-ensure-ascii --indent=number --compact --json-lines", "file"
    ),
}
# A module of the same name in the workspace would be run instead.
_PYTHON: Mapping[str, Forms] = {"-m": as_code(_MODULES), **_HELP, "-VV": Form()}
_UV_TREE = Form(
    "--depth=number --outdated --invert --no-dev --locked --frozen --offline"
    " --package=word --universal",
    "",
)
# It starts the interpreter of the workspace to ask what is installed.
_UV: Mapping[str, Forms] = {
    "pip": as_code(
        {
            "list": Form("--outdated --format=word --exclude=word -q --quiet --strict -e"),
            "show": Form("-f --files -q", "requirement*"),
            "freeze": Form("-q --strict --exclude-editable"),
            "check": Form("-q"),
            "tree": Form("--depth=number --outdated --invert --package=word -d=number"),
        }
    ),
    "tree": as_code(_UV_TREE),
    "python": {"list": Form("--only-installed --all-versions --offline", code=True), "dir": Form()},
    "tool": {"list": Form("--show-paths"), "dir": Form()},
    "cache": {"dir": Form()},
    "version": Form("--short"),
    **_HELP,
}
_POETRY: Mapping[str, Forms] = {
    "show": Form("-t --tree -l --latest -o --outdated -a --all --no-ansi", "word"),
    "check": Form("--lock"),
    "version": Form("-s --short"),
    **_HELP,
}  # its plug-ins are loaded whatever it is asked

PROGRAMS: Mapping[str, Forms] = {
    **dict.fromkeys(("pip", "pip3"), _PIP_ALL),
    **dict.fromkeys(("python", "python3"), _PYTHON),
    **dict.fromkeys(("pytest", "py.test"), _PYTEST),
    "mypy": _MYPY,
    "ruff": _RUFF,
    "black": dict.fromkeys(("--check", "--diff"), _BLACK),
    "isort": dict.fromkeys(
        ("--check", "--check-only", "-c", "--diff"),
        Form("--diff --check --profile=word -q", "path*", "path*"),
    ),
    "uv": _UV,
    "poetry": as_code(_POETRY),
}
_FILE = "writes a file"
_FROM = "takes packages from elsewhere"
_CODE = "runs other code"
_PIP_KNOWN: Mapping[str, str] = {
    **dict.fromkeys("--index-url -i --extra-index-url --find-links -f --proxy".split(), _FROM),
    **dict.fromkeys("--trusted-host --cert --client-cert".split(), "trusts another host"),
    **dict.fromkeys("--log --report".split(), _FILE),
    **dict.fromkeys("-e --editable --python --editor".split(), _CODE),
    **dict.fromkeys("-t --target --prefix --root --src".split(), "writes to another folder"),
    "--break-system-packages": "changes the system's own packages",
}
_PYTEST_KNOWN: Mapping[str, str] = {
    **dict.fromkeys("-p -c --rootdir --confcutdir --pdbcls --pyargs --pdb".split(), _CODE),
    **dict.fromkeys("--junitxml --junit-xml --debug --report-log --basetemp".split(), _FILE),
    **dict.fromkeys("-o --override-ini".split(), "changes the configuration"),
}
KNOWN: Mapping[str, Mapping[str, str]] = {
    "pip": _PIP_KNOWN,
    "pip3": _PIP_KNOWN,
    "pytest": _PYTEST_KNOWN,
    "python": _PYTEST_KNOWN,
    "python3": _PYTEST_KNOWN,
    "ruff": {"--fix": "changes files", "--output-file": _FILE, "--add-noqa": "changes files"},
}
