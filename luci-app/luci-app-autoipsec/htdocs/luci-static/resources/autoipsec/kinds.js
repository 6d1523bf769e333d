'use strict';
'require baseclass';

/*
 * The kinds of fields in the form. A field: { uci, tab, kind, title, help, default } and by kind
 *   flag; number: min, max; text: datatype or pattern with allowed; list: the same for each line;
 *   choice: values, as [ value, words ]
 */

return baseclass.extend({
	flag: (tab, uci, title, help, value) => ({ kind: 'flag', tab, uci, title, help, default: value ?? '0' }),

	number: (tab, uci, title, range, value, help) =>
		({ kind: 'number', tab, uci, title, min: range[0], max: range[1], default: value, help }),

	choice: (tab, uci, title, values, value, help) =>
		({ kind: 'choice', tab, uci, title, values, default: value, help }),

	text: (tab, uci, title, form, value, help) =>
		({ kind: 'text', tab, uci, title, ...form, default: value, help }),

	list: (tab, uci, title, form, value, help) =>
		({ kind: 'list', tab, uci, title, ...form, default: value, help })
});
