/* upload.c - what it costs the client to send a file: PUT over loopback to a sink in a process of
 * its own, which reads and forgets. Measured, not judged.
 *
 *     tests/bench/upload FILE [TIMES]     a line each: wall, user and system time of the client
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <interim.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void must(int ok, const char *what)
{
    if (ok)
        return;
    perror(what);
    exit(1);
}

static int listen_on(uint16_t *port)
{
    struct sockaddr_in where = {.sin_family = AF_INET};
    socklen_t length = sizeof where;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    must(fd >= 0 && bind(fd, (struct sockaddr *)&where, sizeof where) == 0 && listen(fd, 8) == 0 &&
             getsockname(fd, (struct sockaddr *)&where, &length) == 0,
         "listen");
    *port = ntohs(where.sin_port);
    return fd;
}

/* Takes a head and size bytes, answers, and ends. */
static void sink(int listener, long long size)
{
    static const char answer[] = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
    static char buffer[1 << 20];
    int fd = accept(listener, NULL, NULL);
    long long body = -1;
    size_t head = 0;

    while (body < size) {
        ssize_t got = read(fd, body < 0 ? buffer + head : buffer, body < 0 ? 4096 : sizeof buffer);
        char *end;

        if (got <= 0)
            exit(1);
        if (body >= 0) {
            body += got;
            continue;
        }
        head += (size_t)got;
        buffer[head] = '\0';
        end = strstr(buffer, "\r\n\r\n");
        if (end != NULL)
            body = buffer + head - (end + 4);
    }
    must(write(fd, answer, sizeof answer - 1) == sizeof answer - 1, "answer");
    exit(0);
}

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static void upload(int file, long long size)
{
    struct rusage before, after;
    struct timespec start, end;
    interim_client *client;
    interim_request *request;
    interim_result *result;
    char url[64];
    uint16_t port;
    int listener = listen_on(&port), failed;
    pid_t child = fork();

    if (child == 0)
        sink(listener, size);
    must(child > 0, "fork");
    close(listener);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/", (unsigned)port);
    must(interim_client_new(&client, NULL) == 0 && interim_request_new(&request, "PUT", url) == 0 &&
             interim_request_set_body_fd(request, file, 0, -1) == 0 &&
             interim_request_set_expect(request, INTERIM_EXPECT_NEVER) == 0,
         "request");
    getrusage(RUSAGE_SELF, &before);
    clock_gettime(CLOCK_MONOTONIC, &start);
    failed = interim_perform(&result, client, request);
    clock_gettime(CLOCK_MONOTONIC, &end);
    getrusage(RUSAGE_SELF, &after);
    must(failed == 0 && interim_result_status(result) == 204, "PUT");
    printf("wall %.3f s, user %.3f s, system %.3f s\n",
           (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9,
           seconds(after.ru_utime) - seconds(before.ru_utime),
           seconds(after.ru_stime) - seconds(before.ru_stime));
    fflush(stdout);
    interim_result_free(result);
    interim_request_free(request);
    interim_client_free(client);
    waitpid(child, NULL, 0);
}

int main(int argc, char **argv)
{
    int file = argc > 1 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
    struct stat status;

    must(file >= 0 && fstat(file, &status) == 0, "usage: upload FILE [TIMES]");
    for (int i = argc > 2 ? atoi(argv[2]) : 1; i > 0; i--)
        upload(file, (long long)status.st_size);
    return 0;
}
