"""Looking for plaintext in every form that a leak could have, through everything a server leaves.

A canary is a value that stands nowhere but in a request.  Its forms are the text as sent and as
stored, in other letter cases and encodings, and its unkeyed hashes: who has a hash of a telephone
number has the number.  All forms of all canaries are looked for at once, by their first eight octets.
"""
import base64
import hashlib
import ipaddress
import json
import os
import pathlib
import random
import re
import unicodedata
import urllib.parse

HEAD = 8  # octets; what is shorter is no canary


class Maker:
    """Values of every type that no other test, word list or chance would give."""

    def __init__(self, seed):
        self.random = random.Random(f'canary/{seed}')

    def token(self, length=12):
        return ''.join(self.random.choice('bcdfghjklmnpqrstvwxz') + self.random.choice('aeiouy')
                       for _ in range(length // 2))

    def digits(self, count):
        return str(self.random.randrange(10 ** (count - 1), 10 ** count))

    def personnummer(self):
        birth = f'19{self.random.randrange(40, 99)}{self.random.randrange(1, 13):02}{self.random.randrange(1, 29):02}'
        nine = birth[2:] + f'{self.random.randrange(1000):03}'
        twice = [int(digit) * (2 - place % 2) for place, digit in enumerate(nine)]
        return birth + nine[6:] + str(-sum(digit // 10 + digit % 10 for digit in twice) % 10)

    def iban(self):
        account = '500' + self.digits(17)
        rest = 98 - int(account + '281400') % 97  # S is 28, E is 14
        return f'SE{rest:02}{account}'

    def value(self, type):
        """As a person would write it."""
        name = self.token().capitalize()
        return {
            'text': f'Minns {self.token()} och {self.token().upper()}',
            'name': f'{name} Ög{self.token()}',
            'email': f'{name}.Ö{self.token()}@{self.token().capitalize()}.Example',
            'phone': f'070-{self.digits(3)} {self.digits(2)} {self.digits(2)}',
            'street': f'{name}vägen {self.digits(3)}',
            'city': f'{name}stad',
            'region': f'{name} län',
            'date': f'{self.random.randrange(1910, 1930)}-{self.random.randrange(10, 13)}-{self.random.randrange(10, 28)}',
            'birth_date': f'{self.random.randrange(1930, 1950)}-{self.random.randrange(10, 13)}-{self.random.randrange(10, 28)}',
            'ip': f'2001:db8:{self.random.getrandbits(16) | 0x1000:x}:{self.random.getrandbits(16) | 0x1000:x}::'
                  f'{self.random.getrandbits(16) | 0x1000:x}',
            'personnummer': self.personnummer(),
            'url': f'https://{self.token()}.example/{self.token()}?q={self.token()}',
            'number': self.digits(15),
            'iban': self.iban(),
        }[type]


def texts(value):
    """The ways in which one value could be written down."""
    found = {value, unicodedata.normalize('NFD', value), ''.join(value.split()), value.replace('-', '')}
    digits = re.sub(r'\D', '', value)
    if len(digits) >= 10 and re.fullmatch(r'[+\d\s()-]+', value):
        found |= {digits, digits[2:], digits[-9:]}  # without prefix or century
        if digits.startswith('07'):
            found |= {'+46' + digits[1:], '46' + digits[1:]}
        if len(digits) == 12:
            found |= {f'{digits[:8]}-{digits[8:]}', f'{digits[2:8]}-{digits[8:]}'}
    if value.startswith('SE') and digits == value[2:]:
        found |= {digits[2:], ' '.join(value[i:i + 4] for i in range(0, len(value), 4))}
    if '@' in value:
        local, domain = value.split('@')
        found |= {local, domain, f'{local}@{domain.lower()}'}
        found |= {f'{local}@{domain.lower().encode("idna").decode()}'}
    # Words of a text, a name, a path: a part that leaks is a leak.
    found |= {word for word in re.split(r'[\s@.,/?=&:-]+', value) if len(word) >= 10}
    stripped = unicodedata.normalize('NFD', value)
    found.add(''.join(letter for letter in stripped if not unicodedata.combining(letter)))
    found |= {word for text in list(found) for word in (text.lower(), text.upper(), text.casefold(), text.title())}
    return {text for text in found if text}


def encodings(text):
    """(how, octets)"""
    utf8 = text.encode()
    yield 'utf-8', utf8
    yield 'utf-16le', text.encode('utf-16-le')
    yield 'utf-16be', text.encode('utf-16-be')
    yield 'latin-1', text.encode('latin-1', 'ignore')
    yield 'hex', utf8.hex().encode()
    yield 'HEX', utf8.hex().upper().encode()
    yield 'json', json.dumps(text)[1:-1].encode()
    yield 'percent', urllib.parse.quote(text, safe='').encode()
    yield 'reversed', utf8[::-1]
    for shift in range(3):  # wherever it stands in what was encoded
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            whole = encode(b'\0' * shift + utf8)
            # Groups of four letters that hold octets of the text alone.
            yield f'base64/{shift}', whole[4 if shift else 0:len(whole) - 4]
    try:
        yield 'packed', ipaddress.ip_address(text).packed
    except ValueError:
        pass


def hashes(text):
    """(how, digest) of the octets, without a key."""
    for octets, what in ((text.encode(), ''), (text.encode('utf-16-le'), ' of utf-16'),
                         (text.encode() + b'\n', ' with line feed')):
        for name in ('md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512', 'sha3_256', 'blake2s', 'blake2b'):
            yield name + what, hashlib.new(name, octets).digest()
        for size in (16, 20, 32):
            yield f'blake2b-{8 * size}{what}', hashlib.blake2b(octets, digest_size=size).digest()


class Finder:
    def __init__(self):
        self.heads = {}   # first octets: [(octets, what)]
        self.count = 0

    def add(self, value, label, whole=()):
        """whole: further forms of the whole value, as the API gives it."""
        for one in {value, *whole}:
            for text in texts(one):
                for how, octets in encodings(text):
                    self.form(octets, f'{label} as {how}')
                for how, digest in hashes(text):
                    self.form(digest, f'{label} as {how}')
                    self.form(digest.hex().encode(), f'{label} as hex of {how}')
                    self.form(digest.hex().upper().encode(), f'{label} as HEX of {how}')
                    self.form(base64.b64encode(digest)[:20], f'{label} as base64 of {how}')
                    self.form(base64.urlsafe_b64encode(digest)[:20], f'{label} as base64url of {how}')

    def form(self, octets, what):
        if len(octets) >= HEAD:
            self.heads.setdefault(octets[:HEAD], []).append((octets[:16] if 'of' not in what else octets[:HEAD], what))
            self.count += 1

    def search(self, octets):
        """What is found: {what: offset}."""
        found = {}
        heads = self.heads
        for start in range(0, len(octets), 4096):
            page = octets[start:start + 4096 + HEAD - 1]
            if not page.strip(b'\0'):
                continue
            for at in range(len(page) - HEAD + 1):
                if page[at:at + HEAD] in heads:
                    for form, what in heads[page[at:at + HEAD]]:
                        if octets[start + at:start + at + len(form)] == form:
                            found.setdefault(what, start + at)
        return found


def left_by(server, *folders):
    """(name, octets) of every file below the folders, and of those that the process holds open though
    they have no name any more."""
    for folder in folders:
        for path in sorted(pathlib.Path(folder).rglob('*')):
            if path.is_file():
                yield str(path), path.read_bytes()
    if server.process:
        opened = pathlib.Path(f'/proc/{server.process.pid}/fd')
        for link in opened.iterdir():
            try:
                name = os.readlink(link)
                if '(deleted)' in name:
                    yield name, link.read_bytes()
            except OSError:
                continue
        yield 'command line', pathlib.Path(f'/proc/{server.process.pid}/cmdline').read_bytes()
