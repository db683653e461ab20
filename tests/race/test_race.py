"""Withdraw against concurrent use (I5): whatever begins after a withdrawal was answered is refused.

VALV_RACES rounds.  In each a person who has consented withdraws, at a random moment, while four other clients
ask for decisions, read, ask in batches and export, one call after another; race.c writes down when each call
began and ended.  Judged are the clocks, and the audit log, where no use may stand behind the withdrawal."""
import collections
import os
import pathlib
import random
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from people import ALL_SCOPES, define, make_key
from server import Server

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get('VALV_POWER', TOP / 'build/power'))
RACES = int(os.environ.get('VALV_RACES', '400'))
SEED = int(os.environ.get('VALV_SEED') or random.SystemRandom().randrange(1 << 32))
LANES, WINDOW_US = 4, 2000
USES = ('decide', 'read', 'batch', 'export')

Call = collections.namedtuple('Call', 'round kind sent received status allowed entry')


def calls_of(text):
    for line in text.splitlines():
        number, kind, *rest = line.split()
        yield Call(int(number), kind, *map(int, rest))


def judge(calls):
    """(wrong, counts): rounds in which a use began after the answer and was allowed."""
    rounds, wrong, counts = collections.defaultdict(list), [], collections.Counter()
    for call in calls:
        rounds[call.round].append(call)
    for number, made in rounds.items():
        answered = [call for call in made if call.kind == 'withdraw']
        assert len(answered) == 1 and answered[0].status == 200, answered
        sent, received = answered[0].sent, answered[0].received
        for call in made:
            if call.kind == 'withdraw':
                continue
            place = 'after' if call.sent > received else 'before' if call.received < sent else 'across'
            counts[f'{call.kind} {place} {"allowed" if call.allowed else "refused"}'] += 1
            if place == 'after' and call.allowed:
                wrong.append(f'round {number}: {call.kind}, {(call.sent - received) / 1000:.0f} us after the answer')
            if place == 'before' and not call.allowed:
                wrong.append(f'round {number}: {call.kind} was refused before the withdrawal was sent: {call}')
    return wrong, counts


def judge_log(entries, ids):
    """Where the audit log has a use behind the withdrawal, or a refusal for it before it.  A piece of a batch is
    answered from one view and recorded a moment later (decision 0084), so its entry may stand behind; that it
    did not begin later is for the clocks to say."""
    ids, withdrawn, wrong = set(ids), {}, []
    for entry in entries:
        if entry['act'] == 'ledger.act' and entry['outcome'] == 'done' and entry['subject'] in ids:
            withdrawn[entry['subject']] = entry['seq']
        uses = [(entry['subject'], entry['outcome'] == 'done')] if entry['act'] == 'subject.read' else [
            (one['subject'], one['allowed']) for one in entry.get('decisions', [])]
        for subject, allowed in uses:
            late = allowed and entry['act'] == 'decision.batch'
            if subject in ids and allowed == (subject in withdrawn) and not late:
                wrong.append(f'entry {entry["seq"]}: {entry["act"]} {"allowed behind" if allowed else "refused before"} '
                             f'the withdrawal')
    return wrong, len(withdrawn)


@pytest.fixture(name='vault')
def vault_that_serves(tmp_path):
    """(server, an operator's caller, text of a key)"""
    server = Server(tmp_path / 'vault', tmp_path / 'logs', binary=str(BUILD / 'src/main/valv')).init()
    server.start()
    caller = server.caller()
    define(caller)
    yield server, caller, make_key(caller, scopes=[*ALL_SCOPES, 'rights'])[1]
    server.kill()


def crowd(server, count):
    """Ids of so many persons who have consented."""
    def make(part):
        caller = server.caller()
        made = [caller.good('POST', '/v1/subjects', {
            'values': {'email': f'race.{n}@example.org', 'town': 'Mora'},
            'grounds': [{'purpose': 'letters', 'language': 'sv', 'method': 'web_form'}]})['id'] for n in part]
        caller.close()
        return made

    with ThreadPoolExecutor(8) as pool:
        return [id for part in pool.map(make, [range(n, count, 8) for n in range(8)]) for id in part]


def test_no_use_begins_after_a_withdrawal_was_answered(vault):
    server, caller, key = vault
    ids = crowd(server, RACES)
    started = time.monotonic()
    done = subprocess.run([str(BUILD / 'tests/race/race'), server.url.rsplit(':', 1)[1], key, str(LANES),
                           str(WINDOW_US), str(SEED)],
                          input='\n'.join(ids) + '\n', capture_output=True, text=True)
    took = time.monotonic() - started
    assert done.returncode == 0, done.stderr[-2000:]
    caller.close()  # it was idle for long
    wrong, counts = judge(calls_of(done.stdout))
    wrong_log, withdrawals = judge_log(caller.pages('/v1/audit/entries', 'entries'), ids)
    lines = [f'{RACES} withdrawals against {sum(counts.values())} uses in {took:.1f} s; seed {SEED}']
    for kind in USES:
        lines.append(f'{kind}: ' + ', '.join(f'{name.removeprefix(kind + " ")} {value}' for name, value in
                                             sorted(counts.items()) if name.startswith(kind + ' ')))
    lines.append(f'used after the answer: {len(wrong)}; out of order in the log: {len(wrong_log)}')
    print('\n'.join(lines))
    if 'VALV_REPORT' in os.environ:
        pathlib.Path(os.environ['VALV_REPORT']).write_text('\n'.join(lines) + '\n')
    assert wrong + wrong_log == []
    assert withdrawals == RACES
    for kind in USES:  # else nothing was raced
        assert counts[f'{kind} after refused'] >= RACES and counts[f'{kind} across allowed'] > 0, counts
    assert server.verify()['findings'] == []


# --- the judges themselves --------------------------------------------------------------------------

def test_a_use_that_begins_after_the_answer_is_seen():
    calls = [Call(0, 'withdraw', 100, 200, 200, 0, 0), Call(0, 'decide', 150, 260, 200, 1, 5)]
    assert judge(calls)[0] == []
    assert len(judge(calls + [Call(0, 'decide', 201, 260, 200, 1, 6)])[0]) == 1
    assert len(judge(calls + [Call(0, 'read', 10, 99, 403, 0, 0)])[0]) == 1
    assert judge(calls + [Call(0, 'decide', 201, 260, 200, 0, 6)])[0] == []


def test_a_use_behind_the_withdrawal_in_the_log_is_seen():
    act = {'seq': 2, 'act': 'ledger.act', 'outcome': 'done', 'subject': 'a'}
    read = {'act': 'subject.read', 'outcome': 'done', 'subject': 'a'}
    assert judge_log([{**read, 'seq': 1}, act], ['a']) == ([], 1)
    assert len(judge_log([act, {**read, 'seq': 3}], ['a'])[0]) == 1
    decision = {'act': 'decide', 'outcome': 'done', 'subject': None, 'decisions': [{'subject': 'a', 'allowed': True}]}
    assert len(judge_log([act, {**decision, 'seq': 3}], ['a'])[0]) == 1
