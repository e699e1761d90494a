"""One file per tool; each holds one :class:`~archnb.tools.base.Tool` named ``TOOL``."""
