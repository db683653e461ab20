"""May this be done now?  One at a time, and in batches."""
import json
import uuid

import pytest

import definitions
from audit_log import newest
from client import CANARY, Client
from definitions import consent, contract, email, make_person

NOBODY = '00000000-0000-4000-8000-000000000000'


def decide(client, **body):
    reply = client.post('/v1/decisions', {'purpose': 'newsletter', 'channel': 'email', **body})
    assert reply.status == 200, reply
    return reply.json


def batch(client, lines, **more):
    body = b''.join((line if isinstance(line, bytes) else json.dumps(line).encode()) + b'\n' for line in lines)
    return client.call('POST', '/v1/decisions/batch', body, type='application/x-ndjson', **more)


def test_a_yes_says_what_it_rests_on(app, person):
    id, _ = person
    yes = decide(app, subject=id)
    assert yes == {'allowed': True, 'reason': 'consent', 'basis': 'consent', 'basis_code': 'eu-gdpr:A6-1-a',
                   'purpose': 'newsletter', 'version': 1, 'channel': 'email', 'entry': yes['entry'], 'consent_seq': 1}


def test_nobody_is_a_recorded_no(app):
    no = decide(app, subject=NOBODY)
    assert (no['allowed'], no['reason'], no['basis']) == (False, 'unknown', None) and no['entry'] > 0
    assert decide(app, field='email', value=email())['reason'] == 'unknown'


def test_by_address_one_no_counts_for_all_holders(app):
    address = email()
    first, _ = make_person(app, {'email': address})
    assert decide(app, field='email', value=address.capitalize())['allowed']
    make_person(app, {'email': address})
    assert decide(app, field='email', value=address)['allowed']
    app.post(f'/v1/subjects/{first}/objections')
    assert not decide(app, field='email', value=address)['allowed']


def test_channels_and_classes_matter(app):
    id, _ = make_person(app, {'email': email()}, [contract()])
    assert decide(app, subject=id, purpose='order', **{'class': 'transactional'})['allowed']
    assert not decide(app, subject=id, purpose='order', **{'class': 'transactional', 'promotional': True})['allowed']
    assert decide(app, subject=id, purpose='order', channel='sms')['reason'] == 'channel_not_of_purpose'
    assert decide(app, subject=id, purpose='order', channel='none')['allowed']


@pytest.mark.parametrize('body, member', [
    ({}, '/subject'), ({'subject': NOBODY, 'purpose': None}, '/purpose'), ({'subject': NOBODY, 'purpose': CANARY}, '/purpose'),
    ({'subject': NOBODY, 'purpose': ['newsletter']}, '/purpose'), ({'subject': NOBODY, 'channel': None}, '/channel'),
    ({'subject': NOBODY, 'channel': CANARY}, '/channel'), ({'subject': CANARY}, '/subject'), ({'subject': 7}, '/subject'),
    ({'subject': ''}, '/subject'), ({'subject': NOBODY, 'field': 'email', 'value': 'a@b.se'}, '/subject'),
    ({'subject': NOBODY, 'value': CANARY}, '/subject'), ({'field': 'email'}, '/value'), ({'value': CANARY}, '/field'),
    ({'field': CANARY, 'value': 'x'}, '/field'), ({'field': 'nick', 'value': 'x'}, '/field'),
    ({'field': 'email', 'value': CANARY}, None), ({'subject': NOBODY, 'class': CANARY}, '/class'),
    ({'subject': NOBODY, 'category': CANARY.upper()}, '/category'), ({'subject': NOBODY, 'promotional': CANARY}, '/promotional'),
    ({'subject': NOBODY, 'opt_out': 1}, '/opt_out'), ({'subject': NOBODY, CANARY: 1}, None),
])
def test_wrong_questions_are_refused_alone_and_in_a_batch(app, body, member):
    whole = {'purpose': 'newsletter', 'channel': 'email', **body}
    reply = app.post('/v1/decisions', whole)
    assert (reply.status, reply.slug) == (422, 'invalid'), reply
    if member:
        assert reply.json['member'] == member
    lines = batch(app, [{'purpose': 'newsletter', 'channel': 'email', 'subject': NOBODY}, whole])
    assert lines.status == 200 and lines.lines[0]['reason'] == 'unknown'
    error = lines.lines[1]['error']
    assert CANARY not in lines.body.decode() and error['type'] == '/problems/invalid' and error['status'] == 422
    if member:
        assert error['member'] == member


# --- batches --------------------------------------------------------------------------------------

def test_a_batch_answers_line_by_line_in_order(app):
    yes, address = make_person(app)
    no, _ = make_person(app, grounds=[contract()])
    lines = [{'subject': yes, 'purpose': 'newsletter', 'channel': 'email'},
             {'subject': no, 'purpose': 'newsletter', 'channel': 'email'},
             {'field': 'email', 'value': address, 'purpose': 'newsletter', 'channel': 'email'},
             {'subject': NOBODY, 'purpose': 'order', 'channel': 'none', 'class': 'service', 'opt_out': False}]
    reply = batch(app, lines)
    assert reply.status == 200 and reply.type == 'application/x-ndjson'
    assert [answer['allowed'] for answer in reply.lines] == [True, False, True, False]
    assert len({answer['entry'] for answer in reply.lines}) == 1  # one packed entry
    single = [decide(app, **line) for line in lines]
    for alone, together in zip(single, reply.lines):
        for name in ('allowed', 'reason', 'basis', 'version', 'consent_seq', 'retry_at'):
            assert alone.get(name) == together.get(name)


PLAIN = '{"subject":"%s","purpose":"newsletter","channel":"email"}'


@pytest.mark.parametrize('line', [
    PLAIN, ' \t' + PLAIN.replace(':', ' : ').replace(',', ' , ') + ' \r', PLAIN.replace('subject', 'sub\\u006aect'),
    PLAIN.replace('newsletter', 'news\\u006cetter'), PLAIN.replace('}', ',"class":null,"opt_out":null}'),
    PLAIN.replace('}', ',"class":"marketing","promotional":false,"opt_out":true,"category":"shoes"}'),
    PLAIN.replace('{', '{"promotional":true,'),
])
def test_a_line_means_the_same_however_it_is_written(app, person, line):
    id, _ = person
    text = (line % id).encode()
    alone = app.call('POST', '/v1/decisions', text, type='application/json')
    together = batch(app, [text])
    assert alone.status == 200 and alone.json['allowed'] == together.lines[0]['allowed']
    assert alone.json['reason'] == together.lines[0]['reason']


@pytest.mark.parametrize('line, slug', [
    (b'', 'malformed'), (b' ', 'malformed'), (b'{', 'malformed'), (b'{}x', 'malformed'), (b'null', 'invalid'), (b'[]', 'invalid'),
    (b'"%s"' % CANARY.encode(), 'invalid'), (CANARY.encode(), 'malformed'), (b'{"subject":"a",}', 'malformed'),
    (b'{"subject":"a","subject":"b"}', 'malformed'), (b'{"purpose":"newsletter","purpose":"newsletter"}', 'malformed'),
    (b'{"subject":"\xff"}', 'malformed'), (b'{"value":"\xed\xa0\x80"}', 'malformed'), (b'{"value":"\xc0\x80"}', 'malformed'),
    (b'{"value":"a\x01"}', 'malformed'), (b'{"value":"a\\u0000"}', 'malformed'), (b'{"subject":"a" "b"}', 'malformed'),
    (b'{subject:"a"}', 'malformed'), (b"{'subject':'a'}", 'malformed'), (b'\xef\xbb\xbf{}', 'malformed'),
    (b'{"opt_out":tru}', 'malformed'), (b'{"opt_out":"true"}', 'invalid'), (b'{"%s":1}' % CANARY.encode(), 'invalid'),
])
def test_a_line_that_cannot_be_read_spoils_no_other(app, person, line, slug):
    id, _ = person
    good = (PLAIN % id).encode()
    reply = batch(app, [good, line, good])
    assert reply.status == 200 and [('error' in answer) for answer in reply.lines] == [False, True, False]
    assert reply.lines[1]['error']['type'] == f'/problems/{slug}', reply
    assert CANARY not in reply.body.decode()


def test_the_last_line_feed_may_be_left_out(app, person):
    id, _ = person
    body = (PLAIN % id).encode()
    for text, count in ((body, 1), (body + b'\n', 1), (body + b'\n' + body, 2), (body + b'\r\n', 1)):
        reply = app.call('POST', '/v1/decisions/batch', text, type='application/x-ndjson')
        assert len(reply.lines) == count
    for empty in (b'', b'\n'):
        reply = app.call('POST', '/v1/decisions/batch', empty, type='application/x-ndjson')
        assert reply.status == 400 or 'error' in reply.lines[0]


def test_many_pieces_make_one_answer(app):
    ids = [make_person(app)[0] for _ in range(3)]
    lines = [(PLAIN % ids[n % 3]).encode() for n in range(4321)]
    reply = batch(app, lines)
    assert reply.status == 200 and len(reply.lines) == 4321
    assert all(answer['allowed'] for answer in reply.lines)
    assert len({answer['entry'] for answer in reply.lines}) == 5


def test_a_batch_has_limits(app):
    reply = app.call('POST', '/v1/decisions/batch', b'{}\n' * 100001, type='application/x-ndjson')
    assert (reply.status, reply.slug) == (422, 'limit') and reply.json['detail'].startswith('limit_batch_lines')
    assert app.call('POST', '/v1/decisions/batch', b'{}\n' * 100000, type='application/x-ndjson').status == 200
    reply = app.call('POST', '/v1/decisions/batch', b' ' * (8 * 1024 * 1024 + 1), type='application/x-ndjson')
    assert (reply.status, reply.slug) == (413, 'too-large')


def test_no_page_of_the_log_is_too_long_to_be_answered(app):
    """An entry tells of up to a thousand decisions, and a page may have a thousand entries."""
    began = newest(app)
    line = b'{"subject":"%s","purpose":"order","channel":"none"}\n' % str(uuid.uuid4()).encode()
    for _ in range(2):
        assert app.call('POST', '/v1/decisions/batch', line * 60000, type='application/x-ndjson').status == 200
    plain, after, count, pages = Client(app.where, None, app.key), began, 0, 0
    while after is not None:
        page = plain.get(f'/v1/audit/entries?limit=1000&after={after}')
        assert page.status == 200, page
        count += sum(len(entry['decisions']) for entry in page.json['entries'] if entry['act'] == 'decision.batch')
        after, pages = page.json['next'], pages + 1
    assert count == 120000 and pages > 1


def test_a_revocation_ends_a_batch_between_two_pieces(api, app, make_key):
    """I5: whatever the moment, the answer is all of the batch or none of it."""
    import threading
    id, _ = make_person(app)
    body = (PLAIN % id).encode() + b'\n'
    statuses = set()
    for _ in range(3):
        made = app.post('/v1/keys', {'name': 'bulk', 'scopes': ['decide'], 'purposes': '*'}).json
        holder = []
        thread = threading.Thread(target=lambda: holder.append(api.call(
            'POST', '/v1/decisions/batch', body * 50000, type='application/x-ndjson', key=made['key'])))
        thread.start()
        app.delete(f'/v1/keys/{made["id"]}')
        thread.join()
        statuses.add(holder[0].status)
        assert holder[0].status in (200, 401)
        if holder[0].status == 200:
            assert len(holder[0].lines) == 50000
        assert api.call('POST', '/v1/decisions/batch', body, type='application/x-ndjson', key=made['key']).status == 401


def test_lookups_by_value_take_from_the_hourly_budget(api, operator, app, make_key):
    before = app.get('/v1/settings/budget_per_hour').json['value']
    try:
        assert operator.put('/v1/settings/budget_per_hour', {'value': 3}).status == 200
        poor = api.using(make_key(['decide', 'search']))
        question = {'field': 'email', 'value': email(), 'purpose': 'newsletter', 'channel': 'email'}
        assert poor.post('/v1/decisions', question).status == 200
        assert poor.post('/v1/subjects/search', {'field': 'email', 'value': email()}).status == 200
        assert poor.post('/v1/suppressions/search', {'address': 'email', 'value': email()}).status == 200
        for reply in (poor.post('/v1/decisions', question), batch(poor, [question]),
                      poor.post('/v1/subjects/search', {'field': 'email', 'value': email()}),
                      poor.post('/v1/suppressions/search', {'address': 'email', 'value': email()})):
            assert (reply.status, reply.slug) == (429, 'budget')
            assert 0 < int(reply.header('Retry-After')) <= 3600
        assert poor.post('/v1/decisions', {'subject': NOBODY, 'purpose': 'newsletter', 'channel': 'email'}).status == 200
    finally:
        operator.put('/v1/settings/budget_per_hour', {'value': before if before is not None else 10000})
