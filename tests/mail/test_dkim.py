"""What src/mail signs, verified by dkimpy; what was changed on the way, refused by it."""
import email
import email.header
import email.policy
import email.utils
import re

import dkim
import pytest

from tool import GOOD

KINDS = [['rsa'], ['ed25519'], ['rsa', 'ed25519']]


def verified(message, keys, number=0):
    """The signature of that number holds."""
    dns = {name + '.': text for _, name, text in keys.values()}

    def txt(name, timeout=5):
        return dns.get(name.decode() if isinstance(name, bytes) else name, '').encode() or None

    try:
        return dkim.DKIM(message, minkey=2048).verify(idx=number, dnsfunc=txt)
    except (dkim.DKIMException, IndexError):
        return False


def signed(tool, keys, kinds, **changes):
    message = tool.compose(keys=[keys[kind][0] for kind in kinds], **changes)
    assert isinstance(message, bytes), message
    return message


@pytest.mark.parametrize('kinds', KINDS, ids='+'.join)
@pytest.mark.parametrize('changes', [
    {}, {'html': ''}, {'text': 'x'}, {'text': '\n\n\n'}, {'text': ' \n \n x  \n\n'}, {'text': 'Привет, мир\n' * 50},
    {'to_name': ''}, {'bulk': False, 'list': '', 'list_name': '', 'unsubscribe_url': '', 'unsubscribe_address': ''},
    {'subject': 'å' * 250}, {'subject': 'a' * 500}, {'text': '.\n..\n' * 20}, {'list_name': 'å' * 100},
], ids=str)
def test_a_signed_message_is_verified(tool, keys, kinds, changes):
    message = signed(tool, keys, kinds, **changes)
    assert [verified(message, keys, number) for number in range(len(kinds))] == [True] * len(kinds)
    assert message.count(b'DKIM-Signature:') == len(kinds)
    assert b'l=' not in message.split(b'From:')[0]


def fields(head):
    """(start, end) of each header field."""
    starts = [found.start() for found in re.finditer(rb'^[^ \t\r\n]', head, re.M)]
    return list(zip(starts, starts[1:] + [len(head)]))


@pytest.mark.parametrize('kind', ['rsa', 'ed25519'])
def test_one_changed_octet_of_any_header_or_of_the_body_breaks_it(tool, keys, kind):
    message = signed(tool, keys, [kind])
    end = message.index(b'\r\n\r\n')
    places = []
    for start, stop in fields(message[:end + 2])[1:]: # the signature's own is next
        places += [at for at in range(start, stop) if not message[at:at + 1].isspace()][::7]
        places.append(start)
    body = [at for at in range(end + 4, len(message)) if not message[at:at + 1].isspace()]
    places += body[::29] + [body[0], body[-1]]
    assert len(places) > 150
    for at in places:
        octet = message[at]
        other = octet ^ 1 if bytes([octet ^ 1]) not in (b':', b' ', b'\t') else octet ^ 2
        if bytes([octet]).lower() == bytes([other]).lower():
            other = octet ^ 2
        changed = message[:at] + bytes([other]) + message[at + 1:]
        assert not verified(changed, keys), (at, message[max(0, at - 20):at + 20])


def test_changed_tags_of_the_signature_break_it(tool, keys):
    message = signed(tool, keys, ['ed25519'])
    for was, now in [(b'ed25519;', b'rsa;'), (b'd=valv', b'd=walv'), (b'relaxed/relaxed', b'relaxed/simple'), (b't=1', b't=2'),
                     (b'From:From', b'From'), (b'List-Unsubscribe-Post:', b''), (b'bh=', b'bh=A')]:
        assert was in message
        assert not verified(message.replace(was, now, 1), keys), was


@pytest.mark.parametrize('name', ['From', 'To', 'Subject', 'Date', 'Message-ID', 'MIME-Version', 'Content-Type', 'Reply-To', 'List-Id',
                                  'List-Unsubscribe', 'List-Unsubscribe-Post', 'Cc', 'Sender'])
def test_a_header_that_is_added_or_taken_away_breaks_it(tool, keys, name):
    message = signed(tool, keys, ['ed25519'])
    added = name.encode() + b': x\r\n'
    top = message.index(b'From:')
    end = message.index(b'\r\n\r\n') + 2
    assert not verified(message[:top] + added + message[top:], keys)
    assert not verified(message[:end] + added + message[end:], keys)
    for start, stop in fields(message[:end]):
        if message[start:stop].lower().startswith(name.lower().encode() + b':'):
            assert not verified(message[:start] + message[stop:], keys)


def test_what_servers_on_the_way_may_do_does_not_break_it(tool, keys):
    message = signed(tool, keys, ['rsa', 'ed25519'])
    changed = b'Received: from x by y; Sat, 28 Nov 2026 01:30:19 +0000\r\n' + message.replace(b'Subject: ', b'SUBJECT:   ', 1) + b'\r\n\r\n'
    assert [verified(changed, keys, number) for number in (0, 1)] == [True, True]


@pytest.mark.parametrize('changes', [{}, {'html': ''}, {'text': 'Привет\r\nмир\n', 'html': ''}, {'from_name': 'a"b\\c', 'list_name': 'x'},
                                     {'to_name': '=?', 'subject': '2+2=? svar?='[:8]}, {'subject': 'a' * 500}, {'subject': '漢' * 166},
                                     {'to_name': 'å' * 100}, {'from_name': 'John (x) <y@z.example>'}, {'list_name': '漢' * 60}], ids=lambda changes: '+'.join(changes) or 'good')
def test_python_reads_what_was_meant(tool, changes):
    message, want = tool.compose(**changes), {**GOOD, **changes}
    assert isinstance(message, bytes), message
    read = email.message_from_bytes(message, policy=email.policy.default)
    assert all(len(line) <= 998 for line in message.split(b'\r\n')) and b'\n' not in message.replace(b'\r\n', b'')
    assert [str(read['subject'])] == [want['subject']]
    for name in ('from', 'to', 'reply_to'):
        # The older reader: the newer one of Python 3.11 puts spaces between encoded words of a name.
        shown, address = email.utils.parseaddr(email.message_from_bytes(message)[name.replace('_', '-')])
        assert (str(email.header.make_header(email.header.decode_header(shown))), address) == (want[name + '_name'], want[name])
    assert read['message-id'] == '<' + want['id'].hex() + '@valv.example.com>'
    assert read['date'].datetime.timestamp() == want['date']
    assert read['list-unsubscribe'].split() == [f'<{want["unsubscribe_url"]}>,', f'<mailto:{want["unsubscribe_address"]}>']
    assert read['list-unsubscribe-post'] == 'List-Unsubscribe=One-Click'
    assert read['list-id'].endswith('<newsletter.valv.example.com>')
    text, html = read.get_body(('plain',)), read.get_body(('html',))
    assert text.get_content().replace('\r\n', '\n').rstrip('\n') == want['text'].replace('\r\n', '\n').rstrip('\n')
    assert html is None if not want['html'] else html.get_content().replace('\r\n', '\n').rstrip('\n') == want['html'].rstrip('\n')
    assert not read.defects and not text.defects
    shown, place = email.utils.parseaddr(email.message_from_bytes(message)['list-id'])
    assert (str(email.header.make_header(email.header.decode_header(shown))), place) == (want['list_name'], want['list'])
    assert all(len(line) <= 76 for line in message.split(b'\r\n') if b'=?' in line)


INJECTED = ['\r\nBcc: x@y.example', '\nBcc: x@y.example', '\rBcc: x@y.example', '\r\n\r\n<b>', '\r\n x', '\0', '\x1b', '\x7f', '\x85',
            '\u2028', '\u202e', b'\xff', b'\xc0\x8a', '=?utf-8?q?=0D=0ABcc:_x?=']
MEMBERS = ['from_name', 'from', 'to_name', 'to', 'reply_to_name', 'reply_to', 'subject', 'language', 'id_domain', 'list', 'list_name',
           'unsubscribe_url', 'unsubscribe_address', 'help_url', 'feedback']


@pytest.mark.parametrize('member', MEMBERS)
@pytest.mark.parametrize('injected', INJECTED, ids=repr)
def test_injections_are_refused(tool, member, injected):
    good = GOOD[member].encode()
    injected = injected if isinstance(injected, bytes) else injected.encode()
    for at in {0, len(good) // 2, len(good)}:
        answer = tool.compose(**{member: good[:at] + injected + good[at:]})
        assert isinstance(answer, dict) and answer['error'] == 'invalid', answer
        assert answer['where'] in ('/' + member, '/' + member.removesuffix('_name'))
