"""Lines made from allowed ones: metacharacters, options, blanks, quotes, expansions, look-alikes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

from archnb.permission.effects import _KNOWN, _PROGRAMS
from archnb.permission.effects.forms import ANY, Form, Forms, _table

SEEDS = tuple(Path(__file__).with_name("seeds.txt").read_text("utf-8").splitlines())

# What is put between, into or around words. `canary` and `evil` are programs that must not start.
METACHARACTERS = [
    ";", "&", "&&", "||", "|", "|&", ";;", ";&", ">", ">>", ">|", "<", "<<", "<<<", "<>", ">&", "&>",
    "&>>", "2>", "2>&1", "1>&2", ">&2", ">&-", "<&-", ">/dev/null", "2>/dev/null", "2>made",
    "> made", ">made", ">>made", "&>made", ">&made", "<a.txt", "< /etc/passwd", "< /dev/tcp/127.0.0.1/9",
    "(", ")", "((", "))", "{", "}", "{ ", " }", "[", "]", "[[", "]]", "!", "! ", "#", " #", "$", "$$",
    "$!", "$0", "$1", "$@", "$*", "$#", "$-", "$_", "$?", "$x", "${x}", "${x:=canary}", "${x@P}", "${!x}",
    "${#x}", "${x:-$(canary)}", "$(canary)", "$(<a.txt)", "`canary`", "$((1+1))", "$[1+1]", "$((a[$(canary)]))",
    "<(canary)", ">(canary)", "=(canary)", "'", '"', "''", '""', "\\", "\\\\", "\\\n", "\\ ", "\\;", "\\n",
    "$'a'", "$'\\x2d'", "$'\\n'", "$'\\''", '$"a"', "$'\\u0020'", "\n", "\n\n", "\r", "\r\n", "\t", "\v", "\f",
    " ", "  ", "\0", "\x01", "\x1b[2K", "\x7f", "\x80", "\u0085", "\u00a0", "\u00ad", "\u1680", "\u180e", "\u2000",
    "\u2003", "\u2009", "\u200b", "\u200d", "\u200e", "\u2028", "\u2029", "\u202e", "\u202f", "\u205f", "\u2060",
    "\u2066", "\u3000", "\u3164", "\ufeff", "\uff1b", "\uff5c", "\ufe00", "\ufffd", "\U000e0020", "\U000e0100",
    "é", "ｇｉｔ", "＞", "；", "‐", "–", "−", "’", "‟", "*", "?", "**", "*/*", "[a-z]", "[!a]", "[^a]", "[[:alpha:]]",
    "{a,b}", "{a,-b}", "{-o,x}", "{1..3}", "{a..c}", "{,x}", "{a,{b,c}}", "@(a|b)", "!(a)", "?(a)", "+(a)",
    "~", "~/x", "~root", "~+", "~-", "~1", "=~", ":~", "!!", "!$", "!-1", "^a^b", "%1", "%%", "=", "x=", "x=1",
    "x+=1", "x[0]=1", "x=(a b)", "declare -x", "@", ":", "::", "..", "/..", "/", ",", "%", "%n", "%G?", "^", "+",
    "-", "--", "---", "EOF", "\nEOF\n", "coproc", "time", "then", "do", "done", "in", "esac", "function", "select",
]  # fmt: skip

OPERANDS = [
    "a.txt", "'a b.md'", "src", "src/app.py", ".", "..", "../outside", "../outside/secret.txt", "/etc/passwd",
    "/outside/secret.txt", "//outside/secret.txt", "/./outside/secret.txt", "./../outside/secret.txt",
    "src/../../outside/secret.txt", "src/./../a.txt", "link", "link/secret.txt", "linked.txt", "~/secret.txt",
    ".env", "a/.env", ".ENV", "id_rsa", "x.pem", ".git/config", ".git/HEAD", ".ssh/id_rsa", "/dev/tcp/127.0.0.1/9",
    "/dev/stdin", "/dev/fd/0", "/proc/self/environ", "/proc/self/root/outside/secret.txt", "proc/x", "-", "--", "-rf",
    "--output=made", "-omade", "./canary", "canary", "evil.sh", "file:///etc/passwd", "http://127.0.0.1:9/x", "user@host:x",
    "host:/x", "HEAD", "HEAD~1", "HEAD:src/app.py", "HEAD:../outside/secret.txt", ":/x", ":!a", ":(exclude)a", "@{u}", "a..b",
    "^HEAD", "5", "1,5p", "w made", "1e canary", "s/a/b/w made", "s/a/b/e", "r /etc/passwd", "-0", "+1", "x=y", "PATH=.",
    "BASH_ENV=evil.sh", "@/etc/passwd", "@a.txt", "%n", "''", '""', "'$(canary)'", '"\\`canary\\`"', "git+http://x/y", "./x",
    "x.whl", "x.tgz", "zod@file:x", "a@npm:b", "env", "$ENV", "input_filename", "import", "SHELL=./canary", ".[] | env",
]  # fmt: skip

# Options that are known to run, write, read more, or to change what is in force. `{}` is a value.
DANGEROUS = [
    "--output={}", "--output {}", "-o {}", "-o{}", "--outp={}", "--out {}", "-O{}", "-O {}", "--ext-diff",
    "--ext", "--textconv", "--textc", "--no-index", "--no-ind", "--exec={}", "--exec {}", "-x {}", "-exec {} ;", "-exec {} \\;",
    "-execdir {} +", "-ok {} \\;", "-okdir {} \\;", "-delete", "-fprint {}", "-fprint0 {}", "-fprintf {} %p", "-fls {}",
    "-files0-from {}", "-follow", "-L", "--follow", "-f", "-F", "--retry", "--pid=1", "-c {}", "-c core.pager={}",
    "-c alias.log=!{}", "--config-env=core.pager={}", "--exec-path={}", "--git-dir={}", "--work-tree={}", "-C {}", "-p",
    "--paginate", "--open-files-in-pager={}", "--open={}", "--show-signature", "--format=%G?", "--pretty=%GK",
    "--format={}", "--upload-pack={}", "--receive-pack={}", "-u{}", "--contents={}", "--file={}", "--edit", "-e {}",
    "--compress-program={}", "--compress={}", "--compress-prog {}", "--files0-from={}", "--random-source={}", "-T {}", "-T.",
    "--temporary-directory={}", "-S 1b", "--batch-size=2", "--pre={}", "--pre {}", "--pre-glob={}", "--hostname-bin={}", "-z",
    "--search-zip", "--ignore-file={}", "-f {}", "--file {}", "--exclude-from={}", "--from-file={}", "--to-file={}",
    "-i", "-i.bak", "--in-place", "--in-place=.b", "-ni", "-in", "-s", "--rawfile a {}", "--slurpfile a {}", "--argfile a {}",
    "-L {}", "--jsonargs", "--args", "--seq", "-R", "-l", "--fromfile", "-r", "-ba", "--checkpoint=1", "--checkpoint-action=exec={}",
    "--to-command={}", "-I {}", "--use-compress-program={}", "--use-compress={}", "-rsh-command={}", "--rsh-command={}", "-F {}",
    "--new-volume-script={}", "--info-script={}", "-xf {}", "-cf {}", "--one-top-level={}", "-d {}", "-j", "-P", "--unlink-first",
    "-p {}", "-pno:x", "--rootdir={}", "--confcutdir={}", "--override-ini={}", "-o python_files={}", "--pdb", "--pdbcls={}",
    "--junitxml={}", "--basetemp={}", "--debug={}", "--log-file={}", "--report-log={}", "--pyargs", "--collect-only", "-c/dev/null",
    "--prefix={}", "--prefix {}", "--userconfig={}", "--globalconfig={}", "--node-options={}", "--script-shell={}", "--git={}",
    "--registry=http://127.0.0.1:9", "--cache={}", "--global", "-g", "--init-module={}", "--editor={}", "--call={}", "--workspace={}",
    "--python={}", "--log={}", "--log {}", "-r {}", "-r http://127.0.0.1:9/r.txt", "--index-url=http://127.0.0.1:9", "-i http://x",
    "--extra-index-url=x", "--trusted-host=x", "--target={}", "-t {}", "--root={}", "--src={}", "--config-settings=x", "-e .",
    "--editable=.", "--find-links=.", "--report={}", "--proxy=x", "--cert={}", "--constraint={}", "--build-option={}", "--no-index",
    "--fix", "--write", "-w", "--output-file={}", "--plugin={}", "--config={}", "--config {}", "--cache-dir={}", "--install-types",
    "--python-executable={}", "--plugins={}", "--rulesdir={}", "--resolve-plugins-relative-to={}", "--parser={}", "--build", "--project={}",
    "--outFile={}", "--watch", "-m {}", "--eval={}", "--eval {}", "-E {}", "-f{}", "--makefile={}", "--makef={}", "--directory={}", "-C{}", "-I{}",
    "--include-dir={}", "-W {}", "--old-file={}", "-t", "--host={}", "-H {}", "--context={}", "--tlscacert={}", "--kubeconfig={}", "-s {}",
    "--server={}", "--token={}", "--as=x", "-exec={}", "-toolexec={}", "-vettool={}", "-overlay={}", "-modfile={}", "-coverprofile={}",
    "-cpuprofile={}", "-ldflags={}", "-gcflags={}", "--manifest-path={}", "--target-dir={}", "-Z unstable", "--config=build.rustc='{}'",
    "-chdir={}", "-var-file={}", "-plugin-dir={}", "-s 1", "--set=x", "--date={}", "--reference={}", "-d@0", "--magic-file={}", "--compile",
    "-v x", "-v PATH", "-v 'a[$(canary)]'", "--block-size={}", "--max-count={}", "--help", "--version", "-h", "-V", "--", "-", "--n", "--no-pager",
    "--env-file={}", "--profile={}", "--volume=/:/x", "--privileged", "-v /:/x", "--entrypoint={}", "--exclude={}", "--include={}",
]  # fmt: skip

_WHOLE = [
    "( {} )", "{{ {}; }}", "! {}", "time {}", "env {}", "command {}", "exec {}", "nohup {}", "x=1 {}", "PATH=. {}",
    "GIT_EXTERNAL_DIFF=./canary {}", "GIT_PAGER=./canary {}", "LD_PRELOAD=./x.so {}", "BASH_ENV=evil.sh {}", "if {}; then canary; fi",
    "if true; then {}; fi", "while {}; do canary; break; done", "for i in 1; do {}; done", "for ((i=0;i<1;i++)); do {}; done",
    "case x in x) {} ;; esac", "until {}; do :; done", "select x in a; do {}; done", "f() {{ {}; }}; f", "function f {{ {}; }}; f",
    "ls() {{ canary; }}; {}", "alias ls=canary\n{}", "coproc {}", "eval '{}'", "bash -c '{}'", "sh -c '{}'", "echo $({})", "cat <({})",
    "{} <<EOF\n$(canary)\nEOF", "{} <<'EOF'\n$(canary)\nEOF", "{} <<-EOF\n\t`canary`\n\tEOF", "{} <<<canary", "{} <<< $(canary)",
    "cat <<'EOF' | {}\na\nEOF", "cat <<'EOF'\n{}\nEOF", "{}\n", "\n{}", "  {}  ", "\t{}", "{} &", "{} & canary", "{} | sh", "{} | xargs canary",
    "{} | tee made", "{} # x", "# {}", "[[ {} ]]", "[ {} ]", "(( {} ))", "{} && canary", "{} || canary", "{}; canary", "{}\ncanary", "{}\rcanary",
    "canary; {}", "set -f; {}", "shopt -s extglob; {}", "trap canary EXIT; {}", "export x=1; {}", "arr=(a b); {}", "declare x; {}", "let x=1; {}",
    "xargs {}", "sudo {}", "{} 2>&1", "{} 2>/dev/null", "{} >/dev/null 2>&1", "{} | head -5", "{} | sort | uniq -c", "{} | grep -n x",
    "\\{}", "'{}'", '"{}"', "./{}", "/usr/bin/{}", "../{}", "{}{{,x}}", "cd / && {}", "cd src && {}", "cd .. && {}", "pushd src; {}",
]  # fmt: skip

_VALUES = [
    "made",
    "./canary",
    "canary",
    "evil.sh",
    "a.txt",
    "../outside/secret.txt",
    "/etc/passwd",
    "x",
    "1",
]
_ALIKE = str.maketrans("aceiopsxy-.", "асеіорѕху‐․")


def _options(forms: Forms) -> set[str]:
    if isinstance(forms, Form):
        return set(_table(forms.options)) if forms.options != ANY else set()
    return set().union(*map(_options, forms.values()))


LISTED = {name: sorted(_options(forms)) for name, forms in _PROGRAMS.items()}
NOTORIOUS = {name: sorted(table) for name, table in _KNOWN.items()}
SUBCOMMANDS = {
    name: sorted(word for word in forms if word)
    for name, forms in _PROGRAMS.items()
    if not isinstance(forms, Form)
}


def _words(line: str) -> list[str]:
    """``line`` in pieces, blanks and all: quoted runs stay whole."""
    return re.findall(r"[ \t\n]+|(?:'[^']*'|\"[^\"]*\"|\\.|[^ \t\n'\"\\])+|.", line, re.DOTALL)


def _at_word(random: Random, line: str, put: Callable[[str], str]) -> str:
    pieces = _words(line)
    at = random.randrange(len(pieces)) if pieces else 0
    return "".join((*pieces[:at], put(pieces[at] if pieces else ""), *pieces[at + 1 :]))


def _character(random: Random, line: str, seeds: Sequence[str]) -> str:
    at, cut = random.randrange(len(line) + 1), random.choice((0, 0, 0, 1, 2))
    return line[:at] + random.choice(METACHARACTERS) + line[at + cut :]


def _between(random: Random, line: str, seeds: Sequence[str]) -> str:
    blank = random.choice(("", " ")), random.choice(("", " "))
    piece = random.choice(METACHARACTERS).join(blank)
    return _at_word(random, line, lambda word: word + piece)


def _option(random: Random, line: str, seeds: Sequence[str]) -> str:
    program = line.split(None, 1)[0] if line.split() else ""
    given = random.random()
    if given < 0.5 and LISTED.get(program):
        option = random.choice(LISTED[program])
        option += random.choice(("", "", "", "=", " ", "x", "=1", " 1", "=x", "=made"))
    elif given < 0.7 and NOTORIOUS.get(program):
        option = random.choice(NOTORIOUS[program])
        option += random.choice(("", "=", " ", "")) + random.choice(("", *_VALUES))
    else:
        option = random.choice(DANGEROUS).replace("{}", random.choice(_VALUES))
    bent = random.random()
    if bent < 0.15 and option.startswith("--"):
        option = option[: random.randint(2, len(option))] + random.choice(("", "=made"))
    elif bent < 0.25 and re.match(r"-\w", option):
        option = "-" + random.choice("nrslquvaicw") + option[1:]
    elif bent < 0.3:
        option = f"-- {option}"
    elif bent < 0.35:
        option = f"{option} --"
    pieces = _words(line)
    at = random.randrange(len(pieces) + 1)
    return "".join(pieces[:at]) + f" {option} " + "".join(pieces[at:])


def _operand(random: Random, line: str, seeds: Sequence[str]) -> str:
    operand = random.choice(OPERANDS)
    if random.random() < 0.5:
        return f"{line} {operand}"
    return _at_word(random, line, lambda word: operand if word.strip() else f" {operand} ")


def _blank(random: Random, line: str, seeds: Sequence[str]) -> str:
    common = (" ", "  ", "\t", " \t ", " \\\n ", "\\\n", " \\\n")
    odd = (
        "\n",
        "\r",
        "\u00a0",
        "\v",
        "\f",
        "\u2003",
        "\u3000",
        "\u200b",
        "",
        "$IFS",
        "${IFS}",
        "{,}",
        ",",
        "\\ ",
    )
    new = random.choice(common if random.random() < 0.7 else odd)
    return _at_word(random, line, lambda word: word if word.strip() else new)


def _quoted(random: Random, line: str, seeds: Sequence[str]) -> str:
    def quote(word: str) -> str:
        if not word.strip():
            return word
        at = random.randrange(len(word))
        return random.choice(
            (
                f"'{word}'", f'"{word}"', f"{word[:at]}''{word[at:]}", f'{word[:at]}""{word[at:]}', f"{word[:at]}\\{word[at:]}",
                f"{word[:at]}'{word[at:]}'", f'{word[:at]}"{word[at:]}"', f"$'{word}'", f'$"{word}"', f"{word[:at]}\\\n{word[at:]}",
                "$'" + "".join(f"\\x{ord(one) % 256:02x}" for one in word) + "'", f"'{word}", f'"{word}', f'"{word}\\"', f"'{word}\\'",
                f'"\\{word}"', f'"{word}\\\n"', f"{word[:at]}'\n'{word[at:]}", f'"{word[:at]}$(canary){word[at:]}"', f'"{word}\\\\"',
                f'"${word}"', f'"{word[:at]}`{word[at:]}"', f'"{word[:at]}!{word[at:]}"', f"'{word[:at]}\\{word[at:]}'",
            )
        )  # fmt: skip

    return _at_word(random, line, quote)


def _joined(random: Random, line: str, seeds: Sequence[str]) -> str:
    by = random.choice(
        (
            "; ",
            " && ",
            " || ",
            " | ",
            "\n",
            ";",
            "&&",
            "|",
            " |& ",
            " & ",
            ";\n",
            " \\\n| ",
            " ; ; ",
            "\r\n",
            "&",
            " && \n",
        )
    )
    return line + by + random.choice(seeds)


def _wrapped(random: Random, line: str, seeds: Sequence[str]) -> str:
    return random.choice(_WHOLE).replace("{}", line).replace("{{", "{").replace("}}", "}")


def _spliced(random: Random, line: str, seeds: Sequence[str]) -> str:
    one, other = _words(line), _words(random.choice(seeds))
    at, to = random.randrange(len(one) + 1), random.randrange(len(other) + 1)
    return "".join(
        (*one[:at], *random.choice((other[to:], other[to : to + 2], one[at + 1 :], one)))
    )


def _subcommand(random: Random, line: str, seeds: Sequence[str]) -> str:
    pieces = _words(line)
    known = SUBCOMMANDS.get(pieces[0]) if pieces else None
    if known and len(pieces) > 2:
        pieces[2] = random.choice(known)
    return "".join(pieces)


def _alike(random: Random, line: str, seeds: Sequence[str]) -> str:
    if random.random() < 0.5:
        return _at_word(random, line, lambda word: word.translate(_ALIKE))
    return _at_word(
        random, line, lambda word: word.upper() if random.random() < 0.5 else word.title()
    )


def _long(random: Random, line: str, seeds: Sequence[str]) -> str:
    many = random.choice((50, 500, 5_000))
    return random.choice(
        (
            line + " x" * many, line + "x" * many, "; ".join([line] * (many // 10)), "(" * many + line + ")" * many,
            " " * many + line, line + " 'a'" * many, line + "".join(" $(" for _ in range(many // 10)), line + "\\\n" * (many // 10),
        )
    )  # fmt: skip


_KINDS: tuple[tuple[Callable[[Random, str, Sequence[str]], str], int], ...] = (
    (_character, 10), (_between, 7), (_option, 24), (_operand, 11), (_blank, 12), (_quoted, 14),
    (_joined, 11), (_wrapped, 7), (_spliced, 6), (_subcommand, 3), (_alike, 2), (_long, 1),
)  # fmt: skip
_HOW, _OFTEN = zip(*_KINDS, strict=True)


def mutated(random: Random, seeds: Sequence[str]) -> str:
    """One line: a seed with one to four changes, mostly few so that many stay allowed."""
    line = random.choice(seeds)
    for how in random.choices(_HOW, _OFTEN, k=random.choice((1, 1, 1, 1, 1, 2, 2, 3))):
        line = how(random, line, seeds)
    return line
