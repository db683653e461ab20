"""Every way in which a provider says that somebody left, with a session and keys alive before and dead after."""
import base64
import hashlib
import os
import sqlite3
import time
import uuid

import pytest

from client import Client
from scim import LEAVERS, USER, Scim, user
from test_scim import error, provider, vault  # noqa: F401  (fixtures)

COOKIE = '__Host-valv'


@pytest.fixture
def operator(vault):
    return vault.operator


@pytest.fixture
def hold(vault):
    """hold(user): what that user holds from now on."""
    return lambda user: Held(vault.api, vault.server, vault.operator, user)


class Held:
    """What somebody who works here holds: a session, a key of their own, a key of a program that they answer for."""

    def __init__(self, api, server, operator, user):
        self.api, self.operator, self.user = api, operator, user
        role = operator.put(f'/v1/staff/{user["id"]}/roles', {'roles': [{'role': 'auditor', 'purposes': '*'}]})
        assert role.status == 200, role
        self.token = self.session(server)
        assert self.with_cookie() == 200
        own = api.call('POST', '/v1/me/keys', {'name': 'own', 'scopes': ['audit'], 'purposes': '*'}, headers=self.cookie())
        program = operator.post('/v1/keys', {'name': 'program', 'scopes': ['metrics'], 'purposes': '*', 'owner': user['id']})
        assert own.status == 201 and program.status == 201, (own, program)
        self.keys = [own.json['key'], program.json['key']]

    def session(self, server):
        """As a sign-in makes it; these accounts sign in at their provider, which is not here."""
        token = 'valvs_' + base64.urlsafe_b64encode(os.urandom(32)).decode().rstrip('=')
        now = time.time_ns() // 1000
        base = sqlite3.connect(server.data / 'valv.db', timeout=30)
        with base:
            no, epoch = base.execute('SELECT no, epoch FROM staff WHERE id = ?', (uuid.UUID(self.user['id']).bytes,)).fetchone()
            base.execute('INSERT INTO session (digest, id, staff, epoch, method, made_at, proved_at, used_at, expires_at) '
                         'VALUES (?, ?, ?, ?, 8, ?, ?, ?, ?)',
                         (hashlib.blake2b(token.encode(), digest_size=32).digest(), uuid.uuid4().bytes, no, epoch, now, now, now,
                          now + 3600 * 10 ** 6))
        base.close()
        return token

    def cookie(self):
        return {'Cookie': f'{COOKIE}={self.token}', 'Sec-Fetch-Site': 'same-origin'}

    def with_cookie(self):
        return self.api.get('/v1/fields', headers=self.cookie()).status

    def statuses(self):
        return [self.with_cookie(), *(self.api.get('/v1/fields', key=key).status for key in self.keys)]


@pytest.mark.parametrize('how', LEAVERS)
def test_who_left_is_out_when_the_answer_comes(operator, provider, hold, how):
    user = provider.make()
    held = hold(user)
    assert held.statuses() == [200, 200, 200]
    reply = LEAVERS[how](provider, user)
    assert held.statuses() == [401, 401, 401]
    assert reply.status == (204 if how == 'delete' else 200), reply
    staff = operator.get(f'/v1/staff/{user["id"]}').json
    assert staff['state'] == 'ended' and staff['ended_at'] and staff['roles'] == []
    if how == 'delete':
        return
    assert reply.json['active'] is False
    found = provider.find(f'userName eq "{user["userName"]}"').json  # Entra asks so
    assert found['totalResults'] == 1 and found['Resources'][0]['active'] is False
    # Back to work: nothing of what was ended comes back.
    back = provider.patch('/Users/' + user['id'], {'op': 'Replace', 'path': 'active', 'value': 'True'})
    assert back.status == 200 and back.json['active'] is True
    assert held.statuses() == [401, 401, 401]
    staff = operator.get(f'/v1/staff/{user["id"]}').json
    assert staff['state'] == 'active' and staff['roles'] == []


def test_in_order_means_that_what_was_ended_between_stays_ended(operator, provider, hold):
    user = provider.make()
    held = hold(user)
    reply = provider.patch('/Users/' + user['id'], {'op': 'replace', 'path': 'active', 'value': False},
                           {'op': 'replace', 'path': 'active', 'value': True})
    assert reply.json['active'] is True and held.statuses() == [401, 401, 401]
    assert operator.get(f'/v1/staff/{user["id"]}').json['state'] == 'active'


def test_a_leaver_who_is_not_understood_stays_in_and_is_told_so(operator, provider, hold):
    """The failure to guard against is the other one: 200, and still in."""
    user = provider.make()
    held = hold(user)
    for operation in ({'op': 'Replace', 'path': 'aktiv', 'value': 'False'}, {'op': 'replace', 'value': {'Enabled': False}},
                      {'op': 'replace', 'path': 'active', 'value': 'no'}, {'op': 'test', 'path': 'active', 'value': False}):
        assert provider.patch('/Users/' + user['id'], operation).status == 400, operation
    assert held.statuses() == [200, 200, 200]


def test_what_does_not_take_away_leaves_everything(operator, provider, hold):
    user = provider.make()
    held = hold(user)
    for operation in ({'op': 'Replace', 'path': 'active', 'value': 'True'}, {'op': 'replace', 'path': 'displayName', 'value': 'B'},
                      {'op': 'add', 'path': 'emails', 'value': [{'value': 'b@example.com'}]}):
        assert provider.patch('/Users/' + user['id'], operation).status == 200
    assert held.statuses() == [200, 200, 200]


def test_a_second_end_is_fine(provider):
    user = provider.make()
    for _ in range(2):
        assert provider.patch('/Users/' + user['id'], {'op': 'replace', 'path': 'active', 'value': False}).json['active'] is False
    assert provider.delete('/Users/' + user['id']).status == 204
    error(provider.delete('/Users/' + user['id']), 404)


def test_a_user_may_come_inactive(operator, provider):
    user = provider.make(active='False')
    assert user['active'] is False and operator.get(f'/v1/staff/{user["id"]}').json['state'] == 'ended'


def test_a_deleted_user_is_gone_and_the_name_free(operator, provider):
    user = provider.make()
    assert provider.delete('/Users/' + user['id']).status == 204
    error(provider.get('/Users/' + user['id']), 404)
    error(provider.patch('/Users/' + user['id'], {'op': 'replace', 'path': 'active', 'value': True}), 404)
    for filter in (f'userName eq "{user["userName"]}"', f'externalId eq "{user["externalId"]}"', f'id eq "{user["id"]}"'):
        assert provider.find(filter).json['totalResults'] == 0, filter
    staff = operator.get(f'/v1/staff/{user["id"]}').json  # for whoever reads the log
    assert staff['state'] == 'ended' and staff['subject'] == user['externalId'] and staff['email'] is None
    assert staff['display_name']
    other = provider.make(userName=user['userName'])
    assert other['id'] != user['id']
    # Under its own subject it is the same account, begun anew.
    again = provider.make(externalId=user['externalId'])
    assert again['id'] == user['id'] and again['active'] is True
    assert operator.get(f'/v1/staff/{user["id"]}').json['state'] == 'active'


def test_accounts_of_others_are_out_of_reach(operator, provider):
    local = operator.post('/v1/staff', {'user_name': 'own.administrator@example.com'})
    assert local.status == 201, local
    id = local.json['id']
    error(provider.get('/Users/' + id), 404)
    error(provider.patch('/Users/' + id, {'op': 'replace', 'path': 'active', 'value': False}), 404)
    error(provider.put('/Users/' + id, {'schemas': [USER], 'userName': 'x', 'active': False}), 404)
    error(provider.delete('/Users/' + id), 404)
    assert provider.find('userName eq "own.administrator@example.com"').json['totalResults'] == 0
    assert provider.find(f'id eq "{id}"').json['totalResults'] == 0
    error(provider.post('/Groups', {'schemas': ['urn:ietf:params:scim:schemas:core:2.0:Group'], 'displayName': 'Own', 'members': [{'value': id}]}),
          400, 'invalidValue')
    assert operator.get('/v1/staff/' + id).json['state'] != 'ended'


def test_changes_and_looks_are_in_the_log_and_persons_are_not(operator, provider):
    after = operator.get('/v1/audit/entries?limit=1000').json
    while after['next']:
        after = operator.get(f'/v1/audit/entries?limit=1000&after={after["next"]}').json
    last = after['entries'][-1]['seq']
    user = provider.make(userName='kanarie.fagel@example.com', displayName='Kanarie Fagel')
    provider.find('userName eq "kanarie.fagel@example.com"')
    provider.patch('/Users/' + user['id'], {'op': 'replace', 'path': 'displayName', 'value': 'Kanarie'})
    provider.patch('/Users/' + user['id'], {'op': 'replace', 'path': 'active', 'value': False})
    provider.patch('/Users/' + user['id'], {'op': 'replace', 'path': 'active', 'value': True})
    group = provider.make_group('Kanarier', [user['id']])
    provider.delete('/Groups/' + group['id'])
    provider.delete('/Users/' + user['id'])
    page = operator.get(f'/v1/audit/entries?limit=1000&after={last}')
    acts = [e['act'] for e in page.json['entries']]
    for act in ('staff.make', 'staff.read', 'staff.change', 'staff.end', 'staff.return', 'group'):
        assert act in acts, (act, acts)
    assert all(e['actor']['kind'] == 'key' for e in page.json['entries'] if e['act'].startswith('staff.'))
    assert b'anarie' not in page.body


def test_staff_data_lies_sealed(vault, provider):
    provider.make(userName='zxcvbn.qwerty@example.com', displayName='Zxcvbn Qwerty', name={'givenName': 'Zxcvbn', 'familyName': 'Qwerty'},
                  externalId='zxcvbn-ext', emails=[{'value': 'zxcvbn.qwerty@example.com'}])
    provider.find('displayName co "Zxcvbn"')
    for file in [*vault.server.data.glob('*'), vault.server.log]:
        if file.is_file():
            assert b'xcvbn' not in file.read_bytes(), file


def test_without_an_issuer_nobody_is_kept(make_server, description):
    server = make_server()
    operator = Client(server.socket, description)
    key = operator.post('/v1/keys', {'name': 'scim', 'scopes': ['scim'], 'purposes': '*'}).json['key']
    early = Scim(Client(server.url, description, key))
    assert early.get('/ServiceProviderConfig').status == 200
    for reply in (early.get('/Users'), early.post('/Users', user()), early.get('/Groups'), early.search(), early.search('/Groups')):
        error(reply, 409)
    for value in ('valv', 'http://x.example', 'x', ''):
        assert operator.put('/v1/settings/scim_issuer', {'value': value}).status == 422, value
    assert operator.put('/v1/settings/scim_subject', {'value': 'email'}).status == 422
    assert operator.put('/v1/settings/scim_issuer', {'value': 'https://id.example.com'}).json['value'] == 'https://id.example.com'
    assert operator.put('/v1/settings/scim_subject', {'value': 'userName'}).json['value'] == 'userName'
    made = early.make(externalId=None)
    assert 'externalId' not in made
    assert operator.get(f'/v1/staff/{made["id"]}').json['subject'] == made['userName']
    error(early.patch('/Users/' + made['id'], {'op': 'replace', 'path': 'userName', 'value': 'other@example.com'}), 400, 'mutability')
    assert early.patch('/Users/' + made['id'], {'op': 'add', 'path': 'externalId', 'value': 'x'}).json['externalId'] == 'x'
