"""Drive a real JupyterLab in a real Chromium, as a person would: a server, and a page object on top."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import nbformat

if TYPE_CHECKING:
    import re

    from playwright.sync_api import Browser, Locator, LocatorAssertions, Page, Playwright

ROOT = Path(__file__).parents[2]
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "chrome")
CHROMIUM_OPTIONS = (
    # as root, in a container, Chromium's own sandbox cannot start
    *(
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-quic",
        "--no-first-run",
    ),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    # every cell is in the page, also below the window's edge
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},
}
# The kernel indicator turns idle before the session is ready; a run then asks for a kernel.
KERNEL_READY = """() => {
    const context = window.jupyterapp?.shell.currentWidget?.sessionContext;
    const kernel = context?.session?.kernel;
    return context?.isReady && kernel?.connectionStatus === 'connected' && kernel.status === 'idle';
}"""
APP_READY = "() => window.jupyterapp?.restored.then(() => true)"
# A run's promise settles when its last cell has ended: start it, and leave word in the page.
START = """([command, index]) => {
    if (index !== null) window.jupyterapp.shell.currentWidget.content.activeCellIndex = index;
    window.archnbRunning = true;
    const ended = () => { window.archnbRunning = false; };
    window.jupyterapp.commands.execute(command).then(ended, ended);
}"""
EXECUTE = "([command, args]) => window.jupyterapp.commands.execute(command, args).then(() => true)"


def find_chromium() -> str | None:
    """The path of a Chromium, or None."""
    return next(filter(None, map(shutil.which, CHROMIUMS)), None)


def launch(playwright: Playwright, chromium: str) -> Browser:
    return playwright.chromium.launch(executable_path=chromium, args=list(CHROMIUM_OPTIONS))


def write_notebook(path: Path, *sources: str) -> Path:
    """A notebook whose cells are ``sources``; one that starts with ``#%% md`` is Markdown."""
    new: Any = nbformat.v4  # its functions carry no types
    cells = [
        new.new_markdown_cell(source.removeprefix("#%% md").lstrip())
        if source.startswith("#%% md")
        else new.new_code_cell(source)
        for source in sources
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path.parent.mkdir(parents=True, exist_ok=True)
    book = new.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    path.write_text(new.writes(book), encoding="utf-8")
    return path


def read_notebook(path: Path) -> Any:
    """What stands in the file, as nbformat's nodes."""
    return nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)  # type: ignore[no-untyped-call]


class LabServer:
    """A JupyterLab server over ``folder/work`` that knows nothing of the person who runs the tests."""

    def __init__(self, folder: Path, *, patience: float = 90.0) -> None:
        self.root = folder / "work"
        self.root.mkdir(parents=True)
        self._config = folder / "config"
        self._log = folder / "server.log"
        self._token = secrets.token_hex(16)
        self.url = f"http://127.0.0.1:{_free_port()}"
        overrides = self._config / "labconfig" / "default_setting_overrides.json"
        overrides.parent.mkdir(parents=True)
        overrides.write_text(json.dumps(SETTINGS), encoding="utf-8")
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command(),
                env=self._environment(folder),
                cwd=self.root,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._wait_until_up(patience)

    def copy(self, folder: Path) -> Path:
        """A copy of ``folder`` of its own below the server's root, to be worked in."""
        return Path(shutil.copytree(folder, self.new_folder(), dirs_exist_ok=True))

    def new_folder(self) -> Path:
        folder = self.root / secrets.token_hex(4)
        folder.mkdir()
        return folder

    def path(self, notebook: Path) -> str:
        """The notebook's path as the server names it."""
        return notebook.resolve().relative_to(self.root.resolve()).as_posix()

    def page_url(self, workspace: str, notebook: Path | None) -> str:
        tree = f"/tree/{self.path(notebook)}" if notebook else ""
        return f"{self.url}/lab/workspaces/{workspace}{tree}?reset&token={self._token}"

    def forget(self) -> None:
        """End every kernel and drop the settings a page has stored: the next page starts afresh."""
        for session in self._ask("GET", "/api/sessions"):
            self._ask("DELETE", f"/api/sessions/{session['id']}")
        shutil.rmtree(self._config / "lab", ignore_errors=True)

    def close(self) -> None:
        """End the server; it ends its kernels."""
        self._process.terminate()
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _command(self) -> list[str]:
        port = self.url.rpartition(":")[2]
        options = {
            "ServerApp.ip": "127.0.0.1",
            "ServerApp.port": port,
            "ServerApp.port_retries": "0",
            "ServerApp.root_dir": str(self.root),
            "ServerApp.allow_root": "True",
            "ServerApp.open_browser": "False",
            "IdentityProvider.token": self._token,
            "LabApp.expose_app_in_browser": "True",
        }
        return [
            sys.executable,
            "-m",
            "jupyterlab",
            *(f"--{key}={value}" for key, value in options.items()),
        ]

    def _environment(self, folder: Path) -> dict[str, str]:
        """No key, no settings and no agents of the person's own; archnb from these sources."""
        places = {
            "HOME": folder / "home",
            "IPYTHONDIR": folder / "ipython",
            "JUPYTER_CONFIG_DIR": self._config,
            "JUPYTER_DATA_DIR": folder / "data",
            "JUPYTER_RUNTIME_DIR": folder / "runtime",
            "PYTHONPATH": ROOT / "src",
        }
        (folder / "home").mkdir()
        kept = {
            name: os.environ[name]
            for name in ("PATH", "LANG", "LC_ALL", "TMPDIR")
            if name in os.environ
        }
        return kept | {name: str(place) for name, place in places.items()}

    def _wait_until_up(self, patience: float) -> None:
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                self._ask("GET", "/api/status")
            except OSError:
                time.sleep(0.1)
            else:
                return
        self.close()
        log = self._log.read_text(encoding="utf-8", errors="replace")
        raise RuntimeError(f"JupyterLab did not come up within {patience:.0f} s:\n{log[-3000:]}")

    def _ask(self, method: str, path: str) -> Any:
        headers = {"Authorization": f"token {self._token}"}
        request = urllib.request.Request(self.url + path, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            if method == "DELETE" and error.code == 404:
                return None  # it ended by itself
            raise


@dataclass
class Lab:
    """One JupyterLab page. Cells count from 0, Markdown cells included; ``timeout`` is in seconds.

    ``errors`` are the page's uncaught exceptions; ``strangers`` the addresses it asked for that
    are not the server's.
    """

    browser: Browser
    server: LabServer
    errors: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    _notebook: Path | None = None

    def __post_init__(self) -> None:
        context = self.browser.new_context(viewport={"width": 1300, "height": 1000})
        self.page: Page = context.new_page()
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", lambda request: self._note(request.url))

    def open(self, notebook: Path, *, kernel: bool = True, timeout: float = 90) -> None:
        """Open the notebook, and wait for its kernel, or open it with none (``kernel=False``)."""
        self._notebook = notebook
        workspace = secrets.token_hex(4)
        self.page.goto(
            self.server.page_url(workspace, notebook if kernel else None),
            wait_until="domcontentloaded",
        )
        self.page.wait_for_function(APP_READY, timeout=timeout * 1000)
        if not kernel:
            preference = {"shouldStart": False, "canStart": False}
            path = self.server.path(notebook)
            self.command(
                "docmanager:open", path=path, factory="Notebook", kernelPreference=preference
            )
        self._panel.locator(".jp-Cell").first.wait_for(timeout=timeout * 1000)
        if kernel:
            self.page.wait_for_function(KERNEL_READY, timeout=timeout * 1000)

    def run_all(self) -> None:
        """Start every cell and return at once; :meth:`wait_until_done` waits."""
        self.page.evaluate(START, ["notebook:run-all-cells", None])

    def run_cell(self, index: int) -> None:
        """Start one cell and return at once."""
        self.page.evaluate(START, ["notebook:run-cell", index])

    def wait_until_done(self, *, timeout: float = 60) -> None:
        """Wait until what was started last has ended, and the kernel is idle."""
        self.page.wait_for_function("() => window.archnbRunning === false", timeout=timeout * 1000)
        self.page.wait_for_function(KERNEL_READY, timeout=timeout * 1000)

    def cell(self, index: int) -> Locator:
        return self._panel.locator(".jp-Notebook .jp-Cell").nth(index)

    def output(self, index: int) -> str:
        """The text a person sees below the cell; empty where there is none."""
        area = self.cell(index).locator(".jp-Cell-outputArea")
        return area.inner_text().strip("\n") if area.count() else ""

    def prompt(self, index: int) -> str:
        """``[ ]:``, ``[*]:`` while it runs or waits, ``[3]:`` afterwards."""
        return self.cell(index).locator(".jp-InputPrompt").inner_text().strip()

    def wait_for_text(
        self, index: int, text: str | re.Pattern[str], *, timeout: float = 30
    ) -> None:
        """Wait until the cell's output holds ``text``; fails with what stands there instead."""
        from playwright.sync_api import expect

        area = self.cell(index).locator(".jp-Cell-outputArea")
        expect(area).to_contain_text(text, timeout=timeout * 1000, use_inner_text=True)

    def click(self, text: str, *, cell: int | None = None, timeout: float = 15) -> None:
        """Press the button of exactly this name in the outputs (of one cell), the last if several."""
        where = self._panel if cell is None else self.cell(cell)
        button = where.locator(".jp-Cell-outputArea").get_by_role("button", name=text, exact=True)
        button.last.click(timeout=timeout * 1000)

    def save(self) -> Any:
        """Save, and read back what stands in the file."""
        assert self._notebook, "open a notebook first"
        self.command("docmanager:save")
        return read_notebook(self._notebook)

    def interrupt(self) -> None:
        self.command("kernelmenu:interrupt")

    def set_theme(self, theme: Literal["light", "dark"]) -> None:
        self.command("apputils:change-theme", theme=f"JupyterLab {theme.title()}")
        light = str(theme == "light").lower()
        self.page.locator(f'body[data-jp-theme-light="{light}"]').wait_for(state="attached")
        self.page.locator("#jupyterlab-splash").wait_for(state="detached")

    def screenshot(self, path: Path, *, cell: int | None = None) -> Path:
        """A picture of the window, or of one cell, however tall."""
        path.parent.mkdir(parents=True, exist_ok=True)
        if cell is None:
            self.page.screenshot(path=path)
        else:
            self.cell(cell).screenshot(path=path)
        return path

    def close(self) -> None:
        """Close the page and end its kernels."""
        self.page.context.close()
        self.server.forget()

    def command(self, name: str, **arguments: Any) -> None:
        """Execute one of JupyterLab's commands and wait for it."""
        self.page.evaluate(EXECUTE, [name, arguments])

    @property
    def _panel(self) -> Locator:
        return self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")

    def _note(self, url: str) -> None:
        if not url.startswith((self.server.url, "data:", "blob:")):
            self.strangers.append(url)


def expect(locator: Locator) -> LocatorAssertions:
    """Playwright's assertions, which wait for what they say."""
    from playwright.sync_api import expect as waiting

    waiting.set_options(timeout=20_000)
    return waiting(locator)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
