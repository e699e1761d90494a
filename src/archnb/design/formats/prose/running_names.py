"""Names of running things in sentences, told from the nouns of a domain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archnb.design.formats.prose.phrases import determined, listed, noun
from archnb.design.kinds import looks_running

if TYPE_CHECKING:
    import re


def service_in(text: str) -> str | None:
    """The name of a service as written, without ``the``; a counted noun belongs to a domain."""
    det, bare = determined(text.strip())
    named = noun(bare)
    if named is None or (det not in ("", "the", "our", "its") and not looks_running(named)):
        return None
    words = named.split()
    generic = words[-1] in ("service", "microservice")  # "the Orders service" is called Orders
    return " ".join(words[:-1]) if generic and named[0].isupper() and len(words) > 1 else named


def services_in(text: str) -> tuple[str, ...]:
    """The services of a list; none of them where one is no name."""
    names = [service_in(item.removeprefix("both ")) for item in listed(text)]
    found = tuple(name for name in names if name)
    return found if len(found) == len(names) else ()


def written_so(name: str) -> bool:
    """Whether a name is written as that of a running thing: capitals, a hyphen, a telling word."""
    return any(char.isupper() for char in name) or "-" in name or looks_running(name)


def agrees(match: re.Match[str], verb: str) -> bool:
    """``Orders calls`` names a service; ``orders call`` speaks of orders, unless it is a list."""
    first = verb.split(maxsplit=1)[0].lower()
    single = first == "is" or (first.endswith("s") and not first.endswith("ss"))
    several = len(listed(match["s"])) > 1
    return single or several or bool(match["modal"]) or looks_running(determined(match["s"])[1])
