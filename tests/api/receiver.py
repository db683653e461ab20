"""A recipient's webhook on this machine: it checks every signature, and answers as it is told.

    receiver = Receiver()           receiver.url, receiver.secrets (the ones that may sign)
    receiver.answers = [500, 429]   for the calls that come next; then 200
    receiver.calls                  [Call]: id, type, event (the body), signatures

A special answer: a function(handler) that writes to the socket itself.
"""
import base64
import hashlib
import hmac
import http.server
import json
import threading
import time


class Call:
    def __init__(self, headers, body):
        self.headers, self.body = headers, body
        self.id = headers['webhook-id']
        self.at = int(headers['webhook-timestamp'])
        self.signatures = headers['webhook-signature'].split(' ')
        self.event = json.loads(body)

    @property
    def type(self):
        return self.event['type'].removeprefix('se.valv.').removesuffix('.v1')

    def signed_by(self, secret):
        key = base64.b64decode(secret.removeprefix('whsec_'))
        text = b'.'.join([self.id.encode(), str(self.at).encode(), self.body])
        return 'v1,' + base64.b64encode(hmac.digest(key, text, hashlib.sha256)).decode() in self.signatures


class Receiver:
    def __init__(self):
        self.calls, self.answers, self.headers = [], [], {}
        self.arrived = threading.Condition()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers['Content-Length']))
                with outer.arrived:
                    outer.calls.append(Call(self.headers, body))
                    outer.arrived.notify_all()
                    answer = outer.answers.pop(0) if outer.answers else 200
                if callable(answer):
                    return answer(self)
                self.send_response(answer)
                for name, value in outer.headers.items():
                    self.send_header(name, value)
                self.send_header('Content-Length', '2')
                self.end_headers()
                self.wfile.write(b'ok')

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f'http://127.0.0.1:{self.server.server_address[1]}/hook'

    def wait(self, count, seconds=20):
        """The calls, once there are so many."""
        until = time.monotonic() + seconds
        with self.arrived:
            while len(self.calls) < count:
                left = until - time.monotonic()
                assert left > 0, f'{len(self.calls)} calls, not {count}'
                self.arrived.wait(left)
            return list(self.calls)

    def close(self):
        self.server.shutdown()
        self.server.server_close()
