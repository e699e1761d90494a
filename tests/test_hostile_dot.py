"""Names, labels and notes of a design are only ever text in a picture, whatever they hold."""

import asyncio
import dataclasses
import html
import itertools
import json
import re
import typing
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from archnb.design import elements
from archnb.design.diagrams import View, diagrams, draw
from archnb.design.diagrams._ink import clip
from archnb.design.elements import Column, Design, Entity, Finding, Relation, Service, Source
from archnb.errors import DrawError
from archnb.tools.base import Context, ToolError
from archnb.tools.draw import TOOL
from archnb.workspace import Workspace

FILE = Path(__file__).parents[2] / "shared" / "cases" / "hostile_inputs.json"

NAMES = [
    "<script>alert(1)</script>", "<b>x</b>", "<<b>x</b>>", 'a"]; evil[URL="javascript:1"]', "a:b", "a:b:ne",
    'x" URL="javascript:alert(1)', 'stylesheet="http://evil/x.css"', '_background="c 7 -#ff0000"', "a\\", "\\N\\G\\l",
    "&amp;&lt;&#0;", "<img src=x onerror=alert(1)>", "]]><!--", "<!DOCTYPE svg>", "?><?xml-stylesheet?>", "digraph{}",
    '<td href="javascript:1">', '" width="1" height="2"', 'font-family="x" xml:space="preserve"', "--", "->", "node",
    "a|b{c}", "</text><script>", "<title>x</title>", '<g id="graph0" class="g">', "%s%n{0}$(id)`id`", "port=c0l", "...",
]  # fmt: skip
UNSEEN = [
    "a\x1b[31mb",
    "a\x00b",
    "a\u202egnp.exe",
    "a\u2066b",
    "\ud800x",
    "a\nb",
    "\x7f\x85",
    "\ufffe",
]
TAGS = {"svg", "g", "title", "polygon", "path", "text", "polyline", "ellipse"}
ATTRIBUTES = {  # of the SVG
    "role", "aria-label", "width", "height", "viewBox", "style", "class", "transform", "fill", "stroke", "points", "d",
    "stroke-width", "stroke-dasharray", "text-anchor", "x", "y", "font-family", "font-size", "font-weight", "cx", "cy",
    "rx", "ry", "fill-opacity", "stroke-opacity", "font-style",
}  # fmt: skip
DOT_WORDS = {  # attributes, statements and the values that we write without quotes
    "digraph", "subgraph", "graph", "node", "edge", "erd", "services", "bgcolor", "fontname", "fontsize", "label",
    "labeljust", "labelloc", "newrank", "nodesep", "pad", "rankdir", "ranksep", "fontcolor", "shape", "penwidth",
    "arrowsize", "color", "dir", "style", "arrowhead", "arrowtail", "fillcolor", "margin", "height", "weight", "invis",
    "true", "l", "t", "r", "e", "w", "more", "plain", "both", "dashed", "dotted", "box", "cylinder", "cds", "component",
    "filled", "none", "TB", "LR", "Arial", "crowtee", "crowodot", "teetee", "teeodot",
}  # fmt: skip
LABEL_TAGS = {"table", "tr", "td", "font", "b", "br", "label"}
LABEL_ATTRIBUTES = {
    "border", "cellborder", "cellspacing", "cellpadding", "bgcolor", "color", "style", "align", "valign", "height",
    "width", "fixedsize", "port", "colspan", "point-size",
}  # fmt: skip


def filled(kind, name):
    """A value of the dataclass ``kind`` with ``name`` wherever it can hold words."""
    hints = typing.get_type_hints(kind, include_extras=False)
    given_fields = {}
    for field in dataclasses.fields(kind):
        hint = hints[field.name]
        arguments = typing.get_args(hint)
        if hint is str or hint == (str | None):
            given_fields[field.name] = name
        elif hint is Source:
            given_fields[field.name] = Source(name, 1)
        elif typing.get_origin(hint) is tuple and arguments[0] is str:
            given_fields[field.name] = (name,)
        elif typing.get_origin(hint) is tuple and dataclasses.is_dataclass(arguments[0]):
            given_fields[field.name] = (filled(arguments[0], name),)
    return kind(**given_fields)


def hostile(names):
    """One design in which each name stands in every place there is, and findings about them."""
    several = [dataclasses.replace(filled(Design, name), problems=()) for name in names]
    whole = several[0]
    for one in several[1:]:
        whole |= one
    found = [
        Finding(name[:10] or "X", "error", name, name, name, Source(name, 1)) for name in names
    ]
    kinds = [dataclasses.replace(service, kind=kind) for service, kind in zip(
        whole.services, typing.get_args(elements.ServiceKind) * len(whole.services), strict=False
    )]  # fmt: skip
    ring = [Relation(a, b, (a,), (b,), label=a) for a, b in itertools.pairwise(names)]
    concepts = [dataclasses.replace(e, name=e.name + "2", kind="concept") for e in whole.entities]
    return dataclasses.replace(
        whole, services=tuple(kinds), relations=(*whole.relations, *ring), entities=(*whole.entities, *concepts)
    ), found  # fmt: skip


def check_dot(text):
    """Outside quotes and labels only our own words; in labels only our own markup."""
    rest, labels = [], []
    at = 0
    while at < len(text):
        if text[at] == '"':
            end = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL).match(text, at).end()
            quoted = text[at + 1 : end - 1]
            assert re.fullmatch(r"[\w#.,]*", quoted), quoted
            at = end
        elif text[at] == "<":
            depth, start = 0, at
            while True:
                depth += {"<": 1, ">": -1}.get(text[at], 0)
                at += 1
                if not depth:
                    break
            labels.append(text[start + 1 : at - 1])
        else:
            rest.append(text[at])
            at += 1
    words = set(re.findall(r"[^\W\d]\w*", "".join(rest)))
    assert not {
        word for word in words - DOT_WORDS if not re.fullmatch(r"[tsc]\d+[lr]?|cluster_\d+", word)
    }
    for label in labels:
        root = ET.fromstring(f"<label>{label}</label>")
        assert {element.tag for element in root.iter()} <= LABEL_TAGS
        assert {key for element in root.iter() for key in element.attrib} <= LABEL_ATTRIBUTES
        for element in root.iter():
            words = (element.text or "") + (element.tail or "")
            assert not re.search(r"(?<!\\)(\\\\)*\\(?!\\)", words), (
                words
            )  # \N would be the node's name


def check_svg(svg):
    assert "<?" not in svg
    assert "<!" not in svg
    root = ET.fromstring(svg)
    assert {
        element.tag.removeprefix("{http://www.w3.org/2000/svg}") for element in root.iter()
    } <= TAGS
    assert {key for element in root.iter() for key in element.attrib} <= ATTRIBUTES
    for element in root.iter():
        for key, value in element.attrib.items():
            assert key == "aria-label" or "script" not in value.lower()
            assert key == "aria-label" or "url(" not in value.lower()
    return {
        (element.text or "").strip("\xa0 ")
        for element in root.iter()
        if element.tag.endswith("text")
    }


def shown(name):
    """How a name within the limits stands in a picture."""
    return re.sub(r"\s+", " ", clip(name, 32))


def drawn(names, title=""):
    design, found = hostile(names)
    return draw(design, title=title or names[0], findings=found)


def test_every_hostile_name_is_shown_as_it_is():
    pictures = drawn(NAMES)
    assert {picture.kind for picture in pictures} >= {"erd", "services"}
    for picture in pictures:
        check_dot(picture.dot)
        words = {re.sub(r"\s+", " ", word) for word in check_svg(picture.svg)}
        assert {shown(name) for name in NAMES} <= words
        assert picture.png.startswith(b"\x89PNG")


def test_what_cannot_be_seen_is_dropped_or_spelled_out():
    for picture in drawn([*UNSEEN, "x" * 10_000]):
        check_dot(picture.dot)
        words = check_svg(picture.svg)
        assert {"a[31mb", "ab", "a<U+202E>gnp.exe", "a<U+2066>b", "x", "a b"} <= words
        assert not set("\x00\x1b\u202e\u2066\ud800\x7f") & set(picture.svg + picture.text)
        assert max(map(len, words)) < 160


ANY = st.text(st.characters(codec=None), max_size=30) | st.text(
    st.sampled_from("<>&\"'\\/:;{}[]()|=-#%NGlnrb \t\n\u202e\x00\x1b\ud800"), max_size=20
)


@settings(max_examples=150, deadline=None)
@example(["<b>", "</b>"])
@example(["\\", '"'])
@given(st.lists(ANY, min_size=1, max_size=3))
def test_any_name_is_text_in_the_dot(names):
    design, found = hostile(names)
    for diagram in diagrams().values():
        for direction in diagram.directions:
            for focus in ((), ("nothing",)):
                view = View(names[0], focus, tuple(found), direction)
                check_dot(diagram.dot(design, view))
                said = diagram.text(design, view)
                assert not set(said) & set("\x00\x1b\u202e\ud800")


@settings(max_examples=6, deadline=None)
@given(st.lists(ANY, min_size=2, max_size=4))
def test_any_name_is_text_in_the_picture(names):
    for picture in drawn(names):
        check_svg(picture.svg)


def one_table(name):
    (picture,) = draw(Design(entities=(Entity(name, (Column(name, name),), (name,)),)))
    return check_svg(picture.svg)


def in_one_table(name, *also):
    """The name stands there as text, and nothing else comes of it."""
    assert {shown(name), *also} <= one_table(name)


def in_one_service(name):
    (picture,) = draw(Design(services=(Service(name),)))
    assert name in check_svg(picture.svg)
    assert picture.dot.count("shape=") == 1


def raw_dot(tmp_path):
    """A model's own DOT is refused in words; no engine sees it."""
    hidden = 'digraph { graph [stylesheet="http://evil/x"]; a [URL="javascript:1"]; a -> b }'
    (tmp_path / "x.dot").write_text(hidden)
    (tmp_path / "y.gv").write_text(hidden)
    for given_input in (
        {"text": hidden}, {"text": f"/* a */ strict {hidden}"}, {"text": f"// x\n# y\n{hidden}"},
        {"text": hidden.replace("digraph", 'GRAPH "n"')}, {"files": ["x.dot"]}, {"files": ["y.gv"]},
    ):  # fmt: skip
        with pytest.raises(ToolError, match=r"DOT itself is not drawn.* as a sketch"):
            TOOL.request(given_input, Workspace.at(tmp_path))
    for sketch in ("a -> b: x", "digraph -> b: graph {x}"):
        given_input = {"text": sketch}
        request = TOOL.request(given_input, Workspace.at(tmp_path))
        output = asyncio.run(TOOL.run(given_input, Context(Workspace.at(tmp_path)), request))
        check_dot(output.shown[0].dot)


def as_image(_):
    """The front end takes it as a picture; several stand in `img`, where no script runs."""
    one, several = draw(Design(services=(Service("a"),))), drawn(["<b>x</b>"])
    assert set(one._repr_mimebundle_()[0]) == {"image/svg+xml", "image/png", "text/plain"}
    page = several._repr_mimebundle_()[0]["text/html"]
    assert re.fullmatch(
        r'(<img src="data:image/svg\+xml;base64,[\w+/=]+" style="[^"<]*" alt="[^"<]*">\n?)+', page
    )
    assert html.escape("<b>x</b>") in page


def no_engine_of_the_project(tmp_path, monkeypatch):
    from archnb.design.diagrams import dot

    (tmp_path / "dot").write_text("#!/bin/sh\n")
    (tmp_path / "dot").chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f".:{tmp_path}")
    monkeypatch.setattr(dot.sysconfig, "get_path", lambda _: str(tmp_path / "none"))
    for wanted in ("", "dot", "./dot", str(tmp_path / "dot")):
        monkeypatch.setenv("ARCHNB_DOT", wanted)
        with pytest.raises(DrawError):
            dot.engine()


CHECKS = {
    "o189": lambda t, m: in_one_table("<script>alert(1)</script>"),
    "o190": lambda t, m: in_one_table("<b>x</b>"),
    "o191": lambda t, m: in_one_service('a"]; evil[URL="javascript:1"]'),
    "o193": lambda t, m: in_one_service("a:b"),
    "o194": lambda t, m: in_one_table('x" URL="javascript:alert(1)"'),
    "o198": lambda t, m: in_one_table('stylesheet="http://evil/x.css"'),
    "o199": lambda t, m: in_one_table('image="/etc/passwd"'),
    "o200": lambda t, m: in_one_table('image="http://127.0.0.1:9/"'),
    "o201": lambda t, m: in_one_table('_background="c 7"'),
    "o202": lambda t, m: in_one_table("a\x1b[31mb"),
    "o203": lambda t, m: in_one_table("a\u202egnp", "a<U+202E>gnp"),
    "o208": lambda t, m: raw_dot(t),
    "o209": lambda t, m: as_image(t),
    "o211": no_engine_of_the_project,
}


def test_the_collection_is_covered():
    if not FILE.exists():
        pytest.skip("../shared/cases is not here")
    cases = json.loads(FILE.read_text(encoding="utf-8"))["cases"]
    assert {case["id"] for case in cases if case["kind"] == "dot"} <= set(CHECKS)


@pytest.mark.parametrize("case", CHECKS)
def test_each_has_its_outcome(case, tmp_path, monkeypatch):
    CHECKS[case](tmp_path, monkeypatch)
