/* waiting.c - what it costs to wait for a job: bytes of the heap for each of many accepted jobs
 * between two polls, and the time to read a status document of 1 KiB. It measures and asserts
 * nothing but that the jobs wait.
 *
 *     waiting [JOBS]            10,000 */
#include "operation/document.h"

#include <arpa/inet.h>
#include <interim.h>
#include <malloc.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DOCUMENTS 20000
#define DOCUMENT_SIZE 1024

static void must(bool good, const char *what)
{
    if (good)
        return;
    perror(what);
    exit(EXIT_FAILURE);
}

/* ---- a server that accepts everything and ends nothing ---- */

static void answer_all(int connection)
{
    char request[4096], answer[256];
    unsigned long job = 0;

    while (read(connection, request, sizeof request) > 0) {
        int length = snprintf(answer, sizeof answer,
                              "HTTP/1.1 202 Accepted\r\nLocation: /jobs/%lu\r\nRetry-After: 600\r\n"
                              "Content-Length: 0\r\n\r\n",
                              ++job);

        must(write(connection, answer, (size_t)length) == length, "write");
    }
}

static pid_t serve(uint16_t *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    pid_t child;

    must(listener >= 0 && bind(listener, (struct sockaddr *)&address, length) == 0 &&
             listen(listener, 8) == 0 &&
             getsockname(listener, (struct sockaddr *)&address, &length) == 0,
         "a socket of 127.0.0.1");
    *port = ntohs(address.sin_port);
    child = fork();
    must(child >= 0, "fork");
    if (child > 0) {
        close(listener);
        return child;
    }
    alarm(120);
    for (;;) {
        int connection = accept(listener, NULL, NULL);

        must(connection >= 0, "accept");
        answer_all(connection);
        close(connection);
    }
}

/* ---- jobs ---- */

static unsigned long waiting;

static int count(const interim_event *event, void *user)
{
    (void)user;
    waiting += event->kind == INTERIM_EVENT_WAITING;
    return 0;
}

static void forget(interim_operation *operation, interim_result *result, void *user)
{
    (void)operation, (void)user;
    interim_result_free(result);
}

static size_t heap(void)
{
    struct mallinfo2 info = mallinfo2();

    return info.uordblks + info.hblkhd;
}

static void measure_jobs(unsigned long jobs)
{
    interim_client *client;
    interim_request *request;
    uint16_t port;
    pid_t server = serve(&port);
    char url[64];
    size_t before;

    snprintf(url, sizeof url, "http://127.0.0.1:%u/a", port);
    must(interim_client_new(&client, NULL) == 0, "a client");
    must(interim_request_new(&request, "COPY", url) == 0 &&
             interim_request_on_event(request, count, NULL) == 0,
         "a request");
    before = heap();
    for (unsigned long i = 0; i < jobs; i++) {
        must(interim_start(NULL, client, request, forget, NULL) == 0, "an operation");
        for (int turns = 0; waiting <= i; turns++)
            must(interim_client_run(client, 1000) > 0 && turns < 1000, "a job");
    }
    printf("%lu jobs that wait: %.0f bytes of heap each\n", jobs,
           (double)(heap() - before) / (double)jobs);
    interim_request_free(request);
    interim_client_free(client);
    kill(server, SIGTERM);
    waitpid(server, NULL, 0);
}

/* ---- documents ---- */

static void measure_documents(void)
{
    static const char start[] = "{\"status\":\"Running\",\"percentComplete\":37.5,\"id\":\"7\","
                                "\"createdDateTime\":\"2026-01-01T00:00:00Z\",\"steps\":[";
    static const char step[] = "{\"name\":\"copy\",\"count\":12345,\"done\":true},";
    char text[DOCUMENT_SIZE + 1];
    interim__document document = {0};
    interim__progress progress;
    size_t length = sizeof start - 1;
    clock_t begun;

    memcpy(text, start, length);
    for (; length + sizeof step + 2 < DOCUMENT_SIZE; length += sizeof step - 1)
        memcpy(text + length, step, sizeof step - 1);
    memset(text + length - 1, ' ', DOCUMENT_SIZE - length + 1);
    memcpy(text + DOCUMENT_SIZE - 2, "]}", 2);
    begun = clock();
    for (int i = 0; i < DOCUMENTS; i++) {
        interim__progress_init(&progress);
        must(interim__document_read(&document, &progress, text, DOCUMENT_SIZE, NULL) &&
                 document.word == INTERIM__WORD_RUNNING,
             "a document");
    }
    printf("a status document of %d bytes: %.1f us of CPU\n", DOCUMENT_SIZE,
           (double)(clock() - begun) * 1e6 / CLOCKS_PER_SEC / DOCUMENTS);
    interim__document_dispose(&document);
}

int main(int argc, char **argv)
{
    measure_jobs(argc > 1 ? strtoul(argv[1], NULL, 10) : 10000);
    measure_documents();
    return EXIT_SUCCESS;
}
