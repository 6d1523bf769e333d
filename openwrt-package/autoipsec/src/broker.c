// SPDX-License-Identifier: MIT
/*
 * autoipsec-broker: sockets for a script that has none.
 *
 * Reads requests as frames from standard input, writes replies and events as frames to standard
 * output. docs/broker.md in the repository is the protocol. It knows sockets and nothing of what is
 * sent over them. One thread, one poll(2) loop, nothing blocks, and memory is bounded:
 *
 *   request bytes -> in[] -> handle_frame() -> one reply, or later for CONNECT and stream SEND
 *   sockets -> serve() -> events -> out[] -> standard output
 *
 * Not here: parsing of any protocol, names, files, removing stale unix socket files.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <linux/errqueue.h>

#ifndef VERSION
#define VERSION "dev"
#endif
#ifndef SO_RCVBUFFORCE
#error "this C library hides SO_RCVBUFFORCE"
#endif

/* ---- the protocol's numbers (docs/broker.md) -------------------------------------------------- */

enum { PROTOCOL_VERSION = 1 };
enum { LENGTH_SIZE = 4, HEAD_SIZE = 5, MAX_FRAME = 66000 };
enum { MAX_SOCKETS = 256, MAX_ADDRESS = 126, MAX_PAYLOAD = 65535, MAX_PIECE = 16384 };

enum {
	OP_OPEN = 1, OP_BIND, OP_BIND_DEVICE, OP_CONNECT, OP_LISTEN, OP_SET_OPTION, OP_SEND,
	OP_LOCAL_ADDRESS, OP_CLOSE,
	OP_HELLO = 0x80, OP_OK, OP_ERROR, OP_MESSAGE, OP_SOCKET_ERROR, OP_ACCEPT, OP_CLOSED,
};
enum { FLAG_PAYLOAD_CUT = 1, FLAG_ANCILLARY_CUT = 2 };

/* Family and type have codes of our own: the system's numbers for types differ on MIPS. */
static const int FAMILIES[] = { -1, AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, AF_PACKET };
static const int TYPES[] = { -1, SOCK_STREAM, SOCK_DGRAM, SOCK_RAW };
enum { FAMILY_COUNT = sizeof FAMILIES / sizeof *FAMILIES, TYPE_COUNT = sizeof TYPES / sizeof *TYPES };

/* ---- limits of our own ------------------------------------------------------------------------ */

enum {
	OUT_SIZE = 384 * 1024,      /* frames the script has not read yet */
	OUT_MARK = 128 * 1024,      /* with more than this waiting, sockets are left alone */
	OUT_RESERVE = 16 * 1024,    /* with less than this free, requests are left alone */
	QUEUE_PER_SOCKET = 256 * 1024,
	QUEUE_TOTAL = 1024 * 1024,
	SENDS_PER_SOCKET = 64,      /* closing answers them all at once: must fit in OUT_RESERVE */
	ERRORS_PER_ROUND = 16,
	MAX_BACKLOG = 4096,
	LISTENER_REST_MS = 1000,    /* pause after accept() found no descriptor or memory */
};
/* One event, and then all failing sends of one socket (an ERROR is below 128 bytes), always fit. */
_Static_assert(OUT_MARK + LENGTH_SIZE + MAX_FRAME + OUT_RESERVE < OUT_SIZE, "room for events");
_Static_assert(SENDS_PER_SOCKET * 128 < OUT_RESERVE, "room for the errors of a closed stream");
_Static_assert(MAX_SOCKETS <= 256, "a handle has 8 bits for the slot");

/* ---- state ------------------------------------------------------------------------------------ */

/*
 *  stream:   FRESH -> CONNECTING -> CONNECTED -> ENDED     (a failed connect goes back to FRESH)
 *            FRESH -> LISTENING ;   accepted ones start as CONNECTED
 *  others:   MESSAGES
 */
enum state { UNUSED, FRESH, CONNECTING, CONNECTED, ENDED, LISTENING, MESSAGES };

/* What a stream's peer did not take yet of one SEND, which is answered when `left` is 0. */
struct pending_send {
	struct pending_send *next;
	uint32_t tag;
	size_t offset, left;
	uint8_t bytes[];
};

struct sock {
	enum state state;
	int fd, family;
	uint32_t handle;            /* slot in the low 8 bits, above it a count of its uses */
	uint32_t connect_tag;
	struct pending_send *first, *last;
	size_t sends, queued;       /* how many are pending, and their memory in bytes */
};

/* A sockaddr of any family. */
struct address {
	socklen_t length;           /* with sa_family; 0: no address */
	union {
		struct sockaddr any;
		struct sockaddr_storage room;
		uint8_t bytes[sizeof(struct sockaddr_storage)];
	} at;
};
_Static_assert(sizeof(sa_family_t) + MAX_ADDRESS <= sizeof(struct sockaddr_storage), "address fits");

/* IP address and interface of our end of a datagram. */
struct local {
	uint8_t length, bytes[16];
	uint32_t interface;
};

/* What is not read yet of a request; `bad` once something was asked for that is not there. */
struct request {
	uint32_t tag;
	const uint8_t *at;
	size_t left;
	bool bad;
};

static const struct address NOBODY = { .length = 0 };
static const struct local NOWHERE = { .length = 0 };

static struct sock sockets[MAX_SOCKETS];
static size_t queued_total;
static bool listeners_rest;

static uint8_t in[LENGTH_SIZE + MAX_FRAME];
static size_t in_start, in_end;
static uint8_t out[OUT_SIZE];
static size_t out_start, out_end, frame_start;

__attribute__((format(printf, 1, 2), noreturn)) static void die(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("autoipsec-broker: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
	exit(1);
}

/* ---- frames to the script --------------------------------------------------------------------- */

static size_t out_used(void) { return out_end - out_start; }
static bool may_report(void) { return out_used() <= OUT_MARK; }
static bool may_answer(void) { return OUT_SIZE - out_used() >= OUT_RESERVE; }

static void put_bytes(const void *bytes, size_t length)
{
	/* The marks make this impossible; better an end than a write past the buffer. */
	if (length > OUT_SIZE - out_end)
		die("output buffer is full");
	memcpy(out + out_end, bytes, length);
	out_end += length;
}

static void put_u8(unsigned value)
{
	uint8_t byte = (uint8_t)value;

	put_bytes(&byte, 1);
}

static void put_u32(uint32_t value)
{
	uint32_t wire = htonl(value);

	put_bytes(&wire, sizeof wire);
}

static void begin_frame(unsigned operation, uint32_t tag)
{
	if (OUT_SIZE - out_end < LENGTH_SIZE + MAX_FRAME && out_start > 0) {
		memmove(out, out + out_start, out_used());
		out_end -= out_start;
		out_start = 0;
	}
	frame_start = out_end;
	put_u32(0);
	put_u8(operation);
	put_u32(tag);
}

static void end_frame(void)
{
	uint32_t wire = htonl((uint32_t)(out_end - frame_start - LENGTH_SIZE));

	memcpy(out + frame_start, &wire, sizeof wire);
}

static void put_address(const struct address *a)
{
	unsigned family = 0;
	size_t length = 0;

	if (a->length >= sizeof(sa_family_t))
		for (unsigned code = 1; code < FAMILY_COUNT; code++)
			if (FAMILIES[code] == a->at.any.sa_family)
				family = code;
	if (family != 0)
		length = a->length - sizeof(sa_family_t);
	if (length > MAX_ADDRESS)
		length = MAX_ADDRESS; /* the kernel tells the full length of what it cut */
	put_u8(family);
	put_u8((unsigned)length);
	put_bytes(a->at.bytes + sizeof(sa_family_t), length);
}

static void put_local(const struct local *local)
{
	put_u8(local->length);
	put_bytes(local->bytes, local->length);
	put_u32(local->interface);
}

static void put_hello(void)
{
	const uint32_t numbers[] = { SOL_SOCKET, SO_REUSEADDR, SO_BROADCAST, SO_RCVBUF, SO_SNDBUF,
				     SO_MARK, SO_RCVBUFFORCE, MAX_FRAME, MAX_SOCKETS };

	begin_frame(OP_HELLO, 0);
	put_u8(PROTOCOL_VERSION);
	put_u8(htonl(1) == 1);
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		put_u32(numbers[i]);
	put_bytes(VERSION, strlen(VERSION));
	end_frame();
}

static void put_ok(uint32_t tag)
{
	begin_frame(OP_OK, tag);
	end_frame();
}

static void put_error(uint32_t tag, int error)
{
	const char *text = strerror(error);

	begin_frame(OP_ERROR, tag);
	put_u32((uint32_t)error);
	put_bytes(text, strnlen(text, 100));
	end_frame();
}

static void answer(uint32_t tag, int error)
{
	if (error == 0)
		put_ok(tag);
	else
		put_error(tag, error);
}

/* An entry of the error queue, or (origin 0, nobody) an error of the socket itself. */
static void put_socket_error(const struct sock *s, int error, unsigned origin, unsigned icmp_type,
			     unsigned icmp_code, const struct address *peer)
{
	begin_frame(OP_SOCKET_ERROR, s->handle);
	put_u32((uint32_t)error);
	put_u8(origin);
	put_u8(icmp_type);
	put_u8(icmp_code);
	put_address(peer);
	end_frame();
}

/* Writes what standard output takes now; ends the broker when nobody will read it. */
static void flush_output(void)
{
	while (out_used() > 0) {
		ssize_t n = write(STDOUT_FILENO, out + out_start, out_used());

		if (n >= 0)
			out_start += (size_t)n;
		else if (errno == EPIPE || errno == ECONNRESET)
			exit(0);
		else if (errno == EAGAIN)
			return;
		else if (errno != EINTR)
			die("standard output: %s", strerror(errno));
	}
	out_start = out_end = 0;
}

/* ---- parts of a request ----------------------------------------------------------------------- */

static const uint8_t *take(struct request *r, size_t length)
{
	const uint8_t *bytes = r->at;

	if (r->bad || length > r->left) {
		r->bad = true;
		return NULL;
	}
	r->at += length;
	r->left -= length;
	return bytes;
}

static unsigned take_u8(struct request *r)
{
	const uint8_t *byte = take(r, 1);

	return byte ? *byte : 0;
}

static uint32_t take_u32(struct request *r)
{
	const uint8_t *bytes = take(r, 4);
	uint32_t wire = 0;

	if (bytes)
		memcpy(&wire, bytes, sizeof wire);
	return ntohl(wire);
}

/* No address is family 0 with length 0. */
static struct address take_address(struct request *r)
{
	struct address a = { .length = 0 };
	unsigned family = take_u8(r);
	unsigned length = take_u8(r);
	const uint8_t *bytes = take(r, length);

	if (family >= FAMILY_COUNT || length > MAX_ADDRESS || (family == 0 && length > 0))
		r->bad = true;
	if (r->bad || family == 0)
		return a;
	a.at.any.sa_family = (sa_family_t)FAMILIES[family];
	memcpy(a.at.bytes + sizeof(sa_family_t), bytes, length);
	a.length = (socklen_t)(sizeof(sa_family_t) + length);
	return a;
}

static struct local take_local(struct request *r)
{
	struct local local = { .length = 0 };
	unsigned length = take_u8(r);
	const uint8_t *bytes = take(r, length);

	if (length != 0 && length != 4 && length != 16)
		r->bad = true;
	if (!r->bad && length > 0) {
		memcpy(local.bytes, bytes, length);
		local.length = (uint8_t)length;
	}
	local.interface = take_u32(r);
	return local;
}

/* A request that has nothing more to say. */
static bool is_whole(const struct request *r) { return !r->bad && r->left == 0; }

/* ---- the table of sockets --------------------------------------------------------------------- */

static struct sock *find_unused(void)
{
	for (size_t slot = 0; slot < MAX_SOCKETS; slot++)
		if (sockets[slot].state == UNUSED)
			return &sockets[slot];
	return NULL;
}

static struct sock *find_handle(uint32_t handle)
{
	struct sock *s = &sockets[handle % MAX_SOCKETS];

	return s->state != UNUSED && s->handle == handle ? s : NULL;
}

/* Takes an unused slot. The count in the handle lets a late request for its last use fail. */
static void occupy(struct sock *s, int fd, int family, enum state state)
{
	uint32_t uses = (s->handle >> 8) + 1;

	if (uses > UINT32_MAX >> 8)
		uses = 1;
	*s = (struct sock){ .state = state, .fd = fd, .family = family };
	s->handle = uses << 8 | (uint32_t)(s - sockets);
}

static bool is_inet(const struct sock *s) { return s->family == AF_INET || s->family == AF_INET6; }

/* Answers and forgets the first pending SEND. */
static void finish_send(struct sock *s, int error)
{
	struct pending_send *p = s->first;
	size_t size = sizeof *p + p->offset + p->left;

	s->first = p->next;
	if (!s->first)
		s->last = NULL;
	s->sends--;
	s->queued -= size;
	queued_total -= size;
	answer(p->tag, error);
	free(p);
}

static void fail_sends(struct sock *s, int error)
{
	while (s->first)
		finish_send(s, error);
}

/* ---- requests: each returns 0 or an errno to answer with, or ANSWERED ------------------------- */

enum { ANSWERED = -1 }; /* the handler wrote its own reply, or will write it later */

static int errno_unless(bool good) { return good ? 0 : errno; }

static int set_flag(int fd, int level, int name)
{
	const int on = 1;

	return setsockopt(fd, level, name, &on, sizeof on);
}

/* Inet datagram and raw sockets tell where a message came in, datagram sockets also ICMP errors. */
static int enable_reports(int fd, int family, int type)
{
	bool v4 = family == AF_INET, datagram = type == SOCK_DGRAM;

	if ((!v4 && family != AF_INET6) || type == SOCK_STREAM)
		return 0;
	if (v4 ? set_flag(fd, IPPROTO_IP, IP_PKTINFO)
	       : set_flag(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO))
		return errno;
	if (datagram && (v4 ? set_flag(fd, IPPROTO_IP, IP_RECVERR)
			    : set_flag(fd, IPPROTO_IPV6, IPV6_RECVERR)))
		return errno;
	return 0;
}

static int do_open(struct sock *unused, struct request *r)
{
	unsigned family = take_u8(r), type = take_u8(r);
	uint32_t protocol = take_u32(r);
	struct sock *s = find_unused();
	int fd, error;

	(void)unused;
	if (!is_whole(r))
		return EBADMSG;
	if (family == 0 || family >= FAMILY_COUNT)
		return EAFNOSUPPORT;
	if (type == 0 || type >= TYPE_COUNT)
		return ESOCKTNOSUPPORT;
	if (!s)
		return EMFILE;
	fd = socket(FAMILIES[family], TYPES[type] | SOCK_NONBLOCK | SOCK_CLOEXEC, (int)protocol);
	if (fd < 0)
		return errno;
	error = enable_reports(fd, FAMILIES[family], TYPES[type]);
	if (error) {
		close(fd);
		return error;
	}
	occupy(s, fd, FAMILIES[family], TYPES[type] == SOCK_STREAM ? FRESH : MESSAGES);
	begin_frame(OP_OK, r->tag);
	put_u32(s->handle);
	end_frame();
	return ANSWERED;
}

static int do_bind(struct sock *s, struct request *r)
{
	struct address a = take_address(r);

	if (!is_whole(r))
		return EBADMSG;
	return errno_unless(bind(s->fd, &a.at.any, a.length) == 0);
}

static int do_bind_device(struct sock *s, struct request *r)
{
	char name[IFNAMSIZ] = "";
	size_t length = r->left;

	if (length >= sizeof name)
		return EBADMSG;
	memcpy(name, r->at, length);
	return errno_unless(setsockopt(s->fd, SOL_SOCKET, SO_BINDTODEVICE, name,
				       (socklen_t)length + 1) == 0);
}

static int do_connect(struct sock *s, struct request *r)
{
	struct address a = take_address(r);

	if (!is_whole(r))
		return EBADMSG;
	if (s->state == CONNECTING)
		return EALREADY;
	if (s->state == CONNECTED || s->state == ENDED)
		return EISCONN;
	if (connect(s->fd, &a.at.any, a.length) == 0) {
		if (s->state == FRESH)
			s->state = CONNECTED;
		return 0;
	}
	if (s->state != FRESH || errno != EINPROGRESS)
		return errno;
	s->state = CONNECTING;
	s->connect_tag = r->tag;
	return ANSWERED;
}

static int do_listen(struct sock *s, struct request *r)
{
	uint32_t backlog = take_u32(r);

	if (!is_whole(r))
		return EBADMSG;
	if (s->state != FRESH && s->state != LISTENING)
		return EINVAL;
	if (listen(s->fd, backlog < MAX_BACKLOG ? (int)backlog : MAX_BACKLOG) != 0)
		return errno;
	s->state = LISTENING;
	return 0;
}

static int do_set_option(struct sock *s, struct request *r)
{
	int level = (int)take_u32(r), name = (int)take_u32(r);

	if (r->bad)
		return EBADMSG;
	return errno_unless(setsockopt(s->fd, level, name, r->at, (socklen_t)r->left) == 0);
}

/* Source address and interface as ancillary data; `room` holds it. Returns an errno or 0. */
static int set_source(struct msghdr *m, void *room, const struct sock *s, const struct local *from)
{
	struct in_pktinfo v4 = { .ipi_ifindex = (int)from->interface };
	struct in6_pktinfo v6 = { .ipi6_ifindex = from->interface };
	bool is_v4 = s->family == AF_INET;
	size_t size = is_v4 ? sizeof v4 : sizeof v6;
	struct cmsghdr *c;

	if (!is_inet(s) || (from->length > 0 && from->length != (is_v4 ? 4 : 16)))
		return EINVAL;
	memcpy(is_v4 ? (void *)&v4.ipi_spec_dst : (void *)&v6.ipi6_addr, from->bytes, from->length);
	m->msg_control = room;
	m->msg_controllen = CMSG_SPACE(size);
	c = CMSG_FIRSTHDR(m);
	c->cmsg_level = is_v4 ? IPPROTO_IP : IPPROTO_IPV6;
	c->cmsg_type = is_v4 ? IP_PKTINFO : IPV6_PKTINFO;
	c->cmsg_len = CMSG_LEN(size);
	memcpy(CMSG_DATA(c), is_v4 ? (void *)&v4 : (void *)&v6, size);
	return 0;
}

static int send_message(struct sock *s, struct address *to, const struct local *from,
			const struct request *payload)
{
	union {
		struct cmsghdr align;
		uint8_t bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))];
	} control = { .bytes = { 0 } };
	struct iovec part = { .iov_base = (void *)(uintptr_t)payload->at, .iov_len = payload->left };
	struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t n;

	if (to->length > 0) {
		m.msg_name = &to->at;
		m.msg_namelen = to->length;
	}
	if (from->length > 0 || from->interface > 0) {
		int error = set_source(&m, control.bytes, s, from);

		if (error)
			return error;
	}
	n = sendmsg(s->fd, &m, MSG_NOSIGNAL);
	/*
	 * An ICMP error for an earlier datagram, perhaps to another peer, is returned by the next call
	 * on the socket, and that datagram is not sent. Returning it has cleared it: once more.
	 */
	if (n < 0 && is_inet(s) && errno != EAGAIN)
		n = sendmsg(s->fd, &m, MSG_NOSIGNAL);
	return errno_unless(n >= 0);
}

/* Sends stream bytes; what is not taken now waits in the socket's queue, in order. */
static int send_stream(struct sock *s, const struct request *payload)
{
	struct pending_send *p;
	size_t size = sizeof *p + payload->left;
	ssize_t taken = 0;

	if (s->sends == SENDS_PER_SOCKET || s->queued + size > QUEUE_PER_SOCKET ||
	    queued_total + size > QUEUE_TOTAL)
		return ENOBUFS;
	p = malloc(size);
	if (!p)
		return ENOMEM;
	if (!s->first)
		taken = send(s->fd, payload->at, payload->left, MSG_NOSIGNAL);
	if (taken < 0 && errno != EAGAIN && errno != EINTR) {
		int error = errno;

		free(p);
		return error;
	}
	if (taken < 0)
		taken = 0;
	if (!s->first && (size_t)taken == payload->left) {
		free(p);
		return 0;
	}
	/* A struct assignment would not keep `bytes`; its size counts the part already taken. */
	p->next = NULL;
	p->tag = payload->tag;
	p->offset = (size_t)taken;
	p->left = payload->left - p->offset;
	memcpy(p->bytes, payload->at, payload->left);
	if (s->last)
		s->last->next = p;
	else
		s->first = p;
	s->last = p;
	s->sends++;
	s->queued += size;
	queued_total += size;
	return ANSWERED;
}

static int do_send(struct sock *s, struct request *r)
{
	struct address to = take_address(r);
	struct local from = take_local(r);

	if (r->bad)
		return EBADMSG;
	if (s->state == MESSAGES)
		return send_message(s, &to, &from, r);
	if (to.length > 0 || from.length > 0 || from.interface > 0)
		return EINVAL;
	if (s->state != CONNECTED && s->state != ENDED)
		return ENOTCONN;
	return send_stream(s, r);
}

static int do_local_address(struct sock *s, struct request *r)
{
	struct address a = { .length = sizeof a.at };

	if (!is_whole(r))
		return EBADMSG;
	if (getsockname(s->fd, &a.at.any, &a.length) != 0)
		return errno;
	begin_frame(OP_OK, r->tag);
	put_address(&a);
	end_frame();
	return ANSWERED;
}

static int do_close(struct sock *s, struct request *r)
{
	if (!is_whole(r))
		return EBADMSG;
	if (s->state == CONNECTING)
		put_error(s->connect_tag, ECANCELED);
	fail_sends(s, ECANCELED);
	close(s->fd);
	s->state = UNUSED;
	return 0;
}

static int (*const REQUESTS[])(struct sock *s, struct request *r) = {
	[OP_OPEN] = do_open,
	[OP_BIND] = do_bind,
	[OP_BIND_DEVICE] = do_bind_device,
	[OP_CONNECT] = do_connect,
	[OP_LISTEN] = do_listen,
	[OP_SET_OPTION] = do_set_option,
	[OP_SEND] = do_send,
	[OP_LOCAL_ADDRESS] = do_local_address,
	[OP_CLOSE] = do_close,
};

/* Does one request: the bytes of a frame after its length. */
static void handle_frame(struct request r)
{
	unsigned operation = take_u8(&r);
	struct sock *s = NULL;
	int error;

	r.tag = take_u32(&r);
	if (r.bad) {
		put_error(0, EBADMSG);
		return;
	}
	if (operation == 0 || operation >= sizeof REQUESTS / sizeof *REQUESTS) {
		put_error(r.tag, ENOSYS);
		return;
	}
	if (operation != OP_OPEN) {
		s = find_handle(take_u32(&r));
		if (r.bad || !s) {
			put_error(r.tag, r.bad ? EBADMSG : EBADF);
			return;
		}
	}
	error = REQUESTS[operation](s, &r);
	if (error != ANSWERED)
		answer(r.tag, error);
}

/* The next request in in[], if it is complete. */
static bool next_frame(struct request *frame)
{
	uint32_t wire, length;

	if (in_end - in_start < LENGTH_SIZE)
		return false;
	memcpy(&wire, in + in_start, sizeof wire);
	length = ntohl(wire);
	if (length > MAX_FRAME)
		die("a frame of %lu bytes, %d are allowed", (unsigned long)length, MAX_FRAME);
	if (in_end - in_start - LENGTH_SIZE < length)
		return false;
	*frame = (struct request){ .at = in + in_start + LENGTH_SIZE, .left = length };
	return true;
}

/* Does the requests in in[] as long as their replies have room; true when one had to wait. */
static bool handle_input(void)
{
	struct request frame;

	while (next_frame(&frame)) {
		if (!may_answer())
			return true;
		handle_frame(frame);
		in_start += LENGTH_SIZE + frame.left;
	}
	memmove(in, in + in_start, in_end - in_start);
	in_end -= in_start;
	in_start = 0;
	return false;
}

/* Only called when in[] holds less than one frame, so there is room. */
static void read_input(void)
{
	ssize_t n = read(STDIN_FILENO, in + in_end, sizeof in - in_end);

	if (n > 0) {
		in_end += (size_t)n;
	} else if (n == 0 || errno == ECONNRESET) {
		flush_output();
		exit(0);
	} else if (errno != EINTR && errno != EAGAIN) {
		die("standard input: %s", strerror(errno));
	}
}

/* ---- events of sockets ------------------------------------------------------------------------ */

static void accept_stream(struct sock *listener)
{
	struct address peer = { .length = sizeof peer.at };
	struct sock *s = find_unused();
	int fd;

	if (!s)
		return;
	fd = accept4(listener->fd, &peer.at.any, &peer.length, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0) {
		occupy(s, fd, listener->family, CONNECTED);
		begin_frame(OP_ACCEPT, listener->handle);
		put_u32(s->handle);
		put_address(&peer);
		end_frame();
	} else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
		/* The connection stays in the backlog, and poll would report it again at once. */
		put_socket_error(listener, errno, SO_EE_ORIGIN_NONE, 0, 0, &NOBODY);
		listeners_rest = true;
	} /* anything else is about one connection that is gone */
}

static void finish_connect(struct sock *s)
{
	int error = 0;
	socklen_t length = sizeof error;

	if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0)
		error = errno;
	s->state = error == 0 ? CONNECTED : FRESH;
	answer(s->connect_tag, error);
}

static void read_stream(struct sock *s)
{
	static uint8_t piece[MAX_PIECE];
	/* recv() has no room for ancillary data, so a peer can not give us its descriptors. */
	ssize_t n = recv(s->fd, piece, sizeof piece, 0);
	int error = n < 0 ? errno : 0;

	if (error == EAGAIN || error == EINTR)
		return;
	if (n > 0) {
		begin_frame(OP_MESSAGE, s->handle);
		put_u8(0);
		put_address(&NOBODY);
		put_local(&NOWHERE);
		put_bytes(piece, (size_t)n);
		end_frame();
		return;
	}
	s->state = ENDED;
	if (error)
		fail_sends(s, error);
	begin_frame(OP_CLOSED, s->handle);
	put_u32((uint32_t)error);
	end_frame();
}

static void write_stream(struct sock *s)
{
	while (s->first && may_report()) {
		struct pending_send *p = s->first;
		ssize_t n = send(s->fd, p->bytes + p->offset, p->left, MSG_NOSIGNAL);

		if (n < 0) {
			if (errno != EAGAIN && errno != EINTR)
				fail_sends(s, errno);
			return;
		}
		p->offset += (size_t)n;
		p->left -= (size_t)n;
		if (p->left == 0)
			finish_send(s, 0);
	}
}

/* The data of an ancillary message of this kind and at least this size. */
static bool find_control(struct msghdr *m, int level, int type, void *data, size_t size)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level == level && c->cmsg_type == type &&
		    c->cmsg_len >= CMSG_LEN(size)) {
			memcpy(data, CMSG_DATA(c), size);
			return true;
		}
	}
	return false;
}

static struct local find_local(struct msghdr *m)
{
	struct local local = { .length = 0 };
	struct in_pktinfo v4;
	struct in6_pktinfo v6;

	if (find_control(m, IPPROTO_IP, IP_PKTINFO, &v4, sizeof v4)) {
		local.length = sizeof v4.ipi_addr;
		local.interface = (uint32_t)v4.ipi_ifindex;
		memcpy(local.bytes, &v4.ipi_addr, sizeof v4.ipi_addr);
	} else if (find_control(m, IPPROTO_IPV6, IPV6_PKTINFO, &v6, sizeof v6)) {
		local.length = sizeof v6.ipi6_addr;
		local.interface = (uint32_t)v6.ipi6_ifindex;
		memcpy(local.bytes, &v6.ipi6_addr, sizeof v6.ipi6_addr);
	}
	return local;
}

/* Room for the ancillary data of one message, aligned for its headers. */
union control {
	struct cmsghdr align;
	uint8_t bytes[512];
};

static void read_message(struct sock *s)
{
	static uint8_t payload[MAX_PAYLOAD];
	union control control;
	struct address peer;
	struct local local;
	struct iovec part = { .iov_base = payload, .iov_len = sizeof payload };
	struct msghdr m = { .msg_name = &peer.at, .msg_namelen = sizeof peer.at,
			    .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t n;

	/* Only inet sockets have something to say, and a unix peer must not give us descriptors. */
	if (is_inet(s)) {
		m.msg_control = control.bytes;
		m.msg_controllen = sizeof control.bytes;
	}
	n = recvmsg(s->fd, &m, 0);
	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			put_socket_error(s, errno, SO_EE_ORIGIN_NONE, 0, 0, &NOBODY);
		return;
	}
	peer.length = m.msg_namelen;
	local = find_local(&m);
	begin_frame(OP_MESSAGE, s->handle);
	put_u8((m.msg_flags & MSG_TRUNC ? FLAG_PAYLOAD_CUT : 0u) |
	       (m.msg_flags & MSG_CTRUNC ? FLAG_ANCILLARY_CUT : 0u));
	put_address(&peer);
	put_local(&local);
	put_bytes(payload, (size_t)n);
	end_frame();
}

static void read_error_queue(struct sock *s)
{
	/* Other families ignore MSG_ERRQUEUE and would give, and lose, an ordinary message. */
	if (!is_inet(s) && s->family != AF_PACKET)
		return;
	for (int round = 0; round < ERRORS_PER_ROUND && may_report(); round++) {
		union control control;
		struct address peer;
		struct sock_extended_err entry;
		uint8_t start; /* of the datagram the error is about; qemu-user wants room for one */
		struct iovec part = { .iov_base = &start, .iov_len = sizeof start };
		struct msghdr m = { .msg_name = &peer.at, .msg_namelen = sizeof peer.at,
				    .msg_iov = &part, .msg_iovlen = 1,
				    .msg_control = control.bytes,
				    .msg_controllen = sizeof control.bytes };

		if (recvmsg(s->fd, &m, MSG_ERRQUEUE) < 0)
			return;
		peer.length = m.msg_namelen;
		if (!find_control(&m, IPPROTO_IP, IP_RECVERR, &entry, sizeof entry) &&
		    !find_control(&m, IPPROTO_IPV6, IPV6_RECVERR, &entry, sizeof entry))
			continue;
		if (entry.ee_origin == SO_EE_ORIGIN_LOCAL || entry.ee_origin == SO_EE_ORIGIN_ICMP ||
		    entry.ee_origin == SO_EE_ORIGIN_ICMP6)
			put_socket_error(s, (int)entry.ee_errno, entry.ee_origin, entry.ee_type,
					 entry.ee_code, &peer);
	}
}

/* ---- the loop --------------------------------------------------------------------------------- */

/* What to poll a socket for; 0 for not at all (even without events poll reports a hang-up). */
static short wanted_events(const struct sock *s, bool may_accept)
{
	short writing = s->first ? POLLOUT : 0;

	switch (s->state) {
	case CONNECTING:
		return POLLOUT;
	case CONNECTED:
		return (short)(POLLIN | writing);
	case ENDED:
		return writing;
	case LISTENING:
		return may_accept ? POLLIN : 0;
	case MESSAGES:
		return POLLIN;
	default:
		return 0;
	}
}

static void serve(struct sock *s, short events)
{
	if (events & POLLERR && s->state != CONNECTING)
		read_error_queue(s);
	switch (s->state) {
	case CONNECTING:
		finish_connect(s);
		break;
	case CONNECTED:
	case ENDED:
		if (events & ~POLLIN)
			write_stream(s);
		if (s->state == CONNECTED && events & ~POLLOUT)
			read_stream(s);
		break;
	case LISTENING:
		accept_stream(s);
		break;
	case MESSAGES:
		read_message(s);
		break;
	default:
		break;
	}
}

/*
 * Waits once and serves what is ready. Sockets first: a request could give a slot to another one.
 * Each time another slot comes first, or two busy sockets could keep the rest waiting.
 */
static void serve_once(bool requests_wait)
{
	static struct pollfd polled[2 + MAX_SOCKETS];
	static struct sock *owners[2 + MAX_SOCKETS];
	static size_t first;
	bool may_accept = find_unused() && !listeners_rest;
	int timeout = listeners_rest ? LISTENER_REST_MS : -1;
	nfds_t count = 2; /* no more than are open: poll refuses more entries than RLIMIT_NOFILE */

	listeners_rest = false;
	first = (first + 1) % MAX_SOCKETS;
	polled[0] = (struct pollfd){ .fd = requests_wait ? -1 : STDIN_FILENO, .events = POLLIN };
	polled[1] = (struct pollfd){ .fd = STDOUT_FILENO, .events = out_used() > 0 ? POLLOUT : 0 };
	for (size_t i = 0; i < MAX_SOCKETS && may_report(); i++) {
		struct sock *s = &sockets[(first + i) % MAX_SOCKETS];
		short events = wanted_events(s, may_accept);

		if (events == 0)
			continue;
		owners[count] = s;
		polled[count++] = (struct pollfd){ .fd = s->fd, .events = events };
	}
	if (poll(polled, count, timeout) < 0) {
		if (errno != EINTR)
			die("poll: %s", strerror(errno));
		return;
	}
	if (polled[1].revents & (POLLERR | POLLHUP)) /* a pipe says ERR, a socket HUP */
		exit(0); /* nobody reads us any more */
	for (nfds_t i = 2; i < count && may_report(); i++)
		if (polled[i].revents != 0)
			serve(owners[i], polled[i].revents);
	if (polled[0].revents != 0)
		read_input();
}

static void set_up(void)
{
	struct rlimit files;
	int flags = fcntl(STDOUT_FILENO, F_GETFL);

	if (fcntl(STDIN_FILENO, F_GETFL) < 0 || flags < 0 ||
	    fcntl(STDOUT_FILENO, F_SETFL, flags | O_NONBLOCK) < 0)
		die("standard input or output: %s", strerror(errno));
	/* On Ctrl-C or a hang-up the script decides; we end with it. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	umask(0177); /* the only files we make are those of bound unix sockets: 0600 */
	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < MAX_SOCKETS + 16) {
		files.rlim_cur = files.rlim_max < MAX_SOCKETS + 16 ? files.rlim_max : MAX_SOCKETS + 16;
		setrlimit(RLIMIT_NOFILE, &files);
	}
}

static const char USAGE[] =
	"Usage: autoipsec-broker [--version | --help]\n"
	"Does sockets for the autoipsec daemon, in frames over standard input and output.\n"
	"The daemon starts it; it is of no use by hand.\n";

int main(int count, char **arguments)
{
	if (count == 2 && strcmp(arguments[1], "--version") == 0)
		return puts("autoipsec-broker " VERSION) < 0;
	if (count == 2 && strcmp(arguments[1], "--help") == 0)
		return fputs(USAGE, stdout) < 0;
	if (count > 1 || isatty(STDIN_FILENO) || isatty(STDOUT_FILENO)) {
		fputs(USAGE, stderr);
		return 2;
	}
	set_up();
	put_hello();
	for (;;) {
		bool requests_wait = handle_input();

		flush_output();
		if (requests_wait && may_answer())
			continue;
		serve_once(requests_wait);
	}
}
