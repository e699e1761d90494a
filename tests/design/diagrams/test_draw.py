"""draw(): which diagrams are drawn, in which forms, and what it says when it cannot."""

from __future__ import annotations

import base64
import itertools
import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from archnb.design.diagrams import Drawing, Drawings, diagrams, draw
from archnb.design.elements import Column, Design, Entity, Flow, Relation, Service, Source
from archnb.errors import DrawError

TABLES = Design(
    entities=(
        Entity("customers", (Column("id", "uuid", nullable=False),), ("id",), dialect="postgres"),
        Entity(
            "orders",
            (Column("id", "uuid", nullable=False), Column("customer_id", "uuid", nullable=False)),
            ("id",),
            dialect="postgres",
        ),
        Entity("audit", (Column("at", "timestamptz"),), dialect="postgres"),
    ),
    relations=(Relation("orders", "customers", ("customer_id",), ("id",)),),
)
SERVICES = Design(
    services=(Service("web", "client"), Service("orders"), Service("orders-db", "store")),
    flows=(Flow("web", "orders", label="HTTPS"), Flow("orders", "orders-db", "data")),
)
HOSTILE = (
    "<script>alert(1)</script>",
    'a"b\n{}|',
    "<b>bold</b>",
    "&amp;<!--",
    "\\N\\G\\n\\",
    "]]>",
    "\x00\x1b[31m\u202egnp.\ud800",
    "%s$(id)`id`",
    "href=javascript:alert(1)",
    "Щука",
    "顧客テーブル",
    "😀",
    "x" * 5000,
    "",
)


def png_size(png: bytes) -> tuple[int, int]:
    return int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")


def hostile_design() -> Design:
    entities = tuple(
        Entity(
            name, tuple(Column(column, column) for column in HOSTILE), (name,), comment=name,
            context=name, dialect="postgres",
        )
        for name in HOSTILE
    )  # fmt: skip
    pairs = list(itertools.pairwise(HOSTILE))
    return Design(
        entities=entities,
        relations=tuple(Relation(a, b, (a,), (b,), label=a) for a, b in pairs),
        services=tuple(Service(name, technology=name, group=name, image=name) for name in HOSTILE),
        flows=tuple(Flow(a, b, label=a) for a, b in pairs),
    )


@pytest.mark.parametrize(
    ("design", "kind", "drawn"),
    [
        (TABLES, "auto", ["erd"]),
        (SERVICES, "auto", ["services"]),
        (TABLES | SERVICES, "auto", ["erd", "services"]),
        (TABLES | SERVICES, "services", ["services"]),
        (Design(), "auto", []),
    ],
)
def test_which_diagrams_are_drawn(design: Design, kind: str, drawn: list[str]) -> None:
    assert [drawing.kind for drawing in draw(design, kind)] == drawn


@pytest.mark.parametrize(
    ("kind", "focus", "message", "hint"),
    [
        ("uml", (), "no diagram called 'uml'", "erd"),
        ("services", (), "Nothing to draw as services", ""),
        ("auto", ("ordrs",), "no table or service called 'ordrs'", "orders"),
    ],
)
def test_what_cannot_be_drawn_is_said(
    kind: str, focus: tuple[str, ...], message: str, hint: str
) -> None:
    with pytest.raises(DrawError, match=re.escape(message)) as caught:
        draw(TABLES, kind, focus=focus)
    assert hint in caught.value.hint


def test_a_drawing_shows_itself_in_three_forms() -> None:
    (drawing,) = draw(TABLES, title="Shop <1>")
    data, metadata = drawing._repr_mimebundle_()
    assert set(data) == {"image/svg+xml", "image/png", "text/plain"}
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert data["text/plain"].startswith("Shop <1>: 3 tables, 1 relation.")
    root = ET.fromstring(data["image/svg+xml"])
    assert root.get("width") == str(metadata["image/png"]["width"])
    assert root.get("aria-label") == "Shop <1>"
    # twice as many pixels as CSS pixels
    assert png_size(drawing.png)[0] == pytest.approx(2 * drawing.width, abs=3)


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        ((2350, 1000), 820),
        ((820, 700), None),
        ((300, 900), None),
        ((821, 1), 820),
        ((90000, 1), 820),
    ],
)
def test_a_wide_picture_fits_the_cell_and_is_saved_as_it_is(tmp_path, size, shown) -> None:
    (drawn,) = draw(TABLES, title='width="5000" height="9"')
    svg = re.sub(r' width="\d+" height="\d+"', ' width="{}" height="{}"'.format(*size), drawn.svg)
    drawing = replace(drawn, svg=svg, width=size[0])
    data, metadata = drawing._repr_mimebundle_()
    natural, root = ET.fromstring(svg), ET.fromstring(data["image/svg+xml"])
    kept = (None, None) if shown else tuple(map(str, size))
    assert (root.get("width"), root.get("height")) == kept
    assert root.get("viewBox") == natural.get("viewBox")
    assert metadata["image/png"]["width"] == (shown or size[0])
    assert drawing.save(tmp_path / "x.svg").read_text() == svg


def test_a_really_wide_drawing_fits_the_cell() -> None:
    (drawing,) = draw(Design(flows=tuple(Flow(f"service-{n}", "hub") for n in range(60))), title="W" * 200)  # fmt: skip
    assert drawing.width > 820
    data, metadata = drawing._repr_mimebundle_()
    root = ET.fromstring(data["image/svg+xml"])
    assert (root.get("width"), metadata["image/png"]["width"]) == (None, 820)
    assert root.get("viewBox")


def test_drawings_are_a_tuple() -> None:
    both = draw(TABLES | SERVICES)
    assert isinstance(both, Drawings)
    assert (len(both), both[1].kind, bool(both), bool(draw(Design()))) == (
        2,
        "services",
        True,
        False,
    )
    assert list(both) == [both[0], both[1]]
    assert all(isinstance(drawing, Drawing) for drawing in both)


def test_one_drawing_is_shown_as_itself_and_none_in_words() -> None:
    one = draw(TABLES)
    assert one._repr_mimebundle_(include=None, exclude=None) == one[0]._repr_mimebundle_()
    assert draw(Design())._repr_mimebundle_() == ({"text/plain": "nothing to draw"}, {})


def test_several_drawings_are_shown_below_one_another() -> None:
    both = draw(TABLES | SERVICES, title='"<b>')
    data, _ = both._repr_mimebundle_()
    assert set(data) == {"text/html", "text/plain"}
    assert data["text/plain"] == f"{both[0].text}\n\n{both[1].text}"
    images = re.findall(r'<img src="data:image/svg\+xml;base64,([^"]+)"([^>]*)>', data["text/html"])
    assert [base64.b64decode(image).decode() for image, _ in images] == [each.svg for each in both]
    for _, rest in images:
        assert rest == (' style="max-width:100%;display:block;margin:8px 0" alt="&quot;&lt;b&gt;"')


@pytest.mark.parametrize("design", [Design(), TABLES, TABLES | SERVICES])
def test_ipython_takes_the_words_of_the_bundle(design: Design) -> None:
    from IPython.core.formatters import DisplayFormatter

    drawings = draw(design)
    data, _ = DisplayFormatter().format(drawings)
    assert data["text/plain"] == drawings._repr_mimebundle_()[0]["text/plain"]


@pytest.mark.parametrize(
    ("design", "names"),
    [
        (TABLES, ["a.b.svg"]),
        (TABLES | SERVICES, ["a.b-erd.svg", "a.b-services.svg"]),
        (Design(), []),
    ],
)
def test_drawings_are_saved_by_kind(tmp_path, design: Design, names: list[str]) -> None:
    drawings = draw(design)
    paths = drawings.save(str(tmp_path / "a.b.svg"))
    assert paths == [tmp_path / name for name in names]
    assert [path.read_text() for path in paths] == [drawing.svg for drawing in drawings]


@pytest.mark.parametrize("name", ["", "x.pdf", "missing/x.svg"])
def test_several_drawings_say_why_they_are_not_saved(name: str) -> None:
    with pytest.raises(DrawError):
        draw(TABLES | SERVICES).save(name)


def test_the_title_names_the_only_file() -> None:
    one = Design(entities=(Entity("a", source=Source("db/schema.sql", 1)),))
    two = one | Design(entities=(Entity("b", source=Source("other.sql", 1)),))
    assert [draw(one)[0].title, draw(two)[0].title] == [
        "Entities and relations · schema.sql",
        "Entities and relations",
    ]


@pytest.mark.parametrize("suffix", [".svg", ".png", ".dot", ".txt", ".SVG"])
def test_save_by_suffix(tmp_path, suffix: str) -> None:
    (drawing,) = draw(TABLES)
    starts = {".svg": b"<svg", ".png": b"\x89PNG", ".dot": b"digraph", ".txt": b"Entities"}
    path = drawing.save(tmp_path / f"x{suffix}")
    assert path.read_bytes().startswith(starts[suffix.lower()])


@pytest.mark.parametrize("name", ["x.pdf", "x", "missing/x.svg"])
def test_save_says_why_not(tmp_path, name: str) -> None:
    (drawing,) = draw(TABLES)
    with pytest.raises(DrawError) as caught:
        drawing.save(tmp_path / name)
    assert caught.value.hint


def test_hostile_names_are_only_ever_text() -> None:
    for drawing in draw(hostile_design(), title="<svg onload=alert(1)>\x00\ud800"):
        root = ET.fromstring(drawing.svg)  # well-formed, though every name tries to break it
        tags = {element.tag.rpartition("}")[2] for element in root.iter()}
        assert tags <= {"svg", "g", "title", "polygon", "path", "text", "polyline", "ellipse"}
        names = {key.rpartition("}")[2] for element in root.iter() for key in element.attrib}
        assert not {name for name in names if name in ("href", "id") or name.startswith("on")}
        words = {element.text for element in root.iter() if element.tag.endswith("text")}
        assert "<script>alert(1)</script>" in words
        assert "\\N\\G\\n\\" in words
        assert not re.search(
            r"(?i)\b(url|href|image|src|tooltip)\s*=", re.sub(r"<<.*>>", "", drawing.dot)
        )
        assert not set(drawing.text) & {"\x00", "\x1b", "\u202e", "\ud800"}
        assert max(map(len, words)) <= 100


@pytest.mark.parametrize(
    "name", ["顧客注文明細テーブル", "ШИРИНА_ЖЮРИ_ЩУКА", "😀😀😀😀😀", "Ünïcödé"]
)
def test_letters_without_metrics_get_room(name: str) -> None:
    """The text of the next cell begins after the widest that this one's letters can be."""
    width = {"顧": 1.0, "Ш": 0.75, "😀": 1.3, "Ü": 0.56}[name[0]] * 10 * len(name)
    design = Design(entities=(Entity("t", (Column(name, "kind_of_it"),), dialect="postgres"),))
    root = ET.fromstring(draw(design)[0].svg)
    left = {element.text.strip("\xa0 "): float(element.get("x")) for element in root.iter()
            if element.tag.endswith("text")}  # fmt: skip
    assert left["kind_of_it"] - left[name] >= width


def test_focus_keeps_the_neighbours_only() -> None:
    (drawing,) = draw(TABLES, focus=("customers",))
    assert "Table orders" in drawing.text
    assert "audit" not in drawing.text
    assert [drawing.kind for drawing in draw(TABLES | SERVICES, focus=("web",))] == ["services"]


def test_a_big_picture_stays_within_the_pixel_limit() -> None:
    tables = tuple(Entity(f"table_{number}") for number in range(900))
    design = Design(tables, tuple(Relation(t.name, "table_0") for t in tables[1:]))
    (drawing,) = draw(design)
    assert 7000 < max(png_size(drawing.png)) <= 8000


def test_every_diagram_is_a_part_of_the_folder() -> None:
    assert {"erd", "services"} <= set(diagrams())
