"""A vault served by the real binary, for the tests that break it: crash, fault, golden.

Server starts and kills the process; Caller speaks HTTP to it over its own socket (as the operator) or
over TCP with a key, on one kept connection, without the conveniences that would retry in silence.
"""
import ctypes
import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import threading
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get('VALV', str(TOP / 'build/test/src/main/valv'))

START_SECONDS = 60  # for the sanitized binary on a slow machine; tests measure and judge on their own


def _die_with_parent():
    """No test leaves a server behind, however it ends (PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Dead(Exception):
    """The server did not answer: what was asked may have happened or not."""


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def slug(self):
        """The last part of a problem's type."""
        try:
            return self.json['type'].rsplit('/', 1)[-1]
        except (ValueError, KeyError, TypeError):
            return None

    def __repr__(self):
        return f'{self.status} {self.body[:300]!r}'


class _Socket(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__('localhost', timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        # A path longer than a socket address takes is reached through the open directory.
        directory = os.open(os.path.dirname(self.path), os.O_RDONLY)
        try:
            self.sock.connect(f'/proc/self/fd/{directory}/{os.path.basename(self.path)}')
        finally:
            os.close(directory)


class Caller:
    """One connection; one thread uses it at a time."""

    def __init__(self, server, key=None, timeout=60):
        self.server, self.key, self.timeout = server, key, timeout
        self.connection = None

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def _connect(self):
        if self.key is None:
            self.connection = _Socket(str(self.server.data / 'valv.sock'), self.timeout)
        else:
            host, port = self.server.url.removeprefix('http://').rsplit(':', 1)
            self.connection = http.client.HTTPConnection(host, int(port), timeout=self.timeout)
        try:
            self.connection.connect()
        except OSError as error:
            self.close()
            raise Dead(error) from error
        if self.connection.sock.family != socket.AF_UNIX:
            self.connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def call(self, method, path, body=None, **headers):
        """headers: names with _ for -.  body: bytes as they are, anything else as JSON."""
        sent = {name.replace('_', '-'): value for name, value in headers.items()}
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body, ensure_ascii=False).encode()
            sent.setdefault('Content-Type', 'application/json')
        if self.key:
            sent['Authorization'] = 'Bearer ' + self.key
        if not self.connection:
            self._connect()
        try:
            self.connection.request(method, path, body=body, headers=sent)
            reply = self.connection.getresponse()
            answer = Answer(reply.status, reply.headers, reply.read())
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise Dead(error) from error
        if answer.headers.get('Connection', '').lower() == 'close':
            self.close()
        return answer

    def get(self, path, **headers):
        return self.call('GET', path, **headers)

    def post(self, path, body=None, **headers):
        return self.call('POST', path, body, **headers)

    def put(self, path, body=None, **headers):
        return self.call('PUT', path, body, **headers)

    def patch(self, path, body=None, **headers):
        return self.call('PATCH', path, body, **headers)

    def delete(self, path, **headers):
        return self.call('DELETE', path, **headers)

    def good(self, method, path, body=None, **headers):
        answer = self.call(method, path, body, **headers)
        assert 200 <= answer.status < 300, f'{method} {path}: {answer}'
        return answer.json if answer.body else None

    def pages(self, path, member, after=None):
        """All items of a list, page by page."""
        sign = '&' if '?' in path else '?'
        while True:
            page = self.good('GET', path + (f'{sign}limit=1000' + (f'&after={after}' if after else '')))
            yield from page[member]
            after = page['next']
            if after is None:
                return


class Server:
    """data: the vault's directory.  Logs go to LOGS/stderr, started anew by no start: the dump test
    reads all of it."""

    def __init__(self, data, logs=None, binary=BINARY):
        self.data = pathlib.Path(data)
        self.logs = pathlib.Path(logs or f'{data}.logs')
        self.logs.mkdir(parents=True, exist_ok=True)
        self.binary = binary
        self.process = None
        self.killing = threading.Lock()
        self.url = None
        self.ready_file = self.logs / 'ready'
        assert os.access(binary, os.X_OK), f'{binary} is not there: build it, or set VALV'

    @property
    def stderr(self):
        path = self.logs / 'stderr'
        return path.read_text(errors='replace') if path.exists() else ''

    def init(self, *options):
        done = subprocess.run([self.binary, 'init', '--data', str(self.data), *options],
                              capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return self

    def spawn(self, env=None, prepare=None, options=()):
        """Starts and does not wait."""
        assert not self.process
        self.ready_file.unlink(missing_ok=True)

        def before():
            _die_with_parent()
            if prepare:
                prepare()

        with open(self.logs / 'stderr', 'ab') as log:
            self.process = subprocess.Popen(
                [self.binary, 'serve', '--data', str(self.data), '--listen', '127.0.0.1:0',
                 '--ready-file', str(self.ready_file), *options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=before,
                env={**os.environ, **(env or {})})
        self.started_at = time.monotonic()
        return self

    def wait_ready(self, seconds=START_SECONDS):
        """Seconds that it took.  Dead when the process ended instead."""
        while not self.ready_file.exists():
            if self.process.poll() is not None:
                status = self.process.returncode
                self.process = None
                raise Dead(f'the server ended with {status} before it was ready:\n{self.stderr[-2000:]}')
            assert time.monotonic() - self.started_at < seconds, \
                f'not ready after {seconds} s:\n{self.stderr[-2000:]}'
            time.sleep(0.002)
        self.url = self.ready_file.read_text().strip()
        return time.monotonic() - self.started_at

    def start(self, env=None, prepare=None, options=()):
        self.spawn(env, prepare, options)
        return self.wait_ready()

    def kill(self):
        """SIGKILL, and the wait for the end, whichever thread sent it."""
        with self.killing:
            process, self.process = self.process, None
            if process:
                process.send_signal(signal.SIGKILL)
                process.wait()

    def wait_end(self, seconds=30):
        """Exit status of a server that is expected to end by itself."""
        process, self.process = self.process, None
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f'still there after {seconds} s:\n{self.stderr[-2000:]}') from None

    def stop(self):
        """SIGTERM; fails unless it ends well."""
        process, self.process = self.process, None
        if not process:
            return
        process.send_signal(signal.SIGTERM)
        try:
            status = process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError('does not stop') from None
        assert status == 0, f'ended with {status}:\n{self.stderr[-4000:]}'

    def caller(self, key=None, timeout=60):
        return Caller(self, key, timeout)

    def verify(self):
        """What POST /v1/admin/verify finds."""
        return self.caller().good('POST', '/v1/admin/verify')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
