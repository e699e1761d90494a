"""Programs that run what their arguments say or talk to other hosts: no star covers them."""

from __future__ import annotations

WRAPPERS = frozenset(
    "env command builtin exec nohup nice ionice timeout time sudo doas xargs setsid stdbuf watch"
    " chroot unshare nsenter parallel find fd fdfind busybox toybox flock su script strace ltrace"
    " setpriv runuser chrt taskset numactl systemd-run entr ssh dbus-run-session xvfb-run rlwrap"
    " coproc docker podman kubectl npx bunx pnpx uvx pipx poetry pipenv direnv gtimeout prlimit"
    " setarch catchsegv unbuffer expect at batch screen tmux firejail bwrap proot fakeroot nsjail"
    " trap catch pkexec gosu dumb-init tini ld.so gdb valgrind perf mapfile readarray compgen"
    " complete hash enable alias bind lxc vagrant heroku hyperfine caffeinate".split()
)
"""What stands behind their options is a command of its own."""

SHELLS = frozenset("bash sh dash zsh ksh mksh ash fish rbash csh tcsh eval source . pwsh".split())
"""What they are given is a program text."""

SCRIPTED = frozenset(
    "python python2 python3 pypy pypy3 node nodejs ts-node tsx perl ruby php lua luajit Rscript"
    " julia tclsh".split()
)
"""They run a file, and what follows its name is the file's: a rule must name the file as well."""

INTERPRETERS = SCRIPTED | frozenset(
    "deno bun irb R ghci scala groovy wish osascript awk gawk mawk nawk sed ed ex vi vim nvim emacs"
    " nano less more man jshell sqlite3 psql mysql duckdb mongosh bc dc m4 ipython jupyter".split()
)
"""They run code from a word, a file or a prompt."""

REMOTE = frozenset(
    "curl wget http https httpie xh aria2c ftp sftp scp rsync nc ncat netcat socat telnet nslookup"
    " dig host ping ping6 traceroute whois openssl gh glab hub aws gcloud az mail sendmail".split()
)
"""They reach other hosts: only the very command that a rule spells out."""

STATEFUL = frozenset(
    "export declare typeset readonly local set unset shopt ulimit umask read let test printf"
    " getopts shift exit return wait kill pkill killall disown fg bg jobs history fc pushd popd"
    " dirs logout suspend caller break continue times".split()
)
"""Builtins that change the shell, or evaluate what looks like plain text."""

RUNNING = frozenset(
    "config exec x dlx explore edit set bisect filter-branch difftool mergetool submodule daemon"
    " init create link shell rebase run cp attach debug proxy apply".split()
)
"""Subcommands that run or set what they are given: only the very command that a rule spells out."""

MANY_FILES = frozenset(
    "ls cat wc head tail grep egrep fgrep stat du nl cut echo rg sort git tree ruff mypy eslint"
    " pytest find file jq diff python python3".split()
)
"""Where a pattern that the shell expands to several files of a named folder changes nothing."""

TAME = frozenset("ls wc head tail grep egrep fgrep stat du nl cut echo cat".split())
"""No option of theirs writes or runs anything: a file called ``--x`` found by ``*`` is harmless."""
