"""Kubernetes manifests: workloads with their Services, gateways, settings and the calls between them."""

from __future__ import annotations

import pytest

from archnb.design.elements import Design, Flow
from archnb.design.formats import kubernetes
from archnb.errors import ReadError


def edges(design: Design) -> dict[tuple[str, str], Flow]:
    return {(flow.origin, flow.target): flow for flow in design.flows}


def deployment(
    name: str, env: str = "[]", *, kind: str = "Deployment", more: str = "", namespace: str = ""
) -> str:
    place = f", namespace: {namespace}" if namespace else ""
    return (
        f"apiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: {name}{place}}}\nspec:\n"
        f"  template:\n    metadata: {{labels: {{app: {name}}}}}\n    spec:\n      containers:\n"
        f"      - name: main\n        image: shop/{name}:1\n        env: {env}\n{more}---\n"
    )


def service(name: str, *, app: str = "", more: str = "", namespace: str = "") -> str:
    place = f", namespace: {namespace}" if namespace else ""
    return (
        f"apiVersion: v1\nkind: Service\nmetadata: {{name: {name}{place}}}\n"
        f"spec:\n  selector: {{app: {app or name}}}\n{more or '  ports: [{port: 80}]'}\n---\n"
    )


SHOP = (
    deployment(
        "web",
        "[{name: API, value: 'http://orders:8080/v1'}, {name: DB, value: 'postgres://u@pg/shop'}]",
        namespace="shop",
    )
    + deployment(
        "orders",
        namespace="shop",
        more="        readinessProbe: {grpc: {port: 1}}\n  replicas: 3\n",
    )
    + service(
        "orders",
        namespace="shop",
        more="  type: LoadBalancer\n  ports: [{name: grpc, port: 8080, targetPort: 90}]",
    )
    + """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: postgres, namespace: shop}
spec:
  template:
    metadata: {labels: {app: pg, tier: data}}
    spec:
      containers: [{name: db, image: 'postgres:17', ports: [{containerPort: 5432, hostPort: 15432}]}]
---
"""
    + service("pg", namespace="shop")
    + """\
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly, namespace: shop}
spec:
  jobTemplate:
    spec:
      template:
        metadata: {labels: {app: nightly}}
        spec:
          containers:
          - {name: run, image: shop/job, args: ['--db', 'postgres-0.pg.shop.svc.cluster.local:5432', '--url=http://orders.shop']}
---
apiVersion: v1
kind: Service
metadata: {name: bank, namespace: shop}
spec: {type: ExternalName, externalName: api.bank.test}
---
apiVersion: v1
kind: Service
metadata: {name: redis-sessions, namespace: shop}
spec: {selector: {app: gone}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: shop}
spec: {minReplicas: 2, scaleTargetRef: {kind: Deployment, name: web}}
---
"""
)


@pytest.fixture(scope="module")
def shop() -> Design:
    return kubernetes.read(SHOP, "shop.yaml")


def test_nodes(shop):
    assert not shop.problems
    found = {
        each.name: (each.kind, each.technology, each.replicas, each.health, each.group)
        for each in shop.services
    }
    assert found == {
        "web": ("service", "", 2, False, "shop"),
        "orders": ("service", "", 3, True, "shop"),
        "postgres": ("store", "PostgreSQL", 1, False, "shop"),
        "nightly": ("job", "", 0, None, "shop"),
        "bank": ("external", "", 0, None, "shop"),
        "redis-sessions": ("store", "Redis", 0, None, "shop"),
    }
    assert [(each.container, each.published) for each in shop.service("orders").ports] == [
        ("90", "8080")
    ]
    assert [(each.container, each.published) for each in shop.service("postgres").ports] == [
        ("5432", "15432")
    ]


def test_calls_are_inferred_with_their_evidence(shop):
    shown = {key: (each.style, each.label, each.evidence) for key, each in edges(shop).items()}
    assert shown == {
        ("web", "orders"): ("sync", "HTTP", "env API"),
        ("web", "postgres"): ("data", "PostgreSQL", "env DB"),
        ("nightly", "postgres"): ("data", "PostgreSQL", "args"),
        ("nightly", "orders"): ("sync", "HTTP", "args"),
    }
    assert all(flow.inferred for flow in shop.flows)
    assert edges(shop)["web", "postgres"].database == "shop"


@pytest.mark.parametrize(
    ("host", "reached"),
    [
        ("api", {"api"}),
        ("api.shop", {"api"}),
        ("api.shop.svc", {"api"}),
        ("api.shop.svc.cluster.local", {"api"}),
        ("API.shop.svc.cluster.local.", {"api"}),
        ("api-0.api", {"api"}),
        ("api.other", set()),
        ("api.com", set()),
        ("api.shop.example", set()),
        ("xapi", set()),
    ],
)
def test_dns_names(host, reached):
    text = deployment("api", namespace="shop") + service("api", namespace="shop")
    text += deployment("web", f"[{{name: API_URL, value: 'http://{host}:80'}}]", namespace="shop")
    assert {target for _, target in edges(kubernetes.read(text, "f.yaml"))} == reached


def test_without_a_namespace_only_a_spelled_one_counts():
    for host, reached in (("api.any.svc", True), ("api.default", True), ("api.com", False)):
        text = deployment("api") + service("api")
        text += deployment("web", f"[{{name: U, value: 'http://{host}'}}]")
        assert bool(edges(kubernetes.read(text, "f.yaml"))) is reached


def test_the_same_name_in_two_namespaces():
    text = "".join(
        deployment("api", namespace=place)
        + service("api", namespace=place)
        + deployment("web", "[{name: U, value: 'http://api'}]", namespace=place)
        for place in ("one", "two")
    )
    design = kubernetes.read(text, "f.yaml")
    assert set(edges(design)) == {("web", "api"), ("web.two", "api.two")}


CONFIG = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: conf}
data:
  API_URL: http://api:80
  LEVEL: debug
  nginx.conf: |
    location / { proxy_pass http://api:80; }
---
"""
ENV = {
    "[{name: U, valueFrom: {configMapKeyRef: {name: conf, key: API_URL}}}]": (
        "http://api:80",
        "env U",
    ),
    "[{name: U, value: 'http://$(H):80'}, {name: V, value: x}]": ("http://$(H):80", None),
    "[{name: H, value: api}, {name: U, value: 'http://$(H):80'}]": ("api", "env U"),
    "[{name: API_URL, valueFrom: {secretKeyRef: {name: s, key: k}}}]": (
        None,
        "env API_URL (by the variable's name)",
    ),
    "[{name: API_HOST, valueFrom: {fieldRef: {fieldPath: status.hostIP}}}]": (None, None),
    "[{name: DB_NAME, value: api}]": ("api", None),
}


@pytest.mark.parametrize(("env", "expected"), ENV.items())
def test_settings_and_where_their_values_come_from(env, expected):
    text = CONFIG + deployment("api") + service("api") + deployment("web", env)
    design = kubernetes.read(text, "f.yaml")
    flow = edges(design).get(("web", "api"))
    assert (design.service("web").settings[0].value, flow and flow.evidence) == expected


def test_env_from_and_mounted_configuration():
    more = "        envFrom: [{prefix: X_, configMapRef: {name: conf}}]\n"
    design = kubernetes.read(
        CONFIG + deployment("api") + service("api") + deployment("web", more=more), "f.yaml"
    )
    settings = {each.name: each.source.line for each in design.service("web").settings}
    assert (settings["X_API_URL"], settings["X_LEVEL"]) == (5, 6)
    more = "      volumes: [{name: c, configMap: {name: conf}}]\n"
    design = kubernetes.read(
        CONFIG + deployment("api") + service("api") + deployment("web", more=more), "f.yaml"
    )
    flow = edges(design)["web", "api"]
    assert flow.inferred
    assert "config nginx.conf" in flow.evidence


BACKENDS = deployment("api") + service("api") + deployment("web") + service("web")
FRONTS = {
    "Ingress": (
        (
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: web}\n"
            "spec:\n  ingressClassName: nginx\n  rules:\n  - host: a.test\n    http:\n      paths:\n"
            "      - {path: /api, backend: {service: {name: api, port: {number: 80}}}}\n"
            "      - {path: /, backend: {serviceName: web, servicePort: 80}}\n"
        ),
        "web (Ingress)",
        "nginx",
        {"api", "web"},
    ),
    "HTTPRoute": (
        (
            "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: edge}\nspec: {gatewayClassName: envoy}\n---\n"
            "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r}\n"
            "spec: {parentRefs: [{name: edge}], rules: [{backendRefs: [{name: api, port: 80}]}]}\n"
        ),
        "edge",
        "envoy",
        {"api"},
    ),
    "VirtualService": (
        (
            "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: r}\n"
            "spec: {gateways: [mesh, ns/edge], http: [{route: [{destination: {host: api.default.svc.cluster.local}}]}]}\n"
        ),
        "edge",
        "Istio",
        {"api"},
    ),
    "IngressRoute": (
        (
            "apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {name: edge}\n"
            "spec: {routes: [{match: 'Host(`a`)', services: [{name: api, port: 80}]}]}\n"
        ),
        "edge",
        "Traefik",
        {"api"},
    ),
    "a backend that lies elsewhere": (
        (
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: edge}\n"
            "spec: {defaultBackend: {service: {name: legacy}}}\n"
        ),
        "edge",
        "Ingress",
        {"legacy"},
    ),
}


@pytest.mark.parametrize(("text", "name", "technology", "targets"), FRONTS.values(), ids=FRONTS)
def test_what_stands_in_front(text, name, technology, targets):
    design = kubernetes.read(BACKENDS + text, "f.yaml")
    gateway = design.service(name)
    assert (gateway.kind, gateway.technology) == ("gateway", technology)
    assert {flow.target for flow in design.flows if flow.origin == name} == targets
    assert not any(flow.inferred for flow in design.flows)
    assert all(design.service(target) for target in targets)


def test_lists_and_json():
    text = (
        '{"apiVersion": "v1", "kind": "List", "items": [\n'
        ' {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"},\n'
        '  "spec": {"containers": [{"name": "c", "image": "redis:7"}]}},\n'
        ' {"apiVersion": "apps/v1", "kind": "DeploymentList", "items": [\n'
        '  {"kind": "Deployment", "metadata": {"name": "b"}, "spec": {}}]}]}'
    )
    design = kubernetes.read(text, "f.json")
    found = [(each.name, each.kind, each.source.line) for each in design.services]
    assert found == [("a", "store", 2), ("b", "service", 5)]


def test_several_files_are_one_cluster():
    files = [
        (deployment("web", "[{name: U, value: 'http://api'}]"), "web.yaml"),
        (service("api"), "api-service.yaml"),
        ("a: [", "broken.yaml"),
        (deployment("api"), "api.yaml"),
    ]
    design = kubernetes.read_files(files)
    assert set(edges(design)) == {("web", "api")}
    assert {str(each.source) for each in design.services} == {"web.yaml:1", "api.yaml:1"}
    assert [problem.source.file for problem in design.problems] == ["broken.yaml"]


def test_what_is_odd_is_a_problem_and_costs_nothing_else():
    text = (
        "kind: Deployment\nmetadata: {}\n---\njust words\n---\n"
        + deployment("ok")
        + "a: [\n---\n"
        + (
            "kind: Service\nmetadata: {name: s}\nspec: {selector: [1], ports: {a: b}}\n---\n"
            "kind: Deployment\nmetadata: {name: '<b>\"'}\nspec: {template: {spec: {containers: [3, {env: 4, ports: [5]}], volumes: x}}}\n"
        )
    )
    design = kubernetes.read(text, "odd.yaml")
    assert [each.name for each in design.services] == ["ok", '<b>"', "s"]
    assert len(design.problems) == 3
    assert all(problem.source.line for problem in design.problems)


@pytest.mark.parametrize("text", ["", "a: 1", "- 1", "kind: [\n"])
def test_nothing_to_read(text):
    with pytest.raises(ReadError, match=r"f\.yaml"):
        kubernetes.read(text, "f.yaml")
