"""The list of what goes with a person (vault/bound.def) against the schema: a table that somebody adds is
listed there, with what becomes of it when a person is buried, or this fails."""
import re
import sqlite3

from server import TOP, Server

LIST = (TOP / 'src/vault/bound.def').read_text()
BOUND = dict(re.findall(r'^BOUND\((\w+), (\w+)\)', LIST, re.M))
APART = dict(re.findall(r'^APART\((\w+), "([^"]+)"\)', LIST, re.M))


def columns(data):
    """{table: its columns, those of the primary key first and in its order}"""
    out = {}
    for name in ('valv', 'keys'):
        base = sqlite3.connect(f'file:{data}/{name}.db?mode=ro', uri=True)
        for (table,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"):
            info = base.execute(f'PRAGMA table_info({table})').fetchall()
            out[table] = [row[1] for row in sorted(info, key=lambda row: row[5] or 1000)]
        base.close()
    return out


def test_every_table_is_listed_once(tmp_path):
    tables = columns(Server(tmp_path / 'vault', tmp_path / 'logs').init().data)
    assert not set(BOUND) & set(APART)
    assert set(tables) == set(BOUND) | set(APART), set(tables) ^ (set(BOUND) | set(APART))
    for table in BOUND:
        assert tables[table][0] == 'subject', f'{table}: the key does not begin with the subject'
    for table, names in tables.items():
        if 'subject' in names:
            assert table in BOUND or not re.match("nobody's|a program's|a company's", APART[table]), \
                f'{table} has a subject: say what becomes of it'


def test_each_statement_deletes_by_the_subject():
    statements = ''.join(path.read_text() for path in (TOP / 'src/store/sql').glob('*.sql'))
    for table, name in BOUND.items():
        text = re.search(rf'-- name: {name.lower()}\n(.*?);', statements, re.S).group(1)
        assert text == f'DELETE FROM {table} WHERE subject = $1', text
