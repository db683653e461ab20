import { $, again, at, call, date, doing, list, part, passkeyed, proofs, say, time, word } from '@asset(valv.js)@';
import { registration } from '@asset(passkey.js)@';

const problem = $('problem');
const busy = (control, act) => doing(control, problem, act);
const done = (name) => say($('done'), word(name));

// --- passkeys ----------------------------------------------------------------------------------

async function passkeys() {
	const { passkeys: all } = await call('GET', '/v1/me/passkeys');
	$('passkeys').replaceChildren(...all.map((one) => {
		const row = part('passkey', {
			name: one.name || word('passkey'),
			facts: `${word(one.synced ? 'passkey-synced' : 'passkey-device')}. ${word('added', date(one.created_at))}, ${one.used_at ? word('last-used', time(one.used_at)) : word('never-used')}`,
		});
		const button = row.querySelector('button');
		button.addEventListener('click', () => busy(button, async () => {
			await call('DELETE', `/v1/me/passkeys/${one.id}`);
			await passkeys();
			done('passkey-removed');
		}));
		return row;
	}));
	if (!all.length) {
		const none = document.createElement('li');
		none.className = 'quiet';
		none.textContent = word('passkeys-none');
		$('passkeys').append(none);
	}
	return all.length;
}

$('passkey-new').addEventListener('submit', (event) => {
	event.preventDefault();
	busy(event.target.querySelector('button'), async () => {
		const made = await registration(await call('POST', '/v1/me/passkeys/options', {}));
		await passkeyed(() => call('POST', '/v1/me/passkeys', { ...made, ...proofs(event.target) }));
		event.target.reset();
		await refresh();
		done('passkey-added');
	});
});

// --- password, app, codes ----------------------------------------------------------------------

// Where two factors are required of everybody, and this session has shown one: only the second can be set up, or shown.
let half = false;

function second(have, passkeys) {
	const app = Boolean(have.password_at);
	const there = passkeys > 0 || Boolean(app && have.totp_at);
	$('second').hidden = !half;
	$('second-none').hidden = there;
	$('second-there').hidden = !there;
	$('second-app').hidden = !app;
	$('passkeys-part').hidden = half && there;
	$('totp-part').hidden = half && (there || !app);
	for (const id of ['password-part', 'sessions-part'])
		$(id).hidden = half;
}

async function me() {
	const session = await call('GET', '/v1/session');
	half = session.second_factor_needed;
	const { user_name } = session.staff;
	$('name').textContent = session.display_name || user_name;
	$('who').textContent = word('signed-in-as', user_name);
	$('password').elements.user_name.value = user_name;
	const have = await call('GET', '/v1/me/credentials');
	$('password-state').textContent = have.password_at ? word('password-set', date(have.password_at)) : word('password-none');
	$('password-present').hidden = !have.password_at;
	$('password').elements.present.required = Boolean(have.password_at);
	$('password-code').hidden = !have.totp_at;
	$('totp-state').textContent = have.totp_at ? word('totp-set', date(have.totp_at), have.recovery_codes) : word('totp-none');
	$('totp-begin').hidden = Boolean(have.totp_at);
	$('totp-there').hidden = !have.totp_at;
	return have;
}

// Of what the form asks for, only what was asked of this account.
function shown(form) {
	const { present, code } = form.elements;
	return { ...(present.required ? { present: present.value } : {}), ...(code.value ? { code: code.value } : {}) };
}

$('password').addEventListener('submit', (event) => {
	event.preventDefault();
	busy(event.target.querySelector('button'), async () => {
		await call('PUT', '/v1/me/password', { password: event.target.elements.password.value, ...shown(event.target) });
		event.target.reset();
		await refresh();
		done('password-saved');
	});
});

function codes(all) {
	$('codes').hidden = false;
	$('codes').querySelector('ol').replaceChildren(...all.map((code) => {
		const item = document.createElement('li');
		item.textContent = code;
		return item;
	}));
	$('codes').scrollIntoView({ block: 'nearest' });
}

$('totp-begin').addEventListener('click', () => busy($('totp-begin'), async () => {
	const { uri } = await call('POST', '/v1/me/totp', {});
	$('totp-secret').textContent = new URL(uri).searchParams.get('secret').replace(/(.{4})(?=.)/g, '$1 ');
	$('totp-link').href = uri;
	$('totp-setup').hidden = false;
	$('totp-confirm').elements.code.focus();
}));
$('totp-confirm').addEventListener('submit', (event) => {
	event.preventDefault();
	busy(event.target.querySelector('button'), async () => {
		const made = await call('POST', '/v1/me/totp/confirm', { code: event.target.elements.code.value.replaceAll(' ', '') });
		event.target.reset();
		$('totp-setup').hidden = true;
		await refresh();
		done('totp-confirmed');
		codes(made.codes);
	});
});
$('totp-drop').addEventListener('click', () => busy($('totp-drop'), async () => {
	await call('DELETE', '/v1/me/totp');
	$('codes').hidden = true;
	await me();
	done('totp-removed');
}));
$('recovery-new').addEventListener('click', () => busy($('recovery-new'), async () => {
	codes((await call('POST', '/v1/me/recovery-codes', {})).codes);
	await me();
}));

// --- sessions ----------------------------------------------------------------------------------

async function sessions() {
	const { sessions: all } = await call('GET', '/v1/me/sessions');
	$('sessions').replaceChildren(...all.map((one) => {
		const row = part('session', {
			name: word(one.this ? 'this-session' : 'a-session'),
			facts: word('session-facts', time(one.made_at), list(one.method.map((name) => word(`by-${name}`))), time(one.used_at)),
		});
		const button = row.querySelector('button');
		button.hidden = one.this;
		button.addEventListener('click', () => busy(button, async () => {
			await call('DELETE', `/v1/me/sessions/${one.id}`);
			await sessions();
			done('session-ended');
		}));
		return row;
	}));
	$('sessions-end').hidden = all.length < 2;
}

$('sessions-end').addEventListener('click', () => busy($('sessions-end'), async () => {
	await call('DELETE', '/v1/me/sessions');
	await sessions();
	done('sessions-ended');
}));
for (const id of ['sign-out', 'second-sign-out'])
	$(id).addEventListener('click', () => busy($(id), async () => {
		await call('DELETE', '/v1/session');
		location.assign(at('/sign-in'));
	}));
$('second-show').addEventListener('click', () => busy($('second-show'), async () => {
	if (await again())
		await refresh();
}));

const refresh = async () => {
	const [have, count] = await Promise.all([me(), passkeys()]);
	second(have, count);
	if (!half)
		await sessions();
};
busy(null, refresh);
