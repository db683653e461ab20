import { $, at, doing, open, passkeyed, proofs } from '@asset(valv.js)@';
import { assertion } from '@asset(passkey.js)@';

// Where they were on their way to: a page of ours, nothing else.
const next = /^#\/(account|staff)(\/[0-9a-f-]{36})?$/.test(location.hash) ? location.hash.slice(1) : '/account';
// Who comes with an invitation sets it up on its own page.
if (location.hash.startsWith('#invitation='))
	location.replace(at('/welcome') + '#' + location.hash.slice('#invitation='.length));
const enter = () => location.assign(at(next));
const form = $('password');

async function byPasskey(name) {
	const options = await open('POST', '/v1/session/passkey/options', name ? { user_name: name } : {});
	await passkeyed(async () => open('POST', '/v1/session/passkey', await assertion(options)));
	enter();
}

$('passkey').addEventListener('click', () => doing($('passkey'), $('problem'), () => byPasskey()));
$('key').addEventListener('click', () => {
	if (form.elements.user_name.reportValidity())
		doing($('key'), $('problem'), () => byPasskey(form.elements.user_name.value));
});
form.addEventListener('submit', (event) => {
	event.preventDefault();
	doing(form.querySelector('[type=submit]'), $('problem'), async () => {
		await open('POST', '/v1/session', proofs(form));
		enter();
	});
});
if (!window.PublicKeyCredential) {
	$('by-passkey').hidden = true;
	$('other').open = true;
}
// Where the company has a sign-in of its own, it is offered.  That it cannot be asked is no reason not to sign in here.
open('GET', '/v1/session/ways').then((ways) => { $('provider').hidden = !ways.identity_provider; }, () => {});
