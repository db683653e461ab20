"""An answer with personal data ends when the word that it leaves on is taken back (H5 of src/http/server.h)."""
import json
import socket
import time

import definitions
from signing_in import PASSWORD, Office

LINES = 60000
PIECE = 16 * 1024
HELD = 8 * PIECE  # what the systems of both sides may hold of a reader that stands still


class SlowReader:
    """A client that asks for a batch of decisions, and reads nothing until it is told to."""

    def __init__(self, server, key, person):
        host, port = server.url.removeprefix('http://').split(':')
        self.sock = socket.socket()
        self.sock.settimeout(30)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, PIECE)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1400)
        self.sock.connect((host, int(port)))
        line = json.dumps({'subject': person, 'purpose': 'newsletter', 'channel': 'email'}) + '\n'
        body = (line * LINES).encode()
        self.sock.sendall((f'POST /v1/decisions/batch HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {key}\r\n'
                           f'Content-Type: application/x-ndjson\r\nContent-Length: {len(body)}\r\n\r\n').encode() + body)

    def wait_for_first(self):
        self.sock.recv(1, socket.MSG_PEEK)
        time.sleep(0.2)

    def rest(self):
        """(octets, whether the connection ended by force)"""
        total = 0
        try:
            while data := self.sock.recv(65536):
                total += len(data)
                if total >= self.length(data, total):
                    return total, False
        except ConnectionResetError:
            return total, True
        return total, True

    def length(self, data, total):
        if total == len(data):
            head, _, _ = data.partition(b'\r\n\r\n')
            for line in head.split(b'\r\n'):
                if line.lower().startswith(b'content-length:'):
                    self.want = int(line.split(b':')[1]) + len(head) + 4
        return self.want


def key_of(operator, name):
    reply = operator.post('/v1/keys', {'name': name, 'scopes': ['decide'], 'purposes': '*'})
    assert reply.status == 201, reply
    return reply.json['id'], reply.json['key']


def metric(operator, name):
    text = operator.get('/v1/metrics').body.decode()
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith(name + ' '))


def test_a_reader_that_stands_still_gets_all_when_nothing_is_taken_back(server, operator, person):
    _, key = key_of(operator, 'stays')
    other, _ = key_of(operator, 'goes')
    reader = SlowReader(server, key, person[0])
    reader.wait_for_first()
    assert operator.delete(f'/v1/keys/{other}').status == 204
    total, forced = reader.rest()
    assert not forced and total > LINES * 50


def test_revoking_the_key_ends_its_answer_at_once(server, operator, person):
    id, key = key_of(operator, 'leaves')
    before = metric(operator, 'valv_http_cut_total')
    reader = SlowReader(server, key, person[0])
    reader.wait_for_first()
    assert operator.delete(f'/v1/keys/{id}').status == 204
    total, forced = reader.rest()
    assert forced and total <= HELD
    assert metric(operator, 'valv_http_cut_total') == before + 1


def test_a_fresh_proof_ends_no_answer_of_its_session_and_signing_out_does(server, operator, description, person):
    """The token is another one, the session the same (ASVS 7.2.4); others whose word is taken back are looked at meanwhile."""
    office = Office(server, description)
    for proves in (True, False):
        browser = office.join(None, 'marketer')
        other, _ = key_of(operator, f'goes-{proves}'.lower())
        reader = SlowReader(server, browser.cookies['__Host-valv'], person[0])
        reader.wait_for_first()
        assert browser.post('/v1/session/fresh', {'password': PASSWORD}).status == 200
        if not proves:
            assert browser.delete('/v1/session').status == 204
        assert operator.delete(f'/v1/keys/{other}').status == 204
        total, forced = reader.rest()
        assert (not forced and total > LINES * 50) if proves else (forced and total <= HELD)


def test_revoking_while_the_answer_is_made_gives_nothing_of_it(server, operator, person):
    id, key = key_of(operator, 'leaves-early')
    reader = SlowReader(server, key, person[0])
    assert operator.delete(f'/v1/keys/{id}').status == 204
    total, forced = reader.rest()
    assert forced or total < 2000  # nothing, or a refusal


def test_a_key_may_revoke_itself_and_is_answered(operator, api, make_key):
    text = make_key(['keys'])
    listed = api.using(text).get('/v1/keys?limit=1000').json['keys']
    mine = max(listed, key=lambda one: one['created_at'])
    assert api.using(text).delete(f'/v1/keys/{mine["id"]}').status == 204
    assert api.using(text).get('/v1/keys').status == 401


def test_many_readers_and_revocations_at_once(server, operator, app):
    people = [definitions.make_person(app)[0] for _ in range(2)]
    keys = [key_of(operator, f'crowd{n}') for n in range(6)]
    readers = [SlowReader(server, key, people[n % 2]) for n, (_, key) in enumerate(keys)]
    for reader in readers:
        reader.wait_for_first()
    for id, _ in keys[:3]:
        assert operator.delete(f'/v1/keys/{id}').status == 204
    ends = [reader.rest() for reader in readers]
    assert all(forced and total <= HELD for total, forced in ends[:3])
    assert all(not forced and total > LINES * 50 for total, forced in ends[3:])
