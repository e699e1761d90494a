"""The descriptions of the corpus: every operation, with its line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from archnb.design.elements import Parameter, Response
from archnb.design.formats import openapi

CORPUS = Path(__file__).parents[3].parent / "shared" / "corpus" / "openapi"
needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="the shared corpus is not here")


COUNTS = {
    "api-with-examples.yaml": 2,
    "github.json": 1223,
    "petstore-expanded.yaml": 4,
    "petstore.yaml": 3,
    "twilio_messaging_v1.json": 58,
    "twilio_verify_v2.json": 57,
}


@needs_corpus
@pytest.mark.parametrize("file", sorted(CORPUS.glob("*.*")), ids=lambda file: file.name)
def test_every_operation_of_the_corpus(file):
    text = file.read_text()
    assert openapi.recognise(file.name, text) > 0.9
    design = openapi.read(text, str(file))
    assert not design.problems
    assert design.apis[0].title
    assert len(design.endpoints) == COUNTS.get(file.name, len(design.endpoints)) > 0
    lines = text.splitlines()
    for each in design.endpoints:
        assert re.match(rf'\s*"?{each.method.lower()}"?:', lines[each.source.line - 1])
        assert each.responses


@needs_corpus
def test_petstore_by_hand():
    file = CORPUS / "petstore.yaml"
    listing = openapi.read(file.read_text(), "petstore.yaml").endpoints[0]
    assert listing.parameters == (Parameter("limit", "query", type="integer"),)
    assert listing.responses[0] == Response(
        "200", "A paged array of pets", True, "", True, True, (), ("x-next",)
    )
    assert listing.secured is False
