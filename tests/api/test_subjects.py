"""Persons: making, finding, reading, correcting."""
import uuid

import pytest

import definitions
from client import CANARY
from definitions import consent, contract, email, make_person, read

NOBODY = '00000000-0000-4000-8000-000000000000'


def test_a_person_is_made_and_read_for_a_purpose(app):
    address = email()
    made = app.post('/v1/subjects', {
        'kind': 'natural_person', 'values': {'email': address.upper(), 'phone': '070-174 06 05', 'name': ' Anna  Björk '},
        'grounds': [consent(channels=['email'])]})
    assert made.status == 201
    id = made.json['id']
    assert uuid.UUID(id).version == 4
    assert made.json == {'id': id, 'version': 1, 'seq': 1}
    assert made.header('ETag') == '"1"' and made.header('Location') == f'/v1/subjects/{id}'

    got = read(app, id)
    assert got.status == 200 and got.header('ETag') == '"1"'
    values = {name: value['value'] for name, value in got.json['values'].items()}
    assert values == {'email': f'{address.split("@")[0].upper()}@example.com', 'phone': '+46701740605', 'name': 'Anna Björk'}
    assert got.json['kind'] == 'natural_person' and got.json['flags'] == [] and not got.json['restricted']
    ground, = got.json['grounds']
    assert (ground['purpose'], ground['basis'], ground['state'], ground['version']) == ('newsletter', 'consent', 'live', 1)
    assert got.json['values']['email']['origin'] == 'provided'


def test_only_the_fields_of_the_named_purpose_come_back(app):
    id, address = make_person(app, {'email': email(), 'name': 'Bo Ek', 'nick': 'bo', 'invoice': 'F-1'},
                              [consent(), contract()])
    assert set(read(app, id, 'newsletter').json['values']) == {'email', 'name', 'nick'}
    assert set(read(app, id, 'order').json['values']) == {'email', 'name', 'invoice'}
    assert [g['purpose'] for g in read(app, id, 'order').json['grounds']] == ['order']
    reply = read(app, id, 'support')
    assert (reply.status, reply.slug) == (422, 'no-ground')


def test_rights_shows_everything_and_is_for_operators(app, operator):
    id, _ = make_person(app, {'email': email(), 'invoice': 'F-1'}, [consent(), contract()])
    everything = read(operator, id, 'rights')
    assert set(everything.json['values']) == {'email', 'invoice'} and everything.json['purpose'] == 'rights'
    assert {g['purpose'] for g in everything.json['grounds']} == {'newsletter', 'order'}
    assert read(app, id, 'rights').slug == 'purpose-denied'


def test_a_purpose_must_be_named_and_known(app, person):
    id, _ = person
    assert app.get(f'/v1/subjects/{id}').slug == 'header'
    for name in ('nothing', CANARY, 'Newsletter', '', 'accountability', 'break-glass', 'a' * 3000):
        reply = read(app, id, name)
        assert (reply.status, reply.slug) == (400, 'header'), name


@pytest.mark.parametrize('id', [NOBODY, 'x', CANARY, NOBODY[:-1], NOBODY + '0', '%30' + NOBODY[1:], NOBODY.replace('-', ''),
                                '0', '-1', '{id}'])
def test_ids_of_nobody_are_absent(app, id):
    for reply in (read(app, id), app.patch(f'/v1/subjects/{id}', {}, headers={'If-Match': '*'}),
                  app.get(f'/v1/subjects/{id}/consents'),
                  app.post(f'/v1/subjects/{id}/withdrawals'),
                  app.post(f'/v1/subjects/{id}/objections')):
        assert reply.status in (400, 404), reply  # a { in an address is no valid one


def test_nobody_has_a_ledger(app):
    for path, body in (('consents', consent(act='given')), ('withdrawals', {'purpose': 'newsletter'}), ('objections', {}),
                       ('grounds', contract(act='established')), ('restriction', {'act': 'restricted', 'reason': 'claims'}),
                       ('holds', {'reason': 'x', 'fields': ['email']}), ('holds/1/release', {}),
                       ('told', {'at': '2026-11-01T00:00:00Z', 'how': 'mail'})):
        reply = app.post(f'/v1/subjects/{NOBODY}/{path}', body)
        assert (reply.status, reply.slug) == (404, 'absent'), (path, reply)


def test_ids_are_read_in_either_case(app, person):
    id, _ = person
    assert read(app, id.upper()).json['id'] == id


def test_a_value_without_a_ground_is_refused_naming_the_field(app):
    for values, grounds, member in (
            ({'email': email()}, [], '/values/email'),
            ({'email': email(), 'invoice': CANARY}, [consent()], '/values/invoice'),
            ({'allergy': CANARY}, [consent()], '/values/allergy')):
        reply = app.post('/v1/subjects', {'values': values, 'grounds': grounds})
        assert (reply.status, reply.slug, reply.json['member']) == (422, 'no-ground', member)


def test_a_person_without_values_can_be_made(app):
    reply = app.post('/v1/subjects', {})
    assert reply.status == 201 and reply.json == {'id': reply.json['id'], 'version': 1}
    assert read(app, reply.json['id']).slug == 'no-ground'


@pytest.mark.parametrize('field, value', [
    ('email', CANARY), ('email', f'{CANARY}@@example.com'), ('email', f'a@{CANARY}'), ('phone', f'+46{CANARY}'),
    ('phone', '12'), ('born', '2031-01-01'), ('born', '1990-02-30'), ('born', CANARY), ('tier', CANARY), ('tier', 'bronze'),
    ('visits', CANARY), ('visits', '1,5'), ('vip', CANARY), ('vip', 'maybe'), ('nick', ''), ('nick', '   '),
    ('nick', 'a\u202eb'), ('nick', '\u0007'), ('nick', 'x' * 20000), ('name', 'a\nb'),
    ('email', None), ('email', [CANARY]), ('email', {'a': CANARY}),
])
def test_values_are_checked_by_type_and_never_echoed(app, field, value):
    reply = app.post('/v1/subjects', {'values': {field: value}, 'grounds': [consent()]})
    assert (reply.status, reply.slug) == (422, 'invalid'), reply
    assert reply.json['member'] == f'/values/{field}'


def test_numbers_and_booleans_may_be_written_as_such(app):
    id, _ = make_person(app, {'visits': 1.50, 'vip': True, 'tier': 'GOLD'})
    values = {name: value['value'] for name, value in read(app, id).json['values'].items()}
    assert values == {'visits': '1.5', 'vip': 'true', 'tier': 'gold'}


def test_a_name_that_is_no_fields_is_not_repeated(app):
    reply = app.post('/v1/subjects', {'values': {CANARY: 'x'}, 'grounds': [consent()]})
    assert (reply.status, reply.slug, reply.json['member']) == (422, 'invalid', '/values')


@pytest.mark.parametrize('body, member', [
    ({'kind': CANARY}, '/kind'), ({'kind': 1}, '/kind'), ({'flags': CANARY}, '/flags'), ({'flags': [CANARY]}, '/flags/0'),
    ({'flags': ['child', 'child']}, '/flags/1'), ({'origin': CANARY}, '/origin'), ({'values': [CANARY]}, '/values'),
    ({'values': CANARY}, '/values'), ({'grounds': CANARY}, '/grounds'), ({'grounds': {}}, '/grounds'),
    ({'grounds': [CANARY]}, '/grounds/0'), ({'grounds': [{CANARY: 1}]}, '/grounds/0'),
    ({'grounds': [{}]}, '/grounds/0/purpose'), ({'grounds': [{'purpose': CANARY}]}, '/grounds/0/purpose'),
    ({'grounds': [consent(), consent(act=CANARY)]}, '/grounds/1/act'),
    ({'grounds': [consent(act='withdrawn')]}, '/grounds/0/act'),
    ({'grounds': [consent(at=CANARY)]}, '/grounds/0/at'), ({'grounds': [consent(at='2026-11-23')]}, '/grounds/0/at'),
    ({'grounds': [consent(basis='contract')]}, '/grounds/0/basis'),
    ({'grounds': [consent(channels=['post'])]}, '/grounds/0/channels'),
    ({'grounds': [consent(channels=[CANARY])]}, '/grounds/0/channels/0'),
    ({'grounds': [consent(channels=[])]}, '/grounds/0/channels'),
    ({'grounds': [consent(until='2020-01-01T00:00:00Z')]}, '/grounds/0/until'),
    ({'tell_by': CANARY}, '/tell_by'), ({'tell_by': '2031-01-01T00:00:00Z'}, '/tell_by'), ({CANARY: 1}, None),
])
def test_wrong_members_are_named(app, body, member):
    reply = app.post('/v1/subjects', body)
    assert (reply.status, reply.slug) == (422, 'invalid'), reply
    assert reply.json.get('member') == member


def test_flags_and_kind_are_kept(app):
    id, _ = make_person(app, kind='sole_trader', flags=['protected_identity', 'deceased'])
    got = read(app, id).json
    assert got['kind'] == 'sole_trader' and got['flags'] == ['protected_identity', 'deceased']


def test_a_child_needs_a_guardian(app):
    for values, flags in (({'email': email()}, ['child']), ({'email': email(), 'born': '2020-05-05'}, [])):
        body = {'values': values, 'flags': flags, 'grounds': [consent()]}
        reply = app.post('/v1/subjects', body)
        assert (reply.status, reply.slug) == (422, 'child')
        body['grounds'][0]['guardian'] = 'signed form 77'
        assert app.post('/v1/subjects', body).status == 201


def test_values_obtained_elsewhere_are_told_within_a_month(app):
    assert make_person(app, origin='obtained')
    reply = app.post('/v1/subjects', {'origin': 'obtained', 'tell_by': '2027-12-01T00:00:00Z'})
    assert reply.json['member'] == '/tell_by'


# --- search ---------------------------------------------------------------------------------------

def find(client, field, value):
    return client.post('/v1/subjects/search', {'field': field, 'value': value})


def test_a_person_is_found_by_exact_value_only(app):
    id, address = make_person(app)
    assert find(app, 'email', address).json == {'subjects': [id]}
    assert find(app, 'email', f' {address.replace("person", "Person")} ').json == {'subjects': [id]}
    assert find(app, 'email', address[1:]).json == {'subjects': []}


def test_everybody_with_the_value_is_found(app):
    address = email()
    ids = {make_person(app, {'email': address})[0] for _ in range(3)}
    assert set(find(app, 'email', address).json['subjects']) == ids


def test_names_are_found_without_accents_by_family_or_full_name(app):
    family = f'Öhrn{uuid.uuid4().hex[:8]}'.translate(str.maketrans('0123456789', 'qwertyuiop'))
    id, _ = make_person(app, {'name': f'Åsa {family}'})
    for words in (family, family.lower().replace('ö', 'o'), f'asa {family}'.upper()):
        assert find(app, 'name', words).json == {'subjects': [id]}, words


@pytest.mark.parametrize('body, member', [
    ({'field': CANARY, 'value': 'x'}, '/field'), ({'field': 'nick', 'value': 'x'}, '/field'), ({'value': 'x'}, '/field'),
    ({'field': 'email'}, '/value'), ({'field': 'email', 'value': 7}, '/value'), ({'field': 'email', 'value': CANARY}, None),
    ({'field': 'email', 'value': 'a@b.se', CANARY: 1}, None), ({'field': 'email', 'value': 'x' * 17000}, '/value'),
])
def test_wrong_searches_are_refused(app, body, member):
    reply = app.post('/v1/subjects/search', body)
    assert (reply.status, reply.slug) == (422, 'invalid'), reply
    if member:
        assert reply.json['member'] == member


# --- correcting -----------------------------------------------------------------------------------

def patch(client, id, body, match='*', **more):
    return client.patch(f'/v1/subjects/{id}', body, headers={'If-Match': match}, **more)


def test_a_value_is_corrected_and_taken_away(app, person):
    id, address = person
    new = email()
    reply = patch(app, id, {'values': {'email': new, 'name': None, 'nick': 'ab'}}, '"1"')
    assert reply.status == 200 and reply.json['version'] == 2 and reply.header('ETag') == '"2"'
    assert {n: v['value'] for n, v in read(app, id).json['values'].items()} == {'email': new, 'nick': 'ab'}
    assert find(app, 'email', address).json['subjects'] == []
    assert find(app, 'email', new).json['subjects'] == [id]


def test_merge_patch_has_a_media_type_of_its_own(app, person):
    id, _ = person
    assert patch(app, id, {'kind': 'employee'}, type='application/merge-patch+json').status == 200
    assert patch(app, id, {'kind': 'employee'}, type='application/json-patch+json').slug == 'media-type'
    assert read(app, id).json['kind'] == 'employee'


def test_if_match_decides(app, person):
    id, _ = person
    body = {'values': {'nick': 'x'}}
    assert app.patch(f'/v1/subjects/{id}', body).slug == 'precondition-required'
    for match in ('"2"', '"0"', 'W/"1"', '"x"', '""', f'"{CANARY}"', '"01"', '"-1"', '"9999999999999999999"', '"7", "8"'):
        reply = patch(app, id, body, match)
        assert (reply.status, reply.slug) == (412, 'stale'), match
    for match in ('1', "'1'", '"1', '"1" "2"', '"1",', ',"1"', '*, "1"', CANARY, ', '.join(['"5"'] * 9)):
        reply = patch(app, id, body, match)
        assert (reply.status, reply.slug) == (400, 'header'), match
    assert read(app, id).json['version'] == 1
    for version, match in ((2, '"1"'), (3, '"7", "2"'), (4, '*'), (5, 'W/"4", "4"')):
        reply = patch(app, id, {'values': {'nick': f'x{version}'}}, match)
        assert reply.json['version'] == version


def test_a_patch_is_checked_like_a_new_person(app, person):
    id, _ = person
    for body, slug, member in (
            ({'values': {'invoice': CANARY}}, 'no-ground', '/values/invoice'),
            ({'values': {'tier': CANARY}}, 'invalid', '/values/tier'),
            ({'values': {CANARY: None}}, 'invalid', '/values'),
            ({'values': [1]}, 'invalid', '/values'),
            ({'kind': None}, 'invalid', '/kind'), ({'kind': CANARY}, 'invalid', '/kind'),
            ({'origin': None}, 'invalid', '/origin'), ({'flags': [CANARY]}, 'invalid', '/flags/0'),
            ({CANARY: 1}, 'invalid', None)):
        reply = patch(app, id, body)
        assert (reply.status, reply.slug, reply.json.get('member')) == (422, slug, member)
    assert read(app, id).json['version'] == 1


def test_flags_are_replaced_as_a_whole(app, person):
    id, _ = person
    for flags, now in ((['child', 'deceased'], ['deceased', 'child']), (['child'], ['child']), ([], []), (['deceased'], ['deceased'])):
        assert patch(app, id, {'flags': flags}).status == 200
        assert read(app, id).json['flags'] == now
    assert patch(app, id, {'flags': None}).status == 200
    assert read(app, id).json['flags'] == []
    assert patch(app, id, {'values': {'nick': 'a'}}).status == 200
    assert read(app, id).json['flags'] == []
