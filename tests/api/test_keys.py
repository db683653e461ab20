"""Keys: who may do what, for which purposes, until when."""
import itertools
import re
import socket
import threading

import pytest

import definitions
from client import CANARY, Client
from conftest import ALL_SCOPES
from definitions import consent, contract, email, make_person, read

NOBODY = '00000000-0000-4000-8000-000000000000'


@pytest.mark.parametrize('header', [
    None, '', 'Bearer', 'Bearer ', f'Bearer {CANARY}', f'Basic {CANARY}', 'Bearer valv_' + 'A' * 43, 'bearer valv_',
    'Bearer valv_' + 'A' * 4000, 'Bearer valv_\u00e5', 'Bearer a b', 'Token x', 'Bearer null',
])
def test_no_key_and_a_wrong_key_are_refused_alike(api, header):
    answers = set()
    for method, target in (('GET', '/v1/fields'), ('POST', '/v1/decisions'), ('DELETE', f'/v1/keys/{NOBODY}')):
        headers = {} if header is None else {'Authorization': header.encode('utf-8').decode('latin-1')}
        reply = api.call(method, target, headers=headers)
        assert reply.status == 401 and reply.header('WWW-Authenticate').startswith('Bearer'), reply
        answers.add(reply.body)
    assert len(answers) == 1


def test_a_key_is_given_once_and_listed_without_its_text(app):
    made = app.post('/v1/keys', {'name': 'shop', 'scopes': ['decide', 'read'], 'purposes': ['newsletter', 'order'],
                                 'expires_at': '2030-01-01T00:00:00Z'})
    assert made.status == 201 and re.fullmatch(r'valv_[A-Za-z0-9_-]{43}', made.json['key'])
    after, listed = '', []
    while after is not None:
        page = app.get('/v1/keys?limit=3' + (f'&after={after}' if after else ''))
        assert made.json['key'] not in page.body.decode()
        listed += page.json['keys']
        after = page.json['next']
    found, = [k for k in listed if k['id'] == made.json['id']]
    assert {k: found[k] for k in ('name', 'scopes', 'purposes', 'expires_at', 'revoked_at')} == {
        'name': 'shop', 'scopes': ['read', 'decide'], 'purposes': ['newsletter', 'order'],
        'expires_at': '2030-01-01T00:00:00Z', 'revoked_at': None}


@pytest.mark.parametrize('body, member', [
    ({'name': CANARY.upper()}, '/name'), ({'name': 'a b'}, '/name'), ({'name': None}, '/name'), ({'name': 'a' * 65}, '/name'),
    ({'scopes': []}, '/scopes'), ({'scopes': None}, '/scopes'), ({'scopes': [CANARY]}, '/scopes/0'), ({'scopes': 'read'}, '/scopes'),
    ({'scopes': ['read', 'read']}, '/scopes/1'), ({'scopes': [1]}, '/scopes/0'), ({'purposes': []}, '/purposes'),
    ({'purposes': None}, '/purposes'), ({'purposes': CANARY}, '/purposes'), ({'purposes': [CANARY]}, '/purposes/0'),
    ({'purposes': ['*']}, '/purposes/0'), ({'purposes': [7]}, '/purposes/0'), ({'purposes': {}}, '/purposes'),
    ({'expires_at': CANARY}, '/expires_at'), ({'expires_at': '2020-01-01T00:00:00Z'}, '/expires_at'), ({CANARY: 1}, None),
])
def test_wrong_keys_are_refused(app, body, member):
    reply = app.post('/v1/keys', {'name': 'x', 'scopes': ['read'], 'purposes': '*', **body})
    assert (reply.status, reply.slug, reply.json.get('member')) == (422, 'invalid', member), reply


def test_a_key_never_gives_more_than_its_maker_has(api, make_key):
    small = api.using(make_key(['keys', 'read'], ['newsletter']))
    new = {'name': 'child', 'scopes': ['read'], 'purposes': ['newsletter']}
    assert small.post('/v1/keys', new).status == 201
    assert small.post('/v1/keys', {**new, 'scopes': ['read', 'write']}).slug == 'denied'
    assert small.post('/v1/keys', {**new, 'purposes': ['newsletter', 'order']}).slug == 'purpose-denied'
    assert small.post('/v1/keys', {**new, 'purposes': '*'}).slug == 'purpose-denied'


def test_a_revocation_holds_for_the_next_request_on_every_connection(api, app, make_key):
    made = app.post('/v1/keys', {'name': 'leaver', 'scopes': ['decide'], 'purposes': '*'}).json
    leaver = api.using(made['key'])
    open_before = [leaver.connection() for _ in range(4)]
    for connection in open_before:
        assert leaver.get('/v1/fields', connection=connection).status == 200
    assert app.delete(f'/v1/keys/{made["id"]}').status == 204
    for connection in open_before:
        assert leaver.get('/v1/fields', connection=connection).status == 401
        connection.close()
    assert app.delete(f'/v1/keys/{made["id"]}').status == 204  # once more is fine
    listed, = [k for k in app.get('/v1/keys?limit=1000').json['keys'] if k['id'] == made['id']]
    assert listed['revoked_at']


def test_keys_that_are_not_there_cannot_be_revoked(app):
    for id in (NOBODY, 'x', CANARY):
        assert app.delete(f'/v1/keys/{id}').slug == 'absent'


def test_a_key_may_revoke_itself(api, app):
    made = app.post('/v1/keys', {'name': 'self', 'scopes': ['keys'], 'purposes': '*'}).json
    me = api.using(made['key'])
    assert me.delete(f'/v1/keys/{made["id"]}').status == 204
    assert me.get('/v1/keys').status == 401


def test_an_expired_key_is_no_key(api, app):
    import datetime
    import time
    soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=1.5)
    made = app.post('/v1/keys', {'name': 'brief', 'scopes': ['decide'], 'purposes': '*', 'expires_at': soon.isoformat()})
    brief = api.using(made.json['key'])
    assert brief.get('/v1/fields').status == 200
    time.sleep(1.7)
    assert brief.get('/v1/fields').status == 401


# --- the matrix -----------------------------------------------------------------------------------

def fill(path, person):
    return (path.replace('{id}', person).replace('{name}', 'nothing-of-the-kind').replace('{seq}', '1')
            .replace('{hash}', '0' * 64).replace('{setting}', 'company').replace('{slug}', 'absent')
            .replace('{key}', 'nothing-of-the-kind').replace('{', '').replace('}', ''))


def test_every_route_wants_a_scope_that_it_names(api, app, description, make_key):
    """A key with all scopes but those that the description names is refused, everywhere."""
    person, _ = make_person(app)
    for method, path, operation in list(description.operations()):
        if not operation['security']:
            continue
        named = operation['security'][0]['key']
        target = fill(path, person)
        assert api.call(method, target).status == 401
        if operation['x-person-only']:
            reply = api.call(method, target, key=make_key(ALL_SCOPES))
            assert (reply.status, reply.slug) == (403, 'denied'), (operation['operationId'], reply)
            continue
        if not named:
            assert api.call(method, target, key=make_key(['metrics'])).status in (200, 404)
            continue
        others = [scope for scope in ALL_SCOPES if scope not in named]
        reply = api.call(method, target, key=make_key(others))
        assert (reply.status, reply.slug) == (403, 'denied'), (operation['operationId'], reply)
        if operation['x-operator-only']:
            assert api.call(method, target, key=make_key(ALL_SCOPES)).slug == 'denied'
            continue
        for scope in set(named) & set(ALL_SCOPES):  # with it, the call is refused for another reason, or not at all
            reply = api.call(method, fill(path, NOBODY), key=make_key([scope]))
            assert reply.status not in (401, 403), (operation['operationId'], scope, reply)


def test_purposes_bind_a_key_everywhere(api, app, make_key):
    other = api.using(make_key(ALL_SCOPES, ['order']))
    address = email()
    id, _ = make_person(app, {'email': address, 'nick': 'x'}, [consent(), contract()])

    assert read(other, id, 'order').status == 200
    denied = [
        read(other, id, 'newsletter'),
        other.post('/v1/subjects', {'values': {'email': email()}, 'grounds': [consent()]}),
        other.post('/v1/subjects', {'values': {'nick': 'a'}, 'grounds': [contract()]}),
        other.post('/v1/subjects/search', {'field': 'phone', 'value': '+46701740605'}),
        other.patch(f'/v1/subjects/{id}', {'values': {'nick': 'y'}}, headers={'If-Match': '*'}),
        other.post(f'/v1/subjects/{id}/consents', consent(act='given')),
        other.post(f'/v1/subjects/{id}/consents', {'purpose': 'newsletter', 'act': 'withdrawn'}),
        other.post(f'/v1/subjects/{id}/withdrawals', {'purpose': 'newsletter'}),
        other.post(f'/v1/subjects/{id}/withdrawals'),
        other.post(f'/v1/subjects/{id}/objections'),
        other.post(f'/v1/subjects/{id}/grounds', {'purpose': 'support', 'act': 'established'}),
        other.post(f'/v1/subjects/{id}/restriction', {'act': 'restricted', 'reason': 'claims'}),
        other.post(f'/v1/subjects/{id}/holds', {'reason': 'x', 'fields': ['email']}),
        other.post('/v1/decisions', {'subject': id, 'purpose': 'newsletter', 'channel': 'email'}),
        other.post('/v1/decisions', {'field': 'phone', 'value': '+46701740605', 'purpose': 'order', 'channel': 'email'}),
        other.call('POST', '/v1/decisions/batch', b'{"subject":"%s","purpose":"newsletter","channel":"email"}' % id.encode(),
                   type='application/x-ndjson'),
        other.post('/v1/suppressions', {'address': 'email', 'value': address, 'scope': 'marketing', 'source': 'staff'}),
        other.post('/v1/suppressions', {'address': 'email', 'value': address, 'scope': 'purpose', 'purpose': 'newsletter',
                                        'source': 'staff'}),
    ]
    for reply in denied:
        assert (reply.status, reply.slug) == (403, 'purpose-denied'), reply
    assert read(app, id).json['version'] == 1


def test_a_key_sees_and_changes_only_what_its_purposes_hold(api, app, make_key):
    other = api.using(make_key(ALL_SCOPES, ['order']))
    address = email()
    both, _ = make_person(app, {'email': address}, [consent(evidence={'form': 'secret'}), contract()])
    mine, _ = make_person(app, {'email': email()}, [contract()])
    theirs, _ = make_person(app, {'email': email()}, [consent()])
    app.post(f'/v1/subjects/{both}/objections')

    acts = other.get(f'/v1/subjects/{both}/consents').json['acts']
    assert [a['purpose'] for a in acts] == ['order']
    assert len(app.get(f'/v1/subjects/{both}/consents').json['acts']) == 3
    assert other.get(f'/v1/subjects/{theirs}/consents').json == {'acts': [], 'next': None}

    change = {'values': {'email': email()}}
    for id, status in ((both, 200), (mine, 200), (theirs, 403)):
        reply = other.patch(f'/v1/subjects/{id}', change, headers={'If-Match': '*'})
        assert reply.status == status, reply
    for body in ({'kind': 'employee'}, {'flags': []}, {'flags': None}):
        assert other.patch(f'/v1/subjects/{mine}', body, headers={'If-Match': '*'}).slug == 'purpose-denied'
    assert other.post(f'/v1/subjects/{mine}/told', {'at': '2026-11-01T00:00:00Z', 'how': 'mail'}).slug == 'purpose-denied'

    for purpose in ('newsletter', 'order'):
        app.post('/v1/suppressions', {'address': 'email', 'value': address, 'scope': 'purpose', 'purpose': purpose, 'source': 'staff'})
    search = {'address': 'email', 'value': address}
    assert 'newsletter' in {s['purpose'] for s in app.post('/v1/suppressions/search', search).json['suppressions']}
    assert {s['purpose'] for s in other.post('/v1/suppressions/search', search).json['suppressions']} <= {'order', None}
    assert other.post('/v1/suppressions/search', {'address': 'phone', 'value': '+46701740605'}).slug == 'purpose-denied'


def test_saying_no_needs_only_the_scope_withdraw(api, app, make_key):
    no = api.using(make_key(['withdraw']))
    id, address = make_person(app)
    assert no.post(f'/v1/subjects/{id}/consents', consent(act='given')).slug == 'denied'
    assert no.post(f'/v1/subjects/{id}/consents', {'purpose': 'newsletter', 'act': 'requested'}).slug == 'denied'
    assert no.post(f'/v1/subjects/{id}/consents', {'purpose': 'newsletter', 'act': 'refused'}).status == 200
    assert no.post(f'/v1/subjects/{id}/withdrawals').status == 200
    assert no.post(f'/v1/subjects/{id}/objections').status == 200
    assert no.post(f'/v1/subjects/{id}/restriction', {'act': 'restricted', 'reason': 'claims'}).status == 200
    assert no.post(f'/v1/subjects/{id}/restriction', {'act': 'unrestricted', 'reason': 'claims',
                                                      'told_at': '2026-11-01T00:00:00Z'}).slug == 'denied'
    assert no.post('/v1/suppressions', {'address': 'email', 'value': address, 'scope': 'everything',
                                        'source': 'complaint'}).status == 204


# --- the socket -----------------------------------------------------------------------------------

def test_the_socket_needs_no_key_but_honours_one(operator, make_key):
    assert operator.get('/v1/keys').status == 200
    assert operator.get('/v1/keys', key=make_key(['decide'])).slug == 'denied'
    assert operator.get('/v1/keys', key='valv_wrong').slug == 'unauthenticated'


def test_headers_that_decide_may_be_there_once(api, key):
    twice = [('Authorization', f'Bearer {key}'), ('Authorization', f'Bearer {key}')]
    reply = api.raw('GET', '/v1/fields', headers=twice)
    assert reply.status == 400
    for name, value in (('Valv-Purpose', 'newsletter'), ('If-Match', '*'), ('Idempotency-Key', '"a"'),
                        ('Content-Type', 'application/json')):
        headers = [('Authorization', f'Bearer {key}'), (name, value), (name, value)]
        if name != 'Content-Type':
            headers.append(('Content-Type', 'application/json'))
        method, target = {'Valv-Purpose': ('GET', f'/v1/subjects/{NOBODY}'), 'If-Match': ('PATCH', f'/v1/subjects/{NOBODY}'),
                          }.get(name, ('POST', '/v1/subjects'))
        reply = api.raw(method, target, None if method == 'GET' else b'{}', headers)
        assert reply.status == 400, (name, reply)


def test_behind_a_proxy_only_its_own_word_tells_where_a_call_comes_from(make_server):
    from client import Client
    server = make_server('--behind-tls-proxy')
    made = Client(server.socket).post('/v1/keys', {'name': 'shop', 'scopes': ['metrics'], 'purposes': '*',
                                                   'networks': ['192.0.2.0/24']})
    assert made.status == 201
    client = Client(server.url, made.json['key'])

    def status(*forwarded):
        fields = [('Authorization', f'Bearer {made.json["key"]}')] + [('X-Forwarded-For', text) for text in forwarded]
        return client.raw('GET', '/v1/metrics', None, fields).status

    assert status('192.0.2.7') == 200
    assert status('203.0.113.9, 192.0.2.7') == 200
    assert status('203.0.113.9', '192.0.2.7') == 200
    assert status() == 401                               # the proxy itself
    assert status('203.0.113.9') == 401
    assert status('192.0.2.7, 203.0.113.9') == 401       # what the caller wrote, with the proxy's behind it
    assert status('192.0.2.7', '203.0.113.9') == 401     # in a header of the proxy's own
    assert status('192.0.2.7', 'nonsense') == 401
