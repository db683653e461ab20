"""Many callers at once lose nothing."""
import threading

import definitions
from client import Client
from definitions import consent, email, make_person, read


def at_once(count, work):
    problems = []

    def one(n):
        try:
            work(n)
        except BaseException as problem:  # to be seen by the test, not by the thread
            problems.append(problem)

    threads = [threading.Thread(target=one, args=(n,)) for n in range(count)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    if problems:
        raise problems[0]


def test_32_clients_that_overwrite_one_person_lose_no_change(app):
    id, _ = make_person(app)
    at_once(32, lambda n: [app.patch(f'/v1/subjects/{id}', {'values': {'visits': n * 10 + k}}, headers={'If-Match': '*'})
                           for k in range(5)])
    assert read(app, id).json['version'] == 1 + 32 * 5


def test_32_clients_that_count_with_if_match_count_right(app):
    id, _ = make_person(app, {'visits': 0})

    def work(n):
        for _ in range(3):
            while True:
                got = read(app, id)
                value = int(got.json['values']['visits']['value'])
                reply = app.patch(f'/v1/subjects/{id}', {'values': {'visits': value + 1}}, headers={'If-Match': got.header('ETag')})
                assert reply.status in (200, 412), reply
                if reply.status == 200:
                    break

    at_once(32, work)
    assert read(app, id).json['values']['visits']['value'] == str(32 * 3)


def test_acts_of_many_all_stand_in_the_ledger(app):
    id, _ = make_person(app)
    at_once(16, lambda n: [app.post(f'/v1/subjects/{id}/consents', consent(act='given', evidence={'n': n, 'k': k}))
                           for k in range(4)])
    acts = app.get(f'/v1/subjects/{id}/consents?limit=1000').json['acts']
    assert [a['seq'] for a in acts] == list(range(1, 66))
    assert {(a['evidence']['evidence']['n'], a['evidence']['evidence']['k']) for a in acts[1:]} == {
        (n, k) for n in range(16) for k in range(4)}


def test_a_withdrawal_wins_over_decisions_that_begin_later(app):
    """I5: while others ask, one withdraws; whoever asks after the answer hears no."""
    id, _ = make_person(app)
    done, wrong = threading.Event(), []

    def ask(n):
        for _ in range(40):
            before = done.is_set()
            reply = app.post('/v1/decisions', {'subject': id, 'purpose': 'newsletter', 'channel': 'email'})
            if before and reply.json['allowed']:
                wrong.append(reply)

    def withdraw(n):
        if n:
            ask(n)
            return
        app.post(f'/v1/subjects/{id}/withdrawals', {'purpose': 'newsletter'})
        done.set()

    at_once(9, withdraw)
    assert not wrong


def test_definitions_put_at_once_are_all_there(app):
    at_once(16, lambda n: app.put(f'/v1/fields/at-once-{n}', {'title': definitions.texts('x'), 'type': 'text'}))
    names = {f['name'] for f in app.get('/v1/fields').json['fields']}
    assert {f'at-once-{n}' for n in range(16)} <= names


def test_one_connection_serves_many_calls(app):
    connection = app.connection()
    for n in range(200):
        assert app.get('/v1/fields/email', connection=connection).status == 200
        assert app.get('/v1/fields/nothing', connection=connection).status == 404
        assert app.post('/v1/decisions', b'{', type='application/json', connection=connection).status == 400
    connection.close()
