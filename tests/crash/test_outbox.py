"""kill -9 while notices leave: none is lost, and a second copy has the id of the first.

The receiver kills the server itself: after a notice has arrived and before it is answered, which is
when it is sent and not yet written down; and the acts' own answers are followed by kills, too.
"""
import os
import pathlib
import random
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'api'))

from receiver import Receiver  # noqa: E402
from people import define      # noqa: E402
from server import Dead, Server  # noqa: E402

ROUNDS = int(os.environ.get('VALV_CRASHES', '20'))
SEED = os.environ.get('VALV_SEED') or str(random.SystemRandom().randrange(1 << 32))
TEXTS = {'sv': 'x', 'en': 'x'}


def ask(caller, method, path, body=None):
    answer = caller.call(method, path, body)
    assert answer.status < 300, answer
    return answer.json


def prepare(caller, url):
    define(caller)
    ask(caller, 'POST', '/v1/admin/delivery', {'networks': ['127.0.0.0/8']})
    ask(caller, 'PUT', '/v1/recipients/printer', {'title': 'Tryckeriet AB', 'role': 'processor',
                                                  'contact': 'brev@example.org', 'webhook': url})
    ask(caller, 'PUT', '/v1/purposes/mailing', {
        'title': TEXTS, 'why': TEXTS, 'basis': 'contract', 'fields': ['email'], 'retention': {'period': 'P2Y'},
        'recipients': [{'name': 'Tryckeriet AB', 'role': 'processor'}],
        'controller': {'name': 'Exempel AB', 'contact': 'x@example.com'}, 'notices': TEXTS})
    ask(caller, 'POST', '/v1/purposes/mailing/activate')


def somebody(caller, number):
    made = ask(caller, 'POST', '/v1/subjects', {
        'values': {'email': f'person{number}@example.com'},
        'grounds': [{'purpose': 'mailing', 'evidence': {'reference': f'A-{number}'}}]})
    ask(caller, 'POST', f'/v1/subjects/{made["id"]}/disclosures',
        {'recipient': 'printer', 'purpose': 'mailing', 'fields': ['email'], 'reference': f'ref-{number}'})
    return made['id']


def test_no_notice_is_lost_and_copies_have_one_id(tmp_path):
    chance = random.Random(SEED)
    receiver = Receiver()
    server = Server(tmp_path / 'vault', tmp_path / 'logs').init()
    server.start()
    caller = server.caller()
    prepare(caller, receiver.url)
    expected = []
    for number in range(ROUNDS):
        person = somebody(caller, number)
        killing = chance.random() < .7
        if killing:  # it has arrived, and its sender dies before it hears so
            receiver.answers = [lambda handler: server.kill()]
        try:
            ask(caller, 'POST', f'/v1/subjects/{person}/restriction', {'act': 'restricted', 'reason': 'accuracy'})
        except Dead:
            assert killing  # the notice was quicker than the answer, and the kill with it
        expected.append(f'ref-{number}')
        if receiver.answers:
            receiver.wait(len(receiver.calls) + 1, 30)
        time.sleep(chance.random() * .05)
        caller.close()
        server.kill()
        receiver.answers = []
        server.start()
        caller = server.caller()
    until = time.monotonic() + 60
    while time.monotonic() < until:
        rows = ask(caller, 'GET', '/v1/outbox?limit=1000')['outbox']
        if all(row['state'] == 'delivered' for row in rows):
            break
        time.sleep(.2)
    arrived = {}
    for call in receiver.calls:
        reference, = call.event['data']['references']
        arrived.setdefault(reference, set()).add((call.id, call.body))
    where = f'seed {SEED}: {rows}'
    assert sorted(arrived) == sorted(expected), where
    assert all(len(copies) == 1 for copies in arrived.values()), where
    assert len(rows) == ROUNDS and all(row['state'] == 'delivered' for row in rows), where
    assert len(receiver.calls) > ROUNDS or ROUNDS < 5, 'no kill came between sending and writing it down'
    assert not server.verify()['findings']
    caller.close()
    server.kill()
    receiver.close()
