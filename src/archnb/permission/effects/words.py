"""Kinds of words: what a value or an operand must look like to name nothing outside or secret."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache

Kind = Callable[[str], bool]

# Places that hold keys or decide what runs, as components of a path, in any case of letters.
_SECRET_PLACE = re.compile(
    r"(?i)(^|[/:=,@])(\.(git|ssh|aws|azure|gnupg|kube|docker|netrc|npmrc|pypirc|pgpass|htpasswd"
    r"|git-credentials|yarnrc|yarnrc\.yml|my\.cnf|envrc|vault-token|boto|s3cfg|terraformrc"
    r"|bash_history|zsh_history|python_history|psql_history|jupyter|config|local)"
    r"|id_(rsa|dsa|ecdsa|ed25519)|credentials(\.\w+)?|(client_)?secrets?\.\w+|proc|authorized_keys)"
    r"($|[/:,])"
)
_SECRET_END = re.compile(
    r"(?i)\.env$|\.env\.(?!(example|sample|template|dist|defaults?)$)|\.env/"
    r"|\.(pem|key|p12|pfx|jks|keystore|kdbx|ppk|gpg|asc|tfstate|ovpn)$"
)
_UPWARDS = re.compile(r"(^|[/\\=:,])\.\.($|[/\\:,])")
_KNOWN_NAMES = frozenset(
    "makefile gnumakefile dockerfile containerfile justfile procfile rakefile gemfile vagrantfile"
    " jenkinsfile tiltfile caddyfile brewfile pipfile readme license licence copying notice authors"
    " changelog changes contributing codeowners version todo manifest .gitignore .gitattributes"
    " .dockerignore .editorconfig .gitmodules .prettierrc .eslintrc .nvmrc .python-version"
    " .node-version .tool-versions .npmignore .mailmap".split()
)


def secret(word: str) -> bool:
    """Whether a name says keys or passwords, or decides what runs.

    >>> [secret(name) for name in (".env", "a/.ENV.local", ".env.example", "x/id_rsa", "a.py")]
    [True, True, False, True, False]
    """
    return bool(_SECRET_PLACE.search(word) or _SECRET_END.search(word))


def path(word: str) -> bool:
    """A path inside the workspace as far as its text can say; ``-`` is standard input."""
    return word in ("-", "/dev/null") or (
        bool(re.fullmatch(r"(?![-/~@])[^\0-\x1f\x7f:\\$`]+", word))
        and not _UPWARDS.search(word)
        and not secret(word)
    )


def folder(word: str) -> bool:
    """A folder to go to; ``-`` would be the one before."""
    return word != "-" and path(word)


def file(word: str) -> bool:
    """A path to something to be shown, whose name says what it is: keys mostly have no ending.

    >>> file("docs/ADR 001.md"), file("Makefile"), file("id"), file("../a.md")
    (True, True, False, False)
    """
    name = word.rsplit("/", 1)[-1]
    named = re.fullmatch(r".+\.[A-Za-z0-9_+-]{1,12}", name) or name.lower() in _KNOWN_NAMES
    return path(word) and (word in ("-", "/dev/null") or bool(named))


def inside(word: str) -> bool:
    """Any word, option or not, that names nothing absolute, upward, at home, remote or secret."""
    return (
        bool(re.fullmatch(r"(?![/~@])(?!.*[=:,@][/~\\])[^\0-\x1f\x7f$`]*", word))
        and "://" not in word
        and not re.match(r"-\w[/~]|-[\w-]*[/~]", word)
        and not _UPWARDS.search(word)
        and not re.match(r"-+\w*\.\.", word)
        and not secret(word)
    )


def revision(word: str) -> bool:
    """A revision, a range, a file in a revision, or a path: git reads no file outside for these."""
    if word.startswith(":/"):
        return True
    if not re.fullmatch(
        r"(?![/~-])[^\0-\x20\x7f\\$`;&|<>:]+(:[^\0-\x1f:/\\$`~][^\0-\x1f:\\$`]*)?", word
    ):
        return False
    return not _UPWARDS.search(word) and not secret(word)


def pathspec(word: str) -> bool:
    """A path behind ``--`` for git, with its magic words."""
    magic = r":(\((exclude|top|glob|icase|literal)(,(exclude|top|glob|icase|literal))*\)|[!^])"
    return path(re.sub(f"^{magic}", "", word) or ".")


def place(word: str) -> bool:
    """A path for ``git status``, which itself refuses what is outside the repository."""
    return pathspec(word) or bool(re.fullmatch(r"\.\.(/\.\.)*/?", word))


def git_format(word: str) -> bool:
    """A format of commits without signatures: ``%G`` starts the program that checks them."""
    plain = re.fullmatch(r"oneline|short|medium|full|fuller|reference|email|mboxrd|raw", word)
    return bool(plain) or (
        "%G" not in word and ("%" in word or word.startswith(("format:", "tformat:")))
    )


def ref_format(word: str) -> bool:
    """A format of references without signatures."""
    return "signature" not in word and "%G" not in word


def git_lines(word: str) -> bool:
    """``-L``: lines of a file in the repository."""
    span, _, name = word.rpartition(":")
    return bool(re.fullmatch(r"[^\0-\x1f]+", span)) and path(name)


def sed_print(word: str) -> bool:
    """A sed script of addresses and the commands ``p``, ``=``, ``q``, ``Q`` and ``d`` only."""
    address = r"(\d+(~\d+)?|\$|/([^/\\\n]|\\[^\n])*/I?)"
    command = rf"({address}(,({address}|[+~]\d+))?)?[ \t]*+!?([p=d]|[qQ]\d*)?[ \t]*+"
    return bool(re.fullmatch(rf"[ \t]*+{command}([;\n][ \t]*+{command})*", word))


def jq_filter(word: str) -> bool:
    """A jq program that reads its input only: no environment, no modules, no other files."""
    plain = word if "#" in word or "\\(" in word else re.sub(r'"([^"\\]|\\.)*"', '""', word)
    reads = (
        r"\b(env|ENV|import|include|modulemeta|get_search_list|input_filename|debug|stderr)\b|__"
    )
    return not re.search(reads, plain)


def yq_filter(word: str) -> bool:
    """A yq expression of paths and of what reads them: no other file, no environment."""
    known = "keys length sort unique type tag to_entries first last reverse flatten line".split()
    bare = re.findall(r"(?<![\w.-])[A-Za-z_]\w*", re.sub(r'"[\w .-]*"', '""', word))
    return bool(re.fullmatch(r'[\w.\[\]| "*-]+', word)) and set(bare) <= set(known)


def find_word(word: str) -> bool:
    """A starting point of find, or what joins its tests."""
    return word in ("(", ")", "!", ",") or path(word)


def package(word: str) -> bool:
    """A package of the npm registry with a version: no folder, archive, repository or alias.

    >>> [package(word) for word in ("zod@3", "@a/b", "a/b", "x.tgz", "x@https://a")]
    [True, True, False, False, False]
    """
    pattern = r"(@[A-Za-z0-9][\w.-]*/)?[A-Za-z0-9][\w-]*(\.[\w-]+)*(@[\^~<>=]*[\w.*+-]+)?"
    archive = re.search(r"(?i)\.(tgz|tar|gz|zip|bz2|xz)(@.*)?$", word)
    return bool(re.fullmatch(pattern, word)) and not archive


def field(word: str) -> bool:
    """A field of a package, such as ``dist-tags.latest`` or ``scripts[build]``."""
    return bool(re.fullmatch(r"[\w.@\[\]:-]+", word)) and not word.startswith("-")


def requirement(word: str) -> bool:
    """A distribution of the index with extras and versions: no folder, archive or address."""
    name = r"[A-Za-z0-9](?:[\w-]|\.(?!/|(?i:zip|whl|tar|tgz|tbz|txz|tlz|gz|bz2|xz|egg)\b))*"
    version = r"\s*(===?|[<>~!]=|[<>])\s*[\w.*+!]+"
    return bool(
        re.fullmatch(rf"{name}(\[[\w,. -]+\])?({version}(\s*,{version})*)?", word)
    ) and not re.search(r"(?i)\.(zip|whl|tar|tgz|tbz|txz|tlz|gz|bz2|xz|egg)$", word)


def requirements(word: str) -> bool:
    """A file of requirements in the workspace."""
    return path(word) and bool(re.fullmatch(r".+\.(txt|in)", word))


def test(word: str) -> bool:
    """A test of pytest: a path with the names in it."""
    name, _, rest = word.partition("::")
    return path(name) and name not in ("-", "/dev/null") and not re.search(r"[\0-\x1f]", rest)


def print_format(word: str) -> bool:
    """A format for printf without ``%n``, which sets a variable."""
    return not word.startswith("-") and bool(
        re.fullmatch(r"([^%]|%%|%[-+ #0-9.]*[sdiuxXofFeEgGcbq])*", word, re.DOTALL)
    )


_NAMED: Mapping[str, Kind] = {
    "path": path,
    "folder": folder,
    "file": file,
    "inside": inside,
    "rev": revision,
    "pathspec": pathspec,
    "place": place,
    "gitformat": git_format,
    "refformat": ref_format,
    "gitlines": git_lines,
    "sed": sed_print,
    "jq": jq_filter,
    "yq": yq_filter,
    "findword": find_word,
    "package": package,
    "field": field,
    "requirement": requirement,
    "requirements": requirements,
    "test": test,
    "printformat": print_format,
    "text": lambda word: "\0" not in word,
}
_PATTERNS: Mapping[str, str] = {
    "number": r"[+-]?\d+",
    "count": r"[+-]?\d+[a-zA-Z]{0,3}",
    "word": r"[A-Za-z0-9_][\w.+-]*",
    "list": r"[A-Za-z0-9_][\w.,:*=%+-]*",
    "percent": r"\d+%?",
    "symbol": r"[A-Za-z0-9_@][\w./@:-]*",
    "script": r"[A-Za-z0-9_][\w:.-]*",
    "key": r"[\d.,a-zA-Z]+",
    "glob": r"!?[^\0-\x1f$`]+",
    "target": r"[A-Za-z0-9_][\w.-]*",
    "date": r"[^/\0-\x1f]*",
    "image": r"[a-z0-9][\w./-]*(:[\w.-]+)?",
    "gopackage": r"(\./)?[A-Za-z0-9_.][\w./-]*",
    "dateformat": r"\+[^\0-\x1f]*",
    "binaries": r":(all|none):|[A-Za-z0-9_][\w.,-]*",
    "disabled": r"no:\w[\w.-]*",
    "mode": r"[-/]?[\w+,=]+",
    "option": r"(?!-)[\w.,:=%+-]+",
}


@cache
def kind(name: str) -> Kind:
    """The kind called ``name``; ``a|b`` is one of these words."""
    if name in _NAMED:
        return _NAMED[name]
    pattern = _PATTERNS.get(name) or "|".join(map(re.escape, name.split("|")))
    compiled = re.compile(pattern)
    return lambda word: compiled.fullmatch(word) is not None and not _UPWARDS.search(word)
