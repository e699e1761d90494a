"""No secret leaves a session: not in any text of any event, nor in pieces, nor in an error."""

import asyncio
import base64
import html
import json
from dataclasses import fields, is_dataclass

import pytest

from archnb import events
from archnb.conversation import Text, Thinking, Todo, ToolCall, Usage
from archnb.credentials import CLOSE, OPEN, Growing, Secrets
from archnb.credentials.files import Files
from archnb.credentials.names import is_secret, of_environment, of_file, speaks_of_a_secret
from archnb.design.diagrams import draw
from archnb.design.elements import NOWHERE, Design, Finding, Problem
from archnb.design.findings import Findings
from archnb.design.lint import lint
from archnb.design.reading import read
from archnb.design.verdicts import Verdict, Verdicts
from archnb.errors import ArchnbError, ModelError, UnexpectedError
from archnb.permission.requests import (
    Ask,
    Changes,
    Decision,
    Diff,
    Grant,
    PartDecision,
    Reply,
    Request,
    Shell,
)
from archnb.permission.rules import Rule
from archnb.providers.scripted import Scripted
from archnb.session.redaction import Redaction
from archnb.session.session import Session
from archnb.session.transcript import fold_all
from archnb.workspace import FileChange, Workspace

PLANTED = "zq-7Hd93-planted-Kx0"
WORD = "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8S9t0"  # forty letters and digits


def marked(text):
    return text.replace(OPEN, "[").replace(CLOSE, "]")


REMOVED = [
    ("sk-ant-api03-" + WORD, "[key]"),
    ("sk-" + WORD, "[key]"),
    ("sk-proj-" + WORD + "_-" + WORD, "[key]"),
    ("(ghp_" + WORD[:36] + ")", "([token])"),
    ("github_pat_" + WORD, "[token]"),
    ("glpat-" + WORD[:20], "[token]"),
    ("AKIA" + "Q2W3E4R5T6Y7U2I3", "[key]"),
    ("xoxb-123456789012-" + WORD[:24], "[token]"),
    ("AIza" + WORD[:35], "[key]"),
    ("npm_" + WORD[:36], "[token]"),
    ("pypi-" + WORD * 2, "[token]"),
    ("eyJhbGciOiJI.eyJzdWIiOiIx." + WORD, "[token]"),
    ("Authorization: Bearer " + WORD, "Authorization: Bearer [token]"),
    ("authorization: basic dXNlcjpwYXNzd29yZA==", "authorization: basic [password]"),
    ("postgres://app:hunter2@db/x", "postgres://app:[password]@db/x"),
    (f"-----BEGIN RSA PRIVATE KEY-----\n{WORD}\n{WORD}\n-----END RSA PRIVATE KEY-----\nrest", "[private key]\nrest"),
    (f"1: -----BEGIN PRIVATE KEY-----\n2: {WORD}\n3: {WORD}\n4: rest", "1: [private key]\n4: rest"),
    (json.dumps({"a": f"-----BEGIN PRIVATE KEY-----\n{WORD}\n-----END PRIVATE KEY-----\n"}), '{"a": "[private key]\\n"}'),
    ("aws_secret_access_key = wJalrXUtn/K7MDENG/bPxRfiCYzzzzzzzz2", "aws_secret_access_key = [aws_secret_access_key]"),
    ("12:   POSTGRES_PASSWORD: s3cr3t-pw-9", "12:   POSTGRES_PASSWORD: [POSTGRES_PASSWORD]"),
    ('+"apiKey": "ab12-cd34!ef",', '+"apiKey": "[apiKey]",'),
    ("- name: DB_PASSWORD\n  value: s3cr3t-pw-9", "- name: DB_PASSWORD\n  value: [DB_PASSWORD]"),
    ("1: kind: Secret\n2: data:\n3:   anything: czNjcjN0LXB3OQ==\n4: type: Opaque", "1: kind: Secret\n2: data:\n3:   anything: [anything]\n4: type: Opaque"),
    ("DB_PASS=s3cr3t-pw-9", "DB_PASS=[DB_PASS]"),
    ("SECRET_KEY = 'a b c 8x!f0'", "SECRET_KEY = '[SECRET_KEY]'"),
    ("password: 'correct horse battery 9!'", "password: '[password]'"),
    ("password=hunter+monkeys", "password=[password]"),
]  # fmt: skip

STAYS = [
    "commit 0123456789abcdef0123456789abcdef01234567", "550e8400-e29b-41d4-a716-446655440000",
    f'"integrity": "sha512-{WORD * 2}=="', f"data:image/png;base64,{WORD * 5}", f"disk-{WORD}",
    "sk-folding-cube-container-wrapper", "password: string", "POSTGRES_PASSWORD: postgres",
    "token = get_token(request)", "password text NOT NULL", "token_type: bearer", "secretKeyRef: x-1",
    "secretName: my-app-tls-2024", "PASSWORD=${DB_PASSWORD:?set it}", "PublicKeyToken=b77a5c561934e089",
    "API_KEY=your-key-here-123", "Bearer authentication-scheme-of-http", "postgres://app:${PW}@db/x",
    "https://d.example/a:b@c", "primary key (id), foreign key (a1b2c3d4)", "eyJhbGciOiJI and more",
    "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "KEY_1: value-of-1",
    "POSTGRES_PASSWORD_FILE: /run/secrets/db-1", "cache_key: user:42:profile", "max_tokens: 16000",
    "API_KEY=<the-key-1-here>", "token = _TOKEN.search(line)", "CREDENTIAL = re.compile(r'a1')", "PASSWORD=$DB_PASSWORD_1",
    "kind: ConfigMap\ndata:\n  anything: czNjcjN0LXB3OQ==\n", "password: 'must have 8+ chars'", "api_key=user_id+order_id",
    'token: "bearer or cookie, see §3"', "password: 'at least 8 characters, 1 digit (or more)!'", "token = headerPart + bodyPart",
    "compass: a1b2-c3d4-X9", "bypass=a1b2-c3d4-X9",
    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----", "https://d.example:8443/@scope/a",
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), REMOVED, ids=[row[0][:24] for row in REMOVED])
def test_keys_are_removed_by_shape_or_telling_name(text, expected):
    clean = Secrets().removed(text)
    assert marked(clean) == expected
    assert Secrets().removed(clean) == clean, "once is enough"


@pytest.mark.parametrize("text", STAYS)
def test_what_only_looks_long_stays(text):
    assert Secrets().removed(text) is text


SPELLED = [
    PLANTED, json.dumps(PLANTED), f"x{PLANTED}y", PLANTED.encode().hex(), f"?q={PLANTED}&b",
    *(base64.b64encode(b"user:"[:cut] + PLANTED.encode() + b"\n").decode() for cut in range(4)),
]  # fmt: skip


@pytest.mark.parametrize("text", SPELLED)
def test_a_known_value_is_removed_as_text_spells_it(text):
    secrets = Secrets({PLANTED: "PAY_KEY"})
    assert "[PAY_KEY]" in marked(secrets.removed(text))
    assert PLANTED not in secrets.removed(text)


def test_a_value_within_another_does_not_leave_its_rest():
    secrets = Secrets({"abcd-1234": "A", "abcd-1234-efgh": "B"})
    assert marked(secrets.removed("abcd-1234-efgh abcd-1234")) == "[B] [A]"


NAMES = [
    ("ANTHROPIC_API_KEY", True), ("DB_PASS", True), ("apiKey", True), ("client-secret", True),
    ("SENTRY_DSN", True), ("BASIC_AUTH", True), ("AWS_ACCESS_KEY_ID", True), ("KEYBOARD", False),
    ("AUTHOR", False), ("PWD", False), ("OLDPWD", False), ("PUBLIC_KEY", False), ("PATH", False),
    ("TOKEN_FILE", False), ("SECRET_NAME", False), ("COMPASS", False), ("MONKEY", False),
]  # fmt: skip


@pytest.mark.parametrize(("name", "expected"), NAMES)
def test_names_that_speak_of_a_secret(name, expected):
    assert speaks_of_a_secret(name) == expected


def test_values_that_are_no_secret():
    plain = (
        "short true postgres changeme 1234567890 /run/secrets/db ~/.aws/x ./a/b C:\\a\\key".split()
    )
    assert is_secret("/K7MDENGbPxRfiCYzzzzzzzzzz2/x")
    plain += ["https://d.example/path", "aaaaaaaaaaaa"]
    assert [value for value in plain if is_secret(value)] == []


def test_secrets_of_an_environment():
    known = of_environment(
        {
            "A_TOKEN": PLANTED,
            "B_PASSWORD": "pa$$w0rd(x)",
            "EDITOR": "not-a-secret-1",
            "SSH_AUTH_SOCK": "/tmp/ssh-x1/agent.1",
            "DATABASE_URL": "postgres://app:hunter2hunter@db/x",
            "PEM_KEY": f"-----BEGIN PRIVATE KEY-----\n{WORD}\nx=\n-----END PRIVATE KEY-----",
        }
    )
    assert known == {
        PLANTED: "A_TOKEN",
        "pa$$w0rd(x)": "B_PASSWORD",
        "hunter2hunter": "DATABASE_URL",
        WORD: "PEM_KEY",
    } | {line: "PEM_KEY" for line in known if line.startswith("-----")}


FILES = [
    (".env", f"MODE=production\nHOST=db.internal:5432\nexport SALT={PLANTED}\nIMAGE=postgres:16-alpine\n", {PLANTED}),
    (".env", f'A="{PLANTED} with words"\nURL=redis://:{PLANTED}@r/0', {f"{PLANTED} with words", PLANTED}),
    (".npmrc", f"//registry.example/:_authToken={PLANTED}\n", {PLANTED}),
    (".netrc", f"machine x login y password {PLANTED}\n", {PLANTED}),
    (".pgpass", f"db:5432:shop:app:{PLANTED}\n", {PLANTED}),
    (".vault-token", f"{PLANTED}\n", {PLANTED}),
    (".git-credentials", f"https://me:{PLANTED}@git.example\n", {PLANTED}),
    ("credentials", f"[default]\naws_secret_access_key = {PLANTED}\nregion = eu-west-1\n", {PLANTED}),
    ("credentials.json", json.dumps({"type": "account", "client_secret": PLANTED}), {PLANTED}),
    ("secrets.yml", f"db:\n  password: {PLANTED}\n  host: db.internal\n", {PLANTED}),
    ("a.pem", f"-----BEGIN PRIVATE KEY-----\n{WORD}\n-----END PRIVATE KEY-----\n", {WORD}),
]  # fmt: skip


@pytest.mark.parametrize(("file", "text", "expected"), FILES, ids=[row[0] for row in FILES])
def test_secrets_of_a_file_that_holds_them(file, text, expected):
    found = set(of_file(file, text))
    assert expected <= found
    assert not found & {"production", "db.internal", "db.internal:5432", "eu-west-1"}
    assert not found & {"postgres:16-alpine", "account"}


def every_event():
    """One event of every kind, with the planted secret in each of its texts."""
    rule = Rule("bash", PLANTED, "ask", PLANTED)
    decision = Decision("ask", rule, (PLANTED,), (PartDecision(PLANTED, "ask", rule, (PLANTED,)),))
    shell = Shell(PLANTED, PLANTED, 1.0, PLANTED)
    previews = (shell, Changes((Diff(PLANTED, PLANTED, PLANTED),)), PLANTED)
    requests = [
        Request("bash", (PLANTED,), PLANTED, preview, (PLANTED,), (PLANTED,), PLANTED)
        for preview in previews
    ]
    call = ToolCall("1", PLANTED, {"a": {PLANTED: [PLANTED, 1, None]}})
    problem = Problem(PLANTED, NOWHERE)
    findings = Findings((Finding("X1", "error", PLANTED, PLANTED, PLANTED),), PLANTED, (problem,))
    verdict = Verdict(PLANTED, PLANTED, False, (problem,), PLANTED, PLANTED, (PLANTED,))
    for request in requests:
        ask = Ask("1", "1", PLANTED, request, decision, PLANTED)
        yield events.ToolCalled(call, PLANTED, request, decision, PLANTED)
        yield events.PermissionAsked(ask)
        grant = Grant("bash", PLANTED, "session", PLANTED, PLANTED, PLANTED)
        yield events.PermissionReplied(ask, Reply("once", PLANTED, PLANTED, PLANTED, grant), 1.0)
    yield events.RunStarted(PLANTED, PLANTED, PLANTED, PLANTED)
    yield events.TextDelta(PLANTED)
    yield events.ThinkingDelta(PLANTED)
    yield events.ToolStarted("1")
    yield events.ToolProgress("1", PLANTED)
    yield events.TodosChanged("1", (Todo(PLANTED),))
    yield events.ToolReturned("1", "done", PLANTED, (findings, Verdicts((verdict,))), 1.0, Design())
    yield events.FileChanged("1", FileChange(PLANTED, PLANTED.encode(), PLANTED.encode(), 0o644))
    yield events.Retrying(PLANTED, 1.0)
    yield events.TurnEnded(Usage(), PLANTED)
    yield events.RunEnded("failed", PLANTED)


def kinds():
    return {type(event) for event in every_event()}


@pytest.mark.parametrize("event", list(every_event()), ids=lambda event: type(event).__name__)
def test_every_text_of_every_event(event, tmp_path):
    redaction = Redaction(Workspace.at(tmp_path), Secrets({PLANTED: "PAY_KEY"}))
    clean = redaction.event(event)
    assert type(clean) is type(event)
    assert PLANTED not in repr(clean)
    assert PLANTED not in str(fold_all([clean]) if not hasattr(clean, "call_id") else "")
    assert Redaction(Workspace.at(tmp_path)).event(event) is event, "untouched where there is none"


def test_no_kind_of_event_is_forgotten():
    assert kinds() == set(events.Event.__args__)


def texts_of(value):
    """Every text within a value."""
    if isinstance(value, str):
        yield html.unescape(value)
    elif is_dataclass(value):
        for part in fields(value):
            yield from texts_of(getattr(value, part.name))
    elif isinstance(value, dict):
        for pair in value.items():
            yield from texts_of(pair)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from texts_of(item)


def passed(redaction, *stream):
    async def source():
        for event in stream:
            if isinstance(event, Exception):
                raise event
            yield event

    async def main():
        return [event async for event in redaction.passing(source())]

    return asyncio.run(main())


STREAMED = [
    f"the key is {PLANTED}, said once", f"{PLANTED}", f"a{PLANTED}b {PLANTED[:9]} end",
    f"x sk-ant-{WORD} y", f"Authorization: Bearer {WORD} end", "DB_PASSWORD=s3cr3t-pw-9\nnext",
    "on postgres://app:hunter2@db/x it", '{"apiKey": "ab12 cd34 !ef"} and',
    f"a\n-----BEGIN PRIVATE KEY-----\n{WORD}\n-----END PRIVATE KEY-----\nb", f"ghp_{WORD}",
    "kind: Secret\ndata:\n  anything: czNjcjN0LXB3OQ==\n  more: czNjcjN0LXB3OQ==\n---\nend",
    "- name: DB_PASSWORD\n  value: s3cr3t-pw-9\nend", f"disk-{WORD} sk-folding-cube-container-wrapper",
]  # fmt: skip


@pytest.mark.parametrize("text", STREAMED, ids=lambda text: text[:20])
@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 13, 1000])
def test_a_secret_in_pieces_is_caught(text, size, tmp_path):
    redaction = Redaction(Workspace.at(tmp_path), Secrets({PLANTED: "PAY_KEY"}))
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    for kind in (events.TextDelta, events.ThinkingDelta):
        out = passed(redaction, *map(kind, pieces), events.RunEnded("done"))
        assert isinstance(out[-1], events.RunEnded)
        assert "".join(event.text for event in out[:-1]) == redaction.text(text)


def test_only_what_may_begin_a_secret_is_held_back(tmp_path):
    redaction = Redaction(Workspace.at(tmp_path), Secrets({PLANTED: "PAY_KEY"}))
    words = ["One two ", "three, four. ", "Five\n", "six-seven(8) ", "nine "]
    out = passed(redaction, *map(events.TextDelta, words))
    assert [event.text for event in out] == words


class Counting(Secrets):
    """Counts the characters that are looked at."""

    looked = 0

    def spans(self, text):
        type(self).looked += len(text)
        return Secrets.spans(self, text)

    def finished(self, text, shown=0):
        type(self).looked += len(text)
        return Secrets.finished(self, text, shown)


LONG = {
    "prose": "Some plain words here, and more of it.\n" * 600, "one word": "a" * 20_000,
    "a key": "sk-" + WORD * 500, "names": "the key of it is the token of that, " * 600,
    "a line": "the key: " + "words of it " * 1_700, "names in one": "key" * 7_000,
}  # fmt: skip


@pytest.mark.parametrize("kind", LONG)
def test_a_long_text_in_pieces_is_looked_at_a_few_times_only(kind):
    text = LONG[kind][:20_000]
    Counting.looked = 0
    growing = Growing(Counting({PLANTED: "PAY_KEY"}))
    shown = "".join(growing.add(text[at : at + 20]) for at in range(0, len(text), 20))
    assert Counting.looked < 25 * len(text)
    assert shown + growing.end() == Secrets().removed(text)


def test_many_known_values_are_found_in_one_pass():
    secrets = Secrets({f"k{number:05}-zq7Hd9": f"K{number}" for number in range(2_000)})
    text = "k00007-zq7Hd9 and k01999-zq7Hd9, k0200"
    assert marked(secrets.removed(text)) == "[K7] and [K1999], k0200"
    assert secrets.finished(text)[0] == text.index("k0200") + 5, "no known one begins with k0200"
    assert secrets.finished(text[:-1])[0] == len(text) - 1 - len("k020") + 4
    assert secrets.finished("say k0199")[0] == 4


def test_a_cut_through_a_secret_leaves_no_part_of_it(tmp_path):
    redaction = Redaction(Workspace.at(tmp_path), Secrets({PLANTED: "PAY_KEY"}))
    gap = "\n… 9,000 characters left out …\n"
    cut = events.ToolReturned("1", "done", f"a {PLANTED[:10]}{gap}{PLANTED[10:]} b")
    assert marked(redaction.event(cut).text) == f"a [PAY_KEY]{gap}[PAY_KEY] b"
    half = events.ToolProgress("1", f"{PLANTED[9:]} and {PLANTED[:9]}")
    assert marked(redaction.event(half).text) == "[PAY_KEY] and [PAY_KEY]"
    whole = events.ToolReturned("1", "done", f"{PLANTED[9:]} stays: nothing was cut")
    assert redaction.event(whole) is whole


def test_an_error_says_no_secret_and_hangs_on_to_none(tmp_path):
    redaction = Redaction(Workspace.at(tmp_path), Secrets({PLANTED: "PAY_KEY"}))

    def failing():
        try:
            raise ValueError(PLANTED)
        except ValueError as error:
            raise RuntimeError(f"with {PLANTED}") from error

    try:
        failing()
    except RuntimeError as error:
        bug = error
    with pytest.raises(UnexpectedError, match="RuntimeError: with") as caught:
        passed(redaction, events.TextDelta("words"), bug)
    shown = caught.value
    assert PLANTED not in str(shown) + repr(shown) + shown.trace + str(shown.__notes__)
    assert "in failing" in shown.trace
    assert "ValueError: " in shown.trace
    assert shown._render_traceback_()[0].startswith("Traceback")
    assert shown.__cause__ is None
    assert shown.__context__ is None
    with pytest.raises(ModelError) as told:
        passed(redaction, ModelError(f"refused {PLANTED}", hint=PLANTED))
    assert PLANTED not in str(told.value) + repr(told.value.args) + str(
        told.value._render_traceback_()
    )
    assert isinstance(told.value, ArchnbError)


async def approve(ask):
    assert ask is not None
    approve.asked.append(ask)
    return Reply("once")


def play(folder, *turns, environment=None, prompt="go"):
    approve.asked = []
    session = Session(
        Workspace.at(folder), environment=environment or {}, provider=Scripted(list(turns))
    )

    async def main():
        return [event async for event in session.run(prompt, approve)]

    return session, asyncio.run(main())


def said(stream):
    return "\n".join(text for event in stream for text in texts_of(event))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "ws").mkdir()
    return tmp_path / "ws"


def test_a_session_shows_no_secret_of_its_environment_and_the_card_shows_all(folder):
    turns = [
        [Thinking(f"with {PLANTED}"), Text(f"I run it with {PLANTED}."),
         ToolCall("1", "bash", {"command": f"echo {PLANTED} | cat"})],
        [Text("done")],
    ]  # fmt: skip
    session, stream = play(
        folder, *turns, environment={"PAY_KEY": PLANTED}, prompt=f"use {PLANTED}"
    )
    assert PLANTED not in said(stream)
    assert "[PAY_KEY]" in marked(said(stream))
    assert approve.asked[0].request.preview.command == f"echo {PLANTED} | cat"
    assert PLANTED in str(session.history), "the model gets what is there"
    result = fold_all(stream)
    assert PLANTED not in result.text + "".join(call.text() + call.html() for call in result.calls)


@pytest.mark.parametrize(
    "call",
    [
        ToolCall("1", "read", {"filePath": ".env"}),
        ToolCall("1", "bash", {"command": "cat ./.env && rev .env | rev"}),
        ToolCall("1", "edit", {"filePath": ".env", "oldString": "MODE=a", "newString": "MODE=b"}),
    ],
    ids=lambda call: call.name,
)
def test_what_a_file_of_secrets_holds_is_known_once_it_may_be_read(folder, call):
    (folder / ".env").write_text(f"MODE=a\nSALT={PLANTED}\n")
    turns = [[ToolCall("0", "read", {"filePath": ".env"})], [call], [Text(f"It is {PLANTED}.")]]
    _, stream = play(folder, *(turns if call.name == "edit" else turns[1:]))
    assert "[SALT]" in marked(said(stream))
    assert PLANTED not in said(stream)
    assert any(isinstance(event, events.ToolReturned) and event.state == "done" for event in stream)


REACHED = [
    {"command": "cat .env", "workdir": "sub dir"}, {"command": "cd 'sub dir' && cat .env"},
    {"command": "cat 'sub dir'/.e*"}, {"command": "cat */.env"}, {"command": "grep -r SALT ."},
    {"command": "cat 'sub dir/.env'"}, {"command": "cat {'sub dir/.env',x}"},
    {"command": "cd s*; cat .e\\nv"}, {"command": "cd s*; cat .e''nv"},
    {"command": "cd s*; f=.env; cat $f"}, {"filePath": "sub dir/.env"},
    {"command": "cat ../else*/.e*"}, {"command": "cat '../else where/.env'"},
    {"command": "cd '../else where' && cat .env"},
]  # fmt: skip


@pytest.mark.parametrize("given", REACHED, ids=lambda given: str(list(given.values())))
def test_a_file_of_secrets_is_known_however_it_is_reached(folder, given):
    # Two values, so that the one in the workspace does not stand in for the one outside.
    elsewhere = folder.parent / "else where"
    for place, value in ((folder / "sub dir", PLANTED), (elsewhere, PLANTED[::-1])):
        place.mkdir()
        (place / ".env").write_text(f"MODE=a\nSALT={value}\n")
    value = PLANTED[::-1] if "else" in str(given) else PLANTED
    call = ToolCall("1", "bash" if "command" in given else "read", given)
    _, stream = play(folder, [call], [Text(f"It is {value}.")])
    assert "It is [SALT]." in marked("".join(fold_all(stream).text.split("\n")))
    assert value not in said(stream)


def test_a_file_of_secrets_is_known_once_a_command_has_made_it(folder):
    command = f"printf 'SALT=%s-%s' {PLANTED[:8]} {PLANTED[9:]} > .env; cat .env"
    _, stream = play(folder, [ToolCall("1", "bash", {"command": command})], [Text(PLANTED)])
    (back,) = [event for event in stream if isinstance(event, events.ToolReturned)]
    assert "SALT=[SALT]" in marked(back.text)
    assert PLANTED not in said(stream)


HIDDEN = "rm -rf src docs"
HIDING = [
    ToolCall("1", "write", {"filePath": "x.env", "content": f"A_TOKEN='{HIDDEN}'\n"}),
    ToolCall("1", "bash", {"command": f"echo \"A_TOKEN='{HIDDEN}'\" > x.env"}),
    ToolCall("1", "bash", {"command": "printf \"A_TOKEN='rm -rf %s docs'\" src > x.env"}),
]


@pytest.mark.parametrize("answer", ["once", "reject"])
@pytest.mark.parametrize("hiding", HIDING, ids=["write", "echo", "printf"])
def test_no_command_hides_behind_a_secret_that_the_model_made_up(folder, hiding, answer):
    session = Session(
        Workspace.at(folder), environment={},
        provider=Scripted([[hiding], [ToolCall("2", "bash", {"command": HIDDEN})], [Text("x")]]),
    )  # fmt: skip

    async def approver(ask):
        return Reply(answer if ask.call_id == "1" else "once")

    async def main():
        return [event async for event in session.run("go", approver)]

    stream = asyncio.run(main())
    assert (folder / "x.env").exists() == (answer == "once")
    called = [event for event in stream if isinstance(event, events.ToolCalled)]
    replied = [event.ask.request for event in stream if isinstance(event, events.PermissionReplied)]
    assert called[1].call.input["command"] == HIDDEN
    assert called[1].request.preview.command == replied[1].preview.command == HIDDEN
    assert called[1].request.title == f"run {HIDDEN}"
    if hiding.name == "write":
        assert HIDDEN not in repr((called[0], replied[0])), "within its own diff it is taken out"


def test_files_of_secrets_are_read_again_only_when_they_changed(tmp_path):
    import os

    (tmp_path / "a").mkdir()
    env = tmp_path / "a" / ".env"
    env.write_text(f"SALT={PLANTED}\n")
    asked = []
    files = Files(lambda name: asked.append(name) or name.endswith(".env"))
    for path in (env, env.parent, tmp_path):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    assert files.below(tmp_path) == {PLANTED: "SALT"}
    asked.clear()
    files.below(tmp_path)
    assert not [name for name in asked if name == "/a/.env"], "its folder is not listed again"
    env.write_text(f"SALT={PLANTED[::-1]}\n")
    assert files.below(tmp_path) == {PLANTED[::-1]: "SALT"}
    (tmp_path / "a" / "b.env").write_text(f"SALT={PLANTED}x\n")
    assert f"{PLANTED}x" in files.below(tmp_path)


def test_an_undo_shows_no_secret_and_brings_back_every_byte(folder):
    (folder / ".env").write_text(f"MODE=a\nSALT={PLANTED}\n")
    calls = [
        ToolCall("0", "read", {"filePath": ".env"}),
        ToolCall("1", "edit", {"filePath": ".env", "oldString": PLANTED, "newString": "none"}),
    ]
    session, _ = play(folder, calls[:1], calls[1:], [Text("done")])
    assert PLANTED not in (folder / ".env").read_text()

    async def main():
        return [event async for event in session.undo(1, approve)]

    assert PLANTED not in said(asyncio.run(main()))
    assert (folder / ".env").read_text() == f"MODE=a\nSALT={PLANTED}\n"


def test_an_address_carries_nothing_that_the_session_knows(folder):
    (folder / "notes.md").write_text("We launch the new shop on the first of May, at noon.\n")
    quoting = "https://d.example/?q=launch-the-new-shop-on-the-first-of-may"
    turns = [
        [ToolCall("1", "webfetch", {"url": f"https://d.example/{PLANTED}"})],
        [ToolCall("2", "read", {"filePath": "notes.md"})],
        [ToolCall("3", "webfetch", {"url": quoting})],
        [Text("done")],
    ]
    agent = folder / "agents" / "reader.md"
    agent.parent.mkdir()
    rules = "permission:\n  read: allow\n  webfetch:\n    'https://d.example/*': allow\n"
    agent.write_text(f"---\ndescription: reads\n{rules}---\nYou read.\n")
    session = Session(
        Workspace.at(folder), "reader", environment={"PAY": "x", "PAY_KEY": PLANTED},
        provider=Scripted(turns),
    )  # fmt: skip
    asked = []

    async def answer(ask):
        asked.append((ask.request.permission, ask.request.warning))
        return Reply("once" if ask.request.permission == "trust" else "reject")

    async def main():
        return [event async for event in session.run("go", answer)]

    stream = asyncio.run(main())
    assert "holds the value of PAY_KEY" in said(stream)
    assert PLANTED not in said(stream)
    assert [permission for permission, _ in asked] == ["trust", "webfetch"]
    assert "quotes notes.md" in asked[1][1]


DEPLOYED = {
    "compose.yaml": f"""
services:
  shop:
    image: shop:1
    environment:
      PAY_TOKEN: {PLANTED}
      NOTE: {PLANTED}
      DATABASE_URL: postgres://app:{PLANTED}@db:5432/shop
      STOCK_URL: http://u:{PLANTED}@stock:80
    depends_on: [db]
    labels: ["note={PLANTED}"]
    command: serve --key {PLANTED}
    healthcheck: {{test: "curl -u a:{PLANTED} localhost"}}
  stock: {{image: "stock:1"}}
  db: {{image: "postgres:17", environment: {{POSTGRES_PASSWORD: {PLANTED}}}, ports: ["5432:5432"]}}
""",
    "k8s.yaml": f"""
apiVersion: v1
kind: Secret
metadata: {{name: pay}}
stringData: {{token: {PLANTED}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: conf}}
data: {{URL: "http://u:{PLANTED}@stock:80", OTHER: "{PLANTED}"}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: shop}}
spec:
  selector: {{matchLabels: {{app: shop}}}}
  template:
    metadata: {{labels: {{app: shop}}}}
    spec:
      containers:
        - name: shop
          image: shop:1
          envFrom: [{{configMapRef: {{name: conf}}}}, {{secretRef: {{name: pay}}}}]
          env:
            - name: PAY_TOKEN
              value: {PLANTED}
            - {{name: DB, value: "postgres://app:{PLANTED}@db:5432/shop"}}
""",
}


@pytest.mark.parametrize("name", DEPLOYED)
def test_pictures_and_findings_of_a_deployment_hold_no_value_of_it(name, tmp_path):
    (tmp_path / name).write_text(DEPLOYED[name])
    design = read(tmp_path / name)
    assert design.services
    findings = lint(design)
    assert findings
    drawings = draw(design, findings=findings)
    assert drawings
    assert PLANTED not in said(drawings) + said([findings]) + repr(findings)


def test_a_picture_of_a_secret_is_drawn_anew_without_it(tmp_path):
    (drawing,) = draw(read(text=f"shop -> {PLANTED}: calls", format="sketch"), kind="services")
    assert PLANTED in html.unescape(drawing.svg)
    redaction = Redaction(Workspace.at(tmp_path), Secrets({PLANTED: "PAY_KEY"}))
    clean = redaction.value(drawing)
    assert PLANTED not in said([clean])
    assert "[PAY_KEY]" in marked(html.unescape(clean.svg))
    assert clean.png.startswith(b"\x89PNG")
    assert clean.png != drawing.png
