"""What the operating system enforces around a command, as a label that says only what is true."""

from __future__ import annotations

LABEL = "not sandboxed: only asks"
"""The one rung built so far: clean environment, limits and asking; the system enforces nothing."""
