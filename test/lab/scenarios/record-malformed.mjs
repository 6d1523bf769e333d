// The record is there and nobody can read it.
import { recordDenied } from '../record-denied.mjs';

export default recordDenied('malformed', /malformed/);
