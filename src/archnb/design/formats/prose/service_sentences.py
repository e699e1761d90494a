"""Sentences about what runs: Orders calls Payments over HTTP."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archnb.design.formats.prose.event_sentences import event_facts
from archnb.design.formats.prose.facts import Announces, Calls, Runs, Said
from archnb.design.formats.prose.phrases import (
    ADVERBS,
    MODAL,
    determined,
    listed,
    noun,
)
from archnb.design.formats.prose.running_names import agrees, service_in, services_in, written_so
from archnb.design.inflection import vocabulary
from archnb.design.kinds import service_kind, technology_in

if TYPE_CHECKING:
    from archnb.design.elements import FlowStyle

_PROTOCOLS = vocabulary(
    "http https http/2 rest grpc graphql soap rpc websocket websockets tcp udp amqp mqtt stomp sql"
    " jdbc odbc tls mtls thrift json-rpc ftp sftp smtp webhook webhooks sse json protobuf"
)
_TAIL = (
    r"(?: (?P<how>over|via|using|through|with|by|on)"
    r" (?P<proto>(?:a |an |the )?[\w./+-]+(?: [\w./+-]+)?))?"
    r"(?: (?P<adv>asynchronously|synchronously|directly))?"
    r"(?: (?:to|for|in order to) (?P<why>(?!many|several)[a-z][\w' -]*))?"
    r"(?: (?:when|whenever|after|before|once|as soon as|if|every time) .+)?"
)
_CALLS = (
    r"calls?|invokes?|quer(?:y|ies)|contacts?|(?:talks?|speaks?|connects?|delegates?) (?:to|with)"
    r"|depends? on|rel(?:y|ies) on|communicates? with|integrates? with"
    r"|(?:forwards?|routes?|proxies|proxy|redirects?)"
    r"(?: (?:all |its )?(?:requests|traffic|calls))? to"
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
    r"|archives?|loads?|reads?|fetch(?:es)?|gets?|pulls?) (?:(?P<what>.+?) )?"
    r"(?P<prep>in|into|to|on|inside|from) (?P<t>.+)",
    re.IGNORECASE,
)
_STORED = re.compile(
    r"(?P<s>.+?) (?:is|are) (?:stored|persisted|kept|saved|cached|held|archived) (?:in|on|by)"
    r" (?P<t>.+)",
    re.IGNORECASE,
)
_KIND = re.compile(
    r"(?P<s>.+?) (?:is|are) (?:an?|the|our) (?P<what>(?:[\w-]+ ){0,3}(?:service|microservice"
    r"|database|db|cache|store|queue|broker|bus|topic|gateway|proxy|load balancer|client|app"
    r"|frontend|provider|bucket|job|worker|third party|bff))",
    re.IGNORECASE,
)
_ROLL = re.compile(
    r"(?:(?:there (?:is|are)|we have|the (?:system|application|platform) (?:has|consists of)) )?"
    r"(?:the )?(?:\w+ )?(?:micro)?services?(?: are)?: ?(?P<l>.+)",
    re.IGNORECASE,
)
_OWN_PROTOCOL = re.compile(r"(?P<name>.+?) (?:over|via|using) (?P<proto>[\w./+-]+)", re.IGNORECASE)


def service_facts(text: str) -> Said | None:
    """What a sentence says of services, or None where it says nothing of them."""
    return (
        event_facts(text)
        or _called(text)
        or _stored(text)
        or _call(text)
        or _store(text)
        or _kind(text)
        or _roll(text)
    )


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
    if not match or not manner or not agrees(match, match["v"] or match["use"]):
        return None
    targets: list[tuple[str, str]] = []
    for item in listed(match["t"]):
        own = _OWN_PROTOCOL.fullmatch(item)
        name = service_in(own["name"] if own else item)
        if not name:
            return None
        targets.append((name, own["proto"] if own else manner.label))
    if match["use"] and not match["proto"] and not all(written_so(name) for name, _ in targets):
        return None
    reads = (match["v"] or "").lower().endswith("from")
    facts = tuple(
        _taken(origin, name)
        if reads and service_kind(name) == "queue"
        else Calls(origin, name, label, manner.style, manner.through)
        for origin in services_in(match["s"])
        for name, label in targets
    )
    return Said(facts, match["s"]) if facts else None


def _called(text: str) -> Said | None:
    match = _CALLED.fullmatch(text)
    manner = _manner(match) if match else None
    if not match or not manner:
        return None
    origins, targets = services_in(match["s"]), services_in(match["t"])
    doubtful = match["v"].lower() == "used" or match["be"].lower() == "are"
    if doubtful and not all(written_so(name) for name in origins):
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
    if not match or not agrees(match, match["v"]):
        return None
    what = noun(determined(match["what"] or "data")[1])
    origins, targets = services_in(match["s"]), services_in(match["t"])
    if not what or not all(written_so(name) for name in targets):
        return None
    label = "" if what.lower() in ("data", "state", "records", "information") else what
    taken = match["prep"].lower() == "from"
    facts = tuple(
        _taken(origin, target)
        if taken and service_kind(target) == "queue"
        else Calls(origin, target, label)
        for origin in origins
        for target in targets
    )
    return Said(facts, match["s"]) if facts else None


def _taken(consumer: str, queue: str) -> Announces:
    """What is read from a queue flows out of it."""
    return Announces("", (), (consumer,), queue)


def _stored(text: str) -> Said | None:
    match = _STORED.fullmatch(text)
    if not match:
        return None
    owners = services_in(re.sub(r"(?:'s?)? data$", "", match["s"], flags=re.IGNORECASE))
    targets = services_in(match["t"])
    if any(service_kind(target) != "store" for target in targets):
        return None
    facts = tuple(Calls(owner, target) for owner in owners for target in targets)
    return Said(facts, match["s"]) if facts else None


def _kind(text: str) -> Said | None:
    """``Payments is an external service``, ``Kafka is the message broker``."""
    match = _KIND.fullmatch(text)
    names = services_in(match["s"]) if match else ()
    if not match or not names or not noun(match["what"]):
        return None
    what = match["what"]
    facts = tuple(Runs(name, service_kind(what), technology_in(what)) for name in names)
    return Said(facts, match["s"])


def _roll(text: str) -> Said | None:
    """``There are three services: Orders, Payments and Billing``."""
    match = _ROLL.fullmatch(text)
    names = services_in(match["l"]) if match else ()
    return Said(tuple(Runs(name, service_kind(name)) for name in names), "") if names else None
