/* credentials.c - see credentials.h.
 *
 * The terminal is read by poll, so that Ctrl-C comes through interrupt.h and the echo is put back
 * before anything else happens.
 */
#include "credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "exits.h"
#include "interrupt.h"
#include "printable.h"

enum { PASSWORD_MAX = 1023 };

/* Reads from fd, a terminal or not, until the end of the line or of the input. Returns the number
 * of bytes, PASSWORD_MAX + 1 when there are too many, -1 with errno, -1 with EINTR on Ctrl-C. */
static int read_line(char out[PASSWORD_MAX + 1], int fd)
{
    struct pollfd watched[] = {{fd, POLLIN, 0}, {interrupt_fd(), POLLIN, 0}};
    int length = 0;

    while (length <= PASSWORD_MAX) {
        ssize_t got;

        if (poll(watched, 2, -1) < 0 && errno != EINTR)
            return -1;
        if (interrupt_seen()) {
            errno = EINTR;
            return -1;
        }
        if (!watched[0].revents)
            continue;
        got = read(fd, out + length, 1); /* one at a time: the rest of stdin is not ours */
        if (got < 0 && errno != EINTR && errno != EAGAIN)
            return -1;
        if (got == 0 || (got == 1 && out[length] == '\n'))
            break;
        length += got == 1;
    }
    return length;
}

/* Takes over what was read. */
static int keep(struct options *options, char *line, int length, const char *where)
{
    char shown[256];

    printable(shown, sizeof shown, where);
    if (length > PASSWORD_MAX) {
        fprintf(stderr, "davcopy: the password in %s is longer than %d bytes; check the file\n",
                shown, (int)PASSWORD_MAX);
        return EXIT_USAGE;
    }
    if (length > 0 && line[length - 1] == '\r')
        length--;
    if (memchr(line, '\0', (size_t)length)) {
        fprintf(stderr, "davcopy: the password in %s holds a NUL; check the file\n", shown);
        return EXIT_USAGE;
    }
    options->password = strndup(line, (size_t)length);
    if (options->password)
        return EXIT_DONE;
    fputs("davcopy: out of memory\n", stderr);
    return EXIT_LOCAL;
}

static int failed(const char *what, const char *where, int error, const char *advice)
{
    char shown[256];

    if (error == EINTR) {
        fputs("davcopy: interrupted; nothing was sent\n", stderr);
        return EXIT_INTERRUPTED;
    }
    fprintf(stderr, "davcopy: %s %s: %s; %s\n", what, printable(shown, sizeof shown, where),
            strerror(error), advice);
    return EXIT_USAGE;
}

static int from_file(struct options *options)
{
    const char *path = options->password_file;
    const bool standard = strcmp(path, "-") == 0;
    const int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    char line[PASSWORD_MAX + 1];
    int length, error, exit_code;

    if (fd < 0)
        return failed("cannot read the password file", path, errno, "check its name and rights");
    length = read_line(line, fd);
    error = errno;
    if (!standard)
        close(fd);
    exit_code = length < 0 ? failed("cannot read the password from", standard ? "stdin" : path,
                                    error, "check its name and rights")
                           : keep(options, line, length, standard ? "stdin" : path);
    explicit_bzero(line, sizeof line);
    return exit_code;
}

static void ask(int fd, const char *user)
{
    char shown[128], prompt[160];
    const int length =
        snprintf(prompt, sizeof prompt, "Password of %s: ", printable(shown, sizeof shown, user));

    if (write(fd, prompt, (size_t)length) < 0) {
        /* Without a prompt the terminal still waits for the line. */
    }
}

static int from_terminal(struct options *options)
{
    const int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    struct termios before, silent;
    char line[PASSWORD_MAX + 1];
    int length, error, exit_code;

    if (fd < 0 || tcgetattr(fd, &before) < 0) {
        if (fd >= 0)
            close(fd);
        fputs("davcopy: --user has no password and there is no terminal to ask at; "
              "use --password-file\n",
              stderr);
        return EXIT_USAGE;
    }
    silent = before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(fd, TCSAFLUSH, &silent);
    ask(fd, options->user);
    length = read_line(line, fd);
    error = errno;
    tcsetattr(fd, TCSAFLUSH, &before);
    if (write(fd, "\n", 1) < 0) {
        /* Only the look of the screen depends on it. */
    }
    close(fd);
    exit_code = length < 0 ? failed("cannot read the password from", "/dev/tty", error,
                                    "use --password-file")
                           : keep(options, line, length, "the terminal");
    explicit_bzero(line, sizeof line);
    return exit_code;
}

int credentials_read(struct options *options)
{
    if (!options->user || options->password)
        return EXIT_DONE;
    return options->password_file ? from_file(options) : from_terminal(options);
}
