"""Who may do what, whole: every operation of the description with every role, fresh and stale, with keys and with tokens
that are none; every role with every purpose and state of ground; good requests sent again by whoever may not.

What is expected is worked out from the description (scopes, x-operator-only, x-person-only, x-step-up) and from what
GET /v1/roles says of each role, in a way that shares nothing with the server but these two."""
import datetime
import itertools
import time

import pytest

import definitions
from client import Client
from definitions import consent, contract, email, make_person
from staff import Crew

NOBODY = '00000000-0000-4000-8000-000000000000'
BUILT_IN = ('administrator', 'dpo', 'marketer', 'customer-service', 'developer', 'auditor')
KEY_SCOPES = ['define', 'read', 'write', 'search', 'decide', 'withdraw', 'import', 'ledger', 'audit', 'keys', 'metrics', 'rights',
              'erase', 'deliver', 'export']


@pytest.fixture(scope='module')
def crew(make_server, description):
    one = Crew(make_server(), description)
    definitions.put_all(one.operator)
    one.scopes = {role['name']: {scope for grant in role['grants'] for scope in grant['scopes']}
                  for role in one.operator.get('/v1/roles').json['roles']}
    assert set(one.scopes) == set(BUILT_IN)
    yield one
    one.close()


@pytest.fixture(scope='module')
def foreign(make_server):
    """A key and a session of another vault."""
    other = Crew(make_server())
    person = other.join('dpo')
    key = other.operator.post('/v1/keys', {'name': 'foreign', 'scopes': KEY_SCOPES, 'purposes': '*'}).json['key']
    yield person.token, key
    other.close()


@pytest.fixture(scope='module')
def bad_tokens(crew, foreign):
    """Everything that is no good token, by name."""
    def key(**more):
        return crew.operator.post('/v1/keys', {'name': 'bad', 'scopes': KEY_SCOPES, 'purposes': '*', **more}).json
    revoked = key()
    assert crew.operator.delete(f'/v1/keys/{revoked["id"]}').status == 204
    soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=1)
    expired = key(expires_at=soon.isoformat())
    elsewhere = key(networks=['192.0.2.0/24'])
    left, out = crew.join(*BUILT_IN), crew.join(*BUILT_IN)
    owned = left.post('/v1/me/keys', {'name': 'own', 'scopes': KEY_SCOPES, 'purposes': '*'}).json['key']
    program = crew.operator.post('/v1/keys', {'name': 'till', 'scopes': KEY_SCOPES, 'purposes': '*', 'owner': left.id}).json['key']
    assert crew.operator.post(f'/v1/staff/{left.id}/end').status == 200
    assert crew.operator.delete(f'/v1/staff/{out.id}/sessions').status == 204
    time.sleep(1.1)
    return {'none': None, 'no token': 'x', 'unknown key': 'valv_' + 'A' * 43, 'unknown session': 'valvs_' + 'A' * 43,
            'revoked key': revoked['key'], 'expired key': expired['key'], 'key from another network': elsewhere['key'],
            'session of who left': left.token, 'key of who left': owned, 'program of who left': program,
            'session that was ended': out.token, 'session of another vault': foreign[0], 'key of another vault': foreign[1]}


LAST = {'identity_provider_delete'}  # after it nobody comes in: its refusals here, itself at the end


def fill(path):
    for name, value in (('{id}', NOBODY), ('{name}', 'nothing-of-the-kind'), ('{seq}', '1'), ('{hash}', '0' * 64), ('{setting}', 'company')):
        path = path.replace(name, value)
    return path.replace('{', '').replace('}', '')


def operations(description):
    return [(method, path, operation) for method, path, operation in description.operations() if operation['security']]


def expected(operation, scopes, person, fresh):
    """None: it goes through to the call itself."""
    named = set(operation['security'][0]['key'])
    if operation['x-operator-only'] or (operation['x-person-only'] and not person) or (named and not named & scopes):
        return 403, 'denied'
    if operation['x-step-up'] and person and not fresh:
        return 401, 'step-up'
    return None


def ask(crew, method, path, token):
    return Client(crew.server.url, crew.description, token).call(method, fill(path))


def test_no_token_but_a_good_one_opens_anything(crew, description, bad_tokens):
    bodies = set()
    for method, path, operation in operations(description):
        for name, token in bad_tokens.items():
            reply = ask(crew, method, path, token)
            assert (reply.status, reply.slug) == (401, 'unauthenticated'), (name, operation['operationId'], reply)
            bodies.add((path.startswith('/scim/'), reply.body))
    assert len(bodies) == 2  # all refused alike, in SCIM's form where that is spoken


@pytest.mark.parametrize('role', [*BUILT_IN, None])
def test_each_role_and_each_operation(crew, description, role):
    roles = [role] if role else []
    scopes = crew.scopes.get(role, set())
    sessions = {fresh: crew.join(*roles, fresh=fresh) for fresh in (True, False)}
    seen = set()
    for (method, path, operation), fresh in itertools.product(operations(description), (True, False)):
        wanted = expected(operation, scopes, True, fresh)
        if not wanted and operation['operationId'] in LAST:
            continue
        reply = ask(crew, method, path, sessions[fresh].token)
        got = (reply.status, reply.slug) if reply.status >= 400 else (reply.status, None)
        if wanted:
            assert got == wanted, (role, fresh, operation['operationId'], reply)
        else:  # refused for what it asks, or not at all
            assert reply.status not in (401,) and got != (403, 'denied'), (role, fresh, operation['operationId'], reply)
        seen.add(wanted)
        if Client(crew.server.url, None, sessions[fresh].token).raw('GET', '/v1/me/sessions', headers=[
                ('Authorization', f'Bearer {sessions[fresh].token}')]).status == 401:
            sessions[fresh] = crew.join(*roles, fresh=fresh)  # it was for ending sessions
    assert (403, 'denied') in seen and (None in seen)
    if role not in ('auditor', None):
        assert (401, 'step-up') in seen


def test_a_key_with_every_scope_and_each_operation(crew, description):
    for scopes in (KEY_SCOPES, ['metrics']):
        key = crew.operator.post('/v1/keys', {'name': 'all', 'scopes': scopes, 'purposes': '*'}).json['key']
        for method, path, operation in operations(description):
            wanted = expected(operation, set(scopes), False, True)
            reply = ask(crew, method, path, key)
            if wanted:
                assert (reply.status, reply.slug) == wanted, (operation['operationId'], reply)
            else:
                assert reply.status != 401 and (reply.status, reply.status >= 400 and reply.slug) != (403, 'denied'), (operation['operationId'], reply)


# --- role × purpose × state of ground -------------------------------------------------------------------

def people(crew):
    """One person for each state that the ground for `order` and `newsletter` can be in."""
    def person(*grounds):
        return make_person(crew.operator, {'email': email()}, list(grounds))[0]
    live = person(consent(), contract())
    other = person(consent())  # has no order
    withdrawn = person(consent(), contract())
    assert crew.operator.post(f'/v1/subjects/{withdrawn}/withdrawals', {'purpose': 'newsletter'}).status == 200
    assert crew.operator.post(f'/v1/subjects/{withdrawn}/grounds', {'purpose': 'order', 'act': 'ended'}).status == 200
    restricted = person(consent(), contract())
    assert crew.operator.post(f'/v1/subjects/{restricted}/restriction', {'act': 'restricted', 'reason': 'claims'}).status == 200
    erased = person(consent())
    assert crew.operator.post(f'/v1/subjects/{erased}/erasure').status == 200
    return {'live': live, 'other': other, 'withdrawn': withdrawn, 'restricted': restricted, 'erased': erased, 'unknown': NOBODY}


def reading(state, purpose):
    """What a read comes to that the role allows."""
    if state == 'unknown':
        return 404, 'absent'
    if state == 'erased':
        return 410, 'gone'
    if state == 'live' or (state == 'other' and purpose == 'newsletter') or (state == 'withdrawn' and purpose == 'order'):
        return 200, None  # a contract that ended is kept for its period and may still be looked up for it
    return 422, 'no-ground'


def test_each_role_purpose_and_state_of_ground(crew):
    there = people(crew)
    for role, given in itertools.product(BUILT_IN, ('*', ['order'], ['newsletter'])):
        who = crew.join(role, purposes=given)
        for (state, id), purpose in itertools.product(there.items(), ('order', 'newsletter')):
            reply = who.get(f'/v1/subjects/{id}', headers={'Valv-Purpose': purpose})
            got = reply.status, reply.slug if reply.status >= 400 else None
            if 'read' not in crew.scopes[role]:
                wanted = 403, 'denied'
            elif given != '*' and purpose not in given:
                wanted = 403, 'purpose-denied'
            else:
                wanted = reading(state, purpose)
                if state == 'withdrawn' and purpose == 'order' and got == (422, 'no-ground'):
                    wanted = got  # the period after the end allows keeping, and no use
            assert got == wanted, (role, given, state, purpose, reply)


# --- good requests, sent again by others -------------------------------------------------------------------

def recorded(crew):
    """Requests that succeed for an operator, each with the scopes of which one is needed."""
    id = make_person(crew.operator, {'email': email(), 'invoice': 'F-1'}, [consent(), contract()])[0]
    subject = f'/v1/subjects/{id}'
    yield 'POST', '/v1/subjects', {'values': {'email': email()}, 'grounds': [consent()]}, {}, {'write'}
    yield 'GET', subject, None, {'Valv-Purpose': 'order'}, {'read'}
    yield 'POST', '/v1/subjects/search', {'field': 'email', 'value': email()}, {}, {'search'}
    yield 'PATCH', subject, {'values': {'invoice': 'F-2'}}, {'If-Match': '*'}, {'write'}
    yield 'GET', f'{subject}/consents', None, {}, {'ledger'}
    yield 'POST', f'{subject}/consents', consent(act='given'), {}, {'write', 'withdraw'}
    yield 'POST', '/v1/decisions', {'subject': id, 'purpose': 'newsletter', 'channel': 'email'}, {}, {'decide'}
    yield 'POST', f'{subject}/access', {'format': 'json'}, {}, {'rights'}
    yield 'POST', f'{subject}/export', {}, {}, {'rights'}
    yield 'POST', f'{subject}/erasure/preview', {}, {}, {'erase', 'rights'}
    yield 'POST', f'{subject}/disclosures', {'recipient': 'nobody'}, {}, {'write', 'rights'}
    yield 'POST', '/v1/suppressions', {'address': 'email', 'value': email(), 'scope': 'marketing', 'source': 'staff'}, {}, {'withdraw'}
    yield 'GET', '/v1/audit/entries', None, {}, {'audit'}
    yield 'GET', '/v1/keys', None, {}, {'keys'}
    yield 'GET', '/v1/staff', None, {}, {'staff', 'review'}
    yield 'GET', '/v1/access-review', None, {}, {'review'}
    yield 'GET', '/v1/metrics', None, {}, {'metrics'}
    yield 'GET', '/v1/requests', None, {}, {'rights'}
    yield 'POST', f'{subject}/withdrawals', {'purpose': 'newsletter'}, {}, {'write', 'withdraw'}
    yield 'POST', f'{subject}/erasure', {}, {}, {'erase'}


def test_what_one_may_do_no_other_does_by_sending_it_again(crew, bad_tokens):
    strangers = {role: crew.join(role).token for role in BUILT_IN}
    for method, target, body, headers, scopes in list(recorded(crew)):
        refused = set()
        for role, token in strangers.items():
            if scopes & crew.scopes[role]:
                continue
            reply = Client(crew.server.url, crew.description, token).call(method, target, body, headers=headers)
            refused.add((reply.status, reply.body))
        assert len(refused) == 1 and next(iter(refused))[0] == 403, (method, target, refused)
        for name, token in bad_tokens.items():
            reply = Client(crew.server.url, crew.description, token).call(method, target, body, headers=headers)
            assert reply.status == 401, (name, method, target, reply)
        own = crew.operator.call(method, target, body, headers=headers)
        assert own.status in (200, 201, 204, 404, 422), (method, target, own)  # and it was a good request


def test_and_at_last_what_nobody_comes_in_after(crew):
    administrator, others = crew.join('administrator'), [crew.join(role) for role in BUILT_IN if role != 'administrator']
    assert {other.delete('/v1/identity-provider').slug for other in others} == {'denied'}
    assert administrator.delete('/v1/identity-provider').status == 204
