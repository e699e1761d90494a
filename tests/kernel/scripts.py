"""A model whose answers are data, as a notebook cell; for the kernel tests and the browser's."""

SCRIPT = """
from archnb.conversation import Text, ToolCall
from archnb.notebook.cell import session_of
from archnb.providers.scripted import Scripted

def _piece(number, piece):
    return Text(piece) if isinstance(piece, str) else ToolCall(f"call-{number}", *piece)

_turns = %r
model = Scripted([[_piece(f"{n}-{m}", p) for m, p in enumerate(t)] for n, t in enumerate(_turns)])
session_of(get_ipython()).provider = model
"""
HEARD = "print('HEARD', [str(message) for message in model.requests[-1][1]])"


def script(*turns):
    """A cell that has ``turns`` answered: each a list of words and of calls (tool, input)."""
    return SCRIPT % (list(turns),)


def bash(command):
    return ("bash", {"command": command})


def write(path, content):
    return ("write", {"filePath": path, "content": content})


def edit(path, old, new):
    return ("edit", {"filePath": path, "oldString": old, "newString": new})
