"""One lint run, from what the user asked for to the report."""

from __future__ import annotations

import gc
import importlib.util
import inspect
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from losslint.config import Settings, confidence_of, find_settings, read_settings, severity_of
from losslint.dependents import Context, Unseen, find_context
from losslint.discovery import common_folder, discover, left_out_by_default
from losslint.engine import Job, Progress, lint, unreadable
from losslint.errors import UserError
from losslint.finding import Problem, Report, Safety, Severity
from losslint.fixing import fix_all
from losslint.paths import is_file, is_folder
from losslint.rule import Rule, in_order, installed_rules
from losslint.selection import Choice, choose, file_ignores, severities
from losslint.source import Source

STDIN = "-"
UNNAMED = "<stdin>"
_NAMED = 3
"""Folders that are named in a message."""

Notify = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Setup:
    """Where settings come from, and whose code may run."""

    config: Path | None = None
    isolated: bool = False
    allow_local_rules: bool = False

    def settings(self, start: Path) -> Settings:
        """The settings that hold for what lies at ``start``.

        Raises:
            UserError: if they are wrong.
        """
        here = Path.cwd()
        if self.isolated:
            if self.config is not None:
                raise UserError("--isolated means no settings file; leave it out, or --config")
            return Settings(root=here)
        if self.config is None:
            return find_settings(start, fallback_root=here)
        if not is_file(self.config):
            raise UserError(f"--config: no such file: {self.config}")
        return read_settings(self.config.resolve())

    def rules(self, settings: Settings, notify: Notify) -> list[type[Rule]]:
        """The installed rules, and the settings' local ones if they may run.

        Raises:
            UserError: if rules cannot be loaded.
        """
        rules = installed_rules()
        if settings.local_rules and not self.allow_local_rules:
            files = ", ".join(str(path) for path in settings.local_rules)
            notify(
                f"the local rules of {settings.file} are left out: {files}. They are code of the "
                "linted project; --allow-local-rules runs it"
            )
            return rules
        return in_order([*rules, *local_rules(settings.local_rules)])


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asks for; None leaves it to the settings."""

    paths: Sequence[str] = (".",)
    setup: Setup = Setup()
    select: Sequence[str] | None = None
    ignore: Sequence[str] = ()
    extend_select: Sequence[str] = ()
    exclude: Sequence[str] = ()
    fail_on: str | None = None
    min_confidence: str | None = None
    show_unresolved: bool = False
    fix: Collection[Safety] = ()
    """The safeties of the fixes that are applied; what is written where is up to the caller."""
    stdin_filename: str | None = None
    stdin: Callable[[], bytes] | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run found, and from which severity on that is a failure."""

    report: Report
    fail_on: Severity
    before: Sequence[Source] = ()
    """The linted files as they were."""
    after: Sequence[Source] = ()
    """The linted files with the fixes that were asked for."""

    @property
    def failed(self) -> bool:
        """Whether any finding is grave enough."""
        return any(finding.severity >= self.fail_on for finding in self.report.findings)


def run(request: Request, notify: Notify, progress: Progress | None = None) -> Outcome:
    """Lints what the request names.

    Args:
        request: what to lint, and how.
        notify: is told what the user should know besides the findings.
        progress: called with the number of files done and of all files.

    Raises:
        UserError: if the request or the settings are wrong.
    """
    paths = _paths(request)
    start = common_folder(paths)
    settings = request.setup.settings(start)
    rules = request.setup.rules(settings, notify)
    enabled = choose(
        rules,
        [
            Choice(
                settings.select, settings.ignore, settings.extend_select, f"{settings.file}: {{}}"
            ),
            Choice(request.select, request.ignore, request.extend_select, "--{}"),
        ],
    )
    fail_on = settings.fail_on
    if request.fail_on is not None:
        fail_on = severity_of(request.fail_on, "--fail-on")
    min_confidence = settings.min_confidence
    if request.min_confidence is not None:
        min_confidence = confidence_of(request.min_confidence, "--min-confidence")
    sources, foreign, problems = _sources(request, paths, settings)
    context = _context(request, paths, sources, start, settings)
    job = Job(
        top=_top(start, settings, context),
        rules=rules,
        enabled=enabled,
        file_ignores=file_ignores(rules, settings),
        severities=severities(rules, settings),
        min_confidence=min_confidence,
        src_roots=settings.src,
        returns=settings.returns,
        show_unresolved=request.show_unresolved,
    )
    if not sources and not problems:
        exclude = (*settings.exclude, *request.exclude)
        folders = left_out_by_default(paths, root=settings.root, exclude=exclude)
        notify(f"no Python files in {', '.join(request.paths)}{_left_out(foreign, folders)}")
    unseen = _unseen(request, sources, context, start, settings)
    report = lint(
        sources, job, context=context, problems=problems, progress=progress, unseen=unseen
    )

    def again(changed: Sequence[Source]) -> Report:
        gc.collect()  # the trees of the round before, where nobody looks for garbage by itself
        return lint(changed, job, context=context, problems=problems, unseen=unseen)

    before = sources
    if request.fix:
        fixed = fix_all(
            sources,
            report,
            again,
            request.fix,
        )
        report, sources = fixed.report, list(fixed.sources)
        if fixed.complaint:
            notify(fixed.complaint)
    for problem in report.problems:
        if problem.code not in enabled:
            where = f"{problem.span.path}:{problem.span.row}"
            notify(f"{where}: {problem.message} ({problem.code} is off)")
    return Outcome(report, fail_on, before, sources)


def _paths(request: Request) -> list[Path]:
    if STDIN not in request.paths:
        if request.stdin_filename is not None:
            raise UserError("--stdin-filename goes with the path -, which reads standard input")
        return [Path(path) for path in request.paths]
    if len(request.paths) > 1:
        raise UserError("the path - reads standard input, and goes with no other path")
    return [Path(request.stdin_filename or UNNAMED)]


def _sources(
    request: Request, paths: list[Path], settings: Settings
) -> tuple[list[Source], list[Source], list[Problem]]:
    """What to lint, notebooks in other languages than Python, and what could not be read."""
    if request.stdin is not None and STDIN in request.paths:
        given = request.stdin()
        return [replace(Source.of(paths[0].resolve(), given), given=given)], [], []
    sources: list[Source] = []
    foreign: list[Source] = []
    problems: list[Problem] = []
    exclude = (*settings.exclude, *request.exclude)
    files = discover(
        paths,
        root=settings.root,
        exclude=exclude,
        unreadable=lambda folder, reason: problems.append(unreadable(folder, reason)),
    )
    for path in files:
        try:
            source = Source.read(path)
        except OSError as problem:
            problems.append(unreadable(path, problem))
        else:
            (sources if source.is_python else foreign).append(source)
    return sources, foreign, problems


def _left_out(foreign: Sequence[Source], folders: Sequence[str]) -> str:
    """Why there is nothing to lint, as far as it can be told."""
    languages = {source.notebook.language for source in foreign if source.notebook}
    if languages:
        return f": notebooks in {', '.join(sorted(languages))} are left out"
    if not folders:
        return ""
    named = ", ".join(folders[:_NAMED]) + (", ..." if len(folders) > _NAMED else "")
    return f": by default those in {named} are left out; name the folder to lint them"


def _context(
    request: Request, paths: list[Path], sources: list[Source], start: Path, settings: Settings
) -> Context | None:
    """The rest of the project, where only files were given."""
    is_unnamed = STDIN in request.paths and request.stdin_filename is None
    if is_unnamed or not sources or any(map(is_folder, paths)):
        return None
    return find_context(sources, start, settings, (*settings.exclude, *request.exclude))


def _unseen(
    request: Request,
    sources: Sequence[Source],
    context: Context | None,
    start: Path,
    settings: Settings,
) -> Callable[[Collection[Path]], bool] | None:
    """Whether a file that is neither linted nor context may import one of these."""
    if STDIN in request.paths and request.stdin_filename is None:
        return None
    seen = {source.path for source in (*sources, *(context.sources if context else ()))}
    return Unseen(seen, start, settings).may_import


def _top(start: Path, settings: Settings, context: Context | None) -> Path:
    """The outermost folder in which imports are looked for."""
    candidates = [settings.root.resolve(), Path.cwd().resolve()]
    top = next((folder for folder in candidates if start.is_relative_to(folder)), start)
    return context.root if context is not None and top.is_relative_to(context.root) else top


def local_rules(files: Sequence[Path]) -> Iterator[type[Rule]]:
    """The rule classes that Python files define; this runs the files.

    Raises:
        UserError: if a file cannot be run, or defines no rule.
    """
    for number, file in enumerate(files):
        spec = importlib.util.spec_from_file_location(f"losslint_local_rules_{number}", file)
        if spec is None or spec.loader is None:
            raise UserError(f"local-rules: {file} is no Python file")
        module = importlib.util.module_from_spec(spec)
        try:
            spec.loader.exec_module(module)
        except (Exception, SystemExit) as problem:
            raise UserError(
                f"local-rules: {file} cannot be run: {type(problem).__name__}: {problem}"
            ) from problem
        rules = [
            value
            for value in vars(module).values()
            if inspect.isclass(value)
            and issubclass(value, Rule)
            and value.__module__ == module.__name__
            and hasattr(value, "code")
        ]
        if not rules:
            raise UserError(f"local-rules: {file} defines no rule: no subclass of Rule with a code")
        yield from rules
