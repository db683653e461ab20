"""What a client knows: everything that was answered, and what was asked and not answered.

Each person belongs to one worker, which does one thing at a time.  So after a crash a person must be
exactly as after the last answer, or exactly as after the one call that was not answered: whole or not
at all.  Journal.check() holds the store to that, through the API and by reading the tables.
"""
import copy
import dataclasses
import sqlite3
import struct
import threading
from concurrent.futures import ThreadPoolExecutor

from people import COVERS, PURPOSES


@dataclasses.dataclass
class State:
    """A person, as the API should show it."""
    version: int
    values: dict
    live: dict      # purpose: bool
    acts: list      # (act, purpose), in order
    letters: str    # 'never', 'yes', 'no': the newest act about letters
    buried: bool = False  # erased wholly
    stopped: tuple = ()   # addresses, for all marketing: only a confirmed yes lifts that

    def may_get_letters(self):
        return self.letters == 'yes' and 'email' in self.values and self.values['email'] not in self.stopped

    def covered(self, field):
        return any(live and field in COVERS[purpose] for purpose, live in self.live.items())

    def after(self, **changes):
        state = copy.deepcopy(self)
        state.version += 1
        for name, value in changes.items():
            setattr(state, name, value)
        state.values = {field: value for field, value in state.values.items() if state.covered(field)}
        return state


class Person:
    def __init__(self, id, email, state=None, pending=None):
        self.id, self.email, self.state, self.pending = id, email, state, pending
        self.retry = None   # (body, headers) of a making that may be repeated (Idempotency-Key)
        self.spare = False  # a call that was cut off, and undone, may have left keys that nothing uses

    def answered(self):
        self.state, self.pending, self.spare = self.pending, None, False


@dataclasses.dataclass
class Brought:
    """An import: how far the server said that it had come."""
    octets: bytes
    emails: list
    offset: int = 0
    finished: bool = False


class Journal:
    def __init__(self):
        self.persons = []
        self.touched = set()          # persons of this round
        self.suppressed = {}          # address: True answered, False cut off
        self.keys = {}                # id: [text, 'live' | 'revoked' | 'unsure']
        self.decisions = []           # of this round: (entry, subject id, allowed)
        self.imports = {}             # id: Brought, of this round
        self.patched = {}             # of the shared person: version: name
        self.patching = set()         # names that were cut off
        self.shared = None
        self.shared_spare = False     # as Person.spare
        self.entry_max = 0

    # --- after a restart ------------------------------------------------------------------------

    def check(self, caller, data, everybody=False):
        """Everything that is wrong, as sentences."""
        wrong = self._check_persons(caller.server, list(self.persons if everybody else self.touched))
        wrong += self._check_shared(caller)
        wrong += self._check_suppressed(caller)
        wrong += self._check_keys(caller)
        wrong += self._check_decisions(caller)
        wrong += self._check_imports(caller)
        wrong += self._check_tables(data)
        self.touched.clear()
        self.decisions.clear()
        return wrong

    def _check_persons(self, server, persons):
        """Several at once: every look leaves an audit entry, and waits for it to be durable."""
        own = threading.local()

        def check(person):
            if not hasattr(own, 'caller'):
                own.caller = server.caller()
            return self._check_person(own.caller, person)

        with ThreadPoolExecutor(16) as pool:
            return [what for wrong in pool.map(check, persons) for what in wrong]

    def _check_person(self, caller, person):
        if person.id is None and person.retry:  # said again, it is done, and done once
            body, headers = person.retry
            again = [caller.post('/v1/subjects', body, **headers) for _ in range(2)]
            if [answer.status for answer in again] != [201, 201] or again[0].json['id'] != again[1].json['id']:
                return [f'{person.email}: made again with its Idempotency-Key: {again}']
        if person.id is None:  # the making of this person was cut off
            found = caller.good('POST', '/v1/subjects/search', {'field': 'email', 'value': person.email})
            if not found['subjects']:
                self.persons.remove(person)
                return []
            if len(found['subjects']) > 1:
                return [f'{person.email} was made {len(found["subjects"])} times']
            person.id = found['subjects'][0]
        wrong = self._differs(caller, person, person.state) if person.state else ['not made']
        if wrong and person.pending:
            otherwise = self._differs(caller, person, person.pending)
            if not otherwise:
                person.answered()
                return []
            return [f'{person.id}: neither as answered ({"; ".join(wrong)}) nor as asked '
                    f'({"; ".join(otherwise)})']
        person.spare |= person.pending is not None
        person.pending = None
        return [f'{person.id} ({person.email}): {what}' for what in wrong]

    def _differs(self, caller, person, state):
        wrong = []
        answer = caller.get(f'/v1/subjects/{person.id}', Valv_Purpose='rights')
        if state.buried:
            found = caller.good('POST', '/v1/subjects/search', {'field': 'email', 'value': person.email})['subjects']
            return [f'erased, and reading gives {answer}, searching {found}'] if answer.status != 410 or found else []
        if answer.status != 200:
            return [f'reading gives {answer}']
        subject = answer.json
        values = {name: value['value'] for name, value in subject['values'].items()}
        if subject['version'] != state.version:
            wrong.append(f'version {subject["version"]}, not {state.version}')
        if values != state.values:
            wrong.append(f'values {values}, not {state.values}')
        live = {purpose: any(ground['purpose'] == purpose and ground['state'] == 'live'
                             for ground in subject['grounds']) for purpose in PURPOSES}
        if live != state.live:
            wrong.append(f'grounds {live}, not {state.live}')
        ledger = caller.good('GET', f'/v1/subjects/{person.id}/consents')['acts']
        acts = [(act['act'], act['purpose']) for act in ledger]
        if acts != state.acts:
            wrong.append(f'ledger {acts}, not {state.acts}')
        for field in ('email', 'phone'):
            if wrong or field not in state.values:
                continue
            found = caller.good('POST', '/v1/subjects/search',
                                {'field': field, 'value': state.values[field]})['subjects']
            if found != [person.id]:
                wrong.append(f'search by {field} finds {found}')
        if not wrong:
            decision = caller.good('POST', '/v1/decisions', {
                'subject': person.id, 'purpose': 'letters', 'channel': 'email'})
            if decision['allowed'] != state.may_get_letters():
                wrong.append(f'letters {state.letters}, and the decision is {decision}')
        return wrong

    def _check_shared(self, caller):
        if not self.shared:
            return []
        subject = caller.good('GET', f'/v1/subjects/{self.shared}', Valv_Purpose='rights')
        version, name = subject['version'], subject['values']['name']['value']
        newest = max(self.patched)
        wrong = []
        if version < newest:
            wrong.append(f'shared person: version {version}, but {newest} was answered')
        if version in self.patched and name != self.patched[version]:
            wrong.append(f'shared person: {name} at version {version}, not {self.patched[version]}')
        if version not in self.patched and name not in self.patching:
            wrong.append(f'shared person: {name} at version {version} was never asked for')
        self.patched[version] = name
        self.shared_spare |= bool(self.patching)
        self.patching.clear()
        return wrong

    def _check_suppressed(self, caller):
        wrong = []
        for address, answered in list(self.suppressed.items()):
            found = caller.good('POST', '/v1/suppressions/search',
                                {'address': 'email', 'value': address})['suppressions']
            if answered and not found:
                wrong.append(f'{address} is not suppressed any more')
            if found:
                self.suppressed[address] = True
            else:
                del self.suppressed[address]
        return wrong

    def _check_keys(self, caller):
        wrong = []
        for id, (text, state) in list(self.keys.items()):
            with_key = caller.server.caller(text)
            status = with_key.get('/v1/fields').status
            with_key.close()
            if status not in (200, 401) or (state == 'live' and status != 200) or \
                    (state == 'revoked' and status != 401):
                wrong.append(f'key {id} is {state}, and answers with {status}')
            if status == 401:
                del self.keys[id]  # it held; another look each round is not needed
            else:
                self.keys[id][1] = 'live'
        return wrong

    def _check_decisions(self, caller):
        if not self.decisions:
            return []
        first = min(entry for entry, _, _ in self.decisions)
        entries = {entry['seq']: entry
                   for entry in caller.pages('/v1/audit/entries', 'entries', after=first - 1)}
        erased = {person.id for person in self.persons
                  if any(state and state.buried for state in (person.state, person.pending))}
        wrong = []
        for seq, subject, allowed in self.decisions:
            entry = entries.get(seq)
            if not entry:
                wrong.append(f'audit entry {seq} of a decision is lost')
                continue
            told = [(one['subject'], one['allowed']) for one in entry.get('decisions', [])]
            if (subject, allowed) not in told and not (subject in erased and (None, allowed) in told):
                wrong.append(f'audit entry {seq} says {told}, not {(subject, allowed)}')
        return wrong

    def _check_imports(self, caller):
        wrong = []
        for id, brought in self.imports.items():
            now = caller.good('GET', f'/v1/imports/{id}')
            if now['offset'] < brought.offset or (brought.finished and now['state'] != 'finished'):
                wrong.append(f'import {id}: at {now["offset"]}, {now["state"]}, but {brought.offset} was answered')
            if now['state'] != 'finished':
                now = caller.good('POST', f'/v1/imports/{id}/rows?offset={now["offset"]}&last=true',
                                  brought.octets[now['offset']:], Content_Type='text/csv')
            came = sum(now['outcomes'][word] for word in ('created', 'updated', 'unchanged'))
            if now['state'] != 'finished' or came != len(brought.emails):
                wrong.append(f'import {id}: {now["state"]} with {now["outcomes"]} of {len(brought.emails)}')
            for email in brought.emails:
                found = caller.good('POST', '/v1/subjects/search', {'field': 'email', 'value': email})['subjects']
                if len(found) != 1:
                    wrong.append(f'import {id}: {email} is there {len(found)} times')
        self.imports.clear()
        return wrong

    def _check_tables(self, data):
        """What the API does not show.  keys.db: a set holds the evidence key and one for each section;
        more is left only where a call was cut off and undone, until the person is changed again."""
        wrong = []
        valv = sqlite3.connect(f'file:{data}/valv.db?mode=ro', uri=True)
        keys = sqlite3.connect(f'file:{data}/keys.db?mode=ro', uri=True)
        for name, base in (('valv.db', valv), ('keys.db', keys)):
            sound = base.execute('PRAGMA quick_check').fetchone()[0]
            if sound != 'ok':
                wrong.append(f'{name}: {sound}')
        if valv.execute('SELECT count(*) FROM key_trim').fetchone()[0]:
            wrong.append('keys that were to be destroyed are still there')
        last, count = valv.execute('SELECT max(seq), count(*) FROM entry').fetchone()
        if last != count:
            wrong.append(f'{count} audit entries, and the last one is {last}')
        if last < self.entry_max:
            wrong.append(f'the audit log ended at {self.entry_max} and ends at {last} now')
        self.entry_max = last
        changes = {}
        for subject, body in valv.execute("SELECT subject, body FROM entry WHERE subject > 0 "
                                          "AND act IN (9, 11, 14, 15, 16, 36)"):  # audit/entry.h: changes
            changes.setdefault(subject, []).append(struct.unpack_from('<q', body)[0])
        spare = {bytes.fromhex(person.id.replace('-', '')) for person in self.persons if person.spare}
        if self.shared_spare:
            spare.add(bytes.fromhex(self.shared.replace('-', '')))
        sets = dict(keys.execute('SELECT subject, length(wrapped) FROM subject_key'))
        ledger = dict(valv.execute('SELECT subject, count(*) || "/" || max(seq) FROM ledger GROUP BY subject'))
        for no, id, version, record, state in valv.execute('SELECT no, id, version, record, state FROM subject'):
            told = sorted(changes.get(no, []))
            if told != list(range(1, version + 1)) and not (state == 2 and told == [version]):  # audit/forget.h: O1
                wrong.append(f'{id.hex()}: version {version}, but audit entries of {changes.get(no)}')
            acts = ledger.get(no, '0/0').split('/')
            if acts[0] != acts[1]:
                wrong.append(f'{id.hex()}: ledger of {acts[0]} acts ends at {acts[1]}')
            if state == 2:
                if no in sets or no in ledger or record:
                    wrong.append(f'{id.hex()}: erased, and something of it is left')
                continue
            sections = struct.unpack_from('<H', record, 1)[0] if record else 0
            held, rest = divmod(sets.get(no, 0) - KEYS_EMPTY, 36)
            if rest or held < sections + 1 or (held > sections + 1 and id not in spare):
                wrong.append(f'{id.hex()}: {sections} sections, {held} keys')
        stray = valv.execute('SELECT count(*) FROM lookup WHERE subject NOT IN (SELECT no FROM subject WHERE state = 1)')
        if stray.fetchone()[0]:
            wrong.append('lookups lead to nobody')
        stray = valv.execute('SELECT count(*) FROM ledger WHERE subject NOT IN (SELECT no FROM subject)')
        if stray.fetchone()[0]:
            wrong.append('acts of nobody')
        valv.close()
        keys.close()
        return wrong


KEYS_EMPTY = 4 + 24 + 16 + 4  # epoch, nonce, tag, count: crypto/keyring.h
