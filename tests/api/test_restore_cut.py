"""A restore that is killed: nothing serves what it left, and the next one there begins anew and ends well."""
import fcntl
import os
import re
import shutil
import subprocess

import pytest

import definitions
from conftest import ROOT, VALV, Server
from definitions import consent, make_person, read
from lives import Vault, act, erase, whole

PEOPLE = 230  # three pieces of a replay
SEALED = 'this store is being restored'


def named_points():
    """Every fault_point("…") of the source: a new one is tried without being listed here."""
    return sorted({name for path in (ROOT / 'src').rglob('*.c')
                   for name in re.findall(r'fault_point\("([^"]+)"\)', path.read_text())})


# What a restore passes often is cut at several of these times.
CUTS = [(point, nth) for point in named_points() if not point.startswith(('check-', 'backup-', 'renew-'))
        for nth in ((1, 3) if point.startswith('restore-') else (1, 4))]


@pytest.fixture(scope='module')
def lost(tmp_path_factory):
    """A vault that is gone, but for a backup and its ledger."""
    vault = Vault(tmp_path_factory.mktemp('cut') / 'vault').init().start()
    definitions.put_all(vault.operator)
    vault.ids = [make_person(vault.operator, None, [consent()])[0] for _ in range(PEOPLE)]
    vault.revoked, vault.text = vault.key()
    vault.saved = vault.backup()
    for n, id in enumerate(vault.ids[:-10]):
        if n % 2:
            erase(vault.operator, id)
        else:
            act(vault.operator, id, 'withdrawals', {'purpose': 'newsletter'})
    assert vault.operator.delete(f'/v1/keys/{vault.revoked}').status == 204
    vault.stop()
    yield vault


class Attempt:
    """Restores into one place, with a copy of the ledger."""

    def __init__(self, lost, folder, *more):
        self.lost, self.folder, self.more = lost, folder, more
        self.facts = folder / 'facts'
        if not more:
            shutil.copytree(lost.facts, self.facts)

    def run(self, kill=''):
        args = [VALV, 'restore', '--data', str(self.folder / 'data'), '--from', str(self.lost.saved[0]), '--keys-from',
                str(self.lost.saved[1]), '--facts', str(self.facts), *self.more]
        return subprocess.run(args, capture_output=True, text=True, timeout=120,
                              env={**os.environ, **self.lost.env, 'VALV_TEST_KILL': kill})

    def life(self):
        vault = Vault(self.folder, self.lost.description)
        vault.root, vault.env = self.lost.root, self.lost.env
        vault.server = Server(self.folder)
        return vault.start()


def look(vault, lost, with_facts=True):
    for n, id in enumerate(lost.ids):
        erased, withdrawn = n < PEOPLE - 10 and n % 2 and with_facts, n < PEOPLE - 10 and not n % 2 and with_facts
        if n % 10 < 2 or n >= PEOPLE - 10:
            assert read(vault.operator, id).status == (410 if erased else 422 if withdrawn else 200)
    assert read(vault.api.using(lost.text), lost.ids[-1]).status == (401 if with_facts else 200)
    whole(vault)


@pytest.mark.parametrize('point,nth', CUTS)
def test_a_killed_restore_is_sealed_and_can_be_run_again(lost, tmp_path, point, nth):
    attempt = Attempt(lost, tmp_path)
    done = attempt.run(f'{point}:{nth}')
    opened = point == 'restore-opened'
    if done.returncode == 0:  # it does not come so far, or not so often
        assert not (point.startswith('restore-') and nth == 1), done
    else:
        assert done.returncode == -9, done
        assert (tmp_path / 'data' / 'sealed').exists() != opened
        if not opened:
            said = subprocess.run([VALV, 'serve', '--data', str(tmp_path / 'data'), '--listen', '127.0.0.1:0'],
                                  capture_output=True, text=True, timeout=60, env={**os.environ, **lost.env})
            assert SEALED in said.stderr if (tmp_path / 'data/valv.db').exists() else said.returncode == 4, said
            again = attempt.run()
            assert again.returncode == 0, again
    vault = attempt.life()
    try:
        look(vault, lost)
    finally:
        vault.stop('kill')


@pytest.mark.parametrize('point', [point for point in named_points() if point.startswith('restore-')])
def test_one_without_the_ledger_too(lost, tmp_path, point):
    moment = lost.saved[0].name.removeprefix('data-')
    attempt = Attempt(lost, tmp_path, '--without-facts', '--accept-lost-withdrawals', moment)
    done = attempt.run(point)
    assert done.returncode == -9 or point in ('restore-persons', 'restore-wholes'), done
    if done.returncode and point != 'restore-opened':
        assert attempt.run().returncode == 0
    vault = attempt.life()
    try:
        look(vault, lost, with_facts=False)
    finally:
        vault.stop('kill')


def test_one_that_is_killed_again_and_again(lost, tmp_path):
    attempt = Attempt(lost, tmp_path)
    for point in ('restore-told', 'restore-attached', 'restore-persons:2', 'restore-closed', 'facts-durable', 'restore-told'):
        assert attempt.run(point).returncode == -9, point
    assert attempt.run().returncode == 0
    vault = attempt.life()
    try:
        look(vault, lost)
    finally:
        vault.stop('kill')


def test_two_restores_into_one_place(lost, tmp_path):
    attempt = Attempt(lost, tmp_path)
    assert attempt.run('restore-loaded').returncode == -9
    with open(tmp_path / 'data' / 'sealed', 'rb') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = attempt.run()
    assert done.returncode == 1 and 'another restore is under way' in done.stderr
    assert attempt.run().returncode == 0
    done = attempt.run()  # and over a vault that is there: never
    assert done.returncode == 1 and 'not empty' in done.stderr


def test_a_ledger_whose_renewal_was_killed_is_taken_up(tmp_path):
    vault = Vault(tmp_path / 'vault').init().start()
    definitions.put_all(vault.operator)
    id, _ = make_person(vault.operator, None, [consent()])
    erase(vault.operator, id)
    vault.stop()
    shutil.rmtree(vault.facts)
    renew = [VALV, 'facts', 'renew', '--data', str(vault.server.data), '--accept-void-backups']
    done = subprocess.run(renew, env={**os.environ, **vault.env, 'VALV_TEST_KILL': 'renew-made'}, timeout=60, check=False)
    assert done.returncode == -9
    assert subprocess.run(renew, env={**os.environ, **vault.env}, timeout=60, check=False).returncode == 0
    assert subprocess.run(renew, env={**os.environ, **vault.env}, timeout=60, check=False).returncode == 1
    vault.start()
    assert read(vault.operator, id).status == 410
    whole(vault)
    vault.stop()
