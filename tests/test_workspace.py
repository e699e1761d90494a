"""Paths cannot leave the workspace, writes are whole or not at all."""

import contextlib
import errno
import os
import stat

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from archnb import opening
from archnb.errors import WorkspaceError
from archnb.spelling import windows_trap
from archnb.workspace import FileChange, Workspace, decode, encode


@pytest.fixture(params=["relative", "absolute"])
def ws(request, tmp_path, monkeypatch):
    """Once as on Linux and macOS, once as where files cannot be opened relative to a folder."""
    if request.param == "relative" and not opening.RELATIVE:
        pytest.skip("this system cannot open files relative to a folder")
    monkeypatch.setattr(opening, "RELATIVE", request.param == "relative")
    (tmp_path / "ws").mkdir()
    (tmp_path / "secret").write_text("s")
    return Workspace.at(tmp_path / "ws")


def write(workspace, path, content, *, expect):
    """One change of the file that ``path`` leads to."""
    name = workspace.name(workspace.resolve(path))
    return workspace.apply([FileChange(name, expect, content)])[0]


@pytest.mark.parametrize(
    "path",
    [
        "../secret",
        "/etc/passwd",
        "a/../../secret",
        "~/x",
        "",
        "a\0b",
        "a\nb",
        "link/secret",
        "linkfile",
        "a\x7fb",
        "a\ud800b",
        "a\udc80b",  # noqa: PT014  (another one)
        "/",
        "..",
        "loop",
        "n" * 5000,
    ],
)
def test_a_path_outside_is_refused(ws, path):
    (ws.root / "link").symlink_to(ws.root.parent)
    (ws.root / "linkfile").symlink_to(ws.root.parent / "secret")
    (ws.root / "loop").symlink_to(ws.root / "loop")
    with pytest.raises(WorkspaceError):
        ws.resolve(path)


@pytest.mark.parametrize(
    "path", [".", "a.sql", "./x/../a.sql", "docs/ADR 001 – Ümlaut.md", "...", "a..b"]
)
def test_a_path_inside_is_fine(ws, path):
    assert ws.resolve(path).is_relative_to(ws.root)


def test_a_write_keeps_the_mode_and_returns_the_before_image(ws):
    file = ws.root / "run.sh"
    file.write_bytes(b"one")
    file.chmod(0o755)
    change = write(ws, "run.sh", b"two", expect=b"one")
    assert (change.before, change.after, file.read_bytes()) == (b"one", b"two", b"two")
    assert stat.S_IMODE(file.stat().st_mode) == 0o755
    assert [path.name for path in ws.root.iterdir()] == ["run.sh"]


def test_a_file_that_is_not_what_was_shown_is_left_alone(ws):
    (ws.root / "a").write_text("mine")
    for expect in (b"other", None):
        with pytest.raises(WorkspaceError, match="changed since"):
            write(ws, "a", b"theirs", expect=expect)
    assert (ws.root / "a").read_text() == "mine"
    with pytest.raises(WorkspaceError, match="changed since"):
        write(ws, "gone", b"x", expect=b"was here")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_says_so(ws):
    ws.root.chmod(0o555)
    with pytest.raises(WorkspaceError, match="cannot be written"):
        write(ws, "a", b"x", expect=None)


def test_a_write_below_a_file_says_so_and_leaves_nothing(ws):
    (ws.root / "a").write_text("x")
    with pytest.raises(WorkspaceError, match="cannot be written"):
        write(ws, "a/b", b"x", expect=None)
    assert [path.name for path in ws.root.iterdir()] == ["a"]


def test_a_missing_file_suggests_its_neighbours(ws):
    (ws.root / "schema.sql").touch()
    with pytest.raises(WorkspaceError) as caught:
        ws.read_bytes("shema.sql")
    assert "Did you mean schema.sql?" in caught.value.hint


ONE_FILE = [
    ("a.sql", "a.sql"),
    ("./db/../a.sql", "a.sql"),
    ("db//x.sql/", "db/x.sql"),
    ("link/x.sql", "db/x.sql"),
    ("alias.sql", "a.sql"),
    ("new/deep/file", "new/deep/file"),
]


@pytest.mark.parametrize(("path", "name"), ONE_FILE)
def test_a_file_has_one_name(ws, path, name):
    (ws.root / "db").mkdir()
    (ws.root / "db/x.sql").touch()
    (ws.root / "a.sql").touch()
    (ws.root / "link").symlink_to("db")
    (ws.root / "alias.sql").symlink_to("a.sql")
    assert ws.name(ws.resolve(path)) == name
    assert ws.name(ws.resolve(str(ws.root / path))) == name


WINDOWS = [
    ("docs/aux.md", "device"), ("NUL", "device"), ("com¹.txt", "device"), ("con .txt", "device"),
    ("a.sql.", "dropped"), ("a /b", "dropped"), ("...", "dropped"), ("a.sql:hidden", "stream"),
    ("C:/ws/a.sql", ""), ("../a/./b.sql", ""), ("auxiliary.md", ""), ("db\\prn.sql", "device"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "says"), WINDOWS)
def test_what_windows_takes_for_something_else(path, says):
    assert says in windows_trap(path)
    assert bool(says) == bool(windows_trap(path))


def test_a_link_is_written_through_and_stays(ws):
    (ws.root / "real").write_bytes(b"1")
    (ws.root / "link").symlink_to("real")
    change = write(ws, "link", b"2", expect=b"1")
    assert change.path == "real"
    assert (ws.root / "link").is_symlink()
    assert (ws.root / "real").read_bytes() == b"2"


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o755])
def test_owner_mode_and_attributes_stay(ws, mode):
    file = ws.root / "f"
    file.write_bytes(b"1")
    file.chmod(mode)
    attributes = hasattr(os, "setxattr")
    try:
        os.setxattr(file, "user.note", b"kept")
    except (OSError, AttributeError):
        attributes = False
    if os.geteuid() == 0:
        os.chown(file, 12, 34)
    before = file.stat()
    write(ws, "f", b"2", expect=b"1")
    after = file.stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (
        before.st_mode, before.st_uid, before.st_gid,
    )  # fmt: skip
    assert not attributes or os.getxattr(file, "user.note") == b"kept"


def test_a_read_only_file_is_left_alone(ws):
    (ws.root / "f").write_bytes(b"1")
    (ws.root / "f").chmod(0o444)
    for change in (b"2", None):
        with pytest.raises(WorkspaceError, match="read-only; nothing was changed"):
            ws.apply([FileChange("f", b"1", change)])
    assert (ws.root / "f").read_bytes() == b"1"


def test_remove_deletes_what_was_shown_and_nothing_else(ws):
    (ws.root / "f").write_bytes(b"1")
    with pytest.raises(WorkspaceError, match="changed since"):
        write(ws, "f", None, expect=b"2")
    change = write(ws, "f", None, expect=b"1")
    assert (change.before, change.after) == (b"1", None)
    assert list(ws.root.iterdir()) == []


def test_what_was_settled_is_read_and_no_link(ws):
    (ws.root / "db").mkdir()
    (ws.root / "db/f").write_bytes(b"1")
    (ws.root / "link").symlink_to("db")
    assert ws.read_bytes("link/f") == b"1"
    assert ws.read_bytes("db/f", settled=True) == b"1"
    for name in ("link/f", "./db/f", "db/../db/f"):
        with pytest.raises(WorkspaceError, match="leads elsewhere"):
            ws.read_bytes(name, settled=True)


def test_a_text_that_its_encoding_cannot_hold_is_said():
    assert encode("é", "latin-1", "f") == b"\xe9"
    with pytest.raises(WorkspaceError, match="f is latin-1 text and cannot hold '日'"):
        encode("a日", "latin-1", "f")


@pytest.mark.parametrize("kind", ["fifo", "folder", "missing", "device"])
def test_what_is_no_plain_file_is_not_read(ws, kind):
    match kind:
        case "fifo":
            os.mkfifo(ws.root / "x")
        case "folder":
            (ws.root / "x").mkdir()
        case "device" if os.geteuid() == 0:
            try:
                os.mknod(ws.root / "x", 0o600 | stat.S_IFCHR, os.makedev(1, 5))
            except OSError:
                pytest.skip("no devices here")
        case "device":
            pytest.skip("only root makes devices")
    with pytest.raises(WorkspaceError):
        ws.read_bytes("x")


def tree(folder):
    """Every file and folder below with its bytes and mode."""
    return {
        path.relative_to(folder).as_posix(): (
            path.read_bytes() if path.is_file() else None, stat.S_IMODE(path.stat().st_mode),
        )
        for path in sorted(folder.rglob("*"))
    }  # fmt: skip


ALL_OR_NOTHING = [
    FileChange("run.sh", b"run", b"RUN"),
    FileChange("gone", b"gone", None),
    FileChange("new/deep/file", None, b"new"),
    FileChange("last", b"last", b"LAST"),
]


@pytest.fixture
def full(ws):
    for name in ("run.sh", "gone", "last"):
        (ws.root / name).write_text(name.removesuffix(".sh"))
    (ws.root / "run.sh").chmod(0o755)
    (ws.root / "gone").chmod(0o640)
    return ws


def test_all_changes_are_made(full):
    done = full.apply(ALL_OR_NOTHING)
    assert tree(full.root).keys() == {"run.sh", "new", "new/deep", "new/deep/file", "last"}
    assert [change.after for change in done] == [b"RUN", None, b"new", b"LAST"]
    assert done[0].mode == 0o755
    assert done[1].mode == 0o640


@pytest.mark.parametrize(
    "wrong",
    [
        FileChange("last", b"other", b"x"),
        FileChange("last", None, b"x"),
        FileChange("missing", b"was here", None),
        FileChange("last/below", None, b"x"),
        FileChange("run.sh", b"run", b"twice"),
        FileChange("../secret", b"s", b"x"),
        FileChange("./last", b"last", b"x"),
        FileChange("..", None, b"x"),
        FileChange("link", b"last", b"x"),
        FileChange(".", None, b"x"),
    ],
)
def test_one_change_that_cannot_be_made_refuses_all(full, wrong):
    (full.root / "link").symlink_to("last")
    before = tree(full.root)
    with pytest.raises(WorkspaceError):
        full.apply([*ALL_OR_NOTHING[:3], wrong])
    assert tree(full.root) == before
    assert (full.root.parent / "secret").read_text() == "s"


@pytest.mark.parametrize("call", range(1, 4))
@pytest.mark.parametrize("failure", [OSError(errno.ENOSPC, "disk full"), KeyboardInterrupt()])
@pytest.mark.parametrize("step", ["replace", "rename", "fsync"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_failure_on_the_way_puts_everything_back(full, monkeypatch, step, failure, call, when):
    before = tree(full.root)
    count = 0
    real = getattr(os, step)

    def failing(*args, **kwargs):
        nonlocal count
        count += 1
        if count != call or when == "after":
            real(*args, **kwargs)
        if count == call:
            raise failure

    monkeypatch.setattr(os, step, failing)
    try:
        full.apply(ALL_OR_NOTHING)
    except (WorkspaceError, KeyboardInterrupt):
        assert tree(full.root) == before
    else:
        assert count < call  # that step is not needed so often


def test_a_file_written_between_check_and_replacement_is_kept(full, monkeypatch):
    real = os.fsync

    def meanwhile(descriptor):
        (full.root / "last").write_text("LATE")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", meanwhile)
    with pytest.raises(WorkspaceError, match="changed since"):
        full.apply(ALL_OR_NOTHING)
    assert (full.root / "last").read_text() == "LATE"
    assert (full.root / "run.sh").read_text() == "run"


@pytest.mark.skipif(not opening.RELATIVE, reason="needs files opened relative to a folder")
@pytest.mark.parametrize("call", range(1, 9))
def test_a_folder_swapped_for_a_link_leads_nowhere(tmp_path, monkeypatch, call):
    """Whenever the swap comes: nothing is written outside, and what stood there is whole."""
    inside, outside = tmp_path / "ws/db", tmp_path / "outside"
    inside.mkdir(parents=True)
    outside.mkdir()
    for folder in (inside, outside):
        (folder / "f").write_text("old")
    workspace = Workspace.at(tmp_path / "ws")
    count = 0
    real = os.open

    def swapping(*args, **kwargs):
        nonlocal count
        count += 1
        if count == call:
            inside.rename(tmp_path / "ws/aside")
            inside.symlink_to(outside)
        return real(*args, **kwargs)

    monkeypatch.setattr(os, "open", swapping)
    with contextlib.suppress(WorkspaceError):  # the folder may be held open by then
        workspace.apply([FileChange("db/f", b"old", b"new")])
    assert count >= min(call, 4)
    assert [(path.name, path.read_text()) for path in outside.iterdir()] == [("f", "old")]


ENCODED = [
    ("naïve".encode(), "utf-8"),
    ("naïve".encode("latin-1"), "latin-1"),
    ("“naïve”".encode("cp1252"), "cp1252"),
    (b"\x81\xe9", "latin-1"),
    (b"\xef\xbb\xbfbom", "utf-8-sig"),
    (b"\xef\xbb\xbf\xef\xbb\xbftwice", "utf-8-sig"),
    ("\ufeffa\r\nb".encode("utf-16-le"), "utf-16-le"),
    ("\ufeff日本".encode("utf-16-be"), "utf-16-be"),
    (b"\xff\xfeodd", "latin-1"),
    (b"a\r\nb", "utf-8"),
    (b"", "utf-8"),
]


@pytest.mark.parametrize(("content", "encoding"), ENCODED)
def test_the_encoding_of_a_text(content, encoding):
    assert decode(content, "x")[1] == encoding


@example(b"\xff\xfe\x00\xd8")
@given(
    st.binary(max_size=80)
    | st.text(max_size=40).map(lambda text: text.encode("utf-8", "ignore"))
    | st.text(max_size=40).map(lambda text: ("\ufeff" + text).encode("utf-16-le", "ignore"))
    | st.text(max_size=40).map(lambda text: text.encode("cp1252", "ignore"))
)
def test_text_goes_back_to_the_same_bytes(content):
    try:
        text, encoding = decode(content, "x")
    except WorkspaceError:
        assert b"\0" in content
        return
    assert text.encode(encoding) == content


STARTUP = """
.git/hooks/pre-commit .github/workflows/ci.yml .gitattributes .gitmodules .husky/pre-push .circleci/config.yml
.devcontainer/devcontainer.json .vscode/tasks.json .bash_login .zshenv .inputrc .vimrc conftest.py Makefile
GNUmakefile justfile Jenkinsfile setup.py pyproject.toml package.json web/package.json tox.ini noxfile.py tasks.py
.npmrc .yarnrc .yarnrc.yml x/y.pth node_modules/a/index.js .venv/x AGENTS.md CLAUDE.md agents/a.md x/agents/b/c.md
Agents/A.MD .GIT/config .cursorrules web/.Cursor/rules kernel.json .ssh/authorized_keys .gitconfig env/bin/python env/lib/a.py env/pyvenv.cfg
my.code-workspace .Rprofile .gdbinit Vagrantfile shell.nix flake.nix mise.toml .config/systemd/user/a.service .config/git/config
CLAUDE.local.md .clinerules .clinerules/a.md .kiro/hooks/a .roo/rules/a.md pom.xml gradle.properties .eslintrc.js jest.config.js
web/vite.config.ts vite.config.mjs .pylintrc .gitlab-ci.yaml web/Eslint.config.JS
""".split()
SECRETS = """
a/.ENV .env.local .env-production prod.env prod.env.local keys/id_rsa id_ecdsa id_dsa ID_ED25519 x.pem x.ppk x.kdbx server.key
agents/../.ssh/config .git-credentials .pgpass .envrc credentials.json .aws/credentials credentials .htpasswd
.vault-token terraform.tfstate terraform.tfstate.backup secrets.yml secrets.YAML service-account-1.json
.docker/config.json .netrc .npmrc .pypirc .git/config sub/.git/config .config/gh/hosts.yml .config/gcloud/access_tokens.db
.kaggle/kaggle.json .boto .s3cfg .terraformrc .terraform.d/credentials.tfrc.json .m2/settings.xml .gradle/gradle.properties
.composer/auth.json .databrickscfg vpn/home.ovpn id_rsa_work id_ed25519_sk my-private.asc prod.kubeconfig .cargo/credentials.toml
.bash_history .streamlit/secrets.toml ENV~1 .env_local
""".split()
ORDINARY = """
db/schema.sql docs/keys.md environment.yaml git.md docs/agents.sql bin/run.sh .env.example prod.env.example docs/secrets.md
credentials.md Dockerfile agents/a.sql docs/id_rsa.md app/settings.json id_map.sql gh/hosts.yml settings.xml app.config.json
public.asc notes~1.md auth.json .env.sample head.md forehead docs/.gitkeep vite.config.md docs/systemd/user.md git/config code-workspace myvite.config.ts
""".split()


@pytest.mark.parametrize("path", STARTUP)
def test_places_that_decide_what_runs_later_have_a_warning(ws, path):
    (ws.root / "env").mkdir()
    (ws.root / "env/pyvenv.cfg").touch()
    assert "decides what runs later" in ws.warning(path)


@pytest.mark.parametrize(
    ("path", "refused"),
    [
        ("evil-1.0.dist-info/entry_points.txt", True),
        ("a/evil.EGG-INFO/PKG-INFO", True),
        ("evil.egg-info", True),
        ("x.dist-info", True),
        ("docs/dist-info.md", False),
        ("dist-info/a.txt", False),
    ],
)
def test_what_names_the_parts_of_programs_is_never_written(ws, path, refused):
    assert bool(ws.forbidden(path)) is refused


@pytest.mark.parametrize("path", SECRETS)
def test_files_of_keys_have_a_warning(ws, path):
    assert "key" in ws.secret(path)
    assert ws.warning(path)


@pytest.mark.parametrize("path", ORDINARY)
def test_ordinary_files_have_none(ws, path):
    assert (ws.warning(path), ws.secret(path)) == ("", "")
