"""Starts the real binary ($VALV, build/test/src/main/valv unless said) once for all of these tests.

`api` is a client without a key, `operator` one on the server's own socket, `make_key` makes keys.
The vault holds the fields and purposes of definitions.py.
"""
import os
import pathlib
import subprocess
import time

import pytest

import definitions
from client import Client, Description

ROOT = pathlib.Path(__file__).resolve().parents[2]
VALV = os.environ.get('VALV', str(ROOT / 'build/test/src/main/valv'))


class Server:
    """One vault and the process that serves it."""

    def __init__(self, directory, *more):
        self.data = directory / 'data'
        self.ready = directory / 'ready'
        self.log = directory / 'log'
        self.more = more
        self.process = None

    def init(self, *more):
        subprocess.run([VALV, 'init', '--data', str(self.data), *more], check=True, capture_output=True, timeout=60)

    def start(self, env=None):
        self.ready.unlink(missing_ok=True)
        with self.log.open('ab') as log:
            self.process = subprocess.Popen(
                [VALV, 'serve', '--data', str(self.data), '--listen', '127.0.0.1:0',
                 '--ready-file', str(self.ready), *self.more],
                stdout=log, stderr=log, env={**os.environ, **(env or {})})
        until = time.monotonic() + 60
        while not self.ready.exists() or not self.ready.read_text().strip():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < until, 'the server does not become ready'
            time.sleep(0.02)
        self.url, *public = self.ready.read_text().split()
        self.public = public[0] if public else None  # with --public

    def stop(self, how='terminate'):
        if self.process and self.process.poll() is None:
            getattr(self.process, how)()
            assert self.process.wait(30) == (0 if how == 'terminate' else -9), self.log.read_text()
        self.process = None

    @property
    def socket(self):
        return str(self.data / 'valv.sock')


@pytest.fixture(scope='session')
def make_server(tmp_path_factory):
    servers = []

    def make(*more, init=()):
        server = Server(tmp_path_factory.mktemp('valv'), *more)
        server.init(*init)
        server.start()
        servers.append(server)
        return server

    yield make
    for server in servers:
        server.stop()


@pytest.fixture
def vault(tmp_path, description):
    """One of the test's own, that it may stop, restore and spoil."""
    from lives import Vault
    vault = Vault(tmp_path / 'vault', description).init()
    vault.start()
    definitions.put_all(vault.operator)
    yield vault
    vault.stop()


@pytest.fixture(scope='session')
def server(make_server):
    return make_server()


@pytest.fixture(scope='session')
def description(server):
    return Description(Client(server.url).raw('GET', '/v1/openapi.json').json)


@pytest.fixture(scope='session')
def operator(server, description):
    client = Client(server.socket, description)
    definitions.put_all(client)
    return client


@pytest.fixture(scope='session')
def api(server, description, operator):
    return Client(server.url, description)


@pytest.fixture(scope='session')
def make_key(operator):
    counter = iter(range(10 ** 6))

    def make(scopes, purposes='*', **more):
        reply = operator.post('/v1/keys', {'name': f'key{next(counter)}', 'scopes': scopes, 'purposes': purposes,
                                           **more})
        assert reply.status == 201, reply
        return reply.json['key']

    return make


ALL_SCOPES = ['define', 'read', 'write', 'search', 'decide', 'withdraw', 'import', 'ledger', 'audit', 'keys', 'metrics',
              'rights', 'erase', 'deliver']


@pytest.fixture(scope='session')
def key(make_key):
    """A key that may do everything a key can."""
    return make_key(ALL_SCOPES)


@pytest.fixture(scope='session')
def app(api, key):
    return api.using(key)


@pytest.fixture
def person(app):
    """A fresh person with a consent to the newsletter: (id, e-mail address)."""
    return definitions.make_person(app)
