'use strict';
'require baseclass';
'require autoipsec.page as page';

/* A text that can be copied. */

/** Copies; where the browser does not let (LuCI without HTTPS), marks the text for Ctrl+C. */
async function copy(field) {
	field.focus();
	field.select();

	try {
		if (navigator.clipboard)
			await navigator.clipboard.writeText(field.value);
		else if (!document.execCommand('copy'))
			throw new Error('refused');

		page.tell(_('Copied.'));
	} catch (error) {
		page.tell(_('The browser does not let this page copy. The text is marked: press Ctrl+C.'), true);
	}
}

return baseclass.extend({
	/** The text in so many rows, with its button; `label` names it. */
	field(label, text, rows) {
		const field = E('textarea', {
			'class': 'cbi-input-textarea autoipsec-copy', 'readonly': '', 'rows': rows, 'wrap': rows > 1 ? 'soft' : 'off',
			'aria-label': label
		});

		field.value = text;

		return E('div', { 'class': 'autoipsec-bar' }, [
			field, page.button(_('Copy'), () => copy(field), { hint: _('Copy: %s').format(label) })
		]);
	}
});
