"""Runs last: every operation of the description was called, and answered well at least once."""


def test_every_operation_was_called_with_success(request, description):
    if len({item.fspath for item in request.session.items}) < 8:
        return  # a part of the tests was asked for
    for _, _, operation in description.operations():
        good = {status for name, status in description.seen
                if name == operation['operationId'] and status < 300}
        documented = {int(status) for status in operation['responses'] if int(status) < 300}
        assert documented <= good, f'{operation["operationId"]} never answered {documented - good}'


def test_most_documented_statuses_were_seen(request, description):
    if len({item.fspath for item in request.session.items}) < 8:
        return
    rare = {'500', '503', '507'}  # faults: tests/fault
    documented = {(operation['operationId'], int(status)) for _, _, operation in description.operations()
                  for status in operation['responses'] if status not in rare}
    missing = sorted(documented - description.seen)
    assert len(missing) <= len(documented) * 0.05, f'{len(missing)} of {len(documented)}: {missing}'
