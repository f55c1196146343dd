/* Records what a process does to files whose path contains $JOURNAL_OF, into $JOURNAL, for crashing/power.py.
 *
 * Preloaded (LD_PRELOAD); each record is a header {kind, file, offset, length, microseconds} and, for writes, the bytes.
 * Files are numbered by suffix: 0 the database, 1 its write-ahead log. Shared memory is not recorded: it is rebuilt.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

enum { WRITE = 1, TRUNCATE = 2, SYNC = 3 };
struct record { int32_t kind, file; int64_t offset, length, microseconds; };

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static int journal = -2;
static int8_t known[4096]; /* by descriptor: 0 unknown, 1 not ours, 2 + file number */

static int file_of(int fd)
{
    char link[64], path[4096];
    const char *wanted = getenv("JOURNAL_OF");
    if (fd < 0 || fd >= 4096 || wanted == NULL) return -1;
    if (known[fd] == 0) {
        strcpy(link, "/proc/self/fd/");
        char digits[16]; int n = 0, value = fd;
        do { digits[n++] = '0' + value % 10; value /= 10; } while (value);
        size_t end = strlen(link);
        while (n) link[end++] = digits[--n];
        link[end] = 0;
        ssize_t length = readlink(link, path, sizeof path - 1);
        path[length < 0 ? 0 : length] = 0;
        size_t size = strlen(path), want = strlen(wanted);
        known[fd] = 1;
        if (size >= want && strcmp(path + size - want, wanted) == 0) known[fd] = 2;
        if (size >= want + 4 && strcmp(path + size - 4, "-wal") == 0 && strncmp(path + size - 4 - want, wanted, want) == 0) known[fd] = 3;
    }
    return known[fd] - 2;
}

static void note(int32_t kind, int32_t file, int64_t offset, const void *data, int64_t length)
{
    static ssize_t (*plain_writev)(int, const struct iovec *, int);
    static int (*plain_open)(const char *, int, ...);
    struct timeval now;
    pthread_mutex_lock(&turn);
    if (journal == -2) {
        plain_writev = dlsym(RTLD_NEXT, "writev");
        plain_open = dlsym(RTLD_NEXT, "open");
        journal = plain_open(getenv("JOURNAL"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    }
    gettimeofday(&now, NULL);
    struct record record = {kind, file, offset, length, (int64_t)now.tv_sec * 1000000 + now.tv_usec};
    struct iovec parts[2] = {{&record, sizeof record}, {(void *)data, data ? (size_t)length : 0}};
    if (journal >= 0 && plain_writev(journal, parts, 2) < 0) abort();
    pthread_mutex_unlock(&turn);
}

int close(int fd)
{
    static int (*plain)(int);
    if (!plain) plain = dlsym(RTLD_NEXT, "close");
    if (fd >= 0 && fd < 4096) known[fd] = 0;
    return plain(fd);
}

#define RECORD_PWRITE(name)                                                       \
    ssize_t name(int fd, const void *data, size_t length, off_t offset)           \
    {                                                                             \
        static ssize_t (*plain)(int, const void *, size_t, off_t);                \
        if (!plain) plain = dlsym(RTLD_NEXT, #name);                              \
        ssize_t written = plain(fd, data, length, offset);                        \
        int file = file_of(fd);                                                   \
        if (file >= 0 && written > 0) note(WRITE, file, offset, data, written);   \
        return written;                                                           \
    }
RECORD_PWRITE(pwrite)
RECORD_PWRITE(pwrite64)

#define RECORD_TRUNCATE(name)                                                     \
    int name(int fd, off_t length)                                                \
    {                                                                             \
        static int (*plain)(int, off_t);                                          \
        if (!plain) plain = dlsym(RTLD_NEXT, #name);                              \
        int result = plain(fd, length), file = file_of(fd);                       \
        if (file >= 0 && result == 0) note(TRUNCATE, file, length, NULL, 0);      \
        return result;                                                            \
    }
RECORD_TRUNCATE(ftruncate)
RECORD_TRUNCATE(ftruncate64)

#define RECORD_SYNC(name)                                                         \
    int name(int fd)                                                              \
    {                                                                             \
        static int (*plain)(int);                                                 \
        if (!plain) plain = dlsym(RTLD_NEXT, #name);                              \
        int result = plain(fd), file = file_of(fd);                               \
        if (file >= 0 && result == 0) note(SYNC, file, 0, NULL, 0);               \
        return result;                                                            \
    }
RECORD_SYNC(fsync)
RECORD_SYNC(fdatasync)
