"""People who work here, as tests need them: accounts of an identity provider on this machine, roles, sessions.

    crew = Crew(server, description)
    anna = crew.join('marketer')                     a Client with the token of a session
    anna.get('/v1/subjects/…'), anna.id, anna.cookie
    crew.join('dpo', fresh=False)                    signed in ten minutes ago
"""
import itertools
import json
import time
from urllib.parse import urlencode

from client import Client
from provider import Provider

SESSION = '__Host-valv'


class Person(Client):
    """Who signed in: calls carry the token; `browser()` sends it as a browser does, in a cookie."""

    def __init__(self, crew, id, subject, token):
        super().__init__(crew.server.url, crew.description, token)
        self.crew, self.id, self.subject, self.token = crew, id, subject, token

    def browser(self, method, target, body=None, **headers):
        sent = [('Cookie', f'{SESSION}={self.token}')] + [(name.replace('_', '-'), value) for name, value in headers.items()]
        octets = json.dumps(body).encode() if body is not None else None
        if body is not None:
            sent.append(('Content-Type', 'application/json'))
        return Client(self.where).raw(method, target, octets, sent)


class Crew:
    def __init__(self, server, description=None):
        self.server, self.description = server, description
        self.operator = Client(server.socket, description)
        self.names = itertools.count(1)
        self.provider = Provider()
        allowed = self.operator.raw('POST', '/v1/admin/delivery', json.dumps({'networks': ['127.0.0.0/8']}).encode(),
                                    [('Content-Type', 'application/json')])
        assert allowed.status == 200, allowed
        self.settings()

    def settings(self, **more):
        reply = self.operator.put('/v1/identity-provider', {
            'issuer': self.provider.issuer, 'client_id': self.provider.client, 'client_secret': self.provider.secret,
            'address': self.server.url, **more})
        assert reply.status == 200, reply

    def close(self):
        self.provider.close()

    def account(self, *roles, purposes='*'):
        """(id, subject) of a new account with these roles."""
        subject = f'staff-{next(self.names)}'
        made = self.operator.post('/v1/staff', {'issuer': self.provider.issuer, 'subject': subject,
                                                'user_name': f'{subject}@example.com'})
        assert made.status == 201, made
        self.give(made.json['id'], *roles, purposes=purposes)
        return made.json['id'], subject

    def give(self, id, *roles, purposes='*'):
        given = self.operator.put(f'/v1/staff/{id}/roles', {'roles': [{'role': role, 'purposes': purposes} for role in roles]})
        assert given.status == 200, given

    def sign_in(self, id, subject, fresh=True, sid=None):
        """A session, begun now, or ten minutes ago as the provider says."""
        client = Client(self.server.url)
        begun = client.raw('GET', '/oidc/start')
        cookie = next(value.split(';')[0] for name, value in begun.headers if name.lower() == 'set-cookie')
        claims = {} if fresh else {'auth_time': int(time.time()) - 600}
        if sid:
            claims['sid'] = sid
        answer = self.provider.authorize(begun.header('Location'), subject, **claims)
        done = client.raw('GET', '/oidc/callback?' + urlencode(answer), headers=[('Cookie', cookie)])
        assert done.status in (200, 303), done
        token = next(value.split(';')[0].split('=', 1)[1] for name, value in done.headers
                     if name.lower() == 'set-cookie' and value.startswith(SESSION + '=v'))
        return Person(self, id, subject, token)

    def join(self, *roles, purposes='*', fresh=True, sid=None):
        id, subject = self.account(*roles, purposes=purposes)
        return self.sign_in(id, subject, fresh, sid)
