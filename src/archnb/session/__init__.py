"""Where agent, provider, tools, gate and workspace are wired together, and what a run leaves behind."""

from archnb.session.session import Session
from archnb.session.transcript import Result

__all__ = ["Result", "Session"]
