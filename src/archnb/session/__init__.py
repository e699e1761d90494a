"""Where agent, provider, tools, gate and workspace are wired together, and what a run leaves."""
