// Staff in a real browser: Chromium with its virtual authenticator, the pages, and ceremonies that are not right.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { join } from 'node:path';

import { Authenticator, b64 } from './authenticator.mjs';
import { Browser, Server, call, finish, shown, test } from './lib.mjs';

const server = new Server();
const browser = await Browser.start();
server.run('init');
await server.start();
const at = (path) => server.url + path;
const idOf = (uuid) => b64(Buffer.from(uuid.replaceAll('-', ''), 'hex'));

// Not in a terminal, so the link of the first administrator is asked for.
const link = /\/welcome#valvi_[\w-]{43}/.exec(server.run('staff', 'invite', 'administrator', '--role', 'administrator'))?.[0];
const anna = await browser.person(); // the first administrator
const bertil = await browser.person();
const key = await browser.person({ transport: 'usb', hasResidentKey: false }); // somebody with a security key
const stranger = await browser.person();
const people = { anna, bertil, key, stranger };

// --- getting in --------------------------------------------------------------------------------

let administrator;
await test('the first administrator sets up a passkey behind the link from the command line', async () => {
	assert.ok(link);
	await anna.page.goto(at(link));
	await anna.page.click('#passkey');
	await anna.page.waitForURL('**/account');
	await anna.page.waitForSelector('#passkeys li strong');
	administrator = (await call(anna.page, 'GET', '/v1/session')).json;
	assert.deepEqual(administrator.method, ['passkey', 'invitation']); // both were shown in this session
});
await test('the link works once', async () => {
	await stranger.page.goto(at(link));
	await stranger.page.waitForSelector('#over:not([hidden])');
});
await test('signs out, and in again without a name', async () => {
	await anna.page.click('#sign-out');
	await anna.page.waitForURL('**/sign-in');
	assert.equal((await call(anna.page, 'GET', '/v1/session')).status, 401);
	await anna.page.click('#passkey');
	await anna.page.waitForURL('**/account');
	const session = await call(anna.page, 'GET', '/v1/session');
	assert.deepEqual(session.json.method, ['passkey']);
	const [{ name, value, ...cookie }] = (await anna.context.cookies()).filter((one) => one.name === '__Host-valv');
	assert.match(value, /^valvs_[\w-]{43}$/);
	assert.ok(cookie.httpOnly && cookie.secure && cookie.sameSite === 'Strict' && cookie.path === '/', name);
});

let invited;
await test('invites somebody on the page of the staff', async () => {
	await anna.page.goto(at('/staff'));
	await anna.page.waitForSelector('#table:not([hidden])');
	await anna.page.click('#invite summary');
	await anna.page.fill('[name=user_name]', 'bertil');
	await anna.page.fill('[name=display_name]', 'Bertil Ek');
	await anna.page.click('#new [type=submit]');
	await anna.page.waitForSelector('#invited:not([hidden])');
	invited = await anna.page.textContent('#link');
});
await test('who was invited sets up a passkey', async () => {
	await bertil.page.goto(invited);
	await bertil.page.waitForSelector('#begin:not([hidden])');
	assert.match(await bertil.page.textContent('#who'), /Bertil Ek \(bertil\)/);
	await bertil.page.click('#passkey');
	await bertil.page.waitForURL('**/account');
	await bertil.page.waitForSelector('#passkeys li strong');
});

async function invite(name) {
	const made = await call(anna.page, 'POST', '/v1/staff', { user_name: name });
	assert.equal(made.status, 201, JSON.stringify(made));
	const link = await call(anna.page, 'POST', `/v1/staff/${made.json.id}/invitation`, {});
	assert.equal(link.status, 201, JSON.stringify(link));
	return { id: made.json.id, link: at(`/welcome#${link.json.token}`) };
}

let cecilia;
await test('a security key that remembers nothing signs in by name', async () => {
	cecilia = await invite('cecilia');
	await key.page.goto(cecilia.link);
	await key.page.click('#passkey');
	await key.page.waitForURL('**/account');
	await key.page.waitForSelector('#passkeys li strong');
	await key.page.click('#sign-out');
	await key.page.waitForURL('**/sign-in');
	await key.page.click('#other summary');
	await key.page.fill('[name=user_name]', '  CECILIA ');
	await key.page.click('#key');
	await key.page.waitForURL('**/account');
	assert.equal((await call(key.page, 'GET', '/v1/session')).json.staff.user_name, 'cecilia');
});
await test('options for a name that there is not look like those for one, and stay the same', async () => {
	const ask = async (user_name) => (await call(stranger.page, 'POST', '/v1/session/passkey/options', { user_name })).json;
	const nobody = await ask('nobody');
	assert.deepEqual((await ask(' NoBody ')).allowCredentials, nobody.allowCredentials);
	assert.notDeepEqual((await ask('somebody')).allowCredentials, nobody.allowCredentials);
	const there = await ask('cecilia');
	for (const options of [nobody, there]) {
		assert.deepEqual(Object.keys(options).sort(), Object.keys(there).sort());
		assert.ok(options.allowCredentials.length);
		for (const one of options.allowCredentials) {
			assert.deepEqual(Object.keys(one), ['type', 'id', 'transports']);
			assert.ok([16, 20, 32, 64].includes(Buffer.from(one.id, 'base64url').length));
		}
	}
	assert.notEqual((await ask('nobody')).challenge, nobody.challenge);
});
await test('a device that has a passkey of the account is not registered again', async () => {
	await anna.page.goto(at('/account'));
	await anna.page.waitForSelector('#passkeys li strong');
	await anna.page.click('#passkey-new [type=submit]');
	await anna.page.waitForSelector('#problem:not([hidden])');
	assert.match(await anna.page.textContent('#problem'), /already has a passkey/);
});
await test('a fresh proof is asked for, and given by passkey', async () => {
	server.pass(6 * 60);
	await anna.page.goto(at('/account'));
	await anna.page.waitForSelector('#passkeys li strong');
	await anna.page.click('#totp-begin');
	await anna.page.waitForSelector('#again[open]');
	await anna.page.click('#again [data-do=passkey]');
	await anna.page.waitForSelector('#totp-setup:not([hidden])');
	assert.match(await anna.page.getAttribute('#totp-link', 'href'), /^otpauth:\/\/totp\//);
	const session = (await call(anna.page, 'GET', '/v1/session')).json;
	assert.ok(session.fresh);
});

// --- ceremonies that are not right -------------------------------------------------------------

const options = (page, name) => call(page, 'POST', '/v1/session/passkey/options', name ? { user_name: name } : {}).then((answer) => answer.json);
const makeOptions = (page) => call(page, 'POST', '/v1/me/passkeys/options', {}).then((answer) => answer.json);
const signIn = (page, answer) => call(page, 'POST', '/v1/session/passkey', answer);
const make = (page, answer) => call(page, 'POST', '/v1/me/passkeys', answer);
const refused = (answer) => assert.deepEqual([answer.status, answer.slug], [401, 'sign-in'], JSON.stringify(answer.json));
const unmade = (answer, slug = 'invalid') => assert.equal(answer.slug, slug, JSON.stringify(answer.json));

await bertil.page.goto(at('/account'));
await stranger.page.goto(at('/sign-in'));
const account = (await call(bertil.page, 'GET', '/v1/session')).json;
const handle = idOf(account.staff.id);
const soft = new Authenticator(server.url, { handle });

async function prove(who) {
	const asked = await call(who.page, 'POST', '/v1/session/fresh/passkey/options', {});
	assert.equal(asked.status, 200, JSON.stringify(asked));
	const answer = await who.page.evaluate(async (options) => {
		const octets = (text) => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
		const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
		const got = await navigator.credentials.get({ publicKey: { ...options, challenge: octets(options.challenge), allowCredentials: options.allowCredentials.map((one) => ({ ...one, id: octets(one.id) })) } });
		return { id: got.id, client_data: text(got.response.clientDataJSON), authenticator_data: text(got.response.authenticatorData), signature: text(got.response.signature), user_handle: got.response.userHandle ? text(got.response.userHandle) : undefined };
	}, asked.json);
	const done = await call(who.page, 'POST', '/v1/session/fresh/passkey', answer);
	assert.equal(done.status, 200, JSON.stringify(done));
	return { answer, options: asked.json };
}

let proof;
await test('right: an authenticator in software, registered and used', async () => {
	proof = await prove(bertil);
	assert.equal((await make(bertil.page, soft.register(await makeOptions(bertil.page)))).status, 201);
	assert.equal((await signIn(stranger.page, soft.assert(await options(stranger.page)))).status, 201);
	assert.equal((await signIn(stranger.page, soft.assert(await options(stranger.page, 'bertil'), { handle: null }))).status, 201);
});

const assertions = [
	['another origin', { origin: 'http://localhost:1' }],
	['another origin: TLS where there is none', { origin: server.url.replace('http:', 'https:') }],
	['another relying party', { party: 'evil.test' }],
	['nobody there', { flags: 0x04 }],
	['somebody there, but not verified', { flags: 0x01 }],
	['another kind of ceremony', { type: 'webauthn.create' }],
	['within a frame of another page', { more: { crossOrigin: true } }],
	['below a page of another origin', { more: { topOrigin: 'https://evil.test' } }],
	['a signature with one bit turned', { flip: true }],
	['a counter that goes back', { counter: 1 }],
	['a challenge that was made up', { challenge: b64(Buffer.alloc(56, 7)) }],
	['no challenge', { challenge: '' }],
	['authenticator data an octet short', { cut: 1 }],
	['authenticator data with an octet more', { after: Buffer.from([0]) }],
	['backed up where it was not eligible', { flags: 0x1d }],
	['a passkey that nobody has', { id: Buffer.alloc(32, 9) }],
	['a passkey that says it is somebody else’s', { handle: idOf(administrator.staff.id) }],
	['no name asked, and the passkey does not say whose it is', { handle: null }],
];
for (const [name, wrong] of assertions)
	await test(`refused: ${name}`, async () => refused(await signIn(stranger.page, soft.assert(await options(stranger.page), wrong))));

await test('refused: the same answer again', async () => {
	const answer = soft.assert(await options(stranger.page));
	assert.equal((await signIn(stranger.page, answer)).status, 201);
	refused(await signIn(stranger.page, answer));
});
await test('refused: the same challenge again, signed anew', async () => {
	const asked = await options(stranger.page);
	assert.equal((await signIn(stranger.page, soft.assert(asked))).status, 201);
	refused(await signIn(stranger.page, soft.assert(asked)));
});
await test('refused: one challenge, answered ten times at once: one sign-in', async () => {
	const asked = await options(stranger.page);
	const answers = Array.from({ length: 10 }, () => soft.assert(asked));
	const got = await Promise.all(answers.map((answer) => signIn(stranger.page, answer)));
	assert.equal(got.filter((one) => one.status === 201).length <= 1, true);
	assert.equal(got.filter((one) => one.slug === 'sign-in').length >= 9, true);
});
await test('refused: a challenge that is over', async () => {
	const asked = await options(stranger.page);
	server.pass(5 * 60 + 1);
	refused(await signIn(stranger.page, soft.assert(asked)));
});
await test('refused: a challenge for another name', async () => {
	refused(await signIn(stranger.page, soft.assert(await options(stranger.page, 'cecilia'), { handle: null })));
	refused(await signIn(stranger.page, soft.assert(await options(stranger.page, 'nobody'), { handle: null })));
});
await test('refused: the challenge of a fresh proof, to sign in with', async () => {
	await prove(bertil);
	const asked = (await call(bertil.page, 'POST', '/v1/session/fresh/passkey/options', {})).json;
	refused(await signIn(stranger.page, soft.assert(asked)));
});
await test('refused: a fresh proof by the passkey of somebody else', async () => {
	const asked = (await call(key.page, 'POST', '/v1/session/fresh/passkey/options', {})).json;
	refused(await call(key.page, 'POST', '/v1/session/fresh/passkey', soft.assert(asked)));
});
await test('refused: a fresh proof with the answer of another session', async () => {
	refused(await call(bertil.page, 'POST', '/v1/session/fresh/passkey', proof.answer));
});
await test('refused: a real passkey, on a page of another origin with the same relying party', async () => {
	const elsewhere = createServer((_, answer) => answer.end('<!doctype html><title>elsewhere</title>')).listen(0, '127.0.0.1');
	const asked = await options(stranger.page);
	const page = await bertil.context.newPage();
	const cdp = await bertil.context.newCDPSession(page);
	await cdp.send('WebAuthn.enable');
	const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
		options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
	});
	await cdp.send('WebAuthn.addCredential', { authenticatorId, credential: {
		credentialId: soft.id.toString('base64'), isResidentCredential: true, rpId: 'localhost', userHandle: Buffer.from(handle, 'base64url').toString('base64'),
		privateKey: soft.privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64'), signCount: 1000 } });
	await page.goto(`http://localhost:${elsewhere.address().port}/`);
	const answer = await page.evaluate(async (challenge) => {
		const octets = (text) => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
		const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
		const got = await navigator.credentials.get({ publicKey: { rpId: 'localhost', challenge: octets(challenge), userVerification: 'required' } });
		return { id: got.id, client_data: text(got.response.clientDataJSON), authenticator_data: text(got.response.authenticatorData), signature: text(got.response.signature), user_handle: text(got.response.userHandle) };
	}, asked.challenge);
	refused(await signIn(stranger.page, answer));
	await page.goto(at('/sign-in')); // the same passkey, on the right page
	await page.click('#passkey');
	await page.waitForURL('**/account');
	await page.close();
	elsewhere.close();
});

await prove(bertil);
const registrations = [
	['another origin', { origin: 'https://evil.test' }],
	['another relying party', { party: 'evil.test' }],
	['nobody there', { flags: 0x44 }],
	['not verified', { flags: 0x41 }],
	['another kind of ceremony', { type: 'webauthn.get' }],
	['CBOR an octet short', { cut: 1 }],
	['CBOR cut in the middle', { cut: 60 }],
	['an octet behind the CBOR', { behind: Buffer.from([0]) }],
	['an octet behind the key', { after: Buffer.from([0]) }],
	['a challenge that was made up', { challenge: b64(Buffer.alloc(56, 7)) }],
	['within a frame of another page', { more: { crossOrigin: true } }],
];
for (const [name, wrong] of registrations)
	await test(`not registered: ${name}`, async () =>
		unmade(await make(bertil.page, new Authenticator(server.url).register(await makeOptions(bertil.page), wrong))));

await test('not registered: an algorithm that was not offered', async () => {
	const asked = await makeOptions(bertil.page);
	assert.deepEqual(asked.pubKeyCredParams.map((one) => one.alg), [-7, -8, -257]);
	unmade(await make(bertil.page, new Authenticator(server.url, { alg: -35 }).register(asked)));
});
await test('not registered: the challenge of a sign-in', async () => {
	unmade(await make(bertil.page, new Authenticator(server.url).register(await options(bertil.page))));
});
await test('not registered: the challenge of another session', async () => {
	await prove(anna);
	unmade(await make(bertil.page, new Authenticator(server.url).register(await makeOptions(anna.page))));
});
await test('not registered: the same challenge again', async () => {
	await prove(bertil);
	const asked = await makeOptions(bertil.page);
	const other = new Authenticator(server.url);
	assert.equal((await make(bertil.page, other.register(asked))).status, 201);
	unmade(await make(bertil.page, new Authenticator(server.url).register(asked)));
});
await test('not registered: a passkey that is, by the same account or another', async () => {
	unmade(await make(bertil.page, soft.register(await makeOptions(bertil.page))), 'conflict');
	await prove(anna);
	unmade(await make(anna.page, soft.register(await makeOptions(anna.page))), 'conflict');
});
await test('not registered: without a fresh proof', async () => {
	const asked = await makeOptions(bertil.page);
	server.pass(6 * 60);
	unmade(await make(bertil.page, new Authenticator(server.url).register(asked)), 'step-up');
});
await test('the audit log has each refusal with what was wrong, and a counter that went back is an alert', async () => {
	const { json } = await server.operator('GET', '/v1/audit/entries?limit=1000');
	const refusals = json.entries.filter((entry) => entry.act === 'passkey.refused');
	const why = new Set(refusals.map((entry) => entry.ceremony));
	for (const fault of ['origin', 'party', 'presence', 'verification', 'type', 'cross-origin', 'signature', 'counter', 'challenge', 'malformed', 'algorithm', 'unknown', 'backup'])
		assert.ok(why.has(fault), `no "${fault}" in the log`);
	assert.ok(json.entries.some((entry) => entry.act === 'passkey.add' && entry.staff === account.staff.id && entry.passkey));
	const alerts = (await server.operator('GET', '/v1/alerts')).json.alerts.filter((alert) => alert.kind === 'credential');
	assert.ok(alerts.length);
	for (const alert of alerts) {
		assert.equal(alert.staff.user_name, 'bertil');
		assert.ok(refusals.some((entry) => entry.seq === alert.entry && entry.ceremony === 'counter'));
	}
});

// --- taking away -------------------------------------------------------------------------------

await test('a passkey that was removed signs in no longer; the last way in is not removed', async () => {
	await prove(bertil);
	await bertil.page.goto(at('/account'));
	await bertil.page.waitForSelector('#passkeys li strong');
	const before = (await call(bertil.page, 'GET', '/v1/me/passkeys')).json.passkeys;
	for (const one of before.slice(1))
		assert.equal((await call(bertil.page, 'DELETE', `/v1/me/passkeys/${one.id}`)).status, 204);
	assert.equal((await call(bertil.page, 'DELETE', `/v1/me/passkeys/${before[0].id}`)).slug, 'conflict');
	assert.equal((await call(bertil.page, 'DELETE', `/v1/me/passkeys/${before[1].id}`)).slug, 'absent');
	refused(await signIn(stranger.page, soft.assert(await options(stranger.page))));
});
await test('who governs is not invited anew by one person: the page says so, and how it can be done', async () => {
	await prove(anna);
	const erik = await browser.person(); // from here on there are two who can approve
	await erik.page.goto(at(/\/welcome#valvi_[\w-]{43}/.exec(server.run('staff', 'invite', 'erik', '--role', 'administrator'))[0]));
	await erik.page.click('#passkey');
	await erik.page.waitForURL('**/account');
	await erik.page.waitForSelector('#passkeys li strong');
	const { staff } = (await call(anna.page, 'GET', '/v1/staff?limit=100')).json;
	await anna.page.goto(at(`/staff/${staff.find((one) => one.user_name === 'erik').id}`));
	await anna.page.waitForSelector('#facts dt');
	await anna.page.click('#invite');
	await anna.page.waitForSelector('#problem:not([hidden])');
	assert.match(await anna.page.textContent('#problem'), /takes two people.*valv staff invite/);
	assert.ok(await anna.page.isHidden('#invited'));
});
await test('where two factors are required of everybody, whoever has a password alone is led to the second', async () => {
	const password = 'sju röda stugor vid havet';
	const fanny = await browser.person({}, { locale: 'sv-SE' });
	people.fanny = fanny;
	const required = async (value) => { // takes two people
		const asked = await server.operator('PUT', '/v1/settings/second_factor_required', { value });
		await prove(anna);
		assert.equal((await call(anna.page, 'POST', `/v1/approvals/${asked.json.approval}/approve`, {})).status, 200);
		return server.operator('PUT', '/v1/settings/second_factor_required', { value }, { 'Valv-Approval': asked.json.approval });
	};
	const words = async (id) => (await fanny.page.textContent(id)).trim();
	await prove(anna);
	const { link } = await invite('fanny');
	await fanny.page.goto(link);
	await fanny.page.click('#other summary');
	await fanny.page.fill('#password [name=password]', password);
	await fanny.page.click('#password [type=submit]');
	await fanny.page.waitForURL('**/account');
	await fanny.page.waitForSelector('#sessions li');
	assert.ok(await fanny.page.isHidden('#second'));
	assert.equal((await required(true)).status, 200);
	await fanny.page.goto(at('/staff')); // from any page to where it is set up
	await fanny.page.waitForURL('**/account');
	await fanny.page.waitForSelector('#second-none:not([hidden])');
	assert.match(await words('#second'), /^Ett steg till innan du kan fortsätta/);
	for (const part of ['#password-part', '#sessions-part', '#second-there'])
		assert.ok(await fanny.page.isHidden(part), part);
	assert.ok(await fanny.page.isVisible('#totp-begin'));
	await fanny.page.screenshot({ path: join(shown, 'account-second-sv.png'), fullPage: true });
	await fanny.page.click('#passkey-new [type=submit]');
	await fanny.page.waitForSelector('#second', { state: 'hidden' });
	await fanny.page.waitForSelector('#sessions li');
	assert.ok(await fanny.page.isVisible('#password-part'));
	// The password alone, where there is a passkey: it is asked for, and no other is made.
	await fanny.page.click('#sign-out');
	await fanny.page.waitForURL('**/sign-in');
	await fanny.page.click('#other summary');
	await fanny.page.fill('[name=user_name]', 'fanny');
	await fanny.page.fill('[name=password]', password);
	await fanny.page.click('#password [type=submit]');
	await fanny.page.waitForSelector('#second-there:not([hidden])');
	for (const part of ['#passkeys-part', '#totp-part', '#password-part', '#second-none'])
		assert.ok(await fanny.page.isHidden(part), part);
	await fanny.page.click('#second-show');
	await fanny.page.click('#again [data-do=passkey]');
	await fanny.page.waitForSelector('#sessions li');
	assert.ok(await fanny.page.isHidden('#second'));
	// Another password, on the page, with the present one.
	await fanny.page.click('#password-part summary');
	await fanny.page.fill('#password [name=password]', 'fyra gula lampor i trappan');
	await fanny.page.fill('#password [name=present]', 'inte det här i alla fall');
	await fanny.page.click('#password [type=submit]');
	await fanny.page.waitForSelector('#problem:not([hidden])');
	await fanny.page.fill('#password [name=present]', password);
	await fanny.page.click('#password [type=submit]');
	await fanny.page.waitForSelector('#done:not([hidden])');
	assert.equal((await required(false)).status, 200);
});
await test('one press ends all access, and what was ended is listed', async () => {
	await prove(anna);
	await anna.page.goto(at(`/staff/${account.staff.id}`));
	await anna.page.waitForSelector('#end-part:not([hidden])');
	await anna.page.click('#end');
	await anna.page.waitForSelector('#ended:not([hidden])');
	const said = await anna.page.textContent('#ended');
	assert.match(said, /Sessions: \d+/);
	assert.match(said, /Ways to sign in: \d+/);
	assert.equal((await call(bertil.page, 'GET', '/v1/session')).status, 401);
	await bertil.page.goto(at('/account'));
	await bertil.page.waitForURL(/\/sign-in#\/account$/);
	await bertil.page.click('#passkey'); // the device still has it
	await bertil.page.waitForSelector('#problem:not([hidden])');
	assert.match(await bertil.page.textContent('#problem'), /not accepted/);
});

await test('the company\'s own sign-in is offered where there is one, and only there', async () => {
	const words = { 'sv-SE': 'Logga in med ditt jobbkonto', 'en-GB': 'Sign in with your work account' };
	for (const [locale, text] of Object.entries(words)) {
		const { page, context } = await browser.person({}, { locale });
		const asked = page.waitForResponse('**/v1/session/ways');
		await page.goto(at('/sign-in'));
		assert.deepEqual(await (await asked).json(), { identity_provider: false });
		await page.waitForLoadState('networkidle');
		assert.ok(await page.isHidden('#provider'));
		await page.route('**/v1/session/ways', (route) => route.fulfill({ json: { identity_provider: true } })); // as where there is one
		await page.reload();
		await page.waitForSelector('#provider:not([hidden])');
		assert.equal(await page.textContent('#provider a'), text);
		assert.match(await page.getAttribute('#provider a', 'href'), /^\/oidc\/start$/);
		await page.screenshot({ path: join(shown, `sign-in-provider-${locale}.png`), fullPage: true });
		await context.close();
	}
});

// --- the pages ---------------------------------------------------------------------------------

const views = [
	['sv', 'desk-light', { locale: 'sv-SE', colorScheme: 'light', viewport: { width: 1200, height: 850 } }],
	['en', 'desk-dark', { locale: 'en-GB', colorScheme: 'dark', viewport: { width: 1200, height: 850 } }],
	['sv', 'phone-dark', { locale: 'sv-SE', colorScheme: 'dark', viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 }],
	['en', 'phone-light', { locale: 'en-GB', colorScheme: 'light', viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 }],
];
const cookies = await anna.context.cookies();
const waiting = await invite('david');
for (const [language, name, view] of views)
	await test(`pages, ${name}, ${language}`, async () => {
		const context = await browser.browser.newContext(view);
		await context.addCookies(cookies);
		const page = await context.newPage();
		const pages = [
			['sign-in', '/sign-in', 'main h1'], ['account', '/account', '#passkeys li strong'], ['staff', '/staff', '#table tbody tr'],
			['member', `/staff/${cecilia.id}`, '#facts dt'], ['member-left', `/staff/${account.staff.id}`, '#facts dt'],
			['welcome', waiting.link.slice(server.url.length), '#begin:not([hidden])'], ['welcome-over', link, '#over:not([hidden])'],
		];
		for (const [shot, path, there] of pages) {
			await page.goto('about:blank');
			await page.goto(at(path));
			await page.waitForSelector(there);
			await page.waitForLoadState('networkidle');
			assert.equal(await page.getAttribute('html', 'lang'), language);
			assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), true, `${shot} is wider than the screen`);
			await page.screenshot({ path: join(shown, `${shot}-${name}-${language}.png`), fullPage: true });
		}
		await page.goto(at('/account'));
		await page.waitForSelector('#passkeys li strong');
		await page.click('a.language');
		await page.waitForSelector('#passkeys li strong');
		const other = language === 'sv' ? 'en' : 'sv';
		assert.equal(await page.getAttribute('html', 'lang'), other);
		await page.click('nav a[href^="/staff"]');
		await page.waitForSelector('#table tbody tr');
		assert.equal(await page.getAttribute('html', 'lang'), other);
		await context.close();
	});
await test('no page reported an error, broke its policy or asked elsewhere', async () => {
	for (const [name, { wrong }] of Object.entries(people))
		assert.deepEqual(wrong, [], name);
});

await browser.stop();
await test('the server ends well', async () => assert.equal(await server.stop(), 0));
finish();
