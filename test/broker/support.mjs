// What the broker's tests share.
import assert from 'node:assert/strict';
import { Refused } from './client.mjs';

// strerror texts of glibc: the numbers are the machine's own, and MIPS has others.
const texts = {
  EACCES: 'Permission denied',
  EADDRINUSE: 'Address already in use',
  EAFNOSUPPORT: 'Address family not supported by protocol',
  EALREADY: 'Operation already in progress',
  EBADF: 'Bad file descriptor',
  EBADMSG: 'Bad message',
  ECANCELED: 'Operation canceled',
  ECONNREFUSED: 'Connection refused',
  EDESTADDRREQ: 'Destination address required',
  EINVAL: 'Invalid argument',
  EISCONN: 'Transport endpoint is already connected',
  EMFILE: 'Too many open files',
  EMSGSIZE: 'Message too long',
  ENOBUFS: 'No buffer space available',
  ENODEV: 'No such device',
  ENOENT: 'No such file or directory',
  ENOPROTOOPT: 'Protocol not available',
  ENOSYS: 'Function not implemented',
  ENOTCONN: 'Transport endpoint is not connected',
  EPIPE: 'Broken pipe',
  ESOCKTNOSUPPORT: 'Socket type not supported',
};

/** The request is answered by an ERROR with this errno. */
export async function refused(reply, name) {
  await assert.rejects(reply, (error) => {
    assert.ok(error instanceof Refused, error);
    assert.equal(error.text, texts[name]);
    assert.notEqual(error.errno, 0);
    return true;
  });
}

/** Thrown by a test that can not run here. */
export class Skip extends Error {}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
