"""No key reaches what a notebook keeps: its outputs, its errors in every mode, its metadata."""

import pytest

from .scripts import bash, script

KEY = "zq-7Hd93-planted-Kx0"
LOAD = "%load_ext archnb"
GO = "%%architect\ngo on"

FAILING = """
from archnb.notebook.cell import session_of
import os

class Failing:
    label = "failing"
    async def stream(self, system, messages, tools, settings):
        api_key = os.environ["SHOP_API_KEY"]
        try:
            raise ValueError("the server said: bad key " + api_key)
        except ValueError as error:
            raise %s from error
        yield

session_of(get_ipython()).provider = Failing()
"""
BUG = "RuntimeError('request with ' + api_key + ' failed')"
TOLD = "__import__('archnb.errors').errors.ModelError('refused ' + api_key, hint='use ' + api_key)"


@pytest.mark.parametrize("raised", [BUG, TOLD], ids=["bug", "told"])
@pytest.mark.parametrize("mode", ["Context", "Verbose", "Plain", "Minimal"])
def test_a_traceback_holds_no_key_in_any_mode(start, raised, mode):
    kernel = start(SHOP_API_KEY=KEY)
    out = kernel.run(LOAD, FAILING % raised)
    assert out.error == ""
    out = kernel.run(f"%xmode {mode}", GO)
    assert "SHOP_API_KEY" in out.error
    assert KEY not in out.error + str(out.bundles)
    again = kernel.run(
        "%tb",
        "import sys; print(str(sys.last_value), sys.last_value.__cause__, sys.last_value.__context__)",
    )
    assert KEY not in again.error + str(again.bundles)
    assert "SHOP_API_KEY" in str(again.bundles) + again.error


def test_outputs_and_records_hold_no_key(start, folder):
    (folder / ".env").write_text(f"MODE=a\nSALT={KEY}\n")
    kernel = start(SHOP_API_KEY="another-Planted-1")
    out = kernel.run(
        LOAD,
        script(
            ["It is another-", "Planted-1.", bash("cat .env; echo another-Planted-1")],
            [f"Salt: {KEY}"],
        ),
        GO,
        "print(repr(_))",
        click=["Approve"],
    )
    assert out.error == ""
    kept = str([out.bundles[key] for key in out.order])
    assert "SALT" in kept
    assert "SHOP_API_KEY" in kept
    assert KEY not in kept
