"""Listing, showing, searching, counting. Sources: manuals of GNU coreutils, find, grep, and rg."""

from __future__ import annotations

from collections.abc import Mapping

from archnb.permission.effects.forms import Form, Forms

_HELP = " --help --version"
_GREP = (
    "-n --line-number -i --ignore-case --no-ignore-case -w --word-regexp -x --line-regexp -v"
    " --invert-match -c --count -l --files-with-matches -L --files-without-match -o --only-matching"
    " -q --quiet --silent -s --no-messages -h --no-filename -H --with-filename -r --recursive -R"
    " --dereference-recursive -E --extended-regexp -F --fixed-strings -G --basic-regexp -P"
    " --perl-regexp -A=number --after-context=number -B=number --before-context=number -C=number"
    " --context=number -m=number --max-count=number -e=text --regexp=text --include=glob"
    " --exclude=glob --exclude-dir=glob --color[word] --colour[word] -a --text -I"
    " --binary-files=word -Z --null -z --null-data -T --initial-tab -b --byte-offset --label=text"
    " --line-buffered -U --binary --no-group-separator --group-separator=text" + _HELP
)
_SEARCH = Form(_GREP, "text path*", "path*", instead="-e --regexp", digits=True)
_RG = Form(
    "-n --line-number -N --no-line-number -i --ignore-case -S --smart-case -s --case-sensitive -w"
    " --word-regexp -x --line-regexp -v --invert-match -c --count --count-matches -l"
    " --files-with-matches --files-without-match -o --only-matching -q --quiet -F --fixed-strings"
    " -P --pcre2 -U --multiline --multiline-dotall -A=number --after-context=number -B=number"
    " --before-context=number -C=number --context=number -m=number --max-count=number"
    " --max-depth=number -d=number --max-columns=number -M=number --max-columns-preview"
    " --max-filesize=count -e=text --regexp=text -g=glob --glob=glob --iglob=glob -t=word"
    " --type=word -T=word --type-not=word --type-list -u --unrestricted --no-ignore --no-ignore-vcs"
    " -. --hidden --files --heading --no-heading -H --with-filename -I --no-filename --column"
    " --no-column --color=word --colors=list --trim --vimgrep --json --stats --sort=word"
    " --sortr=word -p --pretty -0 --null -a --text -r=text --replace=text --passthru --no-messages"
    " --no-config --line-buffered -b --byte-offset -j=number --threads=number --debug --engine=word"
    " --context-separator=text -V -h" + _HELP,
    "text path*",
    "path*",
    instead="-e --regexp --files --type-list",
)
_FIND = Form(
    "-name=glob -iname=glob -path=glob -ipath=glob -wholename=glob -iwholename=glob -regex=text"
    " -iregex=text -regextype=word -type=list -xtype=list -size=count -empty -newer=path"
    " -anewer=path -cnewer=path -newermt=date -newerct=date -mtime=number -mmin=number"
    " -atime=number"
    " -amin=number -ctime=number -cmin=number -daystart -maxdepth=number -mindepth=number -depth"
    " -mount"
    " -xdev -perm=mode -user=word -group=word -nouser -nogroup -links=number -inum=number -readable"
    " -writable -executable -print -print0 -printf=text -ls -prune -quit -true -false -not -a -and"
    " -o -or -P -H -noleaf -help --help -version --version",
    "findword*",
    whole=True,
)
_LS = Form(
    "-a --all -A --almost-all -b --escape --block-size=word -B --ignore-backups -c -C --color[word]"
    " -d --directory -f -F --classify[word] --file-type --format=word --full-time -g"
    " --group-directories-first -G --no-group -h --human-readable --si -i --inode -I=glob"
    " --ignore=glob --hide=glob -k --kibibytes -l -m -n --numeric-uid-gid -N --literal -o -p"
    " --indicator-style=word -q --hide-control-chars --show-control-chars -Q --quote-name"
    " --quoting-style=word -r --reverse -R --recursive -s --size -S --sort=word --time=word"
    " --time-style=date -t -T=number --tabsize=number -u -U -v -w=number --width=number -x -X -Z -1"
    " --zero --hyperlink[word]" + _HELP,
    "path*",
    "path*",
)
_DIFF = Form(
    "-q --brief -s --report-identical-files -u -c -C=number --context[number] -U=number"
    " --unified[number] -e --ed -n --rcs -y --side-by-side -W=number --width=number"
    " --left-column --suppress-common-lines -p --show-c-function --label=text -t --expand-tabs -T"
    " -r --recursive --no-dereference -N --new-file --unidirectional-new-file -x=glob"
    " --exclude=glob -i --ignore-case -E -Z -b --ignore-space-change -w --ignore-all-space -B"
    " --ignore-blank-lines -I=text --ignore-matching-lines=text -a --text --strip-trailing-cr -d"
    " --minimal --speed-large-files --color[word] -v" + _HELP,
    "path path",
    digits=True,
    least=2,
)
_JQ = Form(
    "--arg=word+text --indent=number -r --raw-output -c --compact-output -n --null-input -s"
    " --slurp -R --raw-input -S --sort-keys"
    " -e --exit-status -C --color-output -M --monochrome-output -j --join-output -a --ascii-output"
    " --tab --unbuffered --stream --seq -h --help -V --version",
    "jq file*",
    "file*",
)

PROGRAMS: Mapping[str, Forms] = {
    "ls": _LS,
    "dir": _LS,
    "cat": Form(
        "-A --show-all -b --number-nonblank -e -E --show-ends -n --number -s"
        " --squeeze-blank -t -T --show-tabs -u -v --show-nonprinting" + _HELP,
        "file*",
        "file*",
    ),
    "tac": Form("-b --before", "file*", "file*"),
    "head": Form(
        "-n=count --lines=count -c=count --bytes=count -q --quiet --silent -v --verbose -z"
        " --zero-terminated" + _HELP,
        "file*",
        "file*",
        digits=True,
    ),
    "tail": Form(
        "-n=count --lines=count -c=count --bytes=count -q --quiet --silent -v --verbose -z"
        " --zero-terminated" + _HELP,
        "file*",
        "file*",
        digits=True,
    ),
    "wc": Form(
        "-c --bytes -m --chars -l --lines -L --max-line-length -w --words --total=word" + _HELP,
        "path*",
        "path*",
    ),
    "sort": Form(
        "-b --ignore-leading-blanks -d --dictionary-order -f --ignore-case -g"
        " --general-numeric-sort -i --ignore-nonprinting -M --month-sort -h"
        " --human-numeric-sort -n --numeric-sort -R --random-sort -r --reverse --sort=word"
        " -V --version-sort -c --check[word] -C -k=key --key=key -m --merge -s --stable"
        " -t=text --field-separator=text -u --unique -z --zero-terminated"
        " --parallel=number" + _HELP,
        "file*",
        "file*",
    ),
    # A second operand of uniq is the file that it writes.
    "uniq": Form(
        "-c --count -d --repeated -D --all-repeated[word] -f=number --skip-fields=number"
        " --group[word] -i --ignore-case -s=number --skip-chars=number -u --unique -z"
        " --zero-terminated -w=number --check-chars=number" + _HELP,
        "file",
        ordered=True,
    ),
    "cut": Form(
        "-b=key --bytes=key -c=text --characters=text -d=text --delimiter=text -f=text"
        " --fields=text -n --complement -s --only-delimited --output-delimiter=text -z"
        " --zero-terminated" + _HELP,
        "file*",
        "file*",
    ),
    "tr": Form(
        "-c -C --complement -d --delete -s --squeeze-repeats -t --truncate-set1" + _HELP,
        "text text",
        least=1,
    ),
    "nl": Form(
        "-b=text --body-numbering=text -n=word -w=number -s=text -v=number -i=number -ba",
        "file*",
        "file*",
    ),
    "rev": Form("", "file*", "file*"),
    "paste": Form("-d=text --delimiters=text -s --serial -z", "file*", "file*"),
    "column": Form(
        "-t --table -s=text --separator=text -o=text -c=number -x -n -J -N=list", "file*", "file*"
    ),
    "comm": Form(
        "-1 -2 -3 --check-order --nocheck-order --total --output-delimiter=text -z",
        "file file",
    ),
    "join": Form(
        "-t=text -1=number -2=number -a=number -v=number -o=list -i -j=number", "file file"
    ),
    "cmp": Form("-b --print-bytes -l --verbose -s --quiet --silent -n=count -i=list", "file file"),
    "diff": _DIFF,
    "fold": Form("-w=number --width=number -s --spaces -b --bytes", "file*", "file*"),
    "expand": Form("-t=list -i", "file*", "file*"),
    "fmt": Form("-w=number -u -s -c", "file*", "file*"),
    "tsort": Form("", "file"),
    "stat": Form(
        "-c=text --format=text --printf=text -L --dereference -f --file-system -t --terse" + _HELP,
        "path*",
        "path*",
    ),
    "file": Form(
        "-b --brief -i --mime --mime-type --mime-encoding -L -h -k -r -0", "path*", "path*"
    ),
    "du": Form(
        "-a --all -b --bytes --apparent-size -c --total -d=number --max-depth=number -h"
        " --human-readable -k -m -s --summarize -S --separate-dirs --si -x -0 -t=count"
        " --threshold=count --exclude=glob --time[word] --time-style=date -B=count"
        " --block-size=count --inodes" + _HELP,
        "path*",
        "path*",
    ),
    "df": Form(
        "-h --human-readable -a --all -H --si -i --inodes -k -l --local -P --portability -T"
        " --print-type --total -t=word -x=word --output[list]" + _HELP,
        "path*",
    ),
    "find": _FIND,
    "grep": _SEARCH,
    "egrep": _SEARCH,
    "fgrep": _SEARCH,
    "rg": _RG,
    "sed": {
        "-n": Form(
            "-n --quiet --silent -E -r -s -u -z -e=sed --expression=sed --posix --sandbox --debug",
            "sed file*",
            "file*",
            instead="-e --expression",
        ),
        "--quiet": Form("-E -r -e=sed", "sed file*", "file*", instead="-e"),
        **dict.fromkeys(("--version", "--help"), Form()),
    },
    "jq": _JQ,
    "tree": Form(
        "-a -d -f -i -x -L=number -P=glob -I=glob --prune --gitignore --ignore-case"
        " --matchdirs --filelimit=number --noreport --charset=word -q -N -Q -p -u -g -s -h"
        " --si --du -D -F --inodes --device --timefmt=text -v -t -c -U -r --dirsfirst"
        " --sort=word -n -C -A -S -J -X --nolinks --version --help",
        "path*",
        "path*",
    ),
    "md5sum": Form("-b -t --tag -z", "path*"),
    "sha1sum": Form("-b -t --tag -z", "path*"),
    "sha256sum": Form("-b -t --tag -z", "path*"),
    "sha512sum": Form("-b -t --tag -z", "path*"),
    "cksum": Form("", "path*"),
    "base64": Form("-d --decode -w=number --wrap=number -i", "file"),
    "od": Form("-c -x -b -A=word -t=word -N=count -j=count -v", "file*"),
    "hexdump": Form("-C -c -x -n=count -s=count -v", "file*"),
    "xxd": Form("-l=number -s=number -c=number -g=number -b -u -p", "file", ordered=True),
    "strings": Form("-n=number -a -t=word", "path*"),
    "readlink": Form("-f -e -m -n", "path*"),
    "realpath": Form("-e -m -q -s -L -P", "path*"),
}
_RUNS = "runs another program"
_FILE = "writes a file"
KNOWN: Mapping[str, Mapping[str, str]] = {
    "find": {
        **dict.fromkeys("-exec -execdir -ok -okdir".split(), _RUNS),
        **dict.fromkeys("-fprint -fprint0 -fprintf -fls".split(), _FILE),
        "-delete": "deletes files",
        "-files0-from": "reads a file of names",
        "-L": "follows links out of the workspace",
        "-follow": "follows links out of the workspace",
    },
    "sort": {
        **dict.fromkeys("-o --output".split(), _FILE),
        **dict.fromkeys("-T --temporary-directory".split(), "writes to another folder"),
        "--compress-program": _RUNS,
        "--files0-from": "reads a file of names",
        "--random-source": "reads another file",
    },
    "rg": {
        **dict.fromkeys("--pre --hostname-bin -z --search-zip".split(), _RUNS),
        **dict.fromkeys("-f --file --ignore-file".split(), "reads another file"),
        **dict.fromkeys("-L --follow".split(), "follows links out of the workspace"),
    },
    **dict.fromkeys(
        ("grep", "egrep", "fgrep"),
        dict.fromkeys("-f --file --exclude-from".split(), "reads another file"),
    ),
    "sed": {
        **dict.fromkeys("-i --in-place".split(), "changes files"),
        **dict.fromkeys("-f --file".split(), "runs a script from a file"),
    },
    "tree": {"-o": _FILE, "-R": _FILE, "-l": "follows links out of the workspace"},
    "tail": dict.fromkeys("-f -F --follow --retry --pid".split(), "waits for ever"),
    "wc": {"--files0-from": "reads a file of names"},
    "du": {"--files0-from": "reads a file of names"},
    "jq": dict.fromkeys(
        "-f --from-file --rawfile --slurpfile --argfile -L".split(), "reads another file"
    ),
    "file": {"-C": _FILE, "-m": "reads another file", "-f": "reads a file of names", "-z": _RUNS},
    "diff": {"--to-file": "reads another file", "--from-file": "reads another file"},
    "xxd": {"-r": _FILE},
}
