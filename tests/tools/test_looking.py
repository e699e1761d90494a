"""glob, grep and list see what a person calls theirs, stay inside, and say their limits."""

import asyncio
import os
import subprocess

import pytest

from archnb.errors import WorkspaceError
from archnb.tools import glob, grep
from archnb.tools import list as list_tool
from archnb.tools._wildcards import matcher
from archnb.tools.base import Context, ToolError
from archnb.workspace import Workspace

FILES = {
    "README.md": "Billing\n",
    "db/schema.sql": "CREATE TABLE orders (id int);\r\n-- total\r\n",
    "db/old/v1.sql": "create table orders (id int);\n",
    "src/app.ts": "const total = 1\n",
    "src/ui/view.tsx": "total\n",
    ".github/ci.yml": "on: push\n",
    ".env": "SECRET=total\n",
    "keys/server.pem": "total\n",
    "build/out.sql": "total\n",
    "src/debug.log": "total\n",
    "src/kept.log": "total\n",
    "notes.tmp": "total\n",
    "local.txt": "total\n",
    "node_modules/x/index.js": "total\n",
    "src/__pycache__/a.pyc": "total\n",
    ".gitignore": "build/\n",
    "src/.gitignore": "*.log\n!kept.log\n",
    ".ignore": "*.tmp\n",
}


@pytest.fixture
def workspace(tmp_path):
    root = tmp_path / "ws"
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
        os.utime(path, (1_000_000_000, 1_000_000_000))
    subprocess.run(["git", "init", "-q", root], check=True)
    (root / ".git/info").mkdir(exist_ok=True)
    (root / ".git/info/exclude").write_text("local.txt\n")
    return Workspace.at(root)


def call(tool, workspace, *, readable=None, **given):
    tool.TOOL.check(given)
    request = tool.TOOL.request(given, workspace)
    readable = readable or (lambda name: not workspace.secret(name))
    return asyncio.run(tool.TOOL.run(given, Context(workspace, readable=readable), request)).text


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("*.sql", None, ["db/old/v1.sql", "db/schema.sql"]),
        ("*.sql", "db/old", ["db/old/v1.sql"]),
        ("db/*.sql", None, ["db/schema.sql"]),
        ("db/**/*.sql", None, ["db/old/v1.sql", "db/schema.sql"]),
        ("**/*.{ts,tsx}", None, ["src/app.ts", "src/ui/view.tsx"]),
        ("old/v[0-9].sql", "db", ["db/old/v1.sql"]),
        ("v?.sql", None, ["db/old/v1.sql"]),
        ("*.log", None, ["src/kept.log"]),
        ("*.yml", None, [".github/ci.yml"]),
        ("{.env,local.txt,notes.tmp,index.js,out.sql}", None, [".env"]),
        ("src/", None, ["src/.gitignore", "src/app.ts", "src/kept.log", "src/ui/view.tsx"]),
        ("config", None, []),
        ("HEAD", ".git", []),
        ("*.js", "node_modules", ["node_modules/x/index.js"]),
    ],
)
def test_glob(workspace, pattern, path, expected):
    given = {"path": path} if path else {}
    text = call(glob, workspace, pattern=pattern, **given)
    assert (sorted(text.split("\n")) if expected else []) == sorted(expected)
    if not expected:
        assert text.startswith("No files found")


def test_what_is_ignored_is_ignored_without_a_repository_too(tmp_path):
    root = tmp_path / "ws"
    (root / "sub").mkdir(parents=True)
    (tmp_path / ".gitignore").write_text("*\n")  # a person's home kept in git
    (root / ".gitignore").write_text("*.log\n")
    for name in ("a.log", "a.sql", "sub/b.log", "sub/b.sql"):
        (root / name).write_text("x")
    workspace = Workspace.at(root)
    assert sorted(call(glob, workspace, pattern="[ab].*").split()) == ["a.sql", "sub/b.sql"]
    assert call(glob, workspace, pattern="*", path="sub").split() == ["sub/b.sql"]


@pytest.mark.parametrize(
    ("name", "pattern", "expected"),
    [
        ("a/b/c/d.py", "a/**/d.py", True),
        ("a/d.py", "a/**/d.py", True),
        ("a/b/a/c/d.py", "**/a/*/d.py", True),
        ("a/b/c/d.py", "a/**/c/**/e.py", False),
        ("a/b.py", "**", True),
        ("a/b.py", "a/*", True),
        ("a/b/c.py", "a/*", False),
        ("b.py", "./b.py", True),
        ("x[1].md", "x[[]1].md", True),
        ("xa.md", "x[!a].md", False),
        ("xb.md", "x[^a].md", True),
        ("A.md", "a.md", False),
        ("v12.sql", "{v{1,2}?,w}.sql", True),
        ("line\nbreak", "line*", True),
        ("a" * 250, "*a" * 60 + "b", False),
        ("a/" * 200 + "x", "**/a/" * 40 + "b", False),
    ],
)
def test_patterns(name, pattern, expected):
    assert matcher(pattern)(name) is expected


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("/etc/*", "leaves the folder"),
        ("../*", "leaves the folder"),
        ("a/../../*", "leaves the folder"),
        ("{a,..}/x", "leaves the folder"),
        ("C:/x", "leaves the folder"),
        ("~/x", "leaves the folder"),
        ("", "is no pattern"),
        ("{a,b", "brace without its partner"),
        ("{0,1}" * 20, "more than 1000 forms"),
    ],
)
def test_a_pattern_that_cannot_be_meant_is_said(workspace, pattern, said):
    with pytest.raises(ToolError, match=said):
        glob.TOOL.request({"pattern": pattern}, workspace)


def test_newest_first_and_the_limit_is_said(workspace):
    for number in range(130):
        path = workspace.root / f"many/{number:03}.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_text("needle\n")
        os.utime(path, (1_600_000_000 + number, 1_600_000_000 + number))
    lines = call(glob, workspace, pattern="*.txt").split("\n")
    assert lines[0] == "many/129.txt"
    assert len(lines) == 101
    assert lines[-1].startswith("(Results are truncated: showing first 100 results of 130")
    text = call(grep, workspace, pattern="needle")
    assert text.startswith("Found 100 matches (more matches available)\n\nmany/129.txt:\n")
    assert text.count("  Line 1: needle") == 100
    assert "Results are truncated" in text


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"pattern": "CREATE TABLE"}, "db/schema.sql:\n  Line 1: CREATE TABLE orders (id int);"),
        ({"pattern": "(?i)create", "path": "db/old"}, "db/old/v1.sql:\n  Line 1: create table"),
        ({"pattern": "total$", "path": "db/schema.sql"}, "db/schema.sql:\n  Line 2: -- total"),
        ({"pattern": "total", "include": "*.{ts,tsx}"}, "Found 2 matches"),
        ({"pattern": "total", "include": "src/*.ts"}, "Found 1 match\n"),
        ({"pattern": "nowhere to be seen"}, "No matches found"),
    ],
)
def test_grep(workspace, given, expected):
    assert expected in call(grep, workspace, **given)


def test_grep_opens_only_what_may_be_read_and_says_how_many_it_left_out(workspace):
    opened = call(grep, workspace, pattern="total")
    assert ".env" not in opened
    assert "server.pem" not in opened
    assert "(2 files left out: reading must be asked first." in opened
    alone = call(grep, workspace, pattern="SECRET", path=".env")
    assert alone.startswith("No matches found\n(1 file left out")
    nothing = call(grep, workspace, pattern="total", readable=lambda _: False)
    assert nothing.startswith("No matches found\n(")


def test_grep_passes_over_binary_and_large_files_and_counts_them(workspace, monkeypatch):
    (workspace.root / "image.bin").write_bytes(b"total\0total\n")
    (workspace.root / "wide.txt").write_bytes("total\n".encode("utf-16"))
    (workspace.root / "latin.txt").write_bytes("total für\n".encode("latin-1"))
    (workspace.root / "min.js").write_text("x" * 100_000 + "total")
    monkeypatch.setattr(grep, "MAX_FILE", 50_000)
    text = call(grep, workspace, pattern="total")
    assert "image.bin" not in text
    assert "(1 file with a match not shown: binary.)" in text
    assert "(1 file over 0 MB not searched.)" in text
    assert "wide.txt:\n  Line 1: total" in text
    assert "latin.txt:\n  Line 1: total für" in text


def test_a_long_line_is_cut_and_escapes_do_not_pass(workspace):
    (workspace.root / "long.txt").write_bytes(b"\x1b[31mneedle\x1b[0m" + b"x" * 100_000)
    text = call(grep, workspace, pattern="needle")
    assert "Line 1: needlexxx" in text
    assert len(text) < 600


@pytest.mark.parametrize("pattern", ["foo(", "(?=x)", r"(a)\1", "a{9999999}", "a\nb", r"a\nb", "["])
def test_a_bad_expression_is_a_sentence(workspace, pattern):
    with pytest.raises(ToolError, match="Give a regular expression"):
        call(grep, workspace, pattern=pattern)


def test_an_expression_made_to_backtrack_is_answered(workspace):
    (workspace.root / "evil.txt").write_text("a" * 50_000 + "!\n")
    assert call(grep, workspace, pattern="^(a+)+$", include="evil.txt") == "No matches found"


def test_links_are_not_followed_and_odd_names_are_shown_safely(workspace, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text("needle\n")
    (workspace.root / "link").symlink_to(outside)
    (workspace.root / "file-link.txt").symlink_to(outside / "secret.txt")
    (workspace.root / "-e.txt").write_text("needle\n")
    (workspace.root / "a\x1b[31m\nb.txt").write_text("needle\n")
    assert call(glob, workspace, pattern="*.txt").split("\n") == [
        "a\ufffd[31m\ufffdb.txt",
        "-e.txt",
    ]
    text = call(grep, workspace, pattern="needle")
    assert "-e.txt:\n  Line 1: needle" in text
    assert "secret" not in text
    assert "\x1b" not in text
    for tool in (glob, grep, list_tool):
        with pytest.raises(WorkspaceError, match="outside"):
            call(tool, workspace, pattern="x", path="link") if tool != list_tool else call(
                tool, workspace, path="link"
            )


def test_a_file_that_goes_meanwhile_is_no_error(workspace):
    def readable(name):
        (workspace.root / "src/app.ts").unlink(missing_ok=True)
        return True

    text = call(grep, workspace, pattern="total", include="*.{ts,tsx}", readable=readable)
    assert "src/app.ts" not in text
    assert "view.tsx" in text


def test_a_search_can_be_cancelled(workspace):
    async def main():
        given = {"pattern": "total"}
        request = grep.TOOL.request(given, workspace)
        task = asyncio.ensure_future(grep.TOOL.run(given, Context(workspace), request))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())


def test_list(workspace):
    assert call(list_tool, workspace).split("\n") == [
        ".env",
        ".github/",
        "  ci.yml",
        ".gitignore",
        ".ignore",
        "README.md",
        "db/",
        "  old/",
        "    v1.sql",
        "  schema.sql",
        "keys/",
        "  server.pem",
        "node_modules/ (not shown)",
        "src/",
        "  .gitignore",
        "  __pycache__/ (not shown)",
        "  app.ts",
        "  kept.log",
        "  ui/",
        "    view.tsx",
    ]
    assert call(list_tool, workspace, path="db", ignore=["old/"]) == "schema.sql"


def test_list_says_what_it_leaves_closed(workspace):
    for number in range(300):
        path = workspace.root / f"data/{number:03}.csv"
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
    deep = workspace.root / ("d/" * 300)
    deep.mkdir(parents=True)
    (deep / "x").write_text("")
    text = call(list_tool, workspace)
    assert "data/ (300 files: list it)" in text
    assert len(text.split("\n")) <= list_tool.LIMIT + 1
    lines = call(list_tool, workspace, path="data").split("\n")
    assert len(lines) == list_tool.LIMIT + 1
    assert lines[-1] == "(100 more entries: use glob)"


@pytest.mark.parametrize("tool", [glob, list_tool])
def test_a_file_is_no_folder(workspace, tool):
    given = {"path": "README.md"} | ({"pattern": "*"} if tool is glob else {})
    with pytest.raises(ToolError, match=r"README.md is not a folder"):
        tool.TOOL.request(given, workspace)


def test_nothing_there(tmp_path):
    assert call(list_tool, Workspace.at(tmp_path)) == "(no files)"
