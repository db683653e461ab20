"""Acts in a person's ledger, and the evidence that each basis needs."""
import datetime
import hashlib
import json
import time

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


def now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat().replace('+00:00', 'Z')


def restrict(client, id, reason='accuracy', **more):
    reply = act(client, id, 'restriction', {'act': 'restricted', 'reason': reason, **more})
    assert reply.status == 200, reply
    return reply.json['seq']


def test_a_restriction_stops_use_until_it_is_lifted(app):
    id, _ = make_person(app)
    restrict(app, id, method='mail', note='she says the name is wrong')
    last = ledger(app, id)[-1]
    assert last['reason'] == 'accuracy' and last['method'] == 'mail'
    assert last['evidence'] == {'note': 'she says the name is wrong'} and 'fields' not in last
    assert decide(app, id)['reason'] == 'restricted'
    assert read(app, id).slug == 'no-ground'
    lift = {'act': 'unrestricted', 'reason': 'accuracy'}
    for told, member in (({}, '/told_at'), ({'told_at': now()}, '/told_how'), ({'told_at': '2031-01-01T00:00:00Z', 'told_how': 'mail'}, '/told_at'),
                         ({'told_at': '2020-01-01T00:00:00Z', 'told_how': 'mail'}, '/told_at')):
        reply = act(app, id, 'restriction', {**lift, **told})
        assert (reply.slug, reply.json['member']) == ('evidence', member), told
    assert act(app, id, 'restriction', {**lift, 'told_at': now(), 'told_how': 'mail'}).status == 200
    assert decide(app, id)['allowed'] and read(app, id).status == 200
    told, lifted = ledger(app, id)[-2:]
    assert (told['act'], told['method'], told['about']) == ('told', 'mail', [last['seq']])
    assert (lifted['act'], lifted['about']) == ('unrestricted', [last['seq']])
    for body, member in (({'act': CANARY, 'reason': 'claims'}, '/act'), ({'reason': 'claims'}, '/act'),
                         ({'act': 'restricted'}, '/reason'), ({'act': 'restricted', 'reason': CANARY}, '/reason'),
                         ({'act': 'restricted', 'reason': 'accuracy', 'fields': [CANARY]}, '/fields/0'),
                         ({'act': 'restricted', 'reason': 'accuracy', 'fields': []}, '/fields'),
                         ({'act': 'restricted', 'reason': 'accuracy', 'until': '2031-01-01T00:00:00Z'}, '/until'),
                         ({'act': 'restricted', 'reason': 'claims', 'until': '2020-01-01T00:00:00Z'}, '/until'),
                         ({'act': 'unrestricted', 'reason': 'claims', 'seq': 1}, '/reason'),
                         ({'act': 'unrestricted'}, '/reason'), ({'act': 'unrestricted', 'seq': 0}, '/seq')):
        reply = act(app, id, 'restriction', body)
        assert reply.json['member'] == member, (body, reply)


def test_a_restriction_is_lifted_by_number_and_only_when_the_person_was_told_of_it(app, make_key):
    id, _ = make_person(app)
    first, second = restrict(app, id), restrict(app, id, 'claims')
    for nothing in ({'reason': 'unlawful'}, {'seq': 1}, {'seq': 999}):
        assert act(app, id, 'restriction', {'act': 'unrestricted', 'told_at': now(), 'told_how': 'mail', **nothing}).slug == 'absent'
    assert act(app, id, 'restriction', {'act': 'told', 'seq': first, 'told_at': now(), 'told_how': 'phone'}).status == 200
    assert act(app, id, 'restriction', {'act': 'told', 'seq': 999, 'told_at': now(), 'told_how': 'phone'}).slug == 'absent'
    assert act(app, id, 'restriction', {'act': 'unrestricted', 'seq': second}).slug == 'evidence'
    # a program that only takes stops may restrict, but not lift
    small = app.using(make_key(['withdraw']))
    third = restrict(small, id)
    assert act(small, id, 'restriction', {'act': 'unrestricted', 'seq': first}).slug == 'denied'
    assert act(app, id, 'restriction', {'act': 'unrestricted', 'seq': first}).status == 200
    assert decide(app, id)['reason'] == 'restricted'  # by the second
    for seq in (second, third):
        assert act(app, id, 'restriction', {'act': 'unrestricted', 'seq': seq, 'told_at': now(), 'told_how': 'mail'}).status == 200
    assert decide(app, id)['allowed']


def test_some_fields_may_be_restricted_alone(app):
    id, address = make_person(app, {'email': email(), 'phone': '+46701740677', 'nick': 'x'})
    restrict(app, id, fields=['email', 'nick'])
    got = read(app, id).json
    assert set(got['values']) == {'phone'} and not got['restricted'] and got['restricted_fields'] == ['email', 'nick']
    assert decide(app, id)['reason'] == 'restricted'
    assert decide(app, id, channel='sms')['allowed']
    reply = app.post('/v1/decisions', {'field': 'email', 'value': address, 'purpose': 'newsletter', 'channel': 'email'})
    assert not reply.json['allowed'] and reply.json['reason'] == 'restricted'
    line = json.dumps({'subject': id, 'purpose': 'newsletter', 'channel': 'email'}).encode()
    batch = app.post('/v1/decisions/batch', line, type='application/x-ndjson')
    assert batch.lines[0]['reason'] == 'restricted'
    assert ledger(app, id)[-1]['fields'] == ['email', 'nick']


@pytest.mark.parametrize('reason', ['unlawful', 'claims'])
def test_what_the_person_wants_kept_survives_withdrawal_and_lifting_lets_it_go(app, operator, reason):
    id, _ = make_person(app, {'email': email(), 'nick': 'x'}, [consent()])
    seq = restrict(app, id, reason, fields=['nick'])
    assert act(app, id, 'withdrawals').json['values_gone'] == 1
    assert set(read(operator, id, 'rights').json['values']) == {'nick'}
    assert read(app, id).slug == 'no-ground'
    assert act(app, id, f'holds/{seq}/release').slug == 'absent'  # it is lifted, not released
    refused = app.patch(f'/v1/subjects/{id}', {'values': {'email': email()}}, headers={'If-Match': '*'})
    assert refused.slug == 'no-ground'  # keeping is no reason to collect
    lifted = act(app, id, 'restriction', {'act': 'unrestricted', 'seq': seq, 'told_at': now(), 'told_how': 'mail'})
    assert lifted.json['values_gone'] == 1
    assert read(operator, id, 'rights').json['values'] == {}


def test_the_whole_person_is_kept_and_the_sweep_goes_by_the_end(app, operator):
    id, _ = make_person(app, {'email': email(), 'nick': 'x'}, [consent()])
    until = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=2)).isoformat()
    restrict(app, id, 'claims', until=until)
    assert 'values_gone' not in act(app, id, 'withdrawals').json
    operator.post('/v1/admin/sweep', {})
    assert set(read(operator, id, 'rights').json['values']) == {'email', 'nick'}
    time.sleep(2.1)
    operator.post('/v1/admin/sweep', {})
    got = read(operator, id, 'rights').json
    assert got['values'] == {} and got['restricted']


def test_restricted_data_is_used_under_an_exception_that_is_recorded(app, make_key):
    id, _ = make_person(app, {'email': email(), 'invoice': 'F-1'}, [consent(), contract()])
    rights = app.using(make_key(['rights']))
    use = {'exception': 'claims', 'justification': 'the court asks for the order'}
    assert act(rights, id, 'restriction/use', use).slug == 'conflict'
    restrict(app, id)
    got = act(rights, id, 'restriction/use', {**use, 'purpose': 'order'})
    assert got.status == 200 and set(got.json['values']) == {'email', 'invoice'} and got.json['restricted']
    last = ledger(app, id)[-1]
    assert (last['act'], last['reason']) == ('excepted', 'claims')
    assert last['evidence'] == {'justification': 'the court asks for the order'}
    assert set(act(rights, id, 'restriction/use', use).json['values']) == {'email', 'invoice'}
    assert act(app.using(make_key(['read', 'write'])), id, 'restriction/use', use).slug == 'denied'
    for body, slug, member in (({}, 'invalid', '/exception'), ({'exception': 'claims'}, 'invalid', '/justification'),
                               ({**use, 'exception': CANARY}, 'invalid', '/exception'), ({**use, 'justification': ' '}, 'invalid', '/justification'),
                               ({**use, 'purpose': CANARY}, 'invalid', '/purpose'), ({**use, CANARY: 1}, 'invalid', None)):
        reply = act(rights, id, 'restriction/use', body)
        assert (reply.slug, reply.json.get('member')) == (slug, member), body
    assert act(rights, id, 'restriction/use', {**use, 'purpose': 'support'}).slug == 'no-ground'


# --- objections that are weighed ------------------------------------------------------------------

def supported(app):
    return make_person(app, {'email': email(), 'name': 'Bo Ek'}, [{'purpose': 'support'}])[0]


def service(client, id, purpose='support', channel='email'):
    return decide(client, id, purpose, channel, **{'class': 'service'})


def test_an_objection_waits_for_a_ruling_and_nothing_else_lifts_it(app):
    id = supported(app)
    assert service(app, id, channel='none')['allowed']
    reply = act(app, id, 'objections', {'purpose': 'support', 'method': 'phone', 'evidence': {'text': 'She called: leave me out.'}})
    seq = reply.json['seq']
    assert ledger(app, id)[-1]['evidence'] == {'text': 'She called: leave me out.'}
    assert read(app, id, 'support').slug == 'no-ground'
    assert service(app, id, channel='none')['reason'] == 'objection_pending'
    assert act(app, id, 'grounds', {'purpose': 'support', 'act': 'established'}).status == 200
    assert read(app, id, 'support').slug == 'no-ground'  # L7
    overruled = {'ruling': 'overruled', 'grounds': 'a lawsuit runs', 'decided_by': 'the DPO', 'told_at': now(), 'told_how': 'mail'}
    for missing, member in (('grounds', '/grounds'), ('decided_by', '/decided_by'), ('told_at', '/told_at'), ('told_how', '/told_how')):
        body = {k: v for k, v in overruled.items() if k != missing}
        reply = act(app, id, f'objections/{seq}/ruling', body)
        assert (reply.slug, reply.json['member']) == ('evidence', member)
    assert act(app, id, f'objections/{seq}/ruling', {**overruled, 'told_at': '2020-01-01T00:00:00Z'}).slug == 'evidence'
    for wrong in ('0', '1', '-1', '999', 'x'):
        assert act(app, id, f'objections/{wrong}/ruling', overruled).slug == 'absent'
    assert act(app, id, f'objections/{seq}/ruling', overruled).status == 200
    assert service(app, id, channel='none')['allowed'] and read(app, id, 'support').status == 200
    assert service(app, id, channel='call')['reason'] != 'objected'  # its own stop went with it
    last = ledger(app, id)[-1]
    assert (last['act'], last['purpose'], last['about']) == ('overruled', 'support', [seq])
    assert last['evidence']['grounds'] == 'a lawsuit runs' and last['evidence']['told_how'] == 'mail'
    # a fresh objection is not decided by an old ruling
    assert act(app, id, 'objections', {'purpose': 'support'}).status == 200
    assert service(app, id, channel='none')['reason'] == 'objection_pending'


def test_an_objection_that_is_upheld_erases_and_stays(app, operator):
    id = supported(app)
    seq = act(app, id, 'objections', {'purpose': 'support'}).json['seq']
    assert act(app, id, f'objections/{seq}/ruling', {'ruling': 'upheld'}).json['member'] == '/decided_by'
    reply = act(app, id, f'objections/{seq}/ruling', {'ruling': 'upheld', 'decided_by': 'the DPO'})
    assert reply.json['values_gone'] == 2
    assert read(operator, id, 'rights').json['values'] == {}
    assert service(app, id)['reason'] in ('objected', 'suppressed')
    again = act(app, id, 'grounds', {'purpose': 'support', 'act': 'established'})
    assert (again.slug, again.json['member']) == ('conflict', '/purpose')


def test_an_objection_to_marketing_is_not_weighed(app):
    id, _ = make_person(app, {'email': email()}, [consent(), {'purpose': 'support'}])
    everything = act(app, id, 'objections').json['seq']
    letters = act(app, id, 'objections', {'purpose': 'newsletter'}).json['seq']
    body = {'ruling': 'overruled', 'grounds': 'money', 'decided_by': 'x', 'told_at': now(), 'told_how': 'mail'}
    for seq in (everything, letters):
        assert act(app, id, f'objections/{seq}/ruling', body).slug == 'conflict'
    assert not decide(app, id)['allowed']
    # overruled for the service, still absolute for marketing under the same purpose
    seq = act(app, id, 'objections', {'purpose': 'support'}).json['seq']
    assert act(app, id, f'objections/{seq}/ruling', {**body, 'told_at': '2026-01-01T00:00:00Z'}).slug == 'evidence'  # told before the objection
    assert act(app, id, f'objections/{seq}/ruling', {**body, 'told_at': now()}).status == 200
    assert service(app, id, channel='none')['allowed']
    assert decide(app, id, 'support', 'call')['reason'] == 'objected'


def test_a_decision_by_a_machine_is_contested(app):
    id = supported(app)
    reply = act(app, id, 'objections', {'automated': True})
    assert (reply.slug, reply.json['member']) == ('invalid', '/purpose')
    seq = act(app, id, 'objections', {'automated': True, 'purpose': 'support', 'evidence': {'text': 'I was refused, and why?'}}).json['seq']
    assert ledger(app, id)[-1]['act'] == 'contested'
    assert service(app, id, channel='none')['reason'] == 'human_needed'
    assert read(app, id, 'support').status == 200  # so that a human can look
    body = {'ruling': 'overruled', 'grounds': 'reviewed by hand', 'decided_by': 'credit desk', 'told_at': now(), 'told_how': 'phone'}
    assert act(app, id, f'objections/{seq}/ruling', body).status == 200
    assert service(app, id, channel='none')['allowed']


@pytest.mark.parametrize('body, member', [
    ({}, '/ruling'), ({'ruling': CANARY}, '/ruling'), ({'ruling': 'upheld', 'told_at': CANARY}, '/told_at'),
    ({'ruling': 'upheld', 'told_how': CANARY}, '/told_how'), ({'ruling': 'upheld', 'grounds': 'x' * 4001}, '/grounds'),
    ({'ruling': 'upheld', 'decided_by': 'x' * 201}, '/decided_by'), ({'ruling': 'upheld', CANARY: 1}, None),
])
def test_wrong_rulings_are_refused(app, body, member):
    id = supported(app)
    seq = act(app, id, 'objections', {'purpose': 'support'}).json['seq']
    reply = act(app, id, f'objections/{seq}/ruling', body)
    assert (reply.status, reply.slug, reply.json.get('member')) == (422, 'invalid', member)


@pytest.mark.parametrize('method', ['web_form', 'phone', 'mail', 'paper', 'in_person', 'one_click', 'preference_page', 'staff'])
def test_a_no_to_marketing_counts_by_whatever_way_it_comes(app, operator, method):
    """IMY DI-2020-10545 (H&M): through settings, link or customer service; and it is found again."""
    id, address = make_person(app, grounds=[consent()])
    reply = act(app, id, 'objections', {'method': method, 'evidence': {'text': 'Inga fler utskick, tack.', 'case': 'K-17'}})
    assert reply.status == 200
    for channel in ('email', 'sms'):
        assert not decide(app, id, channel=channel)['allowed']
    last = ledger(app, id)[-1]
    assert (last['act'], last['method']) == ('objected', method) and last['evidence']['case'] == 'K-17'
    assert {'scope': 'channel', 'channel': 'email'}.items() <= app.post(
        '/v1/suppressions/search', {'address': 'email', 'value': address}).json['suppressions'][0].items()


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
