"""Passkeys by the interface alone; with a real browser, and everything that is refused: ./test browser."""
import uuid

import pytest

import definitions
from client import Client
from authenticator import Authenticator, b64, unb64
from signing_in import PASSWORD, Browser, Office, totp

OTHER = 'fyra gula lampor i trappan'


@pytest.fixture(scope='module')
def office(make_server, description):
    """A vault of its own: once two people could decide, some things take two."""
    server = make_server()
    definitions.put_all(Client(server.socket, description))
    return Office(server, description)


@pytest.fixture
def person(office, tmp_path):
    """Somebody with a password, and an authenticator that says whose it is: (browser, name, authenticator)."""
    name = f'passkey{next(office.counter)}@example.com'
    staff = office.make(name, 'administrator')
    browser = office.begin(staff)
    origin = f'http://localhost:{office.server.url.rsplit(":", 1)[1]}'
    return browser, name, Authenticator(tmp_path, origin, uuid.UUID(staff).bytes)


def register(browser, authenticator, **more):
    options = browser.post('/v1/me/passkeys/options', {})
    assert options.status == 200, options
    return browser.post('/v1/me/passkeys', {**authenticator.register(options.json), **more})


def sign_in(office, authenticator, **wanted):
    browser = office.browser()
    return browser, browser.post('/v1/session/passkey', authenticator.answer(browser.post('/v1/session/passkey/options', wanted).json))


def test_registers_signs_in_and_proves(office, person):
    browser, name, authenticator = person
    made = register(browser, authenticator, name='nyckelknippan')
    assert made.status == 201 and made.json['name'] == 'nyckelknippan' and made.json['synced'] is False and made.json['used_at'] is None
    other, reply = sign_in(office, authenticator)
    assert reply.status == 201 and reply.json['method'] == ['passkey'] and reply.json['staff']['user_name'] == name
    authenticator.handle = None
    _, reply = sign_in(office, authenticator, user_name=f' {name.upper()}')
    assert reply.status == 201
    options = other.post('/v1/session/fresh/passkey/options', {}).json
    assert [unb64(one['id']) for one in options['allowCredentials']] == [authenticator.id]
    assert options['allowCredentials'][0]['transports'] == ['internal', 'hybrid']
    fresh = other.post('/v1/session/fresh/passkey', authenticator.answer(options))
    assert fresh.status == 200 and fresh.json['fresh'] is True
    listed = other.get('/v1/me/passkeys').json['passkeys']
    assert [one['id'] for one in listed] == [made.json['id']] and listed[0]['used_at']


def test_what_is_refused(office, person):
    browser, name, authenticator = person
    assert register(browser, authenticator).status == 201
    assert register(browser, authenticator).slug == 'conflict'
    bad = browser.post('/v1/me/passkeys', authenticator.register({'challenge': b64(bytes(56))}))
    assert (bad.status, bad.slug) == (422, 'invalid')
    assert browser.post('/v1/me/passkeys', {'client_data': '===', 'attestation': ''}).status == 422
    stranger = office.browser()
    for body in ({'challenge': b64(bytes(56))}, {'challenge': ''}):
        reply = stranger.post('/v1/session/passkey', authenticator.answer(body))
        assert (reply.status, reply.slug) == (401, 'sign-in')
    reply = browser.post('/v1/session/fresh/passkey', authenticator.answer(browser.post('/v1/session/passkey/options', {}).json))
    assert (reply.status, reply.slug) == (401, 'sign-in')
    assert stranger.get('/v1/me/passkeys').status == 401
    for address in ('/v1/me/passkeys/options', '/v1/session/fresh/passkey/options'):
        assert stranger.post(address, {}).status == 401
    assert stranger.post('/v1/session/passkey', {'id': 1}).status == 422
    assert stranger.post('/v1/session/passkey', b'{}', type='text/plain').status == 415
    assert stranger.post('/v1/session/passkey/options', b'{"user_name": "x"', type='application/json').status == 400


def test_taken_away_it_signs_in_no_longer(office, person):
    browser, name, authenticator = person
    made = register(browser, authenticator).json
    other, reply = sign_in(office, authenticator)
    assert reply.status == 201
    assert browser.delete(f'/v1/me/passkeys/{uuid.uuid4()}').status == 404
    assert browser.delete(f'/v1/me/passkeys/{made["id"]}').status == 204
    assert other.get('/v1/session').status == 401  # as doubtful as what began it
    assert sign_in(office, authenticator)[1].slug == 'sign-in'
    assert browser.get('/v1/me/passkeys').json['passkeys'] == []


def test_the_last_way_in_is_not_taken_away(office, tmp_path):
    staff = office.make(None, 'administrator')
    browser = office.browser()
    assert browser.post('/v1/invitation', {'token': office.invite(staff)}).status == 201
    origin = f'http://localhost:{office.server.url.rsplit(":", 1)[1]}'
    made = register(browser, Authenticator(tmp_path, origin, uuid.UUID(staff).bytes)).json
    assert browser.delete(f'/v1/me/passkeys/{made["id"]}').slug == 'conflict'


def test_leaving_ends_it(office, person):
    browser, name, authenticator = person
    assert register(browser, authenticator).status == 201
    staff = browser.get('/v1/session').json['staff']['id']
    ended = office.operator.post(f'/v1/staff/{staff}/end')
    assert ended.status == 200 and ended.json['credentials'] >= 2
    assert sign_in(office, authenticator)[1].slug == 'sign-in'
    back = office.operator.post(f'/v1/staff/{staff}/return')
    assert back.status == 200
    assert sign_in(office, authenticator)[1].slug == 'sign-in'


def test_a_name_that_there_is_not_looks_like_one(office, person):
    _, name, _ = person  # an account without passkeys

    def ask(user_name):
        return office.browser().post('/v1/session/passkey/options', {'user_name': user_name}).json['allowCredentials']
    for who in (name, 'nobody@example.com', 'ａｄｍｉｎ', 'x' * 320):
        made_up = ask(who)
        assert made_up == ask(who) and 1 <= len(made_up) <= 2
        assert all(len(unb64(one['id'])) in (16, 20, 32, 64) and one['transports'] for one in made_up)
    assert ask('nobody@example.com') == ask(' NOBODY@example.com ') != ask('somebody@example.com')


def test_how_many(office, person, tmp_path):
    browser, name, authenticator = person
    for _ in range(20):
        assert register(browser, Authenticator(tmp_path, authenticator.origin)).status == 201
    reply = register(browser, authenticator)
    assert reply.slug == 'limit' and 'limit_passkeys' in reply.json['detail']


# --- two factors of everybody ------------------------------------------------------------------------


@pytest.fixture
def strict(make_server, description, tmp_path):
    """A vault that requires a second factor of all staff; and somebody in it, with an authenticator."""
    office = Office(make_server(), description)
    staff = office.make('berit@example.com', 'developer')
    browser = office.begin(staff)
    assert office.operator.put('/v1/settings/second_factor_required', {'value': 'yes'}).status == 422
    assert office.operator.put('/v1/settings/second_factor_required', {'value': True}).json['value'] is True
    origin = f'http://localhost:{office.server.url.rsplit(":", 1)[1]}'
    return office, browser, Authenticator(tmp_path, origin, uuid.UUID(staff).bytes)


CLOSED = (('GET', '/v1/staff', None), ('POST', '/v1/staff', {'user_name': 'x'}), ('GET', '/v1/fields', None), ('GET', '/v1/me/sessions', None),
          ('POST', '/v1/me/keys', {'name': 'mine', 'scopes': ['staff'], 'purposes': '*'}), ('DELETE', '/v1/me/totp', None),
          ('PUT', '/v1/me/password', {'password': OTHER, 'present': PASSWORD}), ('GET', '/v1/approvals', None),
          ('PUT', '/v1/settings/second_factor_required', {'value': False}), ('POST', '/v1/me/recovery-codes', {}))
ENROLS = (('POST', '/v1/me/totp', {}), ('POST', '/v1/me/totp/confirm', {'code': '123456'}), ('POST', '/v1/me/passkeys/options', {}),
          ('POST', '/v1/me/passkeys', {'client_data': '', 'attestation': ''}))


def held(browser, calls):
    for method, target, body in calls:
        reply = browser.call(method, target, body)
        assert (reply.status, reply.slug) == (401, 'second-factor'), (method, target, reply)


def test_whoever_shows_one_factor_of_two_sets_up_a_second_or_leaves(strict):
    """ASVS 6.3.3, with an app: the session is a full one as soon as its first code was shown."""
    office, browser, _ = strict
    assert browser.get('/v1/session').json['second_factor_needed'] is True  # begun before it was required
    held(browser, CLOSED)
    browser = office.browser()
    reply = browser.sign_in('berit@example.com')
    assert (reply.status, reply.json['method'], reply.json['second_factor_needed']) == (201, ['password'], True)
    held(browser, CLOSED)
    assert browser.post('/v1/session/fresh', {'password': PASSWORD}).json['second_factor_needed'] is True
    assert browser.get('/v1/me/credentials').status == browser.get('/v1/me/passkeys').status == 200
    half = Browser(office.server.url, office.description, browser.cookies)
    uri = browser.post('/v1/me/totp').json['uri']
    codes = browser.post('/v1/me/totp/confirm', {'code': totp(uri)}).json['codes']
    seen = browser.get('/v1/session').json
    assert (seen['method'], seen['second_factor_needed']) == (['password', 'totp'], False)
    assert browser.get('/v1/fields').status == 200
    assert half.get('/v1/session').status == 401  # what was half is over
    assert office.browser().sign_in('berit@example.com').status == 401
    paper = office.browser()
    assert paper.sign_in('berit@example.com', code=codes[0]).json['second_factor_needed'] is False
    assert paper.get('/v1/fields').status == 200
    out = office.join()
    held(out, CLOSED)
    assert out.delete('/v1/session').status == 204
    assert office.operator.put('/v1/settings/second_factor_required', {'value': False}).status == 200
    assert office.join(None, 'developer').get('/v1/fields').status == 200


def test_a_passkey_is_two_factors_and_a_password_beside_it_sets_up_no_other(strict, tmp_path):
    office, browser, authenticator = strict
    assert register(browser, authenticator).status == 201
    seen = browser.get('/v1/session').json
    assert (seen['method'], seen['second_factor_needed']) == (['password', 'passkey', 'invitation'], False)
    assert browser.get('/v1/fields').status == 200
    _, reply = sign_in(office, authenticator)
    assert (reply.status, reply.json['second_factor_needed']) == (201, False)
    # Who has the password alone does not make a passkey or an app with it: the one that is there is shown.
    thief = office.browser()
    assert thief.sign_in('berit@example.com').json['second_factor_needed'] is True
    held(thief, CLOSED + ENROLS)
    proof = thief.post('/v1/session/fresh/passkey', authenticator.answer(thief.post('/v1/session/fresh/passkey/options', {}).json))
    assert (proof.status, proof.json['second_factor_needed']) == (200, False)  # no thief, after all
    assert thief.get('/v1/fields').status == 200
    # A link without a password: the session that it begins makes a passkey, and nothing else.
    invited = office.browser()
    staff = office.make(None, 'developer')
    assert invited.post('/v1/invitation', {'token': office.invite(staff)}).json['second_factor_needed'] is True
    held(invited, CLOSED)
    other = Authenticator(tmp_path, authenticator.origin, uuid.UUID(staff).bytes)
    assert register(invited, other).status == 201
    assert invited.get('/v1/fields').status == 200
