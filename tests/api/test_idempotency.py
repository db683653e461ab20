"""A write that is sent twice happens once."""
import threading
import time
import uuid

import pytest

import definitions
from client import CANARY, Client
from definitions import consent, contract, email, make_person, read


def fresh():
    return f'"{uuid.uuid4()}"'


def versions(client, id):
    return read(client, id).json['version']


def test_a_person_is_made_once(app):
    key, address = fresh(), email()
    body = {'values': {'email': address}, 'grounds': [consent()]}
    first = app.post('/v1/subjects', body, headers={'Idempotency-Key': key})
    again = app.post('/v1/subjects', body, headers={'Idempotency-Key': key})
    assert first.status == again.status == 201
    assert first.json['id'] == again.json['id'] and again.json['version'] == 1
    assert again.header('Idempotency-Replayed') == 'true' and first.header('Idempotency-Replayed') is None
    assert again.header('Location') == first.header('Location') and again.header('ETag') == '"1"'
    found = app.post('/v1/subjects/search', {'field': 'email', 'value': address}).json['subjects']
    assert found == [first.json['id']]


def test_the_same_key_for_something_else_is_refused(app):
    key = fresh()
    body = {'values': {'email': email()}, 'grounds': [consent()]}
    id = app.post('/v1/subjects', body, headers={'Idempotency-Key': key}).json['id']
    for target, other in (('/v1/subjects', {}), ('/v1/subjects', {**body, 'kind': 'employee'}),
                          (f'/v1/subjects/{id}/withdrawals', {}), ('/v1/keys', {'name': 'a', 'scopes': ['read'], 'purposes': '*'})):
        reply = app.post(target, other, headers={'Idempotency-Key': key})
        assert (reply.status, reply.slug) == (422, 'idempotency-reuse')


def test_spaces_and_order_of_members_do_not_matter(app):
    key = fresh()
    address = email()
    one = b'{"values":{"email":"%s"},"grounds":[{"purpose":"order","evidence":{"reference":"a","n":1.0}}]}' % address.encode()
    two = b' { "grounds":[ {"evidence" : {"n":1,"reference":"\\u0061"}, "purpose":"order"}],"values":{"email":"%s"}}' % address.encode()
    first = app.call('POST', '/v1/subjects', one, type='application/json', headers={'Idempotency-Key': key})
    again = app.call('POST', '/v1/subjects', two, type='application/json', headers={'Idempotency-Key': key})
    assert first.status == 201 and again.json['id'] == first.json['id']


def test_acts_happen_once(app):
    id, _ = make_person(app, {'email': email(), 'nick': 'x'}, [consent(), contract()])
    hold = app.post(f'/v1/subjects/{id}/holds', {'reason': 'x', 'fields': ['nick']}).json
    calls = [
        ('consents', consent(act='given')), ('grounds', contract(act='established')),
        ('objections', {'purpose': 'order'}), ('restriction', {'act': 'restricted', 'reason': 'claims'}),
        ('restriction', {'act': 'unrestricted', 'reason': 'claims', 'told_at': None, 'told_how': 'mail'}),
        ('holds', {'reason': 'y', 'fields': ['email']}), (f'holds/{hold["seq"]}/release', None),
        ('told', {'at': '2026-11-01T00:00:00Z', 'how': 'mail'}), ('withdrawals', {'purpose': 'newsletter'}),
    ]
    for path, body in calls:
        if 'told_at' in (body or {}):
            body['told_at'] = time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())
        key = fresh()
        first = app.post(f'/v1/subjects/{id}/{path}', body, headers={'Idempotency-Key': key})
        assert first.status == 200, (path, first)
        again = app.post(f'/v1/subjects/{id}/{path}', body, headers={'Idempotency-Key': key})
        assert again.status == 200 and again.header('Idempotency-Replayed') == 'true', path
        assert (again.json['id'], again.json['version']) == (id, first.json['version'])


def test_other_writes_happen_once_too(app):
    key, body = fresh(), {'name': 'once', 'scopes': ['read'], 'purposes': '*'}
    first = app.post('/v1/keys', body, headers={'Idempotency-Key': key})
    again = app.post('/v1/keys', body, headers={'Idempotency-Key': key})
    assert again.status == 201 and again.json == {'id': first.json['id']}  # the text was given once

    key, body = fresh(), {'address': 'email', 'value': email(), 'scope': 'marketing', 'source': 'staff'}
    for replayed in (None, 'true'):
        reply = app.post('/v1/suppressions', body, headers={'Idempotency-Key': key})
        assert reply.status == 204 and reply.header('Idempotency-Replayed') == replayed

    app.put('/v1/purposes/once', definitions.purpose('once', 'consent', ['email']))
    for path in ('activate', 'end'):
        key = fresh()
        for replayed in (None, 'true'):
            reply = app.post(f'/v1/purposes/once/{path}', headers={'Idempotency-Key': key})
            assert reply.status == 200 and reply.header('Idempotency-Replayed') == replayed


def test_failures_are_not_kept(app):
    key, address = fresh(), email()
    bad = app.post('/v1/subjects', {'values': {'email': address}}, headers={'Idempotency-Key': key})
    assert bad.status == 422
    good = app.post('/v1/subjects', {'values': {'email': address}, 'grounds': [consent()]}, headers={'Idempotency-Key': key})
    assert good.status == 201 and good.header('Idempotency-Replayed') is None


def test_keys_belong_to_their_caller(api, app, operator, make_key):
    key, body = fresh(), {'grounds': [contract()]}
    other = api.using(make_key(['write']))
    ids = {client.post('/v1/subjects', body, headers={'Idempotency-Key': key}).json['id'] for client in (app, other, operator)}
    assert len(ids) == 3


def test_an_answer_is_replayed_as_the_person_is_now(app):
    key, body = fresh(), {'values': {'email': email()}, 'grounds': [consent()]}
    id = app.post('/v1/subjects', body, headers={'Idempotency-Key': key}).json['id']
    app.patch(f'/v1/subjects/{id}', {'values': {'nick': 'x'}}, headers={'If-Match': '*'})
    again = app.post('/v1/subjects', body, headers={'Idempotency-Key': key})
    assert again.json == {'id': id, 'version': 2} and again.header('ETag') == '"2"'


@pytest.mark.parametrize('header, fine', [
    ('"a"', True), ('a', True), ('8e03978e-40d5-43dd-bc93-6894a57f9324', True), (r'"a\"b\\c"', True), ('"' + 'x' * 255 + '"', True),
    ('" a b "', True), ('', False), ('""', False), ('"', False), ('"a', False), ('a"', False), ('"a"b', False), ('"a" ;p=1', False),
    (r'"a\b"', False), ('a b', False), ('"' + 'x' * 256 + '"', False), ('x' * 256, False), ('"\u00e5"', False), (CANARY + ' x', False),
])
def test_the_header_is_a_string(app, header, fine):
    unique = header.replace('a', uuid.uuid4().hex, 1) if fine and len(header) < 100 else header
    reply = app.post('/v1/suppressions', {'address': 'email', 'value': email(), 'scope': 'marketing', 'source': 'staff'},
                     headers={'Idempotency-Key': unique.encode().decode('latin-1')})
    assert reply.status in ((204, 422) if fine else (400,)), reply
    if not fine:
        assert reply.slug in ('header', 'malformed')


def test_quotes_do_not_make_another_key(app):
    name = uuid.uuid4().hex
    body = {'grounds': [contract()]}
    first = app.post('/v1/subjects', body, headers={'Idempotency-Key': name})
    again = app.post('/v1/subjects', body, headers={'Idempotency-Key': f'"{name}"'})
    assert first.json['id'] == again.json['id']


def test_reads_do_not_take_the_header(app):
    key = fresh()
    for _ in range(2):
        reply = app.post('/v1/subjects/search', {'field': 'email', 'value': email()}, headers={'Idempotency-Key': key})
        assert reply.status == 200 and reply.header('Idempotency-Replayed') is None


def test_many_at_once_make_one(app):
    """Whoever comes while the first still runs hears so; afterwards all hear of the same person."""
    for _ in range(5):
        key, address, replies = fresh(), email(), []
        body = {'values': {'email': address}, 'grounds': [consent()]}

        def one():
            replies.append(app.post('/v1/subjects', body, headers={'Idempotency-Key': key}))

        threads = [threading.Thread(target=one) for _ in range(16)]
        [t.start() for t in threads]
        [t.join() for t in threads]
        assert {r.status for r in replies} <= {201, 409}
        assert {r.slug for r in replies if r.status == 409} <= {'idempotency-in-progress'}
        assert len({r.json['id'] for r in replies if r.status == 201}) == 1
        found = app.post('/v1/subjects/search', {'field': 'email', 'value': address}).json['subjects']
        assert len(found) == 1


def test_a_kill_forgets_neither_the_person_nor_the_key(make_server, description):
    server = make_server()
    operator = Client(server.socket, description)
    definitions.put_all(operator)
    key, address = fresh(), email()
    body = {'values': {'email': address}, 'grounds': [consent()]}
    first = operator.post('/v1/subjects', body, headers={'Idempotency-Key': key})
    server.stop('kill')
    server.start()
    again = operator.post('/v1/subjects', body, headers={'Idempotency-Key': key})
    assert again.json['id'] == first.json['id'] and again.header('Idempotency-Replayed') == 'true'
    server.stop()
