# SPDX-License-Identifier: Apache-2.0
"""A real Neo4j 5 Community for tests, from Maven Central; where that cannot be had ArcadeDB, which speaks Bolt too.

1. The jars are kept outside the repository, in ``${XDG_CACHE_HOME:-~/.cache}/arf-tests/neo4j/VERSION``: fetched once by
   Maven into a folder of their own, compared with the committed SHA-256 list, and renamed. With them there, nothing is
   fetched. Callers beside each other wait for one lock.
2. The server listens on loopback, at a free port, and ends when the process that started it does.
3. ``arcadedb-embedded`` is a wheel with its own Java. :func:`products` says which of the two can be started here.

``python scripts/lib/servers/neo4j.py`` fetches the jars, and says which servers there are.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from arf_enterprise.stores.neo4j.login import GraphLogin
from arf_enterprise.stores.postgres.process import Child, User, start_as
from lib.servers.processes import DidNotStart, free_port

VERSION: Final = "5.26.30"
PASSWORD: Final = "only-for-tests"  # noqa: S105 - of a server that lives as long as a test
START_S: Final = 120.0
_HERE: Final = Path(__file__).resolve().parent
_SUMS: Final = _HERE / f"neo4j-{VERSION}.sha256"
_GOAL: Final = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
_POM: Final = f"""\
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>arf</groupId><artifactId>neo4j-for-tests</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies><dependency>
    <groupId>org.neo4j</groupId><artifactId>neo4j</artifactId><version>{VERSION}</version>
  </dependency></dependencies>
</project>
"""
_CONF: Final = """\
server.default_listen_address=127.0.0.1
server.bolt.enabled=true
server.bolt.listen_address=127.0.0.1:{port}
server.bolt.advertised_address=127.0.0.1:{port}
server.http.enabled=false
server.https.enabled=false
server.bolt.connection_keep_alive=2s
dbms.usage_report.enabled=false
dbms.security.auth_enabled=true
dbms.security.auth_max_failed_attempts=0
dbms.shutdown_transaction_end_timeout=2s
server.memory.pagecache.size=64m
db.tx_log.rotation.size=16m
db.tx_log.preallocate=false
internal.dbms.bolt.netty_server_shutdown_quiet_period=0
internal.dbms.bolt.netty_server_shutdown_timeout=3s
"""
_JVM: Final = (
    "-Xms128m -Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData -XX:+ExitOnOutOfMemoryError"
    " -Dfile.encoding=UTF-8 -Dlog4j2.disable.jmx=true -Dio.netty.tryReflectionSetAccessible=true"
    " --add-opens=java.base/java.nio=ALL-UNNAMED --add-opens=java.base/java.io=ALL-UNNAMED"
    " --add-opens=java.base/sun.nio.ch=ALL-UNNAMED"
).split()


class Product(StrEnum):
    """Which server it is."""

    NEO4J = f"Neo4j {VERSION}"
    ARCADEDB = "ArcadeDB"


@dataclass(slots=True, kw_only=True)
class GraphServer:
    """A server at ``uri`` whose data is in ``home``; it can be killed, and started again on the same data."""

    product: Product
    uri: str
    port: int
    user: str
    home: Path
    child: Child
    command: Sequence[str]

    @property
    def environment(self) -> dict[str, str]:
        """The settings that name it."""
        return {"NEO4J_URI": self.uri, "NEO4J_USER": self.user, "NEO4J_PASSWORD": PASSWORD}

    @property
    def login(self) -> GraphLogin:
        """The same, as the program has it."""
        return GraphLogin(uri=self.uri, user=self.user, password=PASSWORD)

    def kill(self) -> None:
        """End it as a power failure would."""
        self.child.stop(signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to end, and wait."""
        self.child.stop(signal.SIGTERM)

    def freeze(self) -> None:
        """Let it answer nothing, and keep its connections."""
        self.child.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self.child.process.send_signal(signal.SIGCONT)

    def start(self) -> None:
        """Start it again, and wait until it answers."""
        self.child = _started(self.command, self.home / "out.log")
        _await(self)

    def copy_data(self, folder: Path) -> None:
        """A backup, of a server that is stopped: its data below ``folder``."""
        shutil.copytree(self.home / "data", folder)

    def put_back(self, folder: Path) -> None:
        """Restore such a backup."""
        shutil.rmtree(self.home / "data")
        shutil.copytree(folder, self.home / "data")


def products() -> tuple[Product, ...]:
    """The servers that can be started here, Neo4j first; its jars are fetched if they can be (rule 1)."""
    found = []
    if shutil.which("java") and _jars() is not None:
        found.append(Product.NEO4J)
    if importlib.util.find_spec("arcadedb_embedded") is not None:
        found.append(Product.ARCADEDB)
    return tuple(found)


@contextmanager
def graph_server(product: Product | None = None) -> Iterator[GraphServer]:
    """``product``, or the first that can be started, with nothing in it, for as long as the block lasts.

    Raises:
        DidNotStart: there is none, or it does not come up.
    """
    chosen = product or next(iter(products()), None)
    if chosen is None:
        raise DidNotStart("no graph server: Neo4j needs Java and Maven, ArcadeDB the wheel arcadedb-embedded")
    home = Path(tempfile.mkdtemp(prefix="arf-graph-"))
    try:
        server = (_neo4j if chosen is Product.NEO4J else _arcadedb)(home)
        try:
            _await(server)
            yield server
        finally:
            server.kill()
    finally:
        shutil.rmtree(home, ignore_errors=True)


# --- Neo4j ---


def _neo4j(home: Path) -> GraphServer:
    port = free_port()
    for name in ("conf", "data", "logs", "tmp", "run", "import", "plugins"):
        (home / name).mkdir()
    (home / "conf/neo4j.conf").write_text(_CONF.format(port=port), encoding="ascii")
    temporary = home / "tmp"
    java = [*_environment(home), "java", *_JVM, f"-Djava.io.tmpdir={temporary}", f"-Djna.tmpdir={temporary}"]
    java += [f"-Duser.home={home}", f"-XX:ErrorFile={home}/logs/hs_err_%p.log", "-cp", f"{_jars()}/*"]
    subprocess.run(
        [*java, "org.neo4j.cli.AdminTool", "dbms", "set-initial-password", PASSWORD],
        check=True,
        capture_output=True,
        timeout=START_S,
    )
    command = [*java, "org.neo4j.server.CommunityEntryPoint", f"--home-dir={home}", f"--config-dir={home}/conf"]
    return _made(Product.NEO4J, "neo4j", port, home, command)


def _environment(home: Path) -> list[str]:
    names = {"HOME": home, "NEO4J_HOME": home, "NEO4J_CONF": home / "conf", "LIBFFI_TMPDIR": home / "tmp"}
    return ["/usr/bin/env", "-C", str(home), *(f"{name}={value}" for name, value in names.items())]


def cache() -> Path:
    """Where jars are kept."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "arf-tests/neo4j"


def _jars() -> Path | None:
    """The folder of the jars; None where they are not there and cannot be fetched."""
    folder = cache() / VERSION / "lib"
    if folder.is_dir():
        return folder
    if shutil.which("mvn") is None:
        return None
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return folder if folder.is_dir() or _fetched(folder) else None


def _fetched(folder: Path) -> bool:
    """Whether Maven brought the jars, and they are those of the committed list."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        work = Path(temporary)
        (work / "pom.xml").write_text(_POM, encoding="utf-8")
        options = [f"-Dmaven.repo.local={work}/m2", "-DincludeScope=runtime", f"-DoutputDirectory={work}/lib"]
        done = subprocess.run(
            ["mvn", "-B", "-ntp", "-q", "-C", *options, _GOAL], cwd=work, capture_output=True, check=False, timeout=600
        )
        if done.returncode:
            return False
        if (found := _sums(work / "lib")) != _SUMS.read_text(encoding="ascii"):
            changed = set(found.splitlines()) ^ set(_SUMS.read_text(encoding="ascii").splitlines())
            raise DidNotStart(f"Maven brought other jars than {_SUMS.name} lists: {sorted(changed)[:4]}")
        (work / "lib").rename(folder)
    return True


def _sums(folder: Path) -> str:
    files = sorted(folder.glob("*.jar"))
    return "".join(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files)


# --- ArcadeDB ---


def _arcadedb(home: Path) -> GraphServer:
    port = free_port()
    (home / "data").mkdir()
    child = [sys.executable, str(_HERE / "arcadedb_child.py"), str(home), str(port), str(free_port()), PASSWORD]
    command = ["/usr/bin/env", "-C", str(home), f"HOME={home}", *child]
    return _made(Product.ARCADEDB, "root", port, home, command)


# --- both ---


def _made(product: Product, user: str, port: int, home: Path, command: Sequence[str]) -> GraphServer:
    child = _started(command, home / "out.log")
    uri = f"bolt://127.0.0.1:{port}"
    return GraphServer(product=product, uri=uri, port=port, user=user, home=home, child=child, command=command)


def _started(command: Sequence[str], log: Path) -> Child:
    with log.open("ab") as written:
        return start_as(User(uid=os.getuid(), gid=os.getgid()), command, log=written, sign=signal.SIGKILL)


def _await(server: GraphServer) -> None:
    """Return when the server answers a query.

    Raises:
        DidNotStart: it ended, or does not answer in time.
    """
    from neo4j import GraphDatabase
    from neo4j.exceptions import DriverError, Neo4jError

    end = time.monotonic() + START_S
    while time.monotonic() < end:
        if not server.child.is_running:
            break
        try:
            with closing(
                GraphDatabase.driver(server.uri, auth=(server.user, PASSWORD), max_transaction_retry_time=0)
            ) as driver:
                driver.execute_query("RETURN 1", database_="neo4j")
                return
        except (DriverError, Neo4jError, OSError):
            time.sleep(0.2)
    raise DidNotStart(f"{server.product} does not answer: {(server.home / 'out.log').read_text('utf-8')[-3000:]}")


if __name__ == "__main__":
    print(", ".join(products()) or "none")
