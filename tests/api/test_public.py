"""The listener of the pages for persons: what holds for all of them, whoever comes."""
import base64
import pathlib
import re
import socket
import subprocess

import pytest

import definitions
from client import Client
from visitor import Public

ROUTES = (pathlib.Path(__file__).resolve().parents[2] / 'src/public/routes.def').read_text()
PAGES = re.findall(r'^PAGE\((\w+), "([^"]+)", (\w+), ([^)]+)\)', ROUTES, re.M)


@pytest.fixture(scope='module')
def pages(make_server):
    server = make_server('--public', '127.0.0.1:0')
    definitions.put_all(Client(server.socket))
    server.pages = Public(server.public)
    return server


def test_the_first_page_speaks_the_readers_language(pages):
    swedish = pages.pages.get('/', Accept_Language='sv-SE,en;q=0.8')
    assert swedish.status == 200 and 'Dina val och dina uppgifter' in swedish.words and '<html lang="sv">' in swedish.text
    assert swedish.header('Content-Language') == 'sv' and swedish.header('Vary') == 'Accept-Language'
    english = pages.pages.get('/', Accept_Language='en')
    assert 'Your choices and your data' in english.words and '<html lang="en">' in english.text
    assert '<html lang="sv">' in pages.pages.get('/?lang=sv', Accept_Language='en').text
    assert '<html lang="sv">' in pages.pages.get('/').text  # the company's first language
    assert '<html lang="en">' in pages.pages.get('/?lang=de', Accept_Language='en').text


def test_nothing_of_the_interface_is_there(pages):
    for path in ('/v1/health', '/v1/openapi.json', '/v1/subjects', '/sign-in', '/staff', '/account', '/scim/v2/Users', '/metrics'):
        got = pages.pages.get(path, Accept_Language='en')
        assert got.status == 404 and 'There is no such page' in got.words, path
    assert Client(pages.url).get('/').status == 200  # and the other listener is as it was


def test_files_are_named_by_their_content_and_may_be_kept(pages):
    page = pages.pages.get('/').text
    for path in re.findall(r'(?:href|src)="(/assets/[^"]+)"', page):
        got = pages.pages.get(path)
        assert got.status == 200 and got.header('Cache-Control') == 'public, max-age=31536000, immutable', path
    assert pages.pages.get('/assets/none.css').status == 404


@pytest.mark.parametrize('method', ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'HEAD'])
def test_other_methods_are_refused_with_those_that_are_there(pages, method):
    for path in {row[1] for row in PAGES}:
        allowed = {row[0] for row in PAGES if row[1] == path} | {'HEAD'}
        if method in allowed:
            continue
        got = pages.pages.ask(method, path.replace('{token}', 'A' * 40).replace('{name}', 'x'))
        assert got.status == 405 and set(got.header('Allow').split(', ')) <= allowed | {'HEAD'}, (method, path, got)


def test_an_error_says_nothing_of_what_was_sent(pages):
    got = pages.pages.get('/kanariefagel?x=kanariefagel', Accept_Language='en', X_Mark='kanariefagel')
    assert got.status == 404 and 'kanariefagel' not in got.text + str(got.headers)
    got = pages.pages.get('/?lang=%ff', Accept_Language='en')
    assert got.status == 400 and 'That could not be read' in got.words


def test_what_never_becomes_a_visit_is_told_in_every_language(pages):
    with socket.create_connection((pages.pages.host, pages.pages.port), timeout=10) as stream:
        stream.sendall(b'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n')
        answer = b''
        while piece := stream.recv(65536):
            answer += piece
    assert answer.startswith(b'HTTP/1.1 400') and b'lang="sv"' in answer and b'lang="en"' in answer
    assert 'Det gick inte att läsa'.encode() in answer and b'That could not be read' in answer
    assert b"Content-Security-Policy: default-src 'none'" in answer


# --- the company's look -----------------------------------------------------------------------------

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 2"><defs><path id="a" d="M0 0h2v2z"/></defs><use href="#a" fill="url(#b)"/></svg>'
PNG = bytes.fromhex('89504e470d0a1a0a0000000d4948445200000001000000010806000000') + b'x' * 40


def encoded(text):
    return base64.b64encode(text if isinstance(text, bytes) else text.encode()).decode()


def test_a_logo_is_put_shown_and_taken_away(pages, operator, app):
    for client in (operator, Client(pages.socket)):
        for content, kind in ((SVG, 'image/svg+xml'), (PNG, 'image/png'), ('', None)):
            assert client.put('/v1/logo', {'content': encoded(content)}).json == {'type': kind}
            assert client.get('/v1/logo').json == {'type': kind}
    assert '/look/logo' not in pages.pages.get('/').text
    client.put('/v1/logo', {'content': encoded(SVG)})
    path = re.search(r'src="(/look/logo-[0-9a-f]{16}[.]svg)"', pages.pages.get('/').text)[1]
    got = pages.pages.get(path)
    assert got.text == SVG and 'sandbox' in got.header('Content-Security-Policy') and got.header('Content-Type') == 'image/svg+xml'
    assert pages.pages.get(path.replace('.svg', '.png')).status == 404


@pytest.mark.parametrize('inside', [
    '<script>x</script>', '<SCRIPT href="#a"/>', '<g onload="x"/>', '<g\nonclick = "x"/>', '<g/onfocus="x"/>', '<a href="#a">x</a>',
    '<use href="https://x.test/#a"/>', '<use xlink:href="//x.test/#a"/>', '<use href=\'data:x\'/>', '<image href="#a"/>', '<g fill="url(https://x.test/)"/>',
    '<style>@import "x";</style>', '<foreignObject/>', '<animate attributeName="href"/>', '<set attributeName="x"/>', '<g style="x:url( //x.test )"/>',
    '<!ENTITY x "y">', '&#106;', '<iframe src="x"/>',
])
def test_an_svg_that_does_not_stand_alone_is_refused(operator, inside):
    reply = operator.put('/v1/logo', {'content': encoded(SVG.replace('<defs>', inside + '<defs>'))})
    assert reply.status == 422 and reply.slug == 'invalid', reply


def test_what_is_no_logo_is_refused(operator, app, api):
    assert operator.put('/v1/logo', {'content': encoded('GIF89a')}).status == 422
    assert operator.put('/v1/logo', {'content': '!'}).status == 422
    assert operator.put('/v1/logo', {'content': encoded(PNG + b'x' * 32768)}).slug == 'limit'
    assert operator.call('PUT', '/v1/logo', b'x' * 300000, type='application/json').status == 413
    assert operator.call('PUT', '/v1/logo', b'x', type='text/plain').status == 415
    assert operator.call('PUT', '/v1/logo', b'{', type='application/json').status == 400
    assert api.get('/v1/logo').status == 401 and api.put('/v1/logo', {'content': ''}).status == 401


def test_a_colour_counts_where_its_contrast_holds(pages):
    operator = Client(pages.socket)
    for colour, light, dark in (('#7A1F5C', True, False), ('#ffe000', False, True), ('#888888', False, True), ('#777777', False, False)):
        assert operator.put('/v1/settings/look_colour', {'value': colour}).json['value'] == colour.lower()
        found = re.search(r'href="(/look/colour-[^"]+)"', pages.pages.get('/').text)
        sheet = pages.pages.get(found[1]).text if found else ''
        assert ('(prefers-color-scheme:light)' in sheet, '(prefers-color-scheme:dark)' in sheet) == (light, dark), (colour, sheet)
    assert operator.put('/v1/settings/look_colour', {'value': 'red'}).status == 422
    for origin in ('http://x.example', 'https://x.example/', 'https://X.example', 'javascript:x', ''):
        assert operator.put('/v1/settings/public_origin', {'value': origin}).status == 422, origin


def test_the_links_of_a_mail_are_made_for_whoever_may_write(operator, app, api, make_key, person):
    path = f'/v1/subjects/{person[0]}/mail-links'
    assert operator.put('/v1/settings/public_origin', {'value': 'https://val.example.com'}).status == 200
    links = app.post(path, {'purpose': 'newsletter', 'channel': 'email'}).json
    assert links['one_click'].startswith('https://val.example.com/u/') and links['preferences'].startswith('https://val.example.com/p/')
    assert app.post(path, {}).status == 200
    assert app.post(path, {'channel': 'push'}).status == 422 and app.post(path, {'purpose': 'parties', 'channel': 'sms'}).status == 422
    assert app.post(path, {'channel': 'sms'}).status == 409  # no number
    assert app.post(path.replace(person[0], '81f43670-c482-4f89-9500-900b27bb1dc3'), {}).status == 404
    assert api.post(path, {}).status == 401 and api.using(make_key(['read'])).post(path, {}).status == 403
    assert api.using(make_key(['write'], ['parties'])).post(path, {'purpose': 'newsletter'}).status == 403
    assert api.using(make_key(['write'], ['parties'])).post(path, {}).status == 403
    assert app.call('POST', path, b'x' * 300000, type='application/json').status == 413
    assert app.call('POST', path, b'x', type='text/plain').status == 415


def test_the_command_says_and_shows_the_look(pages, tmp_path):
    from conftest import VALV
    logo = tmp_path / 'logo.svg'
    logo.write_text(SVG)
    run = lambda *args: subprocess.run([VALV, 'look', '--data', str(pages.data), *args], capture_output=True, text=True, timeout=30)
    done = run('--company', 'Exempel AB', '--contact', 'hej@example.com', '--colour', '#7a1f5c', '--logo', str(logo), '--origin', 'https://val.example.com')
    assert done.returncode == 0, done
    shown = run().stdout
    for wanted in ('Exempel AB', 'hej@example.com', '#7a1f5c', 'image/svg+xml', 'https://val.example.com'):
        assert wanted in shown, shown
    page = pages.pages.get('/')
    assert 'alt="Exempel AB"' in page.text and 'hej@example.com' in page.words
    assert run('--logo', 'none').returncode == 0 and run('--colour', 'x').returncode != 0
