"""kill -9 during load: nothing that was answered is lost, and nothing is half done.

VALV_CRASHES kills at random moments on one growing store, then kills at every named point of the
source (store/fault.h).  VALV_SEED repeats a campaign as far as the machine's timing lets it.
"""
import os
import pathlib
import random
import re
import threading

import pytest

from journal import Journal
from load import Load
from people import define
from server import BINARY, TOP, Dead, Server

CRASHES = int(os.environ.get('VALV_CRASHES', '20'))
SEED = os.environ.get('VALV_SEED') or str(random.SystemRandom().randrange(1 << 32))
SANITIZED = b'__asan_init' in pathlib.Path(BINARY).read_bytes() if os.path.exists(BINARY) else False
OPEN_SECONDS = 20 if SANITIZED else 2


class Campaign:
    own = []

    def __init__(self, folder, seed):
        self.own.append(self)
        self.server = Server(folder / 'vault', folder / 'logs').init()
        self.seed = seed
        self.journal = Journal()
        self.load = Load(self.server, self.journal, seed)
        self.slowest = 0
        self.server.start()
        define(self.server.caller())
        self.load.begin()
        self.server.kill()

    def crash_in_load(self, until, rotate_after=None):
        join = self.load.run(until, rotate_after)
        self.server.kill()
        join()

    def look(self, everybody=False):
        """Restarts and holds the store to the journal."""
        self.slowest = max(self.slowest, self.server.start())
        caller = self.server.caller()
        wrong = [f'valv verify: {finding}'[:300] for finding in self.server.verify()['findings']]
        wrong += self.journal.check(caller, self.server.data, everybody)
        caller.close()
        assert not wrong, '\n'.join(wrong[:20] + [f'{len(wrong)} in all; seed {self.seed}',
                                                  self.server.stderr[-2000:]])
        assert self.slowest <= OPEN_SECONDS, f'opened in {self.slowest:.2f} s'


@pytest.fixture(autouse=True)
def nobody_left():
    """Servers of campaigns that one test made for itself end with it."""
    Campaign.own.clear()
    yield
    for campaign in Campaign.own:
        campaign.server.kill()


@pytest.fixture(scope='module')
def campaign(tmp_path_factory):
    print(f'VALV_SEED={SEED}')
    campaign = Campaign(tmp_path_factory.mktemp('kill'), SEED)
    yield campaign
    campaign.server.kill()
    print(f'{CRASHES} kills; {campaign.load.done} calls were answered, {campaign.load.rotations} rotations; '
          f'{len(campaign.journal.persons)} persons; slowest start {campaign.slowest:.2f} s')


@pytest.mark.parametrize('turn', range(CRASHES))
def test_a_kill_under_load_loses_nothing_and_leaves_no_half(campaign, turn):
    chance = random.Random(f'{SEED}/{turn}')
    server = campaign.server
    server.kill()
    if chance.random() < 0.15:  # while it starts: what recovery does is cut short, too
        server.spawn()
        try:
            server.process.wait(chance.uniform(0, 0.3 if SANITIZED else 0.05))
        except Exception:  # pylint: disable=broad-except
            pass
        server.kill()
    campaign.slowest = max(campaign.slowest, server.start())
    rotate_after = chance.uniform(0, 0.4) if chance.random() < 0.3 else None
    campaign.crash_in_load(chance.uniform(0.05, 1.0), rotate_after)
    campaign.look(everybody=turn == CRASHES - 1)


# Not in this load: tests/fault/, tests/api/test_restore_cut.py, tests/unit/audit/tree_test.c.
ELSEWHERE = ('backup-', 'restore-', 'check-', 'renew-', 'tree-')


def named_points():
    """Every fault_point("…") of the source: a new one is tried without being listed here."""
    return sorted({name for path in (TOP / 'src').rglob('*.c')
                   for name in re.findall(r'fault_point\("([^"]+)"\)', path.read_text())
                   if not name.startswith(ELSEWHERE)})


def drive(load, point):
    """Load in which the point is reached."""
    return load.run(15, rotate_after=0.3 if point.startswith('rotate') else None)


# A rotation passes its points once each; its batches have a test of their own below.
@pytest.mark.parametrize('point,nth', [(point, nth) for point in named_points()
                                       for nth in ([1] if point.startswith('rotate') else [1, 2, 17, 50])])
def test_a_kill_at_a_named_point_loses_nothing_and_leaves_no_half(tmp_path, point, nth):
    campaign = Campaign(tmp_path, f'{SEED}/{point}/{nth}')
    try:
        campaign.server.start(env={'VALV_TEST_KILL': f'{point}:{nth}'})
    except Dead as error:  # a start writes, too
        assert 'ended with -9' in str(error)
    else:
        join = drive(campaign.load, point)
        status = campaign.server.process.poll()
        campaign.server.kill()
        join()
        assert status == -9, f'{point} was not reached {nth} times in 15 s (status {status})'
    campaign.look(everybody=True)
    # What was cut off can be done again, and ends.
    caller = campaign.server.caller()
    before = caller.good('POST', '/v1/admin/rotate')
    assert before['epoch'] >= 2
    assert campaign.server.verify()['findings'] == []
    campaign.server.stop()
    campaign.look(everybody=True)
    campaign.server.kill()


@pytest.mark.parametrize('batch', [1, 2, 3])
def test_a_rotation_that_is_cut_off_in_its_batches_can_be_run_again(tmp_path, batch):
    """More persons than one batch of store/keys.c takes."""
    campaign = Campaign(tmp_path, f'{SEED}/batch{batch}')
    server = campaign.server
    server.start()
    line = {'grounds': [{'purpose': 'orders', 'evidence': {'reference': 'o-1'}}]}
    people = crowd(server, 2100, line)
    server.kill()
    server.start(env={'VALV_TEST_KILL': f'rotate-batch:{batch}'})
    with pytest.raises(Dead):
        server.caller().good('POST', '/v1/admin/rotate')
    assert server.wait_end() == -9
    campaign.look()
    rotated = server.caller().good('POST', '/v1/admin/rotate')
    assert rotated['rewrapped'] >= len(people)
    assert server.verify()['findings'] == []
    server.kill()
    campaign.look()
    found = server.caller().good('POST', '/v1/subjects/search', {'field': 'email', 'value': people[-1]})
    assert len(found['subjects']) == 1
    server.kill()


def test_withdrawals_while_checkpoints_are_taken_are_all_answered(tmp_path):
    """SQLite refuses the second of two checkpoints without waiting: once, a withdrawal was answered 503
    with its data gone and its key still there, because a rotation was checkpointing."""
    campaign = Campaign(tmp_path, f'{SEED}/checkpoints')
    server = campaign.server
    server.start()
    ids = []
    caller = server.caller()
    for n in range(60):
        ids.append(caller.good('POST', '/v1/subjects', {
            'values': {'email': f'c{n}@example.org'},
            'grounds': [{'purpose': 'letters', 'language': 'sv', 'method': 'web_form'}]})['id'])
    stop = threading.Event()

    def checkpoints():
        own = server.caller()
        while not stop.is_set():
            own.good('POST', '/v1/admin/checkpoint')
        own.close()

    threads = [threading.Thread(target=checkpoints) for _ in range(2)]
    for thread in threads:
        thread.start()
    answers = [caller.post(f'/v1/subjects/{id}/withdrawals', {}) for id in ids]
    stop.set()
    for thread in threads:
        thread.join()
    assert [answer for answer in answers if answer.status != 200] == []
    server.stop()


def crowd(server, count, line):
    """That many persons, made by several connections; their addresses."""
    from concurrent.futures import ThreadPoolExecutor
    addresses = [f'crowd.{n}@example.org' for n in range(count)]

    def make(part):
        caller = server.caller()
        for address in part:
            caller.good('POST', '/v1/subjects', {**line, 'values': {'email': address}})
        caller.close()

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(make, [addresses[n::16] for n in range(16)]))
    return addresses
