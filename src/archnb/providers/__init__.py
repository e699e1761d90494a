"""One file per way of answering; each holds one :class:`~archnb.providers.base.Provider` kind."""
