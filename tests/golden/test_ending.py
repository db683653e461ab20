"""What ends with a staff member (access/ending.def, access/leave.c) against the schema: a column that names one in a
table that nobody thought of fails here."""
import re
import sqlite3

from server import TOP, Server

LIST = (TOP / 'src/access/ending.def').read_text()
SQL = ''.join(path.read_text() for path in (TOP / 'src/store/sql').glob('*.sql'))
NAMES = re.compile(r'(^|_)(staff|owner)$')
# Columns that name somebody and stay, and why.
STAY = {
    'api_key.owner': 'revoked one by one, each with its fact (leave.c)',
    'looked.staff': 'who looked at how many in this hour; gone after it',
    'alert.staff': 'what somebody has to look at stays to be looked at',
    'break_glass.staff': 'ended, and kept for its review',
    'scim_user.staff': 'what the provider says of them; goes when it deletes the user',
    'scim_member.staff': 'what the provider says, too: gives nothing to who left (scim/group.h, R4)',
}


def endings():
    """{table: statement} of what the list takes away or ends."""
    found = {}
    for name in re.findall(r'^ENDING(?:_AT)?\((\w+),', LIST, re.M):
        text = re.search(rf'-- name: {name.lower()}\n(.*?);', SQL, re.S).group(1)
        table = re.match(r'(?:DELETE FROM|UPDATE) (\w+)', re.sub(r'--.*\n', '', text).strip()).group(1)
        found.setdefault(table, []).append(text)
    return found


def test_everything_that_names_a_staff_member_ends(tmp_path):
    data = Server(tmp_path / 'vault', tmp_path / 'logs').init().data
    base = sqlite3.connect(f'file:{data}/valv.db?mode=ro', uri=True)
    named = set()
    for (table,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"):
        named |= {(table, row[1]) for row in base.execute(f'PRAGMA table_info({table})') if NAMES.search(row[1])}
    assert {('session', 'staff'), ('staff_role', 'staff'), ('package', 'staff'), ('recipient', 'owner')} <= named
    ended = endings()
    forgotten = {f'{table}.{column}' for table, column in named if table not in ended} - set(STAY)
    assert not forgotten, f'say in access/ending.def what becomes of {forgotten} when its staff member leaves'
    for table, texts in ended.items():
        columns = {column for name, column in named if name == table} | {'asked_by', 'decided_by'}
        assert any(re.search(rf'\b{column}\s*=\s*\$\d', text) for text in texts for column in columns), (table, texts)
