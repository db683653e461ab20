"""What is known of a message after it was handed to a server, whatever the server does (T1 to T6 of smtp.h)."""
import pytest

from servers import Mailbox, Script, certificate, start
from tool import Tool

PLAIN, MAY, MUST, FIRST = range(4)
MESSAGE = b'From: a@valv.example\r\nSubject: x\r\n\r\n.dot\r\n..two\r\n.\r\nend\r\n'


@pytest.fixture
def box():
    return Mailbox()


@pytest.fixture(scope='module')
def good(tmp_path_factory):
    return certificate(tmp_path_factory.mktemp('tls'), 'localhost')


@pytest.fixture(scope='module')
def other(tmp_path_factory):
    return certificate(tmp_path_factory.mktemp('tls'), 'other.example')


def server(tool, port, tls=PLAIN, host='localhost', ms=5000, **more):
    return tool.ask('server', host=host, port=port, tls=tls, ms=ms, **more)


def send(tool, recipient='b@example.org', message=MESSAGE, sender='bounce+00ff@valv.example'):
    return tool.ask('send', sender=sender, recipient=recipient, message=message)


def test_a_message_arrives_as_it_was_and_the_connection_is_kept(tool, box):
    one = start(box)
    try:
        assert server(tool, one.port) == {}
        for _ in range(20):
            got = send(tool)
            assert (got['end'], got['stage'], got['code'], got['status'], got['line']) == \
                ('accepted', 'final', 250, [2, 6, 0], '2.6.0 taken as 4711')
        assert [mail[:3] for mail in box.mails] == [('bounce+00ff@valv.example', ['b@example.org'], MESSAGE)] * 20
        assert len(box.peers) == 1
    finally:
        one.stop()


@pytest.mark.parametrize('said, end, code, status', [
    ('550 5.1.1 no such person', 'refused', 550, [5, 1, 1]), ('552 full', 'refused', 552, [0, 0, 0]),
    ('450 4.2.1 not now', 'later', 450, [4, 2, 1]), ('451 5.1.1 of another class', 'later', 451, [0, 0, 0]),
    ('554 5.7.x', 'refused', 554, [0, 0, 0]), ('550 5.1.1234 x', 'refused', 550, [0, 0, 0])])
def test_refusals_of_a_recipient_leave_the_connection_good(tool, box, said, end, code, status):
    box.answers['no@example.org'] = said
    one = start(box)
    try:
        server(tool, one.port)
        got = send(tool, 'no@example.org')
        assert (got['end'], got['stage'], got['code'], got['status']) == (end, 'rcpt', code, status)
        assert got['line'] == said[4:]
        assert send(tool)['end'] == 'accepted'
        assert len(box.peers) == 1 and len(box.mails) == 1
    finally:
        one.stop()


@pytest.mark.parametrize('said, end', [('554 5.7.1 spam', 'refused'), ('451 4.7.1 later', 'later')])
def test_refusals_of_a_message(tool, box, said, end):
    box.answers['SPAM'] = said
    one = start(box)
    try:
        server(tool, one.port)
        got = send(tool, message=MESSAGE + b'SPAM\r\n')
        assert (got['end'], got['stage'], got['line']) == (end, 'final', said[4:])
        assert send(tool)['end'] == 'accepted'
    finally:
        one.stop()


@pytest.mark.parametrize('user, auth', [({}, {}), ({'user': 'valv', 'password': 'secret'}, {'auth_required': True})])
@pytest.mark.parametrize('tls', [MAY, MUST, FIRST])
def test_tls_and_sign_in(tool, box, good, tls, user, auth):
    if tls == MAY and user:
        assert server(tool, 25, tls, **user)['error'] == 'invalid' # T6
        return
    options = {'ssl_context': good[1]} if tls == FIRST else {'tls_context': good[1], 'require_starttls': tls == MUST}
    if tls == FIRST and user:
        options['auth_require_tls'] = False # aiosmtpd does not see that it is
    one = start(box, authenticator=box.login, **auth, **options)
    try:
        server(tool, one.port, tls, ca=good[0], **user)
        got = send(tool)
        assert got['end'] == 'accepted', got
        assert box.mails[0][3] or tls == FIRST
        assert box.users == ([('PLAIN', b'valv', b'secret')] if user else [])
        assert send(tool)['end'] == 'accepted' and len(box.peers) == 1
    finally:
        one.stop()


def test_auth_login_is_spoken_where_plain_is_not(tool, box, good):
    one = start(box, authenticator=box.login, auth_required=True, tls_context=good[1], auth_exclude_mechanism=['PLAIN'])
    try:
        server(tool, one.port, MUST, ca=good[0], user='valv', password='secret')
        assert send(tool)['end'] == 'accepted'
        assert box.users == [('LOGIN', b'valv', b'secret')]
    finally:
        one.stop()


def test_a_wrong_password_reaches_nobody(tool, box, good):
    one = start(box, authenticator=box.login, auth_required=True, tls_context=good[1])
    try:
        server(tool, one.port, MUST, ca=good[0], user='valv', password='wrong')
        got = send(tool)
        assert (got['end'], got['stage'], got['why']) == ('unreached', 'connect', 'login')
        assert not box.mails
    finally:
        one.stop()


def test_certificates_must_hold(tool, box, good, other):
    for tls in (MUST, FIRST, MAY):
        one = start(box, **({'ssl_context': good[1]} if tls == FIRST else {'tls_context': good[1]}))
        try:
            for wrong in ({}, {'ca': other[0]}, {'ca': '/nowhere'}, {'ca': good[0], 'host': '127.0.0.1'}):
                server(tool, one.port, tls, **wrong)
                got = send(tool)
                assert (got['end'], got['why']) == ('unreached', 'tls'), (tls, wrong, got)
        finally:
            one.stop()
    one = start(box, tls_context=other[1])
    try:
        server(tool, one.port, MUST, ca=other[0])
        assert send(tool)['why'] == 'tls' # of another name
    finally:
        one.stop()
    assert not box.mails


def test_without_starttls_nothing_is_sent_where_it_must_be(tool, box, good):
    one = start(box)
    try:
        server(tool, one.port, MUST, ca=good[0])
        got = send(tool)
        assert (got['end'], got['why']) == ('unreached', 'tls')
        server(tool, one.port, MAY, ca=good[0])
        assert send(tool)['end'] == 'accepted'
        assert len(box.mails) == 1
    finally:
        one.stop()


HELLO = [(b'', b'220 hi\r\n'), (b'EHLO', b'250 me\r\n'), (b'EHLO', b'250 me\r\n')]
PIPES = [(b'', b'220 hi\r\n'), (b'EHLO', b'250-me\r\n250 PIPELINING\r\n'), (b'EHLO', b'250-me\r\n250-SIZE\r\n250 PIPELINING\r\n')]
ENVELOPE = [(b'MAIL', b'250 ok\r\n'), (b'RCPT', b'250 ok\r\n'), (b'DATA', b'354 go\r\n')]
DOT = b'\r\nend\r\n.\r\n'


@pytest.mark.parametrize('hello', [HELLO, PIPES], ids=['alone', 'pipelined'])
@pytest.mark.parametrize('steps, end, stage, why', [
    # cut before the dot: it can be sent again
    ([(b'MAIL', None)], 'unreached', 'mail', 'unreachable'),
    ([(b'MAIL', 'reset')], 'unreached', 'mail', 'unreachable'),
    ([(b'MAIL', b'250 ok\r\n'), (b'RCPT', None)], 'unreached', 'rcpt', 'unreachable'),
    ([(b'MAIL', b'250 ok\r\n'), (b'RCPT', b'250 ok\r\n'), (b'DATA', None)], 'unreached', 'data', 'unreachable'),
    ([(b'MAIL', b'250 ok\r\n'), (b'RCPT', b'hello\r\n')], 'unreached', 'rcpt', 'protocol'),
    ([(b'MAIL', b'250 ok\r\n'), (b'RCPT', b'250-x\r\n251 y\r\n')], 'unreached', 'rcpt', 'protocol'),
    ([(b'MAIL', b'250 ok\r\n'), (b'RCPT', b'354 what\r\n'), (b'DATA', b'354 go\r\n')], 'unreached', 'rcpt', 'protocol'),
    ([(b'MAIL', b'x' * 20000)], 'unreached', 'mail', 'protocol'),
    ([(b'MAIL', 'silence')], 'unreached', 'mail', 'timeout'),
    # the dot has left, and nothing is known
    (ENVELOPE + [(DOT, None)], 'unknown', 'final', 'unreachable'),
    (ENVELOPE + [(DOT, 'reset')], 'unknown', 'final', 'unreachable'),
    (ENVELOPE + [(DOT, 'silence')], 'unknown', 'final', 'timeout'),
    (ENVELOPE + [(DOT, b'250 ok'), (b'', None)], 'unknown', 'final', 'unreachable'),
    (ENVELOPE + [(DOT, b'what?\r\n')], 'unknown', 'final', 'protocol'),
    (ENVELOPE + [(DOT, b'354 more\r\n')], 'unknown', 'final', 'protocol'),
    (ENVELOPE + [(DOT, b'250-a\r\n'), (b'', None)], 'unknown', 'final', 'unreachable'),
])
def test_broken_connections(tool, hello, steps, end, stage, why):
    one = Script(hello + steps)
    server(tool, one.port, ms=1500)
    got = send(tool)
    one.close()
    assert (got['end'], got['stage'], got['why'], got['code']) == (end, stage, why, 0)


def test_cut_in_the_midst_of_a_long_message_it_can_be_sent_again(tool):
    long = MESSAGE + b'0123456789' * 9 + b'\r\n'
    long += (b'0123456789' * 9 + b'\r\n') * 200_000
    for how in (None, 'reset'):
        one = Script(HELLO + ENVELOPE + [(b'Subject', how)])
        server(tool, one.port, ms=3000)
        got = send(tool, message=long)
        one.close()
        assert (got['end'], got['stage']) == ('unreached', 'data')


def test_a_server_that_leaves_before_the_dot_is_seen_to(tool):
    """421 and the end while the message is still being sent: the dot is kept back."""
    one = Script(HELLO + ENVELOPE[:2] + [(b'DATA', b'354 go\r\n421 too long\r\n')])
    server(tool, one.port, ms=3000)
    got = send(tool)
    one.close()
    assert got['end'] in ('unreached', 'unknown') # by when the second line came
    one = Script(HELLO + ENVELOPE + [(DOT, b'421 4.3.2 leaving\r\n')])
    server(tool, one.port, ms=3000)
    got = send(tool)
    one.close()
    assert (got['end'], got['code'], got['status']) == ('later', 421, [4, 3, 2])


def test_a_kept_connection_that_is_gone_is_made_anew_once(tool):
    for last in (None, 'reset', b'421 4.4.2 idle\r\n'):
        whole = HELLO + ENVELOPE + [(DOT, b'250 ok\r\n')]
        one = Script(whole + [(b'MAIL', last)], whole, [(b'', None)])
        server(tool, one.port, ms=3000)
        assert [send(tool)['end'], send(tool)['end']] == ['accepted', 'accepted'], last
        assert len(one.heard) == 2
        one.close()


def test_after_a_refusal_the_next_message_begins_with_rset(tool):
    refused = [(b'MAIL', b'250 ok\r\n'), (b'RCPT', b'550 5.1.1 no\r\n')]
    one = Script(HELLO + refused + [(b'RSET', b'250 ok\r\n')] + ENVELOPE + [(DOT, b'250 ok\r\n')])
    server(tool, one.port, ms=3000)
    assert [send(tool)['end'], send(tool)['end']] == ['refused', 'accepted']
    one.close()


def test_a_pipelining_server_that_wants_the_message_for_nobody_gets_none(tool):
    steps = [(b'MAIL', b'250 ok\r\n'), (b'RCPT', b'550 5.1.1 no\r\n'), (b'DATA\r\n', b'354 go\r\n'), (b'.\r\n', b'554 5.5.1 nobody\r\n'),
             (b'RSET', b'250 ok\r\n')]
    one = Script(PIPES + steps + ENVELOPE + [(DOT, b'250 ok\r\n')])
    server(tool, one.port, ms=3000)
    first = send(tool)
    assert (first['end'], first['stage'], first['code'], first['line']) == ('refused', 'rcpt', 550, '5.1.1 no')
    assert send(tool)['end'] == 'accepted'
    assert one.heard[0].count(b'Subject') == 1
    one.close()


def test_nobody_there(tool):
    one = Script()
    one.close()
    server(tool, one.port)
    got = send(tool)
    assert (got['end'], got['stage'], got['why']) == ('unreached', 'connect', 'unreachable')
    server(tool, 25, host='nowhere.invalid')
    assert send(tool)['end'] == 'unreached'


@pytest.mark.parametrize('greeting', [b'554 no\r\n', b'421 busy\r\n', b'HTTP/1.1 400 Bad\r\n\r\n'])
def test_servers_that_do_not_want_us(tool, greeting):
    one = Script([(b'', greeting), (b'never', None)])
    server(tool, one.port, ms=2000)
    got = send(tool)
    one.close()
    assert (got['end'], got['stage']) == ('unreached', 'connect')


@pytest.mark.parametrize('members', [
    {'recipient': 'a@b.example>\r\nDATA'}, {'recipient': 'a@b.example> SIZE=1'}, {'recipient': ''}, {'sender': ''},
    {'sender': 'a@b.example\n'}, {'message': b'a\n.\nMAIL FROM:<x@y.example>\r\n'}, {'message': b'a\r.\r\n'}, {'message': b'a\r\n.\n'},
    {'message': b'no end'}, {'message': b''}, {'message': b'a\0\r\n'}, {'message': b'a' * 999 + b'\r\n'}], ids=str)
def test_what_could_be_read_as_a_command_is_refused(tool, box, members):
    one = start(box)
    try:
        server(tool, one.port)
        assert send(tool, **members)['error'] == 'invalid'
        assert not box.mails
    finally:
        one.stop()


@pytest.mark.parametrize('members', [{'host': 'a b'}, {'host': ''}, {'host': 'a/b'}, {'host': 'a:25'}, {'host': 'x@y'}, {'port': 0}, {'ms': 0},
                                     {'user': 'a', 'password': 'b', 'tls': PLAIN}, {'user': 'a\n', 'password': 'b', 'tls': MUST}], ids=str)
def test_servers_that_cannot_be(members):
    tool = Tool()
    answer = tool.ask('server', **{'host': 'localhost', 'port': 25, 'tls': PLAIN, 'ms': 1000, **members})
    assert answer['error'] == 'invalid'
    tool.close()
