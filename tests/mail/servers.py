"""Mail servers: aiosmtpd, and one that does what a list says."""
import datetime
import ipaddress
import socket
import ssl
import threading

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


def certificate(folder, name):
    """(PEM of the certificate, an SSL context of the server) for a name, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(key, hashes.SHA256()))
    pem, private = folder / f'{name}.pem', folder / f'{name}.key'
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, private)
    return str(pem), context


class Mailbox:
    """A handler of aiosmtpd: keeps what comes; says of recipients and subjects what `answers` says."""

    def __init__(self):
        self.mails, self.answers, self.peers, self.users = [], {}, set(), []

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return '250 OK'

    async def handle_DATA(self, server, session, envelope):
        self.peers.add(session.peer)
        for word, said in self.answers.items():
            if word.encode() in envelope.content:
                return said
        self.mails.append((envelope.mail_from, envelope.rcpt_tos, envelope.content, session.ssl is not None))
        return '250 2.6.0 taken as 4711'

    def login(self, server, session, envelope, mechanism, data):
        self.users.append((mechanism, data.login, data.password) if isinstance(data, LoginPassword) else None)
        return AuthResult(success=self.users[-1] is not None and data.password == b'secret', handled=False)


def start(handler, **options):
    one = Controller(handler, hostname='127.0.0.1', port=0, **options)
    # Port 0: the controller wants to call back on the one it was told.
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        one.port = free.getsockname()[1]
    one.start()
    return one


class Script:
    """Each connection takes the next list of (word that is waited for, what is said then); None closes, 'reset' resets."""

    def __init__(self, *connections):
        self.socket = socket.create_server(('127.0.0.1', 0))
        self.port, self.connections, self.heard = self.socket.getsockname()[1], list(connections), []
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        for steps in self.connections:
            try:
                one, _ = self.socket.accept()
            except OSError:
                return
            heard = b''
            self.heard.append(heard)
            try:
                one.settimeout(20)
                for word, said in steps:
                    while word not in heard:
                        more = one.recv(65536)
                        if not more:
                            break
                        heard += more
                        self.heard[-1] += more
                    heard = heard[heard.find(word) + len(word):] if word in heard else b''
                    if said is None:
                        break
                    if said == 'reset':
                        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\1\0\0\0\0\0\0\0')
                        break
                    if said == 'silence':
                        while one.recv(65536):
                            pass
                        break
                    one.sendall(said)
            except OSError:
                pass
            one.close()

    def close(self):
        self.socket.close()
