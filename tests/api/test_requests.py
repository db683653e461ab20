"""The register of requests, its clock, and what ends with it."""
import datetime
import subprocess

import pytest

import definitions
from client import CANARY, Client
from conftest import VALV, Server
from definitions import consent, contract, email, make_person, read

DAY = datetime.timedelta(days=1)
RIGHTS = ['access', 'rectification', 'erasure', 'restriction', 'portability', 'objection', 'withdrawal', 'human_review',
          'information']


def at(text):
    return datetime.datetime.fromisoformat(text.replace('Z', '+00:00'))


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def stamp(time):
    return time.strftime('%Y-%m-%dT%H:%M:%SZ')


def opened(client, right='access', channel='email', **more):
    reply = client.post('/v1/requests', {'right': right, 'channel': channel, **more})
    assert reply.status == 201, reply
    return reply.json


def step(client, request, path, body=None, status=200):
    reply = client.post(f'/v1/requests/{request["id"]}/{path}', body)
    assert reply.status == status, reply
    return reply.json


def events(client, request):
    reply = client.get(f'/v1/requests/{request["id"]}')
    assert reply.status == 200, reply
    return [event['event'] for event in reply.json['events']]


def messages(client, request, query=''):
    reply = client.get(f'/v1/requests/{request["id"]}/messages{query}')
    assert reply.status == 200, reply
    return reply.json


@pytest.fixture
def other(api, make_key):
    return api.using(make_key(['rights']))


# --- opening and reading ----------------------------------------------------------------------------

@pytest.mark.parametrize('right', RIGHTS)
def test_a_request_is_opened_for_each_right(app, right):
    request = opened(app, right)
    assert (request['right'], request['state'], request['clock']) == (right, 'initiated', 'running')
    assert request['state_code'] == 'dpv:RequestInitiated' and request['right_code'].startswith('eu-gdpr:A')
    assert request['due_on'] and not request['overdue'] and request['subject'] is None and request['country'] == 'SE'
    reply = app.get(f'/v1/requests/{request["id"]}')
    assert reply.json['events'][0]['event'] == 'opened' and reply.json['events'][0]['code'] == 'email'
    assert {**reply.json, 'events': None} == {**request, 'events': None}


# (received, the last day): also in tests/unit/rights/calendar_test.c, without the server in between.
@pytest.mark.parametrize('received, due', [
    ('2026-01-31T10:00:00Z', '2026-03-02'), ('2024-01-31T10:00:00Z', '2024-02-29'), ('2024-02-29T10:00:00Z', '2024-04-02'),
    ('2026-08-31T10:00:00Z', '2026-09-30'), ('2025-11-25T10:00:00Z', '2025-12-29'), ('2026-05-20T10:00:00Z', '2026-06-22'),
    ('2026-05-19T10:00:00Z', '2026-06-19'), ('2026-06-30T21:59:59Z', '2026-07-30'), ('2026-06-30T22:00:00Z', '2026-08-03'),
    ('2025-12-06T10:00:00Z', '2026-01-07'), ('2026-03-03T10:00:00Z', '2026-04-07'), ('2018-05-25T00:00:00Z', '2018-06-25'),
])
def test_the_last_day_goes_by_the_day_it_was_received(app, received, due):
    request = opened(app, received_at=received)
    assert request['due_on'] == due
    end = at(request['due_at'])
    assert (end + datetime.timedelta(hours=2)).date() == datetime.date.fromisoformat(due) + DAY
    assert request['overdue'] == (end <= now())


def test_what_is_asked_is_kept_sealed_and_read_back(app, server):
    asked = 'Vilka uppgifter har ni om mig, sälarnas vän?'
    request = opened(app, words=asked, reply_to='Storgatan 1, Exempelby', language='sv')
    assert asked not in str(app.get(f'/v1/requests/{request["id"]}').json)
    kept = messages(app, request)
    assert kept['reply_to'] == 'Storgatan 1, Exempelby' and kept['messages'][0]['words'] == asked
    for name in ('valv.db', 'valv.db-wal'):
        assert 'sälarnas'.encode() not in (server.data / name).read_bytes()


@pytest.mark.parametrize('body', [
    {}, {'right': 'access'}, {'channel': 'email'}, {'right': 'forgetting', 'channel': 'email'},
    {'right': 'access', 'channel': 'email', 'received_at': '2031-01-01T00:00:00Z'},
    {'right': 'access', 'channel': 'email', 'received_at': '2018-05-24T00:00:00Z'},
    {'right': 'access', 'channel': 'email', 'subject': 'd0000000-0000-4000-8000-0000000000ff'},
    {'right': 'access', 'channel': 'email', 'language': CANARY}, {'right': 'access', 'channel': 'email', 'words': 'a\x07b'},
])
def test_what_cannot_be_opened(app, body):
    assert app.post('/v1/requests', body).slug == 'invalid'


def test_opening_twice_is_opening_once(app):
    body, headers = {'right': 'access', 'channel': 'post', 'words': 'x'}, {'Idempotency-Key': '"request-1"'}
    first, again = app.post('/v1/requests', body, headers=headers), app.post('/v1/requests', body, headers=headers)
    assert again.status == 201 and again.json == first.json and again.header('Idempotency-Replayed') == 'true'
    assert again.header('Location') == f'/v1/requests/{first.json["id"]}'
    assert app.post('/v1/requests', {**body, 'words': 'y'}, headers=headers).slug == 'idempotency-reuse'


def test_steps_are_taken_once(app):
    request, headers = opened(app), {'Idempotency-Key': '"step-1"'}
    target = f'/v1/requests/{request["id"]}/messages'
    body = {'direction': 'in', 'channel': 'email', 'words': 'hej'}
    assert app.post(target, body, headers=headers).status == 200
    assert app.post(target, body, headers=headers).header('Idempotency-Replayed') == 'true'
    assert events(app, request) == ['opened', 'message_in']


def test_requests_are_listed_and_filtered(app):
    id, _ = make_person(app, grounds=[contract()])
    mine = [opened(app, 'information', subject=id), opened(app, 'access', subject=id, received_at='2026-01-15T10:00:00Z')]
    step(app, mine[0], 'fulfilment')

    def listed(query):
        reply = app.get(f'/v1/requests?subject={id}{query}')
        assert reply.status == 200, reply
        return [request['id'] for request in reply.json['requests']]

    assert listed('') == [request['id'] for request in mine]
    assert listed('&state=open') == listed('&overdue=true') == listed('&state=initiated') == [mine[1]['id']]
    assert listed('&state=fulfilled') == listed('&overdue=false&state=fulfilled') == [mine[0]['id']]
    assert listed('&due_before=2026-01-31T00:00:00Z') == []
    assert listed('&due_before=2026-03-01T00:00:00Z') == [mine[1]['id']]
    first = app.get(f'/v1/requests?subject={id}&limit=1').json
    assert len(first['requests']) == 1 and first['next']
    assert app.get(f'/v1/requests?subject={id}&limit=1&after={first["next"]}').json['requests'][0]['id'] == mine[1]['id']
    assert app.get('/v1/requests?subject=d0000000-0000-4000-8000-0000000000ff').json['requests'] == []
    for query in ('state=done', 'overdue=maybe', 'due_before=soon', 'subject=x', 'state=open&state=open', 'due=1'):
        assert app.get(f'/v1/requests?{query}').slug == 'malformed'


# --- the clock --------------------------------------------------------------------------------------

def test_an_extension_needs_a_reason_words_and_that_the_person_was_told(app):
    request = opened(app)
    told = stamp(now())
    target = f'/v1/requests/{request["id"]}/extension'
    assert app.post(target, {'reason': 'complexity', 'told_at': told}).slug == 'evidence'
    assert app.post(target, {'reason': 'complexity', 'words': 'x'}).slug == 'invalid'
    assert app.post(target, {'reason': 'legal_claims', 'words': 'x', 'told_at': told}).slug == 'invalid'
    assert app.post(target, {'reason': 'complexity', 'words': 'x', 'told_at': '2031-01-01T00:00:00Z'}).slug == 'evidence'
    request = opened(app, received_at=stamp(now() - 3 * DAY))
    extended = step(app, request, 'extension', {'reason': 'high_volume', 'words': 'Många frågar nu.', 'told_at': stamp(now())})
    assert at(extended['due_at']) > at(request['due_at']) + 55 * DAY and extended['extended_for'] == 'high_volume'
    again = app.post(f'/v1/requests/{request["id"]}/extension', {'reason': 'complexity', 'words': 'x', 'told_at': told})
    assert again.slug == 'conflict'


def test_after_the_first_month_nothing_is_extended(app):
    request = opened(app, received_at='2026-01-31T10:00:00Z')
    target = f'/v1/requests/{request["id"]}/extension'
    assert app.post(target, {'reason': 'complexity', 'words': 'x', 'told_at': '2026-03-02T23:00:00Z'}).slug == 'conflict'
    # the person was told in time; only the entering is late
    extended = app.post(target, {'reason': 'complexity', 'words': 'x', 'told_at': '2026-03-02T22:59:59Z'})
    assert extended.status == 200 and extended.json['due_on'] == '2026-04-30'


def test_the_clock_stands_while_identity_is_awaited(app):
    request = opened(app)
    asked = step(app, request, 'identity', {'result': 'asked', 'method': 'mailbox', 'words': 'Another address than on file.'})
    assert (asked['state'], asked['clock'], asked['due_at']) == ('identity_required', 'standing', None)
    assert asked['state_code'] == 'dpv:RequestRequiresAction' and not asked['overdue']
    for path, body in (('acceptance', {}), ('fulfilment', {}), ('identity', {'result': 'asked', 'method': 'e_id', 'words': 'x'}),
                       ('extension', {'reason': 'complexity', 'words': 'x', 'told_at': stamp(now())})):
        assert app.post(f'/v1/requests/{request["id"]}/{path}', body).slug == 'conflict'
    known = step(app, request, 'identity', {'result': 'confirmed', 'method': 'mailbox'})
    assert (known['state'], known['clock'], known['stood_days']) == ('identity_given', 'running', 0)
    assert known['due_at'] == request['due_at'] and known['identity_result'] == 'confirmed'
    reply = app.post(f'/v1/requests/{request["id"]}/identity', {'result': 'asked', 'method': 'e_id', 'words': 'x'})
    assert reply.slug == 'conflict'


@pytest.mark.parametrize('right, method, allowed', [
    ('access', 'document_shown', True), ('erasure', 'e_id', True), ('portability', 'in_person', True),
    ('rectification', 'in_person', False), ('restriction', 'document_shown', False), ('objection', 'e_id', False),
    ('withdrawal', 'knowledge', False), ('withdrawal', 'mailbox', True), ('information', 'e_id', False), ('access', 'no_doubt', False),
])
def test_no_more_is_asked_for_than_the_right_warrants(app, right, method, allowed):
    request = opened(app, right)
    reply = app.post(f'/v1/requests/{request["id"]}/identity', {'result': 'asked', 'method': method, 'words': 'a doubt'})
    assert (reply.status == 200) if allowed else (reply.slug == 'invalid')


def test_a_doubt_is_stated(app):
    request = opened(app)
    target = f'/v1/requests/{request["id"]}/identity'
    assert app.post(target, {'result': 'asked', 'method': 'mailbox'}).slug == 'evidence'
    assert app.post(target, {'result': 'asked', 'method': 'mailbox', 'words': '  '}).slug == 'evidence'
    late = opened(app, received_at='2026-01-31T10:00:00Z')
    reply = app.post(f'/v1/requests/{late["id"]}/identity', {'result': 'asked', 'method': 'mailbox', 'words': 'x'})
    assert reply.slug == 'conflict'


# --- refusing ---------------------------------------------------------------------------------------

def test_a_refusal_needs_its_reason_in_words(app):
    request = opened(app, 'erasure')
    target = f'/v1/requests/{request["id"]}/refusal'
    assert app.post(target, {'reason': 'legally_required'}).slug == 'evidence'
    assert app.post(target, {'reason': 'compelling_grounds', 'words': 'x'}).slug == 'invalid'
    assert app.post(target, {'reason': 'complexity', 'words': 'x'}).slug == 'invalid'
    assert app.post(target, {'reason': 'identity_failure', 'words': 'x'}).slug == 'evidence'  # nobody asked
    refused = step(app, request, 'refusal', {'reason': 'legally_required', 'words': 'Bokföringslagen 7 kap. 2 §.'})
    assert (refused['state'], refused['clock']) == ('refused', 'ended')
    assert refused['reason_code'] == 'justifications:JustificationA17LegallyRequired'
    for path in ('acceptance', 'withdrawal', 'acknowledgement'):
        assert app.post(f'/v1/requests/{request["id"]}/{path}').slug == 'conflict'


@pytest.mark.parametrize('reason', ['manifestly_unfounded', 'manifestly_excessive', 'malicious_intent', 'lack_of_intent'])
def test_abuse_takes_evidence_and_two(app, other, reason):
    request = opened(app)
    target = f'/v1/requests/{request["id"]}'
    assert app.post(f'{target}/approval', {'approve': True}).slug == 'conflict'
    assert app.post(f'{target}/refusal', {'reason': reason, 'words': 'Tionde gången.'}).slug == 'evidence'
    proposed = step(app, request, 'refusal', {'reason': reason, 'words': 'Tionde gången.', 'evidence': 'Nio brev.'})
    assert proposed['state'] == 'initiated' and proposed['proposed_for'] == reason and proposed['clock'] == 'running'
    assert app.post(f'{target}/refusal', {'reason': reason, 'words': 'x', 'evidence': 'y'}).slug == 'conflict'
    assert app.post(f'{target}/approval', {'approve': True}).slug == 'denied'  # the same one
    refused = other.post(f'{target}/approval', {'approve': True, 'words': 'Jag har läst dem.'})
    assert refused.status == 200 and refused.json['state'] == 'refused' and refused.json['reason'] == reason
    history = app.get(target).json['events']
    proposer, approver = [event['actor'] for event in history if event['event'].startswith('refus')]
    assert proposer != approver
    assert [m['words'] for m in messages(app, request)['messages']] == ['Tionde gången.\n\nNio brev.', 'Jag har läst dem.']


def test_a_proposed_refusal_may_be_declined(app, other, operator):
    request = opened(app)
    step(app, request, 'refusal', {'reason': 'malicious_intent', 'words': 'x', 'evidence': 'y'})
    declined = step(other, request, 'approval', {'approve': False})
    assert declined['proposed_for'] is None and declined['state'] == 'initiated'
    step(app, request, 'refusal', {'reason': 'malicious_intent', 'words': 'x', 'evidence': 'y'})
    assert step(operator, request, 'approval', {'approve': True})['state'] == 'refused'
    assert events(app, request) == ['opened', 'refusal_proposed', 'refusal_declined', 'refusal_proposed', 'refused']


def test_who_could_not_be_recognised_is_refused(app):
    request = opened(app)
    step(app, request, 'identity', {'result': 'asked', 'method': 'e_id', 'words': 'a new address'})
    failed = step(app, request, 'identity', {'result': 'failed', 'method': 'e_id', 'words': 'somebody else'})
    assert failed['identity_result'] == 'failed'
    assert step(app, request, 'refusal', {'reason': 'identity_failure', 'words': 'Vi vet inte vem du är.'})['state'] == 'refused'


# --- fulfilling -------------------------------------------------------------------------------------

def last_entry(app, id, act):
    entries = app.get(f'/v1/audit/entries?subject={id}&limit=1000').json['entries']
    return [entry['seq'] for entry in entries if entry['act'] == act and entry['outcome'] == 'done'][-1]


def test_a_fulfilment_names_what_did_it(app):
    id, _ = make_person(app, grounds=[consent(), contract()])
    somebody, _ = make_person(app)
    before = last_entry(app, id, 'subject.create')
    request = opened(app, 'withdrawal', subject=id)
    assert request['subject'] == id
    app.post(f'/v1/subjects/{id}/withdrawals', {})
    app.post(f'/v1/subjects/{somebody}/withdrawals', {})
    target = f'/v1/requests/{request["id"]}/fulfilment'
    assert app.post(target).slug == 'evidence'
    for wrong in (before, last_entry(app, somebody, 'ledger.act'), 10 ** 12, last_entry(app, id, 'request.open')):
        assert app.post(target, {'entry': wrong}).slug == 'invalid'
    done = step(app, request, 'fulfilment', {'entry': last_entry(app, id, 'ledger.act')})
    assert (done['state'], done['state_code']) == ('fulfilled', 'dpv:RequestFulfilled') and done['closed_at']
    assert app.get(f'/v1/requests/{request["id"]}').json['events'][-1]['entry'] == done['entry']


def test_the_person_is_recognised_before_anything_is_done(app):
    id, _ = make_person(app, grounds=[contract()])
    request = opened(app, 'rectification', subject=id)
    assert app.patch(f'/v1/subjects/{id}', {'values': {'name': 'Anna Ek'}}, headers={'If-Match': '*'}).status == 200
    entry = last_entry(app, id, 'subject.change')
    assert app.post(f'/v1/requests/{request["id"]}/fulfilment', {'entry': entry}).slug == 'evidence'
    step(app, request, 'identity', {'result': 'confirmed', 'method': 'no_doubt'})
    assert step(app, request, 'fulfilment', {'entry': entry})['state'] == 'fulfilled'


@pytest.mark.parametrize('right, path', [('access', 'access'), ('portability', 'export')])
def test_what_answers_a_request_leaves_its_entry_with_it(app, right, path):
    id, _ = make_person(app, grounds=[contract()])
    request, another = opened(app, right, subject=id), opened(app, right)
    for wrong in (another['id'], opened(app, 'erasure', subject=id)['id'], id):
        assert app.post(f'/v1/subjects/{id}/{path}', {'request': wrong}).slug == 'invalid'
    assert app.post(f'/v1/subjects/{id}/{path}', {'request': request['id']}).status == 200
    assert events(app, request) == ['opened', 'done']
    step(app, request, 'identity', {'result': 'confirmed', 'method': 'signed_in'})
    done = step(app, request, 'fulfilment')
    assert done['state'] == 'fulfilled' and done['entry'] == last_entry(app, id, f'subject.{path}')
    assert app.post(f'/v1/subjects/{id}/{path}', {'request': request['id']}).slug == 'invalid'  # it is closed


CHANGES = {
    'rectification': ('', {'values': {'name': 'Anna Ek'}}),
    'restriction': ('/restriction', {'act': 'restricted', 'reason': 'accuracy', 'fields': ['name']}),
    'objection': ('/objections', {'purpose': 'support'}),
    'human_review': ('/objections', {'purpose': 'support', 'automated': True}),
    'withdrawal': ('/withdrawals', {'purpose': 'newsletter'}),
}


def change(client, id, path, body):
    if path:
        return client.post(f'/v1/subjects/{id}{path}', body)
    return client.patch(f'/v1/subjects/{id}', body, headers={'If-Match': '*'})


@pytest.mark.parametrize('right', CHANGES)
def test_a_change_that_answers_a_request_leaves_its_entry_with_it(app, make_key, right):
    id, _ = make_person(app, {'email': email(), 'name': 'Bo Ek'}, [consent(), contract(), {'purpose': 'support'}])
    path, body = CHANGES[right]
    request, another = opened(app, right, subject=id), opened(app, right)
    before = app.get(f'/v1/subjects/{id}/consents?limit=200').json['acts']
    closed = opened(app, right, subject=id)
    step(app, closed, 'withdrawal')
    for wrong in (another['id'], opened(app, 'erasure', subject=id)['id'], id, closed['id'], CANARY):
        reply = change(app, id, path, {**body, 'request': wrong})
        assert (reply.slug, reply.json['member']) == ('invalid', '/request'), wrong
    narrow = app.using(make_key(['write', 'withdraw', 'read', 'ledger']))  # a step of a request is for those who answer them
    assert change(narrow, id, path, {**body, 'request': request['id']}).slug == 'denied'
    limited = app.using(make_key(['write', 'withdraw', 'rights'], ['newsletter', 'support', 'order']))
    assert change(limited, id, path, {**body, 'request': request['id']}).slug == 'purpose-denied'
    assert app.get(f'/v1/subjects/{id}/consents?limit=200').json['acts'] == before and events(app, request) == ['opened']

    assert change(app, id, path, {**body, 'request': request['id']}).status == 200
    entry = last_entry(app, id, 'subject.change' if right == 'rectification' else 'ledger.act')
    assert events(app, request) == ['opened', 'done']
    assert len(app.get(f'/v1/subjects/{id}/consents?limit=200').json['acts']) == len(before) + 1
    step(app, request, 'identity', {'result': 'confirmed', 'method': 'signed_in'})
    done = step(app, request, 'fulfilment')
    assert (done['state'], done['entry']) == ('fulfilled', entry)


@pytest.mark.parametrize('automated, right', [(False, 'objection'), (True, 'human_review')])
def test_a_ruling_answers_the_request_that_brought_it(app, automated, right):
    id, _ = make_person(app, {'email': email(), 'name': 'Bo Ek'}, [{'purpose': 'support'}])
    seq = change(app, id, '/objections', {'purpose': 'support', 'automated': automated}).json['seq']
    ruling = {'ruling': 'upheld', 'decided_by': 'the DPO'}
    other, request = (opened(app, r, subject=id) for r in (({'objection', 'human_review'} - {right}).pop(), right))
    assert change(app, id, f'/objections/{seq}/ruling', {**ruling, 'request': other['id']}).json['member'] == '/request'
    assert change(app, id, f'/objections/{seq}/ruling', {**ruling, 'request': request['id']}).status == 200
    assert (events(app, request), events(app, other)) == (['opened', 'done'], ['opened'])


def test_what_is_no_answer_to_a_request(app):
    id, _ = make_person(app, {'email': email(), 'name': 'Bo Ek'}, [contract()])
    request = opened(app, 'rectification', subject=id)
    reply = change(app, id, '', {'kind': 'natural_person', 'request': request['id']})
    assert (reply.slug, reply.json['member']) == ('invalid', '/request')
    request = opened(app, 'restriction', subject=id)
    seq = change(app, id, '/restriction', {'act': 'restricted', 'reason': 'accuracy', 'request': request['id']}).json['seq']
    lift = {'act': 'unrestricted', 'seq': seq, 'told_at': stamp(now() + DAY), 'told_how': 'mail', 'request': request['id']}
    assert change(app, id, '/restriction', lift).json['member'] == '/request'
    assert events(app, request) == ['opened', 'done']


def test_a_request_full_of_letters_can_still_be_closed(app):
    id, _ = make_person(app, {'email': email(), 'name': 'Bo Ek'}, [contract()])
    request = opened(app, 'access', subject=id)
    letter = {'direction': 'in', 'channel': 'email', 'words': 'And?'}
    for _ in range(899):
        assert app.post(f'/v1/requests/{request["id"]}/messages', letter).status == 200
    assert app.post(f'/v1/requests/{request["id"]}/messages', letter).slug == 'limit'
    reply = app.post(f'/v1/subjects/{id}/access', {'request': request['id']})
    assert (reply.slug, reply.json['member']) == ('invalid', '/request')
    assert app.post(f'/v1/subjects/{id}/access', {}).status == 200
    step(app, request, 'identity', {'result': 'confirmed', 'method': 'no_doubt'})
    assert step(app, request, 'fulfilment', {'entry': last_entry(app, id, 'subject.access')})['state'] == 'fulfilled'


def test_a_retried_change_answers_its_request_once(app):
    id, _ = make_person(app, {'email': email(), 'name': 'Bo Ek'}, [contract()])
    request = opened(app, 'restriction', subject=id)
    for _ in range(2):
        reply = app.post(f'/v1/subjects/{id}/restriction', {'act': 'restricted', 'reason': 'accuracy', 'request': request['id']},
                         headers={'Idempotency-Key': '"answers-once"'})
        assert reply.status == 200, reply
    assert events(app, request) == ['opened', 'done']


def test_a_part_is_a_part_with_its_reason(app):
    request = opened(app, 'erasure')
    target = f'/v1/requests/{request["id"]}/fulfilment'
    assert app.post(target, {'not_all_because': 'legally_required'}).slug == 'evidence'
    assert app.post(target, {'not_all_because': 'complexity', 'words': 'x'}).slug == 'invalid'
    partly = step(app, request, 'fulfilment', {'not_all_because': 'legally_required', 'words': 'Fakturorna: bokföringslagen.'})
    assert (partly['state'], partly['reason']) == ('partly_fulfilled', 'legally_required')


def test_a_request_is_acknowledged_accepted_and_taken_back(app):
    request = opened(app)
    assert step(app, request, 'acknowledgement')['state_code'] == 'dpv:RequestAcknowledged'
    assert app.post(f'/v1/requests/{request["id"]}/acknowledgement').slug == 'conflict'
    assert step(app, request, 'acceptance', {'words': 'Klart.'})['state'] == 'accepted'
    assert app.post(f'/v1/requests/{request["id"]}/acceptance').slug == 'conflict'
    assert step(app, request, 'withdrawal')['state'] == 'withdrawn'
    assert events(app, request) == ['opened', 'acknowledged', 'accepted', 'withdrawn']


def test_what_comes_after_the_answer_is_kept_too(app):
    request = opened(app, 'information')
    step(app, request, 'fulfilment')
    step(app, request, 'messages', {'direction': 'in', 'channel': 'post', 'words': 'Tack.', 'at': stamp(now())})
    assert app.post(f'/v1/requests/{request["id"]}/messages', {'direction': 'in', 'channel': 'post'}).slug == 'evidence'
    future = {'direction': 'out', 'channel': 'post', 'words': 'x', 'at': '2031-01-01T00:00:00Z'}
    assert app.post(f'/v1/requests/{request["id"]}/messages', future).slug == 'invalid'
    page = messages(app, request, '?limit=1')
    assert page['messages'][0]['words'] == 'Tack.' and page['messages'][0]['code'] == 'post' and page['next'] == '3'
    assert messages(app, request, '?after=3') == {'reply_to': None, 'messages': [], 'next': None}


def test_steps_that_meet_are_all_taken(app):
    import concurrent.futures
    request = opened(app)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: step(app, request, 'messages', {'direction': 'in', 'channel': 'chat', 'words': f'rad {n}'}), range(24)))
    assert sorted(m['words'] for m in messages(app, request)['messages']) == sorted(f'rad {n}' for n in range(24))


def test_each_step_and_each_look_has_its_entry(app):
    id, _ = make_person(app)
    request = opened(app, 'information', subject=id)
    step(app, request, 'acknowledgement')
    app.get(f'/v1/requests/{request["id"]}')
    messages(app, request)
    mine = [(entry['act'], entry.get('event'), entry['purpose'])
            for entry in app.get(f'/v1/audit/entries?subject={id}&limit=1000').json['entries'] if 'request' in entry]
    assert mine == [('request.open', 'opened', 'rights'), ('request.change', 'acknowledged', 'rights'),
                    ('request.read', None, 'rights'), ('request.read', None, 'rights')]


def test_requests_are_beyond_the_purposes_of_a_key(api, make_key, app):
    request = opened(app)
    bound = api.using(make_key(['rights'], ['order']))
    assert bound.post('/v1/requests', {'right': 'access', 'channel': 'email'}).slug == 'purpose-denied'
    assert bound.get('/v1/requests').slug == bound.get(f'/v1/requests/{request["id"]}').slug == 'purpose-denied'
    assert bound.get(f'/v1/requests/{request["id"]}/messages').slug == 'purpose-denied'
    assert bound.post(f'/v1/requests/{request["id"]}/withdrawal').slug == 'purpose-denied'


def test_no_such_request(app):
    for id in ('d0000000-0000-4000-8000-0000000000ff', 'x'):
        assert app.get(f'/v1/requests/{id}').slug == app.get(f'/v1/requests/{id}/messages').slug == 'absent'
        assert app.post(f'/v1/requests/{id}/withdrawal').slug == 'absent'
        for path, body in (
                ('letter', {'kind': 'fulfilled'}), ('approval', {'approve': True}), ('refusal', {'reason': 'legal_claims'}),
                ('extension', {'reason': 'complexity', 'told_at': stamp(now())}), ('identity', {'result': 'failed', 'method': 'e_id'}),
                ('messages', {'direction': 'in', 'channel': 'sms'}), ('person', {'subject': make_person(app)[0]})):
            assert app.post(f'/v1/requests/{id}/{path}', body).slug == 'absent'


# --- the person, and the hold -----------------------------------------------------------------------

def holds(app, id):
    return [act for act in app.get(f'/v1/subjects/{id}/consents').json['acts'] if act['act'] in ('held', 'released')]


def test_a_person_is_found_later(app):
    id, _ = make_person(app, grounds=[contract()])
    request = opened(app, words='Det är jag.')
    assert app.post(f'/v1/requests/{request["id"]}/person', {}).slug == 'invalid'
    assert app.post(f'/v1/requests/{request["id"]}/person', {'subject': request['id']}).slug == 'invalid'
    found = step(app, request, 'person', {'subject': id})
    assert found['subject'] == id and found['held']
    assert app.post(f'/v1/requests/{request["id"]}/person', {'subject': id}).slug == 'conflict'
    assert messages(app, request)['messages'][0]['words'] == 'Det är jag.'
    assert events(app, request) == ['opened', 'person_found'] and len(holds(app, id)) == 1


def test_a_request_for_access_keeps_the_data_until_it_is_answered(app, operator):
    id, _ = make_person(app, {'email': email(), 'nick': 'Nisse'}, [consent(), contract()])
    request = opened(app, subject=id)
    assert request['held']
    hold, = holds(app, id)
    assert hold['basis'] == 'storage_only' and 'nick' in hold['fields'] and hold['method'] == 'system'
    assert hold['evidence'] == {'reason': 'a request for access waits for its answer', 'request': request['id']}
    assert hold['until'] and at(hold['until']) > at(request['due_at']) + 55 * DAY
    reply = app.post(f'/v1/subjects/{id}/withdrawals', {'purpose': 'newsletter'})
    assert 'values_gone' not in reply.json                     # kept, for the answer
    assert read(app, id).slug == 'no-ground'                   # and used for nothing
    assert 'nick' in read(operator, id, 'rights').json['values']
    step(app, request, 'withdrawal')
    assert 'nick' not in read(operator, id, 'rights').json['values']
    assert [act['act'] for act in holds(app, id)] == ['held', 'released']
    assert not app.get(f'/v1/requests/{request["id"]}').json['held']


@pytest.mark.parametrize('right', ['erasure', 'information', 'objection'])
def test_other_requests_hold_nothing(app, right):
    id, _ = make_person(app)
    assert not opened(app, right, subject=id)['held'] and not holds(app, id)


def test_what_is_long_overdue_holds_nothing_any_more(app):
    id, _ = make_person(app)
    assert not opened(app, subject=id, received_at='2024-01-31T10:00:00Z')['held'] and not holds(app, id)


# --- letters ----------------------------------------------------------------------------------------

def letter(app, request, kind, **more):
    reply = app.post(f'/v1/requests/{request["id"]}/letter', {'kind': kind, **more})
    assert reply.status == 200, reply
    return reply.json


@pytest.mark.parametrize('kind, more', [
    ('acknowledgement', {}), ('identity', {'method': 'e_id'}), ('extension', {'reason': 'complexity'}),
    ('refusal', {'reason': 'conditions_not_met'}), ('fulfilled', {}), ('partly_fulfilled', {'reason': 'rights_of_others'}),
])
@pytest.mark.parametrize('right', RIGHTS)
def test_letters_in_both_languages(app, right, kind, more):
    request = opened(app, right, language='sv', received_at='2026-05-20T10:00:00Z')
    words = 'Ett eget stycke.'
    swedish, english = (letter(app, request, kind, language=language, words=words, **more) for language in ('sv', 'en'))
    for one in (swedish, english):
        assert words in one['text'] and request['id'] in one['text'] and '  ' not in one['text'] and '..' not in one['text']
        if kind not in ('acknowledgement', 'identity'):
            assert 'Integritetsskyddsmyndigheten (IMY), www.imy.se' in one['text']
    assert 'den 20 maj 2026' in swedish['text'] and 'on 20 May 2026' in english['text']
    assert (swedish['language'], english['language']) == ('sv', 'en') and swedish['title'] != english['title']
    if kind == 'acknowledgement':
        assert 'senast den 22 juni 2026' in swedish['text'] and 'by 22 June 2026' in english['text']
    if kind == 'extension':
        assert 'senast den 20 augusti 2026' in swedish['text']


def test_a_letter_goes_by_the_record_unless_told_otherwise(app):
    request = opened(app, language='de', received_at=stamp(now()))
    assert app.post(f'/v1/requests/{request["id"]}/letter', {'kind': 'refusal'}).slug == 'invalid'
    assert app.post(f'/v1/requests/{request["id"]}/letter', {'kind': 'extension', 'reason': 'legal_claims'}).slug == 'invalid'
    assert letter(app, request, 'acknowledgement')['language'] == 'en'
    step(app, request, 'extension', {'reason': 'high_volume', 'words': 'x', 'told_at': stamp(now())})
    assert 'unusual number' in letter(app, request, 'extension')['text']
    step(app, request, 'refusal', {'reason': 'information_required', 'words': 'x'})
    assert 'We lack information' in letter(app, request, 'refusal')['text']
    assert events(app, request) == ['opened', 'extended', 'refused']  # letters change nothing


# --- what time does ---------------------------------------------------------------------------------

class Years:
    """A vault whose clock the test moves."""

    def __init__(self, directory):
        self.clock = directory / 'clock'
        self.clock.write_text('0 0')
        self.server = Server(directory)
        self.server.init()
        self.server.start({'VALV_TEST_CLOCK': str(self.clock)})
        self.client = Client(self.server.socket)
        definitions.put_all(self.client)

    def go_on(self, **time):
        us = int(self.clock.read_text().split()[0]) + int(datetime.timedelta(**time).total_seconds()) * 10 ** 6
        self.clock.write_text(f'{us} {us}')  # time that has passed: the clock is believed

    def sweep(self):
        reply = self.client.post('/v1/admin/sweep')
        assert reply.status == 200, reply
        return reply.json

    def keys(self):
        import sqlite3
        with sqlite3.connect(self.server.data / 'keys.db') as database:
            return database.execute('SELECT COUNT(*) FROM subject_key WHERE subject < 0').fetchone()[0]


@pytest.fixture
def years(tmp_path):
    years = Years(tmp_path)
    yield years
    years.server.stop()


def test_whole_days_that_the_clock_stood_are_added(years):
    client = years.client
    request = opened(client)
    step(client, request, 'identity', {'result': 'asked', 'method': 'e_id', 'words': 'x'})
    years.go_on(days=9, hours=23)
    known = step(client, request, 'identity', {'result': 'confirmed', 'method': 'e_id'})
    assert known['stood_days'] == 9
    later = at(known['due_at']) - at(request['due_at'])
    assert 9 * DAY - 3 * DAY <= later <= 9 * DAY + 4 * DAY  # each end moves on to a working day
    years.go_on(days=60)
    assert client.get(f'/v1/requests/{request["id"]}').json['overdue']
    metrics = client.get('/v1/metrics').body.decode()
    assert 'valv_requests_open 1\n' in metrics and 'valv_requests_overdue 1\n' in metrics
    step(client, request, 'withdrawal')
    closed = client.get(f'/v1/requests/{request["id"]}').json
    assert closed['overdue'] and closed['clock'] == 'ended'  # it was late
    assert 'valv_requests_open 0\n' in client.get('/v1/metrics').body.decode()


def test_the_sweep_waits_for_the_answer(years):
    client = years.client
    id, _ = make_person(client, {'email': email(), 'nick': 'Nisse'}, [consent(until=stamp(now() + 10 * DAY))])
    request = opened(client, subject=id)
    years.go_on(days=20)
    years.sweep()
    assert set(read(client, id, 'rights').json['values']) == {'email', 'nick'} and read(client, id).slug == 'no-ground'
    step(client, request, 'identity', {'result': 'confirmed', 'method': 'signed_in'})
    step(client, request, 'fulfilment', {'entry': last_entry(client, id, 'subject.read')})
    assert read(client, id, 'rights').json['values'] == {}


def test_but_not_for_ever(years):
    client = years.client
    id, _ = make_person(client, {'email': email(), 'nick': 'Nisse'}, [consent(until=stamp(now() + 10 * DAY))])
    request = opened(client, subject=id)
    years.go_on(days=110)  # nobody answers
    years.sweep()
    assert read(client, id, 'rights').json['values'] == {}
    assert step(client, request, 'withdrawal')['state'] == 'withdrawn'  # the hold is over, and closing it is fine


def test_what_was_written_goes_first_and_then_the_row(years):
    client = years.client
    id, _ = make_person(client, grounds=[contract()])
    request = opened(client, 'information', subject=id, words='En fråga.', reply_to='a@example.com')
    still_open = opened(client, words='Svara mig.')
    step(client, request, 'fulfilment')
    years.go_on(days=729)
    years.sweep()
    assert messages(client, request)['reply_to'] == 'a@example.com' and years.keys() == 2
    years.go_on(days=2)
    years.sweep()
    assert years.keys() == 1
    assert messages(client, request) == {'reply_to': None, 'messages': [], 'next': None}
    row = client.get(f'/v1/requests/{request["id"]}').json
    assert (row['subject'], row['written_kept'], row['state']) == (None, False, 'fulfilled')
    assert [event['event'] for event in row['events']] == ['opened', 'fulfilled', 'forgotten']
    body = {'direction': 'in', 'channel': 'email', 'words': 'Ännu en.'}
    assert client.post(f'/v1/requests/{request["id"]}/messages', body).slug == 'conflict'
    years.go_on(days=1096)
    years.sweep()
    assert client.get(f'/v1/requests/{request["id"]}').slug == 'absent'
    assert messages(client, still_open)['messages'][0]['words'] == 'Svara mig.'  # what is open stays


def test_keys_turned_over_and_a_restart_keep_requests_readable(years):
    client = years.client
    request = opened(client, words='Före.')
    assert client.post('/v1/admin/rotate').status == 200
    step(client, request, 'messages', {'direction': 'in', 'channel': 'email', 'words': 'Efter.'})
    years.server.stop('kill')
    years.server.start({'VALV_TEST_CLOCK': str(years.clock)})
    assert [m['words'] for m in messages(client, request)['messages']] == ['Före.', 'Efter.']
    opened(client, words='Efter omstarten.')
    make_person(client)
    assert client.post('/v1/admin/verify').json['findings'] == []


def test_another_country_has_other_holidays_and_another_authority(years):
    client = years.client
    assert client.put('/v1/settings/country', {'value': 'NO'}).status == 200
    request = opened(client, received_at='2026-04-25T10:00:00Z')
    assert (request['country'], request['due_on']) == ('NO', '2026-05-26')
    assert 'Datatilsynet, www.datatilsynet.no' in letter(client, request, 'fulfilled')['text']
    assert client.put('/v1/settings/country', {'value': 'US'}).status == 200
    request = opened(client, received_at='2026-04-25T10:00:00Z')
    assert (request['country'], request['due_on']) == ('US', '2026-05-25')
    assert 'edpb.europa.eu' in letter(client, request, 'fulfilled')['text']
    for value in ('se', 'SWE', '', 'S1', 7, None):
        assert client.put('/v1/settings/country', {'value': value}).slug == 'invalid'


# --- the closing reply ------------------------------------------------------------------------------

def replies(client, request):
    """Of the outbox: those that answer the request, taken by a program."""
    found = []
    while True:
        rows = client.post('/v1/outbox/claim', {'max': 100}).json['rows']
        found += [row for row in rows if row['kind'] == 'reply' and row['content'].get('request') == request['id']]
        if not rows:
            return found


def answered(client, request, **more):
    step(client, request, 'identity', {'result': 'confirmed', 'method': 'signed_in'})
    reply = client.post(f'/v1/subjects/{request["subject"]}/access', {'request': request['id']})
    assert reply.status == 200, reply
    return step(client, request, 'fulfilment', {'reply': True, **more})


def on_disk(server, text):
    return [path for path in server.data.rglob('*') if path.is_file() and text.encode() in path.read_bytes()]


def test_the_closing_reply_leaves_though_the_person_is_erased(app, server):
    address, said = email(), f'Allt finns i bilagan {email()}'
    id, _ = make_person(app)
    request = opened(app, subject=id, language='sv', reply_to=address)
    assert answered(app, request, words=said)['state'] == 'fulfilled'
    assert app.post(f'/v1/subjects/{id}/erasure').json['buried']
    assert messages(app, request)['reply_to'] is None, 'what was written went with the person'
    reply, = replies(app, request)
    content = reply['content']
    assert reply['subject'] is None and content['address'] == address and content['channel'] == 'email'
    assert content['language'] == 'sv' and said in content['text']
    assert on_disk(server, address) == [] and on_disk(server, said) == []


def test_a_refusal_is_told_by_post_where_the_address_is_one(app):
    request = opened(app, 'objection', language='en', reply_to='Anna Andersson\nExempelgatan 1\n111 11 Stockholm')
    step(app, request, 'refusal', {'reason': 'compelling_grounds', 'words': 'We have to.', 'reply': True})
    content = replies(app, request)[0]['content']
    assert content['channel'] == 'post' and 'We have to.' in content['text'] and 'compelling' in content['text']


@pytest.mark.parametrize('path, body', [
    ('fulfilment', {}), ('refusal', {'reason': 'compelling_grounds', 'words': 'x'}),
])
def test_no_reply_without_an_address(app, path, body):
    request = opened(app, 'objection')
    refused = step(app, request, path, {**body, 'reply': True}, 422)
    assert refused['member'] == '/reply'
    assert app.get(f'/v1/requests/{request["id"]}').json['state'] == 'initiated', 'nothing was written'


def test_only_an_answer_is_told(app, other):
    request = opened(app, 'objection', reply_to=email())
    proposal = {'reason': 'manifestly_excessive', 'words': 'Tionde gången.', 'evidence': 'brev'}
    assert step(app, request, 'refusal', {**proposal, 'reply': True}, 422)['member'] == '/reply'
    step(app, request, 'refusal', proposal)
    assert step(other, request, 'approval', {'approve': False, 'reply': True}, 422)['member'] == '/reply'
    step(other, request, 'approval', {'approve': True, 'words': 'Håller med kollegan.', 'reply': True})
    reply, = replies(app, request)
    assert 'kollegan' not in reply['content']['text'] and 'orimlig' in reply['content']['text']


def test_a_repeated_call_replies_once(app):
    request = opened(app, 'information', reply_to=email())
    for _ in range(2):
        reply = app.post(f'/v1/requests/{request["id"]}/fulfilment', {'reply': True},
                         headers={'Idempotency-Key': f'"{request["id"]}"'})
        assert reply.status == 200, reply
    assert len(replies(app, request)) == 1


def test_after_thirty_days_the_reply_is_gone(years):
    client, address = years.client, email()
    id, _ = make_person(client)
    request = opened(client, subject=id, reply_to=address)
    answered(client, request)
    assert client.post(f'/v1/subjects/{id}/erasure').json['buried']
    row, = [row for row in client.get('/v1/outbox').json['outbox'] if row['kind'] == 'reply']
    assert client.get(f'/v1/outbox/{row["id"]}').json['content']['address'] == address
    years.go_on(days=29)
    years.sweep()
    assert client.get(f'/v1/outbox/{row["id"]}').json['content']['address'] == address
    years.go_on(days=2)
    years.sweep()
    kept = client.get(f'/v1/outbox/{row["id"]}').json
    assert kept['content'] is None and kept['state'] == 'failed' and kept['outcome'] == 'too_late'
    assert on_disk(years.server, address) == []


def test_the_command_line_replies(app, server, tmp_path):
    request = opened(app, 'information', reply_to=email())
    words = tmp_path / 'words.txt'
    words.write_text('Se bilagan.')
    done = subprocess.run([VALV, 'request', 'fulfil', request['id'], '--reply', '--words', str(words), '--data',
                           str(server.data)], text=True, capture_output=True, timeout=60)
    assert done.returncode == 0, done
    assert 'Se bilagan.' in replies(app, request)[0]['content']['text']
