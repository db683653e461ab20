"""What needs no key, addresses and methods, and the description itself."""
import json
import re

import jsonschema
import pytest

from client import CANARY
from test_keys import NOBODY, fill


def test_health_answers_without_a_key(api):
    reply = api.get('/v1/health')
    assert (reply.status, reply.json) == (200, {'status': 'ok'})


def test_the_start_page_is_a_page_without_script_in_two_languages(api):
    english = api.get('/')
    assert english.status == 200 and english.type == 'text/html'
    assert '<html lang="en">' in english.body.decode() and '<script' not in english.body.decode()
    policy = english.header('Content-Security-Policy')
    assert "default-src 'none'" in policy and 'unsafe' not in policy and 'script' not in policy
    for header, language in [('sv', 'sv'), ('sv-SE,sv;q=0.9,en;q=0.8', 'sv'), ('en-GB, sv;q=0.5', 'en'),
                             ('de', 'en'), ('sv;q=0, en;q=0.1', 'en'), ('sv;q=0.2,en;q=0.19', 'sv'), (';;,q=', 'en')]:
        page = api.get('/', headers={'Accept-Language': header})
        assert page.header('Content-Language') == language, header
        assert f'<html lang="{language}">' in page.body.decode()


def test_the_page_styles_itself_by_a_hash_that_fits(api):
    import base64
    import hashlib
    page = api.get('/')
    style = re.search(r'<style>(.*?)</style>', page.body.decode(), re.S).group(1)
    digest = base64.urlsafe_b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in page.header('Content-Security-Policy')


def test_every_type_of_problem_is_explained(api, description):
    types = description.document['components']['schemas']['Problem']['properties']['type']['enum']
    assert len(types) > 30
    for address in types:
        page = api.get(address)
        assert page.status == 200 and page.type == 'text/html', address
    assert api.get('/problems/nonsense').slug == 'absent'


def test_the_description_is_openapi_3_1(description):
    document = description.document
    assert document['openapi'] == '3.1.0'
    assert document['info']['title'] and document['info']['version']
    ids = [operation['operationId'] for _, _, operation in description.operations()]
    assert len(ids) == len(set(ids))
    for method, path, operation in description.operations():
        in_path = {p['name'] for p in operation['parameters'] if p['in'] == 'path'}
        assert in_path == set(re.findall(r'\{(\w+)\}', path)), path
        assert all(p['required'] for p in operation['parameters'] if p['in'] == 'path')
        assert operation['summary'] and operation['responses']
        for parameter in operation['parameters']:
            jsonschema.Draft202012Validator.check_schema(parameter['schema'])
        for status, response in operation['responses'].items():
            assert re.fullmatch('[1-5][0-9][0-9]', status) and response['description']
    for name, schema in document['components']['schemas'].items():
        jsonschema.Draft202012Validator.check_schema(schema)
        assert schema['additionalProperties'] is (name in ('ScimBody', 'ScimDocument')), name  # providers send what they like; scim/ says what is taken
        assert set(schema['required']) <= set(schema['properties']), name
    for found in re.findall(r'"\$ref": *"#/components/([^"]+)"', json.dumps(document)):
        kind, name = found.split('/')
        assert name in document['components'][kind], found


def test_the_committed_description_is_the_one_that_is_served(api):
    import pathlib
    committed = pathlib.Path(__file__).resolve().parents[2] / 'docs/api/openapi.json'
    assert json.loads(committed.read_text()) == api.get('/v1/openapi.json').json, 'run: valv openapi | python3 -m json.tool --indent 1 > docs/api/openapi.json'


@pytest.mark.parametrize('target', ['/v1', '/v1/', '/v2/health', '/v1/nothing', '/v1/health/x', '/v1/fields/email/x',
                                    '/V1/health', '/v1/Health', '/v1/subjectsx', '/v1/subjects/a/b/c/d', '/favicon.ico',
                                    '/v1/health%00', '/v1/%68ealth', '/problems/', '/problems'])
def test_other_addresses_are_404_or_400(app, target):
    reply = app.get(target)
    assert reply.status in (400, 404)


@pytest.mark.parametrize('method, target, allow', [
    ('DELETE', '/v1/health', 'GET, HEAD'),
    ('POST', '/', 'GET, HEAD'),
    ('POST', '/v1/fields/email', 'GET, HEAD, PUT'),
    ('PUT', '/v1/subjects', 'POST'),
    ('GET', '/v1/subjects', 'POST'),
    ('GET', '/v1/subjects/search', 'POST'),
    ('PATCH', '/v1/subjects/search', 'POST'),
    ('DELETE', '/v1/subjects/00000000-0000-4000-8000-000000000000', 'GET, HEAD, PATCH'),
    ('PUT', '/v1/keys', 'GET, HEAD, POST'),
    ('OPTIONS', '/v1/keys', 'GET, HEAD, POST'),
    ('OPTIONS', '/v1/decisions', 'POST'),
    ('TRACE', '/v1/decisions', 'POST'),
    ('FROBNICATE', '/v1/decisions', 'POST'),
])
def test_other_methods_are_405_with_allow(app, method, target, allow):
    reply = app.call(method, target)
    if reply.status == 400:  # the server may refuse a method before it has an address
        assert method in ('TRACE', 'FROBNICATE')
        return
    assert reply.status == 405 and reply.header('Allow') == allow


def test_no_permission_is_given_to_other_origins(api):
    reply = api.call('OPTIONS', '/v1/decisions', headers={'Origin': 'https://evil.example',
                                                          'Access-Control-Request-Method': 'POST'})
    assert not [name for name, _ in reply.headers if name.lower().startswith('access-control')]


def test_head_is_get_without_the_body(app):
    for target in ('/v1/health', '/', '/v1/fields', '/v1/purposes/newsletter', '/v1/openapi.json', '/v1/keys'):
        head, get = app.call('HEAD', target), app.get(target)
        assert head.status == get.status == 200 and not head.body
        assert head.header('Content-Type') == get.header('Content-Type')
        assert head.header('Content-Length') in (None, get.header('Content-Length'))


def test_query_parameters_that_are_not_known_are_refused(app):
    for target in ('/v1/fields?x=1', '/v1/health?verbose', '/v1/keys?after=0&from=2', '/v1/fields?after=1',
                   '/v1/keys?%61fter=1', '/v1/keys?after=1&after=2', '/v1/keys?limit=0', '/v1/keys?limit=1001',
                   '/v1/keys?limit=-1', '/v1/keys?limit=ten', '/v1/keys?after=-1', '/v1/keys?after=9223372036854775808',
                   '/v1/keys?limit=%zz', '/v1/keys?limit=', '/v1/audit/entries?subject=nobody',
                   '/v1/audit/entries?subject='):
        reply = app.get(target)
        assert reply.status == 400, (target, reply)


def test_no_operation_takes_a_parameter_that_it_does_not_know(operator, description):
    for method, path, operation in list(description.operations()):
        reply = operator.call(method, fill(path, NOBODY) + f'?{CANARY}={CANARY}')
        assert reply.status == 400, (operation['operationId'], reply)
        assert path.startswith('/scim/') or reply.slug == 'malformed', (operation['operationId'], reply)


def test_calls_without_a_body_take_none(app):
    assert app.call('GET', '/v1/fields', {'a': 1}).slug == 'malformed'
    assert app.call('DELETE', '/v1/keys/00000000-0000-4000-8000-000000000000', {}).slug == 'malformed'


def test_metrics_are_prometheus_text_without_labels(app):
    reply = app.get('/v1/metrics')
    assert reply.header('Content-Type') == 'text/plain; version=0.0.4; charset=utf-8'
    lines = reply.body.decode().splitlines()
    assert reply.body.endswith(b'\n') and b'\r' not in reply.body
    names = [line.split()[2] for line in lines if line.startswith('# TYPE ')]
    assert len(names) == len(set(names)) and 'valv_store_writes_total' in names
    for line in lines:
        assert re.fullmatch(r'# (HELP|TYPE) valv_\w+ .+|valv_\w+ [0-9]+', line), line
    assert {line.split()[0] for line in lines if not line.startswith('#')} == set(names)
