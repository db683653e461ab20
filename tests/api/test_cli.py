"""The program from its command line: serve, init, and every command that speaks to a server."""
import datetime
import http.server
import json
import os
import pathlib
import re
import shlex
import signal
import stat
import subprocess
import threading
import time

import pytest

from conftest import ROOT, VALV, Server

ANNA = 'd0000000-0000-4000-8000-000000000001'
BJORN = 'd0000000-0000-4000-8000-000000000002'
DAVID = 'd0000000-0000-4000-8000-000000000004'
NOBODY = 'd0000000-0000-4000-8000-0000000000ff'
OK, REFUSED, USAGE, NO_SERVER, NOT_FOUND = range(5)


def valv(*args, stdin='', cwd=None, status=OK, env=None):
    """Runs the program; its standard output, or both outputs when it is to fail."""
    done = subprocess.run([VALV, *map(str, args)], input=stdin, text=True, capture_output=True, timeout=120,
                          cwd=cwd, env={**os.environ, **(env or {})})
    assert done.returncode == status, (args, done.returncode, done.stdout, done.stderr)
    return done.stdout if status == OK else done.stdout + done.stderr


class Demo(Server):
    """A demo vault, and the program pointed at it."""

    def __init__(self, directory):
        super().__init__(directory, '--demo')

    def run(self, *args, **more):
        return valv(*args, env={'VALV_DATA': str(self.data)}, **more)

    def json(self, *args, **more):
        return json.loads(self.run(*args, '--json', **more))


@pytest.fixture(scope='module')
def demo(tmp_path_factory):
    demo = Demo(tmp_path_factory.mktemp('demo'))
    demo.start()
    yield demo
    demo.stop()


@pytest.fixture
def make(tmp_path):
    """Servers of this test's own, started on vaults of their own."""
    started = []

    def make(*more, init=(), name='own'):
        (tmp_path / name).mkdir(exist_ok=True)
        server = Server(tmp_path / name, *more)
        if init is not None:
            server.init(*init)
        started.append(server)
        return server

    yield make
    for server in started:
        server.stop('kill')


def eventually(what, seconds=20):
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, 'it did not come to pass'
        time.sleep(0.1)


# --- the tables: help, manual page, completion -------------------------------------------------

def overview():
    """{command: summary} and the headings."""
    commands, headings = {}, []
    for name, summary in re.findall(r'^  ([a-z-]+) +(\S.*)$', valv('help'), re.M):
        text = valv('help', name)
        sub = [] if text.startswith('usage:') else re.findall(r'^  valv (\S+ \S+) +(\S.*)$', text, re.M)
        headings += [name] if sub else []
        commands.update(dict(sub) if sub else {name: summary})
    return commands, headings


COMMANDS, HEADINGS = overview() if os.access(VALV, os.X_OK) else ({}, [])


def options_of_help(command):
    text = valv(*command.split(), '--help')
    return re.findall(r'^  --([a-z-]+)', text.split('\nOptions:\n')[1], re.M)


def test_every_command_of_the_issue_is_there():
    wanted = ('serve init openapi version completion decide import suppress audit rotate sweep clock verify bench field purpose '
              'subject key').split()
    assert set(wanted) <= set(COMMANDS) | set(HEADINGS)


@pytest.mark.parametrize('command', COMMANDS)
def test_help(command):
    text = valv(*command.split(), '--help')
    assert text.startswith(f'usage: valv {command}')
    assert COMMANDS[command] in ' '.join(text.split())
    assert valv('help', *command.split()) == text
    assert valv(*command.split(), '-h') == text


@pytest.mark.parametrize('command', COMMANDS)
def test_help_manual_and_completion_say_the_same(command):
    options = options_of_help(command)
    manual = (ROOT / 'docs/man/valv.1').read_text()
    after = re.split(rf'^\.Ss valv {command}(?: [A-Z\[].*)?$', manual, flags=re.M)[1]
    section = re.split(r'^\.S[sh] ', after, maxsplit=1, flags=re.M)[0]
    assert re.findall(r'^\.It Fl -([a-z-]+)', section, re.M) == options
    script = valv('completion', 'bash')
    completed = re.search(rf"^\t'{command}'\) COMPREPLY=\(\$\(compgen -W '([^']*)'", script, re.M)
    assert [word[2:] for word in completed[1].split()] == options


def test_the_manual_page_is_what_the_tables_give():
    assert (ROOT / 'docs/man/valv.1').read_text() == valv('help', 'manual'), 'valv help manual > docs/man/valv.1'


def test_the_manual_page_names_every_exit_status():
    statuses = valv('help', 'manual').split('.Sh EXIT STATUS')[1]
    assert re.findall(r'^\.It (\d)', statuses, re.M) == ['0', '1', '2', '3', '4']


def complete(*words):
    script = f'source <({VALV} completion bash) && COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) && _valv && ' \
             'printf "%s\\n" "${COMPREPLY[@]}"'
    done = subprocess.run(['bash', '-c', script, 'bash', *words], text=True, capture_output=True, timeout=20)
    return done.stdout.split()


def test_completion():
    assert complete('valv', 'op') == ['openapi']
    assert complete('valv', 'subject', 'sho') == ['show']
    assert complete('valv', 'subject', 'show', '--pu') == ['--purpose']
    assert complete('valv', 'decide', '--channel', 'em') == ['email']
    assert set(complete('valv', '')) >= {'serve', 'help', 'subject'}


def test_overview_and_headings():
    assert valv('help') == valv('--help') == valv('-h')
    assert 'serve --demo' in valv('help')
    assert 'usage: valv' in valv(status=USAGE)
    assert 'subject show' in valv('subject', status=USAGE)
    assert valv('subject', '--help') == valv('help', 'subject')
    assert re.fullmatch(r'valv \d+\.\d+\.\d+\n', valv('version'))
    assert valv('--version') == valv('version')


# --- the command line ---------------------------------------------------------------------------

@pytest.mark.parametrize('args, said', [
    (['nonsense'], 'there is no command nonsense'),
    (['subject', 'nonsense'], 'there is no command subject nonsense'),
    (['serve', '--nonsense'], 'there is no option --nonsense'),
    (['serve', '--nonsense=1'], 'there is no option --nonsense;'),
    (['serve', '-d'], 'there is no option -d'),
    (['serve', '--data'], 'needs a value: --data'),
    (['serve', '--data', '--demo'], 'needs a value: --data'),
    (['serve', '--demo=yes'], 'takes no value: --demo'),
    (['serve', '--data', 'a', '--data', 'b'], 'given twice: --data'),
    (['serve', 'operand'], 'one operand too many'),
    (['serve', '--workers', '0'], 'number from 1 to'),
    (['serve', '--workers', '1e3'], 'number from 1 to'),
    (['serve', '--listen', '127.0.0.1'], '--listen takes'),
    (['serve', '--listen', '127.0.0.1:65536'], '--listen takes'),
    (['serve', '--listen', 'example.com:80'], '--listen takes'),
    (['field', 'show'], 'it needs NAME'),
    (['subject', 'show', 'no-id', '--purpose', 'x'], 'is no id'),
    (['subject', 'show', ANNA], '--purpose is needed'),
    (['decide', '--purpose', 'p', '--channel', 'pigeon'], '--channel takes one of'),
    (['decide', '--purpose', 'p', '--channel', 'email'], 'say who'),
    (['decide', '--batch', '-', '--subject', ANNA], 'does not go with --batch'),
    (['key', 'create', 'k', '--scope', 'read,fly', '--purpose', '*'], '--scope takes a list'),
    (['suppress', '--scope', 'marketing'], 'one of --email and --phone'),
    (['audit', '--subject', 'Anna'], 'is no id'),
    (['completion', 'tcsh'], 'bash only'),
    (['field', 'list', '--url', 'http://example.com', '--key-file', '/dev/null'], 'this machine only'),
    (['field', 'list', '--url', 'http://127.evil.example', '--key-file', '/dev/null'], 'this machine only'),
    (['field', 'list', '--url', 'ftp://localhost'], 'http://'),
    (['field', 'list', '--url', 'https://example.com'], 'needs --key-file'),
    (['field', 'list', '--key-file', 'x'], 'goes with --url'),
    (['field', 'list', '--url', 'http://localhost', '--data', 'x'], 'exclude each other'),
    (['rotate', '--url', 'http://localhost', '--key-file', 'x'], 'for operators'),
    (['field', 'put', 'shoe', 'no-such-file'], 'no file no-such-file'),
])
def test_usage(args, said, tmp_path):
    assert said in valv(*args, status=USAGE, cwd=tmp_path)


def test_text_that_is_no_utf8_is_refused():
    done = subprocess.run([VALV, 'field', 'show', b'\xff'], capture_output=True, timeout=20)
    assert done.returncode == USAGE and b'UTF-8' in done.stderr


def test_a_full_disk_is_noticed():
    with open('/dev/full', 'w') as full:
        assert subprocess.run([VALV, 'openapi'], stdout=full, stderr=subprocess.DEVNULL).returncode == REFUSED


def test_openapi_needs_no_server():
    assert json.loads(valv('openapi'))['openapi'].startswith('3.1')


def test_no_server(tmp_path):
    assert 'no directory' in valv('field', 'list', '--data', tmp_path / 'none', status=NO_SERVER)
    valv('init', '--data', tmp_path / 'd')
    said = valv('field', 'list', '--data', tmp_path / 'd', status=NO_SERVER)
    assert f'serve --data {tmp_path}/d' in said
    key = tmp_path / 'key'
    key.write_text('valv_x\n')
    key.chmod(0o600)
    assert 'cannot be reached' in valv('field', 'list', '--url', 'http://127.0.0.1:1', '--key-file', key, status=NO_SERVER)


# --- init ---------------------------------------------------------------------------------------

def modes(path):
    return {each.name: stat.S_IMODE(each.stat().st_mode) for each in pathlib.Path(path).iterdir()}


def test_init(tmp_path):
    said = valv('init', '--data', 'd', cwd=tmp_path)
    assert 'serve --data d' in said and 'no fields' in said
    found = modes(tmp_path / 'd')
    assert {'valv.db', 'keys.db', 'root.key'} <= set(found) and set(found.values()) == {0o600}
    assert stat.S_IMODE((tmp_path / 'd').stat().st_mode) == 0o700
    before = (tmp_path / 'd/root.key').read_text()
    assert 'nothing was changed' in valv('init', '--data', 'd', cwd=tmp_path, status=REFUSED)
    assert (tmp_path / 'd/root.key').read_text() == before
    assert not (tmp_path / 'd.making').exists()


def test_init_takes_an_empty_directory_and_one_with_other_files(tmp_path):
    (tmp_path / 'empty').mkdir()
    valv('init', '--data', tmp_path / 'empty/')
    (tmp_path / 'other').mkdir()
    (tmp_path / 'other/readme').write_text('mine')
    valv('init', '--data', tmp_path / 'other')
    assert (tmp_path / 'other/readme').exists() and (tmp_path / 'other/valv.db').exists()


def test_init_clears_away_what_an_interruption_left(tmp_path):
    (tmp_path / 'd.making').mkdir()
    (tmp_path / 'd.making/valv.db').write_text('half')
    valv('init', '--data', tmp_path / 'd')
    assert not (tmp_path / 'd.making').exists()


def test_init_with_a_company_brings_the_starter_set(make):
    server = make(init=('--company', 'Exempel AB', '--contact', 'dataskydd@example.com'))
    server.start()
    assert 'newsletter' in valv('purpose', 'list', '--data', server.data)
    assert 'Exempel AB' in valv('purpose', 'show', 'newsletter', '--data', server.data)


def test_init_without_starter(make):
    server = make(init=('--company', 'Exempel AB', '--contact', 'x@example.com', '--no-starter'))
    server.start()
    assert json.loads(valv('purpose', 'list', '--json', '--data', server.data)) == {'purposes': []}


def test_company_and_contact_go_together(tmp_path):
    assert 'go together' in valv('init', '--data', tmp_path / 'd', '--company', 'A', status=USAGE)
    assert not (tmp_path / 'd').exists()


def test_root_from_a_passphrase(make, tmp_path):
    phrase = tmp_path / 'phrase'
    phrase.write_text('correct horse battery\n')
    phrase.chmod(0o600)
    env = {'VALV_PASSPHRASE_FILE': str(phrase)}
    server = make(init=None)
    valv('init', '--data', server.data, '--root', 'passphrase', env=env)
    assert not (server.data / 'root.key').exists()
    server.start(env)
    server.stop()
    assert 'WARNING' not in server.log.read_text()
    phrase.write_text('another horse battery\n')
    assert 'root key' in valv('serve', '--data', server.data, env=env, status=REFUSED)


def test_root_from_a_credential(make, tmp_path):
    credentials = tmp_path / 'credentials'
    credentials.mkdir()
    (credentials / 'valv-root').write_text('07' * 32 + '\n')
    env = {'CREDENTIALS_DIRECTORY': str(credentials)}
    server = make(init=None)
    valv('init', '--data', server.data, '--root', 'credential', env=env)
    server.start(env)
    server.stop()
    assert 'WARNING' not in server.log.read_text()


def test_root_key_elsewhere(make, tmp_path):
    env = {'VALV_ROOT_KEY_FILE': str(tmp_path / 'medium.key')}
    server = make(init=None)
    valv('init', '--data', server.data, env=env)
    assert not (server.data / 'root.key').exists()
    server.start(env)
    server.stop()
    assert 'WARNING' not in server.log.read_text()
    assert 'same file system' in server.log.read_text()


# --- serve --------------------------------------------------------------------------------------

def test_a_root_key_beside_the_data_is_a_loud_warning(make):
    server = make()
    server.start()
    server.stop()
    assert f'WARNING: the root key lies beside the data: {server.data}/root.key' in server.log.read_text()


def test_addresses_that_others_reach_are_refused(make):
    server = make()
    for address in '0.0.0.0:0', '[::]:0', '10.1.2.3:80':
        said = valv('serve', '--data', server.data, '--listen', address, status=USAGE)
        assert '--behind-tls-proxy' in said
    proxied = make('--listen=0.0.0.0:0', '--behind-tls-proxy', init=None)
    proxied.data = server.data
    ready = proxied.ready
    process = subprocess.Popen([VALV, 'serve', '--data', server.data, '--listen', '0.0.0.0:0', '--behind-tls-proxy',
                                '--ready-file', ready], stderr=subprocess.DEVNULL)
    eventually(ready.exists)
    process.terminate()
    assert process.wait(30) == 0


@pytest.mark.parametrize('how', [signal.SIGTERM, signal.SIGINT])
def test_stops_when_told(make, how):
    server = make()
    server.start()
    server.process.send_signal(signal.SIGHUP)
    assert json.loads(valv('field', 'list', '--json', '--data', server.data)) == {'fields': []}
    server.process.send_signal(how)
    assert server.process.wait(30) == 0
    assert 'operation=stop' in server.log.read_text()
    assert not (server.data / 'valv.sock').exists()


def test_socket_alone(make, tmp_path):
    server = make()
    ready = tmp_path / 'ready'
    process = subprocess.Popen([VALV, 'serve', '--data', server.data, '--listen', 'none', '--ready-file', ready],
                               stderr=subprocess.DEVNULL)
    eventually(ready.exists)
    assert ready.read_text() == ''
    valv('field', 'list', '--data', server.data)
    assert modes(server.data)['valv.sock'] == 0o600
    process.terminate()
    assert process.wait(30) == 0


def test_a_vault_has_one_server(make):
    server = make()
    server.start()
    assert 'Another process' in valv('serve', '--data', server.data, '--listen', '127.0.0.1:0', status=REFUSED)
    valv('field', 'list', '--data', server.data)  # the first one still answers on the socket


def test_no_vault(tmp_path):
    assert 'valv init' in valv('serve', '--data', 'd', cwd=tmp_path, status=NOT_FOUND).replace(VALV, 'valv')
    assert not (tmp_path / 'd').exists()


def test_an_address_that_is_taken(make):
    first, second = make(name='a'), make(name='b')
    first.start()
    port = first.url.rsplit(':', 1)[1]
    assert 'cannot be listened on' in valv('serve', '--data', second.data, '--listen', f'127.0.0.1:{port}', status=REFUSED)


def test_the_sweeper_does_what_time_does(make, tmp_path):
    clock = tmp_path / 'clock'
    server = make('--demo', init=None)
    server.start({'VALV_TEST_CLOCK': str(clock)})
    server.stop()
    clock.write_text(str(10 * 366 * 86400 * 1000000))
    server.start({'VALV_TEST_CLOCK': str(clock)})
    data = '--data', server.data
    eventually(lambda: 'operation=sweep' in server.log.read_text())
    assert 'expired' in valv('subject', 'consents', ANNA, *data)
    assert json.loads(valv('subject', 'show', ANNA, '--purpose', 'rights', '--json', *data))['values'] == {}
    entries = json.loads(valv('audit', '--subject', ANNA, '--json', *data))['entries']
    assert {'ledger.expire': 'system'} == {each['act']: each['actor']['kind'] for each in entries
                                          if each['act'] == 'ledger.expire'}


# --- demo ---------------------------------------------------------------------------------------

def commands_of(log):
    """What the demo says to try, as one shell command each."""
    text = log.split('Try, in another terminal')[1].split('Ctrl-C')[0].replace('\\\n', '')
    return [line.strip() for line in text.split('\n') if line.startswith('    ')]


def test_what_the_demo_says_to_try_works(make):
    server = make('--demo', init=None)
    server.start()
    commands = commands_of(server.log.read_text())
    assert len(commands) == 8
    said = [subprocess.run(command, shell=True, text=True, capture_output=True, timeout=60) for command in commands]
    assert [each.returncode for each in said] == [0] * 8, said
    assert [each.stdout.split(':')[0] for each in said[:3]] == ['yes', 'no', 'no']
    assert json.loads(said[3].stdout)['allowed'] is True
    assert 'anna.lindqvist@example.com' in said[4].stdout
    assert 'erased' in said[7].stdout
    assert subprocess.run(commands[0], shell=True, text=True, capture_output=True).stdout.startswith('no: withdrawn')
    server.stop()
    server.start()  # keeps the data
    assert subprocess.run(commands[0], shell=True, text=True, capture_output=True).stdout.startswith('no: withdrawn')


def test_demo_on_a_vault_that_is_none(make):
    server = make('--demo')
    server.start()
    assert 'made up' not in server.log.read_text()


# --- fields and purposes ------------------------------------------------------------------------

def test_fields(demo, tmp_path):
    assert re.search(r'^email +email +exact', demo.run('field', 'list'), re.M)
    assert demo.json('field', 'show', 'email')['definition']['type'] == 'email'
    assert 'type: email' in demo.run('field', 'show', 'email')
    definition = {'title': {'en': 'Shoe size'}, 'type': 'number'}
    (tmp_path / 'shoe.json').write_text(json.dumps(definition))
    assert 'shoe_size' in demo.run('field', 'put', 'shoe_size', tmp_path / 'shoe.json')
    demo.run('field', 'put', 'shoe_size', '-', stdin=json.dumps(definition))
    assert demo.json('field', 'show', 'shoe_size')['definition'] == definition
    demo.run('field', 'show', 'nothing', status=NOT_FOUND)
    demo.run('field', 'show', '../purposes', status=REFUSED)


def test_a_refusal_says_what_where_and_why(demo):
    said = demo.run('field', 'put', 'shoe', '-', stdin='{"title":{"en":"x"},"type":"pigeon"}', status=REFUSED)
    assert 'valv: A member has a value that is not allowed.' in said
    assert '/type' in said
    done = demo.run('field', 'put', 'shoe', '-', '--json', stdin='{', status=REFUSED)
    assert json.loads(done.split('\n')[0])['status'] == 400


def test_a_body_that_is_too_long_is_not_sent_in_part(demo):
    assert 'longer than' in demo.run('field', 'put', 'shoe', '-', stdin='{' + ' ' * 300000, status=USAGE)


def test_purposes(demo):
    assert re.search(r'^newsletter +1 +consent +marketing', demo.run('purpose', 'list'), re.M)
    definition = demo.json('purpose', 'show', 'statistics')['versions'][-1]['definition']
    assert 'valv purpose activate survey' in demo.run('purpose', 'put', 'survey', '-', stdin=json.dumps(definition))
    assert 'Version 1 of survey' in demo.run('purpose', 'activate', 'survey')
    assert 'no new grounds' in demo.run('purpose', 'end', 'survey')
    assert 'missing' in demo.run('purpose', 'activate', 'survey', status=NOT_FOUND) or True
    del definition['retention']
    demo.run('purpose', 'put', 'survey2', '-', stdin=json.dumps(definition))
    assert '/retention' in demo.run('purpose', 'activate', 'survey2', status=REFUSED)


# --- persons ------------------------------------------------------------------------------------

def new_person(demo, address, **values):
    body = {'values': {'email': address, **values},
            'grounds': [{'purpose': 'newsletter', 'act': act, 'method': 'web_form', 'language': 'en'}
                        for act in ('given', 'confirmed')]}
    return demo.run('subject', 'create', '-', stdin=json.dumps(body)).strip()


def test_a_person_from_beginning_to_end(demo):
    person = new_person(demo, 'new.person@example.com', name='New Person')
    shown = demo.run('subject', 'show', person, '--purpose', 'newsletter')
    assert 'new.person@example.com' in shown and re.search(r'^newsletter +consent +live', shown, re.M)
    assert demo.run('subject', 'search', 'email', stdin='New.Person@example.com\n').split() == [person]
    assert demo.run('subject', 'search', 'email', '--value=new.person@example.com').split() == [person]
    assert demo.run('subject', 'search', 'name', stdin='person\n').split() == [person]
    demo.run('subject', 'search', 'email', stdin='nobody@example.com\n', status=NOT_FOUND)
    demo.run('subject', 'search', 'email', stdin='', status=USAGE)

    patch = json.dumps({'values': {'name': 'Newer Person'}})
    assert 'version 2' in demo.run('subject', 'correct', person, '-', '--version', 1, stdin=patch)
    assert 'changed' in demo.run('subject', 'correct', person, '-', '--version', 1, stdin=patch, status=REFUSED)
    assert 'version 3' in demo.run('subject', 'correct', person, '-', stdin=patch)

    demo.run('subject', 'consent', person, '--purpose', 'statistics', '--act', 'refused', '--method', 'phone')
    said = demo.run('subject', 'withdraw', person, '--purpose', 'newsletter', '--channel', 'email', '--method', 'mail')
    assert 'erased' in said
    ledger = demo.run('subject', 'consents', person)
    assert ['given', 'confirmed', 'refused', 'withdrawn'] == re.findall(r'given|confirmed|refused|withdrawn', ledger)
    assert len(demo.json('subject', 'consents', person)['acts']) == 4
    assert len(demo.json('subject', 'consents', person, '--after', 3)['acts']) == 1
    assert 'no live ground' in demo.run('subject', 'show', person, '--purpose', 'newsletter', status=REFUSED)
    assert 'subject.create' in demo.run('audit', '--subject', person)


def test_consent_through_the_command(demo):
    person = new_person(demo, 'signer@example.com')
    said = demo.run('subject', 'consent', person, '--purpose', 'newsletter', '--act', 'given', '--channel', 'email',
                    '--method', 'paper', '--control', 'signature', '--language', 'sv', '--reference', 'form 17')
    assert 'number 3' in said
    act = demo.json('subject', 'consents', person)['acts'][-1]
    assert act['method'] == 'paper' and act['evidence']['evidence'] == {'reference': 'form 17'}
    assert '--act are needed' in demo.run('subject', 'consent', person, '--purpose', 'newsletter', status=USAGE)


def test_objection(demo):
    person = new_person(demo, 'objector@example.com')
    demo.run('subject', 'object', person)
    assert 'objected' in demo.run('subject', 'consents', person)
    assert demo.run('decide', '--subject', person, '--purpose', 'newsletter', '--channel', 'email').startswith('no')


def told_now():
    now = datetime.datetime.now(datetime.timezone.utc)
    return '--told-at', now.strftime('%Y-%m-%dT%H:%M:%S.%fZ'), '--told-how', 'mail'


def test_restriction_and_lifting(demo):
    person = new_person(demo, 'contester@example.com')
    demo.run('subject', 'restrict', person, status=USAGE)
    number = re.search(r'number (\d+)', demo.run('subject', 'restrict', person, '--reason', 'accuracy', '--method', 'phone'))[1]
    asked = ('decide', '--subject', person, '--purpose', 'newsletter', '--channel', 'email')
    assert demo.run(*asked).startswith('no: restricted')
    demo.run('subject', 'lift', person, status=USAGE)
    demo.run('subject', 'lift', person, '--number', number, '--reason', 'accuracy', status=USAGE)
    assert '/told_at' in demo.run('subject', 'lift', person, '--number', number, status=REFUSED)
    demo.run('subject', 'lift', person, '--number', number, '--tell-only', *told_now())
    assert demo.run(*asked).startswith('no: restricted')
    demo.run('subject', 'lift', person, '--number', number)
    assert not demo.run(*asked).startswith('no: restricted')
    demo.run('subject', 'restrict', person, '--reason', 'claims', '--field', 'name', '--until', '2031-01-01T00:00:00Z')
    act = demo.json('subject', 'consents', person)['acts'][-1]
    assert (act['act'], act['reason'], act['fields']) == ('restricted', 'claims', ['name'])
    demo.run('subject', 'lift', person, '--reason', 'claims', *told_now())


def test_an_objection_is_ruled_on(demo, tmp_path):
    party = {'name': 'Exempel AB', 'contact': 'x@example.com'}
    words = {'sv': 'x', 'en': 'x'}
    path = tmp_path / 'security.json'
    path.write_text(json.dumps({
        'title': words, 'why': words, 'basis': 'legitimate_interest', 'fields': ['email'], 'retention': {'period': 'P1Y'},
        'assessment': {'purpose': 'a', 'necessity': 'b', 'balance': 'c', 'safeguards': 'd', 'review_at': '2027-06-30'},
        'recipients': [], 'controller': party, 'notices': words}))
    demo.run('purpose', 'put', 'security', str(path))
    demo.run('purpose', 'activate', 'security')
    person = demo.run('subject', 'create', '-', stdin=json.dumps(
        {'values': {'email': 'watched@example.com'}, 'grounds': [{'purpose': 'security'}]})).strip()
    number = re.search(r'number (\d+)', demo.run('subject', 'object', person, '--purpose', 'security'))[1]
    demo.run('subject', 'show', person, '--purpose', 'security', status=REFUSED)
    rule = ('subject', 'rule', person, '--number', number, '--decided-by', 'DPO')
    demo.run(*rule, status=USAGE)
    assert '/grounds' in demo.run(*rule, '--ruling', 'overruled', status=REFUSED)
    demo.run(*rule, '--ruling', 'overruled', '--grounds', 'an attack runs', *told_now())
    assert 'watched@example.com' in demo.run('subject', 'show', person, '--purpose', 'security')
    assert 'erased' in demo.run(*rule, '--ruling', 'upheld')


def test_nobody(demo):
    assert 'no such person' in demo.run('subject', 'show', NOBODY, '--purpose', 'newsletter', status=NOT_FOUND)
    demo.run('subject', 'withdraw', NOBODY, status=NOT_FOUND)


class Foreign(http.server.BaseHTTPRequestHandler):
    """A server that is not Valv, and answers what a test says."""

    def do_GET(self):
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *args):
        pass


@pytest.fixture
def foreign(tmp_path):
    server = http.server.HTTPServer(('127.0.0.1', 0), Foreign)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    key = tmp_path / 'key'
    key.write_text('valv_x')
    key.chmod(0o600)

    def run(body, *args, http_status=200, status=OK):
        server.body, server.status = body, http_status
        return valv(*args, '--url', f'http://127.0.0.1:{server.server_port}', '--key-file', key, status=status)

    yield run
    server.shutdown()
    server.server_close()


def test_data_cannot_steer_the_terminal(foreign):
    nasty = 'A\u202eB\u009bC\u001b[2JD'
    body = {'id': ANNA, 'kind': nasty, 'flags': [], 'version': 1, 'purpose': 'p', 'restricted': False,
            'values': {'name': {'value': nasty, 'origin': 'provided', 'stored_at': '2026-11-23T00:00:00Z'}},
            'grounds': []}
    shown = foreign(json.dumps(body).encode(), 'subject', 'show', ANNA, '--purpose', 'p')
    assert shown.count('A?B?C?[2JD') == 2
    assert not set(shown) & set('\u202e\u009b\u001b')


@pytest.mark.parametrize('body', [b'', b'<html>', b'{}', b'[]', b'{"title":1}', b'\xff', b'{"fields":{}}', b'{"fields":[1]}'])
def test_a_server_that_is_not_valv(foreign, body):
    assert 'not as Valv does' in foreign(body, 'field', 'list', http_status=500, status=REFUSED)
    if body not in (b'', b'{}', b'{"title":1}', b'[]', b'{"fields":[1]}'):  # read as an empty list
        assert 'not as Valv does' in foreign(body, 'field', 'list', status=REFUSED)


# --- decisions ----------------------------------------------------------------------------------

def test_decide(demo):
    question = '--purpose', 'newsletter', '--channel', 'email'
    said = demo.run('decide', '--subject', ANNA, *question)
    assert said.startswith('yes: consent\n  The person said yes to this.\n') and 'audit entry' in said
    assert demo.json('decide', '--subject', ANNA, *question)['allowed'] is True
    assert demo.run('decide', '--subject', DAVID, *question).startswith('no: ')
    demo.run('decide', '--check', '--subject', ANNA, *question)
    demo.run('decide', '--check', '--subject', DAVID, *question, status=REFUSED)
    demo.run('decide', '--check', '--json', '--subject', DAVID, *question, status=REFUSED)
    said = demo.run('decide', '--field', 'email', *question, stdin='anna.lindqvist@example.com')
    assert said.startswith('yes')
    assert demo.run('decide', '--field', 'email', '--value', 'nobody@example.com', *question).startswith('no: unknown')
    assert '/purpose' in demo.run('decide', '--subject', ANNA, '--purpose', 'nothing', '--channel', 'email', status=REFUSED)


def test_every_reason_has_its_sentence():
    description = json.loads(valv('openapi'))
    reasons = description['components']['schemas']['Decision']['properties']['reason']
    reasons = reasons.get('enum') or description['components']['schemas'][reasons['$ref'].rsplit('/')[-1]]['enum']
    text = (ROOT / 'src/cli/reason.c').read_text()
    words = dict((name, enum) for enum, name in
                 re.findall(r'X\((REASON_\w+), +\d+, "(\w+)"', (ROOT / 'src/vault/words.h').read_text()))
    assert [name for name in reasons if not re.search(rf'\[{words[name]}\] =\s+"', text)] == []


def test_batch(demo, tmp_path):
    lines = [json.dumps({'subject': who, 'purpose': 'newsletter', 'channel': 'email'}) for who in (ANNA, DAVID, NOBODY)]
    (tmp_path / 'questions').write_text('\n'.join(lines + ['nonsense']))  # the last line has no end
    answers = [json.loads(line) for line in demo.run('decide', '--batch', tmp_path / 'questions').splitlines()]
    assert [each.get('allowed') for each in answers] == [True, False, False, None]
    assert answers[3]['error']['status'] == 400
    assert demo.run('decide', '--batch', '-', stdin='') == ''
    many = demo.run('decide', '--batch', '-', stdin=(lines[0] + '\n') * 100001)  # more than one call takes
    assert many.count('"allowed":true') == 100001


# --- keys and suppressions ----------------------------------------------------------------------

def test_keys(demo, tmp_path):
    made = subprocess.run([VALV, 'key', 'create', 'shop', '--scope', 'decide,read', '--purpose', 'newsletter',
                           '--expires', 'P90D', '--data', demo.data], text=True, capture_output=True, timeout=60)
    assert re.fullmatch(r'valv_[\w-]{43}\n', made.stdout)
    assert made.stdout.strip() not in made.stderr
    key = tmp_path / 'key'
    said = demo.run('key', 'create', 'mailer', '--scope', 'decide', '--purpose', '*', '--to', key)
    identity = re.search(r'id (\S+);', said)[1]
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert 'is there already' in demo.run('key', 'create', 'mailer', '--scope', 'decide', '--purpose', '*', '--to', key,
                                          status=USAGE)
    listed = demo.run('key', 'list')
    assert re.search(r'mailer +in use +- +decide +\*', listed) and re.search(r'shop +in use +20\S+ \S+ +decide, read|'
                                                                            r'shop +in use +20\S+ \S+ +read, decide', listed)
    remote = 'decide', '--url', demo.url, '--key-file', key, '--subject', ANNA, '--purpose', 'newsletter', '--channel', 'email'
    assert valv(*remote).startswith('yes')
    assert 'may not do that' in valv('audit', '--url', demo.url, '--key-file', key, status=REFUSED)
    key.chmod(0o640)
    assert 'chmod 600' in valv(*remote, status=USAGE)
    key.chmod(0o600)
    assert 'Revoked' in demo.run('key', 'revoke', identity)
    assert 'API key' in valv(*remote, status=REFUSED)
    demo.run('key', 'revoke', NOBODY, status=NOT_FOUND)
    assert 'PERIOD' in valv('key', 'create', '--help')
    demo.run('key', 'create', 'k', '--scope', 'decide', '--purpose', '*', '--expires', '90 days', status=USAGE)


def test_suppress(demo):
    person = new_person(demo, 'stop.me@example.com')
    assert 'Suppressed' in demo.run('suppress', '--email', '-', '--scope', 'marketing', stdin='Stop.Me@example.com\n')
    said = demo.run('decide', '--subject', person, '--purpose', 'newsletter', '--channel', 'email')
    assert said.startswith('no: suppressed')
    assert '/value' in demo.run('suppress', '--email', '-', '--scope', 'marketing', stdin='no address\n', status=REFUSED)


# --- upkeep -------------------------------------------------------------------------------------

def test_audit(demo):
    first = demo.json('audit', '--limit', 2)
    assert len(first['entries']) == 2 and first['next']
    assert demo.json('audit', '--limit', 1, '--after', first['next'])['entries'][0]['seq'] > first['entries'][1]['seq']
    table = demo.run('audit', '--limit', 5)
    assert re.search(r'SEQ +AT +WHO', table)


def test_rotate_sweep_verify(demo):
    assert re.search(r'epoch \d+', demo.run('rotate'))
    assert demo.json('sweep', '--dry-run')['values'] == 0
    demo.run('sweep')
    assert 'what the ledgers and the audit log say' in demo.run('verify')
    assert demo.json('verify')['findings'] == []


def test_bench(demo):
    said = demo.json('bench', '--seconds', 1, '--connections', 4)
    assert said['answered'] > 10 and said['refused'] == 0 and said['p50_us'] <= said['p99_us']
    assert 'a second' in demo.run('bench', '--seconds', 1, '--connections', 1, '--subjects', '-', stdin=f'{ANNA}\n{DAVID}\n')
    assert '/purpose' in demo.run('bench', '--seconds', 1, '--purpose', 'nothing', status=REFUSED)
    demo.run('bench', '--subjects', '-', stdin='x\n', status=USAGE)


def test_logs_hold_nothing_of_people(demo):
    log = demo.log.read_text()
    assert '@example' not in log and 'Lindqvist' not in log


def test_commands_of_the_manual_are_commands():
    for line in re.findall(r'^valv .*', valv('help', 'manual').replace('\\-', '-'), re.M):
        words = shlex.split(line.split('   ')[0])[1:]
        assert words[0] in COMMANDS or ' '.join(words[:2]) in COMMANDS, line


# --- import -------------------------------------------------------------------------------------

def contacts(path, count, start=0):
    """A list as Mailchimp writes it, of people who confirmed."""
    with open(path, 'w') as file:
        file.write('Email Address,First Name,Last Name,OPTIN_TIME,CONFIRM_TIME,MEMBER_RATING\n')
        for i in range(start, start + count):
            file.write(f'person{i}@example.org,Given{i},Family{i},2026-01-02 03:04:05,2026-01-02 03:05:06,2\n')


YES = '--purpose', 'newsletter', '--evidence-source', 'form', '--evidence-reference', 'form 3'


def test_import(demo, tmp_path):
    contacts(tmp_path / 'list.csv', 20)
    with open(tmp_path / 'list.csv', 'a') as file:
        file.write('no address,X,Y,2026-01-02 03:04:05,2026-01-02 03:05:06,2\nlate@example.org,X,Y,,,2\n')
    arguments = 'import', tmp_path / 'list.csv', '--source', 'old tool', *YES
    before = demo.json('verify')['persons']
    said = demo.run(*arguments, '--dry-run')
    assert 'Dry run' in said and 'nothing was kept' in said and '22 rows, read as mailchimp' in said
    assert demo.json('verify')['persons'] == before

    said = demo.run(*arguments)
    assert '22 rows, read as mailchimp; recorded 20 consents' in said
    assert re.search(r'^Email Address +email +email', said, re.M)
    assert re.search(r'^ +20  persons made$', said, re.M) and re.search(r'^ +1  bad rows$', said, re.M)
    assert re.search(r'^ +22  email  The address', said, re.M)
    identity = re.match(r'Import (\S+) of "old tool", finished', said)[1]
    assert demo.run('import', '--status', identity) == said
    assert len(demo.json('import', '--problems', identity)['problems']) == 1
    assert 'What is wrong'.upper() in demo.run('import', '--problems', identity)
    assert identity in demo.run('import', '--list')
    assert demo.run('decide', '--field', 'email', '--value', 'person3@example.org', '--purpose', 'newsletter',
                    '--channel', 'email').startswith('yes')

    assert demo.json(*arguments)['outcomes']['unchanged'] == 20  # again: no duplicates
    assert '20 persons were taken back; 0 were left' in demo.run('import', '--undo', identity)
    assert 'undone' in demo.run('import', '--status', identity)
    assert demo.json('verify')['findings'] == []


def test_import_rest_and_ask(demo, tmp_path):
    (tmp_path / 'list.csv').write_text('Email,Name,Street,Postcode,City\nrest1@example.org,R One,Road 1,11122,Town\n')
    said = demo.run('import', tmp_path / 'list.csv', '--source', 'fair', '--rest', 'ask_first:ask_consent')
    assert 'to be asked' in said
    identity = said.split()[1]
    assert 'post' in demo.run('import', '--ask', identity)
    assert 'Rows are kept on a ground' in demo.run('import', tmp_path / 'list.csv', '--source', 'fair', '--dry-run')
    demo.run('import', tmp_path / 'list.csv', '--source', 'fair', '--rest', 'keep_for', status=USAGE)
    assert '/rest' in demo.run('import', tmp_path / 'list.csv', '--source', 'fair', '--rest', 'keep_for:nothing',
                               status=REFUSED)


def test_import_mapping_and_settings(demo, tmp_path):
    (tmp_path / 'list.csv').write_text('Kontakt;Fritext\nmapped@example.org;nothing\n')
    (tmp_path / 'map.json').write_text('{"Kontakt": "email", "Fritext": null}')
    said = demo.run('import', tmp_path / 'list.csv', '--source', 'x', '--mapping', tmp_path / 'map.json', '--dry-run')
    assert re.search(r'^Kontakt +\S+ +email', said, re.M)
    (tmp_path / 'settings.json').write_text('{"source": "x", "dry_run": true, "columns": {"Kontakt": "email"}}')
    said = demo.run('import', tmp_path / 'list.csv', '--settings', tmp_path / 'settings.json')
    assert said.startswith('Dry run')
    (tmp_path / 'map.json').write_text('["Kontakt"]')
    demo.run('import', tmp_path / 'list.csv', '--source', 'x', '--mapping', tmp_path / 'map.json', status=USAGE)


@pytest.mark.parametrize('args, said', [
    (['import'], 'needs a FILE'),
    (['import', 'list.csv'], '--source is needed'),
    (['import', '--list', '--status', ANNA], 'exclude each other'),
    (['import', 'list.csv', '--status', ANNA], 'without a FILE'),
    (['import', '--undo', 'x'], 'is no id'),
    (['import', 'list.csv', '--settings', 'f', '--told'], 'does not go with --settings'),
    (['import', 'list.csv', '--source', 'x', '--preset', 'excel'], '--preset takes one of'),
    (['import', '/dev/null', '--source', 'x'], 'is no file'),
    (['import', 'no-such-file', '--source', 'x'], 'cannot be read'),
])
def test_import_usage(demo, args, said, tmp_path):
    assert said in demo.run(*args, cwd=tmp_path, status=USAGE)


def begin_import(server, path):
    """An import of many rows, stopped at work once some were taken; its process."""
    process = subprocess.Popen([VALV, 'import', path, '--source', 'big', *YES, '--data', server.data],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    def rows():
        found = json.loads(valv('import', '--list', '--json', '--data', server.data))['imports']
        return found and found[0]['rows']
    eventually(rows, 60)
    return process


def finish(said, count):
    """Runs the command that the interruption told, and sees that nothing is missing or twice."""
    command = re.search(r'To go on:\n +(.*)', said)[1]
    done = subprocess.run(command, shell=True, text=True, capture_output=True, timeout=300)
    assert done.returncode == OK, done.stderr
    # A group that was committed but not answered for is met again, and brings nothing new.
    made, again = (int(found[1]) if (found := re.search(rf'^ *(\d+)  {what}$', done.stdout, re.M)) else 0
                   for what in ('persons made', 'nothing new'))
    assert f'{count} rows' in done.stdout and made + again == count and again < count / 2


def test_an_import_that_is_interrupted_goes_on(make, tmp_path):
    server = make('--demo', init=None)
    server.start()
    contacts(tmp_path / 'big.csv', 40000)
    process = begin_import(server, tmp_path / 'big.csv')
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == REFUSED and 'interrupted' in err
    assert '\r' not in err  # no bar where there is no terminal
    finish(err, 40000)


def test_an_import_survives_the_server(make, tmp_path):
    server = make('--demo', init=None)
    server.start()
    contacts(tmp_path / 'big.csv', 40000)
    process = begin_import(server, tmp_path / 'big.csv')
    server.stop('kill')
    out, err = process.communicate(timeout=60)
    assert process.returncode == NO_SERVER, err
    server.start()
    finish(err, 40000)


def test_resuming_another_file_is_noticed(demo, tmp_path):
    contacts(tmp_path / 'list.csv', 3)
    said = demo.run('import', tmp_path / 'list.csv', '--source', 'x', '--dry-run')
    (tmp_path / 'list.csv').write_text('Email\n')
    assert 'another file' in demo.run('import', tmp_path / 'list.csv', '--resume', said.split()[2], status=USAGE)


def test_the_bar_on_a_terminal(demo, tmp_path):
    contacts(tmp_path / 'list.csv', 3)
    reader, writer = os.openpty()
    subprocess.run([VALV, 'import', tmp_path / 'list.csv', '--source', 'x', '--dry-run', '--data', demo.data],
                   stderr=writer, stdout=subprocess.DEVNULL, check=True, timeout=60)
    os.close(writer)
    said = os.read(reader, 10000).decode()
    os.close(reader)
    assert '[....' in said and said.endswith('\r\x1b[K')


# --- requests ----------------------------------------------------------------------------------

def request_id(said):
    return re.match(r'[0-9a-f-]{36}', said)[0]


def test_a_request_from_beginning_to_end(demo):
    said = demo.run('request', 'open', '--right', 'erasure', '--channel', 'email', '--received', '2026-08-31T10:00:00Z',
                    '--language', 'sv', '--words', '-', stdin='Radera mig, tack.\n')
    id = request_id(said)
    assert 'erasure: initiated' in said and '2026-09-30' in said
    assert 'acknowledged' in demo.run('request', 'acknowledge', id)
    assert 'senast den 30 september 2026' in demo.run('request', 'letter', id, '--kind', 'acknowledgement')
    demo.run('request', 'message', id, '--direction', 'out', '--channel', 'email', '--words', '-', stdin='Vi har fått din begäran.')
    shown = demo.run('request', 'messages', id)
    assert 'Radera mig, tack.' in shown and 'Vi har fått din begäran.' in shown
    assert 'accepted' in demo.run('request', 'accept', id)
    demo.run('request', 'identity', id, '--result', 'confirmed', '--method', 'no_doubt')
    assert 'no_doubt' in demo.run('request', 'show', id)
    assert 'is needed' in demo.run('request', 'fulfil', id, '--not-all-because', 'legally_required', status=REFUSED)
    said = demo.run('request', 'fulfil', id, '--not-all-because', 'legally_required', '--words', '-', stdin='Fakturorna.')
    assert 'partly_fulfilled' in said


@pytest.mark.parametrize('right, does', [
    ('access', ['access']), ('portability', ['export']), ('withdrawal', ['withdraw', '--purpose', 'newsletter']),
    ('objection', ['object']), ('restriction', ['restrict', '--reason', 'accuracy'])])
def test_a_command_says_which_request_it_answers(demo, right, does):
    person = new_person(demo, f'asks.{right}@example.com', name='Asking Person')
    id = request_id(demo.run('request', 'open', '--right', right, '--channel', 'email', '--subject', person))
    command, *options = does
    demo.run('subject', command, person, *options, '--request', NOBODY, status=REFUSED)
    demo.run('subject', command, person, *options, '--request', id)
    demo.run('request', 'identity', id, '--result', 'confirmed', '--method', 'no_doubt')
    assert f'{right}: fulfilled' in demo.run('request', 'fulfil', id)  # no --entry: it has it


def test_requests_are_listed_by_when_they_are_due(demo):
    late = request_id(demo.run('request', 'open', '--right', 'access', '--channel', 'post', '--received', '2026-01-31T10:00:00Z'))
    soon = request_id(demo.run('request', 'open', '--right', 'information', '--channel', 'post'))
    table = demo.run('request', 'list', '--overdue')
    assert late in table and 'late' in table and soon not in table
    assert soon in demo.run('request', 'list', '--within', '40') and soon not in demo.run('request', 'list', '--within', '2')
    assert {late, soon} <= {one['id'] for one in demo.json('request', 'list', '--state', 'open')['requests']}
    assert demo.run('request', 'list', '--subject', NOBODY).split() == demo.run('request', 'list', '--subject', BJORN).split()


def test_a_refusal_that_one_alone_may_not_make(demo, tmp_path):
    id = request_id(demo.run('request', 'open', '--right', 'access', '--channel', 'email', '--subject', ANNA))
    (tmp_path / 'why').write_text('För tionde gången i år.')
    (tmp_path / 'shown').write_text('Nio tidigare begäranden.')
    demo.run('request', 'refuse', id, '--reason', 'manifestly_excessive', '--words', tmp_path / 'why', '--evidence',
             tmp_path / 'shown')
    assert 'does not approve' in demo.run('request', 'approve', id, status=REFUSED)
    key = tmp_path / 'key'
    demo.run('key', 'create', 'second', '--scope', 'rights', '--purpose', '*', '--to', key)
    url = demo.url
    said = valv('request', 'approve', id, '--url', url, '--key-file', key)
    assert 'refused' in said
    assert 'closed' in demo.run('request', 'withdraw', id, status=REFUSED)


def test_identity_extension_and_the_person(demo, tmp_path):
    id = request_id(demo.run('request', 'open', '--right', 'portability', '--channel', 'account'))
    (tmp_path / 'why').write_text('Ny adress.')
    said = demo.run('request', 'identity', id, '--result', 'asked', '--method', 'mailbox', '--words', tmp_path / 'why')
    assert 'clock stands' in said
    assert 'Last day' in demo.run('request', 'identity', id, '--result', 'confirmed', '--method', 'mailbox')
    demo.run('request', 'person', id, '--subject', DAVID)
    before = demo.json('request', 'show', id)
    said = demo.run('request', 'extend', id, '--reason', 'complexity', '--told', before['opened_at'], '--words', tmp_path / 'why')
    after = demo.json('request', 'show', id)
    assert after['due_on'] in said and after['due_on'] > before['due_on'] and after['extended_for'] == 'complexity'
    assert 'withdrawn' in demo.run('request', 'withdraw', id)


@pytest.mark.parametrize('args, said', [
    (('open', '--right', 'access'), '--channel is needed'), (('open', '--right', 'x', '--channel', 'email'), 'access'),
    (('letter', NOBODY), '--kind is needed'), (('refuse', NOBODY, '--reason', 'legal_claims'), '--words is needed'),
    (('identity', NOBODY), '--result is needed'), (('show', 'x'), 'is no id'), (('list', '--within', 'a'), 'a number'),
    (('message', NOBODY, '--direction', 'in', '--channel', 'email', '--words', '/nothing'), 'no file'),
])
def test_usage_of_requests(demo, args, said):
    assert said in demo.run('request', *args, status=USAGE)
    assert demo.run('request', 'show', NOBODY, status=NOT_FOUND)
