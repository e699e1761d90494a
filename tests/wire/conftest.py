"""The server of this folder, with the SDK pointed at it."""

import contextlib

import pytest

from .server import Server


@pytest.fixture
def serve(monkeypatch):
    """Start a server with these turns, and point the SDK at it."""
    with contextlib.ExitStack() as servers:

        def start(*turns, **settings):
            server = servers.enter_context(Server(turns, **settings))
            monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
            monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-test-0000")
            return server

        yield start
