/*
 * Answers the socket options of IPVS for keepalived, whose health checks do not start without them, on a kernel without ip_vs. Compiled and
 * preloaded by keepalived.ts; its checks themselves are untouched.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

/* IP_VS_BASE_CTL to IP_VS_SO_SET_MAX and IP_VS_SO_GET_MAX (linux/ip_vs.h). */
enum { FIRST = 64 + 1024 + 64, LAST = FIRST + 100, VERSION = 0x010201 };

int getsockopt(int fd, int level, int name, void *value, socklen_t *length) {
  static int (*next)(int, int, int, void *, socklen_t *);
  if (level == IPPROTO_IP && name >= FIRST && name < LAST) {
    memset(value, 0, *length);
    if (*length >= sizeof(int)) *(int *)value = VERSION;
    return 0;
  }
  if (!next) next = dlsym(RTLD_NEXT, "getsockopt");
  return next(fd, level, name, value, length);
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t length) {
  static int (*next)(int, int, int, const void *, socklen_t);
  if (level == IPPROTO_IP && name >= FIRST && name < LAST) return 0;
  if (!next) next = dlsym(RTLD_NEXT, "setsockopt");
  return next(fd, level, name, value, length);
}
