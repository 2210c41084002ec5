"""Servers that workers of a study share: PostgreSQL, if ``.ci/postgres`` started one, and Optuna's gRPC proxy in front of it."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

SERVER = (
    "import sys, optuna; optuna.storages.run_grpc_proxy_server(optuna.storages.get_storage(sys.argv[1]), "
    "host='127.0.0.1', port=int(sys.argv[2]))"
)


@pytest.fixture
def postgres() -> Iterator[str]:
    """Return the address of an empty database."""
    server = os.environ.get("DSIM_TEST_POSTGRES")
    if not server:
        if os.environ.get("DSIM_TEST_NO_SKIPS"):
            pytest.fail("there is no PostgreSQL; run `.ci/postgres make slow`")
        pytest.skip("there is no PostgreSQL; `.ci/postgres make slow` starts one")
    psycopg = pytest.importorskip("psycopg")
    name = f"t{secrets.token_hex(6)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"create database {name}")
        yield f"{server.rpartition('/')[0]}/{name}"
        connection.execute(f"drop database {name} with (force)")


@pytest.fixture
def proxy(postgres: str) -> Iterator[str]:
    """Return the address of a proxy in front of an empty database."""
    pytest.importorskip("grpc")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = postgres.replace("postgresql://", "postgresql+psycopg://")
    with subprocess.Popen([sys.executable, "-W", "ignore", "-c", SERVER, address, str(port)]) as server:
        for _ in range(600):
            with socket.socket() as client:
                if client.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert server.poll() is None
            time.sleep(0.1)
        yield f"grpc://127.0.0.1:{port}"
        server.kill()
