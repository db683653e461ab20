"""Stopping with one click, and the page with one's choices: over the listener for persons, as browsers and mail programs come."""
import hashlib
import re
import sqlite3

import pytest

import definitions
from client import Client
from visitor import FORM, Public, multipart

ONE_CLICK = {'List-Unsubscribe': 'One-Click'}
NOTHING = ('entry', 'entry_of', 'entry_run', 'entry_mark', 'tree', 'tree_tile', 'tree_bundle', 'tree_pack', 'tree_checkpoint',
           'sqlite_sequence', 'clock_mark', 'entry_unlink') # what is done behind the log, after an erasure too


class Vault:
    def __init__(self, server):
        self.server = server
        self.operator = Client(server.socket)
        self.pages = Public(server.public)

    def person(self, *grounds, **values):
        return definitions.make_person(self.operator, {'email': definitions.email(), 'name': 'Anna Björk', **values},
                                       list(grounds) or None)

    def links(self, id, **more):
        reply = self.operator.post(f'/v1/subjects/{id}/mail-links', more)
        assert reply.status == 200, reply
        return {name: '/' + url.split('/', 3)[3] for name, url in reply.json.items()}

    def acts(self, id):
        return self.operator.get(f'/v1/subjects/{id}/consents').json['acts']

    def allowed(self, id, purpose='newsletter', channel='email', **more):
        reply = self.operator.post('/v1/decisions', {'subject': id, 'purpose': purpose, 'channel': channel, 'opt_out': True, **more})
        assert reply.status == 200, reply
        return reply.json['allowed'], reply.json['reason']

    def stops(self, email):
        reply = self.operator.post('/v1/suppressions/search', {'address': 'email', 'value': email})
        assert reply.status == 200, reply
        return [(one['scope'], one['source']) for one in reply.json['suppressions']]

    def state(self):
        """A hash of every row but those of the audit log."""
        digest = hashlib.sha256()
        for name in ('valv.db', 'keys.db'):
            base = sqlite3.connect(f'file:{self.server.data / name}?mode=ro', uri=True)
            for (table,) in sorted(base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")):
                if table not in NOTHING:
                    digest.update(table.encode())
                    for row in sorted(map(repr, base.execute(f'SELECT * FROM "{table}"'))):
                        digest.update(row.encode())
            base.close()
        return digest.hexdigest()


@pytest.fixture(scope='module')
def vault(make_server):
    server = make_server('--public', '127.0.0.1:0')
    vault = Vault(server)
    definitions.put_all(vault.operator)
    reply = vault.operator.put('/v1/settings/public_origin', {'value': 'https://val.example.com'})
    assert reply.status == 200, reply
    vault.operator.put('/v1/settings/company', {'value': 'Exempel AB'})
    return vault


# --- one click ------------------------------------------------------------------------------------

def test_a_press_stops_at_once_and_again_is_the_same(vault):
    id, email = vault.person()
    link = vault.links(id, purpose='newsletter')['one_click']
    assert vault.allowed(id) == (True, 'consent')
    got = vault.pages.post(link, ONE_CLICK)
    assert got.status == 200 and got.header('Location') is None and got.header('Set-Cookie') is None
    assert vault.allowed(id) == (False, 'suppressed')
    last = vault.acts(id)[-1]
    assert (last['act'], last['purpose'], last['method'], last['channels'], last['actor']['kind']) == (
        'withdrawn', 'newsletter', 'one_click', ['email'], 'person')
    count = len(vault.acts(id))
    body, kind = multipart(ONE_CLICK.items())
    for answer in (vault.pages.post(link, ONE_CLICK), vault.pages.post(link, body=body, kind=kind),
                   vault.pages.ask('POST', link, 'List-Unsubscribe=One-Click', {'Content-Type': FORM, 'Origin': 'https://mail.test',
                                                                               'Sec-Fetch-Site': 'cross-site'})):
        assert answer.status == 200 and answer.octets == got.octets
    assert len(vault.acts(id)) == count
    assert [scope for scope, _ in vault.stops(email)] == ['purpose']


def test_it_is_one_transaction_with_its_entry(vault):
    id, _ = vault.person()
    vault.pages.post(vault.links(id, purpose='newsletter')['one_click'], ONE_CLICK)
    entries = vault.operator.get(f'/v1/audit/entries?subject={id}').json['entries']
    act = [one for one in entries if one['act'] == 'ledger.act']
    assert len(act) == 1 and act[0]['actor'] == {'kind': 'person'}


def test_a_stop_for_everything_ends_all_marketing_in_the_channel(vault):
    id, email = vault.person(definitions.consent(), definitions.contract())
    vault.pages.post(vault.links(id)['one_click'], ONE_CLICK)
    assert vault.allowed(id)[0] is False and vault.allowed(id, 'parties')[0] is False
    assert vault.allowed(id, 'order', **{'class': 'transactional'})[0] is True  # what was ordered still comes
    assert vault.acts(id)[-1]['act'] == 'objected' and 'channel' in [scope for scope, _ in vault.stops(email)]


def test_it_works_after_erasure(vault):
    id, email = vault.person()
    link = vault.links(id, purpose='newsletter')['one_click']
    before = vault.pages.get(link, Accept_Language='sv')
    reply = vault.operator.post(f'/v1/subjects/{id}/erasure', {'reason': 'withdrawn'})
    assert reply.status in (200, 201), reply
    assert vault.pages.get(link, Accept_Language='sv').octets == before.octets
    assert vault.pages.post(link, ONE_CLICK).status == 200
    assert 'purpose' in [scope for scope, _ in vault.stops(email)]
    again = vault.operator.post('/v1/subjects', {'values': {'email': email}, 'grounds': [definitions.consent(method='import')]})
    assert again.status == 422 or vault.allowed(again.json['id']) == (False, 'suppressed'), again


def test_looking_changes_nothing(vault):
    id, _ = vault.person()
    links = vault.links(id, purpose='newsletter')
    before = vault.state()
    for link in links.values():
        for method in ('GET', 'HEAD', 'OPTIONS'):
            for _ in range(2):
                got = vault.pages.ask(method, link, headers={'Accept-Language': 'en'})
                assert got.status == (405 if method == 'OPTIONS' else 200), got
    assert vault.state() == before
    page = vault.pages.get(links['one_click'], Accept_Language='en')
    assert 'Nothing has happened yet' in page.words and page.text.count('<button') == 1


@pytest.mark.parametrize('body, kind, status', [
    ('', FORM, 400), ('List-Unsubscribe=one-click', FORM, 400), ('List-Unsubscribe', FORM, 400), ('x=y', FORM, 400),
    ('%00=%00', FORM, 400), ('\xff=1', FORM, 400), ('{"List-Unsubscribe":"One-Click"}', 'application/json', 415),
    ('List-Unsubscribe=One-Click', 'text/plain', 415), ('List-Unsubscribe=One-Click', '', 415),
    ('List-Unsubscribe=One-Click', 'multipart/form-data', 400), ('List-Unsubscribe=One-Click', 'multipart/form-data; boundary=x', 400),
    ('--x\r\n\r\nOne-Click\r\n--x--\r\n', 'multipart/form-data; boundary=x', 400),
    ('--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click', 'multipart/form-data; boundary=x', 400),
    ('a=b&' * 3000, FORM, 422),
])
def test_a_wrong_body_has_a_defined_answer_and_stops_nothing(vault, body, kind, status):
    id, _ = vault.person()
    link = vault.links(id, purpose='newsletter')['one_click']
    got = vault.pages.post(link, body=body.encode('latin-1'), kind=kind)
    assert got.status == status, got
    assert vault.allowed(id)[0] is True


def test_ten_megabytes_are_refused(vault):
    id, _ = vault.person()
    link = vault.links(id, purpose='newsletter')['one_click']
    got = vault.pages.post(link, body=b'x=' + b'a' * 10_000_000)
    assert got.status == 413 and vault.allowed(id)[0] is True


def test_other_forms_of_multipart_are_read(vault):
    for body, kind in (
            ('--a b\r\ncontent-disposition: FORM-DATA; NAME=List-Unsubscribe\r\n\r\nOne-Click\r\n--a b--', 'multipart/form-data; boundary="a b"'),
            ('before\r\n--x\r\nContent-Type: text/plain\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--after',
             'Multipart/Form-Data; charset=utf-8; boundary=x')):
        id, _ = vault.person()
        got = vault.pages.post(vault.links(id, purpose='newsletter')['one_click'], body=body.encode(), kind=kind)
        assert got.status == 200 and vault.allowed(id)[0] is False, got


# --- which token does what ---------------------------------------------------------------------------

def test_each_kind_of_link_is_refused_everywhere_else(vault):
    """Forged, of another kind, cut, of somebody who is gone: one and the same answer."""
    id, _ = vault.person()
    other, _ = vault.person()
    links = vault.links(id, purpose='newsletter')
    gone = vault.links(other)['preferences']
    vault.operator.post(f'/v1/subjects/{other}/erasure', {'reason': 'withdrawn'})
    stop, preferences = links['one_click'].split('/')[-1], links['preferences'].split('/')[-1]
    before, answers = vault.state(), {}
    changed = preferences[:40] + ('A' if preferences[40] != 'A' else 'B') + preferences[41:]
    wrong = {'/u/': [preferences, changed, 'A' * 150, 'x', stop[:-1], stop + 'A', stop.upper()],
             '/p/': [stop, changed, 'A' * 150, 'x', preferences[:-4], gone.split('/')[-1]]}
    for path, tokens in wrong.items():
        for token in tokens:
            for method, body in (('GET', None), ('POST', 'List-Unsubscribe=One-Click&do=stop')):
                got = vault.pages.ask(method, path + token, body, {'Content-Type': FORM, 'Accept-Language': 'en'})
                answers.setdefault((got.status, got.octets, tuple(sorted(
                    (name, value) for name, value in got.headers if name.lower() != 'date'))), []).append((method, path, token))
    assert len(answers) == 1, [(key[0], len(value), value[:3]) for key, value in answers.items()]
    assert next(iter(answers))[0] == 404
    assert vault.state() == before


def test_a_link_ends_when_the_address_is_anothers(vault):
    id, _ = vault.person()
    link = vault.links(id)['preferences']
    assert vault.pages.get(link).status == 200
    reply = vault.operator.get(f'/v1/subjects/{id}', headers={'Valv-Purpose': 'newsletter'})
    changed = vault.operator.patch(f'/v1/subjects/{id}', {'values': {'email': definitions.email()}}, headers={'If-Match': reply.header('ETag')})
    assert changed.status == 200, changed
    assert vault.pages.get(link).status == 404


def test_a_link_ends_when_the_address_is_taken_away_and_another_stays(vault):
    id, _ = vault.person(phone='070-1740606')
    link = vault.links(id)['preferences']
    gone = vault.operator.patch(f'/v1/subjects/{id}', {'values': {'email': None}}, headers={'If-Match': '*'})
    assert gone.status == 200, gone
    assert vault.pages.get(link).status == 404 and vault.pages.post(link, {'do': 'stop'}).status == 404


def test_who_writes_for_one_purpose_gets_no_link_to_all(vault, make_key):
    id, _ = vault.person()
    keys = {purposes: vault.operator.post('/v1/keys', {'name': 'k', 'scopes': ['write'], 'purposes': list(purposes) or '*'}).json['key']
            for purposes in (('newsletter',), ())}
    for purposes, key in keys.items():
        reply = Client(vault.server.url, None, key).post(f'/v1/subjects/{id}/mail-links', {'purpose': 'newsletter'})
        assert reply.status == 200 and reply.json['one_click'], reply
        assert bool(reply.json['preferences']) == (not purposes), reply


# --- choices -----------------------------------------------------------------------------------------

def chosen(page):
    """{field: answer} of what is chosen on the page."""
    return dict(re.findall(r'name="(c\.[^"]+)" value="(yes|no)" checked', page.text))


def test_what_is_shown_is_what_holds(vault):
    id, _ = vault.person(phone='070-1740605')
    page = vault.pages.get(vault.links(id)['preferences'], Accept_Language='en')
    assert chosen(page) == {'c.newsletter.email': 'yes', 'c.newsletter.sms': 'yes'}
    assert 'why the newsletter (en)' in page.words and 'two years from your latest yes' in page.words and 'Only we' in page.words
    assert 'We keep this for the newsletter. (en)' in page.words  # the words themselves
    entries = vault.operator.get(f'/v1/audit/entries?subject={id}').json['entries']
    assert [one['actor']['kind'] for one in entries if one['act'] == 'ledger.read'][-1] == 'person'


def test_a_no_and_a_yes_count_before_the_answer(vault):
    id, _ = vault.person(definitions.consent(), definitions.contract())
    link = vault.links(id)['preferences']
    got = vault.pages.post(link, {'do': 'save', 'c.newsletter.email': 'no', 'c.parties.email': 'yes'}, headers={'Accept-Language': 'sv'})
    assert got.status == 200 and 'Sparat. Det här gäller från och med nu' in got.words, got
    assert 'the newsletter (sv), med e-post: nej' in got.words and 'invitations (sv), med e-post: ja' in got.words
    assert vault.allowed(id) == (False, 'suppressed') and vault.allowed(id, 'parties') == (True, 'consent')
    assert chosen(got)['c.newsletter.email'] == 'no' and chosen(got)['c.parties.email'] == 'yes'
    yes = [one for one in vault.acts(id) if one['purpose'] == 'parties']
    assert [one['act'] for one in yes] == ['given', 'confirmed']
    assert yes[0]['method'] == 'preference_page' and yes[0]['notice'] and yes[0]['evidence'] == {'control': 'unticked_box', 'language': 'sv'}
    count = len(vault.acts(id))
    again = vault.pages.post(link, {'do': 'save', 'c.newsletter.email': 'no', 'c.parties.email': 'yes'}, headers={'Accept-Language': 'en'})
    assert 'Nothing was changed' in again.words and len(vault.acts(id)) == count


def test_a_yes_takes_back_what_was_stopped_here(vault):
    id, _ = vault.person(definitions.consent(), definitions.contract())
    links = vault.links(id)
    vault.pages.post(links['one_click'], ONE_CLICK)
    assert vault.allowed(id)[0] is False
    vault.pages.post(links['preferences'], {'do': 'save', 'c.newsletter.email': 'yes'})
    assert vault.allowed(id) == (True, 'consent')


def test_what_was_not_touched_is_not_said_anew(vault):
    id, _ = vault.person()
    count = len(vault.acts(id))
    got = vault.pages.post(vault.links(id)['preferences'], {'do': 'save', 'c.newsletter.email': 'yes', 'shown': 'en', 'language': 'en',
                                                            'pause': 'none', 'often': 'any'})
    assert got.status == 200 and len(vault.acts(id)) == count


def test_everything_is_stopped_with_one_press(vault):
    id, email = vault.person(definitions.consent(), definitions.contract())
    link = vault.links(id)['preferences']
    got = vault.pages.post(link, {'do': 'stop'}, headers={'Accept-Language': 'en'})
    assert got.status == 200 and 'Everything is stopped' in got.words
    assert vault.allowed(id)[0] is False and vault.allowed(id, 'parties')[0] is False
    assert vault.allowed(id, 'order', **{'class': 'transactional'})[0] is True
    assert ('channel', 'objection') in vault.stops(email)
    count = len(vault.acts(id))
    assert vault.pages.post(link, {'do': 'stop'}).status == 200 and len(vault.acts(id)) == count


def test_with_the_last_yes_the_address_goes_and_the_page_says_so(vault):
    id, _ = vault.person()
    link = vault.links(id)['preferences']
    got = vault.pages.post(link, {'do': 'stop'}, headers={'Accept-Language': 'en'})
    assert 'We have no address of yours any more' in got.words
    assert vault.pages.get(link, Accept_Language='en').status == 200
    assert 'value="yes"' not in got.text


def test_a_pause_holds_back_marketing_until_it_is_over(vault):
    id, _ = vault.person(definitions.consent(), definitions.contract())
    link = vault.links(id)['preferences']
    got = vault.pages.post(link, {'do': 'save', 'pause': '30'}, headers={'Accept-Language': 'en'})
    assert 'No news or offers before' in got.words and 'You have a pause' in got.words
    reply = vault.operator.post('/v1/decisions', {'subject': id, 'purpose': 'newsletter', 'channel': 'email'}).json
    assert reply['allowed'] is False and reply['reason'] == 'paused' and reply['retry_at']
    assert vault.allowed(id, 'order', **{'class': 'transactional'})[0] is True
    act = vault.acts(id)[-1]
    assert act['act'] == 'chosen' and act['paused_until'] == reply['retry_at']
    assert vault.pages.post(link, {'do': 'save', 'pause': 'keep'}).status == 200 and vault.allowed(id) == (False, 'paused')
    got = vault.pages.post(link, {'do': 'save', 'pause': 'none'}, headers={'Accept-Language': 'en'})
    assert 'The pause is over' in got.words and vault.allowed(id) == (True, 'consent')


def test_how_often_is_counted_beside_the_companys_own_cap(vault):
    id, _ = vault.person()
    link = vault.links(id)['preferences']
    assert vault.allowed(id)[0] and vault.allowed(id)[0]
    vault.pages.post(link, {'do': 'save', 'often': 'week'})
    assert vault.allowed(id) == (True, 'consent')
    assert vault.allowed(id) == (False, 'frequency_cap')
    vault.pages.post(link, {'do': 'save', 'often': 'any'})
    assert vault.allowed(id) == (True, 'consent')


def test_what_cannot_be_begun_here_can_be_ended_here(vault):
    """An address that is stopped for everything: a yes that stands in the ledger can be taken back all the same."""
    id, email = vault.person(definitions.consent(), definitions.contract())
    link = vault.links(id)['preferences']
    vault.operator.post('/v1/suppressions', {'address': 'email', 'value': email, 'scope': 'everything', 'source': 'bounce'})
    page = vault.pages.get(link, Accept_Language='en')
    assert 'This address is stopped' in page.words
    assert 'name="c.newsletter.email" value="no"' in page.text and 'name="c.newsletter.email" value="yes"' not in page.text
    vault.pages.post(link, {'do': 'save', 'c.newsletter.email': 'yes'})
    assert [act['act'] for act in vault.acts(id)][-1] != 'withdrawn'
    vault.pages.post(link, {'do': 'save', 'c.newsletter.email': 'no'})
    last = vault.acts(id)[-1]
    assert (last['act'], last['purpose']) == ('withdrawn', 'newsletter')


def test_a_stop_of_the_address_alone_is_shown_and_lifted_by_a_yes(vault):
    id, email = vault.person(definitions.consent(), definitions.contract())
    link = vault.links(id)['preferences']
    vault.operator.post('/v1/suppressions', {'address': 'email', 'value': email, 'scope': 'purpose', 'purpose': 'newsletter',
                                             'channel': 'email', 'source': 'objection'})
    assert vault.allowed(id) == (False, 'suppressed')
    assert 'c.newsletter.email' not in chosen(vault.pages.get(link))
    vault.pages.post(link, {'do': 'save', 'c.newsletter.email': 'yes'})
    assert vault.allowed(id) == (True, 'consent')
    # Another address of theirs, stopped by whoever has it: not here.
    other, _ = vault.person(phone='070-1740608')
    vault.operator.post('/v1/suppressions', {'address': 'phone', 'value': '070-1740608', 'scope': 'purpose', 'purpose': 'newsletter',
                                             'channel': 'sms', 'source': 'objection'})
    page = vault.pages.get(vault.links(other)['preferences'], Accept_Language='en')
    assert 'name="c.newsletter.sms" value="yes"' not in page.text and 'This address is stopped' in page.words


def test_who_paused_stops_a_decision_by_the_address_they_share(vault):
    id, email = vault.person(definitions.consent(), definitions.contract())
    vault.person(definitions.consent(), definitions.contract(), email=email)
    vault.pages.post(vault.links(id)['preferences'], {'do': 'save', 'pause': '30'})
    reply = vault.operator.post('/v1/decisions', {'field': 'email', 'value': email, 'purpose': 'newsletter', 'channel': 'email', 'opt_out': True})
    assert (reply.json['allowed'], reply.json['reason']) == (False, 'shared_address_no'), reply


def test_to_be_shown_the_page_leaves_an_entry_whatever_was_sent(vault):
    id, _ = vault.person()
    link = vault.links(id)['preferences']
    looks = lambda: len([one for one in vault.operator.get(f'/v1/audit/entries?subject={id}').json['entries'] if one['act'] == 'ledger.read'])
    before = looks()
    assert 'Nothing was changed' in vault.pages.post(link, {'do': 'save'}, headers={'Accept-Language': 'en'}).words
    assert looks() == before + 1


def test_browsers_that_say_nothing_of_the_site_may_press(vault):
    """Our pages ask for no referrer, so that these send Origin: null."""
    id, _ = vault.person(definitions.consent(), definitions.contract())
    link = vault.links(id)['preferences']
    for origin in ('null', 'https://val.example.com'):
        assert vault.pages.post(link, {'do': 'save'}, headers={'Origin': origin}).status == 200


def test_a_language_is_remembered(vault):
    id, _ = vault.person()
    link = vault.links(id)['preferences']
    got = vault.pages.post(link, {'do': 'save', 'language': 'sv', 'shown': 'en'}, headers={'Accept-Language': 'en'})
    assert '<html lang="sv">' in got.text and 'Språk: Svenska' in got.words
    assert '<html lang="sv">' in vault.pages.get(link, Accept_Language='en').text
    assert '<html lang="en">' in vault.pages.get(link + '?lang=en', Accept_Language='sv').text
    assert vault.acts(id)[-1]['language'] == 'sv'


def test_forms_of_other_sites_and_words_that_are_none_change_nothing(vault):
    id, _ = vault.person()
    link, before = vault.links(id)['preferences'], None
    before = vault.state()
    assert vault.pages.post(link, {'do': 'stop'}, headers={'Sec-Fetch-Site': 'cross-site'}).status == 403
    assert vault.pages.post(link, {'do': 'stop'}, headers={'Origin': 'https://evil.test'}).status == 403
    assert vault.pages.post(link, {}).status == 400 and vault.pages.post(link, {'do': 'x'}).status == 400
    assert vault.pages.post(link, {'do': 'save', 'c.none.email': 'yes', 'c.newsletter.fax': 'yes', 'c.order.email': 'no',
                                   'c.newsletter.email': 'maybe', 'pause': '100000', 'often': 'x', 'language': 'xx'}).status == 200
    assert vault.state() == before


@pytest.mark.parametrize('ending', ['\r\nSet-Cookie: a=b', '%0d%0aSet-Cookie:%20a=b', '%0aX: y', '%00', '\tx', ' x', '%e5%98%8d%e5%98%8aX:y'])
def test_no_header_can_be_brought_in(vault, ending):
    import http.client
    id, _ = vault.person()
    for target in (f'/u/x{ending}', f'/p/x?lang=sv{ending}', f'/?lang={ending}'):
        try:
            got = vault.pages.get(target)
        except http.client.InvalidURL:
            continue  # not sent at all
        assert got.status in (200, 400, 404) and got.header('Set-Cookie') is None and got.header('X') is None


def test_verify_finds_every_choice_as_the_ledger_has_it(vault):
    import subprocess
    from conftest import VALV
    done = subprocess.run([VALV, 'verify', '--data', str(vault.server.data)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
