"""Staff at the command line: accounts, roles, leaving, and what takes two people."""
import hashlib
import json
import subprocess

import pytest

import definitions
from conftest import VALV
from staff import Crew


@pytest.fixture(scope='module')
def crew(make_server, description):
    one = Crew(make_server(), description)
    definitions.put_all(one.operator)
    yield one
    one.close()


@pytest.fixture(scope='module')
def valv(crew):
    def run(*words, status=0):
        done = subprocess.run([VALV, *words, '--data', str(crew.server.data)], capture_output=True, text=True, timeout=60)
        assert done.returncode == status, (done.returncode, done.stdout, done.stderr)
        return done.stdout + done.stderr
    return run


def test_an_account_from_the_first_day_to_the_last(crew, valv):
    said = valv('staff', 'add', 'maja.prov', '--display-name', 'Maja Prov', '--email', 'maja@example.com')
    id = json.loads(valv('staff', 'list', '--json').splitlines()[-1])['staff'][-1]['id']
    assert id in said and 'no role yet' in said
    assert 'marketer' in valv('staff', 'roles', id, '--role', 'marketer', '--purpose', 'newsletter,order')
    roles = crew.operator.get(f'/v1/staff/{id}').json['roles']
    assert [(role['role'], sorted(role['purposes'])) for role in roles] == [('marketer', ['newsletter', 'order'])]
    line, = [line for line in valv('staff', 'list').splitlines() if id in line]
    assert 'maja.prov' in line and 'invited' in line and 'marketer' in line
    assert 'Roles from the next request on: -' in valv('staff', 'roles', id)
    assert '0 sessions' in valv('staff', 'end', id)
    assert crew.operator.get(f'/v1/staff/{id}').json['state'] == 'ended'
    assert 'no way to sign in' in valv('staff', 'return', id)
    assert 'customer-service' in valv('role', 'list')
    valv('staff', 'end', '00000000-0000-4000-8000-000000000000', status=4)
    valv('staff', 'end', 'maja', status=2)
    valv('staff', 'add', 'MAJA.PROV', status=1)
    valv('staff', 'roles', id, '--role', 'emperor', status=1)


def test_who_leaves_by_the_command_line_is_out(crew, valv):
    one = crew.join('developer')
    assert one.get('/v1/fields').status == 200
    assert '1 sessions' in valv('staff', 'end', one.id)
    assert one.get('/v1/fields').status == 401


def test_the_review_can_be_checked_with_what_everybody_has(valv):
    review = json.loads(valv('access-review'))
    signature = review.pop('signature')
    octets = json.dumps(review, sort_keys=True, separators=(',', ':'), ensure_ascii=False).encode()
    assert hashlib.sha256(octets).hexdigest() in signature['note']


def test_what_takes_two_is_said_and_done_with_the_approval(crew, valv):
    dpo = crew.join('dpo')
    said = valv('rotate', status=1)
    assert 'second person' in said
    id = said.split('--approval ')[1].split()[0]
    assert id in valv('approval', 'list', '--waiting')
    valv('rotate', '--approval', id, status=1)
    assert dpo.post(f'/v1/approvals/{id}/approve').status == 200
    valv('rotate', '--approval', id)
    assert id not in valv('approval', 'list', '--waiting')
    valv('rotate', '--approval', 'yes', status=2)
