"""Extensions of PostgreSQL that the proof cannot create, and stand-ins for some of them.

A stand-in has the signatures that a schema refers to, and none of the meaning.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

# In the wheel, but for a superuser only: harmless ones, installed before the script may log in.
_PREINSTALLED = frozenset(
    "vector earthdistance autoinc insert_username moddatetime refint intagg dict_xsyn bloom".split()
)
_NAME = r"(?P<quote>\"?)(?P<name>[\w-]+)(?P=quote)"
_CREATE = re.compile(
    rf"create\s+extension\s+(?:if\s+not\s+exists\s+)?{_NAME}"
    r"(?:.*?\bschema\s+(?P<schema>\"[^\"]+\"|\w+))?",
    re.IGNORECASE | re.DOTALL,
)
_ABOUT = re.compile(
    rf"(?:comment\s+on|alter|drop)\s+extension\s+(?:if\s+exists\s+)?{_NAME}", re.IGNORECASE
)

_SOME_UUID = "returns uuid language sql as 'select pg_catalog.gen_random_uuid()'"
_SOME_BYTES = "returns bytea language sql as 'select pg_catalog.decode('''', ''hex'')'"
_SOME_TEXT = "returns text language sql as 'select ''''::pg_catalog.text'"
_STAND_INS: dict[str, dict[str, str]] = {  # extension -> signature -> what it gives
    "uuid-ossp": {
        **dict.fromkeys(
            ("uuid_generate_v1()", "uuid_generate_v1mc()", "uuid_generate_v4()"), _SOME_UUID
        ),
        **dict.fromkeys(
            ("uuid_generate_v3(uuid, text)", "uuid_generate_v5(uuid, text)"), _SOME_UUID
        ),
        **dict.fromkeys(
            ("uuid_nil()", "uuid_ns_dns()", "uuid_ns_url()", "uuid_ns_oid()", "uuid_ns_x500()"),
            _SOME_UUID,
        ),
    },
    "pgcrypto": {
        "gen_random_uuid()": _SOME_UUID,
        **dict.fromkeys(("gen_random_bytes(integer)", "digest(bytea, text)"), _SOME_BYTES),
        **dict.fromkeys(("digest(text, text)", "hmac(text, text, text)"), _SOME_BYTES),
        **dict.fromkeys(("hmac(bytea, bytea, text)",), _SOME_BYTES),
        **dict.fromkeys(("pgp_sym_encrypt(text, text)",), _SOME_BYTES),
        **dict.fromkeys(("pgp_sym_decrypt(bytea, text)", "crypt(text, text)"), _SOME_TEXT),
        **dict.fromkeys(("gen_salt(text)", "gen_salt(text, integer)"), _SOME_TEXT),
    },
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a CREATE EXTENSION asks for. ``schema`` is as written ("" where it names none)."""

    name: str
    schema: str

    @property
    def stand_in(self) -> str:
        """SQL that creates the stand-in, "" where there is none."""
        prefix = f"{self.schema}." if self.schema else ""
        return "; ".join(
            f"create or replace function {prefix}{signature} {gives}"
            for signature, gives in _STAND_INS.get(self.name, {}).items()
        )


def wanted(sql: str) -> Wanted | None:
    """The extension that a statement creates, if it does."""
    match = _CREATE.match(sql)
    return Wanted(match["name"].lower(), match["schema"] or "") if match else None


def about(sql: str) -> str:
    """The extension that a statement comments on, alters or drops, or ""."""
    match = _ABOUT.match(sql)
    return match["name"].lower() if match else ""


def preinstalled(texts: Iterable[str]) -> tuple[str, ...]:
    """Those that only a superuser may create, and that these scripts ask for."""
    named = {match["name"].lower() for text in texts for match in _CREATE.finditer(text)}
    return tuple(sorted(named & _PREINSTALLED))
