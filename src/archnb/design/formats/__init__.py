"""One file per format; each holds one :class:`Format` named ``FORMAT``."""
