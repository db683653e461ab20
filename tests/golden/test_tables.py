"""Texts that other programs and stored data rest on, compared word by word with what is kept here:
schemas, and every table of numbers that are stored or slugs that are published.

After a change that is meant:  VALV_GOLDEN=write ./test golden, and a look at the diff.  In the tables of
numbers a line may be added at the end; one that changes is a store that is read wrongly.
"""
import difflib
import os
import pathlib
import re
import sqlite3

from server import TOP, Server

HERE = pathlib.Path(__file__).parent


def hold(name, text):
    path = HERE / name
    if os.environ.get('VALV_GOLDEN') == 'write':
        path.write_text(text)
    kept = path.read_text() if path.exists() else ''
    diff = list(difflib.unified_diff(kept.splitlines(), text.splitlines(), f'kept {name}', 'now', lineterm='', n=1))
    assert not diff, '\n' + '\n'.join(diff)
    assert kept == text


def schema(path):
    base = sqlite3.connect(f'file:{path}?mode=ro', uri=True)
    out = [f'{pragma} {base.execute(f"PRAGMA {pragma}").fetchone()[0]}'
           for pragma in ('application_id', 'user_version', 'page_size', 'journal_mode', 'encoding')]
    for kind, name, sql in base.execute('SELECT type, name, sql FROM sqlite_master ORDER BY type DESC, name'):
        out += ['', f'{kind} {name}', re.sub(r'[ \t]+', ' ', sql or '(by itself)')]
    base.close()
    return '\n'.join(out) + '\n'


def test_schemas(tmp_path):
    server = Server(tmp_path / 'vault', tmp_path / 'logs').init()
    for name in ('valv', 'keys'):
        hold(f'schema-{name}.txt', schema(server.data / f'{name}.db'))


def rows(header, table):
    """The X(…) rows of a table of macros, as written, without the comments."""
    text = (TOP / 'src' / header).read_text()
    body = re.search(rf'#define {table}\(X\)((?:.*\\\n)*.*\n)', text).group(1)
    return [re.split(r',\s*(?=(?:[^"]*"[^"]*")*[^"]*$)', row) for row in re.findall(r'X\(((?:[^()"]|"[^"]*"|\([^()]*\))*)\)', body)]


def test_errors():
    """Their numbers stand in audit entries (entry.outcome), their slugs in what clients compare."""
    out = []
    for number, (name, status, slug, sentence) in enumerate(rows('base/err.h', 'ERR_TABLE'), 1):
        out.append(f'{number:3} {name:24} {status} {slug.strip()[1:-1]:26} {sentence.strip()[1:-1]}')
    assert len(out) > 30
    hold('errors.txt', '\n'.join(out) + '\n')


def test_entry_acts():
    out = [f'{number:3} {name:28} {text.strip()[1:-1]}'
           for number, (name, text) in enumerate(rows('audit/entry.h', 'ENTRY_TABLE'), 1)]
    assert len(out) > 25
    hold('entry-acts.txt', '\n'.join(out) + '\n')


def test_stored_words():
    """vault/words.h and others: numbers that stand in ledgers, records, suppressions."""
    out = []
    for header, table in (('vault/words.h', 'BASIS_TABLE'), ('vault/words.h', 'CHANNEL_TABLE'), ('vault/words.h', 'ACT_TABLE'),
                          ('vault/words.h', 'METHOD_TABLE'), ('vault/words.h', 'ORIGIN_TABLE'), ('vault/words.h', 'KIND_TABLE'),
                          ('vault/words.h', 'CLASS_TABLE'), ('vault/words.h', 'SUPPRESSION_SCOPE_TABLE'),
                          ('vault/words.h', 'SUPPRESSION_SOURCE_TABLE'), ('vault/words.h', 'REASON_TABLE'),
                          ('access/scope.h', 'SCOPE_KEY_TABLE'), ('access/scope.h', 'SCOPE_PERSON_TABLE'),
                          ('access/session.h', 'AUTH_TABLE'), ('access/role.h', 'BUILTIN_ROLE_TABLE'), ('access/alert.h', 'ALERT_TABLE')):
        out.append(table)
        for row in rows(header, table):
            out.append(f'  {int(row[1]):3} {row[2].strip()[1:-1]}')
    for enum in ('ground_state', 'permission_state'):
        out.append(enum)
        body = re.search(rf'enum {enum} {{(.*?)}};', (TOP / 'src/vault/standing.h').read_text(), re.S).group(1)
        out += [f'  {int(number):3} {name}' for name, number in re.findall(r'(\w+) = (\d+)', body)]
    hold('words.txt', '\n'.join(out) + '\n')


def test_types_of_fields():
    """Their names stand in definitions."""
    hold('types.txt', '\n'.join(row[1].strip()[1:-1] for row in rows('type/type.h', 'TYPE_TABLE')) + '\n')


def test_flags_of_routes_are_apart():
    """Two branches gave two flags one bit."""
    bits = re.findall(r'(ROUTE_\w+) = 1(?:LL)? << (\d+)', (TOP / 'src/api/route.h').read_text())
    assert len(bits) > 30 and len({bit for _, bit in bits}) == len(bits), sorted(bits, key=lambda each: int(each[1]))
