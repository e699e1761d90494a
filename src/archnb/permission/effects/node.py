"""npm, pnpm, yarn and what runs on node; installing and scripts run code, as their rules say."""

from __future__ import annotations

from collections.abc import Mapping

from archnb.permission.effects.forms import Form, Forms, as_code

_OUTPUT = (
    " --json --long --parseable -p -l -s --silent -q --quiet --color[word] --no-color --no-progress"
)
_SCOPE = " --workspaces --ws -ws -w=path --workspace=path --include-workspace-root --if-present"
_INSTALL = (
    "--save -S --save-dev -D --save-optional -O --save-exact -E --save-prod -P --save-peer"
    " --no-save --no-audit --no-fund --audit[word] --fund[word] --omit=dev|optional|peer"
    " --include=dev|optional|peer|prod --production --only=prod|dev"
    " --package-lock-only --package-lock[true|false] --no-package-lock --legacy-peer-deps"
    " --strict-peer-deps --prefer-offline --offline --ignore-scripts --no-optional --dry-run -f"
    " --force --no-bin-links --prefer-dedupe --loglevel=word" + _OUTPUT + _SCOPE
)
_LIST = Form(
    "--depth=number -a --all --prod --dev --production --omit=dev|optional|peer -g --global"
    " --link --only=prod|dev" + _OUTPUT + _SCOPE,
    "package*",
)
_ADD = Form(_INSTALL, "package*", code=True)
_TEST = Form(_OUTPUT + _SCOPE, "inside*", "inside*", code=True)
_RUN = Form(_OUTPUT + _SCOPE, "script inside*", "inside*", code=True)
_VIEW = Form(_OUTPUT, "package field*")
_NONE = Form(_OUTPUT)

_NPM: Mapping[str, Forms] = {
    **dict.fromkeys(("ls", "list", "ll", "la"), _LIST),
    **dict.fromkeys(("view", "info", "show", "v"), _VIEW),
    **dict.fromkeys(("install", "i", "add", "in"), _ADD),
    **dict.fromkeys(("ci", "clean-install", "install-clean"), Form(_INSTALL, code=True)),
    **dict.fromkeys(
        ("uninstall", "un", "remove", "rm", "r"), Form(_INSTALL, "package*", code=True)
    ),
    **dict.fromkeys(("update", "up", "upgrade"), Form(_INSTALL, "package*", code=True)),
    **dict.fromkeys(("test", "t", "tst", "start", "stop", "restart"), _TEST),
    **dict.fromkeys(("run", "run-script", "rum", "urn"), _RUN),
    **dict.fromkeys(("install-test", "it", "cit"), Form(_INSTALL, code=True)),
    **dict.fromkeys(
        ("outdated",), Form("-a --all --depth=number -g --global" + _OUTPUT + _SCOPE, "package*")
    ),
    **dict.fromkeys(("explain", "why"), Form(_OUTPUT + _SCOPE, "package*")),
    **dict.fromkeys(("search", "find", "s"), Form("--no-description" + _OUTPUT, "list*")),
    **dict.fromkeys(("prefix", "root", "bin"), Form("-g --global")),
    **dict.fromkeys(("ping", "whoami"), _NONE),
    "audit": {
        "": Form(
            "--omit=dev|optional|peer --production --audit-level=word --package-lock-only"
            + _OUTPUT
            + _SCOPE
        ),
        "signatures": _NONE,
    },
    "fund": Form("--no-browser" + _OUTPUT),  # of one package it opens a browser
    # `.npmrc` may name the viewer.
    "help": Form("", "word*", code=True),
    "query": Form("--expect-results --no-expect-results" + _OUTPUT + _SCOPE, "text"),
    "pkg": {"get": Form(_OUTPUT + _SCOPE, "field*")},
    "pack": as_code({"--dry-run": Form(_OUTPUT + _SCOPE), "--json": {"--dry-run": Form()}}),
    "diff": Form(
        "--diff=package --diff-name-only --diff-unified=number --diff-ignore-all-space"
        " --diff-no-prefix --diff-text",
        "path*",
    ),
    "config": {
        "get": Form("", "script"),
        "list": Form("-l --long --json"),
        "ls": Form("-l --long --json"),
    },
    "get": Form("", "word"),
    "dist-tag": {"ls": Form("", "package"), "list": Form("", "package")},
    "owner": {"ls": Form("", "package")},
    "access": {
        "list": {"packages": Form(_OUTPUT, "package"), "collaborators": Form(_OUTPUT, "package")}
    },
    "cache": {"ls": Form("", "package")},
    "doctor": Form("", "word*"),
    "dedupe": {"--dry-run": Form()},
    "prune": {"--dry-run": Form("--json --production --omit=dev|optional|peer")},
    "sbom": Form(
        "--sbom-format=word --sbom-type=word --omit=dev|optional|peer --package-lock-only"
    ),
    "help-search": Form("", "word*"),
    "version": {"": Form("--json")},
    **dict.fromkeys(("--version", "-v", "--help", "-h", "-l"), Form()),
}

_PNPM: Mapping[str, Forms] = {
    **dict.fromkeys(
        ("ls", "list"),
        Form("--depth=number -r --recursive --prod --dev -P -D -g" + _OUTPUT, "package*"),
    ),
    **dict.fromkeys(
        ("install", "i", "add"),
        Form(
            "-D -P -O -E --save-dev --save-exact --save-prod"
            " --frozen-lockfile --no-frozen-lockfile --offline --prefer-offline"
            " --ignore-scripts --prod --dev --lockfile-only --silent",
            "package*",
            code=True,
        ),
    ),
    **dict.fromkeys(("test", "t", "start"), _TEST),
    "run": _RUN,
    **dict.fromkeys(("why",), Form("-r --prod --dev" + _OUTPUT, "package*")),
    **dict.fromkeys(("outdated",), Form("-r --prod --dev --long" + _OUTPUT, "package*")),
    **dict.fromkeys(("view", "info"), _VIEW),
    "audit": Form("--prod --dev --json --audit-level=word"),
    "licenses": {
        "list": Form("--json --prod --dev --long"),
        "ls": Form("--json --prod --dev --long"),
    },
    **dict.fromkeys(("root", "bin"), Form("-g")),
    **dict.fromkeys(("--version", "-v", "--help", "-h"), Form()),
}

_YARN: Mapping[str, Forms] = {
    "list": Form("--depth=number --pattern=list --json --production", "package*"),
    **dict.fromkeys(("info", "why"), Form("--json -R --recursive --all", "package*")),
    **dict.fromkeys(("outdated",), Form("--json", "package*")),
    "audit": Form("--json --level=word --groups=list"),
    "npm": {
        "info": Form("--json --fields=list", "package*"),
        "audit": Form("--json --all --recursive"),
    },
    **dict.fromkeys(
        ("install",),
        Form(
            "--frozen-lockfile --immutable --offline --check-files"
            " --ignore-scripts --production --silent",
            code=True,
        ),
    ),
    "add": Form("-D -E -P -O --dev --exact --peer --optional", "package*", code=True, least=1),
    **dict.fromkeys(("test", "start"), _TEST),
    "run": _RUN,
    "licenses": {"list": Form("--json --production")},
    "workspaces": {"list": Form("--json -v -R"), "info": Form("--json")},
    **dict.fromkeys(("--version", "-v", "versions", "--help", "-h"), Form()),
}
_VERSION: Mapping[str, Forms] = dict.fromkeys(("--version", "-v", "--help", "-h"), Form())
_ESLINT = Form(
    "--ext=list --max-warnings=number --quiet --no-color --color --ignore-pattern=glob --no-ignore"
    " --report-unused-disable-directives -f=word --format=word --no-eslintrc --version -v",
    "path*",
    "path*",
    code=True,
)
_PRETTIER = Form(
    "-c --check -l --list-different --no-color --ignore-unknown -u --log-level=word"
    " --no-config --no-editorconfig --tab-width=number --print-width=number"
    " --parser=word --version",
    "path*",
    "path*",
    code=True,
)
_TSC = Form(
    "--noEmit --pretty[true|false] --strict --version -v --showConfig --listFiles"
    " --listFilesOnly --skipLibCheck --noErrorTruncation",
    "",
    code=True,
)

PROGRAMS: Mapping[str, Forms] = {
    "npm": {**_NPM, **dict.fromkeys(("-s", "--silent", "-q", "--quiet"), _NPM)},
    "pnpm": as_code({**_PNPM, "-s": _PNPM, "-r": _PNPM}),
    "yarn": as_code(_YARN),  # `.yarnrc.yml` names the program that yarn then is
    **dict.fromkeys(("node", "nodejs"), _VERSION),
    "npx": dict.fromkeys(("--version", "-v"), Form()),
    "eslint": _ESLINT,
    "prettier": _PRETTIER,
    # Written without --noEmit it writes its output, so that has to come first.
    "tsc": {
        "--noEmit": _TSC,
        **dict.fromkeys(("--version", "-v", "--showConfig", "--help"), Form()),
    },
}
_RUNS = "runs another program"
_FROM = "takes packages or settings from elsewhere"
KNOWN: Mapping[str, Mapping[str, str]] = {
    "npm": {
        **dict.fromkeys(
            "--script-shell --git --editor --browser --node-options --init-module --shell".split(),
            _RUNS,
        ),
        **dict.fromkeys(
            "--registry --userconfig --globalconfig --proxy --https-proxy".split(), _FROM
        ),
        **dict.fromkeys("--prefix --cache --global -g -C".split(), "writes outside the workspace"),
    },
    "eslint": {"--fix": "changes files", "-o": "writes a file", "--output-file": "writes a file"},
    "prettier": {"--write": "changes files", "-w": "changes files", "--plugin": _RUNS},
}
