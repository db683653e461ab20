// The pages for persons in a real browser: phone and desk, Swedish and English, with and without script, light and dark.
// Each page is looked at by axe-core (WCAG 2.2 A and AA) and html-validate, and its picture is kept.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';

import { Browser, Server, finish, shown, test, wait } from './lib.mjs';

const modules = process.env.VALV_NODE_MODULES ?? resolve('build/npm/node_modules');
const needs = createRequire(join(modules, 'x'));
const axe = readFileSync(needs.resolve('axe-core'), 'utf8');
const { HtmlValidate } = needs('html-validate');
const validator = new HtmlValidate({
	extends: ['html-validate:standard', 'html-validate:a11y'],
	rules: { 'doctype-style': 'off', 'void-style': 'off', 'no-trailing-whitespace': 'off', 'long-title': 'off', 'attribute-boolean-style': 'off',
		'attribute-empty-style': 'off', 'no-inline-style': 'error', 'valid-id': 'off' },
});
const pictures = join(shown, 'persons');
mkdirSync(pictures, { recursive: true });

const server = new Server();
const browser = await Browser.start();
server.run('init');
await server.start('--public', '127.0.0.1:0');
const at = (path) => server.publicUrl + path;

async function put(method, path, body) {
	const got = await server.operator(method, path, body);
	assert.ok(got.status < 300, `${method} ${path}: ${JSON.stringify(got)}`);
	return got.json;
}
const logo = readFileSync(new URL('./logo.svg', import.meta.url)).toString('base64');
await put('PUT', '/v1/settings/company', { value: 'Björkdala Bageri' });
await put('PUT', '/v1/settings/contact', { value: 'hej@bageri.example' });
await put('PUT', '/v1/settings/public_origin', { value: 'https://val.bageri.example' });
const notice = (sv, en) => ({ sv, en });
const purpose = (sv, en, whySv, whyEn, more) => ({
	title: notice(sv, en), why: notice(whySv, whyEn), fields: ['email', 'name'], retention: { period: 'P2Y', from: 'given' }, channels: ['email'],
	recipients: [], controller: { name: 'Björkdala Bageri', contact: 'hej@bageri.example' },
	notices: notice(`${sv}\n\n${whySv} Du kan säga nej när du vill.`, `${en}\n\n${whyEn} You can say no whenever you like.`), ...more,
});
for (const [name, type] of [['email', 'email'], ['phone', 'phone'], ['name', 'name']])
	await put('PUT', `/v1/fields/${name}`, { title: notice(name, name), type, ...(type === 'name' ? {} : { lookup: 'exact', address: type }), ...(type === 'phone' ? { region: 'SE' } : {}) });
for (const [name, definition] of Object.entries({
	newsletter: purpose('Nyhetsbrevet', 'The newsletter', 'Vi berättar om nytt bröd en gång i månaden.', 'We tell of new bread once a month.',
		{ basis: 'consent', marketing: true, channels: ['email', 'sms'], fields: ['email', 'name', 'phone'],
			recipients: [{ name: 'Utskick i Norden AB', role: 'processor' }] }),
	invitations: purpose('Inbjudningar', 'Invitations', 'Vi bjuder in till provsmakning i butiken.', 'We invite you to tastings in the shop.',
		{ basis: 'consent', marketing: true, double_opt_in: true, retention: { period: 'P1Y', from: 'given' } }),
	statistics: purpose('Statistik', 'Statistics', 'Vi räknar vilka sorter som köps tillsammans.', 'We count which kinds are bought together.',
		{ basis: 'consent', channels: ['none'], fields: ['name'], retention: { period: 'P6M', from: 'given' } }),
	order: purpose('Beställningar', 'Orders', 'Vi behöver veta vem som ska ha brödet.', 'We need to know who is to have the bread.',
		{ basis: 'contract', retention: { period: 'P90D', from: 'ended' } }),
})) {
	await put('PUT', `/v1/purposes/${name}`, definition);
	await put('POST', `/v1/purposes/${name}/activate`);
}

let made = 0;
// A made-up person, and the links that a mail to them would have.
async function person() {
	const consent = { purpose: 'newsletter', method: 'web_form', language: 'sv', control: 'unticked_box' };
	const { id } = await put('POST', '/v1/subjects', { values: { email: `anna${made += 1}@example.com`, phone: `070-17406${String(made + 4).padStart(2, '0')}`, name: 'Anna Björk' },
		grounds: [consent, { purpose: 'order', evidence: { reference: 'A-1' } }] });
	const links = await put('POST', `/v1/subjects/${id}/mail-links`, { purpose: 'newsletter' });
	const path = (url) => url.replace('https://val.bageri.example', '');
	return { id, stop: path(links.one_click), choices: path(links.preferences) };
}
const acts = async (id) => (await put('GET', `/v1/subjects/${id}/consents`)).acts;

// --- what holds for every page -----------------------------------------------------------------

async function look(page, name, language) {
	assert.equal(await page.getAttribute('html', 'lang'), language, name);
	assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), true, `${name} is wider than the screen`);
	const report = await validator.validateString(await page.content(), name);
	assert.deepEqual(report.results.flatMap((one) => one.messages.map((it) => `${it.ruleId}: ${it.message} at ${it.selector}`)), [], name);
	if (page.scripted) {
		const found = await page.evaluate(async (source) => {
			(0, eval)(source);
			return window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] });
		}, axe);
		assert.deepEqual(found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => `${node.html} ${node.failureSummary}`).join('; ')}`), [], name);
	}
	await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
}

// With script the policy is put aside for axe alone; that the pages keep it is seen without.
async function visitor(view, scripted) {
	const context = await browser.browser.newContext({ ...view, bypassCSP: scripted });
	const page = await context.newPage();
	page.scripted = scripted;
	page.wrong = [];
	page.on('console', (message) => message.type() === 'error' && !/Failed to load resource/.test(message.text()) && page.wrong.push(message.text()));
	page.on('request', (request) => request.url().startsWith(server.publicUrl) || page.wrong.push(`asks elsewhere: ${request.url()}`));
	return page;
}

const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 };
const desk = { viewport: { width: 1200, height: 850 } };
const views = [
	['sv', 'desk-light', { locale: 'sv-SE', colorScheme: 'light', ...desk }, true],
	['en', 'desk-dark', { locale: 'en-GB', colorScheme: 'dark', ...desk }, true],
	['sv', 'phone-dark', { locale: 'sv-SE', colorScheme: 'dark', ...phone }, true],
	['en', 'phone-light', { locale: 'en-GB', colorScheme: 'light', ...phone }, true],
	['sv', 'phone-light-plain', { locale: 'sv-SE', colorScheme: 'light', ...phone, javaScriptEnabled: false }, false],
];

for (const [language, name, view, scripted] of views)
	await test(`each page and state, ${name}, ${language}`, async () => {
		const page = await visitor(view, scripted);
		const shot = (what) => look(page, `${what}-${name}-${language}`, language);
		const anna = await person();
		await page.goto(at('/'));
		await shot('home');
		await page.goto(at('/nowhere'));
		await shot('error');
		await page.goto(at(`/p/${'A'.repeat(150)}`));
		await shot('no-link');
		await page.goto(at(anna.stop));
		await shot('stop');
		assert.equal((await acts(anna.id)).length, 2);
		await page.click('button');
		await shot('stopped');
		assert.equal((await acts(anna.id)).at(-1).act, 'withdrawn');
		await page.goto(at(anna.choices));
		await shot('choices');
		await page.check('[name="c.newsletter.email"][value=yes]');
		await page.check('[name="c.invitations.email"][value=no]');
		await page.selectOption('[name=pause]', '91');
		await page.selectOption('[name=often]', 'month');
		await page.click('button.primary');
		await shot('choices-saved');
		assert.equal(await page.isChecked('[name="c.newsletter.email"][value=yes]'), true);
		assert.equal(await page.isChecked('[name="c.invitations.email"][value=no]'), true);
		await page.click('button.stop');
		await shot('choices-stopped');
		assert.deepEqual(page.wrong, []);
		await page.context().close();
	});

await test('by keyboard alone: every answer is reached and given', async () => {
	const page = await visitor({ locale: 'en-GB', ...desk }, false);
	const anna = await person();
	await page.goto(at(anna.choices));
	await page.keyboard.press('Tab');
	assert.equal(await page.evaluate(() => document.activeElement.className), 'skip');
	const reached = [];
	for (let i = 0; i < 40; i++) {
		await page.keyboard.press('Tab');
		const here = await page.evaluate(() => {
			const it = document.activeElement;
			const outlined = getComputedStyle(it.closest('label') ?? it).outlineStyle !== 'none' || getComputedStyle(it).outlineStyle !== 'none';
			return { name: it.name ?? '', tag: it.tagName, value: it.value ?? '', outlined };
		});
		if (here.tag === 'BODY')
			break;
		assert.ok(here.outlined, `focus is not seen on ${JSON.stringify(here)}`);
		reached.push(here.name || here.tag);
		if (here.name === 'c.newsletter.email')
			await page.keyboard.press('ArrowRight'); // to no
		if (here.name === 'do' && here.value === 'save')
			break;
	}
	for (const wanted of ['c.newsletter.email', 'c.newsletter.sms', 'c.invitations.email', 'c.statistics.none', 'pause', 'often', 'language', 'do'])
		assert.ok(reached.includes(wanted), `${wanted} is not reached: ${reached}`);
	await page.keyboard.press('Enter');
	await page.waitForSelector('.note.done');
	assert.equal((await acts(anna.id)).at(-1).act, 'withdrawn');
	await page.context().close();
});

await test('yes and no have the same size', async () => {
	const page = await visitor({ locale: 'sv-SE', ...phone }, false);
	await page.goto(at((await person()).choices));
	const sizes = await page.$$eval('.answers label', (all) => all.map((one) => one.getBoundingClientRect()).map(({ width, height }) => `${Math.round(width)}x${Math.round(height)}`));
	assert.ok(sizes.length >= 8);
	for (let i = 0; i < sizes.length; i += 2)
		assert.equal(sizes[i], sizes[i + 1]);
	assert.ok(sizes.every((one) => Number(one.split('x')[1]) >= 44), sizes);
	await page.context().close();
});

await test('at 200 % nothing is cut off or beside the page', async () => {
	const page = await visitor({ locale: 'sv-SE', viewport: { width: 640, height: 480 } }, true);
	await page.goto(at((await person()).choices));
	await page.evaluate(() => { document.documentElement.style.fontSize = '200%'; document.body.style.fontSize = '200%'; });
	assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), true);
	await page.context().close();
});

await test("the company's colour and logo are on the page, and a colour without contrast is not", async () => {
	await put('PUT', '/v1/settings/look_colour', { value: '#7a1f5c' });
	await put('PUT', '/v1/logo', { content: logo });
	const anna = await person();
	for (const [scheme, colour] of [['light', 'rgb(122, 31, 92)'], ['dark', 'rgb(108, 196, 174)']]) { // dark: ours, as 2:1 is not enough
		const page = await visitor({ locale: 'sv-SE', colorScheme: scheme, ...desk }, true);
		await page.goto(at(anna.choices));
		assert.equal(await page.$eval('button.primary', (it) => getComputedStyle(it).backgroundColor), colour);
		assert.ok(await page.$eval('img.logo', (it) => it.complete && it.naturalWidth > 0));
		await look(page, `look-${scheme}`, 'sv');
		assert.deepEqual(page.wrong, []);
		await page.context().close();
	}
});

await test('everything that a visit takes is 15 KB at most, and nothing moves', async () => {
	const page = await visitor({ locale: 'sv-SE', ...phone }, false);
	const bodies = [];
	page.on('response', (answer) => bodies.push(answer.body()));
	await page.goto(at((await person()).choices));
	await page.waitForLoadState('networkidle');
	const shift = await page.evaluate(() => new Promise((settle) => {
		let sum = 0;
		new PerformanceObserver((list) => list.getEntries().forEach((one) => { sum += one.value; })).observe({ type: 'layout-shift', buffered: true });
		setTimeout(() => settle(sum), 200);
	}));
	const octets = (await Promise.all(bodies)).reduce((sum, body) => sum + body.length + 600, 0);
	console.log(`# ${octets} octets with headers, layout shift ${shift}`);
	assert.ok(octets <= 15 * 1024, `${octets} octets`);
	assert.equal(shift, 0);
	await page.context().close();
});

// --- signing up ----------------------------------------------------------------------------------

// A mail server that takes everything, and the address of the page in what came for somebody.
const letters = [];
const post = createServer((socket) => {
	let text = '', data = false;
	socket.write('220 box\r\n');
	socket.on('error', () => {});
	socket.on('data', (piece) => {
		text += piece.toString('latin1');
		for (let end; (end = text.indexOf(data ? '\r\n.\r\n' : '\r\n')) >= 0;) {
			const line = text.slice(0, end);
			text = text.slice(end + (data ? 5 : 2));
			if (data)
				letters.push(line.replace(/=\r\n/g, '').replace(/=3D/g, '='));
			data = !data && /^DATA/i.test(line);
			socket.write(data ? '354 go on\r\n' : /^QUIT/i.test(line) ? '221 bye\r\n' : '250 fine\r\n');
		}
	});
});
await new Promise((settle) => post.listen(0, '127.0.0.1', settle));
await put('POST', '/v1/admin/mail', { host: '127.0.0.1', port: post.address().port, tls: 'none', from: 'hej@bageri.example' });
await put('PUT', '/v1/forms/bread', {
	title: notice('Följ med i bageriet', 'Follow the bakery'), languages: ['sv', 'en'],
	intro: notice('Du väljer själv vad du vill få från oss.', 'You choose what you want from us.'),
	controls: [{ purpose: 'newsletter', channels: ['email'] }, { purpose: 'invitations' }],
	fields: [{ field: 'email' }, { field: 'name' }],
});
async function linkFor(address) {
	for (let tries = 0; tries < 200; tries++) {
		const letter = letters.find((one) => one.includes(`To: ${address}`) || one.includes(address));
		if (letter)
			return /https:\/\/val\.bageri\.example(\/confirm\/[\w-]+)/.exec(letter)[1];
		await wait(50);
	}
	throw new Error(`no mail: ${server.said.slice(-500)}`);
}

for (const [language, name, view, scripted] of views)
	await test(`signs up and confirms, ${name}, ${language}`, async () => {
		const page = await visitor(view, scripted);
		const shot = (what) => look(page, `signup-${what}-${name}-${language}`, language);
		const address = `${name}@example.com`;
		await page.goto(at('/f/bread'));
		assert.equal(await page.locator(':checked').count(), 0);
		await shot('form');
		server.pass(4); // nobody fills a form in faster
		await page.fill('#field-name', 'Åsa Ek');
		await page.click('button.primary');
		await shot('wrong');
		assert.equal(await page.inputValue('#field-name'), 'Åsa Ek');
		server.pass(4);
		await page.fill('#field-email', address);
		await page.check('#yes-1');
		if (scripted) // the proof of work comes by itself
			await page.waitForFunction(() => document.querySelector('[name="valv-work"]').value !== '', null, { timeout: 60000 });
		await page.click('button.primary');
		await shot('look-into-mail');
		await page.goto(at(await linkFor(address)));
		await shot('confirm');
		await page.click('button.primary');
		await shot('confirmed');
		assert.equal((await put('POST', '/v1/subjects/search', { field: 'email', value: address })).subjects.length, 1);
		await page.click('main a');
		assert.match(page.url(), /\/p\//);
		assert.deepEqual(page.wrong, []);
		await page.context().close();
	});

await test('a form is filled in by keyboard alone', async () => {
	const page = await visitor(views[1][2], true);
	await page.goto(at('/f/bread'));
	server.pass(4);
	await page.focus('#yes-1');
	await page.keyboard.press('Space');
	await page.keyboard.press('Tab');
	await page.keyboard.press('Tab');
	await page.keyboard.type('keys@example.com');
	await page.keyboard.press('Enter');
	await page.waitForSelector('h1:has-text("Look into your mail")');
	await page.context().close();
});
post.close();

await browser.stop();
await test('the server ends well', async () => assert.equal(await server.stop(), 0));
finish();
