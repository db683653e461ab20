"""Signing in through the company's OpenID provider, and what the provider says later: hostile ID tokens, answers
and logout tokens are refused; good ones of each algorithm are not.  What single claims must be is in
tests/unit/oidc, what signatures must be in tests/unit/jose; here whole sign-ins go over HTTP."""
import base64
import hashlib
import hmac
import itertools
import json
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest

from client import Client
from lives import Vault
from provider import CHANGED, LOGOUT, REVOKED, VERIFY, Key, Provider, b64, token

_names = itertools.count(1)
ATTEMPT, SESSION = '__Host-valv-oidc', '__Host-valv'


@pytest.fixture(scope='module')
def vault(make_server):
    """A server of its own: what is set up here concerns nobody else."""
    server = make_server()
    operator = Client(server.socket)
    reply = operator.raw('POST', '/v1/admin/delivery', json.dumps({'networks': ['127.0.0.0/8']}).encode(),
                         [('Content-Type', 'application/json')])
    assert reply.status == 200, reply
    return server


@pytest.fixture(scope='module')
def operator(vault, description):
    return Client(vault.socket, description)


@pytest.fixture(scope='module')
def provider():
    one = Provider()
    yield one
    one.close()


def definition(vault, provider, **more):
    return {'issuer': provider.issuer, 'client_id': provider.client, 'client_secret': provider.secret,
            'address': vault.url, **more}


@pytest.fixture(scope='module', autouse=True)
def set_up(vault, operator, provider):
    reply = operator.put('/v1/identity-provider', definition(vault, provider))
    assert reply.status == 200, reply


@pytest.fixture
def put(vault, operator, provider):
    """Sets the provider up otherwise, for one test."""
    yield lambda **more: operator.put('/v1/identity-provider', definition(vault, provider, **more))
    assert operator.put('/v1/identity-provider', definition(vault, provider)).status == 200


@pytest.fixture
def forge(provider):
    """What the provider gives in place of its ID token."""
    def set_forge(function):
        provider.forge = function
    yield set_forge
    provider.forge = None


def cookies(reply):
    found = {}
    for name, value in reply.headers:
        if name.lower() == 'set-cookie':
            parts = [part.strip() for part in value.split(';')]
            key, text = parts[0].split('=', 1)
            assert {'Secure', 'HttpOnly', 'Path=/'} <= set(parts), value
            assert ('SameSite=Strict' if key == SESSION else 'SameSite=Lax') in parts, value
            found[key] = text
    return found


class Browser:
    def __init__(self, vault):
        self.client, self.jar = Client(vault.url), {}

    def get(self, target, method='GET'):
        headers = [('Cookie', '; '.join(f'{k}={v}' for k, v in self.jar.items()))] if self.jar else []
        reply = self.client.raw(method, target, headers=headers)
        assert reply.status < 500, reply
        assert reply.header('Cache-Control') == 'no-store' and reply.header('Referrer-Policy') == 'no-referrer'
        for name, value in cookies(reply).items():
            if value:
                self.jar[name] = value
            else:
                self.jar.pop(name, None)
        return reply

    def start(self, query=''):
        reply = self.get(f'/oidc/start{query}')
        assert reply.status == 303, reply
        return reply.header('Location')

    def callback(self, answer):
        return self.get('/oidc/callback?' + urlencode(answer))

    def sign_in(self, provider, subject, **claims):
        return self.callback(provider.authorize(self.start(), subject, **claims))

    @property
    def is_in(self):
        """An address that takes whoever is known."""
        status = self.get('/v1/fields').status
        assert status in (200, 401)
        return status == 200


@pytest.fixture
def browser(vault):
    return Browser(vault)


def account(operator, provider, **more):
    """A staff account of the provider's: (id, subject)."""
    subject = f'sub-{next(_names)}'
    reply = operator.post('/v1/staff', {'issuer': provider.issuer, 'subject': subject, 'user_name': f'{subject}@example.com', **more})
    assert reply.status == 201, reply
    return reply.json['id'], subject


@pytest.fixture
def subject(operator, provider):
    return account(operator, provider)[1]


# --- the way in ------------------------------------------------------------------------------------

def test_who_has_an_account_comes_in_and_is_known_afterwards(browser, provider, subject):
    assert not browser.is_in
    reply = browser.sign_in(provider, subject, sid='s-1', acr='2', amr=['pwd', 'otp'])
    assert reply.status == 200, reply
    assert reply.header('Content-Type').startswith('text/html') and b'<script' not in reply.body
    assert browser.is_in and ATTEMPT not in browser.jar
    assert subject.encode() not in reply.body


@pytest.mark.parametrize('index', range(4))
def test_each_algorithm_is_accepted(browser, provider, subject, index):
    provider.key = provider.keys[index]
    try:
        assert browser.sign_in(provider, subject).status == 200
        assert browser.is_in
    finally:
        provider.key = provider.keys[0]


def test_who_has_no_account_does_not_come_in_whatever_their_address(browser, operator, provider):
    account(operator, provider, email='anna@example.com')
    reply = browser.sign_in(provider, 'somebody-else', email='anna@example.com', preferred_username='anna@example.com')
    assert reply.status == 403, reply
    assert not browser.is_in


def test_who_has_left_does_not_come_back_by_signing_in(browser, operator, provider, put):
    id, subject = account(operator, provider)
    assert browser.sign_in(provider, subject).status == 200
    assert operator.post(f'/v1/staff/{id}/end', {}).status == 200
    assert not browser.is_in
    assert browser.sign_in(provider, subject).status == 403 and not browser.is_in
    assert put(joiners=True, groups_claim='groups', groups=[{'group': 'a', 'role': 'auditor', 'purposes': '*'}]).status == 200
    assert browser.sign_in(provider, subject, groups=['a']).status == 403 and not browser.is_in


# --- hostile ID tokens --------------------------------------------------------------------------------

WRONG = Key('RS256', 'rsa-1')
WRONG_EC = Key('ES256', 'ec-1')
WEAK = Key('RS256', 'weak', 1024)


def with_claims(**more):
    def make(p, claims):
        return token(p.key, {k: v for k, v in {**claims, **more}.items() if v is not ...})
    return make


def with_header(key=None, signature=None, **header):
    return lambda p, claims: token(key or p.key, claims, header, signature)


def unsigned(alg, signature=''):
    def make(p, claims):
        return f'{b64(json.dumps({"alg": alg, "kid": p.key.kid}))}.{b64(json.dumps(claims))}.{signature}'
    return make


def by_mac(secret):
    """The public key, which everybody has, as the secret of a MAC."""
    def make(p, claims):
        text = f'{b64(json.dumps({"alg": "HS256", "typ": "JWT", "kid": p.key.kid}))}.{b64(json.dumps(claims))}'
        return f'{text}.{b64(hmac.digest(secret(p), text.encode(), hashlib.sha256))}'
    return make


def changed(change):
    return lambda p, claims: change(token(p.key, claims))


def text_of_claims(change):
    return lambda p, claims: token(p.key, change(json.dumps(claims)))


def ec(der=False, signature=None):
    def make(p, claims):
        key = p.keys[1]
        text = f'{b64(json.dumps({"alg": "ES256", "kid": key.kid}))}.{b64(json.dumps(claims))}'
        return f'{text}.{b64(signature if signature is not None else key.sign(text.encode(), der))}'
    return make


def own_key_in_header(name, value):
    return lambda p, claims: token(WRONG, claims, {name: value(WRONG)})


def later(seconds):
    return int(time.time()) + seconds


HOSTILE = {
    # no signature
    'alg none': unsigned('none'), 'alg None': unsigned('None'), 'alg NONE': unsigned('NONE'), 'alg nOnE': unsigned('nOnE'),
    'alg none, with a signature': unsigned('none', 'AAAA'), 'alg empty': unsigned(''), 'alg null': unsigned(None),
    'alg missing': lambda p, claims: token(p.key, claims, {'alg': ...}),
    'alg of another case': with_header(alg='rs256'), 'alg as a list': with_header(alg=['RS256']),
    # keys
    'public key as the secret of a MAC (PEM)': by_mac(lambda p: p.key.pem()),
    'public key as the secret of a MAC (n)': by_mac(lambda p: p.key.jwk['n'].encode()),
    'client secret as the secret of a MAC': by_mac(lambda p: p.secret.encode()),
    'empty secret of a MAC': by_mac(lambda p: b'\0'),
    'signed with another key': with_header(key=WRONG),
    'RSA says it is ES256': with_header(alg='ES256'), 'RS256 says it is PS256': with_header(alg='PS256'),
    'RS384': with_header(alg='RS384'), 'ES256 with the kid of RSA': lambda p, c: token(p.keys[1], c, {'kid': p.key.kid}),
    'ES256 by another key': lambda p, c: token(WRONG_EC, c),
    'RSA of 1024 bits that the provider publishes': lambda p, c: token(WEAK, c),
    'kid missing': with_header(kid=...), 'kid null': with_header(kid=None), 'kid empty': with_header(kid=''),
    'kid a number': with_header(kid=1), 'kid a path': with_header(kid='../../../../dev/null'),
    'kid a statement': with_header(kid="rsa-1' OR '1'='1"), 'kid of another case': with_header(kid='RSA-1'),
    'jwk in the header': own_key_in_header('jwk', lambda k: k.jwk),
    'jku in the header': own_key_in_header('jku', lambda k: 'https://attacker.example/keys'),
    'x5u in the header': own_key_in_header('x5u', lambda k: 'https://attacker.example/chain'),
    'x5c in the header': own_key_in_header('x5c', lambda k: [base64.b64encode(b'0\x82').decode()]),
    'jku beside a good signature': with_header(jku='https://attacker.example/keys'),
    # forms
    'signature stripped': changed(lambda t: t.rsplit('.', 1)[0] + '.'), 'signature gone': changed(lambda t: t.rsplit('.', 1)[0]),
    'signature cut': changed(lambda t: t[:-4]), 'signature of zeros': with_header(signature=bytes(256)),
    'signature longer': changed(lambda t: t + 'AAAA'), 'signature padded': changed(lambda t: t + '=='),
    'ES256 in DER': ec(der=True), 'ES256, r and s zero': ec(signature=bytes(64)),
    'ES256, r zero': ec(signature=bytes(32) + b'\1' * 32), 'ES256, s the order': ec(signature=b'\1' * 32 + bytes.fromhex(
        'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551')),
    'a part more': changed(lambda t: t + '.e30'), 'a part before': changed(lambda t: 'e30.' + t), 'JWE of five parts': changed(lambda t: f'{t}.AAAA.AAAA'),
    'white space behind': changed(lambda t: t + ' '), 'a line feed behind': changed(lambda t: t + '\n'), 'white space inside': changed(lambda t: t.replace('.', ' .', 1)),
    'base64 that is not canonical': changed(lambda t: t[:-1] + chr(ord(t[-1]) + 1) if t[-1] in 'AQgw' else t + 'B'),
    'base64 of the other alphabet': changed(lambda t: t.replace('.', '+.', 1)), 'crit': with_header(crit=['exp']), 'crit empty': with_header(crit=[]),
    'b64 false': with_header(b64=False, crit=['b64']), 'b64 false without crit': with_header(b64=False), 'zip': with_header(zip='DEF'),
    'typ of an access token': with_header(typ='at+jwt'), 'typ of a logout token': with_header(typ='logout+jwt'), 'typ of an event': with_header(typ='secevent+jwt'),
    'empty': lambda p, c: '.', 'two dots': lambda p, c: '..', 'three dots': lambda p, c: '...', 'longer than may be': with_claims(pad='x' * 20000),
    'alg twice': lambda p, c: (lambda t: f'{t}.{b64(p.key.sign(t.encode()))}')(
        f'{b64(json.dumps({"kid": p.key.kid})[:-1] + ", " + chr(34) + "alg" + chr(34) + ": " + chr(34) + "none" + chr(34) + ", " + chr(34) + "alg" + chr(34) + ": " + chr(34) + "RS256" + chr(34) + "}")}.{b64(json.dumps(c))}'),
    # claims
    'iss with a slash behind': lambda p, c: token(p.key, {**c, 'iss': p.issuer + '/'}), 'iss of another': with_claims(iss='https://attacker.example'),
    'iss missing': with_claims(iss=...), 'iss in capitals': lambda p, c: token(p.key, {**c, 'iss': p.issuer.upper()}),
    'aud of another': with_claims(aud='other'), 'aud missing': with_claims(aud=...), 'aud empty list': with_claims(aud=[]),
    'aud with another': lambda p, c: token(p.key, {**c, 'aud': [p.client, 'other'], 'azp': p.client}), 'aud a prefix': with_claims(aud='val'),
    'azp of another': with_claims(azp='other'),
    'exp past': lambda p, c: token(p.key, {**c, 'exp': later(-61)}), 'exp missing': with_claims(exp=...), 'exp text': lambda p, c: token(p.key, {**c, 'exp': str(later(300))}),
    'exp a fraction': lambda p, c: token(p.key, {**c, 'exp': later(300) + 0.5}), 'exp huge': with_claims(exp=2 ** 63 - 1), 'exp beyond all': text_of_claims(lambda t: t.replace('"exp": ', '"exp": 1e999, "exp_": ')),
    'exp negative': with_claims(exp=-1), 'iat in the future': lambda p, c: token(p.key, {**c, 'iat': later(600)}), 'iat missing': with_claims(iat=...),
    'iat long ago': lambda p, c: token(p.key, {**c, 'iat': later(-7200)}), 'nbf in the future': lambda p, c: token(p.key, {**c, 'nbf': later(600)}),
    'sub missing': with_claims(sub=...), 'sub a number': with_claims(sub=7), 'sub empty': with_claims(sub=''), 'sub a list': lambda p, c: token(p.key, {**c, 'sub': [c['sub']]}),
    'sub huge': with_claims(sub='x' * 256), 'sub with a zero octet': lambda p, c: token(p.key, {**c, 'sub': c['sub'] + '\0'}), 'sub with a space behind': lambda p, c: token(p.key, {**c, 'sub': c['sub'] + '\n'}),
    'nonce missing': with_claims(nonce=...), 'nonce of another': with_claims(nonce='x' * 43), 'nonce empty': with_claims(nonce=''), 'nonce in another case': lambda p, c: token(p.key, {**c, 'nonce': c['nonce'].swapcase()}),
    'nonce cut': lambda p, c: token(p.key, {**c, 'nonce': c['nonce'][:-1]}),
    'at_hash of another token': with_claims(at_hash=b64(bytes(16))), 'at_hash empty': with_claims(at_hash=''),
    'claims twice': text_of_claims(lambda t: t[:-1] + ', "sub": "sub-1"}'), 'claims a list': lambda p, c: token(p.key, json.dumps([c])), 'claims not JSON': lambda p, c: token(p.key, 'x'),
    'claims with something behind': text_of_claims(lambda t: t + '{}'), 'claims in UTF-16': lambda p, c: token(p.key, json.dumps(c).encode('utf-16')), 'claims with a BOM': text_of_claims(lambda t: '\ufeff' + t),
    'a logout token': lambda p, c: token(p.key, {**c, 'events': {LOGOUT: {}}}),
}


def test_there_are_enough_hostile_tokens():
    assert len(HOSTILE) >= 40


@pytest.mark.parametrize('name', HOSTILE)
def test_a_hostile_id_token_is_refused(browser, provider, subject, forge, name):
    provider.keys.append(WEAK)
    forge(HOSTILE[name])
    try:
        reply = browser.sign_in(provider, subject)
        assert reply.status == 401, reply
        assert SESSION not in browser.jar and not browser.is_in
        assert b'attacker' not in reply.body and subject.encode() not in reply.body
    finally:
        provider.keys.remove(WEAK)


def test_the_same_way_with_nothing_wrong_is_accepted(browser, provider, subject, forge):
    """So that the refusals above are not of the forge itself."""
    forge(lambda p, claims: token(p.key, claims))
    assert browser.sign_in(provider, subject).status == 200
    forge(lambda p, claims: token(p.key, {**claims, 'aud': [p.client], 'azp': p.client, 'x': {'y': [1.5]}}, {'typ': 'JWT', 'x5t': 'AA'}))
    assert browser.sign_in(provider, subject).status == 200
    forge(ec())
    assert browser.sign_in(provider, subject).status == 200


# --- hostile answers -------------------------------------------------------------------------------------

def test_an_answer_counts_once(browser, provider, subject):
    location = browser.start()
    answer, jar = provider.authorize(location, subject), dict(browser.jar)
    assert browser.callback(answer).status == 200
    browser.jar = dict(jar)
    assert browser.callback(answer).status == 401
    browser.jar = dict(jar)
    again = provider.authorize(location, subject)  # a fresh code under the old state
    assert browser.callback(again).status == 401
    assert not browser.is_in


def test_a_code_counts_once(browser, provider, subject):
    first = provider.authorize(browser.start(), subject)
    assert browser.callback(first).status == 200
    second = parse_qs(urlsplit(browser.start()).query)['state'][0]
    browser.jar.pop(SESSION)
    assert browser.callback({**first, 'state': second}).status == 401
    assert not browser.is_in


def test_an_answer_to_another_browser_is_refused(vault, provider, subject):
    victim, attacker = Browser(vault), Browser(vault)
    answer = provider.authorize(attacker.start(), subject)
    redeemed = provider.calls.count('/realm/token')
    assert victim.callback(answer).status == 401  # no attempt at all
    victim.start()
    assert victim.callback(answer).status == 401  # another attempt
    assert provider.calls.count('/realm/token') == redeemed  # the code was not even looked at
    assert not victim.is_in


def test_answers_of_another_form_are_refused(browser, provider, subject):
    def tried(change, jar=None):
        browser.jar = {}
        answer = provider.authorize(browser.start(), subject)
        if jar:
            browser.jar = jar(browser.jar)
        reply = browser.get('/oidc/callback?' + change(answer))
        assert not browser.is_in
        return reply.status

    good = urlencode
    assert tried(lambda a: good({**a, 'state': ''})) == 401
    assert tried(lambda a: good({k: v for k, v in a.items() if k != 'state'})) == 401
    assert tried(lambda a: good({**a, 'state': a['state'][:-1]})) == 401
    assert tried(lambda a: good({k: v for k, v in a.items() if k != 'code'})) == 401
    assert tried(lambda a: good({**a, 'code': 'x'})) == 401
    assert tried(lambda a: good({k: v for k, v in a.items() if k != 'iss'})) == 401   # RFC 9207
    assert tried(lambda a: good({**a, 'iss': 'https://attacker.example'})) == 401
    assert tried(lambda a: good({**a, 'iss': a['iss'] + '/'})) == 401
    assert tried(lambda a: good({'state': a['state'], 'iss': a['iss'], 'error': 'access_denied', 'error_description': '<script>'})) == 401
    assert tried(lambda a: good({**a, 'error': 'access_denied'})) == 401
    assert tried(lambda a: good(a) + '&state=' + a['state']) in (400, 401)
    assert tried(lambda a: good(a) + '&code=x') in (400, 401)
    assert tried(lambda a: '') == 401
    assert tried(good, lambda jar: {}) == 401
    assert tried(good, lambda jar: {ATTEMPT: jar[ATTEMPT][:-1] + ('A' if jar[ATTEMPT][-1] != 'A' else 'Q')}) == 401
    assert tried(good, lambda jar: {ATTEMPT: 'x' * 4000}) == 401
    assert tried(good, lambda jar: {ATTEMPT: b64(secrets.token_bytes(89))}) == 401


def test_what_a_provider_adds_to_its_answer_does_no_harm(browser, provider, subject):
    answer = provider.authorize(browser.start(), subject)
    assert browser.callback({**answer, 'session_state': 'x', 'scope': 'openid'}).status == 200


def test_an_attempt_is_over_when_the_provider_was_changed(vault, operator, browser, provider, subject, put):
    answer = provider.authorize(browser.start(), subject)
    assert put(scopes=['email']).status == 200
    assert browser.callback(answer).status == 401


def test_the_provider_is_told_no_more_than_it_needs(browser, provider):
    query = parse_qs(urlsplit(browser.start()).query)
    assert set(query) == {'response_type', 'client_id', 'redirect_uri', 'scope', 'state', 'nonce', 'code_challenge', 'code_challenge_method'}
    assert provider.secret not in str(query)


def test_the_page_to_sign_in_on_learns_whether_there_is_a_provider(vault, operator, provider, description):
    anybody = Client(vault.url, description)
    assert anybody.get('/v1/session/ways').json == {'identity_provider': True}
    assert operator.delete('/v1/identity-provider').status == 204
    assert anybody.get('/v1/session/ways').json == {'identity_provider': False}
    assert operator.put('/v1/identity-provider', definition(vault, provider)).status == 200


# --- a fresh proof -----------------------------------------------------------------------------------------

def test_a_fresh_proof_is_asked_for_and_must_be_fresh(browser, provider, subject):
    assert browser.get('/oidc/start?again=1').status == 401
    assert browser.sign_in(provider, subject).status == 200
    location = browser.start('?again=1')
    asked = parse_qs(urlsplit(location).query)
    assert asked['prompt'] == ['login'] and asked['max_age'] == ['0']
    session = browser.jar[SESSION]
    assert browser.callback(provider.authorize(location, subject, auth_time=...)).status == 401
    assert browser.callback(provider.authorize(browser.start('?again=1'), subject, auth_time=later(-3600))).status == 401
    assert browser.callback(provider.authorize(browser.start('?again=1'), 'somebody-else')).status == 401
    assert browser.callback(provider.authorize(browser.start('?again=1'), subject)).status == 200
    assert browser.jar[SESSION] != session and browser.is_in  # another token of the same session
    renewed = browser.jar[SESSION]
    browser.jar[SESSION] = session
    assert not browser.is_in
    browser.jar[SESSION] = renewed
    assert browser.get('/v1/session').json['fresh'] is True


def test_where_two_factors_are_required_the_provider_has_to_say_that_it_saw_them(browser, provider, subject, operator, vault):
    """ASVS 6.3.3.  "mfa" in amr (RFC 8176) and nothing else: what acr means each provider decides for itself."""
    assert operator.put('/v1/settings/second_factor_required', {'value': True}).status == 200
    try:
        for claims, methods in (({}, ['oidc']), ({'amr': ['pwd']}, ['oidc']), ({'amr': ['pwd', 'otp'], 'acr': 'mfa'}, ['oidc']),
                                ({'amr': ['pwd', 'mfa']}, ['oidc', 'oidc_factors'])):
            assert browser.sign_in(provider, subject, **claims).status == 200
            session = browser.get('/v1/session').json
            assert (session['method'], session['second_factor_needed']) == (methods, len(methods) == 1), claims
            fields = browser.get('/v1/fields')
            assert fields.status == (401 if len(methods) == 1 else 200), claims
            assert fields.status == 200 or fields.slug == 'second-factor'
        # It may say so later, in the same session.
        assert browser.sign_in(provider, subject).status == 200
        assert browser.callback(provider.authorize(browser.start('?again=1'), subject, amr=['mfa'])).status == 200
        assert browser.get('/v1/session').json['second_factor_needed'] is False
    finally:
        assert operator.put('/v1/settings/second_factor_required', {'value': False}).status == 200


# --- who joins ---------------------------------------------------------------------------------------------

def test_who_joins_has_what_their_groups_give(browser, operator, provider, put):
    groups = [{'group': 'valv-auditors', 'role': 'auditor', 'purposes': '*'}, {'group': 'valv-devs', 'role': 'developer', 'purposes': '*'}]
    assert put(joiners=True, groups_claim='groups', groups=groups).status == 200
    subject = f'joiner-{next(_names)}'
    assert browser.sign_in(provider, subject, groups=['other'], preferred_username=f'{subject}@example.com').status == 403
    assert browser.sign_in(provider, subject, groups=[], preferred_username=f'{subject}@example.com').status == 403
    assert browser.sign_in(provider, subject, groups=['valv-auditors'], preferred_username=f'{subject}@example.com').status == 200
    assert browser.is_in

    def roles():
        staff = [s for s in operator.get('/v1/staff?limit=1000').json['staff'] if s['subject'] == subject]
        assert len(staff) == 1
        return {(r['role'], r['source']) for r in staff[0]['roles']}

    assert {role for role, _ in roles()} == {'auditor'}
    assert browser.sign_in(provider, subject, groups=['valv-devs', 'valv-auditors']).status == 200
    assert {role for role, _ in roles()} == {'auditor', 'developer'}
    assert browser.sign_in(provider, subject, groups=['other']).status == 200  # has an account, and no role by group any more
    assert roles() == set()


def test_nobody_joins_under_a_name_that_is_taken(browser, operator, provider, put):
    _, subject = account(operator, provider)
    assert put(joiners=True, groups_claim='groups', groups=[{'group': 'a', 'role': 'auditor', 'purposes': '*'}]).status == 200
    assert browser.sign_in(provider, 'thief', groups=['a'], preferred_username=f'{subject}@example.com').status == 403
    assert not browser.is_in


# --- logout ------------------------------------------------------------------------------------------------

def logout(vault, text, type='application/x-www-form-urlencoded', body=None):
    body = body if body is not None else urlencode({'logout_token': text}).encode()
    reply = Client(vault.url).raw('POST', '/oidc/backchannel-logout', body, [('Content-Type', type)] if type else [])
    assert reply.header('Cache-Control') == 'no-store'
    return reply


def signed_in(vault, provider, subject, **claims):
    one = Browser(vault)
    assert one.sign_in(provider, subject, **claims).status == 200
    assert one.is_in
    return one


def test_a_logout_by_sub_ends_all_sessions_of_that_person_and_no_others(vault, operator, provider, subject):
    one, two = signed_in(vault, provider, subject, sid='a1'), signed_in(vault, provider, subject, sid='a2')
    other = signed_in(vault, provider, account(operator, provider)[1], sid='a3')
    reply = logout(vault, provider.logout(sub=subject))
    assert reply.status == 200 and not reply.body, reply
    assert not one.is_in and not two.is_in and other.is_in
    assert signed_in(vault, provider, subject)  # the account is there


def test_a_logout_by_sid_ends_that_session_only(vault, provider, subject):
    one, two = signed_in(vault, provider, subject, sid='b1'), signed_in(vault, provider, subject, sid='b2')
    assert logout(vault, provider.logout(sid='b1')).status == 200
    assert not one.is_in and two.is_in
    assert logout(vault, provider.logout(sub=subject, sid='b2')).status == 200
    assert not two.is_in


def test_a_logout_of_somebody_unknown_is_fine(vault, provider):
    assert logout(vault, provider.logout(sub='nobody')).status == 200
    assert logout(vault, provider.logout(sid='nothing')).status == 200


def test_a_sign_in_that_began_before_the_logout_is_over(vault, operator, provider, subject):
    one, two = Browser(vault), Browser(vault)
    other = account(operator, provider)[1]
    first, second = provider.authorize(one.start(), subject), provider.authorize(two.start(), other, sid='c2')
    assert logout(vault, provider.logout(sub=subject)).status == 200
    assert one.callback(first).status == 401 and not one.is_in
    assert logout(vault, provider.logout(sid='c2')).status == 200
    assert two.callback(second).status == 401 and not two.is_in
    assert signed_in(vault, provider, subject, sid='c1') and signed_in(vault, provider, other, sid='c3')


def test_a_logout_can_end_all_access(vault, operator, provider, put):
    id, subject = account(operator, provider)
    one = signed_in(vault, provider, subject)
    assert put(logout_ends='access').status == 200
    assert logout(vault, provider.logout(sub=subject)).status == 200
    assert not one.is_in
    assert operator.get(f'/v1/staff/{id}').json['state'] == 'ended'
    assert Browser(vault).sign_in(provider, subject).status == 403


LOGOUTS = {
    'alg none': lambda p, s: unsigned('none')(p, p.logout_claims(sub=s)),
    'another key': lambda p, s: token(WRONG, p.logout_claims(sub=s), {'typ': 'logout+jwt'}),
    'a MAC by the public key': lambda p, s: by_mac(lambda q: q.key.pem())(p, p.logout_claims(sub=s)),
    'kid unknown': lambda p, s: p.logout({'kid': 'x'}, sub=s), 'typ of an event': lambda p, s: p.logout({'typ': 'secevent+jwt'}, sub=s),
    'nonce': lambda p, s: p.logout(sub=s, nonce='n'), 'no event': lambda p, s: p.logout(sub=s, events=...), 'events empty': lambda p, s: p.logout(sub=s, events={}),
    'another event': lambda p, s: p.logout(sub=s, events={REVOKED: {}}), 'neither sub nor sid': lambda p, s: p.logout(),
    'aud of another': lambda p, s: p.logout(sub=s, aud='other'), 'aud of several': lambda p, s: p.logout(sub=s, aud=[p.client, 'other']),
    'iss of another': lambda p, s: p.logout(sub=s, iss=p.issuer + '/'), 'jti missing': lambda p, s: p.logout(sub=s, jti=...),
    'iat old': lambda p, s: p.logout(sub=s, iat=later(-3600)), 'iat in the future': lambda p, s: p.logout(sub=s, iat=later(600)), 'iat missing': lambda p, s: p.logout(sub=s, iat=...),
    'exp past': lambda p, s: p.logout(sub=s, exp=later(-120)), 'sub a number': lambda p, s: p.logout(sub=7), 'an ID token': lambda p, s: token(p.key, {
        'iss': p.issuer, 'aud': p.client, 'sub': s, 'iat': later(0), 'exp': later(300), 'nonce': 'n'}),
    'empty': lambda p, s: '', 'sid of another': lambda p, s: p.logout(sub=s, sid='d-other'),
}


@pytest.mark.parametrize('name', LOGOUTS)
def test_a_hostile_logout_token_is_refused_and_ends_nothing(vault, operator, provider, subject, name):
    one = signed_in(vault, provider, subject, sid='d1')
    other = signed_in(vault, provider, account(operator, provider)[1], sid='d-other')
    reply = logout(vault, LOGOUTS[name](provider, subject))
    assert reply.status == 400, reply
    assert reply.json['error'] == 'invalid_request' and subject not in str(reply.json)
    assert one.is_in and other.is_in


def test_a_logout_token_counts_once(vault, provider, subject):
    text = provider.logout(sub=subject)
    assert logout(vault, text).status == 200
    one = signed_in(vault, provider, subject)
    assert logout(vault, text).status == 400
    assert one.is_in


def test_logout_takes_a_form_and_nothing_else(vault, provider, subject):
    text = provider.logout(sub=subject)
    assert logout(vault, text, 'application/json').status == 415
    assert logout(vault, text, None).status == 415
    assert logout(vault, '', body=b'').status == 400
    assert logout(vault, '', body=b'x=1').status == 400
    assert logout(vault, '', body=urlencode([('logout_token', text), ('logout_token', text)]).encode()).status == 400
    assert logout(vault, '', body=f'logout_token={text[:40]}%zz'.encode()).status == 400
    assert Client(vault.url).raw('GET', '/oidc/backchannel-logout?logout_token=' + text[:200]).status == 405
    assert logout(vault, text).status == 200


# --- events ------------------------------------------------------------------------------------------------

def event(vault, text, type='application/secevent+jwt'):
    return Client(vault.url).raw('POST', '/events/caep', text.encode(), [('Content-Type', type), ('Accept', 'application/json')])


@pytest.fixture
def events(put):
    assert put(events={}).status == 200


def test_a_revoked_session_ends_here_too_however_the_person_is_named(vault, operator, provider, put):
    assert put(events={}).status == 200
    id, subject = account(operator, provider, email='berit@example.com', external_id='ext-77')
    other = signed_in(vault, provider, account(operator, provider)[1])
    for named in ({'format': 'email', 'email': 'Berit@example.com'}, {'format': 'iss_sub', 'iss': provider.issuer, 'sub': subject},
                  {'format': 'opaque', 'id': 'ext-77'}, {'format': 'opaque', 'id': subject}):
        one = signed_in(vault, provider, subject)
        reply = event(vault, provider.event(named))
        assert reply.status == 202 and not reply.body, reply
        assert not one.is_in and other.is_in
    assert operator.get(f'/v1/staff/{id}').json['state'] == 'active'


def test_a_credential_that_is_gone_ends_sessions_and_a_new_one_does_not(vault, provider, subject, events):
    one = signed_in(vault, provider, subject)
    named = {'format': 'iss_sub', 'iss': provider.issuer, 'sub': subject}
    assert event(vault, provider.event(named, CHANGED, body={'change_type': 'create', 'credential_type': 'fido2-roaming'})).status == 202
    assert event(vault, provider.event(..., VERIFY, body={'state': 'x'})).status == 202
    assert one.is_in
    assert event(vault, provider.event(named, CHANGED, body={'change_type': 'revoke', 'credential_type': 'password'})).status == 202
    assert not one.is_in


def test_an_event_is_done_once_and_answered_well_again(vault, provider, subject, events):
    text = provider.event({'format': 'iss_sub', 'iss': provider.issuer, 'sub': subject})
    assert event(vault, text).status == 202
    one = signed_in(vault, provider, subject)
    assert event(vault, text).status == 202  # RFC 8935: it has arrived
    assert one.is_in


def test_an_event_can_end_all_access(vault, operator, provider, put):
    id, subject = account(operator, provider)
    one = signed_in(vault, provider, subject)
    assert put(events={}, logout_ends='access').status == 200
    assert event(vault, provider.event({'format': 'iss_sub', 'iss': provider.issuer, 'sub': subject})).status == 202
    assert not one.is_in and operator.get(f'/v1/staff/{id}').json['state'] == 'ended'


def test_a_late_event_tells_what_lay_between(vault, operator, provider, events):
    def notes():
        found, after = [], '0'
        while after:
            page = operator.get(f'/v1/audit/entries?limit=1000&after={after}').json
            found += [e for e in page['entries'] if e['act'] == 'provider.late']
            after = page['next']
        return found

    id, subject = account(operator, provider)
    named = {'format': 'iss_sub', 'iss': provider.issuer, 'sub': subject}
    one = signed_in(vault, provider, subject)
    before = len(notes())
    assert event(vault, provider.event(named, body={'event_timestamp': later(0)})).status == 202
    assert len(notes()) == before  # in time
    one = signed_in(vault, provider, subject)
    assert event(vault, provider.event(named, body={'event_timestamp': later(-1800)})).status == 202
    assert not one.is_in
    note = notes()[-1]
    assert len(notes()) == before + 1 and note['staff'] == id and note['persons'] == 0
    assert note['uses'] == 2  # both sign-ins
    assert abs(time.time() - 1800 - datetime.fromisoformat(note['since'].replace('Z', '+00:00')).timestamp()) < 60
    alerts = operator.get('/v1/alerts').json['alerts']
    assert any(a['kind'] == 'late-signal' for a in alerts), alerts


EVENTS = {
    'alg none': ('invalid_request', lambda p, n: unsigned('none')(p, {'iss': p.issuer})),
    'typ JWT': ('invalid_request', lambda p, n: p.event(n, header={'typ': 'JWT'})), 'typ missing': ('invalid_request', lambda p, n: p.event(n, header={'typ': ...})),
    'a logout token': ('invalid_request', lambda p, n: p.logout(sub='x')),
    'kid unknown': ('invalid_key', lambda p, n: p.event(n, header={'kid': 'x'})), 'another key': ('invalid_key', lambda p, n: token(WRONG, {}, {'typ': 'secevent+jwt'})),
    'another issuer': ('invalid_issuer', lambda p, n: p.event(n, iss='https://attacker.example')), 'another audience': ('invalid_audience', lambda p, n: p.event(n, aud='other')),
    'exp': ('invalid_request', lambda p, n: p.event(n, exp=later(300))), 'no subject': ('invalid_request', lambda p, n: p.event(...)),
    'an unknown event': ('invalid_request', lambda p, n: p.event(n, 'https://example.com/event')), 'jti missing': ('invalid_request', lambda p, n: p.event(n, jti=...)),
    'two events': ('invalid_request', lambda p, n: p.event(n, events={REVOKED: {}, CHANGED: {'change_type': 'revoke'}})),
    'from the future': ('invalid_request', lambda p, n: p.event(n, iat=later(600))), 'too old': ('invalid_request', lambda p, n: p.event(n, iat=later(-8 * 86400))),
    'happened in the future': ('invalid_request', lambda p, n: p.event(n, body={'event_timestamp': later(600)})), 'empty': ('invalid_request', lambda p, n: ''),
}


@pytest.mark.parametrize('name', EVENTS)
def test_a_hostile_event_is_refused_with_its_word_and_ends_nothing(vault, provider, subject, events, name):
    one = signed_in(vault, provider, subject)
    word, make = EVENTS[name]
    reply = event(vault, make(provider, {'format': 'iss_sub', 'iss': provider.issuer, 'sub': subject}))
    assert reply.status == 400 and reply.type == 'application/json', reply
    assert reply.json['err'] == word and reply.json['description'] and subject not in str(reply.json), reply
    assert one.is_in


def test_events_are_taken_only_where_they_are_asked_for(vault, provider, subject):
    named = {'format': 'iss_sub', 'iss': provider.issuer, 'sub': subject}
    assert event(vault, provider.event(named)).status == 404
    assert event(vault, provider.event(named), 'application/json').status in (404, 415)


# --- the provider's keys -----------------------------------------------------------------------------------

def test_new_keys_are_fetched_once_and_not_for_every_stranger(vault, provider, subject, browser):
    fresh = Key('RS256', f'rsa-{secrets.token_hex(4)}')
    provider.keys.append(fresh)
    before = provider.calls.count('/realm/keys')
    for _ in range(5):
        provider.forge = lambda p, claims: token(Key('ES256', 'unknown'), claims)
        assert browser.sign_in(provider, subject).status == 401
    provider.forge = None
    assert provider.calls.count('/realm/keys') - before <= 1


# --- setting it up -----------------------------------------------------------------------------------------

def test_the_secret_is_never_given_back_and_stays_with_its_issuer(vault, operator, provider, put):
    reply = operator.get('/v1/identity-provider')
    assert reply.status == 200 and provider.secret not in reply.body.decode() and 'client_secret' not in reply.json
    assert reply.json['issuer'] == provider.issuer and reply.json['redirect_uri'] == f'{vault.url}/oidc/callback'
    body = definition(vault, provider)
    del body['client_secret']
    assert operator.put('/v1/identity-provider', body).status == 200
    second = Provider()
    try:
        reply = operator.put('/v1/identity-provider', {**body, 'issuer': second.issuer})
        assert reply.status == 422 and reply.json['member'] == '/client_secret', reply
    finally:
        second.close()


def test_a_provider_that_cannot_be_believed_is_not_set_up(vault, operator, provider):
    def refused(member, **more):
        reply = operator.put('/v1/identity-provider', definition(vault, provider, **more))
        assert reply.status == 422 and reply.json['member'] == member, reply

    refused('/issuer', issuer=provider.issuer + '/')
    refused('/issuer', issuer='https://127.0.0.1:1/realm')
    refused('/issuer', issuer='ftp://example.com/')
    refused('/issuer', issuer='http://169.254.169.254/latest')
    refused('/address', address='http://valv.example.com')
    refused('/address', address=vault.url + '/')
    refused('/address', address='javascript:alert(1)')
    refused('/groups/0/role', groups=[{'group': 'a', 'role': 'no-such-role', 'purposes': '*'}])
    refused('/groups_claim', groups=[{'group': 'a', 'role': 'auditor', 'purposes': '*'}])
    provider.metadata = {'issuer': 'https://other.example'}
    second = Provider()
    second.metadata = {'issuer': provider.issuer}
    try:
        refused('/issuer', issuer=second.issuer)
    finally:
        second.close()
        provider.metadata = {}


def test_without_a_provider_nobody_comes_in_by_one(vault, operator, provider, browser, subject):
    answer = provider.authorize(browser.start(), subject)
    assert operator.delete('/v1/identity-provider').status == 204
    try:
        assert operator.get('/v1/identity-provider').status == 404
        assert operator.delete('/v1/identity-provider').status == 404
        assert browser.get('/oidc/start').status == 404
        assert browser.callback(answer).status in (401, 404)
        assert not browser.is_in
        assert logout(vault, provider.logout(sub=subject)).status == 404
    finally:
        assert operator.put('/v1/identity-provider', definition(vault, provider)).status == 200


def manager(vault, operator, provider):
    """Somebody who may change the provider, signed in: (id, browser)."""
    id, subject = account(operator, provider)
    assert operator.put(f'/v1/staff/{id}/roles', {'roles': [{'role': 'administrator', 'purposes': '*'}]}).status == 200
    return id, signed_in(vault, provider, subject)


def called(vault, description, browser, method, body=None, headers=()):
    """As a page of the vault's own would."""
    headers = {'Cookie': f'{SESSION}={browser.jar[SESSION]}', 'Sec-Fetch-Site': 'same-origin', **dict(headers)}
    return Client(vault.url, description).call(method, '/v1/identity-provider', body, headers=headers)


def test_changing_the_provider_takes_two_people(vault, operator, description, provider):
    (one_id, one), (two_id, two) = manager(vault, operator, provider), manager(vault, operator, provider)
    assert called(vault, description, one, 'GET').status == 200
    reply = called(vault, description, one, 'PUT', definition(vault, provider, scopes=['profile']))
    assert reply.status == 202, reply
    assert operator.get('/v1/identity-provider').json['scopes'] == []
    # taking it away does not wait for anybody
    assert called(vault, description, two, 'DELETE').status == 204
    for id in (one_id, two_id):
        assert operator.post(f'/v1/staff/{id}/end', {}).status == 200
    assert operator.put('/v1/identity-provider', definition(vault, provider)).status == 200


def test_calls_that_are_refused_change_nothing(vault, operator, description, provider):
    stranger = Client(vault.url, description)
    reply = operator.post('/v1/keys', {'name': 'oidc', 'scopes': ['read'], 'purposes': '*'})
    assert reply.status == 201
    before = operator.get('/v1/identity-provider').json
    for method, body in (('GET', None), ('PUT', definition(vault, provider)), ('DELETE', None)):
        assert stranger.call(method, '/v1/identity-provider', body).status == 401
        assert stranger.call(method, '/v1/identity-provider', body, key=reply.json['key']).status == 403
        assert operator.call(method, '/v1/identity-provider?x=1', body).status == 400
    assert operator.put('/v1/identity-provider', b'{', type='application/json').status == 400
    assert operator.put('/v1/identity-provider', b'x', type='text/plain').status == 415
    assert operator.put('/v1/identity-provider', {**definition(vault, provider), 'scopes': ['x' * 300000]}).status == 413
    assert operator.put('/v1/identity-provider', {**definition(vault, provider), 'more': 1}).status == 422
    assert operator.get('/v1/identity-provider').json == before


def test_a_restore_brings_back_no_provider_that_was_changed_since(tmp_path, provider):
    vault = Vault(tmp_path / 'vault').init().start()
    try:
        def put(**more):
            return vault.operator.put('/v1/identity-provider', definition(vault.server, provider, **more)).status

        assert vault.operator.post('/v1/admin/delivery', {'networks': ['127.0.0.0/8']}).status == 200
        assert put() == 200
        first = vault.backup()
        assert put(joiners=True, groups_claim='g', groups=[{'group': 'a', 'role': 'auditor', 'purposes': '*'}]) == 200
        second = vault.backup()
        vault.stop()
        vault.restore(second)
        vault.start()
        assert vault.operator.get('/v1/identity-provider').json['joiners']
        vault.stop()
        vault.restore(first)
        vault.start()
        assert vault.operator.get('/v1/identity-provider').status == 404
    finally:
        vault.stop('kill')


def test_who_was_ended_by_a_logout_stays_ended_after_a_restore(tmp_path, provider):
    vault = Vault(tmp_path / 'vault').init().start()
    try:
        assert vault.operator.post('/v1/admin/delivery', {'networks': ['127.0.0.0/8']}).status == 200
        assert vault.operator.put('/v1/identity-provider', definition(vault.server, provider, logout_ends='access')).status == 200
        id, subject = account(vault.operator, provider)
        one = signed_in(vault.server, provider, subject)
        backup = vault.backup()
        assert logout(vault.server, provider.logout(sub=subject)).status == 200
        vault.stop()
        vault.restore(backup)
        vault.start()
        one.client = Client(vault.server.url)
        assert not one.is_in
        assert vault.operator.get(f'/v1/staff/{id}').json['state'] == 'ended'
    finally:
        vault.stop('kill')


def test_an_attempt_ends_after_ten_minutes(tmp_path, provider):
    clock = tmp_path / 'clock'
    clock.write_text('0')
    vault = Vault(tmp_path / 'vault').init().start(VALV_TEST_CLOCK=str(clock))
    try:
        assert vault.operator.post('/v1/admin/delivery', {'networks': ['127.0.0.0/8']}).status == 200
        assert vault.operator.put('/v1/identity-provider', definition(vault.server, provider)).status == 200
        _, subject = account(vault.operator, provider)
        for minutes, status in ((9.9, 200), (10.1, 401)):
            browser = Browser(vault.server)
            clock.write_text('0')
            answer = provider.authorize(browser.start(), subject, exp=later(3600))
            clock.write_text(str(int(minutes * 60e6)))
            assert browser.callback(answer).status == status
    finally:
        vault.stop('kill')


def test_a_slow_provider_is_asked_once_for_all_who_wait(tmp_path):
    vault, slow = Vault(tmp_path / 'vault').init().start(), Provider()
    try:
        assert vault.operator.post('/v1/admin/delivery', {'networks': ['127.0.0.0/8']}).status == 200
        assert vault.operator.put('/v1/identity-provider', definition(vault.server, slow)).status == 200
        subjects = [account(vault.operator, slow)[1] for _ in range(6)]
        slow.slow = 1.5
        with ThreadPoolExecutor(6) as pool:
            replies = list(pool.map(lambda subject: Browser(vault.server).sign_in(slow, subject), subjects))
        assert [reply.status for reply in replies] == [200] * 6
        assert slow.calls.count('/realm/keys') == 1
    finally:
        slow.close()
        vault.stop('kill')


def test_a_provider_that_is_down_keeps_nobody_in_and_lets_nobody_in(tmp_path):
    vault, down = Vault(tmp_path / 'vault').init().start(), Provider()
    try:
        assert vault.operator.post('/v1/admin/delivery', {'networks': ['127.0.0.0/8']}).status == 200
        assert vault.operator.put('/v1/identity-provider', definition(vault.server, down)).status == 200
        id, subject = account(vault.operator, down)
        one, two = signed_in(vault.server, down, subject), Browser(vault.server)
        answer, bye = down.authorize(two.start(), subject), down.logout(sub=subject)
        down.close()
        headers = [('Cookie', f'{ATTEMPT}={two.jar[ATTEMPT]}')]
        reply = Client(vault.server.url).raw('GET', '/oidc/callback?' + urlencode(answer), headers=headers)
        assert reply.status == 503 and reply.header('Retry-After') and not cookies(reply).get(SESSION), reply
        assert one.is_in
        assert logout(vault.server, bye).status == 200 and not one.is_in  # its keys are known for a day
    finally:
        vault.stop('kill')
