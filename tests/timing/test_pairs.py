"""Whether a stranger can tell by time which names have an account ($VALV_PAIRS pairs, over HTTP).

One request with a name that there is and one with a name that there is not, in random order, each from an address
of its own (127.0.0.0/8), all with the same wrong password.  The account is soon tried too often, the others never:
that must not show either.  The largest |t| over all pairs and those below some percentiles counts, as in timing.c.
"""
import http.client
import json
import math
import os
import pathlib
import random
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'api'))

from conftest import Server  # noqa: E402
from signing_in import Office  # noqa: E402

PAIRS = int(os.environ.get('VALV_PAIRS', '5000'))
T_MAX = 5


def ask(port, name, number):
    """(seconds, status, body without what differs by request)"""
    address = '127.%d.%d.%d' % (1 + number // 62500, number // 250 % 250, 1 + number % 250)
    connection = http.client.HTTPConnection('127.0.0.1', port, timeout=60, source_address=(address, 0))
    body = json.dumps({'user_name': name, 'password': 'not the password, surely', 'code': '123456'})
    connection.connect()
    begun = time.perf_counter()
    connection.request('POST', '/v1/session', body, {'Content-Type': 'application/json'})
    reply = connection.getresponse()
    text = reply.read()
    took = time.perf_counter() - begun
    connection.close()
    return took, reply.status, text, sorted(name for name, _ in reply.getheaders())


def welch(a, b):
    if min(len(a), len(b)) < 50:
        return 0
    spread = statistics.variance(a) / len(a) + statistics.variance(b) / len(b)
    return (statistics.fmean(a) - statistics.fmean(b)) / math.sqrt(spread)


def test_a_name_that_there_is_takes_no_other_time_than_one_that_there_is_not(tmp_path):
    server = Server(tmp_path)
    server.init()
    server.start()
    try:
        Office(server).join('some.name500@example.com')
        port = int(server.url.rsplit(':', 1)[1])
        taken, answers = {True: [], False: []}, set()
        for number in range(PAIRS):
            order = [True, False]
            random.shuffle(order)
            for place, known in enumerate(order):
                name = 'some.name500@example.com' if known else 'some.name%03d@example.com' % random.randrange(500)
                took, *answer = ask(port, name, 2 * number + place)
                taken[known].append(took)
                answers.add(repr(answer))
    finally:
        server.stop()
    assert len(answers) == 1, answers
    largest = 0
    pooled = sorted(taken[True] + taken[False])
    for kept in (1, 0.99, 0.95, 0.9, 0.75, 0.5):
        limit = pooled[int(kept * (len(pooled) - 1))]
        t = welch([x for x in taken[True] if x <= limit], [x for x in taken[False] if x <= limit])
        largest = t if abs(t) > abs(largest) else largest
    print('\n%d pairs: known %.3f ms, unknown %.3f ms at the median; largest t %+.2f'
          % (PAIRS, 1000 * statistics.median(taken[True]), 1000 * statistics.median(taken[False]), largest))
    assert abs(largest) < T_MAX
