"""VALV_LEAVERS people leave, in every way there is, while they and others are at work (V4, I5)."""
import os
import shutil
import subprocess

from client import Client
from leaver import CHUNK, WAYS, Vault, call, summary
from server import BINARY, Server

LEAVERS = int(os.environ.get('VALV_LEAVERS', '28'))


def report(text):
    with open(os.environ.get('VALV_REPORT', '/dev/stdout'), 'a') as file:
        print(text, file=file)


def test_nothing_that_begins_after_the_answer_succeeds():
    ways = list(WAYS)
    trials = []
    with Vault() as vault:
        for number in range(max(LEAVERS, len(ways))):
            trial = vault.trial(ways[number % len(ways)])
            assert trial.before >= 1 and trial.after >= 3, vars(trial)
            trials.append(trial)
    late = [(trial.way, trial.late) for trial in trials if trial.late]
    report(summary(trials, vault.rate)[0])
    assert not late, late
    assert max(trial.stray for trial in trials) <= CHUNK


def test_who_left_is_out_after_a_power_cut_and_after_an_older_backup(tmp_path):
    with Vault(load=False) as vault:
        crew, server = vault.crew, vault.server
        gone = [crew.join('dpo') for _ in range(4)]
        keys = [one.post('/v1/me/keys', {'name': 'own', 'scopes': ['read'], 'purposes': '*'}).json['key'] for one in gone]
        stays = crew.join('developer')
        made = crew.operator.post('/v1/admin/backups', {'data': str(tmp_path / 'data'), 'keys': str(tmp_path / 'keys')})
        assert made.status == 201, made
        for one, way in zip(gone, ('page', 'api', 'cli', 'scim: delete')):
            stand_in = type('T', (), {'vault': vault, 'where': server.url, 'id': one.id, 'user': {'id': one.id}})
            assert WAYS[way](stand_in)()
        server.kill()
        server.start()
        for one, key in zip(gone, keys):
            for token in (one.token, key):
                assert call(server.url, 'GET', '/v1/fields', Authorization=f'Bearer {token}')[0] == 401
        assert call(server.url, 'GET', '/v1/fields', Authorization=f'Bearer {stays.token}')[0] == 200
        server.stop()
        life = tmp_path / 'restored'
        shutil.copytree(f'{server.data}.facts', tmp_path / 'facts')
        done = subprocess.run([BINARY, 'restore', '--data', str(life), '--from', made.json['data'], '--keys-from', made.json['keys'],
                               '--facts', str(tmp_path / 'facts')], capture_output=True, text=True,
                              env={**os.environ, 'VALV_ROOT_KEY_FILE': str(server.data / 'root.key')})
        assert done.returncode == 0, done.stderr
        restored = Server(life, tmp_path)
        restored.start({'VALV_ROOT_KEY_FILE': str(server.data / 'root.key')})
        again = Client(str(restored.data / 'valv.sock'))
        for one, key in zip(gone, keys):
            for token in (one.token, key):
                assert call(restored.url, 'GET', '/v1/fields', Authorization=f'Bearer {token}')[0] == 401
            assert again.get(f'/v1/staff/{one.id}').json['state'] == 'ended'
        assert again.get(f'/v1/staff/{stays.id}').json['state'] == 'active'
        restored.stop()
