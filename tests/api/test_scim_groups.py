"""Groups of an identity provider, and the roles that somebody here mapped them to."""
import pytest

from client import CANARY
from scim import GROUP, ISSUER, VALV_GROUP, Scim
from test_scim import NOBODY, Vault, error, provider, vault  # noqa: F401  (fixtures)


@pytest.fixture
def operator(vault):
    return vault.operator


def roles_of(operator, user):
    return {(r['role'], r['source']) for r in operator.get(f'/v1/staff/{user["id"]}').json['roles']}


def give(operator, group, *roles, purposes='*'):
    return operator.put(f'/v1/groups/{group["id"]}/roles', {'roles': [{'role': role, 'purposes': purposes} for role in roles]})


def test_a_group_comes_back_as_stored(provider):
    one, two = provider.make(), provider.make()
    made = provider.post('/Groups', {'schemas': [GROUP], 'displayName': 'Kundtjänst', 'externalId': 'g-1',
                                     'members': [{'value': one['id'], 'display': 'Anna', 'type': 'User'}, {'value': two['id']}, {'value': one['id']}]})
    assert made.status == 201 and made.header('Location') == '/scim/v2/Groups/' + made.json['id']
    got = provider.get('/Groups/' + made.json['id'])
    assert got.json == made.json and got.header('ETag') == got.json['meta']['version']
    assert got.json['displayName'] == 'Kundtjänst' and got.json['externalId'] == 'g-1'
    assert [m['value'] for m in got.json['members']] == [one['id'], two['id']]
    assert got.json['members'][0]['$ref'] == '/scim/v2/Users/' + one['id']
    user = provider.get('/Users/' + one['id']).json
    assert [g['value'] for g in user['groups']] == [made.json['id']] and user['groups'][0]['display'] == 'Kundtjänst'
    assert provider.get('/Groups/' + made.json['id'], headers={'If-None-Match': got.header('ETag')}).status == 304


def test_groups_are_found(provider):
    one = provider.make()
    group = provider.make_group(members=[one['id']])
    provider.make_group()
    for filter in (f'displayName eq "{group["displayName"]}"', f'id eq "{group["id"]}"',
                   f'displayName eq "{group["displayName"].upper()}" and members.value eq "{one["id"]}"', f'members[value eq "{one["id"]}"]'):
        found = provider.find(filter, '/Groups').json
        assert found['totalResults'] == 1 and found['Resources'] == [group], filter
        assert provider.search('/Groups', filter=filter).json == found
    # As Entra looks for a group.
    found = provider.find(f'displayName eq "{group["displayName"]}"', '/Groups', more='&excludedAttributes=members').json
    assert 'members' not in found['Resources'][0]
    assert provider.find(f'groups.value eq "{group["id"]}"').json['totalResults'] == 1
    error(provider.find('members.display eq "x"', '/Groups'), 400, 'invalidFilter')
    assert provider.find('id pr', '/Groups', more='&count=1&sortBy=displayName').json['itemsPerPage'] == 1


@pytest.mark.parametrize('change, status, scim_type', [
    ({'displayName': ''}, 400, 'invalidValue'), ({'displayName': None}, 400, 'invalidValue'), ({'members': [{'value': NOBODY}]}, 400, 'invalidValue'),
    ({'members': [{'value': CANARY}]}, 400, 'invalidValue'), ({'members': [{}]}, 400, 'invalidValue'), ({'members': [CANARY]}, 400, 'invalidValue'),
    ({'members': [{'value': NOBODY, 'type': 'Group'}]}, 400, 'invalidValue'), ({'roles': ['administrator']}, 400, 'invalidSyntax'), ({CANARY: 1}, 400, 'invalidSyntax'),
])
def test_groups_that_are_not_understood_are_refused(provider, change, status, scim_type):
    error(provider.post('/Groups', {'schemas': [GROUP], 'displayName': 'X', **change}), status, scim_type)


def test_a_name_is_given_to_one_group(provider):
    one, two = provider.make_group(), provider.make_group()
    error(provider.post('/Groups', {'schemas': [GROUP], 'displayName': one['displayName'].upper()}), 409, 'uniqueness')
    error(provider.patch('/Groups/' + two['id'], {'op': 'replace', 'path': 'displayName', 'value': one['displayName']}), 409, 'uniqueness')
    assert provider.patch('/Groups/' + one['id'], {'op': 'replace', 'value': {'id': one['id'], 'displayName': one['displayName'] + ' 2'}}).status == 200


def test_members_come_and_go(provider):
    one, two, three = (provider.make()['id'] for _ in range(3))
    group = provider.make_group(members=[one])
    path = '/Groups/' + group['id']

    def members():
        return [m['value'] for m in provider.get(path).json.get('members', [])]

    # Entra: adds with a list, removes with a list; Okta and the RFC: by filter.
    assert provider.patch(path, {'op': 'Add', 'path': 'members', 'value': [{'$ref': None, 'value': two}, {'value': one}]}).status == 200
    assert members() == [one, two]
    provider.patch(path, {'op': 'Remove', 'path': 'members', 'value': [{'$ref': None, 'value': one}, {'value': NOBODY}]})
    assert members() == [two]
    provider.patch(path, {'op': 'add', 'path': 'members', 'value': [{'value': three}]}, {'op': 'remove', 'path': f'members[value eq "{two}"]'})
    assert members() == [three]
    error(provider.patch(path, {'op': 'remove', 'path': f'members[value eq "{two}"]'}), 400, 'noTarget')
    error(provider.patch(path, {'op': 'add', 'path': 'members', 'value': [{'value': two}, {'value': NOBODY}]}), 400, 'invalidValue')
    error(provider.patch(path, {'op': 'replace', 'path': f'members[value eq "{three}"].value', 'value': two}), 400, 'mutability')
    assert members() == [three]
    provider.put(path, {'schemas': [GROUP], 'displayName': group['displayName'], 'members': [{'value': one}, {'value': two}]})
    assert members() == [one, two]
    provider.patch(path, {'op': 'remove', 'path': 'members'})
    assert members() == []
    error(provider.put(path, {'schemas': [GROUP]}), 400, 'invalidValue')
    for method in ('put', 'patch'):
        body = {'schemas': [GROUP], 'displayName': 'x'} if method == 'put' else {'op': 'replace', 'path': 'displayName', 'value': 'x'}
        assert getattr(provider, method)(path, body, headers={'If-Match': 'W/"1"'}).status == 412
    assert provider.delete(path, headers={'If-Match': 'W/"1"'}).status == 412
    assert provider.delete(path).status == 204 and provider.get(path).status == 404 and provider.delete(path).status == 404
    assert provider.patch(path, {'op': 'replace', 'path': 'displayName', 'value': 'x'}).status == 404
    assert provider.put(path, {'schemas': [GROUP], 'displayName': 'x'}).status == 404
    assert 'groups' not in provider.get('/Users/' + one).json


def test_a_group_gives_nothing_until_somebody_here_maps_it(provider, operator):
    anna = provider.make()
    group = provider.make_group(members=[anna['id']])
    assert roles_of(operator, anna) == set()
    for operation in ({'op': 'add', 'path': VALV_GROUP + ':roles', 'value': ['administrator']},
                      {'op': 'add', 'value': {VALV_GROUP: {'roles': ['administrator']}}}):
        error(provider.patch('/Groups/' + group['id'], operation), 400, 'mutability')
    provider.put('/Groups/' + group['id'], {**group, VALV_GROUP: {'roles': ['administrator']}})
    assert roles_of(operator, anna) == set()
    assert provider.client.put(f'/v1/groups/{group["id"]}/roles', {'roles': []}).status == 403


def test_roles_follow_the_groups(provider, operator):
    anna, bo = provider.make(), provider.make()
    one, two = provider.make_group(members=[anna['id']]), provider.make_group(members=[anna['id']])
    assert give(operator, one, 'marketer', purposes=['newsletter']).status == 200
    assert give(operator, two, 'marketer', 'auditor', purposes=['order']).json['roles'][0]['purposes'] == ['order']
    has = {r['role']: sorted(r['purposes']) for r in operator.get(f'/v1/staff/{anna["id"]}').json['roles']}
    assert has == {'marketer': ['newsletter', 'order'], 'auditor': ['order']}
    assert provider.get('/Groups/' + two['id']).json[VALV_GROUP] == {'roles': ['marketer', 'auditor']}
    assert provider.find(f'{VALV_GROUP}:roles eq "auditor" and id eq "{two["id"]}"', '/Groups').json['totalResults'] == 1

    provider.patch('/Groups/' + two['id'], {'op': 'add', 'path': 'members', 'value': [{'value': bo['id']}]},
                   {'op': 'remove', 'path': f'members[value eq "{anna["id"]}"]'})
    assert {r for r, _ in roles_of(operator, bo)} == {'marketer', 'auditor'} and len({s for _, s in roles_of(operator, bo)}) == 1
    assert {r for r, _ in roles_of(operator, anna)} == {'marketer'}
    provider.delete('/Groups/' + two['id'])
    assert roles_of(operator, bo) == set()
    assert give(operator, one).status == 200
    assert roles_of(operator, anna) == set()
    listed = [g for g in operator.get('/v1/groups?limit=1000').json['groups'] if g['id'] == one['id']]
    assert listed == [{'id': one['id'], 'name': one['displayName'], 'roles': [], 'version': listed[0]['version']}]


def test_mappings_that_are_wrong_are_refused(provider, operator):
    group = provider.make_group()
    assert operator.put(f'/v1/groups/{NOBODY}/roles', {'roles': []}).slug == 'absent'
    for roles in ([{'role': 'nothing', 'purposes': '*'}], [{'role': 'auditor', 'purposes': ['nothing']}], [{'role': 'auditor'}],
                  [{'role': 'auditor', 'purposes': '*'}] * 2, 'auditor', [{'role': 'auditor', 'purposes': '*'}] * 21):
        assert operator.put(f'/v1/groups/{group["id"]}/roles', {'roles': roles}).status == 422, roles


def test_who_left_has_no_roles_and_gets_those_of_the_groups_back(provider, operator):
    anna = provider.make()
    group = provider.make_group(members=[anna['id']])
    give(operator, group, 'auditor')
    assert {r for r, _ in roles_of(operator, anna)} == {'auditor'}
    provider.patch('/Users/' + anna['id'], {'op': 'replace', 'path': 'active', 'value': False})
    assert roles_of(operator, anna) == set()
    give(operator, group, 'auditor', 'marketer')
    assert roles_of(operator, anna) == set()
    provider.patch('/Users/' + anna['id'], {'op': 'replace', 'path': 'active', 'value': True})
    assert {r for r, _ in roles_of(operator, anna)} == {'auditor', 'marketer'}
    provider.delete('/Users/' + anna['id'])
    assert 'members' not in provider.get('/Groups/' + group['id']).json


def test_a_mapping_takes_two_people_where_there_are_two(make_server, description):
    vault = Vault(make_server(), description)
    vault.operator.put('/v1/settings/scim_issuer', {'value': ISSUER})
    provider = Scim(vault.api.using(vault.key(['scim'])))
    siv, group = provider.make(), provider.make_group()
    assert vault.operator.put(f'/v1/staff/{siv["id"]}/roles', {'roles': [{'role': 'dpo', 'purposes': '*'}]}).status == 200
    asked = give(vault.operator, group, 'auditor')
    assert asked.status == 202 and asked.json['approval'], asked
    assert vault.operator.get('/v1/groups').json['groups'][0]['roles'] == []
    assert vault.operator.put('/v1/settings/scim_issuer', {'value': 'https://other.example'}).status == 202
