"""Somebody leaves while they are at work: what they hold is used all the time, what begins after the answer must fail.

    with Vault() as vault:
        trial = vault.trial('scim: entra replace')      one leaver, ended in one of WAYS
        trial.late, trial.stray, trial.took             requests that began after the answer and succeeded; octets of
                                                        personal data beyond the chunk in flight; seconds to the answer

A leaver has a session, a key of their own, an answer that is still coming (each second one an export of many), a link
to a package and one to an export, an export that was approved and one that waits, and an approval that they gave.
Load of others goes on meanwhile, from a process of its own.
"""
import fcntl
import http.client
import itertools
import json
import multiprocessing
import os
import pathlib
import random
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from urllib.parse import urlencode

HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE.parent / 'api'), str(HERE.parent / 'crash')]

import definitions
import scim
from client import Client
from server import BINARY, Server
from staff import SESSION, Crew

CHUNK = 16 * 1024
LOAD = 500  # requests a second
ROLES = ('customer-service', 'dpo', 'marketer', 'developer')


def call(where, method, target, body=None, **headers):
    """One request on a connection of its own: (status, body)."""
    host, port = where.removeprefix('http://').split(':')
    connection = http.client.HTTPConnection(host, int(port), timeout=30)
    octets = json.dumps(body).encode() if body is not None else None
    sent = {name.replace('_', '-'): value for name, value in headers.items()}
    if body is not None:
        sent['Content-Type'] = 'application/json'
    connection.request(method, target, octets, sent)
    reply = connection.getresponse()
    text = reply.read()
    connection.close()
    return reply.status, text


# --- others ------------------------------------------------------------------------------------------------

def _others(where, key, people, stopping, counted):
    """Reads and decisions of a program, so many a second."""
    os.nice(10)  # they are other machines: they do not take the server's processors, nor those of who leaves
    host, port = where.removeprefix('http://').split(':')
    lanes = 8

    def lane(number):
        connection = http.client.HTTPConnection(host, int(port), timeout=30)
        chance, due = random.Random(number), time.monotonic()
        while not stopping.is_set():
            due += lanes / LOAD
            time.sleep(max(0, due - time.monotonic()))
            person = chance.choice(people)
            if chance.random() < .5:
                connection.request('GET', f'/v1/subjects/{person}', headers={'Authorization': f'Bearer {key}', 'Valv-Purpose': 'order'})
            else:
                connection.request('POST', '/v1/decisions', json.dumps({'subject': person, 'purpose': 'newsletter', 'channel': 'email'}),
                                   {'Authorization': f'Bearer {key}', 'Content-Type': 'application/json'})
            reply = connection.getresponse()
            reply.read()
            assert reply.status == 200
            with counted.get_lock():
                counted.value += 1

    threads = [threading.Thread(target=lane, args=(number,)) for number in range(lanes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# --- the leaver ----------------------------------------------------------------------------------------------

class Hands:
    """Uses what a leaver holds, all the time, from a process of its own: next to threads that call without a pause,
    what this process measures would be how long it waits for its interpreter."""

    def __init__(self, where):
        self.seen, self.answered = multiprocessing.Value('Q', 0), multiprocessing.Value('d', 0)
        self.ours, theirs = multiprocessing.Pipe()
        self.process = multiprocessing.Process(target=self.work, args=(where, theirs), daemon=True)
        self.process.start()

    def begin(self, calls):
        """calls: (target, headers) of each hand."""
        self.seen.value, self.answered.value = 0, 0
        self.ours.send(calls)
        while self.seen.value < len(calls):
            time.sleep(.001)

    def end(self, answered):
        """(begun, status) of each request; some began after the answer."""
        self.answered.value = answered
        return self.ours.recv()

    def work(self, where, pipe):
        os.nice(10)
        while True:
            seen, calls = [], pipe.recv()
            hands = [threading.Thread(target=self.hand, args=(where, seen, target, headers)) for target, headers in calls]
            for hand in hands:
                hand.start()
            for hand in hands:
                hand.join()
            pipe.send(seen)

    def hand(self, where, seen, target, headers):
        while True:
            begun, answered = time.monotonic(), self.answered.value
            try:
                status, _ = call(where, 'GET', target, **headers)
            except (ConnectionError, http.client.HTTPException):
                status = 0  # the answer was taken back on its way
            seen.append((begun, status))
            with self.seen.get_lock():
                self.seen.value += 1
            if answered and begun - answered > .01:
                return
            time.sleep(.001)  # so that the processors are not full of it


# --- the vault ---------------------------------------------------------------------------------------------

class Vault:
    def __init__(self, load=True):
        self.folder = tempfile.mkdtemp(prefix='valv-leaver-')
        self.server = Server(pathlib.Path(self.folder) / 'vault', pathlib.Path(self.folder))
        self.server.init()
        self.server.start()
        self.server.socket = str(self.server.data / 'valv.sock')
        self.crew = Crew(self.server)
        definitions.put_all(self.crew.operator)
        self.crew.operator.put('/v1/settings/looks_step_up', {'value': 100000})
        self.crew.operator.put('/v1/settings/looks_block', {'value': 100000})
        assert self.crew.operator.put('/v1/settings/scim_issuer', {'value': self.crew.provider.issuer}).status == 200
        self.crew.settings(events={}, logout_ends='access')
        self.people = [self.person(invoice='F-1') for _ in range(20)]
        self.wide = self.widen()
        self.administrator, self.second = self.crew.join('administrator'), self.crew.join('dpo')
        key = self.key(['read', 'decide'])
        self.scim = scim.Scim(Client(self.server.url, None, self.key(['scim'])))
        self.numbers = itertools.count(1)
        self.started, self.counted = time.monotonic(), multiprocessing.Value('Q', 0)
        self.stopping = multiprocessing.Event()
        self.others = multiprocessing.Process(target=_others, args=(self.server.url, key, self.people, self.stopping, self.counted))
        self.hands = Hands(self.server.url)
        if load:
            self.others.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stopping.set()
        if self.others.pid:
            self.others.join()
            self.rate = self.counted.value / (time.monotonic() - self.started)
        self.hands.process.kill()
        self.hands.process.join()
        self.crew.close()
        self.server.stop()
        shutil.rmtree(self.folder)

    def key(self, scopes):
        """As the operator makes it; what is over the asker's rights is not in question there."""
        made = self.crew.operator.post('/v1/keys', {'name': 'k', 'scopes': scopes, 'purposes': '*'})
        assert made.status == 201, made
        return made.json['key']

    def person(self, **values):
        return definitions.make_person(self.crew.operator, {'email': definitions.email(), **values},
                                       [definitions.consent(), definitions.contract()])[0]

    def widen(self):
        """A person about whom an answer is far longer than what any buffer holds."""
        fields = [f'wide{n}' for n in range(60)]
        for name in fields:
            assert self.crew.operator.put(f'/v1/fields/{name}', {'title': {'sv': name, 'en': name}, 'type': 'text'}).status == 201
        purpose = definitions.purpose('width', 'contract', fields, retention={'period': 'P1Y', 'from': 'ended'})
        assert self.crew.operator.put('/v1/purposes/width', purpose).status == 201
        assert self.crew.operator.post('/v1/purposes/width/activate').status == 200
        made = None
        for at in range(0, len(fields), 12):  # a body holds so much
            values = {name: 'x' * 16000 for name in fields[at:at + 12]}
            if made is None:
                made = self.crew.operator.post('/v1/subjects', {'values': values, 'grounds': [
                    {'purpose': 'width', 'evidence': {'reference': 'A-1'}}]})
                assert made.status == 201, made
            else:
                reply = self.crew.operator.patch(f'/v1/subjects/{made.json["id"]}', {'values': values}, headers={'If-Match': '*'})
                assert reply.status == 200, reply
        return made.json['id']

    def trial(self, way):
        return Trial(self, way)


# --- ways to leave -------------------------------------------------------------------------------------------
# Each gets all ready and gives what sends it, so that only that is timed: a token is signed by the provider, not by Valv.

def by_page(trial):
    """What the button of the staff page sends."""
    return lambda: call(trial.where, 'POST', f'/v1/staff/{trial.id}/end', Cookie=f'{SESSION}={trial.vault.administrator.token}',
                        Sec_Fetch_Site='same-origin')[0] == 200


def by_api(trial):
    return lambda: call(trial.where, 'POST', f'/v1/staff/{trial.id}/end', Authorization=f'Bearer {trial.vault.administrator.token}')[0] == 200


def by_cli(trial):
    return lambda: subprocess.run([BINARY, 'staff', 'end', trial.id, '--data', str(trial.vault.server.data)], capture_output=True).returncode == 0


def by_scim(name):
    return lambda trial: lambda: scim.LEAVERS[name](trial.vault.scim, trial.user).status in (200, 204)


def by_logout(**claims):
    def end(trial):
        token = trial.vault.crew.provider.logout(**{name: getattr(trial, name) for name in claims})
        body = urlencode({'logout_token': token}).encode()
        return lambda: Client(trial.where).raw('POST', '/oidc/backchannel-logout', body,
                                               [('Content-Type', 'application/x-www-form-urlencoded')]).status == 200
    return end


def by_event(trial):
    provider = trial.vault.crew.provider
    text = provider.event({'format': 'iss_sub', 'iss': provider.issuer, 'sub': trial.sub}).encode()
    return lambda: Client(trial.where).raw('POST', '/events/caep', text, [('Content-Type', 'application/secevent+jwt'),
                                                                        ('Accept', 'application/json')]).status == 202


WAYS = {'page': by_page, 'api': by_api, 'cli': by_cli, **{f'scim: {name}': by_scim(name) for name in scim.LEAVERS},
        'logout token by sub': by_logout(sub=1), 'logout token by sid': by_logout(sid=1), 'CAEP session-revoked': by_event}


# --- one leaver ----------------------------------------------------------------------------------------------

class Trial:
    def __init__(self, vault, way):
        self.vault, self.way, self.where = vault, way, vault.server.url
        self.hold()
        self.run()

    def hold(self):
        crew = self.vault.crew
        self.sid = f'sid-{next(self.vault.numbers)}'
        who = crew.join(*ROLES, sid=self.sid)
        self.id, self.sub, self.token = who.id, who.subject, who.token
        self.user = {'schemas': [scim.USER], 'id': who.id, 'userName': f'{who.subject}@example.com', 'externalId': who.subject}
        own = who.post('/v1/me/keys', {'name': 'own', 'scopes': ['read'], 'purposes': '*'})
        assert own.status == 201, own
        self.key = own.json['key']
        link = who.post(f'/v1/subjects/{random.choice(self.vault.people)}/access', {'delivery': 'link'})
        assert link.status == 200, link
        self.link = link.json['link']
        # An approval that they gave, for somebody else to use
        self.change = {'title': f'T{self.sid}', 'grants': [{'scopes': ['metrics'], 'purposes': '*'}]}
        asked = self.vault.administrator.put(f'/v1/roles/own-{self.sid}', self.change)
        assert asked.status == 202, asked
        self.given = asked.json['approval']
        assert who.post(f'/v1/approvals/{self.given}/approve').status == 200
        self.approved = self.export(who, 'newsletter')
        self.exports = [self.approved['id']]
        linked = self.export(who, 'newsletter')
        self.exports.append(linked['id'])
        self.exported = self.link_of(who, linked)
        self.exports.append(self.export(who, 'newsletter', approve=False)['id'])
        self.streams_export = next(self.vault.numbers) % 4 == 0
        if self.streams_export:
            self.stream_begin(f'POST {self.link_of(who, self.export(who, "width"))} HTTP/1.1\r\nContent-Length: 0\r\n')
        else:
            self.stream_begin(f'GET /v1/subjects/{self.vault.wide} HTTP/1.1\r\nValv-Purpose: width\r\nAuthorization: Bearer {self.token}\r\n')

    def export(self, who, purpose, approve=True):
        made = who.post('/v1/exports', {'purpose': purpose, 'reason': 'A letter of the spring, by the printer in Mora.'})
        assert made.status == 202, made
        if approve:
            said = self.vault.second.post(f'/v1/approvals/{made.json["approval"]}/approve', {})
            assert said.status == 200, said
        return made.json

    def link_of(self, who, export):
        made = who.post(f'/v1/exports/{export["id"]}/link', {})
        assert made.status == 201, made
        return made.json['link']

    def stream_begin(self, head):
        """An answer of a megabyte to a reader who takes little of it."""
        host, port = self.where.removeprefix('http://').split(':')
        self.stream = socket.socket()
        self.stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.stream.connect((host, int(port)))
        self.stream.sendall(f'{head}Host: {host}\r\n\r\n'.encode())
        self.stream.settimeout(30)
        assert self.stream.recv(4096).startswith(b'HTTP/1.1 200')
        self.begun = time.monotonic()

    def run(self):
        person = f'/v1/subjects/{random.choice(self.vault.people)}'
        leave = WAYS[self.way](self)
        self.vault.hands.begin([(person, {'Valv_Purpose': 'order', **headers})
                                for headers in ({'Cookie': f'{SESSION}={self.token}'}, {'Authorization': f'Bearer {self.key}'},
                                                {'Authorization': f'Bearer {self.token}'})])
        time.sleep(random.uniform(0, .02))
        begun = time.monotonic()
        assert leave(), self.way
        answered = time.monotonic()
        arrived = struct.unpack('i', fcntl.ioctl(self.stream, termios.FIONREAD, b'\0' * 4))[0]
        self.took = answered - begun
        seen = self.vault.hands.end(answered)
        self.before = sum(status == 200 for at, status in seen if at < begun)
        self.late = [(at - answered, status) for at, status in seen if at > answered and status not in (401, 0)]
        self.after = sum(at > answered for at, _ in seen)
        self.stray = max(0, self.drain() - arrived)
        self.held()

    def drain(self):
        total = 0
        try:
            while True:
                piece = self.stream.recv(65536)
                if not piece:
                    break
                total += len(piece)
        except ConnectionResetError:
            pass
        self.stream.close()
        return total

    def held(self):
        """What was handed over before: links, exports, and the approval that somebody else would use."""
        for name in ('link', 'exported'):
            status, _ = call(self.where, 'POST', getattr(self, name))
            if status not in (404, 410):
                self.late.append((name, status))
        for id in self.exports:
            state = self.vault.crew.operator.get(f'/v1/exports/{id}').json['state']
            if state != 'cancelled':
                self.late.append(('export', state))
        reply = self.vault.administrator.put(f'/v1/roles/own-{self.sid}', self.change, headers={'Valv-Approval': self.given})
        if reply.status != 403:
            self.late.append(('approval', reply.status))


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def summary(trials, rate):
    """(line, met): what a bench prints, and whether the targets are met."""
    took = [trial.took for trial in trials if trial.way != 'cli']  # for that a process is started
    late, stray = sum(len(trial.late) for trial in trials), max(trial.stray for trial in trials)
    line = (f'{len(trials)} people left in {len(WAYS)} ways, beside {rate:.0f} requests/s of others: {sum(trial.after for trial in trials)} '
            f'requests began after the answer, {late} succeeded; at most {stray} octets came after it; '
            f'answered in {percentile(took, .5) * 1e3:.1f} ms (p50), {percentile(took, .99) * 1e3:.1f} ms (p99)')
    return line, late == 0 and stray <= CHUNK and percentile(took, .99) <= .01


def main(count):
    """For ./bench offboard."""
    ways, trials = list(WAYS), []
    with Vault() as vault:
        for number in range(count):
            trials.append(vault.trial(ways[number % len(ways)]))
    line, met = summary(trials, vault.rate)
    for way in ways:
        took = [trial.took for trial in trials if trial.way == way]
        print(f'  {way:28} {percentile(took, .5) * 1e3:6.1f} ms (p50) {percentile(took, .99) * 1e3:6.1f} ms (p99)')
    print(f'offboard: {line}; target: 0, {CHUNK}, 10 ms at the 99th percentile: {"met" if met else "MISSED"}')
    return 0 if met else 1


if __name__ == '__main__':
    sys.exit(main(int(sys.argv[1])))
