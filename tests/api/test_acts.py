"""Acts in a person's ledger, and the evidence that each basis needs."""
import hashlib

import pytest

import definitions
from client import CANARY
from definitions import consent, contract, email, make_person, read

SALE = {'sale': 'order 5', 'sold_at': '2026-10-01T00:00:00Z', 'opt_out_offered': 'a box on the form'}


def act(client, id, path, body=None, **more):
    return client.post(f'/v1/subjects/{id}/{path}', body, **more)


def ledger(client, id):
    reply = client.get(f'/v1/subjects/{id}/consents')
    assert reply.status == 200
    return reply.json['acts']


def decide(client, id, purpose='newsletter', channel='email', **more):
    return client.post('/v1/decisions', {'subject': id, 'purpose': purpose, 'channel': channel, **more}).json


# --- consent --------------------------------------------------------------------------------------

def test_a_consent_is_given_withdrawn_and_given_again(app):
    id, _ = make_person(app, grounds=[consent(), contract()])
    assert decide(app, id)['allowed']
    withdrawn = act(app, id, 'consents', {'purpose': 'newsletter', 'act': 'withdrawn', 'channels': ['email']})
    assert withdrawn.status == 200 and withdrawn.json['version'] == 2 and withdrawn.json['seq'] == 3
    assert decide(app, id)['reason'] in ('withdrawn', 'suppressed')
    assert decide(app, id, channel='sms')['reason'] in ('consent', 'no_address')
    given = act(app, id, 'consents', consent(act='given', channels=['email']))
    assert given.status == 200
    assert decide(app, id)['allowed']
    assert [a['act'] for a in ledger(app, id)] == ['given', 'established', 'withdrawn', 'given']


def test_what_only_the_consent_covered_is_gone_before_the_answer(app):
    id, _ = make_person(app, {'email': email(), 'nick': 'x', 'name': 'A B', 'tier': 'gold'}, [consent(), contract()])
    reply = act(app, id, 'withdrawals', {'purpose': 'newsletter'})
    assert reply.status == 200 and reply.json['values_gone'] == 2
    assert set(read(app, id, 'order').json['values']) == {'email', 'name'}
    assert read(app, id).slug == 'no-ground'


def test_a_withdrawal_of_all_takes_every_consent_back(app):
    id, _ = make_person(app, grounds=[consent(), consent('parties'), contract()])
    reply = act(app, id, 'withdrawals')
    assert reply.status == 200
    acts = ledger(app, id)[3:]
    assert {(a['act'], a['purpose']) for a in acts} == {('withdrawn', 'newsletter'), ('withdrawn', 'parties')}
    assert act(app, id, 'withdrawals', {}).status == 200  # nothing is left to withdraw, and that is fine


def test_a_double_opt_in_counts_once_confirmed(app):
    id, _ = make_person(app, grounds=[consent('parties')])
    assert decide(app, id, 'parties')['reason'] == 'unconfirmed'
    assert act(app, id, 'consents', {'purpose': 'parties', 'act': 'confirmed'}).status == 200
    assert decide(app, id, 'parties')['reason'] == 'consent'
    assert ledger(app, id)[-1]['method'] == 'double_opt_in'


def test_a_confirmation_of_nothing_changes_nothing(app, operator):
    id = app.post('/v1/subjects', {}).json['id']
    assert act(app, id, 'consents', {'purpose': 'parties', 'act': 'confirmed'}).status == 200
    assert not decide(app, id, 'parties')['allowed']
    assert [g['since'] for g in read(operator, id, 'rights').json['grounds'] if not g['since'].startswith('20')] == []


def test_a_refusal_is_recorded_too(app):
    id, _ = make_person(app, grounds=[contract()])
    assert act(app, id, 'consents', {'purpose': 'newsletter', 'act': 'requested'}).status == 200
    assert decide(app, id)['reason'] == 'no_consent'
    assert act(app, id, 'consents', {'purpose': 'newsletter', 'act': 'refused', 'method': 'phone'}).status == 200
    assert decide(app, id)['reason'] == 'refused'


def test_the_words_shown_are_named_by_hash_or_language(app):
    digest = hashlib.sha256(definitions.PURPOSES['newsletter']['notices']['en'].encode()).hexdigest()
    body = consent(notice=f'sha256:{digest}')
    del body['language']
    id, _ = make_person(app, grounds=[body])
    first = ledger(app, id)[0]
    assert first['notice'] == f'sha256:{digest}' and first['version'] == 1
    id, _ = make_person(app, grounds=[consent(language='sv')])
    swedish = hashlib.sha256(definitions.PURPOSES['newsletter']['notices']['sv'].encode()).hexdigest()
    assert ledger(app, id)[0]['notice'] == f'sha256:{swedish}'


def test_old_words_select_the_version_that_showed_them(app):
    body = definitions.purpose('versions', 'consent', ['email'], marketing=True, channels=['email'])
    app.put('/v1/purposes/versions', body)
    app.post('/v1/purposes/versions/activate')
    old = app.get('/v1/purposes/versions').json['versions'][0]['notices'][0]['hash']
    app.put('/v1/purposes/versions', {**body, 'notices': definitions.texts('other words')})
    app.post('/v1/purposes/versions/activate')
    given = consent('versions', notice=old)
    del given['language']
    id, _ = make_person(app, {'email': email()}, [given])
    assert ledger(app, id)[0]['version'] == 1
    id, _ = make_person(app, {'email': email()}, [consent('versions')])
    assert ledger(app, id)[0]['version'] == 2


@pytest.mark.parametrize('change, slug, member', [
    ({'language': None}, 'evidence', '/notice'),
    ({'language': 'de'}, 'evidence', '/language'),
    ({'language': None, 'notice': 'sha256:' + '0' * 64}, 'evidence', '/notice'),
    ({'notice': CANARY}, 'invalid', '/notice'),
    ({'notice': 'sha256:' + 'g' * 64}, 'invalid', '/notice'),
    ({'method': None}, 'evidence', '/method'),
    ({'method': CANARY}, 'invalid', '/method'),
    ({'control': 'pre_ticked'}, 'evidence', '/control'),
    ({'control': 'bundled'}, 'evidence', '/control'),
    ({'control': CANARY}, 'invalid', '/control'),
    ({'evidence': {'pre_ticked': True}}, 'evidence', '/evidence/pre_ticked'),
    ({'evidence': {'bundled': True}}, 'evidence', '/evidence/bundled'),
    ({'evidence': {'default': True}}, 'evidence', '/evidence/default'),
    ({'evidence': CANARY}, 'invalid', '/evidence'),
    ({'evidence': {'a': 'x' * 9000}}, 'invalid', '/evidence'),
    ({'explicit': CANARY}, 'invalid', '/explicit'),
    ({'guardian': 7}, 'invalid', '/guardian'),
    ({'at': '2031-01-01T00:00:00Z'}, 'invalid', '/at'),
    ({'act': 'established'}, 'invalid', '/act'),
    ({'act': None}, 'invalid', '/act'),
    ({'purpose': None}, 'invalid', '/purpose'),
    ({'purpose': 'order', 'language': 'sv'}, 'invalid', '/act'),
    ({'purpose': CANARY}, 'invalid', '/purpose'),
    ({'channels': ['post']}, 'invalid', '/channels'),
    ({'channels': ['email', 'email']}, 'invalid', '/channels/1'),
    ({CANARY: 1}, 'invalid', None),
])
def test_consent_without_evidence_is_none(app, person, change, slug, member):
    id, _ = person
    reply = act(app, id, 'consents', {**consent(act='given'), **change})
    assert (reply.status, reply.slug, reply.json.get('member')) == (422, slug, member), reply
    assert len(ledger(app, id)) == 1


def test_false_members_of_evidence_are_kept(app):
    id, _ = make_person(app, grounds=[consent(evidence={'pre_ticked': False, 'form': 'f-7', 'n': 1.50})])
    assert ledger(app, id)[0]['evidence'] == {'control': 'unticked_box', 'language': 'sv',
                                              'evidence': {'form': 'f-7', 'n': 1.5, 'pre_ticked': False}}


def test_special_categories_need_explicit_consent(app):
    body = {'values': {'allergy': 'nuts'}, 'grounds': [consent('diet')]}
    reply = app.post('/v1/subjects', body)
    assert (reply.status, reply.slug) == (422, 'special-category')
    body['grounds'][0]['explicit'] = True
    assert app.post('/v1/subjects', body).status == 201


# --- the other bases ------------------------------------------------------------------------------

@pytest.mark.parametrize('ground, missing', [
    ({'purpose': 'order', 'evidence': {'reference': 'A-1'}}, ['reference']),
    ({'purpose': 'books', 'evidence': {'reference': 'F-1'}}, ['reference']),
    ({'purpose': 'rescue', 'evidence': {'justification': 'j', 'reviewer': 'r'}}, ['justification', 'reviewer']),
    ({'purpose': 'census', 'evidence': {'justification': 'j', 'reviewer': 'r'}}, ['justification', 'reviewer']),
    ({'purpose': 'support'}, []),
    ({'purpose': 'newsletter', 'basis': 'soft_opt_in', 'categories': ['shoes'], 'evidence': SALE},
     ['sale', 'sold_at', 'opt_out_offered']),
])
def test_each_basis_needs_its_evidence(app, ground, missing):
    assert app.post('/v1/subjects', {'grounds': [ground]}).status == 201
    for name in missing:
        for evidence in ({k: v for k, v in ground['evidence'].items() if k != name}, {**ground['evidence'], name: ' '}):
            reply = app.post('/v1/subjects', {'grounds': [{**ground, 'evidence': evidence}]})
            assert reply.status == 422 and reply.json['member'] == f'/grounds/0/evidence/{name}', reply
            assert reply.slug in ('evidence', 'invalid')


def test_the_soft_opt_in_needs_kinds_of_product(app):
    ground = {'purpose': 'newsletter', 'basis': 'soft_opt_in', 'evidence': SALE}
    for categories in (None, [], [CANARY.upper()], ['a b']):
        reply = app.post('/v1/subjects', {'grounds': [{**ground, 'categories': categories}]})
        assert reply.status == 422 and reply.json['member'].startswith('/grounds/0/categories')
    late = {**SALE, 'sold_at': '2031-01-01T00:00:00Z'}
    reply = app.post('/v1/subjects', {'grounds': [{**ground, 'categories': ['shoes'], 'evidence': late}]})
    assert reply.json['member'] == '/grounds/0/evidence/sold_at'


def test_the_soft_opt_in_allows_similar_products_with_a_way_to_say_no(app):
    id, _ = make_person(app, grounds=[{'purpose': 'newsletter', 'basis': 'soft_opt_in', 'categories': ['shoes', 'boots'],
                                       'evidence': SALE}])
    yes = decide(app, id, category='shoes', opt_out=True)
    assert (yes['allowed'], yes['reason'], yes['basis'], yes['basis_code']) == (True, 'soft_opt_in', 'soft_opt_in', 'eprivacy:13-2')
    assert decide(app, id, category='hats', opt_out=True)['reason'] == 'other_category'
    assert decide(app, id, category='shoes')['reason'] == 'no_way_to_say_no'
    assert ledger(app, id)[0]['categories'] == ['shoes', 'boots']


def test_a_ground_is_established_ended_and_stopped(app):
    id, _ = make_person(app, {'email': email(), 'invoice': 'F-1'}, [contract(at='2026-10-01T00:00:00Z')])
    ended = act(app, id, 'grounds', {'purpose': 'order', 'act': 'ended', 'at': '2026-11-01T00:00:00Z'})
    assert ended.status == 200 and 'values_gone' not in ended.json
    ground, = read(app, id, 'order').json['grounds']
    assert ground['until'] == '2027-11-01T00:00:00Z'
    stopped = act(app, id, 'grounds', {'purpose': 'order', 'act': 'stopped'})
    assert stopped.status == 200 and stopped.json['values_gone'] == 2
    assert read(app, id, 'order').slug == 'no-ground'
    for what in ('ended', 'stopped'):
        assert act(app, id, 'grounds', {'purpose': 'order', 'act': what}).slug == 'conflict'
    assert act(app, id, 'grounds', contract(act='established')).status == 200


@pytest.mark.parametrize('body, slug, member', [
    ({'purpose': 'newsletter', 'act': 'established'}, 'invalid', '/act'),
    ({'purpose': 'newsletter', 'act': 'stopped'}, 'conflict', '/purpose'),
    ({'purpose': 'order', 'act': 'established'}, 'evidence', '/evidence/reference'),
    ({'purpose': 'order', 'act': 'given'}, 'invalid', '/act'),
    ({'purpose': 'order', 'act': 'established', 'basis': 'consent'}, 'invalid', '/basis'),
    ({'purpose': 'order', 'act': 'established', 'basis': 'soft_opt_in'}, 'invalid', '/basis'),
    ({'act': 'established'}, 'invalid', '/purpose'),
    ({'purpose': 'order'}, 'invalid', '/act'),
    ({'purpose': 'order', 'act': 'established', 'until': CANARY}, 'invalid', '/until'),
    ({'purpose': 'order', 'act': 'established', CANARY: 1}, 'invalid', None),
])
def test_wrong_grounds_are_refused(app, person, body, slug, member):
    id, _ = person
    reply = act(app, id, 'grounds', body)
    assert (reply.slug, reply.json.get('member')) == (slug, member), reply


# --- objections, restriction ----------------------------------------------------------------------

def test_an_objection_to_marketing_is_absolute(app):
    id, _ = make_person(app, grounds=[consent(), contract()])
    reply = act(app, id, 'objections')
    assert reply.status == 200
    assert not decide(app, id)['allowed']
    last = ledger(app, id)[-1]
    assert last['act'] == 'objected' and last['purpose'] is None and 'email' in last['channels']


def test_an_objection_may_be_to_one_channel_or_purpose(app):
    id, _ = make_person(app, {'email': email(), 'phone': '+46701740605'}, [consent(), {'purpose': 'support'}])
    assert act(app, id, 'objections', {'channels': ['email'], 'method': 'phone'}).status == 200
    assert not decide(app, id)['allowed']
    assert decide(app, id, channel='sms')['reason'] in ('consent', 'suppressed')
    id, _ = make_person(app, {'email': email()}, [{'purpose': 'support'}])
    assert act(app, id, 'objections', {'purpose': 'support'}).status == 200
    assert not decide(app, id, 'support')['allowed']


@pytest.mark.parametrize('body, member', [
    ({'purpose': CANARY}, '/purpose'), ({'channels': [CANARY]}, '/channels/0'), ({'channels': []}, '/channels'),
    ({'at': CANARY}, '/at'), ({'method': CANARY}, '/method'), ({CANARY: 1}, None), ({'at': '2031-01-01T00:00:00Z'}, '/at'),
])
def test_wrong_objections_and_withdrawals_are_refused(app, person, body, member):
    id, _ = person
    for path in ('objections', 'withdrawals'):
        reply = act(app, id, path, body)
        assert (reply.status, reply.slug, reply.json.get('member')) == (422, 'invalid', member), reply


def test_a_restriction_stops_use_until_it_is_lifted(app):
    id, _ = make_person(app)
    assert act(app, id, 'restriction', {'act': 'restricted', 'reason': 'accuracy'}).status == 200
    assert decide(app, id)['reason'] == 'restricted'
    assert read(app, id).slug == 'no-ground'
    lift = {'act': 'unrestricted', 'reason': 'accuracy'}
    reply = act(app, id, 'restriction', lift)
    assert (reply.slug, reply.json['member']) == ('evidence', '/told_at')
    assert act(app, id, 'restriction', {**lift, 'told_at': '2031-01-01T00:00:00Z'}).slug == 'evidence'
    assert act(app, id, 'restriction', {**lift, 'told_at': '2026-11-20T10:00:00Z'}).status == 200
    assert decide(app, id)['allowed'] and read(app, id).status == 200
    for body, member in (({'act': CANARY, 'reason': 'claims'}, '/act'), ({'reason': 'claims'}, '/act'),
                         ({'act': 'restricted'}, '/reason'), ({'act': 'restricted', 'reason': CANARY}, '/reason')):
        assert act(app, id, 'restriction', body).json['member'] == member


# --- holds ----------------------------------------------------------------------------------------

def test_a_hold_keeps_values_for_nothing_but_keeping(app, operator):
    id, _ = make_person(app, {'email': email(), 'nick': 'x'}, [consent()])
    held = act(app, id, 'holds', {'reason': 'a claim', 'fields': ['nick']})
    assert held.status == 200
    seq = held.json['seq']
    assert ledger(app, id)[-1]['fields'] == ['nick'] and ledger(app, id)[-1]['evidence'] == {'reason': 'a claim'}
    assert act(app, id, 'withdrawals').json['values_gone'] == 1
    assert read(app, id).slug == 'no-ground'
    assert set(read(operator, id, 'rights').json['values']) == {'nick'}
    for wrong in ('0', str(seq + 1), 'x', '-1', '99999999999999999999', '1'):
        assert act(app, id, f'holds/{wrong}/release').slug == 'absent', wrong
    released = act(app, id, f'holds/{seq}/release', {})
    assert released.status == 200 and released.json['values_gone'] == 1
    assert ledger(app, id)[-1]['released'] == seq
    assert act(app, id, f'holds/{seq}/release').slug == 'absent'


@pytest.mark.parametrize('body, member', [
    ({'fields': ['email']}, '/reason'), ({'reason': ' ', 'fields': ['email']}, '/reason'), ({'reason': 'x'}, '/fields'),
    ({'reason': 'x', 'fields': []}, '/fields'), ({'reason': 'x', 'fields': [CANARY]}, '/fields/0'),
    ({'reason': 'x', 'fields': ['email'], 'until': '2020-01-01T00:00:00Z'}, '/until'),
    ({'reason': 'x' * 2001, 'fields': ['email']}, '/reason'), ({'reason': 'x', 'fields': ['email'], CANARY: 1}, None),
])
def test_wrong_holds_are_refused(app, person, body, member):
    id, _ = person
    reply = act(app, id, 'holds', body)
    assert (reply.status, reply.slug, reply.json.get('member')) == (422, 'invalid', member)


# --- told, ledger ---------------------------------------------------------------------------------

def test_that_the_person_was_told_is_recorded(app):
    id, _ = make_person(app, origin='obtained')
    assert act(app, id, 'told', {'at': '2026-11-20T10:00:00+01:00', 'how': 'mail'}).json['version'] == 2
    for body, member in (({'how': 'mail'}, '/at'), ({'at': '2026-11-20T10:00:00Z'}, '/how'),
                         ({'at': '2026-11-20T10:00:00Z', 'how': CANARY}, '/how'),
                         ({'at': '2031-11-20T10:00:00Z', 'how': 'mail'}, '/at')):
        assert act(app, id, 'told', body).json['member'] == member


def test_the_ledger_comes_in_pages(app, person):
    id, _ = person
    for n in range(5):
        act(app, id, 'consents', consent(act='given', evidence={'n': n}))
    seen, after = [], ''
    while after is not None:
        page = app.get(f'/v1/subjects/{id}/consents?limit=2' + (f'&after={after}' if after else '')).json
        assert len(page['acts']) <= 2
        seen += page['acts']
        after = page['next']
    assert [a['seq'] for a in seen] == [1, 2, 3, 4, 5, 6]
    assert seen == ledger(app, id)
    first = seen[0]
    assert first['actor']['kind'] == 'key' and first['method'] == 'web_form' and first['basis'] == 'consent'
    assert set(first['channels']) == {'email', 'sms'} and first['recorded_at']
