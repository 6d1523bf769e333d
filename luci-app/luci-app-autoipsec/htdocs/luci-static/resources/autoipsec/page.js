'use strict';
'require baseclass';
'require ui';

/* Small parts that several pages have in common. */

return baseclass.extend({
	/** The top of each page, with the style sheet of all of them. */
	top: (title, description) => E([], [
		E('link', { 'rel': 'stylesheet', 'href': L.resource('autoipsec/style.css') }),
		E('h2', {}, [ title ]),
		E('div', { 'class': 'cbi-map-descr' }, [ description ])
	]),

	/** A state as a word in a frame; the colour of `name` only helps. */
	badge: (name, word) => E('span', { 'class': 'autoipsec-badge %s'.format(name) }, [ word ]),

	/** Terms and what they are, as `[ term, value ]`; without those that have no value. */
	facts: (pairs) => E('dl', { 'class': 'autoipsec-facts' },
		pairs.filter(([ , value ]) => value != null && value !== '').map(([ term, value ]) =>
			[ E('dt', {}, [ term ]), E('dd', {}, [ value ]) ]).flat()),

	/** A button. It is busy while the promise of `run` is open, and keeps the focus. */
	button(label, run, { kind, hint, isOff } = {}) {
		return E('button', {
			'class': 'btn cbi-button %s'.format(kind ? 'cbi-button-' + kind : ''),
			'type': 'button',
			'title': hint ?? null,
			'aria-label': hint ?? null,
			'disabled': isOff ? '' : null,
			'click': async ({ currentTarget }) => {
				if (currentTarget.getAttribute('aria-busy'))
					return;

				currentTarget.setAttribute('aria-busy', 'true');
				await Promise.resolve(run()).finally(() => currentTarget.removeAttribute('aria-busy'));
			}
		}, [ label ]);
	},

	/** Tells how something went; a screen reader says it. */
	tell(message, isError) {
		const node = ui.addNotification(null, E('p', { 'role': isError ? 'alert' : 'status' }, [ message ]),
			isError ? 'error' : 'info');

		if (!isError)
			window.setTimeout(() => node?.remove(), 8000);
	},

	/** A dialog that asks. Escape closes it, and the focus goes back. */
	dialog(title, children, buttons) {
		const before = document.activeElement;
		const close = () => {
			document.removeEventListener('keydown', onKey);
			ui.hideModal();
			before?.focus?.();
		};
		const onKey = (ev) => {
			if (ev.key == 'Escape')
				close();
		};
		// a list: LuCI takes a string for markup
		const box = ui.showModal([ title ], [
			...children,
			E('div', { 'class': 'right autoipsec-actions' }, [
				// first, because LuCI presses the first one when somebody presses Escape
				E('button', { 'class': 'btn', 'type': 'button', 'click': close }, [ _('Close') ]),
				...buttons(close)
			])
		]);

		box.setAttribute('role', 'dialog');
		box.setAttribute('aria-modal', 'true');
		box.setAttribute('aria-label', title);
		document.addEventListener('keydown', onKey);
		(box.querySelector('input, textarea') ?? box.querySelector('button'))?.focus();

		return box;
	}
});
