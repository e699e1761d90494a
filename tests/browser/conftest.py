"""The fixtures of the browser tests; without a Chromium they skip, unless ARCHNB_BROWSER=required."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .lab import Lab, LabServer, find_chromium, launch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the browser; skips or fails where something that the tests need is missing."""
    missing = [name for name in ("playwright", "jupyterlab") if not importlib.util.find_spec(name)]
    path = find_chromium()
    if path and not missing:
        return path
    reason = f"no {' and no '.join(missing or ['chromium'])} here: no browser tests"
    if os.environ.get("ARCHNB_BROWSER") == "required":
        pytest.fail(f"{reason}, and ARCHNB_BROWSER=required")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def lab_server(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    """One JupyterLab for all tests (``chromium`` is asked for first: no server without a browser)."""
    server = LabServer(tmp_path_factory.mktemp("lab"))
    yield server
    server.close()


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """One Chromium per module: while Playwright runs, no other test could start an event loop."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = launch(playwright, chromium)
        yield running
        running.close()


@pytest.fixture
def lab(browser: Browser, lab_server: LabServer) -> Iterator[Lab]:
    """A fresh page with nothing open."""
    page = Lab(browser, lab_server)
    yield page
    page.close()


@pytest.fixture
def folder(lab_server: LabServer) -> Path:
    """An empty folder below the server's root, for this test alone."""
    return lab_server.new_folder()


@pytest.fixture
def workspace(lab_server: LabServer) -> Callable[[Path], Path]:
    """``workspace(folder)``: a copy of the folder below the server's root, for this test alone."""
    return lab_server.copy
