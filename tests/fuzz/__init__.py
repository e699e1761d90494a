"""Allowed command lines, bent in every way we know of, held against what real bash makes of them."""
