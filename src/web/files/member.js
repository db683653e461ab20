import { $, call, date, doing, list, role, say, time, word } from '@asset(valv.js)@';

const id = location.pathname.split('/')[2];

function fact(name, text) {
	const term = document.createElement('dt');
	const value = document.createElement('dd');
	term.textContent = word(`fact-${name}`);
	value.textContent = text;
	$('facts').append(term, value);
}

function roleText(one) {
	return one.purposes === '*' ? word('for-all', role(one.role)) : word('for-some', role(one.role), list(one.purposes));
}

async function member() {
	const one = await call('GET', `/v1/staff/${id}`);
	const name = one.display_name || one.user_name;
	$('name').textContent = name;
	document.title = `${name} – Valv`;
	$('state').className = `state ${one.state}`;
	$('state').textContent = word(`state-${one.state}`, one.ended_at ? date(one.ended_at) : '');
	$('facts').replaceChildren();
	fact('user_name', one.user_name);
	if (one.email)
		fact('email', one.email);
	fact('issuer', one.issuer === 'valv' ? word('fact-issuer-valv') : one.issuer);
	fact('roles', one.roles.length ? one.roles.map(roleText).join('; ') : word('no-roles'));
	fact('created_at', date(one.created_at));
	$('end').textContent = word('end', name);
	$('end-part').hidden = one.state === 'ended';
	$('invite-part').hidden = one.state === 'ended' || one.issuer !== 'valv';
	$('sessions-part').hidden = one.state !== 'active';
	if (one.state === 'active')
		await sessions();
}

async function sessions() {
	const { sessions: all } = await call('GET', `/v1/staff/${id}/sessions`);
	const used = all.map((one) => one.used_at).sort().pop();
	$('sessions').textContent = all.length ? word('sessions-count', all.length, time(used)) : word('sessions-none');
}

$('end').addEventListener('click', () => doing($('end'), $('problem'), async () => {
	const ended = await call('POST', `/v1/staff/${id}/end`, {});
	const lines = Object.entries(ended).filter(([, count]) => count > 0).map(([kind, count]) => word(`ended-${kind}`, count));
	$('ended').querySelector('ul').replaceChildren(...(lines.length ? lines : [word('ended-nothing')]).map((line) => {
		const item = document.createElement('li');
		item.textContent = line;
		return item;
	}));
	$('ended').hidden = false;
	$('invited').hidden = true;
	await member();
	$('ended').scrollIntoView({ block: 'nearest' });
}));
$('invite').addEventListener('click', () => doing($('invite'), $('problem'), async () => {
	const link = await call('POST', `/v1/staff/${id}/invitation`, {});
	say($('link'), `${location.origin}/welcome#${link.token}`);
	say($('link-facts'), word('link-facts', time(link.expires_at)));
	$('invited').hidden = false;
	await member();
	$('invited').scrollIntoView({ block: 'nearest' });
}));
doing(null, $('problem'), member);
