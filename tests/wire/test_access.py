"""Where a model is reached from here: keys, clouds by prefix, and what is asked there."""

import asyncio
import json
from dataclasses import replace

import pytest

from archnb.conversation import Message, Text, ToolSpec
from archnb.errors import ModelError
from archnb.providers import access
from archnb.providers.anthropic import Anthropic
from archnb.providers.anthropic.clients import connect, label, wire_id
from archnb.providers.anthropic.limits import Price, estimated_cost, price, usage_of
from archnb.providers.anthropic.request import Given, request
from archnb.providers.base import Settings
from archnb.providers.scripted import read_script

CLOUDS = [
    ("claude-sonnet-4.5", {}, "claude-sonnet-5-5", "AsyncAnthropic"),
    ("amazon-bedrock/claude-sonnet-4.5", {}, "claude-sonnet-5-5", "AsyncAnthropic"),
    ("github-copilot/claude-opus-5.5", {"AWS_PROFILE": "p"}, "claude-opus-5-5", "AsyncAnthropic"),
    ("amazon-bedrock/claude-sonnet-5.5", {"AWS_BEARER_TOKEN_BEDROCK": "t", "AWS_REGION": "r"}, "anthropic.claude-sonnet-5-5", "AsyncAnthropicBedrockMantle"),
    ("amazon-bedrock/eu.anthropic.claude-sonnet-4-5-20250929-v1:0", {"AWS_BEARER_TOKEN_BEDROCK": "t", "AWS_REGION": "r"}, "eu.anthropic.claude-sonnet-4-5-20250929-v1:0", "AsyncAnthropicBedrock"),
    ("google-vertex-anthropic/claude-sonnet-4-5@20250929", {"CLOUD_ML_REGION": "global", "ANTHROPIC_VERTEX_PROJECT_ID": "p"}, "claude-sonnet-4-5@20250929", "AsyncAnthropicVertex"),
    ("azure-foundry/claude-opus-5-5", {"ANTHROPIC_FOUNDRY_API_KEY": "k", "ANTHROPIC_FOUNDRY_RESOURCE": "r"}, "claude-opus-5-5", "AsyncAnthropicFoundry"),
    ("azure-foundry/claude-opus-5-5", {}, "claude-opus-5-5", "AsyncAnthropic"),
]  # fmt: skip
VARIABLES = {name for known in (access.BEDROCK, access.VERTEX, access.FOUNDRY) for group in known.settings for name in group}  # fmt: skip


@pytest.fixture(autouse=True)
def nowhere(monkeypatch, tmp_path):
    for name in (*VARIABLES, *access.KEYS, "ANTHROPIC_BASE_URL", "ANTHROPIC_PROFILE", "ANTHROPIC_CONFIG_DIR", "AWS_REGION"):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("APPDATA", str(tmp_path))


@pytest.mark.parametrize(("model", "environment", "asked", "client"), CLOUDS)
def test_a_prefix_chooses_a_cloud_where_its_credentials_are(
    monkeypatch, model, environment, asked, client
):
    for name, value in {"ANTHROPIC_API_KEY": "k", **environment}.items():
        monkeypatch.setenv(name, value)
    assert wire_id(model) == asked
    made = connect(model)
    assert (type(made).__name__, made.max_retries) == (client, 0)
    assert (" on " in label(model)) == (client != "AsyncAnthropic")


@pytest.mark.parametrize(
    ("environment", "reachable"),
    [
        ({}, False),
        ({"ANTHROPIC_API_KEY": ""}, False),
        ({"ANTHROPIC_API_KEY": "k"}, True),
        ({"ANTHROPIC_AUTH_TOKEN": "k"}, True),
        ({"ANTHROPIC_PROFILE": "work"}, True),
        ({"ANTHROPIC_BASE_URL": "http://127.0.0.1:11434"}, True),
        ({"ANTHROPIC_IDENTITY_TOKEN": "t"}, False),
        ({"ANTHROPIC_IDENTITY_TOKEN": "t", "ANTHROPIC_FEDERATION_RULE_ID": "r", "ANTHROPIC_ORGANIZATION_ID": "o"}, True),
        ({"AWS_PROFILE": "work"}, False),
    ],
)  # fmt: skip
def test_what_counts_as_a_key(tmp_path, environment, reachable):
    assert access.reachable({"HOME": str(tmp_path), **environment}) == reachable


def test_a_profile_on_disk_counts(tmp_path):
    (tmp_path / "configs").mkdir()
    (tmp_path / "active_config").write_text("work\n")
    environment = {"ANTHROPIC_CONFIG_DIR": str(tmp_path)}
    assert not access.reachable(environment)
    (tmp_path / "configs" / "work.json").write_text("{}")
    assert access.reachable(environment)


@pytest.mark.parametrize(
    ("environment", "model", "says"),
    [
        ({"ANTHROPIC_PROFILE": "absent"}, "claude-sonnet-5-5", "cannot be set up"),
        ({"CLOUD_ML_REGION": "r", "ANTHROPIC_VERTEX_PROJECT_ID": "p"}, "google-vertex/claude-sonnet-5-5", "anthropic[vertex]"),
        ({"AWS_PROFILE": "p", "AWS_REGION": "r"}, "amazon-bedrock/claude-sonnet-5-5", "anthropic["),
        ({"ANTHROPIC_FOUNDRY_API_KEY": "k"}, "azure-foundry/claude-sonnet-5-5", "ANTHROPIC_FOUNDRY_RESOURCE"),
    ],
)  # fmt: skip
def test_what_is_missing_is_one_sentence(monkeypatch, environment, model, says):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    async def main():
        stream = Anthropic(model).stream("", [Message("user", (Text("hi"),))], [], Settings(""))
        return [piece async for piece in stream]

    with pytest.raises(ModelError) as caught:
        asyncio.run(main())
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_stable_part_is_the_same_whatever_the_order():
    tools = [
        ToolSpec("write", "w", {"type": "object", "properties": {"b": {}, "a": {}}}),
        ToolSpec("bash", "b", {"properties": {}, "type": "object"}),
    ]
    other = [replace(tool, input_schema=_turned(tool.input_schema)) for tool in reversed(tools)]
    messages = [Message("user", (Text("hi"),))]
    sent = [
        request("m", "You design.", messages, given, Given(), marks="automatic")
        for given in (tools, other)
    ]
    assert json.dumps(sent[0].body) == json.dumps(sent[1].body)
    assert sent[0].digest == sent[1].digest
    assert sent[0].body["system"][-1]["cache_control"] == {"type": "ephemeral", "ttl": "1h"}


def _turned(schema):
    """The same JSON with its names in the other order."""
    if not isinstance(schema, dict):
        return schema
    return {name: _turned(schema[name]) for name in reversed(schema)}


def test_marks_where_the_automatic_one_is_not_known():
    messages = [Message("user", (Text("hi"),))]
    bodies = {
        marks: request("m", "", messages, [], Given(), marks=marks).body
        for marks in ("none", "explicit", "automatic")
    }
    assert "cache_control" not in repr(bodies["none"])
    assert "cache_control" in bodies["explicit"]["messages"][-1]["content"][-1]
    assert "cache_control" not in bodies["explicit"]
    assert bodies["automatic"]["cache_control"] == {"type": "ephemeral"}
    assert "cache_control" not in repr(bodies["automatic"]["messages"])


COSTS = [
    ({"input_tokens": 10}, 10.0),
    ({"output_tokens": 10}, 20.0),
    ({"cache_read_input_tokens": 10}, 30.0),
    ({"cache_creation_input_tokens": 10}, 50.0),  # not said for how long: the dearer hour
    ({"cache_creation_input_tokens": 10, "cache_creation": {"ephemeral_5m_input_tokens": 4}}, 46.0),
    (
        {"cache_creation_input_tokens": 10, "cache_creation": {"ephemeral_5m_input_tokens": 10}},
        40.0,
    ),
    ({"input_tokens": "x", "output_tokens": None, "cache_read_input_tokens": -3}, 0.0),
]


@pytest.mark.parametrize(("given", "dollars"), COSTS)
def test_what_an_answer_costs(given, dollars):
    known = Price(input=1e6, output=2e6, read=3e6, five_minutes=4e6, one_hour=5e6)
    assert usage_of(known, given).cost == pytest.approx(dollars)
    assert usage_of(None, given).cost is None


def test_an_unknown_price_is_unknown():
    assert price("claude-haiku-5-5") is estimated_cost("qwen3:8b", 1000) is None
    assert estimated_cost("claude-opus-5-5", 500_000) == pytest.approx(2.0)


@pytest.mark.parametrize(
    "text", ["", "3", '{"a": 1}', "[[1]]", '[[{"tool": 3}]]', '[[{"input": {}}]]']
)
def test_what_is_no_script(text):
    with pytest.raises(ModelError, match="no script"):
        read_script(text)
