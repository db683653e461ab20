"""A restore on a disk that fails or is full: it says so and leaves nothing that opens, and the next one is whole."""
import errno
import os
import shutil
import subprocess

import pytest

from disk import SYNC, WRITE, Shim
from people import define
from server import BINARY, Server

SAMPLES = 12
STOPPED = 70  # after a failed sync (os/file.h)


def letters(n):
    return {'values': {'email': f'r{n}@example.org', 'name': 'Res Tore'},
            'grounds': [{'purpose': 'letters', 'language': 'sv', 'method': 'web_form'}]}


class Lost:
    """A backup, and the root key and ledger of the vault that it was made of."""

    def __init__(self, folder):
        self.folder = folder
        server = Server(folder / 'vault', folder / 'logs').init()
        server.start()
        caller = server.caller()
        define(caller)
        self.ids = [caller.good('POST', '/v1/subjects', letters(n))['id'] for n in range(60)]
        self.backup = caller.good('POST', '/v1/admin/backups', {'data': str(folder / 'to'), 'keys': str(folder / 'keys')})
        for id in self.ids[::2]:
            caller.good('POST', f'/v1/subjects/{id}/erasure', {})
        server.stop()
        self.server = server

    def place(self, name):
        """An empty place with the root key, and a copy of the ledger beside it."""
        data = self.folder / name / 'data'
        data.mkdir(parents=True)
        shutil.copy(self.server.data / 'root.key', data)
        shutil.copytree(f'{self.server.data}.facts', f'{data}.facts')
        return data

    def restore(self, data, env=None):
        return subprocess.run([str(BINARY), 'restore', '--data', str(data), '--from', self.backup['data'], '--keys-from',
                               self.backup['keys']], env={**os.environ, **(env or {})}, capture_output=True, text=True, timeout=120)

    def whole(self, data):
        server = Server(data, data.parent / 'logs')
        server.start()
        caller = server.caller()
        for n, id in enumerate(self.ids):
            assert caller.post(f'/v1/subjects/{id}/erasure/preview', {}).status == (200 if n % 2 else 410)
        assert server.verify()['findings'] == []
        server.stop()


@pytest.fixture(scope='module')
def lost(tmp_path_factory):
    return Lost(tmp_path_factory.mktemp('lost'))


@pytest.mark.parametrize('where', ['data', 'data.facts'])
@pytest.mark.parametrize('operation,error', [(WRITE, errno.EIO), (WRITE, errno.ENOSPC), (SYNC, errno.EIO)])
def test_a_restore_on_a_bad_disk_leaves_nothing_that_opens(lost, tmp_path, operation, error, where):
    name = f'{tmp_path.name}'
    data = lost.place(f'{name}-all')
    shim = Shim(tmp_path, data.parent / where)
    shim.arm(operation, error, after=1 << 40)
    assert lost.restore(data, shim.env).returncode == 0
    total = shim.seen
    assert total > 0
    for n in sorted({n * (total - 1) // (SAMPLES - 1) for n in range(SAMPLES)}):
        data = lost.place(f'{name}-{n}')
        shim = Shim(tmp_path, data.parent / where)
        shim.arm(operation, error, after=n, times=1 if error == errno.EIO else -1)
        done = lost.restore(data, shim.env)
        shim.disarm()
        if done.returncode == 0:  # it was not needed: what is left for the next start is finished there
            lost.whole(data)
            continue
        assert done.returncode in (1, STOPPED) and done.stderr.startswith('valv: ') or done.returncode == STOPPED, (n, done)
        assert not (data / 'valv.db').exists() or (data / 'sealed').exists(), (n, done)
        done = lost.restore(data)
        assert done.returncode == 0, (n, done)
        lost.whole(data)
