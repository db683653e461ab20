"""What time does: what will go, what goes, and that a clock that is wrong takes nothing away."""
import json
import subprocess
import time

import pytest

import definitions
from client import Client
from conftest import ALL_SCOPES, VALV
from definitions import consent, contract, make_person, read

DAY = 86400


class Vault:
    """A vault of its own with a clock that tests set."""

    def __init__(self, server, path):
        self.server, self.path, self.env = server, path, {}

    def clock(self, wall, boot=None):
        """Seconds by which the wall clock is ahead, and time that has passed (the same unless said)."""
        self.path.write_text(f'{round(wall * 1e6)} {round((wall if boot is None else boot) * 1e6)}')

    def start(self, **env):
        self.server.start({'VALV_TEST_CLOCK': str(self.path), 'VALV_TEST_SYNCED': '0', **env})
        self.operator = Client(self.server.socket)
        return self

    def restart(self, **env):
        self.server.stop()
        return self.start(**env)

    def state(self):
        return self.operator.get('/v1/admin/clock').json['state']

    def metric(self, name):
        lines = self.operator.get('/v1/metrics').body.decode().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(name + ' '))

    def preview(self, days):
        reply = self.operator.post('/v1/admin/sweep/preview', {'days': days})
        assert reply.status == 200, reply
        return reply.json

    def email(self, id):
        return read(self.operator, id, 'rights').json['values'].get('email', {}).get('value')

    def allowed(self, id):
        return self.operator.post('/v1/decisions', {'subject': id, 'purpose': 'newsletter', 'channel': 'email'}).json


@pytest.fixture
def vault(make_server, tmp_path):
    server = make_server()
    server.stop()
    path = tmp_path / 'clock'
    path.write_text('0 0')
    vault = Vault(server, path).start()
    definitions.put_all(vault.operator)
    yield vault
    server.stop()


def eventually(check):
    until = time.monotonic() + 30
    while not check():
        assert time.monotonic() < until
        time.sleep(0.05)


# --- what will go -----------------------------------------------------------------------------------

def test_a_preview_tells_by_day_purpose_and_field(vault):
    make_person(vault.operator, {'email': 'a@example.com', 'name': 'Anna Ek'})
    make_person(vault.operator, {'email': 'b@example.com'})
    held, _ = make_person(vault.operator, {'email': 'c@example.com', 'name': 'Cilla Ek', 'nick': 'C'},
                          [consent(), contract()])
    assert vault.preview(366)['values'] == 0
    vault.clock(700 * DAY)
    soon = vault.preview(40)
    assert (soon['persons'], soon['values'], soon['emptied'], soon['failed']) == (3, 4, 2, 0)
    [day] = soon['days']
    assert (day['persons'], day['values'], day['emptied']) == (3, 4, 2)
    [part] = day['purposes']
    assert (part['purpose'], part['persons'], part['values']) == ('newsletter', 3, 4)
    assert part['fields'] == [{'field': 'email', 'values': 2}, {'field': 'name', 'values': 1},
                              {'field': 'nick', 'values': 1}]
    assert vault.preview(10)['values'] == 0
    # What a hold keeps goes with the hold.
    until = time.strftime('%Y-%m-%dT00:00:00Z', time.gmtime(time.time() + 800 * DAY))
    reply = vault.operator.post(f'/v1/subjects/{held}/holds',
                                {'fields': ['nick'], 'reason': 'a claim', 'until': until})
    assert reply.status == 200, reply
    assert vault.preview(40)['values'] == 3  # the newsletter lets go of it sooner
    later = vault.preview(200)
    [last] = later['days'][-1]['purposes']
    assert (last['purpose'], last['fields']) == (None, [{'field': 'nick', 'values': 1}])
    entries = vault.operator.get('/v1/audit/entries?after=0&limit=1000').json['entries']
    assert 'sweep.preview' in {entry['act'] for entry in entries}


def test_what_the_preview_says_is_what_the_sweep_does(vault):
    for n in range(5):
        make_person(vault.operator, {'email': f'p{n}@example.com', 'name': 'Anna Ek'})
    vault.clock(731 * DAY)
    due = vault.preview(0)
    swept = vault.operator.post('/v1/admin/sweep').json
    assert due['values'] == swept['values_gone'] == 10 and swept['persons'] == 5
    assert vault.preview(0)['values'] == 0 and vault.metric('valv_sweep_due') == 0


@pytest.mark.parametrize('days', [-1, 367, 'ten', 1.5])
def test_a_preview_has_its_limits(operator, days):
    assert operator.post('/v1/admin/sweep/preview', {'days': days}).slug == 'invalid'


def test_previews_and_the_clock_are_for_operators(app, operator):
    assert app.post('/v1/admin/sweep/preview', {}).slug == 'denied'
    assert app.get('/v1/admin/clock').slug == 'denied'
    assert app.post('/v1/admin/clock/accept').slug == 'denied'
    assert operator.post('/v1/admin/sweep/preview').status == 200
    assert operator.get('/v1/admin/clock').json['state'] == 'trusted'
    assert operator.post('/v1/admin/clock/accept').json['state'] == 'trusted'


def test_the_command_line_shows_what_will_go(vault):
    make_person(vault.operator, {'email': 'a@example.com', 'name': 'Anna Ek'})
    vault.clock(720 * DAY)

    def valv(*args):
        return subprocess.run([VALV, *args, '--data', str(vault.server.data)], capture_output=True, text=True,
                              timeout=60)

    shown = valv('sweep', '--dry-run', '--days', '30')
    assert shown.returncode == 0, shown
    assert 'newsletter' in shown.stdout and 'email 1, name 1' in shown.stdout
    assert 'In 30 days, if nothing happens, 2 values of 1 persons are erased' in shown.stdout
    assert json.loads(valv('sweep', '--dry-run', '--days', '30', '--json').stdout)['values'] == 2
    assert '0 values of 0 persons are due now' in valv('sweep', '--dry-run').stdout
    assert valv('sweep', '--days', '30').returncode == 2
    assert 'trusted' in valv('clock', 'show').stdout
    assert 'believed from now on' in valv('clock', 'accept').stdout


# --- clocks -----------------------------------------------------------------------------------------

def test_time_that_passes_erases(vault):
    id, _ = make_person(vault.operator, {'email': 'a@example.com'})
    vault.clock(731 * DAY)
    vault.restart()
    eventually(lambda: vault.email(id) is None)
    eventually(lambda: vault.metric('valv_sweep_time_seconds') > 0)
    assert vault.state() == 'trusted' and vault.metric('valv_sweep_values_total') == 1


def test_a_clock_that_jumps_ahead_erases_nothing_and_allows_nothing(vault):
    id, _ = make_person(vault.operator, {'email': 'a@example.com'})
    vault.clock(731 * DAY, 60)
    assert vault.state() == 'ahead' and vault.metric('valv_clock_trusted') == 0
    assert vault.metric('valv_clock_ahead_seconds') > 700 * DAY
    assert vault.operator.post('/v1/admin/sweep').slug == 'conflict'
    # A change of the person by somebody must not erase either: it only covers again what was there.
    told = {'at': '2026-01-01T00:00:00Z', 'how': 'mail'}
    assert vault.operator.post(f'/v1/subjects/{id}/told', told).status == 200
    assert vault.operator.post(f'/v1/subjects/{id}/grounds',
                               {'purpose': 'duty', 'act': 'established', 'evidence': {'reference': '1'}}).status == 200
    assert not vault.allowed(id)['allowed']
    vault.clock(731 * DAY, 60)
    vault.restart()  # nor at a start
    eventually(lambda: 'operation=clock state=ahead' in vault.server.log.read_text())
    vault.clock(120)
    assert vault.state() == 'trusted'
    assert vault.email(id) == 'a@example.com' and vault.allowed(id)['allowed']
    assert vault.operator.post('/v1/admin/sweep').json == {'persons': 0, 'values_gone': 0, 'failed': 0}
    assert vault.operator.post('/v1/admin/verify').json['findings'] == []


def test_an_operator_accepts_a_clock(vault):
    id, _ = make_person(vault.operator, {'email': 'a@example.com'})
    vault.clock(731 * DAY, 60)
    assert vault.state() == 'ahead'
    assert vault.operator.post('/v1/admin/clock/accept').json['state'] == 'trusted'
    assert vault.operator.post('/v1/admin/sweep').json['values_gone'] == 1
    assert vault.email(id) is None
    entries = vault.operator.get('/v1/audit/entries?after=0&limit=1000').json['entries']
    assert [entry['actor']['kind'] for entry in entries if entry['act'] == 'clock.accept'] == ['operator']


def test_a_clock_that_goes_back_does_no_harm(vault):
    id, _ = make_person(vault.operator, {'email': 'a@example.com'})
    vault.clock(-400 * DAY, 60)
    assert vault.state() == 'trusted' and vault.metric('valv_clock_behind_seconds') > 300 * DAY
    assert vault.operator.post('/v1/admin/sweep').json['values_gone'] == 0
    vault.restart()
    vault.clock(120)  # and right again, without anybody's word
    assert vault.state() == 'trusted' and vault.email(id) == 'a@example.com'


def test_a_machine_that_was_off(vault):
    id, _ = make_person(vault.operator, {'email': 'a@example.com'}, [consent(until=time.strftime(
        '%Y-%m-%dT%H:%M:%SZ', time.gmtime(time.time() + DAY)))])
    vault.clock(2 * DAY, 0)
    vault.restart(VALV_TEST_BOOT='another')
    assert vault.state() == 'unsure'
    assert vault.email(id) == 'a@example.com'
    vault.restart(VALV_TEST_BOOT='another', VALV_TEST_SYNCED='1')
    eventually(lambda: vault.email(id) is None)
    assert vault.state() == 'trusted'
    vault.clock(60 * DAY, 0)
    vault.restart(VALV_TEST_BOOT='a third', VALV_TEST_SYNCED='1')
    assert vault.state() == 'ahead'


def test_what_has_an_end_is_cleared(vault):
    headers = {'Idempotency-Key': 'once'}
    body = {'values': {'email': 'a@example.com'}, 'grounds': [consent()]}
    assert vault.operator.call('POST', '/v1/subjects', body, headers=headers).status == 201
    vault.clock(400 * DAY)
    vault.restart()
    eventually(lambda: vault.metric('valv_sweep_time_seconds') > 0)
    # The key is free again: the same call makes another person.
    assert vault.operator.call('POST', '/v1/subjects', body, headers=headers).header('Idempotency-Replayed') is None


# --- contracts that ended, many at once ---------------------------------------------------------------

def stamp(seconds):
    return time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(seconds))


def ends(client, lines, purpose='order', **more):
    reply = client.post('/v1/grounds/ends', {'purpose': purpose, 'ends': lines, **more})
    assert reply.status == 200, reply
    return reply.json['ends']


def acts(client, id):
    return [act['act'] for act in client.get(f'/v1/subjects/{id}/consents').json['acts']]


def customer(client, began, **values):
    values = {'email': definitions.email(), **values}
    return make_person(client, values, [contract(at=stamp(began))])[0], values['email']


def test_contracts_end_by_the_companys_own_reference(vault):
    client, now = vault.operator, time.time()
    persons = [customer(client, now - 100 * DAY) for _ in range(3)]
    lines = [{'value': address, 'at': stamp(now - 10 * DAY)} for _, address in persons[:2]]
    done = ends(client, lines + [{'value': 'nobody@example.com'}, {'value': 'x'}], field='email')
    assert [line.get('changed') for line in done] == [True, True, None, None]
    assert [line['problem']['member'] for line in done[2:]] == ['/ends/2', '/ends/3']
    assert done[2]['problem']['type'].endswith('absent') and done[3]['problem']['type'].endswith('invalid')
    assert {line['until'][:4] for line in done[:2]} == {stamp(now + 355 * DAY)[:4]}
    again = ends(client, lines, field='email')
    assert [(line['changed'], line['until']) for line in again] == [(False, line['until']) for line in done[:2]]
    assert [acts(client, id) for id, _ in persons] == [['established', 'ended']] * 2 + [['established']]
    entries = client.get(f'/v1/audit/entries?subject={persons[0][0]}&limit=1000').json['entries']
    assert [entry['act'] for entry in entries].count('ledger.act') == 1


def test_the_retention_counts_from_the_end_and_not_a_day_less(vault):
    client, now = vault.operator, time.time()
    kept, gone = (customer(client, now - 400 * DAY)[0] for _ in range(2))
    assert [line['changed'] for line in ends(client, [{'subject': gone, 'at': stamp(now - 100 * DAY)}])] == [True]
    vault.clock(263 * DAY)
    vault.restart()
    assert vault.operator.post('/v1/admin/sweep').status == 200
    assert vault.email(gone), 'two days remain'
    vault.server.stop()
    vault.clock(267 * DAY)
    vault.start()
    eventually(lambda: vault.email(gone) is None)
    assert vault.email(kept), 'a contract that did not end is kept'


def test_an_end_never_erases_early(vault):
    client, now = vault.operator, time.time()
    id, _ = customer(client, now - 10 * DAY)
    for at, why in ((now + DAY, 'future'), (now - 11 * DAY, 'before')):
        line, = ends(client, [{'subject': id, 'at': stamp(at)}])
        assert why in line['problem']['detail'] and line['problem']['type'].endswith('invalid')
    other, _ = make_person(client, {'invoice': 'F-1'}, [{'purpose': 'books', 'evidence': {'reference': 'F-1'}}])
    line, = ends(client, [{'subject': other}], 'books')
    assert line['problem']['type'].endswith('conflict'), 'the retention of books counts from the end of the year'
    assert acts(client, id) == acts(client, other) == ['established']
    vault.clock(500 * DAY, 60)  # a clock that jumps
    vault.restart()
    line, = ends(vault.operator, [{'subject': id, 'at': stamp(now)}])
    vault.operator.post('/v1/admin/sweep')
    assert vault.email(id)


def test_lines_of_a_list_stand_each_for_itself(vault):
    client, address = vault.operator, definitions.email()
    id, _ = customer(client, time.time() - DAY)
    for _ in range(2):
        make_person(client, {'email': address}, [contract()])
    newsletter, _ = make_person(client)
    done = ends(client, [{}, {'subject': id, 'value': 'x'}, {'value': address}, {'subject': newsletter},
                         {'subject': '00000000-0000-4000-8000-000000000000'}, {'subject': 'x'}, {'subject': id}],
                field='email')
    kinds = [line['problem']['type'].rsplit('/', 1)[-1].rsplit(':', 1)[-1] if 'problem' in line else 'done' for line in done]
    assert kinds == ['invalid', 'invalid', 'conflict', 'conflict', 'absent', 'invalid', 'done']
    for wrong in ({'purpose': 'nothing', 'ends': []}, {'ends': []}, {'purpose': 'order', 'field': 'nick', 'ends': []},
                  {'purpose': 'order', 'ends': [{}] * 1001}):
        assert client.post('/v1/grounds/ends', wrong).status == 422


def test_who_may_not_search_ends_by_id_only(app, api, make_key):
    clerk, other = api.using(make_key(['write'])), api.using(make_key(['write', 'search'], ['newsletter']))
    id, address = customer(app, time.time() - DAY)
    assert clerk.post('/v1/grounds/ends', {'purpose': 'order', 'field': 'email', 'ends': [{'value': address}]}).status == 403
    assert other.post('/v1/grounds/ends', {'purpose': 'order', 'ends': [{'subject': id}]}).slug == 'purpose-denied'
    assert ends(clerk, [{'subject': id}])[0]['changed']


def test_who_is_not_there_takes_from_the_budget_and_nothing_else_does(vault):
    client = vault.operator
    assert client.put('/v1/settings/budget_per_hour', {'value': 2}).status == 200
    poor = Client(vault.server.url).using(client.post('/v1/keys', {'name': 'poor', 'scopes': ['write', 'search'], 'purposes': '*'}).json['key'])
    known = [{'value': customer(client, time.time() - DAY)[1]} for _ in range(2)]
    done = ends(poor, [known[0], *({'value': definitions.email()} for _ in range(3)), known[1]], field='email')
    kinds = [line['problem']['type'].rsplit('/', 1)[-1].rsplit(':', 1)[-1] if 'problem' in line else line['changed'] for line in done]
    assert kinds == [True, 'absent', 'absent', 'budget', True]


def test_the_command_line_ends_contracts(vault, tmp_path):
    client, now = vault.operator, time.time()
    persons = [customer(client, now - 100 * DAY) for _ in range(2)]
    path = tmp_path / 'ended.txt'
    path.write_text(f'{persons[0][1]}\t{stamp(now - DAY)}\n{persons[1][1]}\nnobody@example.com\n')
    call = [VALV, 'subject', 'ended', '--purpose', 'order', '--field', 'email', str(path), '--data', str(vault.server.data)]
    done = subprocess.run(call, text=True, capture_output=True, timeout=60)
    assert done.returncode == 1 and done.stdout == '2 recorded, 0 had ended before, 1 refused.\n', done
    assert done.stderr.startswith('line 3: ') and 'nobody@example.com' not in done.stderr
    assert '0 recorded, 2 had ended before' in subprocess.run(call, text=True, capture_output=True, timeout=60).stdout


# --- the lag ------------------------------------------------------------------------------------------

def test_the_lag_of_the_sweep_is_told(vault):
    client = vault.operator
    assert vault.metric('valv_sweep_lag_seconds') == vault.metric('valv_sweep_due') == 0
    make_person(client, {'email': 'a@example.com'}, [consent(until=stamp(time.time() + 2))])
    eventually(lambda: vault.metric('valv_sweep_due') == 1 and vault.metric('valv_sweep_lag_seconds') >= 1)
    assert client.post('/v1/admin/sweep').json['values_gone'] == 1
    assert vault.metric('valv_sweep_lag_seconds') == vault.metric('valv_sweep_due') == 0
