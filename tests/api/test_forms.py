"""Forms by which people sign up: defining them, the pages, the mail, and what the press behind its link makes."""
import copy
import email
import email.policy
import pathlib
import re
import sys
import time

import pytest

import definitions
from client import CANARY, Client
from definitions import texts
from visitor import Public, multipart

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'mail'))
from servers import Mailbox, start  # noqa: E402

FORM = {'title': texts('Join us'), 'languages': ['sv', 'en'], 'thanks': texts('Welcome.'),
        'controls': [{'purpose': 'parties'}, {'purpose': 'newsletter', 'channels': ['email']}],
        'fields': [{'field': 'email'}, {'field': 'name'}, {'field': 'born'}], 'origins': ['https://shop.example']}


def changed(**more):
    return {**copy.deepcopy(FORM), **more}


# --- definitions ------------------------------------------------------------------------------------


def test_a_form_is_put_read_listed_and_ended(app):
    made = app.put('/v1/forms/join', FORM)
    assert made.status == 201 and made.json['version'] == 1 and made.json['open'] and made.json['definition'] == FORM, made
    assert app.put('/v1/forms/join', FORM).json['version'] == 1
    again = app.put('/v1/forms/join', changed(origins=[]))
    assert again.status == 200 and again.json['version'] == 2
    assert app.get('/v1/forms/join').json == again.json
    assert again.json in app.get('/v1/forms?limit=100').json['forms']
    assert app.delete('/v1/forms/join').status == 204
    ended = app.get('/v1/forms/join').json
    assert ended['state'] == 'ended' and not ended['open']
    assert (app.get('/v1/forms/join/snippets').status, app.delete('/v1/forms/nothing').status) == (409, 404)
    assert app.get('/v1/forms/nothing').status == 404 and app.get('/v1/forms/nothing/snippets').status == 404
    assert app.put('/v1/forms/join', FORM).json['version'] == 3


@pytest.mark.parametrize('wrong, member', [
    ({'controls': [{'purpose': 'order'}]}, '/controls/0/purpose'),
    ({'controls': [{'purpose': 'parties', 'ticked': True}]}, '/controls/0'),
    ({'controls': [{'purpose': 'parties', 'checked': True}]}, '/controls/0'),
    ({'controls': [{'purpose': CANARY}]}, '/controls/0/purpose'),
    ({'controls': [{'purpose': 'diet'}]}, '/controls/0/purpose'),
    ({'controls': []}, '/controls'),
    ({'fields': [{'field': 'email'}, {'field': 'pnr'}]}, '/fields/1/field'),
    ({'fields': [{'field': 'email'}, {'field': 'invoice'}]}, '/fields/1/field'),
    ({'fields': [{'field': 'email'}, {'field': 'born', 'required': True}]}, '/fields/1/field'),
    ({'origins': ['http://localhost.evil.example']}, '/origins'), ({'fields': []}, '/fields'), ({'languages': []}, '/languages'), ({'languages': ['de']}, '/title'),
    ({'title': {'sv': 'x'}}, '/title'), ({'origins': ['shop.example']}, '/origins/0'), ({CANARY: 1}, ''),
])
def test_what_would_bundle_or_asks_for_too_much_is_refused(app, wrong, member):
    reply = app.put('/v1/forms/wrong', changed(**wrong))
    assert (reply.status, reply.slug) == (422, 'invalid'), reply
    assert reply.json.get('member', '').startswith(member), reply


def test_only_who_defines_may_put_a_form(api, make_key):
    reader = api.using(make_key(['read']))
    assert reader.put('/v1/forms/join', FORM).status == 403
    assert reader.delete('/v1/forms/join').status == 403


def test_a_snippet_says_everything_and_loads_nothing(app):
    app.put('/v1/forms/snippet', changed(title={'sv': 'Å <b>', 'en': 'A & B'}))
    snippets = {one['language']: one['html'] for one in app.get('/v1/forms/snippet/snippets').json['snippets']}
    assert set(snippets) == {'sv', 'en'}
    assert 'action="http://localhost/f/snippet?lang=sv"' in snippets['sv'] and 'Å &lt;b&gt;' in snippets['sv']
    assert 'A &amp; B' in snippets['en'] and 'We keep this for invitations. (en)' in snippets['en']
    for html in snippets.values():
        assert html.count('type="checkbox"') == 2 and 'checked' not in html
        assert not re.search(r'<script|<link|<img|<iframe|\ssrc=|\son\w+=|\sstyle=', html)


# --- the pages --------------------------------------------------------------------------------------


@pytest.fixture(scope='module')
def site(make_server, description):
    server = make_server('--public', '127.0.0.1:0', '--behind-tls-proxy')
    operator = Client(server.socket, description)
    definitions.put_all(operator)
    box = Mailbox()
    controller = start(box)
    reply = operator.post('/v1/admin/mail', {'host': '127.0.0.1', 'port': controller.port, 'tls': 'none', 'from': 'hej@exempel.example'})
    assert reply.status == 200, reply
    assert operator.put('/v1/forms/join', FORM).status == 201
    server.pages, server.operator, server.box, server.networks = Public(server.public), operator, box, iter(range(1, 10 ** 4))
    yield server
    controller.stop()


def hidden(page):
    return {name: value for name, value in re.findall(r'<input type="hidden" name="([\w-]+)" value="([^"]*)"', page.text)}


def post(site, fields, language='en', headers=(), **more):
    """From a network of its own each time."""
    network = next(site.networks)
    return site.pages.post(f'/f/join?lang={language}', fields,
                           headers={'X-Forwarded-For': f'10.{network >> 8}.{network & 255}.7', **dict(headers)}, **more)


def sign_up(site, address, yes=('1',), name='', language='en', wait=3.1, **more):
    page = site.pages.get(f'/f/join?lang={language}')
    time.sleep(wait)  # nobody fills a form in faster
    return post(site, [('valv-yes', number) for number in yes] + [('email', address), ('name', name), ('born', ''), *hidden(page).items()],
                language, **more)


def bare(site, address, yes=('1',), language='en', **more):
    """From another site, without script and seal: as the snippet."""
    words = hidden(site.pages.get(f'/f/join?lang={language}'))['valv-words']
    return post(site, [('valv-yes', number) for number in yes] + [('email', address), ('valv-words', words)], language, **more)


def mail_to(site, address, count=1):
    end = time.monotonic() + 20
    while time.monotonic() < end:
        found = [email.message_from_bytes(mail[2], policy=email.policy.default) for mail in site.box.mails if mail[1] == [address]]
        if len(found) >= count:
            return found[count - 1]
        time.sleep(0.05)
    raise AssertionError('no mail')


def link_in(mail):
    text = mail.get_body(('plain',)).get_content()
    return re.search(r'^https?://[\w.]+(/confirm/[\w-]+)', text, re.M).group(1)


def found(site, address):
    return site.operator.post('/v1/subjects/search', {'field': 'email', 'value': address}).json['subjects']


def test_sign_up_mail_press_and_then_a_person(site):
    address = 'anna.ek@example.com'
    got = sign_up(site, address, name='Anna Ek')
    assert got.status == 200 and 'Look into your mail' in got.words and address not in got.text, got
    mail = mail_to(site, address)
    assert 'Confirm your choices' in mail['Subject'] and 'Anna Ek' not in mail.as_string()
    link = link_in(mail)
    for method in ('GET', 'HEAD', 'OPTIONS', 'GET'):  # what a scanner of mails does
        site.pages.ask(method, link)
    assert found(site, address) == []
    page = site.pages.get(link)
    assert page.status == 200 and 'Yes: invitations (en), by e-mail' in page.words and 'newsletter' not in page.words, page
    done = site.pages.post(link, {'answer': 'yes'})
    assert done.status == 200 and 'It is confirmed.' in done.words and 'Welcome. (en)' in done.words, done
    choices = re.search(r'href="(/p/[\w-]+)"', done.text).group(1)
    assert site.pages.get(choices).status == 200
    [person] = found(site, address)
    acts = site.operator.get(f'/v1/subjects/{person}/consents').json['acts']
    told = [(act['act'], act['purpose'], act['method']) for act in acts]
    assert told == [('given', 'parties', 'web_form'), ('confirmed', 'parties', 'double_opt_in'), ('refused', 'newsletter', 'web_form')], told
    evidence = acts[0]['evidence']
    words = site.operator.get(f"/v1/forms/join/words/{evidence['evidence']['words']}")
    assert words.status == 200 and words.json['text'].startswith('Yes: invitations (en), by e-mail\n') and words.json['language'] == 'en'
    assert site.operator.get('/v1/forms/join/words/' + '0' * 64).status == 404
    decision = site.operator.post('/v1/decisions', {'subject': person, 'purpose': 'parties', 'channel': 'email'}).json
    assert decision['allowed'], decision
    # Once more, and then once more by GET: the same, and nothing happens.
    assert 'It is confirmed.' in site.pages.post(link, {'answer': 'yes'}).words
    assert 'It is confirmed.' in site.pages.get(link).words
    assert len(site.operator.get(f'/v1/subjects/{person}/consents').json['acts']) == 3
    assert site.pages.get(link.replace('/confirm/', '/confirm/x')).status == 404


def test_known_and_unknown_are_answered_alike_octet_for_octet(site):
    known = 'bo.holm@example.com'
    assert bare(site, known).status == 200
    site.pages.post(link_in(mail_to(site, known)), {'answer': 'yes'})
    assert len(found(site, known)) == 1
    first, second = bare(site, known), bare(site, 'nobody.yet@example.com')
    assert first.octets == second.octets and first.status == second.status == 200
    leave = {'date'}
    assert [h for h in first.headers if h[0].lower() not in leave] == [h for h in second.headers if h[0].lower() not in leave]
    mail = mail_to(site, known, 2)
    assert mail['Subject'] != mail_to(site, 'nobody.yet@example.com')['Subject']
    assert 'with us already' in mail['Subject']
    # Stopped for everything: still the same, and no mail.
    reply = site.operator.post('/v1/suppressions', {'address': 'email', 'value': 'stopped@example.com', 'scope': 'everything', 'source': 'complaint'})
    assert reply.status == 204, reply
    third = bare(site, 'stopped@example.com')
    assert third.octets == first.octets
    time.sleep(1)
    assert not [mail for mail in site.box.mails if 'stopped@example.com' in mail[1]]


def test_a_link_that_was_used_is_no_way_to_a_newer_address(site):
    """Who has the old mailbox may look at the link again: it leads to nothing of the person's."""
    address = 'moves@example.com'
    bare(site, address)
    link = link_in(mail_to(site, address))
    choices = re.search(r'href="(/p/[\w-]+)"', site.pages.post(link, {'answer': 'yes'}).text).group(1)
    [person] = found(site, address)
    moved = site.operator.patch(f'/v1/subjects/{person}', {'values': {'email': 'moved@example.com'}}, headers={'If-Match': '*'})
    assert moved.status == 200, moved
    assert site.pages.get(choices).status == 404
    again = re.search(r'href="(/p/[\w-]+)"', site.pages.get(link).text).group(1)
    assert site.pages.get(again).status == 404


@pytest.fixture(scope='module')
def texting(site):
    """A form with a box for text messages as well, and a telephone number that anybody may type."""
    reply = site.operator.put('/v1/forms/texting', changed(
        controls=[{'purpose': 'parties'}, {'purpose': 'newsletter', 'channels': ['email', 'sms']}],
        fields=[{'field': 'email'}, {'field': 'phone'}]))
    assert reply.status == 201, reply

    def send(address, number, yes, count=1):
        network = next(site.networks)
        words = hidden(site.pages.get('/f/texting?lang=en'))['valv-words']
        got = site.pages.post('/f/texting?lang=en', [('valv-yes', one) for one in yes] + [('email', address), ('phone', number), ('valv-words', words)],
                              headers={'X-Forwarded-For': f'10.{network >> 8}.{network & 255}.7'})
        assert got.status == 200, got
        done = site.pages.post(link_in(mail_to(site, address, count)), {'answer': 'yes'})
        assert 'It is confirmed.' in done.words, done
    return send


def test_what_no_yes_is_for_is_not_stored(site, texting):
    """A ground that they have already covers the number; the box that is ticked does not."""
    address = definitions.email()
    person = definitions.make_person(site.operator, {'email': address})[0]
    texting(address, '070-1740613', yes=('1',))
    assert 'phone' not in definitions.read(site.operator, person).json['values']
    texting(address, '070-1740613', yes=('2',), count=2)
    assert 'phone' in definitions.read(site.operator, person).json['values']


def test_somebody_elses_number_stays_stopped(site, texting):
    """The press shows whose mailbox it is, and nothing of the number: not at the first sign-up, nor at the second."""
    number, address = '070-1740614', definitions.email()
    reply = site.operator.post('/v1/suppressions', {'address': 'phone', 'value': number, 'scope': 'purpose', 'purpose': 'newsletter',
                                                    'channel': 'sms', 'source': 'objection'})
    assert reply.status == 204, reply
    person = definitions.make_person(site.operator, {'email': address}, [definitions.contract()])[0]
    for count in (1, 2):
        texting(address, number, yes=('2',), count=count)
        told = site.operator.post('/v1/decisions', {'subject': person, 'purpose': 'newsletter', 'channel': 'sms'}).json
        assert (told['allowed'], told['reason']) == (False, 'suppressed'), told
    told = site.operator.post('/v1/decisions', {'subject': person, 'purpose': 'newsletter', 'channel': 'email'}).json
    assert told['allowed'], told


def test_no_is_as_easy_and_deletes_at_once(site):
    address = 'no.thanks@example.com'
    bare(site, address, language='sv')
    link = link_in(mail_to(site, address))
    page = site.pages.get(link, Accept_Language='en')
    assert 'Ja, jag bekräftar' in page.words and 'Nej, ta bort det' in page.words  # the language that they signed up in
    assert site.pages.post(link, {}).status == 400
    assert 'Det är borttaget' in site.pages.post(link, {'answer': 'no'}).words
    assert site.pages.get(link).status == site.pages.post(link, {'answer': 'yes'}).status == 404
    assert found(site, address) == []


@pytest.mark.parametrize('language, says', [('en', ('Something is missing', 'Tick at least one box', 'it is needed')),
                                            ('sv', ('Något saknas', 'Kryssa i minst en ruta', 'behöver fyllas i'))])
def test_errors_keep_what_was_typed_and_say_what_to_do(site, language, says):
    got = sign_up(site, '', yes=(), name='Åsa "Ek" <b>', language=language)
    assert got.status == 422 and all(text in got.words for text in says), got
    assert 'value="Åsa &quot;Ek&quot; &lt;b&gt;"' in got.text or 'value="Åsa &#34;Ek&#34; &lt;b&gt;"' in got.text, got
    assert 'aria-invalid="true"' in got.text


def test_no_box_is_ticked_and_everything_stands_beside_it(site):
    page = site.pages.get('/f/join?lang=en')
    assert ' checked' not in page.text
    for text in ('Yes: invitations (en), by e-mail', 'why invitations (en)', 'Until you say no, at most two years after your yes',
                 'Nobody but us', 'email (en) and name (en)', 'We keep this for invitations. (en)'):
        assert text in page.words, text
    assert site.pages.get('/f/nothing').status == 404


def test_programs_are_answered_and_nothing_comes_of_it(site):
    quick = sign_up(site, 'quick@example.com', wait=0)
    assert quick.status == 409 and 'press the button once more' in quick.words and 'value="quick@example.com"' in quick.text
    words = hidden(site.pages.get('/f/join?lang=en'))['valv-words']
    trap = post(site, [('valv-yes', '1'), ('email', 'trap@example.com'), ('valv-words', words), ('valv-website', 'https://spam.example')])
    assert trap.status == 200 and trap.octets == bare(site, 'real@example.com').octets
    other = post(site, [('valv-yes', '1'), ('email', 'words@example.com'), ('valv-words', '0' * 64)])
    assert other.status == 409 and 'have changed' in other.words and ' checked' not in other.text and 'words@example.com' in other.text
    assert bare(site, 'there@example.com', headers={'Origin': 'https://evil.example', 'Sec-Fetch-Site': 'cross-site'}).status == 403
    assert bare(site, 'shop@example.com', headers={'Origin': 'https://shop.example', 'Sec-Fetch-Site': 'cross-site'}).status == 200
    mail_to(site, 'shop@example.com')
    assert not {'quick@example.com', 'trap@example.com', 'words@example.com', 'there@example.com'} & {mail[1][0] for mail in site.box.mails}


def test_a_network_waits_after_many_and_others_do_not(site):
    words = hidden(site.pages.get('/f/join?lang=en'))['valv-words']
    statuses = [site.pages.post('/f/join?lang=en', [('valv-yes', '1'), ('email', f'many{n}@example.com'), ('valv-words', words)],
                                headers={'X-Forwarded-For': f'192.0.2.{n}'}).status for n in range(35)]
    assert statuses[:30] == [200] * 30 and statuses[30:] == [429] * 5
    assert bare(site, 'other@example.com').status == 200


def test_children_are_told_at_once(site):
    words = hidden(site.pages.get('/f/join?lang=en'))['valv-words']
    got = post(site, [('valv-yes', '2'), ('email', 'child@example.com'), ('born', f'{time.gmtime().tm_year - 5}-01-01'), ('valv-words', words)])
    assert got.status == 422 and 'A guardian has to say yes' in got.words, got


def test_multipart_other_bodies_and_large_ones(site):
    words = hidden(site.pages.get('/f/join?lang=en'))['valv-words']
    body, kind = multipart([('valv-yes', '1'), ('email', 'multi@example.com'), ('valv-words', words)])
    assert post(site, None, body=body, kind=kind).status == 200
    mail_to(site, 'multi@example.com')
    assert post(site, None, body='{}', kind='application/json').status == 415
    assert post(site, None, body='x' * (200 * 1024)).status == 413


def test_a_form_that_ended_is_closed_and_what_waits_is_confirmed(site):
    address = 'late@example.com'
    bare(site, address)
    link = link_in(mail_to(site, address))
    assert site.operator.delete('/v1/forms/join').status == 204
    closed = site.pages.get('/f/join?lang=sv')
    assert closed.status == 410 and 'Formuläret är stängt' in closed.words
    assert 'It is confirmed.' in site.pages.post(link, {'answer': 'yes'}).words
    assert len(found(site, address)) == 1
    assert site.operator.put('/v1/forms/join', FORM).status == 200
    log = site.log.read_text()
    assert address not in log and 'level=error' not in log, log
