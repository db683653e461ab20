"""Addresses that must not be contacted."""
import pytest

from client import CANARY
from definitions import consent, email, make_person


def suppress(client, value, **more):
    return client.post('/v1/suppressions', {'address': 'email', 'value': value, 'scope': 'marketing', 'source': 'unsubscribe',
                                            **more})


def of(client, value, address='email'):
    reply = client.post('/v1/suppressions/search', {'address': address, 'value': value})
    assert reply.status == 200, reply
    return reply.json['suppressions']


def allowed(client, id, channel='email'):
    reply = client.post('/v1/decisions', {'subject': id, 'purpose': 'newsletter', 'channel': channel})
    return reply.json['allowed']


def test_a_suppressed_address_is_not_contacted(app):
    id, address = make_person(app)
    assert allowed(app, id)
    reply = suppress(app, address.upper())
    assert reply.status == 204 and not reply.body
    assert not allowed(app, id)
    found, = of(app, address)
    assert (found['scope'], found['source'], found['purpose'], found['channel']) == ('marketing', 'unsubscribe', None, None)


def test_a_suppression_outlives_and_precedes_the_person(app):
    address = email()
    assert suppress(app, address, scope='everything', source='bounce', at='2026-01-01T00:00:00Z').status == 204
    id, _ = make_person(app, {'email': address})
    assert not allowed(app, id)


def test_scopes_are_as_narrow_as_they_say(app):
    id, address = make_person(app, {'email': email(), 'phone': '+46701740605'})
    assert suppress(app, address, scope='purpose', purpose='parties').status == 204
    assert allowed(app, id)
    assert suppress(app, address, scope='channel', channel='sms').status == 204
    assert allowed(app, id)
    assert suppress(app, address, scope='purpose', purpose='newsletter', channel='email').status == 204
    assert not allowed(app, id)
    assert len(of(app, address)) == 3


def test_a_fresh_yes_lifts_the_stop_for_its_purpose_only(app):
    id, address = make_person(app)
    app.post(f'/v1/subjects/{id}/withdrawals', {'purpose': 'newsletter', 'channels': ['email']})
    assert [s['source'] for s in of(app, address)] == ['withdrawal']
    suppress(app, address, scope='everything')
    app.post(f'/v1/subjects/{id}/consents', consent(act='given'))
    assert [s['scope'] for s in of(app, address)] == ['everything']
    assert not allowed(app, id)


@pytest.mark.parametrize('body, member', [
    ({'address': CANARY}, '/address'), ({'address': 'post'}, '/address'), ({'address': None}, '/address'),
    ({'value': CANARY}, None), ({'value': 7}, '/value'), ({'value': None}, '/value'), ({'scope': CANARY}, '/scope'),
    ({'scope': None}, '/scope'), ({'source': CANARY}, '/source'), ({'source': None}, '/source'),
    ({'scope': 'purpose'}, '/purpose'), ({'scope': 'purpose', 'purpose': CANARY}, '/purpose'), ({'purpose': 'newsletter'}, '/purpose'),
    ({'scope': 'channel'}, '/channel'), ({'scope': 'channel', 'channel': CANARY}, '/channel'), ({'channel': 'email'}, '/channel'),
    ({'scope': 'channel', 'channel': 'none'}, '/channel'), ({'at': CANARY}, '/at'), ({'at': '2031-01-01T00:00:00Z'}, '/at'),
    ({CANARY: 1}, None),
])
def test_wrong_suppressions_are_refused(app, body, member):
    reply = suppress(app, email(), **body) if 'value' not in body else suppress(app, **body)
    assert (reply.status, reply.slug) == (422, 'invalid'), reply
    if member:
        assert reply.json['member'] == member


@pytest.mark.parametrize('body', [{'address': 'email'}, {'value': 'a@b.se'}, {'address': 'post', 'value': 'x'},
                                  {'address': 'email', 'value': CANARY}, {'address': 'phone', 'value': CANARY},
                                  {'address': 'email', 'value': 'a@b.se', CANARY: 1}])
def test_wrong_searches_are_refused(app, body):
    assert app.post('/v1/suppressions/search', body).slug == 'invalid'
