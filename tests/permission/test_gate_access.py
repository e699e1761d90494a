"""What a command can reach is part of what is asked, granted and denied: rules never give more than the workspace."""

import asyncio
from dataclasses import replace

import pytest

from archnb.errors import CellError
from archnb.permission.commands import parse
from archnb.permission.effects.network import needs
from archnb.permission.gate import Gate
from archnb.permission.grants import bound
from archnb.permission.policy import Approval, PolicyApprover, parse_policy
from archnb.permission.requests import Ask, Grant, Request, Shell
from archnb.permission.rules import Rule

NEEDS = [
    ("workspace", "ls", "git log -3", "git status", "git remote -v", "npm test", "npm run build", "npm ls", "pip list",
     "uv run pytest", "curl --version", "docker --version", "which curl", "echo curl http://a", "rsync -a a/ b/", "go build",
     "cargo build", "yarn test", "git submodule status", "man ssh", "psql mydb"),
    ("network", "pip install x", "pip3 download x", "python -m pip install x", "python3.11 -m pip install -U x", "uv sync",
     "uv pip install x", "npm i", "npm ci", "npm install left-pad", "npm view zod", "npm audit", "npx cowsay", "pnpm add x",
     "yarn", "yarn add x", "poetry install", "cargo fetch", "go mod download", "gem fetch x", "git fetch", "git pull --rebase",
     "git push origin main", "git -C sub push", "git clone https://a/b", "git ls-remote", "git submodule update --init",
     "curl https://a", "/usr/bin/curl https://a", "wget -q https://a", "rsync -a a b:c", "dig a",
     "ping -c1 a", "psql -h db x", "psql postgres://a/b",
     "env X=1 npm install", "timeout 30 pip install x", "bash -c 'npm install x'", "cd sub && git pull", "ls; curl a"),
    ("full", "docker ps", "podman run x", "sudo ls", "apt-get install x", "npm install -g x", "pip install --user x",
     "cargo install x", "go install a@b", "git fetch && sudo make install", "brew install x", "ssh a ls", "scp a b:c", "gh pr list", "aws s3 ls",
     "kubectl get pods", "helm install x"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("command", "access"),
    [(command, access) for access, *commands in NEEDS for command in commands],
)
def test_what_a_program_needs_by_its_nature(command, access):
    parts = parse(command).parts
    assert needs(reading for part in parts for reading in part.readings) == access


ALLOW = (Rule("bash", "npm*", "allow"),)


def request(command="npm test", access="workspace", demand="", **more):
    shell = Shell(command, ".", 120.0, f"label of {access}", access)
    alone = None if access == "workspace" else replace(shell, access="workspace", sandbox="alone")
    return Request(
        "bash", (command,), "run", shell, demand=demand, **{"by_rule": alone, **more}
    )  # fmt: skip


def grant(pattern, access, **more):
    return Grant("bash", pattern, "session", folder=".", access=access, **more)


WANTED = "it asks for the network"
SETTLED = [  # request, grants, action, granted
    (request(), (), "allow", False),
    (request("npm install x", "network"), (), "allow", False),
    (request("npm test", "network", WANTED), (), "ask", False),
    (request("npm test", "network", WANTED), (grant("npm *", "workspace"),), "ask", False),
    (request("npm test", "network", WANTED), (grant("npm *", "network"),), "allow", True),
    (request("npm test", "network", WANTED), (grant("npm *", "full"),), "allow", True),
    (request("npm test", "full", WANTED), (grant("npm *", "network"),), "ask", False),
    (request("npm test"), (grant("npm *", "full"),), "allow", False),
    (request("npm install x", "network"), (grant("npm *", "network"),), "allow", True),
    (request("npm install x", "network"), (grant("npm *", "workspace"),), "allow", False),
    (request("make x"), (), "ask", False),
    (request("make x"), (grant("make *", "workspace"),), "allow", True),
    (request("make x", "network", WANTED), (grant("make x", "workspace"),), "ask", False),
]  # fmt: skip


@pytest.mark.parametrize(("wanted", "grants", "action", "granted"), SETTLED)
def test_no_rule_and_no_smaller_grant_gives_more_access(wanted, grants, action, granted):
    decision = Gate(ALLOW).settle(wanted, grants=grants)
    assert (decision.action, decision.granted) == (action, granted)
    if action == "ask" and wanted.demand:
        assert WANTED in decision.reasons


def test_a_deny_is_never_asked_about_for_its_access():
    decision = Gate((Rule("bash", "npm*", "deny"),)).settle(
        request("npm test", "network", WANTED), grants=(grant("npm *", "full"),)
    )
    assert decision.action == "deny"


def test_unasked_it_runs_in_the_workspace_whatever_the_card_would_have_offered():
    wanted = request("npm install x", "network")
    assert wanted.unasked().access == "workspace"
    assert wanted.unasked().preview.sandbox == "alone"
    assert wanted.unasked().unasked() == wanted.unasked()
    assert request().unasked() == request()


def test_access_is_part_of_the_digest_and_of_what_a_grant_is_bound_to():
    one, other = request(), request(access="network")
    assert one.digest != other.digest
    given = bound(Grant("bash", "npm *", "session"), other)
    assert (given.access, given.folder) == ("network", ".")
    assert "network on" in str(given.rule)
    assert "network" not in str(bound(given, one).rule)


@pytest.mark.parametrize(
    ("fresh", "shown", "access"),
    [
        ("network", "workspace", "workspace"),
        ("full", "network", "network"),
        ("workspace", "network", "workspace"),
        ("network", "network", "network"),
    ],
)
def test_an_edited_command_has_no_more_access_than_its_card(fresh, shown, access):
    within = request("a", fresh).within(request("b", shown))
    assert (within.access, within.preview.sandbox) == (access, f"label of {access}")
    assert within.preview.command == "a"


NO_NETWORK = (
    "--approve 'bash:npm *' does not give it: network on; --approve 'bash+network:npm *' would"
)
NOT_OUTSIDE = "--approve 'bash+network:npm *' does not give it: outside the sandbox; --approve 'bash+full:npm *' would"
POLICIES = [  # entries, the access that is wanted, whether it is approved, and how that is said
    (["bash:npm *"], "workspace", True, "--approve 'bash:npm *'"),
    (["bash:npm *"], "network", False, NO_NETWORK),
    (["bash+workspace:npm *"], "network", False, NO_NETWORK),
    (["bash+network:npm *"], "full", False, NOT_OUTSIDE),
    (["bash+network:npm *"], "workspace", True, "--approve 'bash+network:npm *'"),
    (["bash:npm *", "bash+network:npm *"], "network", True, "--approve 'bash+network:npm *', network on"),
    (["shell+full:npm test"], "full", True, "--approve 'shell+full:npm test', outside the sandbox"),
    (["*+full:npm *"], "network", True, "--approve '*+full:npm *', network on"),
    (["bash+full:make *"], "network", False, "not approved by it"),
]  # fmt: skip


@pytest.mark.parametrize(("entries", "access", "approved", "says"), POLICIES)
def test_a_policy_gives_the_workspace_unless_its_entry_names_more(entries, access, approved, says):
    wanted = request("npm test", access, "" if access == "workspace" else WANTED)
    ask = Ask("1", "c", "a", wanted, Gate(()).settle(wanted))
    policy = parse_policy(entries)
    reply = asyncio.run(PolicyApprover(policy)(ask))
    assert (reply.approved, reply.by) == (approved, f"the policy of this run ({says})")
    assert parse_policy([str(entry) for entry in policy]) == policy


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("bsh:ls", "Did you mean bash"),
        ("Edit:a", "Did you mean edit"),
        ("webftch:https://a", "Did you mean webfetch"),
        ("bash+netwrk:ls", "names no access: netwrk"),
        ("bash+:ls", "names no access"),
        ("edit+full:a", "only commands have an access"),
        ("bash+full", "PERMISSION:PATTERN"),
        ("+full:ls", "PERMISSION:PATTERN"),
    ],
)
def test_an_entry_that_would_never_be_what_was_meant_ends_the_run(entry, says):
    with pytest.raises(CellError) as raised:
        parse_policy([entry])
    assert says in f"{raised.value} {raised.value.hint}"


def test_a_name_of_a_tool_from_elsewhere_is_taken():
    assert parse_policy(["measure:a"]) == (Approval("measure", "a"),)


DENY = (Rule("bash", "*", "allow"), Rule("bash", "rm *", "deny"), Rule("bash", "git push*", "deny"))
PROGRAMS = [
    ("deny", """awk 'BEGIN{system("rm x")}'""", """awk '{print | "rm x"}' a""", """gawk '{"rm x" | getline}' a""",
     """python -c "import os; os.system('rm x')" """, """python3.11 -c "import os; os.popen('rm -rf x')" """,
     """python -c "import subprocess as s; s.run(['rm', '-rf', 'x'])" """,
     """python -c "import subprocess; subprocess.check_call(('git', 'push'))" """,
     """node -e "require('child_process').execSync('git push')" """,
     """node -e "require('child_process').execFileSync('rm', ['x'])" """,
     """perl -e 'system("rm x")'""", """perl -e 'system "rm x"'""", """perl -e '`rm x`'""", """ruby -e 'exec("rm x")'""",
     """ruby -e '%x(rm x)'""", """env python -c "import os; os.system('ls; rm x')" """,
     """/usr/bin/python -c "import os; os.system('/bin/rm x')" """),
    ("ask", """python -c "print('rm x')" """, """awk '{print "rm x"}' a""", """python -c "import os; os.system('ls')" """,
     """perl -e 'print "rm x"'""", """node -e "console.log('git push')" """),
    ("allow", """grep "system('rm x')" a.py""", """echo "run('rm x')" """, """git log --grep='system("rm x")'"""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("command", "action"),
    [(command.strip(), action) for action, *commands in PROGRAMS for command in commands],
)
def test_a_denied_command_in_the_text_of_a_program(command, action):
    rules = (*DENY, Rule("bash", "echo *", "allow"))
    decision = Gate(rules).settle(Request("bash", (command,), "run", command))
    assert decision.action == action, decision
