/* rawscan.h - the least that a client must look at in an HTTP/1.1 answer.
 *
 * It is a floor to measure against, not a parser to use: it trusts the
 * origin of this kit, checks no syntax and keeps no header.  It finds the
 * status, passes over 1xx heads, and counts the body by Content-Length or by
 * chunk sizes. */
#ifndef RAWSCAN_H
#define RAWSCAN_H

#include <stddef.h>
#include <string.h>
#include <strings.h>

enum rawstate { RAW_HEAD, RAW_BODY, RAW_SIZE, RAW_CHUNK, RAW_CHUNK_END, RAW_TRAILER, RAW_DONE };

struct rawscan {
    enum rawstate state;
    int status;
    int chunked;
    int close;
    long interims;
    unsigned long long left; /* of the body or the chunk */
    unsigned long long body; /* received so far */
    char *location;          /* where to keep it, 128 bytes, or NULL */
};

/* Where body bytes go; NULL counts them only. */
typedef void raw_sink(void *arg, const char *p, size_t n);

static inline void raw_start(struct rawscan *r)
{
    char *keep = r->location;

    memset(r, 0, sizeof *r);
    r->location = keep;
}

/* Reads one complete head at P.  Returns its length, or 0 when the end of it
 * is not among the N bytes. */
static inline size_t raw_head(struct rawscan *r, const char *p, size_t n)
{
    const char *line = p, *end = p + n, *nl;
    unsigned long long left = 0;

    r->chunked = 0;
    while ((nl = memchr(line, '\n', (size_t)(end - line)))) {
        switch (*line | 0x20) {
        case '\r' | 0x20:
            r->status = (p[9] - '0') * 100 + (p[10] - '0') * 10 + p[11] - '0';
            r->left = left;
            return (size_t)(nl + 1 - p);
        case 'c':
            if (line[7] == '-' && !strncasecmp(line, "content-length:", 15)) {
                const char *q = line + 15;

                while (*q == ' ')
                    q++;
                while (*q >= '0' && *q <= '9')
                    left = left * 10 + (unsigned)(*q++ - '0');
            } else if (!strncasecmp(line, "connection: close", 17)) {
                r->close = 1;
            }
            break;
        case 't':
            if (!strncasecmp(line, "transfer-encoding: chunked", 26))
                r->chunked = 1;
            break;
        case 'l':
            if (r->location && !strncasecmp(line, "location: ", 10)) {
                size_t len = (size_t)(nl - line) - 11;

                if (len > 127)
                    len = 127;
                memcpy(r->location, line + 10, len);
                r->location[len] = 0;
            }
            break;
        }
        line = nl + 1;
    }
    return 0;
}

/* Takes what it can of N bytes at P and returns how many; what is left over
 * must be shown to it again with more behind it.  Stops at the end of the
 * answer (state RAW_DONE). */
static inline size_t raw_scan(struct rawscan *r, const char *p, size_t n, raw_sink *sink, void *arg)
{
    size_t used = 0, k;

    while (used < n || (r->state == RAW_BODY && !r->left)) {
        switch (r->state) {
        case RAW_HEAD:
            k = raw_head(r, p + used, n - used);
            if (!k)
                return used;
            used += k;
            if (r->status < 200)
                r->interims++;
            else
                r->state = r->chunked ? RAW_SIZE : RAW_BODY;
            break;
        case RAW_BODY:
        case RAW_CHUNK:
            k = n - used;
            if (k > r->left)
                k = (size_t)r->left;
            if (sink && k)
                sink(arg, p + used, k);
            used += k;
            r->body += k;
            r->left -= k;
            if (!r->left) {
                if (r->state == RAW_BODY) {
                    r->state = RAW_DONE;
                    return used;
                }
                r->state = RAW_CHUNK_END;
            }
            break;
        case RAW_CHUNK_END:
            if (n - used < 2)
                return used;
            used += 2;
            r->state = RAW_SIZE;
            break;
        case RAW_SIZE: {
            unsigned long long size = 0;
            size_t i = used;

            while (i < n && p[i] != '\r' && p[i] != '\n') {
                unsigned c = (unsigned char)p[i++];

                size = size << 4 | (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
            }
            if (n - i < 2)
                return used;
            used = i + 2;
            r->left = size;
            r->state = size ? RAW_CHUNK : RAW_TRAILER;
            break;
        }
        case RAW_TRAILER:
            if (n - used < 2)
                return used;
            used += 2;
            r->state = RAW_DONE;
            return used;
        case RAW_DONE:
            return used;
        }
    }
    return used;
}

#endif
