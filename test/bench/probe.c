/*
 * The program that the benchmark supervises: as small as a program can be, so that the supervisor is what is measured.
 *   probe idle  NAME FILE               says that it is up, and sleeps
 *   probe once  NAME FILE               says that it is up, and ends
 *   probe flood NAME FILE BYTES         writes lines of 100 bytes flat out, in pieces of 8000 bytes; then sleeps
 *   probe lines NAME FILE RATE COUNT [LINES]
 *                                       writes COUNT times LINES (1) numbered lines of 100 bytes with the time; then sleeps
 * What it has to say it appends to FILE: "WHAT NAME PID NANOSECONDS", on the monotonic clock of the machine.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static unsigned long long now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static void say(const char *what, const char *name, const char *file) {
  char line[256];
  int fd = open(file, O_WRONLY | O_APPEND | O_CREAT, 0600);
  int length = snprintf(line, sizeof line, "%s %s %d %llu\n", what, name, (int)getpid(), now());
  if (write(fd, line, length) != length) _exit(1);
  close(fd);
}

static void put(const char *data, size_t length) {
  while (length > 0) {
    ssize_t count = write(1, data, length);
    if (count <= 0) _exit(1);
    data += count;
    length -= count;
  }
}

static void flood(unsigned long long bytes) {
  static char block[8000];
  memset(block, 'x', sizeof block);
  for (size_t at = 99; at < sizeof block; at += 100) block[at] = '\n';
  for (unsigned long long done = 0; done < bytes; done += sizeof block) put(block, sizeof block);
}

enum { LINE = 100, MOST_LINES = 100 };

static void lines(unsigned long rate, unsigned long count, unsigned long each) {
  static char piece[MOST_LINES * LINE + 1];
  unsigned long long begin = now();
  if (each < 1 || each > MOST_LINES) _exit(2);
  for (unsigned long i = 0; i < count; i++) {
    unsigned long long at = begin + i * 1000000000ull / rate;
    struct timespec t = {at / 1000000000ull, at % 1000000000ull};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
    for (unsigned long j = 0; j < each; j++)
      snprintf(piece + j * LINE, LINE + 1, "%010lu %020llu %067d\n", i * each + j, now(), 0);
    put(piece, each * LINE);
  }
}

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  say("up", argv[2], argv[3]);
  if (strcmp(argv[1], "flood") == 0) flood(strtoull(argv[4], NULL, 10));
  if (strcmp(argv[1], "lines") == 0)
    lines(strtoul(argv[4], NULL, 10), strtoul(argv[5], NULL, 10), argc > 6 ? strtoul(argv[6], NULL, 10) : 1);
  if (strcmp(argv[1], "once") == 0) return 0;
  if (strcmp(argv[1], "idle") != 0) say("done", argv[2], argv[3]);
  for (;;) pause();
}
