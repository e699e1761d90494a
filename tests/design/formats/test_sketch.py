"""What a person means by arrows, lines and columns."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from archnb.design.elements import Design, Flow, Service
from archnb.design.formats.sketch import FORMAT

CASES = yaml.safe_load(Path(__file__).with_name("sketch_cases.yaml").read_text("utf-8"))
SEED = Path(__file__).parents[4] / "shared" / "seed" / "backend-architect.md"


def flows(design):
    return [
        f"{'? ' * f.inferred}{f.origin} | {f.target} | {f.style} {f.label}".strip()
        for f in design.flows
    ]


def services(design):
    return [
        f"{s.name} {s.kind}" + (f" ({s.technology})" if s.technology else "")
        for s in design.services
    ]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["text"][:40])
def test_sketches(case):
    design = FORMAT.read(case["text"], "cell")
    assert [problem.source.line for problem in design.problems] == case.get("problems", [])
    if "flows" in case:
        assert flows(design) == case["flows"]
    if "services" in case:
        assert services(design) == case["services"]


def test_there_are_enough_cases():
    assert len(CASES) >= 30


GATE, BUS = "API Gateway", "Event Bus"
EXPECTED_OF_SEED = [
    [
        (GATE, "Authentication Service", "sync"),
        (GATE, "User Service", "sync"),
        ("User Service", "User DB", "data"),
        (GATE, "Order Service", "sync"),
        ("Order Service", "Order DB", "data"),
        (GATE, "Payment Service", "sync"),
        ("Payment Service", "Payment DB", "data"),
        ("Payment Service", BUS, "async"),
        ("Authentication Service", BUS, "async"),
        ("User Service", BUS, "async"),
        ("Order Service", BUS, "async"),
        (BUS, "Notification Service", "async"),
        (BUS, "Analytics Service", "async"),
        (BUS, "Audit Service", "async"),
    ],
    [
        ("Client", "Command API", "sync"),
        ("Command API", "Command Handler", "sync"),
        ("Command Handler", "Write DB", "data"),
        ("Client", "Query API", "sync"),
        ("Query API", "Query Handler", "sync"),
        ("Query Handler", "Read DB", "data"),
        ("Event Stream", "Query Handler", "async"),
    ],
    [
        ("Web Client", "Web BFF", "sync"),
        ("Web BFF", "Backend Services", "sync"),
        ("Mobile App", "Mobile BFF", "sync"),
        ("Mobile BFF", "Backend Services", "sync"),
        ("IoT Device", "IoT BFF", "sync"),
        ("IoT BFF", "Backend Services", "sync"),
    ],
]


@pytest.mark.skipif(not SEED.exists(), reason="the shared folder is not beside the project")
@pytest.mark.parametrize("number", range(3))
def test_the_sketches_of_the_seed(number):
    part = SEED.read_text("utf-8").split("## Architecture Patterns")[1].split("\n## ")[0]
    sketch = re.findall(r"```\n(.*?)```", part, re.DOTALL)[number]
    design = FORMAT.read(sketch, "")
    assert not design.problems
    assert [(f.origin, f.target, f.style) for f in design.flows] == EXPECTED_OF_SEED[number]


def test_every_element_knows_its_line():
    design = FORMAT.read("\nA → B\n   → C", "x.sketch")
    assert [str(flow.source) for flow in design.flows] == ["x.sketch:2", "x.sketch:3"]
    assert str(design.service("C").source) == "x.sketch:3"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["text"][:40])
def test_written_sketches_read_the_same(case):
    design = FORMAT.read(case["text"], "")
    again = FORMAT.read(FORMAT.write(design), "")
    assert not again.problems
    assert [f.removeprefix("? ") for f in flows(again)] == [
        f.removeprefix("? ") for f in flows(design)
    ]
    assert {s.name for s in again.services} == {s.name for s in design.services}


def test_hostile_names_survive_writing():
    names = ["a\nb → c", "x, y", "# no comment", "- z", "tail:", "v", "|", "</a>", "p; q"]
    design = Design(
        services=tuple(Service(name) for name in names),
        flows=tuple(Flow(names[0], name) for name in names[1:]),
    )
    again = FORMAT.read(FORMAT.write(design), "")
    assert [flow.target for flow in again.flows] == names[1:]


def test_writing_nothing():
    assert FORMAT.write(Design()) == ""


@pytest.mark.parametrize(
    ("file", "text", "low", "high"),
    [
        ("x", "A → B", 0.8, 1.0),
        ("x", "Hello there.\nGateway -> Orders\nBye.", 0.6, 0.8),
        ("x.sketch", "A → B", 1.0, 1.0),
        ("x.arch", "Orders", 0.4, 0.6),
        ("x", "def f(a: int) -> int:\n    return a", 0, 0),
        ("x", "SELECT data->>'a' FROM t WHERE b >= 2;", 0, 0),
        ("x", "A customer places many orders.", 0, 0),
        ("x", "", 0, 0),
    ],
)
def test_recognition(file, text, low, high):
    assert low <= FORMAT.recognise(file, text) <= high


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(f"S{n} → S{n + 1}" for n in range(10_000)),
        "Gateway\n" + "\n".join(f"    → S{n}" for n in range(10_000)),
        "Root\n" + "\n".join(" " * (n % 60) + f"→ S{n}" for n in range(10_000)),
    ],
)
def test_ten_thousand_lines(text):
    design = FORMAT.read(text, "")
    assert len(design.flows) == 10_000
    assert not design.problems


@pytest.mark.parametrize(
    "text",
    [
        "A" * 2_000_000,
        ("A," * 240 + " → " + "B," * 240),
        ("-" * 1000 + "\n") * 100,
        ("[" * 1000 + "\n") * 100,
        ("<-" * 500 + "\n") * 20,
        "|\n" * 10_000,
        "A →\n" * 1000,
    ],
    ids=["long", "product", "dashes", "brackets", "arrows", "pipes", "open"],
)
def test_hostile_lines_end(text):
    assert len(FORMAT.read(text, "").flows) <= 1000
