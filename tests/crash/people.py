"""Definitions and made-up people that the breaking tests use."""
import itertools
import random

PARTY = {'name': 'Exempel AB', 'contact': 'dataskydd@example.org'}
COMMON = {'recipients': [], 'controller': PARTY, 'why': {'sv': 'För provet', 'en': 'For the test'}}

PURPOSES = {
    # By consent, in two channels; e-mail and name are shared with "orders", the town is not.
    'letters': {**COMMON, 'title': {'sv': 'Brev', 'en': 'Letters'}, 'basis': 'consent',
                'marketing': True, 'retention': {'period': 'P2Y'}, 'fields': ['email', 'name', 'town'],
                'channels': ['email', 'sms'],
                'notices': {'sv': 'Vi skickar brev.', 'en': 'We send letters.'}},
    'orders': {**COMMON, 'title': {'sv': 'Order', 'en': 'Orders'}, 'basis': 'contract',
               'retention': {'period': 'P1Y', 'from': 'ended'}, 'fields': ['email', 'name', 'phone'],
               'channels': ['email'], 'notices': {'sv': 'Vi levererar.', 'en': 'We deliver.'}},
}

FIELDS = {
    'email': {'title': {'sv': 'E-post'}, 'type': 'email', 'lookup': 'exact', 'address': 'email'},
    'name': {'title': {'sv': 'Namn'}, 'type': 'name', 'lookup': 'folded'},
    'phone': {'title': {'sv': 'Telefon'}, 'type': 'phone', 'lookup': 'exact', 'address': 'phone',
              'region': 'SE'},
    'town': {'title': {'sv': 'Ort'}, 'type': 'city'},
}

COVERS = {name: set(purpose['fields']) for name, purpose in PURPOSES.items()}
ALL_SCOPES = ['define', 'read', 'write', 'search', 'decide', 'withdraw', 'ledger', 'keys', 'audit',
              'metrics']


def define(caller, fields=None, purposes=None):
    for name, definition in (fields or FIELDS).items():
        caller.good('PUT', f'/v1/fields/{name}', definition)
    for name, definition in (purposes or PURPOSES).items():
        caller.good('PUT', f'/v1/purposes/{name}', definition)
        caller.good('POST', f'/v1/purposes/{name}/activate')


def make_key(caller, name='test', scopes=None, purposes='*'):
    """(id, text)"""
    made = caller.good('POST', '/v1/keys', {'name': name, 'scopes': scopes or ALL_SCOPES,
                                            'purposes': purposes})
    return made['id'], made['key']


class Names:
    """Unique people, the same ones for the same seed."""

    def __init__(self, seed, prefix, number):
        self.random = random.Random(f'{seed}/{prefix}')
        self.prefix, self.number = prefix, number
        self.count = itertools.count(1)

    def person(self):
        n = next(self.count)
        first = self.random.choice(['Åsa', 'Björn', 'Zoë', 'Karin', 'José', 'Mary', 'Örjan', 'Li'])
        last = self.random.choice(['Öberg', 'Svensson', 'von Essen', "O'Hara", 'Łuczak', 'Ek'])
        # The count is in the address, the name and the telephone number: no two are alike.
        return {'email': f'{self.prefix}.{n}@example.org',
                'name': f'{first} {last}-{self.prefix.upper()}{_letters(n)}',
                'phone': f'+4670{self.number * 100_000 + n:07}',
                'town': self.random.choice(['Luleå', 'Ystad', 'Mora', 'Gävle'])}


def _letters(n):
    """1 a, 27 aa ...: names take no digits."""
    out = ''
    while n:
        n, rest = divmod(n - 1, 26)
        out = chr(ord('a') + rest) + out
    return out
