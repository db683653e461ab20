"""Talks to tests/unit/mail/mail_tool, whose path is $MAIL_TOOL: octets go as Latin-1."""
import json
import os
import subprocess

GOOD = {
    'from_name': 'Företaget AB', 'from': 'news@valv.example.com',
    'to_name': 'Åsa Öberg', 'to': 'asa@example.org',
    'reply_to_name': 'Doe, John', 'reply_to': 'reply@valv.example.com',
    'subject': 'Hej på dig — vad säger du om ett ganska långt ämne, med åäö, 漢字 och 😀?',
    'text': 'Hej!\r\n.\nFrom here\n\ntrailing \n\tåäö = ok\n' + 'lång ' * 300 + '\n',
    'html': '<p>Hej på dig</p>\n' + '<b>漢</b>' * 200,
    'language': 'sv', 'date': 1795829419, 'id': b'\xde\xad\xbe\xef' * 4, 'id_domain': 'valv.example.com',
    'automatic': True, 'bulk': True, 'list': 'newsletter.valv.example.com', 'list_name': 'Nyhetsbrev, "vårt"',
    'unsubscribe_url': 'https://valv.example.com/stop/' + 'abc' * 60, 'unsubscribe_address': 'stop+00ff@valv.example.com',
    'help_url': 'https://valv.example.com/help', 'feedback': 'c1:news:valv',
}


def latin(value):
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, bytes):
        return value.decode('latin-1')
    if isinstance(value, (list, tuple)):
        return [latin(one) for one in value]
    return value


class Tool:
    def __init__(self):
        self.process = subprocess.Popen([os.environ['MAIL_TOOL']], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, what, **members):
        request = {name: latin(value) for name, value in {'do': what, **members}.items()}
        self.process.stdin.write(json.dumps(request).encode() + b'\n')
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer, 'mail_tool ended'
        return json.loads(answer)

    def compose(self, **changes):
        """The message's octets, or the refusal."""
        answer = self.ask('compose', **{**GOOD, **changes})
        return answer['message'].encode('latin-1') if 'message' in answer else answer

    def close(self):
        """It ended well: sanitizers found nothing."""
        self.process.stdin.close()
        assert self.process.wait(30) == 0
