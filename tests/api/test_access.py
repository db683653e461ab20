"""Access (Article 15) and portability (Article 20): the package in three forms, the link that works
once, what may be taken along; and the index that finds a person's audit entries."""
import csv
import html.parser
import io
import json
import os
import pathlib
import re
import sqlite3
import time

import jsonschema
import pytest

import definitions
from definitions import consent, contract, make_person

ALL = ['read', 'write', 'decide', 'withdraw', 'ledger', 'rights', 'import', 'audit', 'erase']


@pytest.fixture(scope='module')
def clerk(api, make_key):
    """Answers the requests of persons."""
    return api.using(make_key(['rights']))


@pytest.fixture(scope='module')
def worker(api, make_key):
    return api.using(make_key(ALL))


def package(client, id, **asked):
    reply = client.post(f'/v1/subjects/{id}/access', asked)
    assert reply.status == 200, reply
    return reply.json


def entries(client, id):
    reply = client.get(f'/v1/audit/entries?subject={id}&limit=1000')
    assert reply.status == 200, reply
    return reply.json['entries']


# --- what is in it -----------------------------------------------------------------------------


def test_everything_that_was_done_is_in_the_package(worker, clerk):
    id, email = make_person(worker, {'email': definitions.email(), 'name': 'Åsa Öberg', 'invoice': 'F-1'},
                            [consent(), contract()])
    definitions.read(worker, id)
    worker.post('/v1/decisions', {'subject': id, 'purpose': 'newsletter', 'channel': 'email'})
    lines = [{'subject': id, 'purpose': 'newsletter', 'channel': 'sms'},
             {'subject': make_person(worker)[0], 'purpose': 'newsletter', 'channel': 'email'}]
    worker.post('/v1/decisions/batch', '\n'.join(map(json.dumps, lines)).encode(), type='application/x-ndjson')
    assert worker.post(f'/v1/subjects/{id}/objections', {'purpose': 'newsletter'}).status == 200

    held = package(clerk, id, language='sv')
    assert held['person'][0]['id'] == id and held['language'] == 'sv' and held['next'] is None
    values = {value['field']: value for value in held['values']}
    assert values['name']['value'] == 'Åsa Öberg' and values['name']['origin'] == 'provided'
    assert values['name']['purposes'] == ['order'] and values['email']['searchable']
    assert {ground['basis'] for ground in held['grounds']} == {'consent', 'contract'}
    assert [act['act'] for act in held['ledger']] == ['given', 'established', 'objected']
    assert held['ledger'][0]['evidence']['control'] == 'unticked_box'
    shown = [notice for notice in held['notices'] if notice['shown']]
    assert shown[0]['hash'] == held['ledger'][0]['notice'] and shown[0]['text'] == 'We keep this for the newsletter. (sv)'
    assert [(one['channel'], one['allowed']) for one in held['decisions']] == [('email', True), ('sms', False)]
    assert held['objections'][0]['purpose'] == 'newsletter'
    assert {stop['address'] for stop in held['suppressions']} == {'email'}
    assert [look['act'] for look in held['looks']] == ['subject.create', 'subject.read', 'ledger.act']
    assert held['looks'][1]['fields'] == ['email', 'name']
    assert held['controllers'][0]['name'] == 'Exempel AB'
    assert {right['article'] for right in held['rights']} >= {'15', '16', '17', '18', '20', '21', '77'}
    assert 'imy.se' in json.dumps(held['rights'])


def test_it_says_whom_by_kind_and_never_by_name(worker, clerk, api, operator):
    key = operator.post('/v1/keys', {'name': 'kajsas-nyckel', 'scopes': ['read'], 'purposes': '*'}).json
    id, _ = make_person(worker)
    definitions.read(api.using(key['key']), id)
    for form in ('json', 'csv', 'html'):
        text = clerk.post(f'/v1/subjects/{id}/access', {'format': form}).body.decode()
        assert 'kajsas' not in text and key['id'] not in text
    assert [look['actor'] for look in package(clerk, id)['looks']][:2] == ['key', 'key']


def test_making_it_is_recorded_for_the_purpose_rights(worker, clerk, operator):
    id, _ = make_person(worker)
    package(clerk, id)
    last = entries(operator, id)[-1]
    assert (last['act'], last['purpose'], last['outcome']) == ('subject.access', 'rights', 'done')
    assert package(clerk, id)['looks'][-2]['act'] == 'subject.access'  # the reading of the log comes after


def test_a_restricted_person_gets_it_all_the_same(worker, clerk):
    id, email = make_person(worker)
    assert worker.post(f'/v1/subjects/{id}/restriction', {'act': 'restricted', 'reason': 'accuracy'}).status == 200
    assert definitions.read(worker, id).status == 422
    held = package(clerk, id)
    assert held['person'][0]['restricted'] and email in json.dumps(held['values'])


def test_nobody_else_gets_it(worker, api, clerk):
    id, _ = make_person(worker)
    assert worker.using(None).post(f'/v1/subjects/{id}/access').status == 401
    assert api.using(worker.key).post('/v1/subjects/00000000-0000-4000-8000-000000000000/access').status == 404
    assert worker.post('/v1/subjects/x/access').status == 404


def test_a_key_without_the_scope_is_refused_and_the_person_sees_that(worker, api, make_key, clerk):
    id, _ = make_person(worker)
    reader = api.using(make_key(['read', 'ledger', 'audit']))
    for path in ('access', 'export'):
        assert reader.post(f'/v1/subjects/{id}/{path}').status == 403
    assert [look['outcome'] for look in package(clerk, id)['looks']][-2:] == ['denied', 'denied']
    narrow = api.using(make_key(['rights'], ['newsletter']))
    for path in ('access', 'export'):
        assert narrow.post(f'/v1/subjects/{id}/{path}').slug == 'purpose-denied'


@pytest.mark.parametrize('body', [
    {'format': 'pdf'}, {'language': 'no'}, {'delivery': 'mail'}, {'expires_in': 'P1D'}, {'after': 'x'}, {'after': '-1.0'},
    {'after': '1'}, {'delivery': 'link', 'expires_in': 'P31D'}, {'delivery': 'link', 'expires_in': 'soon'},
    {'delivery': 'link', 'expires_in': 'P0D'}, {'part': 2}])
def test_what_is_asked_is_checked(worker, clerk, body):
    id, _ = make_person(worker)
    assert clerk.post(f'/v1/subjects/{id}/access', body).status == 422


def test_it_fits_the_published_schema(worker, clerk):
    schema = clerk.get('/v1/schemas/access').json
    jsonschema.Draft202012Validator.check_schema(schema)
    id, _ = make_person(worker, None, [consent(), contract()])
    assert worker.post(f'/v1/subjects/{id}/holds', {'fields': ['name'], 'reason': 'a claim'}).status == 200
    jsonschema.Draft202012Validator(schema).validate(package(clerk, id))
    assert clerk.get('/v1/schemas/nothing').status == 404


# --- the other two forms -----------------------------------------------------------------------


def test_csv_has_the_same_rows(worker, clerk):
    id, _ = make_person(worker, {'email': definitions.email(), 'nick': '=HYPERLINK("http://example.com")'})
    reply = clerk.post(f'/v1/subjects/{id}/access', {'format': 'csv'})
    assert reply.type == 'text/csv' and reply.body.startswith(b'\xef\xbb\xbf')
    rows = list(csv.reader(io.StringIO(reply.body.decode('utf-8-sig'))))
    assert rows[0] == ['section', 'row', 'name', 'value']
    held = package(clerk, id)
    seen = {section for section, *_ in rows[1:]}
    assert seen == {'package'} | {name for name, rows in held.items() if isinstance(rows, list) and rows}
    found = [value for section, _, name, value in rows if (section, name) == ('values', 'value')]
    assert found[1] == '\'=HYPERLINK("http://example.com")'  # not a formula


class Page(html.parser.HTMLParser):
    """What must not be in it, and which tags are open."""

    def __init__(self, text):
        super().__init__()
        self.open, self.text, self.ids, self.languages = [], [], set(), []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        assert tag not in ('script', 'img', 'link', 'iframe', 'object', 'base', 'svg'), tag
        for name, value in attributes:
            assert not name.startswith('on') and name not in ('src', 'action', 'style')
            if name == 'href':
                assert value.startswith('#')
            if name == 'id':
                assert value not in self.ids
                self.ids.add(value)
            if (tag, name) == ('html', 'lang'):
                self.languages.append(value)
        if tag not in ('meta', 'br'):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def test_the_page_stands_alone_and_escapes(worker, clerk):
    nasty = '<script>alert(1)</script> & "quotes" \'single\''
    id, _ = make_person(worker, {'email': definitions.email(), 'nick': nasty},
                        [consent(evidence={'<b>': nasty, 'list': [1, {'deep': '</dl>'}]})])
    for language, title in (('sv', 'Dina uppgifter hos oss'), ('en', 'Your data with us')):
        reply = clerk.post(f'/v1/subjects/{id}/access', {'format': 'html', 'language': language})
        assert reply.type == 'text/html' and 'attachment' in reply.header('Content-Disposition')
        assert "default-src 'none'" in reply.header('Content-Security-Policy')
        page = Page(reply.body.decode())
        assert title in page.text and page.languages == [language]
        assert ''.join(page.text).count(nasty) == 2
        assert not re.search(r'(?:https?:)?//(?!alert)', reply.body.decode().split('</style>')[1])


def test_the_language_is_that_of_the_words_shown(worker, clerk):
    for language in ('sv', 'en'):
        id, _ = make_person(worker, None, [consent(language=language)])
        assert package(clerk, id)['language'] == language


# --- the link ----------------------------------------------------------------------------------


def make_link(client, id, **asked):
    reply = client.post(f'/v1/subjects/{id}/access', {'delivery': 'link', **asked})
    assert reply.status == 200, reply
    return reply.json


def test_a_link_gives_the_package_once(worker, clerk, api, operator):
    id, email = make_person(worker)
    made = make_link(clerk, id, format='html', language='sv')
    assert re.fullmatch('/packages/[0-9a-f]{64}', made['link'])
    person = api.using(None)
    for _ in range(3):  # as mail scanners do
        page = person.get(made['link'])
        assert page.status == 200 and 'Hämta mina uppgifter' in page.body.decode() and email not in page.body.decode()
        assert page.header('X-Robots-Tag') == 'noindex, nofollow'
        Page(page.body.decode())
    assert person.call('HEAD', made['link']).status == 200
    got = person.post(made['link'])
    assert got.status == 200 and email in got.body.decode()
    assert got.header('Content-Disposition') == 'attachment; filename="mina-uppgifter.html"'
    again = person.post(made['link'], headers={'Accept-Language': 'sv'})
    assert again.status == 410 and 'Länken har slutat gälla' in again.body.decode()
    assert person.get(made['link']).status == 410
    assert [entry['act'] for entry in entries(operator, id)][-2:] == ['subject.access', 'package.download']


def test_used_unknown_and_malformed_answer_alike(worker, clerk, api):
    id, _ = make_person(worker)
    made = make_link(clerk, id)
    person = api.using(None)
    assert person.post(made['link']).json['person'][0]['id'] == id
    answers = {(path, method): person.call(method, path)
               for path in (made['link'], '/packages/' + '0' * 64, '/packages/x', '/packages/' + 'z' * 64)
               for method in ('GET', 'POST')}
    assert {reply.status for reply in answers.values()} == {410}
    assert len({reply.body for reply in answers.values()}) == 1


def test_the_store_cannot_open_what_it_keeps(worker, clerk, server):
    id, email = make_person(worker, {'email': definitions.email(), 'nick': 'kanariefagel-i-paketet'})
    made = make_link(clerk, id)
    token = made['link'].removeprefix('/packages/')
    with sqlite3.connect(f'file:{server.data}/valv.db?mode=ro', uri=True) as base:
        rows = base.execute('SELECT digest, sealed FROM package').fetchall()
    assert rows
    for digest, sealed in rows:
        assert bytes.fromhex(token) not in (digest, sealed) and b'kanariefagel' not in sealed
    for file in server.data.iterdir():
        if file.is_file():
            assert b'kanariefagel-i-paketet' not in file.read_bytes() and token.encode() not in file.read_bytes()


def test_two_at_once_give_one(worker, clerk, api):
    import concurrent.futures
    for _ in range(5):
        id, _ = make_person(worker)
        link = make_link(clerk, id)['link']
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            statuses = list(pool.map(lambda _: api.using(None).post(link).status, range(8)))
        assert sorted(statuses) == [200] + [410] * 7


def test_a_link_ends_in_time(worker, clerk, api):
    id, _ = make_person(worker)
    link = make_link(clerk, id, expires_in='PT1S')['link']
    assert api.using(None).get(link).status == 200
    time.sleep(1.1)
    assert api.using(None).get(link).status == 410
    assert api.using(None).post(link).status == 410


def test_so_many_may_wait(worker, clerk):
    id, _ = make_person(worker)
    for _ in range(8):
        make_link(clerk, id)
    reply = clerk.post(f'/v1/subjects/{id}/access', {'delivery': 'link'})
    assert reply.status == 422 and reply.json['detail'].startswith('limit_packages')


# --- portability -------------------------------------------------------------------------------


def test_only_what_the_person_gave_on_consent_or_contract(worker, clerk, operator):
    id, _ = make_person(worker, {'email': definitions.email(), 'name': 'Bo Ek', 'invoice': 'F-2'},
                        [consent(), {'purpose': 'books', 'evidence': {'reference': 'V-1'}}])
    for origin, values in (('obtained', {'nick': 'x'}), ('observed', {'visits': '7'}), ('derived', {'tier': 'gold'})):
        reply = worker.patch(f'/v1/subjects/{id}', {'values': values, 'origin': origin}, headers={'If-Match': '*'})
        assert reply.status == 200, reply
    reply = clerk.post(f'/v1/subjects/{id}/export')
    assert reply.status == 200, reply
    taken = {value['field']: value for value in reply.json['values']}
    assert set(taken) == {'email', 'name', 'visits'}  # the invoice is held by law alone
    assert taken['visits']['origin'] == 'observed' and taken['name']['purposes'] == ['newsletter']
    jsonschema.Draft202012Validator(clerk.get('/v1/schemas/export').json).validate(reply.json)
    last = entries(operator, id)[-1]
    assert (last['act'], last['purpose']) == ('subject.export', 'rights')

    assert worker.post(f'/v1/subjects/{id}/withdrawals', {'purpose': 'newsletter'}).status == 200
    assert clerk.post(f'/v1/subjects/{id}/export').json['values'] == []


def unfold(text):
    assert all(len(line.encode()) <= 75 for line in text.split('\r\n'))
    return text.replace('\r\n ', '').split('\r\n')


def test_vcard(worker, clerk):
    nick = 'rad 1; med, tecken \\ och ' + 'åäö' * 40
    id, email = make_person(worker, {'email': definitions.email(), 'name': 'Åsa Öberg, d.y.', 'phone': '070-174 06 05',
                                     'born': '1985-04-12', 'nick': nick})
    reply = clerk.post(f'/v1/subjects/{id}/export', {'format': 'vcard', 'language': 'sv'})
    assert reply.type == 'text/vcard'
    lines = unfold(reply.body.decode())
    assert lines[:2] == ['BEGIN:VCARD', 'VERSION:4.0'] and lines[-2:] == ['END:VCARD', '']
    assert 'FN:Åsa Öberg\\, d.y.' in lines and f'EMAIL:{email}' in lines
    assert 'TEL;VALUE=uri:tel:+46701740605' in lines and 'BDAY:19850412' in lines
    escaped = nick.replace('\\', '\\\\').replace(';', '\\;').replace(',', '\\,')
    assert f'NOTE:nick (sv): {escaped}' in lines


def test_export_as_csv(worker, clerk):
    id, email = make_person(worker)
    reply = clerk.post(f'/v1/subjects/{id}/export', {'format': 'csv'})
    rows = list(csv.DictReader(io.StringIO(reply.body.decode('utf-8-sig'))))
    assert [(row['field'], row['value'], row['origin']) for row in rows] == [
        ('email', email, 'provided'), ('name', 'Anna Björk', 'provided')]
    assert clerk.post(f'/v1/subjects/{id}/export', {'format': 'html'}).status == 422


# --- many entries ------------------------------------------------------------------------------


def test_thousands_of_entries_come_in_parts(worker, clerk, operator):
    """Batches of a thousand questions about the same person: 6 entries hold 6,000 decisions."""
    id, _ = make_person(worker)
    line = json.dumps({'subject': id, 'purpose': 'newsletter', 'channel': 'email'}).encode()
    other = json.dumps({'subject': make_person(worker)[0], 'purpose': 'newsletter', 'channel': 'email'}).encode()
    for _ in range(2):
        worker.post('/v1/decisions/batch', b'\n'.join([line] * 900 + [other] * 100), type='application/x-ndjson')
    for _ in range(40):
        definitions.read(worker, id)
    held = package(clerk, id)
    assert len(held['decisions']) == 1800 and len(held['looks']) == 41
    assert held['next'] is None
    after = f'{held["ledger"][-1]["seq"]}.{held["looks"][-5]["entry"]}'
    rest = package(clerk, id, after=after)
    assert [look['entry'] for look in rest['looks']][:4] == [look['entry'] for look in held['looks'][-4:]]
    assert rest['decisions'] == [] and rest['ledger'] == []


def test_a_persons_entries_are_found_behind_the_index_too(worker, operator):
    """More entries than a run of the index holds, and batches in which the person stands among others."""
    mine, _ = make_person(worker)
    others = [make_person(worker)[0] for _ in range(9)]
    lines = [json.dumps({'subject': id, 'purpose': 'newsletter', 'channel': 'email'}) for id in others * 110 + [mine]]
    for _ in range(12):
        worker.post('/v1/decisions/batch', '\n'.join(lines).encode(), type='application/x-ndjson')
        definitions.read(worker, mine)
    time.sleep(2.5)  # the index is filled once a second
    worker.post('/v1/decisions/batch', '\n'.join(lines).encode(), type='application/x-ndjson')
    acts = [entry['act'] for entry in entries(operator, mine)]
    assert acts[0] == 'subject.create' and acts.count('subject.read') == 12
    batches = [entry for entry in entries(operator, mine) if entry['act'] == 'decision.batch']
    assert len(batches) == 13 and all(len(entry['decisions']) == 1 for entry in batches)
    assert acts.count('decision.batch') == 13


@pytest.mark.parametrize('name', ['access', 'export'])
def test_the_committed_schemas_are_those_of_the_program(clerk, name):
    committed = pathlib.Path(__file__).resolve().parents[2] / f'docs/api/{name}.schema.json'
    assert json.loads(committed.read_text()) == clerk.get(f'/v1/schemas/{name}').json, \
        f'run: valv schema {name} | python3 -m json.tool --indent 1 > docs/api/{name}.schema.json'


# --- the three forms, kept ------------------------------------------------------------------------

GOLDEN = pathlib.Path(__file__).resolve().parents[1] / 'golden'


def normal(text):
    """Times, ids and entry numbers differ from run to run, and nothing else does."""
    text = re.sub(r'\d{4}-\d\d-\d\dT[\d:.]+Z', 'TIME', text)
    text = re.sub(r'\d{1,2} (?:[a-z]+|[A-Z][a-z]+) 20\d\d(?: kl\. \d\d\.\d\d|, \d\d:\d\d)', 'TIME', text)
    text = re.sub(r'[0-9a-f]{8}-[0-9a-f-]{27}', 'ID', text)
    text = re.sub(r'("entry":)\s*\d+', r'\1 N', text)
    return re.sub(r'^((?:decisions|looks|request_steps),\d+,entry),\d+', r'\1,N', text, flags=re.M)


def hold(name, text):
    path = GOLDEN / name
    if os.environ.get('VALV_GOLDEN') == 'write':
        path.write_bytes(text.encode())
    assert path.read_bytes().decode() == text, f'{name} is not what is kept; VALV_GOLDEN=write, and look at the diff'


@pytest.fixture(scope='module')
def kept_person(worker, operator):
    """Made up, with a row in every section that the interface can fill."""
    operator.put('/v1/purposes/kept-club', definitions.purpose(
        'the club', 'consent', ['email', 'phone', 'name'], marketing=True, channels=['email', 'sms'],
        recipients=[{'name': 'Tryckeriet AB', 'role': 'processor'},
                    {'name': 'Mailhouse Inc.', 'role': 'controller', 'country': 'US', 'safeguard': 'SCC 2021/914'}],
        dpo={'name': 'Vera Vakt', 'contact': 'dpo@example.com'}, duty={'kind': 'none', 'consequence': 'No club.'},
        frequency_cap={'count': 5, 'period': 'P7D'}))
    assert operator.post('/v1/purposes/kept-club/activate').status == 200
    id, _ = make_person(worker, {'email': 'kept.person@example.com', 'name': 'Åsa "Kept" Öberg <af Test>',
                                 'phone': '070-174 06 07', 'invoice': 'F-1 & F-2'},
                        [consent('kept-club', evidence={'form': 'footer', 'steps': [1, 2]}), contract(),
                         {'purpose': 'books', 'evidence': {'reference': 'V-9'}}])
    definitions.read(worker, id, 'kept-club')
    for channel in ('email', 'sms', 'post'):
        worker.post('/v1/decisions', {'subject': id, 'purpose': 'kept-club', 'channel': channel, 'class': 'marketing'})
    assert operator.put('/v1/recipients/kept-press', {'title': 'Tryckeriet AB', 'role': 'processor',
                                                      'contact': 'press@example.com'}).status in (200, 201)
    told = worker.post(f'/v1/subjects/{id}/disclosures', {'recipient': 'kept-press', 'purpose': 'kept-club',
                                                          'fields': ['email', 'name'], 'reference': 'KUND-7'})
    assert told.status == 201, told
    assert worker.patch(f'/v1/subjects/{id}', {'values': {'name': 'Åsa "Kept" Öberg <af Test>!'}},
                        headers={'If-Match': '*'}).status == 200  # the recipient is told of the correction
    assert worker.post(f'/v1/subjects/{id}/holds', {'fields': ['invoice'], 'reason': 'a claim'}).status == 200
    assert worker.post(f'/v1/subjects/{id}/objections', {'purpose': 'kept-club', 'channels': ['sms']}).status == 200
    assert worker.post(f'/v1/subjects/{id}/restriction', {'act': 'restricted', 'reason': 'accuracy', 'fields': ['name']}).status == 200
    assert worker.patch(f'/v1/subjects/{id}', {'statements': {'name': 'Med ö, inte o.'}}, headers={'If-Match': '*'}).status == 200
    asked = operator.post('/v1/requests', {'right': 'information', 'channel': 'email', 'subject': id, 'language': 'sv',
                                           'words': 'Hur länge sparar ni?', 'reply_to': 'kept.person@example.com'})
    assert asked.status == 201 and operator.post(f'/v1/requests/{asked.json["id"]}/acknowledgement').status == 200
    return id


@pytest.mark.parametrize('form,language', [('json', 'sv'), ('csv', 'sv'), ('html', 'sv'), ('html', 'en')])
def test_the_package_is_what_is_kept(clerk, kept_person, form, language):
    reply = clerk.post(f'/v1/subjects/{kept_person}/access', {'format': form, 'language': language})
    assert reply.status == 200
    text = reply.body.decode()
    if form == 'json':
        held = json.loads(text)
        held['looks'] = [look for look in held['looks'] if not look['act'].startswith('subject.access')]
        text = json.dumps(held, indent=1, ensure_ascii=False) + '\n'
    # The makings before this one, which hang on which tests are run.
    made = {row for row, act in re.findall(r'^looks,(\d+),act,(.*)\r$', text, re.M) if act == 'subject.access'}
    text = ''.join(line for line in text.splitlines(keepends=True)
                   if 'En sammanställning som denna' not in line and 'A package like this' not in line
                   and not (line.startswith('looks,') and line.split(',')[1] in made))
    hold(f'package-{language}.{form}', normal(text))


def test_the_kept_package_has_something_in_nearly_every_section(clerk, kept_person):
    held = package(clerk, kept_person)
    empty = {name for name, rows in held.items() if rows == []}
    assert empty <= {'imports'}, empty
