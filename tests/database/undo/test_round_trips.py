"""Downgrades that are said to bring everything back do so: they are run on real databases, and rows and shapes are compared."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from lsp_server.database.migration.scratch import InMemory, Scratch
from tests.database.undo.runs import SHOP, call, completed, travel
from tests.shadow.servers import scratch as server

PRODUCT = "product = sa.table('product', *[sa.column(name) for name in ('id', 'code', 'name', 'n', 'price')])\n"
# Everywhere the same.
ROUND_TRIPS = {
    "added": "op.execute('UPDATE product SET n = n + 100')",
    "subtracted from": "op.execute('UPDATE product SET n = 100 - n')",
    "multiplied": "op.execute('UPDATE product SET n = n * 100 + 7')",
    "negated": "op.execute('UPDATE product SET n = -n')",
    "turned": "op.execute('UPDATE product SET sold = NOT sold')",
    "some rows": "op.execute(\"UPDATE product SET n = n + 1 WHERE code IN ('a', 'b')\")",
    "where there is a value": "op.execute('UPDATE product SET n = n * 2 WHERE n IS NOT NULL')",
    "values exchanged": "op.execute(\"UPDATE product SET title = CASE title WHEN 'Ms' THEN 'x' WHEN 'x' THEN 'Ms' ELSE title END\")",
    "built in Python": PRODUCT + "op.execute(product.update().values(n=(product.c.n + 5) * 2))",
    "rows inserted": "op.execute(\"INSERT INTO product (id, code) VALUES (10, 'x'), (11, 'y')\")",
    "rows inserted by a unique key": "op.execute(\"INSERT INTO product (code, name) VALUES ('it''s', 'x')\")",
    "rows inserted in bulk": PRODUCT + "op.bulk_insert(product, [{'id': 10, 'code': 'x'}, {'id': 11, 'code': 'y:z'}])",
    "rows inserted in Python": PRODUCT + "op.execute(product.insert().values(id=10, code='x'))",
    "rows inserted with parameters": "op.get_bind().execute(sa.text('INSERT INTO product (id, code) VALUES (:i, :c)'), [{'i': 10, 'c': 'x'}, {'i': 11, 'c': 'y'}])",
    "rows of two tables": "op.create_table('line', sa.Column('id', sa.Integer, primary_key=True), sa.Column('product_id', sa.Integer, sa.ForeignKey('product.id')))\n"
    "op.execute(\"INSERT INTO product (id, code) VALUES (10, 'x')\")\nop.execute('INSERT INTO line (id, product_id) VALUES (1, 10)')",
    "one after another": "op.execute('UPDATE product SET n = n + 1')\nop.execute('UPDATE product SET n = n * 3')",
    "between changes": "op.rename_table('product', 'thing')\nop.execute('UPDATE thing SET n = n + 1')\nop.alter_column('thing', 'n', new_column_name='m', existing_type=sa.Integer())",
    "a new column filled": "op.add_column('product', sa.Column('label', sa.String(80)))\nop.execute('UPDATE product SET label = code')",
}  # fmt: skip
# SQLite drops no column outside of a batch that a constraint stands on, and has no exact decimals.
ON_SERVERS = {
    "copied and dropped": "op.add_column('product', sa.Column('first', sa.String(40)))\nop.execute('UPDATE product SET first = name')\nop.drop_column('product', 'name')",
    "a required one copied and dropped": "op.add_column('product', sa.Column('number', sa.String(20)))\nop.execute('UPDATE product SET number = code')\n"
    "op.drop_column('product', 'code')",
    "copied where there is a value": "op.add_column('product', sa.Column('first', sa.String(80)))\nop.execute('UPDATE product SET first = name WHERE name IS NOT NULL')\n"
    "op.drop_column('product', 'name')",
    "widened by another column": "op.add_column('product', sa.Column('new', sa.BigInteger()))\nop.execute('UPDATE product SET new = n')\n"
    "op.drop_column('product', 'n')\nop.alter_column('product', 'new', new_column_name='n', existing_type=sa.BigInteger())",
    "decimals": "op.execute('UPDATE product SET price = price * 100')",
    "decimals to cents": "op.add_column('product', sa.Column('cents', sa.Integer()))\nop.execute('UPDATE product SET cents = price * 100')\nop.drop_column('product', 'price')",
    "cents to decimals": "op.add_column('product', sa.Column('worth', sa.Numeric(12, 2)))\nop.execute('UPDATE product SET worth = n / 100.0')\nop.drop_column('product', 'n')",
}  # fmt: skip
ON_POSTGRESQL = {
    "swapped": "op.execute('UPDATE product SET name = title, title = name')",
    "something behind": "op.get_bind().exec_driver_sql(\"UPDATE product SET name = name || ' :x'\")",
    "something in front": "op.execute(\"UPDATE product SET name = '<' || name || '>'\")",
    "decimals to cents in place": "op.alter_column('product', 'price', type_=sa.Integer(), postgresql_using='(price * 100)::integer')",
    "cents to decimals in place": "op.alter_column('product', 'n', type_=sa.Numeric(12, 2), postgresql_using='n / 100.0')",
    "another key": "op.drop_constraint('product_pkey', 'product', type_='primary')\nop.create_primary_key('pk_product', 'product', ['id', 'code'])",
    "moved to a schema": "op.execute('CREATE SCHEMA shelf')\nop.execute('ALTER TABLE product SET SCHEMA shelf')",
    "indexes without a name": "op.execute('CREATE TABLE sale (id bigserial PRIMARY KEY, at timestamptz)')\nop.execute('CREATE INDEX ON sale (at DESC)')\n"
    "op.execute('CREATE INDEX ON product (lower(name))')\nop.execute('CREATE INDEX ON product (lower(name), lower(title))')\n"
    "op.execute('CREATE INDEX ON product (lower(name))')\nop.execute('CREATE INDEX ON product ((n + 1), (n - 1))')",
    "a function and a trigger": "op.execute(\"CREATE FUNCTION shout(a int DEFAULT 1) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$\")\n"
    "op.execute('CREATE TRIGGER loud BEFORE UPDATE ON product FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()')\nop.rename_table('product', 'thing')",
    "a composite type": "op.execute('CREATE TYPE pair AS (a int, b int)')\nop.execute('CREATE DOMAIN small AS int CHECK (VALUE < 10)')",
    "row security": "op.execute('ALTER TABLE product ENABLE ROW LEVEL SECURITY')\nop.execute('CREATE POLICY own ON product USING (true)')",
}  # fmt: skip


def both_ways(scratch: Scratch, dialect: str, upgrade: str) -> None:
    history = completed(dialect, SHOP, upgrade)
    assert history.rollback.safe, (history.rollback.losses, history.rollback.leftovers)
    journey = travel(scratch, history)
    assert journey.back == journey.before, history.body
    assert journey.same_again


@pytest.mark.parametrize("upgrade", ROUND_TRIPS.values(), ids=list(ROUND_TRIPS))
@pytest.mark.parametrize("dialect", ["sqlite", "postgresql", "mysql"])
def test_rows_and_shapes_come_back(dialect: str, upgrade: str, tmp_path: Path) -> None:
    both_ways(InMemory() if dialect == "sqlite" else server(dialect, tmp_path), dialect, upgrade)


@pytest.mark.parametrize("upgrade", ON_SERVERS.values(), ids=list(ON_SERVERS))
@pytest.mark.parametrize("dialect", ["postgresql", "mysql"])
def test_copies_come_back(dialect: str, upgrade: str, tmp_path: Path) -> None:
    both_ways(server(dialect, tmp_path), dialect, upgrade)


@pytest.mark.parametrize("upgrade", ON_POSTGRESQL.values(), ids=list(ON_POSTGRESQL))
def test_what_postgresql_has(upgrade: str, tmp_path: Path) -> None:
    both_ways(server("postgresql", tmp_path), "postgresql", upgrade)


def test_rows_of_others_stay(tmp_path: Path) -> None:
    """Rows that came since the upgrade are no business of the deletion."""
    history = completed("sqlite", SHOP, "op.execute(\"INSERT INTO product (id, code) VALUES (10, 'x')\")")
    journey = travel(InMemory(), history, ("INSERT INTO product (id, code) VALUES (12, 'mine')",))
    assert {row[1] for row in journey.back[1]["product"]} == {12, 101, 102, 103}


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql", "mysql"])
def test_the_way_back_stops_before_values_that_have_none(dialect: str, tmp_path: Path) -> None:
    history = completed(dialect, SHOP, "op.execute('UPDATE product SET n = n * 100')")
    scratch = InMemory() if dialect == "sqlite" else server(dialect, tmp_path)
    with pytest.raises(RuntimeError, match="n cannot go back"):
        travel(scratch, history, ("UPDATE product SET n = 701 WHERE id = 101",))


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql", "mysql"])
def test_the_way_back_stops_before_rows_that_others_hang_on(dialect: str, tmp_path: Path) -> None:
    lines = "\nop.create_table('line', sa.Column('id', sa.Integer, primary_key=True), sa.Column('product_id', sa.Integer, sa.ForeignKey('product.id', ondelete='CASCADE')))"
    history = completed(dialect, SHOP + lines, "op.execute(\"INSERT INTO product (id, code) VALUES (10, 'x')\")")
    scratch = InMemory() if dialect == "sqlite" else server(dialect, tmp_path)
    assert travel(scratch, history).same_again
    with pytest.raises(RuntimeError, match="line has rows that refer"):
        travel(scratch, history, ("INSERT INTO line (id, product_id) VALUES (1, 10)",))


def test_a_trigger_comes_back_with_its_table() -> None:
    trigger = "\nop.execute('CREATE TRIGGER note AFTER INSERT ON product BEGIN SELECT 1; END')"
    history = completed("sqlite", SHOP + trigger, "op.drop_table('product')")
    with InMemory().open() as connection:
        for text in history.texts:
            call(connection, text, "upgrade")
        assert not sa.inspect(connection).has_table("product")
        call(connection, history.texts[-1], "downgrade")
        assert connection.scalar(sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger'")) == "note"
