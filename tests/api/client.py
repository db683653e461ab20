"""A small HTTP client that holds every reply against the API's own description.

    reply = client.post('/v1/subjects', {...}, key=KEY)      reply.status, reply.json, reply.header('ETag')

Each reply must have a status and a media type that /v1/openapi.json lists for its operation, a body
that its schema accepts, the headers that all replies have, no canary of the request, and never a
status of 5xx (503 under deliberate load excepted).  What was called is remembered, so that a last
test can tell which operations nobody called.
"""
import http.client
import json
import re
import socket
from urllib.parse import urlsplit

import jsonschema

CANARY = 'kanariefagel-7f3a'
SETS_COOKIES = {'/v1/session', '/v1/session/passkey', '/v1/invitation', '/v1/me/password',
                '/v1/session/fresh', '/v1/session/fresh/passkey', '/v1/me/totp/confirm', '/v1/me/passkeys'}


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout=30):
        super().__init__('valv', timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Reply:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def header(self, name):
        found = [value for key, value in self.headers if key.lower() == name.lower()]
        assert len(found) < 2, f'{name} is there {len(found)} times'
        return found[0] if found else None

    @property
    def type(self):
        return (self.header('Content-Type') or '').split(';')[0]

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def lines(self):
        return [json.loads(line) for line in self.body.splitlines()]

    @property
    def slug(self):
        """The last part of a problem's type; of SCIM's errors, which have none, what it would be."""
        if self.type == 'application/scim+json':
            assert self.json['status'] == str(self.status), self
            return {401: 'unauthenticated', 403: 'denied', 404: 'absent', 415: 'media-type'}.get(self.status, self.json.get('scimType'))
        assert self.type == 'application/problem+json', self
        return self.json['type'].removeprefix('/problems/')

    def __repr__(self):
        return f'<{self.status} {self.body[:600]!r}>'


class Description:
    """The OpenAPI document: finds operations, checks replies."""

    def __init__(self, document):
        self.document = document
        self.seen = set()  # (operationId, status)
        self.paths = []
        for path, methods in document['paths'].items():
            rest = any(operation.get('x-rest-of-path') for operation in methods.values())
            pattern = re.sub(r'\\\{[^/]*?\\\}', '.+' if rest else '[^/]+', re.escape(path))
            self.paths.append((path.count('{'), re.compile(pattern + r'\Z'), path))
        self.paths.sort(key=lambda item: item[0])
        self.validators = {}

        for _, _, operation in self.operations():  # so that the rest need not know of shared responses
            for status, response in operation['responses'].items():
                if '$ref' in response:
                    name = response['$ref'].removeprefix('#/components/responses/')
                    operation['responses'][status] = document['components']['responses'][name]

    def path(self, target):
        path = urlsplit(target).path
        return next((p for _, pattern, p in self.paths if pattern.match(path)), None)

    def operations(self):
        for path, methods in self.document['paths'].items():
            for method, operation in methods.items():
                yield method.upper(), path, operation

    def validator(self, schema):
        key = json.dumps(schema, sort_keys=True)
        if key not in self.validators:
            whole = dict(schema)
            whole['components'] = self.document['components']
            whole['$schema'] = 'https://json-schema.org/draft/2020-12/schema'
            jsonschema.Draft202012Validator.check_schema(whole)
            self.validators[key] = jsonschema.Draft202012Validator(
                whole, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)
        return self.validators[key]

    def check(self, method, target, reply):
        path = self.path(target)
        operation = self.document['paths'].get(path, {}).get('get' if method == 'HEAD' else method.lower())
        if operation is None:
            assert reply.status in (400, 404, 405, 413, 414), f'{method} {target}: {reply}'
            assert (reply.status == 405) == (path is not None) or reply.status in (400, 413), f'{method} {target}: {reply}'
            self.check_body({'schema': {'$ref': '#/components/schemas/Problem'}}, reply, method)
            return
        where = f'{operation["operationId"]}: {reply}'
        documented = operation['responses'].get(str(reply.status))
        assert documented, f'undocumented status, {where}'
        self.seen.add((operation['operationId'], reply.status))
        for name in ('ETag', 'Location'):
            assert not reply.header(name) or name in documented['headers'], f'undocumented {name}, {where}'
        for name in documented['headers']:
            assert reply.header(name) or name == 'Idempotency-Replayed', f'{name} is missing, {where}'
        content = documented.get('content')
        if content is None:
            assert not reply.body and not reply.header('Content-Type'), f'a body that is not documented, {where}'
            return
        assert reply.type in content, f'undocumented media type {reply.type}, {where}'
        self.check_body(content[reply.type], reply, method)

    def check_body(self, media, reply, method):
        if method == 'HEAD':
            assert not reply.body
            return
        if not media['schema']:
            return
        bodies = reply.lines if media.get('x-line-by-line') else [reply.json]
        for body in bodies:
            self.validator(media['schema']).validate(body)
        if reply.type == 'application/problem+json':
            assert reply.json['status'] == reply.status


class Client:
    def __init__(self, where, description=None, key=None):
        """where: a URL, or the path of a Unix socket."""
        self.where, self.description, self.key = where, description, key

    def using(self, key):
        return Client(self.where, self.description, key)

    def connection(self):
        if self.where.startswith('http'):
            parts = urlsplit(self.where)
            return http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
        return UnixConnection(self.where)

    def raw(self, method, target, body=None, headers=(), connection=None):
        """Exactly these headers beside Host and Content-Length; no checks."""
        mine = connection or self.connection()
        mine.putrequest(method, target, skip_accept_encoding=True)
        for name, value in headers:
            mine.putheader(name, value)
        if body is not None:
            mine.putheader('Content-Length', str(len(body)))
        mine.endheaders(body)
        answer = mine.getresponse()
        reply = Reply(answer.status, answer.getheaders(), answer.read())
        if not connection:
            mine.close()
        return reply

    def call(self, method, target, body=None, headers=None, key=None, type=None, connection=None,
             canaries=(CANARY,)):
        """body: anything that JSON can hold, or bytes to be sent as they are."""
        fields = dict(headers or {})
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            type = type or 'application/json'
        if type:
            fields['Content-Type'] = type
        if key or self.key:
            fields.setdefault('Authorization', f'Bearer {key or self.key}')
        reply = self.raw(method, target, body, fields.items(), connection)
        self.check(method, target, reply, canaries)
        return reply

    def check(self, method, target, reply, canaries=(CANARY,)):
        assert reply.status < 500, f'{method} {target}: {reply}'
        forever = reply.status == 200 and target.startswith('/assets/')
        assert reply.header('Cache-Control') == ('public, max-age=31536000, immutable' if forever else 'no-store'), reply
        assert reply.header('X-Content-Type-Options') == 'nosniff', reply
        assert reply.header('Referrer-Policy') == 'no-referrer', reply
        assert reply.header('Strict-Transport-Security') == 'max-age=31536000; includeSubDomains', reply
        assert reply.header('Cross-Origin-Opener-Policy') == 'same-origin', reply
        assert reply.header('Cross-Origin-Resource-Policy') == 'same-origin', reply
        for rule in ("default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"):
            assert rule in reply.header('Content-Security-Policy'), reply
        names = [name.lower() for name, _ in reply.headers if name.lower() != 'set-cookie']
        assert len(names) == len(set(names)), reply.headers
        cookies = [value for name, value in reply.headers if name.lower() == 'set-cookie']
        assert not cookies or urlsplit(target).path in SETS_COOKIES, reply.headers
        assert all(value.startswith('__Host-') and '; Path=/; Secure; HttpOnly; SameSite=Strict' in value
                   for value in cookies), cookies
        assert not reply.header('Server'), reply.headers
        everything = reply.body + repr(reply.headers).encode()
        if reply.status >= 400:  # X3: nothing that was sent comes back
            for canary in canaries:
                assert canary.encode() not in everything, f'{method} {target} echoes: {reply}'
        if self.description:
            self.description.check(method, target, reply)

    def get(self, target, **more):
        return self.call('GET', target, **more)

    def post(self, target, body=None, **more):
        return self.call('POST', target, body, **more)

    def put(self, target, body=None, **more):
        return self.call('PUT', target, body, **more)

    def patch(self, target, body=None, **more):
        return self.call('PATCH', target, body, **more)

    def delete(self, target, **more):
        return self.call('DELETE', target, **more)
