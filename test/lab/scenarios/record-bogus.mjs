// The signature over the record is wrong: somebody may forge it.
import { recordDenied } from '../record-denied.mjs';

export default recordDenied('bogus', /DNSSEC/);
