"""The modules of the linted project: parsed once, evaluated when first imported."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.domain.joins import MAX_CONFIGURATIONS
from losslint.analysis.domain.scope import Frame, Module
from losslint.analysis.domain.syntax import SourceModule
from losslint.analysis.domain.values import Class, Const, Namespace, Value
from losslint.analysis.reading.failures import BudgetSpent, Failure
from losslint.analysis.reading.parsing import NotParsed, parse
from losslint.analysis.reading.surroundings import Surroundings, Unseen
from losslint.analysis.reading.unit_tests import has_unit_tests
from losslint.deep_stack import on_a_deep_stack
from losslint.source import ENDINGS, Source

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter
    from losslint.analysis.reading.linker import Linker

MAX_FILES = 5_000


class Project:
    """All modules that a run has met."""

    def __init__(
        self, linker: Linker, sources: dict[Path, Source], unseen: Unseen | None = None
    ) -> None:
        self._linker = linker
        self._sources = sources
        self._modules: dict[Path, Module | None] = {}
        self.parsed: dict[Path, SourceModule] = {}
        self._around = Surroundings(linker, sources, self._reread, unseen)
        self.failures: list[Failure] = []

    def load(self, run: Interpreter, name: str, importer: Module, level: int = 0) -> Module | None:
        """The module that an import names, evaluated; None if the project has none."""
        if not name and not level:
            return None
        path = self._linker.find(name, importer.source.path, level)
        if path is None:
            return None
        return self.open(run, path.resolve())

    def behind_absent_root(self, name: str, importer: Module) -> str:
        """The end of the name by which :meth:`load` finds a module; empty for all of it."""
        return self._linker.behind_absent_root(name, importer.source.path)

    def search(self, folder: str, importer: Module) -> None:
        """Searches a folder for modules too."""
        self._linker.search(folder, importer.source.path)

    def modules_in(
        self, run: Interpreter, package: str, importer: Module, beginning: str
    ) -> list[Module]:
        """The modules of a package whose names begin so, evaluated."""
        paths = self._linker.inside(package, importer.source.path, beginning)
        opened = (self.open(run, path.resolve()) for path in paths[: MAX_CONFIGURATIONS + 1])
        return [module for module in opened if module is not None]

    def open(self, run: Interpreter, path: Path) -> Module | None:
        """The module in a file or package folder, evaluated."""
        module = self.module(run, path)
        if module is not None and module.state == "new":
            self._evaluate(run, module)
        return module

    def module(self, run: Interpreter, path: Path) -> Module | None:
        """The module in a file, parsed but perhaps not evaluated."""
        if path not in self._modules:
            parsed = self._parse(path) if len(self._modules) < MAX_FILES else None
            module = None
            if parsed is not None:
                module = Module(
                    _module_name(path),
                    path.parent.name,
                    parsed,
                    run.heap.new_slots(),
                    has_unit_tests(parsed),
                )
            self._modules[path] = module
        return self._modules[path]

    def classes(self) -> list[Class]:
        """The classes that the modules met so far define at their top level."""
        return [
            one
            for module in self._modules.values()
            if module is not None
            for one in module.functions
            if isinstance(one, Class)
        ]

    def _parse(self, path: Path) -> SourceModule | None:
        if path.suffix != ".py" and path not in self._sources:
            return SourceModule(path, "", cst.Module(body=[]))
        source = self._sources.get(path)
        linted = source is not None
        try:
            if source is None:
                source = Source.read(path)
            parsed = parse(source, self._around)
        except OSError:
            return None
        except NotParsed as problem:
            if linted:
                self.failures.append(problem.failure)
            return None
        self.parsed[path] = parsed
        return parsed

    def _reread(self, path: Path) -> SourceModule | None:
        """A file as it was parsed, or else parsed now; None for one that is no Python."""
        if path not in self.parsed and path not in self._modules and path in self._sources:
            try:
                source = self._sources[path]
                self.parsed[path] = on_a_deep_stack(lambda: parse(source, self._around))
            except NotParsed:
                self._modules[path] = None
        return self.parsed.get(path)

    def _evaluate(self, run: Interpreter, module: Module) -> None:
        module.state = "running"
        run.heap.set(module.slots, "__name__", Const(module.name))
        run.heap.set(module.slots, "__file__", Const(str(module.source.path.name)))
        frames, run.frames = run.frames, []
        trace, run.trace = run.trace, []
        flags = run.no_grad, run.autocast, run.dead, run.settled
        off, run.switched_off = run.switched_off, 0
        run.no_grad = run.autocast = run.dead = run.settled = 0
        run.frames.append(Frame(module.scope, "<module>", mark=run.heap.mark()))
        try:
            run.exec(module.source.tree.body)
        finally:
            run.roots.append(tuple(run.trace))
            run.frames, run.trace = frames, trace
            run.no_grad, run.autocast, run.dead, run.settled = flags
            run.switched_off = off
            module.state = "done"

    def member(self, run: Interpreter, module: Module, name: str) -> Value | None:
        """What ``module.name`` is: a global, or a module inside the package."""
        found = run.heap.get(module.slots, name)
        if found is not None:
            return found
        inner = self.load(run, name, module, level=1)
        if inner is not None and inner is not module and _is_package(module):
            return Namespace(inner)
        return None

    def guarded(
        self, run: Interpreter, what: Callable[[], object], module: Module, title: str
    ) -> None:
        """Runs a piece of the analysis; what breaks costs that piece only."""
        try:
            what()
        except BudgetSpent:
            self._fail(module, "limit", f"{title} takes too many steps to analyse")
        except RecursionError:
            self._fail(module, "limit", f"{title} is nested too deeply to analyse")
        except Exception as problem:
            if run.strict:
                raise
            kind = type(problem).__name__
            self._fail(module, "crash", f"{title} could not be analysed ({kind}: {problem})")

    def _fail(self, module: Module, kind: str, message: str) -> None:
        path = module.source.path
        if path in self._sources:
            self.failures.append(Failure(path, 1, 1, kind, message))


def _is_package(module: Module) -> bool:
    path = module.source.path
    return path.name == "__init__.py" or path.suffix not in ENDINGS


def _module_name(path: Path) -> str:
    """A readable name of a module; identity is by its file."""
    return path.parent.name if path.name == "__init__.py" else path.stem
