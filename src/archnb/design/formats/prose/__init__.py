"""Plain sentences about a design: A customer places many orders. Orders calls Payments."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import islice

from archnb.design.elements import Design, Problem, Source
from archnb.design.formats.base import Format
from archnb.design.formats.prose.clauses import statements
from archnb.design.formats.prose.domain import Domain
from archnb.design.formats.prose.facts import Announces, Calls, Runs
from archnb.design.formats.prose.landscape import Landscape

_SENTENCES_TO_JUDGE_BY = 20


def read(text: str, file: str) -> Design:
    """Entities, relations, services, flows and events that the sentences state.

    A sentence that is not understood is not guessed at: it becomes a problem with its line.
    """
    domain, landscape = Domain(), Landscape()
    problems: list[Problem] = []
    for sentence, said in statements(unified(text), file):
        source = Source(file, sentence.line)
        if said is None:
            shown = sentence.text if len(sentence.text) <= 120 else f"{sentence.text[:119]}…"
            problems.append(Problem(source, f"not understood: {shown}"))
            continue
        for fact in said.facts:
            if isinstance(fact, Calls | Announces | Runs):
                landscape.add(fact, source)
            else:
                domain.add(fact, source)
    entities = domain.design()
    return replace(
        entities | landscape.design(),
        problems=tuple(problems),
    )


def unified(text: str) -> str:
    r"""``text`` with ``\n`` at the end of every line and no other control character but tabs."""
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", " ", re.sub(r"\r\n?", "\n", text))


def recognise(file: str, text: str) -> float:
    """Low, yet above zero, where a sentence is understood: the other formats go first."""
    found = islice(statements(unified(text[:5000]), file), _SENTENCES_TO_JUDGE_BY)
    understood = [said is not None for _, said in found]
    return 0.1 + 0.2 * sum(understood) / len(understood) if any(understood) else 0.0


FORMAT = Format("prose", (), recognise, read)
