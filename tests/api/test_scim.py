"""SCIM 2.0 (RFC 7643, 7644): discovery, users, groups, filters, PATCH, entity tags, errors, and what providers send."""
import itertools
import json
import threading
from urllib.parse import quote

import pytest

import definitions
from client import CANARY, Client
from scim import ENTERPRISE, GROUP, ISSUER, MESSAGES, URN_ACTIVE, USER, VALV_GROUP, Scim, entra_user, okta_user, user

NOBODY = '00000000-0000-4000-8000-000000000000'


class Vault:
    """A vault of its own: in that of the other tests, some settings take two people by now."""

    def __init__(self, server, description):
        self.server, self.names = server, itertools.count()
        self.operator, self.api = Client(server.socket, description), Client(server.url, description)
        definitions.put_all(self.operator)

    def key(self, scopes):
        made = self.operator.post('/v1/keys', {'name': f'key{next(self.names)}', 'scopes': scopes, 'purposes': '*'})
        assert made.status == 201, made
        return made.json['key']


@pytest.fixture(scope='session')
def vault(make_server, description):
    return Vault(make_server(), description)


@pytest.fixture(scope='session')
def provider(vault):
    """A client with a key of the scope scim, for a vault whose issuer is set."""
    assert vault.operator.put('/v1/settings/scim_issuer', {'value': ISSUER}).status == 200
    return Scim(vault.api.using(vault.key(['scim'])))


@pytest.fixture
def anna(provider):
    return provider.make()


def error(reply, status, scim_type=None):
    assert (reply.status, reply.json.get('scimType')) == (status, scim_type), reply
    return reply


# --- discovery ------------------------------------------------------------------------------------

def test_the_configuration_says_what_holds(provider):
    config = provider.get('/ServiceProviderConfig').json
    assert config['patch']['supported'] and config['filter'] == {'supported': True, 'maxResults': 200}
    assert config['sort']['supported'] and config['etag']['supported']
    assert not config['bulk']['supported'] and not config['changePassword']['supported']
    assert config['authenticationSchemes'][0]['type'] == 'oauthbearertoken'


def test_resource_types_and_schemas_are_listed_and_found(provider):
    types = provider.get('/ResourceTypes').json
    assert types['totalResults'] == 2 and [t['endpoint'] for t in types['Resources']] == ['/Users', '/Groups']
    for each in types['Resources']:
        assert provider.get('/ResourceTypes/' + each['id']).json == each
    schemas = provider.get('/Schemas').json
    assert {s['id'] for s in schemas['Resources']} == {USER, GROUP, ENTERPRISE, VALV_GROUP}
    for each in schemas['Resources']:
        assert provider.get('/Schemas/' + each['id']).json == each
    error(provider.get('/ResourceTypes/Device'), 404)
    error(provider.get('/Schemas/urn:example:none'), 404)


def test_what_is_not_kept_is_declared(provider):
    attributes = {a['name']: a for a in provider.get('/Schemas/' + USER).json['attributes']}
    assert 'roles' not in attributes and 'entitlements' not in attributes
    for name in ('title', 'password', 'phoneNumbers', 'addresses', 'nickName'):
        assert (attributes[name]['mutability'], attributes[name]['returned']) == ('writeOnly', 'never'), name
        assert 'not kept' in attributes[name]['description'], name
    assert attributes['userName']['required'] and attributes['userName']['uniqueness'] == 'server'
    for a in provider.get('/Schemas/' + ENTERPRISE).json['attributes']:
        assert a['returned'] == 'never'


def test_what_this_server_says_of_itself_is_not_filtered(provider):
    for path in ('/ServiceProviderConfig', '/ResourceTypes', '/Schemas'):
        error(provider.get(path + '?filter=' + quote('id pr')), 403)
        assert provider.get(path + '?startIndex=1&count=5').status == 200


def test_bulk_and_me_are_not_there(provider):
    for path in ('/Bulk', '/Me', '/Users/x/y', ''):
        reply = provider.client.raw('GET', '/scim/v2' + path, headers=[('Authorization', f'Bearer {provider.client.key}')])
        assert reply.status == 404, (path, reply)


# --- who may ---------------------------------------------------------------------------------------

def test_only_a_key_of_the_scope_gets_in(vault, provider):
    other = Scim(vault.api.using(vault.key(['read', 'keys', 'audit'])))
    for each, status in ((Scim(vault.api), 401), (other, 403)):
        assert each.get('/Users').status == status
        assert each.post('/Users', user()).status == status
        assert each.delete(f'/Users/{NOBODY}').status == status
        assert each.get('/ServiceProviderConfig').status == status


def test_a_scim_key_may_nothing_else(provider):
    for path in ('/v1/keys', '/v1/staff', '/v1/audit/entries', '/v1/groups'):
        assert provider.client.get(path).status == 403, path


def test_other_media_types_are_refused(provider):
    body = json.dumps(user()).encode()
    assert provider.post('/Users', body, type='application/json').status == 201
    assert provider.post('/Users', json.dumps(user()).encode(), type='application/scim+json; charset=utf-8').status == 201
    for type in ('text/plain', 'application/xml', 'application/scim+json; charset=latin-1', 'application/merge-patch+json'):
        error(provider.post('/Users', json.dumps(user()).encode(), type=type), 415)


# --- making and reading ------------------------------------------------------------------------------

def test_a_user_comes_back_as_stored(provider):
    sent = user(displayName='Anna B', preferredLanguage='sv-SE')
    made = provider.post('/Users', sent)
    assert made.status == 201
    got = provider.get('/Users/' + made.json['id'])
    assert got.json == made.json and got.header('ETag') == made.header('ETag') == got.json['meta']['version']
    assert made.header('Location') == got.json['meta']['location'] == '/scim/v2/Users/' + got.json['id']
    for name in ('userName', 'externalId', 'name', 'active', 'emails', 'displayName', 'preferredLanguage'):
        assert got.json[name] == sent[name], name
    assert got.json['meta']['resourceType'] == 'User' and got.json['meta']['created'].endswith('Z')


def test_entra_and_okta_make_their_users(provider):
    sent = entra_user()
    made = provider.post('/Users', sent)
    assert made.status == 201 and not {'title', 'addresses', 'phoneNumbers', 'roles', ENTERPRISE} & made.json.keys()
    assert made.json['emails'] == sent['emails'] and made.json['name'] == sent['name']
    sent = okta_user()
    made = provider.post('/Users', sent)
    assert made.status == 201 and 'password' not in made.json and made.json['emails'][0] == sent['emails'][0]
    assert [e['value'] for e in made.json['emails']] == [e['value'] for e in sent['emails']]
    # Okta looks before it makes.
    found = provider.find(f'userName eq "{sent["userName"]}"', more='&startIndex=1&count=100').json
    assert found['totalResults'] == 1 and found['Resources'][0]['id'] == made.json['id']


def test_names_of_attributes_go_in_any_case(provider):
    sent = user()
    made = provider.post('/Users', {k.upper() if k != 'schemas' else 'SCHEMAS': v for k, v in sent.items()})
    assert made.status == 201 and made.json['userName'] == sent['userName'] and made.json['name'] == sent['name']


def test_a_name_and_a_subject_are_given_once(provider, anna):
    error(provider.post('/Users', user(userName=anna['userName'])), 409, 'uniqueness')
    error(provider.post('/Users', user(userName=anna['userName'].upper())), 409, 'uniqueness')
    error(provider.post('/Users', user(externalId=anna['externalId'])), 409, 'uniqueness')
    other = provider.make()
    error(provider.patch(f'/Users/{other["id"]}', {'op': 'replace', 'path': 'userName', 'value': anna['userName']}), 409, 'uniqueness')


@pytest.mark.parametrize('change, scim_type', [
    ({'userName': ''}, 'invalidValue'), ({'userName': None}, 'invalidValue'), ({'userName': 5}, 'invalidValue'),
    ({'userName': 'a b\tc'}, 'invalidValue'), ({'userName': 'x' * 1025}, 'invalidValue'), ({'externalId': ''}, 'invalidValue'),
    ({'externalId': None}, 'invalidValue'), ({'active': 'perhaps'}, 'invalidValue'), ({'active': 1}, 'invalidValue'),
    ({'schemas': []}, 'invalidSyntax'), ({'schemas': None}, 'invalidSyntax'), ({'schemas': [GROUP]}, 'invalidSyntax'),
    ({'schemas': [USER, 'urn:example:custom']}, 'invalidSyntax'), ({'roles': [{'value': 'administrator'}]}, 'invalidSyntax'),
    ({'entitlements': ['x']}, 'invalidSyntax'), ({CANARY: CANARY}, 'invalidSyntax'), ({'USERNAME': CANARY}, 'invalidSyntax'),
    ({'name': CANARY}, 'invalidValue'), ({'name': {CANARY: 'x'}}, 'invalidSyntax'), ({'emails': [CANARY]}, 'invalidValue'),
    ({'emails': [{'type': 'work'}]}, 'invalidValue'), ({'emails': [{'value': f'a{i}@example.com'} for i in range(17)]}, 'invalidValue'),
    ({'emails': [{'value': 'a@example.com', 'primary': True}, {'value': 'b@example.com', 'primary': True}]}, 'invalidValue'),
    ({ENTERPRISE: {CANARY: 1}}, 'invalidSyntax'), ({'displayName': 'a\u0000b'}, 'invalidSyntax'), ({'displayName': 'a\nb'}, 'invalidValue'),
])
def test_users_that_are_not_understood_are_refused(provider, change, scim_type):
    error(provider.post('/Users', user(**change)), 400, scim_type)


@pytest.mark.parametrize('body', [b'', b'{', b'[]', b'null', b'"x"', b'{"schemas":["x"],"schemas":["y"]}', b'\xff\xfe', b'{"a":' * 40])
def test_bodies_that_are_no_resource_are_refused(provider, anna, body):
    for method, path in (('POST', '/Users'), ('PUT', f'/Users/{anna["id"]}'), ('PATCH', f'/Users/{anna["id"]}'),
                         ('POST', '/Groups'), ('POST', '/Users/.search'), ('POST', '/Groups/.search')):
        assert provider.call(method, path, body).status == 400, (method, path)
    assert provider.get(f'/Users/{anna["id"]}').json == anna


def test_users_that_are_not_there(provider):
    for id in (NOBODY, 'x', '1', '%00', 'a' * 300):
        if id == '%00':
            continue
        error(provider.get('/Users/' + id), 404)
        error(provider.put('/Users/' + id, user()), 404)
        error(provider.patch('/Users/' + id, {'op': 'replace', 'path': 'active', 'value': False}), 404)
        error(provider.delete('/Users/' + id), 404)
        error(provider.get('/Groups/' + id), 404)
        error(provider.delete('/Groups/' + id), 404)


def test_attributes_are_chosen(provider, anna):
    path = '/Users/' + anna['id']
    only = provider.get(path + '?attributes=userName,name.givenName').json
    assert only == {'schemas': [USER], 'id': anna['id'], 'userName': anna['userName'], 'name': {'givenName': 'Anna'}}
    without = provider.get(path + '?excludedAttributes=emails,meta,id').json
    assert without == {k: v for k, v in anna.items() if k not in ('emails', 'meta')}
    assert provider.get(path + f'?attributes={USER}:active').json.keys() == {'schemas', 'id', 'active'}
    assert 'userName' not in provider.patch(path + '?attributes=active', {'op': 'replace', 'path': 'active', 'value': True}).json
    error(provider.get(path + '?attributes=salary'), 400, 'invalidPath')
    error(provider.get(path + '?attributes=id&excludedAttributes=name'), 400, 'invalidValue')
    error(provider.get(path + '?filter=' + quote('id pr')), 400, 'invalidSyntax')
    error(provider.get(path + '?salary=1'), 400, 'invalidSyntax')
    error(provider.get('/Users?attributes=id&attributes=name'), 400, 'invalidSyntax')


# --- filters, pages, order -----------------------------------------------------------------------------

def test_users_are_found(provider, anna):
    mail = anna['emails'][0]['value']
    for filter in (f'userName eq "{anna["userName"]}"', f'userName Eq "{anna["userName"].upper()}"', f'externalId eq "{anna["externalId"]}"',
                   f'id eq "{anna["id"]}"', f'emails.value eq "{mail}"', f'emails[type eq "work" and value eq "{mail}"]',
                   f'{USER}:userName eq "{anna["userName"]}" and active eq true', f'name.familyName eq "{anna["name"]["familyName"]}"',
                   f'(userName eq "nobody" or userName eq "{anna["userName"]}") and not (active eq false)',
                   f'userName sw "{anna["userName"][:-12]}" and meta.created ge "{anna["meta"]["created"]}" and externalId eq "{anna["externalId"]}"'):
        found = provider.find(filter).json
        assert found['totalResults'] == 1 and found['Resources'] == [anna], (filter, found)
        assert provider.search(filter=filter).json == found


def test_nobody_found_is_an_empty_list(provider):
    for filter in ('userName eq "nobody@example.com"', f'externalId eq "{CANARY}"', 'userName eq "no body at all"', 'displayName eq ""'):
        found = provider.find(filter)
        assert found.status == 200 and found.json['totalResults'] == 0 and found.json['Resources'] == [], filter
        assert found.json['schemas'] == [MESSAGES + 'ListResponse']


@pytest.mark.parametrize('filter', [
    '', 'userName', 'userName eq', f'{CANARY} eq "x"', 'title eq "Chef"', 'password eq "x"', 'roles eq "administrator"', 'userName like "a"',
    'userName eq anna', "userName eq 'anna'", 'userName eq "a" and', 'active eq "false"', 'active gt true', '(userName pr', 'userName pr)',
    'emails[type eq "work"', 'not userName pr', 'userName eq "a" or or active eq true', 'userName eq "a"; drop', 'groups[foo eq "a"]',
    'id pr or ' * 64 + 'id pr', '(' * 17 + 'id pr' + ')' * 17, 'userName eq "' + 'a' * 2048 + '"', 'schemas pr', 'meta.created gt "yesterday"',
])
def test_filters_that_are_not_understood_match_nothing_and_say_so(provider, anna, filter):
    if len(quote(filter)) < 3500:
        error(provider.find(filter), 400, 'invalidFilter')
    error(provider.search(filter=filter), 400, 'invalidFilter')


def test_lists_come_in_pages(provider):
    for _ in range(5):
        provider.make(displayName='Paged')
    first = provider.find('displayName eq "Paged"', more='&count=2').json
    assert (first['totalResults'], first['startIndex'], first['itemsPerPage'], len(first['Resources'])) == (5, 1, 2, 2)
    rest = provider.find('displayName eq "Paged"', more='&startIndex=3&count=50').json
    assert (rest['totalResults'], rest['startIndex'], rest['itemsPerPage']) == (5, 3, 3)
    assert len({u['id'] for u in first['Resources'] + rest['Resources']}) == 5
    for more, shown in (('&count=0', 0), ('&count=-1', 0), ('&startIndex=6', 0), ('&startIndex=0', 5), ('&startIndex=-7&count=1', 1),
                        ('&startIndex=9223372036854775807', 0)):
        page = provider.find('displayName eq "Paged"', more=more).json
        assert page['totalResults'] == 5 and page['itemsPerPage'] == len(page['Resources']) == shown, more
    for more in ('&count=x', '&startIndex=1.5', '&count=', '&startIndex=99999999999999999999'):
        error(provider.find('id pr', more=more), 400, 'invalidValue')


def test_lists_are_sorted(provider):
    for name in ('b', 'C', 'a', None):
        provider.make(displayName='Sorted', preferredLanguage=name)
    def order(more):
        found = provider.find('displayName eq "Sorted"', more=more).json['Resources']
        return [u.get('preferredLanguage') for u in found]
    assert order('&sortBy=preferredLanguage') == ['a', 'b', 'C', None]
    assert order('&sortBy=preferredLanguage&sortOrder=descending') == [None, 'C', 'b', 'a']
    assert order('&sortBy=meta.created') == ['b', 'C', 'a', None]
    assert [r['userName'] for r in provider.search(filter='displayName eq "Sorted"', sortBy='emails.value', count=2, attributes=['userName']).json['Resources']]
    for more in ('&sortBy=title', '&sortBy=name', f'&sortBy={CANARY}'):
        error(provider.find('id pr', more=more), 400, 'invalidPath')
    error(provider.find('id pr', more='&sortBy=userName&sortOrder=up'), 400, 'invalidValue')


@pytest.mark.parametrize('members, scim_type', [
    ({'filter': 5}, 'invalidValue'), ({'count': 'x'}, 'invalidValue'), ({'count': 1.5}, 'invalidValue'), ({'attributes': 'id'}, 'invalidValue'),
    ({'attributes': [5]}, 'invalidValue'), ({'attributes': ['salary']}, 'invalidPath'), ({CANARY: 1}, 'invalidSyntax'),
    ({'schemas': [MESSAGES + 'ListResponse']}, 'invalidSyntax'), ({'attributes': ['id'], 'excludedAttributes': ['name']}, 'invalidValue'),
    ({'attributes': ['id'] * 33}, 'invalidValue'),
])
def test_searches_that_are_not_understood_are_refused(provider, members, scim_type):
    for what in ('/Users', '/Groups'):
        error(provider.search(what, **members), 400, scim_type)


# --- changing ------------------------------------------------------------------------------------------

def test_put_replaces_what_there_was(provider, anna):
    path = '/Users/' + anna['id']
    body = {'schemas': [USER], 'userName': anna['userName'], 'displayName': 'Anna', 'id': NOBODY, 'meta': {'version': 'x'}, 'groups': []}
    put = provider.put(path, body).json
    assert put['id'] == anna['id'] and put['displayName'] == 'Anna' and not {'name', 'emails'} & put.keys()
    assert put['externalId'] == anna['externalId']  # the subject stays
    assert put['active'] is True and put['meta']['version'] != anna['meta']['version']
    assert provider.get(path).json == put
    error(provider.put(path, {'schemas': [USER]}), 400, 'invalidValue')
    error(provider.put(path, {**body, 'externalId': 'another'}), 400, 'mutability')
    assert provider.get(path).json == put


def test_put_that_leaves_out_active_brings_nobody_back(provider, anna):
    path = '/Users/' + anna['id']
    provider.patch(path, {'op': 'replace', 'path': 'active', 'value': False})
    put = provider.put(path, {'schemas': [USER], 'userName': anna['userName'], 'displayName': 'Gone'})
    assert put.status == 200 and put.json['active'] is False and put.json['displayName'] == 'Gone'


@pytest.mark.parametrize('operations, then', [
    ([{'op': 'Replace', 'path': 'displayName', 'value': 'AB'}], {'displayName': 'AB'}),
    ([{'op': 'Add', 'path': 'name.formatted', 'value': 'Anna B'}], {'name.formatted': 'Anna B', 'name.givenName': 'Anna'}),
    ([{'op': 'replace', 'value': {'displayName': 'AB', 'name.givenName': 'Ann', 'title': 'x'}}], {'displayName': 'AB', 'name.givenName': 'Ann'}),
    ([{'op': 'Replace', 'path': 'emails[type eq "work"].value', 'value': 'new@example.com'}], {'emails.0.value': 'new@example.com', 'emails.0.primary': True}),
    ([{'op': 'Add', 'path': 'emails[type eq "home"].value', 'value': 'h@home.example'}], {'emails.1.value': 'h@home.example', 'emails.1.type': 'home'}),
    ([{'op': 'remove', 'path': 'emails'}], {'emails': None}),
    ([{'op': 'remove', 'path': 'emails[type eq "work"]'}], {'emails': None}),
    ([{'op': 'remove', 'path': 'name.familyName'}], {'name.familyName': None, 'name.givenName': 'Anna'}),
    ([{'op': 'Add', 'path': ENTERPRISE + ':department', 'value': 'Lager'}, {'op': 'replace', 'path': 'userName', 'value': 'an.other@example.com'}],
     {'userName': 'an.other@example.com', ENTERPRISE: None}),
    ([{'op': 'replace', 'path': 'active', 'value': 'True'}], {'active': True}),
    ([{'op': 'add', 'path': 'active', 'value': True}, {'op': 'add', 'path': 'preferredLanguage', 'value': 'en'}], {'preferredLanguage': 'en'}),
])
def test_patches_do_what_they_say(provider, operations, then):
    anna = provider.make()
    reply = provider.patch('/Users/' + anna['id'], *operations)
    assert reply.status == 200 and provider.get('/Users/' + anna['id']).json == reply.json
    for place, value in then.items():
        found = reply.json
        for part in [place] if place.startswith('urn') else place.split('.'):
            found = None if found is None else found[int(part)] if part.isdigit() else found.get(part)
        assert found == value, (place, reply)
    provider.delete('/Users/' + anna['id'])


@pytest.mark.parametrize('operation, scim_type', [
    ({'op': 'replace', 'path': 'aktiv', 'value': False}, 'invalidPath'), ({'op': 'replace', 'path': '/active', 'value': False}, 'invalidPath'),
    ({'op': 'replace', 'path': 'active'}, 'invalidValue'), ({'op': 'replace', 'path': 'active', 'value': None}, 'mutability'),
    ({'op': 'replace', 'path': 'active', 'value': 'off'}, 'invalidValue'), ({'op': 'replace', 'path': 'active', 'value': 0}, 'invalidValue'),
    ({'op': 'replace', 'path': 'active', 'value': [{'value': False}]}, 'invalidValue'), ({'op': 'remove', 'path': 'active'}, 'mutability'),
    ({'op': 'disable', 'path': 'active', 'value': False}, 'invalidSyntax'), ({'path': 'active', 'value': False}, 'invalidSyntax'),
    ({'op': 'replace', 'value': {'aktiv': False}}, 'invalidPath'), ({'op': 'replace', 'value': False}, 'invalidValue'),
    ({'op': 'replace', 'path': 'active', 'value': False, CANARY: 1}, 'invalidSyntax'), ({'op': 'remove', 'value': {'active': True}}, 'noTarget'),
    ({'op': 'replace', 'path': 'urn:example:x:active', 'value': False}, 'invalidPath'), ({'op': 'replace', 'path': 'roles', 'value': []}, 'invalidPath'),
    ({'op': 'replace', 'path': 'emails[type eq "other"].value', 'value': 'x@example.com'}, 'noTarget'),
    ({'op': 'replace', 'path': 'emails[type eq other].value', 'value': 'x'}, 'invalidFilter'), ({'op': 'remove', 'path': 'userName'}, 'mutability'),
    ({'op': 'replace', 'path': 'id', 'value': NOBODY}, 'mutability'), ({'op': 'add', 'path': 'groups', 'value': [{'value': NOBODY}]}, 'mutability'),
    ({'op': 'replace', 'path': 'externalId', 'value': 'another'}, 'mutability'), ({'op': 'remove', 'path': 'externalId'}, None),
])
def test_patches_that_are_not_understood_change_nothing(provider, anna, operation, scim_type):
    """Never a success that did nothing: the operation before it is not done either."""
    path = '/Users/' + anna['id']
    if scim_type is None:  # to take the subject away is to leave it as it is
        assert provider.patch(path, operation).json['externalId'] == anna['externalId']
        return
    error(provider.patch(path, {'op': 'replace', 'path': 'displayName', 'value': 'X'}, operation), 400, scim_type)
    assert provider.get(path).json == anna


def test_a_patch_that_changes_nothing_is_no_change(provider, anna):
    """Entra sends active:true again and again; to refuse that puts the app into quarantine."""
    for operation in ({'op': 'Replace', 'path': 'active', 'value': 'True'}, {'op': 'replace', 'value': {'active': True}},
                      {'op': 'Add', 'path': URN_ACTIVE, 'value': True}, {'op': 'replace', 'path': 'userName', 'value': anna['userName']}):
        reply = provider.patch('/Users/' + anna['id'], operation)
        assert reply.status == 200 and reply.json == anna


def test_a_thousand_operations_and_no_more(provider, anna):
    path = '/Users/' + anna['id']
    one = {'op': 'replace', 'path': 'displayName', 'value': 'x'}
    assert provider.patch(path, *[one] * 1000).status == 200
    error(provider.patch(path, *[one] * 1001), 400, 'invalidValue')


# --- entity tags -----------------------------------------------------------------------------------------

def test_entity_tags(provider, anna):
    path, tag = '/Users/' + anna['id'], anna['meta']['version']
    assert provider.get(path, headers={'If-None-Match': tag}).status == 304
    assert provider.get(path, headers={'If-None-Match': '"x", ' + tag}).status == 304
    assert provider.get(path, headers={'If-None-Match': '*'}).status == 304
    assert provider.get(path, headers={'If-None-Match': 'W/"999"'}).status == 200
    change = {'op': 'replace', 'path': 'displayName', 'value': 'X'}
    assert provider.patch(path, change, headers={'If-Match': 'W/"999"'}).status == 412
    assert provider.put(path, anna, headers={'If-Match': '"x"'}).status == 412
    assert provider.delete(path, headers={'If-Match': 'W/"999"'}).status == 412
    changed = provider.patch(path, change, headers={'If-Match': tag})
    assert changed.status == 200 and changed.header('ETag') != tag
    assert provider.patch(path, change, headers={'If-Match': tag}).status == 412
    error(provider.patch(path, change, headers={'If-Match': 'x'}), 400)
    assert provider.put(path, anna, headers={'If-Match': changed.header('ETag').removeprefix('W/')}).status == 200
    assert provider.delete(path, headers={'If-Match': '*'}).status == 204


def test_changes_that_meet_are_all_done(provider, anna):
    """Each is made on what there is by then; none undoes another."""
    path, done = '/Users/' + anna['id'], {}

    def change(place):
        done[place] = provider.patch(path, {'op': 'replace', 'path': place, 'value': 'x' + place})

    threads = [threading.Thread(target=change, args=[place])
               for place in ('displayName', 'name.givenName', 'name.familyName', 'preferredLanguage')]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert all(reply.status in (200, 412) for reply in done.values()), done
    now = provider.get(path).json
    for place, reply in done.items():
        if reply.status == 200:
            assert (now['name'][place[5:]] if place.startswith('name.') else now[place]) == 'x' + place
    assert int(now['meta']['version'][3:-1]) == 1 + sum(reply.status == 200 for reply in done.values())
