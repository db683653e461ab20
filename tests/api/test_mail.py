"""Mail to persons: from the setup to a mail that a server took, which readers and verifiers that are not ours read;
what comes back, and what follows from it."""
import email
import email.policy
import pathlib
import socket
import struct
import sys
import threading
import time

import dkim
import pytest


sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'mail'))
from servers import Mailbox, Script, certificate, start  # noqa: E402

FROM = 'hej@foretaget.example'


@pytest.fixture(scope='module')
def box():
    box = Mailbox()
    one = start(box)
    box.port = one.port
    yield box
    one.stop()


@pytest.fixture(scope='module')
def returns(api, make_key):
    return api.using(make_key(['returns']))


@pytest.fixture(scope='module')
def clerk(api, make_key):
    return api.using(make_key(['define', 'read', 'write', 'search', 'decide', 'withdraw', 'rights', 'audit', 'metrics']))


@pytest.fixture(scope='module', autouse=True)
def mail(operator, box):
    """The server of these tests; the records of the keys, as DNS would have them."""
    operator.put('/v1/settings/company', {'value': 'Företaget <&> AB'})
    reply = operator.post('/v1/admin/mail', {'host': '127.0.0.1', 'port': box.port, 'tls': 'none', 'from': FROM,
                                             'reply_to': 'svar@foretaget.example', 'connections': 2, 'replies': False})
    assert reply.status == 200 and reply.json['ready'] and reply.json['delivery'] and not reply.json['password'], reply
    for kind in ('rsa', 'ed25519'):
        reply = operator.post('/v1/admin/mail/keys', {'kind': kind, 'selector': f'v2026{kind[0]}'})
        assert reply.status == 200, reply
    keys = {one['name']: one['record'] for one in reply.json['keys']}
    assert set(keys) == {'v2026r._domainkey.foretaget.example', 'v2026e._domainkey.foretaget.example'}
    yield keys
    assert operator.delete('/v1/admin/mail/keys/rsa').status == 204
    assert operator.delete('/v1/admin/mail/keys/rsa').status == 404
    assert operator.post('/v1/admin/mail', {'host': ''}).json['ready'] is False


def until(found, what, tell=str):
    end = time.monotonic() + 20
    while time.monotonic() < end:
        got = found()
        if got:
            return got
        time.sleep(0.05)
    raise AssertionError(f'{what}: {tell()}')


def send(operator, to, **more):
    reply = operator.post('/v1/admin/mail/test', {'address': to, **more})
    assert reply.status == 201, reply
    return reply.json['id']


def ended(operator, id, *states):
    def row():
        reply = operator.get(f'/v1/mail/messages/{id}')
        assert reply.status == 200
        return reply.json['state'] in states and reply.json
    return until(row, f'{id} does not become {states}', lambda: operator.get(f'/v1/mail/messages/{id}').json)


def arrived(box, to):
    return until(lambda: [mail for mail in box.mails if mail[1] == [to]], f'nothing for {to}')[0]


def bounce(sent_from, status='5.1.1', action='failed'):
    return (f'From: MAILER-DAEMON@mx.example.net\r\nTo: {sent_from}\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\n'
            'Content-Type: multipart/report; report-type=delivery-status; boundary="b1"\r\n\r\n'
            '--b1\r\nContent-Type: text/plain\r\n\r\nIt did not work.\r\n'
            '--b1\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.net\r\n\r\n'
            f'Final-Recipient: rfc822; someone@example.net\r\nAction: {action}\r\nStatus: {status}\r\n\r\n--b1--\r\n')


def complaint(sent_from):
    return ('From: fbl@mailbox.example.net\r\nTo: fbl@foretaget.example\r\nSubject: complaint\r\nMIME-Version: 1.0\r\n'
            'Content-Type: multipart/report; report-type=feedback-report; boundary="b1"\r\n\r\n'
            '--b1\r\nContent-Type: text/plain\r\n\r\nA complaint.\r\n'
            '--b1\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nUser-Agent: x/1\r\nVersion: 1\r\n'
            f'Original-Mail-From: <{sent_from}>\r\n\r\n--b1--\r\n')


def test_a_mail_arrives_is_signed_and_is_read_by_others(operator, box, mail):
    id = send(operator, 'asa.oberg@example.org', language='sv')
    row = ended(operator, id, 'sent')
    assert (row['why'], row['tries'], row['content'], row['due_at']) == ('none', 1, False, None) and row['status'] == 250
    sent_from, _, octets, _ = arrived(box, 'asa.oberg@example.org')
    assert sent_from.startswith('bounce+') and sent_from.endswith('@foretaget.example')
    for index in (0, 1):
        assert dkim.DKIM(octets).verify(idx=index, dnsfunc=lambda name, **more: mail[name.decode().rstrip('.')].encode())
    read = email.message_from_bytes(octets, policy=email.policy.default)
    assert read['From'].addresses[0].display_name == 'Företaget <&> AB' and read['From'].addresses[0].addr_spec == FROM
    assert read['Reply-To'] == 'svar@foretaget.example' and read['Auto-Submitted'] == 'auto-generated'
    assert read['Subject'] == 'Mejl från Företaget <&> AB fungerar' and read['Content-Language'] == 'sv'
    assert read['Message-ID'] == f'<{id.replace("-", "")}@foretaget.example>'
    text, html = read.get_body(('plain',)).get_content(), read.get_body(('html',)).get_content()
    assert 'Det här är ett prov.' in text and 'Företaget <&> AB' in text
    assert 'Det här är ett prov.' in html and 'Företaget &lt;&amp;&gt; AB' in html and '<&>' not in html


def test_each_mail_in_each_language(operator, clerk):
    for kind in ('confirm', 'known', 'mine', 'code', 'changed', 'reply', 'test', 'campaign'):
        shown = {}
        for language in ('sv', 'en'):
            reply = clerk.post('/v1/mail/preview', {'kind': kind, 'language': language})
            assert reply.status == 200 and reply.json['language'] == language, reply
            shown[language] = reply.json
            assert reply.json['html'].startswith('<!doctype html>') and f'lang="{language}"' in reply.json['html']
            assert '@' not in reply.json['subject'] and reply.json['subject'] and 'Företaget <&> AB' in reply.json['text']
        if kind not in ('reply', 'campaign'):
            assert shown['sv']['text'] != shown['en']['text'] and shown['sv']['subject'] != shown['en']['subject']
    assert clerk.post('/v1/mail/preview', {'kind': 'confirm', 'language': 'xx'}).json['language'] in ('sv', 'en')
    assert clerk.post('/v1/mail/preview', {'kind': 'letter'}).status == 422


def test_the_setup_is_checked_and_the_password_is_never_given_back(operator, box):
    for body, where in (({'host': 'a b'}, '/host'), ({'from': 'a\r\nb@example.com'}, '/from'), ({'port': 0}, '/port'),
                        ({'tls': 'none', 'user': 'u'}, '/tls'), ({'maildir': 'mail'}, '/maildir'), ({'return_prefix': 'a+b'}, '/return_prefix'),
                        ({'password': 'a\nb'}, '/password'), ({'connections': 9}, '/connections'), ({'from_name': 'a\r\nBcc: b'}, '/from_name')):
        reply = operator.post('/v1/admin/mail', body)
        assert reply.status == 422 and reply.json['member'] == where, (body, reply)
    reply = operator.post('/v1/admin/mail', {'password': 'hemligt-canary-4711'})
    assert reply.status == 200 and reply.json['password'] is True and "canary" not in str(reply.json)
    assert 'canary' not in str(operator.get("/v1/mail").json)
    assert operator.post('/v1/admin/mail', {'password': ''}).json['password'] is False
    before = operator.get('/v1/mail').json
    assert operator.post('/v1/admin/mail', {'from_name': 'Andra', 'password': 'a\nb'}).status == 422
    assert operator.get('/v1/mail').json == before  # nothing half-happens
    assert operator.post('/v1/admin/mail/keys', {'kind': 'rsa', 'selector': 'a.b'}).status == 422


def test_the_password_goes_over_tls_to_who_shows_the_right_certificate(operator, box, tmp_path):
    pem, context = certificate(tmp_path, 'localhost')
    one = start(box, authenticator=box.login, auth_required=True, tls_context=context)
    base = {'host': 'localhost', 'port': one.port, 'tls': 'starttls', 'user': 'valv', 'password': 'secret'}
    try:
        assert operator.post('/v1/admin/mail', {**base, 'ca_file': '/etc/ssl/certs/ca-certificates.crt'}).json['password']
        look = lambda: {check['name']: check['result'] for check in operator.post('/v1/admin/mail/check', {'dns': '127.0.0.1:9'}).json['checks']}
        assert look()['server'] == 'bad' and box.users == []
        assert operator.post('/v1/admin/mail', {'ca_file': pem}).status == 200
        assert look()['server'] == 'good' and look()['tls'] == 'good'
        ended(operator, send(operator, 'tls@example.org'), 'sent')
        assert arrived(box, 'tls@example.org')[3] is True and ('PLAIN', b'valv', b'secret') in box.users
    finally:
        operator.post('/v1/admin/mail', {'host': '127.0.0.1', 'port': box.port, 'tls': 'none', 'user': '', 'ca_file': '', 'password': ''})
        one.stop()


def test_nothing_leaves_while_delivery_is_off(operator, box):
    assert operator.post('/v1/admin/delivery', {'on': False}).status == 200
    try:
        id = send(operator, 'off@example.org')
        time.sleep(1.2)
        assert operator.get(f'/v1/mail/messages/{id}').json['state'] == 'waiting'
        assert operator.post(f'/v1/mail/messages/{id}/cancel').json['why'] == 'by_hand'
        assert operator.post(f'/v1/mail/messages/{id}/cancel').status == 409
        assert operator.post(f'/v1/mail/messages/{id}/again').status == 409
        waiting = send(operator, 'on@example.org')
    finally:
        assert operator.post('/v1/admin/delivery', {'on': True}).status == 200
    ended(operator, waiting, 'sent')
    assert not [mail for mail in box.mails if mail[1] == ['off@example.org']]


def test_a_server_that_refuses_and_one_that_wants_it_later(operator, box, clerk):
    box.answers['gone@example.org'] = '550 5.1.1 no such mailbox'
    box.answers['policy@example.org'] = '550 5.7.1 not from you'
    box.answers['later@example.org'] = '451 4.7.1 greylisted'
    gone, policy, later = (send(operator, f'{name}@example.org') for name in ('gone', 'policy', 'later'))
    row = ended(operator, gone, 'failed')
    assert (row['why'], row['status']) == ('refused', 550)
    assert ended(operator, policy, 'failed')['why'] == 'refused'
    row = until(lambda: (lambda row: row['why'] == 'put_off' and row)(operator.get(f'/v1/mail/messages/{later}').json), 'no try')
    assert (row['state'], row['tries'], row['status']) == ('waiting', 1, 451) and row['due_at'] and row['content']
    del box.answers['later@example.org']
    assert operator.post(f'/v1/mail/messages/{later}/again').status == 200
    ended(operator, later, 'sent')
    # Gone for good: nothing is sent there any more.  What is about us stops nobody.
    again = send(operator, 'gone@example.org')
    assert ended(operator, again, 'cancelled')['why'] == 'suppressed'
    del box.answers['policy@example.org']
    ended(operator, send(operator, 'policy@example.org'), 'sent')
    rows = operator.get('/v1/mail/messages/in/cancelled').json['messages']
    assert again in [row['id'] for row in rows] and {row['state'] for row in rows} == {'cancelled'}
    assert operator.get('/v1/mail/messages/in/lost').status == 404
    nobody = '/v1/mail/messages/00000000-0000-4000-8000-000000000000'
    assert [operator.get(nobody).status, operator.post(f'{nobody}/again').status, operator.post(f'{nobody}/cancel').status] == [404] * 3
    assert operator.get('/v1/mail/messages?limit=1').json['next']


def test_an_answer_that_is_lost_leaves_the_message_unknown(operator, box):
    script = Script([(b'', b'220 x\r\n'), (b'EHLO', b'250 x\r\n'), (b'EHLO', b'250 x\r\n'), (b'MAIL', b'250 ok\r\n'), (b'RCPT', b'250 ok\r\n'),
                     (b'DATA', b'354 go\r\n'), (b'\r\n.\r\n', None)])
    assert operator.post('/v1/admin/mail', {'port': script.port, 'connections': 1}).status == 200
    try:
        id = send(operator, 'lost@example.org')
        row = ended(operator, id, 'unknown')
        assert row['why'] == 'answer_lost' and row['content'] and row['due_at'] is None
    finally:
        script.close()
        assert operator.post('/v1/admin/mail', {'port': box.port, 'connections': 2}).status == 200
    time.sleep(1.2)
    assert operator.get(f'/v1/mail/messages/{id}').json['state'] == 'unknown'
    assert operator.post(f'/v1/mail/messages/{id}/again').status == 200
    ended(operator, id, 'sent')


def test_what_comes_back(operator, box, clerk, returns):
    stops = lambda to: [one['scope'] for one in clerk.post('/v1/suppressions/search', {'address': 'email', 'value': to}).json['suppressions']]
    ids, origins = {}, {}
    for name in ('hard', 'soft', 'angry'):
        ids[name] = send(operator, f'{name}@example.org')
        ended(operator, ids[name], 'sent')
        origins[name] = arrived(box, f'{name}@example.org')[0]
    forged = origins['hard'][:-len('00@foretaget.example')] + '00@foretaget.example'
    if forged == origins['hard']:
        forged = forged.replace('00@', '11@')
    for what in (bounce(forged), complaint(forged), bounce('bounce+00@foretaget.example'), bounce('hej@foretaget.example')):
        assert returns.post('/v1/mail/returns', {'message': what}).json['outcome'] == 'not_ours', what
    assert returns.post('/v1/mail/returns', {'message': 'Subject: thanks\r\n\r\nHi\r\n'}).json['outcome'] == 'nothing'
    assert returns.post('/v1/mail/returns', {'message': bounce(origins['hard'], '4.4.1', 'delayed')}).json['outcome'] == 'nothing'
    assert [stops(f'{name}@example.org') for name in ids] == [[], [], []]

    assert returns.post('/v1/mail/returns', {'message': bounce(origins['hard'])}).json['outcome'] == 'gone'
    assert returns.post('/v1/mail/returns', {'message': bounce(origins['hard'])}).json['outcome'] == 'nothing'
    assert stops('hard@example.org') == ['everything'] and operator.get(f'/v1/mail/messages/{ids["hard"]}').json['why'] == 'bounced'
    soft = {'kind': 'bounce', 'sent_from': origins['soft'], 'status': '5.2.2'}
    assert returns.post('/v1/mail/returns', soft).json['outcome'] == 'counted'
    assert returns.post('/v1/mail/returns', soft).json['outcome'] == 'nothing' and stops('soft@example.org') == []
    for left in range(3, -1, -1):
        id = send(operator, 'soft@example.org')
        ended(operator, id, 'sent')
        origin = [mail for mail in box.mails if mail[1] == ['soft@example.org']][-1][0]
        said = returns.post('/v1/mail/returns', {'message': bounce(origin, '5.2.2')}).json['outcome']
        assert said == ('counted' if left else 'stopped')
    assert stops('soft@example.org') == ['channel']
    assert returns.post('/v1/mail/returns', {'message': complaint(origins['angry'])}).json['outcome'] == 'complaint'
    assert stops('angry@example.org') == ['marketing']
    assert returns.post('/v1/mail/returns', {'kind': 'bounce', 'sent_from': origins['angry'], 'status': '5.1'}).status == 422
    assert returns.post('/v1/mail/returns', {}).status == 422
    assert clerk.post('/v1/mail/returns', {'message': 'x'}).status == 403 and returns.get('/v1/mail').status == 403


def test_a_mailbox_is_read_and_only_reports_are_taken_away(operator, box, tmp_path):
    for name in ('new', 'cur', 'tmp'):
        (tmp_path / name).mkdir()
    id = send(operator, 'boxed@example.org')
    ended(operator, id, 'sent')
    (tmp_path / 'new' / '1.report').write_text(bounce(arrived(box, 'boxed@example.org')[0]))
    (tmp_path / 'new' / '2.letter').write_text('From: anna@example.com\r\n\r\nHello\r\n')
    (tmp_path / 'new' / '3.large').write_text('x' * (1024 * 1024 + 1))
    assert operator.post('/v1/admin/mail', {'maildir': str(tmp_path)}).status == 200
    try:
        end = time.monotonic() + 60
        while list((tmp_path / 'new').iterdir()) and time.monotonic() < end:
            time.sleep(0.1)
        assert sorted(path.name for path in (tmp_path / 'cur').iterdir()) == ['2.letter:2,', '3.large:2,']
        assert operator.get(f'/v1/mail/messages/{id}').json['why'] == 'bounced'
    finally:
        operator.post('/v1/admin/mail', {'maildir': ''})


def test_every_message_sent_has_its_entries(operator, box, clerk):
    id = send(operator, 'logged@example.org')
    ended(operator, id, 'sent')
    after, acts = '0', []
    while after:
        page = clerk.get(f'/v1/audit/entries?after={after}&limit=1000').json
        acts += [entry for entry in page['entries'] if entry.get('message', {}).get('id') == id]
        after = page['next']
    assert [(entry['act'], entry['message']['state'], entry['outcome']) for entry in acts] == [
        ('message.send', 'sending', 'done'), ('message.end', 'sent', 'done')]
    assert all(word in clerk.get('/v1/metrics').body.decode() for word in ('valv_mail_waiting 0', 'valv_mail_unknown'))


def test_answers_to_requests_go_by_mail_and_letters_wait(operator, box, clerk):
    said = 'Vi har rättat det du bad om.'
    assert operator.post('/v1/admin/mail', {'replies': True}).json['replies'] is True
    try:
        for to in ('anna.svar@example.org', 'Anna Andersson\nExempelgatan 1\n111 11 Exempelstad'):
            request = clerk.post('/v1/requests', {'right': 'information', 'channel': 'email', 'language': 'sv', 'reply_to': to}).json
            assert clerk.post(f'/v1/requests/{request["id"]}/fulfilment', {'reply': True, 'words': said}).status == 200
        read = email.message_from_bytes(arrived(box, 'anna.svar@example.org')[2], policy=email.policy.default)
        assert said in read.get_body(('plain',)).get_content() and said in read.get_body(('html',)).get_content()
        rows, after = [], '0'
        while after:
            page = operator.get(f'/v1/outbox?after={after}&limit=1000').json
            rows, after = rows + page['outbox'], page['next']
        assert [(row['state'], row['outcome']) for row in rows if row['kind'] == 'reply'][-2:] == [('delivered', 'done'), ('waiting', 'not_tried')]
    finally:
        operator.post('/v1/admin/mail', {'replies': False})


class Names(threading.Thread):
    """A name server: {(name, type): [rdata]}."""

    def __init__(self, records):
        super().__init__(daemon=True)
        self.records, self.socket = records, socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(('127.0.0.1', 0))
        self.address = '127.0.0.1:%d' % self.socket.getsockname()[1]
        self.start()

    def run(self):
        while True:
            try:
                asked, peer = self.socket.recvfrom(4096)
            except OSError:
                return
            at, labels = 12, []
            while asked[at]:
                labels.append(asked[at + 1:at + 1 + asked[at]].decode())
                at += 1 + asked[at]
            kind, name = struct.unpack('>H', asked[at + 1:at + 3])[0], '.'.join(labels).lower()
            found = self.records.get((name, kind), [])
            known = any(name == one for one, _ in self.records)
            head = asked[:2] + struct.pack('>HHHHH', 0x8180 if known else 0x8183, 1, len(found), 0, 0)
            body = b''.join(b'\xc0\x0c' + struct.pack('>HHIH', kind, 1, 60, len(one)) + one for one in found)
            self.socket.sendto(head + asked[12:at + 5] + body, peer)


def txt(text):
    pieces = [text[at:at + 255].encode() for at in range(0, len(text), 255)]
    return b''.join(bytes([len(one)]) + one for one in pieces)


def host(name):
    return b''.join(bytes([len(label)]) + label.encode() for label in name.split('.')) + b'\0'


def test_the_doctor_sees_what_a_receiver_would(operator, box, mail):
    names = {}
    one = Names(names)

    def look():
        reply = operator.post('/v1/admin/mail/check', {'dns': one.address})
        assert reply.status == 200, reply
        return {check['name']: check for check in reply.json['checks']}

    bare = look()
    assert {name: check['result'] for name, check in bare.items()} == {
        'server': 'good', 'tls': 'doubtful', 'reverse': 'unknown', 'spf': 'bad', 'dkim rsa': 'bad', 'dkim ed25519': 'bad', 'dmarc': 'bad'}
    assert bare['dkim rsa']['want'] == mail[bare['dkim rsa']['at']]
    names.update({(name, 16): [txt(record)] for name, record in mail.items()})
    names['foretaget.example', 16] = [txt('something=else'), txt('v=spf1 include:relay.example -all')]
    names['_dmarc.foretaget.example', 16] = [txt('v=DMARC1; p=reject; rua=mailto:dmarc@foretaget.example')]
    names['127.0.0.1', 1] = [socket.inet_aton('127.0.0.1')]
    names['1.0.0.127.in-addr.arpa', 12] = [host('relay.example')]
    names['relay.example', 1] = [socket.inet_aton('127.0.0.1')]
    assert {name: check['result'] for name, check in look().items() if name != 'tls'} == dict.fromkeys(
        ('server', 'reverse', 'spf', 'dkim rsa', 'dkim ed25519', 'dmarc'), 'good')
    names['foretaget.example', 16] = [txt('v=spf1 -all'), txt('v=spf1 +all')]
    names['v2026r._domainkey.foretaget.example', 16] = [txt(mail['v2026e._domainkey.foretaget.example'])]
    names['_dmarc.foretaget.example', 16] = [txt('v=DMARC1; p=none')]
    names['relay.example', 1] = [socket.inet_aton('192.0.2.1')]
    found = look()
    assert [found[name]['result'] for name in ('spf', 'dkim rsa', 'dmarc', 'reverse')] == ['bad', 'bad', 'doubtful', 'doubtful']
    assert operator.post('/v1/admin/mail/check', {'dns': 'localhost:53'}).status == 422
    one.socket.close()


def test_the_way_out_of_a_mail_leads_to_a_page_that_is_there():
    source = pathlib.Path(__file__).resolve().parents[2] / 'src'
    assert 'S("/u/")' in (source / 'message/letter.c').read_text()
    pages = (source / 'public/routes.def').read_text()
    assert 'PAGE(POST, "/u/{token}"' in pages and 'PAGE(GET, "/look/{name}"' in pages
