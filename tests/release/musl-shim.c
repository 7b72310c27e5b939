/*
 * What Debian's libstdc++ and libgcc ask of glibc, and musl does not have. Enough for a program that throws no C++ exception, as
 * the runtime does not. It takes the name of glibc's loader, which those libraries ask for too.
 */
#include <stddef.h>

struct tm;
struct locale;
size_t strftime_l(char *, size_t, const char *, const struct tm *, struct locale *);
int getentropy(void *, size_t);

char __libc_single_threaded;
struct {
  unsigned vendor, type, subtype, features[1];
} __cpu_model;

int __cpu_indicator_init(void) { return 0; }

int _dl_find_object(void *address, void *result) { return -1; }

int __cxa_thread_atexit_impl(void (*destroy)(void *), void *object, void *library) { return 0; }

size_t __strftime_l(char *to, size_t size, const char *format, const struct tm *time, struct locale *locale) {
  return strftime_l(to, size, format, time, locale);
}

unsigned arc4random(void) {
  unsigned number;
  getentropy(&number, sizeof number);
  return number;
}
