"""The access package (Article 15) is complete: each table that holds something about a person is declared
in src/rights/package_tables.def, column by column, and each section that is declared is really printed."""
import re
import sqlite3

from server import TOP, Server

# Bound to a person although no column is called `subject`.
BOUND_OTHERWISE = {'subject', 'suppression', 'idempotency'}


def declared():
    """{table: {column: section, or None where it is kept out}}, and what is wrong with the file."""
    text = re.sub(r'/\*.*?\*/', '', (TOP / 'src/rights/package_tables.def').read_text(), flags=re.S)
    tables, faults = {}, []
    for kind, inside in re.findall(r'(PRINTED|KEPT_OUT)\(((?:[^()"]|"[^"]*")*)\)', text):
        table = inside.split(',')[0].strip()
        texts = [''.join(re.findall(r'"([^"]*)"', part)) for part in re.split(r',\s*(?=(?:[^"]*"[^"]*")*[^"]*$)', inside)]
        section = inside.split(',')[1].strip() if kind == 'PRINTED' else None
        columns, why = (texts[2], 'printed') if section else (texts[1], texts[2])
        if not why:
            faults.append(f'{table}: no reason is given')
        for column in columns.split():
            if column in tables.setdefault(table, {}) and not section:
                faults.append(f'{table}.{column} is both printed and kept out')
            tables[table][column] = section
    return tables, faults


def bound(base):
    """{table: columns} of what holds something about a person, by the schema itself."""
    found = {}
    for (table,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'"):
        columns = [row[1] for row in base.execute(f'PRAGMA table_info({table})')]
        if 'subject' in columns or table in BOUND_OTHERWISE:
            found[table] = columns
    return found


def compare(tables, found):
    faults = []
    for table, columns in found.items():
        if table not in tables:
            faults.append(f'{table} is about persons, and no section of the package is declared for it')
            continue
        faults += [f'{table}.{column} is not declared' for column in columns if column not in tables[table]]
        faults += [f'{table}.{column} is declared and not there' for column in tables[table] if column not in columns]
    return faults + [f'{table} is declared and not about persons' for table in tables if table not in found]


def sections():
    return re.findall(r'^SECTION\((\w+),', (TOP / 'src/rights/package.def').read_text(), re.M)


def test_every_table_about_persons_is_in_the_package(tmp_path):
    server = Server(tmp_path / 'vault', tmp_path / 'logs').init()
    base = sqlite3.connect(f'file:{server.data / "valv.db"}?mode=ro', uri=True)
    tables, faults = declared()
    assert len(tables) > 10
    faults += compare(tables, bound(base))
    faults += [f'{table} is said to be in {section}, which is no section' for table, columns in tables.items()
               for section in columns.values() if section and section not in sections()]
    assert not faults, '\n' + '\n'.join(faults)


def test_a_table_that_is_forgotten_is_seen(tmp_path):
    base = sqlite3.connect(':memory:')
    base.execute('CREATE TABLE subject (no INTEGER, id BLOB)')
    base.execute('CREATE TABLE diary (subject INTEGER, secret TEXT)')
    base.execute('CREATE TABLE plain (name TEXT)')
    assert compare({'subject': {'no': None, 'id': 'PERSON'}}, bound(base)) == [
        'diary is about persons, and no section of the package is declared for it']
    assert compare({'subject': {'no': None, 'id': 'PERSON'}, 'diary': {'subject': 'X'}}, bound(base)) == [
        'diary.secret is not declared']
