"""Rules for HTTP APIs: paging, errors, credentials."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from archnb.design.elements import Api, Design, Endpoint, Finding, Response, Severity
from archnb.design.lint.rules import Collapse, Example, lint_rule

_ENVELOPES = frozenset(
    {"items", "data", "results", "records", "values", "entries", "elements", "resources"}
    | {"edges", "nodes"}
)
# Names without case, dashes and underscores.
_PAGING = re.compile(
    r"page.*|.*perpage|.*limit|.*offset|.*cursor|after|before|startingafter|endingbefore|max(results"
    r"|items|keys|size)|top|skip|first|last|marker|size|count|start|startat|next.*|continuation.*"
)
_CONTINUED = re.compile(
    r"next.*|.*cursor.*|.*(page|paging|pagination).*|(has)?more|links?|meta(data)?"
)
# Lists that stay short by their nature.
_SHORT = re.compile(
    r"defaults|enums?|templates|licenses|emojis|regions|zones|sizes|versions|languages|locales"
    r"|countries|currencies|roles|labels|tags|types|statuses|categories|permissions|scopes|plans"
    r"|settings|stats|statistics|traffic|keys|features"
)
_PUBLIC = re.compile(
    r"(health|ready|live)(z|check)?|ping|status|metrics|openapi|swagger|docs|login|logout|tokens?"
    r"|oauth2?|authorize|signup|signin|register|registration|webhooks?|wellknown|jwks"
)

_HEAD = "openapi: 3.0.3\ninfo: {title: Library, version: '1'}\n"


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _segments(path: str) -> list[str]:
    return [segment for segment in path.split("/") if segment]


@lint_rule(
    "API004",
    "warning",
    examples=(
        Example(
            "openapi.yaml",
            bad=_HEAD
            + """
paths:
  /books:
    get:
      responses:
        '200':
          description: All books
          content:
            application/json:
              schema: {type: array, items: {type: object}}
""",
            good=_HEAD
            + """
paths:
  /books:
    get:
      parameters:
        - {name: limit, in: query, schema: {type: integer, maximum: 100}}
        - {name: cursor, in: query, schema: {type: string}}
      responses:
        '200':
          description: One page of books
          content:
            application/json:
              schema: {type: array, items: {type: object}}
""",
        ),
    ),
    collapse=Collapse(
        lambda design: (endpoint for endpoint in design.endpoints if _listing(endpoint)),
        "{hits} of {total} lists have no way to page them",
        "Add a limit with a maximum and a cursor now: adding them later breaks clients.",
    ),
)
def list_without_paging(design: Design) -> Iterator[Finding]:
    """An operation returns a whole list, and nothing in its contract lets a caller page it.

    Lists grow. The day this one is too long for one answer, paging cannot be added without
    breaking every client that expects all of it.

    Mend: take ``limit`` (with a maximum) and ``cursor``, and return the next cursor.

    Source: Zalando 159 and 160; Google AIP-158; OWASP API4:2023 Unrestricted Resource Consumption.

    Ignore: for lists that are short by nature. Scalars, ``maxItems``, and names like languages,
    roles or types are information only.
    """
    for endpoint in design.endpoints:
        response = _listing(endpoint)
        if not response or _paged(endpoint, response):
            continue
        last = _segments(endpoint.path)[-1]
        mild = response.bounded or not response.objects or _SHORT.fullmatch(last.lower())
        yield Finding(
            "API004",
            "info" if mild else "warning",
            str(endpoint),
            f"{endpoint} returns a whole {response.items or last} list with no way to page it.",
            "Add a limit with a maximum and a cursor now: adding them later breaks clients.",
            endpoint.source,
        )


def _listing(endpoint: Endpoint) -> Response | None:
    """The successful response that is a list, if the operation reads a collection."""
    segments = _segments(endpoint.path)
    if endpoint.method.upper() != "GET" or not segments or "{" in segments[-1]:
        return None
    named = _plain(segments[-1])
    for response in endpoint.responses:
        if response.status in {"200", "206", "2XX"} and response.array:
            wrapper = _plain(response.items)
            if not wrapper or wrapper in _ENVELOPES or wrapper in named or named in wrapper:
                return response
    return None


def _paged(endpoint: Endpoint, response: Response) -> bool:
    asked = (_plain(it.name) for it in endpoint.parameters if it.location == "query")
    answered = (_plain(name) for name in response.properties if name != response.items)
    return (
        any(map(_PAGING.fullmatch, asked))
        or any(map(_CONTINUED.fullmatch, answered))
        or any(_plain(header) == "link" or "next" in header.lower() for header in response.headers)
    )


@lint_rule(
    "API010",
    "warning",
    examples=(
        Example(
            "openapi.yaml",
            bad=_HEAD
            + """
paths:
  /books/{id}:
    get: {responses: {'200': {description: A book}}}
""",
            good=_HEAD
            + """
paths:
  /books/{id}:
    get: {responses: {'200': {description: A book}, '404': {description: No such book}}}
""",
        ),
    ),
    collapse=Collapse(
        lambda design: (endpoint for endpoint in design.endpoints if endpoint.responses),
        "{hits} of {total} operations promise success only",
        "List at least the client errors a caller must handle.",
        share=0,
    ),
)
def no_4xx(design: Design) -> Iterator[Finding]:
    """An operation documents no client error: no 4xx and no default response.

    Every operation can be called wrongly; a caller who is not told how it then answers will guess.

    Mend: list the client errors to handle (400, 401, 404, 409, ...), each with the shared schema.

    Source: Zalando 151; Redocly operation-4xx-response; OWASP API8:2023.

    Ignore: for probes that only ever answer 200 or 503.
    """
    for endpoint in design.endpoints:
        statuses = {response.status.lower() for response in endpoint.responses}
        if statuses and not any(it.startswith("4") or it == "default" for it in statuses):
            yield Finding(
                "API010",
                "warning",
                str(endpoint),
                f"{endpoint} promises success only.",
                "List at least the client errors a caller must handle.",
                endpoint.source,
            )


@lint_rule(
    "API012",
    "error",
    examples=(
        Example(
            "openapi.yaml",
            bad=_HEAD
            + """
paths:
  /books: {post: {responses: {'201': {description: Added}}}}
""",
            good=_HEAD
            + """
paths:
  /books: {post: {responses: {'201': {description: Added}}}}
security: [{key: []}]
components: {securitySchemes: {key: {type: http, scheme: bearer}}}
""",
        ),
    ),
    collapse=Collapse(
        lambda design: design.endpoints,
        "{hits} of {total} operations can be called without any credentials",
        "Set a default security requirement and open only the public operations on purpose.",
    ),
)
def no_security(design: Design) -> Iterator[Finding]:
    """Operations can be called without any credentials.

    A document with no security scheme at all gets one error; where schemes exist, each operation
    left open is a warning. Where credentials are optional, or the path speaks of health, login,
    webhooks or documentation, it is information.

    Mend: set a default requirement at the top; open the public operations with ``security: []``.

    Source: Zalando 104; OWASP API2:2023 Broken Authentication; Redocly security-defined.

    Ignore: for operations that are public by intent, with the reason beside them.
    """
    by_file: defaultdict[str, list[Endpoint]] = defaultdict(list)
    for endpoint in design.endpoints:
        if endpoint.secured is not None:
            by_file[endpoint.source.file].append(endpoint)
    apis = {api.source.file: api for api in design.apis}
    for file, endpoints in by_file.items():
        api = apis.get(file) or Api(title=file)
        if not api.schemes and not any(it.secured or it.security for it in endpoints):
            title = api.title or file or "the API"
            yield Finding(
                "API012",
                "error",
                title,
                f"No operation of {title} asks for credentials, and no scheme is declared.",
                "Set a default security requirement and open only the public operations on "
                "purpose.",
                api.source if api.source.line else endpoints[0].source,
            )
            continue
        for endpoint in endpoints:
            # a path with a secret in it, such as /hooks/{webhook_token}, carries its credentials
            if not endpoint.secured and not re.search(r"\{[^}]*token\}", endpoint.path.lower()):
                yield _open(endpoint)


def _open(endpoint: Endpoint) -> Finding:
    optional = bool(endpoint.security)
    severity: Severity = "info" if optional or _is_public(endpoint.path) else "warning"
    return Finding(
        "API012",
        severity,
        str(endpoint),
        f"{endpoint} can be called without any credentials{', too' if optional else ''}.",
        "Set a default security requirement and open only the public operations on purpose.",
        endpoint.source,
    )


def _is_public(path: str) -> bool:
    """The path speaks of something that must be open; not of one resource's own status."""
    return "{" not in path and any(_PUBLIC.fullmatch(_plain(part)) for part in _segments(path))
