"""The nouns of a design: plain, frozen values that readers, writers, drawings and rules share.

Longer than other files on purpose: it is one vocabulary and reads best in one place.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Literal

from archnb.errors import ReadError

ServiceKind = Literal["service", "store", "queue", "gateway", "client", "external", "job"]
FlowStyle = Literal["sync", "async", "data"]
Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Source:
    """Where an element was read: ``file`` as the caller named it, ``line`` from 1 (0: unknown)."""

    file: str = ""
    line: int = 0

    def __str__(self) -> str:
        if not self.file:
            return f"line {self.line}" if self.line else "the text"
        return f"{self.file}:{self.line}" if self.line else self.file


NOWHERE = Source()


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a source that could not be read; the rest of the source was."""

    source: Source
    message: str


@dataclass(frozen=True, slots=True)
class Column:
    """A column. ``type`` is the engine's name (``timestamp with time zone``, ``numeric(12,2)``)."""

    name: str
    type: str = ""
    nullable: bool = True
    default: str = ""
    generated: bool = False
    comment: str = ""
    source: Source = NOWHERE


@dataclass(frozen=True, slots=True)
class Index:
    """An index, or the one behind a UNIQUE constraint.

    ``columns`` are key columns in order (an expression stands as its text, in parentheses);
    ``where`` is the predicate of a partial index; ``method`` is ``btree`` unless the file says so.
    """

    columns: tuple[str, ...]
    name: str = ""
    unique: bool = False
    where: str = ""
    method: str = "btree"
    source: Source = NOWHERE


@dataclass(frozen=True, slots=True)
class Check:
    """A CHECK constraint: its expression as written, and the columns it names."""

    expression: str
    columns: tuple[str, ...] = ()
    name: str = ""
    source: Source = NOWHERE


@dataclass(frozen=True, slots=True)
class Entity:
    """A table, view or domain entity. ``key`` names the primary key's columns.

    ``schema`` is empty for the default one; ``name`` is bare. ``parent`` is the qualified name of
    the table it is a partition of or inherits from. ``source`` is its CREATE statement's line,
    ``end`` the line that statement ends on (0: unknown). ``dialect``: postgres, mysql, sqlite, ...;
    empty when the entity comes from prose or a sketch. ``partitioning`` says how a table is cut
    (``by range (day)``) or which rows a partition holds (``for values in ('a')``).
    """

    name: str
    columns: tuple[Column, ...] = ()
    key: tuple[str, ...] = ()
    indexes: tuple[Index, ...] = ()
    checks: tuple[Check, ...] = ()
    schema: str = ""
    kind: Literal["table", "view", "materialized view", "partition", "foreign table", "concept"] = (
        "table"
    )
    parent: str = ""
    temporary: bool = False
    context: str = ""
    comment: str = ""
    dialect: str = ""
    source: Source = NOWHERE
    end: int = 0
    partitioning: str = ""

    @property
    def qualified(self) -> str:
        """``schema.name``, or the bare name in the default schema."""
        return f"{self.schema}.{self.name}" if self.schema else self.name

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.name == name), None)


@dataclass(frozen=True, slots=True)
class Relation:
    """A foreign key, or a relationship stated in words (then without columns).

    ``entity`` refers to ``references`` (both qualified names). ``many``: several rows of ``entity``
    may refer to one row; ``optional``: a row of ``entity`` may refer to none. ``required_child``:
    each referenced row has at least one (only words can say so). ``label`` is the verb of a
    sentence.
    """

    entity: str
    references: str
    columns: tuple[str, ...] = ()
    referenced_columns: tuple[str, ...] = ()
    name: str = ""
    on_delete: str = ""
    many: bool = True
    optional: bool = False
    required_child: bool = False
    label: str = ""
    inferred: bool = False
    source: Source = NOWHERE


@dataclass(frozen=True, slots=True)
class DataType:
    """A user-defined type: an enum with its ``values``, or a domain over ``base``."""

    name: str
    values: tuple[str, ...] = ()
    base: str = ""
    schema: str = ""
    source: Source = NOWHERE


@dataclass(frozen=True, slots=True)
class Port:
    """A published port. ``host`` is the address it is bound to ("" means every interface)."""

    container: str
    published: str = ""
    host: str = ""
    source: Source = NOWHERE


@dataclass(frozen=True, slots=True)
class Setting:
    """One environment variable of a service, as written (``value`` None: taken from outside)."""

    name: str
    value: str | None = None
    source: Source = NOWHERE


@dataclass(frozen=True, slots=True)
class Service:
    """Something that runs, or is talked to.

    ``health``: True where a health check or readiness probe is declared, False where a deployment
    file declares none, None where the source cannot say (a sketch). ``replicas`` 0: unknown.
    ``group`` is the boundary it is drawn in (namespace, network, bounded context). ``build`` is the
    folder its image is made from, as written.
    """

    name: str
    kind: ServiceKind = "service"
    technology: str = ""
    group: str = ""
    image: str = ""
    replicas: int = 0
    health: bool | None = None
    ports: tuple[Port, ...] = ()
    settings: tuple[Setting, ...] = ()
    source: Source = NOWHERE
    build: str = ""


@dataclass(frozen=True, slots=True)
class Flow:
    """A call, message or data access from ``origin`` to ``target`` (service names).

    ``style``: sync (a call), async (a message or event), data (reads and writes of a store).
    ``inferred``: not stated as a call but concluded; ``evidence`` says from what.
    ``startup``: only an ordering of start-up (compose ``depends_on``).
    ``database``: which database (or schema, or number) of the store is used; "" where nothing says.
    ``directed``: False where only the connection is known, not who sends.
    """

    origin: str
    target: str
    style: FlowStyle = "sync"
    label: str = ""
    inferred: bool = False
    evidence: str = ""
    startup: bool = False
    source: Source = NOWHERE
    database: str = ""
    directed: bool = True


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of an operation; ``location`` is path, query, header or cookie."""

    name: str
    location: str
    required: bool = False
    type: str = ""


@dataclass(frozen=True, slots=True)
class Response:
    """A response of an operation, as far as rules need it.

    ``items`` is the property that holds the list ("" with ``array`` True: the body itself);
    ``objects``: the list holds objects; ``properties`` of the JSON body's object.
    """

    status: str
    description: str = ""
    array: bool = False
    items: str = ""
    objects: bool = False
    bounded: bool = False
    properties: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One operation of an API. ``security`` holds scheme names.

    ``secured`` is True where credentials are needed, False where the file lets anybody in,
    None where the source cannot say.
    """

    method: str
    path: str
    operation_id: str = ""
    summary: str = ""
    service: str = ""
    tags: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    responses: tuple[Response, ...] = ()
    security: tuple[str, ...] = ()
    secured: bool | None = None
    deprecated: bool = False
    source: Source = NOWHERE

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Api:
    """An API document: its title, version, server addresses and security schemes by name."""

    title: str
    version: str = ""
    servers: tuple[str, ...] = ()
    schemes: tuple[str, ...] = ()
    source: Source = NOWHERE


@dataclass(frozen=True, slots=True)
class DomainEvent:
    """Something that happened: who publishes it, who consumes it, on which channel."""

    name: str
    publishers: tuple[str, ...] = ()
    consumers: tuple[str, ...] = ()
    channel: str = ""
    source: Source = NOWHERE


@dataclass(frozen=True, slots=True)
class Decision:
    """An architecture decision (MADR): what was decided, and why."""

    title: str
    status: str = "accepted"
    context: str = ""
    outcome: str = ""
    source: Source = NOWHERE


@dataclass(frozen=True, slots=True)
class Objective:
    """A service level objective, such as ``99.9 % of requests below 300 ms``."""

    service: str
    indicator: str
    target: str
    source: Source = NOWHERE


@dataclass(frozen=True, slots=True)
class Edit:
    """An exact change of a file: ``old`` stands there exactly once and becomes ``new``.

    An empty ``old`` means that the file is made anew.
    """

    file: str
    old: str
    new: str

    def apply(self, text: str) -> str:
        """``text`` with the change made; ReadError unless ``old`` stands in it exactly once."""
        at = text.find(self.old)
        if not self.old and text:
            raise ReadError(
                f"{self.file} exists already.", hint="State which part of it to change."
            )
        if at < 0:
            raise ReadError(
                f"The text to replace is not in {self.file}.",
                hint="It may have changed: read it again.",
            )
        if self.old and text.find(self.old, at + 1) >= 0:
            raise ReadError(
                f"The text to replace is in {self.file} more than once.",
                hint="Take in more of the lines around it.",
            )
        return text[:at] + self.new + text[at + len(self.old) :]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a lint rule says of one element. ``where`` names the element, ``source`` the place.

    ``fix`` is a safe edit of the file itself, where there is one.
    """

    code: str
    severity: Severity
    where: str
    message: str
    advice: str = ""
    source: Source = NOWHERE
    fix: Edit | None = None


@dataclass(frozen=True, slots=True)
class Design:
    """Everything read so far. Immutable; ``a | b`` joins two readings."""

    entities: tuple[Entity, ...] = ()
    relations: tuple[Relation, ...] = ()
    types: tuple[DataType, ...] = ()
    services: tuple[Service, ...] = ()
    flows: tuple[Flow, ...] = ()
    apis: tuple[Api, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    domain_events: tuple[DomainEvent, ...] = ()
    decisions: tuple[Decision, ...] = ()
    objectives: tuple[Objective, ...] = ()
    problems: tuple[Problem, ...] = ()

    def __or__(self, other: Design) -> Design:
        """Both readings together; services of one name are one, the later fills its gaps."""
        joined = {
            field.name: tuple(dict.fromkeys(getattr(self, field.name) + getattr(other, field.name)))
            for field in fields(Design)
        }
        services: dict[str, Service] = {}
        for service in joined.pop("services"):
            known = services.get(service.name)
            services[service.name] = _fill(known, service) if known else service
        return Design(**joined, services=tuple(services.values()))

    def updated(self, newer: Design) -> Design:
        """This design with what ``newer`` says of the files it read, not what this one said."""
        groups = [field.name for field in fields(Design)]
        files = {element.source.file for name in groups for element in getattr(newer, name)}
        kept = {
            name: tuple(known for known in getattr(self, name) if known.source.file not in files)
            for name in groups
        }
        return Design(**kept) | newer

    def __bool__(self) -> bool:
        return any(
            getattr(self, field.name) for field in fields(Design) if field.name != "problems"
        )

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        """In a notebook a design shows what is in it, not its thousand fields."""
        return {"text/plain": f"Design: {self.summary}"}

    def entity(self, name: str) -> Entity | None:
        """The entity of that qualified name, or of that bare name where it is the only one."""
        exact = [entity for entity in self.entities if entity.qualified == name]
        loose = [entity for entity in self.entities if entity.name == name]
        return exact[0] if exact else loose[0] if len(loose) == 1 else None

    def service(self, name: str) -> Service | None:
        return next((service for service in self.services if service.name == name), None)

    @property
    def summary(self) -> str:
        """One line that counts what is there, such as ``10 tables, 12 relations, 6 services``."""
        tables = [entity for entity in self.entities if entity.kind != "concept"]
        concepts = len(self.entities) - len(tables)
        counts = [
            (len(tables), "table"),
            (concepts, "entity"),
            (len(self.relations), "relation"),
            (len(self.services), "service"),
            (len(self.flows), "flow"),
            (len(self.endpoints), "endpoint"),
            (len(self.domain_events), "event"),
            (len(self.decisions), "decision"),
            (len(self.problems), "problem"),
        ]
        words = [f"{count} {_plural(noun, count)}" for count, noun in counts if count]
        return ", ".join(words) or "nothing"


def _plural(noun: str, count: int) -> str:
    if count == 1:
        return noun
    return f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"


def _fill(known: Service, later: Service) -> Service:
    """``known``, with the fields that say nothing taken from ``later``."""
    gaps = {
        field.name: getattr(later, field.name)
        for field in fields(Service)
        if getattr(known, field.name) in ("", 0, None, (), "service") and field.name != "name"
    }
    return replace(known, **gaps)
