"""`valv restore`: what was taken away after a backup does not come back with it."""
import hashlib
import json
import os
import re
import shutil
import sqlite3
import struct
import subprocess
import time

import pytest

import definitions
from backups import Backup
from conftest import VALV
from definitions import consent, contract, make_person, read
from lives import Vault, act, decide, erase, ledger, whole
from receiver import Receiver
from test_backup import busy_vault
from test_outbox import mailing, put, told
from visitor import Public

REFUSED, USAGE, NOT_FOUND = 1, 2, 4
FACTS_HEAD = 157  # octets; src/store/facts.h
ANY = {'If-Match': '*'}


@pytest.fixture
def vault(tmp_path):
    vault = Vault(tmp_path / 'vault').init().start()
    definitions.put_all(vault.operator)
    yield vault
    vault.stop('kill')


def test_an_erased_person_stays_erased(vault):
    anna, _ = make_person(vault.operator)
    bjorn, _ = make_person(vault.operator)
    backup = vault.backup()
    assert vault.operator.post(f'/v1/subjects/{anna}/erasure', {'reason': 'withdrawn'}).status == 200
    vault.stop()
    told = vault.restore(backup)
    assert told['facts']['persons_erased'] == 1 and told['persons'] == 1
    vault.start()
    assert read(vault.operator, anna).status == 410
    assert read(vault.operator, bjorn).status == 200


def chained(vault, last):
    """src/backup/restore.h, from the store's own rows."""
    with sqlite3.connect(f'file:{vault.server.data}/valv.db?mode=ro', uri=True) as db:
        rows = db.execute('SELECT seq, at, actor_kind, actor, act, outcome, subject, purpose, body FROM entry '
                          'WHERE seq <= ? ORDER BY seq', (last,)).fetchall()
    digest = bytes(32)
    for *numbers, body in rows:
        body = body or b''
        digest = hashlib.sha256(digest + struct.pack('<8qI', *[each or 0 for each in numbers], len(body)) + body).digest()
    return digest.hex()


def test_the_log_goes_on_from_the_backup_and_vouches_for_it(vault):
    id, _ = make_person(vault.operator)
    backup = vault.backup()
    last = int(Backup(backup[0]).manifest['entry'])
    erase(vault.operator, id)
    vault.stop()
    told = vault.restore(backup)
    chain = chained(vault, last)  # before whoever is erased is taken out of the log
    vault.start()
    entries = vault.operator.get(f'/v1/audit/entries?after={last}&limit=1000').json['entries']
    whole_entry, = [each for each in entries if 'restored' in each]
    person_entry, = [each for each in entries if each['act'] == 'restore' and 'restored' not in each]
    assert whole_entry['seq'] == told['entry'] > person_entry['seq'] > last + 1000
    assert person_entry['subject'] == id and person_entry['version'] == 2
    said = whole_entry['restored']
    assert said['last_entry'] == last and said['log'] == chain and said['persons_erased'] == 1
    assert said['moment'].replace('-', '') == Backup(backup[0]).manifest['moment']


def test_every_kind_of_taking_away_is_done_again(vault):
    people = {name: make_person(vault.operator, {'email': definitions.email(), 'name': 'Anna Björk', 'nick': f'old-{name}'},
                                [consent()] if name == 'erased' else [consent(), contract()])
              for name in ('withdrawn', 'objected', 'marketing', 'restricted', 'corrected', 'fields', 'flags', 'held',
                           'erased', 'ended', 'none')}
    ids = {name: made[0] for name, made in people.items()}
    key_id, key = vault.key()
    _, other = vault.key()
    backup = vault.backup()
    client = vault.operator
    act(client, ids['withdrawn'], 'withdrawals', {'purpose': 'newsletter'})
    act(client, ids['objected'], 'objections', {'purpose': 'newsletter', 'channels': ['email']})
    act(client, ids['marketing'], 'objections', {})
    act(client, ids['restricted'], 'restriction', {'act': 'restricted', 'reason': 'accuracy'})
    act(client, ids['held'], 'holds', {'reason': 'a claim', 'fields': ['nick']})
    assert client.patch(f'/v1/subjects/{ids["corrected"]}', {'values': {'nick': 'new'}}, headers=ANY).status == 200
    assert client.patch(f'/v1/subjects/{ids["flags"]}', {'flags': ['protected_identity']}, headers=ANY).status == 200
    erase(client, ids['fields'], fields=['nick'])
    erase(client, ids['erased'])
    assert client.post('/v1/suppressions', {'address': 'email', 'value': 'Stop.Me@example.com', 'scope': 'everything',
                                            'source': 'complaint'}).status == 204
    assert client.delete(f'/v1/keys/{key_id}').status == 204
    assert client.post('/v1/purposes/support/end').status == 200
    before = {name: ledger(client, ids[name]) for name in ids if name != 'erased'}
    told_by = {name: decide(client, ids[name]) for name in ids if name != 'erased'}
    vault.stop()
    told = vault.restore(backup)
    vault.start()
    client = vault.operator
    assert not client.get('/v1/purposes/support').json['active'] and client.get('/v1/purposes/order').json['active']
    assert told['persons'] == 10 and told['facts']['persons_erased'] == 1
    for name in before:
        assert decide(client, ids[name])['allowed'] == told_by[name]['allowed'], name
        now = ledger(client, ids[name])
        lasting = [a for a in before[name] if a['act'] not in ('given', 'established')]
        assert [(a['seq'], a['act'], a['at']) for a in now if a['act'] not in ('given', 'established')] == \
               [(a['seq'], a['act'], a['at']) for a in lasting], name
    assert not decide(client, ids['withdrawn'])['allowed'] and decide(client, ids['none'])['allowed']
    assert 'nick' not in read(client, ids['corrected']).json['values']  # the old one is wrong, the new one is lost
    assert 'nick' not in read(client, ids['fields']).json['values']
    assert read(client, ids['none']).json['values']['nick']['value'] == 'old-none'
    assert read(client, ids['flags']).json['flags'] == ['protected_identity']
    assert read(client, ids['restricted']).status == 422
    assert read(client, ids['erased']).status == 410
    assert client.using(key).get(f'/v1/subjects/{ids["none"]}').status == 401
    assert vault.api.using(key).get('/v1/purposes').status == 401
    assert read(vault.api.using(other), ids['none']).status == 200
    found = client.post('/v1/suppressions/search', {'address': 'email', 'value': 'stop.me@example.com'}).json
    assert [s['scope'] for s in found['suppressions']] == ['everything']
    whole(vault)


def flip(path, at=-1):
    octets = bytearray(path.read_bytes())
    octets[at] ^= 1
    path.chmod(0o600)
    path.unlink()  # it may have a second name in another backup
    path.write_bytes(octets)


def pieces(backup):
    return sorted(each for each in backup.iterdir() if each.name not in ('manifest', 'list', 'root.passphrase'))


def copy(backup, name):
    to = backup.parent.parent / name / backup.name
    shutil.copytree(backup, to)
    return to


def nothing_left(vault):
    folder = vault.folder / f'life{vault.lives}'
    assert not (folder / 'data').exists(), list((folder / 'data').iterdir())


class TestRefused:
    """Each with a reason that says what is wrong, and nothing left where it was to be restored."""

    @pytest.fixture(scope='class')
    def taken(self, tmp_path_factory):
        vault = Vault(tmp_path_factory.mktemp('refused') / 'vault').init().start()
        definitions.put_all(vault.operator)
        vault.anna, _ = make_person(vault.operator)
        vault.first = vault.backup()
        vault.early = vault.folder / 'early-facts'
        shutil.copytree(vault.facts, vault.early)
        erase(vault.operator, vault.anna)
        vault.second = vault.backup()
        vault.late = vault.folder / 'late-facts'
        shutil.copytree(vault.facts, vault.late)
        vault.stop()
        yield vault

    def refused(self, vault, backup, why, *more, **kwargs):
        said = vault.restore(backup, *more, status=REFUSED, **kwargs)
        assert why in said, said
        nothing_left(vault)
        return said

    @pytest.mark.parametrize('which', [0, 1])
    @pytest.mark.parametrize('part', ['manifest', 'list', 'piece', 'gone', 'cut'])
    def test_a_tampered_backup(self, taken, which, part, tmp_path_factory):
        backup = list(taken.first)
        backup[which] = copy(backup[which], tmp_path_factory.mktemp('t').name)
        target = {'manifest': backup[which] / 'manifest', 'list': backup[which] / 'list'}.get(part) or pieces(backup[which])[0]
        if part == 'gone':
            target.unlink()
        elif part == 'cut':
            target.write_bytes(target.read_bytes()[:-1])
        else:
            flip(target, 100)
        self.refused(taken, backup, 'was changed')

    @pytest.mark.parametrize('which', [0, 1])
    def test_a_manifest_that_says_something_else(self, taken, which, tmp_path_factory):
        backup = list(taken.first)
        backup[which] = copy(backup[which], tmp_path_factory.mktemp('t').name)
        text = (backup[which] / 'manifest').read_text()
        line = 'until ' if which else 'entries '
        old = next(each for each in text.splitlines() if each.startswith(line))
        (backup[which] / 'manifest').write_text(text.replace(old, old + '9'))
        self.refused(taken, backup, 'not signed by this vault, or was changed')

    def test_keys_of_another_moment(self, taken):
        self.refused(taken, (taken.first[0], taken.second[1]), 'not of the same moment')

    def test_the_two_exchanged(self, taken):
        self.refused(taken, (taken.first[1], taken.first[0]), 'of keys where one of data was meant')

    def test_keys_of_another_vault(self, taken, tmp_path):
        other = Vault(tmp_path / 'other').init().start()
        theirs = other.backup()
        other.stop()
        self.refused(taken, (taken.first[0], theirs[1]), 'not of the same moment')
        self.refused(taken, taken.first, 'this root key', env={'VALV_ROOT_KEY_FILE': str(other.root)})
        said = self.refused(taken, taken.first, 'another vault', facts=other.facts)
        assert 'ledger' in said

    def test_keys_whose_life_is_over(self, taken, tmp_path):
        clock = tmp_path / 'clock'
        clock.write_text(f'{8 * 86400 * 10**6} {8 * 86400 * 10**6}')
        env = {'VALV_TEST_CLOCK': str(clock), 'VALV_TEST_SYNCED': '1'}
        self.refused(taken, taken.first, 'should have been destroyed', env=env)
        shutil.copytree(taken.late, tmp_path / 'facts')
        assert taken.restore(taken.first, '--expired-keys', facts=tmp_path / 'facts', env=env)['facts']['persons_erased'] == 1

    def test_no_root(self, taken):
        self.refused(taken, taken.first, 'key or passphrase file cannot', env={'VALV_ROOT_KEY_FILE': '/nowhere'})

    def test_a_ledger_from_the_past(self, taken):
        self.refused(taken, taken.second, 'older than the backup', facts=taken.early)
        # Its end is not the newest that anybody knows of: a backup beside it knows more.
        self.refused(taken, taken.first, 'older than a newer backup', facts=taken.early)

    def test_a_truncated_ledger(self, taken, tmp_path):
        whole = (taken.late / 'ledger').read_bytes()
        for cut in (1, 70, 200, len(whole) - 300, len(whole) - 1):
            folder = tmp_path / f'cut{cut}'
            folder.mkdir()
            (folder / 'ledger').write_bytes(whole[:-cut])
            said = taken.restore(taken.second, status=REFUSED, facts=folder)
            assert any(why in said for why in ('older than the backup', 'does not hold', 'does not begin')), said
            nothing_left(taken)

    def test_a_damaged_ledger(self, taken, tmp_path):
        size = (taken.late / 'ledger').stat().st_size
        for at in (3, 20, 60, 150, *range(FACTS_HEAD, size, 41)):
            folder = tmp_path / f'flip{at}'
            folder.mkdir()
            shutil.copy(taken.late / 'ledger', folder / 'ledger')
            flip(folder / 'ledger', at)
            said = taken.restore(taken.first, status=REFUSED, facts=folder)
            assert 'ledger of facts' in said, said
            nothing_left(taken)

    def test_a_place_that_is_not_empty(self, taken, tmp_path):
        (tmp_path / 'data').mkdir()
        (tmp_path / 'data' / 'notes').write_text('mine')
        said = taken.restore(taken.first, status=REFUSED, folder=tmp_path, facts=taken.late)
        assert 'not empty' in said
        assert [each.name for each in (tmp_path / 'data').iterdir()] == ['notes']

    def test_no_backup_there(self, taken, tmp_path):
        assert 'no such backup' in taken.restore((tmp_path, taken.first[1]), status=NOT_FOUND)
        (tmp_path / 'some').mkdir()
        assert 'same moment' in taken.restore((taken.first[0], tmp_path / 'some'), status=NOT_FOUND)
        nothing_left(taken)

    def test_without_the_ledger_it_must_be_said_twice(self, taken, tmp_path):
        nowhere = tmp_path / 'nowhere'
        moment = taken.first[0].name.removeprefix('data-')
        said = self.refused(taken, taken.first, 'ledger of facts is not there', facts=nowhere)
        assert f'--accept-lost-withdrawals {moment}' in said and 'every consent that was withdrawn is alive' in said
        self.refused(taken, taken.first, 'must be accepted, too', '--without-facts', facts=nowhere)
        self.refused(taken, taken.first, 'only accepted together', '--accept-lost-withdrawals', moment, facts=nowhere)
        self.refused(taken, taken.first, 'must be accepted, too', '--without-facts', '--accept-lost-withdrawals', 'yes',
                     facts=nowhere)
        both = '--without-facts', '--accept-lost-withdrawals', moment
        self.refused(taken, taken.first, 'restore with it', *both, facts=taken.late)
        told = taken.restore(taken.first, *both, facts=nowhere)
        assert told['with_facts'] is False and told['facts']['read'] == 0
        taken.start()
        try:
            assert read(taken.operator, taken.anna).status == 200  # back, as was said
            entries = taken.operator.get('/v1/audit/entries?limit=1000').json['entries']
            restores = [each for each in entries if each['act'] == 'restore']
            assert [each['seq'] for each in restores] == [told['entry']] and restores[0]['actor']['kind'] == 'operator'
            assert told['entry'] > 1 << 32 and restores[0]['restored']['with_facts'] is False
            erase(taken.operator, taken.anna)  # its new ledger works
        finally:
            taken.stop()


def check(vault, backup, *more, status=0):
    done = subprocess.run([VALV, 'backup', 'verify', '--data', str(vault.server.data), '--from', str(backup[0]),
                           '--keys-from', str(backup[1]), '--scratch', str(vault.folder / 'scratch'), '--json', *more],
                          capture_output=True, text=True, env={**os.environ, **vault.env}, timeout=300)
    assert done.returncode == status, (done.returncode, done.stdout, done.stderr)
    assert not list((vault.folder / 'scratch').iterdir())
    return json.loads(done.stdout) if done.stdout else done.stderr


def test_a_backup_is_checked_beside_the_server(vault):
    (vault.folder / 'scratch').mkdir()
    ids = [make_person(vault.operator)[0] for _ in range(5)]
    backup = vault.backup()
    erase(vault.operator, ids[0])
    told = check(vault, backup)
    assert (told['persons'], told['with_facts'], told['findings']) == (5, False, [])
    told = check(vault, (vault.to, vault.keys), '--facts', str(vault.facts))
    assert told['with_facts'] and told['persons_erased'] == 1 and told['findings'] == []
    assert read(vault.operator, ids[1]).status == 200  # nothing happened to the vault itself
    flip(pieces(backup[1])[0], 50)
    assert 'was changed' in check(vault, backup, status=REFUSED)


def test_what_a_kill_leaves_of_a_check_goes_with_the_next(vault):
    (vault.folder / 'scratch').mkdir()
    make_person(vault.operator)
    backup = vault.backup()
    args = [VALV, 'backup', 'verify', '--data', str(vault.server.data), '--from', str(backup[0]), '--keys-from',
            str(backup[1]), '--scratch', str(vault.folder / 'scratch')]
    done = subprocess.run(args, capture_output=True, env={**os.environ, **vault.env, 'VALV_TEST_KILL': 'check-loaded'},
                          timeout=300)
    assert done.returncode == -9 and len(list((vault.folder / 'scratch').iterdir())) == 1
    check(vault, backup)


def test_a_pause_holds_and_sign_ups_are_to_be_made_anew(tmp_path, description):
    """What a person wished after the backup is wished after it; what waited for a press may have been answered since."""
    vault = Vault(tmp_path / 'vault', description).init()
    vault.server.more = ('--public', '127.0.0.1:0')
    vault.start()
    try:
        definitions.put_all(vault.operator)
        assert vault.operator.put('/v1/settings/public_origin', {'value': 'https://val.example.com'}).status == 200
        assert vault.operator.put('/v1/forms/join', {'title': definitions.texts('Join'), 'languages': ['sv', 'en'],
                                                     'controls': [{'purpose': 'parties'}], 'fields': [{'field': 'email'}]}).status == 201
        anna, _ = make_person(vault.operator)
        pages = Public(vault.server.public)
        words = re.search(r'name="valv-words" value="(\w+)"', pages.get('/f/join').text).group(1)
        assert pages.post('/f/join', [('valv-yes', '1'), ('email', 'waits@example.com'), ('valv-words', words)]).status == 200
        waiting = "SELECT COUNT(*) FROM pending"
        assert count(vault, waiting) == 1
        backup = vault.backup()
        link = vault.operator.post(f'/v1/subjects/{anna}/mail-links', {}).json['preferences']
        assert pages.post('/' + link.split('/', 3)[3], {'do': 'save', 'pause': '30'}).status == 200
        assert decide(vault.operator, anna)['reason'] == 'paused'
        vault.stop()
        vault.restore(backup)
        vault.start()
        assert decide(vault.operator, anna)['reason'] == 'paused'
        assert count(vault, waiting) == 0
        whole(vault)
    finally:
        vault.stop('kill')


def count(vault, query):
    with sqlite3.connect(f'file:{vault.server.data}/valv.db?mode=ro', uri=True) as db:
        return db.execute(query).fetchone()[0]


def states(client):
    return sorted(row['state'] for row in client.get('/v1/outbox?limit=100').json['outbox'])


def test_nothing_queued_is_sent_from_a_restored_store(vault):
    client, receiver = vault.operator, Receiver()
    assert client.post('/v1/admin/delivery', {'networks': ['127.0.0.0/8']}).status == 200
    recipient = put(client, webhook=receiver.url)
    name = mailing(client, recipient['title'])
    ids = [make_person(client, None, [consent(name)])[0] for _ in range(3)]
    for id in ids:
        told(client, id, recipient['name'], name)
    receiver.answers = [500] * 100
    act(client, ids[0], 'withdrawals', {'purpose': name})  # queued, and in the backup: that it was
    receiver.wait(2)                                                 # withdrawn, and what went with it
    backup = vault.backup()
    erase(client, ids[1])  # queued after it: the notice is made again
    receiver.wait(3)
    vault.stop('kill')
    receiver.answers.clear()
    vault.restore(backup)
    vault.start()
    client, seen = vault.operator, len(receiver.calls)
    assert states(client) == ['held'] * 3
    act(client, ids[2], 'withdrawals', {'purpose': name})  # what comes now waits, too
    time.sleep(2)
    assert len(receiver.calls) == seen and states(client) == ['held'] * 3 + ['waiting'] * 2
    assert client.post('/v1/admin/delivery', {'on': True, 'release': True}).status == 200
    assert sorted(call.type for call in receiver.wait(seen + 5)[seen:]) == \
        ['consent.withdrawn'] * 2 + ['subject.erased'] * 3
    receiver.close()


def valv(vault, *args, status=0):
    done = subprocess.run([VALV, *args, '--data', str(vault.server.data)], capture_output=True, text=True, timeout=120,
                          env={**os.environ, **vault.env})
    assert done.returncode == status, (done.returncode, done.stdout, done.stderr)
    return done.stdout + done.stderr


def test_a_lost_ledger_is_renewed_and_old_backups_are_void(vault):
    anna, _ = make_person(vault.operator)
    bjorn, _ = make_person(vault.operator)
    old = vault.backup()
    erase(vault.operator, anna)
    vault.stop()
    assert 'a ledger of facts lies in that place' in valv(vault, 'facts', 'renew', '--accept-void-backups', status=REFUSED)
    shutil.rmtree(vault.facts)
    assert 'ledger of facts is not in its place' in valv(vault, 'serve', '--listen', '127.0.0.1:0', status=REFUSED)
    assert 'cannot be restored any more' in valv(vault, 'facts', 'renew', status=USAGE)
    assert str(vault.facts) in valv(vault, 'facts', 'renew', '--accept-void-backups')
    vault.start()
    assert read(vault.operator, anna).status == 410
    new = vault.backup()
    act(vault.operator, bjorn, 'withdrawals', {'purpose': 'newsletter'})
    whole(vault)
    vault.stop()
    assert 'not the one that this backup goes with' in vault.restore(old, status=REFUSED)
    vault.restore(new)
    vault.start()
    assert read(vault.operator, anna).status == 410 and not decide(vault.operator, bjorn)['allowed']


def test_a_vault_that_still_runs_keeps_its_ledger(vault):
    anna, _ = make_person(vault.operator)
    said = vault.restore(vault.backup(), status=REFUSED)
    assert 'another process appends to the ledger of facts' in said
    erase(vault.operator, anna)  # and goes on


class Clock:
    """As the vault's servers and restores see it: seconds ahead, and whether the machine's own time is, too."""

    def __init__(self, folder):
        self.file = folder / 'clock'
        self.env = {'VALV_TEST_CLOCK': str(self.file), 'VALV_TEST_SYNCED': '0'}
        self.set(0)

    def set(self, seconds, passed=True):
        self.file.write_text(f'{seconds * 10**6} {seconds * 10**6 if passed else 0}')


def in_days(days):
    return time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(time.time() + days * 86400))


@pytest.mark.parametrize('passed', [True, False])
def test_what_time_took_is_taken_if_the_clock_is_believed(tmp_path, passed):
    clock = Clock(tmp_path)
    vault = Vault(tmp_path / 'vault').init().start(**clock.env)
    definitions.put_all(vault.operator)
    id, _ = make_person(vault.operator, None, [consent(until=in_days(3))])
    other, _ = make_person(vault.operator)
    backup = vault.backup()
    vault.stop()
    clock.set(4 * 86400, passed)
    told = vault.restore(backup, env=clock.env)
    assert told['clock_trusted'] is passed and told['persons_swept'] == int(passed)
    with sqlite3.connect(f'file:{vault.server.data}/valv.db?mode=ro', uri=True) as db:
        sizes = dict(db.execute('SELECT lower(hex(id)), length(record) FROM subject'))
    assert (sizes[id.replace('-', '')] < sizes[other.replace('-', '')]) is passed
    vault.start(**clock.env)
    assert read(vault.operator, id).status == 422 and read(vault.operator, other).status == 200
    whole(vault)
    vault.stop()


def test_a_vault_with_a_passphrase_is_restored_with_it(tmp_path):
    (tmp_path / 'passphrase').write_text('en lång och dum fras\n')
    (tmp_path / 'passphrase').chmod(0o600)
    vault = Vault(tmp_path / 'vault')
    vault.env = {'VALV_PASSPHRASE_FILE': str(tmp_path / 'passphrase')}
    vault.init('--root', 'passphrase').start()
    definitions.put_all(vault.operator)
    anna, _ = make_person(vault.operator)
    backup = vault.backup()
    erase(vault.operator, anna)
    vault.stop()
    assert vault.restore(backup)['facts']['persons_erased'] == 1
    (tmp_path / 'passphrase').write_text('en annan och lika dum\n')
    assert 'passphrase' in vault.restore(backup, status=REFUSED)
    nothing_left(vault)


def rows(vault, name='valv.db'):
    with sqlite3.connect(f'file:{vault.server.data}/{name}?mode=ro', uri=True) as db:
        tables = [table for table, in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {table: set(db.execute(f'SELECT * FROM {table}')) for table in tables}


LEFT_OUT = {'package', 'idempotency'}  # src/store/dump.c
GOES_ON = {'tree', 'tree_tile', 'tree_bundle', 'tree_pack', 'tree_checkpoint', 'entry_unlink', 'entry', 'entry_of', 'entry_run', 'entry_mark', 'fact', 'fact_head', 'setting', 'outbox', 'clock_mark', 'key_trim'}


def test_what_was_not_taken_back_is_as_it_was(vault):
    """Every row of every table that a call of the API fills; lookups made again are those that there were."""
    busy_vault(vault)
    recipient = put(vault.operator)
    name = mailing(vault.operator, recipient['title'])
    id, _ = make_person(vault.operator, None, [consent(name), contract()])
    told(vault.operator, id, recipient['name'], name)
    act(vault.operator, id, 'restriction', {'act': 'restricted', 'reason': 'accuracy'})
    request = vault.operator.post('/v1/requests', {'right': 'access', 'channel': 'post', 'language': 'sv', 'subject': id,
                                                   'words': 'Vad har ni om mig?'})
    assert request.status == 201, request
    backup = vault.backup()
    vault.stop()
    before, keys_before = rows(vault), rows(vault, 'keys.db')
    vault.restore(backup)
    after, keys_after = rows(vault), rows(vault, 'keys.db')
    assert before.keys() == after.keys() and len(before['lookup']) > 20
    for table in before.keys() - LEFT_OUT - GOES_ON:
        assert before[table] == after[table], table
    last = int(Backup(backup[0]).manifest['entry'])
    assert {row for row in before['entry'] if row[0] <= last} == {row for row in after['entry'] if row[0] <= last}
    assert {row[1] for row in before['outbox']} == {row[1] for row in after['outbox']}
    assert {name for name, *_ in keys_before['named_key']} <= {name for name, *_ in keys_after['named_key']}
    assert {no for no, *_ in keys_before['subject_key']} == {no for no, *_ in keys_after['subject_key']}
    assert not keys_before['kek'] & keys_after['kek'] and keys_before['escrow_key'] == keys_after['escrow_key']
    assert {name for name, value in before['setting'] if (name, value) not in after['setting']} <= {'delivery', 'outbox', 'backup_places'}
    vault.start()
    assert vault.operator.get(f'/v1/requests/{request.json["id"]}/messages').json['messages'][0]['words'] == 'Vad har ni om mig?'
    whole(vault)
