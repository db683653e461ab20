"""Erasure (Article 17): a whole person, one purpose, some fields; what stays, and what outlives it."""
import os
import re
import sqlite3
import subprocess
import uuid

import pytest

from audit_log import entries, newest
from client import CANARY, Client
from conftest import VALV
from definitions import consent, contract, email, make_person, read

CENSUS = {'purpose': 'census', 'evidence': {'justification': 'x', 'reviewer': 'y'}}
BOOKS = {'purpose': 'books', 'evidence': {'reference': 'F-1'}}
NOBODY = '00000000-0000-4000-8000-000000000000'


@pytest.fixture(scope='module')
def eraser(api, make_key):
    return api.using(make_key(['erase', 'write', 'read', 'search', 'decide', 'withdraw', 'ledger', 'audit', 'import']))


def erase(client, id, body=None, **more):
    return client.post(f'/v1/subjects/{id}/erasure', body, **more)


def preview(client, id, body=None):
    return client.post(f'/v1/subjects/{id}/erasure/preview', body)


def search(client, field, value):
    return client.post('/v1/subjects/search', {'field': field, 'value': value}).json['subjects']


def proofs(client, value, address='email'):
    return client.post('/v1/proofs/search', {'address': address, 'value': value})


def suppressions(client, value):
    return client.post('/v1/suppressions/search', {'address': 'email', 'value': value}).json['suppressions']


def lines(certificate):
    """The signed text as a dict; the first line under ''."""
    text = certificate.partition('\n\n')[0]
    first, *rest = text.split('\n')
    return {'': first, **dict(line.rpartition(' ')[::2] if not line.startswith('proofs') else
                              ('proofs', line[7:]) for line in rest)}


def verify(tmp_path, certificate, vkey, status=0):
    path = tmp_path / 'certificate'
    path.write_text(certificate)
    done = subprocess.run([VALV, 'erasure', 'verify', str(path), '--vkey', vkey], text=True, capture_output=True,
                          timeout=60, env={**os.environ, 'VALV_DATA': '/nonexistent'})
    assert done.returncode == status, done
    return done.stdout + done.stderr


# --- a whole person -------------------------------------------------------------------------------

def test_a_person_is_erased_and_nothing_is_left(eraser, operator, server, tmp_path):
    address = email()
    id, _ = make_person(eraser, {'email': address, 'name': 'Anna Kanariefågel', 'nick': CANARY, 'phone': '0701740605'},
                        [consent(evidence={'form': CANARY}), contract()])
    assert eraser.post(f'/v1/subjects/{id}/grounds', {'purpose': 'order', 'act': 'ended'}).status == 200
    reply = erase(eraser, id)
    assert reply.status == 200, reply
    body = reply.json
    assert body['buried'] and body['kept'] == [] and body['id'] == id
    assert body['gone']['values'] == 4 and body['gone']['ledger'] == 3 and body['gone']['keys'] >= 2
    assert body['gone']['lookup'] == 4  # e-mail, phone, full name, family name
    assert {o['what'] for o in body['outlives']} == {'suppression', 'proof_of_consent', 'audit'}
    assert CANARY not in body['certificate'] and id not in body['certificate']

    for reply in (read(eraser, id), eraser.get(f'/v1/subjects/{id}/consents'), erase(eraser, id), preview(eraser, id),
                  eraser.post(f'/v1/subjects/{id}/withdrawals'),
                  eraser.patch(f'/v1/subjects/{id}', {'values': {'nick': 'x'}}, headers={'If-Match': '*'})):
        assert reply.status == 410 and reply.slug == 'gone', reply
    decision = eraser.post('/v1/decisions', {'subject': id, 'purpose': 'newsletter', 'channel': 'email'}).json
    assert not decision['allowed'] and decision['reason'] == 'erased'
    for field, value in (('email', address), ('phone', '0701740605'), ('name', 'Anna Kanariefågel'),
                         ('name', 'kanariefagel')):
        assert id not in search(eraser, field, value)
    by_address = eraser.post('/v1/decisions', {'field': 'email', 'value': address, 'purpose': 'newsletter',
                                               'channel': 'email'}).json
    assert not by_address['allowed']
    with sqlite3.connect(f'file:{server.data}/valv.db?mode=ro', uri=True) as db:
        no, state, record, tags = db.execute(
            'SELECT no, state, record, COALESCE(email_tag, phone_tag, post_tag) FROM subject WHERE id = ?',
            (uuid.UUID(id).bytes,)).fetchone()
        assert (state, record, tags) == (2, b'', None)
        for table in ('ledger', 'lookup', 'import_subject', 'import_added', 'contact', 'key_trim'):
            assert not db.execute(f'SELECT COUNT(*) FROM {table} WHERE subject = ?', (no,)).fetchone()[0], table
    with sqlite3.connect(f'file:{server.data}/keys.db?mode=ro', uri=True) as db:
        assert not db.execute('SELECT COUNT(*) FROM subject_key WHERE subject = ?', (no,)).fetchone()[0]

    entries = eraser.get(f'/v1/audit/entries?subject={id}&limit=1000').json['entries']
    assert [e['act'] for e in entries if e['seq'] == body['entry']] == ['subject.erase']
    verdict = operator.post('/v1/admin/verify').json
    assert not any('erased' in f['finding'] for f in verdict['findings']), verdict


def test_a_certificate_holds_and_a_changed_one_does_not(eraser, api, tmp_path):
    id, _ = make_person(eraser)
    body = erase(eraser, id, {'reason': 'not_needed', 'method': 'mail'}).json
    key = api.get('/v1/erasures/key', key=None)
    assert key.status == 200
    said = lines(body['certificate'])
    assert said[''] == 'valv-erasure/v1' and said['entry'] == str(body['entry']) and said['erasure'] == body['erasure']
    assert said['result'] == 'buried' and said['scope'] == 'person' and said['values'] == '2'
    assert 'entry' in verify(tmp_path, body['certificate'], key.json['vkey'])
    verify(tmp_path, body['certificate'].replace('values 2', 'values 3'), key.json['vkey'], 1)
    verify(tmp_path, 'no note at all\n', key.json['vkey'], 1)
    other = re.sub(r'.$', lambda m: 'A' if m[0] != 'A' else 'B', key.json['vkey'])
    verify(tmp_path, body['certificate'], other, 1)
    again = eraser.get(f'/v1/erasures/{body["erasure"]}')
    assert again.status == 200 and again.json['certificate'] == body['certificate'] and again.json['id'] == id
    assert eraser.get(f'/v1/erasures/{NOBODY}').status == 404


def test_a_repeated_call_gets_ids_and_certificate(eraser):
    id, _ = make_person(eraser)
    headers = {'Idempotency-Key': f'"{uuid.uuid4()}"'}
    first = erase(eraser, id, {}, headers=headers)
    again = erase(eraser, id, {}, headers=headers)
    assert first.status == again.status == 200
    assert again.header('Idempotency-Replayed') == 'true'
    for name in ('id', 'erasure', 'entry', 'buried', 'certificate'):
        assert first.json[name] == again.json[name]
    assert 'kept' not in again.json


def test_what_was_made_before_answers_410_when_it_is_repeated(eraser):
    headers = {'Idempotency-Key': f'"{uuid.uuid4()}"'}
    body = {'values': {'email': email()}, 'grounds': [consent()]}
    made = eraser.post('/v1/subjects', body, headers=headers)
    assert erase(eraser, made.json['id']).status == 200
    again = eraser.post('/v1/subjects', body, headers=headers)
    assert again.status == 410 and again.slug == 'gone'


def test_nobody_and_nothing(eraser, api, make_key):
    assert erase(eraser, NOBODY).status == 404
    assert erase(eraser, 'x').status == 404
    id, _ = make_person(eraser)
    assert erase(eraser, id, {'fields': []}).slug == 'invalid'
    assert erase(eraser, id, {'fields': ['no such field']}).slug == 'invalid'
    assert erase(eraser, id, {'purpose': 'newsletter', 'fields': ['email']}).slug == 'invalid'
    assert erase(eraser, id, {'purpose': 'nothing'}).slug == 'invalid'
    assert erase(eraser, id, {'reason': 'because'}).slug == 'invalid'
    narrow = api.using(make_key(['erase'], ['newsletter']))
    assert erase(narrow, id).slug == 'purpose-denied'
    assert erase(narrow, id, {'fields': ['email']}).slug == 'purpose-denied'
    assert erase(narrow, id, {'purpose': 'order'}).slug == 'purpose-denied'
    assert erase(narrow, id, {'purpose': 'newsletter'}).status == 200
    assert erase(api.using(make_key(['write', 'rights'])), id).slug == 'denied'
    assert preview(api.using(make_key(['rights'])), id).status == 200
    assert proofs(narrow, email()).slug == 'denied'


# --- what has to stay -----------------------------------------------------------------------------

def test_bookkeeping_stays_for_itself_alone_and_the_answer_says_so(eraser, operator):
    address = email()
    id, _ = make_person(eraser, {'email': address, 'name': 'Bo Ek', 'nick': 'x', 'invoice': 'F-1 1250 kr'},
                        [consent(evidence={'form': CANARY}), BOOKS])
    before = preview(eraser, id).json
    assert not before['buried'] and before['gone']['values'] == 3
    body = erase(eraser, id).json
    assert not body['buried'] and body['gone']['values'] == 3 and body['gone']['evidence'] == 1
    kept, = body['kept']
    assert kept == before['kept'][0]
    assert kept['purpose'] == 'books' and kept['basis'] == 'legal_obligation' and kept['fields'] == ['invoice']
    assert kept['reason'] == 'A17LegallyRequired' and kept['statute'] == 'bokföringslagen 7 kap. 2 §'
    assert re.fullmatch(r'20\d\d-01-01T00:00:00Z', kept['until'])
    assert 'bokföringslagen' in body['text']['sv'] and 'bokföringslagen' in body['text']['en']
    assert set(read(eraser, id, 'books').json['values']) == {'invoice'}
    assert read(eraser, id).slug == 'no-ground'
    assert search(eraser, 'email', address) == []
    acts = eraser.get(f'/v1/subjects/{id}/consents').json['acts']
    assert [(a['act'], a['purpose']) for a in acts] == [('given', 'newsletter'), ('established', 'books'),
                                                        ('withdrawn', 'newsletter')]
    assert acts[0]['evidence'] is None and acts[1]['evidence'] and acts[2]['evidence'] == {'erasure': body['erasure']}
    assert {(s['scope'], s['source']) for s in suppressions(eraser, address)} >= {('marketing', 'erasure')}
    assert len(proofs(eraser, address).json['proofs']) == 1
    assert not operator.post('/v1/admin/verify').json['findings']


def test_a_contract_that_has_not_ended_keeps_what_it_needs(eraser):
    id, _ = make_person(eraser, {'email': email(), 'name': 'A B', 'nick': 'x'}, [consent(), contract()])
    body = erase(eraser, id).json
    kept, = body['kept']
    assert kept['reason'] == 'contract_not_ended' and set(kept['fields']) == {'email', 'name'} and kept['until'] is None
    assert eraser.post(f'/v1/subjects/{id}/grounds', {'purpose': 'order', 'act': 'ended'}).status == 200
    body = erase(eraser, id).json
    assert body['buried'] and body['kept'] == []


def test_a_hold_keeps_its_fields(eraser):
    id, _ = make_person(eraser, {'email': email(), 'name': 'A B'})
    assert eraser.post(f'/v1/subjects/{id}/holds', {'fields': ['name'], 'reason': 'a claim', 'until': '2031-01-01T00:00:00Z'}
                       ).status == 200
    body = erase(eraser, id).json
    kept, = body['kept']
    assert kept['purpose'] is None and kept['basis'] == 'storage_only' and kept['reason'] == 'A17LegalClaims'
    assert kept['fields'] == ['name'] and kept['until'] == '2031-01-01T00:00:00Z'
    assert not body['buried'] and body['gone']['values'] == 1


def test_the_law_may_stand_in_the_evidence(eraser, operator):
    id, _ = make_person(eraser, {'name': 'A B', 'visits': '3'}, [CENSUS,
                                                                  {'purpose': 'duty', 'evidence': {'reference': 'R'}}])
    kept = {k['purpose']: k for k in erase(eraser, id).json['kept']}
    assert kept['census']['reason'] == 'A17OfficialAuthority' and kept['census']['statute'] == 'a law'
    assert kept['duty']['reason'] == 'A17LegallyRequired' and kept['duty']['statute'] == 'a statute'


@pytest.mark.parametrize('grounds, values, buried', [
    ([consent()], {'email': None}, True),                                                     # (a)
    ([contract()], {'email': None}, False),                                                   # (b), runs
    ([BOOKS], {'invoice': 'F'}, False),                                                       # (c)
    ([{'purpose': 'rescue', 'evidence': {'justification': 'x', 'reviewer': 'y'}}], {'phone': '0701740606'}, True),  # (d)
    ([CENSUS], {'name': 'A B'}, False),                        # (e)
    ([{'purpose': 'support'}], {'email': None}, True),                                        # (f)
    ([{'purpose': 'newsletter', 'basis': 'soft_opt_in', 'categories': ['shoes'],
       'evidence': {'sale': 's', 'sold_at': '2026-10-01T00:00:00Z', 'opt_out_offered': 'b'}}], {'email': None}, True),
    ([BOOKS], {}, True),  # it requires nothing that is here
])
def test_the_bases_and_the_right_to_erasure(eraser, grounds, values, buried):
    values = {name: value or email() for name, value in values.items()}
    reply = eraser.post('/v1/subjects', {'values': values, 'grounds': grounds})
    assert reply.status == 201, reply
    assert preview(eraser, reply.json['id']).json['buried'] == buried
    assert erase(eraser, reply.json['id']).json['buried'] == buried


# --- one purpose, some fields ---------------------------------------------------------------------

def test_one_purpose_is_erased(eraser):
    address = email()
    id, _ = make_person(eraser, {'email': address, 'name': 'A B', 'nick': 'x'},
                        [consent(evidence={'form': CANARY}), consent('parties'), {'purpose': 'support'}])
    body = erase(eraser, id, {'purpose': 'newsletter'}).json
    assert not body['buried'] and body['gone']['values'] == 1
    assert {k['purpose']: k['reason'] for k in body['kept']} == {'parties': 'other_purpose', 'support': 'other_purpose'}
    assert lines(body['certificate'])['scope purpose'] == 'newsletter'
    assert read(eraser, id).slug == 'no-ground'
    assert set(read(eraser, id, 'support').json['values']) == {'email', 'name'}
    acts = eraser.get(f'/v1/subjects/{id}/consents').json['acts']
    assert [a['evidence'] for a in acts if a['purpose'] == 'newsletter'] == [None, {'erasure': body['erasure']}]
    assert {(s['scope'], s['purpose'], s['channel']) for s in suppressions(eraser, address)} == {('purpose', 'newsletter', 'email')}
    # Other marketing is not stopped by it.
    assert not [s for s in suppressions(eraser, address) if s['scope'] == 'marketing']
    body = erase(eraser, id, {'purpose': 'support'}).json
    assert read(eraser, id, 'support').slug == 'no-ground'


def test_a_fresh_yes_takes_back_what_the_erasure_of_a_purpose_stopped_and_an_import_does_not(eraser):
    address = email()
    id, _ = make_person(eraser, {'email': address}, [consent(), contract()])
    assert erase(eraser, id, {'purpose': 'newsletter'}).status == 200
    again = {'purpose': 'newsletter', 'act': 'given', 'method': 'import', 'language': 'sv'}
    for method, reason in (('import', 'suppressed'), ('web_form', 'consent')):
        reply = eraser.post(f'/v1/subjects/{id}/consents', {**again, 'method': method})
        assert reply.status == 200, reply
        answer = eraser.post('/v1/decisions', {'subject': id, 'purpose': 'newsletter', 'channel': 'email'}).json
        assert answer['reason'] == reason
    assert suppressions(eraser, address) == []
    # Of somebody who is erased as a whole all marketing is stopped, and only a confirmed yes lifts that.
    assert erase(eraser, id).status == 200
    assert {s['scope'] for s in suppressions(eraser, address)} >= {'marketing'}


def test_a_purpose_that_the_law_requires_is_not_erased(eraser):
    id, _ = make_person(eraser, {'invoice': 'F'}, [BOOKS])
    body = erase(eraser, id, {'purpose': 'books'}).json
    assert body['kept'][0]['reason'] == 'A17LegallyRequired' and body['gone']['values'] == 0
    assert set(read(eraser, id, 'books').json['values']) == {'invoice'}


def test_some_fields_are_erased(eraser):
    address = email()
    id, _ = make_person(eraser, {'email': address, 'name': 'A B', 'nick': CANARY, 'tier': 'gold'})
    body = erase(eraser, id, {'fields': ['nick', 'email']}).json
    assert body['gone']['values'] == 2 and body['kept'] == [] and not body['buried']
    assert set(read(eraser, id).json['values']) == {'name', 'tier'}
    assert search(eraser, 'email', address) == []
    acts = eraser.get(f'/v1/subjects/{id}/consents').json['acts']
    assert acts[-1]['act'] == 'erased' and set(acts[-1]['fields']) == {'nick', 'email'}
    # An old yes does not bring them back; a new one does.
    patch = eraser.patch(f'/v1/subjects/{id}', {'values': {'nick': 'again'}}, headers={'If-Match': '*'})
    assert patch.slug == 'no-ground'
    assert eraser.post(f'/v1/subjects/{id}/consents', consent(act='given')).status == 200
    patch = eraser.patch(f'/v1/subjects/{id}', {'values': {'nick': 'again'}}, headers={'If-Match': '*'})
    assert patch.status == 200, patch


def test_a_field_that_is_required_stays_for_that_alone(eraser, operator):
    id, _ = make_person(eraser, {'email': email(), 'name': 'A B'}, [consent(), contract()])
    body = erase(eraser, id, {'fields': ['email']}).json
    kept, = body['kept']
    assert kept['purpose'] == 'order' and kept['fields'] == ['email'] and body['gone']['values'] == 0
    assert set(read(eraser, id).json['values']) == {'name'}  # no longer for the newsletter
    assert set(read(eraser, id, 'order').json['values']) == {'email', 'name'}
    assert eraser.post(f'/v1/subjects/{id}/grounds', {'purpose': 'order', 'act': 'stopped'}).status == 200
    assert set(read(operator, id, 'rights').json['values']) == {'name'}
    assert not operator.post('/v1/admin/verify').json['findings']


# --- what outlives it -----------------------------------------------------------------------------

def test_a_list_does_not_bring_an_erased_person_back(eraser):
    address = email()
    id, _ = make_person(eraser, {'email': address, 'name': 'A B'})
    assert erase(eraser, id).json['buried']
    assert [(s['scope'], s['source']) for s in suppressions(eraser, address)] == [('marketing', 'erasure')]
    new, _ = make_person(eraser, {'email': address}, [consent()])
    assert new != id
    decision = eraser.post('/v1/decisions', {'subject': new, 'purpose': 'newsletter', 'channel': 'email'}).json
    assert not decision['allowed'] and decision['reason'] == 'suppressed'
    settings = {'dry_run': False, 'columns': [{'column': 'email', 'field': 'email'},
                                              {'column': 'yes_at', 'role': 'consent_at'}],
                'consent': {'purpose': 'newsletter', 'channels': ['email'], 'language': 'sv', 'evidence': {'form': 'f'}}}
    assert settings  # the import's own tests have the rest: test_a_suppressed_address_is_not_raised_by_however_new_a_date


def test_proofs_are_found_by_the_address_only(eraser, server, operator):
    address = email()
    id, _ = make_person(eraser, {'email': address, 'phone': '070-174 06 07'}, [consent(at='2026-03-01T10:00:00Z')])
    assert eraser.post(f'/v1/subjects/{id}/withdrawals', {'purpose': 'newsletter', 'method': 'one_click'}).status == 200
    assert eraser.patch(f'/v1/subjects/{id}', {'values': {}}, headers={'If-Match': '*'}).status == 200
    given = eraser.post(f'/v1/subjects/{id}/consents', consent(act='given'))
    assert given.status == 200
    assert eraser.patch(f'/v1/subjects/{id}', {'values': {'email': address}}, headers={'If-Match': '*'}).status == 200
    assert proofs(eraser, address).json['proofs'] == []
    assert erase(eraser, id).json['buried']
    found = proofs(eraser, f'  {address.upper()} '.replace('EXAMPLE.COM', 'Example.com')).json['proofs']
    found = found or proofs(eraser, address).json['proofs']
    assert [p['act'] for p in found] == ['given', 'withdrawn', 'given']
    assert found[0]['at'] == '2026-03-01T10:00:00Z' and found[0]['purpose'] == 'newsletter'
    assert found[0]['notice'].startswith('sha256:') and found[1]['method'] == 'one_click'
    began = newest(eraser)
    assert proofs(eraser, email()).json['proofs'] == []
    assert proofs(eraser, 'x').slug == 'invalid'
    assert proofs(eraser, 'Storgatan 1', 'post').slug == 'invalid'
    with sqlite3.connect(f'file:{server.data}/valv.db?mode=ro', uri=True) as db:
        assert 'subject' not in [row[1] for row in db.execute('PRAGMA table_info(proof)')]
    assert [e['purpose'] for e in entries(eraser, began) if e['act'] == 'proof.read'][-1] == 'accountability'


def test_a_search_for_proofs_has_a_budget(eraser, operator):
    before = operator.get('/v1/settings/budget_per_hour').json['value']
    assert operator.put('/v1/settings/budget_per_hour', {'value': 0}).status == 200
    assert proofs(eraser, email()).status == 429
    assert operator.put('/v1/settings/budget_per_hour', {'value': before or 10000}).status == 200


# --- concurrency ----------------------------------------------------------------------------------

def test_of_many_who_erase_one_person_one_does(eraser):
    import concurrent.futures
    id, _ = make_person(eraser)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        statuses = sorted(reply.status for reply in pool.map(lambda _: erase(eraser, id), range(8)))
    assert statuses == [200] + [410] * 7


# --- requests and those who were told -------------------------------------------------------------

def test_a_request_is_answered_and_its_reply_leaves_though_the_person_is_gone(app, operator):
    address = email()
    id, _ = make_person(app, {'email': address, 'name': 'A B'})
    asked = app.post('/v1/requests', {'right': 'erasure', 'channel': 'email', 'subject': id, 'language': 'sv',
                                      'words': f'Radera allt. {CANARY}', 'reply_to': address})
    assert asked.status == 201, asked
    request = asked.json['id']
    assert erase(app, id, {'request': NOBODY}).slug == 'invalid'
    body = erase(app, id, {'request': request}).json
    assert body['buried']
    history = app.get(f'/v1/requests/{request}').json
    assert history['subject'] is None and ('done', body['entry']) in [(e['event'], e['entry']) for e in history['events']]
    claim = app.post('/v1/outbox/claim', {'max': 100}).json
    reply, = [row for row in claim['rows'] if row['kind'] == 'reply']
    assert reply['subject'] is None and reply['content']['address'] == address
    assert reply['content']['text'] == body['text']['sv'] and reply['content']['channel'] == 'email'


def test_a_pending_request_for_access_keeps_nothing_from_an_erasure(app):
    id, _ = make_person(app)
    asked = app.post('/v1/requests', {'right': 'access', 'channel': 'email', 'subject': id})
    assert asked.status == 201, asked
    body = erase(app, id).json
    assert body['buried'] and body['kept'] == []
