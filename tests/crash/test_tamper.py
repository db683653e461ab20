"""Rows that somebody moved, changed or put back from the past, with a database editor and no key: reading
refuses them, and `valv verify` finds them."""
import sqlite3

import pytest

from people import define
from server import Server

SEAL, VERSION = 'a section cannot be opened', 'row is not the one'


@pytest.fixture(name='vault')
def vault_of_three(tmp_path):
    """(server, ids); stopped, so that its files can be written to."""
    server = Server(tmp_path / 'vault', tmp_path / 'logs').init()
    server.start()
    caller = server.caller()
    define(caller)
    ids = [caller.good('POST', '/v1/subjects', {
        'values': {'email': f'{name}@example.org', 'name': name, 'phone': f'+4670174060{n}', 'town': 'Mora'},
        'grounds': [{'purpose': 'letters', 'language': 'sv', 'method': 'web_form'},
                    {'purpose': 'orders', 'evidence': {'reference': 'o-1'}}]})['id']
        for n, name in enumerate(('Anna', 'Bo', 'Cia'))]
    server.stop()
    yield server, ids
    server.kill()


def edit(server, name, *statements):
    base = sqlite3.connect(server.data / name)
    for statement, *values in statements:
        assert base.execute(statement, values).rowcount == 1, statement
    base.commit()
    base.close()


def column(server, name, statement, *values):
    base = sqlite3.connect(server.data / name)
    found = base.execute(statement, values).fetchone()
    base.close()
    return found


def blob(id):
    return bytes.fromhex(id.replace('-', ''))


def found(server):
    return {finding['finding'].split(':')[0]: finding['subjects'] for finding in server.verify()['findings']}


def refused(server, id):
    answer = server.caller().get(f'/v1/subjects/{id}', Valv_Purpose='orders')
    assert (answer.status, answer.slug) == (500, 'crypto'), answer


def test_an_untouched_vault_is_found_in_order(vault):
    server, _ = vault
    server.start()
    assert found(server) == {}


def test_records_swapped_between_persons_are_refused(vault):
    server, (anna, bo, cia) = vault
    records = {id: column(server, 'valv.db', 'SELECT record FROM subject WHERE id = ?', blob(id))[0] for id in (anna, bo)}
    edit(server, 'valv.db', *[('UPDATE subject SET record = ? WHERE id = ?', records[one], blob(other))
                              for one, other in ((anna, bo), (bo, anna))])
    server.start()
    refused(server, anna)
    refused(server, bo)
    assert server.caller().get(f'/v1/subjects/{cia}', Valv_Purpose='orders').status == 200
    assert sorted(found(server)[SEAL]) == sorted([anna, bo])


def test_keys_swapped_with_their_records_are_refused(vault):
    """A whole person under another's id: the key set says whose it is."""
    server, (anna, bo, _) = vault
    rows = {id: column(server, 'valv.db', 'SELECT no, record FROM subject WHERE id = ?', blob(id)) for id in (anna, bo)}
    sets = {no: column(server, 'keys.db', 'SELECT wrapped FROM subject_key WHERE subject = ?', no)[0]
            for no, _ in rows.values()}
    edit(server, 'valv.db', ('UPDATE subject SET record = ? WHERE id = ?', rows[bo][1], blob(anna)))
    edit(server, 'keys.db', ('UPDATE subject_key SET wrapped = ? WHERE subject = ?', sets[rows[bo][0]], rows[anna][0]))
    server.start()
    refused(server, anna)
    assert anna in found(server)['keys are missing or cannot be opened']


def test_sections_swapped_inside_a_record_are_refused(vault):
    server, (anna, *_) = vault
    record, = column(server, 'valv.db', 'SELECT record FROM subject WHERE id = ?', blob(anna))
    # u8 format | le16 count | le32 no ...: the first two sections change their numbers.
    count = int.from_bytes(record[1:3], 'little')
    assert count >= 2
    changed = bytearray(record)
    changed[3:7] = (2).to_bytes(4, 'little')
    edit(server, 'valv.db', ('UPDATE subject SET record = ? WHERE id = ?', bytes(changed), blob(anna)))
    server.start()
    refused(server, anna)
    assert anna in found(server)[SEAL]


@pytest.mark.parametrize('at', [0, 2, 5, 9, 16, 30, 60, -1])
def test_a_changed_octet_is_refused(vault, at):
    server, (anna, *_) = vault
    record, = column(server, 'valv.db', 'SELECT record FROM subject WHERE id = ?', blob(anna))
    changed = bytearray(record)
    changed[at] ^= 4
    edit(server, 'valv.db', ('UPDATE subject SET record = ? WHERE id = ?', bytes(changed), blob(anna)))
    server.start()
    answer = server.caller().get(f'/v1/subjects/{anna}', Valv_Purpose='rights')  # all sections
    assert answer.status == 500 and answer.slug in ('crypto', 'corrupt'), answer
    assert anna in [id for ids in found(server).values() for id in ids]


@pytest.mark.parametrize('ledger_too', [False, True])
def test_a_row_put_back_from_the_past_is_found(vault, ledger_too):
    """The person withdrew; somebody puts yesterday's row back, and the ledger's, and the keys."""
    server, (anna, *_) = vault
    row = column(server, 'valv.db', 'SELECT version, due_at, email_tag, phone_tag, standing, record FROM subject '
                 'WHERE id = ?', blob(anna))
    no, = column(server, 'valv.db', 'SELECT no FROM subject WHERE id = ?', blob(anna))
    wrapped, = column(server, 'keys.db', 'SELECT wrapped FROM subject_key WHERE subject = ?', no)
    server.start()
    server.caller().good('POST', f'/v1/subjects/{anna}/withdrawals', {'purpose': 'letters'})
    server.stop()
    edit(server, 'keys.db', ('UPDATE subject_key SET wrapped = ? WHERE subject = ?', wrapped, no))
    edit(server, 'valv.db', ('UPDATE subject SET version = ?, due_at = ?, email_tag = ?, phone_tag = ?, standing = ?, '
                             'record = ? WHERE id = ?', *row, blob(anna)))
    if ledger_too:
        edit(server, 'valv.db', ('DELETE FROM ledger WHERE subject = ? AND act = 5', no))
    server.start()
    assert anna in found(server)[VERSION + ' that the audit log says was written last']


def test_a_lookup_that_was_taken_away_is_found(vault):
    server, (anna, *_) = vault
    no, = column(server, 'valv.db', 'SELECT no FROM subject WHERE id = ?', blob(anna))
    edit(server, 'valv.db', ('DELETE FROM lookup WHERE subject = ? AND field = 1', no))
    server.start()
    assert anna in found(server)['a value is not found by its digest']


def test_an_act_that_was_taken_away_is_found(vault):
    server, (anna, *_) = vault
    no, = column(server, 'valv.db', 'SELECT no FROM subject WHERE id = ?', blob(anna))
    edit(server, 'valv.db', ('DELETE FROM ledger WHERE subject = ? AND seq = 1', no))
    server.start()
    assert anna in found(server)['standing is not what the ledger gives']


def test_a_file_that_is_no_database_is_refused(vault):
    from server import Dead
    server, _ = vault
    path = server.data / 'valv.db'
    path.write_bytes(b'not a database' * 1000)
    with pytest.raises(Dead):
        server.start()
    assert 'damaged' in server.stderr or 'not what it must be' in server.stderr
