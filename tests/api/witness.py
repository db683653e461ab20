"""A witness of logs that is not Valv's: C2SP tlog-witness and tlog-cosignature over the library `cryptography`, as a
server of its own."""
import base64
import hashlib
import http.server
import threading
import time

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519, COSIGNATURE = 1, 4


def key_id(name, type, public):
    return hashlib.sha256(name.encode() + b'\n' + bytes([type]) + public).digest()[:4]


def vkey(name, public, type=COSIGNATURE):
    return f'{name}+{key_id(name, type, public).hex()}+{base64.b64encode(bytes([type]) + public).decode()}'


def verifies(key, note):
    """Does the note bear a signature of this key of type 1?"""
    name, id, octets = key.split('+', 2)
    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(octets)[1:])
    text, lines = note.rsplit(b'\n\n', 1)
    for line in lines.decode().splitlines():
        _, by, signature = line.split(' ')
        signature = base64.b64decode(signature)
        if by == name and signature[:4].hex() == id:
            try:
                public.verify(signature[4:], text + b'\n')
                return True
            except InvalidSignature:
                return False
    return False


def node(left, right):
    return hashlib.sha256(b'\1' + left + right).digest()


def consistent(old, old_root, size, root, proof):
    """RFC 9162, 2.1.4.2."""
    if old == size:
        return old_root == root and not proof
    if old == 0:
        return not proof
    if not proof:
        return False
    path = ([old_root] if old & (old - 1) == 0 else []) + proof
    fn, sn = old - 1, size - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node(c, fr), node(c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node(sr, c)
        fn, sn = fn >> 1, sn >> 1
    return fr == old_root and sr == root and sn == 0


class Witness:
    def __init__(self, name):
        self.name = name
        self.key = Ed25519PrivateKey.generate()
        self.public = self.key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        self.vkey = vkey(name, self.public)
        self.logs = {}  # origin: (verifier key, size, root)

    def trust(self, log_key):
        self.logs[log_key.split('+')[0]] = (log_key, 0, None)

    def line(self, text, second=None, name=None, type=COSIGNATURE):
        second = int(time.time()) if second is None else second
        message = f'cosignature/v1\ntime {second}\n'.encode() + text
        octets = key_id(name or self.name, type, self.public) + second.to_bytes(8, 'big') + self.key.sign(message)
        return f'— {name or self.name} {base64.b64encode(octets).decode()}\n'.encode()

    def cosign(self, note, **how):
        """The note with this witness's line behind it; it does not look."""
        return note + self.line(note.rsplit(b'\n\n', 1)[0] + b'\n', **how)

    def add_checkpoint(self, body):
        """(status, answer)"""
        head, note = body.split(b'\n\n', 1)
        first, *proof = head.decode().split('\n')
        if not first.startswith('old ') or len(proof) > 63:
            return 400, b''
        old, proof = int(first[4:]), [base64.b64decode(line) for line in proof]
        origin, size, root = note.decode().split('\n')[:3]
        size, root = int(size), base64.b64decode(root)
        if origin not in self.logs:
            return 404, b''
        key, seen, seen_root = self.logs[origin]
        if not verifies(key, note):
            return 403, b''
        if old > size:
            return 400, b''
        if old != seen:
            return 409, f'{seen}\n'.encode()
        if not consistent(old, seen_root, size, root, proof):
            return 422, b''
        self.logs[origin] = (key, size, root)
        return 200, self.line(note.rsplit(b'\n\n', 1)[0] + b'\n')

    def serve(self):
        witness = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                status, answer = witness.add_checkpoint(self.rfile.read(int(self.headers['Content-Length'])))
                self.send_response(status if self.path == '/add-checkpoint' else 404)
                self.send_header('Content-Type', 'text/x.tlog.size' if status == 409 else 'text/plain')
                self.send_header('Content-Length', str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.server = http.server.HTTPServer(('127.0.0.1', 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return f'http://127.0.0.1:{self.server.server_port}'

    def close(self):
        self.server.shutdown()
        self.server.server_close()
