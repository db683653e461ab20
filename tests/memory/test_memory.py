"""What a core of the server would hold: of an erased person, nothing.

Valv never writes a core (tests/api/test_residue.py), but a hypervisor, a swap device or a debugger can keep
an image of its memory.  Here people pass through every way in and out, are erased, and all that the
process can read of itself is searched with `valv residue`.  An optimised build without sanitizers,
since those keep what was freed.
"""
import json
import os
import pathlib
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from people import PURPOSES, define
from server import Server

TOP = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get('VALV_POWER', TOP / 'build/power')) / 'src/main/valv'
LETTERS = {'letters': {**PURPOSES['letters'], 'fields': ['email', 'name', 'town', 'phone']}}
PEOPLE = 40
PAGE = 4096
NOTICE = LETTERS['letters']['notices']['sv']  # no personal data; every server has it in memory
CONSENT = {'act': 'given', 'method': 'web_form', 'control': 'unticked_box', 'language': 'sv'}


def image(process, path):
    """Everything readable that is mapped, as a core has it, without the pages that are nothing but zeros."""
    with open(f'/proc/{process.pid}/maps', encoding='ascii') as maps, \
            open(f'/proc/{process.pid}/mem', 'rb', buffering=0) as memory, open(path, 'wb') as out:
        for line in maps:
            where, rights = line.split()[:2]
            begin, end = (int(number, 16) for number in where.split('-'))
            if rights[0] != 'r' or line.rstrip().endswith(('[vvar]', '[vvar_vclock]', '[vsyscall]')):
                continue
            memory.seek(begin)
            try:
                octets = memory.read(end - begin)
            except OSError:  # behind the end of its file, or hidden from everybody (keys)
                continue
            for at in range(0, len(octets), PAGE):
                if octets[at:at + PAGE].count(0) < PAGE:
                    out.write(octets[at:at + PAGE])


def found(texts, folder, also):
    done = subprocess.run([str(BINARY), 'residue', '-', '--data', str(folder), '--also', str(also), '--json'],
                          input='\n'.join(texts) + '\n', capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode in (0, 1), done
    return [(hit['file'], hit['form'], texts[hit['text'] - 1]) for hit in json.loads(done.stdout)['found']]


def person(n):
    return {'email': f'minnes.kanin.{n:03}@example.org', 'name': f'Minneskanin Spårlös-{n:03}',
            'phone': f'+46701740{610 + n}', 'town': f'Kaninköping-{n:03}'}


def through_everything(caller, n):
    """Made, corrected, read, searched, asked about, exported; the id."""
    values = person(n)
    id = caller.good('POST', '/v1/subjects', {'values': {**values, 'town': 'Nollstad'}, 'grounds': [
        {**CONSENT, 'purpose': 'letters', 'evidence': {'form': values['town']}}]})['id']
    caller.good('PATCH', f'/v1/subjects/{id}', {'values': {'town': values['town']}}, **{'If-Match': '*'})
    caller.good('GET', f'/v1/subjects/{id}', **{'Valv-Purpose': 'letters'})
    caller.good('POST', '/v1/subjects/search', {'field': 'name', 'value': values['name']})
    caller.good('POST', '/v1/decisions', {'field': 'email', 'value': values['email'], 'purpose': 'letters', 'channel': 'email'})
    for format in ('json', 'csv', 'html'):
        assert caller.call('POST', f'/v1/subjects/{id}/access', {'format': format, 'language': 'sv'}).status == 200
    caller.good('POST', f'/v1/subjects/{id}/access', {'format': 'json', 'delivery': 'link'})
    for format in ('json', 'csv', 'vcard'):
        assert caller.call('POST', f'/v1/subjects/{id}/export', {'format': format}).status == 200
    refused = caller.call('POST', '/v1/subjects', {'values': values})  # named in an error, but not by its value
    assert refused.status == 422, refused
    return id


@pytest.fixture(name='server')
def serving(tmp_path):
    server = Server(tmp_path / 'vault', tmp_path / 'logs', binary=str(BINARY)).init()
    server.start()
    define(server.caller(), purposes=LETTERS)
    yield server
    server.kill()


def test_nothing_of_an_erased_person_is_in_memory(server):
    caller = server.caller()
    with ThreadPoolExecutor(8) as clients:
        ids = list(clients.map(lambda n: through_everything(server.caller(), n), range(PEOPLE)))
    for id in ids:
        assert caller.good('POST', f'/v1/subjects/{id}/erasure', {})['buried']
    image(server.process, server.logs / 'core')
    texts = [value for n in range(PEOPLE) for value in person(n).values()]
    hits = found([*texts, NOTICE], server.data, server.logs)
    assert [hit for hit in hits if hit[2] != NOTICE] == []
    assert hits, 'the image is none: it lacks what is no personal data'
    server.kill()
    (server.logs / 'core').unlink()
    assert [hit for hit in found([*texts, NOTICE], server.data, server.logs) if hit[2] != NOTICE] == []
