"""People who sign in: accounts made over the server's own socket, and browsers that keep cookies.

    office = Office(server)
    anna = office.join('anna@example.com', 'marketer')      a Browser that is signed in
    anna.get('/v1/session').json['roles']
"""
import base64
import hashlib
import hmac
import http.client
import itertools
import random
import struct
import time
import urllib.parse

from client import Client

PASSWORD = 'sju röda stugor vid havet'


class Elsewhere(Client):
    """A client with an address of its own, 127.a.b.c: tries are counted by address."""

    def __init__(self, where, description=None, address=None):
        super().__init__(where, description)
        self.address = address or '127.%d.%d.%d' % tuple(random.randint(1, 254) for _ in range(3))

    def connection(self):
        parts = urllib.parse.urlsplit(self.where)
        return http.client.HTTPConnection(parts.hostname, parts.port, timeout=60, source_address=(self.address, 0))


class Browser:
    """A client with cookies, as a browser that shows a page of this server sends them."""

    def __init__(self, url, description=None, cookies=None, address=None):
        self.client = Elsewhere(url, description, address)
        self.cookies = dict(cookies or {})

    def call(self, method, target, body=None, headers=None, **more):
        sent = {'Sec-Fetch-Site': 'same-origin', **(headers or {})}
        if self.cookies:
            sent['Cookie'] = '; '.join(f'{name}={value}' for name, value in self.cookies.items())
        reply = self.client.call(method, target, body, headers=sent, **more)
        for name, value in reply.headers:
            if name.lower() == 'set-cookie':
                pair, *attributes = [part.strip() for part in value.split(';')]
                key, _, token = pair.partition('=')
                self.cookies.pop(key, None)
                if 'Max-Age=0' not in attributes:
                    self.cookies[key] = token
        return reply

    def get(self, target, **more):
        return self.call('GET', target, **more)

    def post(self, target, body=None, **more):
        return self.call('POST', target, body, **more)

    def put(self, target, body=None, **more):
        return self.call('PUT', target, body, **more)

    def delete(self, target, **more):
        return self.call('DELETE', target, **more)

    def sign_in(self, user_name, password=PASSWORD, code=None, **more):
        body = {'user_name': user_name, 'password': password}
        if code is not None:
            body['code'] = code
        return self.post('/v1/session', body, **more)


class Office:
    """Makes accounts as the operator; names are new each time where none is given."""

    counter = itertools.count(1)

    def __init__(self, server, description=None):
        self.server, self.description = server, description
        self.operator = Client(server.socket, description)

    def browser(self, **more):
        return Browser(self.server.url, self.description, **more)

    def make(self, user_name=None, *roles, **more):
        """An account that nobody has opened: its id."""
        user_name = user_name or f'staff{next(self.counter)}@example.com'
        reply = self.operator.post('/v1/staff', {'user_name': user_name, **more})
        assert reply.status == 201, reply
        if roles:
            put = self.operator.call('PUT', f'/v1/staff/{reply.json["id"]}/roles',
                                     {'roles': [{'role': role, 'purposes': '*'} for role in roles]})
            assert put.status == 200, put
        return reply.json['id']

    def invite(self, staff, **more):
        reply = self.operator.post(f'/v1/staff/{staff}/invitation', more)
        assert reply.status == 201, reply
        return reply.json['token']

    def begin(self, staff, password=PASSWORD):
        """Opens an account by a link: a Browser that is signed in."""
        browser = self.browser()
        reply = browser.post('/v1/invitation', {'token': self.invite(staff), 'password': password})
        assert reply.status == 201, reply
        return browser

    def join(self, user_name=None, *roles, password=PASSWORD, **more):
        return self.begin(self.make(user_name, *roles, **more), password)


def totp(uri, at=None, steps=0):
    """The code that an app shows (RFC 6238), written here once more."""
    secret = urllib.parse.parse_qs(urllib.parse.urlsplit(uri).query)['secret'][0]
    key = base64.b32decode(secret + '=' * (-len(secret) % 8))
    step = int((time.time() if at is None else at) // 30) + steps
    digest = hmac.new(key, struct.pack('>Q', step), hashlib.sha1).digest()
    offset = digest[-1] & 15
    return '%06d' % ((struct.unpack('>I', digest[offset:offset + 4])[0] & 0x7fffffff) % 10 ** 6)
