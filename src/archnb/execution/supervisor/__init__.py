"""A small process between the kernel and a command: it confines the command, and ends with it all.

It is started for each command and imports next to nothing, so that it starts in milliseconds: no
part of archnb outside this folder, and no third party.
"""

FILTER = 9
"""The descriptor from which bubblewrap reads the filter of system calls."""
