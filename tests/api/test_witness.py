"""Witnesses of the audit log: what they are asked, what of their answers is kept, and what it is good for to somebody who
trusts a few of them and not the vault.  The witness is not ours (witness.py), nor is the verifier (tests/tree/verify.go)."""
import os
import random
import re
import stat
import subprocess
import time

import pytest

from audit_log import newest
from client import Client
from conftest import ROOT, VALV
from lives import Vault
from staff import Crew
from test_tree import accepted, change, mirror, refused, sequenced, size_of, valv, verifier  # noqa: F401
from witness import ED25519, Witness, vkey

import definitions


def add(vault, *names):
    found = [Witness(name) for name in names]
    for witness in found:
        reply = vault.operator.post('/v1/audit/witnesses', {'key': witness.vkey})
        assert reply.status == 201 and reply.json['name'] == witness.name and reply.json['size'] == 0, reply
        witness.id = reply.json['id']
    return found


def settled(vault):
    """The newest checkpoint, over all that there is."""
    while True:
        reply = vault.operator.get('/v1/audit/checkpoint')
        time.sleep(1.3)
        if reply.status == 200 and vault.operator.get('/v1/audit/checkpoint').body == reply.body:
            return reply.body


def hand_in(client, note, **more):
    return client.post('/v1/audit/cosignatures', {'checkpoint': note.decode()}, **more)


def entries(vault):
    return vault.operator.get('/v1/audit/entries?limit=1000').json['entries']


# --- what comes back is kept, if it holds ----------------------------------------------------------------------------


def test_a_witness_that_is_not_ours_cosigns_and_a_verifier_that_is_not_ours_accepts(vault, verifier, tmp_path):  # noqa: F811
    """There and back as C2SP tlog-witness has it; then the Go verifier, with crypto/ed25519 for the cosignature."""
    first, second = add(vault, 'one.example/w', 'two.example/w')
    stranger = Witness('one.example/w')
    key = vault.operator.get('/v1/audit/key').body.decode().strip()
    for witness in (first, second):
        witness.trust(key)
    old = 0
    for turn in range(3):
        note = settled(vault)
        body = vault.operator.get(f'/v1/audit/witness-request/{old}').body
        assert body.startswith(f'old {old}\n'.encode()) and body.endswith(b'\n\n' + note)
        lines = b''
        for witness in (first, second):
            status, answer = witness.add_checkpoint(body)
            assert status == 200, (status, answer)
            lines += answer
        reply = hand_in(vault.operator, note + lines)
        assert reply.status == 200 and reply.json['kept'] == 2 and reply.json['passed_over'] == 0, reply
        assert reply.json['witnesses'] == [first.name, second.name] and reply.json['size'] == size_of(note)
        old = size_of(note)
        assert vault.operator.get('/v1/audit/checkpoint').body == note + lines  # R7: nothing grew by it
        if turn < 2:
            vault.operator.get('/v1/audit/entries?limit=1')
    given = vault.operator.get('/v1/audit/checkpoint?witnesses=2').body
    folder = mirror(vault.operator, tmp_path / 'log', given)
    words = [f'witness={witness.vkey}' for witness in (first, second)]
    accepted(verifier(key, folder, *words))
    refused(verifier(key, folder, f'witness={stranger.vkey}'))
    chance = random.Random(5)
    tail = given.rindex(b'\n\n') + 2
    for turn in range(20):  # any bit of the signatures, and of what they are over; but for unused bits of base64, which Go
        bad, at = bytearray(given), chance.randrange(tail if turn % 2 else 0, len(given))  # passes over, and Valv does not
        if b'=' in given[at:at + 3]:
            continue
        bad[at] ^= 1 << chance.randrange(6)
        (folder / 'checkpoint').write_bytes(bad)
        assert verifier(key, folder, *words).returncode == 1, bytes(bad)
    listed = vault.operator.get('/v1/audit/witnesses').json['witnesses']
    assert [row['size'] for row in listed] == [old, old] and all(row['cosigned_at'] for row in listed)


def test_what_does_not_hold_changes_nothing_and_says_why(vault):
    witness, other = add(vault, 'one.example/w', 'two.example/w')
    stranger = Witness('three.example/w')
    note = settled(vault)
    text = note.rsplit(b'\n\n', 1)[0] + b'\n'
    good, now = witness.cosign(note), int(time.time())
    bad = {
        'nobody': (note, 422), 'a stranger': (stranger.cosign(note), 422), 'twice': (witness.cosign(good), 422),
        'twice, two times': (witness.cosign(good, second=now - 9), 422), 'far in the future': (other.cosign(good, second=now + 400), 422),
        'no time': (other.cosign(good, second=0), 422), 'of something else': (good + other.line(b'x\n1\nAAAA\n'), 422),
        'no line': (good + b'hello\n', 422), 'no note': (b'hello\n', 422), 'too many': (good + stranger.line(text) * 15, 422),
        'the type of a log': (witness.cosign(note, type=ED25519), 422), 'not signed by the log': (text + b'\n' + witness.line(text), 409),
        'another origin': (witness.cosign(note.replace(b'valv/', b'other/')), 409),
        'another size': (witness.cosign(note.replace(b'\n%d\n' % size_of(note), b'\n%d\n' % (size_of(note) - 1), 1)), 409),
    }
    for what, (octets, status) in bad.items():
        reply = hand_in(vault.operator, octets)
        assert reply.status == status and reply.json['detail'], (what, reply)
        assert vault.operator.get('/v1/audit/checkpoint').body == note, what
        assert vault.operator.get('/v1/audit/checkpoint?witnesses=1').status == 404
    assert hand_in(vault.operator, b'x' * 16385).status == 422
    assert vault.operator.post('/v1/audit/cosignatures', {'checkpoint': 7}).status == 422
    chance = random.Random(7)
    for _ in range(60):
        octets = bytearray(good)
        octets[chance.randrange(len(good))] ^= 1 << chance.randrange(7)
        if not all(octet < 0x80 for octet in octets.replace('—'.encode(), b'')):
            continue
        reply = hand_in(vault.operator, bytes(octets))
        assert reply.status in (409, 422), (bytes(octets), reply)
    assert vault.operator.get('/v1/audit/checkpoint').body == note
    reply = hand_in(vault.operator, stranger.cosign(good))
    assert reply.status == 200 and (reply.json['kept'], reply.json['passed_over']) == (1, 1)
    assert vault.operator.get('/v1/audit/checkpoint').body == good


def test_an_earlier_checkpoint_may_come_back_late(vault):
    witness, other = add(vault, 'one.example/w', 'two.example/w')
    early = settled(vault)
    vault.operator.get('/v1/audit/entries?limit=1')
    late = settled(vault)
    assert hand_in(vault.operator, witness.cosign(late)).status == 200
    both = other.cosign(witness.cosign(early))
    assert hand_in(vault.operator, both).status == 200
    assert vault.operator.get('/v1/audit/checkpoint?witnesses=2').body == both
    assert vault.operator.get('/v1/audit/checkpoint?witnesses=1').body == witness.cosign(late, second=vault_second(vault, witness))
    for bad in ('16', '-1', 'x', ''):
        assert vault.operator.get(f'/v1/audit/checkpoint?witnesses={bad}').status == 400


def vault_second(vault, witness):
    """When it cosigned, as the vault says."""
    at = next(row['cosigned_at'] for row in vault.operator.get('/v1/audit/witnesses').json['witnesses'] if row['id'] == witness.id)
    return int(time.mktime(time.strptime(at[:19], '%Y-%m-%dT%H:%M:%S'))) - time.timezone


def test_a_request_is_from_where_the_witness_was(vault):
    size = size_of(settled(vault))
    assert vault.operator.get(f'/v1/audit/witness-request/{size}').body.startswith(b'old %d\n\n' % size)
    for bad in ('x', '-1', '01', '99999999999999999999'):
        assert vault.operator.get(f'/v1/audit/witness-request/{bad}').status == 404, bad
    assert vault.operator.get('/v1/audit/witness-request/999999').slug == 'conflict'


# --- who ---------------------------------------------------------------------------------------------------------------


def test_witnesses_come_and_go_with_an_entry_each(vault):
    witness, = add(vault, 'one.example/w')
    twin = vkey('twin.example/w', witness.public)
    assert vault.operator.post('/v1/audit/witnesses', {'key': witness.vkey}).slug == 'conflict'
    assert vault.operator.post('/v1/audit/witnesses', {'key': twin}).slug == 'conflict'  # one key, one word
    for bad in ('', 'x', 'a+00000000+BAAA', vkey('one.example/w', witness.public, ED25519), witness.vkey.replace('+', '+0', 1), 'x' * 300):
        reply = vault.operator.post('/v1/audit/witnesses', {'key': bad})
        assert reply.status == 422 and reply.json['member'] == '/key', (bad, reply)
    note = settled(vault)
    assert hand_in(vault.operator, witness.cosign(note)).status == 200
    before = newest(vault.operator)
    assert vault.operator.delete(f'/v1/audit/witnesses/{witness.id}').status == 204
    assert vault.operator.delete(f'/v1/audit/witnesses/{witness.id}').status == 404
    assert vault.operator.delete('/v1/audit/witnesses/x').status == 404
    assert vault.operator.get('/v1/audit/witnesses').json == {'witnesses': []}
    assert vault.operator.get('/v1/audit/checkpoint?witnesses=1').status == 404
    assert hand_in(vault.operator, witness.cosign(note)).status == 422
    said = [(entry['act'], entry['witness']) for entry in entries(vault) if 'witness' in entry]
    assert said == [('witness.add', witness.vkey), ('witness.remove', witness.vkey)]
    assert not any(entry['seq'] <= before and entry['act'] == 'witness.remove' for entry in entries(vault))


def test_no_more_than_fifteen(vault):
    add(vault, *(f'w{n}.example' for n in range(15)))
    reply = vault.operator.post('/v1/audit/witnesses', {'key': Witness('one.more').vkey})
    assert reply.slug == 'limit' and 'limit_witnesses' in reply.json['detail']


def test_what_each_may(server, description, api, operator, make_key):
    """To carry takes the scope that sees the tree; who counts as a witness is decided by people, freshly signed in."""
    witness = Witness(f'may{time.time_ns()}.example')
    auditor, other = api.using(make_key(['audit'])), api.using(make_key(['read', 'keys', 'metrics', 'define']))
    for method, path, body in (('GET', 'witnesses', None), ('GET', 'witness-request/0', None),
                               ('POST', 'cosignatures', {'checkpoint': 'x'}), ('POST', 'witnesses', {'key': witness.vkey}),
                               ('DELETE', 'witnesses/d0000000-0000-4000-8000-000000000001', None)):
        assert api.call(method, f'/v1/audit/{path}', body).status == 401
        assert other.call(method, f'/v1/audit/{path}', body).status == 403, path
        assert operator.call(method, f'/v1/audit/{path}?x=1', body).status == 400, path
    assert auditor.get('/v1/audit/witnesses').status == 200
    assert auditor.get('/v1/audit/witness-request/0').status == 200
    assert auditor.post('/v1/audit/witnesses', {'key': witness.vkey}).status == 403
    assert hand_in(auditor, b'x').status == 422
    api_types = api.using(make_key(['audit'])).call('POST', '/v1/audit/cosignatures', b'x', type='text/plain')
    assert api_types.status == 415
    assert auditor.call('POST', '/v1/audit/cosignatures', b'"' + b'x' * 300000 + b'"', type='application/json').status == 413


@pytest.fixture
def crew(vault):
    crew = Crew(vault.server, vault.description)
    yield crew
    crew.close()


def test_it_takes_two_people_to_register_one_and_to_take_one_away(vault, crew):
    administrator, stale = crew.join('administrator'), crew.join('administrator', fresh=False)
    second, witness = crew.join('dpo'), Witness('one.example/w')
    new = {'key': witness.vkey}
    assert stale.post('/v1/audit/witnesses', new).slug == 'step-up'
    asked = administrator.post('/v1/audit/witnesses', new)
    assert asked.status == 202 and administrator.get('/v1/audit/witnesses').json == {'witnesses': []}
    id = asked.json['approval']
    summary = next(row['summary'] for row in second.get('/v1/approvals').json['approvals'] if row['id'] == id)
    assert witness.vkey in summary  # whoever approves sees which
    assert second.post(f'/v1/approvals/{id}/approve', {}).status == 200
    made = administrator.post('/v1/audit/witnesses', new, headers={'Valv-Approval': id})
    assert made.status == 201, made
    path = f'/v1/audit/witnesses/{made.json["id"]}'
    asked = administrator.delete(path)
    assert asked.status == 202 and len(administrator.get('/v1/audit/witnesses').json['witnesses']) == 1
    assert second.post(f'/v1/approvals/{asked.json["approval"]}/approve', {}).status == 200
    assert administrator.delete(path, headers={'Valv-Approval': asked.json['approval']}).status == 204


# --- commands, a restore, shortening ---------------------------------------------------------------------------------


def carry(tmp_path):
    """The script of docs/audit.md, as it stands there."""
    text = (ROOT / 'docs/audit.md').read_text()
    lines = text[text.index('    #!/bin/sh\n'):].split('\n')
    script = tmp_path / 'carry'
    script.write_text('\n'.join(line[4:] for line in lines[:next(i for i, line in enumerate(lines) if line[:4].strip())]))
    script.chmod(stat.S_IRWXU)
    (tmp_path / 'valv').symlink_to(os.path.abspath(VALV))
    return script


def test_commands_and_the_script_of_the_document(vault, tmp_path):
    witness, other = Witness('one.example/w'), Witness('two.example/w')
    (tmp_path / 'one.key').write_text(witness.vkey + '\n')
    assert 'one.example/w counts' in valv(vault, 'audit', 'witness-add', str(tmp_path / 'one.key'))
    valv(vault, 'audit', 'witness-add', other.vkey)
    key = valv(vault, 'audit', 'key').strip()
    witness.trust(key)
    url, script = witness.serve(), carry(tmp_path)
    env = {**os.environ, **vault.env, 'VALV_DATA': str(vault.server.data), 'PATH': f'{tmp_path}:{os.environ["PATH"]}'}

    def run(name='one.example/w'):
        return subprocess.run([str(script), name, url], capture_output=True, text=True, env=env, timeout=120)

    sequenced(vault.operator, newest(vault.operator))
    done = run()
    assert done.returncode == 0 and 'cosigned by one.example/w.' in done.stdout, done
    newest(vault.operator)  # the log grows
    settled(vault)
    assert run().returncode == 0
    change_seen = witness.logs[key.split('+')[0]][1]
    vault.stop()  # what came back last is lost: the witness says where it is
    change(vault, 'DELETE FROM cosignature')
    vault.start()
    settled(vault)
    done = run()
    assert done.returncode == 0 and witness.logs[key.split('+')[0]][1] > change_seen, done
    assert run('nobody.example').returncode == 4
    table = valv(vault, 'audit', 'witnesses').splitlines()
    assert len(table) == 3 and 'one.example/w' in table[1] and table[2].split()[-1] == '-'
    note = tmp_path / 'note'
    valv(vault, 'audit', 'checkpoint', '--witnesses', '1', '--to', str(note))
    assert note.read_text().count('— one.example/w ') == 1
    valv(vault, 'audit', 'checkpoint', '--witnesses', '2', status=4)
    both = tmp_path / 'both'
    both.write_bytes(other.cosign(note.read_bytes()))
    assert 'one.example/w, two.example/w' in valv(vault, 'audit', 'cosign', str(both))
    valv(vault, 'audit', 'cosign', str(tmp_path / 'one.key'), status=1)
    assert 'does not count any more' in valv(vault, 'audit', 'witness-remove', 'two.example/w')
    valv(vault, 'audit', 'witness-remove', 'two.example/w', status=4)
    valv(vault, 'audit', 'witness-request', '--for', 'x', '--old', '1', status=2)
    witness.close()


def test_verify_refuses_what_too_few_have_cosigned(vault, tmp_path):
    one, two, three = add(vault, 'one.example/w', 'two.example/w', 'three.example/w')
    key = valv(vault, 'audit', 'key').strip()
    verify = ('audit', 'verify', '--key', key)
    note = settled(vault)
    keys = ('--witness', one.vkey, '--witness', two.vkey, '--witness', three.vkey)
    assert 'cosigned by 3' in valv(vault, *verify, *keys, status=1)
    assert hand_in(vault.operator, two.cosign(one.cosign(note))).status == 200
    newest(vault.operator)
    later = settled(vault)
    assert hand_in(vault.operator, three.cosign(later)).status == 200
    said = valv(vault, *verify, *keys, '--quorum', '2')
    assert f'The first {size_of(note)} entries are what 2 of 3 witnesses cosigned' in said
    assert f'{size_of(later)} entries' in valv(vault, *verify, '--witness', three.vkey)
    # Of those with one cosignature the newest is not by one.example; one with more is.
    assert f'The first {size_of(note)} entries' in valv(vault, *verify, '--witness', one.vkey)
    assert 'cosigned by 3' in valv(vault, *verify, *keys, status=1)
    assert 'cosigned by 2' in valv(vault, *verify, '--witness', one.vkey, '--witness', three.vkey, status=1)
    stranger = tmp_path / 'stranger.key'
    stranger.write_text(Witness('stranger.example').vkey)
    assert 'cosigned by 1' in valv(vault, *verify, '--witness', str(stranger), status=1)
    for wrong in (('--witness', one.vkey, '--witness', one.vkey), ('--quorum', '1'), (*keys, '--quorum', '4'), ('--witness', key)):
        valv(vault, *verify, *wrong, status=2)
    vault.stop()
    assert 'what 2 of 3 witnesses cosigned' in valv(vault, 'audit', 'verify', '--offline', *keys, '--quorum', '2')
    assert 'cosigned by 3' in valv(vault, 'audit', 'verify', '--offline', *keys, status=1)
    # Whoever has the keys writes the log anew: their own checkpoint fits it, and what was cosigned does not.
    assert change(vault, 'UPDATE entry SET actor = 4711 WHERE seq = 3') == 1
    for table in ('tree_tile', 'tree_bundle', 'tree_pack', 'tree_checkpoint'):
        change(vault, f'DELETE FROM {table}')
    change(vault, 'UPDATE tree SET size = 0, seq = 0')
    vault.start()
    sequenced(vault.operator, size_of(later))
    valv(vault, *verify)
    assert 'the cosigned checkpoint' in valv(vault, *verify, *keys, '--quorum', '2', status=1)
    assert hand_in(vault.operator, one.cosign(later)).slug == 'conflict'
    status, _ = refusing(one, key, size_of(note), note).add_checkpoint(vault.operator.get(f'/v1/audit/witness-request/{size_of(note)}').body)
    assert status == 422  # the witness itself sees it


def refusing(witness, key, size, note):
    import base64
    witness.logs[key.split('+')[0]] = (key, size, base64.b64decode(note.split(b'\n')[2]))
    return witness


def test_a_restore_takes_witnesses_away_and_is_another_log_to_them(vault):
    witness, = add(vault, 'one.example/w')
    note = settled(vault)
    assert hand_in(vault.operator, witness.cosign(note)).status == 200
    backup = vault.backup()
    assert vault.operator.delete(f'/v1/audit/witnesses/{witness.id}').status == 204
    vault.stop()
    vault.restore(backup)
    vault.start()
    sequenced(vault.operator, 1)
    assert vault.operator.get('/v1/audit/witnesses').json == {'witnesses': []}  # it was taken away
    assert vault.operator.get('/v1/audit/checkpoint?witnesses=1').status == 404
    again, = add(vault, 'two.example/w')
    assert hand_in(vault.operator, again.cosign(note)).slug == 'conflict'  # of the log before
    again.trust(vault.operator.get('/v1/audit/key').body.decode().strip())
    settled(vault)
    status, line = again.add_checkpoint(vault.operator.get('/v1/audit/witness-request/0').body)
    assert status == 200 and hand_in(vault.operator, vault.operator.get('/v1/audit/checkpoint').body + line).status == 200
    assert vault.operator.post('/v1/admin/verify').json['findings'] == []


def test_another_origin_is_another_log(vault):
    witness, = add(vault, 'one.example/w')
    note = settled(vault)
    assert hand_in(vault.operator, witness.cosign(note)).status == 200
    assert vault.operator.put('/v1/settings/audit_origin', {'value': 'vault.example/audit'}).status == 200
    after = settled(vault)
    assert after.startswith(b'vault.example/audit/')
    assert vault.operator.get('/v1/audit/checkpoint?witnesses=1').status == 404
    assert hand_in(vault.operator, witness.cosign(note)).slug == 'conflict'
    assert hand_in(vault.operator, witness.cosign(after)).status == 200
    assert vault.operator.get('/v1/audit/checkpoint?witnesses=1').body.startswith(b'vault.example/audit/')
