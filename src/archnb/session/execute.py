"""Execute a notebook with nobody there: asks are denied, or settled by a policy that is shown."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archnb.html import visible
from archnb.permission.policy import VARIABLE, Approval, parse_policy
from archnb.session.export import export, read_notebook
from archnb.session.transcript import RECORD


@dataclass(frozen=True, slots=True)
class Executed:
    """Where the executed notebook and its HTML are, and a line for each decision in it.

    ``failed`` is the failing cell's one line.
    """

    notebook: Path
    html: Path | None
    failed: str
    decisions: tuple[str, ...] = ()


def execute(
    notebook: Path,
    *,
    output: Path | None = None,
    html: bool = False,
    approve: Sequence[str] = (),
    timeout: float = 600.0,
    say: Callable[[str], None],
) -> Executed:
    """Run every cell in the notebook's own folder; write the result beside it (or to ``output``).

    ``approve`` entries (``edit:shop/*``) are the policy of this run; ``timeout`` is in seconds a
    cell.
    """
    import nbformat

    policy = parse_policy(approve)
    content = read_notebook(notebook)
    target = output or notebook.with_suffix(".executed.ipynb")
    say(f"Running {notebook} with nobody there.")
    approvals = ", ".join(f"approve {entry}" for entry in policy)
    rest = "; everything else is denied" if policy else "nobody, so each is denied"
    say(f"Asks are settled by: {approvals}{rest}.")
    started = time.monotonic()
    try:
        failed = _played(content, notebook.resolve().parent, policy, timeout)
    finally:
        target.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(content, target)
    decisions = tuple(_decisions(content))
    for line in decisions:
        say(f"  {line}")
    say(
        f"Executed notebook: {target} ({time.monotonic() - started:.1f} s)"
        + (f"; failed: {failed}" if failed else "")
    )
    page = export(target, "html") if html else None
    if page:
        say(f"HTML page: {page}")
    return Executed(target, page, failed, decisions)


def _played(content: Any, place: Path, policy: Sequence[Approval], timeout: float) -> str:
    """Run the cells in ``place``, outputs into ``content``; gives one line where it failed."""
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
    from traitlets.config import Config

    folder = tempfile.mkdtemp(prefix="archnb-")
    # Sockets in a private folder instead of ports, where the system has them.
    sockets = {} if sys.platform == "win32" else {"transport": "ipc", "ip": f"{folder}/kernel"}
    client = NotebookClient(
        content,
        timeout=int(timeout),
        kernel_name="python3",
        resources={"metadata": {"path": str(place)}},
        store_widget_state=False,
        config=Config({"KernelManager": sockets}),
    )
    try:
        client.execute(env={**os.environ, VARIABLE: json.dumps([str(entry) for entry in policy])})
    except CellExecutionError as error:
        return f"{error.ename}: {error.evalue}"
    except CellTimeoutError:
        return f"a cell took longer than {timeout:.0f} s"
    except DeadKernelError:
        return "the kernel died"
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return ""


def _decisions(content: Any) -> list[str]:
    """The first lines of each decision record in the notebook's outputs."""
    lines = []
    for cell in content.cells:
        for output in cell.get("outputs", []):
            if RECORD not in output.get("metadata", {}):
                continue  # an ordinary output may say what it likes
            record = visible(output.get("data", {}).get("text/plain", "")).splitlines()
            if len(record) > 1 and record[1].strip().startswith(("approved by", "denied by")):
                lines.append(f"{record[0]}: {record[1].strip()}")
    return lines
