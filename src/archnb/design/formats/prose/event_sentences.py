"""Sentences about events and who tells them: Orders publishes OrderPlaced to Kafka."""

from __future__ import annotations

import re
from dataclasses import dataclass

from archnb.design.formats.prose.facts import Announces, Calls, Fact, Runs, Said
from archnb.design.formats.prose.phrases import ADVERBS, MODAL, determined, listed, noun, quantified
from archnb.design.formats.prose.running_names import agrees, service_in, services_in, written_so
from archnb.design.inflection import words
from archnb.design.kinds import service_kind

_TOLD_WHEN = r"(?: (?:(?:when|whenever|after|once|as soon as|every time|if) .+|by \w+ing .+))?"
_PUBLISH = re.compile(
    rf"(?P<s>.+?) {MODAL}{ADVERBS}(?:(?P<v>publish(?:es)?|emits?|broadcasts?|fires?)"
    r"|(?P<weak>raises?|produces?|sends?|push(?:es)?|posts?|triggers?|writes?)) (?P<e>.+?)"
    rf"(?: (?P<to>to|on|onto|into|through|via|over|in|using) (?P<c>.+?))?{_TOLD_WHEN}",
    re.IGNORECASE,
)
_CONSUME = re.compile(
    rf"(?P<s>.+?) {MODAL}{ADVERBS}(?:(?P<v>subscribes? (?:to|on)|consumes?(?: from)?"
    r"|listens? (?:to|for|on)|reacts? (?:to|on)|is (?:subscribed to|notified of|notified about))"
    r"|(?P<weak>handles?|receives?|process(?:es)?|waits? for|reads?)) (?P<e>.+?)"
    rf"(?: (?P<from>from|on|via|through|over|published by|emitted by|sent by) (?P<c>.+?))?"
    rf"{_TOLD_WHEN}",
    re.IGNORECASE,
)
_EVENT_PASSIVE = re.compile(
    r"(?P<e>.+?) (?:is|are|gets?|will be|must be) (?:(?P<p>published|emitted|raised|produced|sent"
    r"|fired|broadcast|broadcasted)|(?P<r>consumed|handled|received|processed|read))"
    r"(?: (?:to|on|onto|via|through|from) (?P<to>.+?))?(?: by (?P<s>.+?))?"
    r"(?: (?:to|on|onto|via|through|from) (?P<at>.+?))?",
    re.IGNORECASE,
)
_EVENT_LEAD = re.compile(
    r"^(?:domain |integration )?(?:events?|messages?)(?: called| named)?(?: |$)", re.IGNORECASE
)
_EVENT_WORDS = re.compile(r"(?:^| )(?:domain |integration )?(?:events?|messages?)$", re.IGNORECASE)


def event_facts(text: str) -> Said | None:
    """What a sentence says of events, or None where it says nothing of them."""
    return _event_passive(text) or _publish(text) or _consume(text)


@dataclass(frozen=True, slots=True)
class _Event:
    """An event's name ("" for events at large); ``evident``: the words alone say it is one."""

    name: str
    evident: bool


def _events(text: str) -> tuple[_Event, ...]:
    """The events of a list; none of them where one is no noun."""
    found = []
    for item in listed(text):
        said = quantified(determined(item)[1])[1]
        lead = _EVENT_LEAD.match(said)
        named = noun(said[lead.end() :] if lead else said) if said != (lead or [""])[0] else ""
        if named is None:
            return ()
        bare = _EVENT_WORDS.sub("", named).strip()
        called = any(mark in bare for mark in "._") or (" " not in bare and len(words(bare)) > 1)
        marked = bool(lead) or bare != named
        if not called:
            bare = "".join(word[:1].upper() + word[1:] for word in bare.split())
        found.append(_Event(bare, called or marked))
    return tuple(found)


def _channel(text: str | None) -> tuple[str, tuple[Fact, ...]] | None:
    """The name of a channel, and the broker behind ``the orders topic on Kafka``."""
    if not text:
        return "", ()
    parts = re.fullmatch(r"(?P<name>.+?)(?: (?:in|on) (?P<broker>.+))?", text)
    name = service_in(parts["name"]) if parts else None
    if not parts or not name:
        return None
    broker = determined(parts["broker"] or "")[1]
    return name, ((Runs(name, "queue", broker),) if broker else ())


def _is_queue(name: str) -> bool:
    return service_kind(name) == "queue"


def _publish(text: str) -> Said | None:
    match = _PUBLISH.fullmatch(text)
    if not match:
        return None
    publishers, events, channel = services_in(match["s"]), _events(match["e"]), _channel(match["c"])
    if not publishers or not events or channel is None:
        return None
    to, extra = channel
    evident = all(event.evident for event in events)
    carried = bool(to) and (_is_queue(to) or bool(extra))
    if match["weak"] and not evident and not carried:
        return _sends(match, publishers, to)
    if not evident and not agrees(match, match["v"] or match["weak"]):
        return None
    direct = bool(to) and not carried and match["to"].lower() == "to"
    facts = tuple(
        Announces(event.name, publishers, (to,) if direct else (), "" if direct else to)
        for event in events
    )
    return Said((*facts, *extra), match["s"])


def _sends(match: re.Match[str], origins: tuple[str, ...], target: str) -> Said | None:
    """``Orders sends invoices to Billing``: a call with what it carries, where both are named."""
    what = noun(determined(match["e"])[1])
    named = bool(target) and written_so(target) and agrees(match, match["weak"])
    if (
        not what
        or not named
        or match["weak"].lower() not in ("send", "sends", "push", "pushes", "posts", "post")
    ):
        return None
    return Said(tuple(Calls(origin, target, what) for origin in origins), match["s"])


def _consume(text: str) -> Said | None:
    match = _CONSUME.fullmatch(text)
    if not match:
        return None
    consumers, origin = services_in(match["s"]), _channel(match["c"])
    if not consumers or origin is None:
        return None
    name, extra = origin
    source = service_in(match["e"])
    if source and (_is_queue(source) or match["e"].lower().endswith((" topic", " queue"))):
        return Said((Announces("", (), consumers, source), *extra), match["s"])
    events = _events(match["e"])
    if not events or not all(event.evident for event in events):
        return None
    publisher = bool(name) and not extra and not _is_queue(name) and _by_a_service(match["from"])
    facts = tuple(
        Announces(event.name, (name,) if publisher else (), consumers, "" if publisher else name)
        for event in events
    )
    return Said((*facts, *extra), match["s"])


def _by_a_service(preposition: str) -> bool:
    return preposition.lower() == "from" or preposition.lower().endswith("by")


def _event_passive(text: str) -> Said | None:
    match = _EVENT_PASSIVE.fullmatch(text)
    if not match or not (match["s"] or match["to"] or match["at"]):
        return None
    events, channel = _events(match["e"]), _channel(match["to"] or match["at"])
    parties = services_in(match["s"]) if match["s"] else ()
    if channel is None or not all(event.evident and event.name for event in events):
        return None
    if match["s"] and not parties:
        return None
    name, extra = channel
    direct = bool(name) and not extra and not _is_queue(name)
    over, straight = ("", (name,)) if direct else (name, ())
    published = bool(match["p"])
    facts = tuple(
        Announces(
            event.name,
            parties if published else straight,
            straight if published else parties,
            over,
        )
        for event in events
    )
    return Said((*facts, *extra), match["e"]) if facts else None
