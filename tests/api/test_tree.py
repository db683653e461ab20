"""The Merkle tree over the audit log, as somebody sees it who does not trust this vault: with code that is not Valv's
(tests/tree/verify.go: golang.org/x/mod/sumdb), against whatever an operator could do to the data."""
import base64
import os
import pathlib
import random
import re
import shutil
import sqlite3
import subprocess
import time
import uuid

import pytest

from audit_log import newest
from client import Client
from conftest import VALV
from definitions import make_person, read
from lives import Vault

TREE = pathlib.Path(__file__).resolve().parents[1] / 'tree'


@pytest.fixture(scope='session')
def verifier(tmp_path_factory):
    """The verifier of tests/tree, built from Debian's packages, without a network."""
    program = tmp_path_factory.mktemp('verifier') / 'verify'
    env = {**os.environ, 'GO111MODULE': 'off', 'GOPATH': '/usr/share/gocode', 'GOFLAGS': '', 'GOPROXY': 'off',
           'GOCACHE': str(TREE.parents[1] / 'build/go-cache')}
    subprocess.run(['go', 'build', '-o', str(program), str(TREE / 'verify.go')], check=True, env=env, timeout=300)

    def verify(key, folder, *earlier):
        return subprocess.run([str(program), key, str(folder), *map(str, earlier)], capture_output=True, text=True,
                              timeout=120)

    return verify


def accepted(done):
    assert done.returncode == 0, done.stderr
    return done.stdout


def refused(done):
    assert done.returncode == 1 and done.stderr.startswith('verify: '), (done.returncode, done.stdout, done.stderr)


def size_of(note):
    return int(note.decode().split('\n')[1])


def sequenced(client, at_least):
    """A checkpoint over so many."""
    until = time.monotonic() + 30
    while True:
        reply = client.raw('GET', '/v1/audit/checkpoint')
        if reply.status == 200 and size_of(reply.body) >= at_least:
            return reply.body
        assert time.monotonic() < until, reply
        time.sleep(0.1)


def number_path(level, no, width):
    groups = re.findall('...', f'{no:0{-(-max(len(str(no)), 3) // 3) * 3}d}')
    return f'{level}/' + '/'.join(['x' + group for group in groups[:-1]] + groups[-1:]) + (f'.p/{width}' if width < 256 else '')


def tile_paths(size):
    """What a checkpoint of that size stands on."""
    level, count = 0, size
    for no in range(-(-size // 256)):
        yield number_path('entries', no, min(256, size - no * 256))
    while count:
        for no in range(-(-count // 256)):
            yield number_path(level, no, min(256, count - no * 256))
        level, count = level + 1, count // 256


def mirror(client, folder, note):
    folder.mkdir(exist_ok=True)
    (folder / 'checkpoint').write_bytes(note)
    for path in tile_paths(size_of(note)):
        reply = client.get(f'/v1/audit/tile/{path}')
        assert reply.status == 200 and reply.type == 'application/octet-stream', reply
        to = folder / 'tile' / path
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_bytes(reply.body)
    return folder


def leaves(folder):
    for path in sorted((folder / 'tile/entries').rglob('*')):
        data = path.read_bytes() if path.is_file() else b''
        while data:
            length = int.from_bytes(data[:2], 'big')
            yield data[2:2 + length]
            data = data[2 + length:]


@pytest.fixture(scope='session')
def auditor(make_key, operator):
    return Client(operator.where, operator.description, make_key(['audit']))


@pytest.fixture(scope='session')
def copy(auditor, app, operator, tmp_path_factory):
    """(key, folder, an earlier checkpoint): some hundred entries, and proofs of some."""
    id, _ = make_person(app)
    for _ in range(40):
        assert read(app, id).status == 200
    earlier = tmp_path_factory.mktemp('earlier') / 'checkpoint'
    earlier.write_bytes(sequenced(auditor, 1))
    for _ in range(300):
        assert read(app, id).status == 200
    note = sequenced(auditor, newest(auditor) - 5)
    folder = mirror(auditor, tmp_path_factory.mktemp('mirror') / 'log', note)
    for seq in (1, 2, 40, 256, 257, size_of(note)):
        reply = auditor.get(f'/v1/audit/entries/{seq}/proof')
        assert reply.status == 200 and reply.type == 'text/plain', reply
        (folder / f'{seq}.tlog-proof').write_bytes(reply.body)
    return auditor.get('/v1/audit/key').body.decode().strip(), folder, earlier


def test_a_verifier_that_is_not_ours_accepts_all_of_it(verifier, copy):
    key, folder, earlier = copy
    said = accepted(verifier(key, folder, earlier, folder / 'checkpoint'))
    assert said.endswith('2 earlier checkpoints, 6 proofs\n') and int(said.split()[0]) > 340


def test_and_finds_any_flipped_bit(verifier, copy, tmp_path):
    key, folder, earlier = copy
    files = [path.relative_to(folder) for path in folder.rglob('*') if path.is_file()]
    chance = random.Random(4)
    for turn in range(60):
        name = files[turn % len(files)] if turn < 2 * len(files) else chance.choice(files)
        bad = shutil.copytree(folder, tmp_path / f'{turn}')
        octets = bytearray((bad / name).read_bytes())
        at = chance.randrange(len(octets) * 8)
        octets[at // 8] ^= 1 << at % 8
        (bad / name).write_bytes(octets)
        done = verifier(key, bad, earlier)
        assert done.returncode == 1, f'{name}, bit {at}: {done.stdout}'
        shutil.rmtree(bad)


def test_and_what_is_dropped_moved_or_cut_off(verifier, copy, tmp_path):
    key, folder, earlier = copy
    name = 'tile/entries/000'
    whole = (folder / name).read_bytes()
    first = 2 + int.from_bytes(whole[:2], 'big')
    second = 2 + int.from_bytes(whole[first:first + 2], 'big')
    for turn, octets in enumerate((whole[first:], whole[first:first + second] + whole[:first] + whole[first + second:],
                                   whole[:-4], whole + whole[:first])):
        bad = shutil.copytree(folder, tmp_path / f'{turn}')
        (bad / name).write_bytes(octets)
        refused(verifier(key, bad, earlier))
    # An older copy does not fit what was signed later; another log's key does not fit at all.
    old = shutil.copytree(folder, tmp_path / 'old')
    later = tmp_path / 'later'
    later.write_bytes((folder / 'checkpoint').read_bytes())
    (old / 'checkpoint').write_bytes(earlier.read_bytes())
    for path in old.glob('*.tlog-proof'):
        path.unlink()
    refused(verifier(key, old, later))
    name, id, octets = key.split('+', 2)
    octets = base64.b64encode(base64.b64decode(octets)[:-1] + b'\0').decode()
    refused(verifier(f'{name}+{id}+{octets}', folder))


def test_the_leaves_hold_nothing_personal(copy, app, auditor):
    """Neither ids, nor numbers of persons: what is in clear is of the length that the form has."""
    _, folder, _ = copy
    everything = list(leaves(folder))
    for leaf in everything:
        fields = int.from_bytes(leaf[34:36], 'little')
        assert leaf[0] == 1 and len(leaf) == 36 + 2 * fields + 32
    numbers = [int.from_bytes(leaf[1:9], 'little') for leaf in everything]
    assert numbers == list(range(1, len(numbers) + 1))


def test_what_is_not_there_is_not_given(auditor, copy):
    size = size_of((copy[1] / 'checkpoint').read_bytes())
    for path in ('0/999', 'entries/999', '7/000', '8/000', '0/0', 'x', '0/000.p/0', '0/000.p/256', f'0/{size // 256 + 9:03d}.p/1',
                 '63/000', '0/x000/000', '1/000.p/200'):
        assert auditor.get(f'/v1/audit/tile/{path}').status == 404, path
    for seq in ('0', '-1', '99999999', '99999999999999999999', 'x', '01'):
        assert auditor.get(f'/v1/audit/entries/{seq}/proof').status == 404, seq


def test_another_scope_sees_none_of_it(make_key, api):
    key = make_key(['read', 'metrics', 'keys'])
    for path in ('checkpoint', 'key', 'tile/0/000', 'entries/1/proof'):
        assert api.get(f'/v1/audit/{path}', key=key).status == 403
        assert api.get(f'/v1/audit/{path}').status == 401


def test_reading_the_tree_makes_no_entry(auditor):
    before = newest(auditor)
    for path in ('checkpoint', 'key', 'tile/0/000', 'tile/entries/000', 'entries/1/proof'):
        assert auditor.get(f'/v1/audit/{path}').status == 200
    assert newest(auditor, before - 1) == before + 1  # of having read the list


def test_the_origin_is_a_setting(operator, auditor):
    for bad in ('', '/x', 'x/', 'a b', 'a+b', 'HTTPS://x', 'x' * 91, 7, None, 'å.example'):
        assert operator.put('/v1/settings/audit_origin', {'value': bad}).status == 422, bad
    old = auditor.get('/v1/audit/key').body
    assert operator.put('/v1/settings/audit_origin', {'value': 'vault.example/audit'}).status == 200
    key = auditor.get('/v1/audit/key').body.decode()
    assert key.startswith('vault.example/audit/') and key.encode() != old
    note = sequenced(auditor, newest(auditor))
    assert note.decode().split('\n')[0] == key.split('+')[0]


# --- a vault of its own: commands, erasure, tampering, restoring -----------------------------------------------------


def valv(vault, *words, status=0):
    done = subprocess.run([VALV, *words, '--data', str(vault.server.data)], capture_output=True, text=True,
                          env={**os.environ, **vault.env}, timeout=120)
    assert done.returncode == status, (words, done.returncode, done.stdout, done.stderr)
    return done.stdout if not status else done.stderr


def offline(vault, *words, status=0):
    return valv(vault, 'audit', 'verify', '--offline', *words, status=status)


def busy(vault, times=30):
    id, _ = make_person(vault.operator)
    for _ in range(times):
        assert read(vault.operator, id).status == 200
    return id


def test_commands_verify_prove_and_say_who_saw(vault, tmp_path):
    id = busy(vault)
    other, _ = make_person(vault.operator)
    sequenced(vault.operator, newest(vault.operator))
    key, kept = tmp_path / 'log.key', tmp_path / 'kept'
    key.write_text(valv(vault, 'audit', 'key'))
    assert 'are what was signed' in valv(vault, 'audit', 'verify', '--key', str(key), '--to', str(kept))
    busy(vault)
    time.sleep(1.5)
    said = valv(vault, 'audit', 'verify', '--key', str(key), '--checkpoint', str(kept))
    assert 'goes on from the earlier checkpoint' in said
    saw = valv(vault, 'audit', 'who-saw', id).splitlines()
    assert len(saw) == 31 and all('subject.read' in line and 'newsletter' in line for line in saw[1:])
    assert valv(vault, 'audit', 'who-saw', other) == 'Nobody looked.\n'
    seq = saw[5].split()[0]
    to = tmp_path / 'proof'
    assert f'Entry {seq} ' in valv(vault, 'audit', 'prove', seq, '--key', str(key), '--to', str(to))
    check = [VALV, 'audit', 'check', str(to), '--key', str(key)]
    assert 'subject.read' in subprocess.run(check, capture_output=True, text=True, check=True).stdout
    to.write_bytes(to.read_bytes().replace(b'index ', b'index 1'))
    assert subprocess.run(check, capture_output=True).returncode == 1
    assert 'does not hold' in valv(vault, 'audit', 'verify', '--key', str(key), '--checkpoint', str(tampered(kept, tmp_path)), status=1)
    valv(vault, 'audit', 'verify', '--key', 'valv/other+00000000+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k', status=1)
    valv(vault, 'audit', 'prove', '99999999', status=4)


def tampered(kept, folder):
    bad = folder / 'tampered'
    bad.write_bytes(kept.read_bytes().replace(b'\n', b'\n1', 1))  # of more entries than there were
    return bad


def change(vault, statement, *values):
    with sqlite3.connect(vault.server.data / 'valv.db') as db:
        changed = db.execute(statement, values).rowcount
    db.close()
    return changed


def flip(vault, table, column, where, chance):
    """One bit of a column, number, text or octets; what puts it back."""
    with sqlite3.connect(vault.server.data / 'valv.db') as db:
        (old,) = db.execute(f'SELECT {column} FROM {table} WHERE {where}').fetchone()
        if old is None:
            new = 1
        elif isinstance(old, int):
            new = old ^ (1 << chance.randrange(20, 30) if column == 'at' else 1 << chance.randrange(4))
        elif isinstance(old, str):
            octets = bytearray(old.encode())
            octets[chance.randrange(40)] ^= 1
            new = octets.decode('latin-1')
        else:
            octets = bytearray(old)
            octets[chance.randrange(len(octets))] ^= 1 << chance.randrange(8)
            new = bytes(octets)
        db.execute(f'UPDATE {table} SET {column} = ? WHERE {where}', (new,))
    db.close()
    return lambda: change(vault, f'UPDATE {table} SET {column} = ? WHERE {where}', old)


def test_whatever_an_operator_changes_in_the_store_is_found(vault, tmp_path):
    busy(vault, 300)
    kept = tmp_path / 'kept'
    sequenced(vault.operator, newest(vault.operator))
    valv(vault, 'audit', 'verify', '--to', str(kept))
    busy(vault, 5)
    time.sleep(1.5)
    vault.stop()
    assert 'of these 0 are about people who are erased' in offline(vault, '--checkpoint', str(kept))
    chance = random.Random(9)
    tried = [('entry', column) for column in ('at', 'actor_kind', 'actor', 'act', 'outcome', 'subject', 'purpose', 'body')]
    tried += [('tree_tile', 'hashes'), ('tree_bundle', 'leaves'), ('tree_checkpoint', 'note'), ('tree_checkpoint', 'size')]
    for table, column in tried:
        seq = chance.randrange(100, 300)
        where = {'entry': f'seq = {seq}', 'tree_tile': 'tree = 1 AND level = 0 AND no = 0',
                 'tree_bundle': 'tree = 1 AND no = 0', 'tree_checkpoint': 'tree = 1'}[table]
        back = flip(vault, table, column, where, chance)
        assert 'valv: ' in offline(vault, status=1), (table, column, seq)
        back()
    for statement in ('DELETE FROM entry WHERE seq = 150', 'UPDATE entry SET seq = 100000 WHERE seq = 150'):
        backup = (vault.server.data / 'valv.db').read_bytes()
        assert change(vault, statement) == 1
        assert 'order' in offline(vault, status=1)
        (vault.server.data / 'valv.db').write_bytes(backup)
    offline(vault, '--checkpoint', str(kept))
    vault.start()


def test_a_log_that_was_written_anew_does_not_fit_a_kept_checkpoint(vault, tmp_path):
    """Who has the keys can sign what they like; who kept a checkpoint sees it."""
    busy(vault, 40)
    kept, key = tmp_path / 'kept', tmp_path / 'key'
    sequenced(vault.operator, newest(vault.operator))
    key.write_text(valv(vault, 'audit', 'key'))
    valv(vault, 'audit', 'verify', '--key', str(key), '--to', str(kept))
    vault.stop()
    assert change(vault, "UPDATE entry SET actor = 4711 WHERE seq = 30") == 1
    for table in ('tree_tile', 'tree_bundle', 'tree_pack', 'tree_checkpoint'):
        change(vault, f'DELETE FROM {table}')
    change(vault, 'UPDATE tree SET size = 0, seq = 0')
    vault.start()
    sequenced(vault.operator, size_of(kept.read_bytes()))
    valv(vault, 'audit', 'verify', '--key', str(key))  # it fits itself
    assert 'earlier checkpoint' in valv(vault, 'audit', 'verify', '--key', str(key), '--checkpoint', str(kept), status=1)


def test_an_erasure_unlinks_and_the_tree_still_verifies(vault, verifier, tmp_path):
    gone, stays = busy(vault, 20), busy(vault, 20)
    note = sequenced(vault.operator, newest(vault.operator))
    earlier = tmp_path / 'earlier'
    earlier.write_bytes(note)
    reply = vault.operator.post(f'/v1/subjects/{gone}/erasure', {})
    assert reply.status == 200, reply
    time.sleep(2.5)
    mine = vault.operator.get(f'/v1/audit/entries?subject={gone}&limit=1000').json['entries']
    assert {entry['act'] for entry in mine} <= {'subject.erase', 'audit.read', 'refused'}
    assert vault.operator.get(f'/v1/audit/entries?subject={uuid.uuid4()}').json['entries'] == []  # who is nobody is not they
    theirs = vault.operator.get(f'/v1/audit/entries?subject={stays}&limit=1000').json['entries']
    assert sum(entry['act'] == 'subject.read' for entry in theirs) == 20
    every = [entry for entry in vault.operator.get('/v1/audit/entries?limit=1000').json['entries']]
    looks = [entry for entry in every if entry['act'] == 'subject.read']
    assert len(looks) == 40 and sum(entry['subject'] is None for entry in looks) == 20
    assert all(entry['fields'] and entry['purpose'] == 'newsletter' for entry in looks)  # that somebody looked, and at what
    key = vault.operator.get('/v1/audit/key').body.decode().strip()
    note = sequenced(vault.operator, size_of(note) + 1)
    accepted(verifier(key, mirror(vault.operator, tmp_path / 'log', note), earlier))
    assert vault.operator.post('/v1/admin/verify').json['findings'] == []
    vault.stop()
    assert re.search(r'of these [1-9]\d* are about people who are erased', offline(vault, '--checkpoint', str(earlier)))
    vault.start()


def test_after_a_restore_the_log_goes_on_under_another_origin(vault, tmp_path):
    busy(vault)
    sequenced(vault.operator, newest(vault.operator))
    backup = vault.backup()
    busy(vault)
    lost = sequenced(vault.operator, newest(vault.operator))
    vault.stop()
    vault.restore(backup)
    vault.start()
    note = sequenced(vault.operator, 1)
    assert note.split(b'\n')[0] != lost.split(b'\n')[0]
    entries = vault.operator.get('/v1/audit/entries?limit=1000').json['entries']
    restored = next(entry['restored'] for entry in entries if 'restored' in entry)
    assert note.decode().split('\n')[0].endswith('/' + restored['origin'])
    tree = restored['tree']
    assert lost.decode().split('\n')[0].endswith('/' + tree['id']) and 0 < tree['size'] < size_of(lost)
    assert vault.operator.post('/v1/admin/verify').json['findings'] == []
    proof = vault.operator.get('/v1/audit/entries/3/proof').body  # of the old tree, against its last checkpoint
    assert f'/{tree["id"]}\n{tree["size"]}\n{tree["root"]}\n'.encode() in proof
