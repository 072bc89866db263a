"""What a way back says of itself: which steps it undoes, in which order, and what it owns up to not bringing back."""

from __future__ import annotations

import ast

import pytest

from tests.database.undo.runs import SHOP, completed

MOOD = SHOP + "\nop.execute(\"CREATE TYPE mood AS ENUM ('sad', 'ok', 'glad')\")\nop.add_column('product', sa.Column('mood', sa.Enum('sad', 'ok', 'glad', name='mood')))"
SESSION = "from sqlalchemy.orm import Session\n"


@pytest.mark.parametrize(
    ("upgrade", "said"),
    [
        ("op.execute('UPDATE product SET name = upper(name)')", "rows changed by UPDATE product SET name = upper(name) stay changed"),
        ("op.execute('UPDATE product SET n = 0')", "rows changed by UPDATE product SET n = 0 stay changed"),
        ("op.execute('UPDATE product SET n = n * 0')", "stay changed"),
        ("op.execute('UPDATE product SET n = n / 2')", "stay changed"),
        ("op.execute('UPDATE product SET n = n * 1.5')", "stay changed"),
        ("op.execute('UPDATE product SET price = price * 1.5')", "stay changed"),
        ("op.execute('UPDATE product SET n = n + 1 WHERE n < 5')", "stay changed"),
        ("op.execute('UPDATE product SET n = n + 1 WHERE id IN (SELECT 1)')", "stay changed"),
        ("op.execute('UPDATE product SET n = n + 1 WHERE random() < 0.5')", "stay changed"),
        ("op.execute('UPDATE product SET n = 1 WHERE n IS NULL')", "stay changed"),
        ("op.execute(\"UPDATE product SET name = 'b' WHERE name = 'a'\")", "stay changed"),
        ("op.execute(\"UPDATE product SET sold = 't' WHERE sold = 'f'\")", "stay changed"),
        ("op.execute(\"UPDATE product SET name = CASE name WHEN 'a' THEN 'b' WHEN 'b' THEN 'a' END\")", "stay changed"),
        ("op.execute(\"UPDATE product SET name = CASE name WHEN 'a' THEN 'c' WHEN 'b' THEN 'c' ELSE name END\")", "stay changed"),
        ("op.execute(\"UPDATE product SET name = concat('x', name)\")", "stay changed"),
        ("op.execute('UPDATE product SET weight = weight + 1')", "the last digits of product.weight: it is floating point"),
        ("op.execute('UPDATE product SET n = 5, price = price + 1')", "the values of product.n before UPDATE"),
        ("op.execute('UPDATE product SET n = n * 2')\nop.execute('UPDATE product SET n = abs(n)')", "rows changed by UPDATE product SET n = n * 2 stay changed"),
        ("op.execute('DELETE FROM product WHERE id = 3')", "the rows taken by DELETE FROM product WHERE id = 3"),
        ("op.execute('TRUNCATE product')", "the rows taken by TRUNCATE product"),
        ("import os\nop.execute('UPDATE product SET n = n + 1 ' + os.environ['WHICH'])", "stay changed"),
        ("op.execute('CALL tidy()')", "rows changed by CALL tidy() stay changed"),
        (SESSION + "session = Session(op.get_bind())\nsession.add(object())", "a statement that is made at run time"),
        (SESSION + "Session(op.get_bind()).query(object).filter(1).update({})", "a statement that is made at run time"),
        ("for row in op.get_bind().execute(sa.text('SELECT 1')):\n    op.execute('UPDATE product SET n = n + 1')", "stay changed"),
        ("op.add_column('product', sa.Column('f', sa.Text))\nop.execute('UPDATE product SET f = lower(name)')\nop.drop_column('product', 'name')",
         "the values of product.name"),
        ("op.add_column('product', sa.Column('f', sa.Text))\nop.execute('UPDATE product SET f = name')\nop.execute('UPDATE product SET f = lower(f)')\n"
         "op.drop_column('product', 'name')", "the values of product.name"),
        ("op.add_column('product', sa.Column('f', sa.Integer))\nop.execute('UPDATE product SET f = price')\nop.drop_column('product', 'price')",
         "the values of product.price"),
        ("op.add_column('product', sa.Column('f', sa.Integer))\nop.execute('UPDATE product SET f = price * 10')\nop.drop_column('product', 'price')",
         "the values of product.price"),
        ("op.drop_column('product', 'n')\nop.add_column('product', sa.Column('n', sa.Integer))", "the values of product.n"),
        ("op.drop_table('product')\n" + SHOP, "the rows of product"),
        ("op.alter_column('product', 'price', type_=sa.Integer())", "what stands behind the decimal point in product.price"),
        ("op.alter_column('product', 'n', type_=sa.Numeric(10, 2), postgresql_using='n / 100')", "the values of product.n before n / 100"),
        ("op.execute('CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$')\nop.execute('DROP FUNCTION f() CASCADE')",
         "what hung on the function f and went with it"),
    ],
)  # fmt: skip
def test_values_that_do_not_come_back_are_named(upgrade: str, said: str) -> None:
    history = completed("postgresql", SHOP, upgrade)
    ast.parse(history.texts[-1])
    assert any(said in loss for loss in history.rollback.losses), history.rollback.losses
    assert not history.rollback.safe and "# Not restored: " in history.body


@pytest.mark.parametrize(
    ("upgrade", "said"),
    [
        ("op.execute(\"INSERT INTO product (name) VALUES ('x')\")", "nothing in the statement tells them from other rows"),
        ("op.execute(\"INSERT INTO product (id, code) VALUES (nextval('s'), 'x'), (2, NULL)\")", "nothing in the statement tells them"),
        ("op.execute(\"INSERT INTO product (id, code) VALUES (1, 'x') ON CONFLICT DO NOTHING\")", "some of them may have been there before"),
        ("op.execute('INSERT INTO product (id) SELECT 4')", "which ones is known at run time only"),
        ("op.execute('DROP FUNCTION f(int)')", "the function f: no revision shows how it was made"),
        ("op.execute('ALTER TABLE product OWNER TO bob')", "what ALTER TABLE product OWNER TO bob changed"),
        ("op.execute('REVOKE ALL ON product FROM bob')", "what REVOKE ALL ON product FROM bob changed"),
        ("op.execute('CREATE ROLE bob')", "the role bob stays"),
        ("op.alter_column('product', 'code', type_=sa.Integer(), postgresql_using='code::integer')", "how product.code was spelled"),
    ],
)
def test_what_stays_is_named(upgrade: str, said: str) -> None:
    history = completed("postgresql", SHOP, upgrade)
    assert any(said in each for each in history.rollback.leftovers), history.rollback.leftovers
    assert not history.rollback.safe


@pytest.mark.parametrize(
    ("before", "upgrade", "body"),
    [
        (MOOD, "op.execute(\"ALTER TYPE mood RENAME VALUE 'ok' TO 'fine'\")", ["RENAME VALUE 'fine' TO 'ok'"]),
        (MOOD, "op.execute('ALTER TYPE mood RENAME TO feeling')", ["ALTER TYPE feeling RENAME TO mood"]),
        (MOOD, "op.execute(\"ALTER TYPE mood ADD VALUE 'bad'\")\nop.execute(\"UPDATE product SET mood = 'bad' WHERE mood = 'sad'\")",
         ["SET mood = 'sad' WHERE mood = 'bad'", "RENAME TO mood_old"]),
        (SHOP, "op.execute('CREATE EXTENSION IF NOT EXISTS citext')\nop.execute('ALTER TABLE product ADD COLUMN p citext')", ["drop_column", "DROP EXTENSION citext"]),
        (SHOP, "op.execute('CREATE SCHEMA shelf')\nop.execute('ALTER TABLE product SET SCHEMA shelf')", ["SET SCHEMA public", "DROP SCHEMA shelf"]),
        (SHOP, "op.execute('GRANT SELECT ON product TO bob WITH GRANT OPTION')", ["REVOKE SELECT ON product FROM bob"]),
        ("op.execute('CREATE FUNCTION f(a integer) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$')",
         "op.execute('CREATE OR REPLACE FUNCTION f(a int) RETURNS int LANGUAGE sql AS $$ SELECT 2 $$')", ["CREATE OR REPLACE FUNCTION f(a integer)", "SELECT 1"]),
        ("op.execute('CREATE FUNCTION f(a integer) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$')",
         "op.execute('CREATE OR REPLACE FUNCTION f(a int, b int) RETURNS int LANGUAGE sql AS $$ SELECT 2 $$')", ["DROP FUNCTION f(a int, b int)"]),
        (SHOP, "try:\n    op.execute('CREATE EXTENSION citext')\nexcept Exception:\n    pass", ["DROP EXTENSION IF EXISTS citext"]),
        (SHOP, "op.execute(\"COMMENT ON COLUMN product.n IS 'how many'\")", ["comment=None"]),
    ],
)  # fmt: skip
def test_what_postgresql_names_goes_back(before: str, upgrade: str, body: list[str]) -> None:
    history = completed("postgresql", before, upgrade)
    assert history.rollback.safe, (history.rollback.losses, history.rollback.leftovers)
    places = [history.body.find(part) for part in body]
    assert -1 not in places and places == sorted(places), history.body


def test_mysql_assigns_one_after_another() -> None:
    """There the second assignment sees what the first has written: the old value of the first column is gone."""
    history = completed("mysql", SHOP, "op.execute('UPDATE product SET name = title, title = name')")
    assert any("product.name" in loss for loss in history.rollback.losses)


def test_two_values_that_become_one_do_not_come_apart() -> None:
    upgrade = "op.execute(\"ALTER TYPE mood ADD VALUE 'bad'\")\nop.execute(\"UPDATE product SET mood = 'bad' WHERE mood = 'sad'\")\n"
    upgrade += "op.execute(\"UPDATE product SET mood = 'bad' WHERE mood = 'ok'\")"
    assert not completed("postgresql", MOOD, upgrade).rollback.safe


def test_nothing_is_said_of_rows_that_come_and_go_with_their_table() -> None:
    upgrade = "op.create_table('tag', sa.Column('id', sa.Integer, primary_key=True), sa.Column('n', sa.Integer))\n"
    upgrade += "op.execute('INSERT INTO tag (n) SELECT n FROM product')\nop.execute('UPDATE tag SET n = abs(n)')\nop.execute('DELETE FROM tag WHERE n = 3')"
    history = completed("postgresql", SHOP, upgrade)
    assert history.rollback.safe and history.body == "op.drop_table('tag')"
