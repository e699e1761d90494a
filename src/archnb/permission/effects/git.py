"""git: the forms that only read. Source: the manual of each command, git 2.39."""

from __future__ import annotations

from collections.abc import Mapping

from archnb.permission.effects.forms import Form, Forms

_DIFF = (
    "--stat[list] --shortstat --numstat --dirstat[list] --cumulative --name-only --name-status"
    " --summary --patch --no-patch -p -u -s --raw --minimal --patience --histogram"
    " --diff-algorithm=word --anchored=text -U=number --unified=number --inter-hunk-context=number"
    " --color[word] --no-color --color-moved[word] --no-color-moved --color-moved-ws=list"
    " --word-diff[word] --word-diff-regex=text"
    " --color-words[text] --no-renames --rename-empty --check --full-index --binary"
    " --abbrev[number] --no-abbrev --find-renames[percent] --find-copies[percent]"
    " --find-copies-harder"
    " -M[percent]"
    " -C[percent] -B[list] --break-rewrites[list] -D --irreversible-delete -l=number"
    " --diff-filter=word -S=text"
    " -G=text --pickaxe-all --pickaxe-regex --find-object=rev --relative[path] --no-relative -R -a"
    " --text --ignore-cr-at-eol --ignore-space-at-eol -b --ignore-space-change -w"
    " --ignore-all-space --ignore-blank-lines -I=text --ignore-matching-lines=text -W"
    " --function-context --exit-code --quiet --no-ext-diff --no-textconv --ignore-submodules[word]"
    " --submodule[log|short] --no-prefix --default-prefix --src-prefix=list --dst-prefix=list -z"
    " --compact-summary --patch-with-stat --stat-width=number --stat-name-width=number"
    " --stat-count=number --skip-to=path --rotate-to=path --ita-invisible-in-index"
)
_LIMITS = (
    " -n=number --max-count=number --skip=number --since=date --after=date --until=date"
    " --before=date --author=text --committer=text --grep=text --grep-reflog=text --all-match"
    " --invert-grep -i --regexp-ignore-case --basic-regexp -E --extended-regexp -F --fixed-strings"
    " -P --perl-regexp --merges --no-merges --min-parents=number --max-parents=number"
    " --no-min-parents --no-max-parents"
    " --first-parent --exclude-first-parent-only --not --all --branches[glob] --tags[glob]"
    " --remotes[glob] --glob=glob --exclude=glob --reflog --cherry-mark --cherry-pick --cherry"
    " --left-only --right-only --left-right --walk-reflogs -g --merge --boundary"
    " --simplify-by-decoration --show-pulls --full-history --dense --sparse --simplify-merges"
    " --ancestry-path[rev] --date-order --author-date-order --topo-order --reverse --no-walk[word]"
    " --do-walk --ignore-missing --remove-empty"
)
_SHOWN = (
    " --pretty[gitformat] --format=gitformat --oneline --abbrev-commit --no-abbrev-commit"
    " --encoding=word --expand-tabs[number] --no-expand-tabs --notes[word] --no-notes"
    " --relative-date --date=date --parents --children --graph --no-graph"
    " --show-linear-break[text] --follow"
    " --no-decorate --decorate[word] --decorate-refs=glob --decorate-refs-exclude=glob --source"
    " --use-mailmap --mailmap --no-mailmap --full-diff --log-size -L=gitlines --no-show-signature"
    " -c --cc -m -t --combined-all-paths --no-diff-merges"
    " --diff-merges=off|none|on|m|first-parent|1|separate|combined|c|dense-combined|cc"
)
_LOG = Form(_DIFF + _LIMITS + _SHOWN, "rev*", "pathspec*", digits=True)
_REFS = (
    " -l --list -v --verbose -a --all -r --remotes --contains[rev] --no-contains[rev] --merged[rev]"
    " --no-merged[rev] --points-at=rev --sort=refformat --format=refformat --color[word] --no-color"
    " --column[list] --no-column --abbrev[number] --no-abbrev -i --ignore-case --show-current"
    " --omit-empty"
)
_COMMANDS: Mapping[str, Forms] = {
    "status": Form(
        "-s --short -b --branch --show-stash --porcelain[v1|v2|1|2] --long -v --verbose"
        " -u[no|normal|all] --untracked-files[no|normal|all] --ignore-submodules[word]"
        " --ignored[word] -z --column[list] --no-column --ahead-behind --no-ahead-behind --renames"
        " --no-renames --find-renames[percent]",
        "place*",
        "place*",
    ),
    "log": _LOG,
    "shortlog": Form(
        _LIMITS + " -n -s -e -c --numbered --summary --email --committer --group=list"
        " --format=gitformat -w[list]",
        "rev*",
        "pathspec*",
        digits=True,
    ),
    "whatchanged": _LOG,
    "diff": Form(
        _DIFF + " --cached --staged --merge-base -1 -2 -3 -0 --base --ours --theirs",
        "rev*",
        "pathspec*",
    ),
    "show": Form(_DIFF + _SHOWN, "rev*", "pathspec*"),
    "branch": {
        "": Form(_REFS.replace(" -l --list", "")),
        "--list": Form(_REFS, "glob*"),
    },
    "tag": {
        "": Form(_REFS.replace(" -v --verbose -a --all -r --remotes", "") + " -n[number]"),
        "--list": Form(_REFS + " -n[number]", "glob*"),
        "-l": Form(_REFS + " -n[number]", "glob*"),
    },
    "remote": {
        "": Form("-v --verbose"),
        "get-url": Form("--all --push", "symbol", least=1),
    },
    "rev-parse": Form(
        "--verify -q --quiet --short[number] --symbolic --symbolic-full-name --abbrev-ref[word]"
        " --show-toplevel --show-prefix --show-cdup --git-dir --absolute-git-dir"
        " --is-inside-work-tree --is-inside-git-dir --is-bare-repository --is-shallow-repository"
        " --git-common-dir --all"
        " --branches[glob] --tags[glob] --remotes[glob] --revs-only --no-revs --show-object-format",
        "rev*",
        "pathspec*",
    ),
    "rev-list": Form(
        _LIMITS + " --count --objects --oneline --pretty[gitformat]"
        " --format=gitformat --abbrev-commit --timestamp --disk-usage",
        "rev*",
        "pathspec*",
        digits=True,
    ),
    "ls-files": Form(
        "-c --cached -d --deleted -m --modified -o --others -i --ignored -s --stage -u --unmerged"
        " -k --killed -z -t -v --directory --no-empty-directory --exclude-standard --full-name"
        " --error-unmatch --abbrev[number] -x=glob --exclude=glob --eol --deduplicate",
        "path*",
        "pathspec*",
    ),
    "ls-tree": Form(
        "-r -d -t -l --long -z --name-only --name-status --object-only --full-name"
        " --full-tree --abbrev[number]",
        "rev path*",
    ),
    "blame": Form(
        "-b --root --show-stats -L=text -l -t -w -s -e --show-email -n --show-number -f --show-name"
        " -p --porcelain --line-porcelain -M[number] -C[number] --date=date --abbrev=number -c"
        " --since=date --reverse --first-parent --ignore-rev=rev --color-lines --color-by-age"
        " --no-progress",
        "rev path",
    ),
    "describe": Form(
        "--tags --all --always --long --abbrev=number --match=glob --exclude=glob"
        " --dirty[word] --broken[word] --candidates=number --exact-match"
        " --first-parent --contains",
        "rev*",
    ),
    "stash": {
        "list": Form(_DIFF + _LIMITS + _SHOWN, "", digits=True),
        "show": Form(_DIFF + " -u --include-untracked --only-untracked", "rev"),
    },
    # What `config` lists and gets may be passwords and tokens.
    "config": {
        "--get": Form("", "user.name|user.email|init.defaultBranch|pull.rebase|core.autocrlf")
    },
    "worktree": {"list": Form("-v --verbose --porcelain -z")},
    "submodule": {"status": Form("--cached --recursive", "path*")},
    "reflog": {"": Form(_DIFF + _LIMITS + _SHOWN, digits=True), "show": _LOG},
    "grep": Form(
        "-n --line-number -i --ignore-case -w --word-regexp -l --files-with-matches --name-only -L"
        " --files-without-match -c --count -E --extended-regexp -F --fixed-strings -G"
        " --basic-regexp -P --perl-regexp -v --invert-match -h -H --full-name -o --only-matching"
        " --column --heading --break -p --show-function -W --function-context -q --quiet --and --or"
        " --not --all-match -A=number -B=number -C=number --context=number --after-context=number"
        " --before-context=number --max-depth=number --threads=number -e=text --cached --untracked"
        " --color[word] --no-color -a --text -I -z --null --no-textconv -m=number",
        "text rev*",
        "pathspec*",
        instead="-e",
    ),
    "merge-base": Form("-a --all --octopus --independent --is-ancestor --fork-point", "rev*"),
    "cat-file": Form("-t -s -p -e", "rev*"),
    "show-ref": Form(
        "--head --heads --branches --tags --verify --hash[number] -s --abbrev[number]"
        " -d --dereference -q --quiet",
        "symbol*",
    ),
    "for-each-ref": Form(
        "--count=number --sort=refformat --format=refformat --points-at=rev"
        " --merged[rev] --no-merged[rev] --contains[rev] --no-contains[rev]"
        " --ignore-case",
        "glob*",
    ),
    "name-rev": Form("--tags --all --name-only --always --refs=glob", "rev*"),
    "diff-tree": Form(
        _DIFF + " -r -t --root -m -c --cc --no-commit-id --pretty[gitformat]", "rev*", "pathspec*"
    ),
    "check-ignore": Form("-v --verbose -q --quiet -n --non-matching --no-index", "path*", "path*"),
    "count-objects": Form("-v --verbose -H --human-readable"),
    "cherry": Form("-v --abbrev[number]", "rev*"),
    "range-diff": Form("--no-color --stat --no-dual-color --creation-factor=number", "rev*"),
    "var": Form("", "word"),
    "version": Form("--build-options"),
    "--version": Form(),
    "--help": Form(),
    "help": Form("-a -g"),  # of a word it starts man
}

PROGRAMS: Mapping[str, Forms] = {"git": {**_COMMANDS, "--no-pager": _COMMANDS}}
KNOWN: Mapping[str, Mapping[str, str]] = {
    "git": {
        "--output": "writes a file",
        "--ext-diff": "runs another program",
        "--textconv": "runs another program",
        "--show-signature": "runs another program",
        "-O": "reads a file of orders, or opens a pager",
        "--open-files-in-pager": "runs another program",
        "--no-index": "reads files outside the repository",
        "-c": "changes the configuration",
        "--config-env": "changes the configuration",
        "--exec-path": "runs programs from another folder",
        "-C": "works in another folder",
        "--git-dir": "works in another repository",
        "--work-tree": "works in another folder",
        "-p": "starts a pager",
        "--paginate": "starts a pager",
        "--upload-pack": "runs another program",
        "--receive-pack": "runs another program",
        "--contents": "reads any file",
        "--file": "works on another file",
        "--edit": "starts an editor",
        "--remerge-diff": "runs the merge drivers of the configuration",
    }
}
