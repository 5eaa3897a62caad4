/* answers.c - see answers.h. */
#include "answers.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define BLOCK (1u << 20) /* repeated piece of a large body */
#define ANSWERS 256

static struct answer answers[ANSWERS];
static int nanswers;

void die(const char *what)
{
    fprintf(stderr, "origin: %s: %s\n", what, strerror(errno));
    exit(1);
}

void *need(void *p)
{
    if (!p)
        die("memory");
    return p;
}

static void put_text(struct answer *a, const char *text, size_t len)
{
    struct seg *s = &a->seg[a->nseg++];

    s->mem = text;
    s->unit = len;
    s->left = len;
}

static void put_cycle(struct answer *a, const char *mem, size_t unit, unsigned long long total)
{
    struct seg *s = &a->seg[a->nseg++];

    s->mem = mem;
    s->unit = unit;
    s->left = total;
}

static char *format(size_t *len, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static char *format(size_t *len, const char *fmt, ...)
{
    va_list ap;
    char *p;
    int n;

    va_start(ap, fmt);
    n = vasprintf(&p, fmt, ap);
    va_end(ap);
    if (n < 0)
        die("memory");
    *len = (size_t)n;
    return p;
}

/* Words from a fixed generator: text that compresses as text does. */
static void fill_text(char *p, size_t n)
{
    static const char *const word[] = {
        "request", "answer", "interim", "the",      "a",      "of",    "connection", "and",
        "status",  "is",     "which",   "location", "polled", "to",    "body",       "until",
        "header",  "client", "origin",  "done",     "in",     "waits", "for",        "final",
        "each",    "then",   "job",     "with",     "that",   "read",  "sent",       "never"};
    uint32_t x = 12345;
    size_t i = 0;

    while (i < n) {
        const char *w;

        x = x * 1664525u + 1013904223u;
        if ((x >> 28) == 0) {
            char num[16];
            int k = snprintf(num, sizeof num, "%u\n", x >> 8 & 0xfffff);
            int j;

            for (j = 0; j < k && i < n; j++)
                p[i++] = num[j];
            continue;
        }
        for (w = word[x >> 27]; *w && i < n; w++)
            p[i++] = *w;
        if (i < n)
            p[i++] = ' ';
    }
}

/* One deflate run of N bytes that stands alone and ends on a byte, so that
 * it can be repeated within one gzip stream. */
static unsigned char *deflate_piece(const char *p, size_t n, size_t *len)
{
    z_stream z;
    unsigned char *out = need(malloc(n + n / 100 + 1024));

    memset(&z, 0, sizeof z);
    if (deflateInit2(&z, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        die("deflate");
    z.next_in = (unsigned char *)(uintptr_t)p;
    z.avail_in = (uInt)n;
    z.next_out = out;
    z.avail_out = (uInt)(n + n / 100 + 1024);
    if (deflate(&z, Z_FULL_FLUSH) != Z_OK || z.avail_in)
        die("deflate");
    *len = z.total_out;
    deflateEnd(&z);
    return out;
}

static void render_gzip(struct answer *a, unsigned long long bytes)
{
    static const unsigned char head[10] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3};
    static const unsigned char last[2] = {3, 0}; /* empty final block */
    char *text = need(malloc(BLOCK)), *h, *tail;
    unsigned char *piece, *rest = NULL, *q;
    unsigned long long blocks = bytes / BLOCK, i;
    size_t rem = bytes % BLOCK, piece_len, rest_len = 0, hlen, tlen;
    uLong crc = crc32(0, NULL, 0), block_crc;
    unsigned size = (unsigned)bytes;
    int k;

    fill_text(text, BLOCK);
    piece = deflate_piece(text, BLOCK, &piece_len);
    block_crc = crc32(0, (unsigned char *)text, BLOCK);
    for (i = 0; i < blocks; i++)
        crc = crc32_combine(crc, block_crc, BLOCK);
    if (rem) {
        rest = deflate_piece(text, rem, &rest_len);
        crc = crc32_combine(crc, crc32(0, (unsigned char *)text, (uInt)rem), (long)rem);
    }
    tlen = rest_len + sizeof last + 8;
    h = format(&hlen,
               "HTTP/1.1 200 OK\r\n" COMMON "Content-Type: text/plain\r\n"
               "Content-Encoding: gzip\r\nContent-Length: %llu\r\n\r\n",
               sizeof head + blocks * piece_len + tlen);
    h = need(realloc(h, hlen + sizeof head));
    memcpy(h + hlen, head, sizeof head);
    tail = need(malloc(tlen));
    if (rest_len)
        memcpy(tail, rest, rest_len);
    memcpy(tail + rest_len, last, sizeof last);
    q = (unsigned char *)tail + rest_len + sizeof last;
    for (k = 0; k < 4; k++) {
        q[k] = (unsigned char)(crc >> 8 * k);
        q[4 + k] = (unsigned char)(size >> 8 * k);
    }
    put_text(a, h, hlen + sizeof head);
    if (blocks)
        put_cycle(a, (char *)piece, piece_len, blocks * piece_len);
    put_text(a, tail, tlen);
    free(text);
    free(rest);
}

static void render_big(struct answer *a, unsigned long long bytes)
{
    size_t hlen;
    char *mem, *h;

    h = format(&hlen,
               "HTTP/1.1 200 OK\r\n" COMMON "Content-Type: application/octet-stream\r\n"
               "Content-Length: %llu\r\n\r\n",
               bytes);
    put_text(a, h, hlen);
    mem = need(malloc(BLOCK));
    fill_text(mem, BLOCK);
    put_cycle(a, mem, BLOCK, bytes);
}

static void render_chunked(struct answer *a, unsigned long long bytes, size_t chunk)
{
    static const char head[] = "HTTP/1.1 200 OK\r\n" COMMON "Content-Type: text/plain\r\n"
                               "Transfer-Encoding: chunked\r\n\r\n";
    char line[32], *mem, *tail, *body;
    size_t k, unit, reps, i, rem, line_len;

    if (!chunk)
        chunk = 1;
    body = need(malloc(chunk));
    fill_text(body, chunk);
    line_len = (size_t)snprintf(line, sizeof line, "%zx\r\n", chunk);
    unit = line_len + chunk + 2;
    reps = BLOCK / unit ? BLOCK / unit : 1;
    mem = need(malloc(reps * unit));
    for (i = 0; i < reps; i++) {
        char *p = mem + i * unit;

        memcpy(p, line, line_len);
        memcpy(p + line_len, body, chunk);
        memcpy(p + line_len + chunk, "\r\n", 2);
    }
    put_text(a, head, sizeof head - 1);
    put_cycle(a, mem, reps * unit, bytes / chunk * unit);
    rem = bytes % chunk;
    tail = need(malloc(rem + 64));
    k = 0;
    if (rem) {
        k = (size_t)sprintf(tail, "%zx\r\n", rem);
        memcpy(tail + k, body, rem);
        k += rem;
        k += (size_t)sprintf(tail + k, "\r\n");
    }
    k += (size_t)sprintf(tail + k, "0\r\n\r\n");
    put_text(a, tail, k);
    free(body);
}

static void render_interim(struct answer *a, long n, unsigned gap, int hints)
{
    static const char plain[] = "HTTP/1.1 102 Processing\r\n\r\n";
    static const char links[] = "HTTP/1.1 103 Early Hints\r\n"
                                "Link: </style.css>; rel=preload; as=style\r\n"
                                "Link: </script.js>; rel=preload; as=script\r\n\r\n";
    static const char final[] = "HTTP/1.1 201 Created\r\n" COMMON "Content-Type: text/plain\r\n"
                                "Content-Length: 2\r\n\r\nok";
    const char *one = hints ? links : plain;
    size_t one_len = strlen(one), len = sizeof final - 1;
    char *all;
    long i;

    if (gap) {
        a->interims = n;
        a->gap = gap;
        a->interim = one;
        a->interim_len = one_len;
        put_text(a, final, len);
        return;
    }
    all = need(malloc((size_t)n * one_len + len));
    for (i = 0; i < n; i++)
        memcpy(all + (size_t)i * one_len, one, one_len);
    memcpy(all + (size_t)n * one_len, final, len);
    put_text(a, all, (size_t)n * one_len + len);
}

unsigned long long answer_query(const char *target, const char *key, unsigned long long otherwise)
{
    const char *q = strchr(target, '?');
    size_t n = strlen(key);

    while (q) {
        q++;
        if (!strncmp(q, key, n) && q[n] == '=')
            return strtoull(q + n + 1, NULL, 10);
        q = strchr(q, '&');
    }
    return otherwise;
}

static int is(const char *target, const char *path)
{
    size_t n = strlen(path);

    return !strncmp(target, path, n) && (!target[n] || target[n] == '?');
}

/* Renders the answer for a target that was not asked for before. */
static const struct answer *render(const char *target, size_t len)
{
    struct answer *a = &answers[nanswers];

    if (nanswers == ANSWERS || len >= sizeof a->target)
        return NULL;
    memset(a, 0, sizeof *a);
    memcpy(a->target, target, len);
    if (is(a->target, "/small")) {
        size_t hlen;
        char *h = format(&hlen,
                         "HTTP/1.1 200 OK\r\n" COMMON "Content-Type: text/plain; charset=utf-8\r\n"
                         "Content-Length: 2\r\n\r\n%s",
                         OK_BODY);

        put_text(a, h, hlen);
    } else if (is(a->target, "/interim") || is(a->target, "/hints")) {
        render_interim(a, (long)answer_query(a->target, "n", 1),
                       (unsigned)answer_query(a->target, "gap", 0), a->target[1] == 'h');
    } else if (is(a->target, "/big")) {
        render_big(a, answer_query(a->target, "bytes", BLOCK));
    } else if (is(a->target, "/chunked")) {
        render_chunked(a, answer_query(a->target, "bytes", BLOCK),
                       (size_t)answer_query(a->target, "chunk", 16384));
    } else if (is(a->target, "/gzip")) {
        render_gzip(a, answer_query(a->target, "bytes", BLOCK));
    } else {
        static const char missing[] = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";

        put_text(a, missing, sizeof missing - 1);
        return a; /* not kept */
    }
    nanswers++;
    return a;
}

const struct answer *answer_find(const char *target, size_t len)
{
    int i;

    for (i = 0; i < nanswers; i++)
        if (!strncmp(answers[i].target, target, len) && !answers[i].target[len])
            return &answers[i];
    return render(target, len);
}
