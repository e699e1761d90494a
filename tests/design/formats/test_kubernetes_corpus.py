"""The manifests of the corpus: every workload, and the calls of one file checked by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from archnb.design.formats import kubernetes

CORPUS = Path(__file__).parents[3].parent / "shared" / "corpus" / "k8s"
needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="the shared corpus is not here")


def edges(design):
    return {(flow.origin, flow.target): flow for flow in design.flows}


# By hand: each variable of the file that names a Service of the file.
BOUTIQUE = """
    frontend: productcatalogservice currencyservice cartservice recommendationservice shippingservice checkoutservice adservice
    cartservice: redis-cart
    loadgenerator: frontend
    recommendationservice: productcatalogservice
    checkoutservice: productcatalogservice shippingservice paymentservice emailservice currencyservice cartservice
"""


@needs_corpus
def test_online_boutique():
    file = CORPUS / "online-boutique.yaml"
    text = file.read_text()
    design = kubernetes.read(text, str(file))
    assert not design.problems
    assert kubernetes.recognise(file.name, text) > 0.9
    assert sorted(each.name for each in design.services) == sorted(
        "frontend adservice currencyservice cartservice redis-cart loadgenerator recommendationservice "
        "checkoutservice emailservice paymentservice shippingservice productcatalogservice".split()
    )
    rows = [line.strip().partition(":") for line in BOUTIQUE.strip().splitlines()]
    assert set(edges(design)) == {
        (origin, target) for origin, _, targets in rows for target in targets.split()
    }
    assert len(design.flows) == 16
    assert all(flow.inferred for flow in design.flows)
    assert edges(design)["cartservice", "redis-cart"].style == "data"
    assert edges(design)["frontend", "adservice"].label == "gRPC"
    assert design.service("loadgenerator").kind == "client"
    assert {each.name for each in design.services if each.health is False} == {"loadgenerator"}
    lines = text.splitlines()
    for flow in design.flows:
        assert flow.evidence.split()[1] in lines[flow.source.line - 1]


@needs_corpus
def test_a_route_inside_the_mesh_names_a_service_and_calls_none():
    file = CORPUS / "ob-istio-frontend.yaml"
    design = kubernetes.read(file.read_text(), str(file))
    assert [each.name for each in design.services] == ["frontend"]
    assert not design.flows
