"""What several tests need: texts read by whichever format knows them."""

from __future__ import annotations

import pytest

from archnb.design import formats
from archnb.design.formats.base import Format
from archnb.parts import collect


@pytest.fixture(scope="session")
def read():
    """The design of a text, by the format that recognises it best."""

    def reading(text, file):
        known = collect(formats, Format)
        return max(known, key=lambda each: each.recognise(file, text)).read(text, file)

    return reading
