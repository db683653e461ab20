"""An OpenID provider on this machine, as good or as hostile as a test wants it.

    provider = Provider()                 provider.issuer, provider.client, provider.secret
    code = provider.authorize(url, 'sub') what a browser at the authorization address would come back with
    provider.forge = function             makes the ID token of the next code: function(provider, claims) -> text
    provider.logout(sub=..., sid=...)     a logout token; provider.event(...)  a security event token

It checks what is sent to it, so that a client which leaves out PKCE or its secret fails here.
"""
import base64
import hashlib
import hmac
import http.server
import itertools
import json
import secrets
import threading
import time
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

LOGOUT = 'http://schemas.openid.net/event/backchannel-logout'
REVOKED = 'https://schemas.openid.net/secevent/caep/event-type/session-revoked'
CHANGED = 'https://schemas.openid.net/secevent/caep/event-type/credential-change'
VERIFY = 'https://schemas.openid.net/secevent/ssf/event-type/verification'


def b64(octets):
    return base64.urlsafe_b64encode(octets if isinstance(octets, bytes) else octets.encode()).rstrip(b'=').decode()


def number(value):
    return b64(value.to_bytes((value.bit_length() + 7) // 8, 'big'))


class Key:
    """A signing key with its public half as a JWK."""

    def __init__(self, alg, kid, bits=2048):
        self.alg, self.kid = alg, kid
        if alg in ('RS256', 'PS256'):
            self.private = rsa.generate_private_key(65537, bits)
            public = self.private.public_key().public_numbers()
            self.jwk = {'kty': 'RSA', 'n': number(public.n), 'e': number(public.e)}
        elif alg == 'ES256':
            self.private = ec.generate_private_key(ec.SECP256R1())
            public = self.private.public_key().public_numbers()
            self.jwk = {'kty': 'EC', 'crv': 'P-256', 'x': b64(public.x.to_bytes(32, 'big')), 'y': b64(public.y.to_bytes(32, 'big'))}
        else:
            self.private = ed25519.Ed25519PrivateKey.generate()
            raw = self.private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
            self.jwk = {'kty': 'OKP', 'crv': 'Ed25519', 'x': b64(raw)}
        self.jwk.update(kid=kid, use='sig', alg=alg)

    def sign(self, text, der=False):
        if self.alg == 'RS256':
            return self.private.sign(text, padding.PKCS1v15(), hashes.SHA256())
        if self.alg == 'PS256':
            return self.private.sign(text, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
        if self.alg == 'EdDSA':
            return self.private.sign(text)
        signature = self.private.sign(text, ec.ECDSA(hashes.SHA256()))
        if der:
            return signature
        r, s = decode_dss_signature(signature)
        return r.to_bytes(32, 'big') + s.to_bytes(32, 'big')

    def pem(self):
        return self.private.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def token(key, claims, header=None, signature=None):
    """header: members beside alg and kid, or in their place; claims: a dict, or the text of one."""
    head = {'alg': key.alg, 'kid': key.kid, **(header or {})}
    head = {name: value for name, value in head.items() if value is not ...}
    payload = claims if isinstance(claims, (str, bytes)) else json.dumps(claims)
    text = f'{b64(json.dumps(head))}.{b64(payload)}'
    return f'{text}.{b64(key.sign(text.encode()) if signature is None else signature)}'


class Provider:
    def __init__(self):
        self.keys = [Key('RS256', 'rsa-1'), Key('ES256', 'ec-1'), Key('EdDSA', 'ed-1'), Key('PS256', 'pss-1')]
        self.key = self.keys[0]
        self.client, self.secret = 'valv', secrets.token_urlsafe(24)
        self.codes, self.forge, self.metadata, self.calls, self.slow = {}, None, {}, [], 0
        self.jtis = itertools.count(1)
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.calls.append(self.path)
                time.sleep(outer.slow)
                path = urlsplit(self.path).path
                if path == '/realm/.well-known/openid-configuration':
                    return self.answer(200, outer.document())
                if path == '/realm/keys':
                    return self.answer(200, {'keys': [key.jwk for key in outer.keys]})
                return self.answer(404, {})

            def do_POST(self):
                body = self.rfile.read(int(self.headers['Content-Length']))
                outer.calls.append(self.path)
                status, answer = outer.redeem(self.headers, parse_qs(body.decode(), strict_parsing=True))
                return self.answer(status, answer)

            def answer(self, status, value):
                body = json.dumps(value).encode()
                self.send_response(status)
                self.send_header('Content-Type', 'application/json')
                self.send_header('Content-Length', str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.issuer = f'http://127.0.0.1:{self.server.server_address[1]}/realm'

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def document(self):
        return {'issuer': self.issuer, 'authorization_endpoint': f'{self.issuer}/authorize',
                'token_endpoint': f'{self.issuer}/token', 'jwks_uri': f'{self.issuer}/keys',
                'response_types_supported': ['code'], 'subject_types_supported': ['public'],
                'id_token_signing_alg_values_supported': ['RS256', 'PS256', 'ES256', 'EdDSA'],
                'code_challenge_methods_supported': ['S256'],
                'authorization_response_iss_parameter_supported': True, **self.metadata}

    # --- the code flow -----------------------------------------------------------------------------

    def authorize(self, url, subject, **claims):
        """Signs `subject` in, and gives the query that the browser brings back."""
        assert url.startswith(f'{self.issuer}/authorize?'), url
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query, strict_parsing=True).items()}
        assert asked['response_type'] == 'code' and asked['client_id'] == self.client
        assert 'openid' in asked['scope'].split() and asked['code_challenge_method'] == 'S256'
        assert len(asked['state']) >= 43 and len(asked['nonce']) >= 43 and len(asked['code_challenge']) == 43
        assert len({asked['state'], asked['nonce'], asked['code_challenge']}) == 3
        code = secrets.token_urlsafe(24)
        self.codes[code] = (asked, subject, claims)
        return {'code': code, 'state': asked['state'], 'iss': self.issuer}

    def redeem(self, headers, form):
        if any(len(values) != 1 for values in form.values()):
            return 400, {'error': 'invalid_request'}
        form = {name: values[0] for name, values in form.items()}
        basic = base64.b64encode(f'{self.client}:{self.secret}'.encode()).decode()
        if not hmac.compare_digest(headers.get('Authorization', ''), f'Basic {basic}'):
            return 401, {'error': 'invalid_client'}
        asked, subject, claims = self.codes.pop(form.get('code'), (None, None, None))
        challenge = b64(hashlib.sha256(form.get('code_verifier', '').encode()).digest())
        if not asked or form['grant_type'] != 'authorization_code' or form['redirect_uri'] != asked['redirect_uri'] \
                or challenge != asked['code_challenge']:
            return 400, {'error': 'invalid_grant'}
        access = secrets.token_urlsafe(32)
        now = int(time.time())
        claims = {'iss': self.issuer, 'aud': self.client, 'sub': subject, 'nonce': asked['nonce'], 'iat': now, 'exp': now + 300,
                  'auth_time': now, 'at_hash': b64(hashlib.sha256(access.encode()).digest()[:16]), **claims}
        if self.key.alg == 'EdDSA' and not self.forge:
            claims['at_hash'] = b64(hashlib.sha512(access.encode()).digest()[:32])
        claims = {name: value for name, value in claims.items() if value is not ...}
        made = self.forge(self, claims) if self.forge else token(self.key, claims)
        return 200, {'access_token': access, 'token_type': 'Bearer', 'expires_in': 300, 'id_token': made}

    # --- what it says later ------------------------------------------------------------------------

    def logout_claims(self, **more):
        now = int(time.time())
        claims = {'iss': self.issuer, 'aud': self.client, 'iat': now, 'exp': now + 120, 'jti': f'{self.issuer}#{next(self.jtis)}',
                  'events': {LOGOUT: {}}, **more}
        return {name: value for name, value in claims.items() if value is not ...}

    def logout(self, header=None, **more):
        return token(self.key, self.logout_claims(**more), {'typ': 'logout+jwt', **(header or {})})

    def event(self, subject, kind=REVOKED, header=None, body=None, **more):
        claims = {'iss': self.issuer, 'aud': self.client, 'iat': int(time.time()), 'jti': f'{self.issuer}#{next(self.jtis)}',
                  'sub_id': subject, 'events': {kind: body or {}}, **more}
        claims = {name: value for name, value in claims.items() if value is not ...}
        return token(self.key, claims, {'typ': 'secevent+jwt', **(header or {})})
