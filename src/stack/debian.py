"""
Servers that no package registry of a language has: taken from Debian's archive into a folder of their own.

apt, with configuration, state and package status of its own, resolves and downloads the
server with every library that it needs, libc included, and checks the archive's signature. They
are unpacked, never installed: the machine's own apt, dpkg and libc are neither read for this nor changed.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from stack.errors import StackError
from stack.exclusive import exclusive
from stack.layout import scratch_folder
from stack.programs import Program
from stack.progress import Progress

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
MIRROR = "ROWSTREAM_DEBIAN_MIRROR"
"""Names another archive than the one from which this machine gets its own packages; a dated one pins the versions."""

TOOLS = ("apt-get", "apt-config", "dpkg", "dpkg-deb")
SHARED = ("bug", "doc", "gdb", "lintian", "locale", "man")
UNUSED = ("etc", "lib/systemd", "usr/bin", "usr/lib/systemd", *(f"usr/share/{name}" for name in SHARED))
"""Folders of the packages that no server needs; the other programs alone are as large as the server."""

HOST_SETTINGS = ("Acquire::http::", "Acquire::https::", "Acquire::Check-Valid-Until ", "Acquire::Check-Date ")
"""What the machine's own apt says of proxies, TLS and the age of package lists holds here, too."""

STAND_IN = (
    "Package: {name}\nStatus: install ok installed\nArchitecture: {architecture}\nMulti-Arch: allowed\nMaintainer: none\nVersion: 99\n"
)
"""The entry of a package in the status file that says it is there; for what a server depends on, but does not need in order to run."""


@dataclass(frozen=True, slots=True)
class DebianServer:
    """A server: its package, the suite that has it, where its program is, and packages that it can do without."""

    package: str
    suite: str
    program: str
    needless: tuple[str, ...] = ()


def install_server(server: DebianServer, cache: Path, progress: Progress) -> Program:
    """
    Return the server's program, which is downloaded the first time; its one part is the folder with all that it needs.

    Raises:
        StackError: This is no Debian or Ubuntu machine, or the archive does not give the packages.
    """
    folder = cache / "debian" / server.package
    if not folder.exists():
        _check_tools(server)
        cache.mkdir(parents=True, exist_ok=True)
        with exclusive(cache / "lock", lambda: progress.say("Waiting for another download to end")):
            if not folder.exists():
                progress.say(f"Downloading {server.package} from Debian's archive")
                _fetch(server, folder)
    return Program(folder / server.program, (folder,))


def start_command(program: Program) -> list[str | Path]:
    """
    The beginning of a command line that runs the program, with the loader and the libraries from its own folder if it has one.

    A server takes its first argument for the name by which it finds itself, hence the whole path.
    """
    if not program.parts:
        return [program.path]
    root = program.parts[0]
    libraries = sorted({path.parent for path in root.glob("**/*-linux-gnu/*.so*")}, key=lambda path: len(path.parts))
    loader = next(root.glob("**/ld-linux-*.so.*"))
    return [loader, "--argv0", program.path, "--library-path", ":".join(map(str, libraries)), program.path]


def _check_tools(server: DebianServer) -> None:
    missing = [tool for tool in TOOLS if shutil.which(tool) is None] + ([] if KEYRING.exists() else [str(KEYRING)])
    if missing:
        name = Path(server.program).name
        raise StackError(
            f"{server.package} comes from Debian's archive, and this machine lacks {', '.join(missing)}",
            suggestion=f"install {name} by other means, and name it with ROWSTREAM_{name.upper()}",
        )


def _fetch(server: DebianServer, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = scratch_folder(folder)
    work = scratch / "apt"
    root = scratch / "root"
    try:
        environment = _configure(server, work)
        _run(["apt-get", "-q", "update"], environment)
        _run(["apt-get", "-q", "install", "-y", "--download-only", server.package], environment)
        for package in sorted((work / "cache/archives").glob("*.deb")):
            _run(["dpkg-deb", "-x", package, root], environment)
        for needless in UNUSED:
            shutil.rmtree(root / needless, ignore_errors=True)
        root.chmod(0o755)
        root.replace(folder)
    finally:
        shutil.rmtree(scratch)


def _configure(server: DebianServer, work: Path) -> dict[str, str]:
    """Write apt's configuration below `work`; returns the environment that makes apt read it and nothing else."""
    for name in ("etc/preferences.d", "state/lists/partial", "cache/archives/partial"):
        (work / name).mkdir(parents=True)
    architecture = _output(["dpkg", "--print-architecture"])
    mirror = os.environ.get(MIRROR) or _host_mirror(server)
    source = f"deb [arch={architecture} signed-by={KEYRING}] {mirror} {server.suite} main\n"
    (work / "etc/sources.list").write_text(source)
    (work / "status").write_text("\n".join(_stand_in(name, architecture) for name in server.needless))
    settings = {
        "Dir": f"{work}/",
        "Dir::Etc": f"{work}/etc/",
        **{f"Dir::Etc::{name}": "/dev/null" for name in ("main", "parts", "sourceparts", "preferences", "preferencesparts")},
        **{f"Dir::Etc::{name}": "/dev/null" for name in ("trusted", "trustedparts")},
        "Dir::Etc::sourcelist": f"{work}/etc/sources.list",
        "Dir::State": f"{work}/state/",
        "Dir::State::status": f"{work}/status",
        "Dir::Cache": f"{work}/cache/",
        "Dir::Cache::pkgcache": "",
        "Dir::Log": f"{work}/",
        "Dir::Bin::Methods": "/usr/lib/apt/methods/",
        "APT::Architecture": architecture,
        "APT::Install-Recommends": "false",
        "APT::Sandbox::User": "root",
        "Acquire::Languages": "none",
        "Acquire::Retries": "5",
    }
    lines = [f'{name} "{value}";' for name, value in settings.items()] + [f'APT::Architectures {{ "{architecture}"; }};']
    if "snapshot" in mirror:
        lines.append('Acquire::Check-Valid-Until "false";')
    (work / "apt.conf").write_text("\n".join([*_host_settings(), *lines]) + "\n")
    return {**os.environ, "APT_CONFIG": str(work / "apt.conf"), "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}


def _stand_in(name: str, architecture: str) -> str:
    return STAND_IN.format(name=name, architecture=architecture)


def _host_mirror(server: DebianServer) -> str:
    addresses = _output(["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"]).split()
    mirrors = sorted({address for address in addresses if "debian" in address and "security" not in address})
    if not mirrors:
        raise StackError(
            f"{server.package} comes from Debian's archive, and this machine's apt knows no mirror of it",
            suggestion=f"name one with {MIRROR}",
        )
    return mirrors[0]


def _host_settings() -> list[str]:
    lines = _output(["apt-config", "dump", "--format", '%F "%v";%n']).splitlines()
    return [line for line in lines if line.startswith(HOST_SETTINGS) and not line.endswith('"";')]


def _output(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603 - the system's own tools


def _run(command: list[str | Path], environment: dict[str, str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, stdin=subprocess.DEVNULL)  # noqa: S603 - the system's own tools
    if done.returncode:
        raise StackError(
            f"{command[0]} failed: {(done.stderr or done.stdout).strip()[-1000:]}",
            suggestion=f"check the network (and {MIRROR}, if it is set), then run `rowstream up` again",
        )
