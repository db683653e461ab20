"""Lives of one vault at random: people say yes and no, backups are made, and now and then the vault is lost and
restored from any of them.  A few lines say what must then be the case: the state of the backup, and after it every
no that was said since, in any life, and no yes.

VALV_SEED repeats a run."""
import copy
import os
import random
import time

import pytest

import definitions
from definitions import consent, make_person, read
from lives import Vault, act, decide, erase, whole

SEED = os.environ.get('VALV_SEED') or str(random.SystemRandom().randrange(1 << 32))
ANY = {'If-Match': '*'}
SUPPORT = {'purpose': 'support', 'evidence': {'reference': 'S-1'}}


class Person:
    def __init__(self, nick):
        self.consent, self.restricted, self.erased, self.nick = True, False, False, nick

    def allowed(self):
        return self.consent and not self.restricted and not self.erased


# What each does to a person, and what of it a restore does again.
def withdraw(person, *_):
    person.consent, person.nick = False, None


def say_yes(person, *_):
    person.consent = True


def correct(person, nick):
    person.nick = nick


def forget_nick(person, *_):
    person.nick = None


def restrict(person, *_):
    person.restricted = True


def lift(person, *_):
    person.restricted = False


def bury(person, *_):
    person.__init__(None)
    person.consent, person.erased = False, True


EVENTS = {'withdraw': (withdraw, withdraw), 'yes': (say_yes, None), 'correct': (correct, forget_nick),
          'restrict': (restrict, restrict), 'lift': (lift, None), 'erase': (bury, bury)}


class Lives:
    def __init__(self, folder, seed):
        self.chance = random.Random(seed)
        self.vault = Vault(folder).init().start()
        definitions.put_all(self.vault.operator)
        self.people, self.keys = {}, {}  # by id: as they are in this life
        self.log, self.backups = [], []

    # --- what happens -----------------------------------------------------------------------------

    def make(self):
        nick = f'n{self.chance.randrange(10 ** 9)}'
        id, _ = make_person(self.vault.operator, {'email': definitions.email(), 'name': 'Anna Ek', 'nick': nick},
                            [consent(), SUPPORT])
        self.people[id] = Person(nick)

    def make_key(self):
        id, text = self.vault.key()
        self.keys[id] = [text, True]

    def revoke(self):
        live = [id for id, (_, is_live) in self.keys.items() if is_live]
        if live:
            id = self.chance.choice(live)
            assert self.vault.operator.delete(f'/v1/keys/{id}').status == 204
            self.keys[id][1] = False
            self.log.append(('revoke', id, None))

    def fitting(self, word):
        fits = {'withdraw': lambda p: p.consent, 'yes': lambda p: not p.consent and not p.restricted,
                'correct': lambda p: p.consent and not p.restricted, 'restrict': lambda p: not p.restricted,
                'lift': lambda p: p.restricted, 'erase': lambda p: not p.restricted}[word]
        return [id for id, person in self.people.items() if not person.erased and fits(person)]

    def call(self, word, id, nick):
        client = self.vault.operator
        if word == 'withdraw':
            act(client, id, 'withdrawals', {'purpose': 'newsletter'})
        elif word == 'yes':
            act(client, id, 'consents', {**consent(), 'act': 'given'})
        elif word == 'correct':
            assert client.patch(f'/v1/subjects/{id}', {'values': {'nick': nick}}, headers=ANY).status == 200
        elif word == 'restrict':
            act(client, id, 'restriction', {'act': 'restricted', 'reason': 'accuracy'})
        elif word == 'lift':
            told = time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())
            act(client, id, 'restriction', {'act': 'unrestricted', 'reason': 'accuracy', 'told_at': told, 'told_how': 'mail'})
        else:
            assert erase(client, id)['buried']

    def step(self):
        word = self.chance.choices(['make', 'make_key', 'revoke', 'backup', *EVENTS], [3, 1, 1, 1.5, 6, 4, 4, 2, 2, 2])[0]
        if word == 'backup':
            self.backups.append((self.vault.backup(), copy.deepcopy(self.people), copy.deepcopy(self.keys), len(self.log)))
        elif word not in EVENTS:
            getattr(self, word)()
        elif self.fitting(word):
            id, nick = self.chance.choice(self.fitting(word)), f'n{self.chance.randrange(10 ** 9)}'
            self.call(word, id, nick)
            EVENTS[word][0](self.people[id], nick)
            self.log.append((word, id, nick))

    # --- loss ---------------------------------------------------------------------------------------

    def lose(self):
        backup, people, keys, known = self.chance.choice(self.backups)
        self.vault.stop()
        self.vault.restore(backup)
        self.vault.start()
        self.people, self.keys = copy.deepcopy(people), copy.deepcopy(keys)
        for word, id, _ in self.log[known:]:
            if word == 'revoke' and id in self.keys:
                self.keys[id][1] = False
            elif word in EVENTS and EVENTS[word][1] and id in self.people and not self.people[id].erased:
                EVENTS[word][1](self.people[id])

    def check(self, everybody):
        client = self.vault.operator
        for id in everybody - self.people.keys():
            assert read(client, id).status == 404
        for id, person in self.people.items():
            reply = read(client, id)
            assert reply.status == (410 if person.erased else 200 if person.allowed() else 422), (id, reply, vars(person))
            if not person.erased:
                assert decide(client, id)['allowed'] == person.allowed(), (id, vars(person))
            if person.allowed():
                assert reply.json['values'].get('nick', {'value': None})['value'] == person.nick, id
        for id, (text, live) in self.keys.items():
            assert (self.vault.api.using(text).get('/v1/purposes').status == 200) is live, id
        whole(self.vault)


@pytest.mark.parametrize('run', range(2))
def test_no_life_brings_a_no_back(tmp_path, run):
    print('seed', SEED)
    lives = Lives(tmp_path / 'vault', f'{SEED}/{run}')
    everybody = set()
    for _ in range(5):
        lives.make()
    lives.make_key()
    for _ in range(5):
        for _ in range(40):
            lives.step()
        everybody |= lives.people.keys()
        if lives.backups:
            lives.lose()
        lives.check(everybody)
    lives.vault.stop()
