"""MySQL, SQLite and SQL Server scripts, and how a script's dialect is told."""

import textwrap

import pytest

from archnb.design.formats import ddl

MYSQL = r"""
    -- a dump
    /*!40101 SET NAMES utf8 */;
    USE `shop`;
    # a comment; of MySQL
    CREATE TABLE `shop`.`orders` (
      `id` INT(10) UNSIGNED NOT NULL AUTO_INCREMENT,
      `status` enum('New','paid') CHARACTER SET utf8mb4 NOT NULL DEFAULT 'New' COMMENT 'it''s; new',
      `place` point NOT NULL /*!80003 SRID 0 */,
      `total` decimal(10, 2) GENERATED ALWAYS AS (1 + 2) STORED,
      `seen` timestamp NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
      `customer_id` int unsigned,
      PRIMARY KEY (`id`),
      UNIQUE KEY `u` (`status`(10), `seen` DESC),
      KEY (`seen`), FULLTEXT KEY `f` (`status`),
      CONSTRAINT `fk` FOREIGN KEY `own` (`customer_id`) REFERENCES `customers` (`id`) ON DELETE SET NULL ON UPDATE CASCADE
    ) ENGINE=InnoDB AUTO_INCREMENT=7 DEFAULT CHARSET=utf8mb4 COMMENT='Orders; all';
    INSERT INTO orders VALUES (1, 'it\'s; CREATE TABLE no (x int);');
    DELIMITER //
    CREATE PROCEDURE p() BEGIN CREATE TEMPORARY TABLE no (x int); END //
    DELIMITER ;
    CREATE TABLE customers (id int unsigned primary key, y int);
    ALTER TABLE `customers` ADD COLUMN (a int, b int), CHANGE y z bigint NOT NULL AFTER a, DROP COLUMN b, ADD INDEX (a), ENGINE=MyISAM;
    CREATE ALGORITHM=UNDEFINED DEFINER=`root`@`localhost` SQL SECURITY DEFINER VIEW v AS SELECT 1 AS one;
    RENAME TABLE customers TO people;
    CREATE TABLE other.log LIKE people;
"""
SQLITE = """
    PRAGMA foreign_keys=OFF;
    CREATE TABLE [orders] (
      [id] INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, customer_id REFERENCES customers ON DELETE CASCADE,
      "a b" VARCHAR(10) UNIQUE COLLATE NOCASE DEFAULT 'x;', big UNSIGNED BIG INT, key text,
      FOREIGN KEY (big) REFERENCES [customers] ([id]) DEFERRABLE INITIALLY DEFERRED, CHECK (big > 0)
    ) WITHOUT ROWID;
    CREATE TRIGGER t AFTER INSERT ON orders BEGIN UPDATE orders SET big = 1; DELETE FROM orders; END;
    CREATE TABLE main.customers (id integer primary key);
    CREATE INDEX i ON orders (lower(key), BIG DESC) WHERE big IS NOT NULL;
"""
TSQL = """
    USE [shop]
    GO
    IF NOT EXISTS (SELECT 1)
    BEGIN
    CREATE TABLE [dbo].[orders]([id] [int] IDENTITY(1,1) NOT NULL, [note] [nvarchar](max) NULL, [twice] AS ([id]*2) PERSISTED,
      [total] decimal(10, 2) CONSTRAINT df DEFAULT ((0)) NOT NULL,
      CONSTRAINT [PK] PRIMARY KEY CLUSTERED ([id] ASC)WITH (PAD_INDEX = OFF) ON [PRIMARY]) ON [PRIMARY] TEXTIMAGE_ON [PRIMARY]
    END
    GO
    CREATE PROCEDURE p AS
    BEGIN
      CREATE TABLE no (x int);
    END
    GO
    CREATE NONCLUSTERED INDEX [I] ON [dbo].[orders] ([note] ASC) INCLUDE ([total]) WHERE [note] IS NOT NULL
    CREATE TABLE sales.[li]]nes] (order_id int NOT NULL REFERENCES orders(id), CONSTRAINT uq UNIQUE NONCLUSTERED (order_id))
    ALTER TABLE [sales].[li]]nes] WITH CHECK ADD CONSTRAINT [FK] FOREIGN KEY([order_id])
    REFERENCES [dbo].[orders] ([id])
    ON DELETE CASCADE
    GO
    ALTER TABLE [sales].[li]]nes] CHECK CONSTRAINT [FK]
    ALTER TABLE [dbo].[orders] ADD CONSTRAINT [DF] DEFAULT (getdate()) FOR [note]
    ALTER TABLE [dbo].[orders] ADD a int NULL, b int NOT NULL
    ALTER TABLE orders ALTER COLUMN a bigint NOT NULL
    GO
"""


def read(text, dialect=None):
    return ddl.read(textwrap.dedent(text), "s.sql", dialect)


def columns(entity):
    return [(one.name, one.type, one.nullable) for one in entity.columns]


def test_mysql():
    design = read(MYSQL)
    assert design.problems == ()
    assert [one.qualified for one in design.entities] == ["orders", "people", "v", "other.log"]
    orders, people, view, log = design.entities
    assert {one.dialect for one in design.entities} == {"mysql"}
    assert columns(orders) == [
        ("id", "int(10) unsigned", False),
        ("status", "enum('New','paid')", False),
        ("place", "point", False),
        ("total", "decimal(10,2)", True),
        ("seen", "timestamp", True),
        ("customer_id", "int unsigned", True),
    ]
    assert [one.generated for one in orders.columns] == [True, False, False, True, False, False]
    assert orders.columns[1].comment == "it's; new"
    assert (orders.comment, orders.source.line, orders.end) == ("Orders; all", 6, 17)
    assert [(one.columns, one.name, one.unique, one.method) for one in orders.indexes] == [
        (("status", "seen"), "u", True, "btree"),
        (("seen",), "seen", False, "btree"),
        (("status",), "f", False, "fulltext"),
        (("customer_id",), "fk", False, "btree"),  # InnoDB's own, for the foreign key
    ]
    (relation,) = design.relations
    assert (relation.entity, relation.references, relation.name) == ("orders", "people", "fk")
    assert (relation.on_delete, relation.optional) == ("set null", True)
    assert columns(people) == [
        ("id", "int unsigned", False),
        ("z", "bigint", False),
        ("a", "int", True),
    ]
    assert columns(log) == columns(people)
    assert view.kind == "view"


def test_sqlite():
    design = read(SQLITE)
    assert design.problems == ()
    orders, customers = design.entities
    assert columns(orders) == [
        ("id", "integer", False),
        ("customer_id", "", True),
        ("a b", "varchar(10)", True),
        ("big", "unsigned big int", True),
        ("key", "text", True),
    ]
    assert orders.columns[2].default == "'x;'"
    assert (customers.qualified, customers.key, customers.dialect) == (
        "customers",
        ("id",),
        "sqlite",
    )
    assert [(one.columns, one.where) for one in orders.indexes] == [
        (("a b",), ""),
        (("(lower(key))", "big"), "big IS NOT NULL"),
    ]
    ends = [
        (one.columns, one.references, one.referenced_columns, one.on_delete)
        for one in design.relations
    ]
    assert ends == [
        (("customer_id",), "customers", ("id",), "cascade"),
        (("big",), "customers", ("id",), ""),
    ]


def test_sql_server():
    design = read(TSQL)
    assert design.problems == ()
    orders, lines = design.entities
    assert (orders.qualified, lines.qualified, lines.dialect) == ("orders", "sales.li]nes", "tsql")
    assert columns(orders) == [
        ("id", "int", False),
        ("note", "nvarchar(max)", True),
        ("twice", "", True),
        ("total", "decimal(10,2)", False),
        ("a", "bigint", False),
        ("b", "int", False),
    ]
    assert [one.default for one in orders.columns[1:4]] == ["(getdate())", "[id]*2", "((0))"]
    assert (orders.key, orders.source.line, orders.end) == (("id",), 6, 8)
    assert [(one.columns, one.where) for one in orders.indexes] == [
        (("note",), "[note] IS NOT NULL")
    ]
    assert [(one.name, one.references, one.many, one.on_delete) for one in design.relations] == [
        ("", "orders", False, ""),
        ("FK", "orders", False, "cascade"),
    ]


SAME = {
    "mysql": "CREATE TABLE `a` (`id` int NOT NULL, PRIMARY KEY (`id`)); CREATE TABLE `b` (`a_id` int, FOREIGN KEY (`a_id`) REFERENCES `A` (`ID`));",
    "sqlite": "CREATE TABLE [a] ([id] int NOT NULL, PRIMARY KEY ([id])); CREATE TABLE [b] ([a_id] int, FOREIGN KEY ([A_ID]) REFERENCES [A] ([ID]));",
    "tsql": "CREATE TABLE [a] ([id] int NOT NULL, PRIMARY KEY ([id]))\nGO\nCREATE TABLE [b] ([a_id] int)\nGO\nALTER TABLE [B] ADD FOREIGN KEY ([a_id]) REFERENCES [dbo].[a] ([id])",
    "postgres": "CREATE TABLE A (id int NOT NULL, PRIMARY KEY (ID)); CREATE TABLE b (a_id int REFERENCES a);",
}  # fmt: skip


@pytest.mark.parametrize("dialect", SAME)
def test_the_same_tables_in_every_dialect(dialect):
    design = read(SAME[dialect], dialect)
    assert design.problems == ()
    assert [(one.name, one.key) for one in design.entities] == [("a", ("id",)), ("b", ())]
    (relation,) = design.relations
    assert (relation.entity, relation.references, relation.columns) == ("b", "a", ("a_id",))


BROKEN = [
    ("mysql", "create table a (x int,, y int);\ncreate table b (x int)", 1),
    ("mysql", "alter table b add;\ncreate table b (x int)", 1),
    ("sqlite", "create table a (x int, foreign key x references b);\ncreate table b (x int)", 1),
    ("sqlite", "create table b (x int);\nwrong stuff", 2),
    ("tsql", "create table b (x int)\ncreate table c (y int\ngo\n", 2),
    ("tsql", "create table a (x int not yet known)\ngo\ncreate table b (x int)", 1),
]


@pytest.mark.parametrize(("dialect", "text", "line"), BROKEN)
def test_one_bad_statement_is_told_and_costs_no_other(dialect, text, line):
    design = read(text, dialect)
    told = {problem.source.line for problem in design.problems}
    assert "b" in {one.name for one in design.entities}
    assert told == {line} or (dialect == "tsql" and told <= {line})


DETECTED = [
    ("create table a (id bigint)", "", "postgres"),
    ("create table a (id serial)", "", "postgres"),
    ("create table a (id int auto_increment)", "", "mysql"),
    ("CREATE TABLE `a` (`id` int) ENGINE=InnoDB", "", "mysql"),
    ("create table a (id integer primary key autoincrement)", "", "sqlite"),
    ("pragma foreign_keys = on; create table a (id int)", "", "sqlite"),
    ("create table a (id int) without rowid", "", "sqlite"),
    ("create table [dbo].[a] (id int)", "", "tsql"),
    ("create table a (id int)\ngo\n", "", "tsql"),
    ("create table a (id int identity(1,1), n nvarchar(3))", "", "tsql"),
    ("-- dialect: sqlite\ncreate table `a` (id int) engine=innodb", "", "sqlite"),
    ("/* archnb: dialect = mariadb */ create table a (id int)", "", "mysql"),
    ("-- dialect: klingon\ncreate table a (id int)", "", "postgres"),
    (
        "insert into a values ('engine=innodb auto_increment `x`'); create table a (id int)",
        "",
        "postgres",
    ),
    ("create table a (id int)", "db/schema.mysql.sql", "mysql"),
]


@pytest.mark.parametrize(("text", "file", "dialect"), DETECTED)
def test_the_dialect_is_told_by_the_text(text, file, dialect):
    assert ddl.detect(text, file) == dialect


RECOGNISED = [
    ("a.sql", "select 1", 1.0),
    ("a.ddl", "", 1.0),
    ("cell", "-- x\n  CREATE TABLE a (x int);", 0.8),
    ("cell", "Please create a table for orders.", 0.0),
    ("a.yaml", "openapi: 3.0.0", 0.0),
]


@pytest.mark.parametrize(("file", "text", "sure"), RECOGNISED)
def test_scripts_are_recognised(file, text, sure):
    assert ddl.recognise(file, text) == sure
