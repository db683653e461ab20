"""`valv audit follow`: the audit log as lines, for another system; each entry once, however often it is killed."""
import json
import os
import random
import signal
import subprocess
import time

import pytest

import definitions
from conftest import VALV
from definitions import make_person, read
from lives import Vault


def follow(vault, *words, to):
    return subprocess.Popen([VALV, 'audit', 'follow', '--data', str(vault.server.data), *map(str, words)], stdout=to,
                            stderr=subprocess.PIPE, env={**os.environ, **vault.env})


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def until(what, seconds=20):
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end
        time.sleep(0.1)


def stop(process, how=signal.SIGTERM):
    process.send_signal(how)
    process.wait(20)
    process.stderr.close()


def test_entries_come_as_they_are_made_in_order_and_once(vault, tmp_path):
    out, state = tmp_path / 'out', tmp_path / 'state'
    id, address = make_person(vault.operator)
    with out.open('wb') as to:
        process = follow(vault, '--state', state, to=to)
        for _ in range(40):
            assert read(vault.operator, id).status == 200
            time.sleep(0.02)
        until(lambda: sum(entry['act'] == 'subject.read' for entry in lines(out)) == 40)
        stop(process)
    found = lines(out)
    assert [entry['seq'] for entry in found] == list(range(1, len(found) + 1))
    assert int(state.read_text()) == found[-1]['seq'] and state.stat().st_mode & 0o777 == 0o600
    given = vault.operator.get('/v1/audit/entries?limit=1000').json['entries']
    assert given[:len(found)] == found  # what that key is given anyway, and nothing beyond
    assert address.split('@')[0] not in out.read_text()


def test_following_does_not_feed_on_itself(vault, tmp_path):
    """Two followers, and nobody else: each looks once, and is quiet then."""
    processes = []
    with (tmp_path / 'a').open('wb') as a, (tmp_path / 'b').open('wb') as b:
        processes = [follow(vault, to=a), follow(vault, to=b)]
        time.sleep(4)
        before = vault.operator.get('/v1/audit/entries?limit=1000').json['entries'][-1]['seq']
        time.sleep(6)
        after = vault.operator.get('/v1/audit/entries?limit=1000').json['entries'][-1]['seq']
        assert after - before <= 1, (before, after)  # that the first list was read
        for process in processes:
            stop(process)


def test_killed_at_any_moment_none_is_lost_and_the_state_is_never_ahead(vault, tmp_path):
    out, state = tmp_path / 'out', tmp_path / 'state'
    id, _ = make_person(vault.operator)
    chance = random.Random(3)
    with out.open('wb') as to:
        for turn in range(12):
            process = follow(vault, '--state', state, to=to)
            end = time.monotonic() + chance.uniform(0.05, 1.2)
            while time.monotonic() < end:
                assert read(vault.operator, id).status == 200
            stop(process, chance.choice((signal.SIGKILL, signal.SIGTERM)))
            printed = [entry['seq'] for entry in lines(out)]
            if state.exists():
                assert int(state.read_text()) <= printed[-1]
        process = follow(vault, '--state', state, '--once', to=to)
        assert process.wait(60) == 0
        process.stderr.close()
    printed = [entry['seq'] for entry in lines(out)]
    assert list(dict.fromkeys(printed)) == list(range(1, max(printed) + 1))
    assert printed[-1] == int(state.read_text())
    assert process.returncode == 0


def test_stopped_politely_each_comes_once(vault, tmp_path):
    out, state = tmp_path / 'out', tmp_path / 'state'
    id, _ = make_person(vault.operator)
    with out.open('wb') as to:
        for _ in range(6):
            process = follow(vault, '--state', state, to=to)
            for _ in range(30):
                assert read(vault.operator, id).status == 200
            time.sleep(0.6)
            stop(process)
        assert follow(vault, '--state', state, '--once', to=to).wait(60) == 0
    printed = [entry['seq'] for entry in lines(out)]
    assert printed == list(range(1, len(printed) + 1))


def test_where_it_begins_and_what_it_refuses(vault, tmp_path):
    out, state = tmp_path / 'out', tmp_path / 'state'

    def once(*words, status=0):
        with out.open('wb') as to:
            process = follow(vault, '--once', *words, to=to)
            said = process.communicate(timeout=60)[1].decode()
        assert process.returncode == status, said
        return lines(out), said

    every, _ = once()
    assert every[0]['seq'] == 1
    assert once('--after', 10)[0][0]['seq'] == 11
    assert once('--after', 10, '--state', state)[0][0]['seq'] == 11
    assert once('--after', 10, '--state', state)[0][0]['seq'] > 11  # the state knows better
    state.write_text('x\n')
    assert 'not a state' in once('--state', state, status=2)[1]
    once('--after', '-1', status=2)
    state.write_text('0\n')
    with (tmp_path / 'other').open('wb') as to:
        process = follow(vault, '--state', state, to=to)
        until(lambda: int(state.read_text()) > 0)
        assert 'another process' in once('--state', state, status=1)[1]
        vault.stop()
        assert process.wait(30) == 3  # whoever watches over it begins it again
        process.stderr.close()
    vault.start()
    with open('/dev/full', 'wb') as to:
        process = follow(vault, '--once', '--state', tmp_path / 'none', to=to)
        assert 'cannot be written' in process.communicate(timeout=60)[1].decode() and process.returncode == 1
    assert not (tmp_path / 'none').exists()
