// Translations as LuCI reads them. Hashes are those of LuCI's sfh_hash (lmo.c), run once on these texts.
import assert from 'node:assert/strict';
import { lmoHash, readPo, writeLmo } from '../../packaging/luci.mjs';
import { check } from './checks.mjs';

const hashes = {
  Save: '219966c7',
  'Trust "it"': 'b80ce6d3',
  'long text\\nend': '02841747',
  ...{ a: '115ea782', ab: '516b8b44', abc: 'd2be198a', abcd: 'dad8b8db' },
  ...{ ü: '787e0cc7', abcü: '4c5310aa' },
};

const po = `msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

msgid "Save"
msgstr "Speichern"

msgctxt "a peer"
msgid "Trust \\"it\\""
msgstr "Ihm trauen"

msgid "one peer"
msgid_plural "%d peers"
msgstr[0] "ein Gegenüber"
msgstr[1] "%d Gegenüber"

#, fuzzy
msgid "no"
msgstr "nein"

msgid "same"
msgstr "same"

msgid "long "
"text\\nend"
msgstr "langer \\\\ Text"
`;

/** The text under a key, found as LuCI finds it; undefined when there is none. */
function lookUp(lmo, hash) {
  const start = lmo.readUInt32BE(lmo.length - 4);
  let last = -1;
  for (let at = start; at < lmo.length - 4; at += 16) {
    const key = lmo.readUInt32BE(at);
    assert.ok(key > last, 'the index is in order');
    last = key;
    const from = lmo.readUInt32BE(at + 8);
    assert.equal(from % 4, 0);
    if (key === hash) return String(lmo.subarray(from, from + lmo.readUInt32BE(at + 12)));
  }
}

export function lmoChecks() {
  check('translations: texts have the hashes that LuCI looks for', () => {
    for (const [text, hash] of Object.entries(hashes))
      assert.equal(lmoHash(Buffer.from(text)).toString(16).padStart(8, '0'), hash, text);
  });

  check('translations: LuCI finds texts, contexts and plural forms', () => {
    const lmo = writeLmo(readPo(po));
    const found = (key) => lookUp(lmo, lmoHash(Buffer.from(key)));
    assert.equal(found('Save'), 'Speichern');
    assert.equal(found('a peer\u0001Trust "it"'), 'Ihm trauen');
    assert.equal(found('Trust "it"'), undefined);
    assert.equal(found('one peer\u00020'), 'ein Gegenüber');
    assert.equal(found('one peer\u00021'), '%d Gegenüber');
    assert.equal(found('long text\\nend'), 'langer \\ Text');
    assert.equal(found('no'), undefined, 'nobody has confirmed it');
    assert.equal(found('same'), undefined, 'it needs none');
    assert.equal(lookUp(lmo, 0), 'nplurals=2; plural=(n != 1);');
  });
}
