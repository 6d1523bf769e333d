// Laid over the user-mode kernel (LD_PRELOAD): Linux 6.1's own buffer for a process's wide registers is
// smaller than those of processors with AMX, and the host refuses to set a part. Its part is laid over
// what the process has.
#define _GNU_SOURCE
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define NT_X86_XSTATE 0x202

/* one for the process: the stacks of a user-mode kernel are small */
static char registers[1 << 16];

static long set(int pid, const struct iovec *part) {
  struct iovec all = {registers, sizeof registers};
  long result = syscall(SYS_ptrace, PTRACE_GETREGSET, pid, NT_X86_XSTATE, &all);
  if (result < 0) return result;
  memcpy(registers, part->iov_base, part->iov_len < all.iov_len ? part->iov_len : all.iov_len);
  return syscall(SYS_ptrace, PTRACE_SETREGSET, pid, NT_X86_XSTATE, &all);
}

long ptrace(enum __ptrace_request request, ...) {
  va_list rest;
  va_start(rest, request);
  int pid = va_arg(rest, int);
  long address = va_arg(rest, long), data = va_arg(rest, long), word;
  va_end(rest);
  if (request == PTRACE_SETREGSET && address == NT_X86_XSTATE)
    return set(pid, (const struct iovec *)data);
  if (request != PTRACE_PEEKTEXT && request != PTRACE_PEEKDATA && request != PTRACE_PEEKUSER)
    return syscall(SYS_ptrace, request, pid, address, data);
  return syscall(SYS_ptrace, request, pid, address, &word) < 0 ? -1 : word;
}
