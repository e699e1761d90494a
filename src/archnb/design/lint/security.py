"""Rules for secrets and for what is open to the network; no finding ever repeats a secret."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePath

from archnb.design.elements import (
    NOWHERE,
    Design,
    Edit,
    Finding,
    Port,
    Service,
    Setting,
    Severity,
    Source,
)
from archnb.design.lint import edits
from archnb.design.lint.rules import Example, lint_rule

_SECRET = re.compile(
    r"PASSWORD|PASSWD|_PASS\Z|_PWD\Z|SECRET|TOKEN\Z|API_?KEY|PRIVATE_?KEY|ACCESS_KEY", re.IGNORECASE
)
_NO_SECRET = re.compile(
    r"(_FILE|_PATH|_URL|_URI|_NAME|_ID|_HEADER|_ALGORITHM)\Z|EXPIR|TTL|TIMEOUT|LENGTH|ALLOW_EMPTY"
    r"|RANDOM_ROOT|ENABLED|DISABLE",
    re.IGNORECASE,
)
_STANDS_IN = re.compile(r"\$|<.*>|\*{3}|\{\{|/run/secrets|/var/run/|secretKeyRef", re.IGNORECASE)
_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "none", "null", "0", "1"})
# Of a URL: user and password; a ${VAR:-x} may stand for either.
_URL = re.compile(
    r"(?<![\w+.:-])[A-Za-z][\w+.:-]*://"
    r"(?P<user>(?:\$\{[^}]*\}|[^\s:/@?#])*):(?P<password>(?:\$\{[^}]*\}|[^\s/@])*)@"
)
_DEFAULTS = frozenset(
    {"password", "passwd", "pass", "admin", "root", "postgres", "mysql", "example", "changeme"}
    | {"secret", "guest", "123456", "minioadmin", "test", "toor", "default"}
)
_REHEARSAL = re.compile(r"(?:^|[._-])(dev|development|test|testing|override|local|example)[._-]")
_USER = re.compile(r"USER(NAME)?\Z|_LOGIN\Z", re.IGNORECASE)


def _secret(setting: Setting) -> str:
    """The secret that the setting spells out; empty where it holds none or only points to one."""
    value = (setting.value or "").strip()
    if _SECRET.search(setting.name) and not _NO_SECRET.search(setting.name):
        found = value
    else:
        url = _URL.search(value)
        found = url["password"] if url else ""
    # a doubled dollar is compose's way to write one
    plain = not _STANDS_IN.search(found.replace("$$", "")) and found.lower() not in _WORDS
    return found if plain else ""


def _literal_secrets(design: Design) -> Iterator[tuple[Service, Setting, str, bool]]:
    """Service, setting, secret, and whether it is one that everybody tries first."""
    for service in design.services:
        users = {
            (setting.value or "").lower()
            for setting in service.settings
            if _USER.search(setting.name)
        }
        urls = filter(None, (_URL.search(setting.value or "") for setting in service.settings))
        users |= {url["user"].lower() for url in urls}
        image = PurePath(service.image.partition("@")[0]).name.partition(":")[0].lower()
        for setting in service.settings:
            secret = _secret(setting)
            if secret:
                known = secret.lower() in _DEFAULTS | users | {image}
                yield service, setting, secret, known


def _spelled_out(code: str, service: Service, setting: Setting, *, mild: bool) -> Finding:
    source = setting.source if setting.source != NOWHERE else service.source
    rehearsed = bool(_REHEARSAL.search(PurePath(source.file).name.lower()))
    severity: Severity = "warning" if mild or rehearsed else "error"
    known = ", and is a well-known default" if code == "SEC005" else ""
    return Finding(
        code,
        severity,
        f"{service.name} {setting.name}",
        f"{setting.name} of {service.name} is written in the file{known}.",
        "Read it from a secret store or an untracked env file, and rotate it.",
        source,
    )


@lint_rule(
    "SEC001",
    "error",
    examples=(
        Example(
            "compose.yaml",
            bad="""
services:
  orders: {build: ., environment: {PAYMENT_API_KEY: k-2f7d91c0aa}}
""",
            good="""
services:
  orders: {build: ., environment: {PAYMENT_API_KEY: "${PAYMENT_API_KEY:?set it}"}}
""",
        ),
    ),
)
def literal_secret(design: Design) -> Iterator[Finding]:
    """A password, token or key is written in a deployment file.

    Whoever reads the repository, its history or its backups has it, and it can hardly be changed.
    In files for development and tests, and where it is just the name of the service or database,
    it is a warning.

    Mend: ``${NAME:?set NAME}`` and an untracked ``.env``, compose ``secrets``, or ``secretKeyRef``;
    then rotate the value, for it is known.

    Source: the Twelve-Factor App, III Config; kube-linter env-var-secret; OWASP API8:2023.

    Ignore: for made-up values that never leave a test. References, paths and flags are left out.
    """
    for service, setting, secret, known in _literal_secrets(design):
        names = {service.name.lower()} | {
            (it.value or "").lower()
            for it in service.settings
            if re.search(r"(DB|DATABASE|_NAME)\Z", it.name)
        }
        if not known:
            yield _spelled_out("SEC001", service, setting, mild=secret.lower() in names)


@lint_rule(
    "SEC005",
    "error",
    examples=(
        Example(
            "compose.yaml",
            bad="""
services:
  db: {image: "postgres:17", environment: {POSTGRES_PASSWORD: postgres}}
""",
            good="""
services:
  db: {image: "postgres:17", environment: {POSTGRES_PASSWORD_FILE: /run/secrets/db}}
""",
        ),
    ),
)
def default_credentials(design: Design) -> Iterator[Finding]:
    """A secret in a deployment file is one that everybody tries first.

    It is a word such as admin or changeme, or the name of the user or of the image. Said in the
    place of SEC001.

    Mend: make a long random one, keep it out of the file.

    Source: OWASP API2:2023 and API8:2023; CWE-1392 Use of Default Credentials.

    Ignore: in a file that only ever runs on one developer's machine.
    """
    for service, setting, _, known in _literal_secrets(design):
        if known:
            yield _spelled_out("SEC005", service, setting, mild=False)


_DATABASE_PORTS = frozenset(
    {"5432", "3306", "33060", "1433", "1521", "27017", "6379", "11211", "9042", "5984", "7687"}
    | {"8123", "8086", "9200", "9300", "26257", "28015", "8529", "2379", "5433"}
)
_LOOPBACK = re.compile(r"127\.\d+\.\d+\.\d+|\[?::1\]?|localhost")


def _keep_local(design: Design, finding: Finding, text: str) -> Edit | None:
    """The edit that binds the port of a short mapping (``"5432:5432"``) to this machine."""
    start = edits.line_start(text, finding.source.line)
    line = text[start : edits.line_end(text, start)]
    for service in design.services:
        for port in service.ports:
            if _place(service, port) == (finding.where, finding.source) and port.published:
                mapping = re.escape(f"{port.published}:{port.container}")
                found = list(re.finditer(rf"(?<![\w.:\]}}])(?:0\.0\.0\.0:)?(?={mapping}\b)", line))
                if len(found) == 1:
                    at, end = start + found[0].start(), start + found[0].end()
                    return edits.change(finding.source.file, text, at, end, "127.0.0.1:")
    return None


def _place(service: Service, port: Port) -> tuple[str, Source]:
    source = port.source if port.source != NOWHERE else service.source
    return f"{service.name}:{port.published}", source


@lint_rule(
    "SEC002",
    "warning",
    examples=(
        Example(
            "compose.yaml",
            bad="""
services:
  db: {image: "postgres:17", ports: ["5432:5432"]}
""",
            good="""
services:
  db: {image: "postgres:17", ports: ["127.0.0.1:5432:5432"]}
""",
        ),
    ),
    fix=_keep_local,
)
def published_database_port(design: Design) -> Iterator[Finding]:
    """The port of a database or cache is open to every network the host is on.

    Docker writes its own firewall rules, so that the host's firewall often does not help.

    Mend: bind it to 127.0.0.1, or drop the mapping; services of one file reach it without.

    Source: compose-lint CL-0005; OWASP API8:2023 Security Misconfiguration.

    Ignore: for a database that others must reach, behind TLS and a firewall.
    """
    for service in design.services:
        for port in service.ports:
            if (
                port.published
                and port.container.partition("/")[0] in _DATABASE_PORTS
                and not _LOOPBACK.fullmatch(port.host)
            ):
                where, source = _place(service, port)
                yield Finding(
                    "SEC002",
                    "warning",
                    where,
                    f"{service.name} port {port.published} is open to the network.",
                    "Bind it to 127.0.0.1 or drop the mapping (in Kubernetes: ClusterIP).",
                    source,
                )
