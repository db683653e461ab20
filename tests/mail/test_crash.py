"""kill -9 while confirmations go out: each is sent once, or held as unknown; none is missing (M1).

$VALV_MAIL_CRASHES kills ($VALV_MAIL_MESSAGES messages); a short campaign unless said."""
import os
import pathlib
import random
import re
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'crash'))
from server import BINARY, Server  # noqa: E402

CRASHES = int(os.environ.get('VALV_MAIL_CRASHES', '6'))
MESSAGES = int(os.environ.get('VALV_MAIL_MESSAGES', '300'))
SEED = os.environ.get('VALV_SEED') or str(random.SystemRandom().randrange(1 << 32))
QUEUE = pathlib.Path(BINARY).parents[2] / 'tests/unit/message/mail_queue'


class Sink:
    """Takes every mail, and knows how often each came: noted before the answer is given."""

    def __init__(self):
        self.socket = socket.create_server(('127.0.0.1', 0))
        self.port, self.lock, self.taken = self.socket.getsockname()[1], threading.Lock(), {}
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                one, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.talk, args=(one,), daemon=True).start()

    def talk(self, one):
        try:
            one.sendall(b'220 sink\r\n')
            lines = one.makefile('rb')
            for line in lines:
                word = line[:4].upper()
                if word == b'EHLO':
                    one.sendall(b'250-sink\r\n250 PIPELINING\r\n')
                elif word == b'DATA':
                    one.sendall(b'354 go\r\n')
                    octets = []
                    for line in lines:
                        if line == b'.\r\n':
                            break
                        octets.append(line)
                    else:
                        return # cut off before the dot
                    name = re.search(rb'^Message-ID: *<([0-9a-f]{32})@', b''.join(octets), re.M | re.I).group(1).decode()
                    with self.lock:
                        self.taken[name] = self.taken.get(name, 0) + 1
                    one.sendall(b'250 2.0.0 taken\r\n')
                elif word == b'QUIT':
                    one.sendall(b'221 bye\r\n')
                    return
                else:
                    one.sendall(b'250 2.0.0 ok\r\n')
        except OSError:
            pass
        finally:
            one.close()


def counts(caller):
    return caller.call('GET', '/v1/mail').json


def states(caller):
    found, after = {}, '0'
    while after is not None:
        page = caller.call('GET', f'/v1/mail/messages?after={after}&limit=1000').json
        found.update({row['id'].replace('-', ''): row['state'] for row in page['messages']})
        after = page['next']
    return found


def test_each_is_sent_once_or_held_as_unknown(tmp_path):
    random.seed(SEED)
    sink = Sink()
    server = Server(tmp_path / 'vault', tmp_path / 'logs').init()
    server.start()
    caller = server.caller()
    put = caller.call('POST', '/v1/admin/mail', {'host': '127.0.0.1', 'port': sink.port, 'tls': 'none', 'from': 'hej@example.com',
                                                 'connections': 2, 'domain_rate': 1000000})
    assert put.status == 200, put
    assert caller.call('POST', '/v1/admin/mail/keys', {'kind': 'ed25519', 'selector': 'v'}).status == 200
    caller.close()
    server.kill()
    subprocess.run([QUEUE, server.data, str(MESSAGES), '1'], check=True, timeout=120)
    killed_at_work = 0
    for number in range(CRASHES):
        server.start()
        before = len(sink.taken)
        # The longer the queue is to last, the shorter each life.
        wanted = before + random.randint(0, max(2 * (MESSAGES - before) // (CRASHES - number + 1), 2))
        end = time.monotonic() + 5
        while len(sink.taken) < wanted and time.monotonic() < end:
            time.sleep(random.random() / 500)
        server.kill()
        killed_at_work += len(sink.taken) < MESSAGES
    server.start()
    caller = server.caller()
    end = time.monotonic() + 120
    while (now := counts(caller)) and (now['waiting'] or now['sending']) and time.monotonic() < end:
        time.sleep(0.1)
    found = states(caller)
    caller.close()
    server.kill()
    sent, unknown = ([id for id, state in found.items() if state == word] for word in ('sent', 'unknown'))
    twice = {id: count for id, count in sink.taken.items() if count > 1}
    report = f'{len(sent)} sent, {len(unknown)} unknown of which the server has {sum(id in sink.taken for id in unknown)}; ' \
             f'{killed_at_work} of {CRASHES} kills at work; seed {SEED}'
    print(report)
    if os.environ.get('VALV_REPORT'):
        pathlib.Path(os.environ['VALV_REPORT']).write_text(report + '\n')
    assert len(found) == MESSAGES and len(sent) + len(unknown) == MESSAGES, report
    assert not twice, (twice, report)
    assert all(id in sink.taken for id in sent) and set(sink.taken) <= set(found), report
    assert killed_at_work and len(unknown) <= CRASHES * 16, report
