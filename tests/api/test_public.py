"""The listener of the pages for persons: what holds for all of them, whoever comes."""
import pathlib
import re
import socket

import pytest

import definitions
from client import Client
from visitor import Public

ROUTES = (pathlib.Path(__file__).resolve().parents[2] / 'src/public/routes.def').read_text()
PAGES = re.findall(r'^PAGE\((\w+), "([^"]+)", (\w+), ([^)]+)\)', ROUTES, re.M)


@pytest.fixture(scope='module')
def pages(make_server):
    server = make_server('--public', '127.0.0.1:0')
    lines = server.ready.read_text().split()
    server.url = lines[0]
    definitions.put_all(Client(server.socket))
    server.pages = Public(lines[1])
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
