"""A store of this version, kept: it opens, verifies and reads the same for ever; and its octets are
what the headers say, read without Valv (sealed.py)."""
import hashlib
import json
import pathlib
import shutil
import sqlite3
import struct
import time

import pytest

import make_store
import sealed
from server import BINARY, Dead, Server

STORE = pathlib.Path(__file__).parent / 'store-v1'


def copy_to(folder, store=STORE):
    """A vault that may be written to; git keeps no modes."""
    shutil.copytree(store, folder)
    folder.chmod(0o700)
    for path in folder.iterdir():
        path.chmod(0o600)
    return folder


@pytest.fixture(name='told')
def what_was_answered():
    return json.loads((STORE / 'answers.json').read_text())


@pytest.fixture(name='at')
def start_at(tmp_path, told):
    """Starts a copy of the store so many seconds after it was made."""
    server = Server(copy_to(tmp_path / 'vault'), tmp_path / 'logs')

    def start(seconds):
        clock = tmp_path / 'clock'
        clock.write_text(str(round((told['made_at'] + seconds - time.time()) * 1e6)))
        server.start(env={'VALV_TEST_CLOCK': str(clock)})
        return server

    yield start
    server.kill()


@pytest.fixture(name='server')
def old_vault(at):
    return at(600)


def differences(before, now, at=''):
    """Readable ones."""
    if isinstance(before, dict) and isinstance(now, dict):
        for key in sorted({*before, *now}):
            yield from differences(before.get(key), now.get(key), f'{at}/{key}')
    elif isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        for n, pair in enumerate(zip(before, now)):
            yield from differences(*pair, f'{at}/{n}')
    elif before != now:
        yield f'{at}: {before!r} then, {now!r} now'


# --- through the binary -----------------------------------------------------------------------------


def test_an_old_store_verifies_and_answers_as_it_did(server, told):
    assert server.verify()['findings'] == []
    caller = server.caller()
    found = list(differences(told['answers'], make_store.answers(caller, told['ids'])))
    assert not found, '\n'.join(found[:40])


@pytest.mark.parametrize('years', [2, 50])
def test_an_old_store_reads_the_same_after_years(at, told, years):
    server = at(years * 365 * 86400)
    caller = server.caller()
    caller.good('POST', '/v1/admin/sweep')
    assert server.verify()['findings'] == []
    now = make_store.answers(caller, told['ids'])
    for answers in (told['answers'], now):
        # A sign-up that nobody confirmed is kept for days only; and what decisions say of it goes by place.
        for part in ('subjects', 'ledgers'):
            answers[part] = {who: what for who, what in answers[part].items() if who != 'unconfirmed'}
    before = {**told['answers'], 'decisions': None}
    assert not list(differences(before, {**now, 'decisions': None}))
    assert now['subjects']['anna']['rights']['values']['personnummer']['value'] == '198112289874'


def test_an_old_audit_log_is_all_there(server, told):
    found = {entry['seq']: entry for entry in server.caller().pages('/v1/audit/entries', 'entries')}
    wrong = [what for entry in told['entries'] for what in differences(entry, found.get(entry['seq']), str(entry['seq']))]
    assert not wrong, '\n'.join(wrong[:20])


def test_old_api_keys_work_and_revoked_ones_do_not(server, told):
    def status(name):
        return server.caller(told['keys'][name]['key']).get('/v1/fields').status

    assert (status('whole'), status('narrow'), status('revoked')) == (200, 200, 401)


def test_an_old_store_can_be_written_to_and_rotated(server, told):
    caller = server.caller()
    anna = told['ids']['anna']
    version = told['answers']['subjects']['anna']['rights']['version']
    assert caller.patch(f'/v1/subjects/{anna}', {'values': {'city': 'Kiruna'}}, If_Match=f'"{version}"').status == 200
    caller.good('POST', f'/v1/subjects/{anna}/withdrawals', {'purpose': 'letters'})
    new = caller.good('POST', '/v1/subjects', {'values': {'email': 'ny@example.org'},
                                               'grounds': [make_store.consent('letters')]})['id']
    assert caller.good('POST', '/v1/admin/rotate')['epoch'] == 3
    server.kill()
    server.start()
    assert server.verify()['findings'] == []
    caller = server.caller()
    assert caller.good('GET', f'/v1/subjects/{anna}', Valv_Purpose='order')['values']['city']['value'] == 'Kiruna'
    assert caller.get(f'/v1/subjects/{anna}', Valv_Purpose='letters').slug == 'no-ground'
    assert new in caller.good('POST', '/v1/subjects/search', {'field': 'email', 'value': 'NY@example.org'})['subjects']


def test_a_store_of_a_newer_version_is_refused(tmp_path):
    for name in ('valv.db', 'keys.db'):
        server = Server(copy_to(tmp_path / name), tmp_path / f'{name}.logs')
        base = sqlite3.connect(server.data / name)
        base.execute('PRAGMA user_version = 1000')
        base.close()
        with pytest.raises(Dead):
            server.start()
        assert 'newer' in server.stderr
        base = sqlite3.connect(server.data / name)
        assert base.execute('PRAGMA user_version').fetchone() == (1000,)
        base.close()


def test_another_vaults_root_key_is_refused(tmp_path):
    server = Server(copy_to(tmp_path / 'vault'), tmp_path / 'logs')
    (server.data / 'root.key').write_text('00' * 32 + '\n')
    with pytest.raises(Dead):
        server.start()
    assert 'root key' in server.stderr


# --- octet by octet -----------------------------------------------------------------------------------


class Raw:
    """The tables and the root key, and no Valv."""

    def __init__(self, folder):
        self.valv = sqlite3.connect(f'file:{folder}/valv.db?mode=ro', uri=True)
        self.keys = sqlite3.connect(f'file:{folder}/keys.db?mode=ro', uri=True)
        root = sealed.root((folder / 'root.key').read_text())
        self.keks = {epoch: sealed.kek(root, epoch, wrapped)
                     for epoch, wrapped in self.keys.execute('SELECT epoch, wrapped FROM kek')}
        self.named = {name: sealed.named_key(self.keks, name, wrapped)
                      for name, wrapped in self.keys.execute('SELECT name, wrapped FROM named_key')}
        self.fields = dict(self.valv.execute('SELECT no, name FROM field'))
        self.purposes = dict(self.valv.execute('SELECT no, name FROM purpose'))

    def close(self):
        self.valv.close()
        self.keys.close()

    def person(self, uid):
        row = self.valv.execute('SELECT no, version, standing, record, email_tag, phone_tag FROM subject WHERE id = ?',
                                (bytes.fromhex(uid.replace('-', '')),)).fetchone()
        wrapped, = self.keys.execute('SELECT wrapped FROM subject_key WHERE subject = ?', row[:1]).fetchone()
        return row, sealed.key_set(self.keks, row[0], wrapped)


@pytest.fixture(name='raw')
def raw_store(tmp_path):
    raw = Raw(copy_to(tmp_path / 'vault'))
    yield raw
    raw.close()


@pytest.fixture(scope='module', name='fresh')
def store_of_today(tmp_path_factory):
    """(folder, what it answers): the same people, written by the binary of today."""
    folder = tmp_path_factory.mktemp('fresh') / 'store'
    make_store.make(BINARY, folder)
    return folder, json.loads((folder / 'answers.json').read_text())


def moment(text):
    """RFC 3339 to microseconds."""
    import datetime
    at = datetime.datetime.fromisoformat(text.replace('Z', '+00:00'))
    return int(at.timestamp()) * 1_000_000 + at.microsecond


def hold_records(raw, told):
    for who, uid in told['ids'].items():
        (_, version, *_, record, _, _), keys = raw.person(uid)
        id = bytes.fromhex(uid.replace('-', ''))
        sections = sealed.record(id, keys, record)
        assert {no for no, *_ in sections} | {0} == set(keys), 'one key for each section, and one for evidence'
        found = {raw.fields[field]: (value, stored_at) for *_, values in sections
                 for field, _, stored_at, _, value in values}
        rights = told['answers']['subjects'][who]['rights']
        assert found == {name: (value['value'], moment(value['stored_at'])) for name, value in rights['values'].items()}
        assert version == rights['version'] and all(sealed_at <= version for _, sealed_at, _, _ in sections)
        for _, _, purposes, values in sections:  # what shares a section is covered by the same purposes
            assert purposes == sorted(set(purposes)) and values


def test_records_are_what_record_h_says(raw, told):
    hold_records(raw, told)


def test_records_of_today_are_what_record_h_says(fresh):
    folder, told = fresh
    raw = Raw(folder)
    hold_records(raw, told)
    raw.close()


def test_sealed_forms_are_bound_to_person_section_version_and_purposes(raw, told):
    (_, _, _, record, *_), keys = raw.person(told['ids']['anna'])
    id = bytes.fromhex(told['ids']['anna'].replace('-', ''))
    assert len(sealed.record(id, keys, record)) >= 2
    for at in (3, 7, 17):  # section, version, a purpose
        changed = bytearray(record)
        changed[at] ^= 1
        with pytest.raises((sealed.Broken, KeyError)):
            sealed.record(id, keys, bytes(changed))
    with pytest.raises(sealed.Broken):
        sealed.record(bytes.fromhex(told['ids']['withdrew'].replace('-', '')), keys, record)


def test_evidence_is_sealed_under_section_0(raw, told):
    opened = 0
    for who, uid in told['ids'].items():
        (no, *_), keys = raw.person(uid)
        id = bytes.fromhex(uid.replace('-', ''))
        rows = raw.valv.execute('SELECT seq, evidence FROM ledger WHERE subject = ? ORDER BY seq', (no,)).fetchall()
        assert [seq for seq, _ in rows] == [act['seq'] for act in told['answers']['ledgers'][who]]
        for (seq, octets), act in zip(rows, told['answers']['ledgers'][who]):
            if octets:
                assert json.loads(sealed.evidence(id, seq, keys, octets)) == act['evidence']
                opened += 1
    assert opened > 15


def hold_lookups(raw, told):
    """Digests are keyed BLAKE2b over blocks: who has the field's key finds the person."""
    numbers = {name: no for no, name in raw.fields.items()}
    anna = raw.person(told['ids']['anna'])[0][0]
    for field, variant, text in (('email', 'exact', 'anna.öberg@example.org'), ('phone', 'exact', '+46701740605'),
                                 ('name', 'full', 'anna oberg'), ('name', 'family', 'oberg'),
                                 ('iban', 'exact', 'SE3550000000054910000003'), ('personnummer', 'exact', '198112289874')):
        digest = sealed.digest(raw.named[f'lookup/{numbers[field]}'], variant.encode(), text.encode())[:16]  # LOOKUP_BYTES
        found = raw.valv.execute('SELECT subject FROM lookup WHERE field = ? AND digest = ?', (numbers[field], digest))
        assert (anna,) in found.fetchall(), (field, variant)
    stopped = sealed.digest(raw.named['suppression'], b'email', b'stopped@example.org')
    assert raw.valv.execute('SELECT scope, source FROM suppression WHERE digest = ?', (stopped,)).fetchall() == [(4, 4)]
    tag = raw.person(told['ids']['anna'])[0][4]
    assert tag == sealed.digest(raw.named['suppression'], b'email', b'anna.\xc3\xb6berg@example.org')


def test_lookups_and_suppressions_are_keyed_digests(raw, told):
    hold_lookups(raw, told)


def test_lookups_of_today_are_the_same(fresh):
    raw = Raw(fresh[0])
    hold_lookups(raw, fresh[1])
    raw.close()


def test_api_keys_are_kept_as_their_hash(raw, told):
    for name, made in told['keys'].items():
        digest = hashlib.blake2b(made['key'].encode(), digest_size=32).digest()
        row = raw.valv.execute('SELECT id, revoked_at IS NULL FROM api_key WHERE digest = ?', (digest,)).fetchone()
        assert row == (bytes.fromhex(made['id'].replace('-', '')), name != 'revoked')


def test_a_notice_is_named_by_the_sha_256_of_its_words(raw, told):
    for name, notice in told['answers']['notices'].items():
        digest = hashlib.sha256(notice['text'].encode())
        assert name == notice['hash'] == 'sha256:' + digest.hexdigest()
        assert raw.valv.execute('SELECT text FROM notice WHERE hash = ?', (digest.digest(),)).fetchone() == (notice['text'],)
    assert 'sha256:' + hashlib.sha256('Om letters.\nVi gör så här.'.encode()).hexdigest() in told['answers']['notices']


STATES = {'live': 1, 'pending': 2, 'restricted': 3, 'over': 4}
BASES = {name: no for no, name in enumerate(
    ('consent', 'contract', 'legal_obligation', 'vital_interest', 'public_task', 'legitimate_interest', 'soft_opt_in',
     'storage_only'), 1)}
FOR_EVER = (1 << 63) - 1


def test_standing_is_laid_out_as_before(raw, told):
    for who, uid in told['ids'].items():
        _, _, octets, *_ = raw.person(uid)[0]
        restricted, grounds, permissions, objections = sealed.standing(octets)
        rights = told['answers']['subjects'][who]['rights']
        assert restricted == rights['restricted']
        found = sorted((raw.purposes.get(purpose), version, basis, state, since, until, seq)
                       for purpose, version, basis, state, since, until, seq, _ in grounds if purpose)
        assert found == sorted((ground['purpose'], ground['version'], BASES[ground['basis']], STATES[ground['state']],
                                moment(ground['since']), moment(ground['until']) if ground['until'] else FOR_EVER,
                                ground['seq']) for ground in rights['grounds'] if ground['purpose'])
        assert bool(objections) == (who == 'objected')
        if who == 'again':
            states = {(raw.purposes[purpose], channel): state for purpose, _, channel, state, *_ in permissions}
            assert states == {('letters', 1): 6 - 1, ('letters', 2): 3}  # e-mail withdrawn, sms given
        if who == 'held':
            assert [detail for purpose, *_, detail in grounds if not purpose] == [struct.pack('<H', 2)]
