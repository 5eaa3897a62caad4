/* parse.c - what it costs to parse heads and chunks: nanoseconds and bytes per second over a
 * bounded loop. It measures and asserts nothing but that the input is understood; README.md tells
 * how instructions are counted.
 *
 *     parse [CASE [COUNT]]      one case, COUNT times; without arguments all cases, as a table */
#include "exchange/chunked.h"
#include "exchange/head.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CHUNKED_TOTAL ((size_t)1 << 20) /* payload of a chunked body */
#define READ_SIZE ((size_t)65536)       /* what one read of a connection gives */

typedef struct bench_case {
    const char *name;
    const char *head; /* or NULL: a chunked body ... */
    size_t chunk;     /* ... of chunks of so many bytes */
    unsigned long count;
} bench_case;

static const bench_case cases[] = {
    {"small",
     "HTTP/1.1 200 OK\r\n"
     "Server: davorigin/0.1 (tests)\r\n"
     "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
     "Content-Type: text/plain; charset=utf-8\r\n"
     "Content-Length: 13\r\n"
     "Cache-Control: no-cache\r\n"
     "Vary: *\r\n"
     "\r\n",
     0, 2000000},
    {"102", "HTTP/1.1 102 Processing\r\n\r\n", 0, 5000000},
    {"103",
     "HTTP/1.1 103 Early Hints\r\n"
     "Link: </style.css>; rel=preload; as=style\r\n"
     "Link: </script.js>; rel=preload; as=script\r\n"
     "\r\n",
     0, 2000000},
    {"chunks-16k", NULL, 16384, 2000},
    {"chunks-100", NULL, 100, 200},
};

#define CASES (sizeof cases / sizeof *cases)

static void must(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "parse: %s\n", what);
    exit(EXIT_FAILURE);
}

static char *chunked_body(size_t chunk, size_t *size)
{
    char *text = malloc(2 * CHUNKED_TOTAL), *at = text;

    must(text != NULL, "out of memory");
    for (size_t left = CHUNKED_TOTAL; left > 0;) {
        size_t part = left < chunk ? left : chunk;

        at += sprintf(at, "%zx\r\n", part);
        memset(at, 'x', part);
        at += part;
        memcpy(at, "\r\n", 2);
        at += 2;
        left -= part;
    }
    memcpy(at, "0\r\n\r\n", 5);
    *size = (size_t)(at + 5 - text);
    return text;
}

/* The parser writes into its input, so each turn begins with a fresh copy. */
static void parse_head(interim__head *head, const char *text, size_t size, interim_error *error)
{
    char copy[512];

    memcpy(copy, text, size);
    interim__head_clear(head);
    must(interim__head_parse(head, copy, size, error) == (ptrdiff_t)size, "the head is malformed");
}

/* As it comes from a socket, a fresh copy each time: small chunks are joined in place. */
static void decode(const char *text, size_t size, interim_error *error)
{
    static char read[READ_SIZE];
    interim__chunked chunked = {0};
    size_t payload = 0, taken = 0;
    int ended = 0;

    while (taken < size && ended == 0) {
        char *data = read;
        size_t left = size - taken < READ_SIZE ? size - taken : READ_SIZE;

        memcpy(read, text + taken, left);
        while (left > 0 && ended == 0) {
            const char *body;
            size_t body_size, before = left;

            ended = interim__chunked_next(&chunked, &data, &left, taken, &body, &body_size, error);
            payload += body_size;
            taken += before - left;
        }
    }
    must(ended == 1 && payload == CHUNKED_TOTAL, "the body is malformed");
    interim__chunked_dispose(&chunked);
}

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void run(const bench_case *bench, unsigned long count)
{
    interim__head head = {0};
    interim_error error;
    char *body = NULL;
    size_t size = 0;
    double took;

    interim__error_init(&error);
    if (bench->head == NULL)
        body = chunked_body(bench->chunk, &size);
    else
        size = strlen(bench->head);
    took = seconds();
    for (unsigned long i = 0; i < count; i++) {
        if (body == NULL)
            parse_head(&head, bench->head, size, &error);
        else
            decode(body, size, &error);
    }
    took = seconds() - took;
    printf("%-12s %9zu %9lu %12.1f %12.1f\n", bench->name, size, count,
           count > 0 ? took * 1e9 / (double)count : 0,
           took > 0 ? (double)size * (double)count / took / 1e6 : 0);
    interim__head_dispose(&head);
    free(body);
}

int main(int argc, char **argv)
{
    size_t ran = 0;

    printf("%-12s %9s %9s %12s %12s\n", "case", "bytes", "count", "ns", "MB/s");
    for (size_t i = 0; i < CASES; i++) {
        if (argc > 1 && strcmp(argv[1], cases[i].name) != 0)
            continue;
        run(&cases[i], argc > 2 ? strtoul(argv[2], NULL, 10) : cases[i].count);
        ran++;
    }
    must(ran > 0, "there is no such case");
    return EXIT_SUCCESS;
}
