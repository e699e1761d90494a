"""Change several files at once by a patch: all of it or nothing."""

from __future__ import annotations

from dataclasses import dataclass

from archnb.permission.requests import Diff, Request
from archnb.tools._files import apply, changes_request, current, without_mark
from archnb.tools._folders import with_folders
from archnb.tools._hunks import FilePatch, patched
from archnb.tools._patches import parse
from archnb.tools.base import Context, Input, Output, Tool, ToolError, schema, string
from archnb.workspace import FileChange, Workspace, listed


@dataclass(frozen=True, slots=True)
class _Planned:
    """The diffs of one file of the patch, in words; ``moved`` has a move's source and target."""

    words: str
    diffs: tuple[Diff, ...]
    moved: tuple[str, str] | None = None


def _plan(given: Input, workspace: Workspace) -> list[_Planned]:
    planned = [_planned(patch, workspace) for patch in parse(given["patchText"])]
    names = [diff.path for each in planned for diff in each.diffs]
    for name in names:
        if names.count(name) > 1:
            raise ToolError(
                f"The patch names {name} twice. Put all changes of a file into one section."
            )
    return planned


def _planned(patch: FilePatch, workspace: Workspace) -> _Planned:
    for path in filter(None, (patch.path, patch.target)):
        workspace.check_writable(path)
    name, before, encoding = current(patch.path, workspace)
    if patch.action == "add":
        if before is not None:
            raise ToolError(f"{name} exists already, so it cannot be added. Update it instead.")
        return _Planned(f"create {name}", (Diff(name, None, patched(name, "", patch.hunks)),))
    if before is None:
        raise ToolError(f"{name} does not exist. Look with glob for the right path.")
    if patch.action == "delete" or patch.target:
        _refuse_link(patch.path, workspace)
    mark, text = without_mark(before)
    after = mark + patched(name, text, patch.hunks) if patch.hunks else before
    if patch.action == "delete":
        if patch.hunks and after != mark:
            raise ToolError(
                f"The patch deletes {name} but not every line of it. Read the file again, "
                "or leave out /dev/null to keep the rest."
            )
        return _Planned(f"delete {name}", (Diff(name, before, None, encoding),))
    if patch.target:
        target, there, _ = current(patch.target, workspace)
        if there is not None:
            raise ToolError(f"{target} exists already, so {name} cannot be moved there.")
        diffs = (Diff(name, before, None, encoding), Diff(target, None, after, encoding))
        return _Planned(f"move {name} to {target}", diffs, (name, target))
    if after == before:
        raise ToolError(f"The patch leaves {name} as it is. Leave it out.")
    return _Planned(f"edit {name}", (Diff(name, before, after, encoding),))


def _refuse_link(path: str, workspace: Workspace) -> None:
    if (workspace.root / path).is_symlink():
        raise ToolError(
            f"{path} is a link to {workspace.name(workspace.resolve(path))}; "
            "a patch neither moves nor deletes links. Name the file itself."
        )


def _opens(given: Input) -> tuple[str, ...]:
    try:
        patches = parse(given["patchText"])
    except (ToolError, ValueError):  # a line number beyond what Python reads
        return ()
    paths = [path for patch in patches for path in (patch.path, patch.target) if path]
    return tuple(dict.fromkeys(paths))


def _request(given: Input, workspace: Workspace) -> Request:
    planned = _plan(given, workspace)
    diffs = [diff for each in planned for diff in each.diffs]
    title = listed([each.words for each in planned])
    return with_folders(changes_request(diffs, title, workspace), workspace)


async def _run(given: Input, context: Context, request: Request) -> Output:
    modes = {}
    for patch in parse(given["patchText"]):
        if patch.target:
            source, target = (context.workspace.resolve(p) for p in (patch.path, patch.target))
            if source.is_file():  # a moved script stays executable
                modes[context.workspace.name(target)] = source.stat().st_mode & 0o777
    done = apply(context.workspace, request, "Patched", modes)
    lines = [f"{_letter(change)} {change.path}" for change in done.changes]
    return Output(
        "\n".join(["Success. Updated the following files:", *lines]), changes=done.changes
    )


def _letter(change: FileChange) -> str:
    return "A" if change.before is None else "D" if change.after is None else "M"


TOOL = Tool(
    name="patch",
    description=(
        "Change one or more files by a patch, all of it or nothing. Either the format\n"
        "*** Begin Patch\n*** Update File: PATH\n@@ a line above the change\n kept\n-old\n+new\n"
        "*** End Patch\n(also *** Add File: PATH with + lines, *** Delete File: PATH, and "
        "*** Move to: PATH after an Update line), or a unified diff. Kept and removed lines must "
        "be what the file says; give a few of them around each change."
    ),
    input_schema=schema(("patchText",), patchText=string("The whole patch")),
    request=_request,
    run=_run,
    permission="edit",
    opens=_opens,
)
