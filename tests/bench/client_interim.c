/* client_interim.c - libinterim, the library of this tree, by its public header alone: one
 * operation at a time by interim_perform, many by interim_start.
 *
 * A request is made once for each address and shared by all operations that go there. What belongs
 * to one operation comes from its result: the kept body, the number of interims. Bodies are
 * streamed where there is one operation at a time. Receive buffers are the library's: -B is not for
 * it. */
#include "bench.h"

#include <interim.h>
#include <stdio.h>
#include <stdlib.h>

#define NAME "interim"
#define ADDRESSES 250 /* see bench_args */

static struct bench b;
static interim_client *client;
static interim_request *requests[ADDRESSES];
static long started, finished;
static long long streamed;       /* bytes of the body of the operation that is performed */
static unsigned long long heard; /* interims that came to the callback, of all operations */

static void must(int code, const char *what)
{
    if (code >= 0)
        return;
    fprintf(stderr, "%s: %s: %s\n", NAME, what, interim_strerror(code));
    exit(EXIT_FAILURE);
}

static int on_body(const void *data, size_t size, void *user)
{
    (void)data, (void)user;
    streamed += (long long)size;
    return 0;
}

static int on_interim(const interim_event *event, void *user)
{
    (void)user;
    heard += event->kind == INTERIM_EVENT_INTERIM;
    return 0;
}

/* The origin says Retry-After: 0, and the other clients take it for that. */
static void set_polling(interim_request *request)
{
    interim_polling polling = INTERIM_POLLING_INIT;

    polling.mode = b.poll ? INTERIM_POLL_STANDARD : INTERIM_POLL_OFF;
    polling.min_ms = INTERIM_AT_ONCE;
    must(interim_request_set_polling(request, &polling), "polling");
}

static interim_request *make_request(int slot)
{
    interim_request *request;
    char url[1024];

    bench_url(&b, slot, b.target, url, sizeof url);
    must(interim_request_new(&request, "GET", url), url);
    set_polling(request);
    if (b.gunzip)
        must(interim_request_set_decoding(request, 1, 0), "decoding");
    if (b.want_interims >= 0)
        must(interim_request_on_interim(request, on_interim, NULL), "callback");
    if (b.conc == 1)
        must(interim_request_on_body(request, on_body, NULL), "callback");
    return request;
}

static void make_client(void)
{
    interim_client_options options = INTERIM_CLIENT_OPTIONS_INIT;

    options.ca_file = b.ca;
    options.idle_ms = b.fresh ? INTERIM_AT_ONCE : 0;
    options.tls_no_resumption = !b.resume;
    options.polls_at_once = (unsigned)b.conc;
    options.max_connections = b.conns_max;
    must(interim_client_new(&client, &options), "client");
}

static void tally(interim_result *result)
{
    size_t kept;

    interim_result_body(result, &kept);
    if (interim_result_error(result)->code != 0)
        bench_fail(&b, interim_result_reason(result));
    else
        bench_done(&b, interim_result_status(result), streamed + (long long)kept,
                   (long)interim_result_interim_count(result));
    b.polls += interim_result_timing(result)->poll_count;
    interim_result_free(result);
    finished++;
}

static void one_at_a_time(void)
{
    interim_result *result;

    while (finished < b.count) {
        streamed = 0;
        interim_perform(&result, client, requests[0]);
        must(result == NULL ? INTERIM_ENOMEM : 0, "interim_perform");
        tally(result);
    }
}

static void start(interim_request *request);

static void on_done(interim_operation *operation, interim_result *result, void *request)
{
    (void)operation;
    tally(result);
    if (started < b.count)
        start(request);
}

static void start(interim_request *request)
{
    must(interim_start(NULL, client, request, on_done, request), "interim_start");
    started++;
}

static void many_at_once(void)
{
    for (int i = 0; i < b.conc; i++)
        start(requests[i % b.addrs]);
    while (finished < b.count)
        must(interim_client_run(client, -1), "interim_client_run");
}

int main(int argc, char **argv)
{
    bench_args(&b, argc, argv);
    make_client();
    bench_begin(&b);
    for (int i = 0; i < b.addrs; i++)
        requests[i] = make_request(i);
    if (b.conc == 1)
        one_at_a_time();
    else
        many_at_once();
    bench_end(&b);
    if (b.want_interims >= 0 && heard != b.interims)
        bench_fail(&b, "the callback was told of other interims than the results");
    for (int i = 0; i < b.addrs; i++)
        interim_request_free(requests[i]);
    interim_client_free(client);
    return bench_report(&b, NAME, interim_version());
}
