"""Consent receipts: the published shapes, what they tell, and that the signature holds."""
import base64
import hashlib
import json
import pathlib
import subprocess

import jsonschema
import pytest
from pyld import jsonld

from conftest import VALV
from definitions import consent, contract, make_person, purpose

SCHEMAS = pathlib.Path(__file__).resolve().parents[2] / 'docs/schemas'
DPV = 'https://w3id.org/dpv#'
OTHER = '0b5b1f2e-3f4d-4c0a-9a44-1d3c8c1f0000'


def receipt(client, id, seq, form=''):
    reply = client.get(f'/v1/subjects/{id}/consents/{seq}/receipt{form}')
    assert reply.status == 200, reply
    return reply.json


def valid(answer, name):
    schema = json.loads((SCHEMAS / f'consent-receipt-{name}.schema.json').read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER).validate(
        answer['receipt'])


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(',', ':'), ensure_ascii=False).encode()


def unbase64(text):
    return base64.urlsafe_b64decode(text + '=' * (-len(text) % 4))


def holds(answer, tmp_path, change=lambda receipt: receipt):
    """Verified with OpenSSL, from nothing but the answer."""
    header, between, signature = answer['signature'].split('.')
    assert between == '' and json.loads(unbase64(header)) == {'alg': 'EdDSA', 'kid': answer['key']['kid']}
    required = {name: answer['key'][name] for name in ('crv', 'kty', 'x')}
    assert unbase64(answer['key']['kid']) == hashlib.sha256(canonical(required)).digest()
    payload = base64.urlsafe_b64encode(canonical(change(answer['receipt']))).rstrip(b'=')
    der = bytes.fromhex('302a300506032b6570032100') + unbase64(answer['key']['x'])
    (tmp_path / 'key').write_bytes(der)
    (tmp_path / 'signed').write_bytes(header.encode() + b'.' + payload)
    (tmp_path / 'signature').write_bytes(unbase64(signature))
    run = subprocess.run(['openssl', 'pkeyutl', '-verify', '-pubin', '-keyform', 'DER', '-inkey', tmp_path / 'key',
                          '-rawin', '-in', tmp_path / 'signed', '-sigfile', tmp_path / 'signature'],
                         capture_output=True, timeout=30)
    return run.returncode == 0


def offline(url, options):
    raise AssertionError(f'fetches {url}')


def states(answer):
    [record] = answer['receipt']['dpv:hasRecordOfActivity']
    return [state['@type'][0].removeprefix('dpv:') for state in record['dpv:hasConsentStatus']]


@pytest.fixture
def anna(app):
    id, _ = make_person(app, {'email': 'receipt@example.com', 'name': 'Anna Björk'})
    return id


def test_a_receipt_has_the_published_shape(app, anna):
    answer = receipt(app, anna, 1)
    valid(answer, '27560')
    assert states(answer) == ['ConsentGiven']
    [record] = answer['receipt']['dpv:hasRecordOfActivity']
    [process] = record['dpv:hasProcess']
    assert process['dpv:hasPurpose']['@id'] == 'urn:valv:purpose:newsletter:v1'
    assert {data['dct:identifier'] for data in process['dpv:hasPersonalData']} >= {'email', 'name'}
    assert record['dpv:hasDataSubject']['@id'] == f'urn:uuid:{anna}'
    assert 'receipt@example.com' not in json.dumps(answer) and 'Björk' not in json.dumps(answer, ensure_ascii=False)
    words = record['dpv:hasNotice'][0]['dct:identifier'].removeprefix('sha256:')
    shown = app.get(f'/v1/notices/{words}').json
    assert hashlib.sha256(shown['text'].encode()).hexdigest() == words


def test_the_shape_refuses_what_lacks_a_mandatory_field(app, anna):
    answer = receipt(app, anna, 1)
    for name in ('dpv:hasNotice', 'dpv:hasJurisdiction', 'dpv:hasConsentStatus', 'dpv:hasEntity'):
        damaged = json.loads(json.dumps(answer))
        del damaged['receipt']['dpv:hasRecordOfActivity'][0][name]
        with pytest.raises(jsonschema.ValidationError):
            valid(damaged, '27560')


def test_references_are_iris_for_readers_of_rdf(app, anna):
    [expanded] = jsonld.expand(receipt(app, anna, 1)['receipt'], {'documentLoader': offline})
    [record] = expanded[DPV + 'hasRecordOfActivity']
    [process] = record[DPV + 'hasProcess']
    assert process[DPV + 'hasLegalBasis'] == [{'@id': 'https://w3id.org/dpv/legal/eu/gdpr#A6-1-a'}]
    assert record[DPV + 'hasJurisdiction'] == [{'@id': 'https://w3id.org/dpv/loc#SE'}]
    assert record[DPV + 'hasApplicableLaw'] == [{'@id': 'https://w3id.org/dpv/legal/eu#law-GDPR'}]
    controller = record[DPV + 'hasDataController'][0]['@id']
    assert controller in {entity['@id'] for entity in record[DPV + 'hasEntity']}
    [state] = record[DPV + 'hasConsentStatus'][0]['@list']
    assert DPV + 'ConsentGiven' in state['@type']
    assert state[DPV + 'isIndicatedBy'] == [{'@id': f'urn:uuid:{anna}'}]
    quads = jsonld.normalize(receipt(app, anna, 1)['receipt'], {'format': 'application/n-quads', 'documentLoader': offline})
    assert len(quads.splitlines()) > 40


def test_all_states_are_told_oldest_first(app, anna):
    app.post(f'/v1/subjects/{anna}/consents', {'purpose': 'newsletter', 'act': 'given', 'method': 'paper',
                                               'control': 'signature', 'language': 'en'})
    app.post(f'/v1/subjects/{anna}/grounds', {'act': 'established', **contract()})
    app.post(f'/v1/subjects/{anna}/withdrawals', {'purpose': 'newsletter', 'method': 'one_click'})
    first, last = receipt(app, anna, 1), receipt(app, anna, 4)
    assert states(first) == states(last) == ['ConsentGiven', 'RenewedConsentGiven', 'ConsentWithdrawn']
    valid(last, '27560')
    # One consent is one record; each receipt is another.
    identifiers = [answer['receipt']['dpv:hasRecordOfActivity'][0]['dct:identifier'] for answer in (first, last)]
    assert identifiers[0] == identifiers[1] and first['id'] != last['id']


def test_a_double_opt_in_and_an_objection(app):
    id, _ = make_person(app, grounds=[consent('parties')])
    assert states(receipt(app, id, 1)) == ['ConsentRequested']
    app.post(f'/v1/subjects/{id}/consents', {'purpose': 'parties', 'act': 'confirmed'})
    app.post(f'/v1/subjects/{id}/objections', {})
    answer = receipt(app, id, 2)
    assert states(answer) == ['ConsentRequested', 'ConsentGiven', 'ConsentWithdrawn']
    valid(answer, '27560')


def test_explicit_consent_to_special_categories(app):
    id, _ = make_person(app, {'allergy': 'nuts'}, [consent('diet', explicit=True)])
    answer = receipt(app, id, 1)
    valid(answer, '27560')
    [record] = answer['receipt']['dpv:hasRecordOfActivity']
    assert record['dpv:hasProcess'][0]['dpv:hasLegalBasis'] == 'eu-gdpr:A9-2-a'
    assert record['dpv:hasConsentStatus'][0]['@type'][1] == 'dpv:ExplicitlyExpressedConsent'
    kantara = receipt(app, id, 1, '/kantara')
    valid(kantara, 'kantara')
    assert kantara['receipt']['sensitive'] and kantara['receipt']['spiCat'] == ['allergy']


def test_kantara_tells_of_a_yes_and_of_recipients(app, operator, anna):
    answer = receipt(app, anna, 1, '/kantara')
    valid(answer, 'kantara')
    assert isinstance(answer['receipt']['consentTimestamp'], int)
    [part] = answer['receipt']['services'][0]['purposes']
    assert part['purposeCategory'] == ['6 - Marketing'] and not part['thirdPartyDisclosure']
    told = purpose('a club', 'consent', ['email'], recipients=[{'name': 'Post AB', 'role': 'processor'}])
    operator.put('/v1/purposes/receiptclub', told)
    operator.post('/v1/purposes/receiptclub/activate')
    id, _ = make_person(app, {'email': 'club@example.com'}, [consent('receiptclub')])
    answer = receipt(app, id, 1, '/kantara')
    valid(answer, 'kantara')
    assert answer['receipt']['services'][0]['purposes'][0]['thirdPartyName'] == 'Post AB'
    answer = receipt(app, id, 1)
    valid(answer, '27560')
    [record] = answer['receipt']['dpv:hasRecordOfActivity']
    [recipient] = record['dpv:hasProcess'][0]['dpv:hasRecipient']
    assert {'@id': recipient, '@type': 'dpv:Recipient', 'dpv:hasName': 'Post AB'} in record['dpv:hasEntity']
    app.post(f'/v1/subjects/{id}/withdrawals', {'purpose': 'receiptclub'})
    assert app.get(f'/v1/subjects/{id}/consents/2/receipt/kantara').slug == 'conflict'


@pytest.mark.parametrize('form', ['', '/kantara'])
def test_the_signature_holds_and_breaks(app, anna, tmp_path, form):
    answer = receipt(app, anna, 1, form)
    assert holds(answer, tmp_path)
    assert not holds(answer, tmp_path, lambda receipt: {**receipt, 'dct:created': '2001-01-01T00:00:00Z'})


def test_a_receipt_is_recorded(app, anna):
    receipt(app, anna, 1)
    entries = app.get(f'/v1/audit/entries?subject={anna}').json['entries']
    assert [entry['purpose'] for entry in entries if entry['act'] == 'consent.receipt'] == ['newsletter']


def test_what_has_no_receipt(app, anna):
    app.post(f'/v1/subjects/{anna}/grounds', {'act': 'established', **contract()})
    assert app.get(f'/v1/subjects/{anna}/consents/2/receipt').slug == 'conflict'
    for seq in ('0', '9', 'x', '-1', '99999999999999999999'):
        assert app.get(f'/v1/subjects/{anna}/consents/{seq}/receipt').slug == 'absent'
    assert app.get(f'/v1/subjects/{OTHER}/consents/1/receipt').slug == 'absent'


def test_who_may_have_one(api, make_key, anna):
    assert api.using(make_key(['read'])).get(f'/v1/subjects/{anna}/consents/1/receipt').slug == 'denied'
    other = api.using(make_key(['ledger'], ['order']))
    assert other.get(f'/v1/subjects/{anna}/consents/1/receipt').slug == 'purpose-denied'
    receipt(api.using(make_key(['ledger'], ['newsletter'])), anna, 1)


def test_the_command_line_writes_one(server, anna, tmp_path):
    out = tmp_path / 'receipt.json'
    valv = [VALV, 'subject', 'receipt', anna, '1', '--data', str(server.data)]
    subprocess.run([*valv, '--out', str(out)], check=True, timeout=60)
    answer = json.loads(out.read_text())
    valid(answer, '27560')
    assert holds(answer, tmp_path)
    printed = subprocess.run([*valv, '--format', 'kantara'], check=True, capture_output=True, timeout=60).stdout
    valid(json.loads(printed), 'kantara')
