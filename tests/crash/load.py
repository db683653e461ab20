"""Concurrent clients that write down what was answered (journal.py)."""
import random
import threading
import time

from journal import Brought, Person, State
from people import Names
from server import Dead


class Refused(Exception):
    """A problem that the test expects; what was asked may have happened, or not."""


class Worker:
    """One client.  Its calls are drawn from its own seed; what they meet is up to the others."""

    def __init__(self, server, journal, lock, seed, number, expected):
        self.server, self.journal, self.lock, self.expected = server, journal, lock, expected
        self.random = random.Random(f'{seed}/worker{number}')
        self.names = Names(seed, f'w{number}', number)
        self.mine = []
        self.caller = None
        self.failure = None
        self.done = 0
        self.refused = []  # (status, slug)

    def run(self, stop):
        self.caller = self.server.caller(timeout=30)
        try:
            while not stop.is_set():
                try:
                    self.random.choices(
                        [self.make, self.correct, self.withdraw, self.object, self.consent, self.suppress,
                         self.key, self.decide, self.share, self.bring, self.erase],
                        [30, 15, 10, 4, 6, 8, 5, 15, 7, 2, 6])[0]()
                    self.done += 1
                except Refused:
                    pass
        except Dead:
            pass
        except Exception as error:  # pylint: disable=broad-except
            self.failure = error
        self.caller.close()

    def good(self, method, path, body=None, **headers):
        answer = self.caller.call(method, path, body, **headers)
        if answer.status in self.expected:
            self.refused.append((answer.status, answer.slug))
            raise Refused
        assert 200 <= answer.status < 300, f'{method} {path}: {answer}'
        return answer.json if answer.body else None

    def note(self, person):
        with self.lock:
            self.journal.touched.add(person)

    def change(self, person, method, path, body, after, **headers):
        """A call that makes `after` of the person."""
        person.pending = after
        self.note(person)
        answer = self.good(method, f'/v1/subjects/{person.id}{path}', body, **headers)
        assert answer['version'] == after.version, f'{answer} should be version {after.version}'
        person.answered()

    def pick(self, fit):
        fitting = [person for person in self.mine if person.state and not person.pending
                   and not person.state.buried and fit(person.state)]
        return self.random.choice(fitting) if fitting else None

    # --- what clients do --------------------------------------------------------------------------

    def make(self):
        who = self.names.person()
        grounds, acts, live = [], [], {'letters': False, 'orders': False}
        how = self.random.choice(['letters', 'orders', 'both'])
        if how != 'orders':
            grounds.append({'purpose': 'letters', 'language': 'sv', 'method': 'web_form'})
            acts.append(('given', 'letters'))
            live['letters'] = True
        if how != 'letters':
            grounds.append({'purpose': 'orders', 'evidence': {'reference': f'o-{self.random.random()}'}})
            acts.append(('established', 'orders'))
            live['orders'] = True
        state = State(1, who, live, acts, 'yes' if live['letters'] else 'never')
        state.values = {field: value for field, value in who.items() if state.covered(field)}
        person = Person(None, who['email'], pending=state)
        with self.lock:
            self.journal.persons.append(person)
        self.note(person)
        self.mine.append(person)
        body, headers = {'values': state.values, 'grounds': grounds}, {}
        if self.random.random() < 0.3:
            headers = {'Idempotency_Key': f'make-{who["email"]}'}
            person.retry = body, headers
        person.id = self.good('POST', '/v1/subjects', body, **headers)['id']
        person.answered()

    def correct(self):
        person = self.pick(lambda state: state.values)
        if not person:
            return
        new = {field: value for field, value in self.names.person().items()
               if field in person.state.values and self.random.random() < 0.6}
        if not new:
            return
        after = person.state.after()
        after.values.update(new)
        self.change(person, 'PATCH', '', {'values': new}, after, If_Match=f'"{person.state.version}"')

    def withdraw(self):
        person = self.pick(lambda state: state.live['letters'])
        if person:
            self.change(person, 'POST', '/withdrawals', {'purpose': 'letters'}, person.state.after(
                live={**person.state.live, 'letters': False},
                acts=person.state.acts + [('withdrawn', 'letters')], letters='no'))

    def object(self):
        person = self.pick(lambda state: state.live['letters'])
        if person:
            self.change(person, 'POST', '/objections', {'purpose': 'letters'}, person.state.after(
                live={**person.state.live, 'letters': False},
                acts=person.state.acts + [('objected', 'letters')], letters='no'))

    def consent(self):
        person = self.pick(lambda state: state.live['orders'] and not state.live['letters'])
        if person:
            self.change(person, 'POST', '/consents',
                        {'purpose': 'letters', 'act': 'given', 'method': 'web_form', 'language': 'sv'},
                        person.state.after(live={**person.state.live, 'letters': True},
                                           acts=person.state.acts + [('given', 'letters')], letters='yes'))

    def erase(self):
        """Wholly, unless the contract still runs: what it needs stays."""
        person = self.pick(lambda state: state.values)
        if not person:
            return
        state = person.state
        acts = [('withdrawn', 'letters')] if state.live['letters'] else []
        person.pending = state.after(live={**state.live, 'letters': False}, acts=state.acts + acts,
                                     letters='no' if acts else state.letters,
                                     stopped=(*state.stopped, state.values.get('email')))
        person.pending.buried = not person.pending.values
        self.note(person)
        answer = self.good('POST', f'/v1/subjects/{person.id}/erasure')
        assert answer['buried'] == person.pending.buried, answer
        person.answered()

    def suppress(self):
        address = self.names.person()['email']
        with self.lock:
            self.journal.suppressed[address] = False
        self.good('POST', '/v1/suppressions', {'address': 'email', 'value': address,
                                                      'scope': 'marketing', 'source': 'complaint'})
        with self.lock:
            self.journal.suppressed[address] = True

    def key(self):
        live = [id for id, (_, state) in self.journal.keys.copy().items() if state == 'live'] \
            if self.random.random() < 0.6 else []
        if not live:
            made = self.good('POST', '/v1/keys', {'name': 'crash', 'scopes': ['decide'],
                                                         'purposes': ['letters']})
            with self.lock:
                self.journal.keys[made['id']] = [made['key'], 'live']
            return
        id = self.random.choice(live)
        with self.lock:
            if id not in self.journal.keys or self.journal.keys[id][1] != 'live':
                return
            entry = self.journal.keys[id]
            entry[1] = 'unsure'
        self.good('DELETE', f'/v1/keys/{id}')
        entry[1] = 'revoked'
        with_key = self.server.caller(entry[0])
        answer = with_key.get('/v1/fields')  # I5: at once
        with_key.close()
        assert answer.status in (401, *self.expected), f'a revoked key is answered with {answer}'

    def decide(self):
        person = self.pick(lambda state: True)
        if not person:
            return
        state = person.state
        answer = self.good('POST', '/v1/decisions', {'subject': person.id, 'purpose': 'letters',
                                                            'channel': 'email'})
        assert answer['allowed'] == state.may_get_letters(), f'{answer} of {state}'
        with self.lock:
            self.journal.decisions.append((answer['entry'], person.id, answer['allowed']))

    def share(self):
        """Many clients correct one person: a lost update would be a lost answer."""
        path = f'/v1/subjects/{self.journal.shared}'
        name = self.names.person()['name']
        version = self.good('GET', path, Valv_Purpose='rights')['version']
        with self.lock:
            self.journal.patching.add(name)
        answer = self.caller.patch(path, {'values': {'name': name}}, If_Match=f'"{version}"')
        if answer.status in self.expected:
            self.refused.append((answer.status, answer.slug))
            raise Refused
        assert answer.status in (200, 412), answer
        with self.lock:
            self.journal.patching.discard(name)
            if answer.status == 200:
                assert answer.json['version'] not in self.journal.patched, 'a version was answered twice'
                self.journal.patched[answer.json['version']] = name
                self.journal.shared_spare = False


    def bring(self):
        """A list in two pieces.  Cut off, it is gone on with after the restart (Journal)."""
        people = [self.names.person() for _ in range(8)]
        octets = 'E-post;Namn\r\n'.encode() + b''.join(f'{who["email"]};{who["name"]}\r\n'.encode() for who in people)
        begun = self.good('POST', '/v1/imports', {'source': 'provet', 'rest': {'keep_for': 'orders'},
                                                  'evidence': {'reference': 'avtal'}})
        brought = Brought(octets, [who['email'] for who in people])
        with self.lock:
            self.journal.imports[begun['id']] = brought
        half = octets.index(b'\n', len(octets) // 2) + 1
        for start, end in ((0, half), (half, len(octets))):
            if brought.offset != start:
                break  # the piece was taken by halves: left to the restart
            last = 'true' if end == len(octets) else 'false'
            taken = self.good('POST', f'/v1/imports/{begun["id"]}/rows?offset={start}&last={last}', octets[start:end],
                              Content_Type='text/csv')
            with self.lock:
                brought.offset, brought.finished = taken['offset'], taken['state'] == 'finished'


class Load:
    """expected: statuses of problems that count as cut off; any other than these fails the test."""

    def __init__(self, server, journal, seed, clients=16, expected=()):
        self.server, self.journal, self.seed = server, journal, seed
        self.lock = threading.Lock()
        self.workers = [Worker(server, journal, self.lock, seed, number, expected)
                        for number in range(clients)]
        self.rotations = 0
        self.failure = None

    def begin(self):
        """One person that all share."""
        made = self.server.caller().good('POST', '/v1/subjects', {
            'values': {'email': 'shared@example.org', 'name': 'Shared'},
            'grounds': [{'purpose': 'orders', 'evidence': {'reference': 'o-0'}}]})
        self.journal.shared = made['id']
        self.journal.patched[1] = 'Shared'

    def run(self, until, rotate_after=None, enough=lambda: False):
        """Loads until `until` seconds are over, the server is gone or it is enough; `rotate_after`:
        turns the keys over meanwhile.  Clients go on until the function that it returns is called: who
        kills the server does it before."""
        stop = threading.Event()
        threads = [threading.Thread(target=worker.run, args=(stop,)) for worker in self.workers]
        if rotate_after is not None:
            threads.append(threading.Thread(target=self._rotate, args=(rotate_after,)))
        for thread in threads:
            thread.start()
        ended = time.monotonic() + until
        while time.monotonic() < ended and self.server.process.poll() is None and not enough():
            time.sleep(0.001)
        return lambda: self._join(stop, threads)

    def _join(self, stop, threads):
        stop.set()
        for thread in threads:
            thread.join(60)
            assert not thread.is_alive(), 'a client hangs'
        for one in (self, *self.workers):
            if one.failure:
                raise one.failure

    def _rotate(self, after):
        time.sleep(after)
        try:
            self.server.caller().good('POST', '/v1/admin/rotate')
            self.rotations += 1
        except Dead:
            pass
        except AssertionError as error:
            self.failure = error

    @property
    def refused(self):
        return [one for worker in self.workers for one in worker.refused]

    @property
    def done(self):
        return sum(worker.done for worker in self.workers)
