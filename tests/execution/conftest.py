"""What the tests of the sandbox share."""

import pytest

from archnb.execution.sandbox import chosen

RUNGS = ("landlock", "bwrap")


@pytest.fixture(scope="session")
def proven():
    return {rung: chosen(rung) for rung in RUNGS}


@pytest.fixture(params=RUNGS)
def rung(request, proven):
    if not proven[request.param].limits():
        pytest.skip(f"{request.param} does not hold on this machine")
    return proven[request.param]
