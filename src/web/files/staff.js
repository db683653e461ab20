import { $, at, call, date, doing, list, part, proofs, role, say, time, word } from '@asset(valv.js)@';

let after = '';

function row(one) {
	const made = part('member', {
		user_name: one.display_name ? one.user_name : '',
		roles: one.roles.length ? list(one.roles.map((each) => role(each.role))) : word('no-roles'),
		since: date(one.created_at),
	});
	const link = made.querySelector('a');
	link.href = at(`/staff/${one.id}`);
	link.textContent = one.display_name || one.user_name;
	const state = made.querySelector('.state');
	state.classList.add(one.state);
	state.textContent = word(`state-${one.state}`);
	return made;
}

async function more() {
	const page = await call('GET', `/v1/staff?limit=100${after ? `&after=${after}` : ''}`);
	$('table').querySelector('tbody').append(...page.staff.map(row));
	$('table').hidden = false;
	after = page.next;
	$('more').hidden = !after;
}

$('more').addEventListener('click', () => doing($('more'), $('problem'), more));
$('new').addEventListener('submit', (event) => {
	event.preventDefault();
	doing(event.target.querySelector('button'), $('problem'), async () => {
		const made = await call('POST', '/v1/staff', { ...proofs(event.target), language: document.documentElement.lang });
		$('table').querySelector('tbody').append(row(made));
		const link = await call('POST', `/v1/staff/${made.id}/invitation`, {});
		event.target.reset();
		$('invite').open = false;
		say($('link'), `${location.origin}/welcome#${link.token}`);
		say($('link-facts'), word('link-facts', time(link.expires_at)));
		$('invited').hidden = false;
	});
});
doing(null, $('problem'), more);
