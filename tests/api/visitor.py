"""The pages for persons: a client for their listener, and what holds for every answer of theirs."""
import http.client
import re
from html.parser import HTMLParser
from urllib.parse import urlencode, urlsplit

POLICY = ("default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; "
          "base-uri 'none'; frame-ancestors 'none'")
FORM = 'application/x-www-form-urlencoded'


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.octets = status, headers, body

    def header(self, name):
        found = [value for key, value in self.headers if key.lower() == name.lower()]
        assert len(found) < 2, f'{name} is there {len(found)} times'
        return found[0] if found else None

    @property
    def text(self):
        return self.octets.decode()

    @property
    def words(self):
        """What a reader sees, in one line."""
        reader = Words()
        reader.feed(self.text)
        return ' '.join(' '.join(reader.words).split())

    def __repr__(self):
        return f'<{self.status} {self.octets[:800]!r}>'


class Words(HTMLParser):
    def __init__(self):
        super().__init__()
        self.words = []

    def handle_data(self, data):
        self.words.append(data)


class Public:
    def __init__(self, url):
        parts = urlsplit(url)
        self.host, self.port = parts.hostname, parts.port

    def ask(self, method, target, body=None, headers=None, cookies=()):
        """cookies: names that the answer may set."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=30)
        try:
            connection.request(method, target, body=body, headers=headers or {})
            answer = connection.getresponse()
            got = Answer(answer.status, answer.getheaders(), answer.read())
        finally:
            connection.close()
        self.check(target, got, cookies)
        return got

    def check(self, target, got, cookies):
        """W1, W3."""
        assert got.header('X-Content-Type-Options') == 'nosniff' and got.header('Referrer-Policy') == 'no-referrer', got
        assert got.header('Cross-Origin-Opener-Policy') == 'same-origin', got
        anywhere = target.startswith('/look/logo') and got.status == 200  # mails show it
        assert got.header('Cross-Origin-Resource-Policy') == ('cross-origin' if anywhere else 'same-origin'), got
        assert 'max-age=' in got.header('Strict-Transport-Security'), got
        if not target.startswith(('/assets/', '/look/')) or got.status != 200:
            assert got.header('Content-Security-Policy') == POLICY, got
            assert got.header('Cache-Control') == 'no-store', got
        set_cookies = [value for name, value in got.headers if name.lower() == 'set-cookie']
        assert all(value.split('=')[0] in cookies for value in set_cookies), got
        if (got.header('Content-Type') or '').startswith('text/html'):
            assert not re.search(r'<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=', got.text), got
            assert not re.search(r'(?:src|href|action)="(?:https?:)?//', got.text), got

    def get(self, target, **headers):
        return self.ask('GET', target, headers={name.replace('_', '-'): value for name, value in headers.items()})

    def post(self, target, fields=None, body=None, kind=FORM, **more):
        headers = {'Content-Type': kind, **more.pop('headers', {})}
        return self.ask('POST', target, urlencode(fields) if fields is not None else body, headers, **more)


def multipart(fields, boundary='grans'):
    parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields]
    return ''.join(parts) + f'--{boundary}--\r\n', f'multipart/form-data; boundary={boundary}'
