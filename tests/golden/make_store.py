#!/usr/bin/env -S /usr/bin/python3 -B
"""Makes store-v1/: a vault with made-up people, written by the binary of today, and what it answers.

    tests/golden/make_store.py BINARY [FOLDER]

A later Valv must open it and give the same answers; so it is made once for each schema that was
released, and never again.  Before the first release: again when the first schema has changed.
"""
import json
import os
import pathlib
import shutil
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / 'crash')]

FOREVER = 'P900Y'  # the sweep takes nothing away while people still run this
PARTY = {'name': 'Kafferosteriet Exempel AB', 'contact': 'dataskydd@example.org', 'id': '556000-0000'}
COMMON = {'controller': PARTY, 'dpo': {'contact': 'dso@example.org'},
          'recipients': [{'name': 'Posten Exempel AB', 'role': 'processor', 'country': 'SE'}],
          'why': {'sv': 'Därför att detta är ett prov.', 'en': 'Because this is a test.'}}
FIELDS = {
    'email': {'type': 'email', 'lookup': 'exact', 'address': 'email'},
    'name': {'type': 'name', 'lookup': 'folded'},
    'phone': {'type': 'phone', 'lookup': 'exact', 'address': 'phone', 'region': 'SE'},
    'street': {'type': 'street', 'address': 'post'}, 'postcode': {'type': 'postcode', 'region': 'SE'},
    'city': {'type': 'city'}, 'state': {'type': 'region'}, 'country': {'type': 'country'},
    'since': {'type': 'date'}, 'born': {'type': 'birth_date', 'sensitivity': 'sensitive'},
    'ip': {'type': 'ip'}, 'site': {'type': 'url'}, 'points': {'type': 'number'}, 'member': {'type': 'boolean'},
    'tier': {'type': 'enum', 'options': ['gold', 'silver']}, 'iban': {'type': 'iban', 'lookup': 'exact'},
    'language': {'type': 'language'}, 'note': {'type': 'text'},
    'diet': {'type': 'text', 'sensitivity': 'special'},
    'personnummer': {'type': 'personnummer', 'lookup': 'exact',
                     'justification': {'ground': 'identification', 'text': 'För provet.'}},
}
ORDER_FIELDS = [name for name in FIELDS if name not in ('diet', 'language')]
PURPOSES = {
    'letters': {'basis': 'consent', 'marketing': True, 'retention': {'period': FOREVER},
                'fields': ['email', 'name', 'phone', 'language'], 'channels': ['email', 'sms']},
    'double': {'basis': 'consent', 'marketing': True, 'double_opt_in': True, 'retention': {'period': FOREVER},
               'fields': ['email'], 'channels': ['email']},
    'order': {'basis': 'contract', 'retention': {'period': FOREVER, 'from': 'ended'}, 'fields': ORDER_FIELDS,
              'channels': ['email', 'post']},
    'books': {'basis': 'legal_obligation', 'statute': 'Bokföringslagen 7 kap. 2 §',
              'retention': {'period': FOREVER, 'from': 'year_end'}, 'fields': ['name', 'street', 'postcode', 'city']},
    'offers': {'basis': 'soft_opt_in', 'marketing': True, 'retention': {'period': FOREVER},
               'fields': ['email', 'name'], 'channels': ['email']},
    'survey': {'basis': 'legitimate_interest', 'marketing': True, 'retention': {'period': FOREVER},
               'fields': ['email'], 'channels': ['email'],
               'assessment': {'purpose': 'Fråga', 'necessity': 'Behövs', 'balance': 'Väger över',
                              'safeguards': 'Få frågor', 'review_at': '2126-01-01'}},
    'allergy': {'basis': 'consent', 'article_9': 'a', 'retention': {'period': FOREVER}, 'fields': ['diet']},
}
# Addresses and numbers that are set aside for examples; the personnummer is one of Skatteverket's for tests.
ANNA = {'email': 'Anna.Öberg@Example.org', 'name': 'Anna Öberg', 'phone': '070-174 06 05', 'street': 'Exempelgatan 1 B',
        'postcode': '11122', 'city': 'Stockholm', 'state': 'Stockholms län', 'country': 'SE', 'since': '2019-05-17',
        'born': '1985-02-03', 'ip': '2001:db8::7', 'site': 'https://anna.example.org/om', 'points': '12.50',
        'member': 'ja', 'tier': 'gold', 'iban': 'SE35 5000 0000 0549 1000 0003', 'note': 'Två rader,\nmed å.',
        'personnummer': '198112289874'}
EVIDENCE = {'reference': 'order 1001', 'statute': 'Bokföringslagen 7 kap. 2 §', 'sale': 'order 1001',
            'sold_at': '2026-01-05T10:00:00Z', 'opt_out_offered': 'i kassan'}


def define(caller):
    for name, definition in FIELDS.items():
        caller.good('PUT', f'/v1/fields/{name}', {'title': {'sv': name.title(), 'en': name.title()}, **definition})
    for name, definition in PURPOSES.items():
        caller.good('PUT', f'/v1/purposes/{name}', {
            **COMMON, 'title': {'sv': name.title(), 'en': name.title()},
            'notices': {'sv': f'Om {name}.\nVi gör så här.', 'en': f'About {name}.\nThis is what we do.'}, **definition})
        caller.good('POST', f'/v1/purposes/{name}/activate')


def consent(purpose, **more):
    return {'purpose': purpose, 'language': 'sv', 'method': 'web_form', **more}


def people(caller):
    """{who: id}"""
    def make(values, *grounds, **more):
        return caller.good('POST', '/v1/subjects', {'values': values, 'grounds': list(grounds), **more})['id']

    def act(who, what, body):
        caller.good('POST', f'/v1/subjects/{ids[who]}/{what}', body)

    order = {'purpose': 'order', 'evidence': EVIDENCE}
    ids = {}
    ids['anna'] = make(ANNA, order, consent('letters'), {'purpose': 'books', 'evidence': EVIDENCE})
    ids['withdrew'] = make({'email': 'bo@example.org', 'name': 'Bo Ek', 'phone': '+46701740606'}, order, consent('letters'))
    act('withdrew', 'withdrawals', {'purpose': 'letters'})
    ids['gone'] = make({'email': 'cia@example.org', 'name': 'Cia Alm'}, consent('letters'))
    act('gone', 'withdrawals', {})
    ids['again'] = make({'email': 'dan@example.org', 'name': 'Dan Dahl'}, order, consent('letters'))
    act('again', 'withdrawals', {'purpose': 'letters'})
    act('again', 'consents', consent('letters', act='given', channels=['sms']))
    ids['unconfirmed'] = make({'email': 'eva@example.org'}, consent('double'))
    act('unconfirmed', 'grounds', {'purpose': 'survey', 'act': 'established', 'evidence': EVIDENCE})
    ids['confirmed'] = make({'email': 'frej@example.org'}, consent('double'))
    act('confirmed', 'consents', consent('double', act='confirmed', method='double_opt_in'))
    ids['objected'] = make({'email': 'gun@example.org'}, order, {'purpose': 'survey', 'evidence': EVIDENCE})
    act('objected', 'objections', {})
    ids['restricted'] = make({'email': 'hans@example.org', 'name': 'Hans Holm'}, order, consent('letters'))
    act('restricted', 'restriction', {'act': 'restricted', 'reason': 'accuracy'})
    ids['held'] = make({'email': 'ida@example.org', 'name': 'Ida Ask'}, consent('letters'))
    act('held', 'holds', {'reason': 'Tvist 7', 'fields': ['name']})
    act('held', 'withdrawals', {})
    ids['customer'] = make({'email': 'jon@example.org', 'name': 'Jon Ås'}, order,
                           {'purpose': 'offers', 'basis': 'soft_opt_in', 'categories': ['coffee'], 'evidence': EVIDENCE})
    ids['ended'] = make({'email': 'kim@example.org', 'name': 'Kim Lo'}, order)
    act('ended', 'grounds', {'purpose': 'order', 'act': 'ended'})
    ids['special'] = make({'diet': 'Tål inte nötter'}, consent('allergy', explicit=True))
    ids['protected'] = make({'email': 'lo@example.org'}, order, consent('letters'), flags=['protected_identity'])
    ids['firm'] = make({'email': 'info@example.com'}, order, consent('letters'), kind='legal_person')
    ids['told'] = make({'email': 'mio@example.org'}, order, origin='obtained')
    act('told', 'told', {'at': '2026-01-05T10:00:00Z', 'how': 'mail'})
    ids['shared'] = make({'email': 'anna.öberg@example.org'}, order)
    answer = caller.patch(f'/v1/subjects/{ids["anna"]}', {'values': {'city': 'Umeå', 'ip': None}}, If_Match='"1"')
    assert answer.status == 200, answer
    return ids


def questions(ids):
    for _, id in sorted(ids.items()):
        for purpose, channel, more in (('letters', 'email', {}), ('letters', 'sms', {}), ('double', 'email', {}),
                                       ('order', 'post', {'class': 'transactional'}), ('survey', 'email', {}),
                                       ('offers', 'email', {'category': 'coffee', 'opt_out': True}), ('books', 'none', {})):
            yield {'subject': id, 'purpose': purpose, 'channel': channel, **more}
    for value in ('anna.öberg@EXAMPLE.org', 'bo@example.org', 'stopped@example.org', 'nobody@example.org'):
        yield {'field': 'email', 'value': value, 'purpose': 'letters', 'channel': 'email'}


SEARCHES = [('email', 'anna.öberg@example.org'), ('email', 'bo@example.org'), ('email', 'cia@example.org'),
            ('name', 'oberg'), ('name', 'ÅS'), ('name', 'anna öberg'), ('phone', '0701740606'),
            ('personnummer', '811228-9874'), ('iban', 'SE3550000000054910000003')]


def answers(caller, ids):
    """All that reading gives, without what reading itself changes."""
    told = {'fields': caller.good('GET', '/v1/fields'), 'purposes': {}, 'notices': {}, 'subjects': {}, 'ledgers': {}}
    for name in PURPOSES:
        told['purposes'][name] = caller.good('GET', f'/v1/purposes/{name}')
        for version in told['purposes'][name]['versions']:
            for notice in version['notices']:
                told['notices'][notice['hash']] = caller.good(
                    'GET', f'/v1/notices/{notice["hash"].removeprefix("sha256:")}')
    for who, id in ids.items():
        told['subjects'][who] = {}
        for purpose in (*PURPOSES, 'rights'):
            answer = caller.get(f'/v1/subjects/{id}', Valv_Purpose=purpose)
            told['subjects'][who][purpose] = answer.json if answer.status == 200 else answer.slug
        told['ledgers'][who] = list(caller.pages(f'/v1/subjects/{id}/consents', 'acts'))
    told['decisions'] = []
    for question in questions(ids):
        answer = caller.good('POST', '/v1/decisions', question)
        told['decisions'].append({key: value for key, value in answer.items() if key != 'entry'})
    told['searches'] = [sorted(caller.good('POST', '/v1/subjects/search', {'field': field, 'value': value})['subjects'])
                        for field, value in SEARCHES]
    told['suppressions'] = [caller.good('POST', '/v1/suppressions/search', {'address': 'email', 'value': value})
                            for value in ('stopped@example.org', 'bo@example.org', 'gun@example.org')]
    told['settings'] = {name: caller.good('GET', f'/v1/settings/{name}') for name in ('languages', 'zone_minutes')}
    return told


def make(binary, folder):
    from server import Server
    with tempfile.TemporaryDirectory() as temporary:
        server = Server(pathlib.Path(temporary) / 'vault', binary=binary).init()
        server.start()
        caller = server.caller()
        caller.good('PUT', '/v1/settings/languages', {'value': ['sv', 'en']})
        define(caller)
        keys = {name: caller.good('POST', '/v1/keys', {'name': name, 'scopes': scopes, 'purposes': purposes})
                for name, scopes, purposes in (('whole', ['read', 'write', 'decide'], '*'),
                                               ('narrow', ['decide'], ['letters']), ('revoked', ['decide'], '*'))}
        caller.good('DELETE', f'/v1/keys/{keys["revoked"]["id"]}')
        ids = people(caller)
        caller.good('POST', '/v1/suppressions', {'address': 'email', 'value': 'Stopped@example.org',
                                                 'scope': 'everything', 'source': 'bounce'})
        caller.good('POST', '/v1/admin/rotate')
        caller.good('POST', '/v1/subjects', {'values': {'email': 'after@example.org'}, 'grounds': [consent('letters')]})
        entries = list(caller.pages('/v1/audit/entries', 'entries'))
        told = {'made_at': int(time.time()), 'ids': ids, 'keys': keys, 'entries': entries, 'answers': answers(caller, ids)}
        caller.good('POST', '/v1/admin/checkpoint')
        assert server.verify()['findings'] == []
        server.stop()
        folder = pathlib.Path(folder)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name in ('valv.db', 'keys.db', 'root.key'):
            assert not os.path.exists(server.data / f'{name}-wal') or not (server.data / f'{name}-wal').stat().st_size
            shutil.copy(server.data / name, folder / name)
        (folder / 'answers.json').write_text(json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True) + '\n')
    print(f'made {folder}: {sum(path.stat().st_size for path in folder.iterdir())} octets')


if __name__ == '__main__':
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    make(os.path.abspath(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else HERE / 'store-v1')
