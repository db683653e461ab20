"""`valv restore`: what was taken away after a backup does not come back with it."""
import json
import os
import pathlib
import shutil
import subprocess

import pytest

import definitions
from client import Client, Description
from conftest import VALV, Server
from definitions import consent, contract, make_person, read

REFUSED, USAGE, NOT_FOUND = 1, 2, 4
ANY = {'If-Match': '*'}


class Vault:
    """One that can be backed up, lost and restored.  The root key lies apart, as it should."""

    def __init__(self, folder, description=None):
        folder.mkdir(exist_ok=True)
        self.folder, self.description = folder, description
        self.root, self.to, self.keys = folder / 'root.key', folder / 'to', folder / 'keys'
        self.env = {'VALV_ROOT_KEY_FILE': str(self.root)}
        self.lives = 0
        self.server = Server(folder)
        self.facts = folder / 'facts'

    def init(self):
        subprocess.run([VALV, 'init', '--data', str(self.server.data), '--facts', str(self.facts)], check=True,
                       capture_output=True, env={**os.environ, **self.env}, timeout=120)
        return self

    def start(self, **env):
        self.server.start({**self.env, **env})
        if not self.description:
            self.description = Description(Client(self.server.url).raw('GET', '/v1/openapi.json').json)
        self.operator = Client(self.server.socket, self.description)
        self.api = Client(self.server.url, self.description)
        return self

    def stop(self, how='terminate'):
        self.server.stop(how)

    def key(self, scopes=('read', 'write', 'withdraw', 'decide', 'search', 'rights', 'erase', 'ledger'), purposes='*'):
        reply = self.operator.post('/v1/keys', {'name': 'a-key', 'scopes': list(scopes), 'purposes': purposes})
        assert reply.status == 201, reply
        return reply.json['id'], reply.json['key']

    def backup(self):
        """(data, keys) of a moment."""
        reply = self.operator.post('/v1/admin/backups', {'data': str(self.to), 'keys': str(self.keys)})
        assert reply.status == 201, reply
        newest = sorted(self.to.glob('data-*'))[-1]
        return newest, self.keys / newest.name.replace('data-', 'keys-')

    def restore(self, backup, *more, status=0, folder=None, facts=None, env=None):
        """Into a directory of its own; self becomes that vault unless it was refused."""
        self.lives += 1
        folder = folder or self.folder / f'life{self.lives}'
        folder.mkdir(exist_ok=True)
        done = subprocess.run([VALV, 'restore', '--data', str(folder / 'data'), '--from', str(backup[0]), '--keys-from',
                               str(backup[1]), '--facts', str(facts or self.facts), *(() if status else ('--json',)), *more],
                              capture_output=True, text=True, env={**os.environ, **self.env, **(env or {})}, timeout=300)
        assert done.returncode == status, (done.returncode, done.stdout, done.stderr)
        if status:
            return done.stderr
        self.server = Server(folder)
        return json.loads(done.stdout)


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


def erase(client, id, **body):
    reply = client.post(f'/v1/subjects/{id}/erasure', body)
    assert reply.status == 200, reply
    return reply.json


def act(client, id, kind, body):
    reply = client.post(f'/v1/subjects/{id}/{kind}', body)
    assert reply.status in (200, 201), reply
    return reply.json


def decide(client, id, purpose='newsletter', channel='email', **more):
    reply = client.post('/v1/decisions', {'subject': id, 'purpose': purpose, 'channel': channel, **more})
    assert reply.status == 200, reply
    return reply.json


def ledger(client, id):
    reply = client.get(f'/v1/subjects/{id}/consents')
    assert reply.status == 200, reply
    return reply.json['acts']


def whole(vault):
    """The store says what its ledgers and its audit log say."""
    done = subprocess.run([VALV, 'verify', '--data', str(vault.server.data)], capture_output=True, text=True,
                          env={**os.environ, **vault.env}, timeout=300)
    assert done.returncode == 0, (done.stdout, done.stderr)


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
    assert read(client, ids['restricted']).status == 422
    assert read(client, ids['erased']).status == 410
    assert client.using(key).get(f'/v1/subjects/{ids["none"]}').status == 401
    assert vault.api.using(key).get('/v1/purposes').status == 401
    assert read(vault.api.using(other), ids['none']).status == 200
    found = client.post('/v1/suppressions/search', {'address': 'email', 'value': 'stop.me@example.com'}).json
    assert [s['scope'] for s in found['suppressions']] == ['everything']
    whole(vault)
