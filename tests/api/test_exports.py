"""Exports of many persons (vault/bulk.h): two people, a link that works once, and a stream that ends with the word of either."""
import csv
import http.client
import io
import json
import socket
import subprocess
import time

import pytest

import definitions
from client import Client
from conftest import ALL_SCOPES, VALV
from staff import Crew

WHY = 'The printed letter of the spring, by the printer in Mora.'
PIECE = 16 * 1024


# A vault of its own: once two people could decide, other things take two as well.

@pytest.fixture(scope='module')
def house(make_server):
    return make_server()


@pytest.fixture(scope='module')
def boss(house, description):
    client = Client(house.socket, description)
    definitions.put_all(client)
    return client


@pytest.fixture(scope='module')
def anybody(house, description):
    return Client(house.url, description)


@pytest.fixture(scope='module')
def till(boss, anybody):
    made = boss.post('/v1/keys', {'name': 'app', 'scopes': ALL_SCOPES, 'purposes': '*'})
    assert made.status == 201, made
    return anybody.using(made.json['key'])


@pytest.fixture(scope='module')
def crew(house, description, boss):
    crew = Crew(house, description)
    yield crew
    crew.close()


@pytest.fixture(scope='module')
def asker(crew):
    return crew.join('marketer')


@pytest.fixture(scope='module')
def approver(crew):
    return crew.join('dpo')


@pytest.fixture(scope='module')
def people(till):
    """Ids of some persons, with consent to the newsletter."""
    return [definitions.make_person(till)[0] for _ in range(30)]


def ask(client, **more):
    reply = client.post('/v1/exports', {'purpose': 'newsletter', 'reason': WHY, **more})
    assert reply.status == 202, reply
    assert reply.json['state'] == 'waiting' and reply.json['approval']
    return reply.json


def approved(asker, approver, **more):
    made = ask(asker, **more)
    reply = approver.post(f'/v1/approvals/{made["approval"]}/approve', {})
    assert reply.status == 200, reply
    return made


def link_of(asker, made):
    reply = asker.post(f'/v1/exports/{made["id"]}/link', {})
    assert reply.status == 201, reply
    return reply.json['link']


def linked(asker, approver, **more):
    made = approved(asker, approver, **more)
    return made, link_of(asker, made)


def fetch(house, link, method='POST'):
    """(status, headers, body, whether it was whole)"""
    host, port = house.url.removeprefix('http://').split(':')
    connection = http.client.HTTPConnection(host, int(port), timeout=60)
    connection.request(method, link)
    answer = connection.getresponse()
    try:
        body, whole = answer.read(), True
    except (http.client.IncompleteRead, ConnectionResetError) as end:
        body, whole = getattr(end, 'partial', b''), False
    connection.close()
    return answer.status, dict(answer.getheaders()), body, whole


def ids_in(body):
    return [json.loads(line)['id'] for line in body.splitlines()]


# --- asking and approving ---------------------------------------------------------------------------

def test_it_takes_two_people_and_the_link_works_once(house, people, asker, approver):
    made = ask(asker, fields=['email'])
    assert asker.post(f'/v1/exports/{made["id"]}/link', {}).slug == 'approval-needed'
    assert approver.post(f'/v1/approvals/{made["approval"]}/approve', {}).status == 200
    link = link_of(asker, made)
    assert fetch(house, link, 'GET')[0] == 200
    assert asker.get(f'/v1/exports/{made["id"]}').json['state'] == 'linked'
    status, headers, body, whole = fetch(house, link)
    assert status == 200 and whole and headers['Transfer-Encoding'] == 'chunked'
    assert headers['Cache-Control'] == 'no-store' and 'attachment' in headers['Content-Disposition']
    assert set(people) <= set(ids_in(body))
    for method in ('GET', 'POST'):
        assert fetch(house, link, method)[0] == 410
    done = asker.get(f'/v1/exports/{made["id"]}').json
    assert done['state'] == 'done' and done['persons'] == len(ids_in(body)) and done['approved_by']['id'] == approver.id
    assert asker.post(f'/v1/exports/{made["id"]}/link', {}).status == 409


def test_the_asker_does_not_approve_and_others_get_no_link(crew, asker, approver):
    both = crew.join('marketer', 'dpo')
    made = ask(both)
    assert both.post(f'/v1/approvals/{made["approval"]}/approve', {}).slug == 'denied'
    assert approver.post(f'/v1/approvals/{made["approval"]}/approve', {}).status == 200
    assert asker.post(f'/v1/exports/{made["id"]}/link', {}).slug == 'denied'
    assert both.post(f'/v1/exports/{made["id"]}/link', {}).status == 201


def test_who_may_not_ask(crew, till, asker):
    body = {'purpose': 'newsletter', 'reason': WHY}
    for role in ('administrator', 'customer-service', 'developer', 'auditor', 'dpo'):
        assert crew.join(role).post('/v1/exports', body).slug == 'denied'
    assert till.post('/v1/exports', body).slug == 'denied'
    assert Client(asker.where).raw('POST', '/v1/exports', json.dumps(body).encode(),
                                   [('Content-Type', 'application/json')]).status == 401
    assert crew.join('marketer', fresh=False).post('/v1/exports', body).slug == 'step-up'
    assert crew.join('marketer', purposes=['newsletter']).post('/v1/exports', {**body, 'purpose': 'support'}).status == 403


def test_what_is_asked_for_must_make_sense(asker):
    for change in ({'purpose': 'no-such'}, {'reason': 'short'}, {'fields': ['no-such']}, {'fields': ['email', 'email']},
                   {'fields': []}, {'format': 'xml'}, {'channel': 'pigeon'}):
        assert asker.post('/v1/exports', {'purpose': 'newsletter', 'reason': WHY, **change}).status == 422, change


def test_a_refused_or_cancelled_one_gives_no_link(asker, approver):
    made = ask(asker)
    assert approver.post(f'/v1/approvals/{made["approval"]}/refuse', {}).status == 200
    assert asker.post(f'/v1/exports/{made["id"]}/link', {}).slug == 'approval-needed'
    made = approved(asker, approver)
    assert approver.delete(f'/v1/exports/{made["id"]}').status == 403
    assert asker.delete(f'/v1/exports/{made["id"]}').status == 204
    assert asker.post(f'/v1/exports/{made["id"]}/link', {}).status == 409
    assert asker.get(f'/v1/exports/{made["id"]}').json['state'] == 'cancelled'


def test_a_new_link_is_the_end_of_the_one_before(house, people, asker, approver):
    made, first = linked(asker, approver)
    second = link_of(asker, made)
    assert fetch(house, first)[0] == 410
    assert fetch(house, second)[0] == 200


def test_tokens_that_are_none(house):
    for token in ('0' * 64, 'x' * 64, '0' * 63, 'abc'):
        assert fetch(house, '/exports/' + token)[0] == 410


def test_each_operation_as_described(anybody, boss, asker, approver):
    ask(asker), ask(asker)
    made, link = linked(asker, approver, format='csv')
    assert anybody.get(link).status == 200 and anybody.call('HEAD', link).status == 200
    assert anybody.post(link).status == 200
    assert anybody.get(link).status == anybody.post(link, headers={'Accept-Language': 'sv'}).status == 410
    listed = boss.get('/v1/exports?limit=2').json
    assert [one['id'] for one in listed['exports']][0] == made['id'] and listed['next']
    assert boss.get(f'/v1/exports?limit=2&after={listed["next"]}').json['exports'][0]['id'] not in (made['id'],)
    for client in (asker, approver, boss):
        assert client.get(f'/v1/exports/{made["id"]}').json['reason'] == WHY
    absent = '00000000-0000-4000-8000-000000000000'
    assert asker.get(f'/v1/exports/{absent}').status == asker.post(f'/v1/exports/{absent}/link', {}).status == 404
    assert asker.delete(f'/v1/exports/{absent}').status == 404


# --- what is in it ----------------------------------------------------------------------------------

def test_masked_stays_masked_and_the_operator_sees_clear(house, till, boss, people, asker, approver):
    id, address = definitions.make_person(till)
    _, link = linked(asker, approver, fields=['email'])
    row = next(row for row in map(json.loads, fetch(house, link)[2].splitlines()) if row['id'] == id)
    assert row['masked'] == ['email'] and address not in row['values']['email']
    _, link = linked(boss, approver, fields=['email'])
    row = next(row for row in map(json.loads, fetch(house, link)[2].splitlines()) if row['id'] == id)
    assert row['values'] == {'email': address} and row['masked'] == []


def test_who_withdrew_or_is_restricted_is_not_in_it(house, till, boss, people, approver):
    made = approved(boss, approver)
    gone, kept, still = (definitions.make_person(till)[0] for _ in range(3))
    link = link_of(boss, made)  # asked for, approved and linked before they say no
    assert till.post(f'/v1/subjects/{gone}/withdrawals', {'purpose': 'newsletter'}).status == 200
    assert till.post(f'/v1/subjects/{kept}/restriction', {'act': 'restricted', 'reason': 'accuracy'}).status == 200
    found = ids_in(fetch(house, link)[2])
    assert still in found and gone not in found and kept not in found


def test_by_channel_only_who_may_be_contacted(house, till, boss, approver):
    yes, address = definitions.make_person(till)
    stopped, other = definitions.make_person(till)
    assert till.post('/v1/suppressions', {'address': 'email', 'value': other, 'scope': 'marketing',
                                         'source': 'staff'}).status == 204
    _, link = linked(boss, approver, channel='email')
    found = ids_in(fetch(house, link)[2])
    decided = {id: till.post('/v1/decisions', {'subject': id, 'purpose': 'newsletter', 'channel': 'email'}).json['allowed']
               for id in (yes, stopped)}
    assert {id: id in found for id in decided} == decided == {yes: True, stopped: False}


def test_csv_cannot_be_run_as_a_formula(house, till, boss, people, approver):
    _, link = linked(boss, approver, format='csv', fields=['email'])
    status, headers, body, whole = fetch(house, link)
    assert whole and headers['Content-Type'].startswith('text/csv') and body.startswith(b'\xef\xbb\xbfid,email\r\n')
    rows = list(csv.reader(io.StringIO(body.decode('utf-8-sig'))))
    assert len(rows) > len(people) and all(len(row) == 2 for row in rows)
    assert not any(cell[:1] in '=+-@\t' for row in rows for cell in row if cell)


def test_who_saw_finds_the_piece(house, till, boss, approver):
    id, _ = definitions.make_person(till)
    made, link = linked(boss, approver)
    assert id in ids_in(fetch(house, link)[2])
    entries = boss.get(f'/v1/audit/entries?subject={id}&limit=1000').json['entries']
    pieces = [entry for entry in entries if entry['act'] == 'export.piece' and entry['export'] == made['id']]
    assert len(pieces) == 1 and pieces[0]['subjects'] == [id] and pieces[0]['purpose'] == 'newsletter'
    acts = [entry['act'] for entry in operator_entries(boss) if entry.get('export') == made['id']]
    assert [act for act in acts if act != 'export.piece'] == ['export.ask', 'export.link', 'export.start', 'export.end']
    package = till.post(f'/v1/subjects/{id}/access', {})
    assert package.status == 200 and any(look['act'] == 'export.piece' for look in package.json['looks'])


def operator_entries(boss):
    entries, after = [], 0
    while True:
        page = boss.get(f'/v1/audit/entries?after={after}&limit=1000').json
        entries += page['entries']
        if not page['next']:
            return entries
        after = page['next']


# --- the end of a word ------------------------------------------------------------------------------

class Slow:
    """Takes the first octets of an export, and nothing more until it is told to."""

    def __init__(self, house, link):
        host, port = house.url.removeprefix('http://').split(':')
        self.sock = socket.socket()
        self.sock.settimeout(30)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, PIECE)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1400)
        self.sock.connect((host, int(port)))
        self.sock.sendall(f'POST {link} HTTP/1.1\r\nHost: a\r\n\r\n'.encode())
        self.sock.recv(1, socket.MSG_PEEK)
        time.sleep(0.3)

    def rest(self):
        octets = b''
        try:
            while not octets.endswith(b'\r\n0\r\n\r\n') and (data := self.sock.recv(65536)):
                octets += data
        except ConnectionResetError:
            pass
        return len(octets), octets.endswith(b'\r\n0\r\n\r\n')


@pytest.fixture(scope='module')
def crowd(till, people):
    """So many that a reader who stands still has not got all: about 400 KB."""
    for n in range(1500):
        definitions.make_person(till)


def state_of(boss, made):
    until = time.monotonic() + 20
    while (state := boss.get(f'/v1/exports/{made["id"]}').json['state']) == 'running' and time.monotonic() < until:
        time.sleep(0.05)
    return state


@pytest.mark.parametrize('who', ['asker', 'approver'])
def test_leaving_cuts_the_stream(house, boss, crew, crowd, who):
    pair = {'asker': crew.join('marketer'), 'approver': crew.join('dpo')}
    made, link = linked(pair['asker'], pair['approver'])
    slow = Slow(house, link)
    waiting = ask(pair['asker'])
    ended = boss.post(f'/v1/staff/{pair[who].id}/end', {})
    assert ended.status == 200, ended
    total, whole = slow.rest()
    assert not whole and total <= 8 * PIECE
    assert state_of(boss, made) in ('cut', 'cancelled')
    if who == 'asker':
        assert boss.get(f'/v1/exports/{waiting["id"]}').json['state'] == 'cancelled'


@pytest.mark.parametrize('who', ['asker', 'approver'])
def test_leaving_is_the_end_of_a_link(house, boss, crew, people, who):
    pair = {'asker': crew.join('marketer'), 'approver': crew.join('dpo')}
    made, link = linked(pair['asker'], pair['approver'])
    assert boss.post(f'/v1/staff/{pair[who].id}/end', {}).status == 200
    assert fetch(house, link)[0] == 410 and fetch(house, link, 'GET')[0] == 410
    assert boss.get(f'/v1/exports/{made["id"]}').json['state'] == 'cancelled'


def test_an_approver_who_may_no_longer_approve_has_approved_of_nothing(house, crew, people):
    asker, approver = crew.join('marketer'), crew.join('dpo')
    made, link = linked(asker, approver)
    later = approved(asker, approver)
    crew.give(approver.id, 'auditor')
    assert fetch(house, link)[0] == 410
    assert asker.post(f'/v1/exports/{later["id"]}/link', {}).slug in ('approval-needed', 'denied')


def test_cancelling_cuts_the_stream(house, boss, approver, crowd):
    made, link = linked(boss, approver)
    slow = Slow(house, link)
    assert boss.delete(f'/v1/exports/{made["id"]}').status == 204
    total, whole = slow.rest()
    assert not whole and total <= 8 * PIECE
    assert state_of(boss, made) == 'cancelled'


def test_a_reader_who_goes_leaves_it_cut(house, boss, approver, crowd):
    made, link = linked(boss, approver)
    slow = Slow(house, link)
    slow.sock.close()
    assert state_of(boss, made) == 'cut'


def test_somebody_elses_leaving_does_not_touch_it(house, boss, crew, approver, crowd):
    asker, other = crew.join('marketer'), crew.join('marketer')
    _, link = linked(asker, approver)
    slow = Slow(house, link)
    assert boss.post(f'/v1/staff/{other.id}/end', {}).status == 200
    total, whole = slow.rest()
    assert whole and total > 100000


def test_from_the_command_line(house, boss, approver, people, tmp_path):
    def valv(*words, status=0):
        done = subprocess.run([VALV, *words, '--data', str(house.data)], capture_output=True, text=True, timeout=60)
        assert done.returncode == status, (done.stdout, done.stderr)
        return done.stdout + done.stderr

    valv('export', 'ask', 'newsletter', status=2)
    said = json.loads(valv('export', 'ask', 'newsletter', '--reason', WHY, '--format', 'csv', '--fields', 'email,name', '--json'))
    assert said['id'] in valv('export', 'list') and said['fields'] == ['email', 'name']
    file = tmp_path / 'out.csv'
    assert 'second person' in valv('export', 'download', said['id'], str(file), status=1) and not file.exists()
    assert approver.post(f'/v1/approvals/{said["approval"]}/approve', {}).status == 200
    valv('export', 'download', said['id'], str(file))
    assert file.stat().st_mode & 0o777 == 0o600
    assert set(people) <= {row['id'] for row in csv.DictReader(io.StringIO(file.read_text(encoding='utf-8-sig')))}
    valv('export', 'download', said['id'], str(file), status=1)
    assert 'done' in valv('export', 'list')


def test_the_token_is_nowhere_in_the_store(house, boss, approver, people):
    _, link = linked(boss, approver)
    token = link.removeprefix('/exports/')
    files = b''.join(path.read_bytes() for path in house.data.iterdir() if path.is_file() and path.name.startswith('valv.db'))
    assert token.encode() not in files and bytes.fromhex(token) not in files
    assert WHY.encode() not in files
