"""Backups that are cut off, and disks that are full or fail under them: a backup is whole or not there, what
is left of others is taken away, and the vault goes on."""
import errno
import os

import pytest

from backups import Backup, half, whole
from disk import LINK, SYNC, WRITE, Shim, Small
from people import define
from server import Dead, Server

DAY = 86400


def letters(n):
    return {'values': {'email': f'b{n}@example.org', 'name': 'Back Up'},
            'grounds': [{'purpose': 'letters', 'language': 'sv', 'method': 'web_form'}]}


class Vault:
    def __init__(self, folder, to=None, keys=None):
        self.folder = folder
        self.to, self.keys = to or folder / 'b-to', keys or folder / 'b-keys'
        self.clock = folder / 'clock'
        self.clock.write_text('0 0')
        self.server = Server(folder / 'vault', folder / 'logs').init()

    def start(self, **env):
        self.server.start({'VALV_TEST_CLOCK': str(self.clock), **env})
        self.caller = self.server.caller()
        return self

    def fill(self, count=40):
        define(self.caller)
        self.ids = [self.caller.good('POST', '/v1/subjects', letters(n))['id'] for n in range(count)]
        return self

    def ask(self, **more):
        return self.caller.post('/v1/admin/backups', {'data': str(self.to), 'keys': str(self.keys), **more})

    def good(self, **more):
        answer = self.ask(**more)
        assert answer.status == 201, f'{answer}\n{self.server.stderr[-2000:]}'
        return answer.json

    def goes_on(self):
        answer = self.caller.post('/v1/decisions', {'subject': self.ids[0], 'purpose': 'letters', 'channel': 'email'})
        assert answer.status == 200, answer
        assert self.caller.post('/v1/subjects', letters(os.urandom(4).hex())).status == 201

    def all_whole(self):
        """Names of the pairs; every backup that stands in its place is whole."""
        for kind, place in (('data', self.to), ('keys', self.keys)):
            for backup in whole(place, kind):
                assert backup.wrong() is None, f'{backup.path}: {backup.wrong()}'
        return ({each.path.name.removeprefix('data-') for each in whole(self.to, 'data')},
                {each.path.name.removeprefix('keys-') for each in whole(self.keys, 'keys')})


@pytest.fixture(name='vault')
def a_vault(tmp_path):
    vault = Vault(tmp_path).start().fill()
    yield vault
    vault.server.kill()


# --- killed -----------------------------------------------------------------------------------------

def test_killed_at_each_step_it_is_whole_or_not_there(vault):
    first = vault.good()
    pieces = len(Backup(first['data']).pieces) + len(Backup(first['keys']).pieces)
    points = [f'backup-piece:{n}' for n in range(1, pieces + 1)]
    points += ['backup-keys-read', 'backup-written:1', 'backup-synced:1', 'backup-written:2', 'backup-synced:2',
               'backup-entry', 'backup-between']
    for point in points:
        before, _ = vault.all_whole()
        vault.server.kill()
        vault.start(VALV_TEST_KILL=point)
        with pytest.raises(Dead):
            vault.ask()
        assert vault.server.wait_end() == -9, point
        data, keys = vault.all_whole()
        assert data == before, f'{point}: data that was not acknowledged stands there'
        assert keys - data == set() or point == 'backup-between'
        assert half(vault.to, vault.keys), f'{point} left nothing: it was not there'
        vault.start()
        vault.good()
        assert not half(vault.to, vault.keys), f'what {point} left is still there'
        data, keys = vault.all_whole()
        assert data == keys and len(data) == len(before) + 1 + (point == 'backup-between'), point
    assert vault.server.verify()['findings'] == []


def test_killed_while_keys_are_destroyed_it_goes_on_with_that(vault):
    made = vault.good(keys_days=1)
    vault.server.kill()
    vault.start(VALV_TEST_KILL='backup-gone')
    vault.clock.write_text(f'{(DAY + 60) * 1000000}')
    with pytest.raises(Dead):
        vault.caller.post('/v1/admin/backups/prune', {})
    assert vault.server.wait_end() == -9
    assert not os.path.exists(made['keys']) and half(vault.keys)
    vault.start()
    vault.caller.good('POST', '/v1/admin/backups/prune', {})
    assert not half(vault.keys) and os.path.exists(made['data'])


def test_what_was_left_of_keys_does_not_outlive_them(vault):
    vault.server.kill()
    vault.start(VALV_TEST_KILL='backup-keys-read')
    with pytest.raises(Dead):
        vault.ask(keys_days=1)
    assert vault.server.wait_end() == -9
    assert half(vault.keys) and not whole(vault.keys, 'keys')
    vault.start()
    vault.caller.good('POST', '/v1/admin/backups/prune', {})
    assert half(vault.keys), 'it is not due yet'
    vault.clock.write_text(f'{(DAY + 60) * 1000000}')
    assert vault.caller.good('POST', '/v1/admin/backups/prune', {})['overdue'] == []
    assert not half(vault.keys)


# --- full -------------------------------------------------------------------------------------------

@pytest.mark.parametrize('which', ['to', 'keys'])
def test_a_full_disk_is_told_and_nothing_half_is_left(tmp_path, which):
    with Small(tmp_path / 'disk', 1) as small:
        vault = Vault(tmp_path, **{which: small.path / 'place'}).start().fill(200)
        vault.good()
        place = getattr(vault, which)
        kept = sorted(os.listdir(place))
        vault.fill(50) if which == 'keys' else None
        seen = set()
        for leave in (0, 4096, 8192, 16384, 32768, 65536, 98304):
            small.clear()
            small.fill(leave)
            answer = vault.ask(full=True)
            seen.add(answer.status)
            if answer.status == 201:
                break
            assert (answer.status, answer.slug, answer.json.get('member')) == \
                (507, 'full', '/data' if which == 'to' else '/keys'), f'{leave}: {answer}'
            assert 'backup' in answer.json['detail']
            assert sorted(os.listdir(place)) == kept and not half(vault.to, vault.keys), leave
            data, keys = vault.all_whole()
            assert data == keys and len(data) == 1
            vault.goes_on()
        assert 507 in seen
        small.clear()
        vault.good(full=True)
        vault.server.kill()


# --- failing ----------------------------------------------------------------------------------------

@pytest.fixture(name='failing')
def failing_places(tmp_path):
    vault = Vault(tmp_path)
    shim = Shim(tmp_path, tmp_path / 'b-')
    vault.start(**shim.env).fill()
    yield shim, vault
    vault.server.kill()


@pytest.mark.parametrize('operation', [WRITE, SYNC])
def test_wherever_the_disk_fails_nothing_half_is_left(failing, operation):
    shim, vault = failing
    vault.good()
    done = False
    for after in range(200):
        shim.arm(operation, errno.EIO, after)
        answer = vault.ask(full=True)
        shim.disarm()
        if not shim.failed:
            done = True
            break
        assert (answer.status, answer.slug) == (500, 'io'), f'{after}: {answer}'
        data, keys = vault.all_whole()
        assert data == keys and len(data) == 1 and not half(vault.to, vault.keys), f'{after}: {answer}'
        vault.goes_on()
    assert done and after > 15, f'{after} operations were seen'
    assert answer.status == 201
    assert vault.server.verify()['findings'] == []


def test_it_works_where_a_file_has_one_name_only(failing):
    shim, vault = failing
    first = vault.good()
    shim.arm(LINK, errno.EPERM, times=-1)
    second = vault.good()
    shim.disarm()
    assert shim.failed and second['shared'] == 0
    assert all(each.stat().st_nlink == 1 for each in Backup(first['data']).path.iterdir())
    third = vault.good()
    assert third['shared'] > 5
    data, keys = vault.all_whole()
    assert data == keys and len(data) == 3
