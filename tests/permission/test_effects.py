"""Harmless forms: what the tables hold, what a value may be, and lines made up to slip through."""

import shutil
import subprocess

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archnb.permission.commands import parse
from archnb.permission.effects import _PROGRAMS, effects, words
from archnb.permission.effects.forms import ANY, Form, _table
from archnb.permission.effects.wrappers import REMOTE
from archnb.permission.gate import Gate
from archnb.permission.requests import Request
from archnb.permission.rules import Rule

BASH = shutil.which("bash")


def allowed(line, *patterns):
    rules = tuple(Rule("bash", pattern, "allow") for pattern in patterns)
    return Gate(rules).settle(Request("bash", (line,), "run", line)).action == "allow"


def forms(tree, name):
    if isinstance(tree, Form):
        yield name, tree
        return
    for word, below in tree.items():
        yield from forms(below, f"{name} {word}".strip())


ALL = [found for program, tree in _PROGRAMS.items() for found in forms(tree, program)]


# What no form may list, whatever the program: each of them was seen to run, write or read more.
NEVER = frozenset(
    "--output --ext-diff --textconv --exec-path --config-env --no-index --open-files-in-pager"
    " --compress-program --files0-from --temporary-directory --pre --search-zip --hostname-bin"
    " --in-place --rawfile --slurpfile --from-file --to-file --script-shell --node-options --editor"
    " --registry --userconfig --prefix --index-url --extra-index-url --find-links --trusted-host"
    " --python --target --log --report --pdbcls --junitxml --basetemp --rootdir --confcutdir"
    " --override-ini --eval --to-command --use-compress-program --checkpoint-action --fix --write"
    " --output-file --exec --set --reference -exec -execdir -ok -okdir -delete -fprint"
    " -fprint0 -fprintf -fls -toolexec -vettool".split()
)
# The same letters, meaning something harmless to these programs.
HARMLESS_THERE = {
    "git check-ignore": {"--no-index"},
    "df": {"--output"},
    "cargo tree": {"--prefix"},
    "kubectl": {"--output", "--prefix"},
    "pip": {"--pre"},
    "pip3": {"--pre"},
    "python": {"--pre"},
    "python3": {"--pre"},
}


def test_forms_name_kinds_that_exist():
    for name, form in ALL:
        *first, _ = form.words.split() or [""]
        assert not any(kind.endswith("*") for kind in first), f"{name}: only the last one repeats"
        kinds = [kind.rstrip("*") for kind in (*form.words.split(), *form.after.split())]
        for item in form.options.split() if form.options != ANY else ():
            kinds += (item.rstrip("]").partition("[")[2] or item.partition("=")[2]).split("+")
        unknown = set(kinds) - {"", *words._NAMED, *words._PATTERNS}
        assert {kind for kind in unknown if "|" not in kind} <= {"module"}, name


def test_no_form_lists_an_option_that_is_known_to_do_more():
    for name, form in ALL:
        parts = name.replace("--no-pager ", "").split()
        harmless = {
            option for depth in (1, 2) for option in HARMLESS_THERE.get(" ".join(parts[:depth]), ())
        }
        assert NEVER & set(_table(form.options)) <= harmless, name


def test_no_table_holds_what_reaches_other_hosts():
    assert not REMOTE & set(_PROGRAMS)


# rule, command, whether it passes
RULES = [
    ("make *", ["make", "test"], True),
    ("make *", ["make", "-f", "evil.mk"], False),
    ("make *", ["make", "SHELL=/tmp/x"], False),
    ("*", ["make", "test"], False),
    ("*", ["planner", "plan"], False),
    ("planner plan*", ["planner", "plan"], True),
    ("planner plan*", ["planner", "plan", "-out=../x"], False),
    ("planner plan*", ["planner", "plan", "-var-file=~/x"], False),
    ("planner plan*", ["planner", "plan", "-var-file=/x"], False),
    ("lint *", ["lint", "-I/usr/include"], False),
    ("lint *", ["lint", "id_rsa"], False),
    ("lint *", ["lint", "https://example.org/x"], False),
    ("lint *", ["lint", "@/etc/passwd"], False),
    ("lint *", ["lint", "src/a.c", "-Wall", "--level=3"], True),
    ("lint*", ["linter", "x"], False),
    ("git commit -m *", ["git", "commit", "-m", "words with spaces"], True),
    ("git commit -m *", ["git", "commit", "-m", "x", "--amend"], False),
    ("git config *", ["git", "config", "core.fsmonitor", "x"], False),
    ("npm exec *", ["npm", "exec", "x"], False),
    ("bash *", ["bash", "x.sh"], False),
    ("python *", ["python", "x.py"], False),
    ("python tool.py *", ["python", "tool.py", "--check"], True),
    ("python -c *", ["python", "-c", "code"], False),
    ("env *", ["env", "x"], False),
    ("curl *", ["curl", "x"], False),
    ("curl https://example.org", ["curl", "https://example.org"], True),
    ("./run *", ["./run", "x"], True),
    ("/opt/run *", ["/opt/run", "x"], False),
    ("pip*", ["pip3", "list"], True),
    ("pip*", ["pipx", "list"], False),
    ("npm run build:*", ["npm", "run", "build:web"], True),
]


@pytest.mark.parametrize(("rule", "argv", "passes"), RULES)
def test_a_rule_means_what_it_names(rule, argv, passes):
    assert (effects(argv, rule) == []) is passes, effects(argv, rule)


# rows of the tables in everyday lines, each with the rule of its program
SEEDS = [
    "git status -sb", "git log --oneline -5 -- 'a b.md'", "git diff HEAD~2 -- src/a.py",
    "git show HEAD:src/a.py", "git log --format='%h %s' -n 3", "git branch --list 'x*'",
    "git grep -n foo", "npm ls --depth=0", "npm run build -- --port 0", "npm i -D zod@3.1.0",
    "pip install 'a>=2,<3' -U", "pip list --format=json", "ls -la src", "ls src/*.py",
    "cat docs/a.md", "head -n 5 a.txt", "tail -20 a.txt", "wc -l a.txt", "grep -rn 'x y' src",
    "rg -n foo -g '*.py' src", "find . -type f -name '*.sql'", "sort -t, -k2,2n a.csv",
    "uniq -c a.txt", "cut -d, -f1 a.csv", "diff -u a.sql b.sql", "sed -n '1,5p' a.txt",
    "jq -r '.a | keys' a.json", "tree -L 2 src", "echo 'a b' c", "pwd", "which git", "cd src",
    "python -m pytest -q tests -k 'a or b'", "make test", "docker ps -a", "du -sh src",
    "git status 2>&1 | head -3", "git log -3 && ls; pwd", "wc -l < a.txt", "printf '%s\\n' a",
    "cat <<'EOF'\na $b `c`\nEOF",
]  # fmt: skip
PATTERNS = (*sorted({f"{line.split()[0]}*" for line in SEEDS}), "python -m pytest*")
PIECES = [
    " ", "  ", "\t", "\n", ";", "&", "&&", "|", "||", ">", ">>", "<", "<<", "<<<", "(", ")", "{", "}",
    "$", "$x", "${x}", "$(id)", "`id`", "$'a'", '$"a"', "'", '"', "\\", "\\\n", "#", " #x", "!", "~",
    "*", "?", "[a]", "{a,b}", "{1..3}", "=", "x=1 ", "2>&1", ">/dev/null", "2>x", "&>x", "-", "--",
    " -o x", " -ox", " --output=x", " --outp=x", " --output x", " -exec id ;", " -delete", " -f x",
    " -c x=y", " -C ..", " --pre=x", " -i", " -p x", " -e x", " -- -o", " ../x", " /etc/passwd",
    " ~/x", " .env", " .git/config", " id_rsa", " a.pem", " $?", "\u00a0", "\u200b", "\u202e", "é",
    "\u0456", "\r", "\0", "\x1b", "\u3164", "EOF", "\nEOF\n", "%n", "%G?", "w x", ";w x", "1e id",
    "env", "://", "@", ":", "::", "..", "/..", "/", ",", "%",
]  # fmt: skip


@pytest.mark.parametrize("line", SEEDS)
def test_seed_passes(line):
    assert allowed(line, *PATTERNS)


@st.composite
def mutated(draw):
    line = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(line)))
        cut = draw(st.sampled_from([0, 0, 0, 1, 2]))
        line = line[:at] + draw(st.sampled_from(PIECES)) + line[at + cut :]
    return line


def built(text):
    """The words of one part as bash builds them; no pattern is expanded, no status is known."""
    script = f"set -f +B; printf '%s\\0' {text}"
    done = subprocess.run(
        [BASH, "--noprofile", "--norc", "-c", script], capture_output=True, check=True, env={}
    )
    return tuple(done.stdout.decode().split("\0")[:-1])


@pytest.mark.skipif(BASH is None, reason="there is no bash here")
@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(mutated())
def test_what_passes_is_what_bash_would_run(line):
    """Whatever is allowed parses in bash, and each part's words are those that bash would pass."""
    if not allowed(line, *PATTERNS):
        return
    checked = subprocess.run(
        [BASH, "--noprofile", "--norc", "-n"], input=line.encode(), capture_output=True, check=False
    )
    assert (checked.returncode, checked.stderr) == (0, b""), line
    for part in parse(line).parts:
        text = part.text.split("<")[0] if "<" in part.text and "'" not in part.text else part.text
        if "$?" not in text and not any(mark in text for mark in ("2>", ">/dev/null")):
            assert built(text) == part.argv, line
        program = part.argv[0]
        if program not in ("echo", "printf", "grep", "rg", "git"):  # these have texts as values
            for word in part.argv[1:]:
                assert not word.startswith(("--output", "--pre", "/etc", "--outp")), line


VALUES = [
    (words.path, ["src/a.py", "a b", "-", "/dev/null", "..."], ["", "/x", "~", "a/../..", "-x", "$x"]),
    (words.file, ["a.txt", "LICENSE", "x/.gitignore"], ["src", "id_ed25519", "a.key", ".env", "x/"]),
    (words.revision, ["HEAD~2", "a..b", "@{u}", "^x", "v1:a/b.py"], ["a:.env", "a:/x", "-x", "..", "/"]),
    (words.git_format, ["%h", "oneline", "tformat:x"], ["%G?", "mine", "format:%GS"]),
    (words.sed_print, ["1p", "/a/,/b/p", "$=", "2q", "1p;3p"], ["w x", "1e", "s/a/b/", "r x", "1{p}"]),
    (words.jq_filter, [".a", '"env"', ".[] | {a}"], ["env", "$ENV", '"\\(env)"', 'import "a" as a; .']),
    (words.package, ["zod", "@a/b@1"], ["./x", "a/b", "x.tgz", "http://x", "a@npm:b", "-g"]),
    (words.requirement, ["a[b]>=1,<2"], [".", "a/b", "a.whl", "a @ b", "git+x", "-e"]),
    (words.print_format, ["%s\n", "%5.2f", "100%%"], ["%n", "%-n", "-v"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "fits", "fails"), VALUES, ids=lambda value: getattr(value, "__name__", "")
)
def test_a_kind_of_word(kind, fits, fails):
    assert [word for word in fits if not kind(word)] == []
    assert [word for word in fails if kind(word)] == []
