"""Power cuts while a backup is made: what stands in its place is whole, and what was acknowledged stands there.

A file of a backup is written once, and names persist in their order (model.h, M2).  So of all images that a
cut may leave at a moment the worst is the one with every name and nothing of what was not synced: a
backup that is whole there is whole in all of them, and no more need be looked at.  Whether it is durable when
it is answered is seen in the image with nothing that was not synced."""
import collections
import os

import pytest

import drive
from server import Server

CREATE, WRITE, TRUNCATE, SYNC, RENAME, UNLINK, SYNC_DIR, SEND = 2, 3, 4, 6, 7, 8, 11, 12  # trace.h


def read(path):
    octets, at = path.read_bytes(), 0
    while at < len(octets):
        size, kind, inode, _, length = drive.HEAD.unpack_from(octets, at)
        yield kind, inode, length, octets[at + drive.HEAD.size:at + size]
        at += size


class Worst:
    """All names, and of the files what was synced."""

    def __init__(self):
        self.name, self.dirty, self.size = {}, set(), collections.Counter()
        self.unsynced_names, self.placed, self.durable = set(), [], set()

    def step(self, kind, inode, length, octets):
        path = octets.rstrip(b'\0').decode('utf-8', 'replace') if kind in (CREATE, UNLINK, SYNC_DIR) else ''
        if kind == CREATE:
            self.name[path] = inode
            self.unsynced_names.add(path)
        elif kind in (WRITE, TRUNCATE):
            self.dirty.add(inode)
            self.size[inode] += len(octets)
        elif kind == SYNC:
            self.dirty.discard(inode)
        elif kind == UNLINK:
            self.name.pop(path, None)
        elif kind == SYNC_DIR:
            self.unsynced_names -= {each for each in self.unsynced_names if os.path.dirname(each) == path.rstrip('/')}
            self.durable |= {each for each in self.placed if os.path.dirname(each) == path.rstrip('/')}
        elif kind == RENAME:
            self.rename(*[part.decode() for part in octets.split(b'\0')[:2]])

    def rename(self, before, after):
        for path in [each for each in self.name if each == before or each.startswith(before + '/')]:
            self.name[after + path.removeprefix(before)] = self.name.pop(path)
            if path in self.unsynced_names:
                self.unsynced_names.remove(path)
                self.unsynced_names.add(after + path.removeprefix(before))
        self.placed.append(after)

    def wrong(self):
        """Files of backups in their places that the worst image lacks something of."""
        inside = [path for path in self.name if any(path.startswith(each + '/') for each in self.placed)]
        return [path for path in inside if self.name[path] in self.dirty or path in self.unsynced_names]


def record(folder, lose=None):
    """The trace of three backups, each as a whole."""
    base = drive.Base(folder / 'base', 'backup', people=6)
    to, keys, trace = folder / 'to', folder / 'keys', folder / 'trace'
    to.mkdir()
    keys.mkdir()
    env = {'LD_PRELOAD': str(drive.RECORDER), 'VALV_RECORD': str(trace), 'VALV_RECORD_DIRS': f'{to}:{keys}'}
    if lose:
        env['VALV_RECORD_LOSE'] = lose
    server = Server(base.dir, folder / 'logs', binary=str(drive.BINARY))
    server.start(env=env)
    caller = server.caller()
    made = [caller.good('POST', '/v1/admin/backups', {'data': str(to), 'keys': str(keys), 'full': True})
            for _ in range(3)]
    server.stop()
    return trace, made


def look(trace):
    """(what is wrong, how many moments were looked at, backups in their places)"""
    worst, wrong, moments, answered = Worst(), [], 0, False
    for kind, *record_ in read(trace):
        worst.step(kind, *record_)
        moments += 1
        wrong += worst.wrong()
        if kind == SEND and worst.placed:
            answered = True
            wrong += [f'{each} is answered and not durable' for each in worst.placed if each not in worst.durable]
    assert answered
    return wrong, moments, worst.placed


def test_what_stands_in_its_place_is_whole_and_what_is_answered_stands_there(tmp_path):
    trace, made = record(tmp_path)
    wrong, moments, placed = look(trace)
    assert not wrong, wrong[:5]
    assert len(placed) == 2 * len(made) and moments > 150
    names = {os.path.basename(each[part]) for each in made for part in ('data', 'keys')}
    assert {os.path.basename(each) for each in placed} == names


@pytest.mark.parametrize('lose', ['list', 'manifest', '/'])
def test_a_sync_that_is_missing_is_found(tmp_path, lose):
    """'/': those of directories."""
    trace, _ = record(tmp_path, lose)
    assert look(trace)[0]


@pytest.mark.parametrize('digit', '07f')
def test_a_piece_that_is_not_synced_is_found(tmp_path, digit):
    """Pieces are called by their hashes: now and then none ends in that digit, and then nothing is missing."""
    trace, made = record(tmp_path, digit)
    missing = any(name.endswith(digit) for each in made for part in ('data', 'keys') for name in os.listdir(each[part]))
    assert bool(look(trace)[0]) == missing
