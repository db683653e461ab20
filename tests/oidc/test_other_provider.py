"""Signing in through a provider that somebody else wrote, each algorithm, and its back-channel logout.

$VALV is the binary, $VALV_NPM the folder with node_modules of tests/npm.
"""
import html
import json
import os
import pathlib
import re
import secrets
import socket
import subprocess
import sys
import time
from urllib.parse import urljoin

import pytest
import requests

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'api'))
from client import Client  # noqa: E402
from conftest import Server  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
MODULES = os.environ['VALV_NPM']


def free_port():
    with socket.socket() as one:
        one.bind(('127.0.0.1', 0))
        return one.getsockname()[1]


class Other:
    """The provider's process."""

    def __init__(self, vault, algorithm, log):
        self.port, self.secret = free_port(), secrets.token_urlsafe(24)
        self.issuer, self.log = f'http://127.0.0.1:{self.port}', log
        with log.open('wb') as out:
            self.process = subprocess.Popen(['node', str(HERE / 'provider.mjs'), MODULES, str(self.port), vault.url, self.secret, algorithm],
                                            stdout=out, stderr=out)
        self.wait('ready')

    def wait(self, text, seconds=60):
        until = time.monotonic() + seconds
        while text not in self.log.read_text():
            assert self.process.poll() is None and time.monotonic() < until, self.log.read_text()
            time.sleep(0.05)

    def close(self):
        self.process.terminate()
        self.process.wait(10)


class Browser:
    """Follows the provider's redirects and fills in its pages; cookies of the vault are kept apart, as they are Secure."""

    def __init__(self, vault):
        self.vault, self.at_provider, self.jar = vault, requests.Session(), {}

    def at_vault(self, target):
        headers = [('Cookie', '; '.join(f'{k}={v}' for k, v in self.jar.items()))] if self.jar else []
        reply = Client(self.vault.url).raw('GET', target, headers=headers)
        for name, value in reply.headers:
            if name.lower() == 'set-cookie':
                key, text = value.split(';')[0].split('=', 1)
                self.jar[key] = text
        self.jar = {k: v for k, v in self.jar.items() if v}
        return reply

    def form(self, page, **fields):
        """Sends the first form of the page with its hidden fields and these."""
        action = html.unescape(re.search(r'<form[^>]*action="([^"]+)"', page.text).group(1))
        hidden = {}
        for tag in re.findall(r'<input[^>]*>', page.text):
            name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
            if 'hidden' in tag and name:
                hidden[name.group(1)] = html.unescape(value.group(1)) if value else ''
        return self.at_provider.post(urljoin(page.url, action), data={**hidden, **fields}, allow_redirects=False, timeout=20)

    def sign_in(self, who, query=''):
        page = None
        reply = self.at_vault(f'/oidc/start{query}')
        assert reply.status == 303, reply
        location = reply.header('Location')
        for _ in range(12):
            if location.startswith(self.vault.url):
                return self.at_vault(location.removeprefix(self.vault.url))
            page = self.at_provider.get(location, allow_redirects=False, timeout=20)
            if page.status_code == 200:
                page = self.form(page, login=who, password='any') if 'name="login"' in page.text else self.form(page)
            location = urljoin(location, page.headers['Location'])
        raise AssertionError(page.text)

    @property
    def is_in(self):
        return self.at_vault('/v1/fields').status == 200

    def sign_out_there(self, issuer):
        page = self.at_provider.get(f'{issuer}/session/end', timeout=20)
        assert page.status_code == 200, page.text
        assert self.form(page, logout='yes').status_code in (302, 303)


@pytest.fixture(scope='module')
def vault(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp('valv'))
    server.init()
    server.start()
    operator = Client(server.socket)
    assert operator.post('/v1/admin/delivery', {'networks': ['127.0.0.0/8']}).status == 200
    yield server
    server.stop()


@pytest.mark.parametrize('algorithm', ['RS256', 'PS256', 'ES256', 'EdDSA'])
def test_signing_in_showing_it_anew_and_being_signed_out(vault, tmp_path, algorithm):
    other = Other(vault, algorithm, tmp_path / 'log')
    try:
        operator = Client(vault.socket)
        reply = operator.put('/v1/identity-provider', {'issuer': other.issuer, 'client_id': 'valv', 'client_secret': other.secret, 'address': vault.url})
        assert reply.status == 200, reply
        assert operator.post('/v1/staff', {'issuer': other.issuer, 'subject': 'anna', 'user_name': f'anna-{algorithm}@example.com'}).status == 201
        anna, stranger = Browser(vault), Browser(vault)
        reply = anna.sign_in('anna')
        assert reply.status == 200 and anna.is_in, (reply, other.log.read_text())
        assert stranger.sign_in('bertil').status == 403 and not stranger.is_in
        again = anna.sign_in('anna', '?again=1')
        assert again.status == 200 and anna.is_in, again
        anna.sign_out_there(other.issuer)
        other.wait('logout accepted')
        assert not anna.is_in
        assert 'error' not in other.log.read_text() and 'refused' not in other.log.read_text()
    finally:
        other.close()
