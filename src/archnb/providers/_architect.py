"""What the offline architect says and wishes for, as one generator per prompt."""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from archnb.conversation import ToolResult
from archnb.design.elements import Design
from archnb.design.reading import read_texts
from archnb.design.text import Passage
from archnb.errors import ReadError
from archnb.providers._orders import Heard, Order, hear

ABILITIES = """\
Offline I work by rules only. I understand

- **files** named with `@path`, and SQL, OpenAPI, compose, Kubernetes or arrow sketches \
(`Web → Orders → Orders DB`) in the cell;
- **plain sentences** such as *A customer places many orders. Orders calls Payments over HTTP.*;
- **orders**: *draw …*, *review …*, *verify …*, *explain …*, *fix … in @file*, \
*write … to FILE*, *run: command*, *ask @agent …*.

For anything else give me a model: set `ANTHROPIC_API_KEY` and leave out `--model offline`."""

_FIX_LINE = re.compile(
    r"^(?P<code>[A-Z]+\d+) (?P<severity>\w+) (?P<rest>.*)\n  fix with edit: (?P<edit>\{.*\})$",
    re.MULTILINE,
)
_TOPICS = {
    "index": {"DB001"},
    "indices": {"DB001"},
    "indexes": {"DB001"},
    "foreign": {"DB001"},
    "port": {"SEC002"},
    "ports": {"SEC002"},
}
_MAX_FIXES = 20


@dataclass(frozen=True, slots=True)
class Wish:
    """A tool the architect wants run; the generator gets its result back."""

    tool: str
    input: Mapping[str, Any]


Script = Generator[str | Wish, ToolResult | None, None]


def answer(prompt: str, earlier: Sequence[str]) -> Script:
    """Say and do what ``prompt`` asks; ``earlier`` prompts lend material to orders without any."""
    heard = hear(prompt)
    orders = heard.orders or _default_orders(heard)
    material = heard.material or _earlier_material(earlier)
    files = heard.files or _earlier_files(earlier)
    for order in orders:
        named = order.files or (() if heard.material else files)
        subject = _subject(named, material if not order.files else ())
        if order.verb not in ("run", "ask") and not subject:
            yield (
                f"I was asked to {order.verb}, but see nothing to {order.verb}: "
                "name a file with `@path`, or put the design into the cell.\n\n"
            )
            continue
        yield from _obey(order, named, material, subject)
    if heard.unclear:
        yield _not_understood(heard.unclear)
    if heard.unclear or not orders:
        yield ABILITIES + "\n"


def _default_orders(heard: Heard) -> tuple[Order, ...]:
    """Something was given and nothing asked: draw it and look for faults."""
    if not heard.material and not heard.files:
        return ()
    return (
        Order("draw", "", heard.files if not heard.material else ()),
        Order("review", "", heard.files if not heard.material else ()),
    )


def _earlier_material(earlier: Sequence[str]) -> tuple[Passage, ...]:
    return next((heard.material for heard in map(hear, reversed(earlier)) if heard.material), ())


def _earlier_files(earlier: Sequence[str]) -> tuple[str, ...]:
    return next((heard.files for heard in map(hear, reversed(earlier)) if heard.files), ())


def _subject(files: Sequence[str], material: Sequence[Passage]) -> dict[str, Any]:
    """The input that the draw and lint tools share: files, else the cell's own text."""
    if files:
        return {"files": list(files)}
    if len(material) == 1:
        return {"text": material[0].text, "format": material[0].kind}
    return {"text": "\n\n".join(passage.text for passage in material)} if material else {}


def _obey(
    order: Order,
    files: Sequence[str],
    material: Sequence[Passage],
    subject: dict[str, Any],
) -> Script:
    match order.verb:
        case "draw" | "explain":
            yield from _draw(order, subject, explain=order.verb == "explain")
        case "review":
            yield from _review(subject)
        case "fix":
            yield from _fix(order, subject)
        case "write":
            yield from _write(order, files, material)
        case "run":
            yield from _run(order)
        case "verify":
            yield from _verify(subject)
        case "ask":
            yield from _ask(order, material)
        case "compare":
            yield f"To {order.verb} needs a tool that this version does not have yet.\n\n"


def _draw(order: Order, subject: dict[str, Any], *, explain: bool) -> Script:
    result = yield Wish("draw", {**subject, "kind": order.kind})
    if result is None or result.is_error:
        yield f"I could not draw that: {result.text if result else ''}\n\n"
        return
    head, _, listing = result.text.partition("\n\n")
    yield f"{_escaped(head)}\n\n"
    if explain:
        yield f"```\n{listing}\n```\n\n"


def _review(subject: dict[str, Any]) -> Script:
    result = yield Wish("lint", subject)
    if result is None or result.is_error:
        yield f"I could not review that: {result.text if result else ''}\n\n"
        return
    summary = result.text.splitlines()[0]
    fixes = len(_FIX_LINE.findall(result.text))
    offer = (
        f" {fixes} of them can be fixed safely: say *fix it*."
        if fixes and subject.get("files")
        else ""
    )
    yield f"Reviewed: {_escaped(summary)}.{offer}\n\n"


def _verify(subject: dict[str, Any]) -> Script:
    given = {key: value for key, value in subject.items() if key != "format"}
    result = yield Wish("verify", given)
    if result is None or result.is_error:
        yield f"I could not prove that{_reason(result)}.\n\n"
        return
    yield f"{_escaped(result.text.splitlines()[0])}\n\n"


def _ask(order: Order, material: Sequence[Passage]) -> Script:
    """Hand a sentence on to the agent it names, with the cell's own design text."""
    prompt = "\n\n".join([order.command, *(passage.text for passage in material)])
    result = yield Wish(
        "task",
        {"description": order.command[:60], "prompt": prompt, "subagent_type": order.target},
    )
    if result is None or result.is_error:
        yield f"{order.target} was not asked{_reason(result)}.\n\n"
        return
    said = re.sub(r"</?task[^>]*>", "", result.text).strip()
    yield f"**{order.target}** answered:\n\n{said}\n\n"


def _fix(order: Order, subject: dict[str, Any]) -> Script:
    """Propose each safe fix as an edit, then review again: done is what is no longer found."""
    if not subject.get("files"):
        yield "Fixes are edits of files: name the file with `@path`.\n\n"
        return
    codes = {
        code
        for word, known in _TOPICS.items()
        for code in known
        if re.search(rf"\b{word}\b", order.words, re.IGNORECASE)
    }
    codes |= set(re.findall(r"\b[A-Z]{2,4}\d{3}\b", order.words))
    selected = {**subject, **({"select": sorted(codes)} if codes else {})}
    result = yield Wish("lint", selected)
    if result is None or result.is_error:
        yield f"I could not review that: {result.text if result else ''}\n\n"
        return
    fixes = list(_FIX_LINE.finditer(result.text))
    if not fixes:
        under = f" under {', '.join(sorted(codes))}" if codes else ""
        yield f"There is nothing here that I can fix safely{under}.\n\n"
        return
    done = 0
    for fix in fixes[:_MAX_FIXES]:
        yield f"**{fix['code']}** {_escaped(fix['rest'].split(' → ')[0])}\n\n"
        edited = yield Wish("edit", json.loads(fix["edit"]))
        if edited is not None and not edited.is_error:
            done += 1
        else:
            yield f"Left as it is{_reason(edited)}.\n\n"
    yield f"{done} of {len(fixes)} proposed fixes applied.\n\n"
    if done:
        yield Wish("lint", selected)


def _write(order: Order, files: Sequence[str], material: Sequence[Passage]) -> Script:
    if not order.target:
        yield "Say where to: *write the schema to db/schema.sql*.\n\n"
        return
    texts = (
        {f"cell:{passage.line}": (passage.kind, passage.text) for passage in material}
        if not files
        else {}
    )
    for name in files:
        lines: list[str] = []
        more = True
        while more:
            result = yield Wish("read", {"filePath": name, "offset": len(lines) + 1})
            if result is None or result.is_error:
                yield f"I could not read {name}: {result.text if result else ''}\n\n"
                return
            page = re.findall(r"^\d+: (.*)$", result.text, re.MULTILINE)
            lines += page
            more = bool(page) and "(End of file - total" not in result.text
        texts[name] = ("", "\n".join(lines))
    try:
        design = Design()
        for name, (kind, text) in texts.items():
            design |= read_texts({name: text}, format=kind or None).design
        content = written(design, order)
    except ReadError as error:
        yield f"{error}\n\n"
        return
    result = yield Wish("write", {"filePath": order.target, "content": content})
    if result is not None and not result.is_error:
        yield f"Wrote `{order.target}`: {design.summary}.\n\n"
    else:
        yield f"`{order.target}` was not written{_reason(result)}.\n\n"


def written(design: Design, order: Order) -> str:
    """``design`` in the format that the target's suffix and the words name."""
    from archnb.design.formats import compose, ddl, openapi, sketch

    suffix = order.target.rsplit(".", 1)[-1].lower()
    api = re.search(
        r"\b(openapi|api|spec|contract)", f"{order.words} {order.target}", re.IGNORECASE
    )
    formats = {"sql": ddl.FORMAT, "ddl": ddl.FORMAT, "sketch": sketch.FORMAT, "arch": sketch.FORMAT}
    chosen = formats.get(suffix)
    if suffix in ("yaml", "yml", "json"):
        chosen = openapi.FORMAT if api or not design.services else compose.FORMAT
    if chosen is None or chosen.write is None:
        raise ReadError(
            f"I cannot write a design as .{suffix}.",
            hint="Offline I write .sql, .yaml (OpenAPI or compose) and .sketch.",
        )
    return chosen.write(design)


def _run(order: Order) -> Script:
    result = yield Wish("bash", {"command": order.command, "description": "asked for in the cell"})
    if result is not None and result.is_error:
        yield f"It was not run{_reason(result)}.\n\n"


def _not_understood(unclear: Sequence[str]) -> str:
    lines = [line.strip() for text in unclear for line in text.splitlines() if line.strip()]
    quoted = "\n".join(f"> {_escaped(line[:200])}" for line in lines[:8])
    more = f"\n> … and {len(lines) - 8} more lines" if len(lines) > 8 else ""
    return f"I did not understand this:\n\n{quoted}{more}\n\n"


def _reason(result: ToolResult | None) -> str:
    """Why something was not done, for the person; what a refusal tells a model is not for them."""
    if result is None:
        return ""
    if "feedback:" in result.text:
        return f": {_escaped(result.text.split('feedback:', 1)[1].strip().rstrip('.'))}"
    refused = result.text.startswith(("The person denied", "A rule denies"))
    return "" if refused else f": {_escaped(result.text.rstrip('.'))}"


def _escaped(text: str) -> str:
    """Text as words of a Markdown sentence."""
    return re.sub(r"([\\`*\[<])", r"\\\1", text)
