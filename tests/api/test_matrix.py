"""The six bases and the rights of the person, cell by cell, by what the product does.

The table is that of the Data Privacy Vocabulary (eu-gdpr: the legal bases, and the rights that apply to each), but where
the articles say more.  17(3) keeps what a law requires and what a running contract needs.  21(2) holds whatever
the basis.  An objection to what rests on consent takes the consent back (7(3)), and one to the soft opt-in is to
marketing.  22(2)(b) asks for safeguards where a law allows the decision, too, so a human is there on every
basis.  Articles 13, 14 and 77 are words and not acts; test_access.py sees that they are said.
"""
import datetime
import pathlib

import pytest

from definitions import consent, contract, email, make_person, read

SOFT = {'purpose': 'newsletter', 'basis': 'soft_opt_in', 'categories': ['shoes'],
        'evidence': {'sale': 's', 'sold_at': '2026-10-01T00:00:00Z', 'opt_out_offered': 'a box'}}
CARE = {'justification': 'x', 'reviewer': 'y'}

# basis: ground, field, its value, another one
BASES = {
    'consent': (consent('diet', explicit=True), 'allergy', lambda: 'nuts', lambda: 'eggs'),
    'contract': (contract(), 'email', email, email),
    'legal_obligation': ({'purpose': 'books', 'evidence': {'reference': 'F-1'}}, 'invoice', lambda: 'F-1', lambda: 'F-2'),
    'vital_interest': ({'purpose': 'rescue', 'evidence': CARE}, 'phone', lambda: '+46701740607', lambda: '+46701740608'),
    'public_task': ({'purpose': 'census', 'evidence': CARE}, 'name', lambda: 'Ada Ek', lambda: 'Ada Al'),
    'legitimate_interest': ({'purpose': 'support'}, 'email', email, email),
    'soft_opt_in': (SOFT, 'email', email, email),
}

# Who has the right: yes, or no.
RIGHTS = {
    'access 15':                 {*BASES},
    'rectification 16':          {*BASES},
    'erasure 17':                {'consent', 'vital_interest', 'legitimate_interest', 'soft_opt_in'},
    'restriction 18':            {*BASES},
    'portability 20':            {'consent', 'contract'},
    'objection 21':              {'public_task', 'legitimate_interest', 'consent', 'soft_opt_in'},
    'weighing it 21(1)':         {'public_task', 'legitimate_interest'},
    'objection to marketing 21(2)': {*BASES},
    'a human 22':                {*BASES},
    'withdrawal 7(3)':           {'consent'},
}


class Person:
    def __init__(self, client, basis):
        self.ground, self.field, value, other = BASES[basis]
        self.client, self.purpose, self.value, self.other = client, self.ground['purpose'], value(), other()
        self.id, _ = make_person(client, {self.field: self.value}, [self.ground])

    def act(self, path, body=None):
        return self.client.post(f'/v1/subjects/{self.id}/{path}', body)

    def used(self):
        """What its purpose gets to see; None: nothing may be used."""
        reply = read(self.client, self.id, self.purpose)
        return reply.json['values'].get(self.field, {}).get('value') if reply.status == 200 else None


def access(person):
    reply = person.act('access', {})
    return person.value in [value['value'] for value in reply.json['values']]


def rectification(person):
    reply = person.client.patch(f'/v1/subjects/{person.id}', {'values': {person.field: person.other}}, headers={'If-Match': '*'})
    return reply.status == 200 and person.used() == person.other


def erasure(person):
    return person.act('erasure', {}).json['buried']


def restriction(person):
    done = person.act('restriction', {'act': 'restricted', 'reason': 'accuracy'})
    return done.status == 200 and person.used() is None and access(person)


def portability(person):
    return person.value in [value['value'] for value in person.act('export', {}).json['values']]


def objection(person):
    person.act('objections', {'purpose': person.purpose})
    return person.used() is None


def weighing(person):
    """Used again, once compelling grounds were found and the person was told."""
    seq = person.act('objections', {'purpose': person.purpose}).json['seq']
    if person.used() is not None:
        return False
    told = datetime.datetime.now(datetime.timezone.utc).isoformat()
    person.act(f'objections/{seq}/ruling', {'ruling': 'overruled', 'grounds': 'a lawsuit', 'decided_by': 'the DPO',
                                            'told_at': told, 'told_how': 'mail'})
    return person.used() == person.value


def marketing(person):
    assert person.act('objections', {}).status == 200
    asked = person.client.post('/v1/decisions', {'subject': person.id, 'purpose': 'newsletter', 'channel': 'email',
                                                 'category': 'shoes', 'opt_out': True}).json
    return not asked['allowed'] and asked['reason'] in ('objected', 'suppressed', 'restricted')


def human(person):
    person.act('objections', {'automated': True, 'purpose': person.purpose})
    asked = person.client.post('/v1/decisions', {'subject': person.id, 'purpose': person.purpose, 'channel': 'none', 'class': 'service'}).json
    return asked['reason'] == 'human_needed'


def withdrawal(person):
    person.act('withdrawals', {'purpose': person.purpose})
    return person.used() is None


DOES = dict(zip(RIGHTS, (access, rectification, erasure, restriction, portability, objection, weighing, marketing, human, withdrawal)))


def test_the_page_for_people_has_the_same_table():
    text = (pathlib.Path(__file__).parents[2] / 'docs/rights.md').read_text()
    lines = text[text.index('| right |'):].split('\n\n')[0].splitlines()
    heading, _, *rows = [[cell.strip() for cell in line.strip('|').split('|')] for line in lines]
    assert heading == ['right', *BASES]
    assert {row[0]: {basis for basis, cell in zip(BASES, row[1:]) if cell == 'yes'} for row in rows} == RIGHTS
    assert {cell for row in rows for cell in row[1:]} == {'yes', '–'}


@pytest.fixture(name='client', scope='module')
def everything(api, make_key):
    return api.using(make_key(['erase', 'write', 'read', 'search', 'decide', 'withdraw', 'ledger', 'rights']))


@pytest.mark.parametrize('basis', BASES)
@pytest.mark.parametrize('right', RIGHTS)
def test_each_basis_gives_the_rights_it_gives(client, basis, right):
    person = Person(client, basis)
    assert person.used() == person.value
    assert DOES[right](person) == (basis in RIGHTS[right])
