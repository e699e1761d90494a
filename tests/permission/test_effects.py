"""Harmless forms: what the tables hold, what a value may be, and lines made up to slip through."""

import pytest

from archnb.permission.effects import _PROGRAMS, effects, words
from archnb.permission.effects.forms import ANY, Form, _table
from archnb.permission.effects.wrappers import REMOTE
from archnb.permission.gate import Gate
from archnb.permission.requests import Request
from archnb.permission.rules import Rule


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
        assert {kind for kind in unknown if "|" not in kind} <= {"module", "json"}, name


def test_no_form_lists_an_option_that_is_known_to_do_more():
    for name, form in ALL:
        parts = name.replace("--no-pager ", "").split()
        harmless = {
            option for depth in (1, 2) for option in HARMLESS_THERE.get(" ".join(parts[:depth]), ())
        }
        assert NEVER & set(_table(form.options)) <= harmless, name


def test_what_reaches_other_hosts_may_only_tell_of_itself():
    for program in REMOTE & set(_PROGRAMS):
        assert set(_PROGRAMS[program]) <= {"--version", "-V", "--help"}, program
        assert set(_PROGRAMS[program].values()) == {Form()}, program


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


# Each asks although a star allows its program: it writes, runs, reaches or reads more than it says.
BEYOND = """
git -c core.pager=x log
git --config-env=core.pager=X log
git --exec-path=. log
git --git-dir=x log
git --work-tree=.. status
git -C .. log
git -p log
git log --format=%G?
git log -p --ext-diff
git log --remerge-diff
git log --diff-merges=remerge
git log --textconv
git diff --no-index /etc/passwd x
git diff --output=x
git grep -O x
git grep --open-files-in-pager=x y
git bisect run x
git rebase -x x HEAD~1
git submodule foreach x
git difftool
git help log
git blame --contents /etc/passwd a.txt
git archive --output=x HEAD
git ls-remote --upload-pack=x .
git config core.fsmonitor x
git var -l
GIT_EXTERNAL_DIFF=x git diff
find . -exec x {} +
find . -execdir x ;
find . -ok x ;
find . -okdir x ;
find . -delete
find . -fprint x
find . -fprintf x %p
find . -fls x
find . -files0-from x
find -L .
find / -name x
sort --compress-program=x a.txt
sort --compress-prog=x a.txt
sort --files0-from=x
sort -o x a.txt
sort -rox a.txt
sort -T .. a.txt
uniq a.txt x
uniq a.txt -c
xxd a.txt -b
rg --pre=x y
rg --pre x y
rg --hostname-bin=x y
rg --search-zip x
rg -z x
rg -f /etc/passwd x
rg -L x
sed -i s/a/b/ a.txt
sed -n -i p a.txt
sed -n 'w x' a.txt
sed -n '1e id' a.txt
sed -n 's/a/id/e' a.txt
sed -n '$r/etc/passwd' a.txt
sed -nf x a.txt
awk 1 a.txt
gawk 'BEGIN{system("id")}'
jq -L . .a a.json
jq -f x a.json
jq --rawfile a /etc/passwd .a
jq --slurpfile a x .a
jq -n input_filename
jq -n env
jq -n '$ENV'
jq 'import "a" as a; .'
yq 'load("/etc/passwd")' a.yaml
yq -i . a.yaml
yq 'env(HOME)' a.yaml
tree -o x
tree -R -H .
tree -l
xargs ls
diff --to-file=/etc/passwd a.txt
diff --from-file=x a.txt
less a.txt
man git
more a.txt
tail -f a.txt
tail -F a.txt
tail --pid=1 a.txt
wc --files0-from=x
du --files0-from=x
du -X x
grep -f /etc/passwd a.txt
grep foo /etc/passwd
file -C -m x
file -f x
xxd -r a.txt
xxd a.txt x
base64 /etc/passwd
stat /etc/passwd
cat ../outside
cat /proc/self/environ
cat /dev/tcp/127.0.0.1/9
cat /dev/stdin
cat ~/.ssh/id_rsa
cat .env
cat src/../../x
ls /
ls ~
date -s 0
date -f a.txt
hostname x
tar xf a.tar
tar -tf a.tar --to-command=x
tar -tf host:a.tar
tar tf a.tar -I x
unzip a.zip
unzip -p a.zip
zip x.zip a.txt
zip -sf a.zip -T -TT x
pytest -p x
pytest -c x
pytest --rootdir=..
pytest -o python_files=x
pytest --pyargs x
pytest @x
pytest --pdb
pytest --junitxml=x
mypy --python-executable=x src
mypy --config-file=x src
mypy @x
ruff check --fix
ruff check --config=x
ruff format src
black src
isort src
eslint --fix src
eslint --rulesdir=x src
eslint -c x src
prettier --write src
prettier --plugin=x -c src
tsc
tsc -p ../x
tsc --noEmit --outDir x
node x.js
node -e 1
deno run x.ts
deno eval 1
deno fmt
bun x y
bun --preload x test
uv run x
uv pip install x
poetry run x
poetry config a b
pnpm dlx x
pnpm exec x
yarn dlx x
yarn exec x
npm --prefix .. test
npm test --prefix=..
npm ls --userconfig=x
npm test --node-options=--require=x
npm run build --script-shell=x
npm exec x
npm fund zod
pip --python=x list
pip list --log=x
pip install -r http://x/y
pip install --index-url=x y
pip install --trusted-host=x y
pip install -e .
pip install --target=x y
pip install --root=x y
pip install --config-settings=x y
python -m http.server
python -m site
python -c 1
python x.py
make -f x
make -C ..
make --eval=x
make SHELL=x
cargo run
cargo test --config x
cargo build --manifest-path=../x
go run .
go test -exec x ./...
go vet -vettool=x ./...
go build ./...
go env -w A=b
mvn -Dexec.executable=x test
mvn -f ../x test
mvn exec:exec
gradle -I x tasks
gradle -p .. test
gradle build
psql -c 'select 1'
sqlite3 a.db .shell
mysql -e x
redis-cli get x
alembic upgrade head
alembic -c x history
flyway migrate
flyway -url=x info
django-admin shell
curl http://x
curl --version -o x
wget x
ssh x
ssh -V -o ProxyCommand=x
rsync a b
rsync --version -e x
docker run x
docker exec web ls
docker compose config
docker compose up
docker -H x ps
kubectl get secrets
kubectl --kubeconfig=x get pods
kubectl exec web ls
terraform apply
terraform -chdir=.. validate
terraform fmt
terraform output
helm install x
openapi-generator-cli generate
redocly bundle a.yaml
""".strip().splitlines()


@pytest.mark.parametrize("line", BEYOND)
def test_a_star_for_the_program_does_not_cover_it(line):
    program = line.split()[1] if line.startswith("GIT_") else line.split()[0]
    assert not allowed(line, f"{program}*")


# What runs the project's code, or lets the project say what runs, is allowed by its own name only.
NAMED = [
    "npm test", "npm pack --dry-run", "npm help ls", "yarn --version", "pnpm list", "uv pip list",
    "poetry show", "cargo metadata", "rustc -V", "mvn -v", "gradle tasks", "make test",
    "alembic history", "python -m json.tool a.json", "python -m pip list", "deno lint",
]  # fmt: skip


@pytest.mark.parametrize("line", NAMED)
def test_what_runs_code_must_be_named(line):
    assert allowed(line, f"{line.split()[0]}*")
    assert not allowed(line, "*")


VALUES = [
    (words.path, ["src/a.py", "a b", "-", "/dev/null", "..."], ["", "/x", "~", "a/../..", "-x", "$x"]),
    (words.file, ["a.txt", "LICENSE", "x/.gitignore"], ["src", "id_ed25519", "a.key", ".env", "x/"]),
    (words.revision, ["HEAD~2", "a..b", "@{u}", "^x", "v1:a/b.py"], ["a:.env", "a:/x", "-x", "..", "/"]),
    (words.git_format, ["%h", "oneline", "tformat:x"], ["%G?", "mine", "format:%GS"]),
    (words.sed_print, ["1p", "/a/,/b/p", "$=", "2q", "1p;3p"], ["w x", "1e", "s/a/b/", "r x", "1{p}"]),
    (words.yq_filter, [".", ".a[0] | keys", '."x y"'], ["env", "load(.a)", ".a | strenv", ".a = 1"]),
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
