"""The dump: whoever copies everything that a server leaves, but the root key, finds nobody.

People, evidence, searches, decisions, imports and failing requests with canaries in every place;
then every file is looked through: databases, logs, reserve, stderr, temporary folders.
"""
import base64
import csv
import hashlib
import http.client
import io
import json
import os
import random
import socket
import sqlite3

import pytest

from canary import Finder, Maker, left_by
from people import ALL_SCOPES, COMMON
from server import Server

SEED = os.environ.get('VALV_SEED') or str(random.SystemRandom().randrange(1 << 32))

TYPES = ['text', 'name', 'email', 'phone', 'street', 'city', 'region', 'date', 'birth_date', 'ip', 'personnummer',
         'url', 'number', 'iban']
LOOKUPS = {'name': 'folded', 'email': 'exact', 'phone': 'exact', 'iban': 'exact', 'personnummer': 'exact',
           'text': 'exact', 'ip': 'exact', 'number': 'exact', 'city': 'folded', 'url': 'exact', 'birth_date': 'exact'}


def table(rows):
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()


def field(type):
    definition = {'title': {'sv': type}, 'type': type, 'lookup': LOOKUPS.get(type, 'none')}
    if type in ('email', 'phone'):
        definition['address'] = type
    if type in ('street',):
        definition['address'] = 'post'
    if type == 'phone':
        definition['region'] = 'SE'
    if type == 'personnummer':
        definition['justification'] = {'ground': 'identification', 'text': 'Provet'}
    return definition


def purposes():
    for name, basis, fields, more in (
            ('letters', 'consent', ['email', 'name', 'phone', 'text', 'city'], {
                'marketing': True, 'channels': ['email', 'sms'], 'retention': {'period': 'P2Y'}}),
            ('orders', 'contract', TYPES, {'channels': ['email'], 'retention': {'period': 'P1Y', 'from': 'ended'}}),
            ('asking', 'legitimate_interest', ['email', 'name'], {
                'marketing': True, 'tell_first': True, 'channels': ['email'], 'retention': {'period': 'P30D'},
                'assessment': {'purpose': 'a', 'necessity': 'b', 'balance': 'c', 'safeguards': 'd',
                               'review_at': '2035-01-01'}})):
        yield name, {**COMMON, 'title': {'sv': name, 'en': name}, 'basis': basis, 'fields': fields,
                     'notices': {'sv': f'Om {name}.', 'en': f'About {name}.'}, **more}


class Scene:
    """Everything that happens, with a note of every canary."""

    def __init__(self, folder):
        self.make = Maker(SEED)
        self.finder = Finder()
        self.folder = folder
        self.temporary = folder / 'tmp'
        self.home = folder / 'home'
        self.temporary.mkdir()
        self.home.mkdir()
        self.server = Server(folder / 'vault', folder / 'logs').init()
        self.start()
        caller = self.server.caller()
        for type in TYPES:
            caller.good('PUT', f'/v1/fields/{type}', field(type))
        for name, definition in purposes():
            caller.good('PUT', f'/v1/purposes/{name}', definition)
            caller.good('POST', f'/v1/purposes/{name}/activate')
        self.key = caller.good('POST', '/v1/keys', {'name': 'dump', 'scopes': ALL_SCOPES + ['import'],
                                                    'purposes': '*'})['key']
        self.secret(self.key, 'API key')

    def start(self):
        self.server.start(env={'TMPDIR': str(self.temporary), 'SQLITE_TMPDIR': str(self.temporary),
                               'HOME': str(self.home)}, prepare=lambda: os.chdir(self.home))

    def secret(self, text, label):
        """A random secret may be stored as its hash (crypto/seal.h), but not as it is."""
        random_part = text.split('_', 1)[1]
        for octets in (text.encode(), random_part.encode(), base64.urlsafe_b64decode(random_part + '==')):
            self.finder.form(octets, label)

    def token(self, label):
        token = self.make.token(16)
        self.finder.add(token, label)
        return token

    def value(self, type, label):
        value = self.make.value(type)
        self.finder.add(value, f'{type} {label}')
        return value

    def values(self, label):
        return {type: self.value(type, label) for type in TYPES}

    def person(self, caller, label):
        values = self.values(label)
        answer = caller.post('/v1/subjects', {'values': values, 'grounds': [
            {'purpose': 'orders', 'evidence': {'reference': self.token(f'evidence of {label}'),
                                               'note': self.value('email', f'evidence of {label}')}},
            {'purpose': 'letters', 'language': 'sv', 'method': 'web_form',
             'guardian': self.token(f'guardian of {label}'),
             'evidence': {'ip': self.value('ip', f'evidence of {label}'),
                          self.token('member name of evidence'): self.token('member of evidence')}}]},
            Idempotency_Key=self.token(f'idempotency key of {label}'))
        assert answer.status == 201, answer
        id = answer.json['id']
        for name, value in caller.good('GET', f'/v1/subjects/{id}', Valv_Purpose='orders')['values'].items():
            self.finder.add(value['value'], f'{name} of {label}, stored')
        return id, values

    # --- what goes well -----------------------------------------------------------------------------

    def people(self):
        caller = self.server.caller(self.key)
        for n in range(3):
            id, values = self.person(caller, f'person {n}')
            version = caller.get(f'/v1/subjects/{id}', Valv_Purpose='orders').headers['ETag']
            answer = caller.patch(f'/v1/subjects/{id}', {'values': self.values(f'corrected {n}')}, If_Match=version)
            assert answer.status == 200, answer
            caller.good('POST', f'/v1/subjects/{id}/holds', {'reason': self.token('reason of a hold'),
                                                             'fields': ['name']})
            for body in ({'purpose': 'letters', 'act': 'given', 'language': 'sv', 'method': 'phone',
                          'evidence': {'recording': self.token('evidence of consent')}},
                         {'purpose': 'letters', 'act': 'withdrawn', 'evidence': {'mail': self.token('evidence of no')}}):
                caller.good('POST', f'/v1/subjects/{id}/consents', body)
            if n == 1:  # all of it goes
                caller.good('POST', f'/v1/subjects/{id}/grounds', {'purpose': 'orders', 'act': 'stopped'})
            self.ask(caller, id, values, f'of person {n}')
            caller.good('GET', f'/v1/subjects/{id}/consents')

    def ask(self, caller, id, values, label):
        for type in LOOKUPS:
            for value in (values[type], self.value(type, f'searched, not {label}')):
                caller.good('POST', '/v1/subjects/search', {'field': type, 'value': value})
                caller.good('POST', '/v1/decisions', {'field': type, 'value': value, 'purpose': 'letters',
                                                      'channel': 'email'})
        lines = [{'subject': id, 'purpose': 'letters', 'channel': 'email'}]
        lines += [{'field': type, 'value': self.value(type, 'batch'), 'purpose': 'letters', 'channel': 'sms'}
                  for type in LOOKUPS]
        lines += [{self.token('member of a line'): 1}, {'field': self.token('field of a line'), 'value': 'x'}]
        body = '\n'.join(json.dumps(line) for line in lines).encode() + b'\n{"' + \
            self.token('bad line').encode() + b'\n'
        answer = caller.post('/v1/decisions/batch', body, Content_Type='application/x-ndjson')
        assert answer.status == 200, answer
        for type in ('email', 'phone'):
            stopped = {'address': type, 'value': self.value(type, 'suppressed')}
            caller.good('POST', '/v1/suppressions', {**stopped, 'scope': 'marketing', 'source': 'complaint'})
            caller.good('POST', '/v1/suppressions/search', stopped)

    def imports(self):
        caller = self.server.caller(self.key)
        rows = [['E-post', 'Namn', 'Telefon', 'Ja', 'Anteckning', 'När']]
        rows += [[self.value('email', 'imported'), self.value('name', 'imported'), self.value('phone', 'imported'),
                  'ja', self.token('cell of no column'), '2026-10-01'] for _ in range(8)]
        rows += [[self.token('bad address'), self.value('name', 'bad row'), self.token('bad number'), 'nej', '', ''],
                 [self.value('email', 'unsubscribed'), '', '', 'nej', '', '']]
        whole, headless = table(rows), table(rows[1:])
        people = [[self.value('name', 'in a list without header'), self.value('city', 'in a list without header')]
                  for _ in range(6)]
        settings = {'source': 'provet', 'rest': {'keep_for': 'orders'},
                    'evidence': {'reference': 'avtal 7'}}
        for octets, more in ((whole, {'rest': {'ask_first': 'asking'}, 'told': True}),
                             (whole, {'consents': [{'purpose': 'letters'}], 'evidence': {'source': 'mässan', 'words': 'Ja!'},
                                      'columns': {'Ja': '@consent', 'När': '@consent_at', 'Anteckning': 'text'}}),
                             (whole.decode().encode('utf-16'), {'dry_run': True}),
                             # The first row is a person: said so, to be seen, not to be seen, said otherwise.
                             (headless, {'format': {'header': False}, 'columns': {'1': 'email', '2': 'name'}}),
                             (headless, {}),
                             (table(people), {}),
                             (table(people), {'format': {'header': True}}),
                             (b'\xff\xfe\0' + self.token('broken file').encode(), {}),
                             (b'email,"' + self.token('open quote').encode(), {})):
            begun = caller.good('POST', '/v1/imports', {**settings, **more})
            answer = caller.post(f'/v1/imports/{begun["id"]}/rows?offset=0&last=true', octets, Content_Type='text/csv')
            assert answer.status < 500, answer
            for path in ('', '/problems', '/ask'):
                assert caller.get(f'/v1/imports/{begun["id"]}{path}').status < 500
        caller.post(f'/v1/imports/{begun["id"]}/undo')

    # --- what goes wrong ----------------------------------------------------------------------------

    def failures(self):
        caller = self.server.caller(self.key)
        id, values = self.person(caller, 'failures')
        ground = [{'purpose': 'orders', 'evidence': {'reference': 'o-1'}}]
        bodies = [
            {'values': {self.token('unknown field'): self.value('email', 'of an unknown field')}, 'grounds': ground},
            {self.token('unknown member'): 1},
            {'values': {'email': self.token('no address')}, 'grounds': ground},
            {'values': {'personnummer': self.value('number', 'as personnummer')}, 'grounds': ground},
            {'values': {'iban': self.value('text', 'as iban')}, 'grounds': ground},
            {'values': {'birth_date': self.value('name', 'as date')}, 'grounds': ground},
            {'values': {'email': self.value('email', 'without ground')}},
            {'values': {'email': self.value('email', 'wrong purpose')}, 'grounds': [{'purpose': self.token('purpose')}]},
            {'values': {'email': [self.value('email', 'in a list')]}, 'grounds': ground},
            {'values': {'text': self.value('text', 'too long') * 2000}, 'grounds': ground},
            {'kind': self.token('kind'), 'grounds': ground},
        ]
        for body in bodies:
            self.refused(caller.post('/v1/subjects', body))
        raw = self.value('email', 'in broken JSON')
        for octets in (b'{"values":{"email":"' + raw.encode(), raw.encode(), b'{"' + raw.encode() + b'":1,"' + raw.encode() + b'":2}',
                       b'\xff' + raw.encode(), b'["' + raw.encode() + b'\\u0000"]', b'"' + raw.encode() * 20000 + b'"'):
            self.refused(caller.post('/v1/subjects', octets, Content_Type='application/json'))
        self.refused(caller.post('/v1/subjects', raw.encode(), Content_Type=self.token('media type')))
        self.refused(caller.patch(f'/v1/subjects/{id}', {'values': {'email': self.token('patch')}},
                                  If_Match=f'"{self.token("etag")}"'))
        self.refused(caller.patch(f'/v1/subjects/{id}', {'values': {'email': self.value('email', 'stale')}},
                                  If_Match='"77"'))
        self.refused(caller.get(f'/v1/subjects/{id}', Valv_Purpose=self.token('Valv-Purpose')))
        self.refused(caller.post('/v1/decisions', {'field': self.token('field'), 'value': values['email'],
                                                   'purpose': 'letters', 'channel': 'email'}))
        self.refused(caller.put(f'/v1/settings/{self.token("setting")}', {'value': 1}))
        for target in ('/v1/subjects/{}', '/v1/subjects/{}/consents', '/v1/fields/{}', '/v1/{}', '/{}',
                       '/v1/audit/entries?after={}', '/v1/audit/entries?subject={}', '/v1/keys?limit={}',
                       '/problems/{}', '/v1/notices/{}', '/v1/settings/{}', '/v1/imports/{}'):
            self.refused(caller.get(target.format(self.token(f'target {target}'))))
        for name in ('User-Agent', 'Referer', 'Cookie', 'X-Forwarded-For', 'Forwarded', 'Accept', 'Accept-Language',
                     'From', 'Origin', 'X-Request-Id', 'Traceparent', self.token('header name')):
            caller.call('GET', '/v1/fields', **{name: self.token(f'header {name}')})
        self.strangers()
        self.raw_requests()

    @staticmethod
    def refused(answer):
        assert 400 <= answer.status < 500, answer

    def strangers(self):
        for key in (self.token('bearer'), 'valv_' + self.token('key') * 3, self.value('email', 'as key')):
            connection = http.client.HTTPConnection(*self.address())
            connection.request('POST', '/v1/subjects/search', headers={'Authorization': f'Bearer {key}'.encode()},
                               body=json.dumps({'field': 'email', 'value': self.value('email', 'of a stranger')}))
            assert connection.getresponse().status == 401
            connection.close()
        basic = base64.b64encode(f'{self.token("user")}:{self.token("password")}'.encode()).decode()
        connection = http.client.HTTPConnection(*self.address())
        connection.request('GET', '/v1/fields', headers={'Authorization': f'Basic {basic}'})
        assert connection.getresponse().status == 401
        connection.close()

    def address(self):
        host, port = self.server.url.removeprefix('http://').rsplit(':', 1)
        return host, int(port)

    def raw_requests(self):
        """What is refused before anybody reads it as a call."""
        for text in ('{0} / HTTP/1.1\r\nHost: a\r\n\r\n', 'GET /{0} HTTP/9.9\r\n\r\n', 'GET /\0{0} HTTP/1.1\r\nHost: a\r\n\r\n',
                     'GET / HTTP/1.1\r\nHost: {0}\r\nHost: {0}\r\n\r\n', '{0}\r\n\r\n', 'GET / HTTP/1.1\r\nHost: a\r\n{0}\r\n\r\n',
                     'POST /v1/subjects HTTP/1.1\r\nHost: a\r\nContent-Length: {0}\r\n\r\n{0}',
                     'POST /v1/subjects HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n{0}',
                     'POST /v1/subjects HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz{0}\r\n',
                     'GET / HTTP/1.1\r\nHost: a\r\nX: {0}\r\n {0}\r\n\r\n', 'GET /%2e%2e/{0} HTTP/1.1\r\nHost: a\r\n\r\n',
                     'POST /v1/subjects HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\n\r\n{0}'):
            with socket.create_connection(self.address(), timeout=10) as connection:
                connection.sendall(text.format(self.token('raw request')).encode())
                connection.shutdown(socket.SHUT_WR)
                try:
                    while connection.recv(65536):
                        pass
                except OSError:
                    pass

    # --- and then -----------------------------------------------------------------------------------

    def found(self):
        """Every canary that anything holds, by file."""
        root = (self.server.data / 'root.key').read_bytes()
        wrong = []
        for name, octets in left_by(self.server, self.folder):
            wrong += [f'{os.path.relpath(name, self.folder)} at {at}: {what}'
                      for what, at in self.finder.search(octets).items()]
            if not name.endswith('root.key') and root.strip().splitlines()[-1] in octets:
                wrong.append(f'{name}: the root key')
        return wrong


@pytest.fixture(name='scene', scope='module')
def all_that_happens(tmp_path_factory):
    print(f'VALV_SEED={SEED}')
    scene = Scene(tmp_path_factory.mktemp('dump'))
    scene.people()
    scene.imports()
    scene.failures()
    yield scene
    scene.server.kill()


def test_a_dump_of_a_running_server_holds_nobody(scene):
    assert scene.finder.count > 10_000
    assert scene.found() == []
    entries = sqlite3.connect(f'file:{scene.server.data}/valv.db?mode=ro', uri=True)
    assert entries.execute('SELECT count(*) FROM entry').fetchone()[0] > 100  # it did happen
    entries.close()


def test_a_dump_after_kill_9_holds_nobody(scene):
    scene.server.kill()
    assert (scene.server.data / 'valv.db-wal').stat().st_size > 0
    assert scene.found() == []
    scene.start()
    caller = scene.server.caller()
    caller.good('POST', '/v1/admin/rotate')
    caller.good('POST', '/v1/admin/checkpoint')
    assert scene.found() == []
    scene.server.stop()
    assert scene.found() == []


def test_what_is_planted_is_found(tmp_path):
    """A search that finds nothing proves nothing until it has found something."""
    make = Maker(SEED)
    for type in TYPES:
        value = make.value(type)
        finder = Finder()
        finder.add(value, type)
        noise = random.Random(SEED).randbytes(5000)
        assert finder.search(noise + bytes(9000)) == {}
        planted = [value.encode(), value.lower().encode(), value.upper().encode(), value.encode('utf-16-le'),
                   value.encode().hex().encode(), base64.b64encode(b'ab' + value.encode() + b'cd'),
                   base64.urlsafe_b64encode(value.encode()), json.dumps(value).encode(),
                   hashlib.sha256(value.encode()).digest(), hashlib.sha256(value.lower().encode()).hexdigest().encode(),
                   hashlib.md5(value.upper().encode()).digest(), hashlib.sha1(value.encode()).hexdigest().encode(),
                   hashlib.blake2b(value.encode(), digest_size=32).digest()]
        for octets in planted:
            for before in (noise, bytes(4090)):  # across the edge of a page, too
                assert finder.search(before + octets + noise), (type, octets)
    # in a table, beside sealed ones
    finder = Finder()
    finder.add('Planterad Person', 'name')
    path = tmp_path / 'valv.db'
    base = sqlite3.connect(path)
    base.execute('CREATE TABLE t (a, b)')
    base.execute('INSERT INTO t VALUES (?, ?)', (os.urandom(300), 'planterad person'))
    base.commit()
    base.close()
    assert finder.search(path.read_bytes())
