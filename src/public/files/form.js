/* While somebody fills the form in, their browser counts: a proof of work instead of a riddle (signup/guard.h, H2).  Without it, the
   form works as well; a network that sends very many is only asked to wait sooner. */
'use strict';
const form = document.querySelector('form');
const zeros = digest => digest[0] === 0 && digest[1] === 0;
const count = async seal => {
	const encoder = new TextEncoder();
	for (let number = 0; ; number++) {
		const digest = await crypto.subtle.digest('SHA-256', encoder.encode(`${seal}.${number}`));
		if (zeros(new Uint8Array(digest)))
			return number;
	}
};
if (form && window.crypto && crypto.subtle)
	form.addEventListener('input', async () => {
		form.elements['valv-work'].value = await count(form.elements['valv-seal'].value);
	}, { once: true });
