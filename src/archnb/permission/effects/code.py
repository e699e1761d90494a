"""Commands that stand plainly in the text of a program, for deny rules to be held against.

It finds what can be read at a glance and nothing else: a program has endless other ways, which is
why no rule with a star covers one and a person is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from archnb.permission.effects.wrappers import INTERPRETERS

_TEXT = r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
# `os.system("rm x")`, `subprocess.run(["rm", "x"])`, `execFileSync('rm', ['x'])`, `system "rm x"`
_CALLED = re.compile(
    r"\b(?:system|popen[234]?|Popen|exec[lv]?p?e?|execSync|execFile|execFileSync|spawn\w*|call|run"
    r"|check_call|check_output|getoutput|getstatusoutput|shell_exec|passthru)"
    rf"(?:\s*\(\s*|\s+)[\[(]?\s*(?P<texts>{_TEXT}(?:\s*,\s*\[?\s*{_TEXT})*)"
)
_PIPED = re.compile(rf"\|&?\s*(?P<to>{_TEXT})|(?P<from>{_TEXT})\s*\|&?\s*getline")  # awk
_QUOTED = re.compile(r"`(?P<back>[^`]+)`|(?:\bqx|%x)\s*(?:\((?P<a>[^)]*)\)|\{(?P<b>[^}]*)\})")
_AWK = frozenset({"awk", "gawk", "mawk", "nawk"})
_QUOTING = frozenset({"perl", "ruby", "php"})


def started(argv: Sequence[str]) -> Iterator[str]:
    """The commands that a program text among ``argv`` hands to the system, as lines.

    >>> list(started(["python", "-c", "import os; os.system('rm x')"]))
    ['rm x']
    >>> list(started(["awk", 'BEGIN { system("rm x") }'])), list(started(["echo", "run('rm x')"]))
    (['rm x'], [])
    """
    names = [re.sub(r"[\d.]+$", "", word.rsplit("/", 1)[-1]) for word in argv]
    at = next((index for index, name in enumerate(names) if name in INTERPRETERS), len(argv))
    for word in argv[at + 1 :]:
        for found in _CALLED.finditer(word):
            yield " ".join(text[1:-1] for text in re.findall(_TEXT, found["texts"]))
        if names[at] in _AWK:
            yield from ((found["to"] or found["from"])[1:-1] for found in _PIPED.finditer(word))
        if names[at] in _QUOTING:
            yield from (found["back"] or found["a"] or found["b"] or ""
                        for found in _QUOTED.finditer(word))  # fmt: skip
