"""Article 19: recipients are told of rectification, erasure and restriction, and of withdrawal
(C-129/21); the person learns who they are (C-154/21).  Programs take what no webhook carries."""
import itertools
import json
import socket
import time

import pytest

from definitions import consent, contract, email, make_person, purpose
from receiver import Receiver

MAILHOUSE = 'Tryckeriet i Exempelstad AB'
_names = itertools.count(1)


@pytest.fixture(scope='module')
def clerk(api, make_key):
    return api.using(make_key(['define', 'read', 'write', 'search', 'withdraw', 'ledger', 'audit', 'rights',
                               'deliver', 'erase', 'metrics']))


@pytest.fixture(scope='module', autouse=True)
def local_network(operator):
    """The receivers of these tests are on this machine."""
    reply = operator.post('/v1/admin/delivery', {'networks': ['127.0.0.0/8', '::1/128']})
    assert reply.status == 200 and reply.json['networks'] == ['127.0.0.0/8', '::1/128'] and reply.json['on']
    yield
    assert operator.post('/v1/admin/delivery', {'on': True, 'networks': []}).json['networks'] == []


@pytest.fixture
def receiver():
    one = Receiver()
    yield one
    one.close()


def put(clerk, name=None, webhook=None, title=None):
    name = name or f'recipient{next(_names)}'
    body = {'title': title or f'Mottagare {name}', 'role': 'processor', 'contact': 'brev@example.org'}
    reply = clerk.put(f'/v1/recipients/{name}', {**body, 'webhook': webhook} if webhook else body)
    assert reply.status in (200, 201), reply
    return reply.json


def mailing(clerk, *recipients, fields=('email', 'name', 'phone'), **more):
    """A purpose of its own that names these."""
    name = f'mailing{next(_names)}'
    more = {'marketing': True, 'channels': ['email', 'sms'], 'basis': 'consent', **more}
    definition = purpose(name, more.pop('basis'), list(fields),
                         **{'recipients': [{'name': r, 'role': 'processor'} for r in recipients], **more})
    assert clerk.put(f'/v1/purposes/{name}', definition).status == 201
    assert clerk.post(f'/v1/purposes/{name}/activate').status == 200
    return name


def told(clerk, id, recipient, purpose, fields=('email',), **more):
    reply = clerk.post(f'/v1/subjects/{id}/disclosures',
                       {'recipient': recipient, 'purpose': purpose, 'fields': list(fields), **more})
    assert reply.status == 201, reply
    return reply.json['seq']


@pytest.fixture
def hooked(clerk, receiver):
    """A recipient with a webhook, a purpose that names it, a person of whom it was told the address."""
    recipient = put(clerk, webhook=receiver.url)
    receiver.secret = recipient['secret']
    name = mailing(clerk, recipient['title'])
    id, address = make_person(clerk, {'email': email(), 'name': 'Berit Canary'}, [consent(name), contract()])
    told(clerk, id, recipient['name'], name)
    return recipient, name, id, address


def notices(clerk, id):
    return clerk.get(f'/v1/subjects/{id}/disclosures').json['notices']


def until(what, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = what()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError('did not come true')


# --- the register --------------------------------------------------------------------------------

def test_a_recipient_is_put_read_and_listed(clerk, receiver):
    made = put(clerk, 'mailhouse', receiver.url, MAILHOUSE)
    assert made['secret'].startswith('whsec_') and made['state'] == 'in_use'
    again = put(clerk, 'mailhouse', receiver.url, MAILHOUSE)
    assert 'secret' not in again, 'a secret is given once'
    assert 'secret' not in clerk.get('/v1/recipients/mailhouse').json
    listed = clerk.get('/v1/recipients?limit=1000').json['recipients']
    assert [r['title'] for r in listed if r['name'] == 'mailhouse'] == [MAILHOUSE]
    assert clerk.get('/v1/recipients/nobody').status == 404


@pytest.mark.parametrize('url', ['http://example.org/hook', 'https://example.org:8443/x', 'ftp://example.org/x',
                                 'https://user@example.org/x', 'https:///x', 'https://exa mple.org/', 'hook',
                                 'https://example.org/x#y', 'file:///etc/passwd', 'gopher://example.org/'])
def test_addresses_that_could_never_be_called_are_refused(operator, clerk, url):
    operator.post('/v1/admin/delivery', {'networks': []})
    try:
        reply = clerk.put('/v1/recipients/bad', {'title': 'Bad', 'role': 'processor', 'contact': 'x', 'webhook': url})
        assert reply.status == 422 and reply.json['member'] == '/webhook', reply
    finally:
        operator.post('/v1/admin/delivery', {'networks': ['127.0.0.0/8', '::1/128']})


def test_two_recipients_never_share_a_title(clerk):
    put(clerk, title='En och samma')
    reply = clerk.put('/v1/recipients/other', {'title': 'En och samma', 'role': 'processor', 'contact': 'x'})
    assert reply.status == 409 and reply.json['member'] == '/title'


def test_networks_are_written_as_prefixes(operator):
    for bad in (['10.0.0.1/8'], ['nowhere'], ['10.0.0.0/33'], ['10.0.0.0'], ['::/129']):
        reply = operator.post('/v1/admin/delivery', {'networks': bad})
        assert reply.status == 422, (bad, reply)


# --- disclosures ---------------------------------------------------------------------------------

def test_a_disclosure_is_recorded_and_told_to_the_person(clerk):
    recipient = put(clerk)
    name = mailing(clerk, recipient['title'])
    id, _ = make_person(clerk, None, [consent(name)])
    assert told(clerk, id, recipient['title'], name, ['name', 'email'], reference='kund 17') == 1
    assert told(clerk, id, recipient['name'], name, ['email'], at='2026-01-02T03:04:05Z') == 2
    first, second = clerk.get(f'/v1/subjects/{id}/disclosures').json['disclosures']
    assert first['title'] == recipient['title'] and sorted(first['fields']) == ['email', 'name']
    assert first['reference'] == 'kund 17' and second['reference'] is None
    assert second['at'] == '2026-01-02T03:04:05Z'
    entries = clerk.get(f'/v1/audit/entries?subject={id}&limit=1000').json['entries']
    acts = [entry['act'] for entry in entries]
    assert acts.count('subject.disclose') == 2 and 'disclosures.read' in acts


def test_only_what_the_purpose_names_and_may_is_recorded(clerk):
    recipient, other = put(clerk), put(clerk)
    name = mailing(clerk, recipient['title'])
    id, _ = make_person(clerk, None, [consent(name), contract()])

    def attempt(**more):
        body = {'recipient': recipient['name'], 'purpose': name, 'fields': ['email'], **more}
        return clerk.post(f'/v1/subjects/{id}/disclosures', body)

    assert attempt(recipient=other['name']).json['member'] == '/recipient'
    assert attempt(recipient='nobody').json['member'] == '/recipient'
    assert attempt(fields=['invoice']).slug == 'no-ground'
    assert attempt(fields=[]).status == 422 and attempt(fields=['nothing']).status == 422
    assert attempt(at='2099-01-01T00:00:00Z').json['member'] == '/at'
    assert attempt(purpose='order').slug == 'invalid', 'orders name no recipient'
    assert attempt(reference='a\nb').json['member'] == '/reference'
    assert attempt().status == 201
    nobody = clerk.post('/v1/subjects/00000000-0000-4000-8000-00000000dead/disclosures',
                        {'recipient': recipient['name'], 'purpose': name, 'fields': ['email']})
    assert nobody.status == 404
    refused = [e for e in clerk.get(f'/v1/audit/entries?subject={id}&limit=1000').json['entries']
               if e['act'] == 'subject.disclose' and e['outcome'] != 'done']
    assert len(refused) == 3, refused  # what got as far as the person


def test_after_a_withdrawal_nothing_is_disclosed(clerk):
    recipient = put(clerk)
    name = mailing(clerk, recipient['title'])
    id, _ = make_person(clerk, None, [consent(name), contract()])
    assert clerk.post(f'/v1/subjects/{id}/withdrawals', {'purpose': name}).status == 200
    reply = clerk.post(f'/v1/subjects/{id}/disclosures',
                       {'recipient': recipient['name'], 'purpose': name, 'fields': ['email']})
    assert reply.slug == 'no-ground'


def test_restricted_data_is_not_disclosed(clerk):
    recipient = put(clerk)
    name = mailing(clerk, recipient['title'])
    id, _ = make_person(clerk, None, [consent(name)])
    assert clerk.post(f'/v1/subjects/{id}/restriction', {'act': 'restricted', 'reason': 'accuracy'}).status == 200
    reply = clerk.post(f'/v1/subjects/{id}/disclosures',
                       {'recipient': recipient['name'], 'purpose': name, 'fields': ['email']})
    assert reply.slug == 'no-ground'


def test_many_are_recorded_each_for_itself(clerk):
    recipient = put(clerk)
    name = mailing(clerk, recipient['title'])
    people = [make_person(clerk, None, [consent(name)])[0] for _ in range(5)]
    clerk.post(f'/v1/subjects/{people[2]}/withdrawals', {'purpose': name})
    body = [{'subject': id, 'recipient': recipient['name'], 'purpose': name, 'fields': ['email'],
             'reference': f'nr {n}'} for n, id in enumerate(people)]
    body.append({**body[0], 'subject': '00000000-0000-4000-8000-00000000dead'})
    reply = clerk.post('/v1/disclosures', {'disclosures': body})
    assert reply.status == 200, reply
    lines = reply.json['disclosures']
    assert [line.get('seq') for line in lines] == [1, 1, None, 1, 1, None]
    assert lines[2]['problem']['type'] == '/problems/no-ground' and lines[2]['problem']['member'].startswith('/disclosures/2')
    assert lines[5]['problem']['type'] == '/problems/absent'


def test_a_repeated_call_records_once(clerk):
    recipient = put(clerk)
    name = mailing(clerk, recipient['title'])
    id, _ = make_person(clerk, None, [consent(name)])
    body = {'recipient': recipient['name'], 'purpose': name, 'fields': ['email']}
    for _ in range(2):
        reply = clerk.post(f'/v1/subjects/{id}/disclosures', body, headers={'Idempotency-Key': f'"{id}"'})
        assert reply.status == 201
    assert len(clerk.get(f'/v1/subjects/{id}/disclosures').json['disclosures']) == 1


def test_a_key_for_some_purposes_discloses_for_those(clerk, api, make_key):
    recipient = put(clerk)
    mine, other = mailing(clerk, recipient['title']), mailing(clerk, recipient['title'])
    id, _ = make_person(clerk, None, [consent(mine), consent(other)])
    some = api.using(make_key(['write', 'rights', 'deliver'], [mine]))
    body = {'recipient': recipient['name'], 'fields': ['email']}
    assert some.post(f'/v1/subjects/{id}/disclosures', {**body, 'purpose': mine}).status == 201
    assert some.post(f'/v1/subjects/{id}/disclosures', {**body, 'purpose': other}).slug == 'purpose-denied'
    for address in (f'/v1/subjects/{id}/disclosures', '/v1/outbox'):
        assert some.get(address).slug == 'purpose-denied'
    assert some.post('/v1/outbox/claim').slug == 'purpose-denied'


# --- who is told of what -------------------------------------------------------------------------

def test_a_correction_reaches_who_was_told_the_field(clerk, receiver, hooked):
    recipient, name, id, address = hooked
    etag = clerk.get(f'/v1/subjects/{id}', headers={'Valv-Purpose': name}).header('ETag')
    fresh = email()
    assert clerk.patch(f'/v1/subjects/{id}', {'values': {'email': fresh}}, headers={'If-Match': etag}).status == 200
    call, = receiver.wait(1)
    assert call.type == 'subject.rectified' and call.signed_by(recipient['secret'])
    assert call.event['data'] == {'references': [id], 'purposes': [name], 'fields': ['email']}
    assert call.id == call.event['id'] and call.headers['Content-Type'].startswith('application/cloudevents+json')
    assert address.encode() not in call.body and fresh.encode() not in call.body, 'it is thin'
    assert abs(call.at - time.time()) < 60
    row = until(lambda: [n for n in notices(clerk, id) if n['state'] == 'delivered'])[0]
    assert row['id'] == call.id and row['tries'] == 1 and row['status'] == 200 and row['outcome'] == 'done'
    assert row['disclosures'] == [1]
    etag = clerk.get(f'/v1/subjects/{id}', headers={'Valv-Purpose': name}).header('ETag')
    clerk.patch(f'/v1/subjects/{id}', {'values': {'name': 'Britta Canary'}}, headers={'If-Match': etag})
    assert len(notices(clerk, id)) == 1, 'the name was not told'


def test_each_recipient_hears_of_its_own_person_only_once(clerk, receiver):
    recipient, silent = put(clerk, webhook=receiver.url), put(clerk)
    name = mailing(clerk, recipient['title'], silent['title'])
    id, _ = make_person(clerk, None, [consent(name)])
    told(clerk, id, recipient['name'], name, reference='K-17')
    told(clerk, id, recipient['name'], name, ['name'], reference='K-17')
    told(clerk, id, recipient['name'], name, ['email'])
    assert clerk.post(f'/v1/subjects/{id}/restriction', {'act': 'restricted', 'reason': 'accuracy'}).status == 200
    call, = receiver.wait(1)
    assert call.type == 'subject.restricted'
    assert call.event['data']['references'] == ['K-17', id] and call.event['data']['fields'] == ['email', 'name']
    assert [n['recipient'] for n in notices(clerk, id)] == [recipient['name']], 'the silent one was told nothing'


def test_a_withdrawal_tells_those_of_the_purpose_and_what_is_gone(clerk, receiver, hooked):
    recipient, name, id, _ = hooked
    told(clerk, id, recipient['name'], name, ['phone', 'email'])
    assert clerk.post(f'/v1/subjects/{id}/withdrawals', {'purpose': name}).status == 200
    call, = receiver.wait(1)
    assert call.type == 'consent.withdrawn' and set(call.event['data']['channels']) == {'email', 'sms'}
    assert call.event['data']['purposes'] == [name]
    assert [n['kind'] for n in notices(clerk, id)] == ['consent_withdrawn'], 'the contract still covers the address'


def test_what_is_erased_with_the_last_ground_is_told_as_erased(clerk, receiver):
    recipient = put(clerk, webhook=receiver.url)
    name = mailing(clerk, recipient['title'])
    id, _ = make_person(clerk, None, [consent(name)])
    told(clerk, id, recipient['name'], name)
    clerk.post(f'/v1/subjects/{id}/withdrawals', {'purpose': name})
    calls = receiver.wait(2)
    assert sorted(call.type for call in calls) == ['consent.withdrawn', 'subject.erased']
    assert len({call.id for call in calls}) == 2


def test_an_objection_to_marketing_reaches_those_of_marketing_only(clerk, receiver):
    recipient, court = put(clerk, webhook=receiver.url), put(clerk)
    name = mailing(clerk, recipient['title'])
    law = mailing(clerk, court['title'], fields=['email'], basis='contract', marketing=False)
    id, _ = make_person(clerk, None, [consent(name), contract(purpose=law)])
    told(clerk, id, recipient['name'], name)
    told(clerk, id, court['name'], law)
    assert clerk.post(f'/v1/subjects/{id}/objections', {}).status == 200
    receiver.wait(1)
    assert {n['recipient'] for n in notices(clerk, id) if n['kind'] == 'objected'} == {recipient['name']}


def test_restriction_and_its_end_are_told(clerk, receiver, hooked):
    _, _, id, _ = hooked
    restrict(clerk, id)
    lift(clerk, id)
    assert [call.type for call in receiver.wait(2)] == ['subject.restricted', 'subject.restriction_lifted']


# --- delivery ------------------------------------------------------------------------------------

def restrict(clerk, id):
    assert clerk.post(f'/v1/subjects/{id}/restriction', {'act': 'restricted', 'reason': 'accuracy'}).status == 200


def lift(clerk, id):
    now = time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())
    reply = clerk.post(f'/v1/subjects/{id}/restriction', {'act': 'unrestricted', 'reason': 'accuracy', 'told_at': now,
                                                              'told_how': 'mail'})
    assert reply.status == 200, reply


def outcome(clerk, id, wanted):
    return until(lambda: [n for n in notices(clerk, id) if n['outcome'] == wanted])[0]


def reset_connection(handler):
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\1\0\0\0\0\0\0\0')
    handler.connection.close()


def not_http(handler):
    handler.wfile.write(b'this is no HTTP at all\r\n\r\n')


@pytest.mark.parametrize('answer, word, status', [
    (500, 'refused', 500), (301, 'refused', 301), (404, 'refused', 404), (reset_connection, 'unreachable', None),
    (not_http, 'protocol', None),
])
def test_a_failure_is_seen_and_tried_again_with_the_same_id(clerk, receiver, hooked, answer, word, status):
    _, _, id, _ = hooked
    receiver.answers = [answer]
    receiver.headers = {'Location': receiver.url + '/elsewhere'} if answer == 301 else {}
    restrict(clerk, id)
    row = outcome(clerk, id, word)
    assert row['status'] == status and row['state'] == 'waiting' and row['tries'] == 1
    first, second = receiver.wait(2)
    assert first.id == second.id and first.body == second.body
    assert outcome(clerk, id, 'done')['tries'] == 2


def test_retry_after_is_heeded(clerk, receiver, hooked):
    _, _, id, _ = hooked
    receiver.answers, receiver.headers = [429], {'Retry-After': '3600'}
    restrict(clerk, id)
    row = outcome(clerk, id, 'refused')
    waits = (time.mktime(time.strptime(row['due_at'][:19], '%Y-%m-%dT%H:%M:%S')) -
             time.mktime(time.strptime(row['last_at'][:19], '%Y-%m-%dT%H:%M:%S')))
    assert 3590 <= waits <= 3610 and row['status'] == 429
    assert clerk.post(f'/v1/outbox/{row["id"]}/retry').status == 200
    assert receiver.wait(2)[1].id == row['id']


def test_gone_ends_the_webhook_and_programs_take_over(clerk, receiver, hooked):
    recipient, _, id, _ = hooked
    receiver.answers = [410]
    restrict(clerk, id)
    row = outcome(clerk, id, 'gone')
    assert row['via'] == 'program'
    assert clerk.get(f'/v1/recipients/{recipient["name"]}').json['state'] == 'webhook_gone'
    lift(clerk, id)
    assert [n['via'] for n in notices(clerk, id)] == ['program', 'program']
    assert put(clerk, recipient['name'], receiver.url, recipient['title'])['state'] == 'in_use'
    assert clerk.post(f'/v1/outbox/{row["id"]}/retry').json['via'] == 'webhook'
    assert receiver.wait(2)[1].id == row['id']


def endless(handler):
    handler.send_response(200)
    handler.send_header('Content-Type', 'text/plain')
    handler.end_headers()
    try:
        for _ in range(4096):
            handler.wfile.write(b'x' * 65536)
    except OSError:
        pass


def test_a_huge_answer_is_not_read(clerk, receiver, hooked):
    _, _, id, _ = hooked
    receiver.answers = [endless]
    restrict(clerk, id)
    assert outcome(clerk, id, 'done')['status'] == 200


def test_a_recipient_that_hangs_holds_nobody_else_up(clerk, receiver, hooked):
    _, _, id, _ = hooked
    other = Receiver()
    try:
        recipient = put(clerk, webhook=other.url)
        name = mailing(clerk, recipient['title'])
        second, _ = make_person(clerk, None, [consent(name)])
        told(clerk, second, recipient['name'], name)
        receiver.answers = [lambda handler: time.sleep(30)]
        restrict(clerk, id)
        receiver.wait(1)
        began = time.monotonic()
        restrict(clerk, second)
        other.wait(1)
        assert time.monotonic() - began < 5
        row = until(lambda: [n for n in notices(clerk, id) if n['outcome'] == 'timeout'], 40)[0]
        assert row['state'] == 'waiting'
    finally:
        other.close()


def test_only_allowed_addresses_are_called(operator, clerk, receiver, hooked):
    _, _, id, _ = hooked
    operator.post('/v1/admin/delivery', {'networks': ['10.0.0.0/8']})
    try:
        restrict(clerk, id)
        row = outcome(clerk, id, 'address_refused')
        assert row['state'] == 'waiting' and not receiver.calls
    finally:
        operator.post('/v1/admin/delivery', {'networks': ['127.0.0.0/8', '::1/128']})


def test_while_delivery_is_off_nothing_leaves(operator, clerk, receiver, hooked):
    _, _, id, _ = hooked
    assert operator.post('/v1/admin/delivery', {'on': False}).json['on'] is False
    try:
        restrict(clerk, id)
        time.sleep(2.5)
        assert not receiver.calls and notices(clerk, id)[0]['tries'] == 0
        assert clerk.post('/v1/outbox/claim').slug == 'conflict'
        state = operator.post('/v1/admin/delivery').json
        assert state['waiting'] >= 1 and state['oldest_at'] and not state['on']
    finally:
        operator.post('/v1/admin/delivery', {'on': True, 'release': True})
    receiver.wait(1)


def test_a_new_secret_signs_beside_the_older_one(clerk, receiver, hooked):
    recipient, _, id, _ = hooked
    rotated = clerk.post(f'/v1/recipients/{recipient["name"]}/secret').json
    assert rotated['secret'] != recipient['secret'] and rotated['older_secret_until']
    restrict(clerk, id)
    call, = receiver.wait(1)
    assert call.signed_by(rotated['secret']) and call.signed_by(recipient['secret']) and len(call.signatures) == 2
    assert clerk.post(f'/v1/recipients/{put(clerk)["name"]}/secret').status == 409
    assert clerk.post('/v1/recipients/nobody/secret').status == 404


# --- programs ------------------------------------------------------------------------------------

@pytest.fixture
def letter(clerk):
    """A notice that no webhook carries."""
    recipient = put(clerk)
    name = mailing(clerk, recipient['title'])
    id, _ = make_person(clerk, None, [consent(name)])
    told(clerk, id, recipient['name'], name, reference='R-9')
    restrict(clerk, id)
    return recipient, id, notices(clerk, id)[0]


def drain(clerk):
    """Take all there is; returns {id: row} and the lease of each."""
    rows, leases = {}, {}
    while True:
        claim = clerk.post('/v1/outbox/claim', {'max': 100}).json
        for row in claim['rows']:
            rows[row['id']], leases[row['id']] = row, claim['lease']
        if not claim['rows']:
            return rows, leases


def test_a_program_takes_a_letter_and_nobody_else_does(clerk, letter):
    recipient, id, notice = letter
    rows, leases = drain(clerk)
    row = rows[notice['id']]
    assert row['kind'] == 'restricted' and row['content']['references'] == ['R-9']
    assert row['contact'] == 'brev@example.org' and row['title'] == recipient['title'] and row['state'] == 'taken'
    assert clerk.post('/v1/outbox/claim').json['rows'] == []
    done = {'lease': leases[notice['id']], 'outcome': 'done'}
    assert clerk.post(f'/v1/outbox/{notice["id"]}/done', {**done, 'lease': id}).slug == 'conflict'
    assert clerk.post(f'/v1/outbox/{notice["id"]}/done', done).json['state'] == 'delivered'
    assert clerk.post(f'/v1/outbox/{notice["id"]}/done', done).slug == 'conflict', 'once'
    opened = clerk.get(f'/v1/outbox/{notice["id"]}').json
    assert opened['content'] is None and opened['state'] == 'delivered' and opened['ends_at'] is None
    assert clerk.post(f'/v1/outbox/{notice["id"]}/retry').slug == 'conflict'
    entries = clerk.get(f'/v1/audit/entries?subject={id}&limit=1000').json['entries']
    assert {'outbox.read', 'outbox.delivery'} <= {entry['act'] for entry in entries}


@pytest.mark.parametrize('word, state', [('impossible', 'failed'), ('disproportionate', 'failed'), ('returned', 'waiting')])
def test_what_a_program_says_of_it_stands(clerk, letter, word, state):
    _, id, notice = letter
    _, leases = drain(clerk)
    reply = clerk.post(f'/v1/outbox/{notice["id"]}/done', {'lease': leases[notice['id']], 'outcome': word})
    assert reply.json['state'] == state and reply.json['outcome'] == word
    assert clerk.post(f'/v1/outbox/{id}/done', {'lease': id, 'outcome': 'done'}).status == 404


def test_the_outbox_is_listed_and_opened(clerk, letter, operator):
    _, id, notice = letter
    after, found = '', []
    while after is not None:
        page = clerk.get(f'/v1/outbox?limit=50{after and "&after=" + after}').json
        found += page['outbox']
        after = page['next']
    assert [row for row in found if row['id'] == notice['id']] == [notice]
    assert 'R-9' not in json.dumps(found), 'what it says is only in the row that is opened'
    opened = clerk.get(f'/v1/outbox/{notice["id"]}').json
    assert opened['content']['references'] == ['R-9'] and opened['ends_at']
    assert clerk.get(f'/v1/outbox/{id}').status == 404
    metrics = clerk.get('/v1/metrics').body.decode()
    assert 'valv_outbox_waiting' in metrics and 'valv_outbox_oldest_seconds' in metrics
