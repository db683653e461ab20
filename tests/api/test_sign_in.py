"""Signing in by name, password and code; invitations; one's own credentials."""
import hashlib
import json
import os
import pathlib
import pty
import re
import sqlite3
import subprocess
import time

import pytest

from signing_in import PASSWORD, Browser, Office, totp

OTHER = 'fyra gula lampor i trappan'


@pytest.fixture(scope='module')
def office(make_server, description):
    """On a server of their own: where there are two administrators, much takes two people."""
    return Office(make_server(), description)


class Clock:
    """A server of its own whose clock the test moves."""

    def __init__(self, server, file):
        self.server, self.file, self.shift = server, file, 0

    def move(self, seconds):
        self.shift += seconds
        self.file.write_text(str(int(self.shift * 1000000)))

    @property
    def now(self):
        return time.time() + self.shift


@pytest.fixture
def clocked(tmp_path, description):
    from conftest import Server
    server = Server(tmp_path)
    clock = Clock(server, tmp_path / 'clock')
    clock.move(0)
    server.init()
    server.start({'VALV_TEST_CLOCK': str(clock.file)})
    yield Office(server, description), clock
    server.stop()


def names(office, n=1):
    return f'name{next(office.counter)}@example.com'


# --- signing in ------------------------------------------------------------------------------------


def test_a_session_is_a_cookie_and_ends_at_once(office):
    name = names(office)
    office.join(name, 'marketer')
    browser = office.browser()
    reply = browser.sign_in(name)
    assert reply.status == 201
    assert set(browser.cookies) == {'__Host-valv', '__Host-valv-device'}
    assert re.fullmatch(r'valvs_[A-Za-z0-9_-]{43}', browser.cookies['__Host-valv'])
    assert browser.cookies['__Host-valv'] not in reply.body.decode()
    assert reply.json['staff']['user_name'] == name
    assert reply.json['roles'] == ['marketer']
    assert reply.json['method'] == ['password']
    assert reply.json['fresh'] is True
    assert 'import' in reply.json['scopes']
    seen = browser.get('/v1/session').json
    assert seen['id'] == reply.json['id']
    assert [row['accepted'] for row in seen['last_sign_ins']] == [True, True]
    stolen = Browser(office.server.url, office.description, browser.cookies)
    gone = browser.delete('/v1/session')
    assert gone.status == 204
    assert gone.header('Clear-Site-Data')
    assert '__Host-valv' not in browser.cookies
    assert stolen.get('/v1/session').status == 401
    assert browser.get('/v1/session').status == 401


def test_known_browsers_get_no_second_cookie(office):
    name = names(office)
    office.join(name)
    browser = office.browser()
    assert browser.sign_in(name).status == 201
    device = browser.cookies['__Host-valv-device']
    before = Browser(office.server.url, office.description, browser.cookies)
    again = browser.sign_in(name)
    assert again.status == 201
    assert before.get('/v1/session').status == 401  # the new session took its place
    assert sum(value.startswith('__Host-valv-device') for _, value in again.headers) == 0
    assert browser.cookies['__Host-valv-device'] == device


def test_whatever_is_wrong_gives_one_answer(office):
    name, left, invited = names(office), names(office), names(office)
    office.join(name)
    office.make(invited)
    ended = office.make(left)
    office.begin(ended)
    assert office.operator.post(f'/v1/staff/{ended}/end', {}).status == 200
    answers = set()
    for who, password, code in [
            (name, 'not this one, surely', None), (name, '', None), (name, PASSWORD + ' ', None),
            ('nobody@example.com', PASSWORD, None), (left, PASSWORD, None), (invited, PASSWORD, None),
            (invited, '', None), ('', '', ''), ('\u2028', '\u200b', None), ('x' * 5000, 'y' * 5000, 'z' * 5000)]:
        reply = office.browser().sign_in(who, password, code)
        assert reply.status == 401, (who, reply)
        assert reply.slug == 'sign-in'
        answers.add((reply.body, tuple(sorted(key for key, _ in reply.headers))))
    assert len(answers) == 1


def test_too_often_is_not_told_apart_and_no_spelling_is_another_name(clocked):
    office, clock = clocked
    office.join('berit@example.com')
    spelled = ['berit@example.com', 'BERIT@EXAMPLE.COM', ' Berit@example.com ', '\uff42erit@example.com',
               'berit\uff20example.com']
    wrong = []
    for name in 2 * spelled:  # the wait after the tenth is half a minute
        clock.move(100)
        wrong.append(office.browser().sign_in(name, OTHER))
    early = office.browser().sign_in('berit@example.com')  # right, and too early
    assert {reply.status for reply in wrong} == {401}
    assert (early.status, early.body) == (401, wrong[0].body)
    clock.move(40)
    browser = office.browser()
    assert browser.sign_in('Berit@Example.com').status == 201
    # A known browser is its own: strangers may fill the name's lane, and a restart forgets nothing of it.
    for _ in range(14):
        clock.move(1000)
        office.browser().sign_in('berit@example.com', OTHER)
    office.server.stop()
    office.server.start({'VALV_TEST_CLOCK': str(clock.file)})
    fresh = office.browser()
    assert fresh.sign_in('berit@example.com').status == 401
    browser.client.where = office.server.url
    assert browser.sign_in('berit@example.com').status == 201
    fresh = office.browser()
    assert fresh.sign_in('berit@example.com').status == 201
    rows = browser.get('/v1/session').json['last_sign_ins']
    assert sum(not row['accepted'] for row in rows) > 8


def test_an_app_and_paper_each_count_once(clocked):
    office, clock = clocked
    browser = office.join('berit@example.com')
    assert browser.post('/v1/me/totp/confirm', {'code': '123456'}).status == 409
    uri = browser.post('/v1/me/totp').json['uri']
    assert uri.startswith('otpauth://totp/Valv:berit%40example.com?secret=')
    bad = browser.post('/v1/me/totp/confirm', {'code': '12345'})
    assert (bad.status, bad.json['member']) == (422, '/code')
    codes = browser.post('/v1/me/totp/confirm', {'code': totp(uri, clock.now)})
    assert codes.status == 200
    codes = codes.json['codes']
    assert len(set(codes)) == 10 and all(re.fullmatch(r'[a-z2-7]{4}(-[a-z2-7]{4}){5}', code) for code in codes)
    assert browser.post('/v1/me/totp').status == 409
    assert office.browser().sign_in('berit@example.com').status == 401
    assert office.browser().sign_in('berit@example.com', code=totp(uri, clock.now)).status == 401  # it confirmed
    clock.move(60)
    code = totp(uri, clock.now)
    reply = office.browser().sign_in('berit@example.com', code=f'{code[:3]} {code[3:]}')
    assert (reply.status, reply.json['method']) == (201, ['password', 'totp'])
    assert office.browser().sign_in('berit@example.com', code=code).status == 401
    paper = office.browser().sign_in('berit@example.com', code=codes[0].upper().replace('-', ' '))
    assert (paper.status, paper.json['method']) == (201, ['password', 'recovery_code'])
    assert office.browser().sign_in('berit@example.com', code=codes[0]).status == 401
    assert browser.get('/v1/me/credentials').json['recovery_codes'] == 9
    newer = browser.post('/v1/me/recovery-codes').json['codes']
    assert not set(newer) & set(codes)
    assert office.browser().sign_in('berit@example.com', code=codes[1]).status == 401
    # twelve characters beside the app, and then the app stays
    short = 'tXk29vQz71Lm'
    assert browser.put('/v1/me/password', {'password': short, 'present': PASSWORD}).slug == 'sign-in'  # and its code
    assert browser.put('/v1/me/password', {'password': short, 'present': PASSWORD, 'code': newer[0]}).status == 204
    assert browser.get('/v1/me/credentials').json['password_short'] is True
    assert browser.delete('/v1/me/totp').status == 409
    assert browser.put('/v1/me/password', {'password': OTHER, 'present': short, 'code': newer[1]}).status == 204
    assert browser.delete('/v1/me/totp').status == 204
    assert browser.put('/v1/me/password', {'password': short, 'present': OTHER}).status == 422
    clock.move(3600)
    assert office.browser().sign_in('berit@example.com', OTHER).status == 201


def test_what_weighs_heavily_needs_a_fresh_proof(clocked):
    office, clock = clocked
    browser = office.join('berit@example.com')
    clock.move(301)
    refused = browser.post('/v1/me/totp')
    assert (refused.status, refused.slug) == (401, 'step-up')
    assert browser.get('/v1/session').json['fresh'] is False
    assert browser.post('/v1/session/fresh', {'password': OTHER}).slug == 'sign-in'
    again = browser.post('/v1/session/fresh', {'password': PASSWORD})
    assert (again.status, again.json['fresh']) == (200, True)
    assert browser.post('/v1/me/totp').status == 200
    clock.move(301)
    assert browser.put('/v1/me/password', {'password': OTHER}).json['member'] == '/present'
    assert browser.put('/v1/me/password', {'password': OTHER, 'present': OTHER}).slug == 'sign-in'
    assert browser.put('/v1/me/password', {'password': OTHER, 'present': PASSWORD}).status == 204
    clock.move(15 * 60 + 1)
    assert browser.get('/v1/session').slug == 'unauthenticated'


def test_a_fresh_proof_gives_the_session_another_token(clocked):
    """ASVS 7.2.4.  The token that somebody copied before is over at once; the session goes on."""
    office, clock = clocked
    browser = office.join('berit@example.com')
    before = Browser(office.server.url, office.description, browser.cookies)
    first = browser.get('/v1/session').json
    clock.move(301)
    again = browser.post('/v1/session/fresh', {'password': PASSWORD})
    assert (again.status, again.json['id'], again.json['fresh']) == (200, first['id'], True)
    token = browser.cookies['__Host-valv']
    assert re.fullmatch(r'valvs_[A-Za-z0-9_-]{43}', token) and token != before.cookies['__Host-valv']
    assert token not in again.body.decode()
    assert before.get('/v1/session').slug == 'unauthenticated'
    assert before.post('/v1/session/fresh', {'password': PASSWORD}).slug == 'unauthenticated'
    assert browser.get('/v1/session').json['id'] == first['id']
    assert [row['id'] for row in browser.get('/v1/me/sessions').json['sessions']] == [first['id']]
    # With the token in Authorization it is the same: the new one stands in Set-Cookie, as at a sign-in.
    bearer = office.browser().client
    held = {'Authorization': f'Bearer {token}'}
    renewed = bearer.post('/v1/session/fresh', {'password': PASSWORD}, headers=held)
    newest = renewed.header('Set-Cookie').split(';')[0].removeprefix('__Host-valv=')
    assert bearer.get('/v1/session', headers=held).status == 401
    assert bearer.get('/v1/session', headers={'Authorization': f'Bearer {newest}'}).json['id'] == first['id']
    # What fails after the proof was right brings the new one along, too.
    browser.cookies['__Host-valv'] = newest
    assert browser.put('/v1/me/password', {'password': 'short', 'present': PASSWORD}).json['member'] == '/password'
    assert browser.cookies['__Host-valv'] != newest
    assert browser.get('/v1/session').json['id'] == first['id']
    # A wrong one changes nothing.
    token = browser.cookies['__Host-valv']
    assert browser.post('/v1/session/fresh', {'password': OTHER}).slug == 'sign-in'
    assert browser.cookies['__Host-valv'] == token and browser.get('/v1/session').status == 200
    # Signing out ends the session, whichever token it has by then.
    assert browser.delete('/v1/session').status == 204
    assert browser.get('/v1/session').status == 401


def test_a_page_of_another_site_does_nothing_with_the_cookie(office):
    browser = office.join()
    for headers in ({'Sec-Fetch-Site': 'cross-site'}, {'Sec-Fetch-Site': 'same-site'}):
        assert browser.delete('/v1/session', headers=headers).status == 403
    assert browser.get('/v1/session').status == 200
    assert browser.call('POST', '/v1/session', b'user_name=a', type='application/x-www-form-urlencoded').status == 415


def test_programs_and_operators_have_no_session(office, app):
    assert app.get('/v1/session').status == 403
    for method, target, body in (('GET', '/v1/session', None), ('DELETE', '/v1/session', None),
                                 ('GET', '/v1/me/credentials', None), ('PUT', '/v1/me/password', {'password': OTHER}),
                                 ('POST', '/v1/me/totp', {}), ('POST', '/v1/me/totp/confirm', {'code': '123456'}),
                                 ('DELETE', '/v1/me/totp', None), ('POST', '/v1/me/recovery-codes', {}),
                                 ('POST', '/v1/session/fresh', {'password': PASSWORD})):
        assert office.operator.call(method, target, body).status == 403, target


def test_one_address_tries_many_names_and_then_waits(office):
    name = names(office)
    office.join(name)
    address = '127.200.1.2'
    for _ in range(20):
        assert office.browser(address=address).sign_in(names(office), OTHER).status == 401
    assert office.browser(address=address).sign_in(name).status == 401
    assert office.browser(address='127.200.1.3').sign_in(name).status == 201


# --- invitations -----------------------------------------------------------------------------------


def test_a_link_is_good_once(office):
    name = names(office)
    staff = office.make(name, display_name='Berit Blom')
    old, token = office.invite(staff), office.invite(staff)
    for bad in (old, 'valvi_' + 'A' * 43, '', 'x'):
        assert office.browser().post('/v1/invitation/look', {'token': bad}).slug == 'sign-in'
        assert office.browser().post('/v1/invitation', {'token': bad, 'password': PASSWORD}).slug == 'sign-in'
    seen = office.browser().post('/v1/invitation/look', {'token': token}).json
    assert (seen['user_name'], seen['display_name']) == (name, 'Berit Blom')
    for password in ('short', 'sommarsommar2026', 'Berit Blom 19870412', 'a' * 257, PASSWORD[:14]):
        refused = office.browser().post('/v1/invitation', {'token': token, 'password': password})
        assert (refused.status, refused.json['member']) == (422, '/password'), password
    browser = office.browser()
    opened = browser.post('/v1/invitation', {'token': token, 'password': PASSWORD})
    assert (opened.status, opened.json['method']) == (201, ['password', 'invitation'])
    assert browser.get('/v1/session').status == 200
    assert office.browser().post('/v1/invitation', {'token': token, 'password': OTHER}).slug == 'sign-in'
    assert office.browser().sign_in(name).status == 201


def test_a_link_may_be_used_without_a_password(office):
    staff = office.make()
    browser = office.browser()
    opened = browser.post('/v1/invitation', {'token': office.invite(staff)})
    assert (opened.status, opened.json['method']) == (201, ['invitation'])
    assert browser.get('/v1/me/credentials').json['password_at'] is None
    assert browser.put('/v1/me/password', {'password': PASSWORD}).status == 204


def test_a_reset_ends_what_there_was_and_nobody_resets_themselves(office):
    name, admin_name = names(office), names(office)
    admin = office.join(admin_name, 'administrator')
    me = admin.get('/v1/session').json['staff']['id']
    staff = office.make(name)
    browser = office.begin(staff)
    assert admin.post(f'/v1/staff/{me}/invitation', {}).status == 403
    reset = admin.post(f'/v1/staff/{staff}/invitation', {'hours': 1})
    assert (reset.status, reset.json['reset']) == (201, True)
    assert browser.get('/v1/session').status == 401
    assert office.browser().sign_in(name).slug == 'sign-in'
    again = office.browser()
    assert again.post('/v1/invitation', {'token': reset.json['token'], 'password': OTHER}).status == 201
    assert office.browser().sign_in(name, OTHER).status == 201
    outsider = office.join(None, 'marketer')
    assert outsider.post(f'/v1/staff/{staff}/invitation', {}).status == 403


def test_links_end_with_time_and_with_the_account(clocked):
    office, clock = clocked
    staff, other = office.make(), office.make()
    token, second = office.invite(staff, hours=2), office.invite(other)
    assert office.operator.post(f'/v1/staff/{other}/end', {}).status == 200
    assert office.browser().post('/v1/invitation/look', {'token': second}).status == 401
    clock.move(2 * 3600 - 5)
    assert office.browser().post('/v1/invitation/look', {'token': token}).status == 200
    clock.move(6)
    assert office.browser().post('/v1/invitation/look', {'token': token}).status == 401


# --- what changes, and what is left behind ----------------------------------------------------------


def test_another_password_takes_the_present_one(clocked):
    """ASVS 6.2.3.  Whoever finds a session open, and be it one that has just begun, does not keep the account."""
    office, clock = clocked
    name = 'berit@example.com'
    browser = office.join(name)
    fresh = browser.get('/v1/session').json
    assert fresh['fresh'] is True
    without = browser.put('/v1/me/password', {'password': OTHER})
    assert (without.status, without.slug, without.json['member']) == (422, 'invalid', '/present')
    assert browser.put('/v1/me/password', {'password': OTHER, 'present': ''}).slug == 'sign-in'
    wrong = browser.put('/v1/me/password', {'password': OTHER, 'present': OTHER})
    assert (wrong.status, wrong.body) == (401, office.browser().sign_in(name, OTHER).body)
    # Each was a try: recorded for its owner, and after five in a row one waits, right or wrong.
    assert [row['accepted'] for row in browser.get('/v1/session').json['last_sign_ins']].count(False) == 3
    for _ in range(3):
        browser.put('/v1/me/password', {'password': OTHER, 'present': OTHER})
    assert browser.put('/v1/me/password', {'password': OTHER, 'present': PASSWORD}).slug == 'sign-in'
    clock.move(60)
    assert browser.put('/v1/me/password', {'password': OTHER, 'present': PASSWORD}).status == 204
    assert office.browser().sign_in(name, OTHER).status == 201


def test_another_password_ends_other_sessions(office):
    name = names(office)
    browser, other = office.join(name), office.browser()
    assert other.sign_in(name).status == 201
    assert browser.put('/v1/me/password', {'password': OTHER, 'present': PASSWORD}).status == 204
    assert browser.get('/v1/session').status == 200
    assert other.get('/v1/session').status == 401
    assert office.browser().sign_in(name).status == 401
    assert office.browser().sign_in(name, OTHER).status == 201


def test_leaving_takes_it_all_along(office):
    name = names(office)
    staff = office.make(name)
    browser = office.begin(staff)
    browser.post('/v1/me/totp')
    ended = office.operator.post(f'/v1/staff/{staff}/end', {}).json
    assert ended['sessions'] == 1 and ended['credentials'] >= 3
    assert browser.get('/v1/session').status == 401
    assert office.operator.post(f'/v1/staff/{staff}/return', {}).status == 200
    assert office.browser().sign_in(name).status == 401
    assert office.begin(staff).get('/v1/session').status == 200


def test_no_secret_stands_in_a_file_or_a_log(office):
    name = names(office)
    secret = 'tjugo tysta tranor tar tåget'
    browser = office.join(name, password=secret)
    uri = browser.post('/v1/me/totp').json['uri']
    codes = browser.post('/v1/me/totp/confirm', {'code': totp(uri)}).json['codes']
    token = office.invite(office.make())
    needles = [text.encode() for text in (secret, name, codes[0], codes[0].replace('-', '').upper(), token,
                                          browser.cookies['__Host-valv'], '$argon2id$')]
    for path in [*pathlib.Path(office.server.data).rglob('*'), office.server.log]:
        if path.is_file():
            content = path.read_bytes()
            for needle in needles:
                assert needle not in content, (path, needle)


def test_every_sign_in_failure_and_change_has_its_entry(office):
    def acts():
        last, found = 0, []
        while last is not None:
            page = office.operator.get(f'/v1/audit/entries?limit=1000&after={last}').json
            found += [entry['act'] for entry in page['entries']]
            last = page['next']
        return found

    before = acts()
    name = names(office)
    browser = office.join(name)
    office.browser().sign_in(name, OTHER)
    office.browser().sign_in('nobody@example.com', OTHER)
    browser.post('/v1/session/fresh', {'password': PASSWORD})
    browser.put('/v1/me/password', {'password': OTHER, 'present': OTHER})  # refused as a sign-in is
    browser.put('/v1/me/password', {'password': OTHER, 'present': PASSWORD})
    browser.delete('/v1/session')
    new = acts()
    counted = {act: new.count(act) - before.count(act)
               for act in ('staff.invite', 'session.begin', 'session.refused', 'session.prove', 'credential.change', 'session.end')}
    assert counted == {'staff.invite': 1, 'session.begin': 1, 'session.refused': 3, 'session.prove': 2, 'credential.change': 1,
                       'session.end': 1}
    with sqlite3.connect(f'file:{office.server.data}/valv.db?mode=ro', uri=True) as db:
        assert db.execute("SELECT COUNT(*) FROM sign_in WHERE outcome <> 0").fetchone()[0] > 0


# --- from the command line --------------------------------------------------------------------------


def valv(office, *arguments):
    from conftest import VALV
    return subprocess.run([VALV, *arguments, '--data', str(office.server.data)], capture_output=True, text=True, timeout=60)


def test_a_command_invites_and_resets(office):
    name = names(office)
    made = valv(office, 'staff', 'invite', name, '--role', 'administrator', '--name', 'Berit Blom')
    assert made.returncode == 0, made
    token = re.fullmatch(r'/welcome#(valvi_[A-Za-z0-9_-]{43})\n', made.stdout)[1]
    again = valv(office, 'staff', 'invite', name.upper(), '--hours', '2', '--json')
    assert json.loads(again.stdout)['reset'] is False
    assert office.browser().post('/v1/invitation/look', {'token': token}).status == 401
    browser = office.browser()
    token = json.loads(again.stdout)['token']
    assert browser.post('/v1/invitation', {'token': token, 'password': PASSWORD}).json['roles'] == ['administrator']
    assert 'in use' in valv(office, 'staff', 'invite', name).stderr
    assert browser.get('/v1/session').status == 200
    assert valv(office, 'staff', 'invite', name, '--reset').returncode == 0
    assert browser.get('/v1/session').status == 401
    assert valv(office, 'staff', 'invite', 'x', '--role', 'nobody').returncode != 0


def test_a_terminal_is_given_the_first_link_and_a_log_is_not(tmp_path, description):
    from conftest import VALV, Server
    server = Server(tmp_path)
    server.init()
    server.start()
    server.stop()
    assert 'valvi_' not in server.log.read_text() and 'staff invite NAME --role administrator' in server.log.read_text()
    main, end = pty.openpty()
    process = subprocess.Popen([VALV, 'serve', '--data', str(server.data), '--listen', '127.0.0.1:0'], stdout=end,
                               stderr=subprocess.DEVNULL)
    os.close(end)
    said = b''
    try:
        while b'valvi_' not in said or not said.endswith(b'\n'):
            said += os.read(main, 4096)
        server.url, token = re.search(r'(http://[^/]+)/welcome#(valvi_[A-Za-z0-9_-]{43})', said.decode()).groups()
        browser = Office(server, description).browser()
        opened = browser.post('/v1/invitation', {'token': token, 'password': PASSWORD})
        assert (opened.status, opened.json['roles']) == (201, ['administrator'])
        assert browser.get('/v1/staff').status == 200
    finally:
        process.terminate()
        process.wait(30)
        os.close(main)
    server.start()
    server.stop()
    assert server.log.read_text().count('staff invite NAME') == 1


# --- passwords of breaches ---------------------------------------------------------------------------


def breached(path, *passwords):
    """As the downloader of Pwned Passwords writes it, in one file."""
    others = [f'other {n}' for n in range(500)]
    lines = sorted(f'{hashlib.sha1(text.encode()).hexdigest().upper()}:{n + 1}' for n, text in enumerate([*passwords, *others]))
    path.write_text('\n'.join(lines) + '\n')
    return path


def test_a_password_of_a_breach_is_refused_where_a_list_is_given(tmp_path, description):
    """ASVS 6.2.12.  The list is a file on this machine, and nobody else is asked."""
    from conftest import Server
    server = Server(tmp_path, '--breached-passwords', str(breached(tmp_path / 'pwned.txt', PASSWORD)))
    server.init()
    server.start()
    try:
        office = Office(server, description)
        staff = office.make()
        token, browser = office.invite(staff), office.browser()
        refused = browser.post('/v1/invitation', {'token': token, 'password': PASSWORD})
        assert (refused.status, refused.json['member']) == (422, '/password') and 'breach' in refused.json['detail']
        assert browser.post('/v1/invitation', {'token': token, 'password': OTHER}).status == 201
        refused = browser.put('/v1/me/password', {'password': PASSWORD, 'present': OTHER})
        assert (refused.status, refused.json['member']) == (422, '/password')
        assert PASSWORD not in server.log.read_text()
    finally:
        server.stop()


@pytest.mark.parametrize('spoil', [lambda text: '', lambda text: text.lower(), lambda text: text.replace(':', ' '),
                                   lambda text: '\n'.join(reversed(text.split())), lambda text: text[:-10]])
def test_a_list_that_is_another_kind_of_file_is_refused_at_start(tmp_path, spoil):
    from conftest import VALV, Server
    server = Server(tmp_path)
    server.init()
    path = breached(tmp_path / 'pwned.txt')
    path.write_text(spoil(path.read_text()))
    for name, why in ((path, 'ordered by hash'), (tmp_path / 'none', 'no such file'), (tmp_path, 'ordinary')):
        ended = subprocess.run([VALV, 'serve', '--data', str(server.data), '--listen', '127.0.0.1:0', '--breached-passwords', str(name)],
                               capture_output=True, text=True, timeout=60)
        assert ended.returncode == 2 and why in ended.stderr and str(name) in ended.stderr, ended
