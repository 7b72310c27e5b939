/*
 * An HTTP backend that records its true response times: for each port the times at which the kernel received the newest requests, and
 * the times at which their answers were sent. Compiled and started by truthful-sink.ts.
 *
 * Usage: truthful-sink ADDRESS PORTS DELAY_US[,DELAY_US...]
 * Listens on PORTS ports of ADDRESS from 12000 up; port number n answers after the delay n modulo their number.
 * Standard output: {"ports":[...],"handshake_us":N}. For each line of standard input: one line for each port,
 *   {"port":N,"answers":[[RECEIVED_US,BEFORE_NS,AFTER_NS],...]}
 * oldest first: the kernel's receive timestamp of the request (SO_TIMESTAMPNS, microseconds since the epoch), and the time from there
 * until right before and right after send(2) of the answer (CLOCK_REALTIME, nanoseconds). Exits at the end of its standard input.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define MAX_PORTS 4096
#define MAX_FDS 65536
#define MAX_DELAYS 64
/* Number of newest answers that are kept for each port. */
#define KEPT 64
#define FIRST_PORT 12000
#define EVENTS 256
/* The sink spins for the last part of a delay, because a timer is less exact. */
#define SPIN_NS 150000
#define HANDSHAKES 501
#define NS_PER_S 1000000000LL

struct answer {
  int64_t received_ns, before_ns, after_ns;
};

struct port {
  int number;
  int64_t delay_ns;
  struct answer answers[KEPT];
  uint64_t count;
};

/* State of a descriptor: a listener, or a connection to a port. */
struct slot {
  struct port *port;
  int is_listener;
  /* Grows with each connection of the descriptor, so that no answer goes to a later connection. */
  uint32_t generation;
};

struct pending {
  int64_t due_ns, received_ns;
  int fd;
  uint32_t generation;
};

static const char RESPONSE[] =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n";

static struct port ports[MAX_PORTS];
static int port_count;
static struct slot slots[MAX_FDS];
/* A binary heap; the top is due first. */
static struct pending heap[MAX_FDS];
static int heap_size;
static int epoll_fd;

static void fail(const char *step) {
  perror(step);
  exit(1);
}

static int64_t now_ns(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return time.tv_sec * NS_PER_S + time.tv_nsec;
}

static void watch(int fd) {
  struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.fd = fd};
  if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) fail("epoll_ctl");
}

static void swap(int a, int b) {
  struct pending kept = heap[a];
  heap[a] = heap[b];
  heap[b] = kept;
}

static void push(struct pending request) {
  if (heap_size == MAX_FDS) fail("too many requests");
  int at = heap_size++;
  heap[at] = request;
  for (; at > 0 && heap[at].due_ns < heap[(at - 1) / 2].due_ns; at = (at - 1) / 2) swap(at, (at - 1) / 2);
}

static struct pending pop(void) {
  struct pending top = heap[0];
  heap[0] = heap[--heap_size];
  for (int at = 0;;) {
    int least = at;
    for (int child = 2 * at + 1; child <= 2 * at + 2 && child < heap_size; child++)
      if (heap[child].due_ns < heap[least].due_ns) least = child;
    if (least == at) return top;
    swap(at, least);
    at = least;
  }
}

static void answer(struct pending request) {
  struct slot *slot = &slots[request.fd];
  /* The peer has closed the connection. */
  if (slot->port == NULL || slot->generation != request.generation) return;
  int64_t before = now_ns(CLOCK_REALTIME);
  if (send(request.fd, RESPONSE, sizeof RESPONSE - 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) return;
  int64_t after = now_ns(CLOCK_REALTIME);
  struct port *port = slot->port;
  port->answers[port->count++ % KEPT] = (struct answer){request.received_ns, before, after};
}

static void accept_connection(int listener) {
  int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) return;
  if (fd >= MAX_FDS) fail("too many connections");
  slots[fd].port = slots[listener].port;
  slots[fd].is_listener = 0;
  slots[fd].generation++;
  watch(fd);
}

static void close_connection(int fd) {
  slots[fd].port = NULL;
  close(fd);
}

/* Reads a request, which arrives in one segment; closes the connection at its end or on an error. */
static void receive(int fd) {
  char bytes[8192], control[256];
  struct iovec piece = {bytes, sizeof bytes};
  struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  ssize_t length = recvmsg(fd, &message, MSG_DONTWAIT);
  if (length <= 0) {
    if (length == 0 || errno != EAGAIN) close_connection(fd);
    return;
  }
  for (struct cmsghdr *item = CMSG_FIRSTHDR(&message); item != NULL; item = CMSG_NXTHDR(&message, item)) {
    if (item->cmsg_level != SOL_SOCKET || item->cmsg_type != SCM_TIMESTAMPNS) continue;
    struct timespec stamp;
    memcpy(&stamp, CMSG_DATA(item), sizeof stamp);
    int64_t received = stamp.tv_sec * NS_PER_S + stamp.tv_nsec;
    push((struct pending){received + slots[fd].port->delay_ns, received, fd, slots[fd].generation});
  }
}

static void dump(void) {
  for (int n = 0; n < port_count; n++) {
    struct port *port = &ports[n];
    printf("{\"port\":%d,\"answers\":[", port->number);
    uint64_t first = port->count > KEPT ? port->count - KEPT : 0;
    for (uint64_t at = first; at < port->count; at++) {
      struct answer *answer = &port->answers[at % KEPT];
      printf("%s[%" PRId64 ",%" PRId64 ",%" PRId64 "]", at > first ? "," : "", answer->received_ns / 1000,
             answer->before_ns - answer->received_ns, answer->after_ns - answer->received_ns);
    }
    puts("]}");
  }
  fflush(stdout);
}

/* Reads standard input: prints one dump for each line. */
static void command(void) {
  char bytes[256];
  ssize_t length = read(STDIN_FILENO, bytes, sizeof bytes);
  if (length <= 0) exit(0);
  for (ssize_t at = 0; at < length; at++)
    if (bytes[at] == '\n') dump();
}

static void listen_on(struct sockaddr_in *address, int64_t *delays_ns, int delay_count, int wanted) {
  for (int number = FIRST_PORT; port_count < wanted; number++) {
    if (number > 32000) fail("too few free ports");
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
    if (fd < 0 || fd >= MAX_FDS) fail("socket");
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    /* Accepted connections inherit the option. */
    if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) != 0) fail("SO_TIMESTAMPNS");
    address->sin_port = htons(number);
    if (bind(fd, (struct sockaddr *)address, sizeof *address) != 0 || listen(fd, 4096) != 0) {
      close(fd);
      continue;
    }
    ports[port_count] = (struct port){.number = number, .delay_ns = delays_ns[port_count % delay_count]};
    slots[fd] = (struct slot){.port = &ports[port_count], .is_listener = 1};
    port_count++;
    watch(fd);
  }
}

static int by_value(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

/* Measures the kernel's time for a handshake with these ports: the median of blocking calls of connect(2). */
static int64_t handshake_ns(struct sockaddr_in *address) {
  int64_t took[HANDSHAKES];
  struct linger reset = {1, 0};
  for (int n = 0; n < HANDSHAKES; n++) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address->sin_port = htons(ports[n % port_count].number);
    int64_t before = now_ns(CLOCK_MONOTONIC);
    if (connect(fd, (struct sockaddr *)address, sizeof *address) != 0) fail("connect");
    took[n] = now_ns(CLOCK_MONOTONIC) - before;
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(fd);
  }
  qsort(took, HANDSHAKES, sizeof took[0], by_value);
  return took[HANDSHAKES / 2];
}

/* Waits until a descriptor is ready or the next answer is nearly due. */
static int wait_for_work(int timer_fd, struct epoll_event *events) {
  if (heap_size == 0) return epoll_wait(epoll_fd, events, EVENTS, -1);
  int64_t wake = heap[0].due_ns - SPIN_NS;
  if (wake <= now_ns(CLOCK_REALTIME)) return epoll_wait(epoll_fd, events, EVENTS, 0);
  struct itimerspec when = {.it_value = {wake / NS_PER_S, wake % NS_PER_S}};
  timerfd_settime(timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
  return epoll_wait(epoll_fd, events, EVENTS, -1);
}

int main(int argc, char **argv) {
  struct sockaddr_in address = {.sin_family = AF_INET};
  int wanted = argc == 4 ? atoi(argv[2]) : 0;
  if (wanted < 1 || wanted > MAX_PORTS || inet_pton(AF_INET, argv[1], &address.sin_addr) != 1) return 2;
  int64_t delays_ns[MAX_DELAYS];
  int delay_count = 0;
  for (char *text = strtok(argv[3], ","); text != NULL && delay_count < MAX_DELAYS; text = strtok(NULL, ","))
    delays_ns[delay_count++] = atoll(text) * 1000;
  if (delay_count == 0) return 2;
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  int timer_fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
  if (epoll_fd < 0 || timer_fd < 0) fail("epoll and timer");
  listen_on(&address, delays_ns, delay_count, wanted);
  watch(STDIN_FILENO);
  watch(timer_fd);
  printf("{\"handshake_us\":%.3f,\"ports\":[", handshake_ns(&address) / 1000.0);
  for (int n = 0; n < port_count; n++) printf("%s%d", n > 0 ? "," : "", ports[n].number);
  puts("]}");
  fflush(stdout);
  for (struct epoll_event events[EVENTS];;) {
    int ready = wait_for_work(timer_fd, events);
    for (int n = 0; n < ready; n++) {
      int fd = events[n].data.fd;
      uint64_t expired;
      if (fd == STDIN_FILENO) command();
      else if (fd == timer_fd) (void)!read(timer_fd, &expired, sizeof expired);
      else if (slots[fd].is_listener) accept_connection(fd);
      else receive(fd);
    }
    while (heap_size > 0 && heap[0].due_ns <= now_ns(CLOCK_REALTIME)) answer(pop());
  }
}
