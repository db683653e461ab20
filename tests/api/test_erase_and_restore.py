"""A thousand people with canary strings; backups before, between and after what they take back; every backup is
restored, and nothing of it is back."""
import base64
import os
import random
import sqlite3
import subprocess

import pytest

import definitions
from backups import Backup
from conftest import VALV
from definitions import consent, contract, make_person, read
from lives import Vault, act, decide, erase, ledger, whole

PEOPLE = 1000
CANARY = 'kanariefagelqz'  # every value of everybody begins with it
ANY = {'If-Match': '*'}
KINDS = ('erased', 'withdrawn', 'objected', 'restricted', 'corrected', 'fields', 'stopped')


def address(n):
    return f'{CANARY}.{n}@example.com'


def forms(text):
    """As octets: in any letter case, in hexadecimal, in base64 wherever it begins, in UTF-16."""
    for cased in (text, text.upper(), text.capitalize()):
        octets = cased.encode()
        yield octets
        yield octets.hex().encode()
        yield octets.hex().upper().encode()
        yield cased.encode('utf-16-le')
        yield cased.encode('utf-16-be')
        for shift in range(3):
            whole_groups = base64.b64encode(b'\0' * shift + octets)
            yield whole_groups[4 if shift else 0:-4]


def canaries_in(folder):
    wanted, found = list(forms(CANARY)), []
    for path in folder.rglob('*'):
        if path.is_file():
            octets = path.read_bytes()
            found += [(path, form) for form in wanted if form in octets]
    return found


class Story:
    """What everybody did, and between which two backups."""

    def __init__(self, folder, seed):
        self.random = random.Random(seed)
        self.vault = Vault(folder).init().start()
        assert self.vault.operator.put('/v1/fields/nick', {'title': definitions.texts('nick'), 'type': 'text',
                                                           'lookup': 'exact'}).status == 201
        definitions.put_all(self.vault.operator, without=('nick',))
        self.ids = [self.make(n) for n in range(PEOPLE)]
        order = list(range(PEOPLE))
        self.random.shuffle(order)
        each = PEOPLE // 10
        self.who = {kind: order[n * each:(n + 1) * each] for n, kind in enumerate(KINDS)}
        self.others = order[len(KINDS) * each:]
        self.keys = [self.vault.key() for _ in range(4)]
        self.backups = [self.vault.backup()]
        for part in (0, 1):  # half of them, and then the rest
            for kind in KINDS:
                for n in self.who[kind][part::2]:
                    getattr(self, kind)(n)
            for key, _ in self.keys[part:3:2]:
                assert self.vault.operator.delete(f'/v1/keys/{key}').status == 204
            self.backups.append(self.vault.backup())
        self.vault.stop()
        self.numbers = self.numbers_used()

    def make(self, n):
        values = {'email': address(n), 'name': f'{CANARY} Björk {n}', 'nick': f'{CANARY}-old-{n}'}
        return make_person(self.vault.operator, values, [consent()])[0]

    def numbers_used(self):
        with sqlite3.connect(f'file:{self.vault.server.data}/valv.db?mode=ro', uri=True) as db:
            return db.execute('SELECT (SELECT MAX(no) FROM subject), (SELECT MAX(seq) FROM entry)').fetchone()

    # What can happen to somebody.

    def erased(self, n):
        erase(self.vault.operator, self.ids[n])

    def withdrawn(self, n):
        act(self.vault.operator, self.ids[n], 'withdrawals', {'purpose': 'newsletter'})

    def objected(self, n):
        act(self.vault.operator, self.ids[n], 'objections', {})

    def restricted(self, n):
        act(self.vault.operator, self.ids[n], 'restriction', {'act': 'restricted', 'reason': 'accuracy'})

    def corrected(self, n):
        reply = self.vault.operator.patch(f'/v1/subjects/{self.ids[n]}', {'values': {'nick': f'{CANARY}-new-{n}'}}, headers=ANY)
        assert reply.status == 200, reply

    def fields(self, n):
        erase(self.vault.operator, self.ids[n], fields=['nick'])

    def stopped(self, n):
        reply = self.vault.operator.post('/v1/suppressions', {'address': 'email', 'value': address(n), 'scope': 'marketing',
                                                              'source': 'unsubscribe'})
        assert reply.status == 204, reply


@pytest.fixture(scope='module')
def story(tmp_path_factory):
    story = Story(tmp_path_factory.mktemp('story') / 'vault', seed=20261127)
    yield story
    story.vault.stop('kill')


def nobody_back(story):
    client = story.vault.operator
    for n in story.who['erased']:
        assert read(client, story.ids[n]).status == 410
        for field, value in (('email', address(n)), ('nick', f'{CANARY}-old-{n}')):
            found = client.post('/v1/subjects/search', {'field': field, 'value': value})
            assert found.status == 200 and found.json['subjects'] == [], found
        assert not client.post('/v1/decisions', {'field': 'email', 'value': address(n), 'purpose': 'newsletter',
                                                 'channel': 'email'}).json['allowed']
    with sqlite3.connect(f'file:{story.vault.server.data}/keys.db?mode=ro', uri=True) as keys, \
            sqlite3.connect(f'file:{story.vault.server.data}/valv.db?mode=ro', uri=True) as db:
        numbers = {no: state for no, state in db.execute('SELECT no, state FROM subject')}
        wrapped = {no for no, in keys.execute('SELECT subject FROM subject_key')}
        assert sum(state == 2 for state in numbers.values()) == len(story.who['erased'])
        assert not [no for no, state in numbers.items() if state == 2 and no in wrapped]


def nothing_allowed(story):
    client = story.vault.operator
    for kind in ('withdrawn', 'objected', 'restricted', 'stopped'):
        for n in story.who[kind]:
            assert not decide(client, story.ids[n])['allowed'], kind
            by_value = {'field': 'email', 'value': address(n), 'purpose': 'newsletter', 'channel': 'email'}
            assert not client.post('/v1/decisions', by_value).json['allowed'], kind
    for n in story.others[:100]:
        assert decide(client, story.ids[n])['allowed']
    for n in story.who['withdrawn']:
        assert read(client, story.ids[n]).status == 422
        assert [a['act'] for a in ledger(client, story.ids[n])] == ['given', 'withdrawn']


def no_old_value(story):
    client = story.vault.operator
    for kind in ('corrected', 'fields'):
        for n in story.who[kind]:
            nick = read(client, story.ids[n]).json['values'].get('nick', {'value': None})['value']
            assert nick in (None, f'{CANARY}-new-{n}'), (kind, nick)
            found = client.post('/v1/subjects/search', {'field': 'nick', 'value': f'{CANARY}-old-{n}'}).json
            assert found['subjects'] == [], kind
    for n in story.others[:100]:
        assert read(client, story.ids[n]).json['values']['nick']['value'] == f'{CANARY}-old-{n}'
        found = client.post('/v1/subjects/search', {'field': 'nick', 'value': f'{CANARY}-old-{n}'}).json
        assert found['subjects'] == [story.ids[n]]


def no_revoked_key(story):
    status = [read(story.vault.api.using(key), story.ids[story.others[0]]).status for _, key in story.keys]
    assert status == [401, 401, 401, 200]


def numbers_go_on(story, at, told):
    make_person(story.vault.operator)
    backup = Backup(story.backups[at][0]).manifest
    with sqlite3.connect(f'file:{story.vault.server.data}/valv.db?mode=ro', uri=True) as db:
        for table, number, last, used in (('subject', 'no', int(backup['subjects']) - 1, story.numbers[0]),
                                          ('entry', 'seq', int(backup['entry']), story.numbers[1])):
            again = f'SELECT COUNT(*) FROM {table} WHERE {number} > ? AND {number} <= ?'
            assert db.execute(again, (last, used)).fetchone() == (0,), table
    numbers = story.numbers_used()
    assert numbers[0] > story.numbers[0] and told['entry'] > story.numbers[1]
    story.numbers = numbers


def no_canary_readable(story):
    texts = '\n'.join([address(n) for n in range(PEOPLE)] + [f'{CANARY}-old-{n}' for n in range(PEOPLE)] + [CANARY])
    done = subprocess.run([VALV, 'residue', '-', '--data', str(story.vault.server.data), '--also', str(story.vault.folder)],
                          input=texts, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-2000:]
    assert not canaries_in(story.vault.folder)


@pytest.mark.parametrize('when', ['before', 'between', 'after'])
def test_nothing_that_was_taken_back_is_back(story, when):
    at = ['before', 'between', 'after'].index(when)
    told = story.vault.restore(story.backups[at])
    erased = len(story.who['erased'])
    assert told['persons'] == [PEOPLE - erased, PEOPLE - erased // 2, PEOPLE][at] or at
    assert told['facts']['persons_erased'] == [erased, erased // 2, 0][at]
    story.vault.start()
    nobody_back(story)
    nothing_allowed(story)
    no_old_value(story)
    no_revoked_key(story)
    numbers_go_on(story, at, told)
    whole(story.vault)
    story.vault.stop()
    no_canary_readable(story)


def test_without_the_ledger_none_of_them_is_restored(story, tmp_path):
    for backup in story.backups:
        said = story.vault.restore(backup, status=1, facts=tmp_path)
        assert 'ledger of facts is not there' in said
        assert not (story.vault.folder / f'life{story.vault.lives}' / 'data').exists()
