"""Sentences about what runs: ``Orders calls Payments over HTTP and publishes OrderPlaced to Kafka.``"""

from __future__ import annotations

import re

from archnb.design.formats._facts import Announces, Calls, Fact, Runs, Said
from archnb.design.formats._phrases import (
    ADVERBS,
    MODAL,
    determined,
    listed,
    noun,
    quantified,
)
from archnb.design.inflection import is_plural, vocabulary, words
from archnb.design.kinds import looks_running, service_kind, technology_in

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
    rf"(?P<s>.+?) {MODAL}{ADVERBS}(?:(?P<v>{_CALLS})|(?P<use>uses?|requires?|is backed by))"
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
_TOLD_WHEN = r"(?: (?:when|whenever|after|once|as soon as|every time|if) .+)?"
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
    r"(?: (?:to|on|onto|via|through|from) (?P<c0>.+?))?(?: by (?P<s>.+?))?"
    r"(?: (?:to|on|onto|via|through|from) (?P<c>.+?))?",
    re.IGNORECASE,
)
_KIND = re.compile(
    r"(?P<s>.+?) (?:is|are) (?:an?|the|our) (?P<what>(?:[\w-]+ ){0,3}(?:service|microservice|database"
    r"|db|cache|store|queue|broker|bus|topic|gateway|proxy|load balancer|client|app|frontend"
    r"|provider|bucket|job|worker|third party|bff))",
    re.IGNORECASE,
)
_ROLL = re.compile(
    r"(?:there (?:is|are)|we have|the (?:system|application|platform|shop) (?:has|consists of))?"
    r" ?(?:\w+ )?(?:micro)?services?:? (?P<l>.+)",
    re.IGNORECASE,
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
    """The name of a service as written, without ``the``; a counted noun is a domain's, not a service."""
    det, bare = determined(text.strip())
    named = noun(bare)
    if named is None:
        return None
    last = named.split()[-1]
    if det and det not in ("the", "our") and not (det in ("a", "an") and looks_running(named)):
        return None
    if last in ("service", "services", "microservice") and named[0].isupper():
        return named.rsplit(" ", 1)[0] if " " in named and named.split()[0].lower() != "the" else None
    return named


def _services(text: str) -> list[str] | None:
    names = [_service(re.sub(r"^both ", "", item)) for item in listed(text)]
    found = [name for name in names if name]
    return found if found and len(found) == len(names) else None


def _plainly_running(name: str, at: int = 1) -> bool:
    """Whether a name is written like that of a service: capitals, a hyphen, a kind of its own."""
    written = any(char.isupper() for char in name) if at else False
    return written or "-" in name or looks_running(name)


def _agrees(subject: str, verb: str, *, modal: bool) -> bool:
    """``Orders calls`` names a service; ``orders call`` speaks of orders, unless it is a list."""
    first = verb.split()[0].lower()
    third = first.endswith("s") and not first.endswith("ss")
    return modal or third or first == "is" or len(listed(subject)) > 1 or _running_subject(subject)


def _running_subject(subject: str) -> bool:
    name = determined(subject)[1]
    return looks_running(name)


def _call(text: str) -> Said | None:
    match = _CALL.fullmatch(text)
    if not match:
        return None
    verb = match["v"] or match["use"]
    origins, (label, style, through) = _services(match["s"]), _manner(match)
    targets = _targets(match["t"])
    if not origins or targets is None or label is None:
        return None
    if not _agrees(match["s"], verb, modal=bool(match["modal"])):
        return None
    strict = bool(match["use"]) and not match["proto"]
    if strict and not all(_plainly_running(name) for name, _ in targets):
        return None
    facts = [
        Calls(origin, name, own or label, style, through)
        for origin in origins
        for name, own in targets
        if origin.casefold() != name.casefold()
    ]
    return Said(tuple(facts), match["s"]) if facts else None


def _called(text: str) -> Said | None:
    match = _CALLED.fullmatch(text)
    if not match:
        return None
    origins, targets, (label, style, through) = (
        _services(match["s"]),
        _services(match["t"]),
        _manner(match),
    )
    if not origins or not targets or label is None:
        return None
    if (match["use"] or match["be"].lower() == "are") and not all(
        _plainly_running(name) for name in origins
    ):
        return None
    facts = tuple(Calls(o, t, label, style, through) for t in targets for o in origins)
    return Said(facts, match["t"])


def _manner(match: re.Match[str]) -> tuple[str | None, str | None, str]:  # type: ignore[type-arg]
    raise NotImplementedError
