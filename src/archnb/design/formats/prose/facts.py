"""What one sentence says of a design, before all of them are put together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archnb.design.elements import FlowStyle, ServiceKind
    from archnb.design.formats.prose.phrases import Field


@dataclass(frozen=True, slots=True)
class Relates:
    """``child`` refers to ``parent`` (both as written). What was not said is None.

    ``many``: several children may refer to one parent; ``optional``: a child may refer to none;
    ``required``: a parent has at least one child.
    """

    child: str
    parent: str
    label: str
    many: bool | None = None
    optional: bool | None = None
    required: bool | None = None


@dataclass(frozen=True, slots=True)
class Pairs:
    """Many of ``left`` go with many of ``right``."""

    left: str
    right: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Describes:
    """``entity`` has these attributes."""

    entity: str
    fields: tuple[Field, ...]
    label: str = "has"


@dataclass(frozen=True, slots=True)
class Enumerates:
    """``attribute`` (of ``entity``, where one was named) takes one of ``values``."""

    attribute: str
    values: tuple[str, ...]
    entity: str = ""


@dataclass(frozen=True, slots=True)
class Calls:
    """``origin`` calls, uses or feeds ``target``; the style is that of their kinds unless given.

    ``through``: the queue between them.
    """

    origin: str
    target: str
    label: str = ""
    style: FlowStyle | None = None
    through: str = ""


@dataclass(frozen=True, slots=True)
class Announces:
    """``event`` is published and consumed; empty: messages of which no name is known."""

    event: str = ""
    publishers: tuple[str, ...] = ()
    consumers: tuple[str, ...] = ()
    channel: str = ""


@dataclass(frozen=True, slots=True)
class Runs:
    """``name`` is a running thing of that kind."""

    name: str
    kind: ServiceKind
    technology: str = ""


Fact = Relates | Pairs | Describes | Enumerates | Calls | Announces | Runs


@dataclass(frozen=True, slots=True)
class Said:
    """The facts of a sentence and its subject, which the next clause may leave out."""

    facts: tuple[Fact, ...]
    subject: str = field(default="")
