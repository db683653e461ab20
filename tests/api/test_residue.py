"""`valv residue`: every form of a text is found where it is planted; of an erased person nothing is."""
import base64
import gzip
import json
import os
import pathlib
import re
import sqlite3
import subprocess
import uuid
import zlib

import pytest

import definitions
from client import Client, Description
from conftest import VALV
from definitions import consent

CANARY = 'Kanariefågel-9b1f'


def residue(data, *more, texts=(CANARY,), status=0):
    done = subprocess.run([VALV, 'residue', '-', '--data', str(data), '--json', *map(str, more)], text=True,
                          input='\n'.join(texts) + '\n', capture_output=True, timeout=300)
    assert done.returncode == status, done
    assert CANARY not in done.stdout + done.stderr
    return json.loads(done.stdout)


FORMS = {
    'text': CANARY.encode(),
    'text in capitals': CANARY.upper().encode(),
    'latin-1': CANARY.encode('latin-1'),
    'utf-16le': CANARY.encode('utf-16-le'),
    'utf-16be': CANARY.encode('utf-16-be'),
    'hexadecimal': CANARY.encode().hex().encode(),
    'hexadecimal in capitals': CANARY.encode().hex().upper().encode(),
    'base64': base64.b64encode(b'x' + CANARY.encode() + b'y'),
    'base64 begun before': base64.b64encode(b'xy' + CANARY.encode()),
    'base64url': base64.urlsafe_b64encode(b'\xff\xff\xff' + CANARY.encode() + b'\xff\xff'),
    'base64 of small letters': base64.b64encode(CANARY.lower().encode()),
    'zlib': zlib.compress(b'a' * 5000 + CANARY.encode() + b'b' * 70000),
    'gzip': gzip.compress(b'a' * 70000 + CANARY.encode()),
    'gzip of zlib': gzip.compress(zlib.compress(CANARY.encode() * 3)),
    'gzip of base64': gzip.compress(base64.b64encode(b'q' + CANARY.encode())),
}


@pytest.mark.parametrize('form', FORMS)
def test_each_form_is_found_where_it_is_planted(tmp_path, form):
    for at in (0, 1, 4093, 1024 * 1024 - 7):  # the last over the border of two pieces
        (tmp_path / 'sub').mkdir(exist_ok=True)
        path = tmp_path / 'sub' / 'file'
        path.write_bytes(os.urandom(at) + FORMS[form] + os.urandom(5000))
        told = residue(tmp_path, status=1)
        assert told['count'] >= 1 and {f['file'] for f in told['found']} == {str(path)}, (form, at, told)
        assert {f['text'] for f in told['found']} == {1}
    path.write_bytes(os.urandom(3_000_000))
    assert residue(tmp_path)['count'] == 0


def test_halves_places_and_bad_calls(tmp_path):
    data, also = tmp_path / 'data', tmp_path / 'also'
    data.mkdir()
    also.mkdir()
    (data / 'page').write_bytes(CANARY.encode()[:11] + bytes(4000))
    (data / 'link').symlink_to('/etc/passwd')
    assert residue(data)['count'] == 0
    assert residue(data, '--halves', status=1)['found'][0]['half']
    (also / 'log').write_bytes(b'... ' + CANARY.encode())
    assert residue(data, '--also', also, texts=['something else', CANARY], status=1)['found'][0]['text'] == 2
    for call in (['abc'], [], ['-', '--data', str(tmp_path / 'nothing')]):
        done = subprocess.run([VALV, 'residue', '--data', str(data), *call] if '--data' not in call else
                              [VALV, 'residue', *call], text=True, input='x' * 20, capture_output=True, timeout=60)
        assert done.returncode == 2, done


def keys_of(data, ids):
    """The wrapped key sets of these persons."""
    with sqlite3.connect(f'file:{data}/valv.db?mode=ro', uri=True) as base:
        no = {id: base.execute('SELECT no FROM subject WHERE id = ?', (uuid.UUID(id).bytes,)).fetchone()[0] for id in ids}
    with sqlite3.connect(f'file:{data}/keys.db?mode=ro', uri=True) as base:
        return {id: base.execute('SELECT wrapped FROM subject_key WHERE subject = ?', (no[id],)).fetchone()[0]
                for id in ids}


def test_nothing_of_an_erased_person_is_left_in_any_file(make_server, tmp_path):
    """Values, evidence, imports, packages and logs: nothing readable is left, in the files that are, in what
    lay in the logs of the databases before, and in what the process left when it was killed."""
    server = make_server()
    operator = Client(server.socket, Description(Client(server.url).raw('GET', '/v1/openapi.json').json))
    definitions.put_all(operator)
    people = []
    for n in range(40):
        canary = f'{CANARY}-{n:03}'
        values = {'email': f'kanin.{n:03}@example.com', 'name': 'Anna Ek', 'nick': canary, 'phone': f'07017406{n % 90 + 10}'}
        reply = operator.post('/v1/subjects', {'values': values, 'grounds': [consent(evidence={'form': canary})]})
        assert reply.status == 201, reply
        people.append((reply.json['id'], canary, values))
    for id, canary, values in people:
        assert operator.get(f'/v1/subjects/{id}', headers={'Valv-Purpose': 'newsletter'}).status == 200
        assert operator.post('/v1/subjects/search', {'field': 'email', 'value': values['email']}).status == 200
    wrapped = keys_of(server.data, [id for id, _, _ in people])
    assert all(len(blob) > 80 for blob in wrapped.values())
    for id, _, _ in people[:30]:
        assert operator.post(f'/v1/subjects/{id}/erasure').json['buried']
    texts = [text for _, canary, values in people for text in (canary, values['email'], values['phone'])]
    limits = pathlib.Path(f'/proc/{server.process.pid}/limits').read_text()
    assert re.search(r'Max core file size +0 ', limits)  # memory is never left on the disk
    for how in ('serving', 'killed'):
        if how == 'killed':
            server.stop('kill')
        told = residue(server.data, '--also', server.log, texts=texts)
        assert told['count'] == 0 and told['files'] >= 6, (how, told)
        left = b''.join(path.read_bytes() for path in server.data.iterdir() if path.is_file())
        for n, (id, _, _) in enumerate(people):
            # The wrapped keys, by which old copies of the rows could be opened: gone with their owners only.
            assert (wrapped[id] in left) == (n >= 30), (how, n)
    server.start()
    assert not operator.post('/v1/admin/verify').json['findings']


def test_nothing_of_a_corrected_value_is_left_in_any_file(make_server):
    """Article 16: what was wrong is gone, and the key under which old copies of it could be opened; that it was
    corrected stands in the ledger."""
    server = make_server()
    operator = Client(server.socket, Description(Client(server.url).raw('GET', '/v1/openapi.json').json))
    definitions.put_all(operator)
    wrong, right = f'{CANARY}-fel', 'Rättfågel-9b1f'
    reply = operator.post('/v1/subjects', {'values': {'email': 'kanin@example.com', 'nick': wrong}, 'grounds': [consent()]})
    id = reply.json['id']
    wrapped, = keys_of(server.data, [id]).values()
    reply = operator.patch(f'/v1/subjects/{id}', {'values': {'nick': right}, 'statements': {'nick': 'So is it written.'},
                                                  'correction': {'requested_by': 'person'}}, headers={'If-Match': '*'})
    assert reply.status == 200, reply
    read = operator.get(f'/v1/subjects/{id}', headers={'Valv-Purpose': 'newsletter'}).json
    assert read['values']['nick']['value'] == right
    acts = [act['act'] for act in operator.get(f'/v1/subjects/{id}/consents').json['acts']]
    assert acts == ['given', 'corrected', 'completed']
    for how in ('serving', 'killed'):
        if how == 'killed':
            server.stop('kill')
        assert residue(server.data, '--also', server.log, texts=(wrong, right))['count'] == 0, how
        left = b''.join(path.read_bytes() for path in server.data.iterdir() if path.is_file())
        assert wrapped not in left, how
