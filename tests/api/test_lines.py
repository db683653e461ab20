"""The quick reader of batch lines accepts nothing that the JSON parser does not, and means the same.

Lines are made at random from pieces that are right, nearly right and wrong; each is asked alone
(json_parse) and in a batch (line_read first).
"""
import random

from definitions import make_person
from test_decisions import batch

PIECES = ['{', '}', '"', ':', ',', ' ', '\t', '\r', '\\', '\\"', '\\u0073', '\\n', 'null', 'true', 'false', '1', '-0.5', '[]', '{}',
          'subject', 'purpose', 'channel', 'class', 'opt_out', 'promotional', 'category', 'field', 'value', 'newsletter', 'email',
          'marketing', '"purpose":"newsletter"', '"channel":"email"', '"class":"service"', '"opt_out":true', '"promotional":false',
          '"category":"shoes"', '"class":null', '\x7f', '\x01', 'é', '\u2028', '€', '𝄞', '', ',,', '""', '"":""']


def whole(rng, id):
    members = ['"subject":"%s"' % id, '"purpose":"newsletter"', '"channel":"email"']
    members += rng.sample(['"class":"marketing"', '"opt_out":true', '"promotional":false', '"category":"shoes"', '"class":"service"',
                           '"channel":"sms"', '"opt_out":null', '"purpose":"order"', '"field":"email"', '"x":1'], rng.randrange(3))
    rng.shuffle(members)
    space = lambda: rng.choice(['', '', '', ' ', '\t', '\r', '  '])
    return '{' + ','.join(space() + m.replace(':', space() + ':' + space(), 1) + space() for m in members) + '}' + space()


def damaged(rng, line):
    for _ in range(rng.randrange(3)):
        at = rng.randrange(len(line) + 1)
        cut = rng.randrange(4)
        line = line[:at] + rng.choice(PIECES) + line[at + cut:]
    return line.replace('\n', '')


def test_alone_and_in_a_batch_lines_mean_the_same(app):
    rng = random.Random(20261123)
    id, _ = make_person(app)
    lines = []
    while len(lines) < 1500:
        line = damaged(rng, whole(rng, id)).encode()
        if rng.random() < 0.1 and line:
            at = rng.randrange(len(line))
            line = line[:at] + bytes([rng.randrange(256)]) + line[at + 1:]
        if b'\n' not in line and line.strip():
            lines.append(line)
    together = batch(app, lines, canaries=()).lines
    assert len(together) == len(lines)
    connection = app.connection()
    accepted = 0
    for line, answer in zip(lines, together):
        alone = app.call('POST', '/v1/decisions', line, type='application/json', connection=connection, canaries=())
        if alone.status == 200:
            accepted += 1
            assert {k: alone.json.get(k) for k in ('allowed', 'reason', 'basis', 'version')} == {
                k: answer.get(k) for k in ('allowed', 'reason', 'basis', 'version')}, line
        else:
            assert (answer['error']['type'], answer['error']['status'], answer['error'].get('member')) == (
                alone.json['type'], alone.status, alone.json.get('member')), (line, alone, answer)
    connection.close()
    assert 200 < accepted < 1300
