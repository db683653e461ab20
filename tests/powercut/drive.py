"""A server is recorded while it is asked for things, and what it promised is marked in its trace.

Base is a vault with a few people.  record() starts the server on a copy of it with recorder.c in front
of libc, lets clients do what the seed says, and gives the trace back, which powercut.c then cuts."""
import contextlib
import os
import pathlib
import random
import shutil
import struct
import subprocess
import tempfile
import threading
import time

from people import ALL_SCOPES, COVERS, Names, define, make_key
from server import Server

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get('VALV_POWER', TOP / 'build/power'))
BINARY = BUILD / 'src/main/valv'
CHECKER = BUILD / 'tests/powercut/powercut'
RECORDER = BUILD / 'tests/powercut/librecorder.so'
SHARED_MEMORY = pathlib.Path('/dev/shm')

HEAD = struct.Struct('=IB3xQqq')
MARK = 13  # trace.h
NOT_COPIED = shutil.ignore_patterns('lock', 'reserve', '*.sock', '*-shm')


class Person:
    """As look.c spells one."""

    def __init__(self, id=None, values=None, letters='never', orders='none'):
        self.id, self.version, self.erased = id, 1, False
        self.letters, self.orders = letters, orders
        self.restricted, self.held, self.hold_seq = False, (), None
        self.values = dict(values or {})
        self.cover()

    def covered(self, field):
        return (self.letters == 'yes' and field in COVERS['letters']
                or self.orders != 'none' and field in COVERS['orders'] or field in self.held)

    def cover(self):
        self.values = {field: value for field, value in self.values.items() if self.covered(field)}

    def after(self, **changes):
        then = Person(self.id)
        then.__dict__.update({**self.__dict__, **changes})
        then.values = dict(then.values)
        then.version += 1
        then.cover()
        return then

    def spelled(self):
        if self.erased:
            return 'erased'
        words = [str(self.version), f'letters={self.letters}', f'orders={self.orders}']
        words += ['restricted'] * self.restricted + ['held'] * bool(self.held)
        return ' '.join(words + sorted((f'{field}={value}' for field, value in self.values.items()),
                                       key=lambda spelled: spelled.encode()))


class Marks:
    """The driver's part of the trace."""

    def __init__(self, path):
        self.file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self.lock, self.count = threading.Lock(), 0

    def put(self, *columns):
        octets = '\t'.join(columns).encode()
        os.write(self.file, HEAD.pack(HEAD.size + len(octets), MARK, 0, 0, 0) + octets)

    def number(self):
        with self.lock:
            self.count += 1
            return str(self.count)

    def close(self):
        os.close(self.file)


class Base:
    """A vault with people, made once; each recording begins on a copy."""

    def __init__(self, folder, seed, people=10, killed=False):
        self.dir = pathlib.Path(folder) / 'base'
        made = Server(pathlib.Path(folder) / 'made', pathlib.Path(folder) / 'logs', binary=str(BINARY)).init()
        self.names = Names(seed, 'base', 1)
        made.start()
        caller = made.caller()
        define(caller)
        self.key = make_key(caller, scopes=[*ALL_SCOPES, 'erase'])[1]
        self.spare_keys = [make_key(caller, f'spare-{n}', ['decide'], ['letters']) for n in range(3)]
        self.persons = [self._person(caller, random.Random(f'{seed}/{n}')) for n in range(people)]
        if killed:  # its logs are not emptied
            made.kill()
        else:
            made.stop()
        copy_vault(made.data, self.dir)

    def roots(self):
        return [word for each in places(self.dir) for word in ('--root', str(each))]

    def marks(self):
        yield from (('K', 'person', person.id, person.spelled()) for person in self.persons)
        yield from (('K', 'key', text, 'live') for _, text in self.spare_keys)

    def _person(self, caller, chance):
        how = chance.choice(['letters', 'orders', 'both', 'both'])
        person = Person(None, self.names.person(), 'never' if how == 'orders' else 'yes',
                        'none' if how == 'letters' else 'live')
        person.id = caller.good('POST', '/v1/subjects', making(person))['id']
        return person


def places(data):
    """The directories of a vault: its data, and its ledger of facts."""
    return [place for place in (data, data.with_name(data.name + '.facts')) if place.exists()]


def copy_vault(source, target):
    for place in places(source):
        shutil.copytree(place, target.with_name(place.name.replace(source.name, target.name, 1)), ignore=NOT_COPIED)


def making(person):
    grounds = []
    if person.letters == 'yes':
        grounds.append({'purpose': 'letters', 'language': 'sv', 'method': 'web_form'})
    if person.orders == 'live':
        grounds.append({'purpose': 'orders', 'evidence': {'reference': 'o-1'}})
    return {'values': person.values, 'grounds': grounds}


class Lost(Base):
    """What is left of a vault for a restore: its root key and its ledger, and elsewhere a backup from before what
    people took back."""

    WORDS = {'withdraw': 3, 'object': 1, 'erase': 3, 'erase_purpose': 1, 'give_up': 2, 'restrict': 1, 'revoke': 1}

    def __init__(self, folder, seed, people=10):  # pylint: disable=super-init-not-called
        folder = pathlib.Path(folder)
        self.dir = folder / 'base'
        made = Server(folder / 'made', folder / 'logs', binary=str(BINARY)).init()
        self.names = Names(seed, 'base', 1)
        made.start()
        caller = made.caller()
        define(caller)
        self.key = make_key(caller, scopes=[*ALL_SCOPES, 'erase'])[1]
        self.spare_keys = [make_key(caller, f'spare-{n}', ['decide'], ['letters']) for n in range(3)]
        self.persons = [self._person(caller, random.Random(f'{seed}/{n}')) for n in range(people)]
        self.backup = caller.good('POST', '/v1/admin/backups', {'data': str(folder / 'to'), 'keys': str(folder / 'keys-to')})
        self._take_back(made, folder, seed, people)
        made.stop()
        self.dir.mkdir()
        shutil.copy(made.data / 'root.key', self.dir)
        shutil.copytree(made.data.with_name(made.data.name + '.facts'), folder / 'base.facts')

    def _take_back(self, made, folder, seed, people):
        marks = Marks(folder / 'not-recorded')
        client = Client(made, marks, self, self.persons, seed, 0, 3 * people, self.WORDS)
        client.run()
        marks.close()
        if client.failure:
            raise client.failure
        self.persons = client.persons
        for person in self.persons:  # a restore does all that befell one person in one change
            person.version = min(person.version, 2)
        self.live = client.keys

    def marks(self):
        yield from (('K', 'person', person.id, person.spelled()) for person in self.persons)
        yield from (('K', 'key', text, 'live' if (id, text) in self.live else 'revoked') for id, text in self.spare_keys)


class Left(Base):
    """What a power cut left, as the beginning of another recording."""

    def __init__(self, folder, image, promises):  # pylint: disable=super-init-not-called
        self.dir, self.promises = pathlib.Path(folder) / 'base', promises
        copy_vault(pathlib.Path(image) / '0', self.dir)
        self.key, self.spare_keys, self.persons = None, [], []

    def marks(self):
        return self.promises


class Client(threading.Thread):
    """Does one thing at a time to people of its own, so that each is as after the last answer or as
    after the one call that was not answered."""

    def __init__(self, server, marks, base, persons, seed, number, steps, words):
        super().__init__(daemon=True)
        self.server, self.marks = server, marks
        self.chance = random.Random(f'{seed}/{number}')
        self.names = Names(seed, f'c{number}', 10 + number)
        self.caller = server.caller(base.key)
        self.operator = server.caller()
        self.persons, self.steps, self.words = list(persons), steps, words
        self.keys = list(base.spare_keys) if number == 0 else []
        self.failure = None

    def run(self):
        try:
            for _ in range(self.steps):
                self.step()
        except Exception as error:  # pylint: disable=broad-except
            self.failure = error

    def step(self):
        word = self.chance.choices(list(self.words), self.words.values())[0]
        getattr(self, word)()

    # --- promises -----------------------------------------------------------------------------------

    def port(self, caller):
        if not caller.connection:
            caller._connect()  # pylint: disable=protected-access
        name = caller.connection.sock.getsockname()
        return str(name[1]) if isinstance(name, tuple) else '0'

    def ask(self, word, kind, key, value, method, path, body=None, answered=lambda answer: ('-', '-'),
            caller=None, **headers):
        caller = caller or self.caller
        number = self.marks.number()
        self.marks.put('B', number, self.port(caller), word, kind, key, value)
        answer = caller.good(method, path, body, **headers)
        self.marks.put('A', number, *answered(answer))
        return answer

    def change(self, word, person, then, method, path, body, **headers):
        answer = self.ask(word, 'person', person.id, then.spelled(), method, f'/v1/subjects/{person.id}{path}', body,
                          **headers)
        if 'version' in answer:
            assert answer['version'] == then.version, f'{word}: {answer} should be version {then.version}'
        self.persons[self.persons.index(person)] = then
        return answer

    def pick(self, fit, restricted=False):
        fitting = [person for person in self.persons
                   if not person.erased and person.restricted == restricted and fit(person)]
        return self.chance.choice(fitting) if fitting else None

    # --- what is done -------------------------------------------------------------------------------

    def create(self):
        how = self.chance.choice(['letters', 'orders', 'both'])
        person = Person('new', self.names.person(), 'never' if how == 'orders' else 'yes',
                        'none' if how == 'letters' else 'live')
        answer = self.ask('creation', 'person', 'new', person.spelled(), 'POST', '/v1/subjects', making(person),
                          lambda answer: (answer['id'], '-'))
        person.id = answer['id']
        self.persons.append(person)

    def correct(self):
        person = self.pick(lambda person: person.values)
        if person:
            field = self.chance.choice(sorted(person.values))
            new = {field: self.names.person()[field]}
            self.change('rectification', person, person.after(values={**person.values, **new}), 'PATCH', '',
                        {'values': new}, If_Match=f'"{person.version}"')

    def withdraw(self):
        person = self.pick(lambda person: person.letters == 'yes')
        if person:
            self.change('withdrawal', person, person.after(letters='no'), 'POST', '/withdrawals',
                        {'purpose': 'letters'})

    def object(self):
        person = self.pick(lambda person: person.letters == 'yes')
        if person:
            self.change('objection', person, person.after(letters='no'), 'POST', '/objections',
                        {'purpose': 'letters'})

    def consent(self):
        person = self.pick(lambda person: person.letters != 'yes' and person.orders != 'none')
        if person:
            self.change('consent', person, person.after(letters='yes'), 'POST', '/consents',
                        {'purpose': 'letters', 'act': 'given', 'method': 'web_form', 'language': 'sv'})

    def give_up(self):
        person = self.pick(lambda person: person.orders == 'live')
        if person:
            self.change('ground given up', person, person.after(orders='none'), 'POST', '/grounds',
                        {'purpose': 'orders', 'act': 'stopped'})

    def restrict(self):
        person = self.pick(lambda person: True)
        if person:
            self.change('restriction', person, person.after(restricted=True), 'POST', '/restriction',
                        {'act': 'restricted', 'reason': 'accuracy'})

    def unrestrict(self):
        person = self.pick(lambda person: True, restricted=True)
        if person:
            told = time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())
            self.change('restriction lifted', person, person.after(restricted=False), 'POST', '/restriction',
                        {'act': 'unrestricted', 'reason': 'accuracy', 'told_at': told, 'told_how': 'mail'})

    def hold(self):
        person = self.pick(lambda person: 'email' in person.values and not person.held)
        if person:
            then = person.after(held=('email',))
            then.hold_seq = self.change('hold', person, then, 'POST', '/holds', {'reason': 'a claim', 'fields': ['email']})['seq']

    def release(self):
        person = self.pick(lambda person: person.held)
        if person:
            self.change('hold released', person, person.after(held=(), hold_seq=None), 'POST',
                        f'/holds/{person.hold_seq}/release', {})

    def erase(self):
        """A contract that has not ended and a hold would keep something: then it is not a burial."""
        person = self.pick(lambda person: person.orders == 'none' and not person.held)
        if person:
            answer = self.change('erasure', person, person.after(erased=True), 'POST', '/erasure', {})
            assert answer['buried'], answer

    def erase_purpose(self):
        person = self.pick(lambda person: person.letters == 'yes' and person.orders == 'live' and not person.held)
        if person:
            self.change('erasure of a purpose', person, person.after(letters='no'), 'POST', '/erasure',
                        {'purpose': 'letters'})

    def stop_address(self):
        address = self.names.person()['email']
        self.ask('suppression', 'stopped', address, 'yes', 'POST', '/v1/suppressions',
                 {'address': 'email', 'value': address, 'scope': 'marketing', 'source': 'complaint'})

    def revoke(self):
        if self.keys:
            id, text = self.keys.pop()
            self.ask('revocation', 'key', text, 'revoked', 'DELETE', f'/v1/keys/{id}')
            return
        id = []
        answer = self.ask('key made', 'key', 'new', 'live', 'POST', '/v1/keys',
                          {'name': 'cut', 'scopes': ['decide'], 'purposes': ['letters']},
                          lambda answer: (answer['key'], '-'))
        self.keys.append((answer['id'], answer['key']))

    def decide(self):
        person = self.pick(lambda person: True)
        if person:
            answer = self.ask('decision', 'entry', '-', '0', 'POST', '/v1/decisions',
                              {'subject': person.id, 'purpose': 'letters', 'channel': 'email'},
                              lambda answer: ('-', str(answer['entry'])))
            assert answer['allowed'] == (person.letters == 'yes' and 'email' in person.values), \
                f'{answer} of {person.spelled()}'

    def read(self):
        person = self.pick(lambda person: person.letters == 'yes')
        if person:
            self.caller.good('GET', f'/v1/subjects/{person.id}', Valv_Purpose='letters')

    def rotate(self):
        self.ask('rotation', 'epoch', '-', '0', 'POST', '/v1/admin/rotate',
                 answered=lambda answer: ('-', str(answer['epoch'])), caller=self.operator)

    def checkpoint(self):
        self.operator.good('POST', '/v1/admin/checkpoint')

    def sweep(self):
        self.operator.good('POST', '/v1/admin/sweep', {})


WORDS = {'create': 3, 'correct': 2, 'withdraw': 5, 'object': 2, 'consent': 3, 'give_up': 3, 'restrict': 1.5,
         'unrestrict': 2, 'hold': 1, 'release': 1, 'erase': 5, 'erase_purpose': 2,
         'stop_address': 1, 'revoke': 2, 'decide': 1, 'read': 0.5}
ALONE = {'rotate': 1, 'checkpoint': 0.5, 'sweep': 0.2}  # by the first client


class Recording:
    """What record() gives: trace, the directories as they were at first and at last."""

    def __init__(self, folder, base, trace):
        self.folder, self.base, self.trace = pathlib.Path(folder), base, trace
        self.data = self.folder / 'data'
        self.log = ''

    def run(self, *options):
        done = subprocess.run([str(CHECKER), str(self.trace), *self.base.roots(), *options], capture_output=True,
                              text=True)
        found = {'failures': []}
        for line in done.stdout.splitlines():
            name, _, value = line.partition(' ')
            if name == 'failure':
                found['failures'].append(value)
            elif value.isdigit():
                found[name] = found.get(name, 0) + int(value)
        if done.returncode not in (0, 1) or 'bad' not in found and 'differ' not in found:
            raise AssertionError(f'the checker ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}')
        return found

    def same(self):
        """Nothing that the server did to its files went by unseen."""
        found = self.run(*[word for each in places(self.data) for word in ('--same', str(each))])
        assert found['differ'] == 0, '\n'.join(found['failures'])
        return found['files']

    def cut(self, states, seed):
        """Looks at about so many states."""
        with scratch() as folder:
            return self.run('--scratch', folder, '--states', str(states), '--seed', str(seed), '--workers',
                            str(os.cpu_count()))

    def look_again(self, where, keep=None):
        """What one state is found to be; where: as a failure names it.  keep: a folder for it, as a Base."""
        with scratch() as folder:
            done = subprocess.run([str(CHECKER), str(self.trace), *self.base.roots(), '--scratch', folder,
                                   *where.split()], capture_output=True, text=True)
            *promises, verdict = done.stdout.splitlines() or [done.stderr]
            if keep:
                return verdict, Left(keep, f'{folder}/only', [line.split('\t') for line in promises])
            return verdict


@contextlib.contextmanager
def scratch():
    with tempfile.TemporaryDirectory(prefix='valv-powercut-', dir=SHARED_MEMORY) as folder:
        yield folder


def record(folder, base, seed, clients=1, steps=12, words=None, lose=None, end='stop', alone=None):
    """lose: syncs of files whose path ends so are not written down, as if they were missing."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True)
    recording = Recording(folder, base, folder / 'trace')
    copy_vault(base.dir, recording.data)
    marks = Marks(recording.trace)
    for mark in base.marks():
        marks.put(*mark)
    env = {'LD_PRELOAD': str(RECORDER), 'VALV_RECORD': str(recording.trace),
           'VALV_RECORD_DIRS': ':'.join(map(str, places(recording.data)))}
    if lose:
        env['VALV_RECORD_LOSE'] = lose
    server = Server(recording.data, folder / 'logs', binary=str(BINARY))
    server.start(env=env)
    try:
        crew = [Client(server, marks, base, base.persons[n::clients], seed, n, steps,
                       {**(WORDS if words is None else words), **((ALONE if alone is None else alone) if n == 0 else {})})
                for n in range(clients if steps else 0)]
        for client in crew:
            client.start()
        for client in crew:
            client.join(120)
            if client.failure:
                raise client.failure
            assert not client.is_alive(), 'a client hangs'
        if end == 'stop':
            server.stop()
    finally:
        server.kill()
        marks.close()
    return recording


def record_restore(folder, lost, lose=None):
    """A restore of that backup, from its first file to its end."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True)
    recording = Recording(folder, lost, folder / 'trace')
    copy_vault(lost.dir, recording.data)
    marks = Marks(recording.trace)
    for mark in lost.marks():
        marks.put(*mark)
    env = {**os.environ, 'LD_PRELOAD': str(RECORDER), 'VALV_RECORD': str(recording.trace),
           'VALV_RECORD_DIRS': ':'.join(map(str, places(recording.data)))}
    if lose:
        env['VALV_RECORD_LOSE'] = lose
    number = marks.number()
    marks.put('B', number, '0', 'restore', 'restored', '-', 'yes')
    done = subprocess.run([str(BINARY), 'restore', '--data', str(recording.data), '--from', lost.backup['data'],
                           '--keys-from', lost.backup['keys']], env=env, capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise AssertionError(done.stderr)
    marks.put('A', number, '-', '-')
    marks.close()
    return recording
