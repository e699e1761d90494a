"""Sentences about what runs: ``Orders calls Payments over HTTP and publishes OrderPlaced to Kafka.``"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archnb.design.formats._facts import Announces, Calls, Fact, Runs, Said
from archnb.design.formats._phrases import (
    ADVERBS,
    MODAL,
    determined,
    listed,
    noun,
    quantified,
)
from archnb.design.inflection import vocabulary, words
from archnb.design.kinds import looks_running, service_kind, technology_in

if TYPE_CHECKING:
    from archnb.design.elements import FlowStyle

_PROTOCOLS = vocabulary(
    "http https http/2 rest grpc graphql soap rpc websocket websockets tcp udp amqp mqtt stomp sql"
    " jdbc odbc tls mtls thrift json-rpc ftp sftp smtp webhook webhooks sse json protobuf"
)
_TAIL = (
    r"(?: (?P<how>over|via|using|through|with|by|on) (?P<proto>(?:a |an |the )?[\w./+-]+(?: [\w./+-]+)?))?"
    r"(?: (?P<adv>asynchronously|synchronously|directly))?"
    r"(?: (?:to|for|in order to) (?P<why>(?!many|several)[a-z][\w' -]*))?"
    r"(?: (?:when|whenever|after|before|once|as soon as|if|every time) .+)?"
)
_CALLS = (
    r"calls?|invokes?|quer(?:y|ies)|contacts?|(?:talks?|speaks?|connects?|delegates?) (?:to|with)"
    r"|depends? on|rel(?:y|ies) on|communicates? with|integrates? with"
    r"|(?:forwards?|routes?|proxies|proxy|redirects?)(?: (?:all |its )?(?:requests|traffic|calls))? to"
    r"|(?:sends?|makes?) (?:its )?(?:requests|calls|traffic|queries|commands) to"
    r"|reads? from and writes? to|reads? from|writes? to"
)
_CALL = re.compile(
    rf"(?P<s>.+?) {MODAL}{ADVERBS}(?:(?P<v>{_CALLS})|(?P<use>uses?|requires?|owns?|is backed by))"
    rf" (?P<t>.+?){_TAIL}",
    re.IGNORECASE,
)
_CALLED = re.compile(
    rf"(?P<t>.+?) (?P<be>is|are) {ADVERBS}(?P<v>called|invoked|queried|contacted|(?P<use>used)) by"
    rf" (?P<s>.+?){_TAIL}",
    re.IGNORECASE,
)
_STORE = re.compile(
    rf"(?P<s>.+?) {MODAL}{ADVERBS}(?P<v>stores?|persists?|saves?|keeps?|caches?|writes?|records?"
    r"|archives?|loads?|reads?|fetch(?:es)?|gets?|pulls?) (?P<what>.+?)"
    r" (?:in|into|to|on|inside|from) (?P<t>.+)",
    re.IGNORECASE,
)
_STORED = re.compile(
    r"(?P<s>.+?) (?:is|are) (?:stored|persisted|kept|saved|cached|held|archived) (?:in|on|by) (?P<t>.+)",
    re.IGNORECASE,
)
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
    rf"(?: (?P<from>from|on|via|through|over|published by|emitted by|sent by) (?P<c>.+?))?{_TOLD_WHEN}",
    re.IGNORECASE,
)
_EVENT_PASSIVE = re.compile(
    r"(?P<e>.+?) (?:is|are|gets?|will be|must be) (?:(?P<p>published|emitted|raised|produced|sent"
    r"|fired|broadcast|broadcasted)|(?P<r>consumed|handled|received|processed|read))"
    r"(?: (?:to|on|onto|via|through|from) (?P<to>.+?))?(?: by (?P<s>.+?))?"
    r"(?: (?:to|on|onto|via|through|from) (?P<at>.+?))?",
    re.IGNORECASE,
)
_KIND = re.compile(
    r"(?P<s>.+?) (?:is|are) (?:an?|the|our) (?P<what>(?:[\w-]+ ){0,3}(?:service|microservice|database"
    r"|db|cache|store|queue|broker|bus|topic|gateway|proxy|load balancer|client|app|frontend"
    r"|provider|bucket|job|worker|third party|bff))",
    re.IGNORECASE,
)
_ROLL = re.compile(
    r"(?:(?:there (?:is|are)|we have|the (?:system|application|platform|shop) (?:has|consists of)) )?"
    r"(?:the )?(?:\w+ )?(?:micro)?services?(?: are)?: ?(?P<l>.+)",
    re.IGNORECASE,
)
_OWN_PROTOCOL = re.compile(r"(?P<name>.+?) (?:over|via|using) (?P<proto>[\w./+-]+)", re.IGNORECASE)
_EVENT_LEAD = re.compile(
    r"^(?:domain |integration )?(?:events?|messages?)(?: called| named)?(?: |$)", re.IGNORECASE
)
_EVENT_WORDS = re.compile(r"(?:^| )(?:domain |integration )?(?:events?|messages?)$", re.IGNORECASE)


def service_facts(text: str) -> Said | None:
    """What a sentence says of services, or None where it says nothing of them."""
    return (
        _event_passive(text)
        or _publish(text)
        or _consume(text)
        or _called(text)
        or _stored(text)
        or _call(text)
        or _store(text)
        or _kind(text)
        or _roll(text)
    )


def _service(text: str) -> str | None:
    """The name of a service as written, without ``the``; a counted noun belongs to a domain."""
    det, bare = determined(text.strip())
    named = noun(bare)
    if named is None or (det not in ("", "the", "our", "its") and not looks_running(named)):
        return None
    words = named.split()
    generic = words[-1] in ("service", "microservice")  # "the Orders service" is called Orders
    return " ".join(words[:-1]) if generic and named[0].isupper() and len(words) > 1 else named


def _services(text: str) -> tuple[str, ...]:
    """The services of a list; none of them where one is no name."""
    names = [_service(item.removeprefix("both ")) for item in listed(text)]
    found = tuple(name for name in names if name)
    return found if len(found) == len(names) else ()


def _written_so(name: str) -> bool:
    """Whether a name is written as that of a running thing: capitals, a hyphen, a telling word."""
    return any(char.isupper() for char in name) or "-" in name or looks_running(name)


def _agrees(match: re.Match[str], verb: str) -> bool:
    """``Orders calls`` names a service; ``orders call`` speaks of orders, unless it is a list."""
    first = verb.split()[0].lower()
    single = first == "is" or (first.endswith("s") and not first.endswith("ss"))
    several = len(listed(match["s"])) > 1
    return single or several or bool(match["modal"]) or looks_running(determined(match["s"])[1])


@dataclass(frozen=True, slots=True)
class _Manner:
    """How a call is made: what the end of a sentence says of it."""

    label: str
    style: FlowStyle | None
    through: str


def _manner(match: re.Match[str]) -> _Manner | None:
    """None where the sentence ends in something that is no way of calling."""
    protocol = determined(match["proto"] or "")[1]
    queue = bool(protocol) and service_kind(protocol) == "queue"
    loose = (match["how"] or "").lower() in ("over", "via")
    if protocol and not (loose or queue or protocol.lower() in _PROTOCOLS):
        return None
    adverb = (match["adv"] or match["adverb"] or "").lower()
    style: FlowStyle | None = (
        "async" if adverb == "asynchronously" else "sync" if adverb == "synchronously" else None
    )
    label = ", ".join(filter(None, ("" if queue else protocol, match["why"])))
    return _Manner(label, style, protocol if queue else "")


def _call(text: str) -> Said | None:
    match = _CALL.fullmatch(text)
    manner = _manner(match) if match else None
    if not match or not manner or not _agrees(match, match["v"] or match["use"]):
        return None
    targets: list[tuple[str, str]] = []
    for item in listed(match["t"]):
        own = _OWN_PROTOCOL.fullmatch(item)
        name = _service(own["name"] if own else item)
        if not name:
            return None
        targets.append((name, own["proto"] if own else manner.label))
    if match["use"] and not match["proto"] and not all(_written_so(name) for name, _ in targets):
        return None
    facts = tuple(
        Calls(origin, name, label, manner.style, manner.through)
        for origin in _services(match["s"])
        for name, label in targets
    )
    return Said(facts, match["s"]) if facts else None


def _called(text: str) -> Said | None:
    match = _CALLED.fullmatch(text)
    manner = _manner(match) if match else None
    if not match or not manner:
        return None
    origins, targets = _services(match["s"]), _services(match["t"])
    doubtful = match["v"].lower() == "used" or match["be"].lower() == "are"
    if doubtful and not all(_written_so(name) for name in origins):
        return None
    facts = tuple(
        Calls(origin, target, manner.label, manner.style, manner.through)
        for target in targets
        for origin in origins
    )
    return Said(facts, match["t"]) if facts else None


def _store(text: str) -> Said | None:
    """``Orders stores its data in PostgreSQL``, ``Cart reads prices from Catalog``."""
    match = _STORE.fullmatch(text)
    if not match or not _agrees(match, match["v"]):
        return None
    what = noun(determined(match["what"])[1])
    origins, targets = _services(match["s"]), _services(match["t"])
    if not what or not all(_written_so(name) for name in targets):
        return None
    label = "" if what.lower() in ("data", "state", "records", "information") else what
    facts = tuple(Calls(origin, target, label) for origin in origins for target in targets)
    return Said(facts, match["s"]) if facts else None


def _stored(text: str) -> Said | None:
    match = _STORED.fullmatch(text)
    if not match:
        return None
    owners = _services(re.sub(r"(?:'s?)? data$", "", match["s"], flags=re.IGNORECASE))
    targets = _services(match["t"])
    if any(service_kind(target) != "store" for target in targets):
        return None
    facts = tuple(Calls(owner, target) for owner in owners for target in targets)
    return Said(facts, match["s"]) if facts else None


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
    name = _service(parts["name"]) if parts else None
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
    publishers, events, channel = _services(match["s"]), _events(match["e"]), _channel(match["c"])
    if not publishers or not events or channel is None:
        return None
    to, extra = channel
    evident = all(event.evident for event in events)
    carried = bool(to) and (_is_queue(to) or bool(extra))
    if match["weak"] and not evident and not carried:
        return _sends(match, publishers, to)
    if not evident and not _agrees(match, match["v"] or match["weak"]):
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
    named = bool(target) and _written_so(target) and _agrees(match, match["weak"])
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
    consumers, origin = _services(match["s"]), _channel(match["c"])
    if not consumers or origin is None:
        return None
    name, extra = origin
    source = _service(match["e"])
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
    parties = _services(match["s"]) if match["s"] else ()
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


def _kind(text: str) -> Said | None:
    """``Payments is an external service``, ``Kafka is the message broker``."""
    match = _KIND.fullmatch(text)
    names = _services(match["s"]) if match else ()
    if not match or not names or not noun(match["what"]):
        return None
    what = match["what"]
    facts = tuple(Runs(name, service_kind(what), technology_in(what)) for name in names)
    return Said(facts, match["s"])


def _roll(text: str) -> Said | None:
    """``There are three services: Orders, Payments and Billing``."""
    match = _ROLL.fullmatch(text)
    names = _services(match["l"]) if match else ()
    return Said(tuple(Runs(name, service_kind(name)) for name in names), "") if names else None
