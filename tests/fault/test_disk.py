"""A full disk and a failing disk: clear errors, nothing answered is lost, what must not wait works."""
import errno
import os
import random
import threading
import time

import pytest

from disk import ALLOCATE, SYNC, WRITE, Shim, Small
from journal import Journal
from load import Load
from people import define, make_key
from server import Dead, Server

SEED = os.environ.get('VALV_SEED') or str(random.SystemRandom().randrange(1 << 32))
RESERVE = 16 * 1024 * 1024  # store/store_parts.h


class Campaign:
    """A vault with a journal; see tests/crash."""

    def __init__(self, data, logs, seed, expected=(), env=None):
        self.server = Server(data, logs).init()
        self.journal = Journal()
        self.load = Load(self.server, self.journal, seed, clients=8, expected=expected)
        self.server.start(env)
        define(self.server.caller())
        self.load.begin()

    def wrong(self):
        caller = self.server.caller()
        caller.good('POST', '/v1/admin/sweep')  # what a failure left undone is finished by the next sweep
        wrong = [f'valv verify: {finding}'[:300] for finding in self.server.verify()['findings']]
        wrong += self.journal.check(caller, self.server.data)
        caller.close()
        return wrong

    def look(self):
        wrong = self.wrong()
        assert not wrong, '\n'.join(wrong[:20] + [f'{len(wrong)} in all; seed {self.load.seed}',
                                                  self.server.stderr[-2000:]])


# --- full -------------------------------------------------------------------------------------------


def letters(n):
    return {'values': {'email': f'f{n}@example.org', 'name': 'Full Disk'},
            'grounds': [{'purpose': 'letters', 'language': 'sv', 'method': 'web_form'}]}


def ask(caller, id):
    return caller.post('/v1/decisions', {'subject': id, 'purpose': 'letters', 'channel': 'email'})


@pytest.fixture(name='small')
def small_disk(tmp_path):
    with Small(tmp_path / 'disk', 96) as small:
        yield small


@pytest.fixture(name='full')
def full_vault(small, tmp_path):
    """(server, caller, ids of people, keys) on a disk that was just filled to the last page."""
    server = Server(small.path / 'vault', tmp_path / 'logs').init()
    server.start()
    caller = server.caller()
    define(caller)
    ids = [caller.good('POST', '/v1/subjects', letters(n))['id'] for n in range(150)]
    keys = [make_key(caller, f'k{n}', ['decide']) for n in range(20)]
    small.fill()
    yield server, caller, ids, keys
    server.kill()


def create_until_full(caller, prefix, most=200_000):
    """Ids that were answered, until the first problem, which must be the clear one."""
    made = []
    for n in range(most):
        body = letters(f'{prefix}.{n}')
        body['grounds'][0]['evidence'] = {'page': 'x' * 4000}  # so that it does not take all day
        answer = caller.post('/v1/subjects', body)
        if answer.status != 201:
            assert (answer.status, answer.slug) == (507, 'full'), answer
            assert answer.headers['Content-Type'].startswith('application/problem+json')
            assert 'disk' in answer.json['title']
            return made
        made.append(answer.json['id'])
    raise AssertionError('the disk does not get full')


def test_a_full_disk_is_said_clearly_and_keeps_what_was_answered(full):
    server, caller, ids, _ = full
    made = create_until_full(caller, 'a')
    for id in ids + made:
        answer = caller.get(f'/v1/subjects/{id}', Valv_Purpose='letters')
        # A read leaves an audit entry, or does not happen (I4).
        assert (answer.status, answer.slug) in ((200, None), (507, 'full')), answer
        answer = ask(caller, id)
        assert (answer.status, answer.slug) in ((200, None), (507, 'full')), answer
    assert caller.get('/v1/health').status == 200
    assert [create_until_full(caller, f'again{n}', 50) for n in range(5)] is not None
    server.kill()


def test_erasure_works_on_a_full_disk_and_stays_done(full):
    """The first of the year, too: it makes the key of the year."""
    server, caller, ids, _ = full
    create_until_full(caller, 'e')
    for id in ids:
        answer = caller.post(f'/v1/subjects/{id}/erasure')
        assert answer.status == 200 and answer.json['buried'], f'{answer}\n{server.stderr[-3000:]}'
    for again in range(2):
        for id in ids:
            answer = caller.get(f'/v1/subjects/{id}', Valv_Purpose='letters')
            assert answer.status in (410, 507), answer  # that somebody asked is written down, or said to be impossible
        if not again:
            server.kill()
            server.start()  # on the full disk
            caller = server.caller()
    server.kill()


def test_saying_no_works_on_a_full_disk_however_many_still_write(full):
    server, caller, ids, (live, *keys) = full
    create_until_full(caller, 'b')
    stop = threading.Event()
    odd = []

    def hammer(number):
        own = server.caller()
        n = 0
        while not stop.is_set():
            n += 1
            answer = own.post('/v1/subjects', letters(f'h{number}.{n}'))
            if (answer.status, answer.slug) not in ((201, None), (507, 'full')):
                odd.append(answer)
        own.close()

    threads = [threading.Thread(target=hammer, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    refused = []
    for n, id in enumerate(ids):
        what = n % 4
        if what == 0:
            answer = caller.post(f'/v1/subjects/{id}/withdrawals', {})
        elif what == 1:
            answer = caller.post(f'/v1/subjects/{id}/objections', {'purpose': 'letters'})
        elif what == 2:
            answer = caller.post(f'/v1/subjects/{id}/restriction', {'act': 'restricted', 'reason': 'accuracy'})
        else:
            answer = caller.post(f'/v1/subjects/{id}/consents', {'purpose': 'letters', 'act': 'withdrawn'})
        if answer.status != 200:
            refused.append((n, what, answer))
        if n < len(keys):
            answer = caller.delete(f'/v1/keys/{keys[n][0]}')
            if answer.status != 204:
                refused.append((n, 'key', answer))
        answer = caller.post('/v1/suppressions', {'address': 'email', 'value': f's{n}@example.org',
                                                  'scope': 'everything', 'source': 'complaint'})
        if answer.status != 204:
            refused.append((n, 'suppression', answer))
    for n in range(2000):  # many more than the reserve has room for in a log that only grows
        answer = caller.post('/v1/suppressions', {'address': 'email', 'value': f't{n}@example.org',
                                                  'scope': 'marketing', 'source': 'unsubscribe'})
        if answer.status != 204:
            refused.append((n, 'late', answer))
    stop.set()
    for thread in threads:
        thread.join()
    assert not refused, f'{len(refused)} refused, first {refused[:5]}\n{server.stderr[-3000:]}'
    assert not odd, odd[:5]
    revoked_are_refused(server, keys, live)  # at once, and after a crash
    server.kill()
    server.start()  # on the full disk
    caller = server.caller()
    revoked_are_refused(server, keys, live)
    for id in ids:
        answer = ask(caller, id)
        assert answer.status == 507 or answer.json['allowed'] is False, answer
    answer = caller.post(f'/v1/subjects/{ids[0]}/withdrawals', {})
    assert answer.status == 200, f'after a start on the full disk: {answer}'
    server.stop()


def revoked_are_refused(server, keys, live):
    assert server.caller(live[1]).get('/v1/fields').status == 200
    for _, text in keys:
        # 507: the refusal found no room for its audit entry, and is one all the same.
        assert server.caller(text).get('/v1/fields').status in (401, 507)


def test_a_no_that_is_said_again_is_heard_on_a_full_disk(full):
    """It finds nothing left to take back, and must not be taken for one of those who fill the disk."""
    server, caller, ids, _ = full
    create_until_full(caller, 'again')
    for _ in range(3):
        for path, body in (('withdrawals', {}), ('objections', {})):
            answer = caller.post(f'/v1/subjects/{ids[0]}/{path}', body)
            assert answer.status == 200, f'{path}: {answer}'
    assert caller.post('/v1/subjects', letters('late')).status == 507
    server.kill()


def test_it_recovers_by_itself_when_there_is_room_again(full, small):
    server, caller, ids, _ = full
    made = create_until_full(caller, 'c')
    for id in ids[:30]:
        assert caller.post(f'/v1/subjects/{id}/withdrawals', {}).status == 200
    process = server.process.pid
    small.clear()
    deadline = time.monotonic() + 10
    while (answer := caller.post('/v1/subjects', letters('room'))).status != 201:
        assert answer.status == 507 and time.monotonic() < deadline, answer
        time.sleep(0.1)
    assert ask(caller, ids[0]).json['allowed'] is False
    assert ask(caller, ids[100]).json['allowed'] is True
    for id in made:
        assert caller.get(f'/v1/subjects/{id}', Valv_Purpose='letters').status == 200
    assert server.process.pid == process and server.process.poll() is None
    assert (server.data / 'reserve').stat().st_size == RESERVE, 'the reserve is not there again'
    assert server.verify()['findings'] == []
    # and the next time it is full, the reserve is there again
    small.fill()
    create_until_full(caller, 'd')
    for id in ids[30:60]:
        assert caller.post(f'/v1/subjects/{id}/withdrawals', {}).status == 200
    small.clear()
    server.kill()
    server.start()
    assert server.verify()['findings'] == []


def test_load_on_a_disk_that_fills_up_again_and_again_loses_nothing(small, tmp_path):
    campaign = Campaign(small.path / 'vault', tmp_path / 'logs', SEED, expected=(503, 507))
    for _ in range(3):
        join = campaign.load.run(0.5)
        small.fill()
        time.sleep(1)
        small.clear()
        time.sleep(0.5)
        join()
        campaign.look()
    assert (507, 'full') in campaign.load.refused
    assert {one for one in campaign.load.refused} == {(507, 'full')}, set(campaign.load.refused)
    small.fill()
    join = campaign.load.run(0.5)
    campaign.server.kill()
    join()
    small.clear()
    campaign.server.start()
    campaign.look()
    campaign.server.kill()


# --- failing ----------------------------------------------------------------------------------------


@pytest.fixture(name='failing')
def failing_disk(tmp_path):
    data = tmp_path / 'vault'
    shim = Shim(tmp_path, data)
    campaign = Campaign(data, tmp_path / 'logs', f'{SEED}/{tmp_path.name}', expected=(500, 503, 507),
                        env=shim.env)
    yield shim, campaign
    campaign.server.kill()


@pytest.mark.parametrize('file', ['valv.db-wal', 'keys.db-wal', 'keys.db', '.facts/ledger', ''])
@pytest.mark.parametrize('after', [0, 1, 5, 40])
def test_a_failed_sync_stops_the_process_and_loses_nothing(failing, file, after):
    shim, campaign = failing
    server = campaign.server
    shim.arm(SYNC, errno.EIO, after, 1, file)
    join = campaign.load.run(15)
    assert shim.failed == 1, f'{file} was synced {shim.seen} times'
    status = server.wait_end(10)
    join()
    assert status == 70, f'ended with {status}\n{server.stderr[-2000:]}'
    assert 'fsync' in server.stderr
    shim.disarm()
    server.start()
    campaign.look()


@pytest.mark.parametrize('error', [errno.EIO, errno.ENOSPC])
@pytest.mark.parametrize('file', ['valv.db-wal', 'keys.db-wal', 'keys.db', ''])
@pytest.mark.parametrize('after,times', [(0, 1), (3, 1), (50, 2), (0, 200)])
def test_a_failed_write_is_never_answered_as_done(failing, file, error, after, times):
    shim, campaign = failing
    server = campaign.server
    shim.arm(WRITE | ALLOCATE, error, after, times, file)
    join = campaign.load.run(5, enough=lambda: shim.failed >= times)
    seen, failed = shim.seen, shim.failed
    shim.disarm()
    time.sleep(0.3)
    if server.process.poll() is None:  # it goes on without a restart
        answer = server.caller().post('/v1/subjects', letters('on'))
        assert answer.status == 201, answer
        join()
        campaign.look()
        server.kill()
    else:
        status = server.wait_end()
        join()
        assert status == 70, f'ended with {status}\n{server.stderr[-2000:]}'
    assert failed, f'{seen} writes were seen'
    server.start()
    campaign.look()


def test_syncs_happen_before_answers(failing):
    """As many groups, so many syncs at least: an answer without one would be a promise that a power
    cut breaks, which no kill -9 shows."""
    shim, campaign = failing
    shim.arm(SYNC, errno.EIO, 1 << 40, 1, 'valv.db-wal')
    caller = campaign.server.caller()
    for n in range(30):
        before = shim.seen
        assert caller.post('/v1/subjects', letters(f'sync{n}')).status == 201
        assert shim.seen > before, 'answered without a sync of the data'
    shim.arm(SYNC, errno.EIO, 1 << 40, 1, 'keys.db-wal')
    for n in range(30):
        before = shim.seen
        assert caller.post('/v1/subjects', letters(f'keys{n}')).status == 201
        assert shim.seen > before, 'answered without a sync of the keys'


def test_a_start_that_cannot_write_says_so(tmp_path):
    data = tmp_path / 'vault'
    Server(data, tmp_path / 'logs').init()
    shim = Shim(tmp_path, data)
    server = Server(data, tmp_path / 'logs')
    shim.arm(WRITE, errno.EIO, 0, -1, 'valv.db-wal')
    with pytest.raises(Dead):
        server.start(shim.env)
    assert 'valv: ' in server.stderr
    shim.disarm()
    server.start(shim.env)
    server.stop()
