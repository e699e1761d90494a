"""The agent file that ships: what it may do, what it covers, and that its words are our own."""

import re
from pathlib import Path

import pytest
import yaml

from archnb import read

ROOT = Path(__file__).parents[2]
FILE = ROOT / "agents" / "backend-architect.md"
SEED = ROOT.parent / "shared" / "seed" / "backend-architect.md"
_, FRONT, BODY = FILE.read_text(encoding="utf-8").split("---\n", 2)

# section of the file -> a pattern for each topic that must be named in it
TOPICS = {
    "## Purpose": "API; services; schemas; load; failure",
    "## How you work here": r"""
        `glob`; `grep`; `read`; `draw`; `lint`; `verify`; `decide`; `edit`; `write`; `bash`; lint
        that file again; \w+\.sql:\d+, DB\d{3}; card .*review; MADR; do not know; is data; tables;
        no hand-made ASCII or Mermaid; context, options, the choice, its consequences
    """,
    "### API architecture": """
        REST.*resources; method; status codes; Versions; deprecated; OpenAPI; code is generated;
        GraphQL; resolvers; federation; Gateway; Errors; codes; Documentation; SDK
    """,
    "### Microservices": """
        bounded contexts; domain-driven; REST or gRPC; queue; event stream; DNS; Consul;
        Kubernetes; circuit breaker; fallback; timeout; Sagas; compensation; choreography; BFF;
        mesh; backward-compatible; rolling; canary
    """,
    "### Database schema": """
        normalization; denormalize; indexes; constraints; Migrations; downtime; rollback;
        Sharding; shard key; cross-shard; Replicas; eventual consistency; failover; Multi-tenancy;
        tenant column; foreign keys; cascade; transaction; ACID; NoSQL; document; key-value;
        wide-column
    """,
    "### Performance": """
        Redis; Memcached; invalidates; warms; query plan; connection pool; background jobs; Load
        balancing; sticky sessions; health checks; token bucket; leaky bucket; sliding window;
        stateless; auto-scal; CDN; edge computing
    """,
    "### Security": """
        JWT; OAuth 2.0; API keys; sessions; RBAC; ABAC; policy; validation; SQL injection; XSS;
        environment variables; secret store; rotation; TLS; at rest; CORS; preflight; credentials;
        DDoS; fair use; Abuse
    """,
    "### Integration": """
        RabbitMQ; Kafka; SQS; pub/sub; dead-letter; event sourcing; CQRS; Third-party; retry;
        circuit breaker; Webhooks; signed; ETL; CDC; real time; eventually consistent; adapter;
        anti-corruption layer; strangler fig
    """,
    "### Observability": """
        structured; aggregated; correlation ID; RED; USE; business; OpenTelemetry; context;
        liveness; readiness; dependencies; SLO; anomaly; on-call; APM; error tracking
    """,
    "### Development practice": """
        clean; hexagonal; layered; Dependency injection; invert; testable; coupling; unit;
        integration; contract; load; consumer-driven; breaking change; environment; feature flags;
        A/B; CI/CD; pipeline; rollback
    """,
    "## Patterns to adapt": r"""
        Event-driven microservices; CQRS; Backend for frontend \(BFF\)
    """,
    "**API**": """
        nouns; page; Filters, sorting and field selection; version; example; Errors share; Rate
        limits.*throttling; HATEOAS
    """,
    "**Services**": """
        small; circuit breaker; Health.*metrics; asynchronous; No transaction spans; idempotency;
        correlation ID; [Aa]dditive
    """,
    "**Database**": r"""
        Normalize first.*denormalize; foreign key; Composite indexes; N\+1; migrations; archive;
        Soft delete; UUID or bigint
    """,
    "**Security**": """
        validated; bound as parameters; Authentication everywhere; Least privilege; rotate; audit
        log; HTTPS; HSTS, CSP
    """,
    "1. **Requirements.**": """
        goal and constraints; entities; functions, then qualities; numbers; integrate; depends
    """,
    "2. **Architecture.**": """
        Boundaries; contracts and data model; tables; sync or async; fails; observed
    """,
    "3. **Specification.**": """
        OpenAPI or GraphQL; ERD; event schemas; permission flows; deployment; SLO
    """,
    "4. **Review.**": """
        stakeholders; scale; vulnerabilities; bottlenecks; cost; compliance; Lint
    """,
    "## Voice": """
        diagram; example; Practice; proven; trade-off; alternative; rationale; standard; Load
    """,
    "## Principles": """
        Scalability; Simplicity; Decoupling; Resilience; Observability; Security; Documentation;
        Evolution
    """,
    "## Hand-offs": """
        When such an agent exists; api-designer; database-optimizer; microservices-architect;
        graphql-architect; security-auditor; [Bb]ackend developers; DevOps
    """,
    "## How an answer ends": r"\*\*Open questions\*\*; \*\*Next steps\*\*",
}


def section(heading: str) -> str:
    """The text from ``heading`` to the next heading, list title or numbered phase of its kind."""
    start = BODY.index(f"\n{heading}") + 1
    follow = {"#": r"\n#", "*": r"\n(\*\*|#)"}.get(heading[0], r"\n(\d\. \*\*|#)")
    end = re.search(follow, BODY[start + len(heading) :])
    return BODY[start : start + len(heading) + end.start()] if end else BODY[start:]


def words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower())


def shared_runs(ours: str, theirs: str, length: int) -> list[str]:
    """Every run of ``length`` words of ``ours`` that stands in ``theirs``, fenced code left out."""
    mine, other = (
        words(re.sub(r"```.*?```", " ", text, flags=re.DOTALL)) for text in (ours, theirs)
    )
    known = {tuple(other[at : at + length]) for at in range(len(other) - length + 1)}
    runs = (tuple(mine[at : at + length]) for at in range(len(mine) - length + 1))
    return [" ".join(run) for run in runs if run in known]


def test_front_matter() -> None:
    front = yaml.safe_load(FRONT)
    description = front.pop("description")
    assert 40 < len(description) < 400
    assert front == {
        "mode": "all",
        "model": "claude-sonnet-5-5",
        "permission": {
            "bash": {
                "*": "ask",
                "git status*": "allow",
                "git log*": "allow",
                "git diff*": "allow",
                "npm*": "allow",
                "pip*": "allow",
            },
            "edit": {"*": "ask"},
            "write": {"*": "ask"},
            "webfetch": "ask",
        },
        "version": "2.0.0",
    }


def test_the_star_stands_before_what_it_would_override() -> None:
    bash = list(yaml.safe_load(FRONT)["permission"]["bash"])
    assert bash[0] == "*", "the last match wins: a star further down would undo the rules above it"


@pytest.mark.parametrize("heading", TOPICS)
def test_every_topic_is_named(heading: str) -> None:
    text = section(heading)
    topics = " ".join(TOPICS[heading].split()).split("; ")
    missing = [topic for topic in topics if not re.search(topic, text)]
    assert not missing


@pytest.mark.parametrize("heading", ["**API**", "**Services**", "**Database**", "**Security**"])
def test_a_checklist_has_eight_points(heading: str) -> None:
    assert re.findall(r"^(\d)\. ", section(heading), flags=re.MULTILINE) == list("12345678")


def sketches() -> list[str]:
    return re.findall(r"^```\n(.*?)^```$", BODY, flags=re.DOTALL | re.MULTILINE)


def test_there_is_a_sketch_of_each_pattern() -> None:
    assert len(sketches()) == 3


@pytest.mark.parametrize("sketch", sketches())
def test_every_line_of_a_sketch_is_a_labelled_arrow_that_archnb_reads(sketch: str) -> None:
    arrows = [
        re.fullmatch(r"([\w ]+) → \[([\w ]+)\] ([\w ]+)", line) for line in sketch.splitlines()
    ]
    written = [(arrow[1], arrow[3], arrow[2]) for arrow in arrows if arrow]
    assert len(written) == len(arrows)
    design = read(text=sketch)
    assert [(flow.origin, flow.target, flow.label) for flow in design.flows] == written
    assert design.problems == ()


def test_the_words_are_our_own() -> None:
    if not SEED.is_file():
        pytest.skip(f"{SEED} is not here: nothing to compare the wording with")
    seed = SEED.read_text(encoding="utf-8").split("---\n", 2)
    assert shared_runs(BODY, seed[2], 8) == []
    assert shared_runs(yaml.safe_load(FRONT)["description"], seed[1], 5) == []


def test_a_copied_sentence_would_be_seen() -> None:
    sentence = "Name the phase you are in; go back when a finding demands it."
    assert shared_runs(BODY, f"x {sentence} y", 8)
