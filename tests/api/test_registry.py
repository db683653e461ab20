"""Fields, purposes, notices: what may be held, and why."""
import copy
import hashlib
import itertools

import pytest

import definitions
from client import CANARY
from definitions import texts

_names = (f'field-{n}' for n in itertools.count())


def field(**more):
    return {'title': texts('x'), 'type': 'text', **more}


def test_a_field_is_made_read_and_listed(app):
    name = next(_names)
    made = app.put(f'/v1/fields/{name}', field(category='contact'))
    assert made.status == 201 and made.json == {'name': name, 'definition': field(category='contact')}
    again = app.put(f'/v1/fields/{name}', field(category='other'))
    assert again.status == 200 and again.json['definition']['category'] == 'other'
    assert app.get(f'/v1/fields/{name}').json == again.json
    assert again.json in app.get('/v1/fields').json['fields']


def test_type_lookup_and_sensitivity_of_a_field_do_not_change(app):
    for change in ({'type': 'number'}, {'lookup': 'exact'}, {'sensitivity': 'special'}):
        name = next(_names)
        assert app.put(f'/v1/fields/{name}', field()).status == 201
        reply = app.put(f'/v1/fields/{name}', field(**change))
        assert (reply.status, reply.slug) == (409, 'conflict'), change


@pytest.mark.parametrize('wrong, member', [
    ({'type': CANARY}, '/type'), ({'type': 7}, '/type'), ({'type': None}, '/type'),
    ({'title': {}}, '/title'), ({'title': CANARY}, '/title'), ({'title': {'sv': ''}}, '/title'),
    ({'title': {CANARY: 'x'}}, '/title'), ({'title': {'sv': 1}}, '/title'),
    ({'lookup': CANARY}, '/lookup'), ({'sensitivity': CANARY}, '/sensitivity'),
    ({'address': CANARY}, '/address'), ({'address': 'email'}, '/address'),
    ({'options': ['a']}, '/options'), ({'type': 'enum'}, '/options'), ({'type': 'enum', 'options': []}, '/options'),
    ({'type': 'enum', 'options': CANARY}, '/options'),
    ({'type': 'personnummer'}, '/justification'),
    ({'type': 'text', 'justification': {'text': 'x'}}, '/justification/ground'),
    ({'type': 'personnummer', 'justification': {'ground': CANARY, 'text': 'x'}}, '/justification/ground'),
    ({'type': 'personnummer', 'justification': {'ground': 'other'}}, '/justification/text'),
    ({'region': 'Sverige'}, '/region'), ({'category': 'x' * 65}, '/category'),
    ({CANARY: 1}, ''),
])
def test_wrong_fields_are_refused_naming_the_member(app, wrong, member):
    reply = app.put(f'/v1/fields/{next(_names)}', field(**wrong))
    assert (reply.status, reply.slug) == (422, 'invalid'), reply
    assert reply.json.get('member', '').startswith(member)


@pytest.mark.parametrize('name', ['Email', '9x', '_x', '-', 'a' * 65, 'e.mail', '%C3%A5', 'a%20b'])
def test_names_have_a_form(app, name):
    target = f'/v1/fields/{name}'
    reply = app.put(target, field())
    assert (reply.status, reply.slug) == (422, 'invalid')
    assert app.get(target).status == 404


def test_a_name_of_64_characters_is_fine(app):
    name = 'n' * 64
    assert app.put(f'/v1/fields/{name}', field()).status == 201
    assert app.get(f'/v1/fields/{name}').status == 200


def test_a_purpose_goes_from_draft_to_force_to_its_end(app):
    draft = {'basis': 'consent'}
    made = app.put('/v1/purposes/life', draft)
    assert made.status == 201 and made.json['active'] is None
    assert made.json['versions'][0]['state'] == 'draft' and made.json['versions'][0]['activated_at'] is None

    unready = app.post('/v1/purposes/life/activate')
    assert (unready.status, unready.slug, unready.json['member']) == (422, 'purpose-unready', '/retention')

    whole = definitions.purpose('life', 'consent', ['email'], marketing=True, channels=['email'])
    replaced = app.put('/v1/purposes/life', whole)
    assert replaced.status == 200 and len(replaced.json['versions']) == 1
    active = app.post('/v1/purposes/life/activate', {})
    assert active.status == 200 and active.json['active'] == 1
    assert active.json['versions'][0]['state'] == 'active' and active.json['versions'][0]['activated_at']
    assert app.post('/v1/purposes/life/activate').slug == 'absent'  # no draft any more

    second = app.put('/v1/purposes/life', {**whole, 'notices': texts('new words')})
    assert second.status == 200 and [v['state'] for v in second.json['versions']] == ['active', 'draft']
    assert app.post('/v1/purposes/life/activate').json['active'] == 2
    assert [v['state'] for v in app.get('/v1/purposes/life').json['versions']] == ['replaced', 'active']

    ended = app.post('/v1/purposes/life/end')
    assert ended.status == 200 and ended.json['active'] is None
    assert app.post('/v1/purposes/life/end').slug == 'absent'
    reply = app.post('/v1/subjects', {'values': {'email': definitions.email()}, 'grounds': [definitions.consent('life')]})
    assert (reply.status, reply.slug) == (422, 'purpose-inactive')


def test_purposes_are_listed_with_their_basis(app):
    listed = {p['name']: p for p in app.get('/v1/purposes').json['purposes']}
    assert listed['newsletter'] == {'name': 'newsletter', 'active': 1, 'basis': 'consent', 'marketing': True}
    assert listed['books']['basis'] == 'legal_obligation' and not listed['books']['marketing']


@pytest.mark.parametrize('missing, member', [
    ('retention', '/retention'), ('fields', '/fields'), ('recipients', '/recipients'), ('controller', '/controller'),
    ('notices', '/notices'), ('why', '/why'),
])
def test_a_purpose_that_does_not_state_all_is_not_activated(app, missing, member):
    whole = definitions.purpose('gaps', 'consent', ['email'])
    del whole[missing]
    name = f'gap-{missing}'
    assert app.put(f'/v1/purposes/{name}', whole).status == 201
    reply = app.post(f'/v1/purposes/{name}/activate')
    assert (reply.status, reply.slug, reply.json['member']) == (422, 'purpose-unready', member)


@pytest.mark.parametrize('basis, member', [
    ('legal_obligation', '/statute'), ('public_task', '/law'), ('vital_interest', '/justification'),
    ('legitimate_interest', '/assessment'),
])
def test_each_basis_states_what_it_needs(app, basis, member):
    name = f'needs-{basis}'
    assert app.put(f'/v1/purposes/{name}', definitions.purpose('x', basis, ['email'])).status == 201
    reply = app.post(f'/v1/purposes/{name}/activate')
    assert (reply.status, reply.slug, reply.json['member']) == (422, 'purpose-unready', member)


def test_a_special_category_needs_a_point_of_article_9(app):
    app.put('/v1/purposes/special', definitions.purpose('x', 'consent', ['allergy']))
    reply = app.post('/v1/purposes/special/activate')
    assert (reply.status, reply.slug) == (422, 'special-category')


@pytest.mark.parametrize('wrong, member', [
    ({'basis': CANARY}, '/basis'), ({'basis': 'storage_only'}, '/basis'), ({'basis': None}, '/basis'),
    ({'fields': [CANARY]}, '/fields/0'), ({'fields': ['email', 'email']}, '/fields'), ({'fields': 'email'}, '/fields'),
    ({'channels': [CANARY]}, '/channels/0'), ({'channels': [1]}, '/channels/0'),
    ({'retention': {'period': CANARY}}, '/retention/period'), ({'retention': {}}, '/retention/period'),
    ({'retention': {'period': 'P1Y', 'from': CANARY}}, '/retention/from'),
    ({'notices': {'sv': ''}}, '/notices'), ({'notices': [CANARY]}, '/notices'),
    ({'recipients': [{'name': 'x'}]}, '/recipients/0/role'), ({'recipients': [{CANARY: 1}]}, '/recipients/0'),
    ({'controller': {'contact': 'x'}}, '/controller/name'), ({'marketing': CANARY}, '/marketing'),
    ({'double_opt_in': True, 'basis': 'contract'}, '/double_opt_in'),
    ({'soft_opt_in': True, 'basis': 'contract'}, '/soft_opt_in'),
    ({'quiet_hours': {'from': '25:00', 'to': '08:00'}}, '/quiet_hours'),
    ({'frequency_cap': {'count': 0, 'period': 'P1D'}}, '/frequency_cap/count'),
    ({'assessment': {'purpose': CANARY}}, '/assessment/necessity'),
    ({CANARY: CANARY}, ''),
])
def test_wrong_purposes_are_refused_naming_the_member(app, wrong, member):
    reply = app.put('/v1/purposes/wrong', {**definitions.purpose('x', 'consent', ['email']), **wrong})
    assert (reply.status, reply.slug) == (422, 'invalid'), reply
    assert reply.json.get('member', '') == member
    assert app.get('/v1/purposes/wrong').status == 404


def test_every_member_that_is_described_is_taken(app):
    whole = copy.deepcopy(definitions.purpose('all', 'consent', ['email', 'name'], marketing=True))
    whole.update(soft_opt_in=True, double_opt_in=False, article_9='a', statute='s', law='l', reviewer='r', justification='j',
                 assessment=definitions.ASSESSMENT, channels=['email', 'sms', 'call', 'post', 'push'],
                 recipients=[{'name': 'Print AB', 'role': 'processor', 'country': 'SE', 'safeguard': 'none needed'}],
                 dpo={'name': 'D', 'contact': 'd@example.com', 'address': 'a', 'id': '556000-0000'},
                 duty={'kind': 'none', 'consequence': 'nothing'}, automated_decisions='none', tell_first=True,
                 quiet_hours={'from': '21:00', 'to': '08:00'}, frequency_cap={'count': 2, 'period': 'P7D'})
    reply = app.put('/v1/purposes/all-members', whole)
    assert reply.status == 201, reply
    assert reply.json['versions'][0]['definition'] == whole


def test_words_that_were_shown_are_found_by_their_hash(app):
    words = definitions.PURPOSES['newsletter']['notices']['sv']
    digest = hashlib.sha256(words.encode()).hexdigest()
    shown = app.get('/v1/purposes/newsletter').json['versions'][0]['notices']
    assert {'language': 'sv', 'hash': f'sha256:{digest}'} in shown
    notice = app.get(f'/v1/notices/{digest}')
    assert notice.json == {'hash': f'sha256:{digest}', 'purpose': 'newsletter', 'version': 1, 'language': 'sv',
                           'text': words}
    assert app.get(f'/v1/notices/{digest.upper()}').status == 200
    assert app.get(f'/v1/notices/sha256:{digest}').json == notice.json  # as answers give it
    for wrong in ('0' * 64, digest[:-1], digest + '0', 'g' * 64, 'sha512:' + digest):
        assert app.get(f'/v1/notices/{wrong}').slug == 'absent'


def test_words_of_a_draft_were_shown_to_nobody(app):
    app.put('/v1/purposes/drafted', definitions.purpose('drafted', 'consent', ['email']))
    digest = hashlib.sha256('We keep this for drafted. (sv)'.encode()).hexdigest()
    assert app.get(f'/v1/notices/{digest}').status == 404


def test_what_is_not_there_is_absent(app):
    for target in ('/v1/fields/nothing', '/v1/purposes/nothing', '/v1/settings/nothing'):
        assert app.get(target).slug == 'absent'
    for target in ('/v1/purposes/nothing/activate', '/v1/purposes/nothing/end'):
        assert app.post(target).slug == 'absent'
