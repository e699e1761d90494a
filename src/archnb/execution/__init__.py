"""How a command is really run: clean environment, sandbox, limits."""
