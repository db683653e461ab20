"""What people who work here may do, see and end: roles, views, reveals, two people, exceptions, budgets, leaving."""
import hashlib
import json

import pytest

import definitions
from client import Client
from definitions import consent, contract, email, make_person
from staff import Crew

SECRET = 'Kvittobostad 7'
NOBODY = '00000000-0000-4000-8000-000000000000'
ROLE = {'title': 'Reads all', 'grants': [{'scopes': ['read'], 'purposes': '*', 'view': 'clear'}]}
ROLES = {
    'packer': {'title': 'Packs parcels', 'grants': [{'scopes': ['read'], 'purposes': ['order'], 'view': 'clear',
                                                     'fields': {'invoice': 'hidden', 'email': 'masked'}}]},
    'reader': {'title': 'Reads', 'grants': [{'scopes': ['read'], 'purposes': ['newsletter'], 'view': 'clear'}]},
    'writer': {'title': 'Writes', 'grants': [{'scopes': ['write'], 'purposes': ['order'], 'view': 'clear'}]},
}


@pytest.fixture(scope='module')
def crew(make_server, description):
    one = Crew(make_server(), description)
    definitions.put_all(one.operator)
    for name, role in ROLES.items():  # while nobody can approve, the operator makes them alone
        assert one.operator.put(f'/v1/roles/{name}', role).status == 200
    yield one
    one.close()


@pytest.fixture(scope='module')
def person(crew):
    id, _ = make_person(crew.operator, {'email': email(), 'invoice': SECRET}, [consent(), contract()])
    return id


def look(who, person, purpose='order'):
    return who.get(f'/v1/subjects/{person}', headers={'Valv-Purpose': purpose})


# --- roles -----------------------------------------------------------------------------------------

def test_who_has_no_role_may_do_nothing(crew, person):
    nobody = crew.join()
    assert look(nobody, person).slug == 'denied'
    assert nobody.get('/v1/staff').slug == 'denied'
    assert nobody.get('/v1/me/sessions').status == 200


def test_an_administrator_sees_no_personal_data(crew, person):
    administrator = crew.join('administrator')
    assert administrator.get('/v1/staff').status == 200
    for reply in (look(administrator, person), administrator.post('/v1/subjects/search', {'field': 'email', 'value': email()}),
                  administrator.get(f'/v1/subjects/{person}/consents'), administrator.post(f'/v1/subjects/{person}/access'),
                  administrator.get('/v1/audit/entries'), administrator.post(f'/v1/subjects/{person}/erasure')):
        assert (reply.status, reply.slug) == (403, 'denied'), reply


def test_a_role_shows_each_field_clear_masked_or_not_at_all(crew, person):
    values = look(crew.join('customer-service'), person).json['values']
    assert values['invoice']['value'] == SECRET and 'masked' not in values['invoice']
    masked = look(crew.join('marketer'), person).json['values']
    assert masked['invoice']['masked'] and masked['email']['masked']
    assert SECRET not in json.dumps(masked)
    packer = crew.join('packer')
    seen = look(packer, person).json['values']
    assert 'invoice' not in seen and seen['email']['masked']
    entry = crew.operator.get(f'/v1/audit/entries?subject={person}&limit=1000').json['entries'][-1]
    assert entry['act'] == 'subject.read' and entry['actor'] == {'kind': 'staff', 'staff': packer.id}
    assert 'invoice' not in entry['fields'] and 'email' in entry['masked']


def test_a_role_is_for_the_purposes_it_was_given_for(crew, person):
    one = crew.join('customer-service', purposes=['order'])
    assert look(one, person).status == 200
    assert look(one, person, 'newsletter').slug == 'purpose-denied'
    assert one.get(f'/v1/subjects/{person}').status == 400  # a purpose is named on every read
    acts = one.get(f'/v1/subjects/{person}/consents').json['acts']
    assert {act['purpose'] for act in acts} == {'order'}


def test_a_scope_of_one_role_does_not_go_with_the_purpose_of_another(crew, person):
    both = crew.join('reader', 'writer')
    assert look(both, person, 'newsletter').status == 200
    assert look(both, person, 'order').slug == 'purpose-denied'
    key = {'name': 'mixed', 'scopes': ['read'], 'purposes': ['order']}
    made = both.post('/v1/me/keys', key)
    assert made.status == 201
    assert look(Client(crew.server.url, crew.description, made.json['key']), person, 'order').slug == 'purpose-denied'


def test_roles_hold_for_the_next_request(crew, person):
    one = crew.join('customer-service')
    assert look(one, person).status == 200
    crew.give(one.id, 'developer')
    assert look(one, person).slug == 'denied'
    crew.give(one.id)
    assert one.get('/v1/roles').slug == 'denied'


def test_nobody_changes_their_own_roles(crew):
    one = crew.join('administrator')
    assert one.put(f'/v1/staff/{one.id}/roles', {'roles': [{'role': 'dpo', 'purposes': '*'}]}).slug == 'denied'


@pytest.mark.parametrize('body, member', [
    ({'title': 'x', 'grants': [{'scopes': [], 'purposes': '*'}]}, '/grants/0/scopes'),
    ({'title': 'x', 'grants': [{'scopes': ['scim'], 'purposes': '*'}]}, '/grants/0/scopes'),
    ({'title': 'x', 'grants': [{'scopes': ['read'], 'purposes': ['nothing']}]}, '/grants/0/purposes/0'),
    ({'title': 'x', 'grants': [{'scopes': ['read'], 'purposes': '*', 'view': 'all'}]}, '/grants/0/view'),
    ({'title': 'x', 'grants': [{'scopes': ['read'], 'purposes': '*', 'fields': {'invoice': 'all'}}]}, '/grants/0/fields/invoice'),
    ({'title': 'x', 'grants': [{'scopes': ['read'], 'purposes': '*', 'fields': {'nobody': 'clear'}}]}, '/grants/0/fields'),
    ({'title': 'x'}, '/grants'),
])
def test_wrong_roles_are_refused(crew, body, member):
    reply = crew.operator.put('/v1/roles/wrong', body)
    assert (reply.status, reply.json.get('member')) == (422, member), reply


def test_a_built_in_role_stays(crew):
    assert crew.operator.put('/v1/roles/dpo', {'title': 'x', 'grants': []}).slug == 'conflict'
    assert crew.operator.delete('/v1/roles/dpo').slug == 'conflict'
    assert {role['name'] for role in crew.operator.get('/v1/roles').json['roles'] if role['builtin']} == {
        'administrator', 'dpo', 'marketer', 'customer-service', 'developer', 'auditor'}


def test_an_account_is_changed_and_its_sessions_are_seen(crew):
    administrator, one = crew.join('administrator'), crew.join('marketer')
    changed = administrator.patch(f'/v1/staff/{one.id}', {'display_name': 'Bo Ek'}, headers={'If-Match': '*'})
    assert (changed.status, changed.json['display_name']) == (200, 'Bo Ek')
    listed, = administrator.get(f'/v1/staff/{one.id}/sessions').json['sessions']
    assert listed['method'] == ['oidc'] and not listed['this']
    key = one.post('/v1/me/keys', {'name': 'own', 'scopes': ['decide'], 'purposes': '*'}).json
    assert one.delete(f'/v1/me/keys/{key["id"]}').status == 204
    assert Client(crew.server.url, crew.description, key['key']).get('/v1/fields').status == 401


def test_a_name_that_no_role_may_have_is_not_there(crew):
    assert crew.operator.put('/v1/roles/Bad%20name', ROLE).slug == 'absent'


# --- revealing ---------------------------------------------------------------------------------------

def test_a_masked_value_is_revealed_for_a_reason_that_stays(crew, person):
    dpo = crew.join('dpo')
    assert look(dpo, person).json['values']['invoice']['masked']
    wish = {'purpose': 'order', 'fields': ['invoice'], 'reason': 'complaint', 'reference': 'case 4711'}
    shown = dpo.post(f'/v1/subjects/{person}/reveal', wish)
    assert shown.status == 200, shown
    assert shown.json['values']['invoice']['value'] == SECRET and shown.json['values']['email']['masked']
    entry = crew.operator.get(f'/v1/audit/entries?subject={person}&limit=1000').json['entries'][-1]
    assert (entry['act'], entry['why']) == ('subject.reveal', 'complaint') and 'invoice' in entry['fields']
    assert 'case 4711' not in json.dumps(entry)
    stale = crew.join('dpo', fresh=False)
    assert stale.post(f'/v1/subjects/{person}/reveal', wish).slug == 'step-up'
    assert crew.join('marketer').post(f'/v1/subjects/{person}/reveal', wish).slug == 'denied'
    assert dpo.post(f'/v1/subjects/{person}/reveal', {**wish, 'reason': 'curious'}).status == 422
    assert dpo.post(f'/v1/subjects/{NOBODY}/reveal', wish).slug == 'absent'


# --- budgets (before anybody can approve: the operator sets them alone) ---------------------------------------

def test_who_looks_at_too_many_steps_up_is_stopped_and_somebody_is_told(make_server, description):
    crew = Crew(make_server(), description)
    try:
        definitions.put_all(crew.operator)
        for name, value in (('looks_step_up', 2), ('looks_block', 4)):
            assert crew.operator.put(f'/v1/settings/{name}', {'value': value}).status == 200
        people = [make_person(crew.operator, {'email': email()}, [contract()])[0] for _ in range(6)]
        account = crew.account('customer-service')
        fresh, stale = crew.sign_in(*account), crew.sign_in(*account, fresh=False)
        assert [look(stale, one).status for one in people[:2]] == [200, 200]
        assert look(stale, people[2]).slug == 'step-up'
        assert look(stale, people[0]).status == 200  # seen already
        assert [look(fresh, one).status for one in people[2:4]] == [200, 200]
        assert look(fresh, people[4]).slug == 'budget'
        assert fresh.get(f'/v1/subjects/{people[5]}/consents').slug == 'budget'
        key = fresh.post('/v1/me/keys', {'name': 'own', 'scopes': ['read'], 'purposes': '*'}).json['key']
        assert look(Client(crew.server.url, crew.description, key), people[5]).slug == 'budget'  # nor by a key of one's own
        other = crew.join('customer-service')
        assert look(other, people[5]).status == 200
        dpo = crew.join('dpo')
        alerts = dpo.get('/v1/alerts?waiting=true').json['alerts']
        assert [(a['kind'], a['staff']['id']) for a in alerts] == [('looks-blocked', account[0])]
        assert dpo.post(f'/v1/alerts/{alerts[0]["no"]}/seen').status == 204
        assert dpo.get('/v1/alerts?waiting=true').json['alerts'] == []
        assert dpo.get('/v1/alerts').json['alerts'][0]['seen_by']['id'] == dpo.id
        assert [look(dpo, one).status for one in people[:4]] == [200] * 4
        reveal = {'purpose': 'order', 'fields': ['invoice'], 'reason': 'complaint', 'reference': 'case 4711'}
        assert dpo.post(f'/v1/subjects/{people[4]}/reveal', reveal).slug == 'budget'
        restricted = crew.operator.post(f'/v1/subjects/{people[4]}/restriction', {'act': 'restricted', 'reason': 'accuracy'})
        assert restricted.status == 200, restricted
        use = {'exception': 'claims', 'justification': 'the court asks for the order'}
        assert dpo.post(f'/v1/subjects/{people[4]}/restriction/use', use).slug == 'budget'
    finally:
        crew.close()


# --- two people ------------------------------------------------------------------------------------------

@pytest.fixture(scope='module')
def pair(make_server, description):
    """An administrator and a DPO in a vault of their own, where from now on some things take both."""
    crew = Crew(make_server(), description)
    definitions.put_all(crew.operator)
    crew.administrator, crew.dpo = crew.join('administrator'), crew.join('dpo')
    yield crew
    crew.close()


def test_a_role_takes_two_people(pair):
    asked = pair.administrator.put('/v1/roles/reader', ROLE)
    assert asked.status == 202, asked
    id = asked.json['approval']
    assert pair.administrator.put('/v1/roles/reader', ROLE).json['approval'] == id  # it waits already
    assert pair.operator.get('/v1/roles/reader').status == 404
    mine = {'Valv-Approval': id}
    assert pair.administrator.put('/v1/roles/reader', ROLE, headers=mine).slug == 'approval-needed'
    assert pair.administrator.post(f'/v1/approvals/{id}/approve').slug == 'denied'  # nobody is their own second
    assert pair.operator.post(f'/v1/approvals/{id}/approve').slug == 'denied'
    assert [a['id'] for a in pair.dpo.get('/v1/approvals?waiting=true').json['approvals']] == [id]
    assert pair.dpo.post(f'/v1/approvals/{id}/approve').json['state'] == 'approved'
    other = {**ROLE, 'grants': [{**ROLE['grants'][0], 'scopes': ['read', 'ledger']}]}
    assert pair.administrator.put('/v1/roles/reader', other, headers=mine).slug == 'approval-needed'
    assert pair.administrator.put('/v1/roles/reader2', ROLE, headers=mine).slug == 'approval-needed'
    assert pair.dpo.put('/v1/roles/reader', ROLE, headers=mine).slug == 'denied'
    assert pair.administrator.put('/v1/roles/reader', ROLE, headers=mine).status == 200
    assert pair.administrator.put('/v1/roles/reader', ROLE, headers=mine).slug == 'approval-needed'  # once
    assert pair.operator.get(f'/v1/approvals/{id}').json['state'] == 'used'
    gone = pair.administrator.delete('/v1/roles/reader')
    assert gone.status == 202 and pair.operator.get('/v1/roles/reader').status == 200
    assert pair.dpo.post(f'/v1/approvals/{gone.json["approval"]}/approve').status == 200
    assert pair.administrator.delete('/v1/roles/reader', headers={'Valv-Approval': gone.json['approval']}).status == 204
    assert pair.operator.get('/v1/roles/reader').status == 404


def test_what_is_refused_is_not_done(pair):
    id = pair.administrator.put('/v1/roles/refused', ROLE).json['approval']
    assert pair.dpo.post(f'/v1/approvals/{id}/refuse').json['state'] == 'refused'
    assert pair.administrator.put('/v1/roles/refused', ROLE, headers={'Valv-Approval': id}).slug == 'approval-needed'
    assert pair.dpo.post(f'/v1/approvals/{id}/approve').slug == 'conflict'
    again = pair.administrator.put('/v1/roles/refused', ROLE).json['approval']
    assert pair.dpo.delete(f'/v1/approvals/{again}').slug == 'denied'
    assert pair.administrator.delete(f'/v1/approvals/{again}').status == 204
    assert pair.dpo.post(f'/v1/approvals/{again}/approve').slug == 'conflict'


def test_destroying_keys_takes_two_people_even_at_the_socket(pair):
    asked = pair.operator.post('/v1/admin/rotate')
    assert asked.status == 202, asked
    assert pair.dpo.post(f'/v1/approvals/{asked.json["approval"]}/approve').status == 200
    assert pair.operator.post('/v1/admin/rotate', headers={'Valv-Approval': asked.json['approval']}).status == 200


def test_what_holds_staff_in_takes_two_people(pair):
    assert pair.operator.put('/v1/settings/session_hours', {'value': 24}).status == 202
    assert pair.operator.put('/v1/settings/company', {'value': 'Exempelbolaget'}).status == 200
    assert pair.operator.post('/v1/admin/delivery', {'on': True}).status == 202
    # Who could have all mail leave through another server could read it.
    assert pair.operator.post('/v1/admin/mail', {'host': 'smtp.example.com', 'password': 'hemligt-canary'}).status == 202
    assert pair.operator.post('/v1/admin/mail/keys', {'kind': 'rsa', 'selector': 'v1'}).status == 202
    assert pair.operator.delete('/v1/admin/mail/keys/rsa').status == 202


def test_a_key_that_does_more_than_its_maker_takes_two_people(pair):
    new = {'name': 'shop', 'scopes': ['read', 'write'], 'purposes': ['order']}
    asked = pair.administrator.post('/v1/keys', new)
    assert asked.status == 202, asked
    assert pair.dpo.post(f'/v1/approvals/{asked.json["approval"]}/approve').status == 200
    made = pair.administrator.post('/v1/keys', new, headers={'Valv-Approval': asked.json['approval']})
    assert made.status == 201, made
    listed, = [key for key in pair.operator.get('/v1/keys?limit=1000').json['keys'] if key['id'] == made.json['id']]
    assert listed['owner']['id'] == pair.administrator.id and not listed['personal']
    assert pair.administrator.post('/v1/keys', {'name': 'x', 'scopes': ['metrics'], 'purposes': '*'}).status == 201
    assert pair.administrator.post('/v1/keys', {'name': 'x', 'scopes': ['staff'], 'purposes': '*'}).status == 422


def test_who_could_decide_for_others_is_made_by_two(pair):
    """Else an administrator would make an account that approves of what they ask for themselves."""
    made = pair.administrator.post('/v1/staff', {'issuer': pair.provider.issuer, 'subject': 'second-me',
                                                 'user_name': 'second-me@example.com'}).json['id']
    roles = f'/v1/staff/{made}/roles'

    def wanted(*names):
        return {'roles': [{'role': name, 'purposes': '*'} for name in names]}

    assert pair.administrator.put(roles, wanted('marketer')).status == 200
    for name in ('dpo', 'administrator', 'auditor'):
        asked = pair.administrator.put(roles, wanted('marketer', name))
        assert asked.status == 202, (name, asked)
    assert [role['role'] for role in pair.operator.get(f'/v1/staff/{made}').json['roles']] == ['marketer']
    told, = [a for a in pair.dpo.get('/v1/approvals?waiting=true').json['approvals'] if a['id'] == asked.json['approval']]
    for part in (f'PUT {roles}', '"auditor"', '"marketer"'):  # what is approved of is said
        assert part in told['summary'], told
    assert pair.dpo.post(f'/v1/approvals/{told["id"]}/approve').status == 200
    mine = {'Valv-Approval': told['id']}
    assert pair.administrator.put(roles, wanted('administrator'), headers=mine).slug == 'approval-needed'
    assert pair.administrator.put(roles, wanted('marketer', 'auditor'), headers=mine).status == 200
    assert pair.administrator.put(roles, wanted('auditor')).status == 200  # less takes one


def test_a_link_to_the_account_of_who_decides_takes_two_people(pair):
    """Whoever has it signs in as them, and would approve of what they asked for themselves."""
    links = f'/v1/staff/{pair.dpo.id}/invitation'
    assert pair.administrator.post(links, {}).status == 202
    assert pair.dpo.get('/v1/me/sessions').status == 200  # nothing was taken from them
    assert pair.administrator.post(f'/v1/staff/{pair.join("marketer").id}/invitation', {}).status == 201
    third = pair.join('dpo')
    asked = pair.administrator.post(f'/v1/staff/{third.id}/invitation', {})
    assert pair.dpo.post(f'/v1/approvals/{asked.json["approval"]}/approve').status == 200
    made = pair.administrator.post(f'/v1/staff/{third.id}/invitation', {}, headers={'Valv-Approval': asked.json['approval']})
    assert (made.status, made.json['reset']) == (201, True)
    assert third.get('/v1/me/sessions').status == 401


def test_an_approval_shows_what_it_is_for_but_no_secret(pair):
    body = {'issuer': pair.provider.issuer, 'client_id': 'valv-2', 'client_secret': 'a-secret-of-the-provider',
            'address': 'https://valv.example.com'}
    asked = pair.administrator.put('/v1/identity-provider', body)
    assert asked.status == 202, asked
    told = pair.dpo.get(f'/v1/approvals/{asked.json["approval"]}')
    assert 'client_id: "valv-2"' in told.json['summary'] and 'client_secret: (a secret)' in told.json['summary']
    assert b'a-secret-of-the-provider' not in told.body


def test_an_approver_who_left_has_approved_of_nothing(pair):
    second = pair.join('dpo')
    id = pair.administrator.put('/v1/roles/left', ROLE).json['approval']
    assert second.post(f'/v1/approvals/{id}/approve').status == 200
    ended = pair.administrator.post(f'/v1/staff/{second.id}/end')
    assert ended.json['approvals'] == 1
    assert pair.administrator.put('/v1/roles/left', ROLE, headers={'Valv-Approval': id}).slug == 'approval-needed'


# --- exceptions ----------------------------------------------------------------------------------------------

def test_break_glass_is_seen_reviewed_and_then_possible_again(crew, person):
    one, dpo = crew.join('customer-service', purposes=['newsletter']), crew.join('dpo')
    assert look(one, person).slug == 'purpose-denied'
    assert one.post('/v1/break-glass', {'reason': 'short'}).status == 422
    broken = one.post('/v1/break-glass', {'reason': 'A customer cannot be reached otherwise, case 4711', 'minutes': 5})
    assert broken.status == 201, broken
    seen = look(one, person)
    assert seen.status == 200 and seen.json['values']['invoice']['value'] == SECRET
    assert one.post('/v1/break-glass', {'reason': 'A customer cannot be reached otherwise, case 4711'}).slug == 'conflict'
    id = broken.json['id']
    assert dpo.post(f'/v1/break-glass/{id}/review', {'verdict': 'justified'}).slug == 'conflict'  # it is still open
    assert one.delete(f'/v1/break-glass/{id}').status == 204
    assert look(one, person).slug == 'purpose-denied'
    assert one.post('/v1/break-glass', {'reason': 'A customer cannot be reached otherwise, case 4712'}).slug == 'conflict'
    assert one.post(f'/v1/break-glass/{id}/review', {'verdict': 'justified'}).slug == 'denied'
    assert 'break-glass' in {a['kind'] for a in dpo.get('/v1/alerts?waiting=true').json['alerts'] if a['staff']['id'] == one.id}
    assert dpo.post(f'/v1/break-glass/{id}/review', {'verdict': 'not_justified'}).json['verdict'] == 'not_justified'
    assert one.post('/v1/break-glass', {'reason': 'A customer cannot be reached otherwise, case 4712'}).status == 201
    assert crew.join('marketer').post('/v1/break-glass', {'reason': 'Because I would like to see it all'}).slug == 'denied'


# --- browsers --------------------------------------------------------------------------------------------------

def test_a_page_of_somebody_else_cannot_use_the_cookie(crew):
    one = crew.join('administrator')
    host = crew.server.url.removeprefix('http://')
    target, body = f'/v1/staff/{one.id}', {'display_name': 'Anna Prov'}
    for headers, status in (({'Sec_Fetch_Site': 'same-origin'}, 200), ({'Sec_Fetch_Site': 'none'}, 200),
                            ({'Sec_Fetch_Site': 'cross-site'}, 403), ({'Sec_Fetch_Site': 'same-site'}, 403), ({}, 403),
                            ({'Origin': f'http://{host}'}, 200), ({'Origin': 'https://evil.example'}, 403), ({'Origin': 'null'}, 403),
                            ({'Sec_Fetch_Site': 'cross-site', 'Origin': f'http://{host}'}, 403)):
        reply = one.browser('PATCH', target, body, **headers)
        assert reply.status == status, (headers, reply)
    assert one.browser('GET', target).status == 200
    two = crew.join('administrator')
    both = Client(crew.server.url).raw('GET', target, None, [('Cookie', f'__Host-valv={one.token}; __Host-valv={two.token}')])
    assert both.status == 401


# --- keys and networks ---------------------------------------------------------------------------------------

def test_a_key_is_good_from_its_networks_alone(crew, person):
    for networks, status in ((['127.0.0.0/8'], 200), (['127.0.0.1'], 200), (['::1', '127.0.0.0/8'], 200), (['192.0.2.0/24'], 401),
                             (['2001:db8::/32'], 401), (['127.0.0.2/32'], 401), (['0.0.0.0/0'], 200)):
        made = crew.operator.post('/v1/keys', {'name': 'near', 'scopes': ['read'], 'purposes': '*', 'networks': networks})
        assert made.status == 201, made
        assert look(Client(crew.server.url, crew.description, made.json['key']), person).status == status, networks
    for wrong in ('127.0.0.1/33', 'example.com', '', '::1/129', '10.0.0.0/-1', '10.0.0/8'):
        assert crew.operator.post('/v1/keys', {'name': 'x', 'scopes': ['read'], 'purposes': '*', 'networks': [wrong]}).status == 422, wrong


# --- leaving ---------------------------------------------------------------------------------------------------

def test_everything_ends_with_who_leaves(crew, person):
    administrator = crew.join('administrator')
    account = crew.account('customer-service', 'dpo', 'developer')
    one, two = crew.sign_in(*account), crew.sign_in(*account)
    own = one.post('/v1/me/keys', {'name': 'own', 'scopes': ['read'], 'purposes': '*'}).json['key']
    program = crew.operator.post('/v1/keys', {'name': 'till', 'scopes': ['read'], 'purposes': '*', 'owner': one.id}).json['key']
    assert one.post(f'/v1/subjects/{person}/access', {'delivery': 'link'}).status == 200
    assert one.put('/v1/recipients/spy', {'title': 'Spy', 'role': 'processor', 'contact': 'x@example.com',
                                          'webhook': 'https://example.com/hook'}).status in (200, 201)
    keys = [Client(crew.server.url, crew.description, key) for key in (own, program)]
    assert all(look(who, person).status == 200 for who in (one, two, *keys))
    ended = administrator.post(f'/v1/staff/{one.id}/end')
    assert ended.status == 200, ended
    assert {name: ended.json[name] for name in ('sessions', 'keys', 'links', 'webhooks', 'roles')} == {
        'sessions': 2, 'keys': 2, 'links': 1, 'webhooks': 1, 'roles': 3}
    answers = {look(who, person).body for who in (one, two, *keys)}
    assert all(look(who, person).status == 401 for who in (one, two, *keys)) and len(answers) == 1
    assert crew.operator.get('/v1/recipients/spy').json['webhook'] is None
    dpo = crew.join('dpo')
    assert {'webhook-ended', 'key-ended'} <= {a['kind'] for a in dpo.get('/v1/alerts?waiting=true').json['alerts']}
    assert crew.operator.post(f'/v1/staff/{one.id}/return').json['state'] == 'active'
    assert look(one, person).status == 401
    assert look(crew.sign_in(*account), person).slug == 'denied'  # no role is left


def test_who_has_left_is_left_after_a_restart(make_server, description):
    crew = Crew(make_server(), description)
    try:
        one, other = crew.join('dpo'), crew.join('developer')
        assert crew.operator.post(f'/v1/staff/{one.id}/end').status == 200
        crew.server.stop()
        crew.server.start()
        one.where = other.where = crew.server.url
        assert one.get('/v1/me/sessions').status == 401 and other.get('/v1/me/sessions').status == 200
        assert crew.operator.get(f'/v1/staff/{one.id}').json['state'] == 'ended'
    finally:
        crew.close()


def test_one_session_of_many_can_be_ended(crew):
    account = crew.account('developer')
    one, two, three = (crew.sign_in(*account) for _ in range(3))
    listed = one.get('/v1/me/sessions').json['sessions']
    assert len(listed) == 3 and sum(session['this'] for session in listed) == 1
    assert listed[0]['method'] == ['oidc']
    mine, = [session['id'] for session in three.get('/v1/me/sessions').json['sessions'] if session['this']]
    assert one.delete(f'/v1/me/sessions/{mine}').status == 204
    assert three.get('/v1/me/sessions').status == 401 and two.get('/v1/me/sessions').status == 200
    assert one.delete(f'/v1/me/sessions/{mine}').status == 404
    assert one.delete('/v1/me/sessions').status == 204
    assert two.get('/v1/me/sessions').status == 401 and one.get('/v1/me/sessions').status == 200
    assert crew.operator.delete(f'/v1/staff/{one.id}/sessions').status == 204
    assert one.get('/v1/me/sessions').status == 401
    other = crew.join('developer')
    assert other.delete(f'/v1/me/sessions/{listed[0]["id"]}').status == 404


# --- the review ------------------------------------------------------------------------------------------------

def test_the_review_says_who_has_what_and_is_signed(crew):
    auditor = crew.join('auditor')
    reply = auditor.get('/v1/access-review')
    assert reply.status == 200, reply
    review = reply.json
    mine, = [one for one in review['staff'] if one['id'] == auditor.id]
    assert [role['role'] for role in mine['roles']] == ['auditor'] and set(mine['scopes']) == {'audit', 'review'}
    assert mine['sessions'] == 1 and mine['used_at'] and not mine['dormant']
    signature = review.pop('signature')
    canonical = json.dumps(review, sort_keys=True, separators=(',', ':'), ensure_ascii=False)
    assert f'sha256:{hashlib.sha256(canonical.encode()).hexdigest()}' in signature['note'].splitlines()
