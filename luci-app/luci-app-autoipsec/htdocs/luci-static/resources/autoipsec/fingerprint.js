'use strict';
'require baseclass';

/*
 * Fingerprints as people write them: with blanks, colons or dashes, in large or small letters. Whole,
 * or the last 16 digits, which is what fits on a card.
 */

const least = 16;

/** The digits alone. */
const digits = (text) => String(text ?? '').toLowerCase().replace(/[\s:.-]+/g, '').replace(/^sha256/, '');

return baseclass.extend({
	digits,

	/** In groups of four, so that two of them can be compared by eye. */
	groups: (fingerprint) => digits(fingerprint).replace(/(.{4})(?=.)/g, '$1 '),

	/** What a typed one says about `fingerprint`: `same`, `other`, or `short` while it says nothing. */
	compare(typed, fingerprint) {
		const mine = digits(fingerprint);
		const other = digits(typed);

		if (other.length < least)
			return 'short';

		return /^[0-9a-f]+$/.test(other) && mine.endsWith(other) && (other.length == least || other.length == mine.length)
			? 'same' : 'other';
	}
});
