"""Hostile bodies against every operation that takes one; the operations come from the description."""
import json

import pytest

from client import CANARY
from test_keys import NOBODY, fill

MALFORMED = [
    b'{', b'}', b'{"a":}', b'{"a" 1}', b'[1,]', b'{"a":1,}', b"{'a':1}", b'nul', b'\xff', b'"\xc3"', b'"\xed\xa0\x80"', b'{"\xc0\x80":1}',
    b'\xef\xbb\xbf{}', b'{}{}', b'{} x', b'{"a":1,"a":2}', b'{"a":"\\u0000"}', b'{"a":"\\ud800"}', b'{"a":"\x01"}', b'{"a":01}',
    b'{"a":+1}', b'{"a":.5}', b'{"a":1e999}', b'{"a":NaN}', b'{"a":Infinity}', b'/* */{}', b'// \n{}', b'{"a":123456789012345678901}',
    b'[' * 40 + b']' * 40, b'{"a":' * 40 + b'1' + b'}' * 40, b'\x00', b'{}\x00', '{"ä":'.encode('utf-16'), b'\n\n', b' ',
]


def operations(description, want=lambda operation: True):
    for method, path, operation in description.operations():
        if 'requestBody' in operation and want(operation):
            yield method, fill(path, NOBODY), operation


def is_json(operation):
    """SCIM has bodies and errors of its own: test_scim.py."""
    return 'application/json' in operation['requestBody']['content'] and 'application/scim+json' not in operation['requestBody']['content']


def call(operator, method, target, body, **more):
    return operator.call(method, target, body, headers={'If-Match': '*'}, **{'type': 'application/json', **more})


@pytest.mark.parametrize('body', MALFORMED, ids=range(len(MALFORMED)))
def test_what_is_not_json_is_malformed(operator, description, body):
    for method, target, operation in operations(description, is_json):
        reply = call(operator, method, target, body)
        assert (reply.status, reply.slug) == (400, 'malformed'), (operation['operationId'], reply)


def test_an_empty_body_is_missing_unless_it_may_be(operator, description):
    for method, target, operation in operations(description, is_json):
        if operation['requestBody']['required']:
            for type in ('application/json', None):
                reply = operator.call(method, target, b'', headers={'If-Match': '*'}, type=type)
                assert reply.status in (400, 415), (operation['operationId'], reply)


@pytest.mark.parametrize('body', [[], [{}], 'x', CANARY, 7, True, None, {CANARY: CANARY}, {'': 1}, {'a' * 5000: 1}])
def test_other_shapes_are_invalid(operator, description, body):
    for method, target, operation in operations(description, is_json):
        reply = call(operator, method, target, json.dumps(body).encode())
        assert (reply.status, reply.slug) == (422, 'invalid') or reply.status == 404, (operation['operationId'], reply)


@pytest.mark.parametrize('type', ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x',
                                  'application/jsonx', 'application/json; charset=latin1', 'application/json; charset',
                                  'application/json; q=1', 'json', '', 'text/json', CANARY, 'application/vnd.api+json'])
def test_other_media_types_are_415(operator, description, type):
    for method, target, operation in operations(description):
        reply = call(operator, method, target, b'{}', type=type)
        assert (reply.status, reply.slug) == (415, 'media-type'), (operation['operationId'], reply)


@pytest.mark.parametrize('type', ['application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"', 'application/json;',
                                  'application/json ; charset=utf-8'])
def test_utf_8_may_be_said(operator, type):
    reply = call(operator, 'POST', '/v1/subjects/search', b'{"field":"email","value":"a@b.se"}', type=type)
    assert reply.status == 200


def test_encoded_bodies_are_415(operator, description):
    for method, target, operation in operations(description):
        type = next(iter(operation['requestBody']['content']))
        for encoding in ('gzip', 'br', CANARY, 'identity, gzip'):
            reply = operator.call(method, target, b'{}', type=type, headers={'If-Match': '*', 'Content-Encoding': encoding})
            assert (reply.status, reply.slug) == (415, 'media-type')
    reply = operator.call('POST', '/v1/subjects/search', b'{"field":"email","value":"a@b.se"}', type='application/json',
                          headers={'Content-Encoding': 'identity'})
    assert reply.status == 200


def test_oversized_bodies_are_413(operator, description):
    big = b'{"a":"' + b'x' * (256 * 1024) + b'"}'
    for method, target, operation in operations(description, is_json):
        reply = call(operator, method, target, big)
        assert (reply.status, reply.slug) == (413, 'too-large'), (operation['operationId'], reply)
    huge = b'x' * (8 * 1024 * 1024 + 1)
    for method, target, operation in operations(description, lambda operation: not is_json(operation)):
        reply = call(operator, method, target, huge, type=next(iter(operation['requestBody']['content'])))
        assert (reply.status, reply.slug) == (413, 'too-large'), (operation['operationId'], reply)


def wrong_values(schema, document):
    """Values that the schema of a member does not accept, most with a canary inside."""
    validator = document.validator(schema)
    candidates = [CANARY, 7, -1, 1.5, True, [CANARY], {CANARY: CANARY}, [[]], '', 'x' * 70000, 10 ** 18, [None], {'a': {'b': CANARY}}]
    return [value for value in candidates if not validator.is_valid(value)]


def test_every_member_refuses_what_its_schema_does(operator, description):
    """For each member of each body: values that the description forbids are refused, unechoed."""
    tried = 0
    for method, target, operation in operations(description, is_json):
        name = operation['requestBody']['content']['application/json']['schema']['$ref'].rsplit('/', 1)[1]
        schema = description.document['components']['schemas'][name]
        for member, of in schema['properties'].items():
            for value in wrong_values(of, description):
                reply = call(operator, method, target, json.dumps({member: value}).encode())
                assert reply.status in (400, 404, 409, 422), (operation['operationId'], member, value, reply)
                tried += 1
    assert tried > 800


def test_members_of_members_too(operator, description):
    """The same one level down, for the objects inside bodies."""
    components = description.document['components']['schemas']
    for method, target, operation in operations(description, is_json):
        name = operation['requestBody']['content']['application/json']['schema']['$ref'].rsplit('/', 1)[1]
        for member, of in components[name]['properties'].items():
            of = of.get('anyOf', [of])[0]
            inner = of.get('items', of).get('$ref')
            if not inner:
                continue
            for below, schema in components[inner.rsplit('/', 1)[1]]['properties'].items():
                for value in wrong_values(schema, description):
                    inside = {below: value}
                    body = {member: [inside] if 'items' in of else inside}
                    reply = call(operator, method, target, json.dumps(body).encode())
                    assert reply.status in (400, 404, 409, 422), (operation['operationId'], member, below, reply)


def test_too_many_of_anything_is_a_limit(operator):
    many = {f'f{n}': 'x' for n in range(300)}
    assert operator.post('/v1/subjects', {'values': many}).slug in ('limit', 'invalid')
    assert operator.post('/v1/subjects', {'grounds': [{}] * 300}).slug == 'invalid'
    nodes = {'evidence': {str(n): n for n in range(21000)}}
    assert operator.call('POST', '/v1/subjects', json.dumps(nodes).encode(), type='application/json').status in (400, 413, 422)


def test_a_body_of_exactly_the_limit_is_read(operator):
    body = b'{"field":"email","value":"a@b.se"}'
    body += b' ' * (256 * 1024 - len(body))
    assert call(operator, 'POST', '/v1/subjects/search', body).status == 200
    assert call(operator, 'POST', '/v1/subjects/search', body + b' ').status == 413
