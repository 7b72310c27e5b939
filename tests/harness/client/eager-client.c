/*
 * A client that connects to a Unix socket the moment its file exists. Started by tests/daemon/socket-ready.test.ts.
 *
 * Usage: eager-client PATH
 * A socket that is at the path from the start is an earlier run's: the client waits until another file is in its place. Writes "waiting",
 * then one line: "connected", "refused", "missing" (the stale socket disappeared and left the path empty), or the system's message.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

int main(int argc, char **argv) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (argc != 2 || strlen(argv[1]) >= sizeof address.sun_path) return 2;
  strcpy(address.sun_path, argv[1]);
  struct stat found;
  ino_t stale = lstat(argv[1], &found) == 0 ? found.st_ino : 0;
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  puts("waiting");
  fflush(stdout);
  for (;;) {
    if (stale != 0) {
      if (lstat(argv[1], &found) != 0) {
        puts("missing");
        return 0;
      }
      if (found.st_ino == stale) continue;
    }
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0) {
      puts("connected");
      return 0;
    }
    if (errno == ENOENT && stale == 0) continue;
    puts(errno == ECONNREFUSED ? "refused" : strerror(errno));
    return 0;
  }
}
