"""Random calls made from the description: every reply is one that it describes, and never a 5xx.

Members are filled with values that are right, of the right kind, or wrong; ids are those of people
who are there, mostly.  The seed is printed when a call fails; VALV_SEED and VALV_CALLS change it.
"""
import json
import os
import random

import definitions
from client import CANARY
from definitions import consent, contract, email, make_person

SEED = int(os.environ.get('VALV_SEED', '20261123'))
CALLS = int(os.environ.get('VALV_CALLS', '2500'))

WRONG = [None, CANARY, 7, -1, 1.5, True, [], {}, [CANARY], {CANARY: 1}, '', 'x' * 300, '\u0000', '\u202e', 10 ** 17]
TIMES = ['2026-11-01T00:00:00Z', '2026-11-20T10:00:00+01:00', '2020-02-29T23:59:59.999999Z', '2031-01-01T00:00:00Z',
         '1900-01-01T00:00:00Z', '9999-12-31T23:59:59Z', '0000-00-00T00:00:00Z', '2026-02-30T00:00:00Z']


class Maker:
    def __init__(self, rng, description, people):
        self.rng, self.people = rng, people
        self.schemas = description.document['components']['schemas']

    def name(self, member):
        if 'field' in member:
            return self.rng.choice([*definitions.FIELDS, 'nothing'])
        if member in ('categories', 'category'):
            return self.rng.choice(['shoes', 'hats'])
        return self.rng.choice([*definitions.PURPOSES, 'nothing'])

    def values(self):
        pool = {'email': email(), 'phone': '+46701740605', 'name': 'Åsa Öberg', 'nick': 'å\u0301', 'born': '1990-05-05', 'tier': 'gold',
                'visits': 3, 'vip': False, 'allergy': 'nuts', 'pnr': '19900101-0017', 'invoice': 'F-1', 'nothing': 'x'}
        return {name: self.rng.choice([pool[name]] * 6 + [None, CANARY, '']) for name in self.rng.sample(list(pool), self.rng.randrange(4))}

    def value(self, schema, member):
        rng = self.rng
        if rng.random() < 0.04:
            return rng.choice(WRONG)
        if 'anyOf' in schema:
            return self.value(schema['anyOf'][0], member) if rng.random() < 0.9 else None
        if '$ref' in schema:
            return self.object(schema['$ref'].rsplit('/', 1)[1])
        if 'oneOf' in schema:
            return rng.choice(['*', [self.name('purposes')]])
        if 'enum' in schema:
            return rng.choice(schema['enum'])
        if 'const' in schema:
            return schema['const']
        kind = schema.get('type')
        if kind == 'array':
            return [self.value(schema['items'], member) for _ in range(rng.choice([0, 1, 1, 2, 3]))]
        if kind == 'boolean':
            return rng.random() < 0.5
        if kind == 'integer':
            return rng.choice([0, 1, 2, 60, -1, 2 ** 31, 2 ** 63 - 1])
        if kind == 'object':
            if member == 'values':
                return self.values()
            if member == 'evidence':
                return {'reference': 'a', 'justification': 'b', 'reviewer': 'c', 'sale': 'd', 'sold_at': TIMES[0], 'opt_out_offered': 'e'}
            return {language: 'text' for language in ('sv', 'en')}
        return self.text(schema, member)

    def text(self, schema, member):
        rng = self.rng
        if schema.get('format') == 'uuid':
            return rng.choice([*self.people, '00000000-0000-4000-8000-000000000000'])
        if schema.get('format') == 'date-time':
            return rng.choice(TIMES)
        if schema.get('format') == 'duration':
            return rng.choice(['P2Y', 'P1M', 'PT1S', 'P', 'P9999Y'])
        if schema.get('format') == 'date':
            return '2027-06-30'
        if 'sha256' in schema.get('pattern', ''):
            return 'sha256:' + '0' * 64
        if 'pattern' in schema:
            return self.name(member)
        if member == 'language':
            return rng.choice(['sv', 'en', 'de'])
        if member == 'value':
            return rng.choice([email(), '+46701740605', 'Åsa', CANARY])
        return rng.choice(['x', 'Åsa', 'a b', '21:00'])

    def object(self, name):
        schema, made = self.schemas[name], {}
        for member, of in schema['properties'].items():
            if member in schema['required'] and self.rng.random() < 0.98 or self.rng.random() < 0.35:
                made[member] = self.value(of, member)
        if self.rng.random() < 0.02:
            made[CANARY] = 1
        return made

    def target(self, path):
        fills = {'{id}': self.rng.choice(self.people), '{name}': f'random-{self.rng.randrange(5)}', '{seq}': str(self.rng.randrange(5)),
                 '{hash}': '0' * 64, '{setting}': self.rng.choice(['dpo', 'contact', 'nothing']), '{slug}': 'held'}
        for name, value in fills.items():
            path = path.replace(name, value)
        return path


def test_random_calls_get_described_replies(operator, app, description):
    rng = random.Random(SEED)
    print('VALV_SEED', SEED)
    people = [make_person(app, grounds=rng.sample([consent(), contract(), consent('parties'), {'purpose': 'support'}], rng.randrange(1, 4)))[0]
              for _ in range(12)]
    maker = Maker(rng, description, people)
    # keys are left alone, so that the caller keeps its own; sweep, verify and rotate take long
    operations = [(method, path, operation) for method, path, operation in description.operations()
                  if not path.startswith(('/v1/admin', '/v1/keys/{id}', '/v1/audit', '/v1/imports', '/scim'))]
    connections = {client: client.connection() for client in (operator, app)}
    seen = {}
    for _ in range(CALLS):
        method, path, operation = rng.choice(operations)
        client = rng.choice([operator, app, app])
        headers = {}
        if rng.random() < 0.9:
            headers['Valv-Purpose'] = rng.choice([*definitions.PURPOSES, 'rights'])
            headers['If-Match'] = rng.choice(['*', '"1"', '"2"', '"3"'])
        if rng.random() < 0.2:
            headers['Idempotency-Key'] = f'"{rng.randrange(40)}"'
        body = type = None
        if 'requestBody' in operation:
            type, media = rng.choice(list(operation['requestBody']['content'].items()))
            made = maker.object(media['schema']['$ref'].rsplit('/', 1)[1])
            body = json.dumps(made).encode()
        reply = client.call(method, maker.target(path), body, type=type, headers=headers, connection=connections[client])
        seen[reply.status] = seen.get(reply.status, 0) + 1
        if operation['operationId'] == 'subject_post' and reply.status == 201:
            people.append(reply.json['id'])
    for connection in connections.values():
        connection.close()
    assert seen.get(200, 0) > CALLS / 5, seen  # most of it would otherwise test nothing but readers


def test_after_all_that_the_store_still_fits_together(operator):
    assert operator.post('/v1/admin/verify').json['findings'] == []
