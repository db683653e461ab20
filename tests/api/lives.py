"""A vault that is backed up, lost and restored, and what is asked of it afterwards."""
import json
import os
import pathlib
import subprocess

from client import Client, Description
from conftest import VALV, Server


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

    def init(self, *more):
        subprocess.run([VALV, 'init', '--data', str(self.server.data), '--facts', str(self.facts), *more], check=True,
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
        return pathlib.Path(reply.json['data']), pathlib.Path(reply.json['keys'])

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
