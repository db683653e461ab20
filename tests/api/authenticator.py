"""An authenticator in software: EdDSA by OpenSSL's command, CBOR by hand.  The browser stage has another one, which can do wrong."""
import base64
import hashlib
import json
import os
import subprocess


def b64(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b'=').decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + '=' * (-len(text) % 4))


def head(kind, value):
    return bytes([kind << 5 | value]) if value < 24 else bytes([kind << 5 | 24, value]) if value < 256 else \
        bytes([kind << 5 | 25]) + value.to_bytes(2, 'big')


def octets(value):
    return head(2, len(value)) + value


def text(value):
    return head(3, len(value)) + value.encode()


class Authenticator:
    def __init__(self, directory, origin, handle=None):
        """handle: the account's id, which a passkey that remembers whose it is says."""
        self.origin, self.handle = origin, handle
        self.id = os.urandom(32)
        self.counter = 0
        self.key = directory / f'{self.id.hex()}.pem'
        subprocess.run(['openssl', 'genpkey', '-algorithm', 'ed25519', '-out', self.key], check=True)
        made = subprocess.run(['openssl', 'pkey', '-in', self.key, '-pubout', '-outform', 'DER'], check=True, capture_output=True)
        self.public = made.stdout[-32:]

    def client_data(self, kind, challenge):
        return json.dumps({'type': kind, 'challenge': challenge, 'origin': self.origin, 'crossOrigin': False}).encode()

    def data(self, flags, attested=b''):
        self.counter += 1
        return hashlib.sha256(b'localhost').digest() + bytes([flags]) + self.counter.to_bytes(4, 'big') + attested

    def register(self, options):
        cose = head(5, 4) + bytes([1, 1, 3, 0x27, 0x20, 6, 0x21]) + octets(self.public)
        data = self.data(0x45, bytes(16) + len(self.id).to_bytes(2, 'big') + self.id + cose)
        attestation = head(5, 3) + text('fmt') + text('none') + text('attStmt') + head(5, 0) + text('authData') + octets(data)
        return {'client_data': b64(self.client_data('webauthn.create', options['challenge'])), 'attestation': b64(attestation),
                'transports': ['internal', 'hybrid']}

    def answer(self, options):
        client, data = self.client_data('webauthn.get', options['challenge']), self.data(0x05)
        message = self.key.with_suffix('.message')
        message.write_bytes(data + hashlib.sha256(client).digest())
        made = subprocess.run(['openssl', 'pkeyutl', '-sign', '-rawin', '-inkey', self.key, '-in', message], check=True, capture_output=True)
        said = {'id': b64(self.id), 'client_data': b64(client), 'authenticator_data': b64(data), 'signature': b64(made.stdout)}
        return {**said, 'user_handle': b64(self.handle)} if self.handle else said
