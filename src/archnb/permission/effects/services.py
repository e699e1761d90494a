"""Databases, transfer, migrations, builds: the forms of their programs that only tell something."""

from __future__ import annotations

from collections.abc import Mapping

from archnb.permission.effects.forms import Form, Forms, as_code

_VERSION: Mapping[str, Forms] = dict.fromkeys(("--version", "-V", "--help"), Form())
_GRADLE = Form(
    "-q --quiet --offline --console=plain|auto --info --stacktrace --warning-mode=word --no-daemon"
    " --all --version -v --help",
    "script*",
)
_MAVEN = Form(
    "-q --quiet -B --batch-mode -o --offline -ntp --no-transfer-progress -e -v --version -h --help",
    "compile|test|validate|verify|dependency:tree*",
    whole=True,
)
_YQ = Form(
    "-r --unwrapScalar -P --prettyPrint -o=json|yaml|props|csv|tsv|xml -C -M -N",
    "yq file*",
    "file*",
)

# Programs that reach other hosts are here with what they say of themselves, and nothing else.
PROGRAMS: Mapping[str, Forms] = {
    **dict.fromkeys(
        ("curl", "wget", "rsync", "psql", "pg_dump", "mysql", "mysqldump", "redis-cli", "mongosh"),
        _VERSION,
    ),
    "ssh": {"-V": Form()},
    "sqlite3": dict.fromkeys(("-version", "--version", "-help"), Form()),
    "yq": {"": _YQ, "eval": _YQ, "e": _YQ, **_VERSION},
    "zip": {"-sf": Form("", "path"), **dict.fromkeys(("-v", "-h", "--version"), Form())},
    # What they are told by the project's files (environment, plug-ins, a JVM's options) is code.
    "alembic": as_code(
        {
            "history": Form("-v --verbose -i --indicate-current -r=word --rev-range=word"),
            **dict.fromkeys(("current", "heads", "branches"), Form("-v --verbose")),
            "show": Form("", "word", least=1),
            "check": Form(),
            **_VERSION,
        }
    ),
    "flyway": as_code(
        {
            **dict.fromkeys(("info", "validate"), Form("-outputType=json", whole=True)),
            **dict.fromkeys(("version", "-v", "--version", "help"), Form()),
        }
    ),
    "django-admin": dict.fromkeys(("version", "--version", "help"), Form()),
    "mvn": as_code(_MAVEN),
    "gradle": as_code(
        {
            **dict.fromkeys("tasks projects dependencies properties test check".split(), _GRADLE),
            **dict.fromkeys(("--version", "-v", "help"), Form()),
        }
    ),
    "redocly": as_code(
        {"lint": Form("--format=word", "file*"), "stats": Form("", "file"), **_VERSION}
    ),
    "spectral": as_code(
        {"lint": Form("-f=word --format=word -q --quiet -v --verbose", "file*"), **_VERSION}
    ),
    "swagger-cli": {"validate": Form("", "file", least=1), **_VERSION},
    "openapi-spec-validator": Form("--version --help", "file*"),
    **dict.fromkeys(
        ("openapi-generator", "openapi-generator-cli"),
        as_code({"version": Form(), "list": Form("-s --short"), "help": Form("", "word")}),
    ),
    "deno": {
        "lint": Form("--quiet -q --json", "path*", code=True),
        "fmt": {"--check": Form("--quiet -q", "path*")},
        **_VERSION,
    },
    "bun": {"pm": {"ls": Form("--all")}, **dict.fromkeys(("--version", "-v", "--help"), Form())},
}
KNOWN: Mapping[str, Mapping[str, str]] = {
    "psql": dict.fromkeys("-c --command -f --file".split(), "runs statements"),
    "sqlite3": {"-cmd": "runs statements"},
    "yq": dict.fromkeys("-i --inplace -s --split-exp".split(), "writes files"),
    "alembic": dict.fromkeys("-c --config -x --name -n".split(), "changes the configuration"),
    "mvn": dict.fromkeys("-f --file -s --settings -D -gs -t".split(), "changes the configuration"),
    "gradle": dict.fromkeys(
        "-I --init-script -b --build-file -p --project-dir -P -D -g".split(), "runs other code"
    ),
    "bun": {"--preload": "runs other code"},
    "zip": dict.fromkeys("-T -TT --unzip-command".split(), "runs another program"),
}
