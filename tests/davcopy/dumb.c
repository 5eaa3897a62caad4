/* dumb.c - a server that knows nothing and says what it was told to; for tests/davcopy.sh.
 *
 *     dumb LOG RULE...        a RULE is MATCH=ANSWER
 *
 * Listens on a free port of 127.0.0.1 and prints `dumb: listening on http://127.0.0.1:PORT/`. Each
 * request is appended to LOG as it came. The first rule whose MATCH is a beginning of the request
 * ("COPY ", "PROPFIND /b") gives the answer; a rule that begins with ! is used once. No rule: 404.
 * In an ANSWER \r \n \t \\ \xNN are bytes, \w waits 200 ms, \k at its end keeps the connection
 * open without a word more, \z sends a MiB of zeros. Then the connection is closed. One connection
 * at a time, one request on each.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REQUEST_MAX = 65536 };

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static int listen_somewhere(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    const int fd = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) < 0 || listen(fd, 16) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) < 0)
        fail("dumb: listen");
    printf("dumb: listening on http://127.0.0.1:%d/\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

/* The length of the body that the head announces. */
static size_t body_length(const char *head)
{
    const char *at = strcasestr(head, "\r\ncontent-length:");

    return at ? strtoul(at + 17, NULL, 10) : 0;
}

/* Reads one request, body and all. */
static void read_request(char request[REQUEST_MAX + 1], int fd)
{
    size_t length = 0, wanted = REQUEST_MAX;

    request[0] = '\0';
    while (length < wanted) {
        const ssize_t got = read(fd, request + length, REQUEST_MAX - length);
        const char *end;

        if (got <= 0)
            break;
        length += (size_t)got;
        request[length] = '\0';
        end = strstr(request, "\r\n\r\n");
        if (end)
            wanted = (size_t)(end + 4 - request) + body_length(request);
    }
}

static void put(int fd, const char *data, size_t size)
{
    while (size > 0) {
        const ssize_t written = write(fd, data, size);

        if (written <= 0)
            return;
        data += written;
        size -= (size_t)written;
    }
}

static void put_zeros(int fd)
{
    static const char zeros[65536];

    for (int i = 0; i < 16; i++)
        put(fd, zeros, sizeof zeros);
}

/* Says the answer; returns whether the connection stays open. */
static int say(int fd, const char *answer)
{
    static const char letters[] = "rnt\\", bytes[] = "\r\n\t\\";

    for (const char *at = answer; *at != '\0'; at++) {
        const char *letter;
        char byte = *at;

        if (*at == '\\' && at[1] != '\0') {
            at++;
            letter = strchr(letters, *at);
            if (letter) {
                byte = bytes[letter - letters];
            } else if (*at == 'x') {
                byte = (char)strtol((char[]){at[1], at[2], '\0'}, NULL, 16);
                at += 2;
            } else if (*at == 'w') {
                usleep(200000);
                continue;
            } else if (*at == 'z') {
                put_zeros(fd);
                continue;
            } else {
                return 1;
            }
        }
        put(fd, &byte, 1);
    }
    return 0;
}

static const char *find_answer(char **rules, const char *request)
{
    for (; *rules; rules++) {
        const int once = **rules == '!';
        char *match = *rules + once;
        const char *equals = strchr(match, '=');

        if (!equals || strncmp(match, request, (size_t)(equals - match)) != 0)
            continue;
        if (once)
            match[0] = '\n'; /* no request begins like that */
        return equals + 1;
    }
    return "HTTP/1.1 404 Not Found\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n";
}

int main(int argc, char **argv)
{
    static char request[REQUEST_MAX + 1];
    FILE *log = argc < 2 ? NULL : fopen(argv[1], "a");
    int listener;

    if (!log)
        fail("dumb: LOG");
    signal(SIGPIPE, SIG_IGN);
    listener = listen_somewhere();
    for (;;) {
        const int fd = accept(listener, NULL, NULL);

        if (fd < 0)
            fail("dumb: accept");
        read_request(request, fd);
        fputs(request, log);
        fflush(log);
        if (request[0] == '\0' || !say(fd, find_answer(argv + 2, request)))
            close(fd);
    }
}
