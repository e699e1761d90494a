"""Circles in a directed graph: which nodes reach one another, and the shortest way round."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Collection, Iterator, Mapping

Graph = Mapping[str, Collection[str]]


def cycles(graph: Graph) -> Iterator[list[str]]:
    """For each group of nodes that all reach one another, a shortest circle through its first name.

    The first node stands at both ends.

    >>> list(cycles({"a": ["b"], "b": ["c", "a"], "c": ["b"], "d": ["a"]}))
    [['a', 'b', 'a']]
    """
    for group in sorted(_groups(graph), key=min):
        if len(group) > 1:
            yield _round(graph, group)


def _groups(graph: Graph) -> Iterator[set[str]]:
    """The strongly connected components (Kosaraju's way, without recursion)."""
    turned: defaultdict[str, list[str]] = defaultdict(list)
    for origin, targets in graph.items():
        for target in targets:
            turned[target].append(origin)
    seen: set[str] = set()
    order = [node for root in sorted(graph) for node in _flood(graph, root, seen)]
    seen = set()
    for root in reversed(order):
        group = set(_flood(turned, root, seen))
        if group:
            yield group


def _flood(graph: Graph, root: str, seen: set[str]) -> Iterator[str]:
    """The nodes reached from ``root`` that were not seen yet, each after those it leads to."""
    waiting = [(root, False)]
    while waiting:
        node, done = waiting.pop()
        if done:
            yield node
        elif node not in seen:
            seen.add(node)
            waiting.append((node, True))
            waiting += [(target, False) for target in graph.get(node, ())]


def _round(graph: Graph, group: set[str]) -> list[str]:
    start = min(group)
    before = {start: ""}
    waiting = deque([start])
    while waiting:
        here = waiting.popleft()
        for target in sorted(group.intersection(graph.get(here, ()))):
            if target == start:
                path = [start]
                while here:
                    path.append(here)
                    here = before[here]
                return path[::-1]
            if target not in before:
                before[target] = here
                waiting.append(target)
    raise AssertionError("every node of the group reaches the first")
