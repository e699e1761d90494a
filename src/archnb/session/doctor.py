"""What works on this machine: engine, kernel, buttons, key, sandbox, readers."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from archnb.errors import ArchnbError
from archnb.execution import sandbox
from archnb.session.session import Session


@dataclass(frozen=True, slots=True)
class Row:
    """One thing examined; ``needed``: archnb's main job fails without it."""

    what: str
    ok: bool
    says: str
    needed: bool = False


def examine() -> list[Row]:
    """Try each thing and say what was seen; nothing is changed."""
    session = Session()
    return [
        Row("python", sys.version_info >= (3, 11), sys.version.split()[0], needed=True),
        _drawing(),
        _package("ipykernel", "clicks reach a waiting cell from 7.4 on", needed=True),
        _package("ipywidgets", "the buttons of a card", needed=True),
        _package("jupyterlab", "archnb lab (pip install 'archnb[lab]')"),
        _package("postgast", "PostgreSQL's own grammar; without it sqlglot reads it, less exactly"),
        Row(
            "bash",
            shutil.which("bash") is not None,
            shutil.which("bash") or "not found: commands cannot run",
        ),
        *_databases(),
        _sandbox(),
        _agent(session),
        _model(session),
    ]


def _sandbox() -> Row:
    current = sandbox.current()
    rung = f" ({current.rung})" if current.limits() else ""
    return Row("sandbox", current.limits(), current.label("workspace") + rung)


def _drawing() -> Row:
    from archnb.design.diagrams import draw
    from archnb.design.reading import read

    try:
        drawn = draw(read(text="A -> B", format="sketch"), "services")
        engine = os.environ.get("ARCHNB_DOT") or "graphviz"
        return Row(
            "diagrams",
            bool(drawn),
            f"{engine}: SVG {len(drawn[0].svg):,} characters, PNG {len(drawn[0].png):,} bytes",
            needed=True,
        )
    except ArchnbError as error:
        return Row("diagrams", ok=False, says=str(error), needed=True)


def _databases() -> list[Row]:
    """The engines that `verify` proves schemas on."""
    from archnb.design.verify import databases

    return [
        Row(database.name, not why, f"{database.title}: {why or 'schemas can be proved on it'}")
        for database in databases()
        for why in [database.missing()]
    ]


def _package(name: str, use: str, *, needed: bool = False) -> Row:
    try:
        found = version(name) if find_spec(name) else ""
    except PackageNotFoundError:
        found = ""
    return Row(name, bool(found), f"{found or 'not installed'}: {use}", needed=needed)


def _agent(session: Session) -> Row:
    try:
        agent = session.agent()
        return Row(
            "agent",
            ok=True,
            says=f"{agent.name} ({agent.path}), {len(agent.rules)} rules",
            needed=True,
        )
    except ArchnbError as error:
        return Row("agent", ok=False, says=str(error), needed=True)


def _model(session: Session) -> Row:
    choice = session.model_choice()
    return Row("model", ok=True, says=f"{choice.value} ({choice.source})")
