/* client_curlm.c - libcurl's multi interface driven by
 * curl_multi_socket_action and epoll, easy handles used again and again. */
#include "bench.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define NAME "curlm"
#define EVENTS 512

struct op {
    CURL *h;
    char *url;
    long long body;
    long interims;
    int polled;
};

static struct bench b;
static CURLM *multi;
static struct curl_slist *headers;
static int epfd;
static long long due = -1; /* ms, or -1 */
static long started, finished;

static long long now_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (long long)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
    struct op *op = arg;

    (void)p;
    op->body += (long long)(size * n);
    return size * n;
}

static size_t on_header(char *p, size_t size, size_t n, void *arg)
{
    struct op *op = arg;
    size_t len = size * n;

    if (len > 9 && !memcmp(p, "HTTP/1.1 1", 10))
        op->interims++;
    return len;
}

static int on_socket(CURL *h, curl_socket_t fd, int what, void *arg, void *known)
{
    struct epoll_event ev;

    (void)h;
    (void)arg;
    if (what == CURL_POLL_REMOVE) {
        epoll_ctl(epfd, EPOLL_CTL_DEL, fd, NULL);
        curl_multi_assign(multi, fd, NULL);
        return 0;
    }
    ev.events = (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u);
    ev.data.fd = fd;
    if (known) {
        epoll_ctl(epfd, EPOLL_CTL_MOD, fd, &ev);
    } else {
        epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &ev);
        curl_multi_assign(multi, fd, &b);
    }
    return 0;
}

static int on_timer(CURLM *m, long ms, void *arg)
{
    (void)m;
    (void)arg;
    due = ms < 0 ? -1 : now_ms() + ms;
    return 0;
}

static void op_init(struct op *op, int slot)
{
    char url[1024];

    op->h = curl_easy_init();
    bench_url(&b, slot, b.target, url, sizeof url);
    op->url = strdup(url);
    curl_easy_setopt(op->h, CURLOPT_URL, op->url);
    curl_easy_setopt(op->h, CURLOPT_PRIVATE, op);
    curl_easy_setopt(op->h, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(op->h, CURLOPT_WRITEDATA, op);
    curl_easy_setopt(op->h, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(op->h, CURLOPT_PROXY, "");
    curl_easy_setopt(op->h, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    if (b.bufsize)
        curl_easy_setopt(op->h, CURLOPT_BUFFERSIZE, (long)b.bufsize);
    if (b.want_interims >= 0) {
        curl_easy_setopt(op->h, CURLOPT_HEADERFUNCTION, on_header);
        curl_easy_setopt(op->h, CURLOPT_HEADERDATA, op);
    }
    if (b.fresh) {
        curl_easy_setopt(op->h, CURLOPT_FORBID_REUSE, 1L);
        curl_easy_setopt(op->h, CURLOPT_HTTPHEADER, headers);
    }
    if (b.gunzip)
        curl_easy_setopt(op->h, CURLOPT_ACCEPT_ENCODING, "gzip");
    if (b.ca)
        curl_easy_setopt(op->h, CURLOPT_CAINFO, b.ca);
    if (!b.resume)
        curl_easy_setopt(op->h, CURLOPT_SSL_SESSIONID_CACHE, 0L);
    curl_multi_add_handle(multi, op->h);
    started++;
}

/* Points the handle at where its 202 is to be polled.  0 when it cannot. */
static int follow(struct op *op)
{
    struct curl_header *loc;
    const char *base;
    curl_off_t wait = 0;
    char *next = NULL;
    CURLU *u;

    if (curl_easy_header(op->h, "Location", 0, CURLH_HEADER, -1, &loc) != CURLHE_OK)
        return 0;
    curl_easy_getinfo(op->h, CURLINFO_EFFECTIVE_URL, &base);
    curl_easy_getinfo(op->h, CURLINFO_RETRY_AFTER, &wait);
    u = curl_url();
    if (!wait && u && !curl_url_set(u, CURLUPART_URL, base, 0) &&
        !curl_url_set(u, CURLUPART_URL, loc->value, 0))
        curl_url_get(u, CURLUPART_URL, &next, 0);
    curl_url_cleanup(u);
    if (!next)
        return 0;
    curl_easy_setopt(op->h, CURLOPT_URL, next);
    curl_free(next);
    op->polled = 1;
    b.polls++;
    return 1;
}

static void reap(void)
{
    CURLMsg *m;
    int left;

    while ((m = curl_multi_info_read(multi, &left))) {
        CURL *h = m->easy_handle;
        CURLcode rc = m->data.result;
        struct op *op;
        long status = 0, opened = 0;

        if (m->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(h, CURLINFO_PRIVATE, (char **)&op);
        curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &status);
        curl_easy_getinfo(h, CURLINFO_NUM_CONNECTS, &opened);
        b.conns += (unsigned long long)opened;
        curl_multi_remove_handle(multi, h);
        if (!rc && b.poll && status == 202 && follow(op)) {
            op->body = 0;
            curl_multi_add_handle(multi, h);
            continue;
        }
        if (rc)
            bench_fail(&b, curl_easy_strerror(rc));
        else
            bench_done(&b, (int)status, op->body, op->interims);
        finished++;
        if (started < b.count) {
            if (op->polled)
                curl_easy_setopt(h, CURLOPT_URL, op->url);
            op->polled = 0;
            op->body = 0;
            op->interims = 0;
            curl_multi_add_handle(multi, h);
            started++;
        }
    }
}

int main(int argc, char **argv)
{
    struct epoll_event ev[EVENTS];
    struct op *ops;
    int i, running;

    bench_args(&b, argc, argv);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    epfd = epoll_create1(EPOLL_CLOEXEC);
    multi = curl_multi_init();
    headers = curl_slist_append(NULL, "Connection: close");
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)b.conc);

    bench_begin(&b);
    ops = calloc((size_t)b.conc, sizeof *ops);
    if (!ops)
        return 1;
    for (i = 0; i < b.conc; i++)
        op_init(&ops[i], i);
    while (finished < b.count) {
        int wait = 30000, n;

        if (due >= 0) {
            long long t = due - now_ms();

            wait = t < 0 ? 0 : t > 30000 ? 30000 : (int)t;
        }
        n = epoll_wait(epfd, ev, EVENTS, wait);
        if (!n && due < 0) {
            bench_fail(&b, "nothing in 30 s");
            break;
        }
        for (i = 0; i < n; i++) {
            int mask = (ev[i].events & EPOLLIN ? CURL_CSELECT_IN : 0) |
                       (ev[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                       (ev[i].events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);

            curl_multi_socket_action(multi, ev[i].data.fd, mask, &running);
        }
        if (due >= 0 && due <= now_ms()) {
            due = -1;
            curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
        }
        reap();
    }
    bench_end(&b);
    for (i = 0; i < b.conc; i++) {
        curl_multi_remove_handle(multi, ops[i].h);
        curl_easy_cleanup(ops[i].h);
        free(ops[i].url);
    }
    free(ops);
    curl_multi_cleanup(multi);
    curl_slist_free_all(headers);
    curl_global_cleanup();
    close(epfd);
    return bench_report(&b, NAME, curl_version());
}
