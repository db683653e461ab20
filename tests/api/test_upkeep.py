"""Settings, the audit log, and what operators do."""
import pytest

import definitions
from audit_log import entries, newest
from client import CANARY
from definitions import consent, contract, email, make_person, read

NOBODY = '00000000-0000-4000-8000-000000000000'


# --- settings -------------------------------------------------------------------------------------

@pytest.mark.parametrize('name, value, kept', [
    ('company', ' Exempel AB ', 'Exempel AB'), ('contact', 'dataskydd@example.com', None), ('dpo', 'Örjan, 08-123', None),
    ('age_of_consent', 13, None), ('budget_per_hour', 10000, None), ('zone_minutes', 60, None), ('zone_minutes', -300, None),
    ('nix_checked_at', '2026-11-01T01:00:00+01:00', '2026-11-01T00:00:00Z'), ('languages', ['sv', 'en'], None),
])
def test_settings_are_put_and_read(app, name, value, kept):
    reply = app.put(f'/v1/settings/{name}', {'value': value})
    assert reply.status == 200 and reply.json == {'name': name, 'value': value if kept is None else kept}
    assert app.get(f'/v1/settings/{name}').json == reply.json


@pytest.mark.parametrize('name, value', [
    ('company', ''), ('company', '  '), ('company', 7), ('company', 'a\nb'), ('company', 'x' * 201), ('company', None),
    ('company', [CANARY]), ('company', '\u0007'), ('age_of_consent', 12), ('age_of_consent', 17), ('age_of_consent', CANARY),
    ('age_of_consent', 13.5), ('budget_per_hour', -1), ('budget_per_hour', 10 ** 12), ('zone_minutes', 841),
    ('zone_minutes', None), ('nix_checked_at', CANARY), ('nix_checked_at', '2031-01-01T00:00:00Z'), ('nix_checked_at', 0),
    ('languages', []), ('languages', 'sv'), ('languages', ['sv', 'sv']), ('languages', [CANARY]), ('languages', ['SV']),
    ('languages', ['s-']), ('languages', ['sv en']), ('languages', [1]), ('languages', ['aa'] * 25), ('languages', {}),
])
def test_wrong_settings_are_refused(app, name, value):
    before = app.get(f'/v1/settings/{name}').json
    reply = app.put(f'/v1/settings/{name}', {'value': value})
    assert (reply.status, reply.slug) == (422, 'invalid'), reply
    assert reply.json['member'].startswith('/value')
    assert app.get(f'/v1/settings/{name}').json == before


def test_other_settings_are_absent(app):
    for name in ('registry', 'nothing', CANARY, 'languages%20'):
        assert app.get(f'/v1/settings/{name}').slug == 'absent'
        assert app.put(f'/v1/settings/{name}', {'value': 'x'}).slug == 'absent'


def test_a_setting_needs_its_value(app):
    assert app.put('/v1/settings/company', {}).json['member'] == '/value'
    assert app.put('/v1/settings/company', {'value': 'x', CANARY: 1}).slug == 'invalid'


# --- audit ----------------------------------------------------------------------------------------

def test_every_use_and_refusal_leaves_an_entry(api, app, operator, make_key):
    id, address = make_person(app, {'email': email(), 'nick': 'x'}, [consent()])
    read(app, id)
    read(app, id, 'support')
    app.patch(f'/v1/subjects/{id}', {'values': {'nick': 'y'}}, headers={'If-Match': '*'})
    app.post('/v1/decisions', {'subject': id, 'purpose': 'newsletter', 'channel': 'email'})
    app.post(f'/v1/subjects/{id}/consents', {'purpose': 'newsletter', 'act': 'withdrawn', 'channels': ['sms']})
    app.get(f'/v1/subjects/{id}/consents')
    api.get(f'/v1/subjects/{id}', headers={'Valv-Purpose': 'newsletter'})  # no key
    read(api.using(make_key(['decide'])), id)
    read(api.using(make_key(['read'], ['order'])), id)
    read(operator, id, 'rights')

    log = entries(app, subject=id)
    told = [(e['act'], e['outcome'], e['purpose'], e['actor']['kind']) for e in log]
    assert told == [
        ('subject.create', 'done', 'newsletter', 'key'),
        ('subject.read', 'done', 'newsletter', 'key'),
        ('subject.read', 'no-ground', 'support', 'key'),
        ('subject.change', 'done', None, 'key'),
        ('decision', 'done', 'newsletter', 'key'),
        ('ledger.act', 'done', 'newsletter', 'key'),
        ('ledger.read', 'done', None, 'key'),
        ('refused', 'unauthenticated', None, 'nobody'),
        ('refused', 'denied', None, 'key'),
        ('refused', 'purpose-denied', 'newsletter', 'key'),
        ('subject.read', 'done', 'rights', 'operator'),
    ]
    by_act = {e['act']: e for e in log}
    assert set(log[0]['fields']) == {'email', 'nick'} and log[0]['version'] == 1
    assert set(log[1]['fields']) == {'email', 'nick'} and log[2]['fields'] == []
    assert log[3]['fields'] == ['nick'] and log[3]['version'] == 2
    assert by_act['decision']['decisions'] == [{'allowed': True, 'reason': 'consent', 'basis': 'consent', 'channel': 'email',
                                                'purpose': 'newsletter', 'version': 1, 'subject': id}]
    assert log[7]['operation'] == 'subject_get' and log[9]['operation'] == 'subject_get'
    assert all(e['subject'] == id for e in log)
    assert address not in repr(log)


def test_what_has_no_person_is_in_the_log_too(api, app, operator, make_key):
    began = newest(app)
    api.get('/v1/keys')
    app.post('/v1/subjects/search', {'field': 'email', 'value': email()})
    made = app.post('/v1/keys', {'name': 'x', 'scopes': ['read'], 'purposes': '*'}).json
    app.delete(f'/v1/keys/{made["id"]}')
    app.put('/v1/fields/logged', {'title': definitions.texts('x'), 'type': 'text'})
    app.put('/v1/settings/company', {'value': 'Exempel AB'})
    app.post('/v1/suppressions', {'address': 'email', 'value': email(), 'scope': 'marketing', 'source': 'staff'})
    app.call('POST', '/v1/decisions/batch', b'{"subject":"%s","purpose":"order","channel":"none"}\n' % NOBODY.encode() * 2,
             type='application/x-ndjson')
    log = [e for e in entries(app, began) if e['act'] != 'audit.read']
    assert [e['act'] for e in log] == ['refused', 'subject.search', 'key.make', 'key.revoke', 'field.put', 'setting.put',
                                       'suppression.put', 'decision.batch']
    assert log[0]['operation'] == 'keys_get' and 'subject' in log[0]
    assert log[1]['fields'] == ['email'] and log[1]['found'] == 0
    assert log[2]['key'] == log[3]['key'] == made['id']
    assert log[4]['fields'] == ['logged']
    assert [d['reason'] for d in log[7]['decisions']] == ['unknown', 'unknown'] and log[7]['decisions'][0]['subject'] is None


def test_of_a_batch_only_the_persons_own_decisions_are_shown(app):
    began = newest(app)
    one, other = make_person(app)[0], make_person(app)[0]
    line = '{"subject":"%s","purpose":"newsletter","channel":"email"}\n'
    app.call('POST', '/v1/decisions/batch', ''.join(line % id for id in (one, other, NOBODY, one)).encode(),
             type='application/x-ndjson')
    last = entries(app, subject=one)[-2:]
    packed, = [e for e in last if e['act'] == 'decision.batch']
    assert [d['subject'] for d in packed['decisions']] == [one, one]
    whole = [e for e in entries(app, began) if e['seq'] == packed['seq']][0]
    assert [d['subject'] for d in whole['decisions']] == [one, other, None, one]


def test_the_log_comes_in_pages_and_knows_who_read_it(app):
    page = app.get('/v1/audit/entries?limit=2').json
    assert len(page['entries']) == 2 and page['next'] == str(page['entries'][1]['seq'])
    following = app.get(f'/v1/audit/entries?limit=1&after={page["next"]}').json
    assert following['entries'][0]['seq'] > page['entries'][1]['seq']
    assert 'audit.read' in {e['act'] for e in entries(app, newest(app) - 1)}
    assert app.get(f'/v1/audit/entries?subject={NOBODY}').json == {'entries': [], 'next': None}
    assert app.get('/v1/audit/entries?after=9223372036854775807').json['entries'] == []


# --- operators ------------------------------------------------------------------------------------

def test_operators_rotate_sweep_verify_and_checkpoint(operator, app):
    id, address = make_person(app)
    began = newest(app)
    first = operator.post('/v1/admin/rotate')
    second = operator.post('/v1/admin/rotate', {})
    assert second.json['epoch'] == first.json['epoch'] + 1 and second.json['rewrapped'] >= 1
    assert read(app, id).json['values']['email']['value'] == address
    assert operator.post('/v1/admin/checkpoint').status == 204
    assert operator.post('/v1/admin/sweep').status == 200
    verified = operator.post('/v1/admin/verify')
    assert verified.status == 200 and verified.json['persons'] >= 1 and verified.json['findings'] == []
    assert {'keys.rotate', 'sweep', 'verify'} <= {e['act'] for e in entries(app, began)}


def test_a_key_is_no_operator(app, operator, key):
    for path in ('rotate', 'checkpoint', 'sweep', 'verify'):
        assert app.post(f'/v1/admin/{path}').slug == 'denied'
        assert operator.post(f'/v1/admin/{path}', key=key).slug == 'denied'


@pytest.mark.parametrize('path', ['rotate', 'checkpoint', 'sweep', 'verify'])
def test_upkeep_takes_no_other_members(operator, path):
    assert operator.post(f'/v1/admin/{path}', {CANARY: True}).slug == 'invalid'
    assert operator.post(f'/v1/admin/{path}', [CANARY]).slug == 'invalid'
