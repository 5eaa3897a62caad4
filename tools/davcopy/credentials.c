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
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "exits.h"
#include "interrupt.h"
#include "netrc.h"
#include "printable.h"

enum { PASSWORD_MAX = 1023, NETRC_MAX = 65535 };

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
static int keep(char **out, char *line, int length, const char *where)
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
    *out = strndup(line, (size_t)length);
    if (*out)
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

static int from_file(char **out, const char *path)
{
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
                           : keep(out, line, length, standard ? "stdin" : path);
    explicit_bzero(line, sizeof line);
    return exit_code;
}

static void ask(int fd, const char *whose)
{
    char shown[128], prompt[160];
    const int length =
        snprintf(prompt, sizeof prompt, "Password of %s: ", printable(shown, sizeof shown, whose));

    if (write(fd, prompt, (size_t)length) < 0) {
        /* Without a prompt the terminal still waits for the line. */
    }
}

/* whose: the name, or the key file, that it belongs to; option: the one that would have said it. */
static int from_terminal(char **out, const char *whose, const char *option)
{
    char advice[64];
    const int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    struct termios before, silent;
    char line[PASSWORD_MAX + 1];
    int length, error, exit_code;

    if (fd < 0 || tcgetattr(fd, &before) < 0) {
        if (fd >= 0)
            close(fd);
        fprintf(stderr, "davcopy: %s no password and there is no terminal to ask at; use %s\n",
                strcmp(option, "--password-file") == 0 ? "--user has" : "the client key has",
                option);
        return EXIT_USAGE;
    }
    snprintf(advice, sizeof advice, "use %s", option);
    silent = before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(fd, TCSAFLUSH, &silent);
    ask(fd, whose);
    length = read_line(line, fd);
    error = errno;
    tcsetattr(fd, TCSAFLUSH, &before);
    if (write(fd, "\n", 1) < 0) {
        /* Only the look of the screen depends on it. */
    }
    close(fd);
    exit_code = length < 0 ? failed("cannot read the password from", "/dev/tty", error, advice)
                           : keep(out, line, length, "the terminal");
    explicit_bzero(line, sizeof line);
    return exit_code;
}

/* ---- .netrc ---- */

/* Reads what only its owner may read. Returns the number of bytes, or -1 having said why. */
static int read_private(char out[NETRC_MAX + 1], const char *path)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    char shown[512];
    struct stat about;
    size_t length = 0;
    ssize_t got = 1;

    printable(shown, sizeof shown, path);
    if (fd < 0 || fstat(fd, &about) < 0) {
        failed("cannot read --netrc", path, errno, "check its name and rights");
    } else if (!S_ISREG(about.st_mode)) {
        fprintf(stderr, "davcopy: --netrc %s is not a file; give one\n", shown);
    } else if (about.st_mode & (S_IRWXG | S_IRWXO)) {
        fprintf(stderr, "davcopy: --netrc %s is open to others than its owner; do chmod 600\n",
                shown);
    } else {
        while (length <= NETRC_MAX && got > 0) {
            got = read(fd, out + length, NETRC_MAX + 1 - length);
            length += got > 0 ? (size_t)got : 0;
        }
        close(fd);
        if (got >= 0 && length <= NETRC_MAX)
            return (int)length;
        if (got < 0)
            failed("cannot read --netrc", path, errno, "check its name and rights");
        else
            fprintf(stderr, "davcopy: --netrc %s is longer than %d bytes; check the file\n", shown,
                    (int)NETRC_MAX);
        return -1;
    }
    if (fd >= 0)
        close(fd);
    return -1;
}

/* The host of a URL, without brackets; "" when it is not where one is looked for. */
static void host_of(char *out, size_t size, const char *url)
{
    const char *start = strstr(url, "://");
    size_t length;

    start = start ? start + 3 : url;
    length = strcspn(start, "/?#");
    if (*start == '[') {
        start++;
        length = strcspn(start, "]/?#");
    } else {
        length = strcspn(start, ":/?#") < length ? strcspn(start, ":/?#") : length;
    }
    snprintf(out, size, "%.*s", length < size ? (int)length : 0, start);
}

static int keep_entry(struct options *options, enum netrc_answer answer, const char *user,
                      const char *password)
{
    char shown[512];

    printable(shown, sizeof shown, options->netrc_file);
    if (answer == NETRC_NOT_FOUND)
        return EXIT_DONE;
    if (answer != NETRC_FOUND) {
        fprintf(stderr, "davcopy: --netrc %s %s; check the file\n", shown,
                answer == NETRC_INCOMPLETE ? "has the host, but not both login and password"
                                           : "cannot be understood");
        return EXIT_USAGE;
    }
    options->user = strdup(user);
    options->password = strdup(password);
    if (options->user && options->password)
        return EXIT_DONE;
    fputs("davcopy: out of memory\n", stderr);
    return EXIT_LOCAL;
}

static int from_netrc(struct options *options)
{
    const char *user = NULL, *password = NULL;
    char text[NETRC_MAX + 1], host[256];
    const int length = read_private(text, options->netrc_file);
    enum netrc_answer answer = NETRC_MALFORMED;
    int exit_code = EXIT_USAGE;

    if (length >= 0) {
        text[length < NETRC_MAX ? length : NETRC_MAX] = '\0';
        host_of(host, sizeof host, options->source);
        if (strlen(text) == (size_t)length)
            answer = netrc_find(text, host, &user, &password);
        exit_code = keep_entry(options, answer, user, password);
    }
    explicit_bzero(text, sizeof text);
    return exit_code;
}

/* ---- the client key ---- */

/* Whether the key in a PEM file is one that a password opens (RFC 7468 section 11, RFC 1421); what
 * cannot be read is left to the library to complain of. */
static bool is_encrypted(const char *path)
{
    FILE *in = fopen(path, "re");
    char line[256];
    bool found = false;

    while (in && !found && fgets(line, sizeof line, in))
        found = strncmp(line, "-----BEGIN ENCRYPTED PRIVATE KEY", 32) == 0 ||
                strncmp(line, "Proc-Type: 4,ENCRYPTED", 22) == 0;
    if (in)
        fclose(in);
    return found;
}

static int read_key_password(struct options *options)
{
    const char *key = options->key_file ? options->key_file : options->certificate_file;

    if (options->key_password_file)
        return from_file(&options->key_password, options->key_password_file);
    if (!key || !is_encrypted(key))
        return EXIT_DONE;
    return from_terminal(&options->key_password, key, "--key-password-file");
}

static int read_login(struct options *options)
{
    if (options->netrc_file)
        return from_netrc(options);
    if (!options->user || options->password)
        return EXIT_DONE;
    return options->password_file
               ? from_file(&options->password, options->password_file)
               : from_terminal(&options->password, options->user, "--password-file");
}

int credentials_read(struct options *options)
{
    const int exit_code = read_login(options);

    return exit_code == EXIT_DONE ? read_key_password(options) : exit_code;
}
