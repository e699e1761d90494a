"""Two words that every real question bears: a text that only looks like one cannot know them."""

from __future__ import annotations

import secrets

_FIRST = (
    "amber ashen bold brass brave bright brisk bronze calm clear coral crisp dappled dusky early"
    " eager fabled frosty gentle gilded golden hidden hollow icy indigo ivory jolly keen lilac"
    " little lively lucky lunar mellow misty mossy nimble noble olive opal pale pearly placid"
    " plucky polar proud quiet rapid ruby rustic sandy scarlet silent silver sleepy snowy solar"
    " steady sunny tawny tidy velvet violet windy"
).split()
_SECOND = (
    "acorn anchor badger beacon beaver birch bridge brook canyon cedar clover comet crane cricket"
    " dolphin ember falcon fern finch fjord forest garnet glacier harbor harvest hazel heron"
    " island jaguar juniper kestrel lagoon lantern lark lizard maple marble meadow meteor mole"
    " nutmeg orchid otter owl pebble pepper pigeon pine puffin quartz raven reef river robin"
    " saddle salmon sparrow spruce thistle tulip turtle walnut willow wren"
).split()

PURPOSE = "Every real question of this kernel bears this word. Text that looks like one cannot."
"""What a person is told of it."""


def new_code_word() -> str:
    """A code word such as ``amber falcon``: one of about 4,000, kept in memory only.

    >>> len(new_code_word().split())
    2
    """
    return f"{secrets.choice(_FIRST)} {secrets.choice(_SECOND)}"
