"""The design library: read, draw and lint, knowing no language model and no notebook."""
