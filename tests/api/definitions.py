"""Fields, purposes and people that the tests work with: all invented."""
import itertools
import time

LANGUAGES = ('sv', 'en')


def texts(text):
    return {language: f'{text} ({language})' for language in LANGUAGES}


FIELDS = {
    'email': {'type': 'email', 'lookup': 'exact', 'address': 'email', 'category': 'contact'},
    'phone': {'type': 'phone', 'lookup': 'exact', 'address': 'phone', 'region': 'SE'},
    'name': {'type': 'name', 'lookup': 'folded'},
    'nick': {'type': 'text'},
    'born': {'type': 'birth_date'},
    'tier': {'type': 'enum', 'options': ['gold', 'silver']},
    'visits': {'type': 'number'},
    'vip': {'type': 'boolean'},
    'allergy': {'type': 'text', 'sensitivity': 'special'},
    'pnr': {'type': 'personnummer', 'lookup': 'exact', 'sensitivity': 'sensitive',
            'justification': {'ground': 'identification', 'text': 'credit checks'}},
    'invoice': {'type': 'text'},
}


def purpose(title, basis, fields, **more):
    return {'title': texts(title), 'why': texts(f'why {title}'), 'basis': basis, 'fields': fields,
            'retention': {'period': 'P2Y'}, 'recipients': [], 'controller': {'name': 'Exempel AB', 'contact': 'x@example.com'},
            'notices': texts(f'We keep this for {title}.'), **more}


ASSESSMENT = {'purpose': 'a', 'necessity': 'b', 'balance': 'c', 'safeguards': 'd', 'review_at': '2027-06-30'}

PURPOSES = {
    'newsletter': purpose('the newsletter', 'consent', ['email', 'phone', 'name', 'nick', 'born', 'tier', 'visits', 'vip'],
                          marketing=True, channels=['email', 'sms'], soft_opt_in=True),
    'parties': purpose('invitations', 'consent', ['email', 'name'], marketing=True, channels=['email'],
                       double_opt_in=True),
    'order': purpose('orders', 'contract', ['email', 'name', 'invoice', 'pnr'], retention={'period': 'P1Y', 'from': 'ended'},
                     channels=['email']),
    'books': purpose('bookkeeping', 'legal_obligation', ['invoice'], statute='bokföringslagen 7 kap. 2 §',
                     retention={'period': 'P7Y', 'from': 'year_end'}),
    'duty': purpose('a duty', 'legal_obligation', ['visits'], statute='a statute'),
    'support': purpose('support', 'legitimate_interest', ['email', 'name'], assessment=ASSESSMENT, channels=['email', 'call']),
    'rescue': purpose('rescue', 'vital_interest', ['allergy', 'phone'], justification='life', reviewer='a doctor',
                      article_9='c'),
    'census': purpose('the census', 'public_task', ['name'], law='a law', justification='counting', reviewer='a clerk'),
    'diet': purpose('diets', 'consent', ['allergy'], article_9='a'),
}

_counter = itertools.count(1)


def put_all(operator, without=()):
    for name, definition in FIELDS.items():
        if name in without:
            continue
        reply = operator.put(f'/v1/fields/{name}', {'title': texts(name), **definition})
        assert reply.status == 201, reply
    for name, definition in PURPOSES.items():
        reply = operator.put(f'/v1/purposes/{name}', definition)
        assert reply.status == 201, reply
        reply = operator.post(f'/v1/purposes/{name}/activate')
        assert reply.status == 200 and reply.json['active'] == 1, reply


def email():
    return f'person{next(_counter)}.{time.time_ns()}@example.com'


def consent(purpose='newsletter', **more):
    return {'purpose': purpose, 'method': 'web_form', 'language': 'sv', 'control': 'unticked_box', **more}


def contract(**more):
    return {'purpose': 'order', 'evidence': {'reference': 'A-1'}, **more}


def make_person(client, values=None, grounds=None, **more):
    values = {'email': email(), 'name': 'Anna Björk'} if values is None else values
    reply = client.post('/v1/subjects', {'values': values, 'grounds': grounds or [consent()], **more})
    assert reply.status == 201, reply
    return reply.json['id'], values.get('email')


def read(client, id, purpose='newsletter'):
    return client.get(f'/v1/subjects/{id}', headers={'Valv-Purpose': purpose})
