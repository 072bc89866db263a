"""Which URLs are used: a person's word, a workspace's word, and the project's own databases."""

from __future__ import annotations

import pytest

from lsp_server.shadow.address import Origin, Refused, project_urls, read_address

OWN = "postgresql+asyncpg://me:secret@localhost:5432/shop"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://localhost/", "postgres://me@127.0.0.1:5433/postgres", "postgresql+psycopg2://[::1]/x", "mysql+aiomysql://127.0.0.8/",
        "mariadb://root:p%40ss@localhost", "postgresql:///postgres", "postgresql:///?host=/run/postgresql",
        "mysql://me@/x?unix_socket=/run/mysqld.sock",
    ],
)  # fmt: skip
def test_a_workspace_may_name_this_machine(url: str) -> None:
    assert read_address(url, Origin.WORKSPACE).loopback_only


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://db.example.com/postgres", "postgresql://10.0.0.5/x", "mysql://prod/x", "postgresql://127.0.0.1.example.com/x",
        "postgresql://localhost@db.example.com/x", "postgresql:///x?host=db.example.com", "postgresql://0.0.0.0/x",
        "postgresql://[::ffff:10.0.0.5]/x", "postgresql://2130706433/x", "mysql://localhost.example.com/",
    ],
)  # fmt: skip
def test_a_workspace_may_name_nothing_else(url: str) -> None:
    with pytest.raises(Refused, match="may name this machine only"):
        read_address(url, Origin.WORKSPACE)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://localhost/x?host=db.example.com", "postgresql://localhost,db.example.com/x", "postgresql:///x?host=/tmp,db",
        "postgresql://localhost/x?hostaddr=10.0.0.5", "postgresql://localhost/x?service=prod", "postgresql://localhost/x?options=-csearch_path=a",
        "postgresql://localhost/x?passfile=/tmp/x", "postgresql://localhost/x?dbname=shop", "postgresql://localhost/x?target_session_attrs=any",
        "mysql://localhost/x?init_command=DROP", "mysql://localhost/x?read_default_file=/tmp/x", "mysql://localhost/x?local_infile=1",
        "mysql://localhost/x?client_flag=65536", "sqlite:///shop.db", "oracle://localhost/", "shop", "",
    ],
)  # fmt: skip
@pytest.mark.parametrize("origin", list(Origin))
def test_nobody_may_lead_elsewhere(url: str, origin: Origin) -> None:
    with pytest.raises(Refused):
        read_address(url, origin)


@pytest.mark.parametrize("origin", list(Origin))
@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("postgresql://localhost/shop", OWN),
        ("postgresql://127.0.0.1/shop", OWN),
        ("postgresql://[::1]:5432/shop", OWN),
        ("postgresql:///shop", OWN),
        ("postgres://other:user@localhost:5432/shop", OWN),
        ("postgresql:///shop?host=/run/postgresql", OWN),
        ("postgresql://localhost/shop", "postgresql://%(DB_USER)s:%(DB_PASSWORD)s@%(DB_HOST)s/%(DB_NAME)s"),
        ("postgresql://localhost/shop", "postgresql://${HOST}/shop"),
        ("postgresql://localhost/", "postgresql://localhost/postgres"),
        ("mysql://localhost/shop", "mysql+pymysql://me:p@ss/word@127.0.0.1/shop?charset=utf8mb4"),
        ("mariadb://localhost/shop", "mysql://localhost:3306/shop"),
    ],
)
def test_never_the_project_s_own_database(url: str, own: str, origin: Origin) -> None:
    with pytest.raises(Refused, match="the project's own database"):
        read_address(url, origin, [own])


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("postgresql://localhost/postgres", OWN),
        ("postgresql://localhost:5433/shop", OWN),
        ("mysql://localhost/shop", OWN),
        ("postgresql://localhost/shop", "sqlite:///shop"),
        ("postgresql://localhost/shop", "no url at all"),
    ],
)
def test_another_database_is_another(url: str, own: str) -> None:
    assert read_address(url, Origin.PERSON, [own]).database in ("postgres", "shop")


def test_the_environment_names_databases_of_the_project_too() -> None:
    environment = {
        "DATABASE_URL": "postgresql://localhost/shop",
        "ANYTHING_AT_ALL": "mysql+aiomysql://127.0.0.1/till",
        "PGDATABASE": "store",
        "PATH": "/usr/bin",
    }
    own = project_urls([None, "postgresql://localhost/a"], environment)
    for url in ("postgresql://localhost/a", "postgresql:///shop", "mysql://localhost/till", "postgresql://localhost/store"):
        with pytest.raises(Refused, match="own database"):
            read_address(url, Origin.PERSON, own)
    assert read_address("postgresql://localhost/postgres", Origin.PERSON, own)


def test_a_refusal_never_tells_a_password() -> None:
    for url in ("postgresql://me:hush@db.example.com/x", "postgresql://me:hush@localhost/x?service=a", "oracle://me:hush@h/"):
        with pytest.raises(Refused) as refused:
            read_address(url, Origin.WORKSPACE)
        assert "hush" not in str(refused.value)
    assert "hush" not in repr(read_address("postgresql://me:hush@localhost/", Origin.PERSON))
