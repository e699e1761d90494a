"""The shell's harmless words, and building, packing and containers in the forms that only look."""

from __future__ import annotations

from collections.abc import Mapping

from archnb.permission.effects.forms import ANY, Form, Forms, as_code

_HELP = dict.fromkeys(("--version", "--help"), Form())
_PS = Form(
    "-a --all -q --quiet -l --latest -n=number --last=number --no-trunc -s --size"
    " --format=text --filter=list -f=list"
)
_LOGS = Form(
    "-t --timestamps --tail=word -n=word --since=date --until=date --no-color --no-log-prefix",
    "word*",
)
_COMPOSE: Mapping[str, Forms] = {
    "ps": Form(
        "-a --all -q --quiet --services --format=text --filter=list --status=word --no-trunc",
        "word*",
    ),
    "logs": _LOGS,
    "images": Form("-q --quiet --format=word", "word*"),
    # Whole it would show what `.env` says.
    "config": dict.fromkeys(
        "-q --quiet --services --volumes --profiles --images".split(),
        Form("-q --quiet --no-interpolate", "word*"),
    ),
    "ls": Form("-a --all -q --quiet --format=word --filter=list"),
    "top": Form("", "word*"),
    "version": Form("--short -f=word --format=word"),
}
_DOCKER: Mapping[str, Forms] = {
    "ps": _PS,
    "images": Form(
        "-a --all -q --quiet --digests --no-trunc --format=text --filter=list -f=list", "image"
    ),
    "logs": _LOGS,
    "version": Form("--format=text -f=text"),
    "info": Form("--format=text -f=text"),
    "top": Form("", "word"),
    "port": Form("", "word"),
    "inspect": Form("--format=text -f=text -s --size --type=word", "image*"),
    "history": Form("-q -H --no-trunc --human --format=text", "image"),
    "stats": {"--no-stream": Form("-a --no-trunc --format=text", "word*")},
    "diff": Form("", "word"),
    "container": {
        "ls": _PS,
        "list": _PS,
        "inspect": Form("--format=text -f=text", "word*"),
        "logs": _LOGS,
    },
    "image": {
        "ls": Form("-a -q --digests --format=text --filter=list", "image"),
        "inspect": Form("--format=text -f=text", "image*"),
    },
    "volume": {"ls": Form("-q --format=text --filter=list"), "inspect": Form("", "word*")},
    "network": {
        "ls": Form("-q --no-trunc --format=text --filter=list"),
        "inspect": Form("", "word*"),
    },
    "context": {"ls": Form("-q"), "show": Form()},
    "system": {"df": Form("-v --format=text")},
    "compose": _COMPOSE,
    **dict.fromkeys(("--version", "-v", "--help"), Form()),
}
_KUBE = (
    "-n=word --namespace=word -A --all-namespaces -l=list --selector=list --field-selector=list"
    " --show-labels --no-headers --sort-by=text --chunk-size=number --ignore-not-found"
)
_KUBECTL: Mapping[str, Forms] = {
    # Without secrets: `-o yaml` would print them.
    "get": dict.fromkeys(
        "pods pod po deployments deployment deploy services service svc nodes node no namespaces"
        " namespace ns ingress ingresses ing configmaps configmap cm jobs job cronjobs cronjob"
        " events statefulsets statefulset sts daemonsets daemonset ds replicasets rs pvc pv hpa"
        " all networkpolicies endpoints crd storageclass serviceaccounts sa"
        " roles rolebindings".split(),
        Form(_KUBE + " -o=wide|yaml|json|name --output=wide|yaml|json|name", "word*"),
    ),
    "describe": dict.fromkeys(
        "pods pod po deployments deployment deploy services service svc nodes node ingress job"
        " cronjob statefulset daemonset namespace pvc pv hpa".split(),
        Form(_KUBE, "word*"),
    ),
    "logs": Form(
        "-n=word --namespace=word -c=word --container=word --tail=number --since=word"
        " --timestamps -p --previous --all-containers -l=list --prefix",
        "symbol",
    ),
    "top": {
        "pods": Form(_KUBE + " --containers", "word"),
        "nodes": Form("", "word"),
        "pod": Form(_KUBE, "word"),
        "node": Form("", "word"),
    },
    "version": Form("--client --output=word -o=word"),
    "cluster-info": Form(),
    "api-resources": Form("--namespaced[word] -o=word --verbs=list"),
    "api-versions": Form(),
    "explain": Form("--recursive --api-version=symbol", "field"),
    "config": {
        "get-contexts": Form("-o=word --no-headers"),
        "current-context": Form(),
        "get-clusters": Form(),
    },
}
_TESTED = (
    " -v -race -short -run=text -count=number -timeout=word -bench=text -benchmem -cover"
    " -failfast -json -p=number -parallel=number"
)
_GO: Mapping[str, Forms] = {
    "version": Form(),
    "env": Form("-json", "word*", whole=True),
    "list": Form("-m -json -deps -test", "gopackage*", whole=True),
    "doc": Form("-all -short -src -u", "field*", whole=True),
    "vet": Form("", "gopackage*", whole=True, code=True),
    "test": Form(_TESTED, "gopackage*", whole=True, code=True),
    "mod": {"graph": Form(), "verify": Form(), "why": Form("-m", "gopackage*", whole=True)},
}
_CARGO_COMMON = (
    " -q --quiet -v --verbose --all --workspace -p=word --package=word --all-targets --lib --bins"
    " --bin=word --tests --test=word --all-features --no-default-features --features=list -F=list"
    " --release --locked --offline --frozen --color=word --message-format=word -j=number"
    " --no-fail-fast"
)
_CARGO: Mapping[str, Forms] = {
    "tree": Form("-d -i=word -e=list --depth=number --prefix=word" + _CARGO_COMMON),
    "metadata": Form("--no-deps --format-version=number" + _CARGO_COMMON),
    "check": Form(_CARGO_COMMON, code=True),
    "build": Form(_CARGO_COMMON, code=True),
    "clippy": Form(_CARGO_COMMON, code=True),
    "test": Form(_CARGO_COMMON, "word*", "inside*", code=True),
    "fmt": {"--check": Form("--all"), "--all": {"--check": Form()}},
    "search": Form("--limit=number", "list*"),
    "pkgid": Form("", "word"),
    **dict.fromkeys(("--version", "-V", "--list", "--help", "version"), Form()),
}

PROGRAMS: Mapping[str, Forms] = {
    "true": Form("", "text*"),
    "false": Form("", "text*"),
    ":": Form("", "text*"),
    "pwd": Form("-L -P"),
    "cd": Form("", "folder", least=1),
    # Whatever echo is given, it prints.
    "echo": Form(ANY, "text*"),
    "printf": Form("", "printformat text*", "printformat text*"),
    "seq": Form("-w -s=text -f=printformat", "number number number"),
    "date": Form(
        "-u --utc -R --rfc-email -I[word] --iso-8601[word] --rfc-3339=word -d=date --date=date",
        "dateformat",
    ),
    "sleep": Form("", "count"),
    **dict.fromkeys(("whoami", "tty", "arch", "nproc"), Form("--help --version")),
    "id": Form("-u -g -G -n -r", "word"),
    "groups": Form("", "word"),
    "hostname": Form("-s -f -d -i -I --short --fqdn"),
    "uname": Form("-a -s -n -r -v -m -p -i -o --all --kernel-name --kernel-release --machine"),
    "uptime": Form("-p -s"),
    "free": Form("-h -b -k -m -g -t -w --human --total"),
    "basename": Form("-a -s=text -z", "text*", "text*"),
    "dirname": Form("-z", "text*", "text*"),
    "which": Form("-a --all", "target*"),
    "type": Form("-a -t -p -P -f", "target*"),
    "whereis": Form("-b -m -s", "target*"),
    "locale": Form("-a -m"),
    "cal": Form("-m -s -y -j -1 -3", "number number"),
    # Its recipes are the project's; `VAR=x`, -f, -C and --eval would replace them.
    "make": Form(
        "-n --dry-run --just-print -s --silent --quiet -k --keep-going -j[number] -B"
        " --always-make -q --question -w --print-directory --no-print-directory -v --version"
        " --help",
        "target*",
        code=True,
    ),
    "just": {"--list": Form(), "-l": Form(), "--summary": Form(), "--version": Form()},
    "docker": _DOCKER,
    "podman": _DOCKER,
    "docker-compose": _COMPOSE,
    "kubectl": _KUBECTL,
    "helm": {
        "list": Form("-A -n=word -a -q -o=word"),
        "ls": Form("-A -n=word -a -q -o=word"),
        "version": Form("--short"),
        "history": Form("-n=word -o=word", "word"),
        "lint": Form("--strict -q", "path*"),
    },
    "terraform": {
        "version": Form("-json", whole=True),
        "fmt": {"-check": Form("-diff -recursive -list[word]", "path*", whole=True)},
        "validate": Form("-json -no-color", whole=True, code=True),
        "providers": Form(),
        "workspace": {"list": Form(), "show": Form()},
        "state": {"list": Form()},
        **_HELP,
    },
    "go": _GO,
    "gofmt": Form("-l -d -s", "path*", whole=True),
    "cargo": as_code(_CARGO),  # a toolchain or compiler that the workspace names is what runs
    "rustc": as_code(dict.fromkeys(("--version", "-V", "-vV"), Form())),
    "java": dict.fromkeys(("-version", "--version"), Form()),
    "javac": dict.fromkeys(("-version", "--version"), Form()),
    **dict.fromkeys(("ruby", "perl", "php", "gcc", "cmake"), _HELP | {"-v": Form()}),
    "tar": dict.fromkeys(
        "-tf tf -tvf tvf -tzf tzf -tzvf tzvf -tvzf -tjf tjf -tJf tJf".split(),
        Form("", "path path*", least=1),
    )
    | {"--list": Form("--file=path -v --verbose -z --gzip", "path*")},
    "unzip": dict.fromkeys(("-l", "-v", "-Z", "-Z1"), Form("-q", "path path*", least=1)),
    "zipinfo": Form("-1 -l -s -m", "path path*", least=1),
}
_RUNS = "runs another program"
KNOWN: Mapping[str, Mapping[str, str]] = {
    "make": {
        **dict.fromkeys(
            "-f --file --makefile -I --include-dir -E --eval".split(), "runs other recipes"
        ),
        **dict.fromkeys("-C --directory".split(), "works in another folder"),
    },
    "printf": {"-v": "sets a variable"},
    "date": {
        **dict.fromkeys("-s --set".split(), "sets the clock"),
        **dict.fromkeys("-f --file -r --reference".split(), "reads another file"),
    },
    "tar": dict.fromkeys(
        "-I --use-compress-program --to-command --checkpoint-action".split(), _RUNS
    ),
    "go": dict.fromkeys("-exec -toolexec -vettool -overlay".split(), _RUNS),
    "cargo": dict.fromkeys("--config --manifest-path -Z".split(), "changes the configuration"),
    "kubectl": dict.fromkeys(
        "--kubeconfig --server -s --context".split(), "reaches another cluster"
    ),
    "docker": dict.fromkeys("-H --host --context -c".split(), "reaches another host"),
}
