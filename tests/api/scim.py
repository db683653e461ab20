"""What the SCIM tests share: a client that speaks as a provider does, and bodies as Entra and Okta send them.

The shapes were written down by hand from Microsoft's "Develop a SCIM endpoint" and Okta's "SCIM 2.0 protocol
reference"; the people in them are made up.
"""
import itertools
import json
from urllib.parse import quote

USER = 'urn:ietf:params:scim:schemas:core:2.0:User'
GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group'
ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
VALV_GROUP = 'urn:valv:scim:schemas:1.0:Group'
MESSAGES = 'urn:ietf:params:scim:api:messages:2.0:'
ISSUER = 'https://login.example.com/tenant'

counter = itertools.count(1)


class Scim:
    """Calls under /scim/v2; every reply is held against the description by the client below."""

    def __init__(self, client):
        self.client = client

    def call(self, method, path, body=None, type='application/scim+json', **more):
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        reply = self.client.call(method, '/scim/v2' + path, body, type=type if body is not None else None, **more)
        if reply.status >= 400:
            assert reply.type == 'application/scim+json', reply
            assert reply.json['schemas'] == [MESSAGES + 'Error'] and reply.json['status'] == str(reply.status), reply
        return reply

    def get(self, path, **more):
        return self.call('GET', path, **more)

    def post(self, path, body, **more):
        return self.call('POST', path, body, **more)

    def put(self, path, body, **more):
        return self.call('PUT', path, body, **more)

    def patch(self, path, *operations, **more):
        return self.call('PATCH', path, {'schemas': [MESSAGES + 'PatchOp'], 'Operations': list(operations)}, **more)

    def delete(self, path, **more):
        return self.call('DELETE', path, **more)

    def find(self, filter, what='/Users', more=''):
        return self.get(f'{what}?filter={quote(filter)}{more}')

    def search(self, what='/Users', **members):
        return self.post(what + '/.search', {'schemas': [MESSAGES + 'SearchRequest'], **members})

    def make(self, **members):
        reply = self.post('/Users', user(**members))
        assert reply.status == 201, reply
        return reply.json

    def make_group(self, name=None, members=()):
        reply = self.post('/Groups', {'schemas': [GROUP], 'displayName': name or f'Group {next(counter)}',
                                      'members': [{'value': id} for id in members]})
        assert reply.status == 201, reply
        return reply.json


def user(**members):
    number = next(counter)
    return {'schemas': [USER], 'userName': f'anna.berg{number}@example.com', 'externalId': f'ext-{number}',
            'name': {'givenName': 'Anna', 'familyName': f'Berg{number}'}, 'active': True,
            'emails': [{'value': f'anna.berg{number}@example.com', 'type': 'work', 'primary': True}], **members}


def entra_user():
    """As Entra's provisioning sends a user by its default mapping."""
    number = next(counter)
    return {'schemas': [USER, ENTERPRISE], 'externalId': f'entra-{number}', 'userName': f'kalle.ek{number}@example.com',
            'active': True, 'addresses': [{'primary': False, 'type': 'work', 'country': 'Sweden', 'formatted': None,
                                           'locality': 'Uppsala', 'postalCode': '753 10', 'region': None,
                                           'streetAddress': 'Storgatan 1'}],
            'displayName': 'Kalle Ek', 'emails': [{'primary': True, 'type': 'work', 'value': f'kalle.ek{number}@example.com'}],
            'meta': {'resourceType': 'User'}, 'name': {'formatted': 'Kalle Ek', 'familyName': 'Ek', 'givenName': 'Kalle'},
            'phoneNumbers': [{'primary': None, 'type': 'work', 'value': '+46701740605'}], 'preferredLanguage': 'sv',
            'roles': [], 'title': 'Chef', ENTERPRISE: {'department': 'Lager', 'employeeNumber': '4711', 'manager': None}}


def okta_user():
    """As Okta sends a user at assignment: a password and an empty list of groups among the rest."""
    number = next(counter)
    return {'schemas': [USER], 'userName': f'siv.lind{number}@example.com',
            'name': {'givenName': 'Siv', 'familyName': 'Lind'},
            'emails': [{'primary': True, 'value': f'siv.lind{number}@example.com', 'type': 'work'},
                       {'primary': False, 'value': f'siv{number}@home.example', 'type': 'home'}],
            'displayName': 'Siv Lind', 'locale': 'en-US', 'externalId': f'00ujl29u{number}', 'groups': [],
            'password': '1mz050nq-not-used', 'active': True}


URN_ACTIVE = USER + ':active'
PATCH = {'schemas': [MESSAGES + 'PatchOp']}

# The ways in which a provider says that somebody left: name -> what is called with the id, and the user as it was.
LEAVERS = {
    'entra replace': lambda s, u: s.patch(f'/Users/{u["id"]}', {'op': 'Replace', 'path': 'active', 'value': 'False'}),
    'entra add': lambda s, u: s.patch(f'/Users/{u["id"]}', {'op': 'Add', 'path': 'active', 'value': 'False'}),
    'rfc boolean': lambda s, u: s.patch(f'/Users/{u["id"]}', {'op': 'replace', 'path': 'active', 'value': False}),
    'okta no path': lambda s, u: s.patch(f'/Users/{u["id"]}', {'op': 'replace', 'value': {'active': False}}),
    'put': lambda s, u: s.put(f'/Users/{u["id"]}', {**u, 'active': False}),
    'delete': lambda s, u: s.delete(f'/Users/{u["id"]}'),
    'several, in order': lambda s, u: s.patch(
        f'/Users/{u["id"]}', {'op': 'replace', 'path': 'displayName', 'value': 'Left'},
        {'op': 'Replace', 'path': 'name.familyName', 'value': 'Left'}, {'op': 'replace', 'path': 'active', 'value': False}),
    'full path, capitals': lambda s, u: s.patch(f'/Users/{u["id"]}', {'OP': 'REPLACE', 'Path': URN_ACTIVE.replace('active', 'ACTIVE'),
                                                                      'VALUE': 'FALSE'}),
}
