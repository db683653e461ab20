import { $, Problem, at, doing, open, passkeyed, word } from '@asset(valv.js)@';
import { registration } from '@asset(passkey.js)@';

// The token stands behind #, where no server and no log sees it.
const token = location.hash.slice(1);
const problem = $('problem');

function over() {
	$('begin').hidden = true;
	$('over').hidden = false;
}

// A link that is over is no failure of whoever follows it: it has words of its own.
async function unless(act) {
	try {
		return await act();
	} catch (error) {
		if (!(error instanceof Problem) || !['absent', 'sign-in'].includes(error.slug))
			throw error;
		over();
		return null;
	}
}

const accept = (password) => unless(async () => {
	await open('POST', '/v1/invitation', password ? { token, password } : { token });
	history.replaceState(null, '', location.pathname + location.search);
	return true;
});

async function passkey() {
	const made = await registration(await open('POST', '/v1/me/passkeys/options', {}));
	await passkeyed(() => open('POST', '/v1/me/passkeys', made));
	location.assign(at('/account'));
}

$('passkey').addEventListener('click', () => doing($('passkey'), problem, async () => {
	if (!(await accept()))
		return;
	$('begin').hidden = true;
	$('half').hidden = false;
	await passkey();
}));
$('retry').addEventListener('click', () => doing($('retry'), problem, passkey));
$('password').addEventListener('submit', (event) => {
	event.preventDefault();
	doing(event.target.querySelector('button'), problem, async () => {
		if (await accept(event.target.elements.password.value))
			location.assign(at('/account'));
	});
});

doing(null, problem, async () => {
	if (!token) {
		over();
		return;
	}
	const account = await unless(() => open('POST', '/v1/invitation/look', { token }));
	if (!account)
		return;
	const name = account.display_name ? `${account.display_name} (${account.user_name})` : account.user_name;
	$('who').textContent = word('who', name);
	$('password').elements.user_name.value = account.user_name;
	$('begin').hidden = false;
});
