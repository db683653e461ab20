"""`valv backup`: what is in one, what is not, what two share, and the end of keys.

Restoring is tests/api/test_restore.py; crashes and full disks are tests/fault/test_backup.py."""
import base64
import hashlib
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import threading
import time

import pytest

import definitions
from backups import Backup, half, whole
from client import Client, Description
from conftest import VALV
from definitions import consent, contract, make_person

DAY = 86400
LEFT_OUT = {'lookup', 'package', 'idempotency'}  # store/dump.c says why
REFUSED, USAGE = 1, 2


class Vault:
    """A vault of its own with a clock that tests set, and two places for backups."""

    def __init__(self, server, folder, description):
        self.server, self.folder, self.description = server, folder, description
        self.to, self.keys_to, self.clock_file = folder / 'to', folder / 'keys-to', folder / 'clock'
        self.clock_file.write_text('0 0')

    def start(self):
        self.server.start({'VALV_TEST_CLOCK': str(self.clock_file), 'VALV_TEST_SYNCED': '0'})
        self.operator = Client(self.server.socket, self.description)

    def clock(self, seconds):
        self.clock_file.write_text(f'{round(seconds * 1e6)} {round(seconds * 1e6)}')

    def backup(self, status=201, **more):
        reply = self.operator.post('/v1/admin/backups', {'data': str(self.to), 'keys': str(self.keys_to), **more})
        assert reply.status == status, reply
        return reply.json

    def list(self):
        reply = self.operator.get('/v1/admin/backups')
        assert reply.status == 200, reply
        return reply.json

    def prune(self, **body):
        reply = self.operator.post('/v1/admin/backups/prune', body)
        assert reply.status == 200, reply
        return reply.json

    def metric(self, name):
        lines = self.operator.get('/v1/metrics').body.decode().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(name + ' '))

    def valv(self, *args, status=0, **more):
        done = subprocess.run([VALV, *map(str, args)], text=True, capture_output=True, timeout=120,
                              env={**os.environ, 'VALV_DATA': str(self.server.data)}, **more)
        assert done.returncode == status, done
        return done.stdout if status == 0 else done.stdout + done.stderr


@pytest.fixture
def vault(make_server, tmp_path, description):
    server = make_server()
    server.stop()
    vault = Vault(server, tmp_path, description)
    vault.start()
    definitions.put_all(vault.operator)
    yield vault
    server.stop()


def eventually(check):
    until = time.monotonic() + 90
    while not check():
        assert time.monotonic() < until
        time.sleep(0.1)


# --- what is in it ----------------------------------------------------------------------------------

def counts(path):
    base = sqlite3.connect(f'file:{path}?mode=ro', uri=True)
    tables = [name for name, in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    found = {name: base.execute(f'SELECT count(*) FROM {name}').fetchone()[0] for name in tables}
    base.close()
    return found


def busy_vault(vault):
    """Something in as many tables as calls reach."""
    operator = vault.operator
    people = [make_person(operator, {'email': f'anna{n}@example.com', 'name': 'Anna Ek'}, [consent(), contract()])[0]
              for n in range(20)]
    operator.post('/v1/subjects', {'values': {'email': 'again@example.com'}, 'grounds': [consent()]},
                  headers={'Idempotency-Key': 'again-and-again'})
    assert operator.post(f'/v1/subjects/{people[0]}/erasure', {}).status == 200
    assert operator.post(f'/v1/subjects/{people[1]}/withdrawals', {'purpose': 'newsletter'}).status == 200
    assert operator.post(f'/v1/subjects/{people[2]}/access', {'language': 'sv', 'delivery': 'link'}).status in (200, 201)
    assert operator.post('/v1/suppressions', {'address': 'email', 'value': 'no@example.org', 'scope': 'marketing',
                                              'source': 'complaint'}).status == 204
    return people


def test_it_holds_every_row_of_every_table_but_those_left_out(vault):
    busy_vault(vault)
    made = vault.backup()
    for name, part in (('valv.db', made['data']), ('keys.db', made['keys'])):
        backup = Backup(part)
        assert backup.wrong() is None
        there = {table: count for table, count in counts(vault.server.data / name).items() if table not in LEFT_OUT}
        # What the backup itself leaves in the store comes after its moment.
        there = {table: count - (table == 'entry') for table, count in there.items()}
        assert backup.tables == {table: count for table, count in there.items() if count}
        assert sum(1 for _ in backup.rows()) == sum(backup.tables.values())
    left = counts(vault.server.data / 'valv.db')
    assert all(left[table] for table in LEFT_OUT), 'this test shows nothing unless there are rows to leave out'
    assert made['persons'] == left['subject'] and made['pieces'] == len(Backup(made['data']).pieces)
    assert Backup(made['data']).manifest['moment'] == Backup(made['keys']).manifest['moment']


def forms(text):
    """The text, and digests of it that need no key."""
    octets = text.encode()
    yield octets
    for name in ('md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512', 'sha3_256', 'blake2b', 'blake2s'):
        yield hashlib.new(name, octets).digest()[:8]
    for size in (16, 20, 32):
        yield hashlib.blake2b(octets, digest_size=size).digest()[:8]


def test_neither_part_can_be_read_and_the_data_finds_nobody(vault):
    operator = vault.operator
    canaries = []
    for n in range(30):
        values = {'email': f'kanarie{n}@fagel.example', 'phone': f'+4670174060{n % 10}', 'name': f'Kanariefågel{n} Ek',
                  'nick': f'qvitter-{n}-7f3a'}
        make_person(operator, values, [consent(evidence={'page': f'kanariesida-{n}'})])
        canaries += [*values.values(), f'kanariesida-{n}', values['name'].split()[0]]
    base = sqlite3.connect(f'file:{vault.server.data}/valv.db?mode=ro', uri=True)
    made = vault.backup()
    data, keys = Backup(made['data']), Backup(made['keys'])
    texts = '\n'.join(canaries) + '\n'
    done = subprocess.run([VALV, 'residue', '-', '--halves', '--data', str(vault.to), '--also', str(vault.keys_to), '--json'],
                          text=True, input=texts, capture_output=True, timeout=120)
    assert done.returncode == 0 and json.loads(done.stdout)['count'] == 0, done
    both = data.octets() + keys.octets()
    for canary in canaries:
        for text in {canary, canary.lower(), canary.casefold(), canary.replace('+', '')}:
            for form in forms(text):
                assert form not in both, f'{canary}: {form.hex()}'
    # lookups are keyed, and stay behind all the same; keys are in the one part, sealed records in the other
    digests = [digest for digest, in base.execute('SELECT digest FROM lookup')]
    assert len(digests) >= 90 and not any(digest in both for digest in digests)
    held = sqlite3.connect(f'file:{vault.server.data}/keys.db?mode=ro', uri=True)
    wrapped = [text for table in ('subject_key', 'kek', 'named_key', 'escrow_key')
               for text, in held.execute(f'SELECT wrapped FROM {table}')]
    records = [record for record, in base.execute('SELECT record FROM subject')]
    assert len(wrapped) > 30 and len(records) == 30
    for octets in wrapped:
        assert octets in keys.octets() and octets not in data.octets()
    for octets in records:
        assert octets in data.octets() and octets not in keys.octets()
    root = (vault.server.data / 'root.key').read_text().split()[-1]
    assert len(root) == 64 and bytes.fromhex(root) not in both and root.encode() not in both and base64.b64encode(bytes.fromhex(root)) not in both


# --- what two share ---------------------------------------------------------------------------------

def files(backup):
    return {each.name: each.stat() for each in backup.path.iterdir()}


def test_a_second_one_after_few_changes_shares_its_files(vault):
    for n in range(400):
        vault.operator.post('/v1/subjects', {'values': {'email': f'p{n}@example.com', 'nick': 'x' * 4000},
                                             'grounds': [consent()]})
    first = vault.backup()
    vault.operator.post('/v1/subjects', {'values': {'email': 'new@example.com', 'nick': 'y'}, 'grounds': [consent()]})
    second = vault.backup()
    assert first['shared'] == 0 and second['pieces'] >= 12 and second['octets'] < first['octets'] / 3, (first, second)
    old, new = Backup(first['data']), Backup(second['data'])
    others = [table for digest, _, _, table in new.pieces if digest not in {piece[0] for piece in old.pieces}]
    by_the_log = {'entry_of', 'entry_run', 'entry_mark', 'tree', 'tree_bundle', 'tree_checkpoint', 'tree_pack', 'tree_tile'}
    changed = sorted(table for table in others if table not in by_the_log)  # the log's threads write when they come to it
    assert changed == ['entry', 'ledger', 'setting', 'subject'] and second['shared'] == second['pieces'] - len(others), (others, second)
    same = [name for name in files(new) if name in files(old) and files(new)[name].st_ino == files(old)[name].st_ino]
    assert len(same) == second['shared']
    assert all(status.st_nlink == 1 for status in files(Backup(second['keys'])).values()), 'keys are never shared'
    # each stands for itself
    shutil.rmtree(first['data'])
    assert new.wrong() is None
    third = vault.backup(full=True)
    assert third['shared'] == 0 and Backup(third['data']).wrong() is None
    assert all(status.st_nlink == 1 for status in files(Backup(third['data'])).values())


def test_a_damaged_file_is_not_shared(vault):
    make_person(vault.operator)
    first = vault.backup()
    for digest, *_ in Backup(first['data']).pieces:
        path = pathlib.Path(first['data']) / digest[:40]
        octets = path.read_bytes()
        path.write_bytes(octets[:-1] + bytes([octets[-1] ^ 1]))
    second = vault.backup()
    assert second['shared'] == 0 and Backup(second['data']).wrong() is None


# --- where, and one at a time -----------------------------------------------------------------------

def test_places_that_give_the_data_away_are_refused(vault, tmp_path):
    (tmp_path / 'file').write_text('x')
    (tmp_path / 'link').symlink_to(vault.server.data)
    to, keys = str(vault.to), str(vault.keys_to)
    for data, kept, member in (
            (to, to, '/keys'), (to, f'{to}/keys', '/keys'), (f'{keys}/data', keys, '/data'),
            (str(vault.server.data), keys, '/data'), (to, str(vault.server.data / 'keys'), '/keys'),
            (str(tmp_path / 'link'), keys, '/data'), (f'{vault.server.data}.facts', keys, '/data'),
            ('relative', keys, '/data'), ('', keys, '/data'), (to, 'x' * 999, '/keys'), (to, '/' + 'x' * 999, '/keys'),
            (str(tmp_path / 'file'), keys, '/data'), (str(tmp_path / 'no' / 'parent'), keys, '/data'),
            (to, '/proc/self/x', '/keys'), (f'{to}\n', keys, '/data')):
        reply = vault.operator.post('/v1/admin/backups', {'data': data, 'keys': kept})
        assert (reply.status, reply.slug, reply.json['member']) == (422, 'invalid', member), (data, kept, reply)
    for days in (0, 367, -1, 1.5, '7'):
        reply = vault.operator.post('/v1/admin/backups', {'data': to, 'keys': keys, 'keys_days': days})
        assert (reply.status, reply.json['member']) == (422, '/keys_days'), reply
    assert vault.list()['backups'] == [] and not half(to, keys)


def test_only_operators_make_and_see_them(vault, make_key, app):
    body = {'data': str(vault.to), 'keys': str(vault.keys_to)}
    for method, path, sent in (('POST', '/v1/admin/backups', body), ('GET', '/v1/admin/backups', None),
                               ('POST', '/v1/admin/backups/prune', {})):
        assert app.call(method, path, sent).status in (403, 404)
    assert not vault.to.exists()


def test_several_at_once_and_the_vault_goes_on(vault):
    people = [make_person(vault.operator)[0] for _ in range(60)]
    stop, odd, made, used = threading.Event(), [], [], []

    def watched(work):
        def run(n):
            try:
                work(n)
            except BaseException as error:  # pylint: disable=broad-except
                odd.append(error)
        return run

    @watched
    def use(n):
        client = Client(vault.server.socket, vault.description)
        while not stop.is_set():
            replies = [client.post('/v1/decisions', {'subject': people[n], 'purpose': 'newsletter', 'channel': 'email'}),
                       client.post('/v1/subjects', {'values': {'email': definitions.email()}, 'grounds': [consent()]}),
                       client.post(f'/v1/subjects/{people.pop()}/erasure', {}) if len(people) > 20 else None]
            odd.extend(reply for reply in replies if reply and reply.status not in (200, 201))
            used.append(1)

    @watched
    def back(n):
        client = Client(vault.server.socket, vault.description)
        mine = 0
        while mine < 3:
            body = {'data': str(vault.folder / f'to{n}'), 'keys': str(vault.folder / f'k{n}')}
            try:
                made.append(client.post('/v1/admin/backups', body))
                mine += 1
            except AssertionError as error:
                assert '503' in str(error) and '/problems/busy' in str(error)
                time.sleep(0.02)

    threads = [threading.Thread(target=use, args=(n,)) for n in range(3)]
    makers = [threading.Thread(target=back, args=(n,)) for n in range(3)]
    for thread in threads + makers:
        thread.start()
    for thread in makers:
        thread.join()
    stop.set()
    for thread in threads:
        thread.join()
    assert not odd, odd[:5]
    assert made and len(used) > 30
    for reply in made:
        data, keys = Backup(reply.json['data']), Backup(reply.json['keys'])
        assert data.wrong() is None and keys.wrong() is None
        # of one moment: no living person without keys, no keys without a row
        living = {row['no'] for table, row in data.rows() if table == 'subject' and row['state'] == 1}
        rows = {row['no'] for table, row in data.rows() if table == 'subject'}
        held = {row['subject'] for table, row in keys.rows() if table == 'subject_key'}
        trimmed = {row['subject'] for table, row in data.rows() if table == 'key_trim'}
        assert living <= held, 'a person of the backup has no key in it'
        assert held - trimmed <= living, 'keys of somebody who is not in it'
        assert living <= rows
    assert not half(*(vault.folder / f'{word}{n}' for n in range(3) for word in ('to', 'k')))


def test_it_is_recorded(vault):
    vault.backup()
    acts = [entry['act'] for entry in vault.operator.get('/v1/audit/entries?limit=500').json['entries']]
    assert acts.count('backup') == 1


# --- the end of keys --------------------------------------------------------------------------------

def test_keys_are_destroyed_by_themselves_when_their_life_is_over(vault):
    first = vault.backup(keys_days=2)
    second = vault.backup(keys_days=5)
    assert vault.list()['places'][0]['due_at'] == first['keys_until'] and not vault.list()['places'][0]['overdue']
    octets = [(path, path.read_bytes()) for path in pathlib.Path(first['keys']).iterdir()]
    inside = os.open(next(path for path, content in octets if len(path.name) == 40), os.O_RDONLY)
    vault.clock(2 * DAY - 60)
    assert vault.prune() == {'destroyed': 0, 'overdue': []}
    vault.clock(2 * DAY + 60)
    vault.server.stop()
    vault.start()
    vault.operator.post('/v1/admin/clock/accept')
    eventually(lambda: not os.path.exists(first['keys']))  # the sweep's own round
    assert not any(os.pread(inside, 1 << 20, 0)), 'what was in it was not overwritten'
    os.close(inside)
    assert os.path.exists(second['keys']) and os.path.exists(first['data'])
    eventually(lambda: vault.list()['places'][0]['due_at'] == second['keys_until'])
    vault.clock(5 * DAY + 60)
    assert vault.prune()['destroyed'] in (0, 1)
    assert not os.path.exists(second['keys']) and not half(vault.keys_to)
    assert vault.list()['places'][0]['due_at'] is None
    acts = [entry['act'] for entry in vault.operator.get('/v1/audit/entries?limit=500').json['entries']]
    assert acts.count('backup.prune') == 2


def test_a_clock_that_is_wrong_destroys_nothing(vault):
    made = vault.backup(keys_days=1)
    vault.clock_file.write_text(f'{10 * DAY * 1000000} 0')  # the wall alone
    reply = vault.operator.post('/v1/admin/backups/prune', {})
    assert (reply.status, reply.slug) == (409, 'conflict'), reply
    assert vault.backup() and os.path.exists(made['keys'])


def test_a_place_that_is_not_there_is_told_until_it_is(vault):
    made = vault.backup(keys_days=1)
    away = vault.folder / 'away'
    vault.keys_to.rename(away)
    vault.keys_to.mkdir()  # a mount point with nothing on it
    assert vault.list()['places'][0]['there'] is False and vault.metric('valv_backup_keys_overdue') == 0
    vault.clock(DAY + 60)
    assert vault.prune() == {'destroyed': 0, 'overdue': [str(vault.keys_to)]}
    assert vault.list()['places'][0]['overdue'] and vault.metric('valv_backup_keys_overdue') == 1
    assert 'not there' in vault.valv('backup', 'prune', status=REFUSED).lower()
    assert json.loads(vault.valv('backup', 'prune', '--json', status=REFUSED))['overdue'] == [str(vault.keys_to)]
    assert 'overdue' in vault.valv('backup', 'list')
    vault.keys_to.rmdir()
    away.rename(vault.keys_to)
    vault.valv('backup', 'prune')
    assert not os.path.exists(made['keys']) and vault.metric('valv_backup_keys_overdue') == 0


def test_a_place_that_is_gone_for_good_is_forgotten_when_one_says_so(vault):
    vault.backup(keys_days=1)
    shutil.rmtree(vault.keys_to)
    vault.clock(DAY + 60)
    assert vault.prune()['overdue']
    reply = vault.operator.post('/v1/admin/backups/prune', {'forget': '/somewhere/else'})
    assert (reply.status, reply.json['member']) == (422, '/forget'), reply
    assert vault.prune(forget=str(vault.keys_to)) == {'destroyed': 0, 'overdue': []}
    assert [place['kind'] for place in vault.list()['places']] == ['data']


def test_a_backup_destroys_what_is_over_in_its_place(vault):
    first = vault.backup(keys_days=1)
    (vault.keys_to / '.making-keys-x').mkdir()
    (vault.keys_to / '.making-keys-x' / 'half').write_text('x')
    (vault.keys_to / 'keys-of-another').mkdir()
    vault.clock(DAY + 60)
    second = vault.backup()
    assert not os.path.exists(first['keys']) and os.path.exists(second['keys']) and not half(vault.keys_to)
    seen = {backup['path']: backup for backup in vault.list()['backups']}
    assert not seen[str(vault.keys_to / 'keys-of-another')]['readable'], 'it is another vault\'s, and stays'
    assert seen[second['keys']]['moment'] == seen[second['data']]['moment']


# --- the command ------------------------------------------------------------------------------------

def test_the_command(vault):
    make_person(vault.operator)
    said = vault.valv('backup', '--to', 'here', '--keys-to', 'there', '--keys-days', '3', cwd=vault.folder)
    assert f'{vault.folder}/here/data-' in said and f'{vault.folder}/there/keys-' in said
    made = json.loads(vault.valv('backup', '--to', vault.folder / 'here', '--keys-to', vault.folder / 'there', '--json'))
    assert Backup(made['data']).wrong() is None and made['shared'] > 0
    listed = vault.valv('backup', 'list')
    assert listed.count('data-') == 2 and listed.count('keys-') == 2
    assert len(whole(vault.folder / 'here', 'data')) == 2
    assert vault.metric('valv_backup_time_seconds') >= time.time() - 60
    assert '0 key backups' in vault.valv('backup', 'prune')
    assert '--to says where' in vault.valv('backup', '--keys-to', 'x', status=USAGE)
    assert '--keys-to says where' in vault.valv('backup', '--to', 'x', status=USAGE)
    assert 'at /keys' in vault.valv('backup', '--to', vault.folder / 'here', '--keys-to', vault.folder / 'here', status=REFUSED)
    for words in (['backup'], ['backup', 'list'], ['backup', 'prune']):
        key = vault.folder / 'key'
        key.write_text('x')
        key.chmod(0o600)
        assert 'operators' in vault.valv(*words, '--url', 'http://127.0.0.1:1', '--key-file', key, status=USAGE)
    assert 'one operand too many' in vault.valv('backup', 'unknown', status=USAGE)
