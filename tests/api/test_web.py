"""The pages for staff: nothing inline, nothing from elsewhere, in both languages; what they load may be kept for good."""
import re

import pytest

from client import Client

PAGES = ['/sign-in', '/account', '/staff', '/staff/0b8f2a52-6a5b-4f0e-9a57-1f1f4d0c2a11', '/welcome']


def loaded(page):
    return set(re.findall(r'(?:src|href)="(/assets/[^"]+)"', page))


@pytest.mark.parametrize('path', PAGES)
def test_page(api, path):
    swedish = api.get(path, headers={'Accept-Language': 'sv-SE,sv;q=0.9,en;q=0.8'})
    english = api.get(path, headers={'Accept-Language': 'de'})
    for reply, language in ((swedish, 'sv'), (english, 'en')):
        page = reply.body.decode()
        assert reply.status == 200 and reply.type == 'text/html'
        assert f'<html lang="{language}">' in page and reply.header('Content-Language') == language
        policy = dict(part.split(' ', 1) for part in reply.header('Content-Security-Policy').split('; '))
        assert policy['default-src'] == "'none'" and policy['script-src'] == "'self'" and policy['style-src'] == "'self'"
        assert policy['base-uri'] == policy['frame-ancestors'] == policy['trusted-types'] == "'none'"
        assert reply.header('Cross-Origin-Opener-Policy') == 'same-origin'
        assert '<style' not in page and ' style=' not in page and not re.search(r'\son\w+=', page)
        assert not re.search(r'<script(?![^>]*src="/assets/)', page)
        assert not re.search(r'(?:src|href)="(?:https?:)?//', page), 'from elsewhere'
        assert '{{' not in page and '@' not in page.replace('@media', '')
    assert api.get(f'{path}?language=sv').body == swedish.body
    assert api.get(f'{path}?language=en', headers={'Accept-Language': 'sv'}).body == english.body
    assert api.get(f'{path}?language=de').status == 400
    assert api.get(f'{path}?next=x').status == 400
    assert api.call('HEAD', path).status == 200


def test_what_pages_load(api):
    wanted = set().union(*(loaded(api.get(path).body.decode()) for path in PAGES))
    types = {'css': 'text/css', 'js': 'text/javascript', 'svg': 'image/svg+xml'}
    seen = set()
    while wanted:
        address = wanted.pop()
        seen.add(address)
        reply = api.get(address)
        assert reply.status == 200 and reply.type == types[address.rsplit('.', 1)[1]]
        wanted |= set(re.findall(r"from '(/assets/[^']+)'", reply.body.decode())) - seen
    assert len(seen) == 9


def test_what_is_not_there(api):
    for address in ('/assets/style.css', '/assets/x', '/staff/x', '/account/x'):
        assert api.get(address).status == 404
    assert api.post('/sign-in').status == 405


# --- by which host ---------------------------------------------------------------------------------------


def said(server):
    return [line for line in server.log.read_text().splitlines() if 'operation=origin' in line]


def test_pages_by_another_host_are_said_once_where_the_origin_is_not_set(make_server):
    """Passkeys and cookies would fail, and nobody would know why."""
    server = make_server()
    client = Client(server.url)
    ask = lambda target, host: client.raw('GET', target, headers=[('X-Forwarded-Host', host)])
    assert ask('/sign-in', 'localhost:8443').status == 200
    assert ask('/v1/health', 'valv.example.com').status == 200  # a program's: its key works by any host
    assert said(server) == []
    for _ in range(3):
        assert ask('/sign-in', 'valv.example.com, inner.example.com').status == 200
    lines = said(server)
    assert len(lines) == 1 and lines[0].startswith('level=warning ') and '--origin' in lines[0]
    assert 'example.com, ' not in lines[0] and 'inner' not in server.log.read_text()  # what was sent is not


def test_pages_by_the_host_of_the_origin_are_as_they_should_be(make_server):
    server = make_server('--origin', 'https://vault.example.org')
    client = Client(server.url)
    assert client.raw('GET', '/account', headers=[('X-Forwarded-Host', 'Vault.Example.ORG')]).status == 200
    assert said(server) == []
    assert client.get('/account').status == 200  # by the address that it listens at
    assert len(said(server)) == 1
